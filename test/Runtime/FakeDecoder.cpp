//===-- FakeDecoder.cpp - a decoder with a cache, written by hand ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// libdecoder.so has the inputs and outputs of an exported decoder. Its next
// token is the sum of all tokens so far, plus the number of them, minus 1,
// modulo 10; it sees the earlier ones only through its cache:
//   key   holds the tokens, and may be shared with the past in place;
//   value holds the positions, and may not.
//
//===----------------------------------------------------------------------===//

#include "moec/generated.h"

enum { Batch, Step, Past, Total, OtherPast };
#if defined(MOEC_SUM_OF_SYMBOLS)
// As torch.onnx names them.
static const char *const symbols[] = {"B", "S", "P", "P + S"};
#elif defined(MOEC_TWO_PASTS)
// With nothing in their names.
static const char *const symbols[] = {"a", "b", "c", "d", "e"};
#else
static const char *const symbols[] = {"batch_size", "sequence_length",
                                      "past_sequence_length",
                                      "total_sequence_length"};
#endif
static const int64_t idsDims[] = {-1 - Batch, -1 - Step};
static const int64_t maskDims[] = {-1 - Batch, -1 - Total};
static const int64_t pastDims[] = {-1 - Batch, 2, -1 - Past, 3};
#ifdef MOEC_TWO_PASTS
static const int64_t valueDims[] = {-1 - Batch, 2, -1 - OtherPast, 3};
#else
static const int64_t *const valueDims = pastDims;
#endif
static const int64_t presentDims[] = {-1 - Batch, 2, -1 - Total, 3};
static const int64_t logitsDims[] = {-1 - Batch, -1 - Step, 10};
static const moec_io_info inputs[] = {
    {"input_ids", MOEC_INT64, 2, idsDims, -1, 0},
    {"attention_mask", MOEC_INT64, 2, maskDims, -1, 0},
    {"past_key_values.0.key", MOEC_FLOAT, 4, pastDims, -1, MOEC_IO_STRIDED},
    {"past_key_values.0.value", MOEC_FLOAT, 4, valueDims, -1, 0}};
static const moec_io_info outputs[] = {
    {"logits", MOEC_FLOAT, 3, logitsDims, -1, 0},
    {"present.0.key", MOEC_FLOAT, 4, presentDims, 2, MOEC_IO_STRIDED},
    {"present.0.value", MOEC_FLOAT, 4, presentDims, -1, 0}};
static const moec_site_desc sites[] = {
    {"/model/attention", "the cache does not hold the past"},
    {"/model/embed", "index out of range"}};

static float *at(const moec_tensor &t, int64_t head, int64_t row, int64_t col) {
  return static_cast<float *>(t.data) + head * t.strides[1] +
         row * t.strides[2] + col * t.strides[3];
}

/// present = past and new rows, whose three columns hold `value(row)`.
template <typename Value>
static void extend(const moec_tensor &past, const moec_tensor &present,
                   Value value) {
  int64_t old = past.shape[2], total = present.shape[2];
  for (int64_t head = 0; head < 2; ++head)
    for (int64_t row = 0; row < total; ++row)
      for (int64_t col = 0; col < 3; ++col)
        if (row >= old)
          *at(present, head, row, col) = value(row - old) + float(head);
        else if (present.data != past.data)
          *at(present, head, row, col) = *at(past, head, row, col);
}

static int32_t decoderMain(moec_ctx *ctx) {
  const moec_tensor &ids = ctx->inputs[0], &mask = ctx->inputs[1];
  const moec_tensor &pastKey = ctx->inputs[2], &pastValue = ctx->inputs[3];
  const int64_t *tokens = static_cast<const int64_t *>(ids.data);
  int64_t step = ids.shape[1], total = pastKey.shape[2] + step;
  if (ids.shape[0] != 1 || mask.shape[1] != total)
    return moec_rt_fail(ctx, MOEC_SHAPE_MISMATCH, 0);
  for (int64_t i = 0; i < step; ++i)
    if (tokens[i] < 0 || tokens[i] > 9)
      return moec_rt_fail(ctx, MOEC_INDEX_OUT_OF_RANGE, 1);
  const int64_t logitsShape[] = {1, step, 10};
  const int64_t presentShape[] = {1, 2, total, 3};
  moec_tensor *logits, *key, *value;
  if (int32_t status = moec_rt_output(ctx, 0, 3, logitsShape, &logits))
    return status;
  if (int32_t status = moec_rt_output(ctx, 1, 4, presentShape, &key))
    return status;
  if (int32_t status = moec_rt_output(ctx, 2, 4, presentShape, &value))
    return status;
  extend(pastKey, *key, [&](int64_t row) { return float(tokens[row]); });
  extend(pastValue, *value,
         [&](int64_t row) { return float(total - step + row); });
  float *scores = static_cast<float *>(logits->data);
  for (int64_t i = 0; i < step; ++i) {
    int64_t sum = 0, length = total - step + i + 1;
    for (int64_t row = 0; row < length; ++row) {
      for (int64_t head = 0; head < 2; ++head)
        if (*at(*value, head, row, 2) != float(row + head))
          return moec_rt_fail(ctx, MOEC_INTERNAL, 0);
      sum += int64_t(*at(*key, 1, row, 0)) - 1;
    }
    for (int64_t j = 0; j < 10; ++j)
      scores[i * 10 + j] = (sum + length - 1) % 10 == j ? 1.0f : -1.0f;
  }
  return MOEC_OK;
}

alignas(64) static moec_model_slot slot;

static const moec_model_desc model = {sizeof(moec_model_desc),
                                      MOEC_GENERATED_VERSION,
                                      "decoder",
                                      {1},
                                      inputs,
                                      outputs,
                                      4,
                                      3,
                                      sizeof(symbols) / sizeof(*symbols),
                                      0,
                                      symbols,
                                      nullptr,
                                      0,
                                      2,
                                      sites,
                                      decoderMain,
                                      0,
                                      0,
                                      nullptr,
                                      &slot,
                                      nullptr,
                                      0,
                                      0};

// The name is the ABI's.
extern "C" __attribute__((visibility("default"))) const moec_api *
moec_query_decoder(void) { // NOLINT(readability-identifier-naming)
  return moec_rt_query(&model);
}
