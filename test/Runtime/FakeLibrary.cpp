//===-- FakeLibrary.cpp - libfake.so, as the compiler would make it -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// FakeModel as a library that exports its query symbol alone, linked with the
// runtime's archive. Its weights file is written by write-fake-weights. Built
// with MOEC_FAULT it misbehaves.
//
//===----------------------------------------------------------------------===//

#include "FakeMain.h"

#include <unistd.h>

static const int64_t xDims[] = {-1, 4};
static const int64_t pastDims[] = {2, -2, 3};
static const int64_t presentDims[] = {2, -3, 3};
static const char *const symbolNames[] = {"n", "p", "t"};
static const moec_io_info inputs[] = {
    {"x", MOEC_FLOAT, 2, xDims, -1, 0},
    {"past", MOEC_FLOAT, 3, pastDims, -1, MOEC_IO_STRIDED}};
static const moec_io_info outputs[] = {
    {"y", MOEC_FLOAT, 2, xDims, -1, 0},
    {"present", MOEC_FLOAT, 3, presentDims, 1, MOEC_IO_STRIDED}};
static const void *const kernels[] = {nullptr};
static const moec_level_desc levels[] = {{"x86-64-v4", 4, 0, kernels},
                                         {"x86-64-v3", 3, 0, kernels}};

static const moec_moe_layer_info layers[] = {{"layer \"0\"", 4, 2}};

alignas(64) static moec_model_slot slot;

#ifdef MOEC_FAULT
#if MOEC_FAULT == 3
/// Slow enough for every worker to come and take an item.
static int32_t findSecondWorker(moec_ctx *, const void *args, int64_t,
                                int32_t worker) {
  usleep(1000);
  if (worker > 0)
    __atomic_store_n(static_cast<bool *>(const_cast<void *>(args)), true,
                     __ATOMIC_RELAXED);
  return MOEC_OK;
}
#endif

/// What a wrong compiler could emit, one fault a library: the conformance
/// program has to find each.
static int32_t mainOfModel(moec_ctx *ctx) {
  int32_t status = moec::testing::fakeMain(ctx);
  if (status != MOEC_OK)
    return status;
  float *x = static_cast<float *>(ctx->inputs[0].data);
  float *y = static_cast<float *>(ctx->outputs[0].data);
  int64_t n = ctx->outputs[0].shape[0];
#if MOEC_FAULT == 1 // Writes to an input.
  x[0] += 1;
#elif MOEC_FAULT == 2 // Writes behind an output.
  y[n * 4] = 1;
#elif MOEC_FAULT == 3 // Depends on the number of threads.
  bool hasSecond = false;
  moec_rt_parallel_for(ctx, findSecondWorker, &hasSecond, 8);
  y[0] += hasSecond ? 1 : 0;
#elif MOEC_FAULT == 4 // Leaves an element of an output as it was.
  static float kept = 0;
  y[1] = kept++;
#elif MOEC_FAULT == 5 // Writes behind a temporary.
  void *block;
  status = moec_rt_alloc(ctx, 64, -1, &block);
  if (status)
    return status;
  static_cast<volatile char *>(block)[64] = 1;
#elif MOEC_FAULT == 6 // Ignores the strides of an output.
  float *present = static_cast<float *>(ctx->outputs[1].data);
  present[ctx->outputs[1].shape[1] * 3] = 100;
#elif MOEC_FAULT == 7 // Reads behind an input.
  y[0] += static_cast<volatile float *>(x)[n * 4] * 0;
#elif MOEC_FAULT == 8 // Writes an old row of an output in place.
  volatile float *old = static_cast<float *>(ctx->outputs[1].data);
  if (ctx->outputs[1].shape[1] > 1)
    old[0] = old[0];
#elif MOEC_FAULT == 9 // Writes a row behind an output's, which is to spare.
  moec_tensor &present = ctx->outputs[1];
  int64_t end = present.shape[1] * 3;
  if (present.strides[0] > end)
    static_cast<float *>(present.data)[end] = 1;
#endif
  (void)x, (void)y, (void)n;
  return MOEC_OK;
}
#else
/// Each token chooses the expert of its number, and the next.
static int32_t mainOfModel(moec_ctx *ctx) {
  const float weights[] = {0.75f, 0.25f};
  for (int64_t t = 0; t < ctx->inputs[0].shape[0]; ++t) {
    const int32_t ids[] = {int32_t(t % 4), int32_t((t + 1) % 4)};
    moec_rt_profile(ctx, 0, 1, 2, ids, weights);
  }
  return moec::testing::fakeMain(ctx);
}
#endif

static const moec_model_desc model = {
    sizeof(moec_model_desc),
    MOEC_GENERATED_VERSION,
    "fake",
    {3, 20, 37, 54, 71, 88, 105, 122, 139, 156, 173, 190, 207, 224, 241, 2},
    inputs,
    outputs,
    2,
    2,
    3,
    2,
    symbolNames,
    levels,
    1,
    0,
    nullptr,
    mainOfModel,
    // Header and table fill one page; then 4 and 200 bytes, each to 64.
    4096 + 64 + 256,
    2,
    "{\"name\": \"fake\"}",
    &slot,
    layers,
    1,
    0};

// The name is the ABI's.
extern "C" __attribute__((visibility("default"))) const moec_api *
moec_query_fake(void) { // NOLINT(readability-identifier-naming)
#ifdef MOEC_OLD_API
  // As it was before runs could count who was chosen.
  static moec_api old;
  if (const moec_api *api = moec_rt_query(&model))
    old = *api;
  old.struct_size = offsetof(moec_api, profile_enable);
  return &old;
#else
  return moec_rt_query(&model);
#endif
}
