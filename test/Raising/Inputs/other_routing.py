# ===-- other_routing.py - experts that no token chooses ------------------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""other_routing.py FOLDER

Graphs with experts whose tokens do not choose some of them: what `moec inspect --why` says of the
node that does something else in place of it. Beside each, graphs that look like it of which nothing
is said."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import onnx

from layers import F32, Graph, masked

CASES = {}


def said(text, op, number=-1, **options):
    """What is said of one of the nodes of an operator; None: nothing."""
    def register(make):
        CASES[make.__name__] = (make, text, op, number, options)
        return make
    return register


def scores(g, rows="x"):
    return g.MatMul(rows, g.weight(g.D, g.E))


def weigh(g, gates):
    """All experts, each by its column."""
    return g.sum_up([g.Mul(g.network("x", m), g.Gather(gates, [e], axis=1))
                     for e, m in enumerate(g.weights_of_experts())])


def fill(g, hot, gates):
    """Experts of a stack, for the tokens [E, C, T] that each has taken, weighed by [E, C]."""
    w1, w2 = g.weight(g.E, g.D, g.H), g.weight(g.E, g.H, g.D)
    y = g.MatMul(g.Relu(g.MatMul(g.MatMul(hot, "x"), w1)), w2)
    y = g.MatMul(g.Transpose(hot, perm=[0, 2, 1]), g.Mul(y, g.Unsqueeze(gates, [2])))
    return g.ReduceSum(y, [0], keepdims=0)


def take(g, chosen):
    """One-hot tokens of the ids [E, C]."""
    count = g.Gather(g.Shape("x"), 0, axis=0)
    return g.Cast(g.OneHot(chosen, count, g.constant(np.array([0, 1])), axis=-1), to=F32)


TOKENS = "chooses no experts: it chooses tokens for each of 4 experts (expert choice), not experts for each token"
WEIGHED = "chooses no experts: it weighs all 4 experts of a token"
SOFT = WEIGHED + " (a soft mixture); no TopK or ArgMax chooses among them"
SLOTS = " 12 slots of 4 experts (soft slots); no TopK or ArgMax chooses experts for a token"
TABLE = "chooses no experts: it looks up which of 4 experts a token has in a table (hash routing)"


@said(TOKENS, "TopK", experts=4)
def tokens_of_experts(g):
    """Scores by expert first."""
    gates, ids = g.TopK(g.Transpose(g.Softmax(scores(g), axis=1), perm=[1, 0]), [2], axis=1, outputs=2)
    return fill(g, take(g, ids), gates)


@said(TOKENS, "TopK", experts=4, tokens=6)
def tokens_of_experts_known(g):
    """There are as many tokens as there may be experts."""
    return tokens_of_experts(g)


@said(TOKENS, "TopK", experts=4)
def tokens_along_the_first(g):
    gates, ids = g.TopK(g.Softmax(scores(g), axis=1), [2], axis=0, outputs=2)
    gates, ids = (g.Transpose(v, perm=[1, 0]) for v in (gates, ids))
    return fill(g, take(g, ids), gates)


@said(TOKENS, "ArgMax", experts=4)
def one_token_of_an_expert(g):
    ids = g.ArgMax(scores(g), axis=0, keepdims=0)
    return fill(g, take(g, g.Unsqueeze(ids, [1])), g.constant(np.ones((4, 1))))


@said(None, "TopK", experts=4, choices=2, tokens=4)
def experts_of_as_many_tokens(g):
    """Routed experts: the other extent is one of tokens."""
    return masked(g)


@said(None, "Softmax", experts=4)
def scores_of_tokens_of_experts(g):
    """Of the softmax itself nothing is said, which TopK reads."""
    return tokens_of_experts(g)


@said(SOFT, "Softmax", experts=4)
def soft(g):
    return weigh(g, g.Softmax(scores(g), axis=1))


@said(SOFT, "Softmax", experts=4)
def soft_of_a_stack(g):
    w1, w2 = g.weight(g.E, g.D, g.H), g.weight(g.E, g.H, g.D)
    y = g.MatMul(g.Relu(g.MatMul(g.Unsqueeze("x", [0]), w1)), w2)
    gates = g.Unsqueeze(g.Transpose(g.Softmax(scores(g), axis=1), perm=[1, 0]), [2])
    return g.ReduceSum(g.Mul(y, gates), [0], keepdims=0)


@said(SOFT, "Softmax", number=0, experts=4)
def soft_with_two_gates(g):
    weights = g.weights_of_experts()
    ys = [g.network("x", m) for m in weights]
    gates = [g.Softmax(scores(g), axis=1) for _ in range(2)]
    return g.sum_up([g.Mul(y, g.Gather(gate, [e], axis=1)) for gate in gates for e, y in enumerate(ys)])


@said(WEIGHED + " and a comparison takes those above a threshold, any number of them; no TopK or", "Softmax", experts=4)
def above_a_threshold(g):
    gates = g.Softmax(scores(g), axis=1)
    return weigh(g, g.Where(g.Greater(gates, 0.2), gates, 0.0))


@said(None, "Softmax", experts=4, choices=2)
def softmax_of_a_choice(g):
    """A router's, whose choice is one of experts."""
    return masked(g)


@said(None, "Softmax", experts=4, choices=2)
def softmax_of_what_is_chosen(g):
    values, ids = g.TopK(scores(g), [g.k], axis=1, outputs=2)
    weights = g.Softmax(values, axis=1)
    return weigh(g, g.ReduceSum(g.Mul(g.Mul(g.one_hot(ids), g.CumSum(g.one_hot(ids), 0)), g.Unsqueeze(weights, [2])),
                                [1], keepdims=0))


@said(None, "Softmax", experts=4, choices=2)
def softmax_beside_a_choice(g):
    """TopK and the softmax read the same scores."""
    logits = scores(g)
    chosen = g.Cast(g.TopK(logits, [2], axis=1, outputs=2)[1], to=F32)
    gates = g.Softmax(logits, axis=1)
    return weigh(g, g.Add(gates, g.ReduceSum(chosen, [1])))


@said(None, "Softmax", experts=4)
def classes(g):
    """As many classes as there are experts of nothing."""
    y = g.MatMul(g.Softmax(scores(g), axis=1), g.weight(g.E, g.D))
    return g.network(y, (g.weight(g.D, g.H), g.weight(g.H, g.D)))


@said(None, "Softmax", experts=2, choices=1)
def two_classes(g):
    """A gate and what it gates are two networks side by side."""
    y = g.MatMul(g.Softmax(scores(g), axis=1), g.weight(g.E, g.D))
    gate, up = (g.MatMul(y, g.weight(g.D, g.H)) for _ in range(2))
    return g.MatMul(g.Mul(g.Sigmoid(gate), up), g.weight(g.H, g.D))


def soft_slots(g):
    """Three slots an expert, each a mixture of all tokens."""
    logits = g.MatMul("x", g.weight(g.D, 12))
    slots = g.MatMul(g.Transpose(g.Softmax(logits, axis=0), perm=[1, 0]), "x")
    slots = g.Reshape(slots, [g.E, 3, g.D])
    y = g.MatMul(g.Relu(g.MatMul(slots, g.weight(g.E, g.D, g.H))), g.weight(g.E, g.H, g.D))
    return g.MatMul(g.Softmax(logits, axis=1), g.Reshape(y, [12, g.D]))


@said("chooses no experts: it mixes all tokens into each of" + SLOTS, "Softmax", number=0, experts=4)
def slots_in(g):
    return soft_slots(g)


@said("chooses no experts: it weighs what comes out of" + SLOTS, "Softmax", number=1, experts=4)
def slots_out(g):
    return soft_slots(g)


def look_up(g):
    """Numbers of experts by the sign and size of a feature."""
    feature = g.Clip(g.Mul(g.Gather("x", [0], axis=1), 4.0), 0.0, 9.0)
    table = g.constant(np.arange(10, dtype=np.int64) % g.E)
    return g.Gather(table, g.Cast(feature, to=7), axis=0)


@said(TABLE, "Gather", number=1, experts=4)
def table(g):
    ids = look_up(g)
    return g.sum_up([g.Mul(g.network("x", m), g.Cast(g.Equal(ids, e), to=F32))
                     for e, m in enumerate(g.weights_of_experts())])


@said(TABLE, "Gather", number=1, experts=4)
def table_of_a_stack(g):
    ids = g.Squeeze(look_up(g), [1])
    w1, w2 = (g.Gather(g.weight(g.E, *shape), ids, axis=0) for shape in ((g.D, g.H), (g.H, g.D)))
    return g.Squeeze(g.MatMul(g.Relu(g.MatMul(g.Unsqueeze("x", [1]), w1)), w2), [1])


@said(None, "Gather", number=1, experts=4)
def table_of_words(g):
    """Numbers of rows of a matrix."""
    return g.network(g.Gather(g.weight(g.E, g.D), g.Squeeze(look_up(g), [1]), axis=0),
                     (g.weight(g.D, g.H), g.weight(g.H, g.D)))


def find(folder, name):
    """What is said of the node alone, and what `why` is."""
    make, _, op, number, options = CASES[name]
    graph = Graph(len(name), **options)
    path = folder / f"{name}.onnx"
    onnx.save(graph.model(make(graph)), path)
    node = [node.name for node in graph.nodes if node.op_type == op][number]
    done = subprocess.run(["moec", "inspect", str(path), "--why", node, "--json"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr}")
    said = json.loads(done.stdout)
    return node, [r["message"] for r in said["remarks"] if r["name"] == "OtherRouting" and r["node"] == node]


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    wrong = 0
    for name, (_, text, *_) in CASES.items():
        node, found = find(folder, name)
        fits = len(found) == 1 and f"'{node}' {text}" in found[0] if text else not found
        if not fits:
            wrong += 1
            print(f"{name}: {node}: {found}")
    print(f"{len(CASES)} routings, {wrong} wrong")
    sys.exit(bool(wrong))


main(pathlib.Path(sys.argv[1]))
