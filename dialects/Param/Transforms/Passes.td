//===-- Passes.td - passes on parameters ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_PARAM_TRANSFORMS_PASSES_TD
#define MOEC_DIALECTS_PARAM_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ParamFoldRecipes : Pass<"param-fold-recipes", "::mlir::ModuleOp"> {
  let summary = "rearrangements of parameters become recipes";
  let description = [{
    Before: ops of `onnx`, `tensor` and `moe` on `param.load`s.

    After: an op that only rearranges or rounds parameters is done once, by the writer
    of the weights file, instead of in every run: it becomes a new `param.decl`
    with a recipe, and its uses a `param.load`. Folded are `onnx.Transpose`,
    `Reshape`, `Squeeze`, `Unsqueeze`, `Flatten`, `Cast`, `Identity`, `Slice`
    and `Gather` (constant bounds and indices), `Split`, and `Concat` (of
    parameters and constants), `tensor.collapse_shape` and `expand_shape`, and
    `moe.pack_panels`.

    Left alone, with a remark, is what would store over 64 MiB and more than
    eight times the bytes it is made of, and what nests too deep. The pass
    refuses nothing.

    ```mlir
    %w = param.load @w : tensor<2x3xf32>
    %t = onnx.Transpose(%w) {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
    ```
    becomes
    ```mlir
    param.decl @w.transposed : tensor<3x2xf32> = #param.transpose<..., [1, 0]>
    %t = param.load @w.transposed : tensor<3x2xf32>
    ```
  }];
  let dependentDialects = ["::moec::param::ParamDialect"];
  let statistics = [
    Statistic<"numFolded", "num-folded", "Number of ops folded into recipes">,
    Statistic<"numBytes", "num-bytes", "Bytes of the values folded">];
}

def ParamMergeEqual : Pass<"param-merge-equal", "::mlir::ModuleOp"> {
  let summary = "parameters of equal recipe and type become one";
  let description = [{
    Before: `param.decl`s, of which several may have the same recipe.

    After: of those the first, which all their loads name. Recipes are compared,
    not bytes: two ranges of a file that happen to hold the same stay two.
  }];
  let statistics = [
    Statistic<"numMerged", "num-merged", "Number of declarations merged">];
}

def ParamLayout : Pass<"param-layout", "::mlir::ModuleOp"> {
  let summary = "gives every parameter its place in the weights file";
  let description = [{
    Before: `param.decl`s with or without an `offset`.

    After: declarations that nothing loads are erased. The others have an
    `offset` in bytes, a multiple of 64, in the order in which they stand.
    Parameters whose bytes are equal because they differ only in shape share a
    segment.

    Error: parameters that end beyond 2^62 bytes of the file.
  }];
  let statistics = [
    Statistic<"numErased", "num-erased", "Number of declarations erased">,
    Statistic<"numShared", "num-shared",
              "Number of declarations that share a segment with another">,
    Statistic<"numBytes", "num-bytes", "Bytes of all segments">];
}

#endif // MOEC_DIALECTS_PARAM_TRANSFORMS_PASSES_TD
