# ===-- by_weights.py - experts that are dead by their weights -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Duplicates, zeros, and what only looks like them; all causes at once."""

import numpy as np

from .by_bounds import nearly_alike
from .layer import case


@case([(3, "duplicate"), (5, "duplicate")])
def duplicates(g):
    for e in (3, 5):
        g.w1[e], g.w2[e] = g.w1[1], g.w2[1]
    return g.of_softmax(g.scores("x"))


@case([])
def half_duplicates(g):
    g.w1[3], g.w2[5] = g.w1[1], g.w2[1]
    return g.of_softmax(g.scores("x"))


@case([])
def duplicates_but_for_the_last_element(g):
    g.w1[3], g.w2[3] = g.w1[1], g.w2[1]
    g.w2[3, -1, -1] += 1
    return g.of_softmax(g.scores("x"))


@case([])
def duplicates_with_another_bias(g):
    g.w1[3], g.w2[3] = g.w1[1], g.w2[1]
    return g.of_softmax(g.scores("x"), bias2=g.random.normal(size=(g.E, g.D)))


@case([(2, "zero"), (4, "zero")])
def zeros(g):
    g.w2[[2, 4]] = 0
    g.w2[4, 0] = -0.0
    return g.of_softmax(g.scores("x"))


@case([(e, "zero") for e in range(6)])
def nothing_but_zeros(g):
    g.w2[:] = 0
    return g.of_softmax(g.scores("x"))


@case([])
def zeros_whose_nan_the_router_does_not_see(g):
    g.w2[2] = 0
    return g.of_softmax(g.scores(g.Tanh("x")))


@case([(2, "zero")])
def zeros_behind_a_norm_of_the_router(g):
    g.w2[2] = 0
    return g.of_softmax(g.scores(g.rms()))


@case([(2, "zero")])
def zeros_with_a_bias(g):
    g.w2[[2, 4]] = 0
    bias = g.random.normal(size=(g.E, g.D))
    bias[2] = 0
    return g.of_softmax(g.scores("x"), bias2=bias)


@case([])
def zeros_but_for_the_last_element(g):
    g.w2[2] = 0
    g.w2[2, -1, -1] = 1
    return g.of_softmax(g.scores("x"))


@case([])
def zeros_in_the_first_product(g):
    g.w1[2] = 0
    return g.of_softmax(g.scores("x"), bias2=g.random.normal(size=(g.E, g.D)))


@case([(1, "zero"), (3, "duplicate"), (4, "masked")])
def all_causes_at_once(g):
    g.w2[1] = 0
    g.w1[3], g.w2[3] = g.w1[0], g.w2[0]
    return g.of_softmax(g.scores("x", bias=[0, 0, 0, 0, -np.inf, 0]))


@case([(3, "duplicate"), (1, "zero"), (5, "unreachable"), (2, "masked")])
def all_causes_in_one_node(g):
    bias = nearly_alike(g)
    bias[2] = -np.inf
    g.w1[3], g.w2[3] = g.w1[0], g.w2[0]
    g.w2[1] = 0
    return g.fused(g.scores(g.rms(), bias=bias))


@case([])
def a_node_without_dead_experts(g):
    return g.fused(g.scores(g.rms()))
