//===-- OnnxMicrosoftOps.td - decoder operators of com.microsoft ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXMICROSOFTOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXMICROSOFTOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"

def Onnx_DecoderGroup : OpDocGroup {
  let summary = "Attention, rotation and block-quantised weights";
  let description = [{
    Letters: `B` batch, `S` new tokens, `P` past ones, `Nq` query heads, `Nkv`
    key and value heads, `h` elements of a head, `C` columns of the rotation
    tables. Everything is computed in f32, whatever the element type.

    Rotation of a head x by the row p of the tables, i < C: with
    `(a, b) = (x[i], x[i + C])`, or `(x[2i], x[2i + 1])` where interleaved, these
    two become `(a * cos[p, i] - b * sin[p, i], b * cos[p, i] + a * sin[p, i])`;
    elements from 2C on stay (Su et al., RoFormer, arXiv:2104.09864).
  }];
}
/// What these operators compute with; they have no f64 form.
def Onnx_SmallFloat : AnyTypeOf<[F16, BF16, F32], "f16, bf16 or f32">;
def Onnx_SmallFloatTensor : TensorOf<[Onnx_SmallFloat]>;
def Onnx_PackedTensor : TensorOf<[UI8, I<4>, UI<4>]>;
def Onnx_PackedOrFloatTensor : TensorOf<[UI8, I<4>, UI<4>, Onnx_SmallFloat]>;

let opDocGroup = Onnx_DecoderGroup in {

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
  let meaning = [{
    `output[b, s, n] = sum over t of softmax(scale * q . k[t])[t] * v[t]`, head n
    of `Nq` reading head `n / (Nq / Nkv)` of the cache (Ainslie et al., GQA,
    arXiv:2305.13245).

    `query` is `[B,S,Nq*h]`, or all three packed side by side where `key` and
    `value` are absent. The cache is `[B,Nkv,P,h]`; the present one has P + S
    rows, and `total_sequence_length` must say so. Sequence b ends at
    `seqlens_k[b] + 1`, so that its new rows start at that less S (at 0 where P
    is 0), and what is left of the present one is the past one or zeros. Without
    `position_ids` rotation starts at the same row. `head_sink` and
    `smooth_softmax` (a sink of 0) add one term to every softmax's denominator.

    `scale` 0 stands for 1 / sqrt(h). `softcap` c, not 0, makes a score
    c * tanh(score / c). `local_window_size` is in tokens: the row at i sees
    i - W + 1 to i, all before it where it is not positive.

    With `sliding_window_cache` both caches have C >= W rows, W =
    `local_window_size`, and hold the newest tokens only: after T of them the
    last L(T) = T - G * ceil(max(T - C, 0) / G), G = C - W + 1, in order from
    row 0; the other rows are zeros. A sequence starts where
    `total_sequence_length` is S.
  }];
  let extraClassDeclaration = [{
    ::mlir::Value getContinued(unsigned result);
  }];
  let extents = "`output` `[B,S,Nq*h]`, the present caches `[B,Nkv,P+S,h]`, windowed ones `[B,Nkv,C,h]`";
  let refused = "a quantised cache (`k_scale`, `v_scale`, `k_quant_type`, `v_quant_type`, `kv_cache_bit_width`), "
                "`q_norm_weight`, `k_norm_weight`, `qk_output` and `output_qk`; `sliding_window_cache` with an "
                "`attention_bias`, without a past or without a window; heads that do not divide each other or the "
                "width of `query`; only one of key and value, or of the past ones; `do_rotary` without tables; operands of other ranks, extents or element types than said";
  let fails = "`shape_mismatch` where `total_sequence_length` is not P + S, or a windowed cache has fewer rows "
              "than the window; `index_out_of_range` where `seqlens_k` ends outside of the cache, or a position is outside of the tables; " # failsUnequal;
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
  let meaning = [{
    `output[b, s, n] = sum over t of softmax(scale * q . k[t] + bias[s, t])[t] *
    v[t]` (Vaswani et al., arXiv:1706.03762).

    Three-dimensional `query`, `key` and `value` with an optional `bias` over
    all three; keys and values follow the past ones. A padding mask is
    `[B, keys]`: where it is 0 the score grows by `mask_filter_value`.
    `unidirectional` needs as many new keys as queries. `scale` 0 stands for
    1 / sqrt(h).
  }];
  let extraClassDeclaration = [{
    ::mlir::Value getContinued(unsigned result);
  }];
  let extents = "`output` `[B,S,Nq*hv]`, the present caches `[B,Nq,P+T,h]` and `[B,Nq,P+T,hv]`, `T` new keys, "
                "`hv` elements of a head of `value`";
  let refused = "packed inputs, `past_sequence_length`, `cache_indirection` and the output `qk`; heads that do not "
                "divide the widths; only one of the past caches; operands of other ranks, extents or element types "
                "than said";
  let fails = failsUnequal;
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
  let meaning = [{
    `input` is `[B,S,N*h]` or `[B,N,S,h]`; a single position id is that of the
    first row. Where `rotary_embedding_dim` is given it stands for 2C. Without
    `num_heads` a head of `[B,S,N*h]` is as wide as the tables say, 2C.
  }];
  let extents = "those of `input`";
  let refused = "`is_packed_batching`, a `scale` other than 1; an `input` of another rank or of unknown width; "
                "tables that differ or are wider than half a head; a `rotary_embedding_dim` that is odd or wider "
                "than the tables; `position_ids` that are neither one number nor `[B,S]`";
  let fails = "`index_out_of_range` where a position is outside of the tables; " # failsUnequal;
}

def Onnx_RotaryEmbeddingOp : Onnx_Op<"RotaryEmbedding", [23],
    (ins Onnx_SmallFloatTensor:$X, Onnx_SmallFloatTensor:$cos_cache,
         Onnx_SmallFloatTensor:$sin_cache, Optional<Onnx_IndexTensor>:$position_ids),
    (ins DefaultValuedAttr<I64Attr, "0">:$interleaved,
         DefaultValuedAttr<I64Attr, "0">:$num_heads,
         DefaultValuedAttr<I64Attr, "0">:$rotary_embedding_dim),
    (outs Onnx_SmallFloatTensor:$Y)> {
  let summary = "rotation by position (ONNX RotaryEmbedding-23)";
  let meaning = [{
    `X` is `[B,S,N*h]` with `num_heads`, or `[B,N,S,h]`. Without `position_ids`
    the caches hold one row for every batch and position, `[B,S,C]`.
  }];
  let extents = "those of `X`";
  let refused = "an `X` of another rank or of unknown width, tables that differ or are wider than half a head, a "
                "`rotary_embedding_dim` (the head size without it) other than 2C, `position_ids` not of rank 2";
  let fails = "`index_out_of_range` where a position is outside of the tables; " # failsUnequal;
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
  let meaning = [{
    `B` is `[N, ceil(K / block_size), bytes of a block]`, `block_size` in
    elements: codes of `bits` bits,
    lowest bits first, each block padded by itself. A code q stands for
    `(q - zero point) * scale` of its row and block; the zero point is
    2^(bits-1) unless `zero_points` gives others, packed along each row, or as
    floats. Sums are in f32 at every `accuracy_level`.
  }];
  let extents = "those of `A` with `N` in the place of the last";
  let refused = "`g_idx`, `weight_prepacked`; `bits` other than 2, 4 and 8; a `block_size` that is no multiple of "
                "4; `K` or `N` outside of 1 to 2^31; operands whose extents do not follow from these";
  let fails = failsUnequal;
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
  let meaning = [{
    `output[i.., q..] = (data[indices[i..], q..] - zero point) * scale`, scale
    and zero point of the element's block of `block_size` elements. `data` of
    type ui8 holds codes of `bits` bits packed along the last axis, lowest bits
    first, zero point 2^(bits-1) by default; of i4 or ui4 a code an element, zero
    point 0 by default. `zero_points` are of the same form. An index outside the
    table gives zeros, as in ONNX Runtime.
  }];
  let extents = "those of `indices`, then those of `data` but the first, the last one in elements";
  let refused = "`data` of unknown or empty extents or a rank below 2; `bits` other than 4 and, of bytes, 8; "
                "a `block_size` that is no multiple of 4; a `gather_axis` other than 0; a `quantize_axis` other "
                "than the last; `scales` and `zero_points` whose extents do not follow from these";
}

} // opDocGroup

#endif // MOEC_DIALECTS_ONNX_IR_ONNXMICROSOFTOPS_TD
