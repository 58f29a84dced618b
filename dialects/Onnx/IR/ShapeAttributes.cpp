//===-- ShapeAttributes.cpp - what the shape bookkeeping must look like ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace moec::onnx;

LogicalResult
CheckAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                  CheckKind kind, AffineMapAttr sides, StringAttr what) {
  AffineMap map = sides.getValue();
  if (map.getNumDims() == 0 && map.getNumResults() == 2)
    return success();
  return emitError() << "compares " << sides
                     << ", expected two extents over symbols alone";
}

/// Demands a map that describes the extents of a value of this type. Later
/// stages have values without extents, of which nothing is demanded.
static LogicalResult verifyExtents(Operation *op, StringRef name,
                                   Attribute attribute, Type type) {
  auto map = dyn_cast<AffineMapAttr>(attribute);
  if (!map || map.getValue().getNumDims() != 0)
    return op->emitOpError() << "'" << name << "' has " << attribute
                             << ", expected a map over symbols alone";
  auto shaped = dyn_cast_if_present<ShapedType>(type);
  if (!shaped || !shaped.hasRank())
    return success();
  ArrayRef<AffineExpr> extents = map.getValue().getResults();
  if (int64_t(extents.size()) != shaped.getRank())
    return op->emitOpError()
           << "'" << name << "' has " << extents.size() << " extents for "
           << type << ", expected " << shaped.getRank();
  for (auto [extent, size] : llvm::zip_equal(extents, shaped.getShape()))
    if (auto constant = dyn_cast<AffineConstantExpr>(extent);
        constant && !ShapedType::isDynamic(size) && constant.getValue() != size)
      return op->emitOpError()
             << "'" << name << "' has the extent " << constant.getValue()
             << " for " << type << ", expected " << size;
  return success();
}

static LogicalResult verifyShapes(Operation *op, Attribute attribute) {
  auto maps = dyn_cast<ArrayAttr>(attribute);
  if (!maps || maps.size() != op->getNumResults())
    return op->emitOpError() << "'" << kShapesAttr << "' has " << attribute
                             << ", expected a list of maps, one for each of "
                             << op->getNumResults() << " results";
  for (auto [map, type] : llvm::zip_equal(maps, op->getResultTypes()))
    if (failed(verifyExtents(op, kShapesAttr, map, type)))
      return failure();
  return success();
}

static LogicalResult verifyEqual(Operation *op, Attribute attribute) {
  auto checks = dyn_cast<ArrayAttr>(attribute);
  if (checks && llvm::all_of(checks, llvm::IsaPred<CheckAttr>))
    return success();
  return op->emitOpError() << "'" << kEqualAttr << "' has " << attribute
                           << ", expected a list of #onnx.check";
}

static bool isListOfStrings(Attribute attribute) {
  auto list = dyn_cast<ArrayAttr>(attribute);
  return list && llvm::all_of(list, llvm::IsaPred<StringAttr>);
}

static LogicalResult verifyEqualNodes(Operation *op, Attribute attribute) {
  auto checks = op->getAttrOfType<ArrayAttr>(kEqualAttr);
  if (isListOfStrings(attribute) && checks &&
      cast<ArrayAttr>(attribute).size() == checks.size())
    return success();
  return op->emitOpError() << "'" << kEqualNodesAttr << "' has " << attribute
                           << ", expected one name for each of '" << kEqualAttr
                           << "'";
}

static LogicalResult verifySymbols(Operation *op, Attribute attribute) {
  if (!isa<ModuleOp>(op) || !isListOfStrings(attribute))
    return op->emitOpError() << "'" << kSymbolsAttr << "' has " << attribute
                             << ", expected a module's list of names";
  llvm::StringSet<> names;
  for (auto name : cast<ArrayAttr>(attribute).getAsRange<StringAttr>())
    if (!names.insert(name.getValue()).second)
      return op->emitOpError() << "'" << kSymbolsAttr << "' has " << name
                               << " twice, expected distinct names";
  return success();
}

LogicalResult OnnxDialect::verifyOperationAttribute(Operation *op,
                                                    NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name == kShapesAttr)
    return verifyShapes(op, attribute.getValue());
  if (name == kEqualAttr)
    return verifyEqual(op, attribute.getValue());
  if (name == kEqualNodesAttr)
    return verifyEqualNodes(op, attribute.getValue());
  if (name == kSymbolsAttr)
    return verifySymbols(op, attribute.getValue());
  if (name == kShapeAttr)
    return op->emitOpError() << "has '" << kShapeAttr << "', which is for "
                             << "arguments; expected '" << kShapesAttr << "'";
  return success();
}

LogicalResult OnnxDialect::verifyRegionArgAttribute(Operation *op, unsigned,
                                                    unsigned arg,
                                                    NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name == kShapeAttr) {
    auto function = dyn_cast<FunctionOpInterface>(op);
    Type type = function ? function.getArgumentTypes()[arg] : Type();
    return verifyExtents(op, kShapeAttr, attribute.getValue(), type);
  }
  for (StringRef other : {StringRef(kShapesAttr), StringRef(kEqualAttr),
                          StringRef(kEqualNodesAttr), StringRef(kSymbolsAttr)})
    if (name == other)
      return op->emitOpError()
             << "argument " << arg << " has '" << name
             << "', which is for ops; expected '" << kShapeAttr << "'";
  return success();
}
