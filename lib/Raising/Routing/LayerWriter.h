//===-- LayerWriter.h - a routed layer, written anew ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_LAYERWRITER_H
#define MOEC_LIB_RAISING_ROUTING_LAYERWRITER_H

#include "LayerFinder.h"
#include "NodeBuilder.h"

#include "dialects/Moe/IR/Moe.h"
#include "dialects/Param/IR/Param.h"

namespace moec::routing {

/// Writes a layer on rows grouped by expert in front of its root, and puts it
/// in the root's place.
class LayerWriter {
public:
  LayerWriter(const RoutedLayer &layer, const RoutingFacts &facts,
              mlir::SymbolTable &symbols);

  /// Fails where weights make no recipe; then nothing has changed. What was
  /// written nobody reads, and is for `GraphCleaner`.
  llvm::LogicalResult write();
  /// Of what was written.
  moe::PlanOp getPlan() const { return plan; }

private:
  llvm::LogicalResult stackWeights(const RowExpr *expr);
  mlir::Value stack(llvm::ArrayRef<mlir::Value> values, bool isVector);
  void writePlan();
  mlir::Value writeIds();
  mlir::Value forEachRow(mlir::Value numbers);
  mlir::Value writeWeights();
  mlir::Value getIdsOf(int64_t choice);
  mlir::Value orderDims(mlir::Value numbers, llvm::ArrayRef<Dim> dims);
  mlir::Value lookUpChoice(mlir::Value numbers, llvm::ArrayRef<Dim> dims,
                           int64_t choice);
  mlir::Value writeCapacity(const SlotPart &part);
  std::pair<mlir::Value, mlir::Value> writePart(const SlotPart &part);
  void writeSlots();
  mlir::Value lookUpDense(mlir::Value dense, llvm::ArrayRef<Dim> dims);
  mlir::Value writeScaled(const RowExpr *expr);
  mlir::Value write(const RowExpr *expr);
  mlir::Value writeSource(const RowExpr *expr);
  mlir::Value writeRows(mlir::Value x, const RowExpr *expr);
  mlir::Value writeProduct(const RowExpr *expr);
  mlir::Value writeNode(const RowExpr *expr);
  mlir::Value writeShared(mlir::Value shared);
  mlir::Value makeEmpty(mlir::Value rows, int64_t columns,
                        mlir::Type elementType);
  void tag(mlir::Operation *op, mlir::AffineExpr rows, int64_t columns);

  const RoutedLayer &layer;
  const RoutingFacts &facts;
  mlir::SymbolTable &symbols;
  NodeBuilder b;
  mlir::AffineExpr tokens, rowsExtent;
  mlir::Value numRows, numTokens;
  /// Of choices that have slots.
  mlir::Value slotIds, slotWeights;
  moe::PlanOp plan;
  llvm::DenseMap<const RowExpr *, mlir::Value> written;
  /// Of a product: weights (0) and bias (1).
  llvm::DenseMap<std::pair<const RowExpr *, unsigned>, mlir::Value> stacked;
  llvm::DenseMap<std::pair<mlir::Operation *, const RowExpr *>,
                 mlir::Operation *>
      nodes;
};

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_LAYERWRITER_H
