# ===-- large_rows.py - elementwise work for several threads ---------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""usage: large_rows.py FOLDER

Compiles norms, a softmax and elementwise ops, and runs them at extents of one
block and of many, the last of them partial: right, and of equal bits for any
number of threads."""

import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

import oracle  # noqa: E402
from compare import Library, error  # noqa: E402

WIDTH = 96


def make_model():
    rng = np.random.default_rng(5)
    weights = {name: rng.uniform(0.5, 1.5, WIDTH).astype(np.float32) for name in ("scale", "bias")}
    weights["last"] = np.array([-1], np.int64)
    nodes = [
        helper.make_node("LayerNormalization", ["x", "scale", "bias"], ["normed"], axis=-1),
        helper.make_node("Sigmoid", ["normed"], ["gate"]),
        helper.make_node("Mul", ["normed", "gate"], ["silu"]),
        helper.make_node("Softmax", ["silu"], ["soft"], axis=-1),
        helper.make_node("Add", ["soft", "bias"], ["sum"]),
        helper.make_node("Transpose", ["sum"], ["turned"], perm=[2, 0, 1]),
        helper.make_node("ReduceMean", ["silu", "last"], ["mean"], keepdims=0),
        helper.make_node("Cast", ["silu"], ["half"], to=TensorProto.FLOAT16),
    ]
    outputs = {"sum": ["B", "S", WIDTH], "turned": [WIDTH, "B", "S"], "mean": ["B", "S"],
               "half": ["B", "S", WIDTH]}
    graph = helper.make_graph(
        nodes, "rows", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", "S", WIDTH])],
        [helper.make_tensor_value_info(
            name, TensorProto.FLOAT16 if name == "half" else TensorProto.FLOAT, shape)
         for name, shape in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    model.ir_version = 10
    return model, list(outputs)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    model, names = make_model()
    onnx.save(model, folder / "rows.onnx")
    subprocess.run(["moec", "compile", folder / "rows.onnx", "-o", folder], check=True)
    exact = oracle.Model(folder / "rows.onnx")
    for batches, length in [(1, 1), (1, 7), (1, 1501), (5, 341), (401, 3), (0, 5)]:
        x = np.random.default_rng(length).standard_normal(
            (batches, length, WIDTH)).astype(np.float32)
        expected = exact.run({"x": x})
        first = None
        for threads in (1, 2, 3):
            made = Library(folder / "librows.so", threads=threads).run({"x": x}, names)
            first = first or made
            for name in names:
                wanted = expected[name]
                if made[name].tobytes() != first[name].tobytes():
                    sys.exit(f"{name} depends on the number of threads")
                limit = 2e-3 if name == "half" else 1e-5
                if made[name].shape != wanted.shape or error(made[name], wanted) > limit:
                    sys.exit(f"{name} at B={batches} S={length}: {error(made[name], wanted)}")
        print(f"ok   B={batches} S={length}")


main()
