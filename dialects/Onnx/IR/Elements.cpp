//===-- Elements.cpp - elements of small integer tensors ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Elements.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec::onnx;

AffineExpr moec::onnx::checkRange(AffineExpr expr, Type elementType) {
  auto constant = dyn_cast_or_null<AffineConstantExpr>(expr);
  auto type = dyn_cast<IntegerType>(elementType);
  if (!constant || !type || type.getWidth() >= 64)
    return expr;
  bool isUnsigned = type.isUnsigned() || type.getWidth() == 1;
  int64_t value = constant.getValue();
  bool fits = isUnsigned ? value >= 0 && llvm::isUIntN(type.getWidth(), value)
                         : llvm::isIntN(type.getWidth(), value);
  return fits ? expr : AffineExpr();
}

void moec::onnx::propagateElements(
    ShapeContext &context, Operation *op,
    llvm::function_ref<AffineExpr(ArrayRef<AffineExpr>)> compute) {
  Value result = op->getResult(0);
  auto type = cast<RankedTensorType>(result.getType());
  // Narrow integers are data, and a symbol might not fit them.
  auto element = dyn_cast<IntegerType>(type.getElementType());
  constexpr int64_t kMaxElements = 1024;
  if (!element || (element.getWidth() < 32 && element.getWidth() != 1) ||
      !type.hasStaticShape() || type.getRank() > 1 ||
      type.getNumElements() > kMaxElements)
    return;
  SmallVector<Extents> known;
  for (Value operand : op->getOperands()) {
    std::optional<Extents> elements = context.getElements(operand);
    if (!elements)
      return;
    known.push_back(std::move(*elements));
  }
  Extents results;
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i) {
    SmallVector<AffineExpr> args;
    bool isKnown = true;
    for (const Extents &elements : known) {
      bool isScalar = elements.size() == 1;
      if (!isScalar && int64_t(elements.size()) != e)
        return;
      args.push_back(elements[isScalar ? 0 : i]);
      // Where's branches may be unknown; it looks for itself.
      isKnown &= bool(args.back()) || isa<WhereOp>(op);
    }
    results.push_back(isKnown ? checkRange(compute(args), element)
                              : AffineExpr());
  }
  context.setElements(result, results);
}

LogicalResult moec::onnx::requireSameElementType(Operation *op,
                                                 unsigned first) {
  if (op->getNumOperands() <= first)
    return success();
  Type expected = getElementTypeOrSelf(op->getOperand(first).getType());
  for (Value operand : op->getOperands().drop_front(first)) {
    Type found = getElementTypeOrSelf(operand.getType());
    if (found != expected)
      return op->emitOpError() << "has operands of element types " << expected
                               << " and " << found << ", expected one type";
  }
  return success();
}
