//===-- MoeFormOps.td - ops that other forms of a layer need --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_IR_MOEFORMOPS_TD
#define MOEC_DIALECTS_MOE_IR_MOEFORMOPS_TD

include "dialects/Moe/IR/MoeBase.td"

def Moe_ReweighOp : Moe_Op<"reweigh"> {
  let summary = "weights of chosen experts from a tensor of their own";
  let description = [{
    For routers whose scores only choose, while other numbers weigh. For each
    token t and choice j with `0 <= ids[t, j] < E`:

    1. `w[j] = f32(values[t, ids[t, j]])`; a dropped choice has 0.
    2. `renormalize`: `w /= sum(w)`.
    3. A choice whose weight is not greater than `threshold`, or NaN, is dropped.

    A dropped choice has id -1 and weight 0.

    Shapes: `values` `[T, E]`, `ids`, `weights` and `kept` `[T, k]`.

    Source: input `router_weights` of ONNX Runtime's com.microsoft QMoE, made
    for DeepSeek-V3's routing, arXiv:2412.19437.

    Constraints:
    * C1: `weights` and `kept` have the shape of `ids`.
    * C2: `values` has as many rows as `ids`.
    * C3: `threshold` is finite and not negative.

    ```mlir
    %weights, %kept = moe.reweigh
        ins(%values, %ids : tensor<?x8xf32>, tensor<?x2xi32>)
        outs(%w, %i : tensor<?x2xf32>, tensor<?x2xi32>) {renormalize}
        -> tensor<?x2xf32>, tensor<?x2xi32>
    ```
  }];
  let arguments = (ins Moe_Matrix:$values, Moe_IdMatrix:$ids,
      Moe_F32Matrix:$weights_init, Moe_IdMatrix:$kept_init,
      UnitAttr:$renormalize, DefaultValuedAttr<F32Attr, "0.0f">:$threshold);
  let assemblyFormat = [{
    `ins` `(` $values `,` $ids `:` type($values) `,` type($ids) `)`
    `outs` `(` $weights_init `,` $kept_init `:` type($weights_init) `,`
        type($kept_init) `)`
    attr-dict (`->` type($results)^)?
  }];
  let resultNames = ["weights", "kept"];
  let numInits = 2;
}

def Moe_InterleaveOp : Moe_Op<"interleave"> {
  let summary = "rows of gate and up in turn";
  let description = [{
    Rows 2i and 2i+1 of the result are row i of `gate` and of `up`: two weight
    matrices of each expert, or their codes, scales, zero points or biases, as
    one product with a gated activation takes them. A rearrangement, which the
    writer of weights does where both are parameters.

    Shapes: `gate` and `up` `[E, I]` or `[E, I, K]`, the result `[E, 2I]` or
    `[E, 2I, K]`.

    Source: the interleaved layout of ONNX Runtime's com.microsoft MoE
    (`swiglu_fusion` 1).

    Constraints:
    * C1: `gate`, `up` and the result have the same rank and element type.
    * C2: `gate` and `up` have the same shape.
    * C3: the result has twice their rows, and is else as large.

    ```mlir
    %w = moe.interleave
        ins(%gate, %up : tensor<8x48x64xf32>, tensor<8x48x64xf32>)
        outs(%o : tensor<8x96x64xf32>) -> tensor<8x96x64xf32>
    ```
  }];
  let arguments = (ins Moe_Rows:$gate, Moe_Rows:$up, Moe_Rows:$init);
  let assemblyFormat = [{
    `ins` `(` $gate `,` $up `:` type($gate) `,` type($up) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($results)^)?
  }];
  let resultNames = ["interleaved"];
  let hasFolder = 1;
}

def Moe_TransposeCodesOp : Moe_Op<"transpose_codes"> {
  let summary = "rows and columns of packed codes exchanged";
  let description = [{
    Code (e, n, k) of the result is code (e, k, n) of `codes`. Codes of 2, 4 or 8
    bits lie along the last extent of either, the lowest bits of a byte first;
    bits past the last code of a row are zero in the result.

    Shapes: `codes` `[E, K, bytes of N]`, the result `[E, N, bytes of K]`.

    Source: the older layout of ONNX Runtime's com.microsoft MoE, and that of
    its FP4 weights on GPUs.

    Constraints:
    * C1: `bits` is 2, 4 or 8.
    * C2: the extents agree: bytes of N and of K are rounded up.

    ```mlir
    %w = moe.transpose_codes ins(%c : tensor<8x64x24xui8>)
        outs(%o : tensor<8x48x32xui8>) {bits = 4} -> tensor<8x48x32xui8>
    ```
  }];
  let arguments = (ins Moe_Shaped<[AnyTypeOf<[I8, UI8]>], [3]>:$codes,
                       Moe_Shaped<[AnyTypeOf<[I8, UI8]>], [3]>:$init,
                       I64Attr:$bits);
  let assemblyFormat = [{
    `ins` `(` $codes `:` type($codes) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($results)^)?
  }];
  let resultNames = ["transposed"];
}

def Moe_MultiplyOp : Moe_Op<"multiply"> {
  let summary = "the product of each two elements";
  let description = [{
    `result[r, c] = a[r, c] * b[r, c]`, in f32, rounded once to the element type
    of the result: the gate of a network whose activation is not gated itself.

    Shapes: `a`, `b` and the result `[R, N]`.

    Source: gated linear units, Shazeer, arXiv:2002.05202.

    Constraints:
    * C1: `a`, `b` and the result have the same shape.

    ```mlir
    %y = moe.multiply ins(%a, %b : tensor<?x48xf32>, tensor<?x48xf32>)
        outs(%o : tensor<?x48xf32>) -> tensor<?x48xf32>
    ```
  }];
  let arguments = (ins Moe_Matrix:$a, Moe_Matrix:$b, Moe_Matrix:$init);
  let assemblyFormat = [{
    `ins` `(` $a `,` $b `:` type($a) `,` type($b) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($results)^)?
  }];
  let resultNames = ["multiplied"];
  let hasFolder = 1;
}

#endif // MOEC_DIALECTS_MOE_IR_MOEFORMOPS_TD
