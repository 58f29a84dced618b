//===-- IntervalTest.cpp - intervals hold what was rounded ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Certificates/Interval.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>

using namespace moec::certificates;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();
static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

static void expectAll(Interval interval) {
  EXPECT_EQ(interval.low, -kInfinity);
  EXPECT_EQ(interval.high, kInfinity);
}

TEST(Interval, SumHoldsItsRoundings) {
  // The second term is too small for the sum, and in it all the same.
  Interval sum = Interval::ofSum(1.0 + 0x1p-60, 1.0 + 0x1p-60, 2);
  EXPECT_LT(sum.low, 1.0);
  EXPECT_GT(sum.high, 1.0);
  EXPECT_LT(sum.high, 1.0 + 1e-13);
}

TEST(Interval, NoNumberIsAny) {
  expectAll(Interval::ofSum(kNan, 1.0, 1));
  // One end alone is none: infinity, less an infinite error, and the other way.
  expectAll(Interval::ofSum(kInfinity, kInfinity, 1));
  expectAll(Interval::ofSum(-kInfinity, kInfinity, 1));
}
