# ===-- ops_linalg.py - matrix products and normalisations -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""MatMul, Gemm, Einsum and the normalisations."""

import numpy as np

from .interpreter import op

MS = "com.microsoft"


@op("MatMul")
def _matmul(node, a, b):
    return a.like(np.matmul(a.data, b.data))


@op("FusedMatMul", domain=MS)
def _fused_matmul(node, a, b):
    def arrange(x, transpose, batch):
        if x.ndim < 2:
            return x
        if batch:
            x = np.moveaxis(x, 0, -2)
        return np.swapaxes(x, -1, -2) if transpose else x
    left = arrange(a.data, node.attr("transA", 0), node.attr("transBatchA", 0))
    right = arrange(b.data, node.attr("transB", 0), node.attr("transBatchB", 0))
    return a.like(node.attr("alpha", 1.0) * np.matmul(left, right))


@op("Gemm")
def _gemm(node, a, b, c=None):
    left = a.data.T if node.attr("transA", 0) else a.data
    right = b.data.T if node.attr("transB", 0) else b.data
    result = node.attr("alpha", 1.0) * (left @ right)
    if c is not None:
        result = result + node.attr("beta", 1.0) * c.data
    return a.like(result)


@op("Einsum")
def _einsum(node, *values):
    equation = node.attr("equation").replace(" ", "")
    return values[0].like(np.einsum(equation, *[v.data for v in values], optimize=True))


def _normalise(x, axes, epsilon, centre):
    mean = np.mean(x, axis=axes, keepdims=True) if centre else 0.0
    shifted = x - mean
    inverse = 1 / np.sqrt(np.mean(shifted * shifted, axis=axes, keepdims=True) + epsilon)
    return shifted * inverse, mean, inverse


def _last_axes(x, axis):
    return tuple(range(axis % x.ndim, x.ndim))


@op("LayerNormalization")
def _layer_norm(node, x, scale, bias=None):
    axes = _last_axes(x.data, node.attr("axis", -1))
    y, mean, inverse = _normalise(x.data, axes, node.attr("epsilon", 1e-5), True)
    y = y * scale.data
    if bias is not None:
        y = y + bias.data
    return x.like(y), x.like(mean), x.like(inverse)


@op("RMSNormalization")
def _rms_norm(node, x, scale):
    axes = _last_axes(x.data, node.attr("axis", -1))
    return x.like(_normalise(x.data, axes, node.attr("epsilon", 1e-5), False)[0] * scale.data)


@op("SimplifiedLayerNormalization", domain=MS)
def _simplified_layer_norm(node, x, scale):
    axes = _last_axes(x.data, node.attr("axis", -1))
    y, _, inverse = _normalise(x.data, axes, node.attr("epsilon", 1e-5), False)
    return x.like(y * scale.data), x.like(inverse)


def _skip(x, skip, bias):
    total = x.data + skip.data
    return total if bias is None else total + bias.data


@op("SkipSimplifiedLayerNormalization", domain=MS)
def _skip_simplified(node, x, skip, gamma, bias=None):
    total = _skip(x, skip, bias)
    y, _, inverse = _normalise(total, (-1,), node.attr("epsilon", 1e-12), False)
    return x.like(y * gamma.data), x.like(0.0 * inverse), x.like(inverse), x.like(total)


@op("SkipLayerNormalization", domain=MS)
def _skip_layer_norm(node, x, skip, gamma, beta=None, bias=None):
    total = _skip(x, skip, bias)
    y, mean, inverse = _normalise(total, (-1,), node.attr("epsilon", 1e-12), True)
    y = y * gamma.data
    if beta is not None:
        y = y + beta.data
    return x.like(y), x.like(mean), x.like(inverse), x.like(total)


@op("BatchNormalization")
def _batch_norm(node, x, scale, bias, mean, var):
    if node.attr("training_mode", 0):
        node.fail("training mode is not supported")
    shape = [1, -1] + [1] * (x.data.ndim - 2)
    inverse = 1 / np.sqrt(var.data + node.attr("epsilon", 1e-5))
    return x.like((x.data - mean.data.reshape(shape)) * (inverse * scale.data).reshape(shape)
                  + bias.data.reshape(shape))


@op("LpNormalization")
def _lp_norm(node, x):
    order = node.attr("p", 2)
    norm = np.linalg.norm(x.data, ord=order, axis=node.attr("axis", -1), keepdims=True)
    return x.like(np.divide(x.data, norm, out=np.zeros_like(x.data), where=norm != 0))
