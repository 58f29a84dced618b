//===-- SingleElements.h - extents of one element, or of none -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_SINGLEELEMENTS_H
#define MOEC_DIALECTS_ONNX_IR_SINGLEELEMENTS_H

#include "dialects/Onnx/IR/ShapeContext.h"

namespace moec::onnx {

/// The smaller of an extent and 1: what a slice at an element has of it.
/// `extent` ceildiv a number that no extent reaches, so that it is affine.
mlir::AffineExpr getAtMostOne(ShapeContext &context, mlir::AffineExpr extent);

/// The extent of which another is at most one; null for any other expression.
mlir::AffineExpr getAtMostOneOf(mlir::AffineExpr extent);

/// Makes those extents of operands 1 that are one element or none and of which
/// the op may ask whether they are 1: to broadcast them, or because it takes no
/// other. A run without the element ends there.
llvm::LogicalResult requireElements(ShapeContext &context, mlir::Operation *op);

} // namespace moec::onnx

#endif // MOEC_DIALECTS_ONNX_IR_SINGLEELEMENTS_H
