//===-- ValueSource.h - elements of parameters, for passes ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_PARAM_IR_VALUESOURCE_H
#define MOEC_DIALECTS_PARAM_IR_VALUESOURCE_H

#include "llvm/ADT/ArrayRef.h"

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

  /// The elements of a box of the recipe's value, likewise, into `buffer`,
  /// which has room for exactly them. Nothing of it is kept: for values that
  /// are looked at once, or too large to keep. Returns false where they cannot
  /// be read.
  virtual bool readRegion(RecipeInterface recipe,
                          llvm::ArrayRef<int64_t> offsets,
                          llvm::ArrayRef<int64_t> sizes,
                          llvm::MutableArrayRef<char> buffer) = 0;
};

} // namespace moec::param

#endif // MOEC_DIALECTS_PARAM_IR_VALUESOURCE_H
