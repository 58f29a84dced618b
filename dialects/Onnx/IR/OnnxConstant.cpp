//===-- OnnxConstant.cpp - constants of the onnx dialect ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace moec::onnx;

Operation *OnnxDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                            Type type, Location loc) {
  auto elements = dyn_cast<DenseElementsAttr>(value);
  if (!elements || elements.getType() != type)
    return nullptr;
  return ConstantOp::create(builder, loc, elements);
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValueAttr(); }

LogicalResult ConstantOp::inferShapes(ShapeContext &context) {
  // Static, so it needs no `onnx.shapes`.
  getOutput().setType(cast<TensorType>(getValue().getType()));
  return success();
}
