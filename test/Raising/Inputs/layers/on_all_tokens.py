# ===-- on_all_tokens.py - every expert on every token (P2) --------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Each expert sees all tokens; masks weigh what it gives."""

import numpy as np
from onnx import helper

from .graph import BOOL, F32, layer, lookalike


def masked(g, order=None, compared=None, gate=None, network=None, mask_of=None, rows=None):
    """Each expert on all tokens, weighted by what its mask leaves."""
    weights, ids = g.route()
    parts = []
    matrices = g.weights_of_experts()
    for e in order or range(g.E):
        mask = mask_of(g, ids, e) if mask_of else g.Equal(ids, (compared or (lambda e: e))(e))
        kept = g.Mul(g.Cast(mask, to=g.float), weights)
        one = gate(g, kept, e) if gate else g.ReduceSum(kept, [g.last], keepdims=1)
        y = network(g, g.x, matrices[e], e) if network else g.network(rows(g, e) if rows else g.x, matrices[e])
        parts.append(g.Mul(y, one))
    return g.sum_up(parts)


@layer("P2")
def masked_by_equal(g):
    return masked(g)


@layer("P2")
def masked_of_more_choices(g):
    """One more is chosen than counts."""
    values, ids = g.TopK(g.Softmax(g.MatMul("x", g.weight(g.D, g.E)), axis=1), [g.k + 1], axis=1, outputs=2)
    weights, ids = [g.Slice(v, [0], [g.k], [1]) for v in (values, ids)]
    weights = g.Div(weights, g.ReduceSum(weights, [1], keepdims=1))
    return g.sum_up([g.Mul(g.network("x", m), g.ReduceSum(
        g.Mul(g.Cast(g.Equal(ids, e), to=F32), weights), [1], keepdims=1)) for e, m in enumerate(
            g.weights_of_experts())])


@layer("P2")
def masked_of_later_choices(g):
    """The first choice does not count."""
    ids = g.TopK(g.MatMul("x", g.weight(g.D, g.E)), [g.k + 1], axis=1, outputs=2)[1]
    ids = g.Slice(ids, [1], [g.k + 1], [1])
    weights = g.Softmax(g.MatMul("x", g.weight(g.D, g.k)), axis=1)
    return g.sum_up([g.Mul(g.network("x", m), g.ReduceSum(
        g.Mul(g.Cast(g.Equal(ids, e), to=F32), weights), [1], keepdims=1)) for e, m in enumerate(
            g.weights_of_experts())])


@layer("P2")
def masked_by_where(g):
    weights, ids = g.route()
    parts = []
    for e, matrices in enumerate(g.weights_of_experts()):
        kept = g.Where(g.Equal(ids, e), weights, 0.0)
        parts.append(g.Mul(g.network("x", matrices, "Tanh"), g.ReduceSum(kept, [1], keepdims=1)))
    return g.sum_up(parts)


@layer("P2")
def masked_by_onehot(g):
    weights, ids = g.route()
    hot = g.one_hot(ids)
    gates = g.ReduceSum(g.Mul(hot, g.Unsqueeze(weights, [2])), [1], keepdims=0)
    return g.sum_up([g.Mul(g.network("x", m), g.Slice(gates, [e], [e + 1], [1]))
                     for e, m in enumerate(g.weights_of_experts())])


@layer("P2")
def gate_by_scatter(g):
    weights, ids = g.route()
    zeros = g.ConstantOfShape(g.Concat(g.Shape("x", end=1), [g.E], axis=0))
    gates = g.ScatterElements(zeros, ids, weights, axis=1)
    return g.sum_up([g.Mul(g.network("x", m), g.Gather(gates, [e], axis=1))
                     for e, m in enumerate(g.weights_of_experts())])


@layer("P2")
def gate_by_softmax(g):
    """Softmax of what is minus infinity where an expert was not chosen."""
    scores = g.MatMul("x", g.weight(g.D, g.E))
    values, ids = g.TopK(scores, [g.k], axis=1, outputs=2)
    lowest = g.ConstantOfShape(g.Shape(scores), value=helper.make_tensor("v", F32, [1], [-np.inf]))
    gates = g.Softmax(g.ScatterElements(lowest, ids, values, axis=1), axis=1)
    return g.sum_up([g.Mul(g.network("x", m), p) for m, p in zip(
        g.weights_of_experts(), g.Split(gates, axis=1, num_outputs=g.E, outputs=g.E))])


@layer("P2", choices=1)
def one_choice_by_argmax(g):
    scores = g.Softmax(g.MatMul("x", g.weight(g.D, g.E)), axis=1)
    ids = g.ArgMax(scores, axis=1, keepdims=1)
    best = g.ReduceMax(scores, [1], keepdims=1)
    return g.sum_up([g.Mul(g.network("x", m), g.Mul(g.Cast(g.Equal(ids, e), to=F32), best))
                     for e, m in enumerate(g.weights_of_experts())])


@layer("P2", distinct=False)
def two_choices_of_one(g):
    return masked(g)


def weighted(g, gates):
    """Each expert on all tokens, by its column of the gates."""
    return g.sum_up([g.Mul(g.network("x", m), g.Gather(gates, [e], axis=1))
                     for e, m in enumerate(g.weights_of_experts())])


@layer("P2", distinct=False)
def chosen_twice_by_softmax(g):
    """Of an expert that a token chose twice one score is left, the last."""
    scores, ids = g.route()
    lowest = g.ConstantOfShape(g.Concat(g.Shape("x", end=1), [g.E], axis=0),
                               value=helper.make_tensor("v", F32, [1], [-np.inf]))
    return weighted(g, g.Softmax(g.ScatterElements(lowest, ids, scores, axis=1), axis=1))


@layer("P2", distinct=False)
def chosen_twice_by_scores(g):
    """Each expert that was chosen adds something once, by its own score."""
    _, ids = g.route()
    scores = g.Softmax(g.MatMul("x", g.weight(g.D, g.E)), axis=1)
    return weighted(g, g.Mul(g.ReduceMax(g.one_hot(ids), [1], keepdims=0), scores))


@layer("P2")
def ids_counted_from_one(g):
    return masked(g, mask_of=lambda g, ids, e: g.Equal(g.Add(ids, 1), e + 1))


@layer("P2")
def ids_cast_like_rows(g):
    return masked(g, mask_of=lambda g, ids, e: g.Equal(g.CastLike(ids, "x"), g.constant(np.float32(e))))


@layer("P2")
def scaled_by_a_column(g):
    """The rows of a product, each times a number that another product makes of it."""
    return masked(g, network=lambda g, x, m, e: g.MatMul(
        g.Mul(g.MatMul(x, m[0]), g.MatMul(x, g.weight(g.D, 1))), m[1]))


@layer("P2")
def with_bias(g):
    def network(g, x, m, e):
        h = g.Relu(g.Gemm(x, g.weight(g.H, g.D), g.weight(g.H), transB=1))
        return g.Add(g.MatMul(h, m[1]), g.weight(g.D))
    return masked(g, network=network)


@layer("P2")
def gated(g):
    def network(g, x, m, e):
        up, gate = g.Split(g.MatMul(x, g.weight(g.D, 2 * g.H)), axis=1, num_outputs=2, outputs=2)
        return g.MatMul(g.Mul(g.Mul(gate, g.Sigmoid(gate)), up), m[1])
    return masked(g, network=network)


def stacked(g, gates, axis=1):
    """The sum of what all experts give, stacked, by gates [T, E]."""
    y = g.Concat(*[g.Unsqueeze(g.network("x", m), [axis]) for m in g.weights_of_experts()], axis=axis)
    return g.ReduceSum(g.Mul(y, g.Unsqueeze(gates, [2])), [1], keepdims=0)


def gates_of(g):
    weights, ids = g.route()
    return g.ReduceSum(g.Mul(g.one_hot(ids), g.Unsqueeze(weights, [2])), [1], keepdims=0)


@layer("P2")
def stacked_and_summed(g):
    return stacked(g, gates_of(g))


@layer("P2")
def stacked_and_multiplied(g):
    y = g.Concat(*[g.Unsqueeze(g.network("x", m), [1]) for m in g.weights_of_experts()], axis=1)
    return g.Squeeze(g.MatMul(g.Unsqueeze(gates_of(g), [1]), y), [1])


@layer("P2")
def stacked_and_contracted(g):
    y = g.Concat(*[g.Unsqueeze(g.network("x", m), [1]) for m in g.weights_of_experts()], axis=1)
    return g.Einsum(gates_of(g), y, equation="te,ted->td")


@lookalike(tokens=4, experts=4)
def stacked_along_tokens(g):
    """As many experts as tokens, whose results stand in one another's place."""
    return stacked(g, gates_of(g), axis=0)


@lookalike(tokens=4, experts=4)
def multiplied_along_tokens(g):
    y = g.Concat(*[g.Unsqueeze(g.network("x", m), [0]) for m in g.weights_of_experts()], axis=0)
    return g.Squeeze(g.MatMul(g.Unsqueeze(gates_of(g), [1]), y), [1])


@lookalike(tokens=4, experts=4)
def multiplied_by_other_weights(g):
    """The weights of all tokens for one expert meet the results of all experts."""
    y = g.Concat(*[g.Unsqueeze(g.network("x", m), [1]) for m in g.weights_of_experts()], axis=1)
    return g.Squeeze(g.MatMul(g.Unsqueeze(g.Transpose(gates_of(g), perm=[1, 0]), [1]), y), [1])


@lookalike()
def multiplied_by_choice(g):
    """The weights of one choice, those of the others left out."""
    weights, ids = g.route()
    rows = g.Slice(g.Mul(g.one_hot(ids), g.Unsqueeze(weights, [2])), [0], [1], [1])
    y = g.Concat(*[g.Unsqueeze(g.network("x", m), [1]) for m in g.weights_of_experts()], axis=1)
    return g.Squeeze(g.MatMul(rows, y), [1])


@layer("P2b")
def all_in_one(g, behind=None):
    weights, ids = g.route()
    hot = g.one_hot(ids)
    gates = g.ReduceSum(g.Mul(hot, g.Unsqueeze(weights, [2])), [1], keepdims=0)
    y = g.network(g.Unsqueeze("x", [0]), (g.weight(g.E, g.D, g.H), g.weight(g.E, g.H, g.D)))
    y = g.Mul(y, g.Unsqueeze(g.Transpose(gates, perm=[1, 0]), [2]))
    return g.ReduceSum(behind(g, y) if behind else y, [0], keepdims=0)


@layer("P2")
def expert_missing(g):
    """As a zero expert that is left out: a choice of the last adds nothing."""
    return masked(g, order=range(g.E - 1))


@lookalike()
def first_expert_missing(g):
    return masked(g, order=range(1, g.E))


@lookalike()
def second_expert_missing(g):
    return masked(g, order=[0, *range(2, g.E)])


@lookalike()
def last_one_subtracted(g):
    weights, ids = g.route()
    parts = [g.Mul(g.network("x", m), g.ReduceSum(g.Mul(g.Cast(g.Equal(ids, e), to=F32), weights), [1], keepdims=1))
             for e, m in enumerate(g.weights_of_experts())]
    return g.Sub(g.sum_up(parts[:-1]), parts[-1])


@layer("P2")
def expert_added_once_more(g):
    """A layer, and something more."""
    return masked(g, order=[*range(g.E), 0])


@lookalike()
def expert_instead_of_another(g):
    return masked(g, order=[*range(g.E - 1), 0])


@lookalike(experts=4)
def experts_numbered_in_reverse(g):
    weights, ids = g.route()
    hot = g.Cast(g.Equal(g.Unsqueeze(ids, [2]), g.constant(np.arange(g.E)[::-1].copy())), to=F32)
    gates = g.ReduceSum(g.Mul(hot, g.Unsqueeze(weights, [2])), [1], keepdims=0)
    return g.sum_up([g.Mul(g.network("x", m), g.Slice(gates, [e], [e + 1], [1]))
                     for e, m in enumerate(g.weights_of_experts())])


@lookalike()
def experts_without_weights(g):
    return masked(g, network=lambda g, x, m, e: g.Relu(x))


@layer("P2")
def ids_shifted(g):
    """The first network is chosen by nobody, and the last expert has none."""
    return masked(g, mask_of=lambda g, ids, e: g.Equal(g.Add(ids, 1), e))


@lookalike()
def mask_of_greater(g):
    return masked(g, mask_of=lambda g, ids, e: g.Greater(ids, e))


@lookalike()
def gates_scaled_apart(g):
    return masked(g, gate=lambda g, kept, e: g.Mul(g.ReduceSum(kept, [1], keepdims=1), g.constant(1.0 + e)))


@lookalike()
def scaled_by_transposed(g):
    """Rows are scaled by a product that is no weight of the token."""
    return masked(g, gate=lambda g, kept, e: g.ReduceSum(kept, [0, 1], keepdims=1))


@lookalike()
def viewed_apart(g):
    """One expert takes the softmax over halves of a row."""
    def network(g, x, m, e):
        h = g.MatMul(x, m[0])
        width = g.H // 2 if e == 1 else g.H
        return g.MatMul(g.Reshape(g.Softmax(g.Reshape(h, [-1, width]), axis=1), [-1, g.H]), m[1])
    return masked(g, network=network)


@lookalike(choices=1)
def gate_is_a_sum(g):
    """The gate is the sum of all scores, which only has the extents of a weight."""
    scores = g.MatMul("x", g.weight(g.D, g.E))
    ids = g.ArgMax(scores, axis=1, keepdims=1)
    return g.sum_up([g.Mul(g.network("x", m), g.ReduceSum(g.Mul(g.Cast(g.Equal(ids, e), to=F32), scores), [1],
                                                          keepdims=1))
                     for e, m in enumerate(g.weights_of_experts())])


@lookalike(choices=1)
def gate_over_all_axes(g):
    """No axes are all axes."""
    scores = g.MatMul("x", g.weight(g.D, g.E))
    best, ids = g.TopK(scores, [1], axis=1, outputs=2)
    none = g.constant(np.zeros([0], np.int64))
    return g.sum_up([g.Mul(g.network("x", m), g.ReduceSum(g.Mul(g.Cast(g.Equal(ids, e), to=F32), best), none,
                                                          keepdims=1))
                     for e, m in enumerate(g.weights_of_experts())])


@lookalike()
def one_of_two_weights(g):
    """Two weights for each choice, of which the second is taken."""
    weights, ids = g.route()
    both = g.Concat(g.Unsqueeze(weights, [2]), g.Unsqueeze(g.Sqrt(weights), [2]), axis=2)
    parts = []
    for e, m in enumerate(g.weights_of_experts()):
        mask = g.Unsqueeze(g.Cast(g.Equal(ids, e), to=F32), [2])
        kept = g.ReduceSum(g.Mul(mask, both), [1], keepdims=0)
        parts.append(g.Mul(g.network("x", m), g.Gather(kept, [1], axis=1)))
    return g.sum_up(parts)


@lookalike(experts=4, choices=2)
def slice_from_far_below(g):
    """Starts before the first element are clamped."""
    weights, ids = g.route()
    hot = g.one_hot(ids)
    gates = g.ReduceSum(g.Mul(hot, g.Unsqueeze(weights, [2])), [1], keepdims=0)
    bounds = [(0, 1), (1, 2), (2, 3), (-5, -3)]
    return g.sum_up([g.Mul(g.network("x", m), g.Slice(gates, [begin], [end], [1]))
                     for (begin, end), m in zip(bounds, g.weights_of_experts())])


@lookalike()
def outer_product(g):
    """Every token's rows are weighted by every token's weights."""
    weights, ids = g.route()
    parts = []
    for e, m in enumerate(g.weights_of_experts()):
        kept = g.ReduceSum(g.Mul(g.Cast(g.Equal(ids, e), to=F32), weights), [1], keepdims=1)
        parts.append(g.Mul(g.Unsqueeze(g.network("x", m), [0]), g.Unsqueeze(kept, [1])))
    return g.sum_up(parts)


@lookalike()
def number_with_extents(g):
    """A number that is repeated along a new dimension."""
    return masked(g, network=lambda g, x, m, e: g.Add(
        g.network(x, m), g.constant(np.full([3, 1, 1], 0.5, np.float32))))


@lookalike()
def gate_with_extents(g):
    return masked(g, gate=lambda g, kept, e: g.Mul(g.ReduceSum(kept, [1], keepdims=1),
                                                   g.constant(np.full([1, 4], 2.0, np.float32))),
                  network=lambda g, x, m, e: g.MatMul(g.MatMul(x, m[0]), g.weight(g.H, 4)))


def weighed_by_table(g, table):
    return g.sum_up([g.Mul(g.network("x", m), g.Gather(table, [e], axis=1))
                     for e, m in enumerate(g.weights_of_experts())])


def any_of(g, ids):
    return g.ReduceMax(g.one_hot(ids), [1], keepdims=0)


@layer("P2")
def scores_where_chosen(g):
    """The scores of all experts, zero where none was chosen."""
    ids = g.route()[1]
    return weighed_by_table(g, g.Mul(any_of(g, ids), g.Sigmoid(g.MatMul("x", g.weight(g.D, g.E)))))


@layer("P2", distinct=False)
def scores_where_chosen_twice(g):
    """A table counts an expert that is chosen twice once."""
    ids = g.route()[1]
    return weighed_by_table(g, g.Mul(any_of(g, ids), g.Sigmoid(g.MatMul("x", g.weight(g.D, g.E)))))


@layer("P2", distinct=False)
def softmax_where_chosen_twice(g):
    scores = g.MatMul("x", g.weight(g.D, g.E))
    chosen = g.Cast(any_of(g, g.route()[1]), to=BOOL)
    return weighed_by_table(g, g.Softmax(g.Where(chosen, scores, float("-inf")), axis=1))


@layer("P2", distinct=False)
def softmax_of_what_is_chosen_twice(g):
    weights, ids = g.route()
    shape = g.Concat(g.Shape("x", end=1), [g.E], axis=0)
    lowest = g.ConstantOfShape(shape, value=helper.make_tensor("v", F32, [1], [-np.inf]))
    return weighed_by_table(g, g.Softmax(g.ScatterElements(lowest, ids, weights, axis=1), axis=1))


@layer("P2", distinct=False)
def gates_times_scores_twice(g):
    """The sum of two weights, times a number, is no weight of each."""
    weights, ids = g.route()
    gates = g.ReduceSum(g.Mul(g.one_hot(ids), g.Unsqueeze(weights, [2])), [1], keepdims=0)
    return weighed_by_table(g, g.Mul(gates, g.Sigmoid(g.MatMul("x", g.weight(g.D, g.E)))))


@lookalike()
def lowest_is_a_number(g):
    scores = g.MatMul("x", g.weight(g.D, g.E))
    values, ids = g.TopK(scores, [g.k], axis=1, outputs=2)
    lowest = g.ConstantOfShape(g.Shape(scores), value=helper.make_tensor("v", F32, [1], [-1.0]))
    gates = g.Softmax(g.ScatterElements(lowest, ids, values, axis=1), axis=1)
    return g.sum_up([g.Mul(g.network("x", m), g.Gather(gates, [e], axis=1))
                     for e, m in enumerate(g.weights_of_experts())])


@lookalike(tokens=4, experts=4)
def experts_see_one_token_each(g):
    """As many experts as tokens, and expert e sees token e."""
    weights, ids = g.route()
    hot = g.one_hot(ids)
    gates = g.ReduceSum(g.Mul(hot, g.Unsqueeze(weights, [2])), [1], keepdims=0)
    y = g.network(g.Unsqueeze("x", [1]), (g.weight(g.E, g.D, g.H), g.weight(g.E, g.H, g.D)))
    return g.ReduceSum(g.Mul(y, g.Unsqueeze(g.Transpose(gates, perm=[1, 0]), [2])), [0], keepdims=0)


@lookalike()
def softmax_of_experts(g):
    """All experts in one value, weighted over tokens."""
    weights, ids = g.route()
    hot = g.one_hot(ids)
    gates = g.Softmax(g.ReduceSum(g.Mul(hot, g.Unsqueeze(weights, [2])), [1], keepdims=0), axis=0)
    y = g.network(g.Unsqueeze("x", [0]), (g.weight(g.E, g.D, g.H), g.weight(g.E, g.H, g.D)))
    return g.ReduceSum(g.Mul(y, g.Unsqueeze(g.Transpose(gates, perm=[1, 0]), [2])), [0], keepdims=0)
