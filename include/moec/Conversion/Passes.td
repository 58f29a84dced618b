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
    Before: ops of the onnx dialect inside kernels (and, in tests, any function).

    After: none. Unsigned element types are signless ones. Extents come from
    `onnx.shapes` and the function's symbols; the bookkeeping attributes are
    erased. What can fail in a run is an `rt.record`, its index clamped or its
    divisor guarded.

    Errors: a dynamic extent that nothing describes; axes and steps that are
    not constant; types that an operator's pattern does not have.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::bufferization::BufferizationDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
    "::moec::rt::RtDialect"];
}

def ConvertMoeToLoops : Pass<"convert-moe-to-loops"> {
  let summary = "moe ops on tensors become plain loops over elements";
  let description = [{
    Before: moe ops on tensors.

    After: none, or with `keep-products` only the products that own a schedule.
    It is the meaning of every moe op, written out: scf, arith, math and tensor
    ops in f32, one element at a time. It is the product lowering of route, plan,
    reweigh, dispatch, combine, interleave and pack_panels, whose inner loops
    LLVM turns into vectors, and of products of weights in formats of fewer
    bits; `multiply` becomes a `linalg.generic`. For the other matrix products
    it is the oracle that schedules are compared with. The pass refuses nothing.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
    "::moec::rt::RtDialect"];
  let options = [
    Option<"keepProducts", "keep-products", "bool", /*default=*/"false",
           "Leave products that own a schedule to it">,
    Option<"countRows", "count-rows", "bool", /*default=*/"true",
           "Add the tokens and rows of every plan to the run's counters">];
  let statistics = [
    Statistic<"numOps", "num-ops", "Number of moe ops lowered">];
}

#endif // MOEC_CONVERSION_PASSES_TD
