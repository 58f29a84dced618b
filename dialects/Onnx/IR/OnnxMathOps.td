//===-- OnnxMathOps.td - elementwise operators ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXMATHOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXMATHOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"

/// Two operands broadcast against each other, numpy's way.
class Onnx_BinaryOp<string opType, list<int> versions, Type operand = Onnx_NumTensor>
    : Onnx_Op<opType, versions, (ins operand:$A, operand:$B), (ins),
              (outs operand:$C)>;

def Onnx_AddOp : Onnx_BinaryOp<"Add", [7, 13, 14]> {
  let summary = "C = A + B, elementwise with broadcasting (ONNX Add-14)";
}

#endif // MOEC_DIALECTS_ONNX_IR_ONNXMATHOPS_TD
