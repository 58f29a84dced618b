# ===-- dead_experts.py - what is dead goes, what only looks dead stays -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""dead_experts.py SCRATCH [NAME ...]

Compiles layers in which experts are dead, or nearly so; compares the experts that the
compiler calls dead, and why, with those that were planted. Most of those with dead
experts, and with --run-all every one, are run; outputs are compared with ONNX
Runtime's, for rows of NaN too."""

import json
import pathlib
import re
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "EndToEnd")]

from compare import Library, error  # noqa: E402
from layers import F32, Graph  # noqa: E402
from look_alikes import Wrong, runtime  # noqa: E402

TOKENS = (0, 1, 67)
TOLERANCE = 1e-5
CASES = {}


def case(dead, says="", **options):
    """A case is a function of a graph; `dead` are pairs (expert, cause), `says` is in
    what the compiler prints."""
    def register(make):
        CASES[make.__name__] = (make, dict(dead), says, options)
        return make
    return register


class Layer(Graph):
    """Six experts, two a token."""

    def __init__(self, seed, experts=6, choices=2):
        super().__init__(seed, experts=experts, choices=choices)
        self.domains = {"": 18}
        self.rows = self.random.normal(size=(self.D, self.E))
        self.w1 = self.random.normal(size=(self.E, self.D, self.H)) / 4
        self.w2 = self.random.normal(size=(self.E, self.H, self.D)) / 4

    # -- What the router reads --

    def rms(self, x="x", epsilon=1e-6):
        mean = self.ReduceMean(self.Pow(x, 2.0), [-1], keepdims=1)
        return self.Mul(x, self.Reciprocal(self.Sqrt(self.Add(mean, epsilon))))

    def scores(self, x, bias=None):
        product = self.MatMul(x, self.constant(self.rows))
        return product if bias is None else self.Add(product, self.constant(np.array(bias, np.float32)))

    # -- The layer --

    def masked(self, weights, ids, bias2=None):
        """Each expert on all tokens."""
        parts = []
        for e in range(self.E):
            kept = self.Mul(self.Cast(self.Equal(ids, e), to=F32), weights)
            y = self.MatMul(self.Relu(self.MatMul("x", self.constant(self.w1[e]))), self.constant(self.w2[e]))
            if bias2 is not None:
                y = self.Add(y, self.constant(bias2[e]))
            parts.append(self.Mul(y, self.ReduceSum(kept, [1], keepdims=1)))
        return self.sum_up(parts)

    def choose(self, keys):
        return self.TopK(keys, [self.k], axis=1, outputs=2)

    def of_softmax(self, scores, **options):
        return self.masked(*self.choose(self.Softmax(scores, axis=1)), **options)

    def of_selected(self, scores):
        values, ids = self.choose(scores)
        return self.masked(self.Softmax(values, axis=1), ids)

    def of_sigmoid(self, scores, selection):
        probabilities = self.Sigmoid(scores)
        ids = self.choose(self.Add(probabilities, self.constant(np.array(selection, np.float32))))[1]
        chosen = self.GatherElements(probabilities, ids, axis=1)
        return self.masked(self.Div(chosen, self.ReduceSum(chosen, [1], keepdims=1)), ids)

    def fused(self, scores):
        """One node of ONNX Runtime: a softmax over all, ties to the last, rows of NaN to zero."""
        self.domains["com.microsoft"] = 1
        weights = [self.constant(np.ascontiguousarray(w.transpose(0, 2, 1))) for w in (self.w1, self.w2)]
        self.nodes.append(helper.make_node("MoE", ["x", scores, weights[0], "", weights[1]], ["moe"], name="moe",
                                           domain="com.microsoft", k=self.k, activation_type="relu"))
        return "moe"

    def model(self, output):
        model = super().model(output)
        del model.opset_import[:]
        model.opset_import.extend(helper.make_opsetid(*item) for item in self.domains.items())
        return model


# -- Weights --


@case([(3, "duplicate"), (5, "duplicate")])
def duplicates(g):
    for e in (3, 5):
        g.w1[e], g.w2[e] = g.w1[1], g.w2[1]
    return g.of_softmax(g.scores("x"))


@case([])
def half_duplicates(g):
    g.w1[3], g.w2[5] = g.w1[1], g.w2[1]
    return g.of_softmax(g.scores("x"))


@case([])
def duplicates_but_for_the_last_element(g):
    g.w1[3], g.w2[3] = g.w1[1], g.w2[1]
    g.w2[3, -1, -1] += 1
    return g.of_softmax(g.scores("x"))


@case([])
def duplicates_with_another_bias(g):
    g.w1[3], g.w2[3] = g.w1[1], g.w2[1]
    return g.of_softmax(g.scores("x"), bias2=g.random.normal(size=(g.E, g.D)))


@case([(2, "zero"), (4, "zero")])
def zeros(g):
    g.w2[[2, 4]] = 0
    g.w2[4, 0] = -0.0
    return g.of_softmax(g.scores("x"))


@case([(e, "zero") for e in range(6)])
def nothing_but_zeros(g):
    g.w2[:] = 0
    return g.of_softmax(g.scores("x"))


@case([])
def zeros_whose_nan_the_router_does_not_see(g):
    g.w2[2] = 0
    return g.of_softmax(g.scores(g.Tanh("x")))


@case([(2, "zero")])
def zeros_behind_a_norm_of_the_router(g):
    g.w2[2] = 0
    return g.of_softmax(g.scores(g.rms()))


@case([(2, "zero")])
def zeros_with_a_bias(g):
    g.w2[[2, 4]] = 0
    bias = g.random.normal(size=(g.E, g.D))
    bias[2] = 0
    return g.of_softmax(g.scores("x"), bias2=bias)


@case([])
def zeros_but_for_the_last_element(g):
    g.w2[2] = 0
    g.w2[2, -1, -1] = 1
    return g.of_softmax(g.scores("x"))


@case([])
def zeros_in_the_first_product(g):
    g.w1[2] = 0
    return g.of_softmax(g.scores("x"), bias2=g.random.normal(size=(g.E, g.D)))


@case([(1, "zero"), (3, "duplicate"), (4, "masked")])
def all_causes_at_once(g):
    g.w2[1] = 0
    g.w1[3], g.w2[3] = g.w1[0], g.w2[0]
    return g.of_softmax(g.scores("x", bias=[0, 0, 0, 0, -np.inf, 0]))


@case([(3, "duplicate"), (1, "zero"), (5, "unreachable"), (2, "masked")])
def all_causes_in_one_node(g):
    bias = nearly_alike(g)
    bias[2] = -np.inf
    g.w1[3], g.w2[3] = g.w1[0], g.w2[0]
    g.w2[1] = 0
    return g.fused(g.scores(g.rms(), bias=bias))


@case([])
def a_node_without_dead_experts(g):
    return g.fused(g.scores(g.rms()))


# -- Masks --


@case([(0, "masked"), (4, "masked")])
def masked_scores(g):
    return g.of_softmax(g.scores("x", bias=[-np.inf, 0, 1, 2, -np.inf, 0]))


@case([(4, "masked")])
def masked_scores_of_the_chosen(g):
    return g.of_selected(g.scores("x", bias=[0, 0, 1, 2, -np.inf, 0]))


@case([])
def too_few_beside_the_masks(g):
    return g.of_selected(g.scores("x", bias=[0, -np.inf, -np.inf, -np.inf, -np.inf, -np.inf]))


@case([(4, "masked")])
def masked_by_where(g):
    mask = g.constant(np.array([True] * 4 + [False, True]))
    return g.of_softmax(g.Where(mask, g.scores("x"), -np.inf))


@case([(4, "masked")])
def masked_by_gemm(g):
    bias = g.constant(np.array([0, 0, 1, 2, -np.inf, 0], np.float32))
    return g.of_softmax(g.Gemm("x", g.constant(g.rows.T), bias, transB=1))


@case([(2, "masked")])
def masked_in_the_selection(g):
    return g.of_sigmoid(g.scores("x"), [0, 0.5, -np.inf, 0, 0, 0])


@case([(2, "masked")])
def a_selection_bias_that_no_sigmoid_makes_up_for(g):
    return g.of_sigmoid(g.scores("x"), [0, 0.5, -1.1, 0, 0, 0])


@case([])
def a_selection_bias_that_a_sigmoid_makes_up_for(g):
    return g.of_sigmoid(g.scores("x"), [0, 0.5, -0.9, 0, 0, 0])


ALONE = [0] + [-np.inf] * 5


def of_best_group(g, fill):
    """Of three groups of two; what TopK finds weighs."""
    p = g.Softmax(g.scores("x", bias=ALONE), axis=1)
    best = g.ReduceMax(g.Reshape(p, [-1, 3, 2]), [-1], keepdims=0)
    ids = g.TopK(best, [1], axis=1, outputs=2)[1]
    ones = g.ConstantOfShape(g.Shape(ids), value=helper.make_tensor("v", F32, [1], [1.0]))
    mask = g.Unsqueeze(g.ScatterElements(g.ConstantOfShape(g.Shape(best)), ids, ones, axis=1), [2])
    mask = g.Cast(g.Reshape(g.Expand(mask, [1, 1, 2]), [-1, 6]), to=TensorProto.BOOL)
    return g.masked(*g.choose(g.Where(mask, p, fill)))


@case([(e, "masked") for e in range(1, 6)])
def masked_where_groups_are_filled_with_zeros(g):
    return of_best_group(g, 0.0)


@case([(4, "unreachable"), (5, "unreachable")])
def masked_where_what_fills_groups_weighs(g):
    """Of those that go the first is chosen, and weighs."""
    return of_best_group(g, 0.5)


@case([])
def masked_where_a_bias_weighs(g):
    p = g.Softmax(g.scores("x", bias=ALONE), axis=1)
    return g.masked(*g.choose(g.Add(p, g.constant(np.array([0, 1, 1, 1, 1, 1], np.float32)))))


def scaled_by(g, scale):
    weights, ids = g.choose(g.Softmax(g.scores("x", bias=ALONE), axis=1))
    return g.masked(g.Mul(weights, g.Gather(g.constant(np.array(scale, np.float32)), ids, axis=0)), ids)


@case([(e, "masked") for e in range(1, 6)])
def masked_where_each_expert_has_a_scale(g):
    return scaled_by(g, [1, 2, -3, 4, 5, 6])


@case([])
def masked_where_the_scale_is_infinite(g):
    return scaled_by(g, [1] + [np.inf] * 5)


@case([], choices=1)
def masked_where_weights_are_on_the_input(g):
    scores = g.scores("x", bias=[0, 0, 1, 2, -np.inf, 0])
    values, ids = g.choose(scores)
    lowest = g.Expand(g.constant(np.float32(-np.inf)), g.Shape(scores))
    gates = g.Transpose(g.Sigmoid(g.ScatterElements(lowest, ids, values, axis=1)), perm=[1, 0])
    rows = g.Mul(g.Tile(g.Expand("x", [1, 1]), [g.E, 1]), g.Reshape(gates, [-1, 1]))
    rows = g.Reshape(rows, [g.E, -1, g.D])
    y = g.MatMul(g.Relu(g.MatMul(rows, g.constant(g.w1))), g.constant(g.w2))
    return g.ReduceSum(y, [0], keepdims=0)


@case([])
def a_finite_mask_without_a_bound(g):
    return g.of_softmax(g.scores("x", bias=[0, 0, 0, -1e9, 0, 0]))


@case([(3, "masked")])
def a_finite_mask_with_a_bound(g):
    return g.of_softmax(g.scores(g.rms(), bias=[0, 0, 0, -1e9, 0, 0]))


@case([], says="is no mask")
def a_row_that_looks_like_a_mask(g):
    g.rows[:, 3] = -1e9
    return g.of_softmax(g.scores(g.rms()))


@case([])
def a_row_of_zeros(g):
    g.rows[:, 3] = 0
    return g.of_softmax(g.scores(g.rms()))


@case([(e, "masked") for e in range(2, 6)])
def a_router_of_zeros(g):
    """All are equal, so that the first ones are chosen."""
    g.rows[:] = 0
    return g.of_selected(g.scores("x"))


@case([(5, "masked")])
def a_router_with_rows_of_zeros(g):
    g.rows[:, [1, 3, 5]] = 0
    return g.of_selected(g.scores("x", bias=[0, -1, 0, -1, 0, -1]))


@case([])
def a_router_of_equal_rows(g):
    """Their sums may be made in different orders."""
    g.rows[:] = g.rows[:, :1]
    return g.of_selected(g.scores("x"))


@case([])
def a_softmax_of_zeros(g):
    g.rows[:] = 0
    return g.of_softmax(g.scores("x"))


@case([])
def two_biases_of_zeros(g):
    """Their sum is not what is rounded."""
    g.rows[:] = 0
    return g.of_selected(g.Add(g.scores("x", bias=[1] * 6), g.constant(np.full(6, 0.5, np.float32))))


# -- Bounds --


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


# -- The check --


def get_input(count, width):
    """Rows of several sizes; where there are many, one of NaN."""
    random = np.random.default_rng(count)
    x = random.normal(size=(count, width)).astype(np.float32)
    x[::3] *= 0.01
    x[::5] *= 2
    if count > 1:
        x[count // 2, 0] = np.nan
    return x


def compile_model(path, *options):
    done = subprocess.run(["moec", "compile", str(path), "-j", "1", "--cpu", "x86-64-v3", *options],
                          capture_output=True, text=True)
    if done.returncode:
        raise Wrong(done.stderr.strip())
    return done


def find_dead(path):
    """What the compiler takes for dead, and what it says."""
    done = compile_model(path, "--emit", "moe", "-o", "-")
    entries = re.findall(r'cause = "(\w+)", expert = (\d+)', done.stdout)
    return {int(expert): cause for cause, expert in entries}, done.stderr


def run(path, scratch, planted, graph):
    """Whether the manifest says the same, and the numbers are those of the source."""
    compile_model(path, "-o", scratch)
    layers = json.loads(path.with_suffix(".json").read_text())["moe_layers"]
    if len(layers) != 1 or layers[0]["experts"] != graph.E:
        raise Wrong("the layer is not in the manifest")
    if {e["expert"]: e["cause"] for e in layers[0]["dead_experts"]} != planted:
        raise Wrong("the manifest says otherwise")
    session, library = runtime(path), Library(scratch / f"lib{path.stem}.so", threads=1)
    output = session.get_outputs()[0].name
    for count in TOKENS:
        x = get_input(count, graph.D)
        wanted = session.run(None, {"x": x})[0]
        got = library.run({"x": x}, [output])[output]
        if error(got, wanted) > TOLERANCE:
            raise Wrong(f"{count} tokens: {error(got, wanted)}")


def check(name, scratch, run_all):
    make, planted, says, options = CASES[name]
    graph = Layer(seed=len(name), **options)
    path = scratch / f"{name}.onnx"
    onnx.save(graph.model(make(graph)), path)
    found, said = find_dead(path)
    if found != planted:
        raise Wrong(f"dead are {found}, planted were {planted}: {said}")
    if says not in said:
        raise Wrong(f"'{says}' was not said: {said}")
    # What bounds the input makes no difference to what is done then.
    if run_all or (planted and "_after_" not in name):
        run(path, scratch, planted, graph)


def main():
    scratch, *names = [a for a in sys.argv[1:] if a != "--run-all"]
    wrong = 0
    for name in names or CASES:
        try:
            check(name, pathlib.Path(scratch), "--run-all" in sys.argv)
        except Wrong as why:
            wrong += 1
            print(f"{name}: {why}")
    dead = sum(bool(planted) for _, planted, *_ in CASES.values())
    print(f"{dead} layers with dead experts, {len(CASES) - dead} that only look so, {wrong} wrong")


if __name__ == "__main__":
    main()
