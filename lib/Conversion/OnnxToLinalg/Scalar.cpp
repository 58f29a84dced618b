//===-- Scalar.cpp - what the computing lowerings share -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scalar.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;
using namespace moec;

static Type getSignless(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    return IntegerType::get(type.getContext(), integer.getWidth());
  return type;
}

Type moec::getComputeType(Type type) {
  if (type.isF16() || type.isBF16())
    return Float32Type::get(type.getContext());
  return getSignless(type);
}

Scalar::Scalar(OpBuilder &builder, Location loc, Type elementType)
    : builder(builder), loc(loc), type(getComputeType(elementType)),
      isFloat(isa<FloatType>(type)),
      isUnsigned(elementType.isUnsignedInteger() || elementType.isInteger(1)) {}

arith::FastMathFlags Scalar::getFlags() const {
  return mayReorder ? arith::FastMathFlags::reassoc
                    : arith::FastMathFlags::none;
}

Value Scalar::constant(double value) {
  if (isFloat)
    return arith::ConstantOp::create(builder, loc,
                                     builder.getFloatAttr(type, value));
  return arith::ConstantOp::create(
      builder, loc, builder.getIntegerAttr(type, int64_t(value)));
}

Value Scalar::infinity(bool isNegative) {
  double value = std::numeric_limits<double>::infinity();
  return constant(isNegative ? -value : value);
}

Value Scalar::extreme(bool isLeast) {
  if (isFloat)
    return infinity(isLeast);
  unsigned width = type.getIntOrFloatBitWidth();
  APInt value = isUnsigned ? (isLeast ? APInt::getMinValue(width)
                                      : APInt::getMaxValue(width))
                           : (isLeast ? APInt::getSignedMinValue(width)
                                      : APInt::getSignedMaxValue(width));
  return arith::ConstantOp::create(builder, loc,
                                   builder.getIntegerAttr(type, value));
}

Value Scalar::add(Value a, Value b) {
  if (isFloat)
    return arith::AddFOp::create(builder, loc, a, b, getFlags());
  return arith::AddIOp::create(builder, loc, a, b);
}

Value Scalar::sub(Value a, Value b) {
  if (isFloat)
    return arith::SubFOp::create(builder, loc, a, b);
  return arith::SubIOp::create(builder, loc, a, b);
}

Value Scalar::mul(Value a, Value b) {
  if (isFloat)
    return arith::MulFOp::create(builder, loc, a, b, getFlags());
  return arith::MulIOp::create(builder, loc, a, b);
}

Value Scalar::div(Value a, Value b) {
  return arith::DivFOp::create(builder, loc, a, b);
}

Value Scalar::divide(Value a, Value b) {
  Value zero = constant(0), one = constant(1);
  Value isZero = equal(b, zero);
  if (isUnsigned) {
    Value divisor = select(isZero, one, b);
    Value quotient = arith::DivUIOp::create(builder, loc, a, divisor);
    return select(isZero, zero, quotient);
  }
  // The least value by -1 traps on some machines: negate instead, it wraps.
  Value isMinusOne = equal(b, constant(-1));
  Value divisor = select(either(isZero, isMinusOne), one, b);
  Value quotient = arith::DivSIOp::create(builder, loc, a, divisor);
  return select(isZero, zero, select(isMinusOne, sub(zero, a), quotient));
}

Value Scalar::remainder(Value a, Value b) {
  Value zero = constant(0), one = constant(1);
  Value isTrivial = equal(b, zero);
  if (!isUnsigned)
    isTrivial = either(isTrivial, equal(b, constant(-1)));
  // Of one, the remainder is 0 in all these cases.
  Value divisor = select(isTrivial, one, b);
  if (isUnsigned)
    return arith::RemUIOp::create(builder, loc, a, divisor);
  return arith::RemSIOp::create(builder, loc, a, divisor);
}

Value Scalar::max(Value a, Value b) {
  if (isFloat)
    return arith::MaximumFOp::create(builder, loc, a, b);
  if (isUnsigned)
    return arith::MaxUIOp::create(builder, loc, a, b);
  return arith::MaxSIOp::create(builder, loc, a, b);
}

Value Scalar::min(Value a, Value b) {
  if (isFloat)
    return arith::MinimumFOp::create(builder, loc, a, b);
  if (isUnsigned)
    return arith::MinUIOp::create(builder, loc, a, b);
  return arith::MinSIOp::create(builder, loc, a, b);
}

Value Scalar::neg(Value a) {
  if (isFloat)
    return arith::NegFOp::create(builder, loc, a);
  return sub(constant(0), a);
}

Value Scalar::abs(Value a) {
  if (isFloat)
    return math::AbsFOp::create(builder, loc, a);
  return isUnsigned ? a : select(less(a, constant(0)), neg(a), a);
}

Value Scalar::equal(Value a, Value b) {
  if (isFloat)
    return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, a, b);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, a, b);
}

Value Scalar::less(Value a, Value b) {
  if (isFloat)
    return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, a, b);
  return arith::CmpIOp::create(
      builder, loc,
      isUnsigned ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt, a, b);
}

Value Scalar::lessOrEqual(Value a, Value b) {
  if (isFloat)
    return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLE, a, b);
  return arith::CmpIOp::create(
      builder, loc,
      isUnsigned ? arith::CmpIPredicate::ule : arith::CmpIPredicate::sle, a, b);
}

Value Scalar::isNaN(Value a) {
  if (isFloat)
    return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNO, a, a);
  return arith::ConstantIntOp::create(builder, loc, 0, 1);
}

Value Scalar::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(builder, loc, condition, a, b);
}
Value Scalar::both(Value a, Value b) {
  return arith::AndIOp::create(builder, loc, a, b);
}
Value Scalar::either(Value a, Value b) {
  return arith::OrIOp::create(builder, loc, a, b);
}
Value Scalar::invert(Value a) {
  return arith::XOrIOp::create(
      builder, loc, a, arith::ConstantIntOp::create(builder, loc, 1, 1));
}

Value Scalar::exp(Value a) { return math::ExpOp::create(builder, loc, a); }
Value Scalar::log(Value a) { return math::LogOp::create(builder, loc, a); }
Value Scalar::sqrt(Value a) { return math::SqrtOp::create(builder, loc, a); }
Value Scalar::sigmoid(Value a) {
  Value one = constant(1);
  return div(one, add(one, exp(neg(a))));
}

/// f64 to f32 such that rounding once more to a narrower type rounds as if at
/// once: an inexact result gets an odd last bit (rounding to odd).
static Value roundToOdd(OpBuilder &builder, Location loc, Value value) {
  Type f32 = builder.getF32Type(), i32 = builder.getI32Type();
  Value narrow = arith::TruncFOp::create(builder, loc, f32, value);
  Value back = arith::ExtFOp::create(builder, loc, value.getType(), narrow);
  auto compare = [&](arith::CmpFPredicate predicate, Value a, Value b) {
    return arith::CmpFOp::create(builder, loc, predicate, a, b);
  };
  Value isInexact = compare(arith::CmpFPredicate::ONE, back, value);
  Value isTooLarge = compare(arith::CmpFPredicate::OGT,
                             math::AbsFOp::create(builder, loc, back),
                             math::AbsFOp::create(builder, loc, value));
  Value bits = arith::BitcastOp::create(builder, loc, i32, narrow);
  Value one = arith::ConstantIntOp::create(builder, loc, 1, 32);
  Value towardsZero = arith::SelectOp::create(
      builder, loc, isTooLarge, arith::SubIOp::create(builder, loc, bits, one),
      bits);
  Value odd = arith::OrIOp::create(builder, loc, towardsZero, one);
  return arith::BitcastOp::create(
      builder, loc, f32,
      arith::SelectOp::create(builder, loc, isInexact, odd, bits));
}

Value moec::buildExtend(OpBuilder &builder, Location loc, Value value) {
  Type type = getComputeType(value.getType());
  if (type == value.getType())
    return value;
  return arith::ExtFOp::create(builder, loc, type, value);
}

Value moec::buildTruncate(OpBuilder &builder, Location loc, Value value,
                          Type elementType) {
  Type type = getSignless(elementType);
  if (value.getType() == type)
    return value;
  if (value.getType().isF64() && !type.isF32())
    value = roundToOdd(builder, loc, value);
  if (value.getType().getIntOrFloatBitWidth() < type.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(builder, loc, type, value);
  return arith::TruncFOp::create(builder, loc, type, value);
}

/// Truncation towards zero; the nearest value where there is none, 0 for NaN.
static Value buildFloatToInt(Scalar &from, Value value, IntegerType to) {
  OpBuilder &builder = from.builder;
  Location loc = from.loc;
  bool isUnsigned = to.isUnsigned();
  unsigned width = to.getWidth();
  Type type = getSignless(to);
  // The first values beyond, both exact in every float type computed in.
  Value above = from.constant(std::ldexp(1.0, isUnsigned ? width : width - 1));
  Value least = from.constant(isUnsigned ? 0.0 : -std::ldexp(1.0, width - 1));
  Value isAbove = from.lessOrEqual(above, value);
  Value isBelow = from.less(value, least);
  Value isInside =
      from.both(from.less(value, above), from.lessOrEqual(least, value));
  Value inside = from.select(isInside, value, from.constant(0));
  Value result =
      isUnsigned ? Value(arith::FPToUIOp::create(builder, loc, type, inside))
                 : Value(arith::FPToSIOp::create(builder, loc, type, inside));
  Scalar target(builder, loc, to);
  result = target.select(isAbove, target.extreme(false), result);
  return target.select(isBelow, target.extreme(true), result);
}

Value moec::buildCast(OpBuilder &builder, Location loc, Value value, Type from,
                      Type to) {
  if (from == to)
    return buildTruncate(builder, loc, value, to);
  Scalar source(builder, loc, from);
  value = buildExtend(builder, loc, value);
  if (to.isInteger(1)) {
    if (source.isFloat)
      return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNE,
                                   value, source.constant(0));
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, value,
                                 source.constant(0));
  }
  if (auto integer = dyn_cast<IntegerType>(to)) {
    if (source.isFloat && integer.getWidth() < 8) {
      // ONNX's tests have the low bits of the number here, not the nearest.
      auto wide = IntegerType::get(to.getContext(), 32);
      return arith::TruncIOp::create(builder, loc, getSignless(to),
                                     buildFloatToInt(source, value, wide));
    }
    if (source.isFloat)
      return buildFloatToInt(source, value, integer);
    unsigned width = source.type.getIntOrFloatBitWidth();
    Type type = getSignless(to);
    if (width == integer.getWidth())
      return value;
    if (width > integer.getWidth())
      return arith::TruncIOp::create(builder, loc, type, value);
    if (source.isUnsigned)
      return arith::ExtUIOp::create(builder, loc, type, value);
    return arith::ExtSIOp::create(builder, loc, type, value);
  }
  if (source.isFloat) {
    return buildTruncate(builder, loc, value, to);
  }
  // Wide integers go to f16 and bf16 through f64, so as to be rounded once.
  Type via = getComputeType(to);
  if (via != to && source.type.getIntOrFloatBitWidth() > 16)
    via = builder.getF64Type();
  Value number = source.isUnsigned
                     ? Value(arith::UIToFPOp::create(builder, loc, via, value))
                     : Value(arith::SIToFPOp::create(builder, loc, via, value));
  return buildTruncate(builder, loc, number, to);
}

AffineMap moec::getBroadcastMap(RankedTensorType operand,
                                RankedTensorType result) {
  MLIRContext *context = operand.getContext();
  int64_t missing = result.getRank() - operand.getRank();
  SmallVector<AffineExpr> exprs;
  for (auto [dim, size] : llvm::enumerate(operand.getShape())) {
    // A one of a higher rank than the result's has nowhere else to be.
    bool isBroadcast = int64_t(dim) + missing < 0 ||
                       (size == 1 && result.getDimSize(dim + missing) != 1);
    exprs.push_back(isBroadcast ? getAffineConstantExpr(0, context)
                                : getAffineDimExpr(dim + missing, context));
  }
  return AffineMap::get(result.getRank(), 0, exprs, context);
}

AffineMap moec::getLeadingMap(OpBuilder &builder, unsigned numDims,
                              unsigned count) {
  AffineMap identity = builder.getMultiDimIdentityMap(numDims);
  return AffineMap::get(numDims, 0, identity.getResults().take_front(count),
                        builder.getContext());
}

Value moec::buildGeneric(
    OpBuilder &builder, Location loc, ValueRange inputs, Value init,
    ArrayRef<AffineMap> maps,
    llvm::function_ref<Value(OpBuilder &, Location, ValueRange)> build) {
  auto type = cast<RankedTensorType>(init.getType());
  AffineMap output = maps.back();
  SmallVector<utils::IteratorType> iterators;
  for (unsigned dim = 0, e = output.getNumDims(); dim < e; ++dim)
    iterators.push_back(output.isFunctionOfDim(dim)
                            ? utils::IteratorType::parallel
                            : utils::IteratorType::reduction);
  return linalg::GenericOp::create(
             builder, loc, type, inputs, init, maps, iterators,
             [&](OpBuilder &builder, Location loc, ValueRange args) {
               SmallVector<Value> extended;
               for (Value arg : args)
                 extended.push_back(buildExtend(builder, loc, arg));
               Value result = build(builder, loc, extended);
               linalg::YieldOp::create(
                   builder, loc,
                   buildTruncate(builder, loc, result, type.getElementType()));
             })
      .getResult(0);
}

Value moec::buildEmpty(OpBuilder &builder, Location loc,
                       ArrayRef<OpFoldResult> extents, Type elementType) {
  return tensor::EmptyOp::create(builder, loc, extents,
                                 getSignless(elementType));
}

Value moec::buildFilled(OpBuilder &builder, Location loc,
                        ArrayRef<OpFoldResult> extents, Value element) {
  Value empty = buildEmpty(builder, loc, extents, element.getType());
  return linalg::FillOp::create(builder, loc, element, empty).getResult(0);
}
