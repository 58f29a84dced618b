//===-- RouterNumbers.h - a router as numbers -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_DEADEXPERTS_ROUTERNUMBERS_H
#define MOEC_LIB_RAISING_DEADEXPERTS_ROUTERNUMBERS_H

#include "dialects/Moe/IR/Moe.h"

#include <vector>

namespace moec::dead {

/// What is known of the input v of a router, of H elements:
/// v = center + gain * xi + d, |xi| <= radius, |d_k| <= halfWidth, and how it
/// is rounded. Letters as in docs/rationale/dead-experts.md.
struct InputBound {
  enum Kind { None, RmsNorm, LayerNorm, Sigmoid, Softmax, Tanh, Clip };

  Kind kind = None;
  std::vector<double> gain, center;
  double radius = 0, halfWidth = 0;
  /// delta_v and alpha.
  double relative = 0, absolute = 0;
};

/// The name in a certificate.
llvm::StringRef stringifyBound(InputBound::Kind kind);

/// The numbers that decide which experts a router can choose.
struct RouterNumbers {
  int64_t experts = 0, choices = 0;
  /// Row-major, an expert a row, of as many columns as `input.gain` has
  /// elements; empty without a bound on the input.
  std::vector<double> rows;
  /// Added to the scores; -inf is a mask.
  std::vector<double> bias;
  /// How many elements a row has; 0 where it is not known.
  int64_t hidden = 0;
  /// Whether a score is the bias alone, whatever the input.
  std::vector<bool> isConstant;
  /// Added to the keys; empty where there is no such bias.
  std::vector<double> selection;
  /// Multiplied on the weights; empty where there is no such scale, NaN where
  /// it is not known.
  std::vector<double> expertScale;
  InputBound input;
  /// The unit roundoff of what the scores are stored as, and the most that
  /// storing them loses below the type's normal numbers.
  double scoreRoundoff = 0, scoreUnderflow = 0;

  moe::ScoreFunction score = moe::ScoreFunction::None;
  moe::TieRule tie = moe::TieRule::Lowest;
  int64_t groups = 1, groupsKept = 1;
  moe::GroupScore groupScore = moe::GroupScore::Max;
  double groupFill = 0;
  /// Whether weights are keys.
  bool keysWeigh = false;
};

} // namespace moec::dead

#endif // MOEC_LIB_RAISING_DEADEXPERTS_ROUTERNUMBERS_H
