//===-- LayerSummary.h - what a routed layer is and costs ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RAISING_LAYERSUMMARY_H
#define MOEC_RAISING_LAYERSUMMARY_H

#include "dialects/Moe/IR/Moe.h"

#include "mlir/IR/Remarks.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace moec {

/// Weights of one product of a layer, of all its experts.
struct ProductWeights {
  mlir::Value weights, bias;
  /// Scales and zero points, where there are any.
  llvm::SmallVector<mlir::Value, 3> scales;
  /// Of packed weights; null for those that are floats.
  moe::WeightFormat format;
};

/// What one expert has, and does for a token.
struct ExpertCosts {
  /// Weights and biases: packed ones as what they stand for, scales not at all.
  int64_t parameters = 0;
  /// A weight is multiplied and added, a bias added.
  int64_t flops = 0;
  /// As they are stored, scales with them.
  int64_t bytes = 0;
};

/// Experts of one kind of a routed layer of a module at the `moe` stage,
/// whatever they became: a network, or products with other nodes between them.
struct LayerSummary {
  explicit LayerSummary(moe::PlanOp plan);

  moe::PlanOp plan;
  /// Null where something else makes the choice.
  moe::RouteOp route;
  moe::CombineOp combine;
  llvm::SmallVector<moe::ExpertFfnOp, 1> networks;
  llvm::SmallVector<moe::GroupedMatmulOp, 3> products;
  /// Of all of these.
  llvm::SmallVector<ProductWeights, 3> weights;

  /// Experts of the source that are of this kind, and those that are left.
  int64_t numExperts = 0, numLeft = 0;
  /// How many a token has, where the model fixes it.
  std::optional<int64_t> topK;
  /// How many a token meets at most: of what is left, if a choice leads there.
  std::optional<int64_t> getMostMet() const;
  /// Of each; nothing where only the run knows extents.
  std::optional<ExpertCosts> each;

  /// The name of its node in the source model, and the operator or pattern it
  /// was raised from; "" where they are not known.
  std::string getName() const;
  std::string getRaisedFrom() const;
  /// Features of a row of the layer, and between the products of an expert,
  /// where all its inner products agree.
  std::optional<int64_t> getHidden() const;
  std::optional<int64_t> getIntermediate() const;
  /// Of its products; "" where none has one, or there are several.
  std::string getActivation() const;
  /// How weights are stored: "f16", "int4 in blocks of 32".
  std::set<std::string> getStorage() const;
};

/// Whether two plans are of one layer, whose experts are of several kinds.
bool areOfOneLayer(moe::PlanOp a, moe::PlanOp b);

/// A routed layer: its experts by kind, of which most layers have one.
using LayerKinds = llvm::SmallVector<LayerSummary, 1>;

/// All layers whose experts have weights, in the order of the module.
std::vector<LayerKinds> summarizeLayers(mlir::ModuleOp module);

/// What all experts of a layer cost.
struct LayerCosts {
  /// Of those that are left, and of those that the source has.
  ExpertCosts stored, dense;
  /// What a token meets at most; nothing where the run has how many it chooses.
  std::optional<ExpertCosts> routed;
};

/// Nothing where only the run knows extents.
std::optional<LayerCosts> getCosts(llvm::ArrayRef<LayerSummary> kinds);

/// What is saved in comparison with all experts for every token, as numbers of
/// a remark.
void reportCosts(llvm::ArrayRef<LayerSummary> kinds,
                 mlir::remark::detail::InFlightRemark &remark);

} // namespace moec

#endif // MOEC_RAISING_LAYERSUMMARY_H
