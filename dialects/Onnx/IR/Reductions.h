//===-- Reductions.h - what reductions share ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_REDUCTIONS_H
#define MOEC_DIALECTS_ONNX_IR_REDUCTIONS_H

#include "dialects/Onnx/IR/Onnx.h"

namespace moec::onnx {

/// On ops whose axes are an operand: the axes, normalised, as shape inference
/// found them. Lowering reads it where the operand is not itself a constant.
inline constexpr llvm::StringLiteral kAxesAttr = "onnx.axes";

/// The sorted axes, in [0, rank), of a reduction or scan; nullopt where they
/// are not known at compile time.
std::optional<llvm::SmallVector<int64_t>> getKnownAxes(mlir::Operation *op);

} // namespace moec::onnx

#endif // MOEC_DIALECTS_ONNX_IR_REDUCTIONS_H
