# ===-- definition.py - what fused MoE nodes compute, by ordinary operators -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Writes MoE and QMoE nodes out: every expert on all tokens, in float32, weighted by
what the routing leaves of it. Ties of scores are not decided as the nodes do."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Writer:
    """Nodes in the place of one fused node."""

    def __init__(self, node, dims):
        self.fused, self.dims = node, dims
        self.nodes, self.inits = [], []
        self.attrs = {a.name: helper.get_attribute_value(a) for a in node.attribute}

    def name(self):
        return f"{self.fused.output[0]}/definition/{len(self.nodes)}/{len(self.inits)}"

    def const(self, array):
        name = self.name()
        self.inits.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def ints(self, *values):
        return self.const(np.array(values, np.int64))

    def number(self, value):
        return self.const(np.array(value, np.float32))

    def __getattr__(self, op):
        if not op[0].isupper():
            raise AttributeError(op)

        def add(*operands, outputs=1, **attributes):
            names = [self.name() + f"/{i}" for i in range(outputs)]
            self.nodes.append(helper.make_node(op, list(operands), names, **attributes))
            return names[0] if outputs == 1 else names
        return add

    def f32(self, value):
        return self.Cast(value, to=TensorProto.FLOAT)

    # ---- routing ------------------------------------------------------------------

    def route(self, scores, k, is_quantised):
        if is_quantised:
            values, ids = self.TopK(scores, self.ints(k), outputs=2, axis=-1)
            return self.Softmax(values, axis=-1), ids
        values, ids = self.TopK(self.Softmax(scores, axis=-1), self.ints(k), outputs=2, axis=-1)
        if self.attrs.get("normalize_routing_weights", 0):
            values = self.Div(values, self.ReduceSum(values, self.ints(-1), keepdims=1))
        return values, ids

    # ---- experts ------------------------------------------------------------------

    def columns(self, h, first):
        return self.Slice(h, self.ints(first), self.ints(np.iinfo(np.int64).max), self.ints(-1), self.ints(2))

    def activate(self, h):
        kind = self.attrs.get("activation_type", b"relu").decode()
        if kind == "relu":
            return self.Relu(h)
        if kind == "silu":
            return self.Mul(h, self.Sigmoid(h))
        if kind == "gelu":
            cube = self.Mul(self.Mul(h, h), h)
            inner = self.Add(h, self.Mul(cube, self.number(0.044715)))
            tanh = self.Tanh(self.Mul(inner, self.number(np.sqrt(2 / np.pi))))
            return self.Mul(self.Mul(h, self.number(0.5)), self.Add(tanh, self.number(1)))
        if kind == "swiglu":
            return self.swiglu(self.columns(h, 0), self.columns(h, 1))
        assert kind == "identity", kind
        return h

    def swiglu(self, gate, up):
        limit = self.attrs.get("swiglu_limit")
        if limit is not None:
            gate = self.Min(gate, self.number(limit))
            up = self.Max(self.Min(up, self.number(limit)), self.number(-limit))
        alpha = self.number(self.attrs.get("activation_alpha", 1.0))
        beta = self.number(self.attrs.get("activation_beta", 0.0))
        return self.Mul(self.Mul(gate, self.Sigmoid(self.Mul(gate, alpha))), self.Add(up, beta))

    def product(self, x, weights, bias):
        y = self.MatMul(x, self.Transpose(weights, perm=[0, 2, 1]))
        return self.Add(y, self.Unsqueeze(self.f32(bias), self.ints(1))) if bias else y

    def dequantise(self, codes, scales):
        bits = self.attrs.get("expert_weight_bits", 4)
        experts, rows, packed = self.dims[codes]
        depth = packed * 8 // bits
        q = self.f32(codes)
        if bits == 4:
            high = self.Floor(self.Mul(q, self.number(1 / 16)))
            low = self.Sub(q, self.Mul(high, self.number(16)))
            q = self.Concat(*[self.Unsqueeze(part, self.ints(3)) for part in (low, high)], axis=3)
            q = self.Reshape(q, self.ints(experts, rows, depth))
        q = self.Sub(q, self.number(1 << (bits - 1)))
        s, dims = self.f32(scales), self.dims[scales]
        blocks = dims[2] if len(dims) == 3 else 1
        size = self.attrs.get("block_size", 0) if blocks > 1 else depth
        s = self.Reshape(s, self.ints(experts, rows, blocks, 1))
        s = self.Reshape(self.Expand(s, self.ints(experts, rows, blocks, size)),
                         self.ints(experts, rows, blocks * size))
        return self.Mul(q, self.Slice(s, self.ints(0), self.ints(depth), self.ints(2)))

    # ---- the node -----------------------------------------------------------------

    def write(self, elem):
        operands = list(self.fused.input) + [""] * 8
        is_quantised = self.fused.op_type == "QMoE"
        if is_quantised:
            x, scores, q1, s1, bias1, q2, s2, bias2 = operands[:8]
            first, second = self.dequantise(q1, s1), self.dequantise(q2, s2)
            experts, width = self.dims[q1][0], self.dims[q2][1]
        else:
            x, scores, w1, bias1, w2, bias2 = operands[:6]
            first, second = self.f32(w1), self.f32(w2)
            experts, width = self.dims[w1][0], self.dims[w2][1]
        rows = self.Reshape(self.f32(x), self.ints(-1, width))
        scores = self.Reshape(self.f32(scores), self.ints(-1, experts))
        values, ids = self.route(scores, self.attrs.get("k", 1), is_quantised)
        mask = self.Equal(self.Unsqueeze(ids, self.ints(2)), self.ints(*range(experts)))
        gates = self.Where(mask, self.Unsqueeze(values, self.ints(2)), self.number(0))
        gates = self.Transpose(self.ReduceSum(gates, self.ints(1), keepdims=0), perm=[1, 0])
        h = self.activate(self.product(self.Unsqueeze(rows, self.ints(0)), first, bias1))
        y = self.Mul(self.product(h, second, bias2), self.Unsqueeze(gates, self.ints(2)))
        total = self.ReduceSum(y, self.ints(0), keepdims=0)
        y = self.Reshape(self.Cast(total, to=elem), self.Shape(x))
        self.nodes.append(helper.make_node("Identity", [y], [self.fused.output[0]]))


def static_dims(graph):
    """Of weights: initializers, Constants and inputs."""
    dims = {i.name: list(i.dims) for i in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            dims[node.output[0]] = list(node.attribute[0].t.dims)
    for value in graph.input:
        dims.setdefault(value.name, [d.dim_value for d in value.type.tensor_type.shape.dim])
    return dims


def define(model):
    """The model without fused nodes; None if it has none."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    dims, elem = static_dims(made.graph), made.graph.output[0].type.tensor_type.elem_type
    nodes, found = [], False
    for node in made.graph.node:
        if node.op_type not in ("MoE", "QMoE"):
            nodes.append(node)
            continue
        found = True
        writer = Writer(node, dims)
        writer.write(elem)
        nodes += writer.nodes
        made.graph.initializer.extend(writer.inits)
    if not found:
        return None
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del made.graph.node[:]
    made.graph.node.extend(kept)
    return made
