# ===-- ops_recurrent.py - GRU, LSTM, RNN and convolution -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Recurrent layers, one step after another, and a direct convolution."""

import numpy as np

from .interpreter import op
from .ops_math import sigmoid, softplus

_ACTIVATIONS = {"sigmoid": sigmoid, "tanh": np.tanh, "relu": lambda x: np.maximum(x, 0),
                "softplus": softplus, "softsign": lambda x: x / (1 + np.abs(x))}


def _gru(x, h, w, r, wb, rb, f, node):
    size = h.shape[-1]
    linear = node.attr("linear_before_reset", 0)
    wz, wr, wh = np.split(x @ w.T + wb, 3, -1)
    z = f[0](wz + h @ r[:size].T + rb[:size])
    reset = f[0](wr + h @ r[size:2 * size].T + rb[size:2 * size])
    if linear:
        n = f[1](wh + reset * (h @ r[2 * size:].T + rb[2 * size:]))
    else:
        n = f[1](wh + (reset * h) @ r[2 * size:].T + rb[2 * size:])
    return (1 - z) * n + z * h


def _recurrent(node, x, w, r, bias, lengths, h0, gates, defaults, step, c0=None):
    if node.attr("clip") is not None or node.attr("activation_alpha") is not None:
        node.fail("clip and parameters of activations are not supported")
    batch_first = node.attr("layout", 0)
    data = np.swapaxes(x.data, 0, 1) if batch_first else x.data
    length, batch, _ = data.shape
    size = node.attr("hidden_size", r.shape[-1])
    directions = w.shape[0]
    names = [n.lower() for n in node.attr("activations", defaults * directions)]
    direction = node.attr("direction", "forward")
    starts = [np.zeros((directions, batch, size)) if s is None else
              (np.swapaxes(s.data, 0, 1) if batch_first else s.data) for s in (h0, c0)]
    ends = np.full(batch, length) if lengths is None else lengths.data
    y = np.zeros((length, directions, batch, size))
    last = [s.copy() for s in starts]
    for d in range(directions):
        f = [_ACTIVATIONS[n] for n in names[d * len(defaults):(d + 1) * len(defaults)]]
        b = np.zeros(2 * gates * size) if bias is None else bias.data[d]
        backwards = direction == "reverse" or d == 1
        for row in range(batch):
            h, c = starts[0][d, row:row + 1], starts[1][d, row:row + 1]
            order = range(ends[row])
            for t in reversed(order) if backwards else order:
                h, c = step(data[t, row:row + 1], h, c, w.data[d], r.data[d],
                            b[:gates * size], b[gates * size:], f)
                y[t, d, row] = h[0]
            last[0][d, row], last[1][d, row] = h[0], c[0]
    if batch_first:
        y = np.transpose(y, (2, 0, 1, 3))
        last = [np.swapaxes(v, 0, 1) for v in last]
    return x.like(y), x.like(last[0]), x.like(last[1])


@op("GRU")
def _gru_op(node, x, w, r, bias=None, lengths=None, h0=None):
    def step(row, h, c, w, r, wb, rb, f):
        return _gru(row, h, w, r, wb, rb, f, node), c
    return _recurrent(node, x, w, r, bias, lengths, h0, 3, ["sigmoid", "tanh"], step)[:2]


@op("RNN")
def _rnn_op(node, x, w, r, bias=None, lengths=None, h0=None):
    def step(row, h, c, w, r, wb, rb, f):
        return f[0](row @ w.T + wb + h @ r.T + rb), c
    return _recurrent(node, x, w, r, bias, lengths, h0, 1, ["tanh"], step)[:2]


@op("LSTM")
def _lstm_op(node, x, w, r, bias=None, lengths=None, h0=None, c0=None, peepholes=None):
    if peepholes is not None or node.attr("input_forget", 0):
        node.fail("peepholes and input_forget are not supported")

    def step(row, h, c, w, r, wb, rb, f):
        i, o, forget, cell = np.split(row @ w.T + wb + h @ r.T + rb, 4, -1)
        c = f[0](forget) * c + f[0](i) * f[1](cell)
        return f[0](o) * f[2](c), c
    return _recurrent(node, x, w, r, bias, lengths, h0, 4, ["sigmoid", "tanh", "tanh"],
                      step, c0)


@op("Conv")
def _conv(node, x, w, bias=None):
    rank = x.data.ndim - 2
    strides, dilations = node.attr("strides", [1] * rank), node.attr("dilations", [1] * rank)
    pads, group = node.attr("pads", [0] * 2 * rank), node.attr("group", 1)
    if node.attr("auto_pad", "NOTSET") != "NOTSET":
        node.fail("auto_pad is not supported")
    data = np.pad(x.data, [(0, 0), (0, 0)] + [(pads[i], pads[rank + i]) for i in range(rank)])
    kernel = w.shape[2:]
    out = [(data.shape[2 + i] - dilations[i] * (kernel[i] - 1) - 1) // strides[i] + 1
           for i in range(rank)]
    y = np.zeros((x.shape[0], w.shape[0], *out))
    inside, outside = w.shape[1], w.shape[0] // group
    for tap in np.ndindex(*kernel):
        view = data[(slice(None), slice(None), *[
            slice(tap[i] * dilations[i], tap[i] * dilations[i] + (out[i] - 1) * strides[i] + 1,
                  strides[i]) for i in range(rank)])]
        for g in range(group):
            part = view[:, g * inside:(g + 1) * inside]
            rows = w.data[(slice(g * outside, (g + 1) * outside), slice(None), *tap)]
            y[:, g * outside:(g + 1) * outside] += np.einsum("bc...,oc->bo...", part, rows)
    if bias is not None:
        y += bias.data.reshape([1, -1] + [1] * rank)
    return x.like(y)
