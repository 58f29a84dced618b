//===-- SlotProducts.cpp - products of tables of slots and rows -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SlotProducts.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

static bool countsOnly(const Dim &dim, ArrayRef<Axis> axes) {
  return llvm::all_of(
      dim, [&](Axis axis) { return llvm::is_contained(axes, axis); });
}

std::optional<SlotProduct>
moec::routing::readSlotProduct(const RoutingFacts &facts, Operation *op) {
  if (!isa_and_present<onnx::EinsumOp, onnx::MatMulOp>(op))
    return std::nullopt;
  std::optional<Contraction> product = readContraction(op);
  if (!product || product->operands.size() != 2)
    return std::nullopt;
  for (unsigned i : {0, 1}) {
    const Fact *fact = facts.lookupSlots(product->operands[i]);
    if (!fact || fact->kind != FactKind::Slots || fact->expert ||
        facts.knows(product->operands[1 - i]))
      continue;
    SlotProduct found{fact,
                      product->operands[i],
                      product->operands[1 - i],
                      product->labels[i],
                      product->labels[1 - i],
                      product->numOutputLabels,
                      Dims(product->numLabels),
                      llvm::BitVector(product->numLabels)};
    for (auto [label, dim] : llvm::zip_equal(found.tableLabels, fact->dims)) {
      found.dims[label] = dim;
      found.isOfTable.set(label);
    }
    return found;
  }
  return std::nullopt;
}

SmallVector<unsigned> SlotProduct::getOutputLabels() const {
  return llvm::to_vector(llvm::seq(numOutputLabels));
}

SmallVector<unsigned> SlotProduct::getTokenLabels() const {
  SmallVector<unsigned> labels;
  for (unsigned label : tableLabels)
    if (dims[label] == Dim{Axis::Token})
      labels.push_back(label);
  return labels;
}

SmallVector<unsigned>
SlotProduct::getCounting(ArrayRef<unsigned> labels) const {
  SmallVector<unsigned> counting;
  for (unsigned label : labels)
    if (!isOfTable[label] || !dims[label].empty())
      counting.push_back(label);
  return counting;
}

bool SlotProduct::areInOrder(ArrayRef<unsigned> labels) const {
  SmallVector<unsigned> wanted, found;
  for (unsigned label : getTokenLabels())
    if (llvm::is_contained(labels, label))
      wanted.push_back(label);
  for (unsigned label : labels)
    if (isOfTable[label] && (dims[label] == Dim{Axis::Token} ||
                             llvm::is_contained(dims[label], Axis::Slot)))
      found.push_back(label);
  return found.size() == wanted.size() + 1 &&
         ArrayRef(found).drop_back() == ArrayRef(wanted);
}

Dims SlotProduct::getRowDims(ArrayRef<unsigned> labels) const {
  Dims rows;
  for (unsigned label : labels)
    rows.push_back(!isOfTable[label]                 ? Dim{Axis::Feature}
                   : dims[label] == Dim{Axis::Token} ? Dim{Axis::Slot}
                                                     : dims[label]);
  return rows;
}

/// Whether those labels of tokens for which it is asked count the tokens of a
/// group, and others the groups.
static bool isGroup(const RoutingFacts &facts, const SlotProduct &product,
                    llvm::function_ref<bool(unsigned)> isOfGroup) {
  onnx::ShapeContext &shapes = facts.getShapes();
  onnx::Extents sizes = shapes.getExtents(product.table);
  AffineExpr count = shapes.getConstant(1);
  bool isInside = false;
  for (auto [label, size] : llvm::zip_equal(product.tableLabels, sizes)) {
    if (product.dims[label] != Dim{Axis::Token})
      continue;
    if (isOfGroup(label))
      count = count * size;
    else if (isInside)
      return false;
    isInside |= isOfGroup(label);
  }
  return llvm::all_of(product.fact->parts, [&](const SlotPart &part) {
    return facts.isSameExtent(count, part.numbering.groupSize);
  });
}

/// Whether labels of both have the same extents, or such as only the run can
/// compare: an extent of 1 would be that of all.
static bool haveSameExtents(const SlotProduct &product) {
  ArrayRef<int64_t> rows = getType(product.rows).getShape();
  ArrayRef<int64_t> table = getType(product.table).getShape();
  for (auto [label, extent] : llvm::zip_equal(product.rowLabels, rows)) {
    const auto *found = llvm::find(product.tableLabels, label);
    if (found == product.tableLabels.end())
      continue;
    int64_t other = table[found - product.tableLabels.begin()];
    if (other != extent && (other == 1 || extent == 1))
      return false;
  }
  return true;
}

/// Whether the labels of the table that are summed count some of `summed`, the
/// others some of `kept`.
static bool sums(const SlotProduct &product, ArrayRef<Axis> summed,
                 ArrayRef<Axis> kept) {
  return llvm::all_of(product.tableLabels, [&](unsigned label) {
    return countsOnly(product.dims[label],
                      product.isSummed(label) ? summed : kept);
  });
}

std::optional<Dims> moec::routing::readDispatch(const RoutingFacts &facts,
                                                const SlotProduct &product) {
  SmallVector<unsigned> output = product.getOutputLabels();
  if (output.empty() || product.rowLabels.empty() ||
      product.rowLabels.back() != output.back() ||
      product.isOfTable[output.back()] || !haveSameExtents(product) ||
      !sums(product, Axis::Token, {Axis::Token, Axis::Expert, Axis::Slot}))
    return std::nullopt;
  // Rows of tokens, in their order.
  SmallVector<unsigned> wanted = product.getTokenLabels();
  wanted.push_back(output.back());
  auto isSummed = [&](unsigned label) { return product.isSummed(label); };
  if (product.getCounting(product.rowLabels) != wanted ||
      !isGroup(facts, product, isSummed) || !product.areInOrder(output))
    return std::nullopt;
  return product.getRowDims(output);
}

bool moec::routing::isOfTokens(const RoutingFacts &facts,
                               const SlotProduct &product) {
  SmallVector<unsigned> output = product.getOutputLabels();
  if (output.empty() || product.isOfTable[output.back()] ||
      !llvm::is_contained(product.rowLabels, output.back()) ||
      !haveSameExtents(product) ||
      !sums(product, {Axis::Expert, Axis::Slot}, Axis::Token))
    return false;
  SmallVector<unsigned> wanted = product.getTokenLabels();
  wanted.push_back(output.back());
  auto isOwn = [&](unsigned label) {
    return !llvm::is_contained(product.rowLabels, label);
  };
  return product.getCounting(output) == wanted &&
         isGroup(facts, product, isOwn) &&
         product.areInOrder(product.rowLabels);
}
