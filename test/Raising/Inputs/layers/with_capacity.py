# ===-- with_capacity.py - experts that take a number of tokens ---------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Tokens beyond the capacity of their expert are dropped, as in Switch."""

import numpy as np

from .graph import F32, I64, layer, lookalike
from .on_hits import zeros_like_x

CAPACITY = 3


def dropped(g, keep, whole=None):
    """One choice a token; `keep` makes of a one-hot mask [T, E] what still counts."""
    scores = g.Softmax(g.MatMul("x", g.weight(g.D, g.E)), axis=1)
    best = g.ReduceMax(scores, [1], keepdims=1)
    hot = g.OneHot(g.ArgMax(scores, axis=1, keepdims=0), [g.E], [0, 1], axis=-1)
    kept = keep(g, hot)
    total = zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        mask = whole(hot, kept, e) if whole else kept
        token = g.Squeeze(g.NonZero(g.Squeeze(g.Slice(mask, [e], [e + 1], [1]), [1])), [0])
        y = g.network(g.Gather("x", token, axis=0), m)
        total = g.ScatterND(total, g.Unsqueeze(token, [1]), y)
    return g.Mul(total, best)


def place(g, hot):
    """1, 2, ... for the tokens of each expert."""
    return g.Mul(g.CumSum(hot, 0), hot)


def first(g, hot):
    return g.Mul(hot, g.Cast(g.LessOrEqual(place(g, hot), CAPACITY), to=I64))


@layer("P3", choices=1)
def first_ones_kept(g):
    return dropped(g, first)


@layer("P3", choices=1)
def first_ones_kept_by_and(g):
    return dropped(g, lambda g, hot: g.And(g.Less(place(g, hot), CAPACITY + 1), g.Cast(hot, to=9)))


@layer("P3", choices=1)
def sliced_whole(g):
    """All of the mask, as exporters write `mask[:, e]` before they optimise."""
    return dropped(g, first, whole=lambda hot, kept, e: g.Slice(kept, [0], [np.iinfo(np.int64).max], [0], [1]))


@lookalike(choices=1)
def sliced_backwards(g):
    """As many tokens, from the last one on."""
    return dropped(g, first, whole=lambda hot, kept, e: g.Slice(
        kept, [-1], [np.iinfo(np.int64).min + 1], [0], [-1]))


@layer("P3", choices=1)
def tokens_dropped(g):
    """A condition on tokens alone."""
    def keep(g, hot):
        large = g.Greater(g.ReduceMax("x", [1], keepdims=1), g.constant(1.0))
        return g.Mul(g.Cast(large, to=I64), hot)
    return dropped(g, keep)


@lookalike(choices=1)
def experts_drop_differently(g):
    """Expert 0 keeps all."""
    return dropped(g, first, whole=lambda hot, kept, e: kept if e else hot)


@lookalike(choices=1)
def mask_of_numbers(g):
    """The mask times a number, not a condition."""
    return dropped(g, lambda g, hot: g.Mul(hot, g.Sub(place(g, hot), 1)))


@layer("P3", choices=1)
def kept_twice(g):
    """A second condition, on what the first one left."""
    def keep(g, hot):
        kept = first(g, hot)
        return g.Mul(kept, g.Cast(g.Greater(place(g, kept), 1), to=I64))
    return dropped(g, keep)


def weighted_anyway(g, keep, batched=False):
    """All experts on all tokens, weighted by a mask of those that still count."""
    scores = g.Softmax(g.MatMul("x", g.weight(g.D, g.E)), axis=1)
    best = g.ReduceMax(scores, [1], keepdims=1)
    hot = g.OneHot(g.ArgMax(scores, axis=1, keepdims=0), [g.E], [0, 1], axis=-1)
    kept = g.Cast(keep(g, hot), to=F32)
    if not batched:
        return g.sum_up([g.Mul(g.network("x", m), g.Mul(g.Slice(kept, [e], [e + 1], [1]), best))
                         for e, m in enumerate(g.weights_of_experts())])
    gates = g.Unsqueeze(g.Transpose(g.Mul(kept, best), perm=[1, 0]), [2])
    y = g.network(g.Unsqueeze("x", [0]), (g.weight(g.E, g.D, g.H), g.weight(g.E, g.H, g.D)))
    return g.ReduceSum(g.Mul(y, gates), [0], keepdims=0)


@layer("P2", choices=1)
def first_ones_weighted(g):
    return weighted_anyway(g, first)


@layer("P2b", choices=1)
def first_ones_weighted_at_once(g):
    return weighted_anyway(g, first, batched=True)


@lookalike(choices=1)
def dropped_in_the_weights_alone(g):
    """Rows of all tokens, of which the weights of some were dropped."""
    scores = g.Softmax(g.MatMul("x", g.weight(g.D, g.E)), axis=1)
    best = g.ReduceMax(scores, [1], keepdims=1)
    hot = g.OneHot(g.ArgMax(scores, axis=1, keepdims=0), [g.E], [0, 1], axis=-1)
    kept, total = g.Cast(first(g, hot), to=F32), zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        gate = g.Mul(g.Slice(kept, [e], [e + 1], [1]), best)
        token = g.Squeeze(g.NonZero(g.Squeeze(g.Slice(hot, [e], [e + 1], [1]), [1])), [0])
        y = g.Mul(g.network(g.Gather("x", token, axis=0), m), g.Gather(gate, token, axis=0))
        total = g.ScatterND(total, g.Unsqueeze(token, [1]), y)
    return total


@lookalike(choices=1, tokens=8)
def columns_written_before(g):
    """What is overwritten was written along the other axis."""
    g.D = 8  # As many as tokens.
    scores = g.Softmax(g.MatMul("x", g.weight(g.D, g.E)), axis=1)
    hot = g.OneHot(g.ArgMax(scores, axis=1, keepdims=0), [g.E], [0, 1], axis=-1)
    tokens = [g.Squeeze(g.NonZero(g.Squeeze(g.Slice(hot, [e], [e + 1], [1]), [1])), [0]) for e in range(g.E)]
    last = g.Expand(g.Unsqueeze(tokens[-1], [0]), g.Concat([8], g.Shape(tokens[-1]), axis=0))
    total = g.ScatterElements(zeros_like_x(g), last, g.GatherElements("x", last, axis=1), axis=1)
    for token, m in zip(tokens, g.weights_of_experts()):
        y = g.network(g.Gather("x", token, axis=0), m)
        total = g.ScatterND(total, g.Unsqueeze(token, [1]), y)
    return total
