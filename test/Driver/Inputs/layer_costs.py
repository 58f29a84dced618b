# ===-- layer_costs.py - what layers cost, counted by hand --------------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""layer_costs.py FOLDER: builds routed layers in the forms that raising leaves
them in, and compares what moec inspect and the manifest of a library say with
numbers that are counted here, of the graph's own sizes."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Raising" / "Inputs"))
import layers
from layers import Graph, masked

folder = pathlib.Path(sys.argv[1])
CASES = {}


def case(make):
    CASES[make.__name__] = make
    return make


def expect(g, matrices, vectors=0, hidden=None, left=None, **more):
    """One expert has so many numbers of both kinds, of four bytes; `left` of the
    experts are stored."""
    each = {"parameters": matrices + vectors, "flops": 2 * matrices + vectors, "bytes": 4 * (matrices + vectors)}
    return {
        "experts": g.E, "top_k": g.k, "hidden": hidden or g.D,
        "parameters_total": (left or g.E) * each["parameters"], "parameters_active": g.k * each["parameters"],
        "flops_per_token_dense": g.E * each["flops"], "flops_per_token_routed": g.k * each["flops"],
        "weight_bytes_per_token_dense": g.E * each["bytes"],
        "weight_bytes_per_token_routed": g.k * each["bytes"], **more}


# Each gives its graph, its output, what is expected of its layers, and how many
# of the model's parameters a token does not meet.


@case
def network():
    g = Graph(1)
    return g, masked(g), [expect(g, 2 * g.D * g.H, intermediate=g.H, activation="relu", raised_from="P2",
                                 weights="f32")], (g.E - g.k) * 2 * g.D * g.H


@case
def biases():
    g = Graph(2)
    output = layers.with_bias(g)
    return g, output, [expect(g, 2 * g.D * g.H, g.H + g.D, intermediate=g.H)], (
        g.E - g.k) * (2 * g.D * g.H + g.H + g.D)


@case
def gate():
    """Gate and up are columns of one matrix."""
    g = Graph(3)
    return g, layers.gated(g), [expect(g, 3 * g.D * g.H, intermediate=g.H, activation="swiglu")], (
        g.E - g.k) * 3 * g.D * g.H


@case
def no_down_projection():
    """One product an expert makes no network."""
    g = Graph(4)
    output = masked(g, network=lambda g, x, m, e: g.Relu(g.MatMul(x, m[0])))
    return g, output, [expect(g, g.D * g.H, hidden=g.H, activation="relu")], (g.E - g.k) * g.D * g.H


@case
def three_products():
    """Two of them are a network; the inner ones have different depths."""
    g = Graph(5)
    def deep(g, x, m, e):
        return g.MatMul(g.Relu(g.MatMul(g.Relu(g.MatMul(x, m[0])), g.weight(g.H, 20))), g.weight(20, g.D))
    output = masked(g, network=deep)
    each = g.D * g.H + g.H * 20 + 20 * g.D
    return g, output, [expect(g, each)], (g.E - g.k) * each


@case
def unknown_activation():
    """A function between the products that they cannot take in."""
    g = Graph(6)
    output = masked(g, network=lambda g, x, m, e: g.MatMul(g.Sin(g.MatMul(x, m[0])), m[1]))
    return g, output, [expect(g, 2 * g.D * g.H, intermediate=g.H)], (g.E - g.k) * 2 * g.D * g.H


@case
def gathered_rows():
    g = Graph(7)
    return g, layers.gathered_scatter_nd(g), [expect(g, 2 * g.D * g.H, raised_from="P3")], (
        g.E - g.k) * 2 * g.D * g.H


@case
def all_experts_in_one_value():
    g = Graph(8)
    return g, layers.all_in_one(g), [expect(g, 2 * g.D * g.H, raised_from="P2b")], (g.E - g.k) * 2 * g.D * g.H


@case
def shared_expert():
    """What every token runs is no expert of the layer, and is active."""
    g = Graph(9)
    output = g.Add(masked(g), g.network("x", (g.weight(g.D, g.H), g.weight(g.H, g.D))))
    return g, output, [expect(g, 2 * g.D * g.H)], (g.E - g.k) * 2 * g.D * g.H


@case
def two_layers_of_the_same_weights():
    """Half of the experts for each layer: a token may meet all of them."""
    g = Graph(10, experts=4, choices=2)
    matrices = g.weights_of_experts()
    def again(g, x, m, e):
        return g.network(x, matrices[e])
    first = masked(g, network=again)
    return g, g.Add(first, masked(g, network=again)), [expect(g, 2 * g.D * g.H)] * 2, 0


@case
def experts_of_the_same_weights():
    """Of four experts two and two are one: a token meets half of the two."""
    g = Graph(11, experts=4, choices=1)
    matrices = g.weights_of_experts()
    output = masked(g, network=lambda g, x, m, e: g.network(x, matrices[e % 2]))
    return g, output, [expect(g, 2 * g.D * g.H, left=2)], 2 * g.D * g.H


@case
def removed_experts():
    """Two experts are zero, and removed: no token meets them."""
    g = Graph(14, experts=4, choices=2)
    matrices = g.weights_of_experts()
    for e in (1, 2):
        matrices[e] = matrices[e][0], g.constant(np.zeros((g.H, g.D), np.float32))
    output = masked(g, network=lambda g, x, m, e: g.network(x, matrices[e]))
    return g, output, [expect(g, 2 * g.D * g.H, left=2)], 2 * 2 * g.D * g.H


@case
def removed_stack():
    g = Graph(15, experts=4, choices=2)
    weights, ids = g.route()
    w1 = g.weight(g.E, g.D, g.H)
    second = g.random.normal(size=(g.E, g.H, g.D))
    second[3] = 0
    y = g.MatMul(g.Relu(g.MatMul(g.Unsqueeze("x", [1, 2]), g.Gather(w1, ids, axis=0))),
                 g.Gather(g.constant(second), ids, axis=0))
    output = g.ReduceSum(g.Mul(g.Squeeze(y, [2]), g.Unsqueeze(weights, [2])), [1], keepdims=0)
    return g, output, [expect(g, 2 * g.D * g.H, left=3)], 2 * 2 * g.D * g.H


@case
def removed_and_used_elsewhere():
    """What every token runs is active, though it is no expert any more."""
    g = Graph(16, experts=4, choices=2)
    matrices = g.weights_of_experts()
    matrices[1] = matrices[1][0], g.constant(np.zeros((g.H, g.D), np.float32))
    output = masked(g, network=lambda g, x, m, e: g.network(x, matrices[e]))
    output = g.Add(output, g.network("x", (matrices[1][0], g.weight(g.H, g.D))))
    # Of the one expert the second matrix, and of the other three one expert.
    return g, output, [expect(g, 2 * g.D * g.H, left=3)], g.D * g.H + 2 * g.D * g.H


@case
def nothing_left():
    """All experts are zero; the one that is stored no token meets."""
    g = Graph(17, experts=4, choices=2)
    zeros = [np.zeros((g.H, g.D), np.float32) for _ in range(g.E)]
    output = masked(g, network=lambda g, x, m, e: g.network(x, (m[0], g.constant(zeros[e]))))
    each = 2 * g.D * g.H
    return g, output, [expect(g, each, left=1, parameters_active=0, flops_per_token_routed=0,
                              weight_bytes_per_token_routed=0)], 4 * each


@case
def weights_used_elsewhere():
    """An expert that every token runs, too, is active."""
    g = Graph(12, experts=4, choices=1)
    matrices = g.weights_of_experts()
    output = g.Add(masked(g, network=lambda g, x, m, e: g.network(x, matrices[e])), g.network("x", matrices[0]))
    return g, output, [expect(g, 2 * g.D * g.H)], 3 * 2 * g.D * g.H * 3 // 4


@case
def several_kinds():
    """Two plain experts, two of twice the width, and one that hands its token on."""
    g = Graph(18, experts=5, choices=3)
    def network(g, x, m, e):
        if e == 4:
            return x
        return g.network(x, m if e % 2 else (g.weight(g.D, 2 * g.H), g.weight(2 * g.H, g.D)))
    output = masked(g, network=network)
    each = 2 * g.D * g.H
    # A token meets the two wide ones and a plain one at most.
    total, active = 6 * each, 5 * each
    return g, output, [{
        "experts": 5, "kinds": [2, 2, 1], "top_k": 3, "hidden": g.D, "activation": "relu", "raised_from": "P2",
        "parameters_total": total, "parameters_active": active, "flops_per_token_dense": 2 * total,
        "flops_per_token_routed": 2 * active, "weight_bytes_per_token_dense": 4 * total,
        "weight_bytes_per_token_routed": 4 * active}], 0


@case
def gpt_oss():
    """32 experts, of which a token has 4; clamped gates, biases."""
    g = Graph(13, experts=32, choices=4)
    def clamped(g, x, m, e):
        h = g.Add(g.MatMul(x, g.weight(g.D, 2 * g.H)), g.weight(2 * g.H))
        gate = g.Min(g.Slice(h, [0], [2 ** 31], [1], [2]), 7.0)
        up = g.Clip(g.Slice(h, [1], [2 ** 31], [1], [2]), -7.0, 7.0)
        return g.Add(g.MatMul(g.Mul(g.Add(up, 1.0), g.Mul(gate, g.Sigmoid(g.Mul(gate, 1.702)))), m[1]), g.weight(g.D))
    output = masked(g, network=clamped)
    each = 3 * g.D * g.H, 2 * g.H + g.D
    return g, output, [expect(g, *each, activation="swiglu", intermediate=g.H)], 28 * sum(each)


def inspect(path):
    done = subprocess.run(["moec", "inspect", str(path), "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def compile(path):
    done = subprocess.run(["moec", "compile", str(path), "-o", str(folder), "--cpu", "x86-64-v3"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(path.with_suffix(".json").read_text())


def saves(layer, what):
    return 1 - layer[what + "_routed"] / layer[what + "_dense"]


def differences(expected, said):
    """What is said otherwise."""
    if len(expected) != len(said):
        return [f"{len(said)} layers, expected {len(expected)}"]
    wrong = [f"{key} is {layer.get(key)}, expected {value}" for own, layer in zip(expected, said)
             for key, value in own.items() if layer.get(key) != value]
    # Two experts that are one: of the four, two are named.
    return wrong + [f"{len(layer['dead_experts'])} experts are dead" for own, layer in zip(expected, said)
                    if own["parameters_active"] and "kinds" not in own and own["parameters_total"] // (own["parameters_active"] // own["top_k"]) + len(
                        layer["dead_experts"]) != own["experts"]]


folder.mkdir(parents=True, exist_ok=True)
failures = []
for name, make in CASES.items():
    g, output, expected, idle = make()
    used = {i for node in g.nodes for i in node.input}
    g.initializers = [i for i in g.initializers if i.name in used]
    path = folder / (name + ".onnx")
    onnx.save(g.model(output), path)
    said = inspect(path)
    wrong = differences(expected, said["moe_layers"])
    total = sum(int(np.prod(i.dims)) for i in g.initializers)
    if (said["parameters_total"], said["parameters_active"]) != (total, total - idle):
        wrong.append(f"parameters are {said['parameters_total']}, active {said['parameters_active']}, "
                     f"expected {total}, {total - idle}")
    if name == "gpt_oss":
        manifest = compile(path)
        wrong += differences(expected, manifest["moe_layers"])
        layer, = manifest["moe_layers"]
        if not (saves(layer, "flops_per_token") > 0.8 and saves(layer, "weight_bytes_per_token") > 0.8):
            wrong.append(f"it saves too little: {layer}")
    failures += [f"{name}: {what}" for what in wrong]
print("\n".join(failures) or f"{len(CASES)} forms, no failure")
sys.exit(bool(failures))
