//===-- Passes.td - from kernels to machine code --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_PASSES_TD
#define MOEC_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"

def OutlineKernels : Pass<"moec-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "every compute op of main becomes a destination-passing kernel";
  let description = [{
    After this pass `main` holds shapes, views, `tensor.empty`, `param.load`
    and calls. A kernel is a private function marked `moec.kernel`: its
    arguments are the op's operands, then one destination per result. Symbols
    are renumbered per kernel, so that equal layers give equal functions, which
    `duplicate-function-elimination` merges.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::affine::AffineDialect",
                           "::mlir::bufferization::BufferizationDialect",
                           "::moec::rt::RtDialect"];
  let statistics = [
    Statistic<"numKernels", "num-kernels", "Number of kernels outlined">];
}

#endif // MOEC_CODEGEN_PASSES_TD
