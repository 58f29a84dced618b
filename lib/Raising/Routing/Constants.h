//===-- Constants.h - numbers that a graph spells out ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_CONSTANTS_H
#define MOEC_LIB_RAISING_ROUTING_CONSTANTS_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace moec::routing {

/// The elements of a small constant of integers, of any rank.
std::optional<llvm::SmallVector<int64_t>> getIntegers(mlir::Value value);

/// Whether a constant is 0 and 1, in this order.
bool isZeroAndOne(mlir::Value value);

/// The one number that all elements of a value are, however it is made: a
/// constant, expanded, of a shape, cast or viewed.
std::optional<double> getUniform(mlir::Value value);

/// What a node multiplies or divides by one finite number; null for others.
mlir::Value getMultiplied(mlir::Operation *op);

/// Whether all elements are minus infinity.
bool isMinusInfinity(mlir::Value value);

/// Whether the elements are 0, 1, 2, ... along the last dimension of more than
/// one element, however they are made; the only such dimension.
bool isIota(mlir::Value value);

/// One column of a table: its last dimension at one place.
struct Column {
  mlir::Value table;
  int64_t number;
};
/// The column that a value is, in whatever dimensions.
std::optional<Column> readColumn(mlir::Value value);

/// `axis`, counted from the front.
int64_t normalizeAxis(int64_t axis, int64_t rank);

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_CONSTANTS_H
