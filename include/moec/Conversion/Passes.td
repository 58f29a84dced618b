//===-- Passes.td - conversion passes -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CONVERSION_PASSES_TD
#define MOEC_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertOnnxToLinalg : Pass<"convert-onnx-to-linalg", "::mlir::ModuleOp"> {
  let summary = "onnx ops become linalg, tensor, arith, math and scf on tensors";
  let description = [{
    Every op of the onnx dialect inside kernels (and, in tests, any function)
    is rewritten. Unsigned element types become signless ones. Extents come
    from `onnx.shapes` and the function's symbols; the bookkeeping attributes
    are erased.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
    "::moec::rt::RtDialect"];
}

#endif // MOEC_CONVERSION_PASSES_TD
