//===-- Polynomial.h - sizes over symbols ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CODEGEN_POLYNOMIAL_H
#define MOEC_LIB_CODEGEN_POLYNOMIAL_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace moec {

/// A sum of products of atoms, which are texts that stand for numbers of at
/// least 0: symbols, and in parentheses or as calls whatever is no sum or
/// product. Arithmetic whose coefficients leave 64 bits makes it invalid.
class Polynomial {
public:
  Polynomial(int64_t constant = 0);
  static Polynomial atom(std::string text);

  Polynomial operator+(const Polynomial &other) const;
  Polynomial operator*(const Polynomial &other) const;
  Polynomial operator-(const Polynomial &other) const;

  bool isValid() const { return valid; }
  std::optional<int64_t> getConstant() const;
  /// Whether this is at least `other` whatever the atoms are, as far as the
  /// coefficients alone show it.
  bool dominates(const Polynomial &other) const;
  /// At least as large as either.
  static Polynomial bound(const Polynomial &a, const Polynomial &b);

  /// "64*T*T + 4*T + 256".
  std::string toText() const;

private:
  using Product = std::vector<std::string>;
  /// Largest degree first.
  struct Order {
    bool operator()(const Product &a, const Product &b) const {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    }
  };

  void add(const Product &product, int64_t coefficient);

  std::map<Product, int64_t, Order> terms;
  bool valid = true;
};

} // namespace moec

#endif // MOEC_LIB_CODEGEN_POLYNOMIAL_H
