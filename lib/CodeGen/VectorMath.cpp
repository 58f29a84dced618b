//===-- VectorMath.cpp - functions of f32 without libm --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The coefficients are minimax fits made for this file (relative error of the
// polynomial alone: exp 3.1e-9, erf below one 1.3e-9, erfc above one 1.1e-9 of
// erf), rounded to f32.
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/VectorMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

/// `like`'s shape with another element type.
static Type withElement(Type like, Type element) {
  if (auto vector = dyn_cast<VectorType>(like))
    return vector.clone(element);
  return element;
}

static Value splat(ImplicitLocOpBuilder &b, Type type, double value) {
  auto element = cast<FloatType>(getElementTypeOrSelf(type));
  TypedAttr attr = b.getFloatAttr(element, value);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, Attribute(attr));
  return arith::ConstantOp::create(b, type, attr);
}

static Value splatInt(ImplicitLocOpBuilder &b, Type type, int64_t value) {
  TypedAttr attr = b.getIntegerAttr(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, Attribute(attr));
  return arith::ConstantOp::create(b, type, attr);
}

/// sum of coefficients[i] * x^i.
static Value buildPolynomial(ImplicitLocOpBuilder &b, Value x,
                             ArrayRef<double> coefficients) {
  Value sum = splat(b, x.getType(), coefficients.back());
  for (double coefficient : llvm::reverse(coefficients.drop_back()))
    sum = math::FmaOp::create(b, sum, x, splat(b, x.getType(), coefficient));
  return sum;
}

/// x clamped to [lower, upper]; a comparison with NaN is false, so NaN stays.
static Value buildClamp(ImplicitLocOpBuilder &b, Value x, double lower,
                        double upper) {
  Value low = splat(b, x.getType(), lower), high = splat(b, x.getType(), upper);
  Value above = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, high);
  x = arith::SelectOp::create(b, above, high, x);
  Value below = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, low);
  return arith::SelectOp::create(b, below, low, x);
}

Value moec::buildExp(ImplicitLocOpBuilder &b, Value x) {
  Type type = x.getType();
  Type ints = withElement(type, b.getI32Type());
  // Beyond these, the result is 0 or infinity anyway.
  x = buildClamp(b, x, -105.0, 89.0);
  // n = round(x / ln 2), by adding 1.5 * 2^23: its low bits then hold n.
  Value magic = splat(b, type, 12582912.0);
  Value shifted =
      math::FmaOp::create(b, x, splat(b, type, 1.44269504088896341), magic);
  Value n = arith::SubFOp::create(b, shifted, magic);
  // r = x - n ln 2, with ln 2 in two parts of which the first has 15 bits.
  Value r = math::FmaOp::create(b, n, splat(b, type, -0.693145751953125), x);
  r = math::FmaOp::create(b, n, splat(b, type, -1.42860682030941723e-6), r);
  Value q = buildPolynomial(b, r,
                            {0.4999999403953552, 0.1666652113199234,
                             0.04166838899254799, 0.00836874544620514,
                             0.0013814540579915047});
  Value square = arith::MulFOp::create(b, r, r);
  Value p = math::FmaOp::create(b, q, square, r);
  p = arith::AddFOp::create(b, p, splat(b, type, 1.0));
  // Times 2^n in two factors, since n in [-151, 128] is too wide for one.
  Value bits = arith::BitcastOp::create(b, ints, shifted);
  Value whole = arith::SubIOp::create(b, bits, splatInt(b, ints, 0x4B400000));
  Value half = arith::ShRSIOp::create(b, whole, splatInt(b, ints, 1));
  auto power = [&](Value exponent) -> Value {
    Value biased = arith::AddIOp::create(b, exponent, splatInt(b, ints, 127));
    Value moved = arith::ShLIOp::create(b, biased, splatInt(b, ints, 23));
    return arith::BitcastOp::create(b, type, moved);
  };
  p = arith::MulFOp::create(b, p, power(half));
  return arith::MulFOp::create(b, p,
                               power(arith::SubIOp::create(b, whole, half)));
}

Value moec::buildSigmoid(ImplicitLocOpBuilder &b, Value x) {
  Value one = splat(b, x.getType(), 1.0);
  Value e = buildExp(b, arith::NegFOp::create(b, x));
  return arith::DivFOp::create(b, one, arith::AddFOp::create(b, one, e));
}

Value moec::buildErf(ImplicitLocOpBuilder &b, Value x) {
  Type type = x.getType();
  Value magnitude = math::AbsFOp::create(b, x);
  Value square = arith::MulFOp::create(b, x, x);
  Value small = buildPolynomial(b, square,
                                {1.1283791065216064, -0.3761262595653534,
                                 0.1128358542919159, -0.026853812858462334,
                                 0.005188328679651022, -0.0008010201272554696,
                                 7.85388401709497e-05});
  small = arith::MulFOp::create(b, small, x);
  // erfc(a) = exp(-R(a)) for a in [1, 4]; from 4 on erf is 1 in f32.
  Value a = buildClamp(b, magnitude, 0.0, 4.0);
  Value logarithm = buildPolynomial(b, a,
                                    {0.00033269275445491076, 1.1271225214004517,
                                     0.6380935907363892, 0.1031479462981224,
                                     -0.02185630239546299, 0.002951874164864421,
                                     -0.00018677671323530376});
  Value e = buildExp(b, arith::NegFOp::create(b, logarithm));
  Value large = arith::SubFOp::create(b, splat(b, type, 1.0), e);
  large = math::CopySignOp::create(b, large, x);
  Value isSmall = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, magnitude,
                                        splat(b, type, 1.0));
  return arith::SelectOp::create(b, isSmall, small, large);
}

Value moec::buildExtendToF32(ImplicitLocOpBuilder &b, Value value) {
  Type element = getElementTypeOrSelf(value.getType());
  Type f32 = withElement(value.getType(), b.getF32Type());
  if (element.isF32())
    return value;
  if (element.isF16())
    return arith::ExtFOp::create(b, f32, value);
  // bf16 is the upper half of an f32.
  Type i32 = withElement(value.getType(), b.getI32Type());
  Value bits = arith::BitcastOp::create(
      b, withElement(value.getType(), b.getI16Type()), value);
  bits = arith::ExtUIOp::create(b, i32, bits);
  bits = arith::ShLIOp::create(b, bits, splatInt(b, i32, 16));
  return arith::BitcastOp::create(b, f32, bits);
}

Value moec::buildRoundFromF32(ImplicitLocOpBuilder &b, Value value,
                              Type element) {
  Type type = value.getType();
  if (element.isF32())
    return value;
  if (element.isF16())
    return arith::TruncFOp::create(b, withElement(type, element), value);
  // arith.truncf to bf16 would become a call into the compiler's library.
  Type i32 = withElement(type, b.getI32Type());
  Value bits = arith::BitcastOp::create(b, i32, value);
  Value odd = arith::ShRUIOp::create(b, bits, splatInt(b, i32, 16));
  odd = arith::AndIOp::create(b, odd, splatInt(b, i32, 1));
  Value bias = arith::AddIOp::create(b, odd, splatInt(b, i32, 0x7FFF));
  Value rounded = arith::AddIOp::create(b, bits, bias);
  // The sum could carry a NaN into infinity: give it a quiet bit instead.
  Value isNan =
      arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, value, value);
  Value quiet = arith::OrIOp::create(b, bits, splatInt(b, i32, 0x400000));
  rounded = arith::SelectOp::create(b, isNan, quiet, rounded);
  rounded = arith::ShRUIOp::create(b, rounded, splatInt(b, i32, 16));
  rounded =
      arith::TruncIOp::create(b, withElement(type, b.getI16Type()), rounded);
  return arith::BitcastOp::create(b, withElement(type, element), rounded);
}
