//===-- OnnxIndexOps.td - operators that look elements up -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXINDEXOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXINDEXOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"

def Onnx_IndexGroup : OpDocGroup {
  let summary = "Operators that look elements up";
  let description = [{
    An index into an extent d is in `-d..d-1`, negative ones from the end. One
    outside leads nowhere, it reads the nearest element or updates none, and the
    run ends with an error.
  }];
}
let opDocGroup = Onnx_IndexGroup in {

def Onnx_GatherOp : Onnx_Op<"Gather", [1, 11, 13],
    (ins Onnx_Tensor:$data, Onnx_IndexTensor:$indices),
    (ins DefaultValuedAttr<I64Attr, "0">:$axis), (outs Onnx_Tensor:$output)> {
  let summary = "slices of data along an axis, by index (ONNX Gather-13)";
  let meaning = [{
    `output[p.., i.., q..] = data[p.., indices[i..], q..]`.
  }];
  let extents = "those of `data`, with all of `indices` in the place of `axis`";
  let refused = "an `axis` outside of the rank, and a constant index outside of its extent";
  let fails = failsIndex;
}

def Onnx_GatherElementsOp : Onnx_Op<"GatherElements", [11, 13],
    (ins Onnx_Tensor:$data, Onnx_IndexTensor:$indices),
    (ins DefaultValuedAttr<I64Attr, "0">:$axis), (outs Onnx_Tensor:$output)> {
  let summary = "elements of data, by index along an axis (ONNX GatherElements-13)";
  let meaning = [{
    `output[i, .., j] = data[i, .., indices[i, .., j], ..]`.
  }];
  let extents = "those of `indices`, which are nowhere larger than those of `data` but along `axis`";
  let refused = "an `axis` outside of the rank, `indices` of another rank than `data`, or known to be larger";
  let fails = failsIndex # "; `shape_mismatch` where `indices` turn out larger than `data`";
}

def Onnx_GatherNDOp : Onnx_Op<"GatherND", [11, 12, 13],
    (ins Onnx_Tensor:$data, Onnx_I64Tensor:$indices),
    (ins DefaultValuedAttr<I64Attr, "0">:$batch_dims),
    (outs Onnx_Tensor:$output)> {
  let summary = "slices of data, by index tuples (ONNX GatherND-13)";
  let meaning = [{
    `output[b.., i.., q..] = data[b.., indices[b.., i.., :], q..]`, `b` over the
    first `batch_dims` extents. The last extent of `indices`, the length of a
    tuple, is static.
  }];
  let extents = "`[b.., i.., q..]`: those of `indices` but the last, then those of `data` that no tuple reaches";
  let refused = "a `batch_dims` not below both ranks, tuples of unknown length or longer than `data` takes, "
                "batch extents known to differ";
  let fails = failsIndex # "; " # failsUnequal;
}

def Onnx_ScatterElementsOp : Onnx_Op<"ScatterElements", [9, 11, 13, 16, 18],
    (ins Onnx_Tensor:$data, Onnx_IndexTensor:$indices, Onnx_Tensor:$updates),
    (ins DefaultValuedAttr<I64Attr, "0">:$axis,
         DefaultValuedStrAttr<StrAttr, "none">:$reduction),
    (outs Onnx_Tensor:$output)> {
  let summary = "data with elements updated by index (ONNX ScatterElements-18)";
  let meaning = [{
    `output[.., indices[i, ..], ..] op= updates[i, ..]` in row-major order of
    the updates, so that sums have one value; `reduction` is `none`, `add`,
    `mul`, `min` or `max`. An index outside updates nothing.
  }];
  let extents = "those of `data`";
  let refused = "another `reduction`, `updates` of another type than `data` or of another shape than `indices`, "
                "an `axis` outside of the rank, `indices` of another rank than `data`, or known to be larger";
  let fails = failsIndex # "; " # failsUnequal;
}

def Onnx_ScatterNDOp : Onnx_Op<"ScatterND", [11, 13, 16, 18],
    (ins Onnx_Tensor:$data, Onnx_I64Tensor:$indices, Onnx_Tensor:$updates),
    (ins DefaultValuedStrAttr<StrAttr, "none">:$reduction),
    (outs Onnx_Tensor:$output)> {
  let summary = "data with slices updated by index tuples (ONNX ScatterND-18)";
  let meaning = [{
    `output[indices[i.., :], q..] op= updates[i.., q..]` in row-major order of
    the updates, `reduction` as in ScatterElements. The last extent of
    `indices`, the length of a tuple, is static. A tuple outside updates
    nothing.
  }];
  let extents = "those of `data`";
  let refused = "another `reduction`, `updates` of another type than `data` or not `[i.., q..]`, "
                "tuples of unknown length or longer than the rank of `data`";
  let fails = failsIndex # "; " # failsUnequal;
}

def Onnx_OneHotOp : Onnx_Op<"OneHot", [9, 11],
    (ins Onnx_NumTensor:$indices, Optional<Onnx_NumTensor>:$depth,
         Onnx_Tensor:$values),
    (ins DefaultValuedAttr<I64Attr, "-1">:$axis), (outs Onnx_Tensor:$output)> {
  let summary = "values[1] where an index says, values[0] elsewhere (ONNX OneHot-11)";
  let meaning = [{
    `output[p.., j, q..] = values[j == indices[p.., q..] mod depth]`; a row
    whose index is outside `-depth..depth-1` has only `values[0]`. `axis` is a
    position in the result.
  }];
  let extents = "those of `indices` with `depth` inserted at `axis`, a fresh symbol where `depth` is computed";
  let refused = "an `axis` outside of the result's rank, a `depth` that is not one number or is known to be "
                "negative, `values` that are not two";
  let fails = "`shape_mismatch` where `depth` turns out negative or no extent, or `values` not two";
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_NonZeroOp : Onnx_Op<"NonZero", [9, 13],
    (ins Onnx_Tensor:$X), (ins), (outs Onnx_I64Tensor:$Y)> {
  let summary = "the indices of elements that are not zero (ONNX NonZero-13)";
  let meaning = [{
    Column c of `Y` is the position of the c-th such element in row-major order;
    a NaN is not zero. A scalar counts as a vector of one, with no row.
  }];
  let extents = "`[rank(X), n]`, `n` a fresh symbol, made by `onnx.CountNonZero`";
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
  }];
}

def Onnx_CountNonZeroOp : Onnx_Op<"CountNonZero", [1],
    (ins Onnx_Tensor:$X), (ins), (outs Onnx_I64Tensor:$count), [], "moec.internal"> {
  let summary = "how many elements are not zero, `[1]` (internal)";
  let meaning = [{
    The extent that NonZero and Compress make; no ONNX operator.
  }];
  let extents = "`[1]`";
}

def Onnx_CompressOp : Onnx_Op<"Compress", [9, 11],
    (ins Onnx_Tensor:$input, Onnx_BoolTensor:$condition),
    (ins OptionalAttr<I64Attr>:$axis), (outs Onnx_Tensor:$output)> {
  let summary = "the slices along an axis that a condition keeps (ONNX Compress-11)";
  let meaning = [{
    Without `axis` the input is taken as a vector. `condition` may be shorter
    than the axis: what it does not speak of is dropped.
  }];
  let extents = "those of `input` with the number of slices kept, a fresh symbol, in the place of `axis`; "
                "without `axis` only that";
  let refused = "an `axis` outside of the rank, a `condition` not of rank 1";
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
  let meaning = [{
    Equal values are taken, and ordered, lowest index first. A NaN counts as
    larger than every number, as numpy's and torch's sorts have it. The result
    is sorted whatever `sorted` says, which leaves the order open. `Indices`
    are positions along the axis.
  }];
  let extents = "those of `X` with `K` in the place of `axis`, a fresh symbol where `K` is computed";
  let refused = "an `axis` outside of the rank, a `K` that is not one number, or known to be negative or "
                "above its extent";
  let fails = "`shape_mismatch` where `K` turns out negative or above its extent";
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
  let meaning = [{
    `present[b, .., write_indices[b] + i, ..] = update[b, .., i, ..]`, the rest
    as in `past_cache`; `circular` takes the position modulo the extent.
    Without `write_indices` rows go to the beginning.
  }];
  let extents = "those of `past_cache`";
  let refused = "an `axis` outside of the rank or that of the batch, another `mode`, an `update` of another type "
                "or rank, known to differ beside `axis` or to be longer along it, `write_indices` that are not one "
                "for each batch";
  let fails = "`index_out_of_range` where a row lies outside of the cache; " # failsUnequal;
}

} // opDocGroup

#endif // MOEC_DIALECTS_ONNX_IR_ONNXINDEXOPS_TD
