//===-- OnnxOps.td - all ops of the onnx dialect --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"
include "dialects/Onnx/IR/OnnxConstantOps.td"
include "dialects/Onnx/IR/OnnxContractionOps.td"
include "dialects/Onnx/IR/OnnxMathOps.td"
include "dialects/Onnx/IR/OnnxMicrosoftOps.td"
include "dialects/Onnx/IR/OnnxMoeOps.td"
include "dialects/Onnx/IR/OnnxNormalizationOps.td"
include "dialects/Onnx/IR/OnnxReductionOps.td"
include "dialects/Onnx/IR/OnnxIndexOps.td"
include "dialects/Onnx/IR/OnnxMovementOps.td"
include "dialects/Onnx/IR/OnnxShapeOps.td"

#endif // MOEC_DIALECTS_ONNX_IR_ONNXOPS_TD
