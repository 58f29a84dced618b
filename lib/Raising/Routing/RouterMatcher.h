//===-- RouterMatcher.h - what computes a choice of experts ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_ROUTERMATCHER_H
#define MOEC_LIB_RAISING_ROUTING_ROUTERMATCHER_H

#include "Divisor.h"
#include "ExpertLifter.h"

#include "dialects/Moe/IR/Moe.h"

#include <limits>

namespace moec::routing {

/// A router, in the terms of `moe.route`.
struct Router {
  /// What chooses; null where a sparse mixer does, in rounds.
  onnx::TopKOp top;
  /// Whether it only chooses: the weights are elsewhere, made of what TopK
  /// finds.
  bool isChoiceOnly = false;
  /// [.., experts], in f32.
  mlir::Value scores;
  mlir::Value selectionBias;
  moe::ScoreFunction score = moe::ScoreFunction::None;
  int64_t groups = 1, groupsKept = 1;
  moe::GroupScore groupScore = moe::GroupScore::Max;
  float groupFill = -std::numeric_limits<float>::infinity();
  /// Whether weights are keys, with their bias and fill.
  bool keysWeigh = false;
  /// Of the renormalisation, if there is one.
  std::optional<Divisor> divisor;
  float scale = 1.0f;
  mlir::Value expertScale;
  /// Of a sparse mixer.
  std::optional<float> jitter;
};

/// Reads the router that makes these ids and weights of each token's choices.
class RouterMatcher {
public:
  RouterMatcher(mlir::Value ids, mlir::Value weights)
      : ids(ids), weights(weights) {}

  /// Nothing where it is none that `moe.route` can say; then `getMiss` says
  /// why.
  std::optional<Router> match();
  const Miss &getMiss() const { return miss; }

private:
  bool matchRouter();
  bool fail(mlir::Operation *node, const llvm::Twine &reason);
  bool matchTop();
  bool matchMixer(onnx::ConcatOp choices);
  bool matchFactors(mlir::Value &value);
  bool matchWeights();
  bool matchKeys(mlir::Value keys);
  bool matchGroups(mlir::Value keys);
  bool matchProbabilities(mlir::Value probabilities);
  /// Without what only views or converts exactly.
  mlir::Value peel(mlir::Value value);
  mlir::Value peelDivision(mlir::Value value);
  mlir::Value peelExpertScale(mlir::Operation *mul);
  bool isDivisorKnown();
  bool keepsChoices(mlir::Operation *op);
  bool spreadsOverGroups(mlir::Value spread, mlir::Value mask, int64_t groups,
                         int64_t size);

  mlir::Value ids, weights;
  Router router;
  /// What the keys are without bias and groups.
  mlir::Value probabilities;
  Miss miss;
};

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_ROUTERMATCHER_H
