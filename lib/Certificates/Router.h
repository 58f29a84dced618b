//===-- Router.h - what a router computes ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CERTIFICATES_ROUTER_H
#define MOEC_LIB_CERTIFICATES_ROUTER_H

#include "Constants.h"
#include "Interval.h"

#include <optional>

namespace moec::certificates {

/// What bounds the input of a router: see docs/rationale/dead-experts.md. All
/// letters are those of that page.
struct InputBound {
  /// As certificates name it.
  llvm::StringLiteral kind = "none";
  /// g and beta, of H elements each; empty where they are zero.
  std::vector<double> gain, offset;
  Interval radius = 0;
  /// a
  double halfWidth = 0;
  /// delta_v and alpha
  double roundoff = 0, underflow = 0;
  /// Where there is no bound: the node at which the search for one ended.
  std::string unknown;

  bool isKnown() const { return kind != "none"; }
};

/// s_i = w_i . v + b_i
struct Logits {
  int64_t experts = 0, hidden = 0;
  /// [E, H]
  std::vector<double> weights;
  /// Sums of the constants added to each, and of their magnitudes.
  std::vector<double> bias, biasMagnitude;
  /// Where a mask puts a constant in the place of the product.
  std::vector<bool> isFixed;
  /// How many of those constants are numbers other than zero.
  std::vector<int64_t> numConstants;
  /// delta(S), whether f16 is among the types, and how often a score is rounded
  /// to some type.
  double roundoff = 0;
  bool hasHalf = false;
  int64_t roundings = 0;
  /// The product, and the value that the product reads.
  mlir::Operation *product = nullptr;
  mlir::Value input;
};

enum class ScoreFunction { None, SoftmaxAll, Sigmoid };
enum class GroupScore { Max, Top2Sum };

struct ExpertGroups {
  int64_t count = 1, kept = 1;
  GroupScore score = GroupScore::Max;
  /// The keys of groups that are not kept.
  double fill = 0;
};

struct Router {
  /// TopK, ArgMax, a Concat of such, or the whole layer.
  mlir::Operation *choice = nullptr;
  int64_t experts = 0, topK = 0;
  bool isHighestFirst = false;
  ScoreFunction function = ScoreFunction::None;
  /// What the function makes; null where the layer itself has it.
  mlir::Value scores;
  Logits logits;
  /// c; empty without a selection bias.
  std::vector<double> selectionBias;
  std::optional<ExpertGroups> groups;
  InputBound bound;
  /// Which experts the user asked to keep from being chosen: they are before
  /// nobody.
  std::vector<bool> isMuted;

  bool isFused() const;
};

/// Finds the node that chooses for the layer that was raised from the node
/// `layer`: of the router no more is filled in.
llvm::Expected<Router> findRouter(mlir::ModuleOp module, llvm::StringRef layer,
                                  int64_t experts, int64_t topK);

/// The values that hold the numbers of who is chosen.
llvm::SmallVector<mlir::Value> getIds(mlir::Operation *choice);

/// Reads all the rest. Refuses, by the node's name, what it does not
/// understand.
llvm::Error readRouter(Router &router, ConstantReader &constants);

/// The ops of main that the node `layer` became.
llvm::SmallVector<mlir::Operation *> findNodes(mlir::ModuleOp module,
                                               llvm::StringRef layer);

/// Reads what `scores`, of `experts` columns, are made of.
llvm::Expected<Logits> readLogits(mlir::Value scores, int64_t experts,
                                  ConstantReader &constants);

/// What is known of the rows of a value; `kind` is none where nothing is.
InputBound readInputBound(mlir::Value value, ConstantReader &constants);

/// Takes off a mask of groups: `keys` becomes what is masked. Nothing where
/// the value is no such mask.
llvm::Expected<std::optional<ExpertGroups>>
readGroups(mlir::Value &keys, int64_t experts, ConstantReader &constants);

/// Succeeds if the weight of an expert whose score is zero is zero in the sum
/// that is `root`.
llvm::Error checkZeroWeight(const Router &router,
                            llvm::ArrayRef<mlir::Operation *> root,
                            ConstantReader &constants);

} // namespace moec::certificates

#endif // MOEC_LIB_CERTIFICATES_ROUTER_H
