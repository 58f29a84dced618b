//===-- ParamAttrs.td - recipes -------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_PARAM_IR_PARAMATTRS_TD
#define MOEC_DIALECTS_PARAM_IR_PARAMATTRS_TD

include "dialects/Param/IR/ParamBase.td"
include "dialects/Param/IR/ParamInterfaces.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"

/// A recipe. Every one has a verifier, and a `getResultType` that may rely on
/// what the verifier checked.
class Param_Recipe<string name, string attrMnemonic>
    : AttrDef<Param_Dialect, name, [
          DeclareAttrInterfaceMethods<Param_RecipeInterface>]> {
  let mnemonic = attrMnemonic;
  let genVerifyDecl = 1;
}

/// The recipe a recipe reads.
class Param_Source<string desc = "the recipe read">
    : AttrOrTypeParameter<"::moec::param::RecipeInterface", desc>;

def Param_FileAttr : Param_Recipe<"File", "file"> {
  let summary = "a range of bytes of a file beneath the model's folder";
  let description = [{
    `path` is relative to the model's folder and was checked by the importer.
    The bytes are the elements of `type` in row-major order, little endian;
    sub-byte types packed as ONNX packs them (the first in the low half), `i1`
    as one byte each. `length` is exactly their number.

    Directly under a `param.decl` the type may be left out: it is the declared
    one. A nested file states it.

    Examples: `#param.file<"model.onnx.data", 4096, 262144>`,
    `#param.file<"model.onnx.data", 4096, 24, tensor<2x3xf32>>`
  }];
  let parameters = (ins StringRefParameter<"file">:$path, AttrParameter<"uint64_t", "first byte">:$offset,
                        AttrParameter<"uint64_t", "bytes">:$length,
                        OptionalParameter<"::mlir::RankedTensorType", "of the value">:$type);
  let builders = [AttrBuilder<(ins "::llvm::StringRef":$path,
                                   "uint64_t":$offset, "uint64_t":$length), [{
    return $_get($_ctxt, path, offset, length, ::mlir::RankedTensorType());
  }]>];
  let assemblyFormat = "`<` $path `,` $offset `,` $length (`,` $type^)? `>`";
}

def Param_DenseAttr : Param_Recipe<"Dense", "dense"> {
  let summary = "small inline elements";
  let description = [{
    At most 4096 bytes, or one repeated element: bytes in attributes live as
    long as the context does.

    Example: `#param.dense<dense<[1, 2]> : tensor<2xi32>>`
  }];
  let parameters = (ins AttrParameter<"::mlir::DenseElementsAttr", "the value">:$elements);
  let assemblyFormat = "`<` $elements `>`";
}

def Param_TransposeAttr : Param_Recipe<"Transpose", "transpose"> {
  let summary = "dimensions in another order";
  let description = [{
    Dimension `i` of the result is dimension `permutation[i]` of the source.

    Example: `#param.transpose<#param.file<"m", 0, 24, tensor<2x3xf32>>, [1, 0]>`
  }];
  let parameters = (ins Param_Source<>:$source,
                        AttrParameter<"::mlir::DenseI64ArrayAttr", "a source dimension for each of the result">:$permutation);
  let assemblyFormat = "`<` $source `,` $permutation `>`";
}

def Param_ReshapeAttr : Param_Recipe<"Reshape", "reshape"> {
  let summary = "the same elements, in the same order, in another shape";
  let description = [{
    Example: `#param.reshape<#param.file<"m", 0, 24, tensor<2x3xf32>>, [6]>`
  }];
  let parameters = (ins Param_Source<>:$source,
                        AttrParameter<"::mlir::DenseI64ArrayAttr", "of the result">:$shape);
  let assemblyFormat = "`<` $source `,` $shape `>`";
}

def Param_SliceAttr : Param_Recipe<"Slice", "slice"> {
  let summary = "every stride-th element from an offset on";
  let description = [{
    Element `i` of a dimension is the source's element `offset + i * stride`. A
    stride may be negative, never zero; all elements lie in the source.

    Example: `#param.slice<#param.file<"m", 0, 24, tensor<2x3xf32>>,
    offsets = [0, 2], sizes = [2, 1], strides = [1, 1]>`
  }];
  let parameters = (ins Param_Source<>:$source,
                        AttrParameter<"::mlir::DenseI64ArrayAttr", "the first index of each dimension">:$offsets,
                        AttrParameter<"::mlir::DenseI64ArrayAttr", "the result's extents">:$sizes,
                        AttrParameter<"::mlir::DenseI64ArrayAttr", "indices from one element to the next">:$strides);
  let assemblyFormat = [{
    `<` $source `,` `offsets` `=` $offsets `,` `sizes` `=` $sizes `,` `strides`
    `=` $strides `>`
  }];
}

def Param_GatherAttr : Param_Recipe<"Gather", "gather"> {
  let summary = "chosen indices of one dimension, in the given order";
  let description = [{
    Index `i` of dimension `axis` is the source's index `indices[i]`: a
    renumbering of experts, or the experts that are left. Indices may repeat.

    Example: `#param.gather<#param.file<"m", 0, 24, tensor<2x3xf32>>,
    axis = 1, indices = [2, 0]>`
  }];
  let parameters = (ins Param_Source<>:$source, AttrParameter<"int64_t", "a dimension of the source">:$axis,
                        AttrParameter<"::mlir::DenseI64ArrayAttr", "indices of the source">:$indices);
  let assemblyFormat =
      "`<` $source `,` `axis` `=` $axis `,` `indices` `=` $indices `>`";
}

def Param_StackAttr : Param_Recipe<"Stack", "stack"> {
  let summary = "values of one type side by side in a new dimension";
  let description = [{
    The new dimension, `axis` of the result, has an index for each source: the
    weights of E experts become one parameter.

    Example: `#param.stack<[#param.file<"a", 0, 8, tensor<2xf32>>,
    #param.file<"b", 0, 8, tensor<2xf32>>], axis = 0>`
  }];
  let parameters = (ins
      ArrayRefParameter<"::moec::param::RecipeInterface", "the recipes read">:$sources,
      AttrParameter<"int64_t", "a dimension of the result">:$axis);
  let assemblyFormat = "`<` `[` $sources `]` `,` `axis` `=` $axis `>`";
}

def Param_ConcatAttr : Param_Recipe<"Concat", "concat"> {
  let summary = "values one after the other along an existing dimension";
  let description = [{
    Example: `#param.concat<[#param.file<"a", 0, 8, tensor<2xf32>>,
    #param.file<"b", 0, 12, tensor<3xf32>>], axis = 0>`
  }];
  let parameters = (ins
      ArrayRefParameter<"::moec::param::RecipeInterface", "the recipes read">:$sources,
      AttrParameter<"int64_t", "a dimension of the result">:$axis);
  let assemblyFormat = "`<` `[` $sources `]` `,` `axis` `=` $axis `>`";
}

def Param_CastAttr : Param_Recipe<"Cast", "cast"> {
  let summary = "elements of another type";
  let description = [{
    To a float: rounded once, to nearest even, overflow to infinity. From a
    float to an integer: towards zero; what is out of range becomes the nearest
    value of the type, NaN becomes 0 (ONNX leaves both open). Between integers:
    modulo 2^n. To `i1`: whether it differs from zero.

    Example: `#param.cast<#param.file<"m", 0, 24, tensor<2x3xf32>>, bf16>`
  }];
  let parameters = (ins Param_Source<>:$source, AttrParameter<"::mlir::Type", "of the result">:$elementType);
  let assemblyFormat = "`<` $source `,` $elementType `>`";
}

def Param_PackPanelsAttr : Param_Recipe<"PackPanels", "pack_panels"> {
  let summary = "a matrix as panels of 32 columns, the layout kernels read";
  let description = [{
    The source is `[..., N, K]` or, with `k_major`, `[..., K, N]`; the result is
    `[..., ceil(N / 32), K, 32]`: element `(p, k, c)` is column `32 * p + c` at
    depth `k`, zero where there is no such column.

    With `gated` the source's columns are interleaved pairs, gate (even) and up
    (odd), and N is even: a panel holds 16 gate columns, then their 16 up
    columns. Element `(p, k, c)` is column `32 * p + 2 * (c % 16) + c / 16`.

    Example: `#param.pack_panels<#param.file<"m", 0, 24, tensor<1x2x3xf32>>,
    k_major = false, gated = true>`
  }];
  let parameters = (ins Param_Source<>:$source, AttrParameter<"bool", "whether K is before N">:$kMajor,
                        AttrParameter<"bool", "whether columns are pairs of gate and up">:$gated);
  let assemblyFormat =
      "`<` $source `,` `k_major` `=` $kMajor `,` `gated` `=` $gated `>`";
}

#endif // MOEC_DIALECTS_PARAM_IR_PARAMATTRS_TD
