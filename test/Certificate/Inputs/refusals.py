# ===-- refusals.py - each reason to refuse a certificate -----------------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""usage: refusals.py FOLDER manifests | models

Manifests that are none, or have certificates that are none; and models whose
routers or experts the check does not understand. Each must be refused for its
own reason."""

import copy
import json
import pathlib
import sys

from check import *

BASE = Case("base", score="softmax", bias={3: -3, 5: -INFINITY}, common=0.5)


def edit(*keys, value=None, drop=False):
    """Changes the value under a path of keys."""

    def change(manifest):
        at = manifest
        for key in keys[:-1]:
            at = at[key]
        if drop:
            del at[keys[-1]]
        else:
            at[keys[-1]] = value
        return manifest

    return change


LAYER = ("moe_layers", 0)
DEAD = LAYER + ("dead_experts",)
FIRST = DEAD + (0,)


def put(value):
    """Instead of the certificates."""
    return edit(*DEAD, value=value)


# The manifest itself: E0240.
MANIFESTS = [
    (lambda m: [], "is no JSON object"),
    (edit("model_sha256", drop=True), "has no 'model_sha256'"),
    (edit("model_sha256", value="0" * 64), "is of another model"),
    (edit("moe_layers", drop=True), "has no list 'moe_layers'"),
    (edit("moe_layers", value=[1]), "a layer without 'name'"),
    (edit(*LAYER, "name", drop=True), "a layer without 'name'"),
    (edit(*LAYER, "experts", drop=True), "no number 'experts' or no list 'dead_experts'"),
    (edit(*LAYER, "experts", value=-1), "no number 'experts' or no list 'dead_experts'"),
    (edit(*DEAD, drop=True), "no number 'experts' or no list 'dead_experts'"),
]

PROFILE = {"cause": "profile", "share": 0.001}

# One certificate of it: E0241.
CERTIFICATES = [
    (put([3]), "is no object"),
    (edit(*FIRST, "expert", drop=True), "has no 'expert'"),
    (edit(*FIRST, "expert", value="3"), "'expert' has what is no number of the layer's 8 experts"),
    (edit(*FIRST, "expert", value=-1), "'expert' has what is no number of the layer's 8 experts"),
    (edit(*FIRST, "expert", value=8), "'expert' has what is no number of the layer's 8 experts"),
    (edit(*FIRST, "expert", value=5), "of expert 5 stands there twice"),
    (edit(*FIRST, "expert", value=6), "of expert 5 stands after that of expert 6"),
    (edit(*FIRST, "cause", drop=True), "has no 'cause'"),
    (edit(*FIRST, "cause", value="old age"), "has the unknown cause 'old age'"),
    (edit(*FIRST, "bound", drop=True), "has no 'bound'"),
    (edit(*FIRST, "radius", drop=True), "has no number of at least 0 in 'radius'"),
    (edit(*FIRST, "radius", value=-1), "has no number of at least 0 in 'radius'"),
    (edit(*FIRST, "half_width", value="0"), "has no number of at least 0 in 'half_width'"),
    (edit(*FIRST, "beaten_by", drop=True), "no lists 'beaten_by' and 'margins' of one length"),
    (edit(*FIRST, "margins", drop=True), "no lists 'beaten_by' and 'margins' of one length"),
    (edit(*FIRST, "margins", value=[1]), "no lists 'beaten_by' and 'margins' of one length"),
    (edit(*FIRST, "beaten_by", 0, value=1), "a list 'beaten_by' that is not ascending"),
    (edit(*FIRST, "beaten_by", 0, value=8), "'beaten_by' has what is no number of the layer's 8 experts"),
    (edit(*FIRST, "margins", 0, value="1"), "has in 'margins' what is no number and not null"),
    (put([{"expert": 3, "cause": "duplicate"}]), "has no 'of'"),
    (put([{"expert": 3, "cause": "duplicate", "of": 8}]), "'of' has what is no number"),
    (put([{"expert": 3, "cause": "duplicate", "of": 3}]), "'of' is expert 3, expected one before it"),
    (put([{"expert": 3, "cause": "duplicate", "of": 4}]), "'of' is expert 4, expected one before it"),
    (put([{"expert": 1, **PROFILE}, {"expert": 3, "cause": "duplicate", "of": 1}]), "which is dead itself"),
    (put([{"expert": 1, "cause": "profile"}]), "has no number of at least 0 in 'share'"),
    (put([{"expert": 1, "cause": "profile", "share": 1.1}]), "has a 'share' above 1"),
    # What is read right, and wrong.
    (edit(*LAYER, "top_k", drop=True), "has no 'top_k'"),
    (edit(*LAYER, "top_k", value=3), "0 nodes before it choose 3 of 8,"),
    (edit(*LAYER, "experts", value=9), "0 nodes before it choose 2 of 9,"),
    (edit(*LAYER, "name", value="nowhere"), "the model has no node of this name"),
    (edit(*FIRST, "bound", value="layer_norm"), "its bound is 'layer_norm', but the router reads a 'rms_norm'"),
    (edit(*FIRST, "bound", value="none"), "its radius is"),
    (edit(*FIRST, "cause", value="masked"), "it is not masked"),
    (lambda m: [m["moe_layers"][0]["dead_experts"][0].pop(k) for k in ("beaten_by", "margins")] and m,
     "has no list 'beaten_by'"),
]


def refuse(folder, case, manifest, error, reason):
    code, out, err = run(folder, case, manifest)
    if code != 1 or f"[moec-{error}]" not in err or reason not in err:
        sys.exit(f"{case.name}: {code}, expected {error}: {reason}\n{out}{err}")
    print(f"{case.name}: {reason}")


def mute_groups(folder):
    """Two of four groups are kept: expert 6's is not while two others have someone who may be chosen."""
    case = Case("muted_groups", score="softmax", groups=oracle.Groups(4, 2, "max", 0.0), bias={6: -4, 7: -5}, common=0.5)
    proof = oracle.Proof(case.build(path_of(folder, case)))
    mute = lambda count: [{"expert": i, **PROFILE} for i in range(count)] + proof.certificates()
    code, out, err = run(folder, case, make_manifest(folder, case, mute(2)))
    if code != 0:
        sys.exit(f"with two groups of three: {out}{err}")
    refuse(folder, case, make_manifest(folder, case, mute(4)), "E0241", "not enough")


def manifests(folder):
    proof = oracle.Proof(BASE.build(path_of(folder, BASE)))
    good = make_manifest(folder, BASE, proof.certificates())
    code, out, err = run(folder, BASE, good)
    if code != 0:
        sys.exit(f"the base is refused:\n{err}")
    for change, reason in MANIFESTS:
        refuse(folder, BASE, change(copy.deepcopy(good)), "E0240", reason)
    for change, reason in CERTIFICATES:
        refuse(folder, BASE, change(copy.deepcopy(good)), "E0241", reason)
    # Who is never chosen on request keeps nobody else from being chosen.
    last = good["moe_layers"][0]["dead_experts"]
    muted = [{"expert": i, **PROFILE} for i in last[0]["beaten_by"]]
    together = lambda count: sorted(muted[:count] + last[:1], key=lambda one: one["expert"])
    refuse(folder, BASE, put(together(len(muted) - 1))(copy.deepcopy(good)), "E0241", "not enough")
    code, out, err = run(folder, BASE, put(together(len(muted) - 2))(copy.deepcopy(good)))
    if code != 0:
        sys.exit(f"with enough others: {out}{err}")
    mute_groups(folder)
    # On request is no proof, and no refusal.
    code, out, err = run(folder, BASE, put([{"expert": 1, **PROFILE}, good["moe_layers"][0]["dead_experts"][0]])(good))
    if code != 0 or "2 of 8 experts dead: 1 profile, 1 unreachable; 1 proved, 1 on request" not in out:
        sys.exit(f"profile: {out}{err}")


# ===-- Models ----------------------------------------------------------------===#

LOW = {3: -3}


def variant(name, **changes):
    """A case some methods of which are other ones."""
    methods = {key: changes.pop(key) for key in list(changes) if key in ("logits", "keys", "write_gathered", "build")}
    case = Case(name, **{"bias": LOW, **changes})
    for key, method in methods.items():
        setattr(case, key, method.__get__(case))
    return case


def norm_of(make, kind="rms_norm"):
    return lambda m: (make(m), oracle.norm_bound(kind, floats(GAIN)))


def gemm(**attributes):
    def logits(self, m, v):
        return m.node("Gemm", [v, m.constant(self.w), m.constant(self.b)], transB=1, **attributes)

    return logits


def after_gemm(change):
    """Something that stands between product and choice."""

    def logits(self, m, v):
        return change(m, Case.logits(self, m, v))

    return logits


def whole_bias(self, m, v):
    """The bias went through a type that holds whole numbers alone."""
    half = m.constant(self.b / 2)
    bias = m.cast(m.cast(m.node("Add", [half, half]), TensorProto.INT32), TensorProto.FLOAT)
    return m.node("Add", [m.node("MatMul", [v, m.constant(self.w.T)]), bias])


def no_router_weights(self, m, v):
    weights = m.node("Mul", [m.node("ReduceMean", ["x", m.ints(0)], keepdims=1), m.constant(self.w)])
    return m.node("Gemm", [v, weights, m.constant(self.b)], transB=1)


def uniform_weights(self, m, v, values, ids):
    ones = m.node("Div", [values, values])
    return Case.write_gathered(self, m, v, m.node("Sigmoid", [m.node("Neg", [ones])]), ids)


def constant_weights(self, m, v, values, ids):
    ones = m.node("Expand", [m.constant(0.5), m.node("Shape", [ids])])
    return Case.write_gathered(self, m, v, ones, ids)


def unmasked_weights(self, m, v, values, ids):
    scores = m.node("Softmax", [m.product])
    return Case.write_gathered(self, m, v, m.node("GatherElements", [scores, ids], axis=1), ids)


def negated_sum(self, m, v, values, ids):
    total = m.node("ReduceSum", [values, m.ints(-1)], keepdims=1)
    return Case.write_gathered(self, m, v, m.node("Div", [values, m.node("Neg", [total])]), ids)


def kept_scores(self, m, scores):
    m.scores = scores
    return scores


def read_apart(self, m, v, values, ids):
    again = m.node("Exp", [m.node("GatherElements", [m.scores, ids], axis=1)])
    return Case.write_gathered(self, m, v, m.node("Mul", [values, again]), ids)


def two_choices(self, m, v, values, ids):
    other = m.node("TopK", [m.product, m.ints(K)], 2)[0]
    return Case.write_gathered(self, m, v, m.node("Add", [values, other]), ids)


def kept_product(self, m, v):
    m.product = m.node("MatMul", [v, m.constant(self.w.T)])
    return m.node("Add", [m.product, m.constant(self.b)])


def other_groups(change):
    """A mask of groups in which something is not as it should be."""

    def keys(self, m, scores):
        count, members = 4, 2
        parts = {"reduce": "ReduceMax", "score": scores, "one": 1.0, "zero": 0.0, "largest": 1, "fill": m.constant(0.0)}
        parts.update(change(m, scores))
        split = m.node("Reshape", [parts["score"], m.ints(-1, count, members)])
        best = m.node(parts["reduce"], [split, m.ints(-1)], keepdims=0)
        ids = m.node("TopK", [best, m.ints(2)], 2, largest=parts["largest"])[1]
        zeros = m.node("Expand", [m.constant(parts["zero"]), m.node("Shape", [best])])
        ones = m.node("Expand", [m.constant(parts["one"]), m.node("Shape", [ids])])
        marks = m.node("ScatterElements", [zeros, ids, ones], axis=1)
        marks = m.node("Expand", [m.node("Unsqueeze", [marks, m.ints(-1)]), m.ints(1, 1, members)])
        marks = m.cast(m.node("Reshape", [marks, m.ints(-1, E)]), TensorProto.BOOL)
        return m.node("Where", [marks, scores, parts["fill"]])

    return keys


HALF = TensorProto.FLOAT16
G2 = oracle.Groups(4, 2, "max", 0.0)
UNBOUNDED = "nothing was found that bounds the router's input"


def clip_open(m):
    return m.node("Clip", ["x", m.constant(-0.5)]), oracle.range_bound("clip", H, -0.5, 2.0, 0)


def scaled_tanh(m):
    return m.node("Mul", [m.node("Tanh", ["x"]), m.constant(2.0)]), oracle.range_bound("tanh", H, -1, 1, 2.0**-20)


def softmax_of_rows(m):
    return m.node("Softmax", ["x"], axis=0), oracle.range_bound("softmax", H, 0, 1, 2.0**-20)


def half_statistics(m):
    m.initializers.append(numpy_helper.from_array(np.float16(1e-6), "half_epsilon"))
    x = m.cast("x", HALF)
    mean = m.node("ReduceMean", [m.node("Mul", [x, x]), m.ints(-1)], keepdims=1)
    root = m.node("Sqrt", [m.node("Add", [mean, "half_epsilon"])])
    return m.cast(m.node("Div", [x, root]), TensorProto.FLOAT)


def other_mean(m):
    mean = m.node("ReduceMean", [m.node("Mul", ["x", "x"]), m.ints(0)], keepdims=1)
    return m.node("Div", ["x", m.node("Sqrt", [m.node("Add", [mean, m.constant(1e-6)])])])


def other_squares(m):
    other = m.node("Add", ["x", "x"])
    mean = m.node("ReduceMean", [m.node("Mul", [other, "x"]), m.ints(-1)], keepdims=1)
    return m.node("Div", ["x", m.node("Sqrt", [m.node("Add", [mean, m.constant(1e-6)])])])


def cubes(m):
    mean = m.node("ReduceMean", [m.node("Pow", ["x", m.constant(3.0)]), m.ints(-1)], keepdims=1)
    return m.node("Div", ["x", m.node("Sqrt", [m.node("Add", [mean, m.constant(1e-6)])])])


def no_root(m):
    mean = m.node("ReduceMean", [m.node("Mul", ["x", "x"]), m.ints(-1)], keepdims=1)
    return m.node("Div", ["x", m.node("Abs", [m.node("Add", [mean, m.constant(1e-6)])])])


def epsilon_of_each_column(m):
    mean = m.node("ReduceMean", [m.node("Mul", ["x", "x"]), m.ints(-1)], keepdims=1)
    epsilon = m.constant(np.array([1e-6] + [0] * (H - 1)))
    return m.node("Div", ["x", m.node("Sqrt", [m.node("Add", [mean, epsilon])])])


def twice_shifted(m):
    value = m.node("LayerNormalization", ["x", m.constant(GAIN), m.constant(OFFSET)])
    return m.node("Add", [value, m.constant(OFFSET)])


def often_rounded(m):
    value = m.node("RMSNormalization", ["x", m.constant(GAIN)])
    for _ in range(4):
        value = m.node("Mul", [value, m.constant(1.5)])
    return value


# What is claimed of expert 3, whose bias is low, must be refused because of the model.
MODELS = [
    # The bound.
    (variant("no_epsilon", source=norm_of(lambda m: m.node("RMSNormalization", ["x", m.constant(GAIN)], epsilon=0.0))),
     "an epsilon below 1e-20"),
    (variant("spelled_no_epsilon", source=spelled("div", epsilon=0.0)), UNBOUNDED),
    (variant("half_statistics", source=norm_of(half_statistics)), UNBOUNDED),
    (variant("other_mean", source=norm_of(other_mean)), UNBOUNDED),
    (variant("other_squares", source=norm_of(other_squares)), UNBOUNDED),
    (variant("cubes", source=norm_of(cubes)), UNBOUNDED),
    (variant("no_root", source=norm_of(no_root)), UNBOUNDED),
    (variant("epsilon_of_each_column", source=norm_of(epsilon_of_each_column)), UNBOUNDED),
    (variant("twice_shifted", source=norm_of(twice_shifted, "layer_norm")), "adds a second constant"),
    (variant("often_rounded", source=norm_of(often_rounded)), "rounds once too often"),
    (variant("infinite_gain", source=norm_of(
        lambda m: m.node("Mul", [rms_op(m)[0], m.constant(INFINITY)]))), "has an infinite factor"),
    (variant("clip_open", source=clip_open), "has an end that is no constant"),
    (variant("scaled_tanh", source=scaled_tanh), "is scaled or shifted"),
    (variant("softmax_of_rows", source=softmax_of_rows), "is not over the last dimension"),
    (variant("exponential", source=norm_of(lambda m: m.node("Exp", ["x"]))), "bounds nothing that is known"),
    # The scores.
    (variant("alpha", logits=gemm(alpha=2.0)), "has an alpha, a beta or a transposed input"),
    (variant("beta", logits=gemm(beta=2.0)), "has an alpha, a beta or a transposed input"),
    (variant("scaled", logits=after_gemm(lambda m, s: m.node("Mul", [s, m.constant(2.0)]))),
     "its scores come of node 'n3_Mul' (Mul)"),
    (variant("added", logits=after_gemm(lambda m, s: m.node("Add", [s, m.node("Neg", [s])]))), "no constant row"),
    (variant("masked_by_run", logits=after_gemm(
        lambda m, s: m.node("Where", [m.node("Greater", [s, m.constant(0.0)]), s, m.node("Neg", [s])]))),
     "(Where)"),
    (variant("whole_bias", logits=whole_bias), "makes a constant in a way that is not known"),
    (variant("no_weights", logits=no_router_weights), "is no constant"),
    (variant("cancelling", logits=after_gemm(lambda m, s: m.node("Add", [
        m.node("Add", [s, m.constant(1e9)]), m.constant(-1e9)]))), "cancel each other"),
    (variant("infinite_weights", weights=np.full((E, H), INFINITY)), "are not all finite"),
    (variant("infinite_bias", bias={3: -3, 4: INFINITY}), "is NaN or infinity"),
    (variant("nan_selection", score="sigmoid", selection=[math.nan] + [1.0] * 2 + [-2.0] + [1.0] * 4),
     "is NaN or infinity"),
    # The keys.
    (variant("half_keys", score="softmax", logits=after_gemm(lambda m, s: m.cast(s, HALF)),
             write_gathered=lambda self, m, v, values, ids: Case.write_gathered(
                 self, m, v, m.cast(values, TensorProto.FLOAT), ids)), "compares keys that are not f32"),
    (variant("two_choices", logits=kept_product, write_gathered=two_choices), "2 nodes before it choose 2 of 8"),
    (variant("groups_mean", score="sigmoid", groups=G2, keys=other_groups(lambda m, s: {"reduce": "ReduceMean"})),
     "its groups are scored by"),
    (variant("groups_smallest", score="sigmoid", groups=G2, keys=other_groups(lambda m, s: {"largest": 0})),
     "its groups are chosen by"),
    (variant("groups_other_keys", score="sigmoid", groups=G2,
             keys=other_groups(lambda m, s: {"score": m.node("Neg", [s])})), "does not show the keys of the layer"),
    (variant("groups_no_ones", score="sigmoid", groups=G2, keys=other_groups(lambda m, s: {"one": 0.0})),
     "whose mask is no mask of the groups that are kept"),
    (variant("groups_no_zeros", score="sigmoid", groups=G2, keys=other_groups(lambda m, s: {"zero": 1.0})),
     "whose mask is no mask of the groups that are kept"),
    (variant("groups_fill", score="sigmoid", groups=G2, keys=other_groups(
        lambda m, s: {"fill": m.node("Neg", [s])})), "fills in what is no constant"),
]

# Of experts without weight: it is no score that weighs them.
WEIGHTLESS = [
    (variant("other_weights", score="softmax", bias={3: -INFINITY}, write_gathered=uniform_weights),
     "is not known to this check"),
    (variant("constant_weights", score="softmax", bias={3: -INFINITY}, write_gathered=constant_weights),
     "no product with the scores"),
    (variant("negated_sum", score="softmax", bias={3: -INFINITY}, write_gathered=negated_sum),
     "reads a sum of scores, and is not known to this check"),
    (variant("read_apart", score="softmax", bias={3: -INFINITY}, keys=kept_scores, write_gathered=read_apart),
     "is not known to this check"),
    (variant("unmasked_weights", score="softmax", bias={3: -INFINITY}, logits=kept_product,
             write_gathered=unmasked_weights), "reaches the sum beside the scores"),
    (variant("infinite_scale", score="softmax", bias={3: -INFINITY},
             finish=by_scale(np.where(np.arange(E) == 3, INFINITY, 1.0))), "by numbers that are not all finite"),
    (variant("norm_that_weighs", score="softmax", bias={3: -INFINITY},
             finish=lambda m, values, ids: m.node("Add", [values, m.node("Sqrt", [values])])),
     "is not known to this check"),
]


# Of weights: certificate, reason.
DUPLICATE, ZERO = {"expert": 5, "cause": "duplicate", "of": 1}, {"expert": 4, "cause": "zero"}


def almost(function, name, expert, index):
    """`function`'s edit, then one element more."""

    def edit(case):
        function(case)
        array = getattr(case, name)
        array[expert][index] += 1

    return edit


def almost_code(function, which):
    def edit(case):
        function(case)
        case.codes[which][4 if which == 1 and function is ZERO4 else 5][0, 0] ^= 1

    return edit


ZERO4, SAME = zero(4), duplicate(1, 5)


def one_scale(case):
    SAME(case)
    case.scales[0][5, 0] += 1


def infinite_scale(case):
    ZERO4(case)
    case.scales[1][4, 0] = INFINITY


def other_point(case):
    zero_by_points(4)(case)
    case.points.reshape(E, -1)[4, -1] ^= 1


WEIGHTS = [
    (Case(f"{form}_{name}", score="softmax", edit=almost(function, name, expert, index), **how), certificate, reason)
    for form, how in (("moe", {"fused": "MoE"}), ("gathered", {}), ("unrolled", {"form": "unrolled"}),
                      ("sorted", {"form": "sorted"}), ("sliced", {"form": "sliced"}), ("split", {"form": "split"}),
                      ("counted", {"form": "counted"}), ("joined", {"form": "joined"}),
                      ("tabled", {"form": "tabled"}), ("picked", {"form": "picked"}))
    for name, index in (("w1", (0, 0)), ("w2", (0, 0)), ("b2", (0,)))
    for function, expert, certificate, reason in ((SAME, 5, DUPLICATE, "differ"), (ZERO4, 4, ZERO, "zero"))
    if not (name == "w1" and function is ZERO4)
] + [
    (Case("qmoe_code1", fused="QMoE", edit=almost_code(SAME, 0)), DUPLICATE, "differs for the two"),
    (Case("qmoe_code2", fused="QMoE", edit=almost_code(SAME, 1)), DUPLICATE, "differs for the two"),
    (Case("qmoe_scale", fused="QMoE", edit=one_scale), DUPLICATE, "differs for the two"),
    (Case("qmoe_zero_code", fused="QMoE", edit=almost_code(ZERO4, 1)), ZERO, "neither its codes nor its scales"),
    (Case("qmoe_infinite_scale", fused="QMoE", edit=infinite_scale), ZERO, "has infinite scales"),
    (Case("qmoe_other_points", fused="QMoE", points=True, edit=other_point), ZERO, "neither its codes nor its scales"),
    (Case("qmoe_other_block", fused="QMoE", points=True, bits=4, inner=64, block=16, edit=other_point), ZERO,
     "neither its codes nor its scales"),
    (Case("qmoe_points", fused="QMoE", points=True, edit=ZERO4), ZERO, "neither its codes nor its scales"),
    # Of other experts: what is counted from one is one number less.
    (Case("counted_others", form="counted", edit=SAME), {"expert": 6, "cause": "duplicate", "of": 2}, "differ"),
    (Case("split_others", form="split", edit=SAME), {"expert": 6, "cause": "duplicate", "of": 2}, "differ"),
    # A node makes the matrices, from which each expert's are picked.
    (Case("negated", form="negated", edit=almost(SAME, "w1", 5, (0, 0))), DUPLICATE, "differ"),
    # Numbers that the check cannot follow.
    (Case("wrapped", form="wrapped", edit=SAME), DUPLICATE, "were not found"),
    # Pieces that are not each expert's rows.
    (Case("overlapping", form="overlapping", edit=SAME), DUPLICATE, "were not found"),
    (Case("joined_twice", form="joined", top_k=3, edit=SAME), DUPLICATE, "0 nodes before it choose 3 of 8"),
]


def models(folder):
    for case, reason in MODELS:
        proof = oracle.Proof(case.build(path_of(folder, case)))
        certificate = proof.certificate(3, force=True)
        refuse(folder, case, make_manifest(folder, case, [certificate]), "E0241", reason)
    for case, reason in WEIGHTLESS:
        proof = oracle.Proof(case.build(path_of(folder, case)))
        refuse(folder, case, make_manifest(folder, case, [proof.certificate(3)]), "E0241", reason)
    for case, certificate, reason in WEIGHTS:
        case.build(path_of(folder, case))
        refuse(folder, case, make_manifest(folder, case, [certificate]), "E0241", reason)


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    {"manifests": manifests, "models": models}[sys.argv[2]](folder)
