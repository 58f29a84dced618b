//===-- KeyOrder.h - which experts are certain to be chosen before others -===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_DEADEXPERTS_KEYORDER_H
#define MOEC_LIB_RAISING_DEADEXPERTS_KEYORDER_H

#include "RouterNumbers.h"

namespace moec::dead {

/// Proves orders of keys that hold for every finite row, as computed. The
/// formulas, with their sources of error, are those of
/// docs/rationale/dead-experts.md.
class KeyOrder {
public:
  struct Interval {
    double low, high;
  };

  explicit KeyOrder(const RouterNumbers &router);

  /// Whether key_j > key_e is certain.
  bool beats(int64_t j, int64_t e);
  /// D(j, e), with a selection bias K(j, e); of two constant scores of which
  /// the tie rule may decide, their difference.
  double getMargin(int64_t j, int64_t e);
  /// Whether the scores, or keys, of j and e are apart each by itself.
  bool isApart(int64_t j, int64_t e) const;
  Interval getKey(int64_t i) const { return keys[i]; }
  /// Whether the weight of e is zero, chosen or not.
  bool isWeightless(int64_t e) const;

private:
  double getDifference(int64_t j, int64_t e, double needed) const;
  double getSigmoidDifference(int64_t j, int64_t e, double difference) const;
  double getKeyDifference(int64_t j, int64_t e, double difference) const;
  double getNeededDifference(int64_t j, int64_t e) const;
  bool staysNormal(int64_t j);
  bool isConstant(int64_t i) const;
  bool hasRange(int64_t i) const;
  bool isBeforeByConstants(int64_t j, int64_t e) const;
  bool isMask(double number) const;
  bool hasScoreKeys() const;
  bool isZeroKey(int64_t e) const;
  void measureRows();
  Interval computeScore(int64_t i) const;
  Interval computeKey(int64_t i) const;

  const RouterNumbers &router;
  int64_t hidden;
  /// Of each row: w . center, its absolute terms, B and err.
  std::vector<double> centered, centeredTerms, magnitude, error;
  std::vector<Interval> scores, keys;
  /// Whether the probability of an expert is known to be normal: 0 if unknown.
  std::vector<signed char> isNormal;
};

} // namespace moec::dead

#endif // MOEC_LIB_RAISING_DEADEXPERTS_KEYORDER_H
