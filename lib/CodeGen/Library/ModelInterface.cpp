//===-- ModelInterface.cpp - what the host sees of a model ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/Library.h"
#include "moec/CodeGen/Passes.h"

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Param/IR/TypeCodes.h"
#include "moec/moec.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace moec;

/// ONNX's code of an element type that inputs and outputs can have; 0: none.
static int32_t getDataType(Type type) {
  auto number = dyn_cast<FloatType>(type);
  return number && number.getWidth() < 16 ? 0 : getTypeCode(type);
}

namespace {
/// Extents as the runtime checks them: an expression that is no bare symbol
/// gets a symbol of its own, named by how it reads.
class ExtentWriter {
public:
  ExtentWriter(ArrayRef<std::string> names, ModelInterface &interface)
      : names(names), interface(interface) {}

  void write(AffineExpr extent, ModelValue &value) {
    std::string text = onnx::describeExtent(extent, names);
    value.shape.push_back(text);
    if (auto constant = dyn_cast<AffineConstantExpr>(extent)) {
      value.dims.push_back(constant.getValue());
      return;
    }
    auto known = llvm::find(interface.symbols, text);
    int64_t index = known - interface.symbols.begin();
    if (known == interface.symbols.end())
      interface.symbols.push_back(text);
    value.dims.push_back(-(index + 1));
  }

private:
  ArrayRef<std::string> names;
  ModelInterface &interface;
};
} // namespace

/// Fills in type and extents; `shape` may be null where all is static.
static LogicalResult describe(func::FuncOp main, Type type,
                              DictionaryAttr attrs, AffineMap shape,
                              ExtentWriter &writer, ModelValue &value) {
  auto tensor = cast<RankedTensorType>(type);
  auto name = attrs ? attrs.getAs<StringAttr>(onnx::kNameAttr) : StringAttr();
  value.name = name ? name.str() : "";
  value.type = getDataType(tensor.getElementType());
  if (!value.type)
    return main.emitError() << "'" << value.name << "' has the element type "
                            << tensor.getElementType()
                            << ", which inputs and outputs cannot have";
  if (tensor.getRank() > MOEC_MAX_RANK)
    return main.emitError()
           << "'" << value.name << "' has rank " << tensor.getRank()
           << ", expected at most " << MOEC_MAX_RANK;
  for (int64_t dim = 0; dim < tensor.getRank(); ++dim) {
    if (!tensor.isDynamicDim(dim)) {
      value.dims.push_back(tensor.getDimSize(dim));
      value.shape.push_back(std::to_string(tensor.getDimSize(dim)));
    } else if (shape) {
      writer.write(shape.getResult(dim), value);
    } else {
      return main.emitError()
             << "'" << value.name << "' has an extent that nothing describes";
    }
  }
  return success();
}

FailureOr<ModelInterface> ModelInterface::read(ModuleOp module,
                                               StringRef name) {
  auto main = module.lookupSymbol<func::FuncOp>(kMainName);
  if (!main) {
    module.emitError() << "has no function named '" << kMainName << "'";
    return failure();
  }
  ModelInterface interface;
  interface.name = name.str();
  std::vector<std::string> names;
  if (auto symbols = module->getAttrOfType<ArrayAttr>(onnx::kSymbolsAttr))
    for (StringAttr symbol : symbols.getAsRange<StringAttr>())
      names.push_back(symbol.str());
  ExtentWriter writer(names, interface);

  for (auto [index, type] : llvm::enumerate(main.getArgumentTypes())) {
    auto shape = main.getArgAttrOfType<AffineMapAttr>(index, onnx::kShapeAttr);
    ModelValue &value = interface.inputs.emplace_back();
    if (failed(describe(main, type, main.getArgAttrDict(index),
                        shape ? shape.getValue() : AffineMap(), writer, value)))
      return failure();
  }
  Operation *terminator = main.getBody().front().getTerminator();
  for (auto [index, type] : llvm::enumerate(main.getResultTypes())) {
    AffineMap shape = onnx::getShapeMap(terminator->getOperand(index));
    ModelValue &value = interface.outputs.emplace_back();
    if (failed(describe(main, type, main.getResultAttrDict(index), shape,
                        writer, value)))
      return failure();
  }
  return interface;
}

void ModelInterface::readAliases(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>(kMainName);
  for (auto [index, output] : llvm::enumerate(outputs)) {
    auto alias = main.getResultAttrOfType<IntegerAttr>(index, kAliasAttr);
    if (!alias)
      continue;
    output.alias = int32_t(alias.getInt());
    output.isStrided = inputs[output.alias].isStrided = true;
  }
}
