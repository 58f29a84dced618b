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

/// A sum of products of atoms, which are texts that stand for numbers: symbols,
/// and in parentheses or as calls whatever is no sum or product. What is made
/// of an invalid one is invalid, and so is arithmetic whose coefficients leave
/// 64 bits or whose sum nobody could read.
class Polynomial {
public:
  Polynomial(int64_t constant = 0);
  static Polynomial atom(std::string text, bool mayBeNegative = false);
  static Polynomial invalid();

  Polynomial operator+(const Polynomial &other) const;
  Polynomial operator*(const Polynomial &other) const;
  Polynomial operator-(const Polynomial &other) const;
  /// Rounded down.
  static Polynomial divide(const Polynomial &a, const Polynomial &b);
  /// Rounded up, for a `b` above 0.
  static Polynomial divideUp(const Polynomial &a, const Polynomial &b);
  static Polynomial modulo(const Polynomial &a, const Polynomial &b);
  static Polynomial max(const Polynomial &a, const Polynomial &b);
  static Polynomial min(const Polynomial &a, const Polynomial &b);

  bool isValid() const { return valid; }
  std::optional<int64_t> getConstant() const;
  /// Whether coefficients and atoms alone show that it is at least 0.
  bool isNonNegative() const;
  /// Whether this is at least `other` whatever the atoms are, as far as the
  /// coefficients alone show it.
  bool dominates(const Polynomial &other) const;
  /// At least as large as either; invalid where the sign of what they differ by
  /// is not known.
  static Polynomial bound(const Polynomial &a, const Polynomial &b);
  /// This as the extent of a buffer, whose atoms are all at least 0.
  Polynomial asExtent() const;

  /// "64*T*T + 4*T + 256".
  std::string toText() const;

private:
  /// Atoms of one text are one number; one may know more of its sign.
  struct Atom {
    std::string text;
    bool mayBeNegative;
    bool operator<(const Atom &other) const { return text < other.text; }
  };
  using Product = std::vector<Atom>;
  /// Largest degree first.
  struct Order {
    bool operator()(const Product &a, const Product &b) const {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    }
  };

  static bool mayBeNegative(const Product &product);
  void add(const Product &product, int64_t coefficient);
  /// A text that binds as an atom does.
  std::string group() const;

  std::map<Product, int64_t, Order> terms;
  bool valid = true;
};

} // namespace moec

#endif // MOEC_LIB_CODEGEN_POLYNOMIAL_H
