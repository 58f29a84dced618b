//===-- Interval.cpp - numbers that surely hold the true one --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interval.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>

using namespace moec::certificates;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The neighbours of a rounded result; a computed infinity may be of any number
/// beyond the largest.
static double below(double value) { return std::nextafter(value, -kInfinity); }
static double above(double value) { return std::nextafter(value, kInfinity); }

/// What is no number could be any.
static Interval widen(double low, double high) {
  if (std::isnan(low) || std::isnan(high))
    return {-kInfinity, kInfinity};
  return {below(low), above(high)};
}

Interval Interval::ofSum(double computed, double magnitude, int64_t terms) {
  // (1 + 2^-53)^(terms + 20) - 1, and what underflows, amply.
  double error = magnitude * double(terms + 32) * 0x1p-52 +
                 double(terms + 32) * std::numeric_limits<double>::min();
  return widen(computed - error, computed + error);
}

Interval moec::certificates::operator-(Interval a) { return {-a.high, -a.low}; }

/// Of infinite operands the sum is exact.
static bool isExactSum(double a, double b) {
  return std::isinf(a) || std::isinf(b);
}

Interval moec::certificates::operator+(Interval a, Interval b) {
  double low = a.low + b.low, high = a.high + b.high;
  if (std::isnan(low) || std::isnan(high))
    return {-kInfinity, kInfinity};
  return {isExactSum(a.low, b.low) ? low : below(low),
          isExactSum(a.high, b.high) ? high : above(high)};
}

Interval moec::certificates::operator-(Interval a, Interval b) {
  return a + -b;
}

Interval moec::certificates::operator*(Interval a, Interval b) {
  auto products = {a.low * b.low, a.low * b.high, a.high * b.low,
                   a.high * b.high};
  for (double product : products)
    if (std::isnan(product))
      return {-kInfinity, kInfinity};
  return widen(std::min(products), std::max(products));
}

Interval moec::certificates::operator/(Interval a, Interval b) {
  auto quotients = {a.low / b.low, a.low / b.high, a.high / b.low,
                    a.high / b.high};
  for (double quotient : quotients)
    if (std::isnan(quotient) || b.low <= 0)
      return {-kInfinity, kInfinity};
  return widen(std::min(quotients), std::max(quotients));
}

Interval moec::certificates::sqrt(Interval a) {
  Interval root = widen(std::sqrt(std::max(0.0, a.low)), std::sqrt(a.high));
  return {std::max(0.0, root.low), root.high};
}

/// Eight neighbours of what the C library computes, within what the function
/// can be.
template <typename Function>
static Interval applyRising(Function function, Interval a, double least,
                            double most) {
  double low = function(a.low), high = function(a.high);
  for (int i = 0; i < 8; ++i) {
    low = below(low);
    high = above(high);
  }
  return {std::max(low, least), std::min(high, most)};
}

Interval moec::certificates::exp(Interval a) {
  return applyRising([](double x) { return std::exp(x); }, a, 0, kInfinity);
}

Interval moec::certificates::oneMinusExpOfMinus(Interval a) {
  return applyRising([](double x) { return -std::expm1(-x); }, a, -kInfinity,
                     1);
}

Interval moec::certificates::tanh(Interval a) {
  return applyRising([](double x) { return std::tanh(x); }, a, -1, 1);
}

Interval moec::certificates::sigmoid(Interval a) {
  Interval value = Interval(1) / (Interval(1) + exp(-a));
  return {std::max(0.0, value.low), std::min(1.0, value.high)};
}

Interval moec::certificates::max(Interval a, Interval b) {
  return {std::max(a.low, b.low), std::max(a.high, b.high)};
}
