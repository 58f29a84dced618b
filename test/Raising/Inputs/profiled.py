# ===-- profiled.py - experts that a profile hardly ever saw go -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""profiled.py SCRATCH

Profiles layers, compiles them again without the experts that were rare, and compares
with numpy: the next best takes the place of each."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import onnx

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "EndToEnd")]

from compare import Library, error  # noqa: E402
from dead_experts import Layer  # noqa: E402
from layers import Graph, masked  # noqa: E402

TOKENS = 200
DROP = 0.1


class Wrong(Exception):
    """The compiler did not do what it should."""


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise Wrong(done.stderr.strip())
    return done.stderr


def softmax(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


EXPERTS = {"Relu": lambda x, w1, w2: np.maximum(x @ w1, 0) @ w2, "Tanh": lambda x, w1, w2: np.tanh(x @ w1) @ w2,
           "zeros": lambda x, w1, w2: 0 * x}


class Router:
    """The numpy twin of one of the layers of dead_experts.py."""

    def __init__(self, build, probabilities, key, weigh):
        self.build, self.probabilities, self.key, self.weigh = build, probabilities, key, weigh

    def apply(self, g, x, gone):
        x = x.astype(np.float64)
        p = self.probabilities(x @ g.rows)
        key = self.key(p)
        key[:, sorted(gone)] = -np.inf
        ids = np.argsort(-key, axis=1, kind="stable")[:, :g.k]
        weights = self.weigh(np.take_along_axis(p, ids, axis=1))
        y = np.zeros_like(x)
        for e in range(g.E):
            y += np.where(ids == e, weights, 0).sum(axis=1, keepdims=True) * EXPERTS[g.kinds[e % len(g.kinds)]](
                x, g.w1[e], g.w2[e])
        return y, ids, weights


SELECTION = np.array([0.3, 0.2, 0, 0.1, -0.3, -0.4], np.float32)
ROUTERS = {
    "softmax": Router(lambda g: g.of_softmax(g.scores("x")), softmax, np.copy, lambda w: w),
    "selected": Router(lambda g: g.of_selected(g.scores("x")), np.copy, np.copy, softmax),
    "sigmoid": Router(lambda g: g.of_sigmoid(g.scores("x"), SELECTION), lambda s: 1 / (1 + np.exp(-s)),
                      lambda p: p + SELECTION, lambda w: w / w.sum(axis=1, keepdims=True)),
}


def compile_and_run(path, scratch, x, *options):
    run("moec", "compile", path, "--cpu", "x86-64-v3", "-o", scratch, *options)
    output = onnx.load(path).graph.output[0].name
    library = scratch / f"lib{path.stem}.so"
    layer = json.loads(path.with_suffix(".json").read_text())["moe_layers"][0]
    return Library(library, threads=1).run({"x": x}, [output])[output], layer


def compare(got, wanted, what):
    if error(got, wanted.astype(np.float32)) > 1e-4:
        raise Wrong(f"{what}: {error(got, wanted.astype(np.float32))}")


def check(name, router, scratch, kinds=None):
    g = Layer(seed=5, kinds=kinds)
    g.rows[:, 2:4] *= 0.05  # Hardly ever chosen.
    path = scratch / f"{name}.onnx"
    onnx.save(g.model(router.build(g)), path)
    x = np.random.default_rng(1).normal(size=(TOKENS, g.D)).astype(np.float32)
    np.save(scratch / "x.npy", x)
    got, _ = compile_and_run(path, scratch, x)
    wanted, ids, weights = router.apply(g, x, set())
    compare(got, wanted, "the whole layer")
    profile = scratch / f"{name}.profile.json"
    run("moec-run", scratch / f"lib{name}.so", "--input", f"x={scratch / 'x.npy'}", "--profile", profile)

    share = np.bincount(ids.ravel(), minlength=g.E) / ids.size
    gone = {e for e in range(g.E) if share[e] < DROP}
    if not 0 < len(gone) <= g.E - g.k:
        raise Wrong(f"the test is about nothing: {share}")
    got, layer = compile_and_run(path, scratch, x, "--expert-profile", profile, "--drop-below", str(DROP))
    compare(got, router.apply(g, x, gone)[0], f"without {gone}")
    dead = {e["expert"]: e for e in layer["dead_experts"]}
    if set(dead) != gone or any(e["cause"] != "profile" for e in dead.values()):
        raise Wrong(f"dead are {dead}, rare were {gone}")
    for e in gone:
        if abs(dead[e]["share"] - share[e]) > 1e-9:
            raise Wrong(f"the share of {e} is {share[e]}: {dead[e]}")
    lost = sum(np.abs(weights[ids == e]).sum() for e in gone) / np.abs(weights).sum()
    if abs(layer["routed_weight_lost"] - lost) > 1e-6:
        raise Wrong(f"the weight lost is {lost}: {layer}")

    # As many stay as are chosen, the most frequent ones.
    got, layer = compile_and_run(path, scratch, x, "--expert-profile", profile, "--drop-below", "0.9")
    left = set(range(g.E)) - {e["expert"] for e in layer["dead_experts"]}
    if left != set(np.argsort(share, kind="stable")[g.E - g.k:]):
        raise Wrong(f"left are {left} of {share}")
    compare(got, router.apply(g, x, set(range(g.E)) - left)[0], f"with {left}")


def check_names(scratch):
    """Of two nodes of one name each has its own profile."""
    g = Layer(seed=7)
    g.rows[:, 2:4] *= 0.05
    g.fused(g.scores("x"))
    g.nodes[-1].output[0] = "first"
    g.rows = g.rows[:, ::-1].copy()
    g.fused(g.scores("x"))
    path = scratch / "names.onnx"
    onnx.save(g.model(g.Add("first", "moe")), path)
    x = np.random.default_rng(2).normal(size=(TOKENS, g.D)).astype(np.float32)
    np.save(scratch / "x.npy", x)
    compile_and_run(path, scratch, x)
    profile = scratch / "names.profile.json"
    run("moec-run", scratch / "libnames.so", "--input", f"x={scratch / 'x.npy'}", "--profile", profile)
    seen = {layer["name"]: layer["expert_tokens"] for layer in json.loads(profile.read_text())["moe_layers"]}
    if list(seen) != ["moe", "moe#2"] or seen["moe"] == seen["moe#2"]:
        raise Wrong(f"the profile has {seen}")
    run("moec", "compile", path, "--cpu", "x86-64-v3", "-o", scratch, "--expert-profile", profile,
        "--drop-below", "0.15")
    for layer in json.loads(path.with_suffix(".json").read_text())["moe_layers"]:
        share = np.array(seen[layer["name"]]) / np.sum(seen[layer["name"]])
        gone = {e["expert"] for e in layer["dead_experts"] if e["cause"] == "profile"}
        if not gone or gone != {e for e in range(g.E) if share[e] < 0.15}:
            raise Wrong(f"{layer['name']}: {gone} are gone, rare were {share}")
    done = subprocess.run(["moec", "check-certificate", str(path), str(path.with_suffix(".json"))], capture_output=True,
                          text=True)
    if done.returncode:
        raise Wrong(done.stderr)


def check_kinds(scratch):
    """A layer whose experts are of two kinds is counted once."""
    g = Graph(9, experts=4, choices=2)
    rows = g.random.normal(size=(g.D, g.E)).astype(np.float32)
    weights, ids = g.TopK(g.Softmax(g.MatMul("x", g.constant(rows)), axis=1), [g.k], axis=1, outputs=2)
    g.route = lambda: (weights, ids)
    path = scratch / "kinds.onnx"
    onnx.save(g.model(masked(g, network=lambda g, x, m, e: x if e == 3 else g.network(x, m))), path)
    x = np.random.default_rng(3).normal(size=(TOKENS, g.D)).astype(np.float32)
    np.save(scratch / "x.npy", x)
    compile_and_run(path, scratch, x)
    profile = scratch / "kinds.profile.json"
    run("moec-run", scratch / "libkinds.so", "--input", f"x={scratch / 'x.npy'}", "--profile", profile)
    layer, = json.loads(profile.read_text())["moe_layers"]
    chosen = np.argsort(-(x.astype(np.float64) @ rows), axis=1)[:, :g.k]
    if layer["expert_tokens"] != np.bincount(chosen.ravel(), minlength=g.E).tolist():
        raise Wrong(f"the profile has {layer}")


def check_refusals(scratch):
    """A profile of another model names a layer, or a number of experts, that is not there."""
    profile = json.loads((scratch / "softmax.profile.json").read_text())
    for change, says in (({"name": "elsewhere"}, "has a layer 'elsewhere'"),
                         ({"experts": 5, "expert_tokens": [1] * 5, "expert_weight": [1.0] * 5}, "has 5 experts")):
        profile["moe_layers"][0].update(change)
        (scratch / "other.json").write_text(json.dumps(profile))
        try:
            run("moec", "compile", scratch / "softmax.onnx", "--emit", "moe", "-o", scratch / "m.mlir",
                "--expert-profile", scratch / "other.json", "--drop-below", "0.1")
        except Wrong as refused:
            if says not in str(refused):
                raise
        else:
            raise Wrong(f"not refused: {says}")
        profile = json.loads((scratch / "softmax.profile.json").read_text())


def main():
    scratch = pathlib.Path(sys.argv[1])
    for name, router in ROUTERS.items():
        check(name, router, scratch)
        print(f"{name}: ok")
    # Of the rare ones, one adds nothing.
    check("of_kinds", ROUTERS["softmax"], scratch, ["Relu", "Tanh", "zeros"])
    print("of_kinds: ok")
    check_names(scratch)
    print("names: ok")
    check_kinds(scratch)
    print("kinds: ok")
    check_refusals(scratch)
    print("refusals: ok")


if __name__ == "__main__":
    main()
