//===-- Tensors.cpp - checks on shapes and buffers ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Everything the caller passes is checked here before the model's code sees it:
// that code relies on shapes, strides and sizes.
//
//===----------------------------------------------------------------------===//

#include "Internal.h"

#include <cstdio>

using namespace moec::rt;

void moec::rt::rowMajorStrides(int32_t rank, const int64_t *shape,
                               int64_t *strides) {
  int64_t stride = 1;
  for (int32_t i = rank - 1; i >= 0; --i) {
    strides[i] = stride;
    // An empty tensor gets the strides of its non-empty neighbours; they are
    // never used for an access, so wrapping around would do no harm, but is
    // undefined.
    if (shape[i] > 1 && mulOverflow(stride, shape[i], stride))
      stride = 1;
  }
}

bool moec::rt::isEmpty(int32_t rank, const int64_t *shape) {
  for (int32_t i = 0; i < rank; ++i)
    if (shape[i] == 0)
      return true;
  return false;
}

/// Bytes of `count` elements, rounded up for packed types.
static bool bytesOf(int32_t dtype, int64_t count, int64_t &bytes) {
  int64_t bits;
  if (mulOverflow(count, dtypeBits(dtype), bits) || addOverflow(bits, 7, bits))
    return false;
  bytes = bits / 8;
  return bytes <= maxBytes;
}

bool moec::rt::contiguousBytes(int32_t dtype, int32_t rank,
                               const int64_t *shape, int64_t &bytes) {
  int64_t count = 1;
  bool empty = isEmpty(rank, shape);
  for (int32_t i = 0; i < rank; ++i)
    if (shape[i] < 0 || (!empty && mulOverflow(count, shape[i], count)))
      return false;
  return bytesOf(dtype, empty ? 0 : count, bytes);
}

bool moec::rt::stridedBytes(int32_t dtype, int32_t rank, const int64_t *shape,
                            const int64_t *strides, int64_t &bytes) {
  bool empty = isEmpty(rank, shape);
  // Elements from the first to the end of the last, of the dimensions so far.
  int64_t span = 1;
  for (int32_t i = rank - 1; i >= 0; --i) {
    if (shape[i] < 0 || strides[i] < 0)
      return false;
    if (empty || shape[i] == 1)
      continue;
    // The innermost is 1, and each step leaps over everything inside it.
    int64_t last;
    if (i == rank - 1 ? strides[i] != 1 : strides[i] < span)
      return false;
    if (mulOverflow(strides[i], shape[i] - 1, last) ||
        addOverflow(span, last, span))
      return false;
  }
  return bytesOf(dtype, empty ? 0 : span, bytes);
}

const char *moec::rt::shapeText(int32_t rank, const int64_t *shape,
                                char *buffer, size_t capacity) {
  size_t used = 0;
  auto put = [&](int written) {
    used += written < 0 ? 0 : size_t(written);
    if (used >= capacity)
      used = capacity - 1;
  };
  put(snprintf(buffer, capacity, "["));
  for (int32_t i = 0; i < rank; ++i)
    put(snprintf(buffer + used, capacity - used, "%s%lld", i ? ", " : "",
                 static_cast<long long>(shape[i])));
  put(snprintf(buffer + used, capacity - used, "]"));
  return buffer;
}

/// Whether the extents of an input, each counted as one at least, have a
/// product that leaves the model's own arithmetic on extents room. Of inputs
/// without elements that is far less, for loops still go over the other
/// extents.
static bool isOfSoundSize(int32_t rank, const int64_t *shape) {
  int64_t most = isEmpty(rank, shape) ? maxEmptyExtent : maxExtent;
  int64_t product = 1;
  for (int32_t i = 0; i < rank; ++i) {
    int64_t extent = shape[i] ? shape[i] : 1;
    if (mulOverflow(product, extent, product) || product > most)
      return false;
  }
  return true;
}

/// Checks one extent against the model's, and binds its symbol.
static int32_t checkExtent(moec_session &session, const moec_io_info &info,
                           int32_t dim, int64_t extent) {
  int64_t expected = info.dims[dim];
  if (extent < 0) {
    session.error.set("extent %lld of dimension %d of '%.100s' is negative",
                      static_cast<long long>(extent), dim, info.name);
    return MOEC_SHAPE_MISMATCH;
  }
  if (expected >= 0) {
    if (extent == expected)
      return MOEC_OK;
    session.error.set("dimension %d of '%.100s' is %lld, expected %lld", dim,
                      info.name, static_cast<long long>(extent),
                      static_cast<long long>(expected));
    return MOEC_SHAPE_MISMATCH;
  }
  int64_t symbol = -(expected + 1);
  if (symbol >= session.model->n_symbols)
    return MOEC_OK;
  int64_t &value = session.symbols[symbol];
  if (value < 0)
    value = extent;
  if (value == extent)
    return MOEC_OK;
  session.error.set(
      "dimension %d of '%.100s' is %lld, but '%.100s' is %lld elsewhere", dim,
      info.name, static_cast<long long>(extent), session.model->symbols[symbol],
      static_cast<long long>(value));
  return MOEC_SHAPE_MISMATCH;
}

/// Whether `strides` reach the same elements as row-major ones do.
static bool isRowMajor(int32_t rank, const int64_t *shape,
                       const int64_t *strides) {
  if (isEmpty(rank, shape))
    return true;
  int64_t expected[MOEC_MAX_RANK];
  rowMajorStrides(rank, shape, expected);
  for (int32_t i = 0; i < rank; ++i)
    if (shape[i] != 1 && strides[i] != expected[i])
      return false;
  return true;
}

static bool isAligned(const void *data, int32_t dtype) {
  uintptr_t bytes = uintptr_t(dtypeBits(dtype) + 7) / 8;
  return reinterpret_cast<uintptr_t>(data) % bytes == 0;
}

static int32_t bindInput(moec_session &session, const moec_io_info &info,
                         const moec_tensor &given, moec_tensor &input) {
  Text &error = session.error;
  if (given.dtype != info.dtype) {
    error.set("input '%.100s' has type %s (%d), expected %s", info.name,
              dtypeName(given.dtype), given.dtype, dtypeName(info.dtype));
    return MOEC_DTYPE_MISMATCH;
  }
  if (given.rank != info.rank) {
    error.set("input '%.100s' has rank %d, expected %d", info.name, given.rank,
              info.rank);
    return MOEC_SHAPE_MISMATCH;
  }
  for (int32_t i = 0; i < info.rank; ++i)
    if (int32_t status = checkExtent(session, info, i, given.shape[i]))
      return status;
  int64_t bytes;
  bool valid = contiguousBytes(info.dtype, info.rank, given.shape, bytes);
  input = given;
  if (valid && (given.flags & MOEC_TENSOR_STRIDED)) {
    if (info.flags & MOEC_IO_STRIDED) {
      if (!stridedBytes(info.dtype, info.rank, given.shape, given.strides,
                        bytes)) {
        error.set("strides of input '%.100s' are not descending and "
                  "non-overlapping with an innermost stride of 1",
                  info.name);
        return MOEC_INVALID_ARGUMENT;
      }
    } else if (!isRowMajor(info.rank, given.shape, given.strides)) {
      error.set("input '%.100s' must be row-major contiguous", info.name);
      return MOEC_INVALID_ARGUMENT;
    }
  }
  if (!valid) {
    error.set("size of input '%.100s' overflows", info.name);
    return MOEC_SHAPE_MISMATCH;
  }
  if (!isOfSoundSize(info.rank, given.shape)) {
    bool empty = isEmpty(info.rank, given.shape);
    char text[128];
    error.set("input '%.100s' of shape %s is too large: the product of its "
              "extents%s is above 2^%d",
              info.name, shapeText(info.rank, given.shape, text, sizeof(text)),
              empty ? " that are not zero" : "", empty ? 31 : 40);
    return MOEC_SHAPE_MISMATCH;
  }
  if (!(given.flags & MOEC_TENSOR_STRIDED) || !(info.flags & MOEC_IO_STRIDED))
    rowMajorStrides(info.rank, given.shape, input.strides);
  if (given.capacity < bytes || given.capacity > maxBytes) {
    error.set("input '%.100s' spans %lld bytes, but its capacity is %lld",
              info.name, static_cast<long long>(bytes),
              static_cast<long long>(given.capacity));
    return MOEC_BUFFER_TOO_SMALL;
  }
  if (bytes > 0 && !given.data) {
    error.set("data of input '%.100s' is null", info.name);
    return MOEC_INVALID_ARGUMENT;
  }
  if (!isAligned(given.data, info.dtype)) {
    error.set("data of input '%.100s' is not aligned to its element size",
              info.name);
    return MOEC_INVALID_ARGUMENT;
  }
  // What the model may touch, for the overlap check.
  input.capacity = bytes;
  input.flags |= MOEC_TENSOR_STRIDED;
  return MOEC_OK;
}

int32_t moec::rt::bindInputs(moec_session &session, const moec_tensor *inputs) {
  const moec_model_desc &model = *session.model;
  for (int32_t i = 0; i < model.n_symbols; ++i)
    session.symbols[i] = -1;
  for (int32_t i = 0; i < model.n_inputs; ++i)
    if (int32_t status =
            bindInput(session, model.inputs[i], inputs[i], session.inputs[i]))
      return status;
  return MOEC_OK;
}

static bool overlap(const void *a, int64_t aBytes, const void *b,
                    int64_t bBytes) {
  uintptr_t aBegin = reinterpret_cast<uintptr_t>(a);
  uintptr_t bBegin = reinterpret_cast<uintptr_t>(b);
  return aBytes > 0 && bBytes > 0 && aBegin < bBegin + uintptr_t(bBytes) &&
         bBegin < aBegin + uintptr_t(aBytes);
}

int32_t moec::rt::checkOverlap(moec_session &session,
                               const moec_tensor *outputs) {
  const moec_model_desc &model = *session.model;
  Text &error = session.error;
  for (int32_t i = 0; i < model.n_outputs; ++i) {
    const moec_tensor &output = outputs[i];
    const moec_io_info &info = model.outputs[i];
    if (!output.data)
      continue;
    if (output.flags & MOEC_TENSOR_OWNED) {
      error.set("output '%.100s' still holds a buffer of the library, release "
                "it first",
                info.name);
      return MOEC_INVALID_ARGUMENT;
    }
    if (output.capacity < 0 || output.capacity > maxBytes) {
      error.set("capacity of output '%.100s' is %lld", info.name,
                static_cast<long long>(output.capacity));
      return MOEC_INVALID_ARGUMENT;
    }
    if (!isAligned(output.data, info.dtype)) {
      error.set("data of output '%.100s' is not aligned to its element size",
                info.name);
      return MOEC_INVALID_ARGUMENT;
    }
    for (int32_t j = 0; j < model.n_inputs; ++j) {
      const moec_tensor &input = session.inputs[j];
      if (!overlap(output.data, output.capacity, input.data, input.capacity) ||
          (j == info.alias && output.data == input.data))
        continue;
      error.set("buffer of output '%.100s' overlaps that of input '%.100s'",
                info.name, model.inputs[j].name);
      return MOEC_INVALID_ARGUMENT;
    }
    for (int32_t j = 0; j < i; ++j)
      if (outputs[j].data && overlap(output.data, output.capacity,
                                     outputs[j].data, outputs[j].capacity)) {
        error.set("buffers of outputs '%.100s' and '%.100s' overlap",
                  model.outputs[j].name, info.name);
        return MOEC_INVALID_ARGUMENT;
      }
  }
  return MOEC_OK;
}

/// Chooses the strides of an output in the caller's buffer and the bytes it
/// spans.
static int32_t placeOutput(moec_session &session, int32_t index,
                           const moec_tensor &given, moec_tensor &output,
                           int64_t &bytes) {
  const moec_io_info &info = session.model->outputs[index];
  Text &error = session.error;
  const moec_tensor *shared = nullptr;
  if (info.alias >= 0 && info.alias < session.model->n_inputs &&
      session.inputs[info.alias].data == given.data)
    shared = &session.inputs[info.alias];
  if (given.flags & MOEC_TENSOR_STRIDED) {
    if (info.flags & MOEC_IO_STRIDED) {
      if (!stridedBytes(output.dtype, output.rank, output.shape, given.strides,
                        bytes)) {
        error.set("strides of output '%.100s' are not descending and "
                  "non-overlapping with an innermost stride of 1",
                  info.name);
        return MOEC_INVALID_ARGUMENT;
      }
      for (int32_t i = 0; i < output.rank; ++i)
        output.strides[i] = given.strides[i];
    } else if (!isRowMajor(output.rank, output.shape, given.strides)) {
      error.set("output '%.100s' must be row-major contiguous", info.name);
      return MOEC_INVALID_ARGUMENT;
    }
  }
  if (!shared || isEmpty(shared->rank, shared->shape) ||
      shared->rank != output.rank)
    return MOEC_OK;
  // One buffer: what the input holds must be where the output has it.
  for (int32_t i = 0; i < output.rank; ++i)
    if (shared->shape[i] > 1 && shared->strides[i] != output.strides[i]) {
      error.set(
          "output '%.100s' shares the buffer of input '%.100s', but their "
          "strides differ in dimension %d (%lld and %lld)",
          info.name, session.model->inputs[info.alias].name, i,
          static_cast<long long>(output.strides[i]),
          static_cast<long long>(shared->strides[i]));
      return MOEC_INVALID_ARGUMENT;
    }
  return MOEC_OK;
}

/// moec_rt_output without its recording of errors.
static int32_t bindOutput(moec_session &session, int32_t index, int64_t rank,
                          const int64_t *dims, moec_tensor *&result) {
  const moec_model_desc &model = *session.model;
  Text &error = session.error;
  if (index < 0 || index >= model.n_outputs) {
    error.set("the model binds output %d of %d", index, model.n_outputs);
    return MOEC_INTERNAL;
  }
  const moec_io_info &info = model.outputs[index];
  moec_tensor &output = session.outputs[index];
  if (session.bound[index] || rank != info.rank) {
    error.set("the model binds output '%.100s' twice or with rank %lld, "
              "expected once with %d",
              info.name, static_cast<long long>(rank), info.rank);
    return MOEC_INTERNAL;
  }
  moec_tensor &given = session.callerOutputs[index];
  output = moec_tensor();
  output.dtype = info.dtype;
  output.rank = info.rank;
  for (int32_t i = 0; i < info.rank; ++i) {
    if (int32_t status = checkExtent(session, info, i, dims[i]))
      return status;
    output.shape[i] = dims[i];
  }
  int64_t bytes;
  if (!contiguousBytes(info.dtype, info.rank, output.shape, bytes)) {
    error.set("size of output '%.100s' overflows", info.name);
    return MOEC_OUT_OF_MEMORY;
  }
  rowMajorStrides(info.rank, output.shape, output.strides);
  output.flags = MOEC_TENSOR_STRIDED;
  if (!given.data) {
    // Also without elements there is a buffer, so that every success looks
    // alike to the caller.
    int64_t size = bytes ? bytes : 1;
    output.data = session.allocator.alloc(size_t(size));
    if (!output.data) {
      error.set("cannot allocate %lld bytes for output '%.100s'",
                static_cast<long long>(size), info.name);
      return MOEC_OUT_OF_MEMORY;
    }
    output.capacity = size;
    output.flags |= MOEC_TENSOR_OWNED;
  } else {
    if (int32_t status = placeOutput(session, index, given, output, bytes))
      return status;
    if (bytes > given.capacity) {
      char text[128];
      error.set("output '%.100s' of shape %s needs %lld bytes, its buffer has "
                "%lld",
                info.name,
                shapeText(info.rank, output.shape, text, sizeof(text)),
                static_cast<long long>(bytes),
                static_cast<long long>(given.capacity));
      given.rank = info.rank;
      for (int32_t i = 0; i < info.rank; ++i)
        given.shape[i] = output.shape[i];
      return MOEC_BUFFER_TOO_SMALL;
    }
    output.data = given.data;
    output.capacity = given.capacity;
  }
  session.bound[index] = 1;
  result = &output;
  return MOEC_OK;
}

int32_t moec_rt_output(moec_ctx *ctx, int32_t index, int64_t rank,
                       const int64_t *dims, moec_tensor **out) {
  Context &context = contextOf(ctx);
  moec_session &session = *context.session;
  *out = nullptr;
  if (context.inParallel.load(std::memory_order_relaxed)) {
    moec_rt_record(ctx, MOEC_INTERNAL, -1);
    return MOEC_INTERNAL;
  }
  moec_tensor *result = nullptr;
  int32_t status = bindOutput(session, index, rank, dims, result);
  if (status != MOEC_OK) {
    if (!ctx->error)
      context.detail = session.error;
    moec_rt_record(ctx, status, -1);
    return status;
  }
  *out = result;
  return MOEC_OK;
}
