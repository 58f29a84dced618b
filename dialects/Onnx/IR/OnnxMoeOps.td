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

#endif // MOEC_DIALECTS_ONNX_IR_ONNXMOEOPS_TD
