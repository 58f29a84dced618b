//===-- AttentionOpShapes.cpp - extents of attention and rotation ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/IR/TypeUtilities.h"

#include <optional>

using namespace mlir;
using namespace moec::onnx;

/// `others`: ranks that the operator has forms for, which have no lowering.
static LogicalResult checkRank(Operation *op, Value value, StringRef name,
                               int64_t rank, ArrayRef<int64_t> others = {}) {
  int64_t actual = cast<RankedTensorType>(value.getType()).getRank();
  if (actual == rank)
    return success();
  if (llvm::is_contained(others, actual))
    return emitUnsupported(op)
           << "input '" << name << "' has rank " << actual
           << "; export the model with one of rank " << rank;
  return op->emitOpError() << "input '" << name << "' has rank " << actual
                           << ", expected " << rank;
}

/// Everything is computed in the type of the query, so all share it.
static LogicalResult checkElement(Operation *op, Value value, StringRef name,
                                  Type element) {
  Type actual = getElementTypeOrSelf(value.getType());
  if (actual == element)
    return success();
  return op->emitOpError() << "input '" << name << "' has elements of type "
                           << actual << ", expected " << element;
}

static std::optional<int64_t> getStatic(AffineExpr extent) {
  if (auto constant = dyn_cast<AffineConstantExpr>(extent))
    return constant.getValue();
  return std::nullopt;
}

static LogicalResult refuseInput(Operation *op, Value value, StringRef name) {
  if (!value)
    return success();
  return emitUnsupported(op)
         << "input '" << name << "' is present; export the model without it";
}

static LogicalResult refuseAttribute(Operation *op, StringRef name,
                                     bool isUsed) {
  if (!isUsed)
    return success();
  return emitUnsupported(op)
         << "attribute '" << name << "' = " << op->getAttr(name)
         << "; export the model without it";
}

/// Rows of rotation tables: rank 2, equal, a static number of columns that is
/// at most half a head.
static LogicalResult checkCaches(ShapeContext &context, Operation *op,
                                 Value cos, Value sin, unsigned rank,
                                 int64_t headSize) {
  if (failed(checkRank(op, cos, "cos_cache", rank)) ||
      failed(checkRank(op, sin, "sin_cache", rank)))
    return failure();
  Extents cosExtents = context.getExtents(cos);
  for (auto [a, b] : llvm::zip(cosExtents, context.getExtents(sin)))
    if (failed(context.requireEqual(op, a, b,
                                    "'cos_cache' and 'sin_cache' differ")))
      return failure();
  std::optional<int64_t> columns = getStatic(cosExtents.back());
  if (!columns)
    return emitUnsupported(op) << "input 'cos_cache' has an unknown number of "
                                  "columns; export the model with a fixed one";
  if (*columns < 1 || 2 * *columns > headSize)
    return op->emitOpError()
           << "input 'cos_cache' has " << *columns
           << " columns, expected 1 to half of the head size " << headSize;
  return success();
}

static LogicalResult checkUnsupported(GroupQueryAttentionOp op) {
  if (failed(refuseInput(op, op.getKScale(), "k_scale")) ||
      failed(refuseInput(op, op.getVScale(), "v_scale")) ||
      failed(refuseInput(op, op.getQNormWeight(), "q_norm_weight")) ||
      failed(refuseInput(op, op.getKNormWeight(), "k_norm_weight")) ||
      failed(refuseAttribute(op, "kv_cache_bit_width",
                             op.getKvCacheBitWidth() != 0)) ||
      failed(
          refuseAttribute(op, "k_quant_type", op.getKQuantType() != "NONE")) ||
      failed(
          refuseAttribute(op, "v_quant_type", op.getVQuantType() != "NONE")) ||
      failed(refuseAttribute(op, "qk_output", op.getQkOutput() != 0)))
    return failure();
  // Not by the accessor, which takes the result for a tensor already.
  if (!op.getODSResults(3).empty())
    return emitUnsupported(op)
           << "output 'output_qk' is used; export the model without it";
  return success();
}

static LogicalResult checkWindowed(GroupQueryAttentionOp op) {
  int64_t window = op.getLocalWindowSize();
  if (window < 1)
    return op.emitOpError()
           << "attribute 'sliding_window_cache' is set, expected a "
              "'local_window_size' of at least 1, found "
           << window;
  if (!op.getPastKey())
    return op.emitOpError() << "attribute 'sliding_window_cache' is set, "
                               "expected inputs 'past_key' and 'past_value', "
                               "which say how many rows to keep";
  if (op.getAttentionBias())
    return emitUnsupported(op)
           << "input 'attention_bias' is present beside "
              "'sliding_window_cache'; export the model without one of them";
  return success();
}

/// The bias broadcasts over batch and heads only.
static LogicalResult checkAttentionBias(ShapeContext &context, Operation *op,
                                        Value bias, AffineExpr batch,
                                        int64_t numHeads, AffineExpr length,
                                        AffineExpr total) {
  if (!bias)
    return success();
  if (failed(checkRank(op, bias, "attention_bias", 4)))
    return failure();
  Extents extents = context.getExtents(bias);
  AffineExpr expected[] = {batch, context.getConstant(numHeads), length, total};
  for (unsigned dim = 0; dim < 4; ++dim) {
    if (dim < 2 && getStatic(extents[dim]) == 1)
      continue;
    if (failed(context.requireEqual(op, extents[dim], expected[dim],
                                    "'attention_bias' extent " + Twine(dim),
                                    dim < 2 ? CheckKind::Broadcast
                                            : CheckKind::Equal)))
      return failure();
  }
  return success();
}

/// The past cache, `[B, heads, P, size]`; P as expression, 0 without a cache.
static FailureOr<AffineExpr> checkPast(ShapeContext &context, Operation *op,
                                       Value key, Value value, AffineExpr batch,
                                       int64_t numHeads, int64_t keySize,
                                       int64_t valueSize) {
  if (!key != !value) {
    op->emitOpError() << "has only one of 'past_key' and 'past_value', "
                         "expected both or neither";
    return failure();
  }
  if (!key)
    return context.getConstant(0);
  if (failed(checkRank(op, key, "past_key", 4)) ||
      failed(checkRank(op, value, "past_value", 4)))
    return failure();
  AffineExpr past = context.getExtents(key)[2];
  AffineExpr heads = context.getConstant(numHeads);
  std::pair<Value, int64_t> caches[] = {{key, keySize}, {value, valueSize}};
  for (auto [cache, size] : caches) {
    AffineExpr expected[] = {batch, heads, past, context.getConstant(size)};
    Extents extents = context.getExtents(cache);
    for (unsigned dim = 0; dim < 4; ++dim)
      if (failed(context.requireEqual(op, extents[dim], expected[dim],
                                      "past cache, extent " + Twine(dim))))
        return failure();
  }
  return past;
}

LogicalResult GroupQueryAttentionOp::inferShapes(ShapeContext &context) {
  Operation *op = getOperation();
  if (failed(checkUnsupported(*this)))
    return failure();
  int64_t heads = getNumHeads(), kvHeads = getKvNumHeads();
  if (heads < 1 || kvHeads < 1 || heads % kvHeads != 0)
    return emitOpError() << "attributes 'num_heads' = " << heads
                         << " and 'kv_num_heads' = " << kvHeads
                         << " must be positive and the first a multiple of "
                            "the second";
  Type element = getElementTypeOrSelf(getQuery().getType());
  bool isPacked = !getKey();
  if (isPacked != !getValue())
    return emitOpError() << "has only one of 'key' and 'value', expected both "
                            "or, for a packed query, neither";
  if (failed(checkRank(op, getQuery(), "query", 3)))
    return failure();
  Extents query = context.getExtents(getQuery());
  AffineExpr batch = query[0], length = query[1];
  int64_t parts = isPacked ? heads + 2 * kvHeads : heads;
  std::optional<int64_t> width = getStatic(query[2]);
  if (!width)
    return emitUnsupported(op)
           << "input 'query' has the last extent " << context.describe(query[2])
           << "; export the model with a fixed one";
  if (*width <= 0 || *width % parts != 0)
    return emitOpError() << "input 'query' has a last extent of "
                         << context.describe(query[2])
                         << ", expected a multiple of its " << parts
                         << " heads";
  int64_t size = *width / parts;
  for (auto [value, name] :
       {std::pair<Value, StringRef>{getKey(), "key"}, {getValue(), "value"}}) {
    if (!value)
      continue;
    if (failed(checkRank(op, value, name, 3)) ||
        failed(checkElement(op, value, name, element)))
      return failure();
    AffineExpr expected[] = {batch, length,
                             context.getConstant(kvHeads * size)};
    Extents extents = context.getExtents(value);
    for (unsigned dim = 0; dim < 3; ++dim)
      if (failed(context.requireEqual(op, extents[dim], expected[dim],
                                      "'" + name + "', extent " + Twine(dim))))
        return failure();
  }

  FailureOr<AffineExpr> past = checkPast(
      context, op, getPastKey(), getPastValue(), batch, kvHeads, size, size);
  if (failed(past))
    return failure();
  for (auto [value, name] :
       {std::pair<Value, StringRef>{getPastKey(), "past_key"},
        {getPastValue(), "past_value"}})
    if (value && failed(checkElement(op, value, name, element)))
      return failure();
  // A windowed cache keeps its rows, and says nothing of the total length.
  bool isWindowed = getSlidingWindowCache() != 0;
  if (isWindowed && failed(checkWindowed(*this)))
    return failure();
  AffineExpr total = isWindowed ? *past : *past + length;

  // [B], or [B, 1] where the exporter kept the reduced dimension.
  Extents ends = context.getExtents(getSeqlensK());
  if (ends.size() == 2 && !getStatic(ends[1]))
    return emitUnsupported(op) << "input 'seqlens_k' has the last extent "
                               << context.describe(ends[1])
                               << "; export the model with one of rank 1";
  if (ends.empty() || ends.size() > 2 ||
      (ends.size() == 2 && getStatic(ends[1]) != 1))
    return emitOpError() << "input 'seqlens_k' has type "
                         << getSeqlensK().getType()
                         << ", expected one element a sequence";
  if (failed(context.requireEqual(op, ends[0], batch, "'seqlens_k'")))
    return failure();
  auto totalType = cast<RankedTensorType>(getTotalSequenceLength().getType());
  if (!totalType.hasStaticShape())
    return emitUnsupported(op)
           << "input 'total_sequence_length' has type " << totalType
           << "; export the model with a fixed extent";
  if (totalType.getNumElements() != 1 || totalType.getRank() > 1)
    return emitOpError() << "input 'total_sequence_length' has type "
                         << totalType << ", expected one element";
  if (std::optional<Extents> known =
          context.getElements(getTotalSequenceLength());
      known && (*known)[0] && !isWindowed &&
      failed(context.requireEqual(
          op, (*known)[0], total,
          "'total_sequence_length' against the rows of 'past_key' and "
          "'query' (a cache longer than what it holds is not supported)")))
    return failure();

  if (getDoRotary()) {
    if (!getCosCache() || !getSinCache())
      return emitOpError() << "attribute 'do_rotary' is set, expected inputs "
                              "'cos_cache' and 'sin_cache'";
    if (failed(checkCaches(context, op, getCosCache(), getSinCache(), 2, size)))
      return failure();
    if (Value ids = getPositionIds()) {
      if (failed(checkRank(op, ids, "position_ids", 2)))
        return failure();
      Extents extents = context.getExtents(ids);
      if (failed(context.requireEqual(op, extents[0], batch,
                                      "'position_ids', extent 0")) ||
          failed(context.requireEqual(op, extents[1], length,
                                      "'position_ids', extent 1")))
        return failure();
    }
  }
  if (failed(checkAttentionBias(context, op, getAttentionBias(), batch, heads,
                                length, total)))
    return failure();
  if (Value sink = getHeadSink())
    if (failed(checkRank(op, sink, "head_sink", 1)) ||
        failed(context.requireEqual(op, context.getExtents(sink)[0],
                                    context.getConstant(heads), "'head_sink'")))
      return failure();

  context.setResult(op->getOpResult(0), element,
                    {batch, length, context.getConstant(heads * size)});
  for (unsigned result : {1, 2})
    context.setResult(op->getOpResult(result), element,
                      {batch, context.getConstant(kvHeads), total,
                       context.getConstant(size)});
  return success();
}

LogicalResult MultiHeadAttentionOp::inferShapes(ShapeContext &context) {
  Operation *op = getOperation();
  if (failed(
          refuseInput(op, getPastSequenceLength(), "past_sequence_length")) ||
      failed(refuseInput(op, getCacheIndirection(), "cache_indirection")))
    return failure();
  if (!getODSResults(3).empty())
    return emitUnsupported(op)
           << "output 'qk' is used; export the model without it";
  if (!getKey() || !getValue())
    return emitUnsupported(op) << "'key' and 'value' are packed into another "
                                  "input; export the model with three inputs";
  Type element = getElementTypeOrSelf(getQuery().getType());
  for (auto [value, name] : {std::pair<Value, StringRef>{getQuery(), "query"},
                             {getKey(), "key"},
                             {getValue(), "value"}})
    // Of rank 4: with the heads apart, [B, heads, T, size].
    if (failed(checkRank(op, value, name, 3,
                         value == getQuery() ? ArrayRef<int64_t>() : 4)) ||
        failed(checkElement(op, value, name, element)))
      return failure();
  int64_t heads = getNumHeads();
  Extents query = context.getExtents(getQuery());
  Extents key = context.getExtents(getKey());
  Extents value = context.getExtents(getValue());
  std::optional<int64_t> width = getStatic(query[2]);
  std::optional<int64_t> valueWidth = getStatic(value[2]);
  if (!width || !valueWidth)
    return emitUnsupported(op) << "'query' and 'value' have the last extents "
                               << context.describe(query[2]) << " and "
                               << context.describe(value[2])
                               << "; export the model with fixed ones";
  if (heads < 1 || *width % heads != 0 || *valueWidth % heads != 0 ||
      *width == 0)
    return emitOpError() << "attribute 'num_heads' = " << heads
                         << " must divide the last extents of 'query' and "
                            "'value', "
                         << context.describe(query[2]) << " and "
                         << context.describe(value[2]);
  if (failed(context.requireEqual(op, key[0], query[0], "'key', extent 0")) ||
      failed(context.requireEqual(op, key[2], query[2], "'key', extent 2")) ||
      failed(
          context.requireEqual(op, value[0], query[0], "'value', extent 0")) ||
      failed(context.requireEqual(op, value[1], key[1], "'value', extent 1")))
    return failure();
  if (getUnidirectional() &&
      failed(context.requireEqual(
          op, query[1], key[1],
          "'query' and 'key', extent 1, with 'unidirectional'")))
    return failure();
  int64_t size = *width / heads, valueSize = *valueWidth / heads;
  FailureOr<AffineExpr> past =
      checkPast(context, op, getPastKey(), getPastValue(), query[0], heads,
                size, valueSize);
  if (failed(past))
    return failure();
  AffineExpr total = *past + key[1];
  if (Value bias = getBias())
    if (failed(checkRank(op, bias, "bias", 1)) ||
        failed(context.requireEqual(
            op, context.getExtents(bias)[0],
            context.getConstant(2 * *width + *valueWidth), "'bias'")))
      return failure();
  if (Value mask = getKeyPaddingMask()) {
    // Lengths of rank 1, or a mask for each query of rank 3.
    if (failed(checkRank(op, mask, "key_padding_mask", 2, {1, 3})))
      return failure();
    Extents extents = context.getExtents(mask);
    if (failed(context.requireEqual(op, extents[0], query[0],
                                    "'key_padding_mask', extent 0")) ||
        failed(context.requireEqual(op, extents[1], total,
                                    "'key_padding_mask', extent 1")))
      return failure();
  }
  if (failed(checkAttentionBias(context, op, getAttentionBias(), query[0],
                                heads, query[1], total)))
    return failure();
  context.setResult(op->getOpResult(0), element,
                    {query[0], query[1], value[2]});
  // Not by the accessors, which take results for tensors already.
  for (OpResult present : getODSResults(1))
    context.setResult(present, element,
                      {query[0], context.getConstant(heads), total,
                       context.getConstant(size)});
  for (OpResult present : getODSResults(2))
    context.setResult(present, element,
                      {query[0], context.getConstant(heads), total,
                       context.getConstant(valueSize)});
  return success();
}

/// The head size of a value to rotate, [B,S,N*h] or [B,N,S,h].
static FailureOr<int64_t> getHeadSize(ShapeContext &context, Operation *op,
                                      ArrayRef<AffineExpr> extents,
                                      int64_t heads) {
  std::optional<int64_t> width = getStatic(extents.back());
  if (extents.size() == 4 && width)
    return *width;
  if (extents.size() == 3 && width && heads > 0 && *width % heads == 0)
    return *width / heads;
  if ((extents.size() == 3 || extents.size() == 4) && !width)
    return emitUnsupported(op) << "the first input has the last extent "
                               << context.describe(extents.back())
                               << "; export the model with a fixed one";
  op->emitOpError() << "expects its first input as [B,N,S,h], or as [B,S,N*h] "
                       "with attribute 'num_heads'";
  return failure();
}

LogicalResult MsRotaryEmbeddingOp::inferShapes(ShapeContext &context) {
  Operation *op = getOperation();
  if (failed(refuseAttribute(op, "is_packed_batching",
                             getIsPackedBatching() != 0)) ||
      failed(refuseAttribute(op, "scale", !getScale().isExactlyValue(1.0))))
    return failure();
  Extents input = context.getExtents(getInput());
  std::optional<int64_t> columns;
  if (context.getRank(getCosCache()) == 2)
    columns = getStatic(context.getExtents(getCosCache())[1]);
  std::optional<int64_t> width =
      input.empty() ? std::nullopt : getStatic(input.back());
  int64_t heads = getNumHeads();
  // Without num_heads the tables say how wide a head is.
  if (heads == 0 && columns && *columns > 0 && width)
    heads = *width / (2 * *columns);
  FailureOr<int64_t> size = getHeadSize(context, op, input, heads);
  if (failed(size) ||
      failed(checkCaches(context, op, getCosCache(), getSinCache(), 2, *size)))
    return failure();
  int64_t rotated = getRotaryEmbeddingDim();
  if (rotated < 0 || rotated % 2 != 0 || rotated > 2 * *columns)
    return emitOpError() << "attribute 'rotary_embedding_dim' = " << rotated
                         << " must be even and at most twice the " << *columns
                         << " columns of 'cos_cache'";
  Value ids = getPositionIds();
  auto idsType = cast<RankedTensorType>(ids.getType());
  bool isOne = idsType.hasStaticShape() && idsType.getNumElements() == 1;
  if (!isOne || idsType.getRank() > 2) {
    if (failed(checkRank(op, ids, "position_ids", 2)))
      return failure();
    Extents extents = context.getExtents(ids);
    AffineExpr length = input[input.size() == 4 ? 2 : 1];
    if (failed(context.requireEqual(op, extents[0], input[0],
                                    "'position_ids', extent 0")) ||
        failed(context.requireEqual(op, extents[1], length,
                                    "'position_ids', extent 1")))
      return failure();
  }
  context.setResult(op->getOpResult(0),
                    getElementTypeOrSelf(getInput().getType()), input);
  return success();
}

LogicalResult RotaryEmbeddingOp::inferShapes(ShapeContext &context) {
  Operation *op = getOperation();
  Extents input = context.getExtents(getX());
  FailureOr<int64_t> size = getHeadSize(context, op, input, getNumHeads());
  Value ids = getPositionIds();
  if (failed(size) || failed(checkCaches(context, op, getCosCache(),
                                         getSinCache(), ids ? 2 : 3, *size)))
    return failure();
  Extents cos = context.getExtents(getCosCache());
  int64_t rotated = getRotaryEmbeddingDim() ? getRotaryEmbeddingDim() : *size;
  if (rotated < 0 || rotated != 2 * *getStatic(cos.back()))
    return emitOpError() << "rotates " << rotated
                         << " of each head's elements, expected twice the "
                         << context.describe(cos.back())
                         << " columns of 'cos_cache'";
  AffineExpr length = input[input.size() == 4 ? 2 : 1];
  if (ids && failed(checkRank(op, ids, "position_ids", 2)))
    return failure();
  Extents rows = ids ? context.getExtents(ids) : cos;
  if (failed(
          context.requireEqual(op, rows[0], input[0], "positions, extent 0")) ||
      failed(context.requireEqual(op, rows[1], length, "positions, extent 1")))
    return failure();
  context.setResult(op->getOpResult(0), getElementTypeOrSelf(getX().getType()),
                    input);
  return success();
}

Value GroupQueryAttentionOp::getContinued(unsigned result) {
  return result == 1 ? getPastKey() : result == 2 ? getPastValue() : Value();
}

Value MultiHeadAttentionOp::getContinued(unsigned result) {
  Value value = getOperation()->getResult(result);
  return value == getPresentKey()     ? getPastKey()
         : value == getPresentValue() ? getPastValue()
                                      : Value();
}
