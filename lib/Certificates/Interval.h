//===-- Interval.h - numbers that surely hold the true one ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CERTIFICATES_INTERVAL_H
#define MOEC_LIB_CERTIFICATES_INTERVAL_H

#include <cstdint>

namespace moec::certificates {

/// A closed interval of doubles, ends may be infinite, that holds the number it
/// stands for. Additions, subtractions, products, quotients and roots of
/// doubles are rounded to nearest, so the true result lies between the
/// neighbours of the computed one, and no rounding mode is needed. Of the
/// functions of the C library, which promise less, eight neighbours are taken.
struct Interval {
  constexpr Interval(double exact) : low(exact), high(exact) {}
  constexpr Interval(double low, double high) : low(low), high(high) {}

  /// What a plain sum of `terms` numbers stands for, whose magnitudes sum up to
  /// `magnitude`, each the outcome of at most twenty roundings.
  static Interval ofSum(double computed, double magnitude, int64_t terms);

  double low, high;
};

Interval operator-(Interval a);
Interval operator+(Interval a, Interval b);
Interval operator-(Interval a, Interval b);
Interval operator*(Interval a, Interval b);
/// Of a divisor that is above zero.
Interval operator/(Interval a, Interval b);

/// Of numbers of at least zero.
Interval sqrt(Interval a);
Interval exp(Interval a);
/// 1 - exp(-a).
Interval oneMinusExpOfMinus(Interval a);
Interval tanh(Interval a);
Interval sigmoid(Interval a);
Interval max(Interval a, Interval b);

inline bool isSurelyAbove(Interval a, Interval b) { return a.low > b.high; }

} // namespace moec::certificates

#endif // MOEC_LIB_CERTIFICATES_INTERVAL_H
