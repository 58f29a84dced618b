//===-- Normalization.cpp - layer and RMS normalisation -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scalar.h"

#include "moec/Conversion/OnnxToLinalg.h"

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;

namespace {
/// What all normalisations come down to. Null values are absent.
struct Normalization {
  Operation *op;
  /// The tensor to normalise, from `axis` on.
  Value x;
  int64_t axis;
  Value scale, bias;
  /// Without it: RMS, the mean is not subtracted.
  bool isCentered;
  double epsilon;
  Value y, mean, inverse;
};
} // namespace

/// The values of the results that exist, in order.
static LogicalResult buildNormalization(const Normalization &norm,
                                        ConversionPatternRewriter &rewriter,
                                        SmallVectorImpl<Value> &results) {
  Location loc = norm.op->getLoc();
  auto type = cast<RankedTensorType>(norm.x.getType());
  int64_t rank = type.getRank();
  Type compute = getComputeType(type.getElementType());
  SmallVector<OpFoldResult> extents =
      tensor::getMixedSizes(rewriter, loc, norm.x);
  ArrayRef<OpFoldResult> outer = ArrayRef(extents).take_front(norm.axis);
  AffineMap identity = rewriter.getMultiDimIdentityMap(rank);
  AffineMap toOuter = getLeadingMap(rewriter, rank, norm.axis);
  AffineMap outerIdentity = rewriter.getMultiDimIdentityMap(norm.axis);

  Value product = arith::ConstantIndexOp::create(rewriter, loc, 1);
  for (int64_t dim = norm.axis; dim < rank; ++dim)
    product = arith::MulIOp::create(
        rewriter, loc, product,
        tensor::DimOp::create(rewriter, loc, norm.x, dim));
  Type i64 = rewriter.getI64Type();
  Value count = buildCast(
      rewriter, loc, arith::IndexCastOp::create(rewriter, loc, i64, product),
      i64, compute);
  Value zero = Scalar(rewriter, loc, compute).constant(0);

  Value mean;
  if (norm.isCentered) {
    Value sums = buildGeneric(
        rewriter, loc, norm.x, buildFilled(rewriter, loc, outer, zero),
        {identity, toOuter},
        [&](OpBuilder &builder, Location loc, ValueRange x) {
          Scalar s(builder, loc, compute);
          s.mayReorder = true;
          return s.add(x[1], x[0]);
        });
    mean = buildGeneric(rewriter, loc, {}, sums, {outerIdentity},
                        [&](OpBuilder &builder, Location loc, ValueRange x) {
                          return Scalar(builder, loc, compute).div(x[0], count);
                        });
  }
  SmallVector<Value> centered = {norm.x};
  SmallVector<AffineMap> centeredMaps = {identity};
  if (mean) {
    centered.push_back(mean);
    centeredMaps.push_back(toOuter);
  }
  SmallVector<AffineMap> squareMaps = centeredMaps;
  squareMaps.push_back(toOuter);
  // About the mean, in a second pass: no cancellation.
  Value squares = buildGeneric(
      rewriter, loc, centered, buildFilled(rewriter, loc, outer, zero),
      squareMaps, [&](OpBuilder &builder, Location loc, ValueRange x) {
        Scalar s(builder, loc, compute);
        s.mayReorder = true;
        Value difference = mean ? s.sub(x[0], x[1]) : Value(x[0]);
        return s.add(x.back(), s.mul(difference, difference));
      });
  Value inverse =
      buildGeneric(rewriter, loc, {}, squares, {outerIdentity},
                   [&](OpBuilder &builder, Location loc, ValueRange x) {
                     Scalar s(builder, loc, compute);
                     Value variance =
                         s.add(s.div(x[0], count), s.constant(norm.epsilon));
                     return s.div(s.constant(1), s.sqrt(variance));
                   });

  FailureOr<Value> empty = buildEmptyResult(rewriter, cast<OpResult>(norm.y));
  if (failed(empty))
    return failure();
  SmallVector<Value> inputs = {norm.x, inverse};
  SmallVector<AffineMap> maps = {identity, toOuter};
  auto addInput = [&](Value value, AffineMap map) {
    if (!value)
      return;
    inputs.push_back(value);
    maps.push_back(map);
  };
  auto addBroadcast = [&](Value value) {
    if (value)
      addInput(value,
               getBroadcastMap(cast<RankedTensorType>(value.getType()), type));
  };
  addInput(mean, toOuter);
  addBroadcast(norm.scale);
  addBroadcast(norm.bias);
  maps.push_back(identity);
  results.push_back(buildGeneric(
      rewriter, loc, inputs, *empty, maps,
      [&](OpBuilder &builder, Location loc, ValueRange x) {
        Scalar s(builder, loc, compute);
        // The scale's type may differ from the input's.
        auto next = [&, index = 2u]() mutable {
          Value value = x[index++];
          return buildCast(builder, loc, value, value.getType(), compute);
        };
        Value result = mean ? s.sub(x[0], next()) : Value(x[0]);
        result = s.mul(result, x[1]);
        if (norm.scale)
          result = s.mul(result, next());
        if (norm.bias)
          result = s.add(result, next());
        return result;
      }));

  for (auto [result, value] : {std::make_pair(norm.mean, mean),
                               std::make_pair(norm.inverse, inverse)}) {
    if (!result)
      continue;
    FailureOr<Value> init = buildEmptyResult(rewriter, cast<OpResult>(result));
    if (failed(init))
      return failure();
    if (!value) {
      // RMS normalisation has no mean: the operator's result is of zeros.
      Scalar s(rewriter, loc, getElementTypeOrSelf(result.getType()));
      results.push_back(buildFilled(rewriter, loc,
                                    tensor::getMixedSizes(rewriter, loc, *init),
                                    s.constant(0)));
      continue;
    }
    results.push_back(
        buildGeneric(rewriter, loc, value, *init, {toOuter, identity},
                     [](OpBuilder &, Location, ValueRange x) { return x[0]; }));
  }
  return success();
}

static int64_t normalizeAxis(int64_t axis, Value value) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  return axis < 0 ? axis + rank : axis;
}

namespace {
struct LayerNormLowering : OpConversionPattern<onnx::LayerNormalizationOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::LayerNormalizationOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> results;
    if (failed(buildNormalization(
            {op, adaptor.getX(), normalizeAxis(op.getAxis(), op.getX()),
             adaptor.getScale(), adaptor.getB(), /*isCentered=*/true,
             op.getEpsilon().convertToFloat(), op.getY(), op.getMean(),
             op.getInvStdDev()},
            rewriter, results)))
      return failure();
    rewriter.replaceOp(op, results);
    return success();
  }
};

template <typename OpTy> struct RMSNormLowering : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value inverse;
    if (op->getNumResults() > 1)
      inverse = op->getResult(1);
    SmallVector<Value> results;
    if (failed(buildNormalization(
            {op, adaptor.getX(), normalizeAxis(op.getAxis(), op.getX()),
             adaptor.getScale(), Value(), /*isCentered=*/false,
             op.getEpsilon().convertToFloat(), op.getY(), Value(), inverse},
            rewriter, results)))
      return failure();
    rewriter.replaceOp(op, results);
    return success();
  }
};
} // namespace

static Value getBeta(onnx::SkipLayerNormalizationOp::Adaptor adaptor) {
  return adaptor.getBeta();
}
static Value getBeta(onnx::SkipSimplifiedLayerNormalizationOp::Adaptor) {
  return {};
}

namespace {
template <typename OpTy> struct SkipNormLowering : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value input = adaptor.getInput();
    auto type = cast<RankedTensorType>(input.getType());
    Type element = type.getElementType();
    SmallVector<Value> inputs = {input, adaptor.getSkip()};
    if (adaptor.getBias())
      inputs.push_back(adaptor.getBias());
    SmallVector<AffineMap> maps;
    for (Value value : inputs)
      maps.push_back(
          getBroadcastMap(cast<RankedTensorType>(value.getType()), type));
    AffineMap identity = rewriter.getMultiDimIdentityMap(type.getRank());
    maps.push_back(identity);
    SmallVector<OpFoldResult> extents =
        tensor::getMixedSizes(rewriter, loc, input);
    Type compute = getComputeType(element);
    Value sum = buildGeneric(
        rewriter, loc, inputs, buildEmpty(rewriter, loc, extents, compute),
        maps, [&](OpBuilder &builder, Location loc, ValueRange x) {
          Scalar s(builder, loc, compute);
          Value result = x[0];
          for (Value term : x.drop_front().drop_back())
            result = s.add(result, term);
          return result;
        });
    SmallVector<Value> results;
    if (failed(buildNormalization(
            {op, sum, type.getRank() - 1, adaptor.getGamma(), getBeta(adaptor),
             isa<onnx::SkipLayerNormalizationOp>(op.getOperation()),
             op.getEpsilon().convertToFloat(), op.getOutput(), op.getMean(),
             op.getInvStdVar()},
            rewriter, results)))
      return failure();
    if (Value stored = op.getInputSkipBiasSum()) {
      FailureOr<Value> empty =
          buildEmptyResult(rewriter, cast<OpResult>(stored));
      if (failed(empty))
        return failure();
      results.push_back(buildGeneric(
          rewriter, loc, sum, *empty, {identity, identity},
          [](OpBuilder &, Location, ValueRange x) { return x[0]; }));
    }
    rewriter.replaceOp(op, results);
    return success();
  }
};
} // namespace

void moec::populateOnnxNormalizationPatterns(RewritePatternSet &patterns,
                                             TypeConverter &converter) {
  patterns.add<LayerNormLowering, RMSNormLowering<onnx::RMSNormalizationOp>,
               RMSNormLowering<onnx::SimplifiedLayerNormalizationOp>,
               SkipNormLowering<onnx::SkipLayerNormalizationOp>,
               SkipNormLowering<onnx::SkipSimplifiedLayerNormalizationOp>>(
      converter, patterns.getContext());
}
