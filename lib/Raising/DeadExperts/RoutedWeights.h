//===-- RoutedWeights.h - the ops and weights of one routed layer ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_DEADEXPERTS_ROUTEDWEIGHTS_H
#define MOEC_LIB_RAISING_DEADEXPERTS_ROUTEDWEIGHTS_H

#include "ZeroCodes.h"

#include "mlir/IR/SymbolTable.h"

#include <optional>

#include <string>

namespace moec::dead {

/// Experts of one kind of a layer, those of a plan, and the parameters whose
/// first dimension counts them. Most layers have one kind.
class RoutedWeights {
public:
  /// Reads the layer. Where it has a form whose experts cannot be told apart,
  /// `getMiss` says why, and nothing else may be asked.
  RoutedWeights(moe::PlanOp plan, const mlir::SymbolTable &symbols);

  llvm::StringRef getMiss() const { return miss; }

  moe::PlanOp getPlan() const { return plan; }
  moe::CombineOp getCombine() const { return combine; }
  /// What chose the experts; null where ordinary nodes did.
  moe::RouteOp getRoute() const;
  /// Whether the weights are those that the route gives.
  bool areWeightsOfRoute() const;
  /// How many the layer has, and which of them are of this kind.
  int64_t getNumExperts() const;
  llvm::ArrayRef<int64_t> getOwn() const { return own; }
  std::string getName() const;

  /// Of its experts, a parameter each. Those of a kind may have no weights.
  llvm::ArrayRef<param::RecipeInterface> getRecipes() const { return recipes; }
  /// Those of the last product which, where they are zero, make it zero.
  llvm::SmallVector<param::RecipeInterface>
  getLastRecipes(const mlir::SymbolTable &symbols) const;
  /// The weights of the last product where they are integers of fewer bits, and
  /// its bias, which may be null.
  std::optional<std::pair<IntegerCodes, param::RecipeInterface>>
  getLastCodes(const mlir::SymbolTable &symbols) const;

  /// What the experts read: rows of these, which the plan chooses.
  llvm::SmallVector<mlir::Value> getInputs() const;

  /// Numbers that one expert has.
  int64_t countParameters() const;

  /// Leaves the experts in places `kept`, in this order; a choice of the
  /// layer's expert e then leads to place `groups[e]` among them, or nowhere at
  /// -1.
  void keep(llvm::ArrayRef<int64_t> kept, llvm::ArrayRef<int32_t> groups,
            mlir::SymbolTable &symbols);

private:
  bool read(const mlir::SymbolTable &symbols);
  bool readExperts(const mlir::SymbolTable &symbols);
  bool areGroupsOfKind(const mlir::SymbolTable &symbols) const;
  bool readProduct(mlir::Operation *op, const mlir::SymbolTable &symbols);
  mlir::Value loadGroups(mlir::OpBuilder &builder,
                         llvm::ArrayRef<int32_t> groups,
                         mlir::SymbolTable &symbols);
  bool fail(const llvm::Twine &reason);

  moe::PlanOp plan;
  moe::CombineOp combine;
  bool isKind = false;
  llvm::SmallVector<int64_t> own;
  llvm::SmallVector<mlir::OpOperand *> weights;
  llvm::SmallVector<param::RecipeInterface> recipes;
  std::string miss;
};

} // namespace moec::dead

#endif // MOEC_LIB_RAISING_DEADEXPERTS_ROUTEDWEIGHTS_H
