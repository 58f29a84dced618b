# ===-- on_hits.py - each expert on the rows that chose it (P3) --------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Each expert sees the rows that chose it, which are added in their places."""

import numpy as np
from onnx import helper

from .graph import BOOL, F32, I64, layer, lookalike


def zeros_like_x(g):
    if g.float == F32:
        return g.ConstantOfShape(g.Shape(g.x))
    return g.ConstantOfShape(g.Shape(g.x), value=helper.make_tensor("v", g.float, [1], [0.0]))


def hits(g, mask):
    """Tokens and choices of a mask [T, k]."""
    places = g.NonZero(mask)
    return [g.Squeeze(p, [0]) for p in g.Split(places, axis=0, num_outputs=2, outputs=2)]


def gathered(g, write, weigh=None, base=zeros_like_x):
    weights, ids = g.route()
    total = base(g)
    flat = g.Reshape(weights, [-1])
    for e, m in enumerate(g.weights_of_experts()):
        tokens, choices = hits(g, g.Equal(ids, e))
        if weigh:
            weight = weigh(g, weights, flat, ids, tokens, choices, e)
        else:
            weight = g.Unsqueeze(g.Gather(flat, g.Add(g.Mul(tokens, g.k), choices)), [1])
        y = g.Mul(g.network(g.Gather("x", tokens, axis=0), m), weight)
        total = write(g, total, tokens, y)
    return total


def scatter_nd(g, total, tokens, y):
    return g.ScatterND(total, g.Unsqueeze(tokens, [1]), y, reduction="add")


def spread(g, tokens, y):
    return g.Expand(g.Unsqueeze(tokens, [1]), g.Shape(y))


@layer("P3")
def gathered_scatter_nd(g):
    return gathered(g, scatter_nd)


@layer("P3")
def gathered_scatter_elements(g):
    return gathered(g, lambda g, total, tokens, y: g.ScatterElements(
        total, g.Expand(g.Unsqueeze(tokens, [1]), g.Shape(y)), y, axis=0, reduction="add"))


def set_and_add(g, total, tokens, y):
    return g.Add(total, g.ScatterND(zeros_like_x(g), g.Unsqueeze(tokens, [1]), y))


@layer("P3")
def gathered_set_and_added(g):
    return gathered(g, set_and_add)


@layer("P3")
def gathered_read_and_written(g):
    def write(g, total, tokens, y):
        index = g.Unsqueeze(tokens, [1])
        return g.ScatterND(total, index, g.Add(g.GatherND(total, index), y))
    return gathered(g, write)


@layer("P3")
def gathered_by_tuples(g):
    return gathered(g, scatter_nd, weigh=lambda g, weights, flat, ids, tokens, choices, e: g.Unsqueeze(
        g.GatherND(weights, g.Concat(g.Unsqueeze(tokens, [1]), g.Unsqueeze(choices, [1]), axis=1)), [1]))


@layer("P3", distinct=False)
def gathered_twice(g):
    return gathered(g, scatter_nd)


@layer("P3", experts=1, choices=1)
def gathered_for_one_expert(g):
    """Its matrices are no table of all experts."""
    return gathered_by_tuples(g)


def tokens_of(g, ids, e):
    """Those of which one choice is the expert."""
    chosen = g.ReduceMax(g.Cast(g.Equal(ids, e), to=I64), [1], keepdims=0)
    return g.Squeeze(g.NonZero(g.Cast(chosen, to=BOOL)), [0])


@layer("P3")
def gathered_by_tokens_alone(g):
    """Tokens and their weights are found by different masks, in the same order."""
    weights, ids = g.route()
    flat, total = g.Reshape(weights, [-1]), zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        tokens, choices = hits(g, g.Equal(ids, e))
        weight = g.Unsqueeze(g.Gather(flat, g.Add(g.Mul(tokens, g.k), choices)), [1])
        alone = tokens_of(g, ids, e)
        total = scatter_nd(g, total, alone, g.Mul(g.network(g.Gather("x", alone, axis=0), m), weight))
    return total


@lookalike()
def kept_apart_by_choice(g):
    """Each row where its token and choice are: no sum over choices."""
    base = g.ConstantOfShape(g.Concat(g.Shape("x", end=1), [g.k, g.D], axis=0))
    weights, ids = g.route()
    for e, m in enumerate(g.weights_of_experts()):
        places = g.Transpose(g.NonZero(g.Equal(ids, e)), perm=[1, 0])
        rows = g.Gather("x", hits(g, g.Equal(ids, e))[0], axis=0)
        base = g.ScatterND(base, places, g.network(rows, m), reduction="add")
    return base


@lookalike()
def hits_in_another_order(g):
    """Weights in the order of choices, rows in that of tokens."""
    def weigh(g, weights, flat, ids, tokens, choices, e):
        other = g.Equal(g.Transpose(ids, perm=[1, 0]), e)
        choice, token = hits(g, other)
        return g.Unsqueeze(g.Gather(flat, g.Add(g.Mul(token, g.k), choice)), [1])
    return gathered(g, scatter_nd, weigh=weigh)


@lookalike()
def written_in_another_order(g):
    weights, ids = g.route()
    total = zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        tokens, _ = hits(g, g.Equal(ids, e))
        _, others = hits(g, g.Equal(g.Transpose(ids, perm=[1, 0]), e))
        total = scatter_nd(g, total, others, g.network(g.Gather("x", tokens, axis=0), m))
    return total


@lookalike()
def flat_places_of_choices(g):
    """Places of the transposed mask, flattened, look up transposed weights."""
    weights, ids = g.route()
    flat = g.Reshape(g.Transpose(weights, perm=[1, 0]), [-1])
    total = zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        mask = g.Equal(g.Transpose(ids, perm=[1, 0]), e)
        _, tokens = hits(g, mask)
        place = g.Gather(g.NonZero(g.Reshape(mask, [-1])), g.constant(np.int64(0)), axis=0)
        y = g.Mul(g.network(g.Gather("x", tokens, axis=0), m), g.Unsqueeze(g.Gather(flat, place), [1]))
        total = scatter_nd(g, total, tokens, y)
    return total


@lookalike()
def places_without_a_stride(g):
    """A token and a choice, added up, are no place among the weights."""
    return gathered(g, scatter_nd, weigh=lambda g, weights, flat, ids, tokens, choices, e: g.Unsqueeze(
        g.Gather(flat, g.Add(tokens, choices)), [1]))


@lookalike(experts=4, choices=2)
def weights_of_another_width(g):
    """By token and choice, from the scores of all experts."""
    scores = g.Softmax(g.MatMul("x", g.weight(g.D, g.E)), axis=1)
    return gathered(g, scatter_nd, weigh=lambda g, weights, flat, ids, tokens, choices, e: g.Unsqueeze(
        g.GatherND(scores, g.Concat(g.Unsqueeze(tokens, [1]), g.Unsqueeze(choices, [1]), axis=1)), [1]))


@lookalike()
def hits_twice(g):
    """The mask is computed twice along a new dimension, so that each hit counts twice."""
    weights, ids = g.route()
    flat = g.Reshape(weights, [-1])
    total = zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        places = g.NonZero(g.Equal(ids, g.constant(np.full([2, 1, 1], e))))
        tokens, choices = [g.Gather(places, i, axis=0) for i in (1, 2)]
        weight = g.Gather(flat, g.Add(g.Mul(tokens, g.k), choices))
        y = g.Mul(g.network(g.Gather("x", tokens, axis=0), m), g.Unsqueeze(weight, [1]))
        total = scatter_nd(g, total, tokens, y)
    return total


@lookalike(distinct=False)
def set_where_hit_twice(g):
    """An expert that a token chose twice is set, not added."""
    return gathered(g, lambda g, total, tokens, y: g.Add(total, g.ScatterND(
        zeros_like_x(g), g.Unsqueeze(tokens, [1]), y)))


@lookalike(distinct=False)
def written_where_hit_twice(g):
    def write(g, total, tokens, y):
        index = g.Unsqueeze(tokens, [1])
        return g.ScatterND(total, index, g.Add(g.GatherND(total, index), y))
    return gathered(g, write)


@lookalike(tokens=8)
def read_along_columns(g):
    """What is added to was read along the other axis."""
    g.D = 8  # As many as tokens.

    def write(g, total, tokens, y):
        index = spread(g, tokens, y)
        return g.ScatterElements(total, index, g.Add(g.GatherElements(total, index, axis=1), y), axis=0)
    return gathered(g, write, base=lambda g: g.Relu("x"))


@lookalike()
def written_to_one_column(g):
    weights, ids = g.route()
    total = zeros_like_x(g)
    for e in range(g.E):
        tokens, _ = hits(g, g.Equal(ids, e))
        y = g.MatMul(g.Gather("x", tokens, axis=0), g.weight(g.D, 1))
        total = g.ScatterElements(total, g.Unsqueeze(tokens, [1]), y, axis=0, reduction="add")
    return total


@lookalike()
def set_into_ones(g):
    return gathered(g, lambda g, total, tokens, y: g.Add(total, g.ScatterND(
        g.Exp(g.Sub("x", "x")), g.Unsqueeze(tokens, [1]), y)))


@lookalike()
def largest_kept(g):
    return gathered(g, lambda g, total, tokens, y: g.ScatterND(
        total, g.Unsqueeze(tokens, [1]), y, reduction="max"))


@layer("P3")
def rows_of_another_value(g):
    weights, ids = g.route()
    total = zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        tokens, _ = hits(g, g.Equal(ids, e))
        y = g.network(g.Gather(g.Relu("x") if e == 1 else "x", tokens, axis=0), m)
        total = scatter_nd(g, total, tokens, y)
    return total
