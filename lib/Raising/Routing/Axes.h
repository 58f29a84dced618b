//===-- Axes.h - what the dimensions of a value run over ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_AXES_H
#define MOEC_LIB_RAISING_ROUTING_AXES_H

#include "dialects/Onnx/IR/Onnx.h"

#include <optional>

namespace moec::routing {

/// The type of a tensor, whose rank is known.
inline mlir::RankedTensorType getType(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

/// Whether the last dimension is the same before and after a view.
bool keepsRows(mlir::Operation *view);

/// The value whose rows these are, in the same order.
mlir::Value peelRowViews(mlir::Value value);

/// Whether the elements stay in their order, in other dimensions.
bool isView(mlir::Operation *op);

/// The value whose elements are these, in the same order.
mlir::Value peelViews(mlir::Value value);

/// Whether `value` has one number for each row: a column.
bool isColumn(mlir::Value value);

/// Whether `axis`, perhaps counted from the end, is the value's last.
bool isLastAxis(int64_t axis, mlir::Value value);

/// What an index of a routed layer counts.
enum class Axis : uint8_t {
  /// Tokens. Several dimensions in a row may do so together, row-major.
  Token,
  /// The k choices of a token.
  Choice,
  Expert,
  /// The choices that fell on one expert, in the order of the mask that found
  /// them.
  Hit,
  /// All choices, sorted by expert.
  Row,
  /// Places of an expert that takes so many tokens, perhaps of each group of
  /// tokens. Several dimensions in a row may do so together, row-major.
  Slot,
  /// Elements of one row.
  Feature,
  /// The numbers of an index tuple.
  Coordinate,
  /// Rows and columns of a matrix of weights.
  Matrix,
};

/// One dimension: what it counts, row-major; an extent of 1 counts nothing, and
/// neither do the tokens of a model that is compiled for one.
using Dim = llvm::SmallVector<Axis, 2>;
using Dims = llvm::SmallVector<Dim, 4>;

/// The extents that a layer fixes, where they are known.
struct RoutingExtents {
  int64_t choices = 1;
  int64_t experts = 0;
};

/// What the dimensions of `to` run over, the same elements in row-major order
/// as those of `from`, which run over `dims`. Nothing where that is not known:
/// a dimension is cut in the middle of an axis, or axes merge that are not
/// tokens and choices in a row.
std::optional<Dims> reshapeDims(llvm::ArrayRef<Dim> dims,
                                llvm::ArrayRef<mlir::AffineExpr> from,
                                llvm::ArrayRef<mlir::AffineExpr> to,
                                const RoutingExtents &known);

/// What the result of a Transpose runs over. Nothing where tokens or slots of
/// several dimensions change their places, for they count in their order alone.
std::optional<Dims> transposeDims(llvm::ArrayRef<Dim> dims,
                                  onnx::TransposeOp op);

/// Without dimensions that count nothing, and those that merge taken apart:
/// two values with the same axes have the same elements in the same order.
llvm::SmallVector<Axis> flattenDims(llvm::ArrayRef<Dim> dims);

/// Whether no dimension counts anything.
bool countNothing(llvm::ArrayRef<Dim> dims);

/// Whether a dimension counts `axis`, perhaps with others.
bool hasAxis(llvm::ArrayRef<Dim> dims, Axis axis);

/// The dimension that counts exactly `axis`; nothing where none or several do.
std::optional<unsigned> findAxis(llvm::ArrayRef<Dim> dims, Axis axis);

/// What a result that `a` and `b` are broadcast to runs over; nothing where a
/// dimension counts different things.
std::optional<Dims> broadcastDims(llvm::ArrayRef<Dim> a, llvm::ArrayRef<Dim> b);

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_AXES_H
