//===-- Einsum.h - equations of Einsum ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_EINSUM_H
#define MOEC_DIALECTS_ONNX_IR_EINSUM_H

#include "dialects/Onnx/IR/Onnx.h"

namespace moec::onnx {

/// An equation with its labels numbered: those of the output first and in its
/// order, then the summed ones. Extents under an ellipsis have labels of their
/// own, aligned at the right.
struct EinsumForm {
  llvm::SmallVector<llvm::SmallVector<unsigned>> operands;
  unsigned numOutputLabels = 0;
  unsigned numLabels = 0;
};

/// Fails with a diagnostic on the op where the equation is malformed or does
/// not fit the operands' ranks.
mlir::FailureOr<EinsumForm> parseEinsum(EinsumOp op);

} // namespace moec::onnx

#endif // MOEC_DIALECTS_ONNX_IR_EINSUM_H
