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
    of a token, `I` width inside an expert; `fus` is 2 for a fused activation
    (swiglu or geglu with `swiglu_fusion` 1 or 2), else 1. `raise-onnx-to-moe`
    turns MoE and QMoE into ops of that dialect.
  }];
}
/// Floats of eight bits as well: weights and scales.
def Onnx_CodeTensor : TensorOf<[Onnx_Element, F8E4M3FN, F8E8M0FNU]>;

let opDocGroup = Onnx_MoeGroup in {

/// What both refuse.
defvar Onnx_RefusesMoe =
    "operands whose extents do not follow from E, H and I, a number of experts not known at compile time, a `k` "
    "outside of 1 to E";
defvar Onnx_RefusesRaising =
    "; by `raise-onnx-to-moe` (`moec-E0160`) f64, other activations, `fc3` together with a fused activation, `swiglu` "
    "with neither, a `swiglu_fusion` outside of 0 to 2";

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
         OptionalAttr<F32Attr>:$swiglu_limit,
         DefaultValuedAttr<I64Attr, "0">:$swiglu_limit_after_activation),
    (outs Onnx_FloatTensor:$output)> {
  let summary = "a whole MoE layer (com.microsoft MoE-1)";
  let meaning = [{
    `router_probs` `[T,E]` holds logits. Semantics: softmax over all experts,
    the k largest by (value, index) descending, optionally renormalised;
    `fc1` `[E, fus*I, H]`, activation, `fc2` `[E, H, I]`, weighted sum (Shazeer
    et al., arXiv:1701.06538, in the form of ONNX Runtime's CPU kernel). With
    `use_sparse_mixer` the experts are chosen by the `sparse_mixer` of
    `moe.route`, of equal scores the lowest index first, and not renormalised.

    `activation_type` is relu, relu2 (its square), gelu (by tanh), silu,
    identity, swiglu, or geglu, gelu(g) * u. With `fc3` `[E, I, H]` a swiglu has
    gate `fc1` and up projection `fc3` (`swiglu_fusion` 0), and other activations
    are `act(fc1) * fc3`. `swiglu_fusion` 1 has gate and up in turn in `fc1`, 2
    all gates before all ups. Without `swiglu_limit` nothing is clamped;
    `activation_alpha` and `activation_beta` are those of
    `#moe.activation<swiglu>`, with `swiglu_limit_after_activation` of
    `swiglu_late`.

    Weights in the older layout, `[E, H, fus*I]` and `[E, I, H]`, are told by
    their extents where H and I differ, or where a fused `fc1` has H rows.
    [Where ONNX Runtime's CPU kernel differs](../ort-differences.md) is a page
    of its own.
  }];
  let extents = "those of `input`, `[T,H]` or `[B,S,H]`";
  let refused = !strconcat(Onnx_RefusesMoe, Onnx_RefusesRaising);
  let fails = failsUnequal;
}

def Onnx_QMoEOp : Ms_Op<"QMoE", [1],
    (ins Onnx_FloatTensor:$input, Onnx_FloatTensor:$router_probs,
         Onnx_CodeTensor:$fc1_experts_weights, Optional<Onnx_CodeTensor>:$fc1_scales,
         Optional<Onnx_FloatTensor>:$fc1_experts_bias,
         Onnx_CodeTensor:$fc2_experts_weights, Optional<Onnx_CodeTensor>:$fc2_scales,
         Optional<Onnx_FloatTensor>:$fc2_experts_bias,
         Optional<Onnx_CodeTensor>:$fc3_experts_weights,
         Optional<Onnx_CodeTensor>:$fc3_scales,
         Optional<Onnx_FloatTensor>:$fc3_experts_bias,
         Optional<Onnx_Tensor>:$fc1_zero_points,
         Optional<Onnx_Tensor>:$fc2_zero_points,
         Optional<Onnx_Tensor>:$fc3_zero_points,
         Optional<Onnx_FloatTensor>:$router_weights,
         Optional<Onnx_FloatTensor>:$fc1_global_scale,
         Optional<Onnx_FloatTensor>:$fc2_global_scale,
         Optional<Onnx_Tensor>:$fc1_act_scale,
         Optional<Onnx_Tensor>:$fc2_act_scale,
         Optional<Onnx_CodeTensor>:$fc1_act_block_scale,
         Optional<Onnx_CodeTensor>:$fc2_act_block_scale),
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
         OptionalAttr<I64Attr>:$accuracy_level,
         OptionalAttr<I64Attr>:$fc1_expert_weight_bits,
         OptionalAttr<I64Attr>:$fc2_expert_weight_bits,
         OptionalAttr<I64Attr>:$fc3_expert_weight_bits,
         DefaultValuedAttr<I64Attr, "0">:$swiglu_limit_after_activation),
    (outs Onnx_FloatTensor:$output)> {
  let summary = "a whole MoE layer of quantised experts (com.microsoft QMoE-1)";
  let meaning = [{
    As MoE, but the experts are chosen by the logits themselves and weighted by
    the softmax over the chosen ones, whatever `normalize_routing_weights` says:
    ONNX Runtime's CPU kernel does the same. With `router_weights` `[T,E]` the
    weights are those of the chosen experts there, renormalised where the
    attribute says so, and such of 1e-8 or less are dropped.

    | `quant_type` | weights | scales | |
    |---|---|---|---|
    | `int` | `ui8` codes of 2, 3, 4 or 8 bits, `fc1` `[E, fus*I, H*bits/8]` | floats `[E, fus*I]` or `[E, fus*I, H/block_size]` | (code - zero point) * scale; without zero points 2^(bits-1) |
    | `fp4`, `wfp4afp8` | `ui8`, two e2m1 a byte | `f8E8M0FNU` or `ui8` `[E, fus*I, H/32]` | with global scales `[E]` |
    | `nvfp4` | `ui8`, two e2m1 a byte | `f8E4M3FN` `[E, fus*I, H/16]` | with global scales `[E]` |
    | `fp8` | `f8E4M3FN` | floats `[E, fus*I/block_size, H/block_size]`, or none | or global scales `[E]` |

    `fc2` and `fc3` likewise; each may have bits of its own. Activations keep
    their type: scales of activations are refused. Zero points are codes packed
    as the weights are, `[E, fus*I*bits/8]` or, with blocks,
    `[E, fus*I, blocks*bits/8]`. FP4 weights packed along the rows,
    `[E, H, fus*I/2]`, are the older layout of MoE and told as there; where
    extents do not tell, `weights_prepacked` does for `nvfp4`. Integers in the
    older layout need `weights_prepacked` 0.
    `accuracy_level` is ignored: activations are never rounded.
  }];
  let extents = "those of `input`, `[T,H]` or `[B,S,H]`";
  let refused = !strconcat(Onnx_RefusesMoe, Onnx_RefusesRaising,
                ", scales, zero points and bits that do not fit the `quant_type`, scales of activations, "
                "integers that are or look packed for a GPU, FP4 whose layout nothing tells, global scales beside "
                "`fc3`, a `block_size` that is no power of two from 16, "
                "`use_sparse_mixer` together with `router_weights`");
  let fails = failsUnequal;
}

def Onnx_MoEGroupRouterOp : Ms_Op<"MoEGroupRouter", [1],
    (ins Onnx_SmallFloatTensor:$logits, TensorOf<[F32]>:$expert_bias,
         Optional<Onnx_SmallFloatTensor>:$projection_weight),
    (ins I64Attr:$top_k, DefaultValuedAttr<I64Attr, "1">:$n_group,
         DefaultValuedAttr<I64Attr, "1">:$topk_group,
         DefaultValuedAttr<I64Attr, "2">:$group_topk,
         DefaultValuedAttr<F32Attr, "-10000.0f">:$router_sentinel),
    (outs Optional<Onnx_SmallFloatTensor>:$router_probs,
          Optional<TensorOf<[F32]>>:$selection_scores,
          Optional<TensorOf<[F32]>>:$router_weights)> {
  let summary = "scores of group-limited routing (com.microsoft MoEGroupRouter-1)";
  let meaning = [{
    For each row, `s = sigmoid(logits)` and `key = s + expert_bias`. Experts form
    `n_group` equal runs, each ranked by the sum of its `group_topk` largest keys
    (all, where it has fewer); the `top_k` largest keys in the `topk_group` best
    groups are chosen. `router_probs` is log(max(s, 1e-20)) where an expert is
    chosen and `router_sentinel` elsewhere. Among equal keys and groups the
    lowest index comes first; a NaN key is as small as -inf.

    Or `selection_scores` is `key` and `router_weights` is `s`, of all experts.
    Then `logits` may be `x . projection_weight^T` instead, `x` `[T, W]` in its
    place, summed in f32. (DeepSeek-V3, arXiv:2412.19437.)
  }];
  let extents = "`[T,E]`, T the product of the extents of `logits` but the last";
  let refused = "`logits` of rank below 2, a number of experts not known at compile time, groups and numbers of "
                "choices that do not fit it; one of `selection_scores` and `router_weights` alone, both with "
                "`router_probs` or groups, none at all; `projection_weight` without them";
  let fails = failsUnequal;
}

} // opDocGroup

#endif // MOEC_DIALECTS_ONNX_IR_ONNXMOEOPS_TD
