//===-- OnnxIndexOps.td - operators that look elements up -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXINDEXOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXINDEXOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"

/// Indices in -d..d-1, negative ones from the end. One outside is clamped, and
/// the run ends with an error.

def Onnx_GatherOp : Onnx_Op<"Gather", [1, 11, 13],
    (ins Onnx_Tensor:$data, Onnx_IndexTensor:$indices),
    (ins DefaultValuedAttr<I64Attr, "0">:$axis), (outs Onnx_Tensor:$output)> {
  let summary = "slices of data along an axis, by index (ONNX Gather-13)";
  let description = [{
    `output[p.., i.., q..] = data[p.., indices[i..], q..]`.
  }];
}

def Onnx_GatherElementsOp : Onnx_Op<"GatherElements", [11, 13],
    (ins Onnx_Tensor:$data, Onnx_IndexTensor:$indices),
    (ins DefaultValuedAttr<I64Attr, "0">:$axis), (outs Onnx_Tensor:$output)> {
  let summary = "elements of data, by index along an axis (ONNX GatherElements-13)";
  let description = [{
    `output[i, .., j] = data[i, .., indices[i, .., j], ..]`; `output` has the
    shape of `indices`, which is nowhere larger than `data` but along `axis`.
  }];
}

def Onnx_GatherNDOp : Onnx_Op<"GatherND", [11, 12, 13],
    (ins Onnx_Tensor:$data, Onnx_I64Tensor:$indices),
    (ins DefaultValuedAttr<I64Attr, "0">:$batch_dims),
    (outs Onnx_Tensor:$output)> {
  let summary = "slices of data, by index tuples (ONNX GatherND-13)";
  let description = [{
    `output[b.., i.., q..] = data[b.., indices[b.., i.., :], q..]`, `b` over the
    first `batch_dims` extents. The last extent of `indices` is static.
  }];
}

def Onnx_ScatterElementsOp : Onnx_Op<"ScatterElements", [9, 11, 13, 16, 18],
    (ins Onnx_Tensor:$data, Onnx_IndexTensor:$indices, Onnx_Tensor:$updates),
    (ins DefaultValuedAttr<I64Attr, "0">:$axis,
         DefaultValuedStrAttr<StrAttr, "none">:$reduction),
    (outs Onnx_Tensor:$output)> {
  let summary = "data with elements updated by index (ONNX ScatterElements-18)";
  let description = [{
    `output[.., indices[i, ..], ..] op= updates[i, ..]` in row-major order of
    the updates, so that sums have one value; `reduction` is `none`, `add`,
    `mul`, `min` or `max`.
  }];
}

def Onnx_ScatterNDOp : Onnx_Op<"ScatterND", [11, 13, 16, 18],
    (ins Onnx_Tensor:$data, Onnx_I64Tensor:$indices, Onnx_Tensor:$updates),
    (ins DefaultValuedStrAttr<StrAttr, "none">:$reduction),
    (outs Onnx_Tensor:$output)> {
  let summary = "data with slices updated by index tuples (ONNX ScatterND-18)";
  let description = [{
    `output[indices[i.., :], q..] op= updates[i.., q..]` in row-major order of
    the updates. The last extent of `indices` is static.
  }];
}

def Onnx_OneHotOp : Onnx_Op<"OneHot", [9, 11],
    (ins Onnx_NumTensor:$indices, Optional<Onnx_NumTensor>:$depth,
         Onnx_Tensor:$values),
    (ins DefaultValuedAttr<I64Attr, "-1">:$axis), (outs Onnx_Tensor:$output)> {
  let summary = "values[1] where an index says, values[0] elsewhere (ONNX OneHot-11)";
  let description = [{
    `output[p.., j, q..] = values[j == indices[p.., q..] mod depth]`; a row
    whose index is outside `-depth..depth-1` has only `values[0]`.
  }];
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_NonZeroOp : Onnx_Op<"NonZero", [9, 13],
    (ins Onnx_Tensor:$X), (ins), (outs Onnx_I64Tensor:$Y)> {
  let summary = "the indices of elements that are not zero (ONNX NonZero-13)";
  let description = [{
    `Y : [rank(X), n]`, columns in row-major order. `n` is a fresh symbol, made
    by `onnx.CountNonZero`. A scalar counts as a vector of one, with no row.
  }];
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_CountNonZeroOp : Onnx_Op<"CountNonZero", [1],
    (ins Onnx_Tensor:$X), (ins), (outs Onnx_I64Tensor:$count), [], "moec.internal"> {
  let summary = "how many elements are not zero, `[1]` (internal)";
  let description = [{
    The extent that NonZero and Compress make; no ONNX operator.
  }];
}

def Onnx_CompressOp : Onnx_Op<"Compress", [9, 11],
    (ins Onnx_Tensor:$input, Onnx_BoolTensor:$condition),
    (ins OptionalAttr<I64Attr>:$axis), (outs Onnx_Tensor:$output)> {
  let summary = "the slices along an axis that a condition keeps (ONNX Compress-11)";
  let description = [{
    Without `axis` the input is taken as a vector. `condition` may be shorter
    than the axis: what it does not speak of is dropped.
  }];
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_TopKOp : Onnx_Op<"TopK", [1, 10, 11, 24],
    (ins Onnx_NumTensor:$X, Optional<Onnx_I64Tensor>:$K),
    (ins DefaultValuedAttr<I64Attr, "-1">:$axis,
         DefaultValuedAttr<I64Attr, "1">:$largest,
         DefaultValuedAttr<I64Attr, "1">:$sorted),
    (outs Onnx_NumTensor:$Values, Onnx_I64Tensor:$Indices)> {
  let summary = "the k largest or smallest along an axis (ONNX TopK-24)";
  let description = [{
    Equal values are taken, and ordered, lowest index first. A NaN counts as
    larger than every number, as numpy's and torch's sorts have it. The result
    is sorted whatever `sorted` says, which leaves the order open.
  }];
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_TensorScatterOp : Onnx_Op<"TensorScatter", [24],
    (ins Onnx_Tensor:$past_cache, Onnx_Tensor:$update,
         Optional<Onnx_I64Tensor>:$write_indices),
    (ins DefaultValuedAttr<I64Attr, "-2">:$axis,
         DefaultValuedStrAttr<StrAttr, "linear">:$mode),
    (outs Onnx_Tensor:$present_cache)> {
  let summary = "a cache with new rows written into it (ONNX TensorScatter-24)";
  let description = [{
    `present[b, .., write_indices[b] + i, ..] = update[b, .., i, ..]`, the rest
    as in `past_cache`; `circular` takes the position modulo the extent.
    Without `write_indices` rows go to the beginning.
  }];
}

#endif // MOEC_DIALECTS_ONNX_IR_ONNXINDEXOPS_TD
