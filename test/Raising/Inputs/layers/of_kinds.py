# ===-- of_kinds.py - experts that are not all alike ---------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Experts of several kinds: each is one function of a row but for its weights."""

import numpy as np

from .by_order import sorted_rows, split
from .graph import F32, layer, lookalike
from .on_all_tokens import masked
from .on_hits import hits, scatter_nd, set_and_add, zeros_like_x


def some_unlike(network, other, unlike=lambda e: e % 2):
    """The network of half of the experts, and another of the rest."""
    return lambda g, x, m, e: (other if unlike(e) else network)(g, x, m)


def plain(g, x, m):
    return g.network(x, m)


def wide(g, x, m):
    """Twice as wide as the rest."""
    return g.network(x, (g.weight(g.D, 2 * g.H), g.weight(2 * g.H, g.D)))


def constant(g, x, m):
    """What MoE++ calls a constant expert: a x + b v, with a and b of the row."""
    parts = g.Split(g.Softmax(g.MatMul(x, g.weight(g.D, 2)), axis=-1), axis=-1, num_outputs=2, outputs=2)
    return g.Add(g.Mul(parts[0], x), g.Mul(parts[1], g.weight(g.D)))


@layer("P2")
def another_activation(g):
    return masked(g, network=lambda g, x, m, e: g.network(x, m, "Relu" if e else "Tanh"))


@layer("P2")
def another_slope(g):
    return masked(g, network=lambda g, x, m, e: g.MatMul(
        g.LeakyRelu(g.MatMul(x, m[0]), alpha=0.1 + 0.1 * (e == 1)), m[1]))


@layer("P2")
def another_number(g):
    return masked(g, network=lambda g, x, m, e: g.MatMul(
        g.Mul(g.MatMul(x, m[0]), g.constant(1.5 + (e == 1))), m[1]))


@layer("P2")
def other_rows(g):
    return masked(g, rows=lambda g, e: "x" if e else g.Relu("x"))


@layer("P2")
def vector_after_no_product(g):
    return masked(g, network=lambda g, x, m, e: g.MatMul(
        g.Add(g.Relu(g.MatMul(x, m[0])), g.weight(g.H)), m[1]))


@layer("P2")
def split_apart(g):
    """One expert turns its features round by another number."""
    def network(g, x, m, e):
        h = g.MatMul(x, m[0])
        size = 3 if e == 1 else 1
        a, b = g.Split(h, [size, g.H - size], axis=1, outputs=2)
        return g.MatMul(g.Concat(b, a, axis=1), m[1])
    return masked(g, network=network)


@layer("P2")
def of_two_widths(g):
    return masked(g, network=some_unlike(plain, wide))


@layer("P2", experts=5)
def of_four_kinds(g):
    kinds = [plain, wide, constant, lambda g, x, m: x, constant]
    return masked(g, network=lambda g, x, m, e: kinds[e](g, x, m))


def four_kinds(g, x, m, e):
    return [plain, wide, constant, lambda g, x, m: x][e](g, x, m)


@layer("P2", experts=4, half=True)
def halves_of_four_kinds(g):
    return masked(g, network=four_kinds)


@layer("P2", experts=4, batch=2)
def batches_of_four_kinds(g):
    """Rows, choices and weights have two dimensions in front."""
    return masked(g, network=four_kinds)


@layer("P2", experts=4, batch=2, half=True)
def batches_of_halves_of_four_kinds(g):
    return masked(g, network=four_kinds)


@layer("P2", batch=3)
def batches_adding_nothing(g):
    return masked(g, network=some_unlike(plain, lambda g, x, m: zeros_like_x(g)))


@layer("P2", distinct=False)
def handed_on_twice(g):
    return masked(g, network=some_unlike(plain, lambda g, x, m: x))


@layer("P2")
def adding_nothing(g):
    """Some experts give zeros, whatever the row."""
    return masked(g, network=some_unlike(plain, lambda g, x, m: zeros_like_x(g)))


@layer("P2")
def only_one_adds(g):
    """All others give zeros."""
    return masked(g, network=some_unlike(plain, lambda g, x, m: zeros_like_x(g), lambda e: e > 0))


@layer("P2")
def adding_no_row(g):
    return masked(g, network=some_unlike(plain, lambda g, x, m: g.Mul(x, 0.0)))


def kinds_of_hits(g, network, seen=lambda e: e):
    """Each kind on the rows of its hits; of expert `seen(e)`, where it is another's."""
    weights, ids = g.route()
    flat = g.Reshape(weights, [-1])
    total = zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        tokens, choices = hits(g, g.Equal(ids, e))
        rows = tokens if seen(e) == e else hits(g, g.Equal(ids, seen(e)))[0]
        weight = g.Unsqueeze(g.Gather(flat, g.Add(g.Mul(tokens, g.k), choices)), [1])
        y = network(g, g.Gather(g.x, rows, axis=0), m, e)
        # ONNX Runtime adds no halves while it scatters.
        total = (scatter_nd if g.float == F32 else set_and_add)(g, total, tokens, g.Mul(y, weight))
    return total


@layer("P3")
def hits_of_two_widths(g):
    return kinds_of_hits(g, some_unlike(plain, wide))


@layer("P3", half=True)
def hits_of_two_widths_in_halves(g):
    return kinds_of_hits(g, some_unlike(plain, wide))


@layer("P3", batch=2)
def hits_of_two_widths_in_batches(g):
    """What finds the hits sees no batches, as in transformers."""
    g.x, g.last = g.Reshape(g.x, [-1, g.D]), 1
    return g.Reshape(kinds_of_hits(g, some_unlike(plain, wide)), g.Shape("x"))


@layer("P3")
def hits_handed_on(g):
    """As LongCat's zero experts."""
    return kinds_of_hits(g, some_unlike(plain, lambda g, x, m: x, lambda e: e >= g.E - 2))


@layer("P5")
def sorted_of_two_widths(g):
    return sorted_rows(g, network=some_unlike(plain, wide))


@layer("P5", half=True)
def sorted_of_two_widths_in_halves(g):
    return sorted_rows(g, network=some_unlike(plain, wide))


@layer("P5")
def sorted_and_handed_on(g):
    return sorted_rows(g, network=some_unlike(plain, lambda g, x, m: x))


@layer("P5")
def split_of_two_widths(g):
    return sorted_rows(g, network=some_unlike(plain, wide), cut=split)


@layer("P5")
def one_splits_other_rows(g):
    """One expert's rows are cut from something else, at the same places."""
    return sorted_rows(g, cut=lambda g, rows, histogram: [
        *split(g, rows, histogram)[:-1], split(g, g.Relu(rows), histogram)[-1]])


@layer("P5")
def one_of_sorted_is_gated(g):
    """What it splits are the features of its rows."""
    def halves(g, x, m):
        up, gate = g.Split(g.MatMul(x, g.weight(g.D, 2 * g.H)), axis=1, num_outputs=2, outputs=2)
        return g.MatMul(g.Mul(g.Sigmoid(gate), up), m[1])
    return sorted_rows(g, network=some_unlike(plain, halves, lambda e: e == 1))


def squared(g, x, m, e):
    """One expert takes what it multiplied twice, the others something else of it."""
    h = g.MatMul(x, m[0])
    return g.MatMul(g.Mul(h, h if e == 0 else g.Tanh(h)), m[1])


@layer("P2")
def one_operand_twice(g):
    return masked(g, network=squared)


@layer("P3")
def hits_of_one_operand_twice(g):
    return kinds_of_hits(g, squared)


@layer("P2")
def other_products_by_turns(g):
    """Of two products one expert takes the first, the others the second."""
    def network(g, x, m, e):
        h, t = g.MatMul(x, m[0]), g.MatMul(x, g.weight(g.D, g.H))
        return g.MatMul(g.Mul(g.Add(h, t), h if e == 0 else t), m[1])
    return masked(g, network=network)


@layer("P5")
def sorted_rows_taken_from_one(g):
    """What all sorted rows have in common is of each kind's rows."""
    return sorted_rows(g, before=lambda g, rows: g.Sub(1.0, rows), network=some_unlike(plain, wide))


def last_left_out(g, network=plain, count=2):
    """The weights, the ids, and the sum over all experts but the last two, on hits."""
    weights, ids = g.route()
    flat = g.Reshape(weights, [-1])
    total = zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()[:-count]):
        tokens, choices = hits(g, g.Equal(ids, e))
        weight = g.Unsqueeze(g.Gather(flat, g.Add(g.Mul(tokens, g.k), choices)), [1])
        total = scatter_nd(g, total, tokens, g.Mul(network(g, g.Gather("x", tokens, axis=0), m), weight))
    return weights, ids, total


@layer("P3", experts=5)
def hits_of_zeros_left_out(g):
    """Zero experts have no turn in the loop."""
    return last_left_out(g)[2]


@layer("P3", experts=5)
def handed_on_by_weight(g):
    """What chose none of the others adds the row by its weight."""
    weights, ids, total = last_left_out(g)
    rest = g.ReduceSum(g.Mul(weights, g.Cast(g.GreaterOrEqual(ids, 3), to=F32)), [1], keepdims=1)
    return g.Add(total, g.Mul("x", rest))


@layer("P2", experts=5)
def all_but_zeros(g):
    return masked(g, order=range(3), network=some_unlike(plain, wide))


@layer("P2", experts=5)
def nothing_of_no_number(g):
    """The weight of what is left out is no number, and that is lost."""
    scores, ids = g.route()
    weights = g.Where(g.GreaterOrEqual(ids, 3), np.nan, scores)
    parts = []
    for e, m in enumerate(g.weights_of_experts()[:3]):
        mask = g.Equal(ids, e)
        parts.append(g.Mul(g.network("x", m), g.ReduceSum(g.Where(mask, weights, 0.0), [1], keepdims=1)))
    return g.sum_up(parts)


@lookalike(experts=5)
def zeros_and_nothing(g):
    """One expert adds zeros by its weight, and another nothing."""
    return masked(g, order=range(4), network=some_unlike(plain, lambda g, x, m: zeros_like_x(g), lambda e: e == 3))


@lookalike(experts=4)
def only_one_left(g):
    return masked(g, order=[0])


@lookalike()
def all_handed_on(g):
    """None has weights."""
    return masked(g, network=some_unlike(lambda g, x, m: g.Relu(x), lambda g, x, m: x))


@lookalike()
def one_sees_other_hits(g):
    """The rows that another expert hands on, as many as there are."""
    return kinds_of_hits(g, some_unlike(plain, lambda g, x, m: g.ReduceSum(x, [0], keepdims=1)),
                         lambda e: (e + 2) % g.E if e % 2 else e)


@lookalike()
def one_sums_its_rows(g):
    """One expert is no function of a row."""
    return masked(g, network=some_unlike(plain, lambda g, x, m: g.Add(x, g.ReduceSum(x, [0], keepdims=1))))


@lookalike()
def one_number_for_a_row(g):
    """One expert's results have one column, spread over the sum."""
    return masked(g, network=some_unlike(plain, lambda g, x, m: g.MatMul(x, g.weight(g.D, 1))))


@lookalike()
def sorted_parts_swapped(g):
    """Experts of two kinds, whose results stand in one another's place."""
    return sorted_rows(g, network=some_unlike(plain, lambda g, x, m: g.network(x, m, "Tanh")),
                       order=lambda parts: [parts[1], parts[0], *parts[2:]])


def looked_up_by_two_kinds(g, first):
    """Of the only choice something is looked up, by experts of two activations; an
    expert counts where that is its own."""
    seen = []

    def mask_of(g, ids, e):
        seen[:] = [ids]
        return g.Equal(ids, e)

    def network(g, x, m, e):
        return g.MatMul(g.make("Tanh" if e == 1 else "Relu", first(g, x, m, seen[0])), m[1])
    return masked(g, mask_of=mask_of, network=network)


@lookalike(choices=1)
def vectors_looked_up_by_two_kinds(g):
    table = g.weight(g.E, g.H)
    return looked_up_by_two_kinds(g, lambda g, x, m, ids: g.Add(
        g.MatMul(x, m[0]), g.Squeeze(g.Gather(table, ids, axis=0), [1])))


@lookalike(choices=1)
def matrices_looked_up_by_two_kinds(g):
    table = g.weight(g.E, g.D, g.H)
    return looked_up_by_two_kinds(g, lambda g, x, m, ids: g.Squeeze(
        g.MatMul(g.Unsqueeze(x, [1]), g.Squeeze(g.Gather(table, ids, axis=0), [1])), [1]))
