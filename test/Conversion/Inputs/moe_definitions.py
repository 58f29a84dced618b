# ===-- moe_definitions.py - the ops of moe, in numpy ------------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""What the ops of moe compute, in float64, of arrays."""

import math

import numpy as np


def sigmoid(v):
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-v))


def ordered(keys, k, tie):
    """The k best: by key descending, then by index as the tie rule says."""
    sign = 1 if tie == "lowest" else -1
    return sorted(range(len(keys)), key=lambda e: (-keys[e], sign * e))[:k]


def route(scores, k, score, tie, bias=None, renormalize=False, epsilon=0.0, scale=1.0, groups=1,
          kept=1, group_score="max", fill=-math.inf, capacity=None, drop=False, jitter=0.01, keys_weigh=False,
          norm=None, least=None, expert_scale=None):
    scores = scores.astype(np.float64)
    tokens, experts = scores.shape
    weights, ids = np.zeros((tokens, k)), np.full((tokens, k), -1)
    counts = np.zeros(experts, int)
    for t in range(tokens):
        s = scores[t]
        if np.isnan(s).any():
            continue
        if score == "sparse_mixer":
            chosen, w, free = [], [], list(range(experts))
            for _ in range(k):
                best = ordered([s[e] if e in free else -math.inf for e in range(experts)], 1, tie)[0]
                top = s[best]
                near = [e for e in free if (top - s[e]) / max(abs(s[e]), top) <= 2 * jitter]
                w.append(1.0 / sum(math.exp(s[e] - top) for e in near))
                chosen.append(best)
                free.remove(best)
            w = np.array(w)
        else:
            p = s
            if score == "softmax_all":
                p = np.exp(s - s.max())
                p = (p / p.sum()).astype(np.float32).astype(np.float64)
            elif score == "sigmoid":
                p = sigmoid(s).astype(np.float32).astype(np.float64)
            keys = p + (0 if bias is None else bias.astype(np.float64))
            if groups > 1:
                size = experts // groups
                parts = [sorted(keys[g * size:(g + 1) * size], reverse=True) for g in range(groups)]
                group_keys = [q[0] if group_score == "max" else q[0] + q[1] for q in parts]
                best = ordered(group_keys, kept, tie)
                keys = [keys[e] if e // size in best else fill for e in range(experts)]
            chosen = ordered(keys, k, tie)
            w = np.asarray(keys)[chosen] if keys_weigh else p[chosen]
            if score == "softmax_selected":
                w = np.exp(w - w.max())
                w = w / w.sum()
        if renormalize:
            total = w.sum() if norm is None else (abs(w)**norm).sum()**(1 / norm)
            w = w / max(total + epsilon, -math.inf if least is None else least)
        w = w * scale
        if expert_scale is not None:
            w = w * expert_scale.astype(np.float64)[chosen]
        for j, e in enumerate(chosen):
            if drop and not w[j] > 0:
                continue
            if capacity is not None:
                if counts[e] >= capacity:
                    continue
                counts[e] += 1
            weights[t, j], ids[t, j] = w[j], e
    return weights, ids


def plan(ids, experts):
    offsets, rows, inverse = [0], [], np.full(ids.shape, -1)
    for e in range(experts):
        for t, j in zip(*np.nonzero(ids == e)):
            inverse[t, j] = len(rows)
            rows.append(t)
        offsets.append(len(rows))
    return np.array(offsets), np.array(rows, int), inverse


def activate(text, h, up=None):
    name, *constants = [part.strip() for part in text.split(",")]
    values = dict((c.split("=")[0].strip(), float(c.split("=")[1])) for c in constants)
    if name == "relu":
        return np.maximum(h, 0)
    if name == "silu":
        return h * sigmoid(h)
    if name == "gelu_erf":
        return 0.5 * h * (1 + np.vectorize(math.erf)(h / math.sqrt(2)))
    if name == "gelu_tanh":
        return 0.5 * h * (1 + np.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)))
    if name == "swiglu":
        limit = values.get("limit", math.inf)
        g, u = np.minimum(h, limit), np.clip(up, -limit, limit)
        return g * sigmoid(values.get("alpha", 1.0) * g) * (u + values.get("beta", 0.0))
    return h


def gate(text, h):
    return activate(text, h[0::2], h[1::2]) if text.startswith("swiglu") else activate(text, h)


def panels(w, gated):
    """[E, N, K] to [E, ceil(N/32), K, 32]."""
    experts, n, k = w.shape
    count = -(-n // 32)
    packed = np.zeros((experts, count, k, 32), w.dtype)
    for p in range(count):
        for lane in range(32):
            column = 2 * (16 * p + lane % 16) + lane // 16 if gated else 32 * p + lane
            if column < n:
                packed[:, p, :, lane] = w[:, column]
    return packed


def quantise(w, bits, block):
    """Codes, scales, and what they stand for."""
    experts, n, k = w.shape
    size = block or k
    blocks = -(-k // size)
    padded = np.zeros((experts, n, blocks * size))
    padded[..., :k] = w
    parts = padded.reshape(experts, n, blocks, size)
    zero = 1 << (bits - 1)
    scales = (np.abs(parts).max(-1) / (zero - 1) + 1e-6).astype(np.float32)
    codes = np.clip(np.rint(parts / scales[..., None]) + zero, 0, 2 * zero - 1).astype(np.uint8)
    exact = ((codes.astype(np.float64) - zero) * scales[..., None]).reshape(experts, n, -1)[..., :k]
    codes = codes.reshape(experts, n, -1)[..., :k]
    if bits == 4:
        codes = np.concatenate([codes, np.zeros((experts, n, k % 2), np.uint8)], -1)
        codes = codes[..., 0::2] | codes[..., 1::2] << 4
    return np.ascontiguousarray(codes), scales if block else scales[..., 0].copy(), exact
