# ===-- widen.py - a model of f16 or bf16 as one of f32 -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""The same numbers, constants as they were rounded, without the roundings on the way."""

import sys

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, numpy_helper

F32, NARROW = TensorProto.FLOAT, (TensorProto.FLOAT16, TensorProto.BFLOAT16)


def widen_tensor(tensor):
    if tensor.data_type in NARROW:
        array = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def widen_attribute(op, attribute):
    if attribute.type == AttributeProto.TENSOR:
        widen_tensor(attribute.t)
    names_type = (op, attribute.name) in (("Cast", "to"), ("EyeLike", "dtype"))
    if names_type and attribute.i in NARROW:
        attribute.i = F32


def widen(model):
    """The model in f32; None where it is."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    values = [*made.graph.input, *made.graph.output]
    if all(value.type.tensor_type.elem_type not in NARROW for value in values):
        return None
    for tensor in made.graph.initializer:
        widen_tensor(tensor)
    for node in made.graph.node:
        for attribute in node.attribute:
            widen_attribute(node.op_type, attribute)
    for value in values:
        if value.type.tensor_type.elem_type in NARROW:
            value.type.tensor_type.elem_type = F32
    del made.graph.value_info[:]
    return made


def main():
    path = sys.argv[1]
    made = widen(onnx.load(path))
    if not made:
        sys.exit(f"{path} has neither f16 nor bf16 inputs or outputs")
    onnx.save(made, f"{path}.wide")


if __name__ == "__main__":
    main()
