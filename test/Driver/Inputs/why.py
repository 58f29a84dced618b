# ===-- why.py - what moec inspect says of one node ---------------------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""why.py FOLDER: nodes of layers that are raised and of such that are not are asked
for, the first and the last of each operator."""

import json
import pathlib
import subprocess
import sys

import onnx
from onnx import TensorProto, helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Raising" / "Inputs"))
import layers
from layers import Graph, masked

folder = pathlib.Path(sys.argv[1])
failures = []


class Model:
    def __init__(self, name, graph, output):
        self.path = folder / (name + ".onnx")
        self.graph, self.name = graph, name
        onnx.save(graph.model(output), self.path)

    def ask(self, node):
        done = subprocess.run(["moec", "inspect", str(self.path), "--why", node, "--json"],
                              capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{self.name}, {node}: {done.stderr}")
        return json.loads(done.stdout)


def check(what, holds, said):
    if not holds:
        failures.append(f"{what}: {said}")


def network_with(act):
    return lambda g, x, m, e: g.MatMul(g.make(act(e), g.MatMul(x, m[0])), m[1])


def unlike(g, x, m, e):
    """One expert is no function of a row."""
    h = g.Relu(g.MatMul(x, m[0]))
    return g.MatMul(g.Softmax(h, axis=0) if e == 1 else h, m[1])


ALIKE, UNLIKE = network_with(lambda e: "Relu"), unlike


def norm(g, x):
    g.nodes.append(helper.make_node("Tanh", [x], [f"norm{g.count}"], name=f"norm{g.count}"))
    return g.nodes[-1].output[0]


def sample(nodes):
    first = {node.op_type: node for node in reversed(nodes)}
    last = {node.op_type: node for node in nodes}
    return [node for node in nodes if first[node.op_type] is node or last[node.op_type] is node]


def chain(name, networks):
    """One layer behind the other, with a residual; their nodes, one list a layer."""
    g = Graph(1, experts=3, choices=2)
    x, parts = "x", []
    for network in networks:
        start = len(g.nodes)
        inner = norm(g, x)
        weights, ids = g.TopK(g.Softmax(g.MatMul(inner, g.weight(g.D, g.E)), axis=1), [g.k], axis=1, outputs=2)
        terms = []
        for e, m in enumerate(g.weights_of_experts()):
            kept = g.ReduceSum(g.Mul(g.Cast(g.Equal(ids, e), to=TensorProto.FLOAT), weights), [1], keepdims=1)
            terms.append(g.Mul(network(g, inner, m, e), kept))
        total = g.sum_up(terms)
        parts.append(g.nodes[start:])
        x = g.Add(x, total)
    return Model(name, g, x), parts


folder.mkdir(parents=True, exist_ok=True)

# All nodes of a layer that is raised are in it, and what its router does with the
# scores; what comes after reads it.
model, (nodes,) = chain("raised", [ALIKE])
root = nodes[-1].name
for node in sample(nodes[2:]):
    said = model.ask(node.name)
    check(f"{node.name} ({node.op_type}) of a layer", said["layer"] == root and said["raised_from"] == "P2"
          and said["op"] == node.op_type, said)
    check(f"remarks about {node.name}", [r["name"] for r in said["remarks"] if r["kind"] == "passed"]
          == ["RaisedLayer", "FusedExperts", "RaisedRouter"], said)
before, after = model.ask(nodes[0].name), model.ask(model.graph.nodes[-1].name)
check("what is before the layer", before["layer"] is None and not before["reads_layers"]
      and f"is '{root}', raised from P2" in before["why"], before)
check("what is behind the layer", after["layer"] is None and after["reads_layers"] == [root], after)

# None is raised: where the match stopped, and of which choice.
model, (nodes,) = chain("unlike", [UNLIKE])
choice = next(node.name for node in nodes if node.op_type == "TopK")
stop = [node.name for node in nodes if node.op_type == "Softmax"][-1]
for node in sample(nodes):
    said = model.ask(node.name)
    told = [r for r in said["remarks"] if r["name"] == "LayerNotRaised"]
    check(f"{node.name} ({node.op_type}) of no layer", said["layer"] is None and len(told) == 1
          and f"'{choice}' chooses" in told[0]["message"] and f"stopped at '{stop}'" in told[0]["message"], said)

# Of several layers, the node's own.
for name, networks in {"first": [ALIKE, UNLIKE], "second": [UNLIKE, ALIKE], "neither": [UNLIKE, UNLIKE]}.items():
    model, parts = chain(name, networks)
    for nodes, network in zip(parts, networks):
        choice = next(node.name for node in nodes if node.op_type == "TopK")
        # What is in front of the choice belongs to no layer, and may be nearer to the one before.
        for node in sample(nodes[2:]):
            said = model.ask(node.name)
            told = [r["message"] for r in said["remarks"] if r["name"] == "LayerNotRaised"]
            if network is ALIKE:
                check(f"{name}: {node.name} ({node.op_type})", said["layer"] == nodes[-1].name and not told, said)
            else:
                check(f"{name}: {node.name} ({node.op_type})", said["layer"] is None and len(told) == 1
                      and f"'{choice}' chooses" in told[0], said)

# No node chooses experts.
g = Graph(1)
model = Model("none", g, g.Relu("x"))
said = model.ask("n0")
check("a model without a choice", said["why"].startswith("is in no MoE layer: no node of the model chooses experts")
      and not said["remarks"], said)

# A node that is an extent alone.
g = Graph(1)
g.Shape("x")
g.Add(0, 0)
model = Model("folded", g, g.Reshape("x", g.Concat(g.Shape("x", start=0, end=1), [g.D], axis=0)))
said = model.ask("n0")
check("a node that is folded", "is folded away" in said["why"] and said["layer"] is None, said)

# Of nodes with one name the second has a number.
g = Graph(1)
first = g.Relu("x")
g.nodes[-1].name = "same"
second = g.Tanh(first)
g.nodes[-1].name = "same"
model = Model("names", g, second)
for name, op in (("same", "Relu"), ("same#2", "Tanh")):
    said = model.ask(name)
    check(f"the node {name}", (said["node"], said["op"]) == (name, op), said)

# A layer whose experts are no network, and whose router weighs in a way of its own.
g = Graph(1)
g.route = lambda: (lambda values, ids: (g.Exp(values), ids))(*Graph.route(g))
output = masked(g, network=network_with(lambda e: "Tanh"))
g.nodes[-1].name = "layer"
Model("parts", g, output)

print("\n".join(failures) or "no failure")
sys.exit(bool(failures))
