//===-- Shape.cpp - operators on shapes -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Elements.h"

#include "moec/Conversion/OnnxToLinalg.h"

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;

bool moec::isOnnxView(Operation *op) {
  return isa<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
             onnx::FlattenOp>(op);
}

Value moec::lowerViewOp(OpBuilder &builder, Operation *op, Value source,
                        ArrayRef<OpFoldResult> extents) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  return buildView(builder, op->getLoc(), source, extents, type.getShape());
}

namespace {
template <typename OpTy> struct ViewLowering : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<SmallVector<OpFoldResult>> extents =
        buildExtents(rewriter, op->getOpResult(0));
    if (failed(extents))
      return failure();
    rewriter.replaceOp(
        op, lowerViewOp(rewriter, op, adaptor.getOperands()[0], *extents));
    return success();
  }
};

struct ShapeLowering : OpConversionPattern<onnx::ShapeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::ShapeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    int64_t rank = cast<RankedTensorType>(op.getData().getType()).getRank();
    int64_t start = int64_t(op.getStart()) < 0 ? int64_t(op.getStart()) + rank
                                               : int64_t(op.getStart());
    start = std::min(std::max<int64_t>(start, 0), rank);
    int64_t count = cast<RankedTensorType>((*result).getType()).getDimSize(0);
    Value shape = *result;
    for (int64_t i = 0; i < count; ++i) {
      Value extent = arith::IndexCastOp::create(
          rewriter, op.getLoc(), rewriter.getI64Type(),
          b.dim(adaptor.getData(), start + i));
      shape = b.insert(extent, shape, b.constant(i));
    }
    rewriter.replaceOp(op, shape);
    return success();
  }
};

struct SizeLowering : OpConversionPattern<onnx::SizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::SizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    Value size = b.constant(1);
    for (Value extent : b.dims(adaptor.getData()))
      size = b.mul(size, extent);
    Value number = arith::IndexCastOp::create(rewriter, op.getLoc(),
                                              rewriter.getI64Type(), size);
    rewriter.replaceOp(op, b.insert(number, *result, {}));
    return success();
  }
};

struct ConstantOfShapeLowering : OpConversionPattern<onnx::ConstantOfShapeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::ConstantOfShapeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    Type element = cast<RankedTensorType>((*result).getType()).getElementType();
    TypedAttr value = rewriter.getZeroAttr(element);
    if (auto given = dyn_cast_or_null<DenseElementsAttr>(op.getValueAttr())) {
      if (isa<FloatType>(element))
        value = rewriter.getFloatAttr(element, *given.value_begin<APFloat>());
      else
        value = rewriter.getIntegerAttr(element, *given.value_begin<APInt>());
    }
    Value scalar = arith::ConstantOp::create(rewriter, op.getLoc(), value);
    rewriter.replaceOp(
        op, linalg::FillOp::create(rewriter, op.getLoc(), scalar, *result)
                .getResult(0));
    return success();
  }
};

struct RangeLowering : OpConversionPattern<onnx::RangeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::RangeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    auto scalar = [&](Value tensor) {
      auto type = cast<RankedTensorType>(tensor.getType());
      return b.extract(tensor,
                       SmallVector<Value>(type.getRank(), b.constant(0)));
    };
    Value start = scalar(adaptor.getStart()),
          delta = scalar(adaptor.getDelta());
    Type element = start.getType();
    auto floating = dyn_cast<FloatType>(element);
    bool isSmall = floating && floating.getWidth() < 32;
    if (isSmall) {
      Type f32 = rewriter.getF32Type();
      start = arith::ExtFOp::create(rewriter, op.getLoc(), f32, start);
      delta = arith::ExtFOp::create(rewriter, op.getLoc(), f32, delta);
    }
    rewriter.replaceOp(op, b.generate(*result, [&](IndexBuilder &b,
                                                   ValueRange position) {
      OpBuilder &o = b.builder;
      Value i =
          arith::IndexCastOp::create(o, b.loc, o.getI64Type(), position[0]);
      if (floating) {
        Value f = arith::SIToFPOp::create(o, b.loc, start.getType(), i);
        f = arith::MulFOp::create(o, b.loc, f, delta);
        f = arith::AddFOp::create(o, b.loc, start, f);
        return isSmall ? Value(arith::TruncFOp::create(o, b.loc, element, f))
                       : f;
      }
      unsigned width = element.getIntOrFloatBitWidth();
      if (width < 64)
        i = arith::TruncIOp::create(o, b.loc, element, i);
      return b.add(start, b.mul(i, delta));
    }));
    return success();
  }
};

struct ExpandLowering : OpConversionPattern<onnx::ExpandOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::ExpandOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    Value input = adaptor.getInput();
    auto type = cast<RankedTensorType>(input.getType());
    auto resultType = cast<RankedTensorType>((*result).getType());
    int64_t missing = resultType.getRank() - type.getRank();
    Attribute constant;
    if (!op.getShape() || matchPattern(op.getShape(), m_Constant(&constant))) {
      SmallVector<AffineExpr> exprs;
      for (auto [i, size] : llvm::enumerate(type.getShape()))
        exprs.push_back(size == 1 && resultType.getDimSize(i + missing) != 1
                            ? rewriter.getAffineConstantExpr(0)
                            : rewriter.getAffineDimExpr(i + missing));
      auto map =
          AffineMap::get(resultType.getRank(), 0, exprs, rewriter.getContext());
      rewriter.replaceOp(op, b.copy(input, *result, map));
      return success();
    }
    // Which extents are one shows at run time.
    SmallVector<Value> isOne;
    for (Value extent : b.dims(input))
      isOne.push_back(b.cmp(arith::CmpIPredicate::eq, extent, b.constant(1)));
    rewriter.replaceOp(
        op, b.generate(*result, [&](IndexBuilder &b, ValueRange position) {
          SmallVector<Value> from;
          for (int64_t i = 0; i < type.getRank(); ++i)
            from.push_back(
                b.select(isOne[i], b.constant(0), position[i + missing]));
          return b.extract(input, from);
        }));
    return success();
  }
};

struct TileLowering : OpConversionPattern<onnx::TileOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::TileOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    Value input = adaptor.getInput();
    auto type = cast<RankedTensorType>(input.getType());
    auto resultType = cast<RankedTensorType>((*result).getType());
    SmallVector<Value> extents = b.dims(input);
    rewriter.replaceOp(
        op, b.generate(*result, [&](IndexBuilder &b, ValueRange position) {
          SmallVector<Value> from;
          for (int64_t i = 0; i < type.getRank(); ++i)
            from.push_back(!type.isDynamicDim(i) && type.getDimSize(i) ==
                                                        resultType.getDimSize(i)
                               ? position[i]
                               : b.mod(position[i], extents[i]));
          return b.extract(input, from);
        }));
    return success();
  }
};

struct EyeLikeLowering : OpConversionPattern<onnx::EyeLikeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::EyeLikeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(result))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    Type element = cast<RankedTensorType>((*result).getType()).getElementType();
    Value zero = b.zero(element);
    Value one = arith::ConstantOp::create(rewriter, op.getLoc(),
                                          rewriter.getOneAttr(element));
    Value shift = b.constant(op.getK());
    rewriter.replaceOp(
        op, b.generate(*result, [&](IndexBuilder &b, ValueRange position) {
          Value isOn = b.cmp(arith::CmpIPredicate::eq,
                             b.sub(position[1], position[0]), shift);
          return b.select(isOn, one, zero);
        }));
    return success();
  }
};
} // namespace

void moec::populateOnnxViewPatterns(RewritePatternSet &patterns,
                                    TypeConverter &converter) {
  patterns.add<ViewLowering<onnx::ReshapeOp>, ViewLowering<onnx::SqueezeOp>,
               ViewLowering<onnx::UnsqueezeOp>, ViewLowering<onnx::FlattenOp>>(
      converter, patterns.getContext());
}

void moec::populateOnnxShapePatterns(RewritePatternSet &patterns,
                                     TypeConverter &converter) {
  populateOnnxViewPatterns(patterns, converter);
  patterns.add<ShapeLowering, SizeLowering, ConstantOfShapeLowering,
               RangeLowering, ExpandLowering, TileLowering, EyeLikeLowering>(
      converter, patterns.getContext());
}
