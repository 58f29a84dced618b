//===-- GraphWalk.cpp - ways through an imported graph --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphWalk.h"

#include "dialects/Param/IR/Param.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace moec;
using namespace moec::certificates;

StringRef certificates::getNodeName(Operation *op) {
  auto name = dyn_cast<NameLoc>(op->getLoc());
  return name ? name.getName().getValue() : StringRef();
}

std::string certificates::describe(Operation *op) {
  StringRef type = op->getName().stripDialect();
  if (auto node = dyn_cast<onnx::OnnxNode>(op))
    type = node.getSchema().opType;
  return ("node '" + getNodeName(op) + "' (" + type + ")").str();
}

std::string certificates::describe(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return "an input of the model";
  if (isa<param::LoadOp>(op))
    return ("the parameter '" + getNodeName(op) + "'").str();
  return describe(op);
}

llvm::Error certificates::refuse(const Twine &reason) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), reason);
}

Type certificates::getElementType(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

int64_t certificates::getLastExtent(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() == 0 || ShapedType::isDynamic(type.getShape().back()))
    return -1;
  return type.getShape().back();
}

bool certificates::isLastAxis(int64_t axis, Value value) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  return rank > 0 && (axis == -1 || axis == rank - 1);
}

bool certificates::areLastAxis(Value axes, Value value) {
  DenseElementsAttr elements;
  if (!axes || !matchPattern(axes, m_Constant(&elements)) ||
      elements.getNumElements() != 1 ||
      !isa<IntegerType>(elements.getElementType()))
    return false;
  return isLastAxis((*elements.value_begin<APInt>()).getSExtValue(), value);
}

Value certificates::getViewed(Value value) {
  Operation *op = value.getDefiningOp();
  if (!isa_and_present<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
                       onnx::FlattenOp, onnx::IdentityOp>(op))
    return {};
  Value viewed = op->getOperand(0);
  int64_t last = getLastExtent(value);
  return last >= 0 && last == getLastExtent(viewed) ? viewed : Value();
}

Value certificates::skipViews(Value value) {
  while (Value viewed = getViewed(value))
    value = viewed;
  return value;
}

double certificates::getRoundoff(Type type) {
  if (type.isF32())
    return 0x1p-24;
  if (type.isF16())
    return 0x1p-11;
  return type.isBF16() ? 0x1p-8 : 0;
}

bool certificates::isF32(Value value) { return getElementType(value).isF32(); }

static SmallVector<NamedAttribute> getMeaning(Operation *op) {
  SmallVector<NamedAttribute> attributes;
  for (NamedAttribute attribute : op->getAttrs())
    if (!attribute.getName().strref().starts_with("onnx."))
      attributes.push_back(attribute);
  return attributes;
}

bool certificates::haveEqualAttributes(Operation *a, Operation *b) {
  return getMeaning(a) == getMeaning(b);
}

OpSet certificates::collectSources(
    ArrayRef<Operation *> ops, llvm::function_ref<bool(Operation *)> isEnd) {
  OpSet found;
  SmallVector<Operation *> open(ops);
  while (!open.empty()) {
    Operation *op = open.pop_back_val();
    if (!op || isEnd(op) || !found.insert(op).second)
      continue;
    for (Value operand : op->getOperands())
      open.push_back(operand.getDefiningOp());
  }
  return found;
}

OpSet certificates::collectReaders(Operation *op) {
  OpSet found;
  SmallVector<Operation *> open = {op};
  while (!open.empty()) {
    Operation *next = open.pop_back_val();
    if (found.insert(next).second)
      open.append(next->user_begin(), next->user_end());
  }
  return found;
}
