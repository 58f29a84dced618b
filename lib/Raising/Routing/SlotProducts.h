//===-- SlotProducts.h - products of tables of slots and rows -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_SLOTPRODUCTS_H
#define MOEC_LIB_RAISING_ROUTING_SLOTPRODUCTS_H

#include "RoutingFacts.h"

#include "llvm/ADT/BitVector.h"

namespace moec::routing {

/// A product of a table of slots and rows, by its labels: those of the result
/// first, then the summed ones.
struct SlotProduct {
  const Fact *fact;
  mlir::Value table, rows;
  llvm::SmallVector<unsigned> tableLabels, rowLabels;
  unsigned numOutputLabels;
  /// What the labels of the table count, and which they are.
  Dims dims;
  llvm::BitVector isOfTable;

  bool isSummed(unsigned label) const { return label >= numOutputLabels; }
  llvm::SmallVector<unsigned> getOutputLabels() const;
  /// The labels of tokens, in the table's order.
  llvm::SmallVector<unsigned> getTokenLabels() const;
  /// `labels` without those by which the table counts nothing.
  llvm::SmallVector<unsigned>
  getCounting(llvm::ArrayRef<unsigned> labels) const;
  /// Whether `labels` have the slots in the order of their groups: a dimension
  /// of tokens comes before that of slots.
  bool areInOrder(llvm::ArrayRef<unsigned> labels) const;
  /// What rows with these labels run over: each group of tokens has slots of
  /// its own.
  Dims getRowDims(llvm::ArrayRef<unsigned> labels) const;
};

/// The product of two that an Einsum or a MatMul is; nothing where it is none
/// of a table and rows.
std::optional<SlotProduct> readSlotProduct(const RoutingFacts &facts,
                                           mlir::Operation *op);

/// What the result runs over of a product that sends the rows of tokens to
/// their slots; nothing where it does something else.
std::optional<Dims> readDispatch(const RoutingFacts &facts,
                                 const SlotProduct &product);

/// Whether a product takes from all slots of all experts what is each token's.
bool isOfTokens(const RoutingFacts &facts, const SlotProduct &product);

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_SLOTPRODUCTS_H
