//===-- OnnxContractionOps.td - matrix products ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXCONTRACTIONOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXCONTRACTIONOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"
include "dialects/Onnx/IR/OnnxMathOps.td"

def Onnx_ContractionGroup : OpDocGroup {
  let summary = "Matrix products";
  let description = [{
    Sums of f16 and bf16 products are in f32 and rounded once; those of integers
    wrap; a sum of nothing is 0.
  }];
}
let opDocGroup = Onnx_ContractionGroup in {

def Onnx_MatMulOp : Onnx_BinaryOp<"MatMul", [1, 9, 13]> {
  let summary = "Y = A @ B as numpy.matmul (ONNX MatMul-13)";
  let meaning = [{
    `C[b.., m, n] = sum over k of A[b.., m, k] * B[b.., k, n]`. Leading extents
    broadcast; an operand of rank 1 is a row on the left and a column on the
    right, and that extent is dropped from the result.
  }];
  let extents = "`[b.., M, N]`, `b` the leading extents of `A` and `B`, broadcast";
  let refused = "operands of two element types, scalars, inner extents known to differ, "
                "and leading ones that do not broadcast";
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
  let meaning = [{
    As MatMul, after op: `transA` swaps the last two extents. `transBatchA`
    moves the first extent of A `[m, b..., k]` in front of the last. Neither
    applies to rank 1. `alpha` is a factor of each sum.
  }];
  let extents = "`[b.., M, N]` of the operands after op";
  let refused = "operands of two element types, scalars, inner extents known to differ, "
                "and leading ones that do not broadcast";
  let fails = failsUnequal;
}

def Onnx_GemmOp : Onnx_Op<"Gemm", [7, 9, 11, 13],
    (ins Onnx_NumTensor:$A, Onnx_NumTensor:$B, Optional<Onnx_NumTensor>:$C),
    (ins DefaultValuedAttr<F32Attr, "1.0f">:$alpha,
         DefaultValuedAttr<F32Attr, "1.0f">:$beta,
         DefaultValuedAttr<I64Attr, "0">:$transA,
         DefaultValuedAttr<I64Attr, "0">:$transB),
    (outs Onnx_NumTensor:$Y)> {
  let summary = "Y = alpha * op(A) @ op(B) + beta * C (ONNX Gemm-13)";
  let meaning = [{
    op transposes where asked; C broadcasts to `[M, N]`. Integer operands need
    integral alpha and beta.
  }];
  let extents = "`[M, N]`";
  let refused = "operands of two element types, `A` or `B` not of rank 2, `C` of a rank above 2, "
                "inner extents known to differ, a `C` that does not broadcast, "
                "a fractional `alpha` or `beta` of integers";
  let fails = failsUnequal;
}

def Onnx_EinsumOp : Onnx_Op<"Einsum", [12],
    (ins Variadic<Onnx_NumTensor>:$Inputs), (ins StrAttr:$equation),
    (outs Onnx_NumTensor:$Output)> {
  let summary = "Einstein summation over any labels (ONNX Einsum-12)";
  let meaning = [{
    `Output[o..] = sum over all other labels of the product of the inputs`.
    Labels of one input may repeat (diagonals); `...` stands for broadcast
    leading extents; without `->` the output has the labels that occur once, in
    alphabetical order, after the ellipsis. An extent of 1 broadcasts.
  }];
  let extents = "those of the output's labels";
  let refused = "no operand, operands of two element types, a number of terms or labels that does not "
                "fit the operands, labels that are no letters, an output label twice or in no operand, "
                "two ellipses in a term, extents of one label known to differ of which neither is 1";
  let fails = failsUnequal;
}

} // opDocGroup

#endif // MOEC_DIALECTS_ONNX_IR_ONNXCONTRACTIONOPS_TD
