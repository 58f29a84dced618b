# ===-- graphs.py - random MoE models -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Random graphs around MoE layers, each determined by its seed.

    graphs.py SEED FOLDER      writes FOLDER/model.onnx and FOLDER/fixture.json

A graph is a stack of one to three blocks: a norm or none, a router, fused
experts (MoE, QMoE) or experts of ordinary operators, a residual or none. Around
them: routers, norms and weights that several blocks share, weights that are
run-time inputs, dead nodes, several outputs, names that are no identifiers. No
operator looks at two tokens at once, so a token whose routing is a matter of
rounding can be left out of a comparison. The folder is a fixture as those of
../fixtures are; `features` in its manifest says what is in the graph.
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "fixtures"), str(HERE)]

import common  # noqa: E402
from experts import ACTIVATIONS, INNER, WIDTHS, fused, quantised, written_out  # noqa: E402

TYPES = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16}
IO_NAMES = ["x", "input ids", "1st", "class", "hidden/states.0", "größe"]
SIZES = [1, 2, 3, 5, 8, 15, 16, 17, 24, 31, 32, 33, 40, 48, 64]
DEPTHS = [257, 272, 544]


class Graph:
    """What the parts of a graph are added to."""

    # What extents are drawn from.
    sizes, inner_sizes, depths, experts_inner, widths = SIZES[2:], SIZES[1:10], DEPTHS, INNER, WIDTHS

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.nodes, self.inits, self.inputs, self.outputs = [], [], [], []
        self.specs, self.features, self.names = {}, set(), set()
        self.opset = int(self.pick([13, 17, 18, 21, 23]))
        self.kind = "float16" if self.chance(0.15) else "float32"
        self.elem, self.dtype = TYPES[self.kind], np.dtype(self.kind)

    # ---- chance -----------------------------------------------------------------

    def chance(self, p):
        return bool(self.rng.random() < p)

    def pick(self, options):
        return options[int(self.rng.integers(len(options)))]

    def normal(self, *shape, scale=1.0):
        return (scale * self.rng.standard_normal(shape)).astype(self.dtype)

    # ---- parts ------------------------------------------------------------------

    def name(self, base):
        """A new name; now and then one that no identifier could be."""
        form = self.pick(["{}_{}", "{}_{}", "/model/{}.{}/out", "{} {}", "{}:{}"])
        made = form.format(base, len(self.names))
        self.names.add(made)
        return made

    def node(self, op, inputs, outputs=1, domain="", **attrs):
        """Adds a node; its output's name, or a list of them."""
        names = [self.name(op.lower()) for _ in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, self.pick(["", "n", f"{op}_{len(self.nodes)}"]),
                                           domain=domain, **attrs))
        return names[0] if outputs == 1 else names

    def const(self, array):
        """A small constant, as either form of it."""
        array = np.asarray(array)
        if self.chance(0.5):
            return self.node("Constant", [], value=numpy_helper.from_array(array))
        name = self.name("const")
        self.inits.append(numpy_helper.from_array(array, name))
        return name

    def ints(self, *values):
        return self.const(np.array(values, np.int64))

    def number(self, value):
        return self.const(np.array(value, self.dtype))

    def input(self, name, dtype, dims, shape, **spec):
        """An input of the graph: `dims` for the model, `shape` for the manifest."""
        elem = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        self.inputs.append(common.value_info(name, elem, dims))
        self.specs[name] = dict(dtype=np.dtype(dtype).name, shape=shape, **spec)
        return name

    def weight(self, base, array, runtime=0.0):
        """A weight: an initializer, a Constant, or an input of the graph."""
        if self.chance(runtime):
            self.features.add("run-time weights")
            spec = dict(kind="normal", scale=float(np.round(array.std(), 4)))
            if array.dtype.kind != "f":
                spec = dict(kind="integers", low=int(array.min()), high=int(array.max()) + 1)
            return self.input(self.name(base), array.dtype, array.shape, list(array.shape), **spec)
        name = self.name(base)
        if self.chance(0.1):
            self.nodes.append(helper.make_node("Constant", [], [name], value=numpy_helper.from_array(array)))
            return name
        self.inits.append(numpy_helper.from_array(array, name))
        if self.chance(0.1):
            # An initializer that a caller may override is a constant to us.
            self.inputs.append(common.value_info(name, self.inits[-1].data_type, array.shape))
        return name

    def matrix(self, base, rows, columns, scale=1.0, runtime=0.0):
        return self.weight(base, self.normal(rows, columns, scale=scale / np.sqrt(rows)), runtime)


class Model(Graph):
    """One random model."""

    def __init__(self, seed):
        super().__init__(seed)
        # Deeper than the blocks that products are computed in.
        self.is_deep = self.chance(0.12)
        self.hidden = int(self.pick(self.depths if self.is_deep else self.sizes))
        self.rank = int(self.pick([2, 2, 3]))
        self.is_fixed = self.chance(0.1)
        self.logits = {}    # by number of experts: those that others may share
        self.shared = {}    # by shape: weights that others may share
        self.depth = 1 if self.kind == "float16" else int(self.pick([1, 1, 1, 1, 2, 2, 3]))
        self.write_tokens()
        x = self.input(self.pick(IO_NAMES), self.dtype, self.leading_dims() + [self.hidden],
                       self.leading_shape() + [self.hidden], kind="normal")
        kept = [x]
        for number in range(self.depth):
            x = self.block(x, number)
            kept.append(x)
        self.finish(x, kept[1:-1])

    # ---- extents ----------------------------------------------------------------

    def write_tokens(self):
        many = int(self.pick([3, 5, 7, 11, 13, 19, 29, 67, 131]))
        few = int(self.pick([0, 0, 1, 1, 2]))
        if self.rank == 3 and self.opset < 14:
            few = 1
        if self.is_fixed:
            self.features.add("fixed extents")
            self.symbols = {"T": [many]} if self.rank == 2 else {"B": [2], "S": [many]}
        else:
            self.symbols = {"T": [few, many]} if self.rank == 2 else {"B": [2], "S": [few, many]}
        self.features.add(f"rank {self.rank}")

    def leading_shape(self):
        return ["T"] if self.rank == 2 else ["B", "S"]

    def leading_dims(self):
        if not self.is_fixed:
            return self.leading_shape()
        return [self.symbols[symbol][0] for symbol in self.leading_shape()]

    def token_dims(self):
        """The one extent of inputs that are by token."""
        if not self.is_fixed:
            return ["T" if self.rank == 2 else "tokens"]
        return [int(np.prod(self.leading_dims()))]

    def token_shape(self):
        return ["T" if self.rank == 2 else "B*S"]

    def rows(self, x):
        """x as a matrix of tokens."""
        return x if self.rank == 2 else self.node("Reshape", [x, self.ints(-1, self.hidden)])

    def like(self, rows, x):
        """Rows of tokens in the shape of x."""
        if self.rank == 2:
            return rows
        # Without the attribute, an extent of zero would stand for another.
        attrs = dict(allowzero=1) if self.opset >= 14 else {}
        return self.node("Reshape", [rows, self.node("Shape", [x])], **attrs)

    # ---- blocks -----------------------------------------------------------------

    def block(self, x, number):
        h = self.norm(x) if self.chance(0.6) or number else x
        plain = self.kind == "float32" and self.chance(0.25)
        y = self.experts(h, plain, number)
        if self.chance(0.15):
            self.features.add("two layers on one input")
            y = self.node("Add", [y, self.experts(h, False, number)])
        if self.chance(0.1):
            self.features.add("shared expert")
            y = self.node("Add", [self.dense(h), y])
        if self.chance(0.15):
            self.dead(h)
        if not self.chance(0.7):
            return y
        self.features.add("residual")
        return self.node("Add", [x, y] if self.chance(0.5) else [y, x])

    def norm(self, x):
        forms = ["SimplifiedLayerNormalization"]
        forms += ["LayerNormalization"] if self.opset >= 17 else []
        forms += ["RMSNormalization"] if self.opset >= 23 else []
        op = self.pick(forms)
        self.features.add("norm")
        scale = self.weight("gamma", (1 + self.normal(self.hidden, scale=0.1)).astype(self.dtype))
        operands = [x, scale]
        if op == "LayerNormalization" and self.chance(0.5):
            operands.append(self.weight("beta", self.normal(self.hidden, scale=0.1)))
        return self.node(op, operands, axis=-1, epsilon=1e-5)

    def experts(self, h, plain, number):
        # With many experts and few bits, who is chosen would be rounding's choice.
        many = self.chance(0.1) and self.kind == "float32"
        experts = int(self.pick([60, 37]) if many else self.pick([1, 2, 3, 4, 5, 6, 8, 12, 16]))
        if self.kind == "float16":
            experts = min(experts, 5)
        if self.is_deep:
            self.features.add("deep")
        if self.is_deep or plain:
            experts, many = min(experts, 4), False
        if self.logits and self.chance(0.5):
            experts = self.pick(sorted(self.logits))
        k = experts if self.chance(0.1) else int(self.rng.integers(1, min(experts, 6) + 1))
        self.features |= {f for f, is_so in {"one expert": experts == 1, "k = E": k == experts > 1,
                                             "k = 1": k == 1, "many experts": many}.items() if is_so}
        logits = self.router(h, experts, number)
        if plain:
            return self.like(written_out(self, self.rows(h), logits, experts, k), h)
        # A quantised layer packs two codes to a byte.
        make = quantised if self.hidden % 2 == 0 and self.chance(0.35) else fused
        return make(self, h, logits, experts, k)

    def router(self, h, experts, number):
        if experts in self.logits and self.chance(0.6):
            self.features.add("shared router")
            return self.logits[experts]
        if self.chance(0.35):
            logits = self.given_router(experts)
        else:
            self.features.add("router")
            logits = self.node("MatMul", [h, self.matrix("router", self.hidden, experts, scale=2.0)])
            if self.chance(0.5):
                logits = self.node("Add", [logits, self.weight("router_bias", self.normal(experts, scale=0.3))])
            if self.rank == 3:
                logits = self.node("Reshape", [logits, self.ints(-1, experts)])
        self.logits[experts] = logits
        return logits

    def given_router(self, experts):
        """Scores that the caller gives: with ties, or with rows of NaN."""
        spec = dict(kind="normal", scale=2.0)
        if self.chance(0.5):
            self.features.add("ties")
            spec = dict(kind="integers", low=0, high=3)
        return self.input(self.name("router_probs"), self.dtype, self.token_dims() + [experts],
                          self.token_shape() + [experts], **spec)

    def dense(self, h):
        """One network that every token goes through."""
        inner = int(self.pick(self.inner_sizes))
        a = self.node("MatMul", [h, self.matrix("gate", self.hidden, inner)])
        b = self.node("MatMul", [h, self.matrix("up", self.hidden, inner)])
        a = self.node("Mul", [a, self.node("Sigmoid", [a])])
        return self.node("MatMul", [self.node("Mul", [b, a]), self.matrix("down", inner, self.hidden)])

    def dead(self, h):
        """Nodes whose results nobody wants, a whole layer among them."""
        self.features.add("dead nodes")
        fused(self, self.node("Neg", [h]), self.router(h, 3, 0), 3, 2)
        self.weight("nobodys", self.normal(4, 5))

    # ---- the whole --------------------------------------------------------------

    def finish(self, x, inner):
        if len(inner) and self.chance(0.5):
            self.features.add("several outputs")
            self.output(self.pick(inner), "inner")
        self.output(x, "y")
        self.features |= {f"opset {self.opset}", self.kind, f"{self.depth} blocks"}
        if self.chance(0.5):
            self.rng.shuffle(self.inits)

    def output(self, value, name):
        name = self.node("Identity", [value]) if self.chance(0.3) else value
        if any(name == other.name for other in self.outputs):
            return
        self.outputs.append(common.value_info(name, self.elem, self.leading_dims() + [self.hidden]))

    def proto(self):
        graph = helper.make_graph(self.nodes, "random graph", self.inputs, self.outputs, self.inits)
        return helper.make_model(graph, ir_version=10, opset_imports=[
            helper.make_opsetid("", self.opset), helper.make_opsetid("com.microsoft", 1)])

    def manifest(self):
        layers = 1e-4 if "QMoE" in self.features else 1e-5
        tolerance = 4e-3 if self.kind == "float16" else layers * self.depth
        return dict(source="graphs.py", inputs=self.specs, symbols=self.symbols, oracle="oracle",
                    tolerance=tolerance, unspecified=[o.name for o in self.outputs],
                    features=sorted(self.features))


def write(seed, folder):
    """Writes the model and its manifest; returns the model's features."""
    made = Model(seed)
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    model = made.proto()
    if made.chance(0.3):
        made.features.add("external data")
        common.externalise(model, folder, lambda _, init: f"data{len(init.name) % 2}.bin"
                           if len(init.raw_data) > 256 else None)
    (folder / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
    common.write_manifest(folder, made.manifest())
    return made.features


# All that graphs are made of: a run that lacks one of these is no test of it.
FEATURES = {"MoE", "QMoE", "int4", "int8", "rows", "blocks", *ACTIVATIONS, "biases", "one bias", "no bias",
            "normalised", "unnormalised", "limit", "float32", "float16", "rank 2", "rank 3",
            "fixed extents", "one expert", "k = E", "k = 1", "many experts", "ties", "router",
            "shared router", "shared weights", "two layers on one input", "shared expert", "norm",
            "residual", "dead nodes", "several outputs", "run-time weights", "external data",
            "dense experts", "gathered experts", "unrolled experts", "1 blocks", "2 blocks", "3 blocks", "deep", "wide"}


if __name__ == "__main__":
    print(", ".join(sorted(write(int(sys.argv[1]), sys.argv[2]))))
