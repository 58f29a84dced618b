//===-- Divisor.h - what renormalisation divides weights by ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_DIVISOR_H
#define MOEC_LIB_RAISING_ROUTING_DIVISOR_H

#include "mlir/IR/Value.h"

#include <optional>

namespace moec::routing {

/// max(n + epsilon, least), where n is the sum of a row, or its norm of an
/// order.
struct Divisor {
  float epsilon = 0.0f;
  std::optional<float> norm, least;
  /// Whether n, where it is infinite, becomes the largest number.
  bool isFinite = false;
};

/// Reads `divisor` as one of the rows of `of`; nothing where it is none.
std::optional<Divisor> matchDivisor(mlir::Value divisor, mlir::Value of);

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_DIVISOR_H
