//===-- ValueSource.h - elements of parameters, for passes ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_PARAM_IR_VALUESOURCE_H
#define MOEC_DIALECTS_PARAM_IR_VALUESOURCE_H

#include <cstdint>
#include <optional>
#include <vector>

namespace moec::param {

class RecipeInterface;

/// What can look at the elements of a parameter. The dialect has one where a
/// model's files are at hand; a pass that asks for elements without one, or for
/// elements that cannot be read, goes without.
class ValueSource {
public:
  virtual ~ValueSource() = default;

  /// The elements of the recipe's value, each in as many bytes as its width
  /// takes, row-major. Nothing where there are more than `maxBytes` of them.
  virtual std::optional<std::vector<char>> read(RecipeInterface recipe,
                                                int64_t maxBytes) = 0;
};

} // namespace moec::param

#endif // MOEC_DIALECTS_PARAM_IR_VALUESOURCE_H
