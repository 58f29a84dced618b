# ===-- layers.py - MoE layers of ordinary operators, and what looks like them -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Small ONNX models by name: `LAYERS` are routed experts in every layout that is
raised, `LOOKALIKES` differ from one of them in one thing that changes the numbers.
Each function adds nodes to a `Graph` and returns the output."""

import inspect

import numpy as np
from onnx import TensorProto, helper, numpy_helper

I64 = TensorProto.INT64
F32 = TensorProto.FLOAT


class Graph:
    """A graph under construction: attributes are operators, arguments are names of
    values or numbers."""

    def __init__(self, seed, tokens=None, experts=None, choices=None, distinct=True):
        self.random = np.random.default_rng(seed)
        self.nodes, self.initializers, self.count = [], [], 0
        self.T = tokens or "T"
        self.E = experts or int(self.random.integers(3, 6))
        self.k = choices or int(self.random.integers(2, self.E))
        self.D = int(self.random.integers(2, 6)) * 4
        self.H = int(self.random.integers(2, 6)) * 4
        self.distinct = distinct

    def constant(self, array):
        array = np.asarray(array)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def weight(self, *shape):
        return self.constant(self.random.normal(size=shape) / np.sqrt(shape[-2] if len(shape) > 1 else 1))

    def name(self, value):
        return value if isinstance(value, str) else self.constant(np.asarray(value, np.int64 if np.asarray(
            value).dtype.kind in "iu" else np.float32))

    def make(self, op, *operands, outputs=1, **attributes):
        names = [f"v{self.count + i}" for i in range(outputs)]
        self.count += outputs
        self.nodes.append(helper.make_node(op, [self.name(o) for o in operands], names, name=f"n{len(self.nodes)}",
                                           **attributes))
        return names[0] if outputs == 1 else names

    def __getattr__(self, op):
        if not op[0].isupper():
            raise AttributeError(op)
        return lambda *operands, **attributes: self.make(op, *operands, **attributes)

    # -- Routing --

    def route(self):
        """The ids of the chosen experts and their weights, [T, k]."""
        if not self.distinct:
            picks = [self.TopK(self.MatMul("x", self.weight(self.D, self.E)), [1], axis=1, outputs=2)
                     for _ in range(2)]
            self.k = 2
            values = self.Concat(*[p[0] for p in picks], axis=1)
            return self.Softmax(values, axis=1), self.Concat(*[p[1] for p in picks], axis=1)
        scores = self.Softmax(self.MatMul("x", self.weight(self.D, self.E)), axis=1)
        return self.TopK(scores, [self.k], axis=1, outputs=2)

    def one_hot(self, ids):
        return self.Cast(self.OneHot(ids, [self.E], self.constant(np.array([0, 1])), axis=-1), to=F32)

    def sum_up(self, parts):
        total = parts[0]
        for part in parts[1:]:
            total = self.Add(total, part)
        return total

    def weights_of_experts(self):
        return [(self.weight(self.D, self.H), self.weight(self.H, self.D)) for _ in range(self.E)]

    def network(self, x, weights, act="Relu"):
        return self.MatMul(self.make(act, self.MatMul(x, weights[0])), weights[1])

    def model(self, output):
        # The extents of the output are inferred.
        graph = helper.make_graph(
            self.nodes, "g", [helper.make_tensor_value_info("x", F32, [self.T, self.D])],
            [helper.make_tensor_value_info(output, F32, None)], self.initializers)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


LAYERS, LOOKALIKES = {}, {}


def layer(pattern, **options):
    def register(make):
        LAYERS[make.__name__] = (make, pattern, options)
        return make
    return register


def lookalike(**options):
    def register(make):
        LOOKALIKES[make.__name__] = (make, None, options)
        return make
    return register


def build(name, seed):
    make, _, options = {**LAYERS, **LOOKALIKES}[name]
    graph = Graph(seed, **options)
    return graph.model(make(graph))


# -- P2: every expert on every token --


def masked(g, order=None, compared=None, gate=None, network=None, mask_of=None, rows=None):
    """Each expert on all tokens, weighted by what its mask leaves."""
    weights, ids = g.route()
    parts = []
    matrices = g.weights_of_experts()
    for e in order or range(g.E):
        mask = mask_of(g, ids, e) if mask_of else g.Equal(ids, (compared or (lambda e: e))(e))
        kept = g.Mul(g.Cast(mask, to=F32), weights)
        one = gate(g, kept, e) if gate else g.ReduceSum(kept, [1], keepdims=1)
        y = (network or g.network)(rows(g, e) if rows else "x", matrices[e]) if not network else network(
            g, "x", matrices[e], e)
        parts.append(g.Mul(y, one))
    return g.sum_up(parts)


@layer("P2")
def masked_by_equal(g):
    return masked(g)


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


@layer("P2")
def ids_counted_from_one(g):
    return masked(g, mask_of=lambda g, ids, e: g.Equal(g.Add(ids, 1), e + 1))


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


@layer("P2b")
def all_in_one(g):
    weights, ids = g.route()
    hot = g.one_hot(ids)
    gates = g.ReduceSum(g.Mul(hot, g.Unsqueeze(weights, [2])), [1], keepdims=0)
    y = g.network(g.Unsqueeze("x", [0]), (g.weight(g.E, g.D, g.H), g.weight(g.E, g.H, g.D)))
    return g.ReduceSum(g.Mul(y, g.Unsqueeze(g.Transpose(gates, perm=[1, 0]), [2])), [0], keepdims=0)


@lookalike()
def expert_missing(g):
    return masked(g, order=range(g.E - 1))


@layer("P2")
def expert_added_once_more(g):
    """A layer, and something more."""
    return masked(g, order=[*range(g.E), 0])


@lookalike()
def expert_instead_of_another(g):
    return masked(g, order=[*range(g.E - 1), 0])


@lookalike()
def ids_shifted(g):
    return masked(g, mask_of=lambda g, ids, e: g.Equal(g.Add(ids, 1), e))


@lookalike()
def mask_of_greater(g):
    return masked(g, mask_of=lambda g, ids, e: g.Greater(ids, e))


@lookalike()
def another_activation(g):
    return masked(g, network=lambda g, x, m, e: g.network(x, m, "Relu" if e else "Tanh"))


@lookalike()
def another_slope(g):
    return masked(g, network=lambda g, x, m, e: g.MatMul(
        g.LeakyRelu(g.MatMul(x, m[0]), alpha=0.1 + 0.1 * (e == 1)), m[1]))


@lookalike()
def another_number(g):
    return masked(g, network=lambda g, x, m, e: g.MatMul(
        g.Mul(g.MatMul(x, m[0]), g.constant(1.5 + (e == 1))), m[1]))


@lookalike()
def other_rows(g):
    return masked(g, rows=lambda g, e: "x" if e else g.Relu("x"))


@lookalike()
def vector_after_no_product(g):
    return masked(g, network=lambda g, x, m, e: g.MatMul(
        g.Add(g.Relu(g.MatMul(x, m[0])), g.weight(g.H)), m[1]))


@lookalike()
def gates_scaled_apart(g):
    return masked(g, gate=lambda g, kept, e: g.Mul(g.ReduceSum(kept, [1], keepdims=1), g.constant(1.0 + e)))


@lookalike()
def scaled_by_transposed(g):
    """Rows are scaled by a product that is no weight of the token."""
    return masked(g, gate=lambda g, kept, e: g.ReduceSum(kept, [0, 1], keepdims=1))


@lookalike()
def split_apart(g):
    """One expert turns its features round by another number."""
    def network(g, x, m, e):
        h = g.MatMul(x, m[0])
        size = 3 if e == 1 else 1
        a, b = g.Split(h, [size, g.H - size], axis=1, outputs=2)
        return g.MatMul(g.Concat(b, a, axis=1), m[1])
    return masked(g, network=network)


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


# -- P3: each expert on the rows that chose it --


def zeros_like_x(g):
    return g.ConstantOfShape(g.Shape("x"))


def hits(g, mask):
    """Tokens and choices of a mask [T, k]."""
    places = g.NonZero(mask)
    return [g.Squeeze(p, [0]) for p in g.Split(places, axis=0, num_outputs=2, outputs=2)]


def gathered(g, write, weigh=None, base=zeros_like_x):
    weights, ids = g.route()
    total = base(g)
    flat = g.Reshape(weights, [-1])
    for e, m in enumerate(g.weights_of_experts()):
        tokens, choices = hits(g, g.Equal(ids, e))
        if weigh:
            weight = weigh(g, weights, flat, ids, tokens, choices, e)
        else:
            weight = g.Unsqueeze(g.Gather(flat, g.Add(g.Mul(tokens, g.k), choices)), [1])
        y = g.Mul(g.network(g.Gather("x", tokens, axis=0), m), weight)
        total = write(g, total, tokens, y)
    return total


def scatter_nd(g, total, tokens, y):
    return g.ScatterND(total, g.Unsqueeze(tokens, [1]), y, reduction="add")


def spread(g, tokens, y):
    return g.Expand(g.Unsqueeze(tokens, [1]), g.Shape(y))


@layer("P3")
def gathered_scatter_nd(g):
    return gathered(g, scatter_nd)


@layer("P3")
def gathered_scatter_elements(g):
    return gathered(g, lambda g, total, tokens, y: g.ScatterElements(
        total, g.Expand(g.Unsqueeze(tokens, [1]), g.Shape(y)), y, axis=0, reduction="add"))


@layer("P3")
def gathered_set_and_added(g):
    return gathered(g, lambda g, total, tokens, y: g.Add(total, g.ScatterND(
        zeros_like_x(g), g.Unsqueeze(tokens, [1]), y)))


@layer("P3")
def gathered_read_and_written(g):
    def write(g, total, tokens, y):
        index = g.Unsqueeze(tokens, [1])
        return g.ScatterND(total, index, g.Add(g.GatherND(total, index), y))
    return gathered(g, write)


@layer("P3")
def gathered_by_tuples(g):
    return gathered(g, scatter_nd, weigh=lambda g, weights, flat, ids, tokens, choices, e: g.Unsqueeze(
        g.GatherND(weights, g.Concat(g.Unsqueeze(tokens, [1]), g.Unsqueeze(choices, [1]), axis=1)), [1]))


@layer("P3", distinct=False)
def gathered_twice(g):
    return gathered(g, scatter_nd)


@layer("P3", experts=1, choices=1)
def gathered_for_one_expert(g):
    """Its matrices are no table of all experts."""
    return gathered_by_tuples(g)


@lookalike()
def hits_in_another_order(g):
    """Weights in the order of choices, rows in that of tokens."""
    def weigh(g, weights, flat, ids, tokens, choices, e):
        other = g.Equal(g.Transpose(ids, perm=[1, 0]), e)
        choice, token = hits(g, other)
        return g.Unsqueeze(g.Gather(flat, g.Add(g.Mul(token, g.k), choice)), [1])
    return gathered(g, scatter_nd, weigh=weigh)


@lookalike()
def written_in_another_order(g):
    weights, ids = g.route()
    total = zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        tokens, _ = hits(g, g.Equal(ids, e))
        _, others = hits(g, g.Equal(g.Transpose(ids, perm=[1, 0]), e))
        total = scatter_nd(g, total, others, g.network(g.Gather("x", tokens, axis=0), m))
    return total


@lookalike()
def flat_places_of_choices(g):
    """Places of the transposed mask, flattened, look up transposed weights."""
    weights, ids = g.route()
    flat = g.Reshape(g.Transpose(weights, perm=[1, 0]), [-1])
    total = zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        mask = g.Equal(g.Transpose(ids, perm=[1, 0]), e)
        _, tokens = hits(g, mask)
        place = g.Gather(g.NonZero(g.Reshape(mask, [-1])), g.constant(np.int64(0)), axis=0)
        y = g.Mul(g.network(g.Gather("x", tokens, axis=0), m), g.Unsqueeze(g.Gather(flat, place), [1]))
        total = scatter_nd(g, total, tokens, y)
    return total


@lookalike()
def hits_twice(g):
    """The mask is computed twice along a new dimension, so that each hit counts twice."""
    weights, ids = g.route()
    flat = g.Reshape(weights, [-1])
    total = zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        places = g.NonZero(g.Equal(ids, g.constant(np.full([2, 1, 1], e))))
        tokens, choices = [g.Gather(places, i, axis=0) for i in (1, 2)]
        weight = g.Gather(flat, g.Add(g.Mul(tokens, g.k), choices))
        y = g.Mul(g.network(g.Gather("x", tokens, axis=0), m), g.Unsqueeze(weight, [1]))
        total = scatter_nd(g, total, tokens, y)
    return total


@lookalike(distinct=False)
def set_where_hit_twice(g):
    """An expert that a token chose twice is set, not added."""
    return gathered(g, lambda g, total, tokens, y: g.Add(total, g.ScatterND(
        zeros_like_x(g), g.Unsqueeze(tokens, [1]), y)))


@lookalike(distinct=False)
def written_where_hit_twice(g):
    def write(g, total, tokens, y):
        index = g.Unsqueeze(tokens, [1])
        return g.ScatterND(total, index, g.Add(g.GatherND(total, index), y))
    return gathered(g, write)


@lookalike(tokens=8)
def read_along_columns(g):
    """What is added to was read along the other axis."""
    g.D = 8  # As many as tokens.

    def write(g, total, tokens, y):
        index = spread(g, tokens, y)
        return g.ScatterElements(total, index, g.Add(g.GatherElements(total, index, axis=1), y), axis=0)
    return gathered(g, write, base=lambda g: g.Relu("x"))


@lookalike()
def written_to_one_column(g):
    weights, ids = g.route()
    total = zeros_like_x(g)
    for e in range(g.E):
        tokens, _ = hits(g, g.Equal(ids, e))
        y = g.MatMul(g.Gather("x", tokens, axis=0), g.weight(g.D, 1))
        total = g.ScatterElements(total, g.Unsqueeze(tokens, [1]), y, axis=0, reduction="add")
    return total


@lookalike()
def set_into_ones(g):
    return gathered(g, lambda g, total, tokens, y: g.Add(total, g.ScatterND(
        g.Exp(g.Sub("x", "x")), g.Unsqueeze(tokens, [1]), y)))


@lookalike()
def largest_kept(g):
    return gathered(g, lambda g, total, tokens, y: g.ScatterND(
        total, g.Unsqueeze(tokens, [1]), y, reduction="max"))


@lookalike()
def rows_of_another_value(g):
    weights, ids = g.route()
    total = zeros_like_x(g)
    for e, m in enumerate(g.weights_of_experts()):
        tokens, _ = hits(g, g.Equal(ids, e))
        y = g.network(g.Gather(g.Relu("x") if e == 1 else "x", tokens, axis=0), m)
        total = scatter_nd(g, total, tokens, y)
    return total


# -- P4: weights looked up for each choice --


def looked_up(g, rows=None, weight=None, ids_of=None, bias=None):
    weights, ids = g.route()
    ids = ids_of(g, ids) if ids_of else ids
    w1 = g.Gather(g.weight(g.E, g.D, g.H), ids, axis=0)
    w2 = g.Gather(g.weight(g.E, g.H, g.D), ids, axis=0)
    x = rows(g) if rows else g.Unsqueeze("x", [1, 2])
    h = g.MatMul(x, w1)
    if bias:
        h = bias(g, h, ids)
    y = g.Squeeze(g.MatMul(g.Relu(h), w2), [2])
    y = g.Mul(y, weight(g, weights) if weight else g.Unsqueeze(weights, [2]))
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
def columns_and_vector(g):
    weights, ids = g.route()
    w = g.Gather(g.weight(g.E, g.H, g.D), ids, axis=0)
    h = g.Mul(g.MatMul(w, g.Unsqueeze("x", [1, 3])), g.weight(g.H))
    return g.ReduceSum(h, [1], keepdims=0)


@lookalike()
def summed_over_tokens(g):
    weights, ids = g.route()
    y = g.MatMul(g.Unsqueeze("x", [1, 2]), g.Gather(g.weight(g.E, g.D, g.H), ids, axis=0))
    return g.ReduceSum(g.Mul(g.Squeeze(y, [2]), g.Unsqueeze(weights, [2])), [0], keepdims=0)


# -- P5: rows sorted by expert --


def sorted_rows(g, cut=None, largest=0, bounds=None, extra=None, order=None, divide=None):
    weights, ids = g.route()
    flat = g.Reshape(ids, [-1])
    count = g.Shape(flat)
    by_expert, place = g.TopK(flat, count, axis=0, largest=largest, outputs=2)
    tokens = g.Div(place, divide or g.k)
    rows = g.Gather("x", tokens, axis=0)
    histogram = g.ScatterElements(g.constant(np.zeros(g.E, np.int64)), by_expert,
                                  g.Expand(g.constant(np.ones([1], np.int64)), count), axis=0, reduction="add")
    ends = g.CumSum(histogram, 0)
    parts = []
    start = g.constant(np.zeros([1], np.int64))
    for e, m in enumerate(g.weights_of_experts()):
        end = g.Gather(ends, [e], axis=0)
        begin, stop = bounds(g, start, end, e) if bounds else (start, end)
        part = g.Slice(rows, begin, stop, [0])
        y = g.network(part, m)
        parts.append(extra(g, y, rows, begin, stop) if extra else y)
        start = end
    if order:
        parts = order(parts)
    y = g.Concat(*parts, axis=0)
    y = g.Mul(y, g.Unsqueeze(g.Gather(g.Reshape(weights, [-1]), place, axis=0), [1]))
    inverse = g.TopK(place, count, axis=0, largest=0, outputs=2)[1]
    y = g.Reshape(g.Gather(y, inverse, axis=0), [-1, g.k, g.D])
    return g.ReduceSum(y, [1], keepdims=0)


@layer("P5")
def rows_sorted(g):
    return sorted_rows(g)


@lookalike()
def sorted_down(g):
    return sorted_rows(g, largest=1)


@lookalike(tokens=7)
def bounds_off_by_one(g):
    def bounds(g, start, end, e):
        return (g.Sub(start, 1) if e else start), (end if e == g.E - 1 else g.Sub(end, 1))
    return sorted_rows(g, bounds=bounds)


@lookalike()
def parts_reversed(g):
    return sorted_rows(g, order=lambda parts: parts[::-1])


@lookalike()
def last_row_of_segment(g):
    """To each row of an expert its last one is added."""
    return sorted_rows(g, extra=lambda g, y, rows, begin, stop: g.Add(
        y, g.Slice(g.Relu(rows), g.Sub(stop, 1), stop, [0])))


@lookalike()
def not_put_back(g):
    """Rows stay in the order of experts."""
    weights, ids = g.route()
    flat = g.Reshape(ids, [-1])
    by_expert, place = g.TopK(flat, g.Shape(flat), axis=0, largest=0, outputs=2)
    rows = g.Gather("x", g.Div(place, g.k), axis=0)
    y = g.MatMul(g.Unsqueeze(rows, [1]), g.Gather(g.weight(g.E, g.D, g.H), by_expert, axis=0))
    return g.ReduceSum(g.Reshape(y, [-1, g.k, g.H]), [1], keepdims=0)
