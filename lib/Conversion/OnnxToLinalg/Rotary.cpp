//===-- Rotary.cpp - rotation by position ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionCore.h"
#include "moec/Conversion/OnnxToLinalg.h"

#include "dialects/Onnx/IR/Onnx.h"

using namespace mlir;
using namespace moec;

using Values = KernelBuilder::Values;

/// Where a row's angles are in the tables, from its batch and position.
using Positions = llvm::function_ref<Values(Value, Value)>;

/// Rotates every head of `[B,S,N*h]` or `[B,N,S,h]`, one item a batch and head.
static Value buildRotary(KernelBuilder &l, Value input, Value output,
                         int64_t size, const Rotation &rotation,
                         Positions positions) {
  auto type = cast<RankedTensorType>(input.getType());
  bool isFlat = type.getRank() == 3;
  Value zero = l.index(0), length = l.dim(input, isFlat ? 1 : 2);
  Value heads = isFlat ? l.index(type.getDimSize(2) / size) : l.dim(input, 1);
  auto tiler = [&](ValueRange position) {
    KernelBuilder::Tile tile =
        l.getRow(output, isFlat ? position.take_front() : position);
    if (isFlat) {
      tile.offsets[2] = l.mul(position[1], l.index(size));
      tile.sizes[2] = l.b.getIndexAttr(size);
    }
    return SmallVector<KernelBuilder::Tile>{tile};
  };
  auto item = [&](ValueRange at, ValueRange tiles) -> Values {
    return {l.loop(zero, length, tiles[0], [&](Value s, Value rows) {
      auto read = [&](Value d) {
        if (!isFlat)
          return l.get(input, {at[0], at[1], s, d});
        return l.get(input, {at[0], s, l.add(l.mul(at[1], l.index(size)), d)});
      };
      return fillRotated(l, rotation, positions(at[0], s), read, rows, s, size,
                         1.0f);
    })};
  };
  return l.parallel({l.dim(input, 0), heads}, output, tiler, item)[0];
}

namespace {
struct MsRotaryLowering : OpConversionPattern<onnx::MsRotaryEmbeddingOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::MsRotaryEmbeddingOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> empty = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(empty))
      return failure();
    KernelBuilder l(rewriter, op.getLoc());
    auto type = cast<RankedTensorType>(adaptor.getInput().getType());
    auto table = cast<RankedTensorType>(adaptor.getCosCache().getType());
    int64_t columns = table.getDimSize(1), size = type.getShape().back();
    if (type.getRank() == 3)
      size = op.getNumHeads() ? size / int64_t(op.getNumHeads()) : 2 * columns;
    int64_t rotated = op.getRotaryEmbeddingDim();
    Rotation rotation = {adaptor.getCosCache(), adaptor.getSinCache(),
                         op.getInterleaved() != 0,
                         rotated ? rotated / 2 : columns};
    Value ids = adaptor.getPositionIds();
    auto idsType = cast<RankedTensorType>(ids.getType());
    bool isOne = idsType.hasStaticShape() && idsType.getNumElements() == 1;
    auto positions = [&](Value b, Value s) -> Values {
      if (!isOne)
        return {l.toIndex(l.get(ids, {b, s}))};
      SmallVector<Value> zeros(idsType.getRank(), l.index(0));
      return {l.add(l.toIndex(l.get(ids, zeros)), s)};
    };
    rewriter.replaceOp(op, buildRotary(l, adaptor.getInput(), *empty, size,
                                       rotation, positions));
    return success();
  }
};

struct RotaryLowering : OpConversionPattern<onnx::RotaryEmbeddingOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::RotaryEmbeddingOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> empty = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(empty))
      return failure();
    KernelBuilder l(rewriter, op.getLoc());
    auto type = cast<RankedTensorType>(adaptor.getX().getType());
    auto table = cast<RankedTensorType>(adaptor.getCosCache().getType());
    int64_t size = type.getShape().back();
    if (type.getRank() == 3)
      size /= int64_t(op.getNumHeads());
    Rotation rotation = {adaptor.getCosCache(), adaptor.getSinCache(),
                         op.getInterleaved() != 0, table.getShape().back()};
    Value ids = adaptor.getPositionIds();
    auto positions = [&](Value b, Value s) -> Values {
      if (ids)
        return {l.toIndex(l.get(ids, {b, s}))};
      return {b, s};
    };
    rewriter.replaceOp(
        op, buildRotary(l, adaptor.getX(), *empty, size, rotation, positions));
    return success();
  }
};
} // namespace

void moec::populateRotaryPatterns(RewritePatternSet &patterns,
                                  TypeConverter &converter) {
  patterns.add<MsRotaryLowering, RotaryLowering>(converter,
                                                 patterns.getContext());
}
