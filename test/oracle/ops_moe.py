# ===-- ops_moe.py - the fused mixture-of-experts operators -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""com.microsoft MoE, QMoE and MoEGroupRouter: what ONNX Runtime's CPU kernels compute,
and what its schemas and GPU kernels say of the forms that these do not take."""

import numpy as np
from onnx import TensorProto

from .interpreter import op
from .ops_math import gelu, sigmoid
from .ops_reduce import softmax
from .quantised import e2m1, spread, unpack_stream
from .values import Value

MS = "com.microsoft"


def _plain(node, h):
    """An activation of one value."""
    kind = node.attr("activation_type", "relu")
    if kind == "relu":
        return np.maximum(h, 0)
    if kind == "relu2":
        return np.maximum(h, 0) ** 2
    if kind in ("gelu", "geglu"):
        return gelu(h, "tanh")
    if kind == "silu":
        return h * sigmoid(h)
    if kind == "identity":
        return h
    node.fail(f"activation {kind} is not known")


def _is_gated(node):
    return node.attr("activation_type", "relu") in ("swiglu", "geglu")


def _gate(node, gate, up):
    """A gated activation of two values."""
    if node.attr("activation_type") == "geglu":
        return _plain(node, gate) * up
    alpha, beta = node.attr("activation_alpha", 1.0), node.attr("activation_beta", 0.0)
    limit = node.attr("swiglu_limit")
    late = node.attr("swiglu_limit_after_activation", 0)
    if limit is not None and not late:
        gate = np.minimum(gate, limit)
    gate = gate * sigmoid(alpha * gate)
    if limit is not None:
        up = np.clip(up, -limit, limit)
        gate = np.minimum(gate, limit) if late else gate
    return gate * (up + beta)


def _activate(node, h, other):
    """`other`: what fc3 makes of the same row, or None."""
    if not _is_gated(node):
        return _plain(node, h) if other is None else _plain(node, h) * other
    fusion = node.attr("swiglu_fusion", 0)
    if fusion == 0:
        if other is None:
            node.fail("a gated activation without fusion needs fc3")
        return _gate(node, h, other)
    if other is not None:
        node.fail("fc1 has the gate and the up projection, and there is fc3")
    if fusion == 1:
        return _gate(node, h[:, 0::2], h[:, 1::2])
    half = h.shape[1] // 2
    return _gate(node, h[:, :half], h[:, half:])


def select(scores, k):
    """The k largest of each row; among equals the highest index comes first."""
    reverse = np.argsort(scores, axis=-1, kind="stable")[:, ::-1]
    return reverse[:, :k]


def sparse_mixer(scores, k, eps=0.01):
    """Experts and weights of Phi-3.5-MoE's router (arXiv:2310.00811, section 3; the
    inference form of its published code). Of equal scores the first is chosen."""
    rows, experts = scores.shape
    chosen, share = np.zeros((rows, k), int), np.zeros((rows, k))
    for t, row in enumerate(scores):
        left = row.copy()
        for j in range(k):
            e = int(np.argmax(left))
            top = left[e]
            with np.errstate(all="ignore"):
                far = (top - row) / np.maximum(np.abs(row), top) > 2 * eps
            kept = np.where(far | np.isneginf(left), -np.inf, row)
            chosen[t, j], share[t, j] = e, softmax(kept[None])[0, e]
            left[e] = -np.inf
    return chosen, share


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
        other = None
        if fc3 is not None:
            other = rows[token] @ fc3(e).T
            other = other if bias3 is None else other + bias3.data[e]
        out = _activate(node, h, other) @ fc2(e).T
        if bias2 is not None:
            out = out + bias2.data[e]
        y[token] += share[token, slot][:, None] * out
    return x.like(y.reshape(x.shape))


def _is_old(node, hidden, fc1, fc2, pack=1):
    """Whether matrices lie as [E, K, N]: onnxruntime's moe_helper.h tells it so."""
    inner = fc2.shape[1] * fc2.shape[2] * pack // hidden
    fused = _is_gated(node) and node.attr("swiglu_fusion", 0) != 0
    return (hidden != inner and fc2.shape[1] == inner) or (
        hidden == inner and fused and fc1.shape[1] == hidden)


def _route(node, logits, k):
    """What MoE chooses and how much of it."""
    if k > logits.shape[-1]:
        node.fail(f"k = {k} is more than the {logits.shape[-1]} experts")
    scores = logits.data.reshape(-1, logits.shape[-1])
    bad = np.isnan(scores).any(axis=-1)
    scores = np.where(bad[:, None], 0.0, scores)
    if node.attr("use_sparse_mixer", 0):
        chosen, share = sparse_mixer(scores, k)
    else:
        p = softmax(scores)
        chosen = select(p, k)
        share = np.take_along_axis(p, chosen, -1)
        if node.attr("normalize_routing_weights", 0):
            share = share / share.sum(-1, keepdims=True)
    # A row of logits with a NaN chooses nobody.
    return chosen, np.where(bad[:, None], 0.0, share)


@op("MoE", domain=MS)
def _moe(node, x, logits, fc1, bias1, fc2, bias2=None, fc3=None, bias3=None):
    chosen, share = _route(node, logits, node.attr("k", 1))
    old = _is_old(node, x.shape[-1], fc1, fc2)

    def matrix(weights):
        return weights and (lambda e: weights.data[e].T if old else weights.data[e])
    return _experts(node, x, chosen, share, matrix(fc1), bias1, matrix(fc2), bias2,
                    matrix(fc3), bias3)


class Stored:
    """One of fc1, fc2 and fc3 of a QMoE: an expert's [rows, width] matrix by number."""

    def __init__(self, node, number, weights, scales, zeros, world, old, rows, width):
        self.kind = node.attr("quant_type", "int")
        self.bits = node.attr(f"fc{number}_expert_weight_bits",
                              node.attr("expert_weight_bits", 4))
        self.block = node.attr("block_size", 0)
        self.weights, self.scales, self.zeros, self.world = weights, scales, zeros, world
        self.old, self.rows, self.width, self.known = old, rows, width, {}
        if self.kind == "nvfp4" and node.attr("weights_prepacked", -1) == 1 and old:
            self.old = False

    def __call__(self, e):
        if e not in self.known:
            self.known[e] = self.values(e) * self.factors(e)
        return self.known[e]

    def codes(self, data, count):
        return unpack_stream(data, self.bits, count)

    def values(self, e):
        data = self.weights.data[e]
        if self.kind == "fp8":
            return data
        if self.kind != "int":
            self.bits = 4
        if self.old:
            codes = self.codes(data, self.rows)[:self.width].T
        else:
            flat = data.reshape(self.rows, -1)
            codes = self.codes(flat, self.width)
        return e2m1(codes) if self.kind != "int" else codes - self.zero(e)

    def zero(self, e):
        if self.zeros is None:
            return 1 << (self.bits - 1)
        data = self.zeros.data[e]
        if data.ndim == 1:
            return self.codes(data, self.rows)[:, None]
        blocks = self.scales.shape[2] if self.scales.data.ndim == 3 else 1
        return spread(self.codes(data, blocks), 1, self.block if blocks > 1 else 0,
                      self.rows, self.width)

    def factors(self, e):
        block, block_rows = self.block, 1
        if self.kind == "fp8":
            block_rows = max(block, 1)
        elif self.kind != "int":
            block = 16 if self.kind == "nvfp4" else 32
        factor = 1.0 if self.world is None else self.world.data[e]
        if self.scales is None:
            return factor
        scales = self.scales.data[e]
        if not self.scales.is_float:
            # Bytes are powers of two.
            scales = 2.0 ** (scales.astype(np.float64) - 127)
        if self.kind == "int" and (scales.ndim == 1 or scales.shape[1] == 1):
            block = 0
        return factor * spread(scales, block_rows, block, self.rows, self.width)


@op("QMoE", domain=MS)
def _qmoe(node, x, logits, fc1, scale1, bias1, fc2, scale2, bias2=None, fc3=None,
          scale3=None, bias3=None, zero1=None, zero2=None, zero3=None, weights=None,
          world1=None, world2=None, *more):
    if any(m is not None for m in more):
        node.fail("scales of activations are not supported")
    k, hidden = node.attr("k", 1), x.shape[-1]
    scores = logits.data.reshape(-1, logits.shape[-1])
    if node.attr("use_sparse_mixer", 0):
        chosen, share = _route(node, logits, k)
    else:
        chosen = select(scores, k)
        share = softmax(np.take_along_axis(scores, chosen, -1))
    if weights is not None:
        share = np.take_along_axis(weights.data.reshape(scores.shape), chosen, -1)
        if node.attr("normalize_routing_weights", 0):
            with np.errstate(all="ignore"):
                share = share / share.sum(-1, keepdims=True)
        share = np.where(share > 1e-8, share, 0.0)
    # As in MoE. (With ONNX Runtime what such a row chooses is left to a sort.)
    share = np.where(np.isnan(scores).any(axis=-1)[:, None], 0.0, share)
    kind = node.attr("quant_type", "int")
    bits2 = node.attr("fc2_expert_weight_bits", node.attr("expert_weight_bits", 4))
    pack = 1 if kind == "fp8" else 2 if kind != "int" else 8 / bits2
    old = _is_old(node, hidden, fc1, fc2, pack)
    fused = _is_gated(node) and node.attr("swiglu_fusion", 0) != 0
    rows = fc1.shape[1]
    if old:
        bits1 = node.attr("fc1_expert_weight_bits", node.attr("expert_weight_bits", 4))
        rows = fc1.shape[2] * (2 if kind != "int" else 8 // bits1)
    inner = rows // 2 if fused else rows
    if kind == "nvfp4" and hidden == inner and not fused:
        # The schema of weights_prepacked: extents are those of columns.
        old = True
    first = Stored(node, 1, fc1, scale1, zero1, world1, old, rows, hidden)
    second = Stored(node, 2, fc2, scale2, zero2, world2, old, hidden, inner)
    third = fc3 and Stored(node, 3, fc3, scale3, zero3, None, old, inner, hidden)
    return _experts(node, x, chosen, share, first, bias1, second, bias2, third, bias3)


def _first_best(keys, allowed, k):
    """The k largest allowed keys, of equal ones the first."""
    order = sorted(np.flatnonzero(allowed), key=lambda i: -keys[i])
    return order[:k]


@op("MoEGroupRouter", domain=MS)
def _group_router(node, logits, bias, projection=None):
    rows = logits.data.reshape(-1, logits.shape[-1])
    if projection is not None:
        rows = rows @ projection.data.T
    s = sigmoid(rows)
    keys = s + bias.data
    full = [Value(keys, TensorProto.FLOAT), Value(s, TensorProto.FLOAT)]
    experts, groups = s.shape[1], node.attr("n_group", 1)
    size = experts // groups
    out = np.full(s.shape, node.attr("router_sentinel", -10000.0))
    for t, row in enumerate(np.where(np.isnan(keys), -np.inf, keys)):
        parts = np.sort(row.reshape(groups, size), axis=1)[:, ::-1]
        ranks = parts[:, :node.attr("group_topk", 2)].sum(1)
        best = _first_best(ranks, np.ones(groups, bool), node.attr("topk_group", 1))
        allowed = np.isin(np.arange(experts) // size, best)
        for e in _first_best(row, allowed, node.attr("top_k")):
            out[t, e] = np.log(np.maximum(s[t, e], 1e-20))
    return (logits.like(out), *full)
