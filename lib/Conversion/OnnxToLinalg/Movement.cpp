//===-- Movement.cpp - operators that move elements -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Elements.h"

#include "moec/Conversion/OnnxToLinalg.h"

#include "dialects/Onnx/IR/Movement.h"
#include "dialects/Onnx/IR/ShapeArithmetic.h"
#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace moec;

/// Nothing to move: a part of such a tensor may have no sound offset.
static bool isEmpty(Value value) {
  return llvm::is_contained(cast<RankedTensorType>(value.getType()).getShape(),
                            0);
}

namespace {
struct TransposeLowering : OpConversionPattern<onnx::TransposeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::TransposeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    int64_t rank = cast<RankedTensorType>((*result).getType()).getRank();
    SmallVector<AffineExpr> exprs(rank);
    for (int64_t i = 0; i < rank; ++i) {
      int64_t from = op.getPerm() ? (*op.getPerm())[i] : rank - 1 - i;
      exprs[from] = rewriter.getAffineDimExpr(i);
    }
    IndexBuilder b{rewriter, op.getLoc()};
    rewriter.replaceOp(
        op, b.copy(adaptor.getData(), *result,
                   AffineMap::get(rank, 0, exprs, rewriter.getContext())));
    return success();
  }
};

struct ConcatLowering : OpConversionPattern<onnx::ConcatOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::ConcatOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    if (isEmpty(*result)) {
      rewriter.replaceOp(op, *result);
      return success();
    }
    Location loc = op.getLoc();
    IndexBuilder b{rewriter, loc};
    auto type = cast<RankedTensorType>((*result).getType());
    int64_t axis = int64_t(op.getAxis()) < 0
                       ? int64_t(op.getAxis()) + type.getRank()
                       : int64_t(op.getAxis());
    SmallVector<OpFoldResult> offsets(type.getRank(), rewriter.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(type.getRank(), rewriter.getIndexAttr(1));
    Value whole = *result, offset = b.constant(0);
    for (Value input : adaptor.getInputs()) {
      // Written where it belongs, through a part of the result: no copy of its
      // own when this becomes memory.
      SmallVector<OpFoldResult> sizes =
          tensor::getMixedSizes(rewriter, loc, input);
      offsets[axis] = offset;
      Value part = tensor::ExtractSliceOp::create(
          rewriter, loc, cast<RankedTensorType>(input.getType()), whole,
          offsets, sizes, strides);
      part = b.copy(input, part);
      whole = tensor::InsertSliceOp::create(rewriter, loc, part, whole, offsets,
                                            sizes, strides);
      offset = b.add(offset, b.dim(input, axis));
    }
    rewriter.replaceOp(op, whole);
    return success();
  }
};

struct SplitLowering : OpConversionPattern<onnx::SplitOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::SplitOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    IndexBuilder b{rewriter, loc};
    Value input = adaptor.getInput();
    int64_t rank = cast<RankedTensorType>(input.getType()).getRank();
    int64_t axis = int64_t(op.getAxis()) < 0 ? int64_t(op.getAxis()) + rank
                                             : int64_t(op.getAxis());
    SmallVector<OpFoldResult> offsets(rank, rewriter.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(rank, rewriter.getIndexAttr(1));
    SmallVector<Value> parts;
    Value offset = b.constant(0);
    for (OpResult result : op->getResults()) {
      FailureOr<Value> empty = buildEmptyResult(rewriter, result);
      if (failed(empty))
        return failure();
      if (isEmpty(*empty)) {
        parts.push_back(*empty);
        continue;
      }
      offsets[axis] = offset;
      Value part = tensor::ExtractSliceOp::create(
          rewriter, loc, cast<RankedTensorType>((*empty).getType()), input,
          offsets, tensor::getMixedSizes(rewriter, loc, *empty), strides);
      parts.push_back(b.copy(part, *empty));
      offset = b.add(offset, b.dim(*empty, axis));
    }
    rewriter.replaceOp(op, parts);
    return success();
  }
};

struct SliceLowering : OpConversionPattern<onnx::SliceOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::SliceOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    Location loc = op.getLoc();
    IndexBuilder b{rewriter, loc};
    Value data = adaptor.getData();
    int64_t rank = cast<RankedTensorType>(data.getType()).getRank();
    SmallVector<onnx::SlicedDim> dims;
    SmallVector<OpFoldResult> offsets, strides;
    bool isForward = true;
    for (int64_t i = 0; i < rank; ++i) {
      dims.push_back(onnx::buildSlicedDim(rewriter, op, adaptor, i));
      offsets.push_back(dims[i].start);
      strides.push_back(getAsOpFoldResult(dims[i].step));
      isForward &= getConstantIntValue(dims[i].step).value_or(-1) > 0;
    }
    if (isForward) {
      Value part = tensor::ExtractSliceOp::create(
          rewriter, loc, cast<RankedTensorType>((*result).getType()), data,
          offsets, tensor::getMixedSizes(rewriter, loc, *result), strides);
      rewriter.replaceOp(op, b.copy(part, *result));
      return success();
    }
    rewriter.replaceOp(
        op, b.generate(*result, [&](IndexBuilder &b, ValueRange position) {
          SmallVector<Value> from;
          for (auto [dim, i] : llvm::zip(dims, position))
            from.push_back(b.add(dim.start, b.mul(i, dim.step)));
          return b.extract(data, from);
        }));
    return success();
  }
};

struct PadLowering : OpConversionPattern<onnx::PadOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::PadOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    Location loc = op.getLoc();
    IndexBuilder b{rewriter, loc};
    Value data = adaptor.getData();
    auto type = cast<RankedTensorType>(data.getType());
    int64_t rank = type.getRank();
    // What is left of each axis after cuts, where it starts, and where in the
    // result it comes to lie.
    Value zero = b.constant(0);
    SmallVector<Value> kept = b.dims(data), first(rank, zero), at(rank, zero);
    for (int64_t axis = 0; axis < rank; ++axis) {
      auto [begin, end] = onnx::buildPaddedDim(rewriter, op, adaptor, axis);
      at[axis] = b.max(begin, zero);
      Value cut = b.max(b.sub(zero, begin), zero);
      Value cutEnd = b.max(b.sub(zero, end), zero);
      kept[axis] = b.max(b.sub(b.sub(kept[axis], cut), cutEnd), zero);
      first[axis] = cut;
    }
    Value fill = b.zero(type.getElementType());
    StringRef mode = op.getMode();
    if (Value given = adaptor.getConstantValue(); given && mode == "constant")
      fill = b.extract(
          given, SmallVector<Value>(
                     cast<RankedTensorType>(given.getType()).getRank(), zero));
    Value isThere;
    if (mode != "constant") {
      // An empty axis has no edge to repeat.
      isThere =
          arith::ConstantOp::create(rewriter, loc, rewriter.getBoolAttr(true));
      for (Value extent : kept)
        isThere =
            b.land(isThere, b.cmp(arith::CmpIPredicate::sgt, extent, zero));
      Value isEmpty =
          arith::ConstantOp::create(rewriter, loc, rewriter.getBoolAttr(false));
      for (Value extent : b.dims(*result))
        isEmpty = b.lor(isEmpty, b.cmp(arith::CmpIPredicate::eq, extent, zero));
      rt::RecordOp::create(rewriter, loc, b.lor(isThere, isEmpty),
                           rt::Status::ShapeMismatch,
                           "an empty extent is padded with its own elements");
    }
    rewriter.replaceOp(
        op, b.generate(*result, [&](IndexBuilder &b, ValueRange position) {
          Value isInside = isThere;
          SmallVector<Value> from;
          for (int64_t i = 0; i < rank; ++i) {
            Value j = b.sub(position[i], at[i]);
            if (mode == "constant") {
              Value isWithin = b.isWithin(j, kept[i]);
              isInside = isInside ? b.land(isInside, isWithin) : isWithin;
            } else if (mode == "edge") {
              j = b.clamp(j, kept[i]);
            } else if (mode == "wrap") {
              j = b.mod(j, kept[i]);
            } else {
              Value last = b.sub(kept[i], b.constant(1));
              Value period = b.mul(last, b.constant(2));
              j = b.mod(j, period);
              Value isBack = b.cmp(arith::CmpIPredicate::sgt, j, last);
              j = b.max(b.select(isBack, b.sub(period, j), j), b.constant(0));
            }
            from.push_back(b.add(j, first[i]));
          }
          if (!isInside)
            return b.extract(data, from);
          return b.unless(isInside, fill, [&](IndexBuilder &b, ValueRange) {
            return SmallVector<Value>{b.extract(data, from)};
          })[0];
        }));
    return success();
  }
};

struct TriluLowering : OpConversionPattern<onnx::TriluOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::TriluOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    Value input = adaptor.getInput();
    auto type = cast<RankedTensorType>(input.getType());
    Value k = b.constant(0);
    if (adaptor.getK())
      k = onnx::buildElement(rewriter, op.getLoc(), adaptor.getK(), 0);
    Value zero = b.zero(type.getElementType());
    auto predicate =
        op.getUpper() ? arith::CmpIPredicate::sge : arith::CmpIPredicate::sle;
    rewriter.replaceOp(
        op, b.generate(*result, [&](IndexBuilder &b, ValueRange position) {
          Value distance = b.sub(position.back(), position.drop_back().back());
          return b.select(b.cmp(predicate, distance, k),
                          b.extract(input, position), zero);
        }));
    return success();
  }
};
} // namespace

void moec::populateOnnxMovementPatterns(RewritePatternSet &patterns,
                                        TypeConverter &converter) {
  patterns.add<TransposeLowering, ConcatLowering, SplitLowering, SliceLowering,
               PadLowering, TriluLowering>(converter, patterns.getContext());
}
