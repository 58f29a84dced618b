# ===-- of_norms.py - experts that look at a row as a whole --------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Experts that normalise rows, each by vectors of its own."""

import numpy as np

from .by_order import sorted_rows
from .graph import layer, lookalike
from .of_kinds import kinds_of_hits
from .on_all_tokens import masked


def norm(g, x, width, **attributes):
    return g.LayerNormalization(x, g.weight(width), g.weight(width), **attributes)


def root_mean_square(g, x, width):
    """RMSNorm of ordinary operators."""
    squares = g.ReduceMean(g.Mul(x, x), [-1], keepdims=1)
    return g.Mul(g.weight(width), g.Mul(x, g.Reciprocal(g.Sqrt(g.Add(squares, 1e-6)))))


def before(g, x, m, e):
    return g.network(norm(g, x, g.D), m)


def between(g, x, m, e):
    return g.MatMul(norm(g, g.Relu(g.MatMul(x, m[0])), g.H), m[1])


def after(g, x, m, e):
    return norm(g, g.network(x, m), g.D)


@layer("P2")
def normalised_before(g):
    return masked(g, network=before)


@layer("P3")
def hits_normalised_before(g):
    return kinds_of_hits(g, before)


@layer("P2")
def normalised_between(g):
    return masked(g, network=between)


@layer("P3")
def hits_normalised_between(g):
    return kinds_of_hits(g, between)


@layer("P5")
def sorted_normalised_after(g):
    return sorted_rows(g, network=after)


@layer("P2")
def normalised_without_bias(g):
    return masked(g, network=lambda g, x, m, e: g.network(g.LayerNormalization(x, g.weight(g.D)), m))


@layer("P3")
def hits_normalised_alike(g):
    """All experts have the vectors in common."""
    scale, bias = g.weight(g.D), g.weight(g.D)
    return kinds_of_hits(g, lambda g, x, m, e: g.LayerNormalization(g.network(x, m), scale, bias))


@layer("P3")
def hits_normalised_by_ones(g):
    """As a normalisation that was not trained."""
    def network(g, x, m, e):
        return g.network(g.LayerNormalization(x, g.constant(np.ones(g.D)), g.constant(np.zeros(g.D))), m)
    return kinds_of_hits(g, network)


@layer("P2")
def root_mean_squares(g):
    return masked(g, network=lambda g, x, m, e: root_mean_square(g, g.network(x, m), g.D))


@layer("P3")
def hits_of_root_mean_squares(g):
    return kinds_of_hits(g, lambda g, x, m, e: g.network(root_mean_square(g, x, g.D), m))


@layer("P3")
def hits_of_softmax(g):
    """What is large among what the first product gives."""
    return kinds_of_hits(g, lambda g, x, m, e: g.MatMul(g.Softmax(g.MatMul(x, m[0]), axis=-1), m[1]))


@layer("P3")
def hits_without_their_most(g):
    def network(g, x, m, e):
        h = g.MatMul(x, m[0])
        return g.MatMul(g.Sub(h, g.ReduceMax(h, [1], keepdims=1)), m[1])
    return kinds_of_hits(g, network)


@layer("P3")
def hits_scaled_apart(g):
    """A vector of each expert meets what is no product, as a factor and as a number."""
    def network(g, x, m, e):
        h = g.Mul(g.weight(g.H), g.Tanh(g.MatMul(x, m[0])))
        return g.Sub(g.MatMul(g.Div(h, g.constant(1.5 + e)), m[1]), g.Mul(x, g.weight(g.D)))
    return kinds_of_hits(g, network)


@layer("P4")
def looked_up_normalised(g):
    """Scales are looked up beside the weights."""
    weights, ids = g.route()
    w1, w2, scale = (g.Gather(g.weight(g.E, *shape), ids, axis=0)
                     for shape in ((g.D, g.H), (g.H, g.D), (1, g.H)))
    h = g.Squeeze(g.MatMul(g.Unsqueeze("x", [1, 2]), w1), [2])
    h = g.Mul(g.Relu(h), g.Gather(g.weight(g.E, g.H), ids, axis=0))
    y = g.Squeeze(g.MatMul(g.Unsqueeze(h, [2]), w2), [2])
    return g.ReduceSum(g.Mul(y, g.Unsqueeze(weights, [2])), [1], keepdims=0)


@lookalike()
def normalised_along_tokens(g):
    """Over all elements of all tokens."""
    return masked(g, network=lambda g, x, m, e: g.network(
        g.LayerNormalization(x, g.weight(g.D), g.weight(g.D), axis=0), m))


@lookalike()
def mean_of_all_tokens(g):
    return masked(g, network=lambda g, x, m, e: g.network(g.Sub(x, g.ReduceMean(x, [0], keepdims=1)), m))


@lookalike()
def mean_of_the_hits(g):
    return kinds_of_hits(g, lambda g, x, m, e: g.network(g.Sub(x, g.ReduceMean(x, [0], keepdims=1)), m))


@lookalike()
def softmax_of_the_hits(g):
    return kinds_of_hits(g, lambda g, x, m, e: g.MatMul(g.Softmax(g.MatMul(x, m[0]), axis=0), m[1]))


@lookalike(tokens=4)
def scaled_by_token(g):
    """A number for each of four tokens, whichever expert they chose."""
    return masked(g, network=lambda g, x, m, e: g.network(g.Mul(x, g.weight(4, 1)), m))


@lookalike(tokens=4)
def normalised_by_token(g):
    """Each token has a vector of its own."""
    return masked(g, network=lambda g, x, m, e: g.network(g.LayerNormalization(x, g.weight(4, g.D)), m))


@lookalike()
def their_mean_is_used(g):
    """Not the rows, but what they were normalised by."""
    def network(g, x, m, e):
        mean = g.make("LayerNormalization", x, g.weight(g.D), outputs=2)[1]
        return g.network(g.Mul(x, mean), m)
    return masked(g, network=network)


@lookalike()
def experts_of_vectors(g):
    """None has a matrix."""
    return masked(g, network=lambda g, x, m, e: norm(g, x, g.D))
