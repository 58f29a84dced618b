//===-- OnnxNormalizationOps.td - normalisation ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXNORMALIZATIONOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXNORMALIZATIONOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"

/// Statistics are over the extents from `axis` on, in f32 (f64 for f64).

def Onnx_LayerNormalizationOp : Onnx_Op<"LayerNormalization", [17],
    (ins Onnx_FloatTensor:$X, Onnx_FloatTensor:$Scale,
         Optional<Onnx_FloatTensor>:$B),
    (ins DefaultValuedAttr<I64Attr, "-1">:$axis,
         DefaultValuedAttr<F32Attr, "1.0e-5f">:$epsilon,
         DefaultValuedAttr<I64Attr, "1">:$stash_type),
    (outs Onnx_FloatTensor:$Y, Optional<Onnx_FloatTensor>:$Mean,
          Optional<Onnx_FloatTensor>:$InvStdDev)> {
  let summary = "(X - mean) / sqrt(variance + epsilon) * Scale + B (ONNX LayerNormalization-17)";
}

def Onnx_RMSNormalizationOp : Onnx_Op<"RMSNormalization", [23],
    (ins Onnx_FloatTensor:$X, Onnx_FloatTensor:$scale),
    (ins DefaultValuedAttr<I64Attr, "-1">:$axis,
         DefaultValuedAttr<F32Attr, "1.0e-5f">:$epsilon,
         DefaultValuedAttr<I64Attr, "1">:$stash_type),
    (outs Onnx_FloatTensor:$Y)> {
  let summary = "X / sqrt(mean of X * X + epsilon) * scale (ONNX RMSNormalization-23)";
}

def Onnx_SimplifiedLayerNormalizationOp : Ms_Op<"SimplifiedLayerNormalization", [1],
    (ins Onnx_FloatTensor:$X, Onnx_FloatTensor:$scale),
    (ins DefaultValuedAttr<I64Attr, "-1">:$axis,
         DefaultValuedAttr<F32Attr, "1.0e-5f">:$epsilon,
         DefaultValuedAttr<I64Attr, "1">:$stash_type),
    (outs Onnx_FloatTensor:$Y, Optional<Onnx_FloatTensor>:$inv_std_var)> {
  let summary = "X / sqrt(mean of X * X + epsilon) * scale (com.microsoft SimplifiedLayerNormalization-1)";
}

def Onnx_SkipLayerNormalizationOp : Ms_Op<"SkipLayerNormalization", [1],
    (ins Onnx_FloatTensor:$input, Onnx_FloatTensor:$skip,
         Onnx_FloatTensor:$gamma, Optional<Onnx_FloatTensor>:$beta,
         Optional<Onnx_FloatTensor>:$bias),
    (ins DefaultValuedAttr<F32Attr, "1.0e-12f">:$epsilon),
    (outs Onnx_FloatTensor:$output, Optional<Onnx_FloatTensor>:$mean,
          Optional<Onnx_FloatTensor>:$inv_std_var,
          Optional<Onnx_FloatTensor>:$input_skip_bias_sum)> {
  let summary = "LayerNormalization of input + skip + bias (com.microsoft SkipLayerNormalization-1)";
  let description = "`skip` may lack the batch extent, or have 1 for it.";
}

def Onnx_SkipSimplifiedLayerNormalizationOp
    : Ms_Op<"SkipSimplifiedLayerNormalization", [1],
    (ins Onnx_FloatTensor:$input, Onnx_FloatTensor:$skip,
         Onnx_FloatTensor:$gamma, Optional<Onnx_FloatTensor>:$bias),
    (ins DefaultValuedAttr<F32Attr, "1.0e-12f">:$epsilon),
    (outs Onnx_FloatTensor:$output, Optional<Onnx_FloatTensor>:$mean,
          Optional<Onnx_FloatTensor>:$inv_std_var,
          Optional<Onnx_FloatTensor>:$input_skip_bias_sum)> {
  let summary = "RMS normalisation of input + skip + bias (com.microsoft SkipSimplifiedLayerNormalization-1)";
  let description = "`skip` may lack the batch extent, or have 1 for it.";
}

#endif // MOEC_DIALECTS_ONNX_IR_ONNXNORMALIZATIONOPS_TD
