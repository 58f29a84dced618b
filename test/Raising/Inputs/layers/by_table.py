# ===-- by_table.py - weights looked up for each choice (P4) -----------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Each choice has its weights looked up."""

import numpy as np

from .graph import layer, lookalike


def looked_up(g, rows=None, weight=None, ids_of=None, bias=None, behind=None, at_last=None):
    weights, ids = g.route()
    ids = ids_of(g, ids) if ids_of else ids
    w1 = g.Gather(g.weight(g.E, g.D, g.H), ids, axis=0)
    w2 = g.Gather(g.weight(g.E, g.H, g.D), ids, axis=0)
    x = rows(g) if rows else g.Unsqueeze("x", [1, 2])
    h = g.MatMul(x, w1)
    if bias:
        h = bias(g, h, ids)
    y = g.Squeeze(g.MatMul(g.Relu(h), w2), [2])
    y = behind(g, y) if behind else y
    y = g.Mul(y, weight(g, weights) if weight else g.Unsqueeze(weights, [2]))
    y = at_last(g, y) if at_last else y
    return g.ReduceSum(y, [1], keepdims=0)


@layer("P4")
def looked_up_by_gather(g):
    return looked_up(g)


@layer("P4")
def looked_up_repeated(g):
    def rows(g):
        wide = g.Expand(g.Unsqueeze("x", [1]), g.constant(np.array([1, g.k, 1], np.int64)))
        return g.Unsqueeze(wide, [2])
    return looked_up(g, rows=rows)


@layer("P4")
def looked_up_columns(g):
    weights, ids = g.route()
    w = g.GatherND(g.weight(g.E, g.H, g.D), g.Unsqueeze(ids, [2]))
    h = g.Relu(g.MatMul(w, g.Unsqueeze(g.Abs("x"), [1, 3])))
    y = g.MatMul(g.Transpose(g.Gather(g.weight(g.E, g.H, g.D), ids, axis=0), perm=[0, 1, 3, 2]), h)
    return g.ReduceSum(g.Mul(g.Squeeze(y, [3]), g.Unsqueeze(weights, [2])), [1], keepdims=0)


@layer("P4")
def looked_up_with_bias(g):
    return looked_up(g, bias=lambda g, h, ids: g.Add(h, g.Unsqueeze(g.Gather(g.weight(g.E, g.H), ids, axis=0), [2])))


@layer("P4", choices=1)
def looked_up_one_choice(g):
    return looked_up(g)


@layer("P4")
def weighted_by_token(g):
    """Choices of a token share its weight."""
    return looked_up(g, weight=lambda g, weights: g.Unsqueeze(g.ReduceMax(weights, [1], keepdims=1), [2]))


@lookalike()
def matrix_in_common(g):
    """Behind the experts all choices meet one matrix."""
    return looked_up(g, behind=lambda g, y: g.MatMul(y, g.weight(g.D, g.D)))


@lookalike(tokens=2, choices=2)
def looked_up_for_choice(g):
    """As many tokens as choices, and choice j sees token j."""
    return looked_up(g, rows=lambda g: g.Unsqueeze("x", [1]))


@lookalike(tokens=2, choices=2)
def looked_up_for_choice_leading(g):
    return looked_up(g, rows=lambda g: g.Unsqueeze("x", [0, 2]))


@lookalike()
def repeated_choice_major(g):
    return looked_up(g, rows=lambda g: g.Unsqueeze(g.Reshape(g.Tile("x", [g.k, 1]), [-1, g.k, g.D]), [2]))


@lookalike()
def looked_up_shifted(g):
    return looked_up(g, ids_of=lambda g, ids: g.Mod(g.Add(ids, 1), g.E))


@lookalike()
def weighted_by_choice(g):
    return looked_up(g, weight=lambda g, weights: g.weight(g.k, 1))


@lookalike()
def bias_of_one_column(g):
    """One number for each expert is added, not a vector."""
    return looked_up(g, bias=lambda g, h, ids: g.Add(h, g.Unsqueeze(g.Gather(g.weight(g.E, 1), ids, axis=0), [2])))


@lookalike()
def bias_of_other_ids(g):
    other = g.TopK(g.MatMul("x", g.weight(g.D, g.E)), [g.k], axis=1, outputs=2)[1]
    return looked_up(g, bias=lambda g, h, ids: g.Add(h, g.Unsqueeze(g.Gather(g.weight(g.E, g.H), other, axis=0), [2])))


@lookalike()
def outer_of_columns(g):
    """Columns times rows are matrices."""
    weights, ids = g.route()
    w = g.Gather(g.weight(g.E, g.H, g.D), ids, axis=0)
    h = g.MatMul(w, g.Unsqueeze("x", [1, 3]))
    y = g.Mul(h, g.MatMul(g.Unsqueeze("x", [1, 2]), g.Gather(g.weight(g.E, g.D, g.H), ids, axis=0)))
    return g.ReduceSum(y, [1], keepdims=0)


@lookalike()
def outer_of_computed_columns(g):
    """The same of a value that is no input of the model."""
    weights, ids = g.route()
    x = g.Abs("x")
    h = g.MatMul(g.Gather(g.weight(g.E, g.H, g.D), ids, axis=0), g.Unsqueeze(x, [1, 3]))
    y = g.Mul(h, g.MatMul(g.Unsqueeze(x, [1, 2]), g.Gather(g.weight(g.E, g.D, g.H), ids, axis=0)))
    return g.ReduceSum(y, [1], keepdims=0)


@lookalike()
def columns_and_vector(g):
    weights, ids = g.route()
    w = g.Gather(g.weight(g.E, g.H, g.D), ids, axis=0)
    h = g.Mul(g.MatMul(w, g.Unsqueeze("x", [1, 3])), g.weight(g.H))
    return g.ReduceSum(h, [1], keepdims=0)


@lookalike()
def computed_columns_and_vector(g):
    weights, ids = g.route()
    w = g.Gather(g.weight(g.E, g.H, g.D), ids, axis=0)
    h = g.Mul(g.MatMul(w, g.Unsqueeze(g.Abs("x"), [1, 3])), g.weight(g.H))
    return g.ReduceSum(h, [1], keepdims=0)


@lookalike()
def summed_over_all_rows(g):
    weights, ids = g.route()
    flat = g.Reshape(ids, [-1])
    wide = g.Expand(g.Unsqueeze("x", [1]), g.constant(np.array([1, g.k, 1], np.int64)))
    y = g.MatMul(g.Reshape(wide, [-1, 1, g.D]), g.Gather(g.weight(g.E, g.D, g.H), flat, axis=0))
    y = g.Mul(g.Squeeze(y, [1]), g.Reshape(weights, [-1, 1]))
    return g.ReduceSum(y, [0], keepdims=0)


@lookalike()
def summed_over_tokens(g):
    weights, ids = g.route()
    y = g.MatMul(g.Unsqueeze("x", [1, 2]), g.Gather(g.weight(g.E, g.D, g.H), ids, axis=0))
    return g.ReduceSum(g.Mul(g.Squeeze(y, [2]), g.Unsqueeze(weights, [2])), [0], keepdims=0)
