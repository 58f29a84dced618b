# ===-- lost_choices.py - choices of experts of which no layer came -------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""lost_choices.py FOLDER

Experts are chosen in ways that no rule knows: what is said of the choice names the node
where it is lost. Of a TopK or ArgMax that chooses no experts that alone is said."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import onnx

from layers import F32, LOOKALIKES, Graph, build, masked

LOST, OTHERS = {}, {}


def lost(at, makes, op="TopK", **options):
    """A graph whose last choice is lost at an operator, which reads what `makes` makes."""
    def register(make):
        LOST[make.__name__] = (make, at, makes, op, options)
        return make
    return register


def other(op="TopK", raised=0, **options):
    def register(make):
        OTHERS[make.__name__] = (make, op, raised, options)
        return make
    return register


def add_experts(g, gates):
    return g.sum_up([g.Mul(g.network("x", m), g.Gather(gates, [e], axis=1))
                     for e, m in enumerate(g.weights_of_experts())])


@lost("CumSum", ["Cast"])
def capacity(g):
    """An expert takes the first four tokens."""
    weights, ids = g.route()
    hot = g.one_hot(ids)
    kept = g.Where(g.LessOrEqual(g.CumSum(hot, 0), 4.0), hot, 0.0)
    return add_experts(g, g.ReduceSum(g.Mul(kept, g.Unsqueeze(weights, [2])), [1], keepdims=0))


@lost("Where", ["TopK"])
def looked_up_of_some(g):
    """Experts of a stack, of which a token may drop one."""
    weights, ids = g.route()
    ids = g.Where(g.Greater(weights, 0.1), ids, 0)
    w1, w2 = (g.Gather(g.weight(g.E, *shape), ids, axis=0) for shape in ((g.D, g.H), (g.H, g.D)))
    y = g.Squeeze(g.MatMul(g.Relu(g.MatMul(g.Unsqueeze("x", [1, 2]), w1)), w2), [2])
    return g.ReduceSum(g.Mul(y, g.Unsqueeze(weights, [2])), [1], keepdims=0)


@lost("Max", ["Cast"], op="ArgMax", choices=1)
def never_less_than_a_tenth(g):
    ids = g.ArgMax(g.MatMul("x", g.weight(g.D, g.E)), axis=1, keepdims=0)
    hot = g.Cast(g.OneHot(ids, [g.E], [0, 1], axis=-1), to=F32)
    return add_experts(g, g.Max(hot, 0.1))


@lost(None, [])
def threshold(g):
    """Those whose score is that of the last one at least: nobody reads the numbers."""
    scores = g.Softmax(g.MatMul("x", g.weight(g.D, g.E)), axis=1)
    least = g.Slice(g.TopK(scores, [g.k], axis=1, outputs=2)[0], [g.k - 1], [g.k], [1])
    return add_experts(g, g.Where(g.GreaterOrEqual(scores, least), scores, 0.0))


@lost("Mul", ["Mul"])
def behind_a_layer(g):
    """Of two layers the first is raised."""
    first = g.Tanh(masked(g))
    weights, ids = g.TopK(g.Softmax(g.MatMul(first, g.weight(g.D, g.E)), axis=1), [g.k], axis=1, outputs=2)
    hot = g.one_hot(ids)
    gates = g.ReduceSum(g.Mul(g.Mul(hot, g.CumSum(hot, 0)), g.Unsqueeze(weights, [2])), [1], keepdims=0)
    return add_experts(g, gates)


@other()
def words(g):
    """The most likely words, whose embeddings go on."""
    ids = g.TopK(g.MatMul("x", g.weight(g.D, 50)), [5], axis=1, outputs=2)[1]
    mean = g.ReduceMean(g.Gather(g.weight(50, g.D), ids, axis=0), [1], keepdims=0)
    return g.network(mean, (g.weight(g.D, g.H), g.weight(g.H, g.D)))


@other("ArgMax")
def sampling(g):
    """The word that a model with experts says."""
    logits = g.MatMul(masked(g), g.weight(g.D, 50))
    return g.Cast(g.ArgMax(logits, axis=1, keepdims=1), to=F32)


@other()
def beams(g):
    """Of beams and words together the best: which beam goes on."""
    scores = g.Reshape(g.MatMul("x", g.weight(g.D, 10)), [-1, 40])
    ids = g.TopK(scores, [4], axis=1, outputs=2)[1]
    rows = g.Gather("x", g.Reshape(g.Div(ids, 10), [-1]), axis=0)
    return g.network(rows, (g.weight(g.D, g.H), g.weight(g.H, g.D)))


@other(raised=1, experts=4, choices=2)
def groups(g):
    """Two of the groups of experts, and two of their experts."""
    scores = g.Softmax(g.MatMul("x", g.weight(g.D, g.E)), axis=1)
    best = g.ReduceMax(g.Reshape(scores, [-1, 2, 2]), [2], keepdims=0)
    kept = g.TopK(best, [1], axis=1, outputs=2)[1]
    zeros = g.Mul(best, 0.0)
    marks = g.ScatterElements(zeros, kept, g.Expand(1.0, g.Shape(kept)), axis=1)
    spread = g.Reshape(g.Expand(g.Unsqueeze(marks, [2]), [1, 1, 2]), [-1, 4])
    keys = g.Where(g.Cast(spread, to=9), scores, 0.0)
    weights, ids = g.TopK(keys, [g.k], axis=1, outputs=2)
    return g.sum_up([g.Mul(g.network("x", m), g.ReduceSum(
        g.Mul(g.Cast(g.Equal(ids, e), to=F32), weights), [1], keepdims=1)) for e, m in enumerate(g.weights_of_experts())])


@other(raised=1, distinct=False)
def two_choices(g):
    """Each is half a choice."""
    return masked(g)


@other(raised=1)
def chosen_twice(g):
    """One TopK gives the weights, the other the numbers."""
    scores = g.Softmax(g.MatMul("x", g.weight(g.D, g.E)), axis=1)
    weights = g.TopK(scores, [g.k], axis=1, outputs=2)[0]
    ids = g.TopK(scores, g.constant(np.array([g.k])), axis=1, sorted=1, outputs=2)[1]
    return g.sum_up([g.Mul(g.network("x", m), g.ReduceSum(
        g.Mul(g.Cast(g.Equal(ids, e), to=F32), weights), [1], keepdims=1)) for e, m in enumerate(g.weights_of_experts())])


@other(raised=1, experts=4, choices=2)
def in_front_of_a_layer(g):
    """The largest of as many features as there are experts."""
    ids = g.TopK(g.MatMul("x", g.weight(g.D, g.E)), [g.k], axis=1, outputs=2)[1]
    mean = g.ReduceMean(g.Cast(ids, to=F32), [1], keepdims=1)
    inner = g.Tanh(g.Add("x", mean))
    weights, ids = g.TopK(g.Softmax(g.MatMul(inner, g.weight(g.D, g.E)), axis=1), [g.k], axis=1, outputs=2)
    return g.sum_up([g.Mul(g.network(inner, m), g.ReduceSum(
        g.Mul(g.Cast(g.Equal(ids, e), to=F32), weights), [1], keepdims=1)) for e, m in enumerate(g.weights_of_experts())])


def ask(folder, name, make, options, op, last):
    """What is said of a choice; its node, and the model's."""
    graph = Graph(len(name), **options)
    path = folder / f"{name}.onnx"
    onnx.save(graph.model(make(graph)), path)
    found = [node.name for node in graph.nodes if node.op_type == op]
    node = found[-1] if last else found[0]
    done = subprocess.run(["moec", "inspect", str(path), "--why", node, "--json"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr}")
    said = json.loads(done.stdout)
    missed = [r["message"] for r in said["remarks"] if r["name"] == "LayerNotRaised"]
    layers = {r["message"] for r in said["remarks"] if r["name"] == "RaisedLayer"}
    return node, {node.name: node.op_type for node in graph.nodes}, said, missed, layers


def check_look_alikes(folder):
    """Of what only looks like a layer it is always said where the match stopped."""
    for name in LOOKALIKES:
        path = folder / f"{name}.onnx"
        onnx.save(build(name, 1), path)
        done = subprocess.run(["moec", "compile", str(path), "--emit", "moe", "-o", "-", "--remarks"],
                              capture_output=True, text=True, check=True)
        if "moe.plan" in done.stdout or "the match stopped" not in done.stderr:
            yield f"{name}: {done.stderr}"


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    wrong = []
    for name, (make, at, makes, op, options) in LOST.items():
        node, ops, said, missed, _ = ask(folder, name, make, options, op, last=True)
        print(f"{name}: {missed}")
        text = missed[0] if len(missed) == 1 else ""
        named = [ops.get(part) for part in text.split("'")[1::2]]
        expected = [op] + ([at] + makes if at else [])
        if named != expected or f"'{node}' chooses" not in said["why"]:
            wrong.append(f"{name}: {named}, expected {expected}: {said['why']}")
    for name, (make, op, raised, options) in OTHERS.items():
        _, _, said, missed, layers = ask(folder, name, make, options, op, last=False)
        if missed:
            wrong.append(f"{name}: {missed}")
        if not raised and "it chooses no experts itself: as many networks" not in said["why"]:
            wrong.append(f"{name}: {said['why']}")
        count = json.loads(subprocess.run(["moec", "inspect", str(folder / f"{name}.onnx"), "--json"],
                                          capture_output=True, text=True, check=True).stdout)["moe_layers"]
        if raised and len(count) != raised:
            wrong.append(f"{name}: {len(count)} layers are raised, expected {raised}")
    wrong += check_look_alikes(folder)
    print("\n".join(wrong) or f"{len(LOST)} choices lost, {len(OTHERS)} of something else")
    sys.exit(bool(wrong))


main(pathlib.Path(sys.argv[1]))
