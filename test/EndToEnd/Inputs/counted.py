"""Writes a model whose middle has as many rows as the run counts. Arguments: the file."""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

nodes = [
    helper.make_node("Greater", ["g", "zero"], ["mask"]),
    helper.make_node("NonZero", ["mask"], ["places"]),
    helper.make_node("Squeeze", ["places", "axis"], ["rows"]),
    helper.make_node("Gather", ["x", "rows"], ["kept"]),
    helper.make_node("MatMul", ["kept", "w"], ["y"], name="product"),
    helper.make_node("ReduceSum", ["y", "axis"], ["sum"], keepdims=0),
]
graph = helper.make_graph(
    nodes, "counted",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 64]),
     helper.make_tensor_value_info("g", TensorProto.FLOAT, ["N"])],
    [helper.make_tensor_value_info("sum", TensorProto.FLOAT, [512])],
    [numpy_helper.from_array(np.zeros((), np.float32), "zero"),
     numpy_helper.from_array(np.zeros(1, np.int64), "axis"),
     numpy_helper.from_array(np.ones((64, 512), np.float32), "w")])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), sys.argv[1])
