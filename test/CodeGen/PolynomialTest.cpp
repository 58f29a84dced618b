//===-- PolynomialTest.cpp - sizes over symbols ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Polynomial.h"

#include <gtest/gtest.h>

using moec::Polynomial;

static Polynomial symbol(const char *name) { return Polynomial::atom(name); }

/// A sum of `count` symbols.
static Polynomial makeSum(const std::string &prefix, int count) {
  Polynomial sum;
  for (int i = 0; i < count; ++i)
    sum = sum + Polynomial::atom(prefix + std::to_string(i));
  return sum;
}

/// More than 64 bits hold.
static Polynomial makeOverflow() {
  return symbol("T") * INT64_MAX + symbol("T");
}

TEST(Polynomial, Text) {
  Polynomial t = symbol("T"), s = symbol("S");
  EXPECT_EQ((t * t * 64 + t * 4 + 256).toText(), "64*T*T + 4*T + 256");
  EXPECT_EQ(((t + s) * (t - s)).toText(), "-1*S*S + T*T");
  EXPECT_EQ((t - t).getConstant(), 0);
  EXPECT_EQ(Polynomial::divide(t + 1, 4).toText(), "((T + 1) // 4)");
  EXPECT_EQ(Polynomial::divideUp(t, 4).toText(), "((T + 3) // 4)");
  EXPECT_EQ(Polynomial::divideUp(9, 4).getConstant(), 3);
  EXPECT_EQ(Polynomial::modulo(t, 4).toText(), "((T) % 4)");
  EXPECT_EQ(Polynomial::max(t, s).toText(), "max(T, S)");
}

TEST(Polynomial, OverflowStaysInvalid) {
  Polynomial bad = makeOverflow(), t = symbol("T");
  ASSERT_FALSE(bad.isValid());
  // Sums whose product would be long are taken as they are.
  Polynomial longSum = makeSum("a", 8), longBad = bad + makeSum("b", 8);
  Polynomial made[] = {bad + t,
                       t - bad,
                       bad * t,
                       longBad * longSum,
                       longSum * longBad,
                       Polynomial::divide(bad, t),
                       Polynomial::divide(t, bad),
                       Polynomial::divide(bad, 1),
                       Polynomial::divideUp(bad, 4),
                       Polynomial::divideUp(t, bad),
                       Polynomial::modulo(bad, t),
                       Polynomial::modulo(t, bad),
                       Polynomial::max(bad, t),
                       Polynomial::max(t, bad),
                       Polynomial::min(bad, t),
                       Polynomial::min(t, bad),
                       Polynomial::bound(bad, t),
                       Polynomial::bound(t, bad),
                       bad.asExtent()};
  for (const Polynomial &polynomial : made) {
    EXPECT_FALSE(polynomial.isValid());
    EXPECT_FALSE(polynomial.getConstant().has_value());
    EXPECT_FALSE(polynomial.isNonNegative());
    EXPECT_FALSE(polynomial.dominates(0));
    EXPECT_FALSE(t.dominates(polynomial));
  }
  EXPECT_TRUE((longSum * longSum).isValid());
}

TEST(Polynomial, MuchIsInvalid) {
  Polynomial power = symbol("T");
  for (int i = 0; i < 64 && power.isValid(); ++i)
    power = power * power;
  EXPECT_FALSE(power.isValid());
  EXPECT_TRUE(makeSum("a", 500).isValid());
  EXPECT_FALSE(makeSum("a", 600).isValid());
}

TEST(Polynomial, SignOfAtoms) {
  Polynomial t = symbol("T"), s = symbol("S");
  Polynomial unknown = Polynomial::atom("u", /*mayBeNegative=*/true);
  EXPECT_TRUE((t * s + t).isNonNegative());
  EXPECT_FALSE((t - s).isNonNegative());
  EXPECT_FALSE(unknown.isNonNegative());
  EXPECT_FALSE((unknown * t).isNonNegative());
  EXPECT_TRUE(Polynomial::divide(t + 5, 4).isNonNegative());
  EXPECT_FALSE(Polynomial::divide(t - 5, 4).isNonNegative());
  EXPECT_FALSE(Polynomial::divide(t, unknown).isNonNegative());
  EXPECT_TRUE(Polynomial::divideUp(t, s).isNonNegative());
  EXPECT_FALSE(Polynomial::divideUp(t - 5, 4).isNonNegative());
  EXPECT_TRUE(Polynomial::modulo(t - 5, 4).isNonNegative());
  EXPECT_FALSE(Polynomial::modulo(t, unknown).isNonNegative());
  EXPECT_TRUE(Polynomial::max(unknown, 0).isNonNegative());
  EXPECT_FALSE(Polynomial::max(unknown, t - s).isNonNegative());
  EXPECT_TRUE(Polynomial::min(t, s).isNonNegative());
  EXPECT_FALSE(Polynomial::min(t, s - 5).isNonNegative());
  // The factors of a product that is not multiplied out.
  Polynomial difference = makeSum("a", 8) - makeSum("b", 8);
  EXPECT_TRUE((makeSum("a", 8) * makeSum("b", 8)).isNonNegative());
  EXPECT_FALSE((difference * makeSum("c", 8)).isNonNegative());
}

TEST(Polynomial, NoDominanceOfWhatMayBeNegative) {
  Polynomial t = symbol("T"), s = symbol("S");
  Polynomial difference = makeSum("a", 8) - makeSum("b", 8);
  Polynomial some[] = {Polynomial::divide(t - 5, 4),
                       Polynomial::min(t - s, s - t),
                       difference * makeSum("c", 8),
                       Polynomial::atom("u", /*mayBeNegative=*/true)};
  for (const Polynomial &value : some) {
    EXPECT_FALSE((t + value).dominates(t));
    EXPECT_FALSE((t * value + t).dominates(t));
    EXPECT_FALSE(t.dominates(t + value));
    EXPECT_TRUE((value + t).dominates(value));
    EXPECT_FALSE(Polynomial::bound(t + value, t).isValid());
    EXPECT_TRUE(Polynomial::bound(t + value, value).isValid());
    EXPECT_EQ(Polynomial::max(t + value, t).toText(),
              "max(" + (t + value).toText() + ", T)");
    EXPECT_TRUE((t + value.asExtent()).dominates(t));
  }
  EXPECT_TRUE((t + Polynomial::divide(s, 4)).dominates(t));
}

TEST(Polynomial, Bound) {
  Polynomial t = symbol("T"), s = symbol("S");
  EXPECT_EQ(Polynomial::bound(t * 4 - s, s * 2).toText(), "2*S + 4*T");
  EXPECT_EQ(Polynomial::bound(t - s, t * 2).toText(), "2*T");
  EXPECT_EQ(Polynomial::bound(t - s, t - s).toText(), "-1*S + T");
}

TEST(Polynomial, Extent) {
  Polynomial t = symbol("T"), s = symbol("S");
  Polynomial unknown = Polynomial::atom("u", /*mayBeNegative=*/true);
  EXPECT_EQ((t - s).asExtent().toText(), "-1*S + T");
  EXPECT_EQ(unknown.asExtent().toText(), "u");
  EXPECT_TRUE(unknown.asExtent().isNonNegative());
  EXPECT_EQ((unknown - t).asExtent().toText(), "max(0, -1*T + u)");
}
