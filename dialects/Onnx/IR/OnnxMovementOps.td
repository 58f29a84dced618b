//===-- OnnxMovementOps.td - operators that move elements -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXMOVEMENTOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXMOVEMENTOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"

def Onnx_MovementGroup : OpDocGroup {
  let summary = "Operators that move elements";
  let description = [{
    Nothing is computed: every element of a result is one of an operand, or a
    constant.
  }];
}
let opDocGroup = Onnx_MovementGroup in {

def Onnx_TransposeOp : Onnx_Op<"Transpose", [1, 13, 21, 23, 24, 25],
    (ins Onnx_Tensor:$data), (ins OptionalAttr<DenseI64ArrayAttr>:$perm),
    (outs Onnx_Tensor:$transposed)> {
  let summary = "permutes the axes (ONNX Transpose-25)";
  let meaning = [{
    Axis i of the result is axis `perm[i]` of `data`; reversed without `perm`.
  }];
  let extents = "`extent(data, perm[i])`";
  let refused = "a `perm` that is no permutation of the axes";
  let hasFolder = 1;
}

def Onnx_ConcatOp : Onnx_Op<"Concat", [4, 11, 13],
    (ins Variadic<Onnx_Tensor>:$inputs), (ins I64Attr:$axis),
    (outs Onnx_Tensor:$concat_result)> {
  let summary = "tensors one after another along an axis (ONNX Concat-13)";
  let extents = "those of the inputs, their sum at `axis`";
  let refused = "no input, inputs of different types or ranks, an `axis` outside of the rank, "
                "extents beside it known to differ";
  let fails = failsUnequal;
}

def Onnx_SplitOp : Onnx_Op<"Split", [2, 11, 13, 18],
    (ins Onnx_Tensor:$input, Optional<Onnx_I64Tensor>:$split),
    (ins DefaultValuedAttr<I64Attr, "0">:$axis,
         OptionalAttr<I64Attr>:$num_outputs),
    (outs Variadic<Onnx_Tensor>:$outputs)> {
  let summary = "cuts a tensor along an axis (ONNX Split-18)";
  let meaning = [{
    The outputs are consecutive parts of `input`.
  }];
  let extents = "those of `input`, at `axis` the elements of `split` (fresh symbols where they are computed) or, "
                "without it, `ceil(d / num_outputs)` each, the last one what is left";
  let refused = "an `axis` outside of the rank, a `split` of unknown or wrong length, with negative elements or "
                "a sum known to be wrong, a `num_outputs` that is not the number of outputs or leaves less than "
                "nothing for the last";
  let fails = failsUnequal # "; the same where a part turns out negative";
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_SliceOp : Onnx_Op<"Slice", [1, 10, 11, 13],
    (ins Onnx_Tensor:$data, Onnx_IndexTensor:$starts, Onnx_IndexTensor:$ends,
         Optional<Onnx_IndexTensor>:$axes, Optional<Onnx_IndexTensor>:$steps),
    (ins), (outs Onnx_Tensor:$output)> {
  let summary = "every step-th element of start..end along axes (ONNX Slice-13)";
  let meaning = [{
    `output[.., i, ..] = data[.., start + i * step, ..]`. Negative starts and
    ends count from the end; both are clamped as numpy clamps them. Of operands
    computed at run time the length is static.

    Where an extent cannot be decided otherwise, `x[1:]`, `x[:1]`, `x[-1:]`,
    `x[:-1]`, and `x[:n]` of a static extent with `n` symbolic, are taken to
    be in range and checked at run time; the others get a fresh symbol.
  }];
  let extents = "those of `data`, `ceil((end - start) / step)` of the clamped bounds on the axes named";
  let refused = "operands of unknown or different lengths, or longer than the rank; a known axis outside of the "
                "rank or named twice; a known step of 0";
  let fails = "`shape_mismatch` where an extent taken to be large enough is not, computed axes are outside of the rank "
              "or named twice, or a computed step is 0";
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
    void buildChecks(::mlir::OpBuilder &builder);
  }];
}

def Onnx_PadOp : Onnx_Op<"Pad", [2, 11, 13, 18, 19, 21, 23, 24, 25],
    (ins Onnx_Tensor:$data, Onnx_I64Tensor:$pads,
         Optional<Onnx_Tensor>:$constant_value,
         Optional<Onnx_IndexTensor>:$axes),
    (ins DefaultValuedStrAttr<StrAttr, "constant">:$mode),
    (outs Onnx_Tensor:$output)> {
  let summary = "adds elements around a tensor (ONNX Pad-25)";
  let meaning = [{
    `pads = [begin.., end..]`, in elements, over `axes` (of static length; all
    without it). `mode` is `constant` (`constant_value`, zero without it),
    `edge`, `reflect` or `wrap`. Negative pads cut.
  }];
  let extents = "`begin + d + end`, a fresh symbol where `pads` are computed";
  let refused = "another `mode`, `pads` that are not two for each axis, known `axes` outside of the "
                "rank or named twice, a `constant_value` that is not one element of the type of `data`, an extent "
                "known to become negative";
  let fails = "`shape_mismatch` where an extent turns out negative, or where an empty one is padded with its own "
              "elements, or where computed axes are outside of the rank or named twice";
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
    void buildChecks(::mlir::OpBuilder &builder);
  }];
}

def Onnx_TriluOp : Onnx_Op<"Trilu", [14],
    (ins Onnx_Tensor:$input, Optional<Onnx_I64Tensor>:$k),
    (ins DefaultValuedAttr<I64Attr, "1">:$upper), (outs Onnx_Tensor:$output)> {
  let summary = "the upper or lower triangle of matrices (ONNX Trilu-14)";
  let meaning = [{
    `output[.., i, j] = input[.., i, j]` where `j - i >= k` (upper) or
    `j - i <= k` (lower), else zero; `k` is 0 where it is absent.
  }];
  let extents = "those of `input`";
  let refused = "an `input` of a rank below 2, a `k` that is not one number";
}

} // opDocGroup

#endif // MOEC_DIALECTS_ONNX_IR_ONNXMOVEMENTOPS_TD
