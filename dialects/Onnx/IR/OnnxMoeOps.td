//===-- OnnxMoeOps.td - fused MoE layers of com.microsoft -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXMOEOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXMOEOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"

def Onnx_MoEOp : Ms_Op<"MoE", [1],
    (ins Onnx_FloatTensor:$input, Onnx_FloatTensor:$router_probs,
         Onnx_FloatTensor:$fc1_experts_weights,
         Optional<Onnx_FloatTensor>:$fc1_experts_bias,
         Onnx_FloatTensor:$fc2_experts_weights,
         Optional<Onnx_FloatTensor>:$fc2_experts_bias,
         Optional<Onnx_FloatTensor>:$fc3_experts_weights,
         Optional<Onnx_FloatTensor>:$fc3_experts_bias),
    (ins DefaultValuedAttr<I64Attr, "1">:$k,
         DefaultValuedStrAttr<StrAttr, "relu">:$activation_type,
         DefaultValuedAttr<I64Attr, "0">:$normalize_routing_weights,
         DefaultValuedAttr<I64Attr, "0">:$use_sparse_mixer,
         DefaultValuedAttr<I64Attr, "0">:$swiglu_fusion,
         DefaultValuedAttr<F32Attr, "1.0f">:$activation_alpha,
         DefaultValuedAttr<F32Attr, "0.0f">:$activation_beta,
         OptionalAttr<F32Attr>:$swiglu_limit),
    (outs Onnx_FloatTensor:$output)> {
  let summary = "a whole MoE layer (com.microsoft MoE-1)";
  let description = [{
    `router_probs` `[T,E]` holds logits. Semantics: softmax over all experts,
    the k largest by (value, index) descending, optionally renormalised;
    `fc1` `[E, fus*I, H]`, activation, `fc2` `[E, H, I]`, weighted sum.
    Without `swiglu_limit` nothing is clamped.
  }];
}

def Onnx_QMoEOp : Ms_Op<"QMoE", [1],
    (ins Onnx_FloatTensor:$input, Onnx_FloatTensor:$router_probs,
         Onnx_Tensor:$fc1_experts_weights, Onnx_Tensor:$fc1_scales,
         Optional<Onnx_FloatTensor>:$fc1_experts_bias,
         Onnx_Tensor:$fc2_experts_weights, Onnx_Tensor:$fc2_scales,
         Optional<Onnx_FloatTensor>:$fc2_experts_bias,
         Optional<Onnx_Tensor>:$fc3_experts_weights,
         Optional<Onnx_Tensor>:$fc3_scales,
         Optional<Onnx_FloatTensor>:$fc3_experts_bias,
         Optional<Onnx_Tensor>:$fc1_zero_points,
         Optional<Onnx_Tensor>:$fc2_zero_points,
         Optional<Onnx_Tensor>:$fc3_zero_points,
         Optional<Onnx_FloatTensor>:$router_weights,
         Optional<Onnx_FloatTensor>:$fc1_global_scale,
         Optional<Onnx_FloatTensor>:$fc2_global_scale,
         Optional<Onnx_Tensor>:$fc1_act_scale,
         Optional<Onnx_Tensor>:$fc2_act_scale,
         Optional<Onnx_Tensor>:$fc1_act_block_scale,
         Optional<Onnx_Tensor>:$fc2_act_block_scale),
    (ins DefaultValuedAttr<I64Attr, "1">:$k,
         DefaultValuedStrAttr<StrAttr, "relu">:$activation_type,
         DefaultValuedAttr<I64Attr, "0">:$normalize_routing_weights,
         DefaultValuedAttr<I64Attr, "0">:$use_sparse_mixer,
         DefaultValuedAttr<I64Attr, "0">:$swiglu_fusion,
         DefaultValuedAttr<F32Attr, "1.0f">:$activation_alpha,
         DefaultValuedAttr<F32Attr, "0.0f">:$activation_beta,
         OptionalAttr<F32Attr>:$swiglu_limit,
         DefaultValuedAttr<I64Attr, "4">:$expert_weight_bits,
         OptionalAttr<I64Attr>:$block_size,
         DefaultValuedStrAttr<StrAttr, "int">:$quant_type,
         DefaultValuedAttr<I64Attr, "-1">:$weights_prepacked,
         OptionalAttr<I64Attr>:$accuracy_level),
    (outs Onnx_FloatTensor:$output)> {
  let summary = "a whole MoE layer of quantised experts (com.microsoft QMoE-1)";
  let description = [{
    As MoE, but the experts are chosen by the logits themselves and weighted by
    the softmax over the chosen ones, whatever `normalize_routing_weights` says:
    ONNX Runtime's CPU kernel does the same. Weights are `ui8` codes, `fc1`
    `[E, fus*I, H*bits/8]` with scales `[E, fus*I]` or `[E, fus*I, H/block]`,
    `fc2` likewise; a weight is (code - 2^(bits-1)) * scale unless zero points
    are given.
  }];
}

#endif // MOEC_DIALECTS_ONNX_IR_ONNXMOEOPS_TD
