//===-- Index.cpp - operators that look elements up -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Elements.h"

#include "moec/Conversion/OnnxToLinalg.h"

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;

static int64_t getRank(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

/// Whether there is an element to read along an axis; null where its extent is
/// statically not zero.
static Value buildIsThere(IndexBuilder &b, Value data, int64_t axis) {
  auto type = cast<RankedTensorType>(data.getType());
  if (!type.isDynamicDim(axis) && type.getDimSize(axis) > 0)
    return {};
  return b.cmp(arith::CmpIPredicate::sgt, b.dim(data, axis), b.constant(0));
}

static Value buildAnd(IndexBuilder &b, Value a, Value c) {
  return !a ? c : !c ? a : b.land(a, c);
}

/// Whether an element counts as true: for floats, not equal to zero, so NaN is.
static Value buildIsNonZero(IndexBuilder &b, Value element) {
  Type type = element.getType();
  Value zero = b.zero(type);
  if (isa<FloatType>(type))
    return arith::CmpFOp::create(b.builder, b.loc, arith::CmpFPredicate::UNE,
                                 element, zero);
  return b.cmp(arith::CmpIPredicate::ne, element, zero);
}

namespace {
struct GatherLowering : OpConversionPattern<onnx::GatherOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::GatherOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    Value data = adaptor.getData(), indices = adaptor.getIndices();
    int64_t axis = int64_t(op.getAxis()) < 0
                       ? int64_t(op.getAxis()) + getRank(data)
                       : int64_t(op.getAxis());
    int64_t count = getRank(indices);
    Value extent = b.dim(data, axis);
    b.checkIndices(indices, extent);
    Value isThere = buildIsThere(b, data, axis);
    rewriter.replaceOp(op, b.generate(*result, [&](IndexBuilder &b,
                                                   ValueRange position) {
      Value index = b.toIndex(b.extract(indices, position.slice(axis, count)));
      index = b.clamp(b.wrapNegative(index, extent), extent);
      SmallVector<Value> from(position.take_front(axis));
      from.push_back(index);
      llvm::append_range(from, position.drop_front(axis + count));
      return b.extractIf(isThere, data, from);
    }));
    return success();
  }
};

struct GatherElementsLowering : OpConversionPattern<onnx::GatherElementsOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::GatherElementsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    Value data = adaptor.getData(), indices = adaptor.getIndices();
    int64_t axis = int64_t(op.getAxis()) < 0
                       ? int64_t(op.getAxis()) + getRank(data)
                       : int64_t(op.getAxis());
    Value extent = b.dim(data, axis);
    b.checkIndices(indices, extent);
    Value isThere = buildIsThere(b, data, axis);
    rewriter.replaceOp(
        op, b.generate(*result, [&](IndexBuilder &b, ValueRange position) {
          Value index = b.toIndex(b.extract(indices, position));
          SmallVector<Value> from(position);
          from[axis] = b.clamp(b.wrapNegative(index, extent), extent);
          return b.extractIf(isThere, data, from);
        }));
    return success();
  }
};

struct GatherNDLowering : OpConversionPattern<onnx::GatherNDOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::GatherNDOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    Value data = adaptor.getData(), indices = adaptor.getIndices();
    int64_t batch = op.getBatchDims(), lead = getRank(indices) - 1;
    int64_t length =
        cast<RankedTensorType>(indices.getType()).getShape().back();
    // The tuple is the last axis, even where it has one number.
    SmallVector<Value> extents;
    Value isThere;
    for (int64_t i = 0; i < length; ++i) {
      extents.push_back(b.dim(data, batch + i));
      isThere = buildAnd(b, isThere, buildIsThere(b, data, batch + i));
    }
    if (length > 0)
      b.checkIndices(indices, extents);
    rewriter.replaceOp(op, b.generate(*result, [&](IndexBuilder &b,
                                                   ValueRange position) {
      SmallVector<Value> from(position.take_front(batch));
      SmallVector<Value> where(position.take_front(lead));
      where.push_back({});
      for (int64_t i = 0; i < length; ++i) {
        where.back() = b.constant(i);
        Value index = b.toIndex(b.extract(indices, where));
        from.push_back(b.clamp(b.wrapNegative(index, extents[i]), extents[i]));
      }
      llvm::append_range(from, position.drop_front(lead));
      return b.extractIf(isThere, data, from);
    }));
    return success();
  }
};

struct OneHotLowering : OpConversionPattern<onnx::OneHotOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::OneHotOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    Value indices = adaptor.getIndices();
    int64_t axis = int64_t(op.getAxis()) < 0
                       ? int64_t(op.getAxis()) + getRank(*result)
                       : int64_t(op.getAxis());
    Value depth = b.dim(*result, axis);
    Value off = b.extract(adaptor.getValues(), b.constant(0));
    Value on = b.extract(adaptor.getValues(), b.constant(1));
    Type type = getElementTypeOrSelf(op.getIndices().getType());
    rewriter.replaceOp(
        op, b.generate(*result, [&](IndexBuilder &b, ValueRange position) {
          SmallVector<Value> from(position.take_front(axis));
          llvm::append_range(from, position.drop_front(axis + 1));
          Value index = buildIndex(b, b.extract(indices, from), type);
          // The largest unsigned ones look negative, but count from no end.
          if (!type.isUnsignedInteger())
            index = b.wrapNegative(index, depth);
          return b.select(
              b.cmp(arith::CmpIPredicate::eq, index, position[axis]), on, off);
        }));
    return success();
  }

  /// An element of any number type as an index; what has none is far outside.
  static Value buildIndex(IndexBuilder &b, Value element, Type type) {
    OpBuilder &o = b.builder;
    Type i64 = o.getI64Type();
    if (type.isUnsignedInteger())
      return arith::IndexCastUIOp::create(o, b.loc, o.getIndexType(), element);
    if (!isa<FloatType>(type))
      return b.toIndex(element);
    if (type.getIntOrFloatBitWidth() < 64)
      element = arith::ExtFOp::create(o, b.loc, o.getF64Type(), element);
    auto constant = [&](double value) -> Value {
      return arith::ConstantOp::create(o, b.loc, o.getF64FloatAttr(value));
    };
    auto below = [&](Value x, Value y) -> Value {
      return arith::CmpFOp::create(o, b.loc, arith::CmpFPredicate::OLT, x, y);
    };
    Value isFinite =
        b.land(below(element, constant(1e15)), below(constant(-1e15), element));
    element = b.select(isFinite, element, constant(1e15));
    return b.toIndex(arith::FPToSIOp::create(o, b.loc, i64, element));
  }
};

struct NonZeroLowering : OpConversionPattern<onnx::NonZeroOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::NonZeroOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    Value data = adaptor.getX();
    if (getRank(data) == 0) {
      rewriter.replaceOp(op, *result);
      return success();
    }
    Value room = b.dim(*result, 1);
    SmallVector<Value> last = b.loops(
        b.dims(data), {b.zeroed(*result), b.constant(0)},
        [&](IndexBuilder &b, ValueRange ivs, ValueRange args) {
          Value keep = b.land(buildIsNonZero(b, b.extract(data, ivs)),
                              b.isWithin(args[1], room));
          return b.unless(keep, args, [&](IndexBuilder &b, ValueRange args) {
            Value indices = args[0];
            for (auto [axis, iv] : llvm::enumerate(ivs)) {
              Value number = arith::IndexCastOp::create(
                  b.builder, b.loc, b.builder.getI64Type(), iv);
              indices = b.insert(number, indices, {b.constant(axis), args[1]});
            }
            return SmallVector<Value>{indices, b.add(args[1], b.constant(1))};
          });
        });
    rewriter.replaceOp(op, last[0]);
    return success();
  }
};

struct CountNonZeroLowering : OpConversionPattern<onnx::CountNonZeroOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::CountNonZeroOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    Value data = adaptor.getX();
    Type i64 = rewriter.getI64Type();
    Value count = b.loops(
        b.dims(data), b.zero(i64),
        [&](IndexBuilder &b, ValueRange ivs, ValueRange args) {
          Value one = arith::ExtUIOp::create(
              b.builder, b.loc, i64, buildIsNonZero(b, b.extract(data, ivs)));
          return SmallVector<Value>{b.add(args[0], one)};
        })[0];
    rewriter.replaceOp(op, b.insert(count, *result, b.constant(0)));
    return success();
  }
};

struct CompressLowering : OpConversionPattern<onnx::CompressOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::CompressOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    Value data = adaptor.getInput(), condition = adaptor.getCondition();
    int64_t axis = 0;
    if (op.getAxis()) {
      axis = int64_t(*op.getAxis()) < 0 ? int64_t(*op.getAxis()) + getRank(data)
                                        : int64_t(*op.getAxis());
    } else {
      auto type = cast<RankedTensorType>(data.getType());
      int64_t length =
          type.hasStaticShape() ? type.getNumElements() : ShapedType::kDynamic;
      data = buildView(rewriter, op.getLoc(), data, {}, {length});
    }
    Value room = b.dim(*result, axis);
    Value used = b.min(b.dim(condition, 0), b.dim(data, axis));
    SmallVector<Value> others = b.dims(data);
    others.erase(others.begin() + axis);
    SmallVector<Value> last = b.loops(
        used, {b.zeroed(*result), b.constant(0)},
        [&](IndexBuilder &b, ValueRange ivs, ValueRange args) {
          Value keep =
              b.land(b.extract(condition, ivs), b.isWithin(args[1], room));
          return b.unless(keep, args, [&](IndexBuilder &b, ValueRange args) {
            Value kept = b.loops(
                others, args[0],
                [&](IndexBuilder &b, ValueRange rest, ValueRange inner) {
                  SmallVector<Value> from(rest), to(rest);
                  from.insert(from.begin() + axis, ivs[0]);
                  to.insert(to.begin() + axis, args[1]);
                  return SmallVector<Value>{
                      b.insert(b.extract(data, from), inner[0], to)};
                })[0];
            return SmallVector<Value>{kept, b.add(args[1], b.constant(1))};
          });
        });
    rewriter.replaceOp(op, last[0]);
    return success();
  }
};
} // namespace

void moec::populateOnnxIndexPatterns(RewritePatternSet &patterns,
                                     TypeConverter &converter) {
  patterns.add<GatherLowering, GatherElementsLowering, GatherNDLowering,
               OneHotLowering, NonZeroLowering, CountNonZeroLowering,
               CompressLowering>(converter, patterns.getContext());
  populateOnnxScatterPatterns(patterns, converter);
  populateOnnxTopKPatterns(patterns, converter);
}
