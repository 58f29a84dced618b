//===-- Math.cpp - elementwise operators ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scalar.h"

#include "moec/Conversion/OnnxToLinalg.h"

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace moec;

namespace {
/// One element of the result from one of each operand. `s` computes in the
/// first operand's type.
using ScalarBuilder = Value (*)(Scalar &s, Operation *op, ValueRange x);

struct Elementwise {
  StringRef name;
  ScalarBuilder build;
};
} // namespace

static Type getElement(Value value) {
  return getElementTypeOrSelf(value.getType());
}

/// Whether a divisor is a constant without a zero: nothing to check then.
static bool isNonZeroConstant(Value value) {
  DenseIntElementsAttr constant;
  return matchPattern(value, m_Constant(&constant)) &&
         llvm::none_of(constant.getValues<APInt>(),
                       [](const APInt &element) { return element.isZero(); });
}

static void recordDivision(Scalar &s, Operation *op, Value divisor) {
  if (isNonZeroConstant(op->getOperand(1)))
    return;
  Value isSound = s.invert(s.equal(divisor, s.constant(0)));
  rt::RecordOp::create(s.builder, s.loc, isSound, rt::Status::DivisionByZero,
                       "integer division by zero");
}

static Value buildDiv(Scalar &s, Operation *op, ValueRange x) {
  if (s.isFloat)
    return s.div(x[0], x[1]);
  recordDivision(s, op, x[1]);
  return s.divide(x[0], x[1]);
}

/// C's fmod by repeated subtraction of shifted divisors: every step is exact,
/// and no call of the C library is made.
static Value buildFmod(Scalar &s, Value a, Value b) {
  Value zero = s.constant(0), half = s.constant(0.5);
  Value magnitude = s.abs(a), divisor = s.abs(b);
  Value isFinite = s.less(magnitude, s.infinity(false));
  Value isSound = s.both(isFinite, s.less(zero, divisor));
  Value isEasy = s.equal(divisor, s.infinity(false));
  Value mustLoop = s.both(isSound, s.invert(isEasy));
  Value start = s.select(mustLoop, magnitude, zero);
  Value step = s.select(mustLoop, divisor, s.constant(1));

  Value bound = s.mul(start, half);
  auto widen = scf::WhileOp::create(
      s.builder, s.loc, TypeRange{s.type}, ValueRange{step},
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        scf::ConditionOp::create(builder, loc, s.lessOrEqual(args[0], bound),
                                 args);
      },
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        Value next = s.add(args[0], args[0]);
        scf::YieldOp::create(builder, loc, next);
      });
  auto reduce = scf::WhileOp::create(
      s.builder, s.loc, TypeRange{s.type, s.type},
      ValueRange{start, widen.getResult(0)},
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        scf::ConditionOp::create(builder, loc, s.lessOrEqual(step, args[1]),
                                 args);
      },
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        Value fits = s.lessOrEqual(args[1], args[0]);
        Value rest = s.select(fits, s.sub(args[0], args[1]), args[0]);
        Value next = s.mul(args[1], half);
        scf::YieldOp::create(builder, loc, ValueRange{rest, next});
      });
  Value result =
      math::CopySignOp::create(s.builder, s.loc, reduce.getResult(0), a);
  result = s.select(isEasy, a, result);
  Value isValid = s.both(isSound, s.invert(s.isNaN(a)));
  return s.select(isValid, result, s.constant(std::nan("")));
}

/// The remainder with the sign of the divisor, zeros included.
static Value buildFloorMod(Scalar &s, Value a, Value b) {
  Value remainder = buildFmod(s, a, b), zero = s.constant(0);
  Value isOther = arith::XOrIOp::create(
      s.builder, s.loc, s.less(remainder, zero), s.less(b, zero));
  Value moved = s.select(isOther, s.add(remainder, b), remainder);
  return s.select(s.equal(remainder, zero),
                  math::CopySignOp::create(s.builder, s.loc, zero, b), moved);
}

static Value buildMod(Scalar &s, Operation *op, ValueRange x) {
  if (s.isFloat)
    return cast<onnx::ModOp>(op).getFmod() ? buildFmod(s, x[0], x[1])
                                           : buildFloorMod(s, x[0], x[1]);
  recordDivision(s, op, x[1]);
  Value remainder = s.remainder(x[0], x[1]);
  if (s.isUnsigned || cast<onnx::ModOp>(op).getFmod())
    return remainder;
  // The sign of the divisor.
  Value zero = s.constant(0);
  Value differs = arith::XOrIOp::create(s.builder, s.loc, remainder, x[1]);
  Value mustMove =
      s.both(s.invert(s.equal(remainder, zero)), s.less(differs, zero));
  return s.select(mustMove, s.add(remainder, x[1]), remainder);
}

/// An integer to an integer power: squares and multiplies, wrapping.
static Value buildIntegerPow(Scalar &s, Value base, Value exponent,
                             bool isExponentUnsigned) {
  OpBuilder &builder = s.builder;
  auto exponentType = cast<IntegerType>(exponent.getType());
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIntOp::create(builder, s.loc, value,
                                        exponentType.getWidth());
  };
  Value zero = constant(0), one = constant(1);
  Value isNegative =
      isExponentUnsigned
          ? Value(arith::ConstantIntOp::create(builder, s.loc, 0, 1))
          : Value(arith::CmpIOp::create(
                builder, s.loc, arith::CmpIPredicate::slt, exponent, zero));
  Value start =
      arith::SelectOp::create(builder, s.loc, isNegative, zero, exponent);
  auto loop = scf::WhileOp::create(
      builder, s.loc, TypeRange{s.type, s.type, exponentType},
      ValueRange{s.constant(1), base, start},
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        Value more = arith::CmpIOp::create(
            builder, loc, arith::CmpIPredicate::ne, args[2], zero);
        scf::ConditionOp::create(builder, loc, more, args);
      },
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        Value bit =
            arith::TruncIOp::create(builder, loc, builder.getI1Type(), args[2]);
        Value result = s.select(bit, s.mul(args[0], args[1]), args[0]);
        Value square = s.mul(args[1], args[1]);
        Value rest = arith::ShRUIOp::create(builder, loc, args[2], one);
        scf::YieldOp::create(builder, loc, ValueRange{result, square, rest});
      });
  // 1 / base^n truncated: only of 1 and -1 is anything left.
  Value isOdd =
      arith::TruncIOp::create(builder, s.loc, builder.getI1Type(), exponent);
  Value unit = s.constant(1);
  Value reciprocal = s.select(s.equal(base, unit), unit, s.constant(0));
  if (!s.isUnsigned)
    reciprocal = s.select(s.equal(base, s.constant(-1)),
                          s.select(isOdd, s.constant(-1), unit), reciprocal);
  return s.select(isNegative, reciprocal, loop.getResult(0));
}

static Value buildPow(Scalar &s, Operation *op, ValueRange x) {
  Type baseType = getElement(op->getOperand(0));
  Type exponentType = getElement(op->getOperand(1));
  if (isa<IntegerType>(baseType) && isa<IntegerType>(exponentType))
    return buildIntegerPow(s, x[0], x[1], exponentType.isUnsignedInteger());
  // The exponents that models have.
  DenseElementsAttr constant;
  if (s.isFloat && matchPattern(op->getOperand(1), m_Constant(&constant)) &&
      constant.isSplat()) {
    double value = isa<FloatType>(exponentType)
                       ? constant.getSplatValue<APFloat>().convertToDouble()
                       : constant.getSplatValue<APInt>().roundToDouble(
                             !exponentType.isUnsignedInteger());
    if (value == 1)
      return x[0];
    if (value == 2)
      return s.mul(x[0], x[0]);
    if (value == 3)
      return s.mul(s.mul(x[0], x[0]), x[0]);
    if (value == -1)
      return s.div(s.constant(1), x[0]);
    if (value == 0.5) {
      // Unlike the root: +0 of -0, +inf of -inf.
      Value root = s.sqrt(s.add(x[0], s.constant(0)));
      return s.select(s.equal(x[0], s.infinity(true)), s.infinity(false), root);
    }
  }
  Type f64 = s.builder.getF64Type();
  Type common = x[0].getType();
  bool isMixed = x[0].getType() != x[1].getType();
  if (isMixed)
    common = f64;
  Value base = x[0], exponent = x[1];
  if (isMixed) {
    base = buildCast(s.builder, s.loc, base,
                     baseType.isF64()           ? baseType
                     : isa<FloatType>(baseType) ? s.type
                                                : baseType,
                     f64);
    exponent = buildCast(
        s.builder, s.loc, exponent,
        isa<FloatType>(exponentType) ? exponent.getType() : exponentType, f64);
  }
  Value power = math::PowFOp::create(s.builder, s.loc, common, base, exponent);
  if (power.getType() == s.type)
    return power;
  return buildCast(s.builder, s.loc, power, power.getType(),
                   isa<FloatType>(baseType) ? s.type : baseType);
}

static Value buildGelu(Scalar &s, Value x, bool byTanh) {
  Value one = s.constant(1), half = s.constant(0.5);
  Value inner;
  if (byTanh) {
    Value cube = s.mul(s.mul(x, x), x);
    Value sum = s.add(x, s.mul(s.constant(0.044715), cube));
    inner = math::TanhOp::create(s.builder, s.loc,
                                 s.mul(s.constant(std::sqrt(2 / M_PI)), sum));
  } else {
    inner = math::ErfOp::create(s.builder, s.loc,
                                s.mul(x, s.constant(std::sqrt(0.5))));
  }
  return s.mul(s.mul(half, x), s.add(one, inner));
}

/// x * sigmoid(alpha * x)
static Value buildSwish(Scalar &s, Value x, float alpha) {
  Value scaled = alpha == 1.0f ? x : s.mul(s.constant(alpha), x);
  return s.mul(x, s.sigmoid(scaled));
}

template <typename MathOp>
static Value buildMath(Scalar &s, Operation *, ValueRange x) {
  return MathOp::create(s.builder, s.loc, x[0]);
}

static Value buildErf(Scalar &s, Operation *op, ValueRange x) {
  if (s.isFloat)
    return math::ErfOp::create(s.builder, s.loc, x[0]);
  Type type = getElement(op->getOperand(0)), f64 = s.builder.getF64Type();
  Value wide = buildCast(s.builder, s.loc, x[0], type, f64);
  Value result = math::ErfOp::create(s.builder, s.loc, wide);
  return buildCast(s.builder, s.loc, result, f64, type);
}

static Value buildSoftplus(Scalar &s, Operation *, ValueRange x) {
  Value small = s.exp(s.neg(s.abs(x[0])));
  Value rest = math::Log1pOp::create(s.builder, s.loc, small);
  return s.add(s.max(x[0], s.constant(0)), rest);
}

static Value buildElu(Scalar &s, Operation *op, ValueRange x) {
  double alpha = cast<onnx::EluOp>(op).getAlpha().convertToFloat();
  Value below = math::ExpM1Op::create(s.builder, s.loc, x[0]);
  return s.select(s.less(s.constant(0), x[0]), x[0],
                  s.mul(s.constant(alpha), below));
}

static Value buildSign(Scalar &s, Operation *, ValueRange x) {
  Value zero = s.constant(0);
  Value result = s.select(s.less(zero, x[0]), s.constant(1), x[0]);
  if (s.isUnsigned)
    return result;
  return s.select(s.less(x[0], zero), s.constant(-1), result);
}

static Value buildClip(Scalar &s, Operation *op, ValueRange x) {
  auto clip = cast<onnx::ClipOp>(op);
  Value result = x[0];
  unsigned next = 1;
  // A bound that is not there is the last finite number, which infinity is
  // beyond.
  auto getLast = [&](bool isNegative) -> Value {
    auto type = dyn_cast<FloatType>(getElement(op->getOperand(0)));
    if (!type)
      return {};
    APFloat last = APFloat::getLargest(type.getFloatSemantics(), isNegative);
    return s.constant(last.convertToDouble());
  };
  if (Value low = clip.getMin() ? x[next++] : getLast(/*isNegative=*/true))
    result = s.max(result, low);
  if (Value high = clip.getMax() ? x[next] : getLast(/*isNegative=*/false))
    result = s.min(result, high);
  return result;
}

static Value buildHardSigmoid(Scalar &s, Operation *op, ValueRange x) {
  auto node = cast<onnx::HardSigmoidOp>(op);
  Value line = s.add(s.mul(s.constant(node.getAlpha().convertToFloat()), x[0]),
                     s.constant(node.getBeta().convertToFloat()));
  return s.max(s.constant(0), s.min(s.constant(1), line));
}

static Value buildIsInf(Scalar &s, Operation *op, ValueRange x) {
  auto node = cast<onnx::IsInfOp>(op);
  Value result = arith::ConstantIntOp::create(s.builder, s.loc, 0, 1);
  if (node.getDetectPositive())
    result = s.either(result, s.equal(x[0], s.infinity(false)));
  if (node.getDetectNegative())
    result = s.either(result, s.equal(x[0], s.infinity(true)));
  return result;
}

static Value buildCastTo(Scalar &s, Operation *op, ValueRange x) {
  Type from = getElement(op->getOperand(0));
  Type to = getElement(op->getResult(0));
  // f16 and bf16 arrive extended.
  return buildCast(s.builder, s.loc, x[0], isa<FloatType>(from) ? s.type : from,
                   to);
}

/// Every elementwise operator. Operands not used are those the builder of the
/// shared name needs no more of.
static ArrayRef<Elementwise> getElementwise() {
#define MOEC_OP(NAME, EXPR)                                                    \
  {                                                                            \
    onnx::NAME##Op::getOperationName(),                                        \
        [](Scalar &s, [[maybe_unused]] Operation *op, ValueRange x) -> Value { \
          return EXPR;                                                         \
        }                                                                      \
  }
#define MOEC_ATTR(NAME, ATTR) cast<onnx::NAME##Op>(op).get##ATTR()
  static const Elementwise table[] = {
      MOEC_OP(Add, s.add(x[0], x[1])),
      MOEC_OP(Sub, s.sub(x[0], x[1])),
      MOEC_OP(Mul, s.mul(x[0], x[1])),
      {onnx::DivOp::getOperationName(), buildDiv},
      {onnx::ModOp::getOperationName(), buildMod},
      {onnx::PowOp::getOperationName(), buildPow},
      MOEC_OP(Neg, s.neg(x[0])),
      MOEC_OP(Abs, s.abs(x[0])),
      {onnx::SignOp::getOperationName(), buildSign},
      MOEC_OP(Sqrt, s.sqrt(x[0])),
      MOEC_OP(Reciprocal, s.div(s.constant(1), x[0])),
      MOEC_OP(Exp, s.exp(x[0])),
      MOEC_OP(Log, s.log(x[0])),
      {onnx::ErfOp::getOperationName(), buildErf},
      {onnx::TanhOp::getOperationName(), buildMath<math::TanhOp>},
      {onnx::SinOp::getOperationName(), buildMath<math::SinOp>},
      {onnx::CosOp::getOperationName(), buildMath<math::CosOp>},
      {onnx::FloorOp::getOperationName(), buildMath<math::FloorOp>},
      {onnx::CeilOp::getOperationName(), buildMath<math::CeilOp>},
      {onnx::RoundOp::getOperationName(), buildMath<math::RoundEvenOp>},
      MOEC_OP(Sigmoid, s.sigmoid(x[0])),
      {onnx::SoftplusOp::getOperationName(), buildSoftplus},
      MOEC_OP(Relu, s.max(x[0], s.constant(0))),
      {onnx::EluOp::getOperationName(), buildElu},
      MOEC_OP(LeakyRelu,
              s.select(s.less(x[0], s.constant(0)),
                       s.mul(s.constant(
                                 MOEC_ATTR(LeakyRelu, Alpha).convertToFloat()),
                             x[0]),
                       x[0])),
      {onnx::HardSigmoidOp::getOperationName(), buildHardSigmoid},
      MOEC_OP(Swish,
              buildSwish(s, x[0], MOEC_ATTR(Swish, Alpha).convertToFloat())),
      MOEC_OP(
          QuickGelu,
          buildSwish(s, x[0], MOEC_ATTR(QuickGelu, Alpha).convertToFloat())),
      MOEC_OP(Gelu, buildGelu(s, x[0], MOEC_ATTR(Gelu, Approximate) == "tanh")),
      MOEC_OP(BiasGelu, buildGelu(s, s.add(x[0], x[1]), false)),
      MOEC_OP(FastGelu,
              buildGelu(s, x.size() > 2 ? s.add(x[0], x[1]) : x[0], true)),
      {onnx::ClipOp::getOperationName(), buildClip},
      MOEC_OP(Where, s.select(x[0], x[1], x[2])),
      MOEC_OP(Equal, s.equal(x[0], x[1])),
      MOEC_OP(Less, s.less(x[0], x[1])),
      MOEC_OP(LessOrEqual, s.lessOrEqual(x[0], x[1])),
      MOEC_OP(Greater, s.less(x[1], x[0])),
      MOEC_OP(GreaterOrEqual, s.lessOrEqual(x[1], x[0])),
      MOEC_OP(And, s.both(x[0], x[1])),
      MOEC_OP(Or, s.either(x[0], x[1])),
      MOEC_OP(Xor, arith::XOrIOp::create(s.builder, s.loc, x[0], x[1])),
      MOEC_OP(Not, s.invert(x[0])),
      MOEC_OP(IsNaN, s.isNaN(x[0])),
      {onnx::IsInfOp::getOperationName(), buildIsInf},
      {onnx::CastOp::getOperationName(), buildCastTo},
      {onnx::CastLikeOp::getOperationName(), buildCastTo},
      MOEC_OP(Identity, x[0]),
      {onnx::MinOp::getOperationName(),
       [](Scalar &s, Operation *op, ValueRange x) {
         Value result = x[0];
         for (Value next : x.drop_front().take_front(op->getNumOperands() - 1))
           result = s.min(result, next);
         return result;
       }},
      {onnx::MaxOp::getOperationName(),
       [](Scalar &s, Operation *op, ValueRange x) {
         Value result = x[0];
         for (Value next : x.drop_front().take_front(op->getNumOperands() - 1))
           result = s.max(result, next);
         return result;
       }},
  };
#undef MOEC_OP
#undef MOEC_ATTR
  return table;
}

namespace {
/// An elementwise op as one linalg.generic.
struct ElementwiseLowering : ConversionPattern {
  ElementwiseLowering(TypeConverter &converter, MLIRContext *context,
                      const Elementwise &entry)
      : ConversionPattern(converter, entry.name, /*benefit=*/1, context),
        build(entry.build) {}

  LogicalResult
  matchAndRewrite(Operation *op, ArrayRef<Value> operands,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> empty = buildEmptyResult(rewriter, op->getResult(0));
    if (failed(empty))
      return failure();
    // Only the type of CastLike's second operand matters.
    if (isa<onnx::CastLikeOp>(op))
      operands = operands.take_front();
    auto resultType = cast<RankedTensorType>((*empty).getType());
    SmallVector<AffineMap> maps;
    for (Value operand : operands)
      maps.push_back(getBroadcastMap(cast<RankedTensorType>(operand.getType()),
                                     resultType));
    maps.push_back(rewriter.getMultiDimIdentityMap(resultType.getRank()));
    Type element = getElement(op->getOperand(0));
    rewriter.replaceOp(
        op, buildGeneric(rewriter, op->getLoc(), operands, *empty, maps,
                         [&](OpBuilder &builder, Location loc, ValueRange x) {
                           Scalar s(builder, loc, element);
                           return build(s, op, x);
                         }));
    return success();
  }

private:
  ScalarBuilder build;
};
} // namespace

void moec::populateOnnxMathPatterns(RewritePatternSet &patterns,
                                    TypeConverter &converter) {
  for (const Elementwise &entry : getElementwise())
    patterns.add<ElementwiseLowering>(converter, patterns.getContext(), entry);
}
