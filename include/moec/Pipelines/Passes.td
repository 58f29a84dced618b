//===-- Passes.td - what holds between the stages -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PIPELINES_PASSES_TD
#define MOEC_PIPELINES_PASSES_TD

include "mlir/Pass/PassBase.td"

def VerifyStage : Pass<"moec-verify-stage", "::mlir::ModuleOp"> {
  let summary = "checks the invariant of a stage";
  let description = [{
    The IR stays as it is. Each stage hands over once, forward; this is what it
    promises, and an op that breaks it is an error:

    | stage | after it, the IR holds |
    |---|---|
    | `onnx` | only `onnx`, `param` and `func` ops; ranked tensors; every dynamic extent is described by `onnx.shapes` or `onnx.shape` |
    | `moe` | no fused MoE operator of ONNX; beside `onnx` and `moe` only tensor shapes and index arithmetic |
    | `kernels` | every op that computes elements is in a function marked `moec.kernel`; kernels are private, take their weights as operands, and return tensors only; no two are equal, unless `equal-kernels` says that nothing merges them |
    | `linalg` | no `onnx` op, no `moe` op but those that own a schedule; no memrefs |
    | `vector` | no tensors; kernels in one module per CPU level, each with its slot of the function table, the same in all levels and in main; no arithmetic on vectors of one element |
    | `llvm` | only the llvm dialect and `param.decl`; slots as before; externals are those of the runtime's ABI; no bf16 |

    Error: a stage that is not in the table.
  }];
  let options = [
    Option<"stage", "stage", "std::string", "", "The stage's name">,
    Option<"equalKernels", "equal-kernels", "bool", /*default=*/"false",
           "Kernels may be equal: nothing has merged them">];
}

#endif // MOEC_PIPELINES_PASSES_TD
