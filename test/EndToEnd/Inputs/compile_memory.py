# ===-- compile_memory.py - the compiler's memory is linear in the graph ---===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Compiles layers of dense experts that exporters have taken apart, node by node, and looks at
the compiler's peak memory.

    compile_memory.py EXPERTS LAYERS [--at-most MIB]   LAYERS, and two and four times as many
    compile_memory.py EXPERTS LAYERS --table           by stage: memory and CPU time of these

What the second doubling adds is to be twice what the first one does, however much any model
takes; memory of the square of the graph adds four times as much.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TOKEN, HIDDEN = 16, 8
# Twice, with room for what the allocator keeps: it was 1.33 of 60 experts in 2 layers; of one
# layer it was 2.18, and 2.80 when checks took memory of the square.
GROWTH = 2.5
STAGES = ("onnx", "moe", "kernels", "linalg", "vector", "llvm", "obj")


class Model:
    def __init__(self):
        self.rng = np.random.default_rng(5)
        self.nodes, self.weights = [], []

    def node(self, op, *inputs, **attrs):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], f"n{len(self.nodes)}", **attrs))
        return name

    def weight(self, *shape):
        name = f"w{len(self.weights)}"
        values = self.rng.uniform(-1, 1, shape).astype(np.float32)
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def index(self, value):
        return self.node("Constant", value_ints=[value])

    def layer(self, x, experts):
        """All experts see all tokens; their results live until they are summed at the end."""
        scores = self.node("Softmax", self.node("MatMul", x, self.weight(TOKEN, experts)))
        results = []
        for expert in range(experts):
            hidden = self.node("Gelu", self.node("MatMul", x, self.weight(TOKEN, HIDDEN)))
            result = self.node("MatMul", hidden, self.weight(HIDDEN, TOKEN))
            score = self.node("Gather", scores, self.index(expert), axis=-1)
            results.append(self.node("Mul", result, score))
        for result in results:
            x = self.node("Add", x, result)
        return x

    def save(self, path, experts, layers):
        x = "x"
        for _ in range(layers):
            x = self.layer(x, experts)
        value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT,
                                                           ["B", "S", TOKEN])
        graph = helper.make_graph(self.nodes, "experts", [value("x")], [value(x)], self.weights)
        onnx.save(helper.make_model(graph, ir_version=10,
                                    opset_imports=[helper.make_opsetid("", 20)]), path)


def compile(path, stage):
    """Peak memory in MiB and seconds of CPU time of one compilation, worker included."""
    child = subprocess.Popen(["moec", "compile", str(path), "--emit", stage, "-j", "1",
                              "--cpu", "x86-64-v3", "-o", str(path.with_suffix(".out"))])
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"moec compile --emit {stage} of {path.name} ended with the status {status}")
    return usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def write_models(folder, experts, layers):
    for count in (layers, 2 * layers, 4 * layers):
        path = folder / f"m{count}.onnx"
        Model().save(path, experts, count)
        yield count, path


def compare(folder, experts, layers, at_most):
    peaks = [compile(path, "llvm")[0] for _, path in write_models(folder, experts, layers)]
    growth = (peaks[2] - peaks[1]) / max(peaks[1] - peaks[0], 1)
    print(f"{experts} experts in {layers} layers and twice, four times as many: "
          f"{', '.join(f'{peak:.0f}' for peak in peaks)} MiB, growth {growth:.2f}")
    if growth > GROWTH:
        sys.exit(f"memory is not linear in the graph: expected a growth of {GROWTH} at most")
    if at_most and peaks[2] > at_most:
        sys.exit(f"expected {at_most:.0f} MiB at most")


def print_table(folder, experts, layers):
    print("layers", *(f"{stage:>14}" for stage in STAGES))
    for count, path in write_models(folder, experts, layers):
        row = [compile(path, stage) for stage in STAGES]
        print(f"{count:6}", *(f"{mib:6.0f} M {s:5.1f}s" for mib, s in row), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experts", type=int)
    parser.add_argument("layers", type=int)
    parser.add_argument("--at-most", type=float, metavar="MIB")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        if options.table:
            print_table(folder, options.experts, options.layers)
        else:
            compare(folder, options.experts, options.layers, options.at_most)


if __name__ == "__main__":
    main()
