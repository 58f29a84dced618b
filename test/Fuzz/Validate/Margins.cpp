//===-- Margins.cpp - how certain a routing is ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Margins.h"

#include "dialects/Onnx/IR/Onnx.h"
#include "moec/CodeGen/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::validate;

/// What a node chooses by, if it chooses a known number of floats.
static std::optional<std::pair<Value, Choice>> findChoice(Operation *op) {
  auto make = [](Value keys, int64_t axis, int64_t count,
                 bool isOfLargest) -> std::optional<std::pair<Value, Choice>> {
    auto type = cast<RankedTensorType>(keys.getType());
    if (!isa<FloatType>(type.getElementType()) || ShapedType::isDynamic(count))
      return std::nullopt;
    return std::pair(keys, Choice{axis < 0 ? axis + type.getRank() : axis,
                                  count, isOfLargest});
  };
  if (auto node = dyn_cast<onnx::TopKOp>(op)) {
    auto type = cast<RankedTensorType>(node.getValues().getType());
    int64_t axis = int64_t(node.getAxis());
    int64_t dim = axis < 0 ? axis + type.getRank() : axis;
    return make(node.getX(), axis, type.getDimSize(dim),
                node.getLargest() != 0);
  }
  if (auto node = dyn_cast<onnx::ArgMaxOp>(op))
    return make(node.getOperand(), int64_t(node.getAxis()), 1, true);
  if (auto node = dyn_cast<onnx::MoEOp>(op))
    return make(node.getRouterProbs(), -1, int64_t(node.getK()), true);
  if (auto node = dyn_cast<onnx::QMoEOp>(op))
    return make(node.getRouterProbs(), -1, int64_t(node.getK()), true);
  return std::nullopt;
}

std::vector<Choice> validate::exposeChoices(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>(kMainName);
  Operation *end = main.getBody().front().getTerminator();
  SmallVector<Value> values(end->getOperands());
  std::vector<Choice> choices;
  for (Operation &op : main.getBody().front())
    if (auto choice = findChoice(&op)) {
      values.push_back(choice->first);
      choices.push_back(choice->second);
    }
  unsigned numOutputs = main.getNumResults();
  end->setOperands(values);
  SmallVector<Type> types(ValueRange(values).getTypes());
  Builder builder(module.getContext());
  SmallVector<Attribute> attributes;
  for (unsigned i = 0; i < types.size(); ++i) {
    DictionaryAttr known = i < numOutputs ? main.getResultAttrDict(i) : nullptr;
    attributes.push_back(known ? known : builder.getDictionaryAttr({}));
  }
  main.setFunctionType(builder.getFunctionType(main.getArgumentTypes(), types));
  main.setResAttrsAttr(builder.getArrayAttr(attributes));
  return choices;
}

double validate::getMargin(const Tensor &keys, const Choice &choice) {
  ArrayRef<int64_t> shape = keys.shape;
  int64_t extent = shape[size_t(choice.axis)], inner = 1, outer = 1;
  for (int64_t size : shape.take_front(size_t(choice.axis)))
    outer *= size;
  for (int64_t size : shape.drop_front(size_t(choice.axis) + 1))
    inner *= size;
  double least = std::numeric_limits<double>::infinity();
  std::vector<double> row(static_cast<size_t>(extent));
  for (int64_t line : llvm::seq(outer * inner)) {
    for (int64_t i : llvm::seq(extent)) {
      double key = keys.get((line / inner * extent + i) * inner + line % inner);
      if (std::isnan(key))
        return key;
      row[size_t(i)] = choice.isOfLargest ? -key : key;
    }
    if (choice.count >= extent || choice.count == 0)
      continue;
    llvm::sort(row);
    double margin = row[size_t(choice.count)] - row[size_t(choice.count) - 1];
    // Infinities that are equal.
    least = std::isnan(margin) ? 0 : std::min(least, margin);
  }
  return least;
}
