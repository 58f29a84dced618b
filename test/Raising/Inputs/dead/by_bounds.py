# ===-- by_bounds.py - experts that the bounds of a router prove dead -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Experts whose scores are always below those of enough others, or nearly so."""

import numpy as np

from .layer import Layer, case


def nearly_alike(g):
    """Rows of which the last loses by its bias alone."""
    g.rows = np.repeat(g.rows[:, :1], g.E, axis=1) + 1e-3 * g.rows
    return [0, 0, 0, 0, 0, -1]


def bounded(name, make):
    def of(g):
        bias = nearly_alike(g)
        return g.of_softmax(g.scores(make(g), bias=bias))
    of.__name__ = name
    return of


def fused(operator, *extra, domain="", version=18, **attributes):
    def make(g):
        g.domains[domain] = version
        operands = ["x"] + [g.constant(g.random.normal(size=g.D)) for _ in extra]
        return g.make(operator, *operands, domain=domain, **attributes)
    return make


def skipped(operator, beta):
    def make(g):
        g.domains["com.microsoft"] = 1
        vectors = [g.constant(g.random.normal(size=g.D)) for _ in range(1 + beta)]
        return g.make(operator, "x", g.Mul("x", 2.0), *vectors, domain="com.microsoft", epsilon=1e-6)
    return make


def of_division(g):
    mean = g.ReduceMean(g.Mul("x", "x"), [-1], keepdims=1)
    return g.Div("x", g.Sqrt(g.Add(1e-6, mean)))


def centred(g):
    x = g.Sub("x", g.ReduceMean("x", [-1], keepdims=1))
    scaled = g.Mul(g.constant(g.random.normal(size=g.D)), g.rms(x))
    return g.Add(scaled, g.constant(g.random.normal(size=g.D)))


def powered(g):
    mean = g.Add(g.ReduceMean(g.Mul("x", "x"), [-1], keepdims=1), 1e-6)
    return g.Mul(g.Pow(mean, -0.5), "x")


def reciprocal(g):
    mean = g.Add(g.ReduceMean(g.Mul("x", "x"), [-1], keepdims=1), 1e-6)
    return g.Mul("x", g.Div(1.0, g.Sqrt(mean)))


UNREACHABLE = {
    "rms_of_nodes": Layer.rms,
    "rms_by_division": of_division,
    "rms_by_power": powered,
    "rms_by_quotient": reciprocal,
    "rms_with_gain": lambda g: g.Mul(g.rms(), g.constant(g.random.normal(size=g.D))),
    "layer_norm_of_nodes": centred,
    "layer_norm": fused("LayerNormalization", "gain", "bias", axis=-1),
    "layer_norm_without_bias": fused("LayerNormalization", "gain", axis=1),
    "simplified_norm": fused("SimplifiedLayerNormalization", "gain", axis=-1),
    "skip_norm": skipped("SkipLayerNormalization", 1),
    "skip_simplified_norm": skipped("SkipSimplifiedLayerNormalization", 0),
    "sigmoid": lambda g: g.Sigmoid("x"),
    "softmax": lambda g: g.Softmax("x", axis=-1),
    "tanh": lambda g: g.Tanh("x"),
    "clip": lambda g: g.Clip("x", -1.0, 1.0),
}
for name, make in UNREACHABLE.items():
    case([(5, "unreachable")])(bounded("unreachable_after_" + name, make))

UNBOUNDED = {
    "nothing": lambda g: "x",
    "relu": lambda g: g.Relu("x"),
    "another_value": lambda g: g.Mul(g.Relu("x"), g.Reciprocal(g.Sqrt(g.Add(
        g.ReduceMean(g.Pow("x", 2.0), [-1], keepdims=1), 1e-6)))),
    "another_axis": lambda g: g.Mul("x", g.Reciprocal(g.Sqrt(g.Add(
        g.ReduceMean(g.Pow("x", 2.0), [0], keepdims=1), 1e-6)))),
    "cubes": lambda g: g.Mul("x", g.Reciprocal(g.Sqrt(g.Add(g.ReduceMean(
        g.Abs(g.Pow("x", 3.0)), [-1], keepdims=1), 1e-6)))),
    "no_epsilon": lambda g: g.rms(epsilon=1e-30),
    "negative_epsilon": lambda g: g.rms(epsilon=-1e-3),
    "a_gain_that_is_computed": lambda g: g.Mul(g.rms(), g.Abs("x")),
    "half_a_clip": lambda g: g.Clip("x", -1.0),
}
for name, make in UNBOUNDED.items():
    case([])(bounded("reachable_after_" + name, make))


@case([])
def the_rows_make_up_for_the_bias(g):
    return g.of_softmax(g.scores(g.rms(), bias=[0, 0, 0, 0, 0, -1]))


@case([(4, "unreachable")], choices=5)
def all_others_win(g):
    bias = nearly_alike(g)
    bias[4] = -1.5
    return g.of_softmax(g.scores(g.rms(), bias=bias))


@case([(4, "unreachable"), (5, "unreachable")], choices=3)
def two_lose(g):
    bias = nearly_alike(g)
    bias[4] = -1.5
    return g.of_selected(g.scores(g.rms(), bias=bias))


@case([(5, "unreachable")])
def unreachable_by_sigmoid(g):
    g.rows *= 0.1
    return g.of_sigmoid(g.scores(g.rms(), bias=nearly_alike(g)), [0] * 6)


@case([(5, "unreachable")])
def unreachable_by_selection(g):
    nearly_alike(g)
    return g.of_sigmoid(g.scores(g.rms()), [0, 0, 0, 0, 0, -0.2])


@case([])
def a_sigmoid_that_saturates(g):
    bias = [b + 40 for b in nearly_alike(g)]
    return g.of_sigmoid(g.scores(g.rms(), bias=bias), [0] * 6)
