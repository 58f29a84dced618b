# ===-- baked.py - files with numbers of the input they were exported with ------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""baked.py FOLDER: models that tracing left with some of their experts, or with a
token count, are warned of, by node and number; others are not."""

import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

import layers
from layers import F32, LAYERS, Graph, masked

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
failures, count = [], 0


def warnings(name, g, output, *options):
    path = folder / (name + ".onnx")
    onnx.save(g.model(output), path)
    done = subprocess.run(["moec", "compile", str(path), "--emit", "moe", "-o", "-", *options],
                          capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr}")
    return [line for line in done.stderr.splitlines() if ": warning: " in line]


def expect(name, g, output, *parts, node=None, options=()):
    """One warning with all parts, about the node; with no parts none."""
    global count
    count += 1
    said = warnings(name, g, output, *options)
    if node:
        parts = [f"node '{node}' ", *parts]
    right = len(said) == 1 and all(part in said[0] for part in parts) if parts else not said
    if not right:
        failures.append(f"{name}: {said}, expected {list(parts) or 'none'}")


def choice(g):
    return next(node.name for node in g.nodes if node.op_type == "TopK")


# -- Experts --


def some(order, **options):
    g = Graph(1, experts=8, choices=2)
    return g, masked(g, order=order, **options)


g, output = some([0, 3, 5])
expect("by_equal", g, output, "(TopK): chooses among 8 experts, of which the graph has 3 (0, 3, 5)", node=choice(g))
g, output = some([*range(7)], mask_of=lambda g, ids, e: g.Equal(g.Add(ids, 1), e + 1))
expect("all_but_one", g, output, "chooses among 8 experts, of which the graph has 7 (0, 1, 2, 3, 4, 5, 6)",
       node=choice(g))


def by_onehot(g, used, pick):
    weights, ids = g.route()
    gates = g.ReduceSum(g.Mul(g.one_hot(ids), g.Unsqueeze(weights, [2])), [1], keepdims=0)
    matrices = g.weights_of_experts()
    return g.sum_up([g.Mul(g.network("x", matrices[e]), pick(g, gates, e)) for e in used])


for name, pick in {"sliced": lambda g, gates, e: g.Slice(gates, [e], [e + 1], [1]),
                   "gathered": lambda g, gates, e: g.Gather(gates, [e], axis=1)}.items():
    g = Graph(2, experts=16, choices=2)
    output = by_onehot(g, range(10), pick)
    expect(name, g, output, "of which the graph has 10 (0, 1, 2, 3, 4, 5, 6, 7, ...)", node=choice(g))


def on_hit_rows(g, numbers, mask_of):
    """P3: each expert on the rows of its mask, [k, T]."""
    weights, ids = g.route()
    mask = g.Transpose(g.Cast(g.OneHot(ids, [g.E], g.constant(np.array([0, 1])), axis=-1), to=TensorProto.INT64),
                       perm=[2, 1, 0])
    total = layers.zeros_like_x(g)
    matrices = g.weights_of_experts()
    for e in numbers:
        choices, tokens = layers.hits(g, mask_of(g, mask, e))
        weight = g.GatherND(weights, g.Concat(g.Unsqueeze(tokens, [1]), g.Unsqueeze(choices, [1]), axis=1))
        total = layers.scatter_nd(g, total, tokens, g.Mul(g.network(g.Gather("x", tokens, axis=0), matrices[e]),
                                                          g.Unsqueeze(weight, [1])))
    return total


g = Graph(3, experts=8, choices=2)
output = on_hit_rows(g, [1, 2], lambda g, mask, e: g.Gather(mask, g.constant(np.int64(e)), axis=0))
expect("hits", g, output, "of which the graph has 2 (1, 2)", node=choice(g))


def nth_hit(taken):
    """As `for e in (mask.sum((1, 2)) > 0).nonzero()` is traced: of the experts that a
    run hits the first few, each with the weights that the example had there."""
    def mask_of(g, mask, e):
        if not hasattr(g, "hit"):
            g.hit = g.Transpose(g.NonZero(g.Greater(g.ReduceSum(mask, [1, 2], keepdims=0), 0)), perm=[1, 0])
        return g.Squeeze(g.Gather(mask, taken(g, g.hit, e), axis=0), [0])
    return mask_of


for name, taken in {"nth_gathered": lambda g, hit, e: g.Gather(hit, g.constant(np.int64(e)), axis=0),
                    "nth_sliced": lambda g, hit, e: g.Squeeze(g.Slice(hit, [e], [e + 1], [0]), [0])}.items():
    g = Graph(4, experts=8, choices=2)
    output = on_hit_rows(g, [0, 1, 2], nth_hit(taken))
    expect(name, g, output, "of which the graph has as many as were hit by the input", node=choice(g))

# All experts are there, however they are laid out; or are there in some use. Zero
# experts that a loop leaves out look the same as those that no token of the example chose.
LEFT_OUT = ("expert_missing", "hits_of_zeros_left_out", "all_but_zeros")
for name, (make, _, options) in LAYERS.items():
    g = Graph(5, **options)
    expect(name, g, make(g), *["of which the graph has"] * (name in LEFT_OUT))
g, output = some([*range(8)])
expect("all_experts", g, output)
# Of all experts for all tokens: nothing is missing, though the layer is none.
g = Graph(6, experts=8, choices=2)
output = masked(g, network=lambda g, x, m, e: g.network(x, m, "Tanh" if e else "Relu"))
expect("all_unlike", g, output)
# Some by their masks, and all by a table.
g = Graph(7, experts=8, choices=2)
weights, ids = g.route()
table = g.ReduceSum(g.Gather(g.weight(g.E, g.D), ids, axis=0), [1], keepdims=0)
parts = [g.Mul(g.network("x", m), g.ReduceSum(g.Mul(g.Cast(g.Equal(ids, e), to=F32), weights), [1], keepdims=1))
         for e, m in list(enumerate(g.weights_of_experts()))[:3]]
expect("table_beside", g, g.Add(g.sum_up(parts), table))
# A use that is not understood may be one of any expert.
g = Graph(8, experts=8, choices=2)
weights, ids = g.route()
parts = [g.Mul(g.network("x", m), g.ReduceSum(g.Mul(g.Cast(g.Equal(ids, e), to=F32), weights), [1], keepdims=1))
         for e, m in list(enumerate(g.weights_of_experts()))[:3]]
expect("unknown_use", g, g.Add(g.sum_up(parts), g.ReduceSum(g.Sin(g.Cast(ids, to=F32)), [1], keepdims=1)))
# No expert is compared with at all.
g = Graph(9, experts=8, choices=2)
weights, ids = g.route()
expect("no_experts", g, g.Add("x", g.ReduceSum(weights, [1], keepdims=1)))

# -- Token counts --

BAKED = "the file has a number of the example input that it was exported with"


def plain():
    return Graph(10)


g = plain()
expect("reshaped", g, g.Reshape(g.Relu("x"), [7, g.D]), f"(Reshape): a run needs T to be 7 here: {BAKED}", node="n1")
g = plain()
expect("reshaped_flat", g, g.Reshape("x", [7 * g.D]), "a run needs T to be 7 here", node="n0")
g = plain()
expect("expanded", g, g.Expand("x", [7, g.D]), "(Expand): a run needs T to be 7 or 1 here", node="n0")
g = plain()
expect("split", g, g.Concat(*g.Split("x", [3, 4], axis=0, outputs=2), axis=0), "(Split): a run needs T to be 7 here",
       node="n0")
g = plain()
expect("masked", g, g.Mul("x", g.weight(7, 1)), "(Mul): a run needs T to be 7 or 1 here", node="n0")
g = plain()
first = g.Reshape("x", [7, g.D])
expect("twice", g, g.Add(first, g.Reshape(g.Relu("x"), [7, g.D])), "T to be 7 here (and one more node):", node="n0")
g = plain()
parts = [g.Reshape(g.Relu("x"), [7, g.D]) for _ in range(3)]
expect("thrice", g, g.sum_up(parts), "T to be 7 here (and 2 more nodes):")

g = plain()
more = g.Concat("x", g.weight(1, g.D), axis=0)
expect("more_rows", g, g.Reshape(more, [8, g.D]), "a run needs T to be 7 here", node="n1")

g = plain()
expect("fixed", g, g.Reshape("x", [7, g.D]), options=["--dim", "T=7"])
g = plain()
expect("inferred", g, g.Reshape("x", [-1, g.D]))
g = plain()
expect("kept", g, g.Reshape("x", [0, g.D]))
g = Graph(11, tokens=7)
expect("static", g, g.Reshape("x", [7, g.D]))
g = plain()
expect("regrouped", g, g.Reshape("x", [-1, 2]))
# What a run counts is no extent of the input.
g = plain()
expect("counted", g, g.Reshape(g.Cast(g.NonZero(g.Greater("x", 0.5)), to=F32), [2, 5]))
# Two symbols that must agree are none of the example's.
g = plain()
expect("of_itself", g, g.Add("x", g.Reshape(g.Relu("x"), g.Concat(g.Shape("x", start=0, end=1), [g.D], axis=0))))

print("\n".join(failures) or f"{count} models, no failure")
sys.exit(bool(failures))
