# ===-- equal_layers.py - a stack of small equal layers --------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""usage: equal_layers.py LAYERS FILE

Layers that differ in nothing but the values of their weights, all of which are
so small that they could be constants."""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WIDTH = 32


def main():
    layers, path = int(sys.argv[1]), sys.argv[2]
    rng = np.random.default_rng(7)
    nodes, weights = [], []

    def weight(name, typed=False):
        array = rng.uniform(0.5, 1.5, WIDTH).astype(np.float32)
        # As bytes, or number by number.
        weights.append(helper.make_tensor(name, TensorProto.FLOAT, [WIDTH], array)
                       if typed else numpy_helper.from_array(array, name))
        return name

    current = "x"
    for i in range(layers):
        def node(op, inputs, output, **attributes):
            nodes.append(helper.make_node(op, inputs, [f"{output}{i}"], f"{output}{i}",
                                          **attributes))
            return f"{output}{i}"

        normed = node("LayerNormalization", [current, weight(f"scale{i}"), weight(f"bias{i}", True)],
                      "norm", axis=-1)
        codes = f"zero{i}"
        weights.append(numpy_helper.from_array(
            rng.integers(0, 9, WIDTH).astype(np.uint8), codes))
        shift = node("Cast", [codes], "shift", to=TensorProto.FLOAT)
        current = node("Add", [current, node("Add", [normed, shift], "shifted")], "sum")
    graph = helper.make_graph(
        nodes, "layers", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["T", WIDTH])],
        [helper.make_tensor_value_info(current, TensorProto.FLOAT, ["T", WIDTH])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    model.ir_version = 10
    onnx.save(model, path)


main()
