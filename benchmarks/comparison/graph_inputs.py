# ===-- graph_inputs.py - inputs by what a graph says of them --------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""For models without a manifest: names and types tell what an input is."""

import re

import onnx
from onnx import TensorProto, helper

from .peers import PeerError

FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE)
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


def describe(path, dims, ints):
    """Specifications of the inputs, the symbols of length and batch, the values of others."""
    graph = onnx.load(path, load_external_data=False).graph
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in weights]
    shapes = {value.name: _shape(path, value) for value in inputs}
    length, batch, others = _roles(path, shapes, dims)
    past = next((name for name in others if _is_past(name)), 0)
    return ({value.name: _spec(path, value, shapes[value.name], ints, past) for value in inputs},
            length, batch, others)


def _shape(path, value):
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        raise PeerError(f"{path}: input '{value.name}' has no shape, which makes it unknown")
    shape = []
    for axis, dim in enumerate(tensor.shape.dim):
        if not dim.dim_param and not dim.HasField("dim_value"):
            raise PeerError(f"{path}: extent {axis} of input '{value.name}' has neither a name nor "
                            "a value; write a fixture.json beside the model")
        shape.append(dim.dim_param or dim.dim_value)
    return shape


def _is_total(name):
    return "total" in name.lower()


def _is_past(name):
    return "past" in name.lower() and not _is_total(name)


def _is_batch(name):
    return name.lower() in ("b", "n") or name.lower().startswith("batch")


def _roles(path, shapes, dims):
    """The symbols of length and batch, and the values of those that are neither."""
    names = {name: None for shape in shapes.values() for extent in shape
             if isinstance(extent, str) for name in IDENTIFIER.findall(extent)}
    batch = next((name for name in names if _is_batch(name)), None)
    others = {name: dims.get(name, 0) for name in names
              if name != batch and (name in dims or _is_past(name))}
    rest = [name for name in names if name != batch and name not in others]
    length = [name for name in rest if not _is_total(name)]
    if len(length) != 1:
        raise PeerError(f"{path}: which extent is the number of tokens? Give all but one of "
                        f"{', '.join(length or names) or 'none'} by --dim NAME=N")
    total = "+".join([*filter(_is_past, others), length[0]])
    for shape in shapes.values():
        shape[:] = [total if extent in rest and _is_total(extent) else extent for extent in shape]
    return length[0], batch, others


def _spec(path, value, shape, ints, past):
    kind = value.type.tensor_type.elem_type
    name, spec = value.name.lower(), dict(shape=shape, dtype=str(helper.tensor_dtype_to_np_dtype(kind)))
    if kind in FLOATS:
        return dict(spec, kind="normal")
    if kind == TensorProto.BOOL or "mask" in name:
        return dict(spec, kind="ones")
    if "position" in name:
        return dict(spec, kind="range", start=past)
    if kind in (TensorProto.INT64, TensorProto.INT32):
        return dict(spec, kind="integers", low=ints[0], high=ints[1])
    raise PeerError(f"{path}: what is in input '{value.name}' of {spec['dtype']}? Write a "
                    "fixture.json beside the model")
