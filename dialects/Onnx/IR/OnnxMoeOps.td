//===-- OnnxMoeOps.td - fused MoE layers of com.microsoft -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXMOEOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXMOEOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"

def Onnx_MoeGroup : OpDocGroup {
  let summary = "Fused MoE layers";
  let description = [{
    Letters as in the [moe](moe.md) dialect: `T` tokens, `E` experts, `H` width
    of a token, `I` width inside an expert; `fus` is 2 for a fused swiglu, else
    1. `raise-onnx-to-moe` turns every one of these into ops of that dialect.
  }];
}
let opDocGroup = Onnx_MoeGroup in {

/// What both refuse.
defvar Onnx_RefusesMoe =
    "operands whose extents do not follow from E, H and I, weights in the older layout `[E, I, H]`, a number of "
    "experts not known at compile time, a `k` outside of 1 to E";
defvar Onnx_RefusesRaising =
    "; by `raise-onnx-to-moe` (`moec-E0160`) f64, `use_sparse_mixer`, `fc3`, a `swiglu` that is not interleaved "
    "(`swiglu_fusion` 1), other activations";

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
  let meaning = [{
    `router_probs` `[T,E]` holds logits. Semantics: softmax over all experts,
    the k largest by (value, index) descending, optionally renormalised;
    `fc1` `[E, fus*I, H]`, activation, `fc2` `[E, H, I]`, weighted sum (Shazeer
    et al., arXiv:1701.06538, in the form of ONNX Runtime's CPU kernel).
    Without `swiglu_limit` nothing is clamped; `activation_alpha` and
    `activation_beta` are those of `#moe.activation<swiglu>`.
  }];
  let extents = "those of `input`, `[T,H]` or `[B,S,H]`";
  let refused = !strconcat(Onnx_RefusesMoe, Onnx_RefusesRaising);
  let fails = failsUnequal;
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
  let meaning = [{
    As MoE, but the experts are chosen by the logits themselves and weighted by
    the softmax over the chosen ones, whatever `normalize_routing_weights` says:
    ONNX Runtime's CPU kernel does the same. Weights are `ui8` codes, `fc1`
    `[E, fus*I, H*bits/8]` with scales `[E, fus*I]` or `[E, fus*I, H/block]`,
    `fc2` likewise; a weight is (code - 2^(bits-1)) * scale unless zero points
    are given. `block_size` is in elements.
  }];
  let extents = "those of `input`, `[T,H]` or `[B,S,H]`";
  let refused = !strconcat(Onnx_RefusesMoe, Onnx_RefusesRaising,
                ", zero points, `router_weights`, other scales than those of `fc1` and `fc2`, a `quant_type` "
                "other than `int`, `expert_weight_bits` other than 4 and 8, `weights_prepacked`, a `block_size` "
                "that is no power of two from 16");
  let fails = failsUnequal;
}

} // opDocGroup

#endif // MOEC_DIALECTS_ONNX_IR_ONNXMOEOPS_TD
