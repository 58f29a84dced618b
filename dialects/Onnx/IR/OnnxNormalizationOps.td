//===-- OnnxNormalizationOps.td - normalisation ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXNORMALIZATIONOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXNORMALIZATIONOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"

def Onnx_NormalizationGroup : OpDocGroup {
  let summary = "Normalisation";
  let description = [{
    Statistics are over the extents from `axis` on (com.microsoft's: the last
    one), in f32 (f64 for f64). `epsilon` is added to the variance, or to the
    mean of squares.
  }];
}
let opDocGroup = Onnx_NormalizationGroup in {

/// What is said of all of them.
defvar Onnx_ExtentsStatistics =
    "those of the first operand; of statistics the same, with ones where they were taken over";
defvar Onnx_RefusesNormalization =
    "an `axis` outside of the rank, a `stash_type` other than float (or double), "
    "factors and terms that do not broadcast to the first operand";

def Onnx_LayerNormalizationOp : Onnx_Op<"LayerNormalization", [17],
    (ins Onnx_FloatTensor:$X, Onnx_FloatTensor:$Scale,
         Optional<Onnx_FloatTensor>:$B),
    (ins DefaultValuedAttr<I64Attr, "-1">:$axis,
         DefaultValuedAttr<F32Attr, "1.0e-5f">:$epsilon,
         DefaultValuedAttr<I64Attr, "1">:$stash_type),
    (outs Onnx_FloatTensor:$Y, Optional<Onnx_FloatTensor>:$Mean,
          Optional<Onnx_FloatTensor>:$InvStdDev)> {
  let summary = "(X - mean) / sqrt(variance + epsilon) * Scale + B (ONNX LayerNormalization-17)";
  let meaning = [{
    The variance is the mean of (X - mean) * (X - mean). `InvStdDev` is
    1 / sqrt(variance + epsilon).
  }];
  let extents = Onnx_ExtentsStatistics;
  let refused = !strconcat("operands of two element types, ", Onnx_RefusesNormalization);
  let fails = failsUnequal;
}

def Onnx_RMSNormalizationOp : Onnx_Op<"RMSNormalization", [23],
    (ins Onnx_FloatTensor:$X, Onnx_FloatTensor:$scale),
    (ins DefaultValuedAttr<I64Attr, "-1">:$axis,
         DefaultValuedAttr<F32Attr, "1.0e-5f">:$epsilon,
         DefaultValuedAttr<I64Attr, "1">:$stash_type),
    (outs Onnx_FloatTensor:$Y)> {
  let summary = "X / sqrt(mean of X * X + epsilon) * scale (ONNX RMSNormalization-23)";
  let meaning = [{
    `Y` has the element type of `scale`.
  }];
  let extents = "those of `X`";
  let refused = Onnx_RefusesNormalization;
  let fails = failsUnequal;
}

def Onnx_SimplifiedLayerNormalizationOp : Ms_Op<"SimplifiedLayerNormalization", [1],
    (ins Onnx_FloatTensor:$X, Onnx_FloatTensor:$scale),
    (ins DefaultValuedAttr<I64Attr, "-1">:$axis,
         DefaultValuedAttr<F32Attr, "1.0e-5f">:$epsilon,
         DefaultValuedAttr<I64Attr, "1">:$stash_type),
    (outs Onnx_FloatTensor:$Y, Optional<Onnx_FloatTensor>:$inv_std_var)> {
  let summary = "X / sqrt(mean of X * X + epsilon) * scale (com.microsoft SimplifiedLayerNormalization-1)";
  let meaning = [{
    `Y` has the element type of `scale`; `inv_std_var` is 1 / sqrt(mean of
    X * X + epsilon).
  }];
  let extents = Onnx_ExtentsStatistics;
  let refused = Onnx_RefusesNormalization;
  let fails = failsUnequal;
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
  let meaning = [{
    `gamma` is the factor, `beta` the term added. `skip` may lack the batch
    extent, or have 1 for it. `input_skip_bias_sum` is what was normalised.
  }];
  let extents = Onnx_ExtentsStatistics;
  let refused = "operands of two element types, a scalar, a `skip` that does not broadcast to `input`, other "
                "operands that do not to its last extent";
  let fails = failsUnequal;
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
  let meaning = [{
    As SimplifiedLayerNormalization of the sum, `gamma` being the factor. `skip`
    may lack the batch extent, or have 1 for it. `input_skip_bias_sum` is what
    was normalised.
  }];
  let extents = Onnx_ExtentsStatistics;
  let refused = "operands of two element types, a scalar, a `skip` that does not broadcast to `input`, other "
                "operands that do not to its last extent";
  let fails = failsUnequal;
}

} // opDocGroup

#endif // MOEC_DIALECTS_ONNX_IR_ONNXNORMALIZATIONOPS_TD
