# ===-- ops_shape.py - constants and operators on shapes -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Constants, shapes, and operators that only move or repeat elements."""

import numpy as np
from onnx import TensorProto

from .interpreter import op
from .values import Value, int64


@op("Constant")
def _constant(node):
    if "value" in node.attrs:
        return node.attrs["value"]
    for name, elem in (("value_int", TensorProto.INT64), ("value_ints", TensorProto.INT64),
                       ("value_float", TensorProto.FLOAT), ("value_floats", TensorProto.FLOAT)):
        if name in node.attrs:
            return Value(np.asarray(node.attrs[name]), elem)
    node.fail("the constant has no supported value")


@op("ConstantOfShape")
def _constant_of_shape(node, shape):
    value = node.attr("value")
    if value is None:
        value = Value(np.zeros(1), TensorProto.FLOAT)
    return value.like(np.full(shape.ints(), value.scalar()))


@op("Shape")
def _shape(node, a):
    return int64(np.array(a.shape, np.int64)[slice(node.attr("start", 0), node.attr("end"))])


@op("Size")
def _size(node, a):
    return int64(a.data.size)


@op("Reshape")
def _reshape(node, a, shape):
    target = shape.ints()
    if not node.attr("allowzero", 0):
        target = [a.shape[i] if d == 0 else d for i, d in enumerate(target)]
    if -1 in target and a.data.size == 0:
        # numpy refuses to infer an extent of an empty tensor.
        target = [0 if d == -1 else d for d in target]
    return a.like(a.data.reshape(target))


@op("Flatten")
def _flatten(node, a):
    axis = node.attr("axis", 1)
    axis = axis + a.data.ndim if axis < 0 else axis
    rows = int(np.prod(a.shape[:axis]))
    return a.like(a.data.reshape(rows, int(np.prod(a.shape[axis:]))))


def _axes(node, axes):
    if node.version < 13:
        return node.attr("axes")
    return None if axes is None else axes.ints()


@op("Squeeze")
def _squeeze(node, a, axes=None):
    chosen = _axes(node, axes)
    return a.like(np.squeeze(a.data, None if chosen is None else tuple(chosen)))


@op("Unsqueeze")
def _unsqueeze(node, a, axes=None):
    return a.like(np.expand_dims(a.data, tuple(_axes(node, axes))))


@op("Transpose")
def _transpose(node, a):
    return a.like(np.transpose(a.data, node.attr("perm")))


@op("Concat")
def _concat(node, *values):
    return values[0].like(np.concatenate([v.data for v in values], node.attr("axis")))


@op("Split")
def _split(node, a, split=None):
    axis = node.attr("axis", 0)
    sizes = node.attr("split") if node.version < 13 else split and split.ints()
    if sizes is None:
        count = node.attr("num_outputs", node.outputs)
        whole = -(-a.shape[axis] // count)
        sizes = [whole] * (count - 1)
        sizes.append(a.shape[axis] - sum(sizes))
    ends = np.cumsum(sizes)[:-1]
    return [a.like(part) for part in np.split(a.data, ends, axis)]


@op("Slice")
def _slice(node, a, starts=None, ends=None, axes=None, steps=None):
    if node.version < 10:
        starts, ends, axes = node.attr("starts"), node.attr("ends"), node.attr("axes")
    else:
        starts, ends = starts.ints(), ends.ints()
        axes = None if axes is None else axes.ints()
    axes = range(len(starts)) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps.ints()
    index = [slice(None)] * a.data.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps):
        extent = a.shape[axis]
        start = start + extent if start < 0 else start
        end = end + extent if end < 0 else end
        if step > 0:
            start, end = min(max(start, 0), extent), min(max(end, 0), extent)
            index[axis] = slice(start, end, step)
        else:
            start, end = min(max(start, 0), extent - 1), min(max(end, -1), extent - 1)
            index[axis] = slice(start, None if end < 0 else end, step)
            if extent == 0:
                index[axis] = slice(0, 0)
    return a.like(a.data[tuple(index)])


@op("Expand")
def _expand(node, a, shape):
    target = np.broadcast_shapes(a.shape, tuple(shape.ints()))
    return a.like(np.broadcast_to(a.data, target))


@op("Tile")
def _tile(node, a, repeats):
    return a.like(np.tile(a.data, repeats.ints()))


@op("Range")
def _range(node, start, limit, delta):
    first, last, step = start.scalar(), limit.scalar(), delta.scalar()
    count = max(int(np.ceil((last - first) / step)), 0)
    return start.like(first + np.arange(count) * step)


@op("Trilu")
def _trilu(node, a, k=None):
    shift = 0 if k is None else int(k.scalar())
    return a.like((np.triu if node.attr("upper", 1) else np.tril)(a.data, shift))


@op("EyeLike")
def _eye_like(node, a):
    eye = np.eye(*a.shape, k=node.attr("k", 0))
    return Value(eye, node.attr("dtype", a.elem))


@op("Pad")
def _pad(node, a, pads=None, value=None, axes=None):
    amounts = pads.ints()
    dims = range(a.data.ndim) if axes is None else axes.ints()
    half = len(amounts) // 2
    widths = [(0, 0)] * a.data.ndim
    for i, axis in enumerate(dims):
        widths[axis] = (amounts[i], amounts[half + i])
    mode = node.attr("mode", "constant")
    data = a.data
    cuts = tuple(slice(max(-lo, 0), data.shape[i] - max(-hi, 0))
                 for i, (lo, hi) in enumerate(widths))
    data = data[cuts]
    widths = [(max(lo, 0), max(hi, 0)) for lo, hi in widths]
    if mode == "constant":
        fill = 0 if value is None else value.scalar()
        return a.like(np.pad(data, widths, constant_values=fill))
    return a.like(np.pad(data, widths, mode={"edge": "edge", "reflect": "reflect",
                                             "wrap": "wrap"}[mode]))
