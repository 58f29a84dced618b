//===-- KeyOrder.cpp - which experts are certain to be chosen before others
//===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KeyOrder.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace moec;
using namespace moec::dead;
using moe::ScoreFunction;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// Doubles round too: far less than this, of the terms that are added.
static constexpr double kDoubleError = 1e-11;
/// A score this far below the largest one still has a normal probability.
static constexpr double kNormalRange = 70;

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
static double power(int exponent) { return std::ldexp(1.0, exponent); }

llvm::StringRef moec::dead::stringifyBound(InputBound::Kind kind) {
  static constexpr llvm::StringLiteral names[] = {
      "none", "rms_norm", "layer_norm", "sigmoid", "softmax", "tanh", "clip"};
  return names[kind];
}

KeyOrder::KeyOrder(const RouterNumbers &router)
    : router(router),
      hidden(router.rows.empty() ? 0 : int64_t(router.input.gain.size())),
      isNormal(router.experts, 0) {
  measureRows();
  for (int64_t i = 0; i < router.experts; ++i)
    scores.push_back(computeScore(i));
  for (int64_t i = 0; i < router.experts; ++i)
    keys.push_back(computeKey(i));
}

bool KeyOrder::isMask(double number) const { return number == -kInfinity; }

/// Whether the keys are the scores, plus the selection bias.
bool KeyOrder::hasScoreKeys() const {
  return router.score == ScoreFunction::None ||
         router.score == ScoreFunction::SoftmaxSelected;
}

/// Whether the score is a number in any arithmetic, whatever the input.
bool KeyOrder::isConstant(int64_t i) const {
  return !router.isConstant.empty() && router.isConstant[i] &&
         !isMask(router.bias[i]);
}

/// Whether anything is known of a score that no mask makes -inf.
bool KeyOrder::hasRange(int64_t i) const {
  return router.input.kind != InputBound::None || isConstant(i);
}

/// V, and with it B and err of each row.
void KeyOrder::measureRows() {
  const InputBound &input = router.input;
  int64_t depth = std::max(hidden, router.hidden);
  double largestGain = 0, squaredCenter = 0;
  for (int64_t k = 0; k < hidden; ++k) {
    largestGain = std::max(largestGain, std::abs(input.gain[k]));
    squaredCenter += input.center[k] * input.center[k];
  }
  double root = std::sqrt(double(hidden));
  double norm = (1 + input.relative) *
                    (input.radius * largestGain + std::sqrt(squaredCenter) +
                     input.halfWidth * root) +
                input.absolute * root;
  for (int64_t i = 0; i < router.experts; ++i) {
    double square = 0, sum = 0, terms = 0;
    for (int64_t k = 0; k < hidden; ++k) {
      double w = router.rows[i * hidden + k];
      square += w * w;
      sum += w * input.center[k];
      terms += std::abs(w * input.center[k]);
    }
    double bias = isMask(router.bias[i]) ? 0 : std::abs(router.bias[i]);
    centered.push_back(sum);
    centeredTerms.push_back(terms);
    magnitude.push_back(norm * std::sqrt(square) + bias);
    // Products below the normal numbers may be flushed to zero.
    error.push_back(((depth + 4) * power(-23) + 4 * router.scoreRoundoff) *
                        magnitude.back() +
                    (depth + 4) * power(-126) + router.scoreUnderflow);
  }
}

KeyOrder::Interval KeyOrder::computeScore(int64_t i) const {
  const InputBound &input = router.input;
  if (isMask(router.bias[i]))
    return {-kInfinity, -kInfinity};
  if (!hasRange(i))
    return {-kInfinity, kInfinity};
  double square = 0, sum = 0;
  for (int64_t k = 0; k < hidden; ++k) {
    double w = router.rows[i * hidden + k];
    square += input.gain[k] * w * (input.gain[k] * w);
    sum += std::abs(w);
  }
  double middle = router.bias[i] + centered[i];
  double reach = (1 + input.relative) * input.radius * std::sqrt(square) +
                 input.relative * centeredTerms[i] +
                 (1 + input.relative) * input.halfWidth * sum +
                 input.absolute * sum + error[i];
  reach += kDoubleError * (std::abs(router.bias[i]) + centeredTerms[i] + reach);
  return {middle - reach, middle + reach};
}

KeyOrder::Interval KeyOrder::computeKey(int64_t i) const {
  double added = router.selection.empty() ? 0 : router.selection[i];
  if (isMask(added))
    return {-kInfinity, -kInfinity};
  Interval key = scores[i];
  if (hasScoreKeys()) {
    if (key.low == -kInfinity || key.high == kInfinity)
      return key;
    double width = power(-22) * (std::abs(added) + magnitude[i]);
    return {key.low + added - width, key.high + added + width};
  }
  key = router.score == ScoreFunction::SoftmaxAll
            ? Interval{0, 1}
            : Interval{sigmoid(key.low), sigmoid(key.high)};
  double width = power(-18) + power(-22) * std::abs(added);
  // Rounding is monotonic, so nothing falls below the bias itself.
  return {std::max(added, key.low + added - width), key.high + added + width};
}

/// D(j, e), or -inf where it is not above `needed`.
double KeyOrder::getDifference(int64_t j, int64_t e, double needed) const {
  if (isMask(router.bias[e]))
    return isMask(router.bias[j]) ? -kInfinity : kInfinity;
  const InputBound &input = router.input;
  if (isMask(router.bias[j]) || !hasRange(j) || !hasRange(e))
    return -kInfinity;
  const double *rowJ = router.rows.data() + j * hidden,
               *rowE = router.rows.data() + e * hidden;
  double fixed = router.bias[j] - router.bias[e] + (centered[j] - centered[e]) -
                 error[j] - error[e];
  double square = 0, sum = 0, terms = 0;
  auto add = [&](int64_t k) {
    double u = rowJ[k] - rowE[k];
    square += input.gain[k] * u * (input.gain[k] * u);
    sum += std::abs(u);
    terms += std::abs(u * input.center[k]);
  };
  // Rows of a router differ, so that a few elements are mostly enough to know.
  constexpr int64_t kBlock = 64;
  for (int64_t k = 0; k < hidden; ++k) {
    add(k);
    if (k % kBlock == kBlock - 1 &&
        fixed - input.radius * std::sqrt(square) <= needed)
      return -kInfinity;
  }
  double reach = (1 + input.relative) * input.radius * std::sqrt(square) +
                 input.relative * terms +
                 (1 + input.relative) * input.halfWidth * sum +
                 input.absolute * sum;
  double rounded = std::abs(router.bias[j]) + std::abs(router.bias[e]) +
                   centeredTerms[j] + centeredTerms[e] + reach;
  return fixed - reach - kDoubleError * rounded;
}

/// The least of sigmoid(s_j) - sigmoid(s_e) where s_j - s_e >= `difference`.
double KeyOrder::getSigmoidDifference(int64_t j, int64_t e,
                                      double difference) const {
  double apart = sigmoid(scores[j].low) - sigmoid(scores[e].high);
  if (difference < 0)
    return std::max({-1.0, apart, -std::tanh(-difference / 4)});
  // A step of sigmoid is least at one of the ends.
  auto step = [&](double s) {
    return std::isinf(s) || std::isinf(difference)
               ? 0.0
               : sigmoid(s + difference) - sigmoid(s);
  };
  return std::max(apart, std::min(step(scores[e].low), step(scores[e].high)));
}

/// K(j, e) for D(j, e) = `difference`.
double KeyOrder::getKeyDifference(int64_t j, int64_t e,
                                  double difference) const {
  double addedJ = router.selection[j], addedE = router.selection[e];
  // A key of -inf is no larger than another.
  if (isMask(addedJ) || (hasScoreKeys() && isMask(router.bias[j])))
    return -kInfinity;
  if (isMask(addedE))
    return kInfinity;
  double rounded = std::abs(addedJ) + std::abs(addedE);
  double least = difference;
  if (hasScoreKeys()) {
    // Without a bound there is no difference either.
    rounded += magnitude[j] + magnitude[e];
  } else {
    least = router.score == ScoreFunction::Sigmoid
                ? getSigmoidDifference(j, e, difference)
                : std::max(-1.0, std::min(0.0, std::tanh(difference / 2)));
  }
  return least + addedJ - addedE - power(-18) - power(-22) * rounded;
}

/// A difference of scores that does not make a difference of keys yet.
double KeyOrder::getNeededDifference(int64_t j, int64_t e) const {
  if (router.selection.empty())
    return 0;
  double distance = router.selection[j] - router.selection[e];
  if (hasScoreKeys())
    return -distance;
  if (!(distance > 0))
    return 0;
  return distance >= 1 ? -kInfinity : -4 * std::atanh(distance) - 1;
}

/// Whether the probability of j is never so small that it loses its precision,
/// or is zero.
bool KeyOrder::staysNormal(int64_t j) {
  if (isNormal[j] == 0) {
    bool isFine = true;
    for (int64_t i = 0; i < router.experts && isFine; ++i)
      isFine = i == j || isMask(router.bias[i]) ||
               getDifference(j, i, -kNormalRange - 1) >= -kNormalRange;
    isNormal[j] = isFine ? 1 : -1;
  }
  return isNormal[j] > 0;
}

/// Whether j's key is e's or larger in any arithmetic, and it comes first of
/// equal ones. What a function makes of equal scores is equal, but not more.
bool KeyOrder::isBeforeByConstants(int64_t j, int64_t e) const {
  bool isFirst = router.tie == moe::TieRule::Lowest ? j < e : j > e;
  if (router.groups != 1 || !isFirst || !isConstant(j) || !isConstant(e))
    return false;
  bool isNoLower = hasScoreKeys() ? router.bias[j] >= router.bias[e]
                                  : router.bias[j] == router.bias[e];
  return isNoLower && (router.selection.empty() ||
                       (!isMask(router.selection[j]) &&
                        router.selection[j] >= router.selection[e]));
}

bool KeyOrder::beats(int64_t j, int64_t e) {
  if (j == e)
    return false;
  if (isBeforeByConstants(j, e))
    return true;
  double difference = getDifference(j, e, getNeededDifference(j, e));
  if (!router.selection.empty())
    return getKeyDifference(j, e, difference) > 0;
  if (hasScoreKeys())
    return difference > 0;
  if (router.score == ScoreFunction::SoftmaxAll)
    return difference > power(-16) && staysNormal(j);
  if (!(difference > 0) || !(scores[j].low >= -kNormalRange))
    return false;
  return difference == kInfinity ||
         sigmoid(-scores[e].high) * -std::expm1(-difference) > power(-17);
}

double KeyOrder::getMargin(int64_t j, int64_t e) {
  double margin = getDifference(j, e, -kInfinity), added = 0;
  if (!router.selection.empty()) {
    margin = getKeyDifference(j, e, margin);
    added = router.selection[j] - router.selection[e];
  }
  if (!(margin > 0) && isBeforeByConstants(j, e))
    return router.bias[j] - router.bias[e] + added;
  return margin;
}

bool KeyOrder::isApart(int64_t j, int64_t e) const {
  if (isBeforeByConstants(j, e))
    return true;
  return router.selection.empty() ? scores[j].low > scores[e].high
                                  : keys[j].low > keys[e].high;
}

bool KeyOrder::isWeightless(int64_t e) const {
  bool isProbability = router.score == ScoreFunction::SoftmaxAll ||
                       router.score == ScoreFunction::Sigmoid;
  // Zero times what is no number is none either.
  bool isScaled =
      router.expertScale.empty() || std::isfinite(router.expertScale[e]);
  return isProbability && isMask(router.bias[e]) && isScaled &&
         (!router.keysWeigh || isZeroKey(e));
}

/// Whether the key of an expert whose probability is zero is zero as well, in
/// groups that stay and in those that go.
bool KeyOrder::isZeroKey(int64_t e) const {
  return (router.selection.empty() || router.selection[e] == 0) &&
         (router.groups == 1 || router.groupFill == 0);
}
