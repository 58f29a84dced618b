//===-- Scores.cpp - which experts are certain to be before others --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scores.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>
#include <limits>

using namespace moec;
using namespace moec::certificates;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();
static constexpr Interval kUnknown = {-kInfinity, -kInfinity};

//===-- Scores ------------------------------------------------------------===//

Scores::Scores(const Router &router, const InputBound &bound)
    : router(router), bound(bound), logits(router.logits) {
  computeLength();
  Interval accuracy = Interval(double(logits.hidden + 4) * 0x1p-23) +
                      Interval(4 * logits.roundoff);
  Interval underflow = Interval(double(logits.hidden + 4) * 0x1p-126) +
                       Interval(logits.hasHalf ? 0x1p-22 : 0);
  for (int64_t i = 0; i < logits.experts; ++i) {
    RowSums sums = sum(i, -1);
    double bias = logits.biasMagnitude[i];
    Interval added =
        std::isinf(logits.bias[i]) ? Interval(0) : max(getBias(i), -getBias(i));
    magnitudes.push_back(length * sums.length + added);
    errors.push_back(accuracy * magnitudes.back() + underflow);
    middles.push_back(getBias(i) + sums.offset);
    spreads.push_back(getSpread(sums) + errors.back());
    // Four roundings of at most B are in err; these are of what was added in
    // all, which may have cancelled.
    Interval rounded = Interval(double(logits.roundings)) *
                       (length * sums.length + Interval(bias));
    if (bound.isKnown() && std::isfinite(logits.bias[i]) &&
        isSurelyAbove(rounded, Interval(4 + 0x1p-40) * magnitudes.back()))
      objection = "the constants added to the score of expert " +
                  std::to_string(i) + " cancel each other";
  }
}

void Scores::computeLength() {
  double most = 0, squares = 0;
  for (double gain : bound.gain)
    most = std::max(most, std::abs(gain));
  for (double offset : bound.offset)
    squares += offset * offset;
  int64_t hidden = logits.hidden;
  Interval width = sqrt(double(hidden));
  Interval offset = sqrt(Interval::ofSum(squares, squares, hidden));
  length = (Interval(1) + Interval(bound.roundoff)) *
               (bound.radius * Interval::ofSum(most, most, 1) + offset +
                Interval(bound.halfWidth) * width) +
           Interval(bound.underflow) * width;
}

Scores::RowSums Scores::sum(int64_t i, int64_t minus) {
  const double *w = &logits.weights[i * logits.hidden];
  const double *other =
      minus < 0 ? nullptr : &logits.weights[minus * logits.hidden];
  double norm = 0, offset = 0, offsetMagnitude = 0, magnitude = 0, length = 0;
  for (int64_t k = 0; k < logits.hidden; ++k) {
    double u = other ? w[k] - other[k] : w[k];
    double scaled = bound.gain.empty() ? 0 : bound.gain[k] * u;
    double shifted = bound.offset.empty() ? 0 : bound.offset[k] * u;
    norm += scaled * scaled;
    offset += shifted;
    offsetMagnitude += std::abs(shifted);
    magnitude += std::abs(u);
    length += u * u;
  }
  int64_t terms = logits.hidden;
  return {sqrt(Interval::ofSum(norm, norm, terms)),
          Interval::ofSum(offset, offsetMagnitude, terms),
          Interval::ofSum(offsetMagnitude, offsetMagnitude, terms),
          Interval::ofSum(magnitude, magnitude, terms),
          sqrt(Interval::ofSum(length, length, terms))};
}

Interval Scores::getSpread(const RowSums &sums) const {
  Interval stored = Interval(1) + Interval(bound.roundoff);
  return stored * bound.radius * sums.norm +
         Interval(bound.roundoff) * sums.offsetMagnitude +
         stored * Interval(bound.halfWidth) * sums.magnitude +
         Interval(bound.underflow) * sums.magnitude;
}

Interval Scores::getBias(int64_t i) const {
  double bias = logits.bias[i];
  if (std::isinf(bias))
    return bias;
  return Interval::ofSum(bias, logits.biasMagnitude[i], logits.roundings);
}

bool Scores::isMaskedScore(int64_t i) const {
  return logits.bias[i] == -kInfinity;
}

Interval Scores::getDifference(int64_t j, int64_t e) {
  auto known = differences.find({j, e});
  if (known != differences.end())
    return known->second;
  Interval difference = computeDifference(j, e);
  differences.insert({{j, e}, difference});
  return difference;
}

Interval Scores::computeDifference(int64_t j, int64_t e) {
  if (isMaskedScore(j))
    return kUnknown;
  if (isMaskedScore(e))
    return kInfinity;
  if (!isBounded(j) || !isBounded(e))
    return kUnknown;
  RowSums sums = sum(j, e);
  return getBias(j) - getBias(e) + sums.offset - getSpread(sums) - errors[j] -
         errors[e];
}

Interval Scores::getLeastScore(int64_t i) const {
  if (isMaskedScore(i) || !isBounded(i))
    return -kInfinity;
  return middles[i] - spreads[i];
}

Interval Scores::getMostScore(int64_t i) const {
  if (isMaskedScore(i))
    return -kInfinity;
  return isBounded(i) ? middles[i] + spreads[i] : Interval(kInfinity);
}

//===-- Keys --------------------------------------------------------------===//

double Scores::getSelectionBias(int64_t i) const {
  return router.selectionBias.empty() ? 0 : router.selectionBias[i];
}

bool Scores::isMaskedKey(int64_t i) const {
  return getSelectionBias(i) == -kInfinity ||
         (router.function == ScoreFunction::None && isMaskedScore(i));
}

/// Whether no arithmetic makes the score anything but its one constant.
bool Scores::isConstantScore(int64_t i) const {
  auto row =
      llvm::ArrayRef(logits.weights).slice(i * logits.hidden, logits.hidden);
  return logits.numConstants[i] <= 1 && std::isfinite(logits.bias[i]) &&
         llvm::all_of(row, [](double weight) { return weight == 0; });
}

bool Scores::isBounded(int64_t i) const {
  return bound.isKnown() || isConstantScore(i);
}

/// Whether the keys of two constant scores are in order, or equal and the tie
/// rule is for j. All that is known of a function is that it makes the same of
/// the same.
bool Scores::isBeforeByConstants(int64_t j, int64_t e) const {
  bool isFirst = router.isHighestFirst ? j > e : j < e;
  if (router.groups || !isFirst || !isConstantScore(j) || !isConstantScore(e))
    return false;
  double high = logits.bias[j], low = logits.bias[e];
  double chosen = getSelectionBias(j);
  return std::isfinite(chosen) && chosen >= getSelectionBias(e) &&
         (router.function == ScoreFunction::None ? high >= low : high == low);
}

Interval Scores::getMargin(int64_t j, int64_t e) {
  Interval margin =
      router.selectionBias.empty() ? getDifference(j, e) : getKeyMargin(j, e);
  if (margin.low > 0 || !isBeforeByConstants(j, e))
    return margin;
  return Interval(logits.bias[j]) - Interval(logits.bias[e]) +
         Interval(getSelectionBias(j)) - Interval(getSelectionBias(e));
}

/// -tanh(-difference / divisor), zero where the difference is positive.
static Interval squash(Interval difference, double divisor) {
  Interval value = tanh(difference / Interval(divisor));
  return {std::min(value.low, 0.0), std::min(value.high, 0.0)};
}

/// What the sigmoid gains from `from` on by a step.
static Interval getGain(Interval from, double step) {
  if (std::isinf(from.low) || std::isinf(from.high) || std::isinf(step))
    return 0;
  return sigmoid(from + Interval(step)) - sigmoid(from);
}

/// M, for a difference that is known exactly.
Interval Scores::getSigmoidGain(int64_t e, double difference) {
  if (difference < 0)
    return squash(difference, 4);
  Interval low = getGain(getLeastScore(e), difference);
  Interval high = getGain(getMostScore(e), difference);
  return {std::min(low.low, high.low), std::min(low.high, high.high)};
}

Interval Scores::getSquashedDifference(int64_t j, int64_t e) {
  Interval difference = getDifference(j, e);
  switch (router.function) {
  case ScoreFunction::None:
    return difference;
  case ScoreFunction::SoftmaxAll:
    return max(-1, squash(difference, 2));
  case ScoreFunction::Sigmoid: {
    // It rises with the difference.
    Interval gain = {getSigmoidGain(e, difference.low).low,
                     getSigmoidGain(e, difference.high).high};
    Interval ends = sigmoid(getLeastScore(j)) - sigmoid(getMostScore(e));
    return max(-1, max(ends, gain));
  }
  }
  return kUnknown;
}

Interval Scores::getKeyMargin(int64_t j, int64_t e) {
  double biasJ = getSelectionBias(j), biasE = getSelectionBias(e);
  if (isMaskedKey(j))
    return kUnknown;
  if (biasE == -kInfinity)
    return kInfinity;
  Interval size = Interval(std::abs(biasJ)) + Interval(std::abs(biasE));
  if (router.function == ScoreFunction::None) {
    if (isMaskedScore(e))
      return kInfinity;
    size = size + magnitudes[j] + magnitudes[e];
  }
  return getSquashedDifference(j, e) + Interval(biasJ) - Interval(biasE) -
         Interval(0x1p-18) - Interval(0x1p-22) * size;
}

bool Scores::isBeaten(int64_t e, int64_t by) {
  if (e == by)
    return false;
  if (isBeforeByConstants(by, e))
    return true;
  if (!router.selectionBias.empty())
    return getKeyMargin(by, e).low > 0;
  switch (router.function) {
  case ScoreFunction::None:
    return getDifference(by, e).low > 0;
  case ScoreFunction::SoftmaxAll:
    return isBeatenBySoftmax(e, by);
  case ScoreFunction::Sigmoid:
    return isBeatenBySigmoid(e, by);
  }
  return false;
}

bool Scores::isBeatenBySoftmax(int64_t e, int64_t by) {
  return getDifference(by, e).low > 0x1p-16 && isAboveUnderflow(by);
}

/// Whether the probability of j is certain not to underflow.
bool Scores::isAboveUnderflow(int64_t j) {
  auto [known, isNew] = aboveUnderflow.try_emplace(j, true);
  if (isNew)
    known->second =
        llvm::all_of(llvm::seq<int64_t>(0, logits.experts), [&](int64_t i) {
          return i == j || isMaskedScore(i) || getDifference(j, i).low >= -70;
        });
  return aboveUnderflow[j];
}

bool Scores::isBeatenBySigmoid(int64_t e, int64_t by) {
  Interval difference = getDifference(by, e);
  if (!(difference.low > 0 && getLeastScore(by).low >= -70))
    return false;
  if (isMaskedScore(e))
    return true;
  Interval gap = sigmoid(-getMostScore(e)) * oneMinusExpOfMinus(difference);
  return gap.low > 0x1p-17;
}

bool Scores::isBeatenByConstants(int64_t e, int64_t by) {
  if (!isBeaten(e, by))
    return false;
  if (getMargin(by, e).low == kInfinity || isBeforeByConstants(by, e))
    return true;
  return router.selectionBias.empty()
             ? isSurelyAbove(getLeastScore(by), getMostScore(e))
             : isSurelyAbove(getLeastKey(by), getMostKey(e));
}

//===-- Keys by themselves ------------------------------------------------===//

Interval Scores::getKeyError(int64_t i) const {
  Interval size = std::abs(getSelectionBias(i));
  if (router.function == ScoreFunction::None)
    size = size + magnitudes[i];
  return Interval(0x1p-18) + Interval(0x1p-22) * size;
}

Interval Scores::getKey(int64_t i, Interval score) const {
  if (isMaskedKey(i))
    return -kInfinity;
  return score + Interval(getSelectionBias(i));
}

Interval Scores::getLeastKey(int64_t i) {
  switch (router.function) {
  case ScoreFunction::None:
    return getKey(i, getLeastScore(i)) - getKeyError(i);
  case ScoreFunction::SoftmaxAll:
    return isMaskedKey(i) ? -kInfinity : getSelectionBias(i);
  case ScoreFunction::Sigmoid:
    // No key is below that of a value of zero.
    return max(getKey(i, sigmoid(getLeastScore(i))) - getKeyError(i),
               isMaskedKey(i) ? -kInfinity : getSelectionBias(i));
  }
  return -kInfinity;
}

Interval Scores::getMostKey(int64_t i) {
  switch (router.function) {
  case ScoreFunction::None:
    return getKey(i, getMostScore(i)) + getKeyError(i);
  case ScoreFunction::SoftmaxAll:
    return getKey(i, 1) + getKeyError(i);
  case ScoreFunction::Sigmoid:
    return getKey(i, sigmoid(getMostScore(i))) + getKeyError(i);
  }
  return kInfinity;
}
