//===-- Polynomial.cpp - sizes over symbols -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Polynomial.h"

#include <algorithm>

using namespace moec;

/// Longer sums are one atom: nobody reads them, and products of them grow.
static constexpr size_t kMaxTerms = 32;

Polynomial::Polynomial(int64_t constant) {
  if (constant != 0)
    terms[{}] = constant;
}

Polynomial Polynomial::atom(std::string text) {
  Polynomial result;
  result.terms[{std::move(text)}] = 1;
  return result;
}

void Polynomial::add(const Product &product, int64_t coefficient) {
  int64_t &sum = terms[product];
  valid &= !__builtin_add_overflow(sum, coefficient, &sum);
  if (sum == 0)
    terms.erase(product);
}

Polynomial Polynomial::operator+(const Polynomial &other) const {
  Polynomial result = *this;
  result.valid &= other.valid;
  for (const auto &[product, coefficient] : other.terms)
    result.add(product, coefficient);
  return result;
}

Polynomial Polynomial::operator-(const Polynomial &other) const {
  return *this + other * Polynomial(-1);
}

Polynomial Polynomial::operator*(const Polynomial &other) const {
  if (terms.size() * other.terms.size() > kMaxTerms &&
      std::min(terms.size(), other.terms.size()) > 1)
    return atom("(" + toText() + ")") * atom("(" + other.toText() + ")");
  Polynomial result;
  result.valid = valid && other.valid;
  for (const auto &[a, left] : terms)
    for (const auto &[b, right] : other.terms) {
      Product product = a;
      product.insert(product.end(), b.begin(), b.end());
      std::sort(product.begin(), product.end());
      int64_t coefficient;
      result.valid &= !__builtin_mul_overflow(left, right, &coefficient);
      result.add(product, coefficient);
    }
  return result;
}

std::optional<int64_t> Polynomial::getConstant() const {
  if (terms.empty())
    return 0;
  if (terms.size() == 1 && terms.begin()->first.empty())
    return terms.begin()->second;
  return std::nullopt;
}

bool Polynomial::dominates(const Polynomial &other) const {
  Polynomial difference = *this - other;
  return difference.valid &&
         std::all_of(difference.terms.begin(), difference.terms.end(),
                     [](const auto &term) { return term.second >= 0; });
}

Polynomial Polynomial::bound(const Polynomial &a, const Polynomial &b) {
  Polynomial result = a;
  result.valid &= b.valid;
  for (auto &[product, coefficient] : result.terms)
    if (!b.terms.count(product))
      coefficient = std::max<int64_t>(coefficient, 0);
  for (const auto &[product, coefficient] : b.terms) {
    auto known = a.terms.find(product);
    int64_t other = known == a.terms.end() ? 0 : known->second;
    result.terms[product] = std::max(coefficient, other);
  }
  for (auto term = result.terms.begin(); term != result.terms.end();)
    term = term->second == 0 ? result.terms.erase(term) : std::next(term);
  return result;
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
    for (const std::string &atom : product)
      term += (term.empty() ? "" : "*") + atom;
    text += term;
  }
  return text.empty() ? "0" : text;
}
