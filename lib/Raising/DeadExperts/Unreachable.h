//===-- Unreachable.h - experts that a router never chooses ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_DEADEXPERTS_UNREACHABLE_H
#define MOEC_LIB_RAISING_DEADEXPERTS_UNREACHABLE_H

#include "RouterNumbers.h"

namespace moec::dead {

/// Why an expert is never chosen, or never has a weight.
struct Proof {
  int64_t expert;
  /// Whether constants decide, whatever the router's rows are.
  bool isMasked;
  /// The experts whose keys are always larger, ascending, and by how much.
  std::vector<int64_t> beatenBy;
  std::vector<double> margins;
};

/// The experts that are dead by the router's numbers, ascending. None where
/// some number is NaN, or infinite and no mask.
std::vector<Proof> findUnreachable(const RouterNumbers &router);

} // namespace moec::dead

#endif // MOEC_LIB_RAISING_DEADEXPERTS_UNREACHABLE_H
