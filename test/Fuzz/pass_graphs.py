# ===-- pass_graphs.py - random graphs on which passes fire -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Small random models, each determined by its seed, for moec-validate.

    pass_graphs.py FOLDER FIRST COUNT     writes FOLDER/SEED.onnx and, of models with
                                          fused layers, FOLDER/SEED.onnx.definition, of
                                          f16 and bf16, FOLDER/SEED.onnx.wide

Some are those of graphs.py. The others are layers of ordinary operators as those
of ../Raising/Inputs/layers.py, in each of their spellings or what only looks like one,
with routers, experts, types and surroundings drawn anew. Extents come of few numbers,
so that graphs have kernels in common. Dead experts are planted: copies of another one,
some that give zeros, some that are never chosen.
"""

import pathlib
import sys

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Raising" / "Inputs")]

import graphs  # noqa: E402
import layers  # noqa: E402
from definition import define  # noqa: E402
from layers import F32  # noqa: E402
from layers.of_codes import Codes  # noqa: E402
from widen import widen  # noqa: E402

FORMS = ["relu", "tanh", "silu", "gelu", "leaky", "identity"]
# Of these, no product takes tanh and leaky in.
EXPERT_FORMS = FORMS + ["tanh", "leaky", "gated", "gated", "gated of two", "gated of two", "gemm", "biased", "codes"]
LAYOUTS = ["apart", "apart", "transposed", "gathered", "split", "sliced"]
MS = "com.microsoft"


class Expert(tuple):
    """The two matrices of an expert, and which it is."""

    number = 0


class Layer(layers.Graph):
    """A layer of layers.py with what it leaves open drawn anew."""

    # Batches are not drawn, and halves are what models are converted to.
    def __init__(self, seed, tokens=None, experts=None, choices=None, distinct=True, plain=False, batch=None,
                 half=False):
        super().__init__(seed, tokens, experts or 2, choices or 1, distinct)
        draw = self.random
        if not experts:
            self.E = int(draw.integers(2, 13) if draw.random() < 0.15 else draw.integers(2, 6))
        if not choices:
            self.k = self.E if draw.random() < 0.1 else int(draw.integers(1, min(self.E, 4) + 1))
        if choices and choices > self.E:
            self.E = choices
        self.D, self.H = 8, int(self.pick([4, 8]))
        if not tokens and draw.random() < 0.1:
            self.T = int(draw.integers(1, 3)) * 2
        # What looks like a layer is as it was written.
        self.plain = plain
        self.form = self.pick(FORMS if plain else EXPERT_FORMS)
        self.layout = "apart" if plain else self.pick(LAYOUTS)
        self.copies = {int(draw.integers(1, self.E)): 0} if self.chance(0.4) and self.E > 1 else {}
        self.zeroed = {int(draw.integers(self.E))} if self.chance(0.3) else set()
        self.router_is_f32 = self.chance(0.5)
        self.kept = set()

    def chance(self, p):
        return bool(self.random.random() < p)

    def pick(self, options):
        return options[int(self.random.integers(len(options)))]

    # -- Weights --

    def weight(self, *shape):
        array = self.random.normal(size=shape) / np.sqrt(shape[-2] if len(shape) > 1 else 1)
        if len(shape) == 3 and shape[0] == self.E and not self.plain:
            self.kill(array)
        return self.constant(array)

    def kill(self, array):
        """Of the weights of all experts: copies, and those that give zeros."""
        for e, source in self.copies.items():
            array[e] = array[source]
        for e in self.zeroed:
            array[e] = 0

    def spread_out(self, array):
        """The matrices of all experts as an exporter has them; a function of the expert."""
        if self.layout == "transposed":
            names = [self.constant(part.T) for part in array]
            return lambda e: self.Transpose(names[e], perm=[1, 0])
        if self.layout == "gathered":
            whole = self.constant(array)
            return lambda e: self.Gather(whole, self.constant(np.int64(e)), axis=0)
        if self.layout == "split":
            parts = self.make("Split", self.constant(array), axis=0, num_outputs=self.E, outputs=self.E)
            parts = [parts] if self.E == 1 else parts
            return lambda e: self.Squeeze(parts[e], [0])
        if self.layout == "sliced":
            whole = self.constant(array)
            return lambda e: self.Squeeze(self.Slice(whole, [e], [e + 1], [0]), [0])
        names = [self.constant(part) for part in array]
        return lambda e: names[e]

    def weights_of_experts(self):
        if self.plain:
            return super().weights_of_experts()
        first = self.random.normal(size=(self.E, self.D, self.H)) / np.sqrt(self.D)
        second = self.random.normal(size=(self.E, self.H, self.D)) / np.sqrt(self.H)
        third = self.random.normal(size=(self.E, self.D, self.H)) / np.sqrt(self.D)
        for array in (first, second, third):
            self.kill(array)
        makers = [self.spread_out(array) for array in (first, second, third)]
        self.third, self.biases = makers[2], self.random.normal(size=(self.E, self.H))
        if self.form == "gated":
            wide = self.random.normal(size=(self.E, self.D, 2 * self.H)) / np.sqrt(self.D)
            self.kill(wide)
            self.wide = self.spread_out(wide)
        for e, source in self.copies.items():
            self.biases[e] = self.biases[source]
        experts = []
        for e in range(self.E):
            experts.append(Expert((makers[0](e), makers[1](e))))
            experts[-1].number = e
        return experts

    # -- Networks --

    def network(self, x, weights, act=None):
        if not isinstance(weights, Expert) or act:
            h = self.MatMul(x, weights[0])
            return self.MatMul(self.make(act, h) if act else self.activate(h, self.form), weights[1])
        if self.form == "codes":
            return self.coded(x)
        if self.form == "gated":
            both = self.MatMul(x, self.wide(weights.number))
            up, gate = self.Split(both, axis=-1, num_outputs=2, outputs=2)
            h = self.Mul(self.activate(gate, "silu"), up)
        elif self.form == "gated of two":
            h = self.Mul(self.activate(self.MatMul(x, weights[0]), "silu"), self.MatMul(x, self.third(weights.number)))
        elif self.form == "gemm":
            h = self.Relu(self.Gemm(x, weights[0], self.constant(self.biases[weights.number])))
        elif self.form == "biased":
            bias = self.constant(self.biases[weights.number])
            h = self.activate(self.Add(self.MatMul(x, weights[0]), bias), "gelu")
        else:
            h = self.activate(self.MatMul(x, weights[0]), self.form)
        return self.MatMul(h, weights[1])

    def coded(self, x):
        """Codes in place of the matrices."""
        codes = Codes(int(self.pick([4, 8])), zero_points=self.chance(0.5), bias=self.chance(0.3))
        up = codes.product(self, x, self.D, self.H)
        if self.chance(0.5):
            gate = codes.product(self, x, self.D, self.H)
            return codes.product(self, self.Mul(self.activate(gate, "silu"), up), self.H, self.D)
        return codes.product(self, self.Relu(up), self.H, self.D)

    def activate(self, h, form):
        if form == "silu":
            return self.Mul(h, self.Sigmoid(h))
        if form == "gelu":
            erf = self.Erf(self.Div(h, float(np.sqrt(2))))
            return self.Mul(self.Mul(h, self.Add(erf, 1.0)), 0.5)
        if form == "leaky":
            return self.LeakyRelu(h, alpha=0.125)
        if form == "identity":
            return h
        return self.make({"relu": "Relu"}.get(form, "Tanh"), h)

    # -- Routers --

    def route(self):
        if self.plain or not self.distinct:
            return super().route()
        first = len(self.nodes), len(self.initializers)
        x = self.Cast("x", to=F32) if self.router_is_f32 else "x"
        scores = self.MatMul(x, self.constant(self.random.normal(size=(self.D, self.E))))
        weights, ids = self.pick([self.plain_router, self.selected, self.sigmoid, self.biased, self.masked_logits,
                                  self.grouped, self.mixed])(scores)
        if self.router_is_f32:
            # Stays float32 in a model of another type, but for what leaves it.
            self.kept |= {n.name for n in self.nodes[first[0]:]} | {i.name for i in self.initializers[first[1]:]}
            weights = self.Cast(weights, to=F32)
        return weights, ids

    def top(self, keys):
        return self.TopK(keys, [self.k], axis=-1, outputs=2)

    def divisor(self, weights):
        form = self.pick(["sum", "sum", "sum", "epsilon", "least", "l1", "l2", "powers"])
        if form in ("l1", "l2"):
            return self.make(f"Reduce{form.upper()}", weights, [-1], keepdims=1)
        if form == "powers":
            powers = self.ReduceSum(self.Pow(self.Abs(weights), 3.0), [-1], keepdims=1)
            return self.Pow(powers, 1 / 3)
        total = self.ReduceSum(weights, [-1], keepdims=1)
        if form == "epsilon":
            return self.Add(total, 1e-6)
        return self.Max(total, 0.5) if form == "least" else total

    def finish(self, weights, ids):
        if self.chance(0.5):
            weights = self.Div(weights, self.divisor(weights))
        if self.chance(0.15):
            weights = self.Mul(weights, self.Gather(self.constant(self.random.normal(size=self.E)), ids, axis=0))
        return self.Mul(weights, 2.5) if self.chance(0.3) else weights

    def plain_router(self, scores):
        weights, ids = self.top(self.Softmax(scores, axis=-1))
        return self.finish(weights, ids), ids

    def selected(self, scores):
        values, ids = self.top(scores)
        return self.Softmax(values, axis=-1), ids

    def sigmoid(self, scores):
        weights, ids = self.top(self.Sigmoid(scores))
        return self.finish(weights, ids), ids

    def mask(self):
        """A bias of which some experts have minus infinity, so that nobody chooses them."""
        bias = 0.1 * self.random.normal(size=self.E)
        dead = self.random.permutation(self.E)[:int(self.random.integers(0, self.E - self.k + 1))]
        bias[dead] = -np.inf
        return self.constant(bias)

    def biased(self, scores):
        p = self.Sigmoid(scores) if self.chance(0.7) else self.Softmax(scores, axis=-1)
        _, ids = self.top(self.Add(p, self.mask() if self.chance(0.6) else self.weight(self.E)))
        return self.finish(self.GatherElements(p, ids, axis=-1), ids), ids

    def masked_logits(self, scores):
        return self.pick([self.plain_router, self.selected])(self.Add(scores, self.mask()))

    def grouped(self, scores):
        sizes = [n for n in (2, 3) if self.E % n == 0 and self.E // n > 1]
        if not sizes:
            return self.sigmoid(scores)
        groups, size = self.E // sizes[-1], sizes[-1]
        kept = next(n for n in range(1, groups + 1) if n * size >= self.k)
        p = self.Sigmoid(scores)
        by_group = self.Reshape(p, [-1, groups, size])
        best = self.ReduceMax(by_group, [-1], keepdims=0)
        _, ids = self.TopK(best, [kept], axis=-1, outputs=2)
        zeros = self.Mul(best, 0.0) if self.chance(0.2) else self.ConstantOfShape(self.Shape(best))
        ones = self.ConstantOfShape(self.Shape(ids), value=helper.make_tensor("v", F32, [1], [1.0]))
        mask = self.Unsqueeze(self.ScatterElements(zeros, ids, ones, axis=-1), [-1])
        if self.chance(0.3):
            keys = self.Where(self.Cast(mask, to=TensorProto.BOOL), by_group, 0.0)
            _, ids = self.top(self.Reshape(keys, [-1, self.E]))
            return self.finish(self.GatherElements(p, ids, axis=-1), ids), ids
        mask = self.Reshape(self.Expand(mask, [1, 1, size]), [-1, self.E])
        keys = self.Where(self.Cast(mask, to=TensorProto.BOOL), p, 0.0)
        values, ids = self.top(keys)
        # What TopK finds is the same as what is looked up, but for what fills groups.
        weights = values if self.chance(0.5) else self.GatherElements(p, ids, axis=-1)
        return self.finish(weights, ids), ids

    def mixed(self, scores):
        """Two rounds of a sparse mixer."""
        if self.k != 2:
            return self.selected(scores)
        ids, weights, left = [], [], scores
        for _ in range(2):
            best, most = self.ArgMax(left, axis=-1, keepdims=1), self.ReduceMax(left, [-1], keepdims=1)
            distance = self.Div(self.Sub(most, scores), self.Max(self.Abs(scores), most))
            near = self.Where(self.Greater(distance, 0.5), float("-inf"), left)
            weights.append(self.GatherElements(self.Softmax(near, axis=-1), best, axis=-1))
            ids.append(best)
            gone = self.ConstantOfShape(self.Shape(best), value=helper.make_tensor("v", F32, [1], [-np.inf]))
            left = self.ScatterElements(left, best, gone, axis=-1)
        return self.Concat(*weights, axis=-1), self.Concat(*ids, axis=-1)

    # -- Surroundings --

    def dense(self, x, tied):
        """Two products; those that are tied have their weights in common."""
        def matrix(name, *shape):
            if name not in tied:
                tied[name] = self.weight(*shape)
            return self.Transpose(tied[name], perm=[1, 0])
        return self.MatMul(self.Relu(self.MatMul(x, matrix("up", self.H, self.D))), matrix("down", self.D, self.H))

    def surround(self, y):
        tied = {}
        if self.chance(0.3):
            y = self.Add(y, self.dense("x", tied))
            if self.chance(0.5):
                y = self.Add(y, self.dense(y, tied))
        if self.chance(0.15):
            y = self.Add(self.dense("x", {}), y)
        if self.chance(0.2):
            y = self.Mul(self.Sub(y, "x"), self.Sigmoid("x"))
        return self.Add("x", y) if self.chance(0.3) else y


# -- Types --

ELEMENTS = {"float16": (TensorProto.FLOAT16, np.float16),
            "bfloat16": (TensorProto.BFLOAT16, ml_dtypes.bfloat16)}


def convert(model, kind, kept):
    """A float32 model with elements of another type, but for the nodes and initializers in `kept`."""
    elem, dtype = ELEMENTS[kind]
    def tensor(proto, name):
        array = numpy_helper.to_array(proto)
        if array.dtype != np.float32:
            return proto
        # A divisor's least value must not become zero: nothing over it is no number.
        narrow, least = array.astype(dtype), dtype(ml_dtypes.finfo(dtype).tiny)
        narrow = np.where((array != 0) & (narrow == 0), np.copysign(least, narrow), narrow)
        return helper.make_tensor(name, elem, array.shape, narrow.astype(dtype).tobytes(), raw=True)
    for init in model.graph.initializer:
        if init.name not in kept:
            init.CopyFrom(tensor(init, init.name))
    for node in model.graph.node:
        if node.name in kept:
            continue
        if node.op_type == "ConstantOfShape" and not node.attribute:
            node.attribute.append(helper.make_attribute("value", helper.make_tensor("v", F32, [1], [0.0])))
        for attr in node.attribute:
            if node.op_type == "Cast" and attr.i == F32:
                attr.i = elem
            if attr.name == "value":
                attr.t.CopyFrom(tensor(attr.t, attr.t.name))
    for value in [*model.graph.input, *model.graph.output]:
        if value.type.tensor_type.elem_type == F32:
            value.type.tensor_type.elem_type = elem
    return model


# -- Caches --

def add_cache(model, random):
    """An attention beside everything else, whose presents continue their pasts."""
    graph, heads, width = model.graph, 2, 4
    elem = graph.input[0].type.tensor_type.elem_type
    value = helper.make_tensor_value_info
    rows, past = ["B", "S", heads * width], ["B", heads, "P", width]
    graph.input.extend([value(name, elem, rows) for name in ("cache_q", "cache_k", "cache_v")])
    graph.input.extend([value(name, elem, past) for name in ("past_k", "past_v")])
    graph.node.append(helper.make_node(
        "MultiHeadAttention", ["cache_q", "cache_k", "cache_v", "", "", "", "past_k", "past_v"],
        ["attended", "present_k", "present_v"], domain=MS, num_heads=heads))
    graph.output.extend([value("attended", elem, rows)])
    graph.output.extend([value(name, elem, ["B", heads, "N", width]) for name in ("present_k", "present_v")])
    if MS not in {o.domain for o in model.opset_import}:
        model.opset_import.append(helper.make_opsetid(MS, 1))


# -- Attention --

def add_attention(model, random):
    """An attention of ordinary operators beside everything else: two products of values
    of the run, the first with a transposed one, in one of the ways that exporters have."""
    graph, heads, width = model.graph, 2, int(random.choice([3, 4, 8]))
    elem = graph.input[0].type.tensor_type.elem_type
    value = helper.make_tensor_value_info
    way = str(random.choice(["apart", "projected", "groups", "one"]))
    shapes = {"apart": (["B", heads, "S", width], ["B", heads, "U", width], [0, 1, 3, 2]),
              "projected": (["B", heads, "S", width], ["B", "U", heads, width], [0, 2, 3, 1]),
              "groups": (["B", heads, 2, "S", width], ["B", heads, 1, "U", width], [0, 1, 2, 4, 3]),
              "one": (["B", "S", width], ["U", width], [1, 0])}
    query, keys, perm = shapes[way]
    graph.input.extend([value("product_q", elem, query), value("product_k", elem, keys)])
    graph.node.append(helper.make_node("Transpose", ["product_k"], ["product_t"], perm=perm))
    graph.node.append(helper.make_node("MatMul", ["product_q", "product_t"], ["product_s"]))
    if random.random() < 0.5:
        graph.node.append(helper.make_node("Softmax", ["product_s"], ["product_p"], axis=-1))
    else:
        graph.node.append(helper.make_node("Relu", ["product_s"], ["product_p"]))
    values = "product_k"
    if way == "projected":
        values = "product_v"
        graph.node.append(helper.make_node("Transpose", ["product_k"], [values], perm=[0, 2, 1, 3]))
    graph.node.append(helper.make_node("MatMul", ["product_p", values], ["product_y"]))
    graph.output.extend([value("product_y", elem, query)])


# -- Models --

class SmallModel(graphs.Model):
    """One of graphs.py, of fewer extents."""

    sizes, inner_sizes, depths = [4, 8, 8, 16, 48], [4, 8], [32]
    experts_inner, widths = [1, 4, 8, 16], [32]



def make_layer(seed, random):
    """A model of one layer of layers.py."""
    is_layer = random.random() < 0.8
    names = [*(layers.LAYERS if is_layer else layers.LOOKALIKES)]
    # Of these there are few.
    if is_layer and random.random() < 0.25:
        names = [name for name in names if name.startswith("einsum")]
    name = names[int(random.integers(len(names)))]
    make, _, options = {**layers.LAYERS, **layers.LOOKALIKES}[name]
    own = name in ("with_bias", "gated", "looked_up_columns")
    for attempt in range(100):
        graph = Layer([seed, attempt], plain=not is_layer or own, **options)
        if not is_layer and graph.E < 3:
            continue
        output = graph.surround(make(graph)) if is_layer and graph.k <= graph.E else make(graph)
        break
    model = graph.model(output)
    kind = ["float32", "float32", "float32", "float32", "float16", "bfloat16"][int(random.integers(6))]
    if kind != "float32":
        convert(model, kind, graph.kept)
    if random.random() < 0.25:
        add_cache(model, random)
    if random.random() < 0.3:
        add_attention(model, random)
    return model


def make(seed):
    random = np.random.default_rng([seed, 7])
    if random.random() < 0.3:
        return SmallModel(seed).proto()
    return make_layer(seed, random)


def write(seed, folder):
    model = make(seed)
    (folder / f"{seed}.onnx").write_bytes(model.SerializeToString(deterministic=True))
    defined = define(model)
    for beside, extension in ((defined, "definition"), (widen(defined or model), "wide")):
        if beside:
            (folder / f"{seed}.onnx.{extension}").write_bytes(beside.SerializeToString(deterministic=True))


def main():
    folder, first, count = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + count):
        write(seed, folder)


if __name__ == "__main__":
    main()
