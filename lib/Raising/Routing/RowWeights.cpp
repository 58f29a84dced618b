//===-- RowWeights.cpp - what rows of experts are multiplied by -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowWeights.h"

#include "Constants.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

bool moec::routing::isWeight(const Fact *fact) {
  return fact &&
         (fact->kind == FactKind::Gate || fact->kind == FactKind::HitWeight ||
          fact->kind == FactKind::MaskedWeight ||
          fact->kind == FactKind::ZeroOutside);
}

/// Whether two nodes do the same to weights: a cast, or a product with a
/// number.
static bool areAlike(Operation *a, Operation *b) {
  if (a == b)
    return true;
  if (a->getName() != b->getName() ||
      a->getNumOperands() != b->getNumOperands())
    return false;
  if (a->getNumOperands() == 1)
    return a->getAttr("to") == b->getAttr("to");
  return llvm::equal(a->getOperands(), b->getOperands(), [](Value x, Value y) {
    return getUniform(x) == getUniform(y);
  });
}

bool RowWeights::take(const Fact &fact, const RoutingFacts &facts,
                      ArrayRef<Operation *> numbers) {
  RowWeights other;
  other.isDense = bool(fact.dense);
  // The same numbers, however each expert views them.
  other.value = other.isDense ? fact.dense : peelViews(fact.weights);
  other.dims = other.isDense ? fact.denseDims : fact.weightDims;
  if (!other.isDense)
    other.after.assign(fact.after.begin(), fact.after.end());
  llvm::append_range(other.after, numbers);
  bool hasDims = other.isDense
                     ? facts.runOver(other.dims, {Axis::Token, Axis::Expert})
                     : facts.areOfChoices(other.dims);
  if (!other.value || !hasDims)
    return false;
  if (!value) {
    *this = std::move(other);
    return true;
  }
  return value == other.value && isDense == other.isDense &&
         flattenDims(dims) == flattenDims(other.dims) &&
         llvm::equal(after, other.after, areAlike);
}
