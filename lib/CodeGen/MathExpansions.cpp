//===-- MathExpansions.cpp - functions of doubles as polynomials ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MathExpansions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace moec;

namespace {
/// Arithmetic on f64, of a scalar or of each element of a vector.
struct Double {
  Double(OpBuilder &builder, Location loc, Type like)
      : builder(builder), loc(loc) {
    type = builder.getF64Type();
    integer = builder.getI64Type();
    if (auto vector = dyn_cast<VectorType>(like)) {
      type = vector.clone(type);
      integer = vector.clone(integer);
    }
  }

  OpBuilder &builder;
  Location loc;
  Type type, integer;

  Value constant(double value) {
    TypedAttr attr = builder.getF64FloatAttr(value);
    if (auto vector = dyn_cast<VectorType>(type))
      attr = DenseElementsAttr::get(vector, attr);
    return arith::ConstantOp::create(builder, loc, attr);
  }
  Value constantInt(int64_t value) {
    TypedAttr attr = builder.getI64IntegerAttr(value);
    if (auto vector = dyn_cast<VectorType>(integer))
      attr = DenseElementsAttr::get(vector, attr);
    return arith::ConstantOp::create(builder, loc, attr);
  }
  Value infinity() { return constant(std::numeric_limits<double>::infinity()); }
  Value nan() { return constant(std::numeric_limits<double>::quiet_NaN()); }

  Value add(Value a, Value b) {
    return arith::AddFOp::create(builder, loc, a, b);
  }
  Value sub(Value a, Value b) {
    return arith::SubFOp::create(builder, loc, a, b);
  }
  Value mul(Value a, Value b) {
    return arith::MulFOp::create(builder, loc, a, b);
  }
  Value div(Value a, Value b) {
    return arith::DivFOp::create(builder, loc, a, b);
  }
  Value fma(Value a, Value b, Value c) {
    return math::FmaOp::create(builder, loc, a, b, c);
  }
  Value neg(Value a) { return arith::NegFOp::create(builder, loc, a); }
  Value abs(Value a) { return math::AbsFOp::create(builder, loc, a); }
  Value round(Value a) { return math::RoundEvenOp::create(builder, loc, a); }
  Value copySign(Value a, Value sign) {
    return math::CopySignOp::create(builder, loc, a, sign);
  }
  Value select(Value condition, Value a, Value b) {
    return arith::SelectOp::create(builder, loc, condition, a, b);
  }
  Value compare(arith::CmpFPredicate predicate, Value a, Value b) {
    return arith::CmpFOp::create(builder, loc, predicate, a, b);
  }
  Value less(Value a, Value b) {
    return compare(arith::CmpFPredicate::OLT, a, b);
  }
  Value equal(Value a, Value b) {
    return compare(arith::CmpFPredicate::OEQ, a, b);
  }
  Value isNaN(Value a) { return compare(arith::CmpFPredicate::UNO, a, a); }
  Value both(Value a, Value b) {
    return arith::AndIOp::create(builder, loc, a, b);
  }
  Value either(Value a, Value b) {
    return arith::OrIOp::create(builder, loc, a, b);
  }

  Value bits(Value a) {
    return arith::BitcastOp::create(builder, loc, integer, a);
  }
  Value fromBits(Value a) {
    return arith::BitcastOp::create(builder, loc, type, a);
  }
  Value toInt(Value a) {
    return arith::FPToSIOp::create(builder, loc, integer, a);
  }
  Value toDouble(Value a) {
    return arith::SIToFPOp::create(builder, loc, type, a);
  }
  Value addInt(Value a, Value b) {
    return arith::AddIOp::create(builder, loc, a, b);
  }
  Value andInt(Value a, int64_t mask) {
    return arith::AndIOp::create(builder, loc, a, constantInt(mask));
  }
  Value isBit(Value a, int64_t mask) {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne,
                                 andInt(a, mask), constantInt(0));
  }

  /// The polynomial with these coefficients, the constant one first.
  Value horner(Value x, ArrayRef<double> coefficients) {
    Value result = constant(coefficients.back());
    for (double coefficient : llvm::reverse(coefficients.drop_back()))
      result = fma(result, x, constant(coefficient));
    return result;
  }

  Value exp(Value x);
  Value expm1(Value x);
  Value log(Value x);
  Value log1p(Value x);
  Value tanh(Value x);
  Value erf(Value x);
  Value sinCos(Value x, bool isCos);
  Value pow(Value x, Value y);
};
} // namespace

/// ln 2 in two parts; the first has trailing zeros, so that products with
/// exponents are exact.
static constexpr double kLn2High = 0x1.62e42fefa3800p-1;
static constexpr double kLn2Low = 0x1.ef35793c76730p-45;

/// 1/0!, 1/1!, ...
static SmallVector<double> getInverseFactorials(unsigned first, unsigned last,
                                                unsigned step,
                                                bool alternates) {
  SmallVector<double> result;
  double factorial = 1, sign = 1;
  for (unsigned n = 1; n <= first; ++n)
    factorial *= n;
  for (unsigned n = first;;) {
    result.push_back(sign / factorial);
    if (n + step > last)
      return result;
    for (unsigned i = 0; i < step; ++i)
      factorial *= ++n;
    sign = alternates ? -sign : sign;
  }
}

Value Double::exp(Value x) {
  // Beyond these bounds the result is infinity or zero.
  Value isNaNValue = isNaN(x);
  Value bounded = select(less(x, constant(-750)), constant(-750), x);
  bounded = select(less(constant(720), x), constant(720), bounded);
  bounded = select(isNaNValue, constant(0), bounded);
  Value n = round(mul(bounded, constant(1.4426950408889634)));
  Value r = fma(n, constant(-kLn2High), bounded);
  r = fma(n, constant(-kLn2Low), r);
  Value power = horner(r, getInverseFactorials(0, 13, 1, false));
  // 2^n as a product of two: n may leave the range of exponents.
  Value exponent = toInt(n);
  Value one = constantInt(1);
  Value half = arith::ShRSIOp::create(builder, loc, exponent, one);
  Value rest = arith::SubIOp::create(builder, loc, exponent, half);
  auto scale = [&](Value e) {
    Value biased = addInt(e, constantInt(1023));
    return fromBits(
        arith::ShLIOp::create(builder, loc, biased, constantInt(52)));
  };
  Value result = mul(mul(power, scale(half)), scale(rest));
  return select(isNaNValue, x, result);
}

Value Double::expm1(Value x) {
  // The series where the difference would cancel.
  Value series = mul(x, horner(x, getInverseFactorials(1, 16, 1, false)));
  return select(less(abs(x), constant(0.5)), series, sub(exp(x), constant(1)));
}

Value Double::log(Value x) {
  Value isSmall = less(x, constant(0x1p-1022));
  Value scaled = select(isSmall, mul(x, constant(0x1p54)), x);
  Value raw = bits(scaled);
  // The exponent that leaves a mantissa in [sqrt(1/2), sqrt(2)).
  constexpr int64_t kRootBits = 0x3fe6a09e667f3bcd;
  Value shifted =
      arith::SubIOp::create(builder, loc, raw, constantInt(kRootBits));
  Value exponent =
      arith::ShRSIOp::create(builder, loc, shifted, constantInt(52));
  Value mantissaBits = arith::SubIOp::create(
      builder, loc, raw,
      arith::ShLIOp::create(builder, loc, exponent, constantInt(52)));
  Value m = fromBits(mantissaBits);
  Value e = sub(toDouble(exponent), select(isSmall, constant(54), constant(0)));
  // 2 atanh(s), s = (m - 1) / (m + 1), written as f - s * (f - 2 * tail) so
  // that the rounding of s does not count.
  Value f = sub(m, constant(1));
  Value s = div(f, add(m, constant(1)));
  Value z = mul(s, s);
  SmallVector<double> coefficients;
  for (unsigned n = 3; n <= 23; n += 2)
    coefficients.push_back(2.0 / n);
  Value tail = mul(z, horner(z, coefficients));
  Value inner = sub(mul(s, sub(f, tail)), mul(e, constant(kLn2Low)));
  Value result = add(mul(e, constant(kLn2High)), sub(f, inner));
  result = select(equal(x, constant(0)), neg(infinity()), result);
  result = select(less(x, constant(0)), nan(), result);
  Value isSpecial = either(isNaN(x), equal(x, infinity()));
  return select(isSpecial, x, result);
}

Value Double::log1p(Value x) {
  // log(u) * x / (u - 1) makes good what was lost in u = 1 + x.
  Value one = constant(1);
  Value u = add(one, x);
  Value rest = sub(u, one);
  Value isExact = either(equal(rest, constant(0)), equal(u, infinity()));
  Value corrected = mul(log(u), div(x, select(isExact, one, rest)));
  corrected = select(equal(rest, constant(0)), x, corrected);
  Value isEnd = either(equal(u, infinity()), equal(u, constant(0)));
  return select(isEnd, log(u), corrected);
}

Value Double::tanh(Value x) {
  Value magnitude = abs(x);
  Value bounded =
      select(less(constant(22), magnitude), constant(22), magnitude);
  Value e = expm1(mul(constant(2), bounded));
  return copySign(div(e, add(e, constant(2))), x);
}

Value Double::erf(Value x) {
  // Below 3: 2/sqrt(pi) x exp(-x^2) sum of (2x^2)^n / (1 3 5 ... (2n+1)), all
  // terms of one sign. Above: 1 - erfc by its continued fraction.
  Value magnitude = abs(x);
  Value bounded = select(less(constant(7), magnitude), constant(7), magnitude);
  Value square = mul(bounded, bounded);
  SmallVector<double> coefficients;
  double product = 1;
  for (unsigned n = 0; n <= 60; ++n) {
    if (n != 0)
      product *= 2.0 / (2 * n + 1);
    coefficients.push_back(product);
  }
  Value decay = exp(neg(square));
  Value series = mul(mul(mul(constant(1.1283791670955126), bounded), decay),
                     horner(square, coefficients));
  Value fraction = bounded;
  for (unsigned n = 40; n >= 1; --n)
    fraction = add(bounded, div(constant(n * 0.5), fraction));
  Value complement = div(mul(decay, constant(0.5641895835477563)), fraction);
  Value large = sub(constant(1), complement);
  Value result = select(less(magnitude, constant(3)), series, large);
  return select(isNaN(x), x, copySign(result, x));
}

Value Double::sinCos(Value x, bool isCos) {
  Value isBad = compare(arith::CmpFPredicate::UNO, sub(x, x), x);
  Value safe = select(isBad, constant(0), x);
  // The integer below must not overflow; the quadrant is lost there anyway.
  safe = select(less(constant(0x1p50), abs(safe)), constant(0), safe);
  Value n = round(mul(safe, constant(0.63661977236758134)));
  // pi/2 in three parts.
  Value r = fma(n, constant(-0x1.921fb54442d18p+0), safe);
  r = fma(n, constant(-0x1.1a62633145c07p-54), r);
  r = fma(n, constant(0x1.f1976b7ed8fbcp-110), r);
  Value z = mul(r, r);
  Value tail = horner(z, getInverseFactorials(3, 19, 2, true));
  Value sine = fma(mul(r, z), neg(tail), r);
  Value cosine = horner(z, getInverseFactorials(0, 18, 2, true));
  Value quadrant = toInt(n);
  if (isCos)
    quadrant = addInt(quadrant, constantInt(1));
  Value result = select(isBit(quadrant, 1), cosine, sine);
  result = select(isBit(quadrant, 2), neg(result), result);
  return select(isBad, nan(), result);
}

Value Double::pow(Value x, Value y) {
  Value zero = constant(0), one = constant(1), infinite = infinity();
  Value result = exp(mul(y, log(abs(x))));
  // Small whole exponents by squaring: exact where the power is a double, as
  // those who truncate it to an integer expect.
  Value count = abs(y);
  Value isSmallWhole =
      both(less(count, constant(64)), equal(round(count), count));
  Value bitsOfCount = toInt(select(isSmallWhole, count, zero));
  Value product = one, square = abs(x);
  for (unsigned bit = 0; bit < 6; ++bit) {
    product = select(isBit(bitsOfCount, int64_t(1) << bit),
                     mul(product, square), product);
    square = mul(square, square);
  }
  product = select(less(y, zero), div(one, product), product);
  result = select(isSmallWhole, product, result);
  // Every double from 2^53 on is an even integer.
  Value magnitude = abs(y);
  Value isHuge =
      compare(arith::CmpFPredicate::OGE, magnitude, constant(0x1p53));
  Value smallY = select(either(isHuge, isNaN(y)), zero, y);
  Value whole = round(smallY);
  Value isInteger = either(isHuge, equal(whole, y));
  Value isOdd = both(isBit(toInt(whole), 1), equal(whole, y));
  Value isNegative = less(x, zero);
  // Signed zeros count: (-0)^odd is signed.
  Value hasSign = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                        bits(x), constantInt(0));
  result =
      select(both(isNegative, isInteger), result,
             select(both(isNegative, less(neg(infinite), x)), nan(), result));
  result = select(both(hasSign, isOdd), neg(result), result);
  // An infinite exponent of a base of magnitude one, where log is zero.
  Value isUnit = equal(abs(x), one);
  result = select(both(isUnit, equal(magnitude, infinite)), one, result);
  Value isNaNResult = either(isNaN(x), isNaN(y));
  result = select(isNaNResult, nan(), result);
  return select(either(equal(y, zero), equal(x, one)), one, result);
}

namespace {
using Build = Value (*)(Double &d, ValueRange x);

template <typename OpTy> struct Expansion : OpRewritePattern<OpTy> {
  Expansion(MLIRContext *context, Build build, bool isForFloat)
      : OpRewritePattern<OpTy>(context, /*benefit=*/2), build(build),
        isForFloat(isForFloat) {}

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType(), element = getElementTypeOrSelf(type);
    if (!element.isF64() && !(isForFloat && element.isF32()))
      return failure();
    if (auto vector = dyn_cast<VectorType>(type); vector && vector.isScalable())
      return failure();
    Location loc = op.getLoc();
    Double d(rewriter, loc, type);
    SmallVector<Value> x(op->getOperands());
    if (element.isF32())
      for (Value &value : x)
        value = arith::ExtFOp::create(rewriter, loc, d.type, value);
    Value result = build(d, x);
    if (element.isF32())
      result = arith::TruncFOp::create(rewriter, loc, type, result);
    rewriter.replaceOp(op, result);
    return success();
  }

private:
  Build build;
  bool isForFloat;
};
} // namespace

void moec::populateMathExpansions(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<Expansion<math::ExpOp>>(
      context, [](Double &d, ValueRange x) { return d.exp(x[0]); }, false);
  patterns.add<Expansion<math::ExpM1Op>>(
      context, [](Double &d, ValueRange x) { return d.expm1(x[0]); }, false);
  patterns.add<Expansion<math::LogOp>>(
      context, [](Double &d, ValueRange x) { return d.log(x[0]); }, true);
  patterns.add<Expansion<math::Log1pOp>>(
      context, [](Double &d, ValueRange x) { return d.log1p(x[0]); }, true);
  patterns.add<Expansion<math::TanhOp>>(
      context, [](Double &d, ValueRange x) { return d.tanh(x[0]); }, false);
  patterns.add<Expansion<math::ErfOp>>(
      context, [](Double &d, ValueRange x) { return d.erf(x[0]); }, false);
  patterns.add<Expansion<math::SinOp>>(
      context, [](Double &d, ValueRange x) { return d.sinCos(x[0], false); },
      true);
  patterns.add<Expansion<math::CosOp>>(
      context, [](Double &d, ValueRange x) { return d.sinCos(x[0], true); },
      true);
  patterns.add<Expansion<math::PowFOp>>(
      context, [](Double &d, ValueRange x) { return d.pow(x[0], x[1]); }, true);
}
