//===-- SingleElements.cpp - extents of one element, or of none -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/SingleElements.h"

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Onnx/IR/ShapeArithmetic.h"

using namespace mlir;
using namespace moec::onnx;

/// A prime above the largest extent: nothing that simplifies an expression
/// cancels a factor of it.
static constexpr int64_t kBeyondExtents = kMaxExtent + 15;

AffineExpr moec::onnx::getAtMostOne(ShapeContext &context, AffineExpr extent) {
  AffineExpr one = context.getConstant(1);
  if (getAtMostOneOf(extent))
    return extent;
  AffineExpr more =
      simplifyAffineExpr(extent - one, 0, context.getNumSymbols());
  if (isNonNegative(more))
    return one;
  return simplifyAffineExpr(extent.ceilDiv(kBeyondExtents), 0,
                            context.getNumSymbols());
}

AffineExpr moec::onnx::getAtMostOneOf(AffineExpr extent) {
  auto binary = dyn_cast_or_null<AffineBinaryOpExpr>(extent);
  bool isSuch = binary && binary.getKind() == AffineExprKind::CeilDiv &&
                getConstant(binary.getRHS()) == kBeyondExtents;
  return isSuch ? binary.getLHS() : AffineExpr();
}

/// A view of the operand with these extents, in its place.
static void replaceByView(ShapeContext &context, OpOperand &operand,
                          const Extents &extents) {
  Operation *op = operand.getOwner();
  OpBuilder builder(op);
  auto type = cast<RankedTensorType>(operand.get().getType());
  auto view = ReshapeOp::create(builder, op->getLoc(), type, operand.get(),
                                Value(), builder.getI64IntegerAttr(0));
  context.setResult(view->getResult(0), type.getElementType(), extents);
  operand.set(view.getReshaped());
}

/// Dimensions of an operand that have to be there.
using IsNeeded = llvm::function_ref<bool(unsigned dim)>;

static LogicalResult requireElements(ShapeContext &context, OpOperand &operand,
                                     IsNeeded isNeeded) {
  Operation *op = operand.getOwner();
  AffineExpr one = context.getConstant(1);
  Extents extents = context.getExtents(operand.get());
  bool isChanged = false;
  for (auto [dim, extent] : llvm::enumerate(extents)) {
    if (!getAtMostOneOf(extent) || !isNeeded(dim))
      continue;
    if (failed(requireAtLeast(context, op, extent, one,
                              "an extent that is sliced at an element")))
      return failure();
    extent = one;
    isChanged = true;
  }
  if (isChanged)
    replaceByView(context, operand, extents);
  return success();
}

/// Operands broadcast against each other from the last dimension on: those
/// extents may lack their element that no other operand differs from, but for
/// ones.
static LogicalResult requireBroadcast(ShapeContext &context, Operation *op) {
  SmallVector<Extents> all;
  for (Value operand : op->getOperands())
    all.push_back(context.getExtents(operand));
  auto isShared = [&](AffineExpr extent, size_t fromEnd) {
    return llvm::all_of(all, [&](const Extents &extents) {
      if (fromEnd > extents.size())
        return true;
      AffineExpr other = extents[extents.size() - fromEnd];
      return other == extent || getConstant(other) == 1;
    });
  };
  for (OpOperand &operand : op->getOpOperands()) {
    const Extents &own = all[operand.getOperandNumber()];
    auto isNeeded = [&](unsigned dim) {
      return !isShared(own[dim], own.size() - dim);
    };
    if (failed(requireElements(context, operand, isNeeded)))
      return failure();
  }
  return success();
}

/// Whether the op takes an extent for what it is. Of most operators not said,
/// for an operand may be a list, whose length has to be known.
static bool isTakenAsIs(OpOperand &operand, unsigned dim) {
  Operation *op = operand.getOwner();
  bool isData = operand.getOperandNumber() == 0;
  if (auto squeeze = dyn_cast<SqueezeOp>(op))
    return isData && squeeze.getAxes();
  if (isa<MatMulOp>(op))
    return int64_t(dim) + 2 >=
           cast<RankedTensorType>(operand.get().getType()).getRank();
  if (isa<SliceOp, ReshapeOp, UnsqueezeOp, GatherOp>(op))
    return isData;
  if (isa<ConcatOp>(op))
    return true;
  return op->getNumOperands() == 1 && !isa<ConstantOfShapeOp, EinsumOp>(op);
}

LogicalResult moec::onnx::requireElements(ShapeContext &context,
                                          Operation *op) {
  if (isa<AddOp, SubOp, MulOp, DivOp, PowOp, ModOp, MaxOp, MinOp, WhereOp,
          EqualOp, GreaterOp, GreaterOrEqualOp, LessOp, LessOrEqualOp, AndOp,
          OrOp, XorOp>(op))
    return requireBroadcast(context, op);
  for (OpOperand &operand : op->getOpOperands()) {
    auto isNeeded = [&](unsigned dim) { return !isTakenAsIs(operand, dim); };
    if (failed(::requireElements(context, operand, isNeeded)))
      return failure();
  }
  return success();
}
