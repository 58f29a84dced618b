//===-- Rules.h - what each pass promises of numbers ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_FUZZ_VALIDATE_RULES_H
#define MOEC_TEST_FUZZ_VALIDATE_RULES_H

#include "Tensor.h"

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>
#include <vector>

namespace moec::validate {

enum class Promise {
  /// The module stays as it is.
  Nothing,
  /// The outputs have the same bits.
  Bits,
  /// Sums may be in another order, and what was rounded in between need not be.
  Values
};

struct Rule {
  const char *pass;
  Promise promise;
};

/// That of a pass by its flag; null if it has none, which is an error: whoever
/// adds a pass says what it promises.
const Rule *findRule(llvm::StringRef pass);
llvm::StringRef getName(Promise promise);

struct Comparison {
  /// The greatest difference, in parts of the largest value of its output.
  double error = 0;
  /// What is wrong; nothing if all is within the promise.
  std::optional<std::string> problem;
};

/// With `wide`, the outputs of the same graph in f32, an output of narrower
/// floats may as well be as near to that as it should be to `before`, which is
/// off itself by what it rounds on the way.
Comparison compare(const std::vector<Tensor> &before,
                   const std::vector<Tensor> &after, Promise promise,
                   const std::vector<Tensor> *wide = nullptr);

} // namespace moec::validate

#endif // MOEC_TEST_FUZZ_VALIDATE_RULES_H
