//===-- GraphCleaner.cpp - what a rewrite leaves behind -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphCleaner.h"

#include "../FusedLayers.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

namespace {
using Symbols = llvm::DenseSet<unsigned>;
} // namespace

static void addSymbols(AffineExpr expr, Symbols &symbols) {
  expr.walk([&](AffineExpr part) {
    if (auto symbol = dyn_cast<AffineSymbolExpr>(part))
      symbols.insert(symbol.getPosition());
  });
}

static void addSymbols(AffineMapAttr map, Symbols &symbols) {
  for (AffineExpr expr : map.getValue().getResults())
    addSymbols(expr, symbols);
}

/// Symbols of the extents that the op's results have.
static void addShapeSymbols(Operation *op, Symbols &symbols) {
  if (auto maps = op->getAttrOfType<ArrayAttr>(onnx::kShapesAttr))
    for (AffineMapAttr map : maps.getAsRange<AffineMapAttr>())
      addSymbols(map, symbols);
}

/// Symbols of what the run checks in front of the op.
static void addCheckSymbols(Operation *op, Symbols &symbols) {
  if (auto checks = op->getAttrOfType<ArrayAttr>(onnx::kEqualAttr))
    for (onnx::CheckAttr check : checks.getAsRange<onnx::CheckAttr>())
      addSymbols(check.getSides(), symbols);
}

void GraphCleaner::eraseDeadOps() {
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(main.getBody().front()))) {
    if (!isOpTriviallyDead(&op))
      continue;
    if (auto equal = op.getAttrOfType<ArrayAttr>(onnx::kEqualAttr))
      for (onnx::CheckAttr check : equal.getAsRange<onnx::CheckAttr>())
        checks.push_back(
            {check, StringAttr::get(op.getContext(), getNodeName(&op))});
    op.erase();
  }
}

/// Erases what is kept for symbols that nothing else speaks of.
bool GraphCleaner::eraseKeeps() {
  SmallVector<onnx::KeepOp> keeps(main.getOps<onnx::KeepOp>());
  if (keeps.empty())
    return false;
  llvm::DenseMap<Operation *, Symbols> made;
  for (onnx::KeepOp keep : keeps)
    for (Value value : keep.getValues())
      if (Operation *maker = value.getDefiningOp())
        addShapeSymbols(maker, made[maker]);
  Symbols spoken;
  for (Operation &op : main.getBody().front()) {
    if (!made.count(&op))
      addShapeSymbols(&op, spoken);
    addCheckSymbols(&op, spoken);
  }
  addCheckSymbols(main, spoken);
  bool isErased = false;
  for (onnx::KeepOp keep : keeps) {
    bool isSpoken = false;
    for (Value value : keep.getValues())
      for (unsigned symbol : made[value.getDefiningOp()])
        isSpoken |= spoken.contains(symbol);
    if (isSpoken)
      continue;
    keep.erase();
    isErased = true;
  }
  return isErased;
}

void GraphCleaner::storeChecks() {
  Symbols known;
  for (BlockArgument arg : main.getArguments())
    if (AffineMap map = onnx::getShapeMap(arg))
      for (AffineExpr expr : map.getResults())
        addSymbols(expr, known);
  for (Operation &op : main.getBody().front())
    addShapeSymbols(&op, known);
  SmallVector<Attribute> kept, nodes;
  if (auto old = main->getAttrOfType<ArrayAttr>(onnx::kEqualAttr)) {
    kept.assign(old.begin(), old.end());
    if (auto names = main->getAttrOfType<ArrayAttr>(onnx::kEqualNodesAttr))
      nodes.assign(names.begin(), names.end());
    nodes.resize(kept.size(), StringAttr::get(main.getContext(), ""));
  }
  for (auto [check, node] : llvm::reverse(checks)) {
    Symbols asked;
    addSymbols(check.getSides(), asked);
    // Numbers that were counted by what is gone are nobody's any more.
    if (!llvm::all_of(asked, [&](unsigned s) { return known.contains(s); }))
      continue;
    kept.push_back(check);
    nodes.push_back(node);
  }
  if (kept.empty())
    return;
  main->setAttr(onnx::kEqualAttr, ArrayAttr::get(main.getContext(), kept));
  main->setAttr(onnx::kEqualNodesAttr,
                ArrayAttr::get(main.getContext(), nodes));
}

void GraphCleaner::run() {
  do
    eraseDeadOps();
  while (eraseKeeps());
  storeChecks();
}
