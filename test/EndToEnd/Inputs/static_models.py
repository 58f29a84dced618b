# ===-- static_models.py - models to be linked into one program ---------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""usage: static_models.py FOLDER

adds and muls have no parameters; first and second are MoE layers that differ in
their weights alone. All take x [T, 64] and give y [T, 64]."""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HIDDEN, EXPERTS, INTERMEDIATE = 64, 8, 96


def write(name, nodes, parameters):
    values = [
        helper.make_tensor_value_info(value, TensorProto.FLOAT, ["T", HIDDEN])
        for value in ("x", "y")
    ]
    initializers = [numpy_helper.from_array(a, n) for n, a in parameters.items()]
    graph = helper.make_graph(nodes, name, values[:1], values[1:], initializers)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    onnx.save(model, os.path.join(sys.argv[1], name + ".onnx"))


def write_moe(name, seed):
    random = np.random.default_rng(seed)
    shapes = {
        "router": (HIDDEN, EXPERTS),
        "fc1": (EXPERTS, INTERMEDIATE, HIDDEN),
        "fc2": (EXPERTS, HIDDEN, INTERMEDIATE),
    }
    parameters = {
        name: (random.standard_normal(shape) * 0.2).astype(np.float32)
        for name, shape in shapes.items()
    }
    nodes = [
        helper.make_node("MatMul", ["x", "router"], ["scores"], name="route"),
        helper.make_node(
            "MoE",
            ["x", "scores", "fc1", "", "fc2"],
            ["y"],
            name="moe",
            domain="com.microsoft",
            k=2,
            activation_type="silu",
        ),
    ]
    write(name, nodes, parameters)


write("adds", [helper.make_node("Add", ["x", "x"], ["y"], name="op")], {})
write("muls", [helper.make_node("Mul", ["x", "x"], ["y"], name="op")], {})
write_moe("first", 1)
write_moe("second", 2)
