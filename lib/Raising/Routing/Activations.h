//===-- Activations.h - activation functions, however they are spelled ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_ACTIVATIONS_H
#define MOEC_LIB_RAISING_ROUTING_ACTIVATIONS_H

#include "dialects/Moe/IR/Moe.h"
#include "dialects/Onnx/IR/Onnx.h"

#include <limits>
#include <optional>

namespace moec::routing {

/// Every step-th column from `begin` on.
struct ColumnRange {
  int64_t begin, count, step;
};

/// Adds the results of a node that takes ranges of a matrix's columns. Fails
/// for every other node.
llvm::LogicalResult readColumnRanges(
    mlir::Operation *node,
    llvm::SmallVectorImpl<std::pair<mlir::Value, ColumnRange>> &parts);

/// A function of one value, and the nodes that it is made of.
struct UnaryActivation {
  moe::ActivationKind kind;
  mlir::Value input;
  llvm::SmallVector<mlir::Operation *, 8> nodes;
};

/// The activation that ends in `value`: relu, silu and both forms of gelu.
std::optional<UnaryActivation> matchActivation(mlir::Value value);

/// `g' * sigmoid(alpha * g') * (u' + beta)` with g' = min(g, limit) and u' =
/// clamp(u, -limit, limit), and the nodes that it is made of.
struct GatedActivation {
  mlir::Value gate, up;
  /// The gate is the product's own silu already.
  bool isProductActivated = false;
  float alpha = 1.0f, beta = 0.0f;
  float limit = std::numeric_limits<float>::infinity();
  llvm::SmallVector<mlir::Operation *, 8> nodes;
};
std::optional<GatedActivation> matchGated(mlir::Value value);

/// Whether only these nodes read the value.
bool isReadOnlyBy(mlir::Value value, llvm::ArrayRef<mlir::Operation *> nodes);

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_ACTIVATIONS_H
