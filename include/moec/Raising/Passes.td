//===-- Passes.td - raising passes ----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RAISING_PASSES_TD
#define MOEC_RAISING_PASSES_TD

include "mlir/Pass/PassBase.td"

def RaiseOnnxToMoe : Pass<"raise-onnx-to-moe"> {
  let summary = "recognised MoE layers of the onnx graph become moe ops";
  let description = [{
    Before: the imported graph, in which a layer is one `onnx.MoE` or
    `onnx.QMoE`.

    After: neither. They become `moe.route`, `moe.plan`, `moe.expert_ffn`
    and `moe.combine`, all with the node's name in `moe.layer`. Three-dimensional
    inputs are seen as matrices through views. The routing is ONNX Runtime's on
    the CPU: among equal scores the highest index is chosen; MoE takes the
    softmax over all experts, QMoE over the chosen ones; experts of weight zero
    are skipped, and a row of scores with a NaN gives zeros.

    Everything else stays as it is. A form of the two operators that has no
    lowering yet is an error that names the node and the input or attribute;
    all such nodes are reported in one run.
  }];
  let dependentDialects = ["::moec::moe::MoeDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numLayers", "num-layers", "Number of MoE layers raised">];
}

def RaiseMatmulToGrouped : Pass<"raise-matmul-to-grouped"> {
  let summary = "products with a weight matrix become grouped products of one group";
  let description = [{
    Before: `onnx.MatMul`.

    After: one of `x [.., K]`, of rank 2 or more, with a weight parameter
    `[K, N]` is a `moe.grouped_matmul` with one expert that all rows belong to.
    Dense layers so share the packed weights and the schedule of the experts.
    Products of two values of the run, of f64 or of integers, empty ones and
    those known to have 2^31 rows or more stay as they are. Of others a run with
    so many rows ends with `shape_mismatch`. The pass refuses nothing.
  }];
  let dependentDialects = ["::moec::moe::MoeDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numRaised", "num-raised", "Number of products raised">,
    Statistic<"numLeft", "num-left", "Number of products left alone">];
}

#endif // MOEC_RAISING_PASSES_TD
