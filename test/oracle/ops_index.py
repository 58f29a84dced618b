# ===-- ops_index.py - gathers, scatters and index producers -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Gather and scatter in all their forms, NonZero, OneHot, Compress."""

import numpy as np

from .interpreter import op
from .values import int64


def _wrap(index, extent, node):
    """Non-negative indices; an index outside is an error, not a guess."""
    index = np.where(index < 0, index + extent, index)
    if index.size and (index.min() < 0 or index.max() >= extent):
        node.fail(f"an index is outside 0..{extent - 1}")
    return index


@op("Gather")
def _gather(node, a, indices):
    axis = node.attr("axis", 0) % a.data.ndim
    return a.like(np.take(a.data, _wrap(indices.data, a.shape[axis], node), axis))


@op("GatherElements")
def _gather_elements(node, a, indices):
    axis = node.attr("axis", 0) % a.data.ndim
    index = _wrap(indices.data, a.shape[axis], node)
    # The other extents of the indices may be smaller than those of the data.
    grid = list(np.indices(index.shape, sparse=True))
    grid[axis] = index
    return a.like(a.data[tuple(grid)])


@op("GatherND")
def _gather_nd(node, a, indices):
    batch = node.attr("batch_dims", 0)
    index = indices.data
    depth = index.shape[-1]
    lead = index.shape[:-1]
    out_shape = lead + a.shape[batch + depth:]
    columns = [_wrap(index[..., d], a.shape[batch + d], node) for d in range(depth)]
    grid = [np.arange(a.shape[d]).reshape([-1 if i == d else 1 for i in range(len(lead))])
            for d in range(batch)]
    return a.like(a.data[tuple(grid + columns)].reshape(out_shape))


_UPDATES = {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum}


def _update(node, data, where, updates):
    """Writes or accumulates one element or slice after another."""
    reduction = node.attr("reduction", "none")
    if reduction == "none":
        data[where] = updates
    else:
        _UPDATES[reduction].at(data, where, updates)
    return data


@op("ScatterElements", "Scatter")
def _scatter_elements(node, a, indices, updates):
    axis = node.attr("axis", 0) % a.data.ndim
    grid = list(np.broadcast_arrays(*np.indices(indices.shape, sparse=True)))
    grid[axis] = _wrap(indices.data, a.shape[axis], node)
    return a.like(_update(node, a.data.copy(), tuple(grid), updates.data))


@op("ScatterND")
def _scatter_nd(node, a, indices, updates):
    depth = indices.shape[-1]
    where = tuple(_wrap(indices.data[..., d], a.shape[d], node) for d in range(depth))
    return a.like(_update(node, a.data.copy(), where, updates.data))


@op("NonZero")
def _non_zero(node, a):
    data = a.data if a.data.ndim else a.data.reshape(1)
    return int64(np.array(np.nonzero(data), np.int64).reshape(data.ndim, -1))


@op("OneHot")
def _one_hot(node, indices, depth, values):
    count = int(depth.scalar())
    axis = node.attr("axis", -1)
    axis = axis if axis >= 0 else axis + indices.data.ndim + 1
    index = indices.data if indices.data.dtype.kind == "u" else indices.data.astype(np.int64)
    # Outside -depth..depth-1 the whole row is "off".
    index = np.where((index < 0) & (index >= -count), index + count, index)
    shape = [1] * (index.ndim + 1)
    shape[axis] = count
    hot = np.expand_dims(index, axis) == np.arange(count).reshape(shape)
    off, on = values.data.reshape(-1)
    return values.like(np.where(hot, on, off))


@op("Compress")
def _compress(node, a, condition):
    axis = node.attr("axis")
    data = a.data.reshape(-1) if axis is None else a.data
    return a.like(np.compress(condition.data, data, axis=0 if axis is None else axis))


@op("Unique")
def _unique(node, a):
    axis = node.attr("axis")
    values, first, inverse, counts = np.unique(
        a.data, return_index=True, return_inverse=True, return_counts=True, axis=axis)
    inverse = inverse.reshape(-1)
    if not node.attr("sorted", 1):
        order = np.argsort(first)
        rank = np.argsort(order)
        values = np.take(values, order, 0 if axis is None else axis)
        first, counts, inverse = first[order], counts[order], rank[inverse]
    return a.like(values), int64(first), int64(inverse), int64(counts)


@op("TensorScatter")
def _tensor_scatter(node, past, update, write=None):
    axis = node.attr("axis", -2) % past.data.ndim
    out = past.data.copy()
    length, extent = update.shape[axis], past.shape[axis]
    starts = [0] * past.shape[0] if write is None else write.ints()
    for b, start in enumerate(starts):
        where = start + np.arange(length)
        if node.attr("mode", "linear") == "circular":
            where %= extent
        target = np.moveaxis(out[b], axis - 1, 0)
        target[where] = np.moveaxis(update.data[b], axis - 1, 0)
    return past.like(out)
