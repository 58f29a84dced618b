//===-- Elements.h - elements of small integer tensors --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ELEMENTS_H
#define MOEC_DIALECTS_ONNX_IR_ELEMENTS_H

#include "dialects/Onnx/IR/Onnx.h"

#include "llvm/ADT/STLFunctionalExtras.h"

#include "dialects/Onnx/IR/ShapeArithmetic.h"

namespace moec::onnx {

/// Sets the elements of the op's only result from those of its operands,
/// broadcast: `compute` makes one of one each, null where it cannot tell. Does
/// nothing where operands are not known or the result is not a small integer
/// tensor.
void propagateElements(
    ShapeContext &context, mlir::Operation *op,
    llvm::function_ref<mlir::AffineExpr(llvm::ArrayRef<mlir::AffineExpr>)>
        compute);

/// The expression, or null where it is a constant that the type cannot hold.
mlir::AffineExpr checkRange(mlir::AffineExpr expr, mlir::Type elementType);

/// Demands that the operands from `first` on have one element type.
llvm::LogicalResult requireSameElementType(mlir::Operation *op,
                                           unsigned first = 0);

} // namespace moec::onnx

#endif // MOEC_DIALECTS_ONNX_IR_ELEMENTS_H
