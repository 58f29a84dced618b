# ===-- of_kinds.py - dead experts of several kinds -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Each cause among experts that are not all alike: each kind has weights of its own."""

import numpy as np
from layers.by_order import sorted_rows
from layers.of_kinds import kinds_of_hits

from .by_bounds import nearly_alike
from .layer import case

TWO = ["Relu", "Tanh"]
WEIGHTLESS = ["Relu", "Tanh", "hand on"]
OF_NONE = ["Relu", "Tanh", "zeros"]


@case([(3, "duplicate"), (5, "duplicate"), (4, "duplicate")], kinds=TWO)
def duplicates_of_two_kinds(g):
    for e, of in ((3, 1), (5, 1), (4, 0)):
        g.w1[e], g.w2[e] = g.w1[of], g.w2[of]
    return g.of_softmax(g.scores("x"))


@case([], kinds=TWO)
def duplicates_but_for_the_kind(g):
    for e in (1, 3):
        g.w1[e], g.w2[e] = g.w1[e - 1], g.w2[e - 1]
    return g.of_softmax(g.scores("x"))


@case([(2, "zero"), (3, "zero")], kinds=TWO)
def zeros_of_two_kinds(g):
    g.w2[[2, 3]] = 0
    return g.of_softmax(g.scores("x"))


@case([(e, "zero") for e in (1, 3, 5)], kinds=TWO)
def all_of_one_kind_zero(g):
    g.w2[1::2] = 0
    return g.of_softmax(g.scores("x"))


@case([(e, "zero") for e in range(6)], kinds=TWO)
def all_of_all_kinds_zero(g):
    g.w2[:] = 0
    return g.of_softmax(g.scores("x"))


@case([], kinds=TWO)
def zeros_of_kinds_whose_nan_the_router_does_not_see(g):
    g.w2[[2, 3]] = 0
    return g.of_softmax(g.scores(g.Tanh("x")))


@case([(0, "masked"), (3, "masked")], kinds=TWO)
def masked_of_two_kinds(g):
    return g.of_softmax(g.scores("x", bias=[-np.inf, 0, 1, -np.inf, 0, 0]))


@case([(e, "masked") for e in (0, 2, 4)], kinds=TWO)
def all_of_one_kind_masked(g):
    return g.of_selected(g.scores("x", bias=[-np.inf, 0] * 3))


@case([(5, "unreachable")], kinds=TWO)
def unreachable_of_two_kinds(g):
    return g.of_softmax(g.scores(g.rms(), bias=nearly_alike(g)))


@case([(1, "zero"), (4, "duplicate"), (2, "masked"), (5, "unreachable")], kinds=TWO)
def all_causes_in_two_kinds(g):
    bias = nearly_alike(g)
    bias[2] = -np.inf
    g.w1[4], g.w2[4] = g.w1[0], g.w2[0]
    g.w2[1] = 0
    return g.of_softmax(g.scores(g.rms(), bias=bias))


@case([(2, "masked"), (3, "duplicate"), (4, "masked")], kinds=WEIGHTLESS)
def masked_without_weights(g):
    """Those that hand a row on are all alike, and cost nothing: who is masked is named."""
    g.w1[3], g.w2[3] = g.w1[0], g.w2[0]
    return g.of_softmax(g.scores("x", bias=[0, 0, -np.inf, 0, -np.inf, 0]))


@case([(0, "masked"), (4, "masked"), (5, "masked")], kinds=OF_NONE)
def masked_of_no_kind(g):
    """An expert of zeros is of no kind."""
    return g.of_softmax(g.scores("x", bias=[-np.inf, 0, 0, 0, -np.inf, -np.inf]))


@case([(5, "masked")], kinds=OF_NONE)
def masked_of_no_kind_alone(g):
    return g.of_softmax(g.scores("x", bias=[0, 0, 0, 0, 0, -np.inf]))


def killed(g):
    """Weights of which two are those of others, and two give zeros."""
    for e, of in ((3, 1), (4, 0)):
        g.w1[e], g.w2[e] = g.w1[of], g.w2[of]
    g.w2[[2, 5]] = 0
    g.weights_of_experts = lambda: [(g.constant(a), g.constant(b)) for a, b in zip(g.w1, g.w2)]


KILLED = [(3, "duplicate"), (4, "duplicate"), (2, "zero"), (5, "zero")]


def on_rows(g, x, m, e):
    return g.MatMul(g.make(g.kinds[e % 2], g.MatMul(x, m[0])), m[1])


@case(KILLED, kinds=TWO)
def dead_of_kinds_on_hits(g):
    killed(g)
    return kinds_of_hits(g, on_rows)


@case(KILLED, kinds=TWO)
def dead_of_kinds_on_sorted_rows(g):
    killed(g)
    return sorted_rows(g, network=on_rows)


@case([], kinds=TWO)
def kinds_without_dead_experts(g):
    return g.of_softmax(g.scores(g.rms()))
