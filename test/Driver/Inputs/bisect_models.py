# ===-- bisect_models.py - models that differ at a known node --------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===------------------------------------------------------------------------===#
"""usage: bisect_models.py FOLDER

Writes chains of nodes that are exact up to a product. Its sums are rounded in
one order in a library and in another one in plain loops: without a tolerance
that is where the two first differ."""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DEPTH = 512


def chain(length):
    names = ["x", "floor"] + [f"neg{i}" for i in range(length)]
    nodes = [helper.make_node("Floor", ["x"], ["floor"], "floor")]
    nodes += [helper.make_node("Neg", [a], [b], b) for a, b in zip(names[1:], names[2:])]
    nodes += [
        # A view of it, and a second product, which is off because the first one is.
        helper.make_node("MatMul", [names[-1], "w"], ["product"], "product"),
        helper.make_node("Unsqueeze", ["product", "axes"], ["view"], "view"),
        helper.make_node("MatMul", ["view", "v"], ["y"], "late"),
    ]
    rng = np.random.default_rng(3)
    weights = {"w": rng.standard_normal((DEPTH, DEPTH)).astype(np.float32),
               "v": rng.standard_normal((DEPTH, DEPTH)).astype(np.float32),
               "axes": np.array([1], np.int64)}
    graph = helper.make_graph(
        nodes, "chain", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["T", DEPTH])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["T", 1, DEPTH])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    model.ir_version = 10
    return model


folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True)
onnx.save(chain(2), folder / "short.onnx")
onnx.save(chain(150), folder / "long.onnx")
