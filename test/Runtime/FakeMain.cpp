//===-- FakeMain.cpp - the code of FakeModel ------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "FakeMain.h"

#include <cstring>

namespace {
struct RowArgs {
  const float *x;
  float *y;
  float *sums;
  float w;
};
} // namespace

/// One row of y; the sum of the row goes to a temporary.
static int32_t rowTask(moec_ctx *ctx, const void *args, int64_t index,
                       int32_t) {
  const RowArgs &a = *static_cast<const RowArgs *>(args);
  a.sums[index] = 0;
  for (int i = 0; i < 4; ++i) {
    a.y[index * 4 + i] = a.x[index * 4 + i] * a.w;
    a.sums[index] += a.y[index * 4 + i];
  }
  __atomic_fetch_add(&ctx->counters[MOEC_COUNTER_EXPERT_ROWS], 1,
                     __ATOMIC_RELAXED);
  return MOEC_OK;
}

int32_t moec::testing::fakeMain(moec_ctx *ctx) {
  const moec_tensor &x = ctx->inputs[0], &past = ctx->inputs[1];
  int64_t n = x.shape[0], p = past.shape[1];
  void *sums, *other;
  if (int32_t status = moec_rt_alloc(ctx, n * 4, -1, &sums))
    return status;
  if (int32_t status = moec_rt_alloc(ctx, 1000, -1, &other))
    return status;
  moec_rt_free(ctx, other);
  moec_tensor *y, *present;
  if (int32_t status = moec_rt_output(ctx, 0, 2, x.shape, &y))
    return status;
  RowArgs args = {static_cast<const float *>(x.data),
                  static_cast<float *>(y->data), static_cast<float *>(sums), 0};
  memcpy(&args.w, ctx->weights, sizeof(float));
  if (int32_t status = moec_rt_parallel_for(ctx, rowTask, &args, n))
    return status;
  const int64_t shape[] = {2, p + 1, 3};
  if (int32_t status = moec_rt_output(ctx, 1, 3, shape, &present))
    return status;
  const float *from = static_cast<const float *>(past.data);
  float *to = static_cast<float *>(present->data);
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < p + 1; ++j)
      for (int64_t k = 0; k < 3; ++k) {
        float *out = to + i * present->strides[0] + j * present->strides[1] +
                     k * present->strides[2];
        if (j == p)
          *out = 7;
        else if (present->data != past.data)
          *out = from[i * past.strides[0] + j * past.strides[1] +
                      k * past.strides[2]];
      }
  // `sums` is left to the runtime.
  return MOEC_OK;
}
