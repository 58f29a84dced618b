//===-- Rounds.h - choices made one after the other -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_ROUNDS_H
#define MOEC_LIB_RAISING_ROUTING_ROUNDS_H

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Onnx/IR/ShapeContext.h"

#include <optional>

namespace moec::routing {

/// Choices of a token that are put together of rounds, of which each chooses
/// the largest of scores that are -infinity where an earlier one chose.
class Rounds {
public:
  /// Of a choice as `readChoice` reads it; nothing where it is not of rounds.
  static std::optional<Rounds> read(mlir::Value ids, int64_t experts,
                                    onnx::ShapeContext &shapes);

  /// Whether the weight of a choice is NaN wherever an earlier one of the token
  /// is the same. `weights` has the elements of the ids in their order.
  bool weighRepeatsByNan(mlir::Value weights, onnx::ShapeContext &shapes) const;

private:
  /// Of each round: what it chooses from, and the scores that this is made of
  /// by masks, one after the other.
  llvm::SmallVector<llvm::SmallVector<mlir::Value>> left;
};

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_ROUNDS_H
