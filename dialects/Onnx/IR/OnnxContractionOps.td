//===-- OnnxContractionOps.td - matrix products ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXCONTRACTIONOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXCONTRACTIONOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"
include "dialects/Onnx/IR/OnnxMathOps.td"

def Onnx_MatMulOp : Onnx_BinaryOp<"MatMul", [1, 9, 13]> {
  let summary = "Y = A @ B as numpy.matmul (ONNX MatMul-13)";
  let description = [{
    Leading extents broadcast; an operand of rank 1 is a row on the left and a
    column on the right, and that extent is dropped from the result. f16 and
    bf16 accumulate in f32; integers wrap; a sum of nothing is 0.
  }];
}

def Onnx_FusedMatMulOp : Ms_Op<"FusedMatMul", [1],
    (ins Onnx_FloatTensor:$A, Onnx_FloatTensor:$B),
    (ins DefaultValuedAttr<F32Attr, "1.0f">:$alpha,
         DefaultValuedAttr<I64Attr, "0">:$transA,
         DefaultValuedAttr<I64Attr, "0">:$transB,
         DefaultValuedAttr<I64Attr, "0">:$transBatchA,
         DefaultValuedAttr<I64Attr, "0">:$transBatchB),
    (outs Onnx_FloatTensor:$Y)> {
  let summary = "Y = alpha * op(A) @ op(B) (com.microsoft FusedMatMul-1)";
  let description = [{
    `transA` swaps the last two extents. `transBatchA` moves the first extent
    of A `[m, b..., k]` in front of the last. Neither applies to rank 1.
  }];
}

def Onnx_GemmOp : Onnx_Op<"Gemm", [7, 9, 11, 13],
    (ins Onnx_NumTensor:$A, Onnx_NumTensor:$B, Optional<Onnx_NumTensor>:$C),
    (ins DefaultValuedAttr<F32Attr, "1.0f">:$alpha,
         DefaultValuedAttr<F32Attr, "1.0f">:$beta,
         DefaultValuedAttr<I64Attr, "0">:$transA,
         DefaultValuedAttr<I64Attr, "0">:$transB),
    (outs Onnx_NumTensor:$Y)> {
  let summary = "Y = alpha * op(A) @ op(B) + beta * C (ONNX Gemm-13)";
  let description = [{
    op transposes where asked; C broadcasts to `[M, N]`. Integer operands need
    integral alpha and beta.
  }];
}

def Onnx_EinsumOp : Onnx_Op<"Einsum", [12],
    (ins Variadic<Onnx_NumTensor>:$Inputs), (ins StrAttr:$equation),
    (outs Onnx_NumTensor:$Output)> {
  let summary = "Einstein summation over any labels (ONNX Einsum-12)";
  let description = [{
    Labels of one input may repeat (diagonals); `...` stands for broadcast
    leading extents; without `->` the output has the labels that occur once, in
    alphabetical order, after the ellipsis.
  }];
}

#endif // MOEC_DIALECTS_ONNX_IR_ONNXCONTRACTIONOPS_TD
