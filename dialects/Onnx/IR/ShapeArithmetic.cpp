//===-- ShapeArithmetic.cpp - what shape inference computes with ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/ShapeArithmetic.h"

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Onnx/IR/SingleElements.h"
#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

#include <limits>
#include <numeric>

using namespace mlir;
using namespace moec::onnx;

std::optional<int64_t> moec::onnx::getConstant(AffineExpr expr) {
  auto constant = dyn_cast_or_null<AffineConstantExpr>(expr);
  if (!constant)
    return std::nullopt;
  return constant.getValue();
}

/// Whether a sum is an extent, or more, less at most one of it.
static bool isAllButOne(AffineExpr sum, AffineExpr last) {
  auto term = dyn_cast<AffineBinaryOpExpr>(last);
  if (!term || term.getKind() != AffineExprKind::Mul ||
      getConstant(term.getRHS()) != -1)
    return false;
  AffineExpr whole = getAtMostOneOf(term.getLHS());
  return whole && isNonNegative(sum - whole);
}

bool moec::onnx::isNonNegative(AffineExpr expr) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue() >= 0;
  if (isa<AffineSymbolExpr>(expr))
    return true;
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    if (isAllButOne(binary.getLHS(), binary.getRHS()) ||
        isAllButOne(binary.getRHS(), binary.getLHS()))
      return true;
    [[fallthrough]];
  case AffineExprKind::Mul:
    return isNonNegative(binary.getLHS()) && isNonNegative(binary.getRHS());
  case AffineExprKind::Mod:
    return true;
  default: {
    std::optional<int64_t> divisor = getConstant(binary.getRHS());
    return divisor && *divisor > 0 && isNonNegative(binary.getLHS());
  }
  }
}

static AffineExpr simplify(ShapeContext &context, AffineExpr expr) {
  return simplifyAffineExpr(expr, 0, context.getNumSymbols());
}

AffineExpr moec::onnx::getMinimum(ShapeContext &context, AffineExpr a,
                                  AffineExpr b) {
  if (isNonNegative(simplify(context, a - b)))
    return b;
  if (isNonNegative(simplify(context, b - a)))
    return a;
  return {};
}

LogicalResult moec::onnx::requireAtLeast(ShapeContext &context, Operation *op,
                                         AffineExpr a, AffineExpr b,
                                         const Twine &what) {
  AffineExpr difference = simplify(context, a - b);
  if (isNonNegative(difference))
    return success();
  if (isa<AffineConstantExpr>(difference))
    return op->emitError() << what << ": " << context.describe(a)
                           << " must be at least " << context.describe(b);
  addCheck(op, CheckKind::AtLeast, simplify(context, a), simplify(context, b),
           context.getNumSymbols(), what);
  return success();
}

void moec::onnx::requireNotOne(ShapeContext &context, Operation *op,
                               AffineExpr extent, const Twine &what) {
  AffineExpr two = context.getConstant(2);
  if (getConstant(extent) == 0 ||
      isNonNegative(simplify(context, extent - two)))
    return;
  addCheck(op, CheckKind::Differ, extent, context.getConstant(1),
           context.getNumSymbols(), what);
}

AffineExpr moec::onnx::getProduct(ShapeContext &context,
                                  ArrayRef<AffineExpr> factors) {
  AffineExpr product = context.getConstant(1);
  for (AffineExpr factor : factors)
    product = product * factor;
  return product;
}

void moec::onnx::collectFactors(AffineExpr expr,
                                SmallVectorImpl<AffineExpr> &factors) {
  auto product = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!product || product.getKind() != AffineExprKind::Mul) {
    factors.push_back(expr);
    return;
  }
  collectFactors(product.getLHS(), factors);
  collectFactors(product.getRHS(), factors);
}

/// The constant and the other factors of a product; false where the constant
/// does not fit.
static bool splitProduct(ShapeContext &context, ArrayRef<AffineExpr> product,
                         int64_t &coefficient,
                         SmallVectorImpl<AffineExpr> &factors) {
  SmallVector<AffineExpr> all;
  for (AffineExpr expr : product)
    collectFactors(simplify(context, expr), all);
  coefficient = 1;
  for (AffineExpr factor : all) {
    std::optional<int64_t> constant = getConstant(factor);
    if (!constant)
      factors.push_back(factor);
    else if (llvm::MulOverflow(coefficient, *constant, coefficient))
      return false;
  }
  return true;
}

/// Takes each of `some` out of `factors` once; false where one is not there.
static bool eraseFactors(SmallVectorImpl<AffineExpr> &factors,
                         ArrayRef<AffineExpr> some) {
  for (AffineExpr factor : some) {
    auto *found = llvm::find(factors, factor);
    if (found == factors.end())
      return false;
    factors.erase(found);
  }
  return true;
}

AffineExpr moec::onnx::divideProducts(ShapeContext &context,
                                      ArrayRef<AffineExpr> numerator,
                                      ArrayRef<AffineExpr> denominator) {
  int64_t above, below;
  SmallVector<AffineExpr> aboveFactors, belowFactors;
  if (!splitProduct(context, numerator, above, aboveFactors) ||
      !splitProduct(context, denominator, below, belowFactors) || below <= 0 ||
      !eraseFactors(aboveFactors, belowFactors))
    return {};
  int64_t common = std::gcd(above, below);
  if (common > 1) {
    above /= common;
    below /= common;
  }
  AffineExpr quotient =
      getProduct(context, aboveFactors) * context.getConstant(above);
  return below == 1 ? quotient : quotient.floorDiv(below);
}

bool moec::onnx::areEqualProducts(ShapeContext &context, ArrayRef<AffineExpr> a,
                                  ArrayRef<AffineExpr> b) {
  int64_t left, right;
  SmallVector<AffineExpr> leftFactors, rightFactors;
  return splitProduct(context, a, left, leftFactors) &&
         splitProduct(context, b, right, rightFactors) && left == right &&
         eraseFactors(leftFactors, rightFactors) && leftFactors.empty();
}

FailureOr<Extents> moec::onnx::getListElements(ShapeContext &context,
                                               Operation *op, Value operand,
                                               const Twine &name) {
  auto type = cast<RankedTensorType>(operand.getType());
  if (type.getRank() > 1)
    return op->emitError() << "operand '" << name
                           << "' must be a vector, found " << type;
  if (!type.hasStaticShape() || type.getNumElements() > 1024)
    return emitUnsupported(op)
           << "operand '" << name
           << "' must be a vector of static length, found " << type
           << "; export the model with a fixed one, up to 1024";
  std::optional<Extents> known = context.getElements(operand);
  if (known)
    return *known;
  return Extents(type.getNumElements(), AffineExpr());
}

LogicalResult moec::onnx::requireBounded(Operation *op, const Extents &elements,
                                         StringRef name) {
  for (AffineExpr element : elements)
    if (std::optional<int64_t> constant = getConstant(element);
        constant && (*constant > kMaxExtent || *constant < -kMaxExtent))
      return op->emitError() << "element of '" << name << "' is " << *constant
                             << ", expected -2^40 to 2^40";
  return success();
}

LogicalResult moec::onnx::normalizeAxes(Operation *op,
                                        SmallVectorImpl<int64_t> &axes,
                                        int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes) {
    FailureOr<int64_t> normal = normalizeAxis(op, axis, rank);
    if (failed(normal))
      return failure();
    if (llvm::is_contained(result, *normal))
      return op->emitError() << "axis " << axis << " is named twice";
    result.push_back(*normal);
  }
  axes.assign(result.begin(), result.end());
  return success();
}

void moec::onnx::forwardElements(ShapeContext &context, Value from, Value to) {
  auto type = cast<RankedTensorType>(to.getType());
  if (type.getRank() > 1 || !type.hasStaticShape())
    return;
  std::optional<Extents> known = context.getElements(from);
  // Constants of more dimensions have the same elements in the same order.
  DenseIntElementsAttr constant;
  if (!known && matchPattern(from, m_Constant(&constant)) &&
      constant.getElementType().isSignlessInteger(64) &&
      constant.size() <= 64) {
    known.emplace();
    for (const APInt &element : constant.getValues<APInt>())
      known->push_back(context.getConstant(element.getSExtValue()));
  }
  if (known && int64_t(known->size()) == type.getNumElements())
    context.setElements(to, *known);
}

void moec::onnx::dropOperand(MutableOperandRange operand) {
  if (operand.size() == 0)
    return;
  Operation *def = Value(operand[0].get()).getDefiningOp();
  if (def && def->hasTrait<OpTrait::ConstantLike>())
    return;
  operand.clear();
}

Value moec::onnx::buildElement(OpBuilder &builder, Location loc, Value tensor,
                               int64_t index) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<Value> position;
  for (int64_t i = 0; i < type.getRank(); ++i)
    position.push_back(arith::ConstantIndexOp::create(
        builder, loc, i + 1 == type.getRank() ? index : 0));
  Value element = tensor::ExtractOp::create(builder, loc, tensor, position);
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                    element);
}

Value moec::onnx::buildCastOp(OpBuilder &builder, Location loc, Value tensor,
                              Type element) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getElementType() == element)
    return tensor;
  auto wide =
      CastOp::create(builder, loc, type.clone(element), tensor, element);
  SmallVector<AffineExpr> extents;
  for (int64_t size : type.getShape())
    extents.push_back(builder.getAffineConstantExpr(size));
  auto map = AffineMap::get(0, 0, extents, builder.getContext());
  wide->setAttr(kShapesAttr, builder.getAffineMapArrayAttr({map}));
  return wide;
}

void moec::onnx::buildShapeCheck(OpBuilder &builder, Location loc,
                                 Value condition, StringRef message) {
  rt::CheckOp::create(builder, loc, condition, rt::Status::ShapeMismatch,
                      message);
}

Value moec::onnx::buildClamp(OpBuilder &builder, Location loc, Value value,
                             int64_t low, int64_t high) {
  Value least = arith::ConstantIndexOp::create(builder, loc, low);
  Value most = arith::ConstantIndexOp::create(builder, loc, high);
  value = arith::MinSIOp::create(builder, loc, value, most);
  return arith::MaxSIOp::create(builder, loc, value, least);
}

Value moec::onnx::buildBoundedExtent(OpBuilder &builder, Location loc,
                                     Value value, StringRef what) {
  Value clamped = buildClamp(builder, loc, value, 0, kMaxExtent);
  Value isSound = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                        clamped, value);
  buildShapeCheck(builder, loc, isSound,
                  (what + " is no extent; expected 0 to 2^40").str());
  return clamped;
}

Value moec::onnx::buildSaturatedMul(OpBuilder &builder, Location loc, Value a,
                                    Value b) {
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  Value most = arith::ConstantIndexOp::create(
      builder, loc, std::numeric_limits<int64_t>::max());
  Value divisor = arith::MaxSIOp::create(builder, loc, b, one);
  Value room = arith::DivSIOp::create(builder, loc, most, divisor);
  Value wraps =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt, a, room);
  Value product = arith::MulIOp::create(builder, loc, a, b);
  return arith::SelectOp::create(builder, loc, wraps, most, product);
}

LogicalResult moec::onnx::keepShape(Operation *op, StringRef operand) {
  if (op->hasAttr(kShapesAttr))
    return success();
  return op->emitError() << "needs its operand '" << operand << "'";
}
