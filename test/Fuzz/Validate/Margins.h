//===-- Margins.h - how certain a routing is ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_FUZZ_VALIDATE_MARGINS_H
#define MOEC_TEST_FUZZ_VALIDATE_MARGINS_H

#include "Tensor.h"

#include "mlir/IR/BuiltinOps.h"

#include <vector>

namespace moec::validate {

/// Keys of which so many are chosen along an axis.
struct Choice {
  int64_t axis, count;
  bool isOfLargest = true;
};

/// Makes what an imported module chooses by more outputs of main: the keys of
/// TopK, ArgMax and fused layers, if they are floats.
std::vector<Choice> exposeChoices(mlir::ModuleOp module);

/// The least difference between the last key that is chosen and the first that
/// is not; infinity where all are chosen, NaN where a key is.
double getMargin(const Tensor &keys, const Choice &choice);

} // namespace moec::validate

#endif // MOEC_TEST_FUZZ_VALIDATE_MARGINS_H
