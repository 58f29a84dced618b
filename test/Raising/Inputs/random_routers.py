# ===-- random_routers.py - layers with and without their dead experts ---===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""random_routers.py SCRATCH [--from N] [--count N] [--layers N] [--log FILE]

Draws routers of every kind that some experts are dead of, on tokens of any size, half of
which are aimed at the difference of two of the router's rows. Libraries with and without
moe-eliminate-dead-experts must give the same bits. Several layers, each with an input of
its own, make one model; a seed draws one layer."""

import argparse
import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import helper

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "EndToEnd")]

from compare import Library  # noqa: E402
from dead_experts import compile_model  # noqa: E402
from layers import F32, Graph  # noqa: E402
from look_alikes import Wrong  # noqa: E402

TOKENS = 1000
SCORES = ("softmax", "selected", "sigmoid", "none")


class Router:
    """One layer, drawn by its seed; its nodes go to a graph."""

    def __init__(self, seed, graph):
        self.random, self.g, self.x = np.random.default_rng(seed), graph, f"x{seed}"
        self.experts = 4 * (1 + self.pick(4))
        self.choices = 1 + self.pick(3)
        # Of one width a model, so that its layers have kernels in common.
        self.width, self.hidden = 8 * (1 + seed // 100 % 3), 8
        self.score = SCORES[self.pick(4)]
        self.gain = 1 + 0.2 * self.normal(self.width)
        self.center = self.normal(self.width) if self.pick(2) else None
        self.set_rows()
        self.set_biases()
        self.set_groups()

    def pick(self, count):
        return int(self.random.integers(count))

    def normal(self, *shape):
        return self.random.normal(size=shape).astype(np.float32)

    def set_rows(self):
        self.size = np.float32(10.0 ** -self.pick(4))
        self.rows = self.size * self.normal(self.width, self.experts)
        if self.pick(2):  # So little decides between these.
            self.rows[:, 0] = self.rows[:, 1] + 1e-6 * self.size * self.normal(self.width)
        if self.pick(3) == 0:
            self.rows[:, self.random.integers(2, size=self.experts) == 1] = 0

    def set_biases(self):
        def draw():
            bias = np.float32(10.0 ** (self.pick(4) - 2)) * self.normal(self.experts)
            kind = self.random.integers(18, size=self.experts)
            bias[kind == 0], bias[kind == 1] = -np.inf, -1e9
            return bias
        self.bias = draw() if self.pick(3) else np.zeros(self.experts, np.float32)
        self.selection = draw() if self.pick(2) else None

    def set_groups(self):
        self.groups = 1
        if self.pick(3) == 0:
            self.groups = self.experts // 4 if self.experts > 4 and self.pick(2) else 2
            self.kept = 1 + self.pick(self.groups)
            self.fill = 0.0 if self.pick(2) else -np.inf
            self.of_two = self.pick(2) and self.experts // self.groups > 1
            self.choices = min(self.choices, self.kept * self.experts // self.groups)

    # -- The graph --

    def norm(self):
        g, x = self.g, self.x
        mean = g.ReduceMean(g.Pow(x, 2.0), [-1], keepdims=1)
        x = g.Mul(g.Mul(x, g.Reciprocal(g.Sqrt(g.Add(mean, 1e-6)))), g.constant(self.gain))
        return x if self.center is None else g.Add(x, g.constant(self.center))

    def limit(self, keys):
        """Keys outside of the best groups become the fill value."""
        g, shape = self.g, [-1, self.groups, self.experts // self.groups]
        grouped = g.Reshape(keys, shape)
        best = (g.ReduceSum(g.TopK(grouped, [2], axis=-1, outputs=2)[0], [-1], keepdims=0) if self.of_two
                else g.ReduceMax(grouped, [-1], keepdims=0))
        ids = g.TopK(best, [self.kept], axis=-1, outputs=2)[1]
        mask = g.ScatterElements(g.Mul(best, 0.0), ids, g.ConstantOfShape(g.Shape(ids), value=helper.make_tensor(
            "v", F32, [1], [1.0])), axis=1)
        wide = g.Reshape(g.Expand(g.Unsqueeze(mask, [2]), g.Shape(grouped)), [-1, self.experts])
        return g.Where(g.Cast(wide, to=9), keys, self.fill)

    def choose(self):
        g = self.g
        scores = g.Add(g.MatMul(self.norm(), g.constant(self.rows)), g.constant(self.bias))
        values = {"softmax": lambda: g.Softmax(scores, axis=1), "sigmoid": lambda: g.Sigmoid(scores)}.get(
            self.score, lambda: scores)()
        keys = values if self.selection is None else g.Add(values, g.constant(self.selection))
        keys = self.limit(keys) if self.groups > 1 else keys
        ids = g.TopK(keys, [self.choices], axis=1, outputs=2)[1]
        weights = g.GatherElements(values, ids, axis=1)
        return g.Softmax(weights, axis=1) if self.score == "selected" else weights, ids

    def write(self):
        """The experts, looked up for each choice."""
        g = self.g
        weights, ids = self.choose()
        w1 = g.Gather(g.constant(self.normal(self.experts, self.width, self.hidden)), ids, axis=0)
        w2 = g.Gather(g.constant(self.normal(self.experts, self.hidden, self.width)), ids, axis=0)
        y = g.Squeeze(g.MatMul(g.Relu(g.MatMul(g.Unsqueeze(self.x, [1, 2]), w1)), w2), [2])
        return g.ReduceSum(g.Mul(y, g.Unsqueeze(weights, [2])), [1], keepdims=0)

    # -- Tokens --

    def draw_tokens(self):
        scale = 10.0 ** (self.random.integers(13, size=[TOKENS, 1]) - 6)
        a, b = self.random.integers(self.experts, size=[2, TOKENS])
        aimed = self.gain * (self.rows[:, a] - self.rows[:, b]).T
        is_aimed = self.random.integers(2, size=[TOKENS, 1])
        return (scale * np.where(is_aimed, aimed, self.normal(TOKENS, self.width))).astype(np.float32)


def make_model(seeds):
    graph = Graph(seeds[0])
    routers = [Router(seed, graph) for seed in seeds]
    outputs = [router.write() for router in routers]
    inputs = [helper.make_tensor_value_info(r.x, F32, ["T", r.width]) for r in routers]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "g", inputs,
                          [helper.make_tensor_value_info(name, F32, None) for name in outputs], graph.initializers),
        ir_version=8, opset_imports=[helper.make_opsetid("", 18)])
    return model, routers, outputs


def check(seeds, scratch):
    """How many layers were raised and how many experts are dead; raises where a bit differs."""
    model, routers, outputs = make_model(seeds)
    path = scratch / "m.onnx"
    onnx.save(model, path)
    x = {router.x: router.draw_tokens() for router in routers}
    found = []
    for options in ((), ("--disable-pass=moe-eliminate-dead-experts",)):
        compile_model(path, *options, "-o", scratch)
        found.append(Library(scratch / "libm.so", threads=1).run(x, outputs))
        if not options:
            layers = json.loads((scratch / "m.json").read_text())["moe_layers"]
    for seed, name in zip(seeds, outputs):
        if found[0][name].tobytes() != found[1][name].tobytes():
            raise Wrong(f"router {seed}: outputs differ")
    return len(layers), sum(len(layer["dead_experts"]) for layer in layers)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scratch", type=pathlib.Path)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--layers", type=int, default=10, help="layers of a model")
    parser.add_argument("--log", type=pathlib.Path, help="gets a line for each model")
    return parser.parse_args()


def main():
    args, layers, dead, wrong = parse(), 0, 0, 0
    for first in range(args.first, args.first + args.count, args.layers):
        seeds = range(first, min(first + args.layers, args.first + args.count))
        try:
            raised, gone = check(seeds, args.scratch)
            layers, dead = layers + raised, dead + gone
        except Wrong as why:
            wrong += 1
            print(why, flush=True)
        if args.log:
            with args.log.open("a") as log:
                log.write(f"{first} {len(seeds)} routers: {layers} layers, {dead} dead, {wrong} wrong so far\n")
    print(f"{args.count} routers, {TOKENS} tokens each: {layers} layers with {dead} dead experts, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
