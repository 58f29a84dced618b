//===-- Run.cpp - one run of compiled code --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The runtime of generated code (moec/generated.h), for one thread and one run:
// memory is never handed out twice, so that what reads a buffer that is free
// already reads what it should not.
//
//===----------------------------------------------------------------------===//

#include "Run.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

#include <cstring>

using namespace moec;
using namespace moec::validate;

namespace {
struct Context : moec_ctx {
  llvm::ArrayRef<int32_t> outputTypes;
  std::vector<std::shared_ptr<char>> blocks;
  /// Input buffers that outputs share, by output.
  llvm::ArrayRef<SharedBuffer> shared;
  std::vector<Tensor> made;
};
} // namespace

static Context &get(moec_ctx *ctx) { return *static_cast<Context *>(ctx); }

static void record(moec_ctx *ctx, int32_t status, int32_t) {
  if (!ctx->error)
    ctx->error = status;
}

static int32_t fail(moec_ctx *ctx, int32_t status, int32_t site) {
  record(ctx, status, site);
  return status;
}

static int32_t alloc(moec_ctx *ctx, int64_t bytes, int32_t site, void **out) {
  constexpr int64_t kMost = int64_t(1) << 30;
  *out = nullptr;
  if (bytes < 0 || bytes > kMost)
    return fail(ctx, MOEC_OUT_OF_MEMORY, site);
  *out = get(ctx).blocks.emplace_back(allocate(bytes)).get();
  return MOEC_OK;
}

/// Whoever reads it after this reads NaN; its size is not known, but that it
/// has a byte.
static void release(moec_ctx *, void *pointer) {
  if (pointer)
    std::memset(pointer, 0xff, 1);
}

static void setStrides(moec_tensor &tensor, llvm::ArrayRef<int64_t> capacity) {
  int64_t stride = 1;
  for (size_t i = capacity.size(); i-- > 0; stride *= capacity[i])
    tensor.strides[i] = stride;
}

static void describe(const Tensor &from, moec_tensor &to) {
  to.data = from.data.get();
  to.dtype = from.type;
  to.rank = int32_t(from.shape.size());
  to.capacity = from.getNumBytes();
  llvm::copy(from.shape, to.shape);
  setStrides(to, from.shape);
}

static int32_t bindOutput(moec_ctx *ctx, int32_t index, int64_t rank,
                          const int64_t *dims, moec_tensor **out) {
  Context &context = get(ctx);
  llvm::ArrayRef<int64_t> shape(dims, size_t(rank));
  moec_tensor &bound = ctx->outputs[index];
  *out = &bound;
  Tensor &made = context.made[size_t(index)];
  made = Tensor(context.outputTypes[size_t(index)], shape);
  describe(made, bound);
  if (context.shared.empty() || context.shared[size_t(index)].input < 0)
    return MOEC_OK;
  const moec_tensor &input = ctx->inputs[context.shared[size_t(index)].input];
  bound.data = input.data;
  llvm::copy(input.strides, bound.strides);
  return MOEC_OK;
}

static int32_t parallelFor(moec_ctx *ctx, moec_rt_task task, const void *args,
                           int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    if (int32_t status = task(ctx, args, i, /*worker=*/0))
      return fail(ctx, status, -1);
  return MOEC_OK;
}

static void note(moec_ctx *, int64_t, int64_t) {}

static void profile(moec_ctx *, int32_t, int64_t, int64_t, const int32_t *,
                    const float *) {}

std::vector<std::pair<llvm::StringRef, const void *>>
validate::getRuntimeFunctions() {
  auto address = [](auto *function) {
    return reinterpret_cast<const void *>(function);
  };
  return {{"moec_rt_alloc", address(alloc)},
          {"moec_rt_free", address(release)},
          {"moec_rt_output", address(bindOutput)},
          {"moec_rt_parallel_for", address(parallelFor)},
          {"moec_rt_record", address(record)},
          {"moec_rt_fail", address(fail)},
          {"moec_rt_note", address(note)},
          {"moec_rt_profile", address(profile)},
          {"memcpy", address(std::memcpy)},
          {"memmove", address(std::memmove)},
          {"memset", address(std::memset)}};
}

/// Copies between a row-major tensor and one with strides.
static void copyStrided(Tensor &dense, moec_tensor &strided, bool toStrided) {
  int64_t bytes = getElementBytes(dense.type);
  llvm::SmallVector<int64_t> at(dense.shape.size(), 0);
  for (int64_t i : llvm::seq(dense.getNumElements())) {
    int64_t place = 0;
    for (auto [index, stride] : llvm::zip(at, strided.strides))
      place += index * stride;
    char *one = dense.data.get() + i * bytes;
    char *other = static_cast<char *>(strided.data) + place * bytes;
    std::memcpy(toStrided ? other : one, toStrided ? one : other,
                size_t(bytes));
    for (size_t dim = at.size(); dim-- > 0;) {
      if (++at[dim] < dense.shape[dim])
        break;
      at[dim] = 0;
    }
  }
}

int32_t validate::run(const Code &code, llvm::ArrayRef<Tensor> inputs,
                      llvm::ArrayRef<SharedBuffer> shared,
                      std::vector<Tensor> &outputs) {
  size_t numOutputs = code.outputTypes.size();
  std::vector<moec_tensor> in(inputs.size()), out(numOutputs);
  std::vector<Tensor> grown(numOutputs);
  for (auto [tensor, described] : llvm::zip(inputs, in))
    describe(tensor, described);
  for (auto [index, share] : llvm::enumerate(shared)) {
    if (share.input < 0)
      continue;
    Tensor input = inputs[size_t(share.input)];
    grown[index] = Tensor(input.type, share.outputShape);
    moec_tensor &strided = in[size_t(share.input)];
    strided.data = grown[index].data.get();
    strided.capacity = grown[index].getNumBytes();
    setStrides(strided, share.outputShape);
    copyStrided(input, strided, /*toStrided=*/true);
  }
  std::vector<uint64_t> counters(MOEC_COUNTER_COUNT);
  Context context;
  context.kernels = code.kernels.data();
  context.weights = reinterpret_cast<const uint8_t *>(code.weights.get());
  context.inputs = in.data();
  context.outputs = out.data();
  context.counters = counters.data();
  context.error = 0;
  context.error_site = -1;
  context.outputTypes = code.outputTypes;
  context.shared = shared;
  context.made.resize(numOutputs);
  int32_t status = code.main(&context);
  if (status == MOEC_OK)
    status = context.error;
  if (status != MOEC_OK)
    return status;
  for (auto [index, share] : llvm::enumerate(shared))
    if (share.input >= 0)
      copyStrided(context.made[index], out[index], /*toStrided=*/false);
  outputs = std::move(context.made);
  return MOEC_OK;
}
