# ===-- ops_moe.py - the fused mixture-of-experts operators -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""com.microsoft MoE and QMoE, with the semantics of ONNX Runtime on the CPU."""

import numpy as np

from .interpreter import op
from .ops_math import gelu, sigmoid
from .ops_reduce import softmax
from .quantised import dequantise_rows, dequantise_blocks

MS = "com.microsoft"


def _activate(node, h):
    kind = node.attr("activation_type", "relu")
    if kind == "relu":
        return np.maximum(h, 0)
    if kind == "gelu":
        return gelu(h, "tanh")
    if kind == "silu":
        return h * sigmoid(h)
    if kind == "identity":
        return h
    if kind != "swiglu":
        node.fail(f"activation {kind} is not known")
    fusion = node.attr("swiglu_fusion", 0)
    if fusion == 1:
        gate, up = h[:, 0::2], h[:, 1::2]
    elif fusion == 2:
        half = h.shape[1] // 2
        gate, up = h[:, :half], h[:, half:]
    else:
        node.fail("SwiGLU without fusion needs fc3")
    return _swiglu(node, gate, up)


def _swiglu(node, gate, up):
    alpha, beta = node.attr("activation_alpha", 1.0), node.attr("activation_beta", 0.0)
    limit = node.attr("swiglu_limit")
    if limit is not None:
        gate, up = np.minimum(gate, limit), np.clip(up, -limit, limit)
    return gate * sigmoid(alpha * gate) * (up + beta)


def select(scores, k):
    """The k largest of each row; among equals the highest index comes first."""
    reverse = np.argsort(scores, axis=-1, kind="stable")[:, ::-1]
    return reverse[:, :k]


def _experts(node, x, chosen, share, fc1, bias1, fc2, bias2, fc3=None, bias3=None):
    """Weighted sum over the chosen experts; fcN(e) gives an expert's matrix."""
    rows = x.data.reshape(-1, x.shape[-1])
    y = np.zeros_like(rows)
    for e in np.unique(chosen):
        token, slot = np.nonzero((chosen == e) & (share > 0))
        if token.size == 0:
            continue
        h = rows[token] @ fc1(e).T
        if bias1 is not None:
            h = h + bias1.data[e]
        if fc3 is not None:
            other = rows[token] @ fc3(e).T
            other = other if bias3 is None else other + bias3.data[e]
            kind = node.attr("activation_type", "relu")
            a = _swiglu(node, h, other) if kind == "swiglu" else _activate(node, h) * other
        else:
            a = _activate(node, h)
        out = a @ fc2(e).T
        if bias2 is not None:
            out = out + bias2.data[e]
        y[token] += share[token, slot][:, None] * out
    return x.like(y.reshape(x.shape))


def _check_plain(node, experts, k):
    if node.attr("use_sparse_mixer", 0):
        node.fail("the sparse mixer is not supported")
    if k > experts:
        node.fail(f"k = {k} is more than the {experts} experts")


@op("MoE", domain=MS)
def _moe(node, x, logits, fc1, bias1, fc2, bias2=None, fc3=None, bias3=None):
    k = node.attr("k", 1)
    _check_plain(node, logits.shape[-1], k)
    scores = logits.data
    bad = np.isnan(scores).any(axis=-1)
    p = softmax(np.where(bad[:, None], 0.0, scores))
    chosen = select(p, k)
    share = np.take_along_axis(p, chosen, -1)
    if node.attr("normalize_routing_weights", 0):
        share = share / share.sum(-1, keepdims=True)
    # A row of logits with a NaN chooses nobody.
    share = np.where(bad[:, None], 0.0, share)
    return _experts(node, x, chosen, share, lambda e: fc1.data[e], bias1,
                    lambda e: fc2.data[e], bias2,
                    fc3 and (lambda e: fc3.data[e]), bias3)


def _matrix(node, weights, scales, zeros, width):
    """A function from an expert to its dequantised [N, width] matrix."""
    bits = node.attr("expert_weight_bits", 4)
    blocked = scales.data.ndim == 3 and scales.shape[2] > 1
    cache = {}

    def matrix(e):
        if e not in cache:
            zero = None if zeros is None else zeros.data[e]
            if blocked:
                cache[e] = dequantise_blocks(weights.data[e], scales.data[e], zero, bits,
                                             node.attr("block_size"), width)
            else:
                # One block per row: the zero points are packed along the rows.
                cache[e] = dequantise_rows(weights.data[e], scales.data[e].reshape(-1),
                                           zero, bits, width)
        return cache[e]
    return matrix


@op("QMoE", domain=MS)
def _qmoe(node, x, logits, fc1, scale1, bias1, fc2, scale2, bias2=None, fc3=None,
          scale3=None, bias3=None, zero1=None, zero2=None, zero3=None, weights=None, *more):
    if node.attr("quant_type", "int") != "int" or any(m is not None for m in more):
        node.fail("only integer quantisation is supported")
    k, hidden = node.attr("k", 1), x.shape[-1]
    _check_plain(node, logits.shape[-1], k)
    chosen = select(logits.data, k)
    if weights is None:
        share = softmax(np.take_along_axis(logits.data, chosen, -1))
    else:
        share = np.take_along_axis(weights.data, chosen, -1)
        if node.attr("normalize_routing_weights", 0):
            share = share / share.sum(-1, keepdims=True)
        share = np.where(share > 1e-8, share, 0.0)
    fused = node.attr("activation_type", "relu") == "swiglu" and fc3 is None
    inner = fc1.shape[1] // 2 if fused else fc1.shape[1]
    return _experts(node, x, chosen, share,
                    _matrix(node, fc1, scale1, zero1, hidden), bias1,
                    _matrix(node, fc2, scale2, zero2, inner), bias2,
                    fc3 and _matrix(node, fc3, scale3, zero3, hidden), bias3)
