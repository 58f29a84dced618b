//===-- ExpertKinds.cpp - experts that are not all alike ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Experts may be of several kinds: of unequal widths, with a bias or without,
// or without weights at all, as those that hand a token on or add nothing
// (LongCat, MoE++: arXiv:2410.07348). Each kind is lifted by itself.
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "LayerFinder.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

/// Marks what a value is computed from.
static void addOperands(Value value, DenseSet<Value> &known) {
  SmallVector<Value> work = {value};
  while (!work.empty()) {
    Value next = work.pop_back_val();
    if (!known.insert(next).second)
      continue;
    if (Operation *op = next.getDefiningOp())
      llvm::append_range(work, op->getOperands());
  }
}

/// What several of the values are computed from, or are, and what the choice
/// is made by.
static DenseSet<Value> findShared(ArrayRef<Value> values, Value choice) {
  DenseSet<Value> seen, shared;
  addOperands(choice, shared);
  llvm::SmallSetVector<Value, 8> distinct(values.begin(), values.end());
  for (Value value : distinct) {
    DenseSet<Value> own;
    SmallVector<Value> work = {value};
    while (!work.empty()) {
      Value next = work.pop_back_val();
      if (shared.contains(next) || !own.insert(next).second)
        continue;
      if (seen.contains(next))
        addOperands(next, shared);
      else if (Operation *op = next.getDefiningOp())
        llvm::append_range(work, op->getOperands());
    }
    seen.insert_range(own);
  }
  return shared;
}

ExpertKind LayerFinder::lift(const RoutedLayer &layer, Space space,
                             ArrayRef<int64_t> experts, ArrayRef<Value> values,
                             const DenseSet<Value> *sources) {
  ExpertKind kind;
  kind.experts.assign(experts.begin(), experts.end());
  kind.lifter = std::make_unique<ExpertLifter>(facts, space, experts);
  if (layer.rowsOfToken)
    kind.lifter->setRowsOfToken(layer.rowsOfToken);
  if (sources)
    kind.lifter->setSources(*sources);
  kind.expr = kind.lifter->lift(values);
  return kind;
}

/// The value of each expert; none where one value has them all.
SmallVector<Value> LayerFinder::getParts(Space space, ArrayRef<Value> values) {
  if (space == Space::Tokens || space == Space::Hits)
    return SmallVector<Value>(values);
  auto concat = values.front().getDefiningOp<onnx::ConcatOp>();
  if (space != Space::Rows || !concat)
    return {};
  SmallVector<Value> parts(concat->getOperands());
  for (auto [expert, part] : llvm::enumerate(parts)) {
    const Fact *fact = facts.lookup(part);
    if (!fact || fact->expert != int64_t(expert))
      return {};
  }
  bool isWhole = int64_t(parts.size()) == facts.getExtents().experts;
  return isWhole ? parts : SmallVector<Value>();
}

/// Puts experts that are alike together, in the order of their first ones.
/// False where one is no function of a row.
bool LayerFinder::findKinds(RoutedLayer &layer, Space space,
                            ArrayRef<Value> experts) {
  DenseSet<Value> shared = findShared(experts, facts.getIds());
  SmallVector<int64_t> left;
  for (auto [expert, value] : llvm::enumerate(experts))
    if (getUniform(value) != 0.0)
      left.push_back(int64_t(expert));
  if (layer.leftOut && left.size() < experts.size()) {
    fail(layer.root, "some experts add zeros by weight, and others nothing");
    return false;
  }
  while (!left.empty()) {
    int64_t first = left.front();
    SmallVector<int64_t> own = {first}, others;
    SmallVector<Value> values = {experts[first]};
    for (int64_t expert : ArrayRef(left).drop_front()) {
      bool isAlike = lift(layer, space, {first, expert},
                          {experts[first], experts[expert]}, &shared)
                         .expr;
      (isAlike ? own : others).push_back(expert);
      if (isAlike)
        values.push_back(experts[expert]);
    }
    ExpertKind kind = lift(layer, space, own, values, &shared);
    if (!kind.expr) {
      const Miss &inner = kind.lifter->getMiss();
      fail(inner.node, inner.reason);
      return false;
    }
    assert((layer.kinds.empty() ||
            layer.kinds.front().expr->width == kind.expr->width) &&
           "terms of a sum have rows of one width");
    layer.kinds.push_back(std::move(kind));
    left = std::move(others);
  }
  return true;
}
