//===-- NodeBuilder.cpp - onnx ops made by passes -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeBuilder.h"

#include "dialects/Onnx/IR/ShapeArithmetic.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

Operation *NodeBuilder::makeNode(OperationState &state, unsigned numResults) {
  state.addTypes(SmallVector<Type>(numResults, getNoneType()));
  Operation *op = create(state);
  if (failed(cast<onnx::OnnxNode>(op).inferShapes(shapes))) {
    // What is made here fits, or the pass that makes it is wrong, and asks.
    isFine = false;
    for (OpResult result : op->getResults())
      shapes.setResult(result, getF32Type(), {});
  }
  return op;
}

Operation *NodeBuilder::cloneNode(Operation *node, ValueRange operands,
                                  ArrayRef<NamedAttribute> changes) {
  OperationState state(getLoc(), node->getName());
  state.addOperands(operands);
  NamedAttrList attributes(node->getAttrs());
  attributes.erase(onnx::kShapesAttr);
  attributes.erase(onnx::kEqualAttr);
  for (NamedAttribute change : changes)
    attributes.set(change.getName(), change.getValue());
  state.addAttributes(attributes);
  return makeNode(state, node->getNumResults());
}

Value NodeBuilder::makeScalar(double value, Type elementType) {
  auto type = RankedTensorType::get({}, elementType);
  Attribute number =
      isa<FloatType>(elementType)
          ? Attribute(FloatAttr::get(elementType, value))
          : Attribute(IntegerAttr::get(elementType, int64_t(value)));
  return onnx::ConstantOp::create(*this, type,
                                  DenseElementsAttr::get(type, number));
}

Value NodeBuilder::makeIntegers(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get(values.size(), getI64Type());
  return onnx::ConstantOp::create(*this, type,
                                  DenseElementsAttr::get(type, values));
}

Value NodeBuilder::makeShaped(StringRef name, Value value,
                              ArrayRef<AffineExpr> extents) {
  OperationState state(getLoc(), name);
  state.addOperands(value);
  state.addTypes(getNoneType());
  OpResult result = create(state)->getResult(0);
  shapes.setResult(result, getElementTypeOrSelf(value.getType()), extents);
  return result;
}

Value NodeBuilder::reshape(Value value, ArrayRef<AffineExpr> extents) {
  if (ArrayRef<AffineExpr>(shapes.getExtents(value)) == extents)
    return value;
  return makeShaped(onnx::ReshapeOp::getOperationName(), value, extents);
}

Value NodeBuilder::expand(Value scalar, ArrayRef<AffineExpr> extents) {
  return makeShaped(onnx::ExpandOp::getOperationName(), scalar, extents);
}

Value NodeBuilder::convert(Value value, Type elementType) {
  if (getElementTypeOrSelf(value.getType()) == elementType)
    return value;
  return makeNode<onnx::CastOp>(value,
                                getNamedAttr("to", TypeAttr::get(elementType)));
}

Value NodeBuilder::toMatrix(Value value) {
  onnx::Extents extents = shapes.getExtents(value);
  return reshape(value,
                 {onnx::getProduct(shapes, ArrayRef(extents).drop_back()),
                  extents.back()});
}

void NodeBuilder::describe(Operation *op, ArrayRef<AffineExpr> extents) {
  shapes.setExtents(op->getResult(0), extents);
  op->setAttr(onnx::kShapesAttr,
              getArrayAttr(AffineMapAttr::get(AffineMap::get(
                  0, shapes.getNumSymbols(), extents, getContext()))));
}
