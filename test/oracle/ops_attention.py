# ===-- ops_attention.py - attention and rotary embeddings -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""GroupQueryAttention, MultiHeadAttention, Attention-23/24, RotaryEmbedding."""

import math

import numpy as np

from .interpreter import op

MS = "com.microsoft"


def rotate(x, cos, sin, interleaved):
    """Rotates the first 2*cos.shape[-1] features of x; the rest pass through.

    x is [..., S, h]; cos and sin broadcast to [..., S, rotated/2].
    """
    half = cos.shape[-1]
    part, rest = x[..., :2 * half], x[..., 2 * half:]
    if interleaved:
        a, b = part[..., 0::2], part[..., 1::2]
        turned = np.stack([a * cos - b * sin, b * cos + a * sin], -1).reshape(part.shape)
    else:
        a, b = part[..., :half], part[..., half:]
        turned = np.concatenate([a * cos - b * sin, b * cos + a * sin], -1)
    return np.concatenate([turned, rest], -1)


def softmax_sink(scores, sink):
    """Softmax over the last axis with exp(sink) more in the denominator.

    `sink` broadcasts against the rows, or is None. A row where everything is
    masked gets zeros.
    """
    top = np.max(scores, -1, keepdims=True, initial=-np.inf)
    if sink is not None:
        top = np.maximum(top, sink)
    safe = np.where(np.isneginf(top), 0.0, top)
    weights = np.exp(scores - safe)
    total = weights.sum(-1, keepdims=True)
    if sink is not None:
        total = total + np.exp(sink - safe)
    return np.divide(weights, total, out=np.zeros_like(weights), where=total != 0)


def _heads(x, count):
    """[B, S, count*h] to [B, count, S, h]."""
    b, s, width = x.shape
    return x.reshape(b, s, count, width // count).transpose(0, 2, 1, 3)


def _merge(x):
    b, n, s, h = x.shape
    return x.transpose(0, 2, 1, 3).reshape(b, s, n * h)


def _resident(total, capacity, window):
    """Rows a window-sized cache holds after `total` tokens."""
    if total <= capacity:
        return total
    step = capacity - window + 1
    return total - step * -(-(total - capacity) // step)


@op("GroupQueryAttention", domain=MS)
def _group_query_attention(node, query, key, value, past_key, past_value, seqlens, total,
                           cos=None, sin=None, positions=None, bias=None, sink=None, *more):
    if any(m is not None for m in more) or node.attr("kv_cache_bit_width", 0):
        node.fail("quantised caches, q/k norms and query lengths are not supported")
    if node.attr("qk_output", 0):
        node.fail("qk_output is not supported")
    nq, nkv = node.attr("num_heads"), node.attr("kv_num_heads")
    if key is None:
        h = query.shape[-1] // (nq + 2 * nkv)
        parts = np.split(query.data, [nq * h, (nq + nkv) * h], axis=-1)
    else:
        parts = [query.data, key.data, value.data]
        h = query.shape[-1] // nq
    q, k, v = (_heads(part, n) for part, n in zip(parts, (nq, nkv, nkv)))
    batch, _, length, _ = q.shape
    window = node.attr("local_window_size", -1)
    bounded = node.attr("sliding_window_cache", 0)
    whole = int(total.scalar())
    # The first prompt has no past, whatever the buffer holds.
    first = length == whole
    buffer = 0 if past_key is None else past_key.shape[2]
    capacity = buffer if bounded else max(buffer, whole)
    keys = np.full((batch, nkv, capacity, h), np.nan if bounded else 0.0)
    values = keys.copy()
    if not bounded and buffer:
        keys[:, :, :buffer], values[:, :, :buffer] = past_key.data, past_value.data
    y = np.zeros_like(q)
    softcap, causal = node.attr("softcap", 0.0), node.attr("causal", 1)
    scale = node.attr("scale", 0.0) or 1 / math.sqrt(h)
    if sink is None and node.attr("smooth_softmax", 0):
        sink_rows = np.zeros((nq, 1, 1))
    else:
        sink_rows = None if sink is None else sink.data.reshape(nq, 1, 1)
    for b, last in enumerate(seqlens.ints()):
        end = last + 1
        past = 0 if first else end - length
        fresh = min(length, end)  # a right-padded prompt has fewer
        where = past + np.arange(length)
        qb, kb = q[b], k[b]
        if node.attr("do_rotary", 0):
            at = where
            if positions is not None:
                at = positions.data[b] if not first else positions.data.reshape(-1)[0] + where
            table = cos.data[at], sin.data[at]
            qb = rotate(qb, *table, node.attr("rotary_interleaved", 0))
            kb = rotate(kb, *table, node.attr("rotary_interleaved", 0))
        held = _resident(past, capacity, window) if bounded else past
        old = slice(0, held)
        all_keys = np.concatenate([np.zeros((nkv, 0, h)) if not held else past_key.data[b][:, old],
                                   kb[:, :fresh]], 1)
        all_values = np.concatenate([np.zeros((nkv, 0, h)) if not held
                                     else past_value.data[b][:, old], v[b][:, :fresh]], 1)
        position = past - held + np.arange(all_keys.shape[1])
        scores = scale * np.einsum("nsh,nth->nst", qb, np.repeat(all_keys, nq // nkv, 0))
        if softcap:
            scores = softcap * np.tanh(scores / softcap)
        if bias is not None:
            row = bias.data[b if bias.shape[0] > 1 else 0]
            scores = scores + row[:, :length][:, :, position]
        hidden = np.zeros((length, len(position)), bool)
        if causal:
            hidden |= position[None, :] > where[:, None]
        if window > 0:
            hidden |= position[None, :] <= where[:, None] - window
        scores = np.where(hidden, -np.inf, scores)
        y[b] = softmax_sink(scores, sink_rows) @ np.repeat(all_values, nq // nkv, 0)
        if bounded:
            left = _resident(end, capacity, window)
            keys[b, :, :left] = all_keys[:, len(position) - left:]
            values[b, :, :left] = all_values[:, len(position) - left:]
        else:
            keys[b, :, past:past + fresh] = kb[:, :fresh]
            values[b, :, past:past + fresh] = v[b][:, :fresh]
    return query.like(_merge(y)), query.like(keys), query.like(values)


@op("RotaryEmbedding", domain=MS)
def _ms_rotary(node, x, positions, cos, sin):
    if node.attr("is_packed_batching", 0):
        node.fail("packed batching is not supported")
    heads, width = node.attr("num_heads", 0), node.attr("rotary_embedding_dim", 0)
    flat = x.data.ndim == 3
    if flat:
        count = heads or x.shape[-1] // (2 * cos.shape[-1])
        data = _heads(x.data, count)
    else:
        data = x.data
    batch, _, length, _ = data.shape
    at = positions.data
    if at.size == 1:
        at = np.broadcast_to(int(at.reshape(-1)[0]) + np.arange(length), (batch, length))
    half = width // 2 if width else cos.shape[-1]
    c, s = cos.data[at][:, None, :, :half], sin.data[at][:, None, :, :half]
    y = node.attr("scale", 1.0) * rotate(data, c, s, node.attr("interleaved", 0))
    return x.like(_merge(y) if flat else y)


@op("RotaryEmbedding")
def _rotary(node, x, cos, sin, positions=None):
    flat = x.data.ndim == 3
    data = _heads(x.data, node.attr("num_heads")) if flat else x.data
    width = node.attr("rotary_embedding_dim", 0) or data.shape[-1]
    c, s = (t.data if positions is None else t.data[positions.data] for t in (cos, sin))
    y = rotate(data, c[:, None, :, :width // 2], s[:, None, :, :width // 2],
               node.attr("interleaved", 0))
    return x.like(_merge(y) if flat else y)


@op("Attention")
def _attention(node, q, k, v, mask=None, past_key=None, past_value=None, nonpad=None):
    flat = q.data.ndim == 3
    qd, kd, vd = q.data, k.data, v.data
    if flat:
        qd = _heads(qd, node.attr("q_num_heads"))
        kd, vd = (_heads(t, node.attr("kv_num_heads")) for t in (kd, vd))
    past = 0
    if past_key is not None:
        past = past_key.shape[2]
        kd, vd = np.concatenate([past_key.data, kd], 2), np.concatenate([past_value.data, vd], 2)
    present = kd, vd
    repeats = qd.shape[1] // kd.shape[1]
    wide_k, wide_v = np.repeat(kd, repeats, 1), np.repeat(vd, repeats, 1)
    scale = node.attr("scale") or 1 / math.sqrt(qd.shape[-1])
    raw = scale * np.einsum("bnsh,bnth->bnst", qd, wide_k)
    length, total = raw.shape[-2:]
    softcap = node.attr("softcap", 0.0)
    capped = softcap * np.tanh(raw / softcap) if softcap else raw
    # How many keys come before the first query: the past, or for a cache that
    # is kept outside what it holds besides the new tokens.
    offset = np.full(qd.shape[0], past)
    if nonpad is not None:
        offset = nonpad.data.reshape(-1) - length
    where = (offset[:, None] + np.arange(length))[:, None, :, None]
    keys = np.arange(total)
    allowed = np.ones((qd.shape[0], 1, length, total), bool)
    left, right = node.attr("left_window_size", -1), node.attr("right_window_size", -1)
    if node.attr("is_causal", 0):
        allowed &= keys <= where
    if left >= 0:
        allowed &= keys >= where - left
    if right >= 0:
        allowed &= keys <= where + right
    if nonpad is not None:
        allowed &= keys < nonpad.data.reshape(-1, 1, 1, 1)
    scores = np.where(allowed, capped, -np.inf)
    if mask is not None:
        m = mask.data
        if m.shape[-1] < total:  # a short mask hides the rest
            rest = np.zeros(m.shape[:-1] + (total - m.shape[-1],), m.dtype)
            m = np.concatenate([m, rest if m.dtype == bool else rest - np.inf], -1)
        scores = np.where(m, scores, -np.inf) if m.dtype == bool else scores + m
    weights = softmax_sink(scores, None)
    y = weights @ wide_v
    mode = node.attr("qk_matmul_output_mode", 0)
    extra = {0: raw, 1: capped, 2: scores, 3: weights}[mode]
    return (q.like(_merge(y) if flat else y), k.like(present[0]), v.like(present[1]),
            q.like(extra))


@op("MultiHeadAttention", domain=MS)
def _multi_head_attention(node, query, key=None, value=None, bias=None, padding=None,
                          attention_bias=None, past_key=None, past_value=None, *more):
    if any(m is not None for m in more) or key is None or value is None:
        node.fail("only separate query, key and value are supported")
    count = node.attr("num_heads")
    parts = [query.data, key.data, value.data]
    if bias is not None:
        ends = np.cumsum([p.shape[-1] for p in parts])[:-1]
        parts = [p + b for p, b in zip(parts, np.split(bias.data, ends))]
    q, k, v = (_heads(p, count) for p in parts)
    if past_key is not None:
        k, v = np.concatenate([past_key.data, k], 2), np.concatenate([past_value.data, v], 2)
    scale = node.attr("scale", 0.0) or 1 / math.sqrt(q.shape[-1])
    scores = scale * np.einsum("bnsh,bnth->bnst", q, k)
    if attention_bias is not None:
        scores = scores + attention_bias.data
    length, total = scores.shape[-2:]
    if node.attr("unidirectional", 0):
        late = np.arange(total)[None, :] > np.arange(length)[:, None] + total - length
        scores = np.where(late, -np.inf, scores)
    if padding is not None:
        if padding.data.ndim != 2:
            node.fail("only a [batch, keys] padding mask is supported")
        # Added, so that a row of nothing but padding still tells its scores apart.
        scores = scores + np.where(padding.data[:, None, None, :] == 0,
                                   node.attr("mask_filter_value", -10000.0), 0.0)
    return (query.like(_merge(softmax_sink(scores, None) @ v)), query.like(k), query.like(v))
