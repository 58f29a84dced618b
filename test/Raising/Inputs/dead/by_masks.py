# ===-- by_masks.py - experts that constants keep from being chosen -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Masks, constant routers, and what only looks like them."""

import numpy as np
from layers import F32
from onnx import TensorProto, helper

from .layer import case


@case([(0, "masked"), (4, "masked")])
def masked_scores(g):
    return g.of_softmax(g.scores("x", bias=[-np.inf, 0, 1, 2, -np.inf, 0]))


@case([(4, "masked")])
def masked_scores_of_the_chosen(g):
    return g.of_selected(g.scores("x", bias=[0, 0, 1, 2, -np.inf, 0]))


@case([])
def too_few_beside_the_masks(g):
    return g.of_selected(g.scores("x", bias=[0, -np.inf, -np.inf, -np.inf, -np.inf, -np.inf]))


@case([(4, "masked")])
def masked_by_where(g):
    mask = g.constant(np.array([True] * 4 + [False, True]))
    return g.of_softmax(g.Where(mask, g.scores("x"), -np.inf))


@case([(4, "masked")])
def masked_by_gemm(g):
    bias = g.constant(np.array([0, 0, 1, 2, -np.inf, 0], np.float32))
    return g.of_softmax(g.Gemm("x", g.constant(g.rows.T), bias, transB=1))


@case([(2, "masked")])
def masked_in_the_selection(g):
    return g.of_sigmoid(g.scores("x"), [0, 0.5, -np.inf, 0, 0, 0])


@case([(2, "masked")])
def a_selection_bias_that_no_sigmoid_makes_up_for(g):
    return g.of_sigmoid(g.scores("x"), [0, 0.5, -1.1, 0, 0, 0])


@case([])
def a_selection_bias_that_a_sigmoid_makes_up_for(g):
    return g.of_sigmoid(g.scores("x"), [0, 0.5, -0.9, 0, 0, 0])


ALONE = [0] + [-np.inf] * 5


def of_best_group(g, fill):
    """Of three groups of two; what TopK finds weighs."""
    p = g.Softmax(g.scores("x", bias=ALONE), axis=1)
    best = g.ReduceMax(g.Reshape(p, [-1, 3, 2]), [-1], keepdims=0)
    ids = g.TopK(best, [1], axis=1, outputs=2)[1]
    ones = g.ConstantOfShape(g.Shape(ids), value=helper.make_tensor("v", F32, [1], [1.0]))
    mask = g.Unsqueeze(g.ScatterElements(g.ConstantOfShape(g.Shape(best)), ids, ones, axis=1), [2])
    mask = g.Cast(g.Reshape(g.Expand(mask, [1, 1, 2]), [-1, 6]), to=TensorProto.BOOL)
    return g.masked(*g.choose(g.Where(mask, p, fill)))


@case([(e, "masked") for e in range(1, 6)])
def masked_where_groups_are_filled_with_zeros(g):
    return of_best_group(g, 0.0)


@case([(4, "unreachable"), (5, "unreachable")])
def masked_where_what_fills_groups_weighs(g):
    """Of those that go the first is chosen, and weighs."""
    return of_best_group(g, 0.5)


@case([])
def masked_where_a_bias_weighs(g):
    p = g.Softmax(g.scores("x", bias=ALONE), axis=1)
    return g.masked(*g.choose(g.Add(p, g.constant(np.array([0, 1, 1, 1, 1, 1], np.float32)))))


def scaled_by(g, scale):
    weights, ids = g.choose(g.Softmax(g.scores("x", bias=ALONE), axis=1))
    return g.masked(g.Mul(weights, g.Gather(g.constant(np.array(scale, np.float32)), ids, axis=0)), ids)


@case([(e, "masked") for e in range(1, 6)])
def masked_where_each_expert_has_a_scale(g):
    return scaled_by(g, [1, 2, -3, 4, 5, 6])


@case([])
def masked_where_the_scale_is_infinite(g):
    return scaled_by(g, [1] + [np.inf] * 5)


@case([], choices=1)
def masked_where_weights_are_on_the_input(g):
    scores = g.scores("x", bias=[0, 0, 1, 2, -np.inf, 0])
    values, ids = g.choose(scores)
    lowest = g.Expand(g.constant(np.float32(-np.inf)), g.Shape(scores))
    gates = g.Transpose(g.Sigmoid(g.ScatterElements(lowest, ids, values, axis=1)), perm=[1, 0])
    rows = g.Mul(g.Tile(g.Expand("x", [1, 1]), [g.E, 1]), g.Reshape(gates, [-1, 1]))
    rows = g.Reshape(rows, [g.E, -1, g.D])
    y = g.MatMul(g.Relu(g.MatMul(rows, g.constant(g.w1))), g.constant(g.w2))
    return g.ReduceSum(y, [0], keepdims=0)


@case([])
def a_finite_mask_without_a_bound(g):
    return g.of_softmax(g.scores("x", bias=[0, 0, 0, -1e9, 0, 0]))


@case([(3, "masked")])
def a_finite_mask_with_a_bound(g):
    return g.of_softmax(g.scores(g.rms(), bias=[0, 0, 0, -1e9, 0, 0]))


@case([], says="is no mask")
def a_row_that_looks_like_a_mask(g):
    g.rows[:, 3] = -1e9
    return g.of_softmax(g.scores(g.rms()))


@case([])
def a_row_of_zeros(g):
    g.rows[:, 3] = 0
    return g.of_softmax(g.scores(g.rms()))


@case([(e, "masked") for e in range(2, 6)])
def a_router_of_zeros(g):
    """All are equal, so that the first ones are chosen."""
    g.rows[:] = 0
    return g.of_selected(g.scores("x"))


@case([(5, "masked")])
def a_router_with_rows_of_zeros(g):
    g.rows[:, [1, 3, 5]] = 0
    return g.of_selected(g.scores("x", bias=[0, -1, 0, -1, 0, -1]))


@case([])
def a_router_of_equal_rows(g):
    """Their sums may be made in different orders."""
    g.rows[:] = g.rows[:, :1]
    return g.of_selected(g.scores("x"))


@case([(e, "masked") for e in range(2, 6)])
def a_softmax_of_zeros(g):
    """What a function makes of equal scores is equal."""
    g.rows[:] = -0.0
    return g.of_softmax(g.scores("x"))


@case([(e, "masked") for e in range(2, 19)], experts=19)
def a_softmax_of_many_zeros(g):
    g.rows[:] = 0
    return g.of_softmax(g.scores("x", bias=[0.3] * 19))


@case([(e, "masked") for e in (0, 1, 2, 4)])
def a_router_of_zeros_with_a_bias(g):
    """The order is that of the bias."""
    g.rows[:] = 0
    return g.of_softmax(g.scores("x", bias=[0, 1, 0, 3, 0, 2]))


@case([])
def a_router_of_zeros_with_one_bias_and_too_many_choices(g):
    g.rows[:] = 0
    g.k = g.E
    return g.of_softmax(g.scores("x", bias=[0, 1, 0, 3, 0, 2]))


@case([(e, "masked") for e in (3, 4, 5)])
def a_router_of_zeros_but_for_one_row(g):
    """It may be before all of them, or behind."""
    g.rows[:, 1:] = 0
    return g.of_softmax(g.scores("x"))


@case([(e, "masked") for e in range(2, 6)])
def a_sigmoid_of_zeros(g):
    g.rows[:] = 0
    return g.of_sigmoid(g.scores("x"), [0] * 6)


@case([(0, "masked"), (1, "masked"), (3, "masked"), (5, "masked")])
def a_sigmoid_of_zeros_with_a_selection_bias(g):
    g.rows[:] = 0
    return g.of_sigmoid(g.scores("x"), [0, 0, 0.5, 0, 0.5, 0.4])


@case([])
def zeros_with_noise(g):
    """What is added to the scores is the input's."""
    g.rows[:] = 0
    return g.of_softmax(g.Add(g.scores("x"), g.ReduceSum("x", [1], keepdims=1)))


@case([])
def two_biases_of_zeros(g):
    """Their sum is not what is rounded."""
    g.rows[:] = 0
    return g.of_selected(g.Add(g.scores("x", bias=[1] * 6), g.constant(np.full(6, 0.5, np.float32))))
