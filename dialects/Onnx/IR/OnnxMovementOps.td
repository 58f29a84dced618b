//===-- OnnxMovementOps.td - operators that move elements -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXMOVEMENTOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXMOVEMENTOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"

def Onnx_TransposeOp : Onnx_Op<"Transpose", [1, 13, 21, 23, 24, 25],
    (ins Onnx_Tensor:$data), (ins OptionalAttr<DenseI64ArrayAttr>:$perm),
    (outs Onnx_Tensor:$transposed)> {
  let summary = "permutes the axes (ONNX Transpose-25)";
  let description = [{
    `extent(transposed, i) = extent(data, perm[i])`; reversed without `perm`.
  }];
}

def Onnx_ConcatOp : Onnx_Op<"Concat", [4, 11, 13],
    (ins Variadic<Onnx_Tensor>:$inputs), (ins I64Attr:$axis),
    (outs Onnx_Tensor:$concat_result)> {
  let summary = "tensors one after another along an axis (ONNX Concat-13)";
}

def Onnx_SplitOp : Onnx_Op<"Split", [2, 11, 13, 18],
    (ins Onnx_Tensor:$input, Optional<Onnx_I64Tensor>:$split),
    (ins DefaultValuedAttr<I64Attr, "0">:$axis,
         OptionalAttr<I64Attr>:$num_outputs),
    (outs Variadic<Onnx_Tensor>:$outputs)> {
  let summary = "cuts a tensor along an axis (ONNX Split-18)";
  let description = [{
    Parts of the extents `split` or, without it, `ceil(d / num_outputs)` each,
    the last one what is left.
  }];
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
  let description = [{
    `output[.., i, ..] = data[.., start + i * step, ..]`. Negative starts and
    ends count from the end; both are clamped as numpy clamps them. `axes` and
    `steps` are constant; `starts` and `ends` may be computed at run time.
    Where an extent cannot be decided otherwise, `x[1:]`, `x[:1]`, `x[-1:]`,
    `x[:-1]`, and `x[:n]` of a static extent with `n` symbolic, are taken to
    be in range and checked at run time; the others get a fresh symbol.
  }];
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_PadOp : Onnx_Op<"Pad", [2, 11, 13, 18, 19, 21, 23, 24, 25],
    (ins Onnx_Tensor:$data, Onnx_I64Tensor:$pads,
         Optional<Onnx_Tensor>:$constant_value,
         Optional<Onnx_IndexTensor>:$axes),
    (ins DefaultValuedStrAttr<StrAttr, "constant">:$mode),
    (outs Onnx_Tensor:$output)> {
  let summary = "adds elements around a tensor (ONNX Pad-25)";
  let description = [{
    `pads = [begin.., end..]` over `axes` (constant; all without it). `mode` is
    `constant` (`constant_value`, zero without it), `edge`, `reflect` or `wrap`.
    Negative pads cut.
  }];
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_TriluOp : Onnx_Op<"Trilu", [14],
    (ins Onnx_Tensor:$input, Optional<Onnx_I64Tensor>:$k),
    (ins DefaultValuedAttr<I64Attr, "1">:$upper), (outs Onnx_Tensor:$output)> {
  let summary = "the upper or lower triangle of matrices (ONNX Trilu-14)";
  let description = [{
    `output[.., i, j] = input[.., i, j]` where `j - i >= k` (upper) or
    `j - i <= k` (lower), else zero.
  }];
}

#endif // MOEC_DIALECTS_ONNX_IR_ONNXMOVEMENTOPS_TD
