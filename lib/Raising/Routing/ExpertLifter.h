//===-- ExpertLifter.h - experts as functions of a row --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// However a graph lays out the work of its experts (every expert on every
// token, on the rows that chose it, or all of them at once on gathered
// weights), each is a function of one row. The lifter finds it, going back from
// the results, as an expression that is the same for all experts but for their
// weights; from there the layer is written anew, on rows grouped by expert.
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_EXPERTLIFTER_H
#define MOEC_LIB_RAISING_ROUTING_EXPERTLIFTER_H

#include "RowWeights.h"

#include "dialects/Moe/IR/Moe.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

#include <memory>
#include <string>
#include <vector>

namespace moec::routing {

/// How a graph lays out the rows of its experts.
enum class Space {
  /// One value for each expert, on all tokens.
  Tokens,
  /// One value for each expert, on the rows that chose it.
  Hits,
  /// One value, [experts, tokens, features] in some order.
  Experts,
  /// One value, a row for each token and choice.
  Choices,
  /// One value, rows sorted by expert.
  Rows,
  /// One value, [experts, slots, features] in some order, or one for each
  /// expert that is cut from it.
  Slots,
};

/// An expression over one row of one expert.
struct RowExpr {
  enum Kind {
    /// A row of `source`, whose leading dimensions are the tokens.
    Source,
    /// operand . weights (+ bias).
    Product,
    /// operand * weight of the token for the expert, 0 where it was not chosen.
    Scaled,
    /// `op`, on rows and on constants.
    Node,
  };
  /// Either another row or a value that all rows share.
  struct Operand {
    RowExpr *row = nullptr;
    mlir::Value shared;
  };

  explicit RowExpr(Kind kind, mlir::Operation *op = nullptr)
      : kind(kind), op(op) {}

  Kind kind;
  mlir::Operation *op;
  unsigned result = 0;
  mlir::Value source;
  llvm::SmallVector<Operand, 2> operands;
  /// A matrix for each expert, or one value with all of them; [K, N] unless
  /// `isTransposed`. Likewise the vectors of the bias.
  llvm::SmallVector<mlir::Value> weights, bias;
  bool isTransposed = false;
  /// Where weights are codes: their format, which has a row for each column of
  /// the product, and a matrix of scales and of zero points (if there are any)
  /// for each expert.
  moe::QuantAttr quant;
  llvm::SmallVector<mlir::Value> scales, zeroPoints;
  mlir::Type elementType;
  int64_t width = 0;
};

/// Where a match stopped.
struct Miss {
  mlir::Operation *node = nullptr;
  std::string reason;

  /// Where the node is, or `other` without one.
  mlir::Location getLoc(mlir::Location other) const;
  /// " at 'name' (operator)", or "" without a node.
  std::string getPlace() const;
};

class ExpertLifter {
public:
  /// Where each expert has a value, of these experts; of all where none is
  /// named.
  ExpertLifter(const RoutingFacts &facts, Space space,
               llvm::ArrayRef<int64_t> experts = {})
      : facts(facts), space(space), experts(experts) {}

  /// Each token has so many rows, one after the other, where experts see all
  /// tokens; otherwise one.
  void setRowsOfToken(mlir::AffineExpr count) { rowsOfToken = count; }

  /// Where experts see all tokens: what may be the rows of one. Without it,
  /// what all have in common.
  void setSources(const llvm::DenseSet<mlir::Value> &values) {
    sources = &values;
  }

  /// The expression that these values are, one for each expert, or one for all
  /// of them. Null where they are not alike or not functions of a row: then
  /// `getMiss` says why.
  RowExpr *lift(llvm::ArrayRef<mlir::Value> values);

  /// How many experts' values are lifted.
  size_t countExperts() const {
    return experts.empty() ? facts.getExtents().experts : experts.size();
  }
  const Miss &getMiss() const { return miss; }
  /// What the expressions were read from.
  const llvm::SetVector<mlir::Operation *> &getVisited() const {
    return visited;
  }
  /// What rows are weighted by on their way in, if they are.
  bool hasScale() const { return bool(scale.value); }
  const RowWeights &getScale() const { return scale; }
  /// What sends rows to slots.
  llvm::ArrayRef<mlir::Operation *> getDispatches() const {
    return dispatches.getArrayRef();
  }
  /// What the expression is for a row of zeros, where it has one value.
  static std::optional<double> evaluateAtZero(const RowExpr *expr);
  /// Where one value has all experts: what the dimensions of a lifted one run
  /// over, with `Axis::Feature` as the last.
  const Dims &getDims(mlir::Value value) const {
    return rowDims.find(value)->second;
  }
  /// Products found, in all experts.
  unsigned getNumProducts() const { return numProducts; }

private:
  using Values = llvm::ArrayRef<mlir::Value>;

  RowExpr *fail(mlir::Operation *node, const llvm::Twine &reason);
  RowExpr *make(RowExpr expr);
  RowExpr *liftNew(Values values);
  RowExpr *liftSource(Values values);
  RowExpr *makeSource(mlir::Value source, mlir::Operation *node);
  RowExpr *liftNode(Values values);
  RowExpr *liftElementwise(Values values);
  bool isOuterProduct(const RowExpr &expr);
  RowExpr *liftAlongFeatures(Values values);
  RowExpr *liftProduct(Values values);
  RowExpr *liftTableProduct(Values values);
  RowExpr *liftPackedProduct(Values values);
  RowExpr *liftConcat(onnx::ConcatOp op);
  bool isSplitRows(Values values);
  /// The expert whose value number `i` of those that are lifted is.
  int64_t getExpert(size_t i) const {
    return experts.empty() ? int64_t(i) : experts[i];
  }
  bool areSegments(Values values);
  RowExpr *liftDispatched(mlir::Value value);
  RowExpr *liftSlotsOfExperts(onnx::ConcatOp op);
  RowExpr *liftCutSlots(Values values);
  bool hasAllExperts(Values values) const {
    return space == Space::Experts ||
           (space == Space::Slots && values.size() == 1);
  }
  RowExpr *liftScaled(Values values);
  bool isScale(mlir::Value weight, mlir::Value row, size_t number);
  bool isStackOfVectors(mlir::Operation *add, mlir::RankedTensorType type,
                        int64_t width);
  RowExpr *addBias(RowExpr *product, Values vectors, mlir::Operation *node);
  std::optional<RowExpr::Operand> liftShared(Values column);
  /// Operand `number` of the op of each value.
  llvm::SmallVector<mlir::Value> getColumn(Values values, unsigned number);
  bool areAlike(Values values);
  bool gathersTokensByExpert(mlir::Operation *op) const;
  mlir::Value peelTokens(mlir::Value value);
  bool trackDims(Values values);
  bool trackDims(mlir::Value value);
  std::optional<Dims> inferDims(mlir::Operation *op);
  std::optional<Dims> inferDimsOfProduct(mlir::Operation *op);
  std::optional<Dims> inferDimsOfElements(mlir::Operation *op);
  bool isRepeated(mlir::Value value, mlir::Value tokens);
  bool areAligned(mlir::Value value, llvm::ArrayRef<Dim> dims, unsigned inner);

  const RoutingFacts &facts;
  Space space;
  llvm::SmallVector<int64_t> experts;
  const llvm::DenseSet<mlir::Value> *sources = nullptr;
  std::vector<std::unique_ptr<RowExpr>> exprs;
  /// Expressions of values that were lifted, by the first of them.
  using Column = std::pair<llvm::SmallVector<mlir::Value>, RowExpr *>;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Column, 1>> known;
  llvm::SetVector<mlir::Operation *> visited, dispatches;
  /// What values without a fact run over: where rows are repeated, and where
  /// one value has all experts.
  llvm::DenseMap<mlir::Value, Dims> rowDims;
  Miss miss;
  RowWeights scale;
  mlir::AffineExpr rowsOfToken;
  unsigned numProducts = 0;
  unsigned depth = 0;
};

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_EXPERTLIFTER_H
