# ===-- routers.py - routers are raised, with the numbers of ONNX Runtime -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""routers.py SCRATCH [NAME ...]

Compiles layers whose routers are spelled in the ways of published models, looks for
what `moe.route` must say of each, and compares outputs with ONNX Runtime's. Inputs
are random, and so large or so round that scores tie, or vanish as probabilities."""

import pathlib
import re
import sys
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "EndToEnd")]

from compare import Library, error  # noqa: E402
from layers import F32, Graph, register  # noqa: E402
from look_alikes import TOLERANCE, Wrong, moec, runtime  # noqa: E402

ROUTE = re.compile(r"moe\.route ins\((.*)\) outs.*?\{(.*?)\} ->")
ROUTERS, LOOKALIKES = {}, {}


def router(*says, **options):
    """A function of a graph and its logits to weights and ids; `says` are in the op."""
    return register(ROUTERS, says, options)


def lookalike(**options):
    return register(LOOKALIKES, None, options)


class Layer(Graph):
    def top(self, keys, k=None):
        return self.TopK(keys, [k or self.k], axis=-1, outputs=2)

    def softmax(self, scores):
        return self.Softmax(scores, axis=-1)

    def sum(self, weights):
        return self.ReduceSum(weights, [-1], keepdims=1)

    def experts(self, weights, ids):
        """Each on all tokens."""
        parts = []
        for e, m in enumerate(self.weights_of_experts()):
            kept = self.Mul(self.Cast(self.Equal(ids, e), to=F32), weights)
            parts.append(self.Mul(self.network("x", m), self.sum(kept)))
        return self.sum_up(parts)

    def keep_groups(self, keys, groups, kept, fill):
        """Keys, of all but the best groups by their largest `fill`."""
        by_group = self.Reshape(keys, [-1, groups, self.E // groups])
        best = self.ReduceMax(by_group, [-1], keepdims=0)
        ids = self.top(best, kept)[1]
        ones = self.ConstantOfShape(self.Shape(ids), value=helper.make_tensor("v", F32, [1], [1.0]))
        mask = self.ScatterElements(self.ConstantOfShape(self.Shape(best)), ids, ones, axis=-1)
        wide = self.Expand(self.Unsqueeze(mask, [-1]), [1, 1, self.E // groups])
        return self.Where(self.Not(self.Cast(self.Reshape(wide, [-1, self.E]), to=TensorProto.BOOL)), fill, keys)


# -- Groups whose fill counts --


@router("group_fill = 0.000000e+00", "keys_weigh", "softmax_all", experts=8, choices=3)
def group_limit_of_keys(g, scores):
    """DeepSeek-V2: where the kept probabilities vanish, others tie with them, and weigh nothing."""
    weights, ids = g.top(g.keep_groups(g.softmax(scores), 4, 2, 0.0))
    return g.Mul(weights, 16.0), ids


@router("group_fill = 0.000000e+00", "softmax_all", experts=8, choices=3)
def group_limit_looked_up(g, scores):
    p = g.softmax(scores)
    ids = g.top(g.keep_groups(p, 4, 2, 0.0))[1]
    return g.GatherElements(p, ids, axis=-1), ids


@router("group_fill = 2.500000e-01", "keys_weigh", "sigmoid", experts=6, choices=4)
def group_fill_that_wins(g, scores):
    """A fill above some keys is chosen before them, and is the weight."""
    return g.top(g.keep_groups(g.Sigmoid(scores), 3, 2, 0.25))


@router("group_fill = -1.000000e+00", "keys_weigh", experts=6, choices=5)
def group_fill_is_needed(g, scores):
    """More are chosen than the kept groups have."""
    return g.top(g.keep_groups(g.Sigmoid(scores), 3, 1, -1.0))


@router("keys_weigh", "sigmoid")
def bias_that_weighs(g, scores):
    return g.top(g.Add(g.Sigmoid(scores), g.weight(g.E)))


# -- Divisors --


def divided(g, scores, divisor, score=None):
    weights, ids = g.top((score or g.softmax)(scores))
    return g.Div(weights, divisor(g, weights)), ids


@router("least_divisor = 6.250000e-01", "renormalize")
def clipped_sum(g, scores):
    """ERNIE 4.5."""
    return divided(g, scores, lambda g, w: g.Clip(g.sum(w), g.constant(np.float32(0.625))))


@router("least_divisor = 9.99999996E-13", "sigmoid")
def largest_of_sum_and_number(g, scores):
    return divided(g, scores, lambda g, w: g.Max(g.constant(np.float32(1e-12)), g.sum(w)), g.Sigmoid)


@router("epsilon = 1.250000e-01", "least_divisor = 5.000000e-01")
def clipped_sum_with_epsilon(g, scores):
    return divided(g, scores, lambda g, w: g.Max(g.Add(g.sum(w), 0.125), 0.5))


@router("norm = 1.000000e+00")
def norm_of_order_one(g, scores):
    """DBRX."""
    return divided(g, scores, lambda g, w: g.ReduceL1(g.Abs(w), [-1], keepdims=1))


@router("norm = 1.000000e+00", "score = #moe.score<none>")
def norm_of_logits(g, scores):
    """Of what may be negative."""
    return divided(g, scores, lambda g, w: g.ReduceL1(w, [-1], keepdims=1), lambda s: s)


@router("norm = 2.000000e+00")
def norm_of_order_two(g, scores):
    return divided(g, scores, lambda g, w: g.ReduceL2(w, [-1], keepdims=1))


@router("norm = 2.000000e+00", "score = #moe.score<none>")
def root_of_squares(g, scores):
    return divided(g, scores, lambda g, w: g.Sqrt(g.sum(g.Mul(w, w))), lambda s: s)


@router("norm = 2.500000e+00", "least_divisor = 9.99999996E-13")
def norm_of_another_order(g, scores):
    return divided(g, scores, lambda g, w: g.Max(g.Pow(g.sum(g.Pow(g.Abs(w), 2.5)), 0.4), 1e-12))


# -- Scales --


@router("expert_scale", "renormalize")
def scale_of_each_expert(g, scores):
    """Gemma 4."""
    weights, ids = divided(g, scores, lambda g, w: g.sum(w))
    return g.Mul(weights, g.Gather(g.weight(g.E), ids, axis=0)), ids


@router("expert_scale")
def scale_of_each_expert_by_tuples(g, scores):
    """Gemma 4, as exporters have it."""
    weights, ids = g.top(g.softmax(scores))
    return g.Mul(weights, g.GatherND(g.weight(g.E), g.Unsqueeze(ids, [-1]))), ids


@router("expert_scale", "keys_weigh", "group_fill = 0.000000e+00", "scale = 2.000000e+00", experts=8, choices=3)
def scale_of_each_expert_in_groups(g, scores):
    weights, ids = g.top(g.keep_groups(g.softmax(scores), 4, 1, 0.0))
    return g.Mul(2.0, g.Mul(g.Gather(g.weight(g.E), ids, axis=0), weights)), ids


# -- Noise --


@router("softmax_selected")
def noisy(g, scores):
    """Shazeer et al.: noise of a learned deviation, from another input."""
    deviation = g.Softplus(g.MatMul("x", g.weight(g.D, g.E)))
    values, ids = g.top(g.Add(scores, g.Mul("noise", deviation)))
    return g.softmax(values), ids


# -- Sparse mixers --


def mix(g, scores, width=0.02, spelled="ArgMax", again=None, twice=False, near_of=None, compared=None, most=None):
    ids, weights, left = [], [], scores
    for j in range(2):
        if spelled == "ArgMax":
            top, best = g.ReduceMax(left, [-1], keepdims=1), g.ArgMax(left, axis=-1, keepdims=1)
        else:
            top, best = g.top(left, 1)
        of = compared(scores, left) if compared else scores
        distance = g.Div(g.Sub(top, of), g.Max(g.Abs(of), most(g, top) if most else top))
        near = g.Where(g.Greater(distance, again if j and again else width), float("-inf"), left)
        best = g.ArgMax(near_of(g, near), axis=-1, keepdims=1) if near_of else best
        weights.append(g.GatherElements(g.softmax(near), best, axis=-1))
        ids.append(best)
        if not twice:
            gone = g.Expand(g.constant(np.float32(-np.inf)), g.Shape(best))
            left = g.ScatterElements(left, best, gone, axis=-1)
    return g.Concat(*weights, axis=-1), g.Concat(*ids, axis=-1)


@router("sparse_mixer", "tie = #moe.tie<lowest>")
def sparse_mixer(g, scores):
    """Phi-3.5-MoE."""
    return mix(g, scores)


@router("sparse_mixer", "jitter = 1.250000e-01")
def sparse_mixer_of_wide_jitter(g, scores):
    return mix(g, scores, 0.25, "TopK")


@router("sparse_mixer")
def sparse_mixer_of_what_is_near(g, scores):
    """Each round chooses from what its mask leaves, and compares what is left."""
    return mix(g, scores, 0.25, near_of=lambda g, near: near, compared=lambda scores, left: left)


@router("sparse_mixer")
def sparse_mixer_by_magnitude(g, scores):
    """Uni-MoE."""
    return mix(g, scores, 0.25, most=lambda g, top: g.Abs(top))


# -- Weights of the input --


def weigh_inputs(g, scores, rows):
    """Zero times a row is zero."""
    values, ids = g.top(scores)
    lowest = g.Expand(g.constant(np.float32(-np.inf)), g.Shape(scores))
    dense = g.Sigmoid(g.ScatterElements(lowest, ids, values, axis=1))
    rows = g.Mul(rows, g.Reshape(g.Transpose(dense, perm=[1, 0]), [-1, 1]))
    rows = g.Reshape(rows, [g.E, -1, g.D])
    y = g.MatMul(g.Relu(g.MatMul(rows, g.weight(g.E, g.D, g.H))), g.weight(g.E, g.H, g.D))
    return g.ReduceSum(y, [0], keepdims=0)


def repeat(g):
    return g.Tile(g.Expand("x", [1, 1]), [g.E, 1])


@router("score = #moe.score<none>", choices=1, makes_layer=True)
def weights_of_inputs(g, scores):
    """Llama 4."""
    return weigh_inputs(g, scores, repeat(g))


@router("score = #moe.score<none>", choices=1, makes_layer=True)
def weights_of_what_is_computed(g, scores):
    return weigh_inputs(g, scores, g.Tanh(repeat(g)))


# -- What only looks like one --


@lookalike()
def sum_of_all_tokens(g, scores):
    weights, ids = g.top(g.softmax(scores))
    whole = g.Reshape(weights, [1, -1])
    return g.Reshape(g.Div(whole, g.sum(whole)), [-1, g.k]), ids


@lookalike(tokens=4, experts=4, choices=2)
def looked_up_in_other_rows(g, scores):
    """Two tokens' ids look up the scores of one."""
    p = g.softmax(scores)
    ids = g.top(p)[1]
    return g.Reshape(g.GatherElements(p, g.Reshape(ids, [2, 4]), axis=1), [4, 2]), ids


@lookalike()
def clipped_on_both_sides(g, scores):
    return divided(g, scores, lambda g, w: g.Clip(g.sum(w), g.constant(np.float32(0.5)), g.constant(np.float32(0.75))))


@lookalike()
def root_of_another_order(g, scores):
    return divided(g, scores, lambda g, w: g.Pow(g.sum(g.Pow(g.Abs(w), 3.0)), 0.5))


@lookalike()
def cubes_without_signs_taken_off(g, scores):
    return divided(g, scores, lambda g, w: g.Pow(g.sum(g.Mul(w, g.Mul(w, w))), 1 / 3))


@lookalike()
def norm_of_other_weights(g, scores):
    return divided(g, scores, lambda g, w: g.ReduceL2(g.Sqrt(w), [-1], keepdims=1))


@lookalike()
def scale_by_other_ids(g, scores):
    weights, ids = g.top(g.softmax(scores))
    other = g.top(g.Neg(scores))[1]
    return g.Mul(weights, g.Gather(g.weight(g.E), other, axis=0)), ids


@lookalike()
def scale_before_the_sum(g, scores):
    weights, ids = g.top(g.softmax(scores))
    scaled = g.Mul(weights, g.Gather(g.Abs(g.weight(g.E)), ids, axis=0))
    return g.Div(scaled, g.sum(weights)), ids


@lookalike(distinct=False)
def mixer_of_two_widths(g, scores):
    return mix(g, scores, 0.02, again=0.25)


@lookalike(distinct=False)
def mixer_of_others_than_are_near(g, scores):
    return mix(g, scores, 0.25, near_of=lambda g, near: g.Neg(near))


@lookalike(distinct=False)
def mixer_compared_with_others(g, scores):
    return mix(g, scores, 0.25, compared=lambda scores, left: scores if left is scores else g.Neg(scores))


@lookalike(distinct=False)
def mixer_by_another_magnitude(g, scores):
    return mix(g, scores, 0.25, most=lambda g, top: g.Abs(g.Neg(g.Mul(top, 2.0))))


@lookalike(distinct=False)
def mixer_that_chooses_one_twice(g, scores):
    return mix(g, scores, twice=True)


# -- Checks --


def build(name):
    make, says, options = {**ROUTERS, **LOOKALIKES}[name]
    options = dict(options)
    is_layer = options.pop("makes_layer", False)
    g = Layer(zlib.crc32(name.encode()), **options)
    scores = g.MatMul("x", g.weight(g.D, g.E))
    made = make(g, scores)
    model = g.model(made if is_layer else g.experts(*made))
    if any("noise" in node.input for node in model.graph.node):
        model.graph.input.append(helper.make_tensor_value_info("noise", F32, [g.T, g.E]))
    return model, says, (g.D, g.E)


def make_inputs(model, widths):
    """Of all kinds: as they come, tied, and of large scores, where a softmax vanishes;
    a sigmoid saturates there, and kernels differ in where."""
    saturates = any(node.op_type == "Sigmoid" for node in model.graph.node)
    tokens = model.graph.input[0].type.tensor_type.shape.dim[0].dim_value
    for count in [tokens] if tokens else [1, 7, 64]:
        random = np.random.default_rng(count)
        x = random.normal(size=(count, widths[0]))
        large = () if saturates else (x * 300, np.where(x > 1, x * 1e3, 0))
        for kind in (x, np.round(x), x * 0, *large):
            arrays = {"x": kind.astype(np.float32)}
            if len(model.graph.input) > 1:
                arrays["noise"] = random.normal(size=(count, widths[1])).astype(np.float32)
            yield arrays


def compare(path, model, widths, folder):
    moec(path, "--cpu", "x86-64-v3", "--name", "m", "-o", str(folder))
    reference, library = runtime(path), Library(folder / "libm.so", threads=1)
    output = model.graph.output[0].name
    for inputs in make_inputs(model, widths):
        wanted = reference.run(None, inputs)[0].astype(np.float64)
        got = library.run(inputs, [output])[output]
        if not np.array_equal(np.isnan(wanted), np.isnan(got)):
            raise Wrong("NaN are elsewhere")
        off = error(np.nan_to_num(got), np.nan_to_num(wanted))
        if off > TOLERANCE:
            raise Wrong(f"outputs differ by {off:.1e} where x is {inputs['x'][0, :3]}")


def check(name, scratch):
    model, says, widths = build(name)
    path = scratch / f"{name}.onnx"
    onnx.save(model, path)
    routes = [" ".join(found) for found in ROUTE.findall(moec(path, "--emit", "moe", "-o", "-"))]
    if says is None and routes:
        raise Wrong(f"raised {routes}")
    if says is not None and (len(routes) != 1 or not all(text in routes[0] for text in says)):
        raise Wrong(f"raised {routes}, expected one that says {says}")
    compare(path, model, widths, scratch / name)


def main():
    names = sys.argv[2:] or [*ROUTERS, *LOOKALIKES]
    wrong = 0
    for name in names:
        try:
            check(name, pathlib.Path(sys.argv[1]))
        except Wrong as problem:
            wrong += 1
            print(f"{name}: {problem}", flush=True)
    known = sum(name in ROUTERS for name in names)
    print(f"{known} routers, {len(names) - known} look-alikes, {wrong} wrong")
    return 1 if wrong or not names else 0


if __name__ == "__main__":
    sys.exit(main())
