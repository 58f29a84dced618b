//===-- OnnxShapeOps.td - operators on shapes -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXSHAPEOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXSHAPEOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"

def Onnx_ShapeGroup : OpDocGroup {
  let summary = "Operators on shapes";
  let description = [{
    Extents may come from a tensor: that operand is dropped, by shape inference,
    where `onnx.shapes` says all it says and it is no constant. What is left of
    shape arithmetic then has no user and goes away. An extent that is computed
    from data is a fresh symbol.
  }];
}
let opDocGroup = Onnx_ShapeGroup in {

def Onnx_ShapeOp : Onnx_Op<"Shape", [1, 13, 15, 19, 21, 23, 24, 25],
    (ins Onnx_Tensor:$data),
    (ins DefaultValuedAttr<I64Attr, "0">:$start, OptionalAttr<I64Attr>:$end),
    (outs Onnx_I64Tensor:$shape)> {
  let summary = "the extents start..end of a tensor (ONNX Shape-25)";
  let meaning = [{
    `shape[i] = extent(data, start + i)`. Negative `start` and `end` count from
    the rank; both are clamped to it.
  }];
  let extents = "`[max(end - start, 0)]`";
}

def Onnx_SizeOp : Onnx_Op<"Size", [1, 13, 19, 21, 23, 24, 25],
    (ins Onnx_Tensor:$data), (ins), (outs Onnx_I64Tensor:$size)> {
  let summary = "the number of elements, a scalar (ONNX Size-25)";
  let extents = "`[]`";
}

def Onnx_ReshapeOp : Onnx_Op<"Reshape", [1, 5, 13, 14, 19, 21, 23, 24, 25],
    (ins Onnx_Tensor:$data, Optional<Onnx_I64Tensor>:$shape),
    (ins DefaultValuedAttr<I64Attr, "0">:$allowzero),
    (outs Onnx_Tensor:$reshaped)> {
  let summary = "the same elements with other extents (ONNX Reshape-25)";
  let meaning = [{
    An element 0 of `shape` means the extent of `data` there, or zero with
    `allowzero`; one element may be -1: what the others leave. Row-major order
    of the elements stays, so this is a view.
  }];
  let extents = "the elements of `shape`, so understood";
  let refused = "a `shape` of unknown length, with an element below -1, two of -1, a 0 beyond the rank of `data`, "
                "or 0 and -1 with `allowzero`; another number of elements";
  let fails = "`shape_mismatch` where the number of elements turns out another, an element is below -1, or one that "
              "the extents of the model make is 0 where that of `data` is not";
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_SqueezeOp : Onnx_Op<"Squeeze", [1, 11, 13, 21, 23, 24, 25],
    (ins Onnx_Tensor:$data, Optional<Onnx_I64Tensor>:$axes), (ins),
    (outs Onnx_Tensor:$squeezed)> {
  let summary = "drops extents of one (ONNX Squeeze-25)";
  let meaning = [{
    `axes`, of static length, names the extents to drop; without it all extents
    known to be one are dropped, and no other may turn out to be one, which would
    change the rank. A view.
  }];
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
    void buildChecks(::mlir::OpBuilder &builder);
  }];
  let extents = "those of `data` that stay";
  let refused = "known `axes` outside of the rank, named twice or of an extent known not to be 1";
  let fails = "`shape_mismatch` where an extent to drop turns out not to be 1, or without `axes` any other to be 1, or "
              "computed axes are outside of the rank or named twice";
}

def Onnx_UnsqueezeOp : Onnx_Op<"Unsqueeze", [1, 11, 13, 21, 23, 24, 25],
    (ins Onnx_Tensor:$data, Onnx_I64Tensor:$axes), (ins),
    (outs Onnx_Tensor:$expanded)> {
  let summary = "inserts extents of one (ONNX Unsqueeze-25)";
  let meaning = [{
    `axes`, of static length, are positions in the result. A view.
  }];
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
    void buildChecks(::mlir::OpBuilder &builder);
  }];
  let extents = "those of `data`, with ones at `axes`";
  let refused = "known `axes` outside of the result's rank or named twice";
  let fails = "`shape_mismatch` where computed axes are so";
}

def Onnx_FlattenOp : Onnx_Op<"Flatten", [1, 9, 11, 13, 21, 23, 24, 25],
    (ins Onnx_Tensor:$input), (ins DefaultValuedAttr<I64Attr, "1">:$axis),
    (outs Onnx_Tensor:$output)> {
  let summary = "a matrix of the extents before and from axis (ONNX Flatten-25)";
  let meaning = [{
    Row-major order of the elements stays. A view.
  }];
  let extents = "`[d_0 * .. * d_(axis-1), d_axis * .. * d_(r-1)]`, an empty product being 1";
  let refused = "an `axis` outside of `-r..r`";
}

def Onnx_ConstantOfShapeOp : Onnx_Op<"ConstantOfShape", [9, 20, 21, 23, 24, 25],
    (ins Optional<Onnx_I64Tensor>:$input),
    (ins OptionalAttr<ElementsAttr>:$value), (outs Onnx_Tensor:$output)> {
  let summary = "one value in a given shape (ONNX ConstantOfShape-25)";
  let meaning = [{
    Every element is the only one of `value` (f32 zero without it).
  }];
  let extents = "the elements of `input`";
  let refused = "an `input` of unknown length or with elements known to be negative, a `value` of several elements";
  let fails = "`shape_mismatch` where an element of `input` turns out negative";
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_RangeOp : Onnx_Op<"Range", [11],
    (ins Onnx_NumTensor:$start, Onnx_NumTensor:$limit, Onnx_NumTensor:$delta),
    (ins), (outs Onnx_NumTensor:$output)> {
  let summary = "an arithmetic progression (ONNX Range-11)";
  let meaning = [{
    `output[i] = start + i * delta`; `start`, `limit` and `delta` are scalars.
  }];
  let extents = "`[max(ceil((limit - start) / delta), 0)]`";
  let refused = "operands that are not one number, a `delta` known to be 0, a number of elements that is not finite";
  let fails = "`shape_mismatch` where `delta` turns out 0, or the number of elements not finite";
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_ExpandOp : Onnx_Op<"Expand", [8, 13],
    (ins Onnx_Tensor:$input, Optional<Onnx_I64Tensor>:$shape), (ins),
    (outs Onnx_Tensor:$output)> {
  let summary = "broadcast against a shape (ONNX Expand-13)";
  let meaning = [{
    Two-sided: an extent of one on either side takes the other's, also where
    that is seen only at run time.
  }];
  let extents = "those of `input` and the elements of `shape`, broadcast";
  let refused = "a `shape` of unknown length or with elements known to be negative, extents known to differ of "
                "which neither is 1";
  let fails = "`shape_mismatch` where an element of `shape` turns out negative, or the two do not broadcast";
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_TileOp : Onnx_Op<"Tile", [6, 13],
    (ins Onnx_Tensor:$input, Optional<Onnx_I64Tensor>:$repeats), (ins),
    (outs Onnx_Tensor:$output)> {
  let summary = "repeats a tensor along its axes (ONNX Tile-13)";
  let meaning = [{
    `output[i, ..] = input[i mod d_0, ..]`.
  }];
  let extents = "`[d_0 * repeats[0], ..]`";
  let refused = "`repeats` of unknown length, of another length than the rank, or with elements known to be negative";
  let fails = "`shape_mismatch` where an element of `repeats` turns out negative";
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
  let meaning = [{
    `output[i, j] = (j - i == k)`; `dtype` is an ONNX type number, that of the
    input without it.
  }];
  let extents = "those of `input`";
  let refused = "an `input` not of rank 2, a `dtype` that no tensor here has";
}

} // opDocGroup

#endif // MOEC_DIALECTS_ONNX_IR_ONNXSHAPEOPS_TD
