//===-- OnnxMicrosoftOps.td - decoder operators of com.microsoft ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXMICROSOFTOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXMICROSOFTOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"

/// What these operators compute with; they have no f64 form.
def Onnx_SmallFloat : AnyTypeOf<[F16, BF16, F32]>;
def Onnx_SmallFloatTensor : TensorOf<[Onnx_SmallFloat]>;
def Onnx_PackedTensor : TensorOf<[UI8, I<4>, UI<4>]>;
def Onnx_PackedOrFloatTensor : TensorOf<[UI8, I<4>, UI<4>, Onnx_SmallFloat]>;

def Onnx_GroupQueryAttentionOp : Ms_Op<"GroupQueryAttention", [1],
    (ins Onnx_SmallFloatTensor:$query, Optional<Onnx_SmallFloatTensor>:$key,
         Optional<Onnx_SmallFloatTensor>:$value,
         Optional<Onnx_SmallFloatTensor>:$past_key,
         Optional<Onnx_SmallFloatTensor>:$past_value,
         Onnx_IndexTensor:$seqlens_k, Onnx_IndexTensor:$total_sequence_length,
         Optional<Onnx_SmallFloatTensor>:$cos_cache,
         Optional<Onnx_SmallFloatTensor>:$sin_cache,
         Optional<Onnx_IndexTensor>:$position_ids,
         Optional<Onnx_SmallFloatTensor>:$attention_bias,
         Optional<Onnx_SmallFloatTensor>:$head_sink,
         Optional<Onnx_Tensor>:$k_scale, Optional<Onnx_Tensor>:$v_scale,
         Optional<Onnx_Tensor>:$q_norm_weight,
         Optional<Onnx_Tensor>:$k_norm_weight),
    (ins I64Attr:$num_heads, I64Attr:$kv_num_heads,
         DefaultValuedAttr<F32Attr, "0.0f">:$scale,
         DefaultValuedAttr<F32Attr, "0.0f">:$softcap,
         DefaultValuedAttr<I64Attr, "-1">:$local_window_size,
         DefaultValuedAttr<I64Attr, "0">:$do_rotary,
         DefaultValuedAttr<I64Attr, "0">:$rotary_interleaved,
         DefaultValuedAttr<I64Attr, "0">:$smooth_softmax,
         DefaultValuedAttr<I64Attr, "0">:$qk_output,
         DefaultValuedAttr<I64Attr, "1">:$causal,
         DefaultValuedAttr<I64Attr, "0">:$kv_cache_bit_width,
         DefaultValuedStrAttr<StrAttr, "NONE">:$k_quant_type,
         DefaultValuedStrAttr<StrAttr, "NONE">:$v_quant_type,
         DefaultValuedAttr<I64Attr, "0">:$sliding_window_cache,
         OptionalAttr<F32Attr>:$qk_norm_epsilon),
    (outs Onnx_SmallFloatTensor:$output, Onnx_SmallFloatTensor:$present_key,
          Onnx_SmallFloatTensor:$present_value, Optional<Onnx_SmallFloatTensor>:$output_qk)> {
  let summary = "attention with grouped heads and a cache (com.microsoft GroupQueryAttention-1)";
  let description = [{
    `query` is `[B,S,Nq*h]`, or all three packed side by side where `key` and
    `value` are absent. The cache is `[B,Nkv,P,h]`; the present one has P + S
    rows, and `total_sequence_length` must say so. Sequence b ends at
    `seqlens_k[b] + 1`, so that its new rows start at that less S (at 0 where P
    is 0), and what is left of the present one is the past one or zeros. Without
    `position_ids` rotation starts at the same row. `head_sink` and
    `smooth_softmax` (a sink of 0) add one term to every softmax's denominator.

    With `sliding_window_cache` both caches have C >= W rows, W =
    `local_window_size`, and hold the newest tokens only: after T of them the
    last L(T) = T - G * ceil(max(T - C, 0) / G), G = C - W + 1, in order from
    row 0; the other rows are zeros. A sequence starts where
    `total_sequence_length` is S.
  }];
  let extraClassDeclaration = [{
    ::mlir::Value getContinued(unsigned result);
  }];
}

def Onnx_MultiHeadAttentionOp : Ms_Op<"MultiHeadAttention", [1],
    (ins Onnx_SmallFloatTensor:$query, Optional<Onnx_SmallFloatTensor>:$key,
         Optional<Onnx_SmallFloatTensor>:$value, Optional<Onnx_SmallFloatTensor>:$bias,
         Optional<Onnx_IndexTensor>:$key_padding_mask,
         Optional<Onnx_SmallFloatTensor>:$attention_bias,
         Optional<Onnx_SmallFloatTensor>:$past_key,
         Optional<Onnx_SmallFloatTensor>:$past_value,
         Optional<Onnx_IndexTensor>:$past_sequence_length,
         Optional<Onnx_IndexTensor>:$cache_indirection),
    (ins I64Attr:$num_heads,
         DefaultValuedAttr<F32Attr, "0.0f">:$scale,
         DefaultValuedAttr<F32Attr, "-10000.0f">:$mask_filter_value,
         DefaultValuedAttr<I64Attr, "0">:$unidirectional),
    (outs Onnx_SmallFloatTensor:$output, Optional<Onnx_SmallFloatTensor>:$present_key,
          Optional<Onnx_SmallFloatTensor>:$present_value,
          Optional<Onnx_SmallFloatTensor>:$qk)> {
  let summary = "attention with equal heads (com.microsoft MultiHeadAttention-1)";
  let description = [{
    Three-dimensional `query`, `key` and `value` with an optional `bias` over
    all three; keys and values follow the past ones. A padding mask is
    `[B, keys]`: where it is 0 the score grows by `mask_filter_value`.
    `unidirectional` needs as many new keys as queries.
  }];
  let extraClassDeclaration = [{
    ::mlir::Value getContinued(unsigned result);
  }];
}

def Onnx_MsRotaryEmbeddingOp : Ms_Op<"RotaryEmbedding", [1],
    (ins Onnx_SmallFloatTensor:$input, Onnx_IndexTensor:$position_ids,
         Onnx_SmallFloatTensor:$cos_cache, Onnx_SmallFloatTensor:$sin_cache),
    (ins DefaultValuedAttr<I64Attr, "0">:$interleaved,
         DefaultValuedAttr<I64Attr, "0">:$num_heads,
         DefaultValuedAttr<I64Attr, "0">:$rotary_embedding_dim,
         DefaultValuedAttr<F32Attr, "1.0f">:$scale,
         DefaultValuedAttr<I64Attr, "0">:$is_packed_batching),
    (outs Onnx_SmallFloatTensor:$output)> {
  let opName = "MsRotaryEmbedding";
  let summary = "rotation by position (com.microsoft RotaryEmbedding-1)";
  let description = [{
    `input` is `[B,S,N*h]` or `[B,N,S,h]`; a single position id is that of the
    first row.
  }];
}

def Onnx_RotaryEmbeddingOp : Onnx_Op<"RotaryEmbedding", [23],
    (ins Onnx_SmallFloatTensor:$X, Onnx_SmallFloatTensor:$cos_cache,
         Onnx_SmallFloatTensor:$sin_cache, Optional<Onnx_IndexTensor>:$position_ids),
    (ins DefaultValuedAttr<I64Attr, "0">:$interleaved,
         DefaultValuedAttr<I64Attr, "0">:$num_heads,
         DefaultValuedAttr<I64Attr, "0">:$rotary_embedding_dim),
    (outs Onnx_SmallFloatTensor:$Y)> {
  let summary = "rotation by position (ONNX RotaryEmbedding-23)";
  let description = [{
    Without `position_ids` the caches hold one row for every batch and position.
  }];
}

def Onnx_MatMulNBitsOp : Ms_Op<"MatMulNBits", [1],
    (ins Onnx_SmallFloatTensor:$A, TensorOf<[UI8]>:$B, Onnx_SmallFloatTensor:$scales,
         Optional<Onnx_PackedOrFloatTensor>:$zero_points,
         Optional<Onnx_IndexTensor>:$g_idx, Optional<Onnx_SmallFloatTensor>:$bias),
    (ins I64Attr:$K, I64Attr:$N, DefaultValuedAttr<I64Attr, "4">:$bits,
         I64Attr:$block_size, DefaultValuedAttr<I64Attr, "0">:$accuracy_level,
         DefaultValuedAttr<I64Attr, "0">:$weight_prepacked),
    (outs Onnx_SmallFloatTensor:$Y)> {
  let summary = "Y = A * transpose(dequantised B) + bias (com.microsoft MatMulNBits-1)";
  let description = [{
    `B` is `[N, ceil(K / block_size), bytes of a block]`: codes of `bits` bits,
    lowest bits first, each block padded by itself. A code q stands for
    `(q - zero point) * scale` of its row and block; the zero point is
    2^(bits-1) unless `zero_points` gives others, packed along each row, or as
    floats. Sums are in f32 at every `accuracy_level`.
  }];
}

def Onnx_GatherBlockQuantizedOp : Ms_Op<"GatherBlockQuantized", [1],
    (ins Onnx_PackedTensor:$data, Onnx_IndexTensor:$indices,
         Onnx_SmallFloatTensor:$scales, Optional<Onnx_PackedTensor>:$zero_points),
    (ins DefaultValuedAttr<I64Attr, "0">:$gather_axis,
         DefaultValuedAttr<I64Attr, "1">:$quantize_axis,
         DefaultValuedAttr<I64Attr, "128">:$block_size,
         DefaultValuedAttr<I64Attr, "4">:$bits),
    (outs Onnx_SmallFloatTensor:$output)> {
  let summary = "rows of a dequantised table (com.microsoft GatherBlockQuantized-1)";
  let description = [{
    `data` of type ui8 holds codes of `bits` bits packed along the last axis,
    zero point 2^(bits-1) by default; data of 4-bit type holds one element each,
    zero point 0 by default. An index outside the table gives zeros.
  }];
}

#endif // MOEC_DIALECTS_ONNX_IR_ONNXMICROSOFTOPS_TD
