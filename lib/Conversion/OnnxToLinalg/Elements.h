//===-- Elements.h - element loops of the onnx lowerings ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CONVERSION_ONNXTOLINALG_ELEMENTS_H
#define MOEC_LIB_CONVERSION_ONNXTOLINALG_ELEMENTS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

namespace moec {

/// Builds index arithmetic at one place.
struct IndexBuilder {
  mlir::OpBuilder &builder;
  mlir::Location loc;

  mlir::Value constant(int64_t value) const {
    return mlir::arith::ConstantIndexOp::create(builder, loc, value);
  }
  mlir::Value dim(mlir::Value tensor, int64_t axis) const;
  llvm::SmallVector<mlir::Value> dims(mlir::Value tensor) const;
  mlir::Value add(mlir::Value a, mlir::Value b) const;
  mlir::Value sub(mlir::Value a, mlir::Value b) const;
  mlir::Value mul(mlir::Value a, mlir::Value b) const;
  mlir::Value min(mlir::Value a, mlir::Value b) const;
  mlir::Value max(mlir::Value a, mlir::Value b) const;
  mlir::Value cmp(mlir::arith::CmpIPredicate predicate, mlir::Value a,
                  mlir::Value b) const;
  mlir::Value land(mlir::Value a, mlir::Value b) const;
  mlir::Value lor(mlir::Value a, mlir::Value b) const;
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b) const;
  /// a mod b in 0..b-1; b below one counts as one.
  mlir::Value mod(mlir::Value a, mlir::Value b) const;
  mlir::Value toIndex(mlir::Value integer) const;
  mlir::Value extract(mlir::Value tensor, mlir::ValueRange position) const;
  mlir::Value insert(mlir::Value element, mlir::Value tensor,
                     mlir::ValueRange position) const;
  /// Zero of an element type.
  mlir::Value zero(mlir::Type type) const;

  /// A position from the front where it counts from the end.
  mlir::Value wrapNegative(mlir::Value position, mlir::Value extent) const;
  mlir::Value isWithin(mlir::Value position, mlir::Value extent) const;
  /// A position made to lie in 0..extent-1 (0 where there is none).
  mlir::Value clamp(mlir::Value position, mlir::Value extent) const;

  /// A loop nest over 0..bounds with carried values; returns their last ones.
  llvm::SmallVector<mlir::Value>
  loops(mlir::ValueRange bounds, mlir::ValueRange inits,
        llvm::function_ref<llvm::SmallVector<mlir::Value>(
            IndexBuilder &, mlir::ValueRange, mlir::ValueRange)>
            body) const;

  /// What `then` makes of the given values where the condition holds, else
  /// those values.
  llvm::SmallVector<mlir::Value>
  unless(mlir::Value condition, mlir::ValueRange otherwise,
         llvm::function_ref<llvm::SmallVector<mlir::Value>(IndexBuilder &,
                                                           mlir::ValueRange)>
             then) const;

  /// The element, or zero where `isThere` (null: always) does not hold.
  mlir::Value extractIf(mlir::Value isThere, mlir::Value tensor,
                        mlir::ValueRange position) const;

  /// Every element of `init` from its position.
  mlir::Value
  generate(mlir::Value init,
           llvm::function_ref<mlir::Value(IndexBuilder &, mlir::ValueRange)>
               body) const;

  /// `init` filled with zeros. What a loop writes piece by piece starts from
  /// this: an empty tensor carried through a loop does not always bufferise
  /// into the destination.
  mlir::Value zeroed(mlir::Value init) const;

  /// `source`'s elements written to `init`, which has its extents; position i
  /// of the result is read from `source` at `map`.
  mlir::Value copy(mlir::Value source, mlir::Value init,
                   mlir::AffineMap map = {}) const;

  /// Records an error unless all elements of an index tensor, at any position
  /// of a tuple `extents[position of the last axis]` or `extents[0]`, are
  /// within -extent..extent-1.
  void checkIndices(mlir::Value indices,
                    llvm::ArrayRef<mlir::Value> extents) const;
};

/// The tensor with other extents of the same number of elements, as views.
mlir::Value buildView(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::Value source,
                      llvm::ArrayRef<mlir::OpFoldResult> extents,
                      llvm::ArrayRef<int64_t> shape);

} // namespace moec

#endif // MOEC_LIB_CONVERSION_ONNXTOLINALG_ELEMENTS_H
