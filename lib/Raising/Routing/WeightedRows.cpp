//===-- WeightedRows.cpp - experts that see weighted rows -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A token with one choice may be weighted before its expert sees it, as in
// Llama 4, and all experts see it: those that were not chosen see zeros, and
// give zeros.
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "LayerFinder.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

bool LayerFinder::areZeroUnlessChosen(const RoutedLayer &layer) {
  for (const ExpertKind &kind : layer.kinds) {
    StringRef reason = !kind.lifter->hasScale()
                           ? "what it adds up is not weighted"
                       : ExpertLifter::evaluateAtZero(kind.expr) != 0.0
                           ? "an expert that was not chosen may add something"
                           : "";
    if (reason.empty())
      continue;
    fail(layer.root, reason);
    return false;
  }
  return true;
}

/// What an expert gives that sees weighted rows: which one says the weight.
std::optional<LayerFinder::Term>
LayerFinder::readTermOfWeightedRows(Value value) {
  constexpr unsigned kMostNodes = 256;
  if (facts.getExtents().choices != 1)
    return std::nullopt;
  const Fact *weight = nullptr;
  llvm::SetVector<Value> work;
  work.insert(value);
  for (unsigned i = 0; i < work.size() && work.size() < kMostNodes; ++i) {
    Operation *op = work[i].getDefiningOp();
    if (!op)
      continue;
    for (Value operand : op->getOperands()) {
      const Fact *fact = facts.lookup(operand);
      bool isOfExpert = isa<onnx::MulOp>(op) && isWeight(fact) && fact->expert;
      if (isOfExpert && weight && weight->expert != fact->expert)
        return std::nullopt;
      if (isOfExpert)
        weight = fact;
      else if (!fact)
        work.insert(operand);
    }
  }
  if (!weight)
    return std::nullopt;
  return Term{*weight->expert,       value,   nullptr,     Value(),
              value.getDefiningOp(), nullptr, weight->hits};
}

/// A sum over experts, of which each sees all tokens, by their weights for it.
std::unique_ptr<RoutedLayer>
LayerFinder::findSumOfWeightedRows(Operation *mul) {
  constexpr unsigned kMostNodes = 64;
  if (facts.getExtents().choices != 1)
    return nullptr;
  llvm::SetVector<Operation *> work;
  work.insert(mul);
  for (unsigned i = 0; i < work.size() && work.size() < kMostNodes; ++i) {
    bool isSum = isa<onnx::AddOp>(work[i]);
    if (MaybeLayer layer = isSum ? findSum(work[i]) : nullptr)
      return layer;
    for (Operation *user : work[i]->getUsers())
      work.insert(user);
  }
  return nullptr;
}
