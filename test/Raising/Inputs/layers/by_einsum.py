# ===-- by_einsum.py - products written as Einsum -----------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""All experts, or those looked up, multiplied by Einsum."""

from .graph import layer, lookalike


def einsum(g, equation, *operands):
    return g.Einsum(*operands, equation=equation)


def gates_of(g):
    weights, ids = g.route()
    return g.ReduceSum(g.Mul(g.one_hot(ids), g.Unsqueeze(weights, [2])), [1], keepdims=0)


def dense(g, inner="td,edh->teh", outer="teh,ehd,te->td", bias=None):
    gates = gates_of(g)
    operands = ["x", g.weight(g.E, g.D, g.H)]
    h = einsum(g, inner, *(operands[::-1] if inner.startswith("edh") else operands))
    if bias:
        h = bias(g, h)
    return einsum(g, outer, g.Relu(h), g.weight(g.E, g.H, g.D), gates)


@layer("P2b")
def einsum_dense(g):
    return dense(g)


@layer("P2b")
def einsum_experts_first(g):
    return dense(g, "edh,td->eth", "eth,ehd,te->td")


@layer("P2b")
def einsum_with_bias(g):
    return dense(g, bias=lambda g, h: g.Add(h, g.weight(g.E, g.H)))


@layer("P2b")
def einsum_with_bias_first(g):
    return dense(g, "td,edh->eth", "eth,ehd,te->td", bias=lambda g, h: g.Add(g.weight(g.E, 1, g.H), h))


@layer("P2b", tokens=4, experts=4)
def as_many_tokens_as_experts(g):
    return dense(g)


@layer("P2b")
def einsum_then_sum(g):
    """Weighted by Mul, experts in the middle."""
    gates = gates_of(g)
    h = g.Relu(einsum(g, "td,edh->teh", "x", g.weight(g.E, g.D, g.H)))
    y = einsum(g, "teh,ehd->ted", h, g.weight(g.E, g.H, g.D))
    return g.ReduceSum(g.Mul(g.Unsqueeze(gates, [2]), y), [1], keepdims=0)


@layer("P4")
def einsum_looked_up(g):
    """As in GPT-OSS's own code."""
    weights, ids = g.route()
    h = einsum(g, "tkhd,td->tkh", g.Gather(g.weight(g.E, g.H, g.D), ids, axis=0), "x")
    h = g.Relu(g.Add(h, g.Gather(g.weight(g.E, g.H), ids, axis=0)))
    y = einsum(g, "tkdh,tkh->tkd", g.Gather(g.weight(g.E, g.D, g.H), ids, axis=0), h)
    return einsum(g, "tkd,tk->td", y, weights)


@layer("P4")
def einsum_looked_up_rows_first(g):
    weights, ids = g.route()
    h = g.Relu(einsum(g, "td,tkdh->tkh", "x", g.Gather(g.weight(g.E, g.D, g.H), ids, axis=0)))
    y = einsum(g, "tkh,tkhd->tkd", h, g.Gather(g.weight(g.E, g.H, g.D), ids, axis=0))
    return g.ReduceSum(g.Mul(y, g.Unsqueeze(weights, [2])), [1], keepdims=0)


@lookalike(tokens=4, experts=4)
def einsum_one_expert_each(g):
    """Token t is that of expert t alone, and goes to all tokens."""
    return dense(g, "ed,edh->eh", "eh,ehd,te->td")


@lookalike(tokens=4, experts=4)
def einsum_gates_transposed(g):
    return dense(g, outer="teh,ehd,et->td")


@lookalike(tokens=4, experts=4)
def einsum_rows_transposed(g):
    """Weights of token t for expert e meet the rows of token e and expert t."""
    return dense(g, outer="eth,thd,te->ed")


@lookalike()
def einsum_all_pairs(g):
    """Every expert's second matrix multiplies what every first one gave."""
    return dense(g, outer="teh,fhd,te->td")


@lookalike()
def einsum_bias_of_tokens(g):
    g.T = g.E
    return dense(g, bias=lambda g, h: g.Add(h, g.weight(g.E, 1, g.H)))


@layer("P4")
def einsum_of_sums(g):
    """Rows that were computed with other weights of the choices, and added up."""
    weights, ids = g.route()
    h = einsum(g, "tkhd,td->th", g.Gather(g.weight(g.E, g.H, g.D), ids, axis=0), "x")
    y = einsum(g, "tkdh,th->tkd", g.Gather(g.weight(g.E, g.D, g.H), ids, axis=0), g.Relu(h))
    return einsum(g, "tkd,tk->td", y, weights)


@lookalike(tokens=3, choices=3, experts=5)
def einsum_choices_as_tokens(g):
    weights, ids = g.route()
    h = einsum(g, "tkhd,kd->tkh", g.Gather(g.weight(g.E, g.H, g.D), ids, axis=0), "x")
    y = einsum(g, "tkdh,tkh->tkd", g.Gather(g.weight(g.E, g.D, g.H), ids, axis=0), g.Relu(h))
    return einsum(g, "tkd,tk->td", y, weights)
