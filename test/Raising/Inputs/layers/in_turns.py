# ===-- in_turns.py - one choice after the other -------------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""The second choice is the largest of what the first left, and the weights of both
are one table of tokens and experts (NLLB-MoE: arXiv:2207.04672)."""

import numpy as np

from .graph import BOOL, F32, I64, layer, lookalike
from .on_all_tokens import weighted
from .on_hits import scatter_nd, zeros_like_x


def rounds(g, count=2, leave=None):
    """Scores of all experts, and a mask [T, E] for each choice."""
    logits = g.MatMul("x", g.weight(g.D, g.E))
    scores, masks = g.Softmax(logits, axis=1), []
    for _ in range(count):
        hot = g.OneHot(g.ArgMax(logits, axis=1, keepdims=0), [g.E], g.constant(np.array([0, 1])), axis=-1)
        masks.append(hot)
        logits = leave(g, hot, logits) if leave else g.Where(g.Cast(hot, to=BOOL), -np.inf, logits)
    return scores, masks


def within(g, masks, capacity=3):
    """Experts take no more tokens, those of first choices first."""
    kept, before = [], None
    for mask in masks:
        places = g.Sub(g.CumSum(mask, 0), 1)
        places = g.Add(places, before) if before else places
        kept.append(g.Mul(mask, g.Cast(g.Less(places, capacity), to=I64)))
        before = g.ReduceSum(mask, [0], keepdims=1)
    return kept


def gates(g, scores, masks):
    """What each choice has of its scores' sum."""
    masks = [g.Cast(mask, to=F32) for mask in masks]
    own = [g.ReduceSum(g.Mul(scores, mask), [1], keepdims=1) for mask in masks]
    total = g.Max(g.sum_up(own), 1e-7)
    return [g.Mul(g.Div(one, total), mask) for one, mask in zip(own, masks)]


def table(g, **options):
    scores, masks = rounds(g, **options)
    return g.sum_up(gates(g, scores, masks))


@layer("P2")
def second_of_the_rest(g):
    return weighted(g, table(g))


@layer("P2", experts=5)
def weights_of_three_rounds(g):
    return weighted(g, table(g, count=3))


@layer("P2")
def second_may_be_the_first(g):
    """A choice that is only made less likely to be made again."""
    return weighted(g, table(g, leave=lambda g, hot, logits: g.Sub(logits, g.Cast(hot, to=F32))))


@layer("P2")
def rounds_within_capacity(g):
    scores, masks = rounds(g)
    return weighted(g, g.sum_up(gates(g, scores, within(g, masks))))


def on_hits(g, weights, write=scatter_nd, weigh=True):
    """Each expert on the rows for which its weight is not zero."""
    chosen, total = g.Cast(weights, to=BOOL), zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        tokens = g.Squeeze(g.NonZero(g.Gather(chosen, e, axis=1)), [0])
        y = g.network(g.Gather("x", tokens, axis=0), m)
        if weigh:
            y = g.Mul(y, g.Gather(g.Gather(weights, [e], axis=1), tokens, axis=0))
        total = write(g, total, tokens, y)
    return total


def set_again(g, total, tokens, y):
    index = g.Unsqueeze(tokens, [1])
    return g.ScatterND(total, index, g.Add(g.GatherND(total, index), y))


@layer("P3")
def hits_of_rounds(g):
    scores, masks = rounds(g)
    return on_hits(g, g.sum_up(gates(g, scores, within(g, masks))))


@layer("P3")
def hits_of_rounds_set(g):
    return on_hits(g, table(g), set_again)


@layer("P3")
def weights_that_are_zero(g):
    """A choice whose weight is zero finds no row."""
    scores, masks = rounds(g)
    scores = g.Relu(g.Sub(scores, 0.25))
    return on_hits(g, g.sum_up(gates(g, scores, masks)), weigh=False)


@layer("P3")
def columns_that_are_not_zero(g):
    """Each column is asked by itself."""
    weights, total = table(g), zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        tokens = g.Squeeze(g.NonZero(g.Cast(g.Gather(weights, e, axis=1), to=BOOL)), [0])
        total = scatter_nd(g, total, tokens, g.network(g.Gather("x", tokens, axis=0), m))
    return total


@lookalike()
def something_for_every_expert(g):
    """The second number is not zero where an expert was not chosen."""
    scores, masks = rounds(g)
    return weighted(g, g.Add(gates(g, scores, masks)[0], g.Mul(scores, 0.5)))


@lookalike(tokens=4, experts=4)
def weights_of_other_tokens(g):
    """As many experts as tokens; the second choices stand by experts first."""
    scores, masks = rounds(g)
    first, second = gates(g, scores, masks)
    return weighted(g, g.Add(first, g.Transpose(second, perm=[1, 0])))


@layer("P2")
def one_round_of_two(g):
    """The experts are those of the first choice alone."""
    scores, masks = rounds(g)
    first, second = gates(g, scores, masks)
    return g.Mul(weighted(g, first), g.ReduceSum(second, [1], keepdims=1))


@lookalike()
def added_by_choice(g):
    """Weights of each choice, of which some may be zero: a hit for each."""
    weights, ids = g.route()
    hot = g.one_hot(ids)
    weights = g.Unsqueeze(g.Relu(g.Sub(weights, 0.25)), [2])
    both = g.Cast(g.Add(g.Mul(hot, weights), g.Mul(hot, g.Mul(weights, weights))), to=BOOL)
    total = zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        tokens = g.Squeeze(g.Gather(g.NonZero(g.Gather(both, e, axis=2)), [0], axis=0), [0])
        total = scatter_nd(g, total, tokens, g.network(g.Gather("x", tokens, axis=0), m))
    return total
