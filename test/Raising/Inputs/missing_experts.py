# ===-- missing_experts.py - sums that lack some of the experts -----------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""missing_experts.py FOLDER

Layers of experts of which some have no term in the sum: what is said names them."""

import pathlib
import re
import subprocess
import sys

import onnx

from layers import F32, Graph

# Experts, those without a term, and what is said of them.
CASES = [
    (8, [5], "it adds 7 of 8 experts: 5 has no term"),
    (8, [2, 5], "it adds 6 of 8 experts: 2 and 5 have no term"),
    (8, [0, 6, 7], "it adds 5 of 8 experts: 0, 6 and 7 have no term"),
    (12, list(range(1, 10)), "it adds 3 of 12 experts: 1, 2, 3, 4, 5, 6, 7, 8 and 1 more have no term"),
    (20, list(range(18)), "it adds 2 of 20 experts: 0, 1, 2, 3, 4, 5, 6, 7 and 10 more have no term"),
]


def masked(g, missing):
    """All experts, then the mask of each (P2)."""
    weights, ids = g.route()
    parts = []
    for expert, matrices in enumerate(g.weights_of_experts()):
        if expert in missing:
            continue
        mask = g.Cast(g.Equal(ids, expert), to=F32)
        gate = g.ReduceSum(g.Mul(mask, weights), [1], keepdims=1)
        parts.append(g.Mul(g.network("x", matrices), gate))
    return g.sum_up(parts)


def on_hits(g, missing):
    """Each expert on the tokens that chose it (P3)."""
    weights, ids = g.route()
    total = g.Mul("x", 0.0)
    for expert, matrices in enumerate(g.weights_of_experts()):
        if expert in missing:
            continue
        hits = g.NonZero(g.Equal(ids, expert))
        token = g.Gather(hits, 0, axis=0)
        y = g.network(g.Gather("x", token, axis=0), matrices)
        gate = g.Unsqueeze(g.GatherND(weights, g.Transpose(hits, perm=[1, 0])), [1])
        total = g.ScatterND(total, g.Unsqueeze(token, [1]), g.Mul(y, gate), reduction="add")
    return total


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    wrong = count = 0
    for make in (masked, on_hits):
        for experts, missing, text in CASES:
            graph = Graph(experts, experts=experts, choices=2)
            path = folder / "model.onnx"
            onnx.save(graph.model(make(graph, missing)), path)
            done = subprocess.run(["moec", "compile", str(path), "--emit", "moe", "-o", "-", "--remarks"],
                                  capture_output=True, text=True, check=True)
            found = re.findall(r"it adds .*? no term(?= \(raise-decomposed-layers\))", done.stderr)
            count += 1
            if found != [text]:
                wrong += 1
                print(f"{make.__name__}, {missing} of {experts}: {found or done.stderr}")
    print(f"{count} layers, {wrong} wrong")
    sys.exit(bool(wrong))


main(pathlib.Path(sys.argv[1]))
