//===-- MultiHeadAttention.cpp - attention with equal heads ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionCore.h"
#include "moec/Conversion/OnnxToLinalg.h"

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;
using namespace moec;

using Values = KernelBuilder::Values;

namespace {
/// Builds the lowering of one op.
class EqualHeads {
public:
  EqualHeads(KernelBuilder &l, onnx::MultiHeadAttentionOp op,
             onnx::MultiHeadAttentionOp::Adaptor in)
      : l(l), op(op), in(in), zero(l.index(0)), numHeads(op.getNumHeads()) {
    keySize = getWidth(in.getQuery()) / numHeads;
    valueSize = getWidth(in.getValue()) / numHeads;
    batch = l.dim(in.getQuery(), 0);
    length = l.dim(in.getQuery(), 1);
    past = in.getPastKey() ? l.dim(in.getPastKey(), 2) : zero;
    total = l.add(past, l.dim(in.getKey(), 1));
  }

  /// The results the op has, in their order; keys and values of the present
  /// only where asked for.
  SmallVector<Value> build(Value output, Value presentKey, Value presentValue) {
    auto readCache = [this](Value cache) {
      return [this, cache](Value b, Value n, Value t, Value d) {
        return l.get(cache, {b, n, t, d});
      };
    };
    auto readInput = [this](Value input, int64_t size, int64_t firstBias) {
      return [=](Value b, Value n, Value t, Value d) {
        return read(input, size, firstBias, b, n, t, d);
      };
    };
    Attention a = describe(output);
    a.key = readInput(in.getKey(), keySize, numHeads * keySize);
    a.value = readInput(in.getValue(), valueSize, 2 * numHeads * keySize);
    // With a past both are read from one place: the present.
    if (in.getPastKey() || presentKey)
      a.key = readCache(presentKey = buildPresent(presentKey, in.getPastKey(),
                                                  keySize, a.key));
    if (in.getPastValue() || presentValue)
      a.value =
          readCache(presentValue = buildPresent(presentValue, in.getPastValue(),
                                                valueSize, a.value));
    SmallVector<Value> results = {buildAttention(l, a)};
    if (op.getPresentKey())
      results.push_back(presentKey);
    if (op.getPresentValue())
      results.push_back(presentValue);
    return results;
  }

private:
  static int64_t getWidth(Value value) {
    return cast<RankedTensorType>(value.getType()).getDimSize(2);
  }

  /// An element of an input with its bias, which starts at `firstBias`.
  Value read(Value input, int64_t size, int64_t firstBias, Value b, Value n,
             Value t, Value d) {
    Value column = l.add(l.mul(n, l.index(size)), d);
    Value value = l.get(input, {b, t, column});
    if (!in.getBias())
      return value;
    return l.add(value, l.get(in.getBias(), l.add(column, l.index(firstBias))));
  }

  Value buildPresent(Value present, Value pastRows, int64_t size,
                     const Attention::Element &element) {
    if (!present)
      present = tensor::EmptyOp::create(
          l.b,
          {getAsOpFoldResult(batch), l.b.getIndexAttr(numHeads),
           getAsOpFoldResult(total), l.b.getIndexAttr(size)},
          cast<RankedTensorType>(in.getKey().getType()).getElementType());
    Value rowsToCopy =
        pastRows ? l.countRowsToCopy(pastRows, present, past) : zero;
    auto tiler = [&](ValueRange position) {
      return SmallVector<KernelBuilder::Tile>{l.getRow(present, position)};
    };
    auto item = [&](ValueRange position, ValueRange tiles) -> Values {
      Value rows = tiles[0], b = position[0], n = position[1];
      if (pastRows)
        rows = l.loop(zero, rowsToCopy, rows, [&](Value t, Value rows) {
          return l.fill(rows, t, l.index(size),
                        [&](Value d) { return l.get(pastRows, {b, n, t, d}); });
        });
      return {l.loop(past, total, rows, [&](Value t, Value rows) {
        Value s = l.sub(t, past);
        return l.fill(rows, t, l.index(size),
                      [&](Value d) { return element(b, n, s, d); });
      })};
    };
    return l.parallel({batch, l.index(numHeads)}, present, tiler, item)[0];
  }

  Attention describe(Value output) {
    Attention a;
    a.output = output;
    a.batch = batch;
    a.length = length;
    a.total = total;
    a.numHeads = numHeads;
    a.keySize = keySize;
    a.valueSize = valueSize;
    float scale = op.getScale().convertToFloat();
    if (scale == 0.0f)
      scale = 1.0f / std::sqrt(float(keySize));
    a.fillQuery = [this, scale](Value b, Value n, Value s, Value row) {
      return l.fill(row, {}, l.index(keySize), [&](Value d) {
        return l.mul(read(in.getQuery(), keySize, 0, b, n, s, d), l.f32(scale));
      });
    };
    a.range = [this](Value, Value s) -> std::pair<Value, Value> {
      if (op.getUnidirectional() == 0)
        return {zero, total};
      return {zero, l.minimum(total, l.add(l.add(past, s), l.index(1)))};
    };
    a.score = [this](Value product, Value b, Value n, Value s, Value t) {
      return getScore(product, b, n, s, t);
    };
    return a;
  }

  Value getScore(Value product, Value b, Value n, Value s, Value t) {
    if (Value bias = in.getAttentionBias()) {
      auto type = cast<RankedTensorType>(bias.getType());
      product = l.add(product,
                      l.get(bias, {type.getDimSize(0) == 1 ? zero : b,
                                   type.getDimSize(1) == 1 ? zero : n, s, t}));
    }
    if (Value mask = in.getKeyPaddingMask()) {
      Value isPadding = l.equal(l.toIndex(l.get(mask, {b, t})), zero);
      float filter = op.getMaskFilterValue().convertToFloat();
      product = l.add(product, l.select(isPadding, l.f32(filter), l.f32(0.0f)));
    }
    return product;
  }

  KernelBuilder &l;
  onnx::MultiHeadAttentionOp op;
  onnx::MultiHeadAttentionOp::Adaptor in;
  Value zero, batch, length, past, total;
  int64_t numHeads, keySize, valueSize;
};

struct MultiHeadAttentionLowering
    : OpConversionPattern<onnx::MultiHeadAttentionOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::MultiHeadAttentionOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value empty[3];
    Value results[] = {op.getOutput(), op.getPresentKey(),
                       op.getPresentValue()};
    for (auto [value, result] : llvm::zip(empty, results)) {
      if (!result)
        continue;
      auto part = cast<OpResult>(result);
      FailureOr<Value> made = op.getContinued(part.getResultNumber())
                                  ? buildDestination(rewriter, part)
                                  : buildEmptyResult(rewriter, part);
      if (failed(made))
        return failure();
      value = *made;
    }
    KernelBuilder l(rewriter, op.getLoc());
    rewriter.replaceOp(
        op, EqualHeads(l, op, adaptor).build(empty[0], empty[1], empty[2]));
    return success();
  }
};
} // namespace

void moec::populateMultiHeadAttentionPatterns(RewritePatternSet &patterns,
                                              TypeConverter &converter) {
  patterns.add<MultiHeadAttentionLowering>(converter, patterns.getContext());
}
