# ===-- ops_reduce.py - reductions, sorting and scans -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Reductions, ArgMax, TopK, CumSum, Softmax."""

import numpy as np

from .interpreter import op
from .values import int64


def softmax(x, axis=-1):
    if x.shape[axis] == 0:
        return x
    with np.errstate(invalid="ignore"):
        e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def _axes(node, axes, since):
    """Axes from the attribute before opset `since`, from the input after."""
    if node.version < since:
        return node.attr("axes")
    return None if axes is None else axes.ints()


def _reduce(since, function):
    def apply(node, a, axes=None):
        chosen = _axes(node, axes, since)
        if not chosen:
            if node.attr("noop_with_empty_axes", 0):
                return a
            chosen = range(a.data.ndim)
        axis = tuple(c % a.data.ndim for c in chosen) if a.data.ndim else ()
        keep = bool(node.attr("keepdims", 1))
        with np.errstate(all="ignore"):
            return a.like(function(a.data, axis, keep))
    return apply


def _extreme(function, low):
    def apply(x, axis, keep):
        if x.dtype == np.float64:
            return function(x, axis=axis, keepdims=keep, initial=-np.inf if low else np.inf)
        if x.dtype == np.bool_:
            return function(x, axis=axis, keepdims=keep, initial=not low)
        return function(x, axis=axis, keepdims=keep)
    return apply


def _log_sum_exp(x, axis, keep):
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isneginf(top), 0, top)
    total = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return total if keep else np.squeeze(total, axis)


def _sum(x, axis, keep):
    return np.sum(x, axis=axis, keepdims=keep, dtype=x.dtype)


for _name, _since, _function in (
        ("ReduceSum", 13, _sum),
        ("ReduceMean", 18, lambda x, axis, keep: np.mean(x, axis=axis, keepdims=keep)),
        ("ReduceMax", 18, _extreme(np.max, True)),
        ("ReduceMin", 18, _extreme(np.min, False)),
        ("ReduceProd", 18, lambda x, a, k: np.prod(x, axis=a, keepdims=k, dtype=x.dtype)),
        ("ReduceL1", 18, lambda x, a, k: _sum(np.abs(x), a, k)),
        ("ReduceL2", 18, lambda x, a, k: np.sqrt(_sum(x * x, a, k))),
        ("ReduceSumSquare", 18, lambda x, a, k: _sum(x * x, a, k)),
        ("ReduceLogSum", 18, lambda x, a, k: np.log(_sum(x, a, k))),
        ("ReduceLogSumExp", 18, _log_sum_exp)):
    op(_name)(_reduce(_since, _function))


def _arg(function):
    def apply(node, a):
        axis = node.attr("axis", 0)
        data = a.data
        if node.attr("select_last_index", 0):
            index = data.shape[axis] - 1 - function(np.flip(data, axis), axis=axis)
        else:
            index = function(data, axis=axis)
        return int64(np.expand_dims(index, axis) if node.attr("keepdims", 1) else index)
    return apply


op("ArgMax")(_arg(np.argmax))
op("ArgMin")(_arg(np.argmin))


@op("TopK")
def _topk(node, a, k):
    axis = node.attr("axis", -1) % a.data.ndim
    count = k.ints()[0]
    data = np.moveaxis(a.data, axis, -1)
    if node.attr("largest", 1):
        # A stable ascending sort of the reversed row, reversed: largest first,
        # and the lowest index first among equals.
        width = data.shape[-1]
        order = width - 1 - np.argsort(data[..., ::-1], axis=-1, kind="stable")[..., ::-1]
    else:
        order = np.argsort(data, axis=-1, kind="stable")
    order = order[..., :count]
    values = np.take_along_axis(data, order, axis=-1)
    return a.like(np.moveaxis(values, -1, axis)), int64(np.moveaxis(order, -1, axis))


@op("CumSum")
def _cumsum(node, a, axis):
    dim = int(axis.scalar())
    data = np.flip(a.data, dim) if node.attr("reverse", 0) else a.data
    total = np.cumsum(data, axis=dim, dtype=data.dtype)
    if node.attr("exclusive", 0):
        total = total - data
    return a.like(np.flip(total, dim) if node.attr("reverse", 0) else total)


def _softmax_like(function):
    def apply(node, a):
        axis = node.attr("axis", -1 if node.version >= 13 else 1)
        if node.version >= 13:
            return a.like(function(a.data, axis))
        # Before opset 13 the tensor is seen as a matrix split at the axis.
        rows = int(np.prod(a.shape[:axis % a.data.ndim]))
        return a.like(function(a.data.reshape(rows, -1), -1).reshape(a.shape))
    return apply


def _log_softmax(x, axis):
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def _hard_max(x, axis):
    hot = np.zeros_like(x)
    np.put_along_axis(hot, np.expand_dims(np.argmax(x, axis), axis), 1, axis)
    return hot


op("Softmax")(_softmax_like(softmax))
op("LogSoftmax")(_softmax_like(_log_softmax))
op("Hardmax")(_softmax_like(_hard_max))
