//===-- RuntimeAxes.h - axes that only the run knows ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_RUNTIMEAXES_H
#define MOEC_DIALECTS_ONNX_IR_RUNTIMEAXES_H

#include "dialects/Onnx/IR/ShapeContext.h"

#include "mlir/IR/Builders.h"

namespace moec::onnx {

/// The axes in an operand of static length, of a tensor of static rank, as
/// values. Whatever the operand holds, what this builds stays within the rank;
/// `isSound` says whether it held axes at all.
class RuntimeAxes {
public:
  RuntimeAxes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value list,
              int64_t rank);

  int64_t getRank() const { return named.size(); }
  /// Whether all are in -rank..rank-1, and none is there twice. (An axis of a
  /// scalar is its only one.)
  mlir::Value isSound() const { return sound; }
  /// Whether the list has this dimension.
  mlir::Value isNamed(int64_t dim) const { return named[dim]; }

  /// Of values that go with the axes, in their order: the one of `dim`, or
  /// `otherwise` where the list does not have it.
  mlir::Value getOfAxis(int64_t dim, mlir::ValueRange ofAxes,
                        mlir::Value otherwise) const;
  /// Of values that go with the dimensions: that of the `number`-th one which
  /// the list does not have.
  mlir::Value getOfOther(int64_t number, mlir::ValueRange ofDims) const;
  /// Of values that go with the dimensions which the list does not have: the
  /// one of `dim`, or `otherwise` where the list has it.
  mlir::Value spreadOthers(int64_t dim, mlir::ValueRange ofOthers,
                           mlir::Value otherwise) const;

private:
  mlir::Value equals(mlir::Value value, int64_t constant) const;

  mlir::OpBuilder &builder;
  mlir::Location loc;
  /// Normalised and clamped.
  llvm::SmallVector<mlir::Value> axes;
  /// One a dimension: whether it is listed; how many before it are not.
  llvm::SmallVector<mlir::Value> named, numOthers;
  mlir::Value sound;
};

/// The axes in an operand, as they are written, where the compiler knows them;
/// nullopt where only the run does. Fails with a diagnostic on `op` where not
/// even their number is known, or where it exceeds the rank.
mlir::FailureOr<std::optional<llvm::SmallVector<int64_t>>>
readAxes(ShapeContext &context, mlir::Operation *op, mlir::Value operand,
         int64_t rank);

/// Puts a constant in the place of an operand whose elements are all known.
void makeConstant(ShapeContext &context, mlir::OpOperand &operand);

/// Ends the run unless an operand that lists axes is sound. Builds nothing for
/// a constant one, which shape inference has seen.
void buildAxesCheck(mlir::OpBuilder &builder, mlir::Operation *op,
                    mlir::Value operand, int64_t rank);

/// The extents of a value, as values.
llvm::SmallVector<mlir::Value>
buildDims(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor);

} // namespace moec::onnx

#endif // MOEC_DIALECTS_ONNX_IR_RUNTIMEAXES_H
