//===-- MathShapes.cpp - shapes of elementwise operators ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Elements.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace moec::onnx;

static Type getElement(Value value) {
  return getElementTypeOrSelf(value.getType());
}

/// All operands broadcast against each other.
static LogicalResult inferBroadcast(ShapeContext &context, Operation *op,
                                    Type elementType) {
  if (op->getNumOperands() == 0)
    return op->emitOpError("has no operand, expected at least one");
  Extents extents = context.getExtents(op->getOperand(0));
  for (Value operand : op->getOperands().drop_front()) {
    FailureOr<Extents> both =
        context.broadcast(op, extents, context.getExtents(operand));
    if (failed(both))
      return failure();
    extents = *both;
  }
  context.setResult(op->getResult(0), elementType, extents);
  return success();
}

/// Arithmetic: one element type for all.
static LogicalResult inferArithmetic(ShapeContext &context, Operation *op) {
  if (failed(requireSameElementType(op)))
    return failure();
  if (op->getNumOperands() == 0)
    return op->emitOpError("has no operand, expected at least one");
  return inferBroadcast(context, op, getElement(op->getOperand(0)));
}

static LogicalResult inferTruth(ShapeContext &context, Operation *op) {
  if (failed(requireSameElementType(op)))
    return failure();
  return inferBroadcast(context, op, IntegerType::get(op->getContext(), 1));
}

/// Whether a constant of the expression is no extent: arithmetic on it may
/// wrap.
static bool hasLargeConstant(AffineExpr expr) {
  bool isLarge = false;
  expr.walk([&](AffineExpr part) {
    std::optional<int64_t> value = getConstant(part);
    isLarge |= value && (*value > kMaxExtent || *value < -kMaxExtent);
  });
  return isLarge;
}

/// The order of two expressions, below zero where the first is less, where it
/// is the same for all values of the symbols.
static std::optional<int64_t> getOrder(ShapeContext &context, AffineExpr a,
                                       AffineExpr b) {
  std::optional<int64_t> x = getConstant(a), y = getConstant(b);
  if (x && y)
    return (*x > *y) - (*x < *y);
  if (hasLargeConstant(a) || hasLargeConstant(b))
    return std::nullopt;
  return getConstant(simplifyAffineExpr(a - b, 0, context.getNumSymbols()));
}

/// One arithmetic op of two expressions, null where an overflow of constants
/// would have to wrap.
template <typename CheckedT, typename BuildT>
static AffineExpr buildChecked(AffineExpr a, AffineExpr b, CheckedT overflows,
                               BuildT build) {
  int64_t ignored;
  std::optional<int64_t> x = getConstant(a), y = getConstant(b);
  if (x && y && overflows(*x, *y, ignored))
    return {};
  return build(a, b);
}

LogicalResult AddOp::inferShapes(ShapeContext &context) {
  if (failed(inferArithmetic(context, *this)))
    return failure();
  propagateElements(context, *this, [](ArrayRef<AffineExpr> x) {
    return buildChecked(x[0], x[1], llvm::AddOverflow<int64_t>,
                        [](AffineExpr a, AffineExpr b) { return a + b; });
  });
  return success();
}

LogicalResult SubOp::inferShapes(ShapeContext &context) {
  if (failed(inferArithmetic(context, *this)))
    return failure();
  // An unsigned difference would wrap below zero.
  if (getElement(getA()).isUnsignedInteger())
    return success();
  propagateElements(context, *this, [](ArrayRef<AffineExpr> x) {
    return buildChecked(x[0], x[1], llvm::SubOverflow<int64_t>,
                        [](AffineExpr a, AffineExpr b) { return a - b; });
  });
  return success();
}

LogicalResult MulOp::inferShapes(ShapeContext &context) {
  if (failed(inferArithmetic(context, *this)))
    return failure();
  propagateElements(context, *this, [](ArrayRef<AffineExpr> x) {
    return buildChecked(x[0], x[1], llvm::MulOverflow<int64_t>,
                        [](AffineExpr a, AffineExpr b) { return a * b; });
  });
  return success();
}

LogicalResult DivOp::inferShapes(ShapeContext &context) {
  if (failed(inferArithmetic(context, *this)))
    return failure();
  bool isUnsigned = getElement(getA()).isUnsignedInteger();
  propagateElements(context, *this, [&](ArrayRef<AffineExpr> x) -> AffineExpr {
    std::optional<int64_t> divisor = getConstant(x[1]);
    if (!divisor || *divisor == 0)
      return {};
    if (std::optional<int64_t> value = getConstant(x[0])) {
      if (*divisor == -1 || (isUnsigned && (*value < 0 || *divisor < 0)))
        return {};
      return context.getConstant(*value / *divisor);
    }
    if (*divisor < 0 || !isNonNegative(x[0]))
      return {};
    return x[0].floorDiv(*divisor);
  });
  return success();
}

LogicalResult ModOp::inferShapes(ShapeContext &context) {
  if (failed(inferArithmetic(context, *this)))
    return failure();
  propagateElements(context, *this, [&](ArrayRef<AffineExpr> x) -> AffineExpr {
    std::optional<int64_t> divisor = getConstant(x[1]);
    if (!divisor || *divisor <= 0 || (getFmod() && !isNonNegative(x[0])))
      return {};
    return x[0] % *divisor;
  });
  return success();
}

LogicalResult PowOp::inferShapes(ShapeContext &context) {
  return inferBroadcast(context, *this, getElement(getX()));
}

LogicalResult MinOp::inferShapes(ShapeContext &context) {
  if (failed(inferArithmetic(context, *this)))
    return failure();
  propagateElements(context, *this, [&](ArrayRef<AffineExpr> x) {
    AffineExpr least = x[0];
    for (AffineExpr expr : x.drop_front())
      if (std::optional<int64_t> by =
              least ? getOrder(context, least, expr) : std::nullopt)
        least = *by <= 0 ? least : expr;
      else
        least = {};
    return least;
  });
  return success();
}

LogicalResult MaxOp::inferShapes(ShapeContext &context) {
  if (failed(inferArithmetic(context, *this)))
    return failure();
  propagateElements(context, *this, [&](ArrayRef<AffineExpr> x) {
    AffineExpr greatest = x[0];
    for (AffineExpr expr : x.drop_front()) {
      if (!greatest)
        break;
      std::optional<int64_t> by = getOrder(context, greatest, expr);
      if (by)
        greatest = *by >= 0 ? greatest : expr;
      else if (isNonNegative(greatest) && !isNonNegative(expr) &&
               getConstant(expr))
        continue;
      else if (isNonNegative(expr) && !isNonNegative(greatest) &&
               getConstant(greatest))
        greatest = expr;
      else
        greatest = {};
    }
    return greatest;
  });
  return success();
}

LogicalResult EqualOp::inferShapes(ShapeContext &context) {
  if (failed(inferTruth(context, *this)))
    return failure();
  auto isNegative = [](AffineExpr expr) {
    std::optional<int64_t> value = getConstant(expr);
    return value && *value < 0;
  };
  propagateElements(context, *this, [&](ArrayRef<AffineExpr> x) -> AffineExpr {
    if (std::optional<int64_t> by = getOrder(context, x[0], x[1]))
      return context.getConstant(*by == 0);
    // As exporters ask of shapes: is it -1?
    if ((isNonNegative(x[0]) && isNegative(x[1])) ||
        (isNonNegative(x[1]) && isNegative(x[0])))
      return context.getConstant(0);
    return {};
  });
  return success();
}

template <typename CompareT>
static LogicalResult inferCompare(ShapeContext &context, Operation *op,
                                  CompareT compare) {
  if (failed(inferTruth(context, op)))
    return failure();
  propagateElements(context, op, [&](ArrayRef<AffineExpr> x) -> AffineExpr {
    std::optional<int64_t> by = getOrder(context, x[0], x[1]);
    return by ? context.getConstant(compare(*by, int64_t(0))) : AffineExpr();
  });
  return success();
}

LogicalResult LessOp::inferShapes(ShapeContext &context) {
  return inferCompare(context, *this, std::less<int64_t>());
}
LogicalResult LessOrEqualOp::inferShapes(ShapeContext &context) {
  return inferCompare(context, *this, std::less_equal<int64_t>());
}
LogicalResult GreaterOp::inferShapes(ShapeContext &context) {
  return inferCompare(context, *this, std::greater<int64_t>());
}
LogicalResult GreaterOrEqualOp::inferShapes(ShapeContext &context) {
  return inferCompare(context, *this, std::greater_equal<int64_t>());
}

/// Logic of constants.
template <typename LogicT>
static LogicalResult inferLogic(ShapeContext &context, Operation *op,
                                LogicT logic) {
  if (failed(inferTruth(context, op)))
    return failure();
  propagateElements(context, op, [&](ArrayRef<AffineExpr> x) -> AffineExpr {
    SmallVector<int64_t, 2> values;
    for (AffineExpr expr : x) {
      std::optional<int64_t> value = getConstant(expr);
      if (!value)
        return {};
      values.push_back(*value);
    }
    return context.getConstant(logic(values) & 1);
  });
  return success();
}

LogicalResult AndOp::inferShapes(ShapeContext &context) {
  return inferLogic(context, *this,
                    [](ArrayRef<int64_t> x) { return x[0] & x[1]; });
}
LogicalResult OrOp::inferShapes(ShapeContext &context) {
  return inferLogic(context, *this,
                    [](ArrayRef<int64_t> x) { return x[0] | x[1]; });
}
LogicalResult XorOp::inferShapes(ShapeContext &context) {
  return inferLogic(context, *this,
                    [](ArrayRef<int64_t> x) { return x[0] ^ x[1]; });
}
LogicalResult NotOp::inferShapes(ShapeContext &context) {
  return inferLogic(context, *this, [](ArrayRef<int64_t> x) { return ~x[0]; });
}

LogicalResult WhereOp::inferShapes(ShapeContext &context) {
  if (failed(requireSameElementType(*this, 1)) ||
      failed(inferBroadcast(context, *this, getElement(getX()))))
    return failure();
  // One branch may be unknown where the condition is not.
  propagateElements(context, *this, [](ArrayRef<AffineExpr> x) -> AffineExpr {
    if (std::optional<int64_t> condition = getConstant(x[0]))
      return *condition ? x[1] : x[2];
    return x[1] == x[2] ? x[1] : AffineExpr();
  });
  return success();
}

LogicalResult ClipOp::inferShapes(ShapeContext &context) {
  if (failed(requireSameElementType(*this)))
    return failure();
  for (Value bound : {getMin(), getMax()})
    if (bound)
      for (AffineExpr extent : context.getExtents(bound))
        if (failed(context.requireEqual(*this, extent, context.getConstant(1),
                                        "a bound must be one number")))
          return failure();
  context.setResult(getOperation()->getResult(0), getElement(getInput()),
                    context.getExtents(getInput()));
  return success();
}

static LogicalResult inferCast(ShapeContext &context, Operation *op,
                               Type elementType) {
  context.setResult(op->getResult(0), elementType,
                    context.getExtents(op->getOperand(0)));
  if (op->getNumOperands() != 1)
    return success();
  if (!isa<IntegerType>(getElement(op->getOperand(0))))
    return success();
  propagateElements(context, op, [&](ArrayRef<AffineExpr> x) -> AffineExpr {
    if (elementType.isInteger(1)) {
      std::optional<int64_t> value = getConstant(x[0]);
      return value ? context.getConstant(*value != 0) : AffineExpr();
    }
    if (elementType.isUnsignedInteger() && !isNonNegative(x[0]))
      return {};
    return x[0];
  });
  return success();
}

LogicalResult CastOp::inferShapes(ShapeContext &context) {
  return inferCast(context, *this, getTo());
}

/// To the type that it has already.
OpFoldResult CastOp::fold(FoldAdaptor) {
  if (getInput().getType() == getOutput().getType())
    return getInput();
  return {};
}

LogicalResult CastLikeOp::inferShapes(ShapeContext &context) {
  return inferCast(context, *this, getElement(getTargetType()));
}

/// One operand, same type and extents.
static LogicalResult inferUnary(ShapeContext &context, Operation *op) {
  context.setResult(op->getResult(0), getElement(op->getOperand(0)),
                    context.getExtents(op->getOperand(0)));
  return success();
}

LogicalResult IdentityOp::inferShapes(ShapeContext &context) {
  (void)inferUnary(context, *this);
  propagateElements(context, *this,
                    [](ArrayRef<AffineExpr> x) { return x[0]; });
  return success();
}

OpFoldResult IdentityOp::fold(FoldAdaptor) {
  if (getX().getType() == getY().getType())
    return getX();
  return {};
}

LogicalResult NegOp::inferShapes(ShapeContext &context) {
  (void)inferUnary(context, *this);
  propagateElements(context, *this, [](ArrayRef<AffineExpr> x) {
    return getConstant(x[0]) == std::numeric_limits<int64_t>::min()
               ? AffineExpr()
               : -x[0];
  });
  return success();
}

LogicalResult AbsOp::inferShapes(ShapeContext &context) {
  (void)inferUnary(context, *this);
  propagateElements(context, *this, [](ArrayRef<AffineExpr> x) -> AffineExpr {
    if (isNonNegative(x[0]))
      return x[0];
    std::optional<int64_t> value = getConstant(x[0]);
    return value && *value != std::numeric_limits<int64_t>::min()
               ? -x[0]
               : AffineExpr();
  });
  return success();
}

LogicalResult GeluOp::inferShapes(ShapeContext &context) {
  if (getApproximate() != "none" && getApproximate() != "tanh")
    return emitOpError("has approximate = '")
           << getApproximate() << "', expected 'none' or 'tanh'";
  return inferUnary(context, *this);
}

LogicalResult BiasGeluOp::inferShapes(ShapeContext &context) {
  return inferArithmetic(context, *this);
}

LogicalResult FastGeluOp::inferShapes(ShapeContext &context) {
  return inferArithmetic(context, *this);
}

#define MOEC_INFER(INFER, OP)                                                  \
  LogicalResult OP::inferShapes(ShapeContext &context) {                       \
    return INFER(context, *this);                                              \
  }
MOEC_INFER(inferUnary, SqrtOp)
MOEC_INFER(inferUnary, ReciprocalOp)
MOEC_INFER(inferUnary, ExpOp)
MOEC_INFER(inferUnary, LogOp)
MOEC_INFER(inferUnary, ErfOp)
MOEC_INFER(inferUnary, TanhOp)
MOEC_INFER(inferUnary, SigmoidOp)
MOEC_INFER(inferUnary, SoftplusOp)
MOEC_INFER(inferUnary, SinOp)
MOEC_INFER(inferUnary, CosOp)
MOEC_INFER(inferUnary, FloorOp)
MOEC_INFER(inferUnary, CeilOp)
MOEC_INFER(inferUnary, RoundOp)
MOEC_INFER(inferUnary, SignOp)
MOEC_INFER(inferUnary, ReluOp)
MOEC_INFER(inferUnary, EluOp)
MOEC_INFER(inferUnary, LeakyReluOp)
MOEC_INFER(inferUnary, HardSigmoidOp)
MOEC_INFER(inferUnary, SwishOp)
MOEC_INFER(inferUnary, QuickGeluOp)
MOEC_INFER(inferTruth, IsNaNOp)
MOEC_INFER(inferTruth, IsInfOp)
#undef MOEC_INFER
