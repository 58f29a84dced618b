# ===-- slices.py - a chain of slices ---------------------------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""usage: slices.py LENGTH MODEL.onnx

Each slice has the extent before it twice in its own: in its clamped start and end, which only
the run knows."""

import sys

import onnx
from onnx import TensorProto, helper

length, path = int(sys.argv[1]), sys.argv[2]
names = ["x"] + [f"y{i}" for i in range(length)]
graph = helper.make_graph(
    [helper.make_node("Slice", [a, "start", "end"], [b], b) for a, b in zip(names, names[1:])], "slices",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4]),
     helper.make_tensor_value_info("start", TensorProto.INT64, [1]),
     helper.make_tensor_value_info("end", TensorProto.INT64, [1])],
    [helper.make_tensor_value_info(names[-1], TensorProto.FLOAT, ["M", 4])])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
model.ir_version = 10
onnx.save(model, path)
