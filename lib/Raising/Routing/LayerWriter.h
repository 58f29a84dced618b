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
  /// Of what was written, one for each kind of experts.
  llvm::ArrayRef<moe::PlanOp> getPlans() const { return plans; }

private:
  llvm::LogicalResult stackWeights(const RowExpr *expr);
  /// What a product has of its experts.
  enum class ProductPart : unsigned { Weights, Bias, Scales, ZeroPoints };
  mlir::Value stack(llvm::ArrayRef<mlir::Value> values,
                    llvm::ArrayRef<int64_t> shape, bool isTable);
  mlir::Value stackCodes(const RowExpr *expr);
  mlir::Value stackPart(const RowExpr *expr, ProductPart part);
  int64_t countExperts() const;
  mlir::Value writeKind(const ExpertKind &own, mlir::Value ids,
                        mlir::Value weights);
  void writePlan(mlir::Value ids);
  mlir::Value writeGroups();
  bool hasExpertsOfNoKind() const;
  mlir::Value getAllIds();
  mlir::Value dropRepeated(mlir::Value ids);
  mlir::Value writeIds();
  mlir::Value forEachRow(mlir::Value numbers);
  mlir::Value writeWeights(const RowWeights &weights);
  mlir::Value writeAfter(mlir::Value weights,
                         llvm::ArrayRef<mlir::Operation *> after);
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
  mlir::Value writeOne(const RowExpr *expr);
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
  /// The kind of experts that is being written, and its plan.
  const ExpertKind *kind = nullptr;
  /// Of choices that have slots.
  mlir::Value slotIds, slotWeights;
  moe::PlanOp plan;
  llvm::SmallVector<moe::PlanOp, 1> plans;
  llvm::DenseMap<const RowExpr *, mlir::Value> written;
  /// Of a product, by part.
  llvm::DenseMap<std::pair<const RowExpr *, unsigned>, mlir::Value> stacked;
  /// Beside which other parameters of the layer are.
  mlir::Value firstStacked;
  /// What nodes were written for, and as what.
  using Written = std::pair<llvm::SmallVector<mlir::Value>, mlir::Operation *>;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<Written, 1>> nodes;
};

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_LAYERWRITER_H
