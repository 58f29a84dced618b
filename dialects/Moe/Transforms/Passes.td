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

    Quantised weights, and weights with extents unknown at compile time, keep
    their layout (`nk`). An op with `fc3`, or on buffers, is left alone, with a
    remark. The pass refuses nothing.
  }];
  let dependentDialects = ["::moec::moe::MoeDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numDecomposed", "num-decomposed", "Number of ops decomposed">,
    Statistic<"numLeft", "num-left", "Number of ops left as they are">];
}

#endif // MOEC_DIALECTS_MOE_TRANSFORMS_PASSES_TD
