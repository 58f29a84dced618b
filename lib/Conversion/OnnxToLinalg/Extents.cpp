//===-- Extents.cpp - extents as values -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Conversion/OnnxToLinalg.h"

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace moec;

OnnxTypeConverter::OnnxTypeConverter() {
  addConversion([](Type type) { return type; });
  addConversion([](IntegerType type) -> Type {
    return IntegerType::get(type.getContext(), type.getWidth());
  });
  addConversion([](RankedTensorType type) -> Type {
    auto integer = dyn_cast<IntegerType>(type.getElementType());
    if (!integer || integer.isSignless())
      return type;
    return type.clone(IntegerType::get(type.getContext(), integer.getWidth()));
  });
  auto cast = [](OpBuilder &builder, Type type, ValueRange inputs,
                 Location loc) -> Value {
    return UnrealizedConversionCastOp::create(builder, loc, type, inputs)
        .getResult(0);
  };
  addSourceMaterialization(cast);
  addTargetMaterialization(cast);
}

/// The value of an extent that an argument carries as it is: an `index`
/// argument, or the extent of a tensor argument. Null where none does.
static Value findExtent(OpBuilder &builder, Location loc,
                        FunctionOpInterface function, AffineExpr extent) {
  Block &entry = function.getFunctionBody().front();
  if (auto symbol = dyn_cast<AffineSymbolExpr>(extent))
    for (BlockArgument arg : entry.getArguments())
      if (auto carried = function.getArgAttrOfType<IntegerAttr>(
              arg.getArgNumber(), kSymbolArgAttr))
        if (carried.getInt() == symbol.getPosition())
          return arg;
  for (BlockArgument arg : entry.getArguments()) {
    auto shape = function.getArgAttrOfType<AffineMapAttr>(arg.getArgNumber(),
                                                          onnx::kShapeAttr);
    if (!shape)
      continue;
    for (auto [dim, expr] : llvm::enumerate(shape.getValue().getResults()))
      if (expr == extent)
        return tensor::DimOp::create(builder, loc, arg, dim);
  }
  return {};
}

FailureOr<OpFoldResult> moec::buildExtent(OpBuilder &builder, Operation *at,
                                          AffineExpr extent) {
  if (auto constant = dyn_cast<AffineConstantExpr>(extent))
    return OpFoldResult(builder.getIndexAttr(constant.getValue()));
  auto function = at->getParentOfType<FunctionOpInterface>();
  if (Value whole = findExtent(builder, at->getLoc(), function, extent))
    return OpFoldResult(whole);
  // Compact the symbols this extent uses into those of a fresh map.
  SmallVector<OpFoldResult> operands;
  DenseMap<AffineExpr, AffineExpr> renumbering;
  bool missing = false;
  extent.walk([&](AffineExpr part) {
    auto symbol = dyn_cast<AffineSymbolExpr>(part);
    if (!symbol || renumbering.count(symbol))
      return;
    Value value = findExtent(builder, at->getLoc(), function, symbol);
    missing |= !value;
    renumbering[symbol] = builder.getAffineSymbolExpr(operands.size());
    operands.push_back(value);
  });
  if (missing) {
    at->emitError() << "an extent needs a symbol that no argument of '"
                    << function.getName() << "' carries";
    return failure();
  }
  AffineMap map =
      AffineMap::get(0, operands.size(), extent.replace(renumbering));
  return affine::makeComposedFoldedAffineApply(builder, at->getLoc(), map,
                                               operands);
}

FailureOr<SmallVector<OpFoldResult>> moec::buildExtents(OpBuilder &builder,
                                                        OpResult result) {
  Operation *op = result.getOwner();
  auto type = cast<RankedTensorType>(result.getType());
  auto shapes = op->getAttrOfType<ArrayAttr>(onnx::kShapesAttr);
  SmallVector<OpFoldResult> extents;
  for (auto [dim, size] : llvm::enumerate(type.getShape())) {
    if (!ShapedType::isDynamic(size)) {
      extents.push_back(builder.getIndexAttr(size));
      continue;
    }
    if (!shapes) {
      op->emitError() << "has a dynamic extent but no " << onnx::kShapesAttr;
      return failure();
    }
    AffineMap map =
        cast<AffineMapAttr>(shapes[result.getResultNumber()]).getValue();
    FailureOr<OpFoldResult> extent =
        buildExtent(builder, op, map.getResult(dim));
    if (failed(extent))
      return failure();
    extents.push_back(*extent);
  }
  return extents;
}

FailureOr<Value> moec::buildEmptyResult(OpBuilder &builder, OpResult result) {
  FailureOr<SmallVector<OpFoldResult>> extents = buildExtents(builder, result);
  if (failed(extents))
    return failure();
  auto type =
      cast<RankedTensorType>(OnnxTypeConverter().convertType(result.getType()));
  return Value(tensor::EmptyOp::create(builder, result.getLoc(), *extents,
                                       type.getElementType()));
}

FailureOr<Value> moec::buildDestination(OpBuilder &builder, OpResult result) {
  if (result.hasOneUse())
    if (auto outlined = dyn_cast<bufferization::MaterializeInDestinationOp>(
            *result.user_begin()))
      if (isa<BlockArgument>(outlined.getDest()))
        return outlined.getDest();
  return buildEmptyResult(builder, result);
}
