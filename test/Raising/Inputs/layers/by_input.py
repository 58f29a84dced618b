# ===-- by_input.py - weights on the input of experts -------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""A token is weighted before its expert sees it (Llama 4), one expert after the other."""

import numpy as np

from .graph import layer, lookalike
from .on_hits import hits, scatter_nd, zeros_like_x


def gates(g):
    """[T, E], zero where an expert was not chosen."""
    weights, ids = g.route()
    zeros = g.ConstantOfShape(g.Concat(g.Shape("x", end=1), [g.E], axis=0))
    return g.ScatterElements(zeros, ids, g.Sigmoid(weights), axis=1)


def weighted(g, network=None, gate_of=lambda e: e, rows=None):
    table = gates(g)
    parts = []
    for e, m in enumerate(g.weights_of_experts()):
        gate = g.Gather(table, [gate_of(e)], axis=1)
        parts.append((network or g.network)(g.Mul(rows(g, e) if rows else "x", gate), m))
    return g.sum_up(parts)


def gated(g):
    def network(x, m):
        return g.MatMul(g.Mul(g.Sigmoid(g.MatMul(x, m[0])), g.MatMul(x, g.weight(g.D, g.H))), m[1])
    return network


@layer("P2", choices=1)
def weighted_inputs(g):
    return weighted(g)


@layer("P2", choices=1)
def weighted_inputs_gated(g):
    return weighted(g, gated(g))


@layer("P2", choices=1)
def weighted_inputs_added_to(g):
    """The layer is added to what it was given."""
    return g.Add("x", weighted(g, gated(g)))


@layer("P3", choices=1)
def weighted_hits(g):
    return weigh_hits(g)


def weigh_hits(g):
    weights, ids = g.route()
    flat, total = g.Reshape(weights, [-1]), zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        tokens, choices = hits(g, g.Equal(ids, e))
        weight = g.Unsqueeze(g.Gather(flat, g.Add(g.Mul(tokens, g.k), choices)), [1])
        total = scatter_nd(g, total, tokens, g.network(g.Mul(weight, g.Gather("x", tokens, axis=0)), m))
    return total


@lookalike(choices=2)
def weighted_inputs_of_two_choices(g):
    return weighted(g)


@lookalike(choices=2)
def weighted_hits_of_two_choices(g):
    return weigh_hits(g)


@lookalike(choices=1)
def weighted_inputs_of_a_bias(g):
    """An expert that was not chosen gives what its bias does."""
    return weighted(g, lambda x, m: g.MatMul(g.Relu(g.Add(g.MatMul(x, m[0]), g.weight(g.H))), m[1]))


@lookalike(choices=1)
def weighted_inputs_and_others(g):
    """Half of an expert sees rows without a weight."""
    return weighted(g, lambda x, m: g.MatMul(g.Add(g.MatMul(x, m[0]), g.MatMul("x", g.weight(g.D, g.H))), m[1]))


@layer("P2", choices=1)
def weighted_inputs_in_another_order(g):
    return weighted(g, gate_of=lambda e: g.E - 1 - e)


@layer("P2", choices=1)
def weighted_inputs_of_another_value(g):
    """One expert sees other rows than the rest."""
    return weighted(g, rows=lambda g, e: g.Relu("x") if e == 1 else "x")


@lookalike(choices=1)
def weighted_inputs_by_one(g):
    """All experts' rows are weighted for the first one."""
    return weighted(g, gate_of=lambda e: 0)


@lookalike(choices=1)
def weighted_inputs_twice(g):
    """By the weight and its square."""
    table = gates(g)
    return g.sum_up([g.network(g.Mul(g.Mul("x", g.Gather(table, [e], axis=1)), g.Gather(table, [e], axis=1)), m)
                     for e, m in enumerate(g.weights_of_experts())])


@layer("P2b", choices=1)
def weighted_stack(g):
    return weigh_stack(g, lambda h: g.Relu(h))


@lookalike(choices=1)
def weighted_stack_with_a_bias(g):
    """The last product hides that experts that were not chosen add something."""
    return weigh_stack(g, lambda h: g.Relu(g.Add(h, g.weight(g.E, 1, g.H))))


def weigh_stack(g, act):
    """All experts at once, on the rows of each."""
    rows = g.Mul(g.Unsqueeze("x", [0]), g.Unsqueeze(g.Transpose(gates(g), perm=[1, 0]), [2]))
    h = act(g.MatMul(rows, g.weight(g.E, g.D, g.H)))
    return g.ReduceSum(g.MatMul(h, g.weight(g.E, g.H, g.D)), [0], keepdims=0)


def weigh_copies(g, gathered, added, order=lambda g, numbers: g.Expand(
        g.Unsqueeze(numbers, [0]), g.constant(np.array([g.E, 1], np.int64)))):
    """All tokens once for each expert, copied and added up by their numbers."""
    numbers = g.Range(0, g.Squeeze(g.Shape("x", end=1)), 1)
    index = g.Reshape(order(g, numbers), [-1, 1])
    column = g.Reshape(g.Transpose(gates(g), perm=[1, 0]), [-1, 1])
    rows = g.Reshape(g.Mul(gathered(g, index), column), [g.E, -1, g.D])
    y = g.network(rows, (g.weight(g.E, g.D, g.H), g.weight(g.E, g.H, g.D)))
    return added(g, index, g.Reshape(y, [-1, g.D]))


def by_elements(g, index):
    return g.GatherElements("x", wide(g, index), axis=0)


def wide(g, index):
    return g.Expand(index, g.constant(np.array([1, g.D], np.int64)))


def add_elements(g, index, y, base=lambda g: g.MatMul("x", g.weight(g.D, g.D)), axis=0):
    return g.ScatterElements(base(g), wide(g, index), y, axis=axis, reduction="add")


def add_rows(g, index, y):
    return g.ScatterND(zeros_like_x(g), index, y, reduction="add")


def tiled(g, numbers):
    return g.Tile(numbers, [g.E])


@layer("P2b", choices=1)
def weighted_copies(g):
    return weigh_copies(g, by_elements, add_elements)


@layer("P2b", choices=1)
def weighted_copies_by_rows(g):
    return weigh_copies(g, lambda g, index: g.Gather("x", g.Squeeze(index, [1]), axis=0), add_rows, tiled)


@lookalike(choices=1)
def copies_of_each_token(g):
    """Each token for all experts, before the next one."""
    return weigh_copies(g, by_elements, add_elements, lambda g, numbers: g.Expand(
        g.Unsqueeze(numbers, [1]), g.constant(np.array([1, g.E], np.int64))))


@lookalike(choices=1)
def copies_of_other_tokens(g):
    """Backwards, where tokens are gathered; where they are added up they are not."""
    return weigh_copies(g, lambda g, index: by_elements(g, g.Sub(g.Sub(g.Shape("x", end=1), 1), index)), add_elements)


@lookalike(choices=1)
def copies_added_to_other_tokens(g):
    return weigh_copies(g, by_elements, lambda g, index, y: add_rows(
        g, g.Sub(g.Sub(g.Shape("x", end=1), 1), index), y))


@lookalike(choices=1)
def copies_set(g):
    """Of an expert that was not chosen zeros stay."""
    return weigh_copies(g, by_elements, lambda g, index, y: g.ScatterND(zeros_like_x(g), index, y))


@lookalike(choices=1)
def largest_of_copies(g):
    return weigh_copies(g, by_elements, lambda g, index, y: g.ScatterND(
        zeros_like_x(g), index, y, reduction="max"))


@lookalike(tokens=8, choices=1)
def copies_added_along_rows(g):
    """As many tokens as features, and a number names a column."""
    g.D = 8
    return weigh_copies(g, by_elements, lambda g, index, y: add_elements(
        g, index, g.Reshape(y, [-1, g.D]), axis=1, base=lambda g: g.MatMul(g.constant(np.ones(
            [g.E * 8, 8])), g.weight(8, 8))))


@lookalike(tokens=8, choices=1)
def copies_gathered_along_rows(g):
    g.D = 8
    return weigh_copies(g, lambda g, index: g.GatherElements(g.Tile("x", [g.E, 1]), wide(g, index), axis=1),
                        add_elements)


@lookalike(choices=1)
def copies_of_one_column(g):
    """The first element of a row only."""
    return weigh_copies(g, lambda g, index: g.Mul(g.GatherElements("x", index, axis=0), g.constant(np.ones(
        [1, g.D]))), add_elements)
