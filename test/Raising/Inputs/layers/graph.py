# ===-- graph.py - a graph under construction ---------------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""What the layers are made with, and where they are kept by name."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

I64 = TensorProto.INT64
F32 = TensorProto.FLOAT
F16 = TensorProto.FLOAT16
BOOL = TensorProto.BOOL


class Graph:
    """A graph under construction: attributes are operators, arguments are names of
    values or numbers."""

    def __init__(self, seed, tokens=None, experts=None, choices=None, distinct=True, batch=None, half=False):
        self.random = np.random.default_rng(seed)
        self.nodes, self.initializers, self.count = [], [], 0
        self.T = tokens or "T"
        self.E = experts or int(self.random.integers(3, 6))
        self.k = choices or int(self.random.integers(2, self.E))
        self.D = int(self.random.integers(2, 6)) * 4
        self.H = int(self.random.integers(2, 6)) * 4
        self.distinct = distinct
        # Rows may have two dimensions in front; experts, and their weights, may be halves.
        self.batch, self.last = batch, 2 if batch else 1
        self.float = F16 if half else F32
        self.x = self.Cast("x", to=F16) if half else "x"

    def constant(self, array):
        array = np.asarray(array)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def number(self, array):
        """In the type of the experts."""
        return self.constant(np.asarray(array, np.float16 if self.float == F16 else np.float32))

    def weight(self, *shape):
        return self.number(self.random.normal(size=shape) / np.sqrt(shape[-2] if len(shape) > 1 else 1))

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
        logits = self.MatMul(self.x, self.weight(self.D, self.E))
        if self.float == F16:
            logits = self.Cast(logits, to=F32)
        weights, ids = self.TopK(self.Softmax(logits, axis=self.last), [self.k], axis=self.last, outputs=2)
        return self.Cast(weights, to=F16) if self.float == F16 else weights, ids

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

    def shape(self):
        return [*([self.batch] if self.batch else []), self.T, self.D]

    def model(self, output):
        if self.float == F16:
            output = self.Cast(output, to=F32)
        # The extents of the output are inferred.
        graph = helper.make_graph(
            self.nodes, "g", [helper.make_tensor_value_info("x", F32, self.shape())],
            [helper.make_tensor_value_info(output, F32, None)], self.initializers)
        domains = sorted({node.domain for node in self.nodes} - {""})
        return helper.make_model(graph, ir_version=8, opset_imports=[
            helper.make_opsetid("", 18), *(helper.make_opsetid(domain, 1) for domain in domains)])


LAYERS, LOOKALIKES = {}, {}


def register(table, wanted, options):
    """Notes a function in a table by its name, with what is wanted of it."""
    def note(make):
        table[make.__name__] = (make, wanted, options)
        return make
    return note


def layer(pattern, **options):
    return register(LAYERS, pattern, options)


def lookalike(**options):
    return register(LOOKALIKES, None, options)


def build(name, seed, tokens=None):
    """With `tokens`, so many are fixed where the layer leaves them open."""
    make, _, options = {**LAYERS, **LOOKALIKES}[name]
    graph = Graph(seed, **{"tokens": tokens, **options})
    return graph.model(make(graph))
