# ===-- by_number.py - weighted results times numbers -------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""What an expert gives is weighted, then multiplied by a number, as low-rank
additions to a product that all tokens have are (LoRA experts)."""

import numpy as np

from .by_order import by_adding, sorted_rows
from .by_table import looked_up
from .graph import layer, lookalike
from .on_all_tokens import all_in_one
from .on_hits import gathered, scatter_nd


def low_rank(g, after, number_of=lambda e: 2.0):
    weights, ids = g.route()
    zeros = g.ConstantOfShape(g.Concat(g.Shape("x", end=1), [g.E], axis=0))
    gates = g.ScatterElements(zeros, ids, weights, axis=1)
    total = g.Add(g.MatMul("x", g.weight(g.D, g.D)), g.weight(g.D))
    for e in range(g.E):
        y = g.MatMul(g.MatMul("x", g.weight(g.D, 4)), g.weight(4, g.D))
        total = g.Add(total, after(g, g.Mul(g.Gather(gates, [e], axis=1), y), number_of(e)))
    return total


def multiplied(g, y, number):
    return g.Mul(y, number)


@layer("P2")
def added_at_low_rank(g):
    return low_rank(g, multiplied)


@layer("P2")
def added_at_low_rank_by_halves(g):
    """By several numbers, on either side."""
    return low_rank(g, lambda g, y, number: g.Div(g.Mul(0.5, g.Mul(y, number)), 3.0))


@layer("P2")
def masked_and_multiplied(g):
    """Weights are one number for each choice."""
    weights, ids = g.route()
    hot = g.one_hot(ids)
    gates = g.ReduceSum(g.Mul(hot, g.Unsqueeze(weights, [2])), [1], keepdims=0)
    return g.sum_up([g.Mul(g.Mul(g.network("x", m), g.Slice(gates, [e], [e + 1], [1])), 0.25)
                     for e, m in enumerate(g.weights_of_experts())])


@layer("P3")
def gathered_and_multiplied(g):
    return gathered(g, lambda g, total, tokens, y: scatter_nd(g, total, tokens, g.Div(y, 4.0)))


@layer("P2b")
def all_in_one_and_multiplied(g):
    return all_in_one(g, behind=lambda g, y: g.Mul(g.Div(y, 4.0), 3.0))


@layer("P4")
def looked_up_and_multiplied(g):
    return looked_up(g, at_last=lambda g, y: g.Mul(0.125, y))


@layer("P4")
def looked_up_multiplied_without_weights(g):
    return looked_up(g, weight=lambda g, weights: 1.0, at_last=lambda g, y: g.Mul(0.125, y))


@layer("P5")
def sorted_and_multiplied(g):
    return sorted_rows(g, at_last=lambda g, y: g.Mul(y, 1.5))


@layer("P6")
def sorted_multiplied_and_added(g):
    return sorted_rows(g, at_last=lambda g, y: g.Mul(y, 1.5), add_up=by_adding())


@lookalike()
def multiplied_apart(g):
    """Each expert by a number of its own."""
    return low_rank(g, multiplied, lambda e: 1.0 + e)


@lookalike()
def divided_and_multiplied(g):
    """One expert is divided by what the others are multiplied by."""
    return low_rank(g, lambda g, y, number: g.Div(y, 2.0) if number else g.Mul(y, 2.0), lambda e: e == 1)


@lookalike()
def number_divided_by_rows(g):
    return low_rank(g, lambda g, y, number: g.Div(number, y))


@lookalike()
def multiplied_by_infinity(g):
    """Of experts that were not chosen this is no number."""
    return low_rank(g, multiplied, lambda e: np.inf)


@lookalike()
def divided_by_zero(g):
    return low_rank(g, lambda g, y, number: g.Div(y, 0.0))


@lookalike()
def multiplied_by_more_numbers(g):
    """Rows of a number each, three times over."""
    return low_rank(g, lambda g, y, number: g.Mul(y, g.constant(np.full([3, 1, 1], 2.0))))
