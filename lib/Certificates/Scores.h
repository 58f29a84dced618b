//===-- Scores.h - which experts are certain to be before others ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CERTIFICATES_SCORES_H
#define MOEC_LIB_CERTIFICATES_SCORES_H

#include "Router.h"

#include "llvm/ADT/DenseMap.h"

namespace moec::certificates {

/// The bounds of docs/rationale/dead-experts.md for one router, each an
/// interval that holds the number of that page.
class Scores {
public:
  Scores(const Router &router, const InputBound &bound);

  /// Why the bounds do not hold for the router; empty where they do.
  const std::string &getObjection() const { return objection; }

  /// D, or K where there is a selection bias: what a certificate calls margin.
  Interval getMargin(int64_t j, int64_t e);
  bool isBeaten(int64_t e, int64_t by);
  /// Whether constants and the bounds of single scores are enough for that.
  bool isBeatenByConstants(int64_t e, int64_t by);

  /// The key of an expert lies between the low end of one and the high end of
  /// the other.
  Interval getLeastKey(int64_t i);
  Interval getMostKey(int64_t i);
  /// Whether constants make the score or the key -inf.
  bool isMaskedScore(int64_t i) const;
  bool isMaskedKey(int64_t i) const;
  const Router &getRouter() const { return router; }

private:
  /// Sums over the elements of one row, or of the difference of two.
  struct RowSums {
    Interval norm, offset, offsetMagnitude, magnitude, length;
  };

  void computeLength();
  RowSums sum(int64_t i, int64_t minus);
  /// How far beta, xi and d move what has these sums, in all.
  Interval getSpread(const RowSums &sums) const;
  Interval getDifference(int64_t j, int64_t e);
  Interval computeDifference(int64_t j, int64_t e);
  Interval getLeastScore(int64_t i) const;
  Interval getMostScore(int64_t i) const;
  Interval getBias(int64_t i) const;
  double getSelectionBias(int64_t i) const;
  Interval getKeyMargin(int64_t j, int64_t e);
  Interval getSigmoidGain(int64_t e, double difference);
  Interval getSquashedDifference(int64_t j, int64_t e);
  bool isBeatenBySigmoid(int64_t e, int64_t by);
  bool isBeatenBySoftmax(int64_t e, int64_t by);
  bool isAboveUnderflow(int64_t j);
  bool isConstantScore(int64_t i) const;
  /// Whether anything bounds a score that is not masked.
  bool isBounded(int64_t i) const;
  bool isBeforeByConstants(int64_t j, int64_t e) const;
  Interval getKey(int64_t i, Interval score) const;
  Interval getKeyError(int64_t i) const;

  const Router &router;
  const InputBound &bound;
  const Logits &logits;
  /// V
  Interval length = 0;
  /// B_i, err_i, the middle and the half width of the bounds of a score.
  std::vector<Interval> magnitudes, errors, middles, spreads;
  llvm::DenseMap<std::pair<int64_t, int64_t>, Interval> differences;
  llvm::DenseMap<int64_t, bool> aboveUnderflow;
  std::string objection;
};

/// Whether at least as many experts as are chosen are certain to be before e,
/// where `isBeaten(e, by)` says what is certain of two.
bool isProvenDead(Scores &scores, int64_t e,
                  llvm::function_ref<bool(int64_t, int64_t)> isBeaten);

} // namespace moec::certificates

#endif // MOEC_LIB_CERTIFICATES_SCORES_H
