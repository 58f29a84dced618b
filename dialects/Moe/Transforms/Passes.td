//===-- Passes.td - passes on the moe dialect -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_TRANSFORMS_PASSES_TD
#define MOEC_DIALECTS_MOE_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def DecomposeExpertFfn : Pass<"moe-decompose-expert-ffn"> {
  let summary = "expert networks become grouped matrix products";
  let description = [{
    Before: `moe.expert_ffn` on tensors, as `raise-onnx-to-moe` makes it.

    After: two `moe.grouped_matmul` in its place. The first gathers the rows of
    x itself and has bias and activation in its epilogue, the second takes its
    f32 result. Weights go through `moe.pack_panels`, which later becomes part
    of a parameter's recipe, or runs where weights are inputs.

    With `fc3` and a gated activation the rows of the two matrices, of their
    biases, scales and zero points are interleaved first, by `moe.interleave`,
    and one product makes both. With `fc3` and another activation there are three
    products and a `moe.multiply`.

    Weights in a format of fewer bits, and weights with extents unknown at
    compile time, keep their layout (`nk`). An op on buffers is left alone, with
    a remark, as is one whose two matrices cannot be interleaved: they differ in
    format, in the kind of scales or zero points or in global scales, one scale is
    for several rows, zero points of several rows share a byte, or a bias that is absent
    for one of them has an extent unknown at compile time. The pass refuses
    nothing.
  }];
  let dependentDialects = ["::moec::moe::MoeDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numDecomposed", "num-decomposed", "Number of ops decomposed">,
    Statistic<"numLeft", "num-left", "Number of ops left as they are">];
}

def PackWeights : Pass<"moe-pack-weights"> {
  let summary = "weights of grouped products in panels";
  let description = [{
    Before: `moe.grouped_matmul` on tensors with weights as a model has them
    (layout `nk` or `kn`).

    After: weights of a static shape, not quantised, go through
    `moe.pack_panels`, and the product reads panels, which is the form that has
    a schedule. The packing later becomes part of a parameter's recipe, or runs
    where weights are inputs. Other products stay as they are, with a remark;
    those of two activations (without offsets), whose matrices are read once,
    without.
  }];
  let dependentDialects = ["::moec::moe::MoeDialect",
                           "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numPacked", "num-packed", "Number of products packed">];
}

#endif // MOEC_DIALECTS_MOE_TRANSFORMS_PASSES_TD
