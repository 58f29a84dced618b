# ===-- by_boolean.py - rows chosen by boolean masks --------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""`out[mask] += expert(x[mask]) * p[mask, e]`, and other choices than TopK's."""

import numpy as np

from .graph import I64, layer, lookalike
from .on_hits import hits, zeros_like_x


def places(g, mask):
    """Where a mask is set: a tuple for each place."""
    return g.Transpose(g.NonZero(mask), perm=[1, 0])


def one_choice(g):
    scores = g.Softmax(g.MatMul("x", g.weight(g.D, g.E)), axis=1)
    return scores, g.ArgMax(scores, axis=1, keepdims=0)


def set_rows(g, ids, weigh=None, experts=None):
    """Each token has one choice, in `ids` [T]; `weigh(e, place)` is a column."""
    total = zeros_like_x(g)
    for e in range(experts or g.E):
        m = (g.weight(g.D, g.H), g.weight(g.H, g.D))
        place = places(g, g.Equal(ids, e))
        y = g.network(g.GatherND("x", place), m)
        total = g.ScatterND(total, place, g.Mul(y, weigh(e, place)) if weigh else y)
    return total


def column(g, scores, shift=0):
    return lambda e, place: g.Unsqueeze(g.GatherND(g.Gather(scores, (e + shift) % g.E, axis=1), place), [1])


@layer("P3", choices=1)
def weighted_by_columns(g):
    scores, ids = one_choice(g)
    return set_rows(g, ids, column(g, scores))


@lookalike(choices=1)
def weighted_by_other_columns(g):
    scores, ids = one_choice(g)
    return set_rows(g, ids, column(g, scores, shift=1))


@layer("P3", tokens=5, experts=5, choices=1)
def weighted_by_a_table(g):
    """Any numbers for tokens and experts."""
    scores, ids = one_choice(g)
    return set_rows(g, ids, column(g, g.Transpose(scores, perm=[1, 0])))


@layer("P3", choices=1)
def numbers_modulo(g):
    """What hashes tokens."""
    number = g.Cast(g.Mul(g.ReduceMax("x", [1], keepdims=0), g.constant(100.0)), to=I64)
    return set_rows(g, g.Mod(number, g.E))


@layer("P3", choices=1)
def numbers_modulo_more(g):
    """The last number is that of no expert."""
    number = g.Cast(g.Mul(g.ReduceMax("x", [1], keepdims=0), g.constant(100.0)), to=I64)
    return set_rows(g, g.Mod(number, g.E + 1))


def within(g, size):
    """One of two groups, and one of its two members."""
    group = g.ArgMax(g.MatMul("x", g.weight(g.D, 2)), axis=1, keepdims=0)
    member = g.ArgMax(g.MatMul("x", g.weight(g.D, 2)), axis=1, keepdims=0)
    return g.Add(g.Mul(group, size), member)


@layer("P3", experts=4, choices=1)
def members_of_groups(g):
    return set_rows(g, within(g, 2))


@lookalike(experts=4, choices=1)
def members_of_larger_groups(g):
    """The second group begins at 3."""
    return set_rows(g, within(g, 3), experts=5)


@layer("P3")
def rows_of_three_dimensions(g):
    """As TorchScript writes x[None, index]."""
    weights, ids = g.route()
    total = zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        token = g.Gather(g.NonZero(g.Equal(ids, e)), 0, axis=0)
        rows = g.Reshape(g.Gather(g.Unsqueeze("x", [0]), token, axis=1), [-1, g.D])
        total = g.ScatterND(total, g.Unsqueeze(token, [1]), g.network(rows, m), reduction="add")
    return total


@layer("P3", choices=1)
def found_twice(g):
    """The places of the rows and of the weights are found apart, as by TorchScript."""
    scores, ids = one_choice(g)
    weigh = column(g, scores)
    return set_rows(g, ids, lambda e, place: weigh(e, places(g, g.Equal(ids, e))))


@layer("P3", choices=1)
def flat_place_of_one_choice(g):
    """t * 1 + 0."""
    weights, ids = g.route()
    flat, total = g.Reshape(weights, [-1]), zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        token, choice = hits(g, g.Equal(ids, e))
        weight = g.Unsqueeze(g.Gather(flat, g.Add(choice, g.Mul(token, 1))), [1])
        total = g.ScatterND(total, g.Unsqueeze(token, [1]), g.Mul(g.network(g.Gather("x", token, axis=0), m), weight),
                            reduction="add")
    return total


@lookalike(choices=1)
def found_for_another(g):
    """The places of the weights are those of the rows of another expert."""
    scores, ids = one_choice(g)
    weigh = column(g, scores)
    return set_rows(g, ids, lambda e, place: g.ReduceSum(
        weigh(e, places(g, g.Equal(ids, (e + 1) % g.E))), [0], keepdims=1))


def elements(g, order=lambda g, rows: rows, spread=None, cut=None):
    """The mask is spread over rows, and each element written to its own place."""
    weights, ids = g.route()
    gates = g.ScatterElements(g.ConstantOfShape(g.Concat(g.Shape("x", end=1), [g.E], axis=0)), ids, weights, axis=1)
    total = zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        mask = g.Cast(g.ReduceMax(g.Cast(g.Equal(ids, e), to=I64), [1], keepdims=0), to=9)
        place = places(g, mask)
        weight = g.Unsqueeze(g.GatherND(g.Gather(gates, e, axis=1), place), [1])
        rows = g.Add(g.GatherND(total, place), g.Mul(g.network(g.GatherND("x", place), m), weight))
        wide = g.Expand(g.Unsqueeze(mask, [1]), g.Shape("x"))
        where = places(g, wide)
        flat = g.Reshape(order(g, rows), [-1])
        if cut:
            flat = g.Slice(flat, [0], g.Unsqueeze(g.Gather(g.Shape(cut(where, place)), 0, axis=0), [0]), [0])
        total = g.ScatterND(total, where, flat)
    return total


@layer("P3")
def written_by_elements(g):
    return elements(g)


@layer("P3")
def written_by_counted_elements(g):
    return elements(g, cut=lambda where, place: where)


@lookalike()
def written_by_columns(g):
    """The elements of each column, one after the other."""
    return elements(g, order=lambda g, rows: g.Transpose(rows, perm=[1, 0]))


# -- Results side by side, of which each choice takes its own --


def taken(g, flat=False, choices=None, weigh=lambda j: j, axis=1):
    weights, ids = g.route()
    every = g.Concat(*[g.Unsqueeze(g.network("x", m), [axis]) for m in g.weights_of_experts()], axis=axis)
    token = g.Range(g.constant(np.int64(0)), g.Squeeze(g.Shape("x", end=1), [0]), g.constant(np.int64(1)))
    parts = []
    for j in choices or range(g.k):
        chosen = g.Gather(ids, j, axis=1)
        if flat:
            rows = g.Gather(g.Reshape(every, [-1, g.D]), g.Add(g.Mul(token, g.E), chosen), axis=0)
        else:
            rows = g.GatherND(every, g.Concat(g.Unsqueeze(token, [1]), g.Unsqueeze(chosen, [1]), axis=1))
        parts.append(g.Mul(rows, g.Unsqueeze(g.Gather(weights, weigh(j), axis=1), [1])))
    return g.sum_up(parts)


@layer("P2")
def taken_for_each_choice(g):
    return taken(g)


@layer("P2")
def taken_by_flat_places(g):
    return taken(g, flat=True)


@layer("P2")
def taken_for_the_first(g):
    return taken(g, choices=[0])


@lookalike()
def taken_twice(g):
    return taken(g, choices=[0, 0])


@lookalike(choices=2, experts=3)
def taken_with_other_weights(g):
    return taken(g, weigh=lambda j: 1 - j)


@lookalike(tokens=4, experts=4)
def taken_of_other_tokens(g):
    """As many experts as tokens; the stack has experts first."""
    return taken(g, axis=0)


@lookalike(tokens=4)
def taken_by_all_weights(g):
    """The rows of all tokens, by the weight of each."""
    weights, ids = g.route()
    every = g.Concat(*[g.Unsqueeze(g.network("x", m), [1]) for m in g.weights_of_experts()], axis=1)
    token = g.Range(g.constant(np.int64(0)), g.constant(np.int64(4)), g.constant(np.int64(1)))
    place = g.Concat(g.Unsqueeze(token, [1]), g.Unsqueeze(g.Gather(ids, 0, axis=1), [1]), axis=1)
    rows = g.Unsqueeze(g.GatherND(every, place), [0])
    return g.Mul(rows, g.Unsqueeze(g.Gather(weights, 0, axis=1), [1, 2]))
