# ===-- by_input.py - weights on the input of experts -------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""A token is weighted before its expert sees it (Llama 4), one expert after the other."""

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
