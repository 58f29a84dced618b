//===-- MoeForm.h - the form of a fused MoE node's weights ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_MOEFORM_H
#define MOEC_DIALECTS_ONNX_IR_MOEFORM_H

#include "dialects/Onnx/IR/Onnx.h"

namespace moec::onnx {

/// Whether fc1 holds gate and up both.
template <typename OpTy> bool hasFusedGate(OpTy op) {
  llvm::StringRef type = op.getActivationType();
  return (type == "swiglu" || type == "geglu") && op.getSwigluFusion() != 0;
}

/// Whether a node has the layout of older exporters, fc1 [E, H, fus*I] and fc2
/// [E, I, H], which only extents tell. `columns` are those of fc2 in elements;
/// fc1 and fc2 as the file has them.
bool isLegacyLayout(int64_t hidden, int64_t fc1Rows, int64_t fc2Rows,
                    int64_t fc2Columns, bool isFused);

/// Bits of a code of fc1, fc2 or fc3 (`number` 1 to 3).
int64_t getCodeBits(QMoEOp op, unsigned number);

} // namespace moec::onnx

#endif // MOEC_DIALECTS_ONNX_IR_MOEFORM_H
