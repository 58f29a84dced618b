# ===-- values.py - tensors and attributes of the oracle -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""What flows through the interpreter.

A tensor is an array and the element type the model declares for it. Every
float type is stored and computed as float64; the declared type decides only
what is an integer, a boolean, or a float.
"""

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

FLOATS = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE,
          TensorProto.BFLOAT16, TensorProto.FLOAT8E4M3FN,
          TensorProto.FLOAT8E4M3FNUZ, TensorProto.FLOAT8E5M2,
          TensorProto.FLOAT8E5M2FNUZ, TensorProto.FLOAT8E8M0}
_INTEGERS = {TensorProto.INT8: np.int8, TensorProto.INT16: np.int16,
             TensorProto.INT32: np.int32, TensorProto.INT64: np.int64,
             TensorProto.UINT8: np.uint8, TensorProto.UINT16: np.uint16,
             TensorProto.UINT32: np.uint32, TensorProto.UINT64: np.uint64,
             TensorProto.INT4: np.int8, TensorProto.UINT4: np.uint8,
             TensorProto.BOOL: np.bool_}


class OracleError(Exception):
    """The model asks for something the oracle does not know."""


def storage(elem):
    """The numpy type that holds values of the declared type `elem`."""
    if elem in FLOATS:
        return np.float64
    if elem not in _INTEGERS:
        raise OracleError(f"element type {TensorProto.DataType.Name(elem)} is not supported")
    return _INTEGERS[elem]


class Value:
    """A tensor: `data` in storage type, `elem` as declared."""

    __slots__ = ("data", "elem")

    def __init__(self, data, elem):
        self.data = np.asarray(data).astype(storage(elem), copy=False)
        self.elem = elem

    @property
    def shape(self):
        return self.data.shape

    @property
    def is_float(self):
        return self.elem in FLOATS

    def like(self, data):
        """A value of the same declared type."""
        return Value(data, self.elem)

    def ints(self):
        """The elements as a list of Python integers."""
        return [int(v) for v in self.data.reshape(-1)]

    def scalar(self):
        return self.data.reshape(-1)[0].item()


def int64(data):
    return Value(np.asarray(data, np.int64), TensorProto.INT64)


def boolean(data):
    return Value(data, TensorProto.BOOL)


def from_numpy(array):
    """A value from an array of any type numpy or ml_dtypes knows."""
    array = np.asarray(array)
    return Value(array, helper.np_dtype_to_tensor_dtype(array.dtype))


def from_proto(proto):
    return Value(numpy_helper.to_array(proto), proto.data_type)


def to_numpy(value):
    """Floats as float64, everything else in its own type."""
    return value.data


def attribute(proto):
    """The Python value of an attribute; tensors become `Value`s."""
    kind = proto.type
    if kind == AttributeProto.STRING:
        return proto.s.decode()
    if kind == AttributeProto.STRINGS:
        return [s.decode() for s in proto.strings]
    if kind == AttributeProto.TENSOR:
        return from_proto(proto.t)
    if kind in (AttributeProto.INTS, AttributeProto.FLOATS):
        return list(helper.get_attribute_value(proto))
    if kind in (AttributeProto.INT, AttributeProto.FLOAT, AttributeProto.GRAPH):
        return helper.get_attribute_value(proto)
    raise OracleError(f"attribute {proto.name} has an unsupported kind")


def load(path):
    """Reads a model with its external data."""
    return onnx.load(str(path))
