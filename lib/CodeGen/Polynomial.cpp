//===-- Polynomial.cpp - sizes over symbols -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Polynomial.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cctype>

using namespace moec;

/// Products with more terms are made of the two sums as they are: nobody reads
/// them, and products of them grow.
static constexpr size_t kMaxTermsOfProduct = 32;
/// What has more is invalid: it is copied at every step, and printed nowhere.
static constexpr size_t kMaxTerms = 512;
static constexpr size_t kMaxDegree = 32;

Polynomial::Polynomial(int64_t constant) {
  if (constant != 0)
    terms[{}] = constant;
}

Polynomial Polynomial::atom(std::string text, bool mayBeNegative) {
  Polynomial result;
  result.terms[{{std::move(text), mayBeNegative}}] = 1;
  return result;
}

Polynomial Polynomial::invalid() {
  Polynomial result;
  result.valid = false;
  return result;
}

bool Polynomial::mayBeNegative(const Product &product) {
  return llvm::any_of(product,
                      [](const Atom &atom) { return atom.mayBeNegative; });
}

void Polynomial::add(const Product &product, int64_t coefficient) {
  int64_t &sum = terms[product];
  valid &= !__builtin_add_overflow(sum, coefficient, &sum);
  if (sum == 0)
    terms.erase(product);
  valid &= terms.size() <= kMaxTerms && product.size() <= kMaxDegree;
}

Polynomial Polynomial::operator+(const Polynomial &other) const {
  if (!valid || !other.valid)
    return invalid();
  Polynomial result = *this;
  for (const auto &[product, coefficient] : other.terms)
    result.add(product, coefficient);
  return result.valid ? result : invalid();
}

Polynomial Polynomial::operator-(const Polynomial &other) const {
  return *this + other * Polynomial(-1);
}

Polynomial Polynomial::operator*(const Polynomial &other) const {
  if (!valid || !other.valid)
    return invalid();
  if (terms.size() * other.terms.size() > kMaxTermsOfProduct &&
      std::min(terms.size(), other.terms.size()) > 1)
    return atom(group(), !isNonNegative()) *
           atom(other.group(), !other.isNonNegative());
  Polynomial result;
  for (const auto &[a, left] : terms)
    for (const auto &[b, right] : other.terms) {
      Product product = a;
      product.insert(product.end(), b.begin(), b.end());
      llvm::sort(product);
      int64_t coefficient;
      if (__builtin_mul_overflow(left, right, &coefficient))
        return invalid();
      result.add(product, coefficient);
    }
  return result.valid ? result : invalid();
}

Polynomial Polynomial::divide(const Polynomial &a, const Polynomial &b) {
  if (!a.valid || !b.valid)
    return invalid();
  std::optional<int64_t> x = a.getConstant(), y = b.getConstant();
  if (y == 1)
    return a;
  if (x && y && *x >= 0 && *y > 0)
    return Polynomial(*x / *y);
  return atom("(" + a.group() + " // " + b.group() + ")",
              !a.isNonNegative() || !b.isNonNegative());
}

Polynomial Polynomial::divideUp(const Polynomial &a, const Polynomial &b) {
  Polynomial sum = a + b - Polynomial(1);
  std::optional<int64_t> divisor = b.getConstant();
  if (!sum.valid || divisor == 1 || (sum.getConstant() && divisor))
    return divide(sum, b);
  // The sum is above -1 where both are at least 0, though it has a negative
  // term.
  return atom("(" + sum.group() + " // " + b.group() + ")",
              !a.isNonNegative() || !b.isNonNegative());
}

Polynomial Polynomial::modulo(const Polynomial &a, const Polynomial &b) {
  if (!a.valid || !b.valid)
    return invalid();
  // Of the sign of the divisor.
  return atom("(" + a.group() + " % " + b.group() + ")", !b.isNonNegative());
}

Polynomial Polynomial::max(const Polynomial &a, const Polynomial &b) {
  if (!a.valid || !b.valid)
    return invalid();
  if (a.dominates(b))
    return a;
  if (b.dominates(a))
    return b;
  return atom("max(" + a.toText() + ", " + b.toText() + ")",
              !a.isNonNegative() && !b.isNonNegative());
}

Polynomial Polynomial::min(const Polynomial &a, const Polynomial &b) {
  if (!a.valid || !b.valid)
    return invalid();
  if (a.dominates(b))
    return b;
  if (b.dominates(a))
    return a;
  return atom("min(" + a.toText() + ", " + b.toText() + ")",
              !a.isNonNegative() || !b.isNonNegative());
}

std::optional<int64_t> Polynomial::getConstant() const {
  if (!valid)
    return std::nullopt;
  if (terms.empty())
    return 0;
  if (terms.size() == 1 && terms.begin()->first.empty())
    return terms.begin()->second;
  return std::nullopt;
}

bool Polynomial::isNonNegative() const {
  return valid && llvm::all_of(terms, [](const auto &term) {
           return term.second >= 0 && !mayBeNegative(term.first);
         });
}

bool Polynomial::dominates(const Polynomial &other) const {
  return (*this - other).isNonNegative();
}

Polynomial Polynomial::bound(const Polynomial &a, const Polynomial &b) {
  if (!a.valid || !b.valid)
    return invalid();
  Polynomial result;
  auto addGreater = [&](const Product &product) {
    auto left = a.terms.find(product), right = b.terms.find(product);
    int64_t x = left == a.terms.end() ? 0 : left->second;
    int64_t y = right == b.terms.end() ? 0 : right->second;
    if (x != y && mayBeNegative(product))
      result.valid = false;
    if (!result.terms.count(product))
      result.add(product, std::max(x, y));
  };
  for (const auto &[product, coefficient] : a.terms)
    addGreater(product);
  for (const auto &[product, coefficient] : b.terms)
    addGreater(product);
  return result.valid ? result : invalid();
}

Polynomial Polynomial::asExtent() const {
  if (!valid || llvm::none_of(terms, [](const auto &term) {
        return mayBeNegative(term.first);
      }))
    return *this;
  std::string text = toText();
  // What the run counts is at least 0 where it is an extent.
  bool isName = llvm::all_of(text, [](unsigned char letter) {
    return std::isalnum(letter) || letter == '_';
  });
  return atom(isName ? text : "max(0, " + text + ")");
}

std::string Polynomial::group() const {
  return getConstant() ? toText() : "(" + toText() + ")";
}

std::string Polynomial::toText() const {
  std::string text;
  for (const auto &[product, coefficient] : terms) {
    int64_t factor = coefficient;
    if (!text.empty()) {
      text += factor < 0 ? " - " : " + ";
      // The smallest number has no positive counterpart.
      if (factor < 0 && factor != INT64_MIN)
        factor = -factor;
    }
    std::string term;
    if (factor != 1 || product.empty())
      term = std::to_string(factor);
    for (const Atom &atom : product)
      term += (term.empty() ? "" : "*") + atom.text;
    text += term;
  }
  return text.empty() ? "0" : text;
}
