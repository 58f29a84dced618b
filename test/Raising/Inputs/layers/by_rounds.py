# ===-- by_rounds.py - choices made one after the other ----------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Each round chooses the largest of what those before it left, as sparse mixers do.
A token chooses an expert twice where all others have scores of -infinity, which many
have here; scores are round, so that they tie."""

import numpy as np
from onnx import TensorProto

from .graph import BOOL, F32, layer, lookalike
from .on_hits import gathered, zeros_like_x

LOWEST = float("-inf")
F16, F64 = TensorProto.FLOAT16, TensorProto.DOUBLE


def some_masked(g):
    scores = g.Round(g.MatMul("x", g.weight(g.D, g.E)))
    return g.Where(g.Less(g.MatMul("x", g.weight(g.D, g.E)), 0.0), LOWEST, scores)


def largest(g, left):
    return g.ArgMax(left, axis=-1, keepdims=1)


def fill(g, best, number):
    return g.Expand(g.constant(np.float32(number)), g.Shape(best))


def leave_out(g, left, best, number=LOWEST, **options):
    return g.ScatterElements(left, best, fill(g, best, number), **{"axis": -1, **options})


def look_up(g, values, best):
    return g.GatherElements(g.Softmax(values, axis=-1), best, axis=-1)


def near(g, scores, left, far=None):
    """What is near the largest that is left."""
    most = g.ReduceMax(left, [-1], keepdims=1)
    distance = g.Div(g.Sub(most, scores), g.Max(g.Abs(scores), most))
    return g.Where(far(g, distance) if far else g.Greater(distance, 0.5), LOWEST, left)


def rounds(g, choose=largest, leave=leave_out, weigh=None, scores_of=some_masked, order=None):
    """Weights and ids, [T, k]."""
    scores = left = scores_of(g)
    ids, weights = [], []
    for j in range(g.k):
        ids.append(choose(g, left))
        weights.append(weigh(g, scores, left, ids[-1]) if weigh else look_up(g, near(g, scores, left), ids[-1]))
        left = leave(g, left, ids[-1])
    order = order or list(range(g.k))
    return g.Concat(*[weights[j] for j in order], axis=-1), g.Concat(*[ids[j] for j in order], axis=-1)


def gates_set(g, weights, ids):
    """A table of weights, each set where its expert is."""
    zeros = g.ConstantOfShape(g.Concat(g.Shape("x", end=1), [g.E], axis=0))
    gates = g.ScatterElements(zeros, ids, weights, axis=1)
    y = g.network(g.Unsqueeze("x", [0]), (g.weight(g.E, g.D, g.H), g.weight(g.E, g.H, g.D)))
    return g.ReduceSum(g.Mul(y, g.Unsqueeze(g.Transpose(gates, perm=[1, 0]), [2])), [0], keepdims=0)


def set_into_zeros(g, total, tokens, y):
    return g.Add(total, g.ScatterND(zeros_like_x(g), g.Unsqueeze(tokens, [1]), y))


def read_and_written(g, total, tokens, y):
    index = g.Unsqueeze(tokens, [1])
    return g.ScatterND(total, index, g.Add(g.GatherND(total, index), y))


@layer("P2b", choices=2)
def rounds_of_gates(g):
    """Phi-3.5-MoE."""
    return gates_set(g, *rounds(g))


@layer("P2b", experts=5, choices=3)
def three_rounds(g):
    return gates_set(g, *rounds(g))


@layer("P2b", choices=2)
def rounds_by_topk(g):
    return gates_set(g, *rounds(g, choose=lambda g, left: g.TopK(left, [1], axis=-1, outputs=2)[1]))


@layer("P2b", choices=2)
def rounds_of_what_is_near(g):
    """Each round chooses from what its mask leaves, and compares what is left."""
    made = []

    def choose(g, left):
        made.append(near(g, left, left))
        return largest(g, made[-1])
    return gates_set(g, *rounds(g, choose=choose, weigh=lambda g, scores, left, best: look_up(g, made[-1], best)))


@layer("P2b", choices=2)
def rounds_with_nan(g):
    return gates_set(g, *rounds(g, scores_of=lambda g: g.Sqrt(g.MatMul("x", g.weight(g.D, g.E)))))


@layer("P2b", choices=2)
def rounds_of_all_that_is_left(g):
    return gates_set(g, *rounds(g, weigh=lambda g, scores, left, best: look_up(g, left, best)))


@layer("P2b", choices=2)
def rounds_cast_and_scaled(g):
    """What is chosen from becomes f64 and back; weights are divided by their sum."""
    def weigh(g, scores, left, best):
        return g.Mul(look_up(g, g.Cast(g.Cast(left, to=F64), to=F32), best), 0.5)
    weights, ids = rounds(g, weigh=weigh)
    return gates_set(g, g.Div(weights, g.ReduceSum(weights, [-1], keepdims=1)), ids)


@layer("P2b", choices=2)
def rounds_in_halves(g):
    lowest = g.constant(np.float16(-np.inf))
    weights, ids = rounds(
        g, scores_of=lambda g: g.Cast(some_masked(g), to=F16),
        leave=lambda g, left, best: g.ScatterElements(left, best, g.Expand(lowest, g.Shape(best)), axis=-1),
        weigh=lambda g, scores, left, best: look_up(g, left, best))
    return gates_set(g, g.Cast(weights, to=F32), ids)


@layer("P2b", choices=2)
def rounds_compared_from_the_other_side(g):
    far = lambda g, distance: g.Cast(g.Less(g.constant(np.float32(0.5)), distance), to=BOOL)  # noqa: E731
    return gates_set(g, *rounds(g, weigh=lambda g, scores, left, best: look_up(g, near(g, scores, left, far), best)))


@layer("P2b", choices=2)
def rounds_masked_where_equal(g):
    return gates_set(g, *rounds(g, leave=lambda g, left, best: g.Where(
        g.Equal(best, g.constant(np.arange(g.E))), LOWEST, left)))


@layer("P2b", experts=5, choices=3)
def rounds_masked_by_one_hot(g):
    return gates_set(g, *rounds(g, leave=lambda g, left, best: g.Where(
        g.Cast(g.one_hot(g.Squeeze(best, [1])), to=BOOL), LOWEST, left)))


@layer("P2b", choices=2)
def rounds_masked_by_scatter(g):
    return gates_set(g, *rounds(g, leave=lambda g, left, best: g.Where(
        g.Cast(g.ScatterElements(g.ConstantOfShape(g.Shape(left)), best, fill(g, best, 1), axis=1), to=BOOL),
        LOWEST, left)))


@layer("P3", choices=2)
def rounds_of_rows(g):
    return gathered(g, set_into_zeros, route=rounds)


@layer("P3", experts=5, choices=3)
def three_rounds_of_rows(g):
    return gathered(g, read_and_written, route=rounds)


@layer("P3", choices=2)
def rounds_of_scaled_rows(g):
    return gathered(g, set_into_zeros, route=rounds, weigh=lambda g, weights, flat, ids, tokens, choices, e: g.Mul(
        g.Unsqueeze(g.Gather(flat, g.Add(g.Mul(tokens, g.k), choices)), [1]), 3.0))


# -- What may be chosen twice, with a weight --


@lookalike(choices=2)
def rounds_masked_by_a_number(g):
    return gates_set(g, *rounds(g, leave=lambda g, left, best: leave_out(g, left, best, -1e4)))


@lookalike(choices=2)
def rounds_masked_by_a_number_where(g):
    return gates_set(g, *rounds(g, leave=lambda g, left, best: g.Where(
        g.Equal(best, g.constant(np.arange(g.E))), -1e4, left)))


@lookalike(choices=2)
def rows_masked_by_a_number(g):
    return gathered(g, set_into_zeros, route=lambda g: rounds(
        g, leave=lambda g, left, best: leave_out(g, left, best, -1e4)))


@lookalike(choices=2)
def rows_read_masked_by_a_number(g):
    return gathered(g, read_and_written, route=lambda g: rounds(
        g, leave=lambda g, left, best: leave_out(g, left, best, -1e4)))


@lookalike(choices=2)
def rows_without_weights(g):
    """Each set where its token is, once."""
    return gathered(g, lambda g, total, tokens, y: set_into_zeros(g, total, tokens, g.network(
        g.Gather("x", tokens, axis=0), (g.weight(g.D, g.H), g.weight(g.H, g.D)))), route=rounds)


@lookalike(choices=2)
def rounds_that_leave_nothing_out(g):
    return gates_set(g, *rounds(g, leave=lambda g, left, best: left))


@lookalike(choices=2)
def rounds_that_leave_another_out(g):
    return gates_set(g, *rounds(g, leave=lambda g, left, best: leave_out(g, left, largest(g, g.Neg(left)))))


@lookalike(choices=2)
def rounds_that_leave_another_out_where(g):
    return gates_set(g, *rounds(g, leave=lambda g, left, best: g.Where(
        g.Equal(largest(g, g.Neg(left)), g.constant(np.arange(g.E))), LOWEST, left)))


@lookalike(choices=2)
def rounds_that_leave_all_others_out(g):
    return gates_set(g, *rounds(g, leave=lambda g, left, best: g.Where(
        g.Not(g.Equal(best, g.constant(np.arange(g.E)))), LOWEST, left)))


@lookalike(choices=2)
def rounds_that_leave_some_out(g):
    """What was chosen, where another number is below zero."""
    return gates_set(g, *rounds(g, leave=lambda g, left, best: g.Where(
        g.And(g.Equal(best, g.constant(np.arange(g.E))), g.Less(g.MatMul("x", g.weight(g.D, 1)), 0.0)), LOWEST, left)))


@lookalike(choices=2)
def rounds_that_leave_some_out_by_product(g):
    return gates_set(g, *rounds(g, leave=lambda g, left, best: g.Where(
        g.Cast(g.Mul(g.one_hot(g.Squeeze(best, [1])), g.Cast(g.Less(g.MatMul("x", g.weight(g.D, 1)), 0.0), to=F32)),
               to=BOOL), LOWEST, left)))


@lookalike(choices=2, experts=4, tokens=8)
def rounds_that_leave_tokens_out(g):
    return gates_set(g, *rounds(g, leave=lambda g, left, best: leave_out(g, left, best, axis=0)))


@lookalike(choices=2)
def rounds_that_leave_the_larger(g):
    """The larger of -infinity and a score is the score."""
    return gates_set(g, *rounds(g, leave=lambda g, left, best: leave_out(g, left, best, reduction="max")))


@lookalike(experts=5, choices=3)
def rounds_that_bring_one_back(g):
    """The third leaves out what the second chose, but not what the first did."""
    scores = []

    def leave(g, left, best):
        scores.append(left)
        return leave_out(g, scores[0], best)
    return gates_set(g, *rounds(g, leave=leave))


@lookalike(choices=2)
def rounds_of_the_smallest(g):
    return gates_set(g, *rounds(g, choose=lambda g, left: g.TopK(left, [1], axis=-1, largest=0, outputs=2)[1]))


@lookalike(experts=5, choices=4)
def rounds_of_two(g):
    """Each round chooses two, of which the next leaves one out."""
    scores = some_masked(g)
    first = g.TopK(scores, [2], axis=-1, outputs=2)[1]
    left = leave_out(g, scores, g.Slice(first, [0], [1], [1]))
    second = g.TopK(left, [2], axis=-1, outputs=2)[1]
    return gates_set(g, g.Concat(look_up(g, scores, first), look_up(g, left, second), axis=-1),
                     g.Concat(first, second, axis=-1))


@lookalike(choices=2)
def rounds_in_reverse(g):
    """What is set last is what the first chose."""
    return gates_set(g, *rounds(g, order=[1, 0]))


@lookalike(choices=2)
def rounds_weighed_in_reverse(g):
    weights, ids = rounds(g)
    return gates_set(g, g.Concat(g.Gather(weights, [1], axis=1), g.Gather(weights, [0], axis=1), axis=1), ids)


@lookalike(choices=2)
def rounds_weighed_by_each_other(g):
    """As many tokens as choices have the same elements in another order."""
    weights, ids = rounds(g)
    turned = g.Reshape(g.Transpose(weights, perm=[1, 0]), g.Shape(weights))
    return gates_set(g, turned, ids)


@lookalike(choices=2)
def rounds_weighed_one_below_the_other(g):
    columns = []

    def weigh(g, scores, left, best):
        columns.append(look_up(g, left, best))
        return columns[-1]
    ids = rounds(g, weigh=weigh)[1]
    return gates_set(g, g.Reshape(g.Concat(*columns, axis=0), [-1, g.k]), ids)


@lookalike(choices=2, tokens=8)
def rounds_written_by_choices(g):
    """The weights of choices, in the order of tokens."""
    weights, ids = rounds(g)
    zeros = g.ConstantOfShape(g.constant(np.array([g.E, g.T], np.int64)))
    gates = g.ScatterElements(zeros, g.Transpose(ids, perm=[1, 0]), g.Reshape(weights, [g.k, -1]), axis=0)
    y = g.network(g.Unsqueeze("x", [0]), (g.weight(g.E, g.D, g.H), g.weight(g.E, g.H, g.D)))
    return g.ReduceSum(g.Mul(y, g.Unsqueeze(gates, [2])), [0], keepdims=0)


@lookalike(choices=2)
def rounds_weighed_alike(g):
    """What is not zero, NaN as well, becomes one."""
    weights, ids = rounds(g)
    return gates_set(g, g.Cast(g.Cast(weights, to=BOOL), to=F32), ids)


@lookalike(choices=2)
def rounds_weighed_by_all_scores(g):
    return gates_set(g, *rounds(g, weigh=lambda g, scores, left, best: look_up(g, scores, best)))


@lookalike(experts=5, choices=3)
def rounds_weighed_by_the_round_before(g):
    before = []

    def weigh(g, scores, left, best):
        before.append(left)
        return look_up(g, before[max(len(before) - 2, 0)], best)
    return gates_set(g, *rounds(g, weigh=weigh))


@lookalike(choices=2)
def rounds_weighed_by_sigmoid(g):
    return gates_set(g, *rounds(g, weigh=lambda g, scores, left, best: g.GatherElements(
        g.Sigmoid(left), best, axis=-1)))


@lookalike(choices=2)
def rounds_weighed_over_tokens(g):
    return gates_set(g, *rounds(g, weigh=lambda g, scores, left, best: g.GatherElements(
        g.Softmax(left, axis=0), best, axis=-1)))


@lookalike(choices=2, experts=4, tokens=8)
def rounds_weighed_by_other_tokens(g):
    return gates_set(g, *rounds(g, weigh=lambda g, scores, left, best: g.GatherElements(
        g.Softmax(left, axis=-1), best, axis=0)))


@lookalike(choices=2)
def rounds_with_nan_made_a_number(g):
    """A weight that is NaN becomes 0."""
    weights, ids = rounds(g)
    return gates_set(g, g.Where(g.IsNaN(weights), 0.0, weights), ids)


@lookalike(choices=2)
def rounds_of_what_is_clipped(g):
    """No row is -infinity throughout."""
    return gates_set(g, *rounds(g, weigh=lambda g, scores, left, best: look_up(
        g, g.Max(left, g.constant(np.float32(-1e4))), best)))


@lookalike(choices=2)
def rounds_that_drop_nan(g):
    """No comparison holds for NaN, so that its opposite does."""
    far = lambda g, distance: g.Not(g.LessOrEqual(distance, 0.5))  # noqa: E731
    return gates_set(g, *rounds(g, weigh=lambda g, scores, left, best: look_up(g, near(g, scores, left, far), best)))


@lookalike(choices=2)
def rounds_that_may_drop_nan(g):
    """A condition that knows nothing of the scores."""
    far = lambda g, distance: g.Greater(g.MatMul("x", g.weight(g.D, g.E)), 0.5)  # noqa: E731
    return gates_set(g, *rounds(g, weigh=lambda g, scores, left, best: look_up(g, near(g, scores, left, far), best)))
