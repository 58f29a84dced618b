//===-- OnnxShapeOps.td - operators on shapes -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXSHAPEOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXSHAPEOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"

/// Operators whose extents may come from a tensor: that operand is dropped, by
/// shape inference, where `onnx.shapes` says all it says and it is no constant.
/// What is left of shape arithmetic then has no user and goes away.

def Onnx_ShapeOp : Onnx_Op<"Shape", [1, 13, 15, 19, 21, 23, 24, 25],
    (ins Onnx_Tensor:$data),
    (ins DefaultValuedAttr<I64Attr, "0">:$start, OptionalAttr<I64Attr>:$end),
    (outs Onnx_I64Tensor:$shape)> {
  let summary = "the extents start..end of a tensor (ONNX Shape-25)";
  let description = [{
    `shape[i] = extent(data, start + i)`, `shape : [end - start]`. Negative
    `start` and `end` count from the rank; both are clamped to it.
  }];
}

def Onnx_SizeOp : Onnx_Op<"Size", [1, 13, 19, 21, 23, 24, 25],
    (ins Onnx_Tensor:$data), (ins), (outs Onnx_I64Tensor:$size)> {
  let summary = "the number of elements, a scalar (ONNX Size-25)";
}

def Onnx_ReshapeOp : Onnx_Op<"Reshape", [1, 5, 13, 14, 19, 21, 23, 24, 25],
    (ins Onnx_Tensor:$data, Optional<Onnx_I64Tensor>:$shape),
    (ins DefaultValuedAttr<I64Attr, "0">:$allowzero),
    (outs Onnx_Tensor:$reshaped)> {
  let summary = "the same elements with other extents (ONNX Reshape-25)";
  let description = [{
    An element 0 of `shape` means the extent of `data` there, or zero with
    `allowzero`; one element may be -1: what the others leave. Row-major order
    of the elements stays, so this is a view.
  }];
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_SqueezeOp : Onnx_Op<"Squeeze", [1, 11, 13, 21, 23, 24, 25],
    (ins Onnx_Tensor:$data, Optional<Onnx_I64Tensor>:$axes), (ins),
    (outs Onnx_Tensor:$squeezed)> {
  let summary = "drops extents of one (ONNX Squeeze-25)";
  let description = [{
    `axes`, constant, names the extents to drop; without it all extents known
    to be one are dropped. A view.
  }];
}

def Onnx_UnsqueezeOp : Onnx_Op<"Unsqueeze", [1, 11, 13, 21, 23, 24, 25],
    (ins Onnx_Tensor:$data, Onnx_I64Tensor:$axes), (ins),
    (outs Onnx_Tensor:$expanded)> {
  let summary = "inserts extents of one (ONNX Unsqueeze-25)";
  let description = [{
    `axes`, constant, are positions in the result. A view.
  }];
}

def Onnx_FlattenOp : Onnx_Op<"Flatten", [1, 9, 11, 13, 21, 23, 24, 25],
    (ins Onnx_Tensor:$input), (ins DefaultValuedAttr<I64Attr, "1">:$axis),
    (outs Onnx_Tensor:$output)> {
  let summary = "a matrix of the extents before and from axis (ONNX Flatten-25)";
  let description = [{
    `output : [d_0 * .. * d_(axis-1), d_axis * .. * d_(r-1)]`, an empty product
    being one; `axis` in `-r..r`. A view.
  }];
}

def Onnx_ConstantOfShapeOp : Onnx_Op<"ConstantOfShape", [9, 20, 21, 23, 24, 25],
    (ins Optional<Onnx_I64Tensor>:$input),
    (ins OptionalAttr<ElementsAttr>:$value), (outs Onnx_Tensor:$output)> {
  let summary = "one value in a given shape (ONNX ConstantOfShape-25)";
  let description = [{
    `output : [input[0], input[1], ...]`, every element the only one of
    `value` (f32 zero without it).
  }];
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_RangeOp : Onnx_Op<"Range", [11],
    (ins Onnx_NumTensor:$start, Onnx_NumTensor:$limit, Onnx_NumTensor:$delta),
    (ins), (outs Onnx_NumTensor:$output)> {
  let summary = "an arithmetic progression (ONNX Range-11)";
  let description = [{
    `output[i] = start + i * delta`, `max(ceil((limit - start) / delta), 0)`
    elements. `start`, `limit`, `delta` are scalars.
  }];
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_ExpandOp : Onnx_Op<"Expand", [8, 13],
    (ins Onnx_Tensor:$input, Optional<Onnx_I64Tensor>:$shape), (ins),
    (outs Onnx_Tensor:$output)> {
  let summary = "broadcast against a shape (ONNX Expand-13)";
  let description = [{
    Two-sided: an extent of one on either side takes the other's.
  }];
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_TileOp : Onnx_Op<"Tile", [6, 13],
    (ins Onnx_Tensor:$input, Optional<Onnx_I64Tensor>:$repeats), (ins),
    (outs Onnx_Tensor:$output)> {
  let summary = "repeats a tensor along its axes (ONNX Tile-13)";
  let description = [{
    `output[i, ..] = input[i mod d_0, ..]`, `output : [d_0 * repeats[0], ..]`.
  }];
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_EyeLikeOp : Onnx_Op<"EyeLike", [9, 22],
    (ins Onnx_Tensor:$input),
    (ins DefaultValuedAttr<I64Attr, "0">:$k, OptionalAttr<I64Attr>:$dtype),
    (outs Onnx_Tensor:$output)> {
  let summary = "ones on diagonal k of a matrix like the input (ONNX EyeLike-22)";
  let description = [{
    `output[i, j] = (j - i == k)`; `dtype` is an ONNX type number, that of the
    input without it.
  }];
}

#endif // MOEC_DIALECTS_ONNX_IR_ONNXSHAPEOPS_TD
