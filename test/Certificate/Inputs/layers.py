# ===-- layers.py - small layers with dead experts ------------------------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""Models of one MoE layer, and what their routers are in the words of
test/oracle/dead_experts.py. The layer's node is "layer"."""

import math
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))
from oracle import dead_experts as oracle

E, H, I, K = 8, 16, 4, 2
INFINITY = math.inf


class Model:
    """Nodes and initializers as they are made."""

    def __init__(self):
        self.nodes, self.initializers, self.count = [], [], 0

    def constant(self, value, dtype=np.float32, name=None):
        name = name or f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def ints(self, *values):
        return self.constant(values, np.int64)

    def node(self, op, inputs, outputs=1, name=None, domain="", **attributes):
        self.count += 1
        names = [f"{op}_{self.count}_{i}" for i in range(outputs)]
        self.nodes.append(
            helper.make_node(op, inputs, names, name=name or f"n{self.count}_{op}", domain=domain, **attributes)
        )
        return names[0] if outputs == 1 else names

    def cast(self, value, to):
        return self.node("Cast", [value], to=to)

    def save(self, path, result, hidden=H):
        value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", hidden])
        self.nodes.append(helper.make_node("Identity", [result], ["y"], name="end"))
        graph = helper.make_graph(self.nodes, "g", [value("x")], [value("y")], self.initializers)
        opsets = [helper.make_opsetid("", 23), helper.make_opsetid("com.microsoft", 1)]
        onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=11), path)


def numbers(seed, *shape, size=1.0):
    values = np.random.default_rng(seed).normal(size=shape) * size
    return values.astype(np.float32)


def floats(array):
    return np.asarray(array, np.float64).tolist()


def unpack(array, bits):
    """Codes of the last dimension's bytes."""
    codes = (array[..., None] >> np.arange(0, 8, bits, dtype=np.uint8)) & np.uint8(2**bits - 1)
    return codes.reshape(*array.shape[:-1], -1)


def pack(codes, bits):
    parts = codes.reshape(*codes.shape[:-1], -1, 8 // bits) << np.arange(0, 8, bits, dtype=np.uint8)
    return parts.sum(axis=-1).astype(np.uint8)


# ===-- What bounds the router's input ----------------------------------------===#

GAIN = (1 + 0.1 * numbers(7, H)).astype(np.float32)
OFFSET = (0.1 * numbers(8, H)).astype(np.float32)


def rms_op(m):
    return m.node("RMSNormalization", ["x", m.constant(GAIN)], epsilon=1e-6), oracle.norm_bound("rms_norm", floats(GAIN))


def simplified_op(m):
    value = m.node("SimplifiedLayerNormalization", ["x", m.constant(GAIN)], domain="com.microsoft", epsilon=1e-6)
    return value, oracle.norm_bound("rms_norm", floats(GAIN))


def skip_rms(m):
    value = m.node("SkipSimplifiedLayerNormalization", ["x", "x", m.constant(GAIN)], domain="com.microsoft")
    return value, oracle.norm_bound("rms_norm", floats(GAIN))


def skip_layer(m):
    inputs = ["x", "x", m.constant(GAIN), m.constant(OFFSET)]
    value = m.node("SkipLayerNormalization", inputs, domain="com.microsoft")
    return value, oracle.norm_bound("layer_norm", floats(GAIN), floats(OFFSET))


def layer_op(m):
    value = m.node("LayerNormalization", ["x", m.constant(GAIN), m.constant(OFFSET)])
    return value, oracle.norm_bound("layer_norm", floats(GAIN), floats(OFFSET))


def mean_root(m, value, spelling, epsilon=1e-6):
    """What value times this, or value divided by this, normalises."""
    square = m.node("Mul", [value, value]) if spelling == "div" else m.node("Pow", [value, m.constant(2.0)])
    mean = m.node("ReduceMean", [square, m.ints(-1)], keepdims=1)
    total = m.node("Add", [mean, m.constant(epsilon)])
    if spelling == "power":
        return m.node("Pow", [total, m.constant(-0.5)])
    root = m.node("Sqrt", [total])
    if spelling == "one":
        return m.node("Div", [m.constant(1.0), root])
    return m.node("Reciprocal", [root]) if spelling == "reciprocal" else root


def spelled(spelling, centred=False, epsilon=1e-6):
    def make(m):
        value = "x"
        if centred:
            value = m.node("Sub", ["x", m.node("ReduceMean", ["x", m.ints(-1)], keepdims=1)])
        root = mean_root(m, value, spelling, epsilon)
        value = m.node("Div" if spelling == "div" else "Mul", [value, root])
        value = m.node("Mul", [m.constant(GAIN), value])
        if centred:
            value = m.node("Add", [value, m.constant(OFFSET)])
            return value, oracle.norm_bound("layer_norm", floats(GAIN), floats(OFFSET))
        return value, oracle.norm_bound("rms_norm", floats(GAIN))

    return make


def half_rms(m):
    """Normalised in f32, stored as f16, read as f32."""
    value, _ = spelled("reciprocal")(m)
    value = m.cast(m.cast(value, TensorProto.FLOAT16), TensorProto.FLOAT)
    return value, oracle.norm_bound("rms_norm", floats(GAIN), storage="f16")


def squashed(op, low, high):
    def make(m):
        return m.node(op, ["x"]), oracle.range_bound(op.lower(), H, low, high, 2.0**-20)

    return make


def clip(m):
    value = m.node("Clip", ["x", m.constant(-0.5), m.constant(2.0)])
    return value, oracle.range_bound("clip", H, -0.5, 2.0, 0)


def clip_above(m):
    value = m.node("Clip", ["x", m.constant(0.5), m.constant(2.0)])
    return value, oracle.range_bound("clip", H, 0.5, 2.0, 0)


def plain(m):
    return "x", oracle.no_bound(H)


# ===-- Routers ---------------------------------------------------------------===#


def by_sum(m, values, ids):
    return m.node("Div", [values, m.node("ReduceSum", [values, m.ints(-1)], keepdims=1)])


def by_norm(op):
    return lambda m, values, ids: m.node("Div", [values, m.node(op, [values, m.ints(-1)], keepdims=1)])


def by_powers(m, values, ids):
    powers = m.node("Pow", [m.node("Abs", [values]), m.constant(3.0)])
    total = m.node("Pow", [m.node("ReduceSum", [powers, m.ints(-1)], keepdims=1), m.constant(1 / 3)])
    return m.node("Div", [values, m.node("Max", [total, m.constant(1e-12)])])


def by_root(m, values, ids):
    total = m.node("Sqrt", [m.node("ReduceSum", [m.node("Pow", [values, m.constant(2.0)]), m.ints(-1)], keepdims=1)])
    return m.node("Div", [values, total])


def by_scale(scale):
    """A number of each expert, looked up."""
    def finish(m, values, ids):
        return m.node("Mul", [by_sum(m, values, ids), m.node("Gather", [m.constant(scale), ids])])
    return finish


class Case:
    """One layer: how its router is written, and what it is."""

    def __init__(self, name, score="none", source=rms_op, bias=(), selection=None, groups=None, top_k=K, size=0.1,
                 common=0.0, mask="gemm", fused=None, weights=None, form="gather", dead=(), cause=None, edit=None,
                 values=False, inner=I, bits=8, block=None, points=None, finish=None, kinds=("Relu",)):
        self.__dict__.update(locals())
        w = numbers(11, E, H, size=size) + common * numbers(12, H)
        self.w = np.asarray(weights if weights is not None else w, np.float32)
        self.b = np.zeros(E, np.float32)
        for expert, value in dict(bias).items():
            self.b[expert] = value

    def router(self, bound):
        c = floats(np.asarray(self.selection, np.float32)) if self.selection is not None else None
        return oracle.Router(
            self.top_k, floats(self.w), floats(self.b), bound, {"chosen": "none"}.get(self.score, self.score), c,
            self.groups, highest=self.fused is not None)

    # The graph.

    def logits(self, m, v):
        if self.mask == "gemm":
            return m.node("Gemm", [v, m.constant(self.w), m.constant(self.b)], transB=1)
        if self.mask == "plain":
            return m.node("MatMul", [v, m.constant(self.w.T)])
        if self.mask == "transposed":
            return m.node("MatMul", [v, m.node("Transpose", [m.constant(self.w)], perm=[1, 0])])
        logits = m.node("MatMul", [v, m.constant(self.w.T)])
        if self.mask == "add":
            return m.node("Add", [logits, m.constant(self.b)])
        if self.mask == "sub":
            return m.node("Sub", [logits, m.constant(-self.b)])
        assert self.mask == "where"
        fill = self.b[self.b != 0][0]
        for i in np.flatnonzero(self.b):
            self.w[i] = 0
        return m.node("Where", [m.constant(self.b != 0, np.bool_), m.constant(fill), logits])

    def keys(self, m, scores):
        keys = scores
        if self.selection is not None:
            keys = m.node("Add", [keys, m.constant(np.asarray(self.selection, np.float32))])
        if self.groups:
            keys = self.mask_groups(m, keys)
        return keys

    def mask_groups(self, m, keys):
        count, members = self.groups.count, E // self.groups.count
        split = m.node("Reshape", [keys, m.ints(-1, count, members)])
        if self.groups.score == "max":
            best = m.node("ReduceMax", [split, m.ints(-1)], keepdims=0)
        else:
            best = m.node("ReduceSum", [m.node("TopK", [split, m.ints(2)], 2)[0], m.ints(-1)], keepdims=0)
        ids = m.node("TopK", [best, m.ints(self.groups.kept)], 2)[1]
        if self.values:
            marks = m.node("OneHot", [ids, m.constant(count, np.int64), m.constant([0.0, 1.0])], axis=-1)
            marks = m.node("ReduceMax", [marks, m.ints(-2)], keepdims=0)
        else:
            zeros = m.node("Expand", [m.constant(0.0), m.node("Shape", [best])])
            one = numpy_helper.from_array(np.ones(1, np.float32))
            ones = m.node("ConstantOfShape", [m.node("Shape", [ids])], value=one)
            marks = m.node("ScatterElements", [zeros, ids, ones], axis=1)
        marks = m.node("Unsqueeze", [marks, m.ints(-1)])
        marks = m.node("Expand", [marks, m.ints(1, 1, members)])
        marks = m.node("Reshape", [marks, m.ints(-1, E)])
        fill = m.constant(self.groups.fill)
        if self.values:
            return m.node("Where", [m.node("Greater", [marks, m.constant(0.0)]), keys, fill])
        return m.node("Where", [m.node("Not", [m.cast(marks, TensorProto.BOOL)]), fill, keys])

    def build(self, path):
        m = Model()
        v, bound = self.source(m)
        logits = self.logits(m, v)
        self.experts()
        if self.fused:
            result = self.write_fused(m, v, logits)
        else:
            function = {"softmax": "Softmax", "sigmoid": "Sigmoid"}.get(self.score)
            scores = m.node(function, [logits]) if function else logits
            values, ids = self.choose(m, v, scores)
            if self.score == "chosen":
                values = m.node("Softmax", [values])
            if self.selection is not None or self.groups:
                values = m.node("GatherElements", [scores, ids], axis=1)
            values = (self.finish or by_sum)(m, values, ids)
            forms = {"gather": self.write_gathered, "sorted": self.write_sorted, "overlapping": self.write_sorted,
                     "tabled": self.write_sorted}
            result = forms.get(self.form, self.write_unrolled)(m, v, values, ids)
        m.save(path, result)
        return self.router(bound)

    def choose(self, m, v, scores):
        if self.form != "joined":
            return m.node("TopK", [self.keys(m, scores), m.ints(self.top_k)], 2, name="choice")
        # One of each of two routers.
        other = m.node("MatMul", [v, m.constant(numbers(13, H, E, size=self.size))])
        chosen = [m.node("TopK", [keys, m.ints(1)], 2) for keys in (scores, other)]
        return [m.node("Concat", parts, axis=1) for parts in zip(*chosen)]

    # Experts.

    def experts(self):
        inner, bits, block = self.inner, self.bits, self.block
        self.w1, self.w2 = numbers(21, E, inner, H), numbers(22, E, H, inner)
        self.b2 = numbers(23, E, H)
        if self.fused == "QMoE":
            random = np.random.default_rng(31)
            shapes = (E, inner, H * bits // 8), (E, H, inner * bits // 8)
            self.codes = [random.integers(0, 256, shape, np.uint8) for shape in shapes]
            blocks = [-(-columns // block) for columns in (H, inner)] if block else []
            self.scales = [abs(numbers(33, E, inner, *blocks[:1])), abs(numbers(34, E, H, *blocks[1:]))]
            if self.points:
                shape = (E, H, -(-blocks[1] * bits // 8)) if block else (E, H * bits // 8)
                self.points = random.integers(0, 256, shape, np.uint8)
        if self.edit:
            self.edit(self)

    def write_gathered(self, m, v, values, ids):
        w1, w2, b2 = m.constant(self.w1, name="w1"), m.constant(self.w2, name="w2"), m.constant(self.b2, name="b2")
        rows = m.node("Reshape", [v, m.ints(-1, 1, H, 1)])
        inner = m.node("Relu", [m.node("MatMul", [m.node("Gather", [w1, ids]), rows])])
        outer = m.node("Squeeze", [m.node("MatMul", [m.node("Gather", [w2, ids]), inner]), m.ints(3)])
        outer = m.node("Add", [outer, m.node("Gather", [b2, ids])])
        outer = m.node("Mul", [outer, m.node("Unsqueeze", [values, m.ints(-1)])])
        return m.node("ReduceSum", [outer, m.ints(1)], keepdims=0, name="layer")

    def weigh(self, m, values, ids):
        """The weights of each expert, [N, 1]."""
        if self.form == "sliced":
            hot = m.cast(m.node("OneHot", [ids, m.ints(E), m.ints(0, 1)], axis=-1), TensorProto.FLOAT)
            gates = m.node("Mul", [hot, m.node("Unsqueeze", [values, m.ints(-1)])])
            gates = m.node("ReduceSum", [gates, m.ints(1)], keepdims=0)
            return [m.node("Slice", [gates, m.ints(i), m.ints(i + 1), m.ints(1)]) for i in range(E)]
        if self.form == "split":
            shape = m.node("Concat", [m.node("Shape", [ids], end=1), m.ints(E)], axis=0)
            lowest = m.node("ConstantOfShape", [shape], value=numpy_helper.from_array(np.float32([-INFINITY])))
            gates = m.node("Softmax", [m.node("ScatterElements", [lowest, ids, values], axis=1)], axis=1)
            return m.node("Split", [gates], E, axis=1, num_outputs=E)
        shift = {"counted": 1, "wrapped": 1}.get(self.form, 0)
        weights = []
        for i in range(E):
            numbers = m.node("Add", [ids, m.constant(shift, np.int64)]) if shift else ids
            number = i + shift
            if self.form == "wrapped":
                numbers, number = m.node("Mod", [numbers, m.constant(E, np.int64)]), number % E
            mask = m.cast(m.node("Equal", [numbers, m.constant(number, np.int64)]), TensorProto.FLOAT)
            weights.append(m.node("ReduceSum", [m.node("Mul", [mask, values]), m.ints(-1)], keepdims=1))
        return weights

    def write_sorted(self, m, v, values, ids):
        """Rows sorted by expert, cut, and put back."""
        flat = m.node("Reshape", [ids, m.ints(-1)])
        count = m.node("Shape", [flat])
        by_expert, place = m.node("TopK", [flat, count], 2, axis=0, largest=0)
        rows = m.node("Gather", [v, m.node("Div", [place, m.constant(self.top_k, np.int64)])], axis=0)
        ones = m.node("Expand", [m.ints(1), count])
        histogram = m.node("ScatterElements", [m.constant(np.zeros(E), np.int64), by_expert, ones], axis=0,
                           reduction="add")
        ends = m.node("CumSum", [histogram, m.constant(0, np.int64)])
        parts, start = [], m.ints(0)
        for i in range(E):
            end = m.node("Gather", [ends, m.ints(i)], axis=0)
            if self.form == "overlapping" and i:
                start = m.node("Sub", [start, m.ints(1)])
            piece = m.node("Slice", [rows, start, end, m.ints(0)])
            inner = m.node(self.kind(i), [m.node("MatMul", [piece, m.constant(self.w1[i].T, name=f"w1_{i}")])])
            outer = m.node("MatMul", [inner, m.constant(self.w2[i].T, name=f"w2_{i}")])
            if self.form != "tabled":
                outer = m.node("Add", [outer, m.constant(self.b2[i], name=f"b2_{i}")])
            parts.append(outer)
            start = end
        outer = m.node("Concat", parts, axis=0)
        if self.form == "tabled":
            outer = m.node("Add", [outer, m.node("Gather", [m.constant(self.b2, name="b2"), by_expert], axis=0)])
        weights = m.node("Gather", [m.node("Reshape", [values, m.ints(-1)]), place], axis=0)
        outer = m.node("Mul", [outer, m.node("Unsqueeze", [weights, m.ints(1)])])
        inverse = m.node("TopK", [place, count], 2, axis=0, largest=0)[1]
        outer = m.node("Reshape", [m.node("Gather", [outer, inverse], axis=0), m.ints(-1, self.top_k, H)])
        return m.node("ReduceSum", [outer, m.ints(1)], keepdims=0, name="layer")

    def kind(self, expert):
        return self.kinds[expert % len(self.kinds)]

    def matrices(self):
        return [("w1", self.w1.transpose(0, 2, 1)), ("w2", self.w2.transpose(0, 2, 1)), ("b2", self.b2)]

    def write_unrolled(self, m, v, values, ids):
        result = None
        stacks = {}
        for name, array in self.matrices():
            if self.form == "negated" and name == "w1":
                stacks[name] = m.node("Neg", [m.constant(-array, name=name)])
            elif self.form in ("picked", "negated"):
                stacks[name] = m.constant(array, name=name)
        for i, weight in enumerate(self.weigh(m, values, ids)):
            w1, w2, b2 = [m.node("Gather", [stacks[name], m.constant(i, np.int64)], axis=0) if stacks else
                          m.constant(array[i], name=f"{name}_{i}") for name, array in self.matrices()]
            inner = m.node(self.kind(i), [m.node("MatMul", [v, w1])])
            outer = m.node("MatMul", [inner, w2])
            term = m.node("Mul", [m.node("Add", [outer, b2]), weight])
            name = "layer" if i == E - 1 else None
            result = term if result is None else m.node("Add", [result, term], name=name)
        return result

    def write_fused(self, m, v, logits):
        if self.fused == "MoE":
            inputs = [v, logits, m.constant(self.w1), "", m.constant(self.w2), m.constant(self.b2)]
            return m.node("MoE", inputs, name="layer", domain="com.microsoft", k=self.top_k)
        inputs = [v, logits, m.constant(self.codes[0], np.uint8), m.constant(self.scales[0]), "",
                  m.constant(self.codes[1], np.uint8), m.constant(self.scales[1]), m.constant(self.b2)]
        if self.points is not None:
            inputs += ["", "", "", "", m.constant(self.points, np.uint8)]
        more = {"block_size": self.block} if self.block else {}
        return m.node("QMoE", inputs, name="layer", domain="com.microsoft", k=self.top_k,
                      expert_weight_bits=self.bits, **more)
