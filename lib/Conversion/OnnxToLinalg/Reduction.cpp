//===-- Reduction.cpp - reductions, softmax, running sums -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reduction.h"

#include "moec/Conversion/OnnxToLinalg.h"

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Onnx/IR/Reductions.h"
#include "dialects/Onnx/IR/RuntimeAxes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace moec;

namespace {
/// A tensor seen as reduced along some of its dimensions.
struct Reduced {
  Reduced(OpBuilder &builder, Location loc, Value data, ArrayRef<int64_t> axes)
      : data(data), rank(cast<RankedTensorType>(data.getType()).getRank()),
        isReduced(rank, false), all(tensor::getMixedSizes(builder, loc, data)) {
    for (int64_t axis : axes)
      isReduced[axis] = true;
    SmallVector<AffineExpr> exprs;
    for (int64_t dim = 0; dim < rank; ++dim)
      if (!isReduced[dim]) {
        exprs.push_back(builder.getAffineDimExpr(dim));
        kept.push_back(all[dim]);
      }
    identity = builder.getMultiDimIdentityMap(rank);
    keptMap = AffineMap::get(rank, 0, exprs, builder.getContext());
  }

  /// From the iteration space of a result that keeps, or does not keep,
  /// reduced dimensions, to the kept ones.
  AffineMap getResultToKept(OpBuilder &builder, bool keepsDims) const {
    if (!keepsDims)
      return builder.getMultiDimIdentityMap(kept.size());
    return keptMap;
  }

  /// Folds the elements into an accumulator of the kept dimensions.
  Value
  reduce(OpBuilder &builder, Location loc, Value neutral, ValueRange others,
         llvm::function_ref<Value(OpBuilder &, Location, ValueRange)> build)
      const {
    Value init = buildFilled(builder, loc, kept, neutral);
    SmallVector<Value> inputs = {data};
    SmallVector<AffineMap> maps = {identity};
    for (Value other : others) {
      inputs.push_back(other);
      maps.push_back(keptMap);
    }
    maps.push_back(keptMap);
    return buildGeneric(builder, loc, inputs, init, maps, build);
  }

  /// How many elements are folded into each, as `type`.
  Value count(OpBuilder &builder, Location loc, Type type) const {
    Value product = arith::ConstantIndexOp::create(builder, loc, 1);
    for (int64_t dim = 0; dim < rank; ++dim)
      if (isReduced[dim])
        product = arith::MulIOp::create(
            builder, loc, product,
            getValueOrCreateConstantIndexOp(builder, loc, all[dim]));
    Type i64 = builder.getI64Type();
    Value number = arith::IndexCastOp::create(builder, loc, i64, product);
    return buildCast(builder, loc, number, i64, type);
  }

  Value data;
  int64_t rank;
  SmallVector<bool> isReduced;
  SmallVector<OpFoldResult> all, kept;
  AffineMap identity, keptMap;

private:
  static Value getValueOrCreateConstantIndexOp(OpBuilder &builder, Location loc,
                                               OpFoldResult extent) {
    if (auto value = dyn_cast<Value>(extent))
      return value;
    return arith::ConstantIndexOp::create(
        builder, loc, cast<IntegerAttr>(cast<Attribute>(extent)).getInt());
  }
};
} // namespace

/// An axis that shape inference has found in range. The attribute's accessor is
/// unsigned, so its sign is seen only here.
static int64_t normalizeAxis(int64_t axis, int64_t rank) {
  return axis < 0 ? axis + rank : axis;
}

/// The square root of a sum; of integers, truncated.
static Value buildRoot(Scalar &s, Value sum, Type element) {
  if (s.isFloat)
    return s.sqrt(sum);
  Type f64 = s.builder.getF64Type();
  Value wide = buildCast(s.builder, s.loc, sum, element, f64);
  Value root = math::SqrtOp::create(s.builder, s.loc, wide);
  return buildCast(s.builder, s.loc, root, f64, element);
}

static ArrayRef<Reduction> getReductions() {
  auto zero = [](Scalar &s) { return s.constant(0); };
  static const Reduction table[] = {
      {onnx::ReduceSumOp::getOperationName(), zero,
       [](Scalar &s, Value x, Value a) { return s.add(a, x); }},
      {onnx::ReduceMeanOp::getOperationName(), zero,
       [](Scalar &s, Value x, Value a) { return s.add(a, x); }},
      {onnx::ReduceProdOp::getOperationName(),
       [](Scalar &s) { return s.constant(1); },
       [](Scalar &s, Value x, Value a) { return s.mul(a, x); }},
      {onnx::ReduceMaxOp::getOperationName(),
       [](Scalar &s) { return s.extreme(true); },
       [](Scalar &s, Value x, Value a) { return s.max(a, x); }},
      {onnx::ReduceMinOp::getOperationName(),
       [](Scalar &s) { return s.extreme(false); },
       [](Scalar &s, Value x, Value a) { return s.min(a, x); }},
      {onnx::ReduceL1Op::getOperationName(), zero,
       [](Scalar &s, Value x, Value a) { return s.add(a, s.abs(x)); }},
      {onnx::ReduceL2Op::getOperationName(), zero,
       [](Scalar &s, Value x, Value a) { return s.add(a, s.mul(x, x)); }},
      {onnx::ReduceSumSquareOp::getOperationName(), zero,
       [](Scalar &s, Value x, Value a) { return s.add(a, s.mul(x, x)); }},
      {onnx::ReduceLogSumOp::getOperationName(), zero,
       [](Scalar &s, Value x, Value a) { return s.add(a, x); }},
      {onnx::ReduceLogSumExpOp::getOperationName(), zero, nullptr},
  };
  return table;
}

bool Reduction::needsCount() const {
  return name == onnx::ReduceMeanOp::getOperationName();
}

Value Reduction::fold(Scalar &s, Value element, Value accumulator,
                      Value max) const {
  s.mayReorder = true;
  if (needsMax())
    return s.add(accumulator, s.exp(s.sub(element, max)));
  return combine(s, element, accumulator);
}

Value Reduction::finish(Scalar &s, Value accumulator, Value max, Value count,
                        Type element) const {
  if (needsMax())
    return s.add(max, s.log(accumulator));
  if (needsCount())
    return s.isFloat ? s.div(accumulator, count) : s.divide(accumulator, count);
  if (name == onnx::ReduceL2Op::getOperationName())
    return buildRoot(s, accumulator, element);
  if (name == onnx::ReduceLogSumOp::getOperationName())
    return s.log(accumulator);
  return accumulator;
}

Value moec::buildFiniteMax(Scalar &s, Value max) {
  return s.select(s.equal(s.abs(max), s.infinity(false)), s.constant(0), max);
}

/// The maximum along the reduced dimensions, to subtract before exp.
static Value buildFiniteMax(OpBuilder &builder, Location loc,
                            const Reduced &reduced, Type element) {
  Scalar outer(builder, loc, element);
  Value highest =
      reduced.reduce(builder, loc, outer.extreme(true), {},
                     [&](OpBuilder &builder, Location loc, ValueRange x) {
                       return Scalar(builder, loc, element).max(x[1], x[0]);
                     });
  AffineMap map = builder.getMultiDimIdentityMap(reduced.kept.size());
  return buildGeneric(
      builder, loc, highest, buildEmpty(builder, loc, reduced.kept, outer.type),
      {map, map}, [&](OpBuilder &builder, Location loc, ValueRange x) {
        Scalar s(builder, loc, element);
        return moec::buildFiniteMax(s, x[0]);
      });
}

namespace {
struct ReduceLowering : ConversionPattern {
  ReduceLowering(TypeConverter &converter, MLIRContext *context,
                 const Reduction &entry)
      : ConversionPattern(converter, entry.name, /*benefit=*/1, context),
        entry(entry) {}

  LogicalResult
  matchAndRewrite(Operation *op, ArrayRef<Value> operands,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> empty = buildEmptyResult(rewriter, op->getResult(0));
    if (failed(empty))
      return failure();
    std::optional<SmallVector<int64_t>> axes = onnx::getKnownAxes(op);
    if (!axes) {
      rewriter.replaceOp(
          op, buildRuntimeReduction(rewriter, op, operands, entry, *empty));
      return success();
    }
    Location loc = op->getLoc();
    Type element = getElementTypeOrSelf(op->getOperand(0).getType());
    auto keepDims = op->getAttrOfType<IntegerAttr>("keepdims");
    bool keepsDims = !keepDims || keepDims.getInt();
    Reduced reduced(rewriter, loc, operands[0], *axes);
    bool needsMax = entry.needsMax();

    Scalar outer(rewriter, loc, element);
    SmallVector<Value> inputs;
    if (needsMax)
      inputs.push_back(buildFiniteMax(rewriter, loc, reduced, element));
    Value accumulated =
        reduced.reduce(rewriter, loc, entry.neutral(outer), inputs,
                       [&](OpBuilder &builder, Location loc, ValueRange x) {
                         Scalar s(builder, loc, element);
                         return entry.fold(s, x[0], x.back(),
                                           needsMax ? Value(x[1]) : Value());
                       });
    inputs.push_back(accumulated);
    Value count =
        entry.needsCount() ? reduced.count(rewriter, loc, outer.type) : Value();

    // The accumulator has another rank, and perhaps type, than the result.
    AffineMap toKept = reduced.getResultToKept(rewriter, keepsDims);
    SmallVector<AffineMap> maps(inputs.size(), toKept);
    maps.push_back(rewriter.getMultiDimIdentityMap(toKept.getNumDims()));
    rewriter.replaceOp(
        op, buildGeneric(rewriter, loc, inputs, *empty, maps,
                         [&](OpBuilder &builder, Location loc, ValueRange x) {
                           Scalar s(builder, loc, element);
                           return entry.finish(s, x[needsMax], x[0], count,
                                               element);
                         }));
    return success();
  }

private:
  const Reduction &entry;
};

template <typename OpTy> struct ArgLowering : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> empty = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(empty))
      return failure();
    Location loc = op.getLoc();
    Value data = adaptor.getData();
    Type element = getElementTypeOrSelf(op.getData().getType());
    int64_t rank = cast<RankedTensorType>(data.getType()).getRank();
    int64_t axis = normalizeAxis(op.getAxis(), rank);
    Reduced reduced(rewriter, loc, data, axis);

    Scalar outer(rewriter, loc, element);
    // No index yet: whatever comes first is taken.
    Value none = arith::ConstantIntOp::create(rewriter, loc, -1, 64);
    Value bests = buildFilled(rewriter, loc, reduced.kept, outer.constant(0));
    Value indices = buildFilled(rewriter, loc, reduced.kept, none);
    SmallVector<utils::IteratorType> iterators(rank,
                                               utils::IteratorType::parallel);
    iterators[axis] = utils::IteratorType::reduction;
    bool takesLast = op.getSelectLastIndex();
    auto generic = linalg::GenericOp::create(
        rewriter, loc, TypeRange{bests.getType(), indices.getType()}, data,
        ValueRange{bests, indices},
        ArrayRef<AffineMap>{reduced.identity, reduced.keptMap, reduced.keptMap},
        iterators, [&](OpBuilder &builder, Location loc, ValueRange x) {
          Scalar s(builder, loc, element);
          Value value = buildExtend(builder, loc, x[0]), best = x[1];
          Value zero = arith::ConstantIntOp::create(builder, loc, 0, 64);
          Value isFirst = arith::CmpIOp::create(
              builder, loc, arith::CmpIPredicate::slt, x[2], zero);
          bool isMax = isa<onnx::ArgMaxOp>(op.getOperation());
          Value low = isMax ? best : value, high = isMax ? value : best;
          Value isBetter =
              takesLast ? s.lessOrEqual(low, high) : s.less(low, high);
          Value isNewNaN =
              takesLast ? s.isNaN(value)
                        : s.both(s.isNaN(value), s.invert(s.isNaN(best)));
          Value isTaken = s.either(isFirst, s.either(isBetter, isNewNaN));
          Value at = arith::IndexCastOp::create(
              builder, loc, builder.getI64Type(),
              linalg::IndexOp::create(builder, loc, axis));
          linalg::YieldOp::create(builder, loc,
                                  ValueRange{s.select(isTaken, value, best),
                                             s.select(isTaken, at, x[2])});
        });
    AffineMap toKept = reduced.getResultToKept(rewriter, op.getKeepdims() != 0);
    rewriter.replaceOp(
        op, buildGeneric(
                rewriter, loc, generic.getResult(1), *empty,
                {toKept, rewriter.getMultiDimIdentityMap(toKept.getNumDims())},
                [](OpBuilder &, Location, ValueRange x) { return x[0]; }));
    return success();
  }
};

template <typename OpTy> struct SoftmaxLowering : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> empty = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(empty))
      return failure();
    Location loc = op.getLoc();
    Value data = adaptor.getX();
    Type element = getElementTypeOrSelf(op.getX().getType());
    int64_t rank = cast<RankedTensorType>(data.getType()).getRank();
    SmallVector<int64_t> axes;
    if (rank != 0)
      axes.push_back(normalizeAxis(op.getAxis(), rank));
    Reduced reduced(rewriter, loc, data, axes);
    Scalar outer(rewriter, loc, element);
    auto sum = [&](Value of, ArrayRef<Value> others, bool isExp) {
      Reduced terms(rewriter, loc, of, axes);
      return terms.reduce(rewriter, loc, outer.constant(0), others,
                          [&](OpBuilder &builder, Location loc, ValueRange x) {
                            Scalar s(builder, loc, element);
                            s.mayReorder = true;
                            return s.add(x.back(),
                                         isExp ? s.exp(s.sub(x[0], x[1]))
                                               : Value(x[0]));
                          });
    };
    Value highest =
        reduced.reduce(rewriter, loc, outer.extreme(true), {},
                       [&](OpBuilder &builder, Location loc, ValueRange x) {
                         return Scalar(builder, loc, element).max(x[1], x[0]);
                       });
    AffineMap identity = reduced.identity, kept = reduced.keptMap;
    if (isa<onnx::LogSoftmaxOp>(op.getOperation())) {
      Value sums = sum(data, highest, /*isExp=*/true);
      rewriter.replaceOp(
          op, buildGeneric(rewriter, loc, {data, highest, sums}, *empty,
                           {identity, kept, kept, identity},
                           [&](OpBuilder &builder, Location loc, ValueRange x) {
                             Scalar s(builder, loc, element);
                             return s.sub(s.sub(x[0], x[1]), s.log(x[2]));
                           }));
      return success();
    }
    // Terms are kept in the type computed in; in place where that is stored.
    Value terms =
        buildGeneric(rewriter, loc, {data, highest},
                     outer.type == element
                         ? *empty
                         : buildEmpty(rewriter, loc, reduced.all, outer.type),
                     {identity, kept, identity},
                     [&](OpBuilder &builder, Location loc, ValueRange x) {
                       Scalar s(builder, loc, element);
                       return s.exp(s.sub(x[0], x[1]));
                     });
    Value sums = sum(terms, {}, /*isExp=*/false);
    auto scale = [&](OpBuilder &builder, Location loc, Value x, Value sum) {
      return Scalar(builder, loc, element).div(x, sum);
    };
    Value result =
        outer.type == element
            ? buildGeneric(rewriter, loc, sums, terms, {kept, identity},
                           [&](OpBuilder &builder, Location loc, ValueRange x) {
                             return scale(builder, loc, x[1], x[0]);
                           })
            : buildGeneric(rewriter, loc, {terms, sums}, *empty,
                           {identity, kept, identity},
                           [&](OpBuilder &builder, Location loc, ValueRange x) {
                             return scale(builder, loc, x[0], x[1]);
                           });
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// Loops over elements: each depends on the one before.
struct CumSumLowering : OpConversionPattern<onnx::CumSumOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::CumSumOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> empty = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(empty))
      return failure();
    Location loc = op.getLoc();
    Value data = adaptor.getX();
    Type element = getElementTypeOrSelf(op.getX().getType());
    int64_t rank = cast<RankedTensorType>(data.getType()).getRank();
    Value zero = arith::ConstantIndexOp::create(rewriter, loc, 0);
    Value one = arith::ConstantIndexOp::create(rewriter, loc, 1);
    // Where the axis shows at run time it has a loop of one iteration among the
    // outer ones.
    SmallVector<Value> isAxis(rank);
    SmallVector<Value> bounds = onnx::buildDims(rewriter, loc, data);
    Value length;
    if (auto axes = onnx::getKnownAxes(op)) {
      length = bounds[axes->front()];
      bounds[axes->front()] = one;
      isAxis[axes->front()] =
          arith::ConstantOp::create(rewriter, loc, rewriter.getBoolAttr(true));
    } else {
      onnx::RuntimeAxes named(rewriter, loc, adaptor.getAxis(), rank);
      length = zero;
      for (int64_t dim = 0; dim < rank; ++dim) {
        isAxis[dim] = named.isNamed(dim);
        length = arith::SelectOp::create(rewriter, loc, isAxis[dim],
                                         bounds[dim], length);
        bounds[dim] = arith::SelectOp::create(rewriter, loc, isAxis[dim], one,
                                              bounds[dim]);
      }
    }
    SmallVector<Value> lower(rank, zero), steps(rank, one);
    Value last = arith::SubIOp::create(rewriter, loc, length, one);
    Value start = Scalar(rewriter, loc, element).constant(0);
    // Loops that carry an empty tensor do not bufferise in place.
    auto type = cast<RankedTensorType>((*empty).getType());
    Value init =
        linalg::FillOp::create(
            rewriter, loc,
            ValueRange{arith::ConstantOp::create(
                rewriter, loc, rewriter.getZeroAttr(type.getElementType()))},
            *empty)
            .getResult(0);

    auto buildRow = [&](OpBuilder &builder, Location loc, ValueRange outer,
                        Value result) {
      auto loop = scf::ForOp::create(
          builder, loc, zero, length, one, ValueRange{result, start},
          [&](OpBuilder &builder, Location loc, Value step,
              ValueRange carried) {
            Scalar s(builder, loc, element);
            Value at =
                op.getReverse()
                    ? Value(arith::SubIOp::create(builder, loc, last, step))
                    : step;
            SmallVector<Value> indices(outer);
            for (auto [index, isHere] : llvm::zip(indices, isAxis))
              if (isHere)
                index =
                    arith::SelectOp::create(builder, loc, isHere, at, index);
            Value x = buildExtend(
                builder, loc,
                tensor::ExtractOp::create(builder, loc, data, indices));
            Value sum = s.add(carried[1], x);
            Value stored = buildTruncate(
                builder, loc, op.getExclusive() ? carried[1] : sum, element);
            Value inserted = tensor::InsertOp::create(builder, loc, stored,
                                                      carried[0], indices);
            scf::YieldOp::create(builder, loc, ValueRange{inserted, sum});
          });
      return loop.getResult(0);
    };
    scf::LoopNest nest = scf::buildLoopNest(
        rewriter, loc, lower, bounds, steps, init,
        [&](OpBuilder &builder, Location loc, ValueRange outer,
            ValueRange carried) -> scf::ValueVector {
          return {buildRow(builder, loc, outer, carried[0])};
        });
    rewriter.replaceOp(op, nest.results);
    return success();
  }
};
} // namespace

void moec::populateOnnxReductionPatterns(RewritePatternSet &patterns,
                                         TypeConverter &converter) {
  MLIRContext *context = patterns.getContext();
  for (const Reduction &entry : getReductions())
    patterns.add<ReduceLowering>(converter, context, entry);
  patterns.add<ArgLowering<onnx::ArgMaxOp>, ArgLowering<onnx::ArgMinOp>,
               SoftmaxLowering<onnx::SoftmaxOp>,
               SoftmaxLowering<onnx::LogSoftmaxOp>, CumSumLowering>(converter,
                                                                    context);
}
