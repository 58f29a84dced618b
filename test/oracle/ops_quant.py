# ===-- ops_quant.py - quantised operators -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""MatMulNBits, GatherBlockQuantized, and the linear quantisation operators."""

import numpy as np
from onnx import TensorProto

from .interpreter import op
from .quantised import unpack
from .values import Value, storage

MS = "com.microsoft"


@op("MatMulNBits", domain=MS)
def _matmul_nbits(node, a, b, scales, zeros=None, order=None, bias=None):
    if order is not None:
        node.fail("g_idx is not supported")
    rows, width = node.attr("N"), node.attr("K")
    bits, block = node.attr("bits", 4), node.attr("block_size")
    blocks = -(-width // block)
    q = b.data.reshape(rows, blocks, -1)
    # Each block is packed by itself; the last one is padded to its full size.
    codes = unpack(q, bits, block).reshape(rows, blocks * block)[:, :width]
    scale = scales.data.reshape(rows, blocks)
    which = np.arange(width) // block
    if zeros is None:
        zero = np.full((rows, blocks), 1 << (bits - 1))
    elif zeros.is_float:
        zero = zeros.data.reshape(rows, blocks)
    else:
        zero = unpack(zeros.data.reshape(rows, -1), bits, blocks)
    w = (codes - zero[:, which]) * scale[:, which]
    y = a.data @ w.T
    return a.like(y if bias is None else y + bias.data)


@op("GatherBlockQuantized", domain=MS)
def _gather_block_quantized(node, data, indices, scales, zeros=None):
    packed = data.elem == TensorProto.UINT8
    bits = node.attr("bits", 4) if packed else 4
    block = node.attr("block_size", 128)
    q = data.data
    axis = node.attr("quantize_axis", 1) % q.ndim
    gather = node.attr("gather_axis", 0) % q.ndim
    if packed and bits < 8:
        if axis != q.ndim - 1:
            node.fail("packed data must be quantised along its last axis")
        q = unpack(q, bits, q.shape[-1] * (8 // bits))
    q = np.moveaxis(q.astype(np.int64), axis, -1)
    scale = np.moveaxis(scales.data, axis, -1)
    if zeros is None:
        zero = (1 << (bits - 1)) if packed else 0
        zero = np.full(scale.shape, zero)
    else:
        zero = zeros.data
        if packed and bits < 8:
            zero = unpack(zero, bits, scale.shape[-1])
        zero = np.moveaxis(zero.astype(np.int64), axis, -1)
    which = np.arange(q.shape[-1]) // block
    w = np.moveaxis((q - zero[..., which]) * scale[..., which], -1, axis)
    index = indices.data
    index = np.where(index < 0, index + w.shape[gather], index)
    outside = (index < 0) | (index >= w.shape[gather])
    taken = np.take(w, np.where(outside, 0, index), gather)
    shape = [1] * gather + list(index.shape) + [1] * (w.ndim - gather - 1)
    return scales.like(np.where(outside.reshape(shape), 0.0, taken))


def _spread(node, x, t):
    """Scale or zero point spread over x: per tensor, per axis, or per block."""
    if t.ndim == 0 or t.size == 1 and t.ndim <= 1:
        return t.reshape(-1)[0]
    axis = node.attr("axis", 1) % x.ndim
    block = node.attr("block_size", 0)
    if block:
        return np.take(t, np.arange(x.shape[axis]) // block, axis)
    return t.reshape([-1 if i == axis else 1 for i in range(x.ndim)])


@op("DequantizeLinear")
@op("DequantizeLinear", domain=MS)
def _dequantize(node, x, scale, zero=None):
    data = x.data.astype(np.float64)
    if zero is not None:
        data = data - _spread(node, data, zero.data.astype(np.float64))
    return scale.like(data * _spread(node, data, scale.data))


_RANGES = {TensorProto.UINT8: (0, 255), TensorProto.INT8: (-128, 127),
           TensorProto.UINT16: (0, 65535), TensorProto.INT16: (-32768, 32767),
           TensorProto.UINT4: (0, 15), TensorProto.INT4: (-8, 7)}


@op("QuantizeLinear")
@op("QuantizeLinear", domain=MS)
def _quantize(node, x, scale, zero=None):
    elem = zero.elem if zero is not None else node.attr("output_dtype", 0) or TensorProto.UINT8
    low, high = _RANGES[elem]
    q = np.rint(x.data / _spread(node, x.data, scale.data))
    if zero is not None:
        q = q + _spread(node, x.data, zero.data.astype(np.float64))
    return Value(np.clip(q, low, high).astype(storage(elem)), elem)


@op("DynamicQuantizeLinear")
def _dynamic_quantize(node, x):
    low, high = min(0.0, x.data.min()), max(0.0, x.data.max())
    scale = (high - low) / 255 or 1.0
    zero = np.clip(np.rint(-low / scale), 0, 255)
    q = np.clip(np.rint(x.data / scale) + zero, 0, 255)
    return Value(q, TensorProto.UINT8), x.like(scale), Value(zero, TensorProto.UINT8)


@op("MatMulInteger")
def _matmul_integer(node, a, b, zero_a=None, zero_b=None):
    left, right = a.data.astype(np.int32), b.data.astype(np.int32)
    if zero_a is not None:
        z = zero_a.data.astype(np.int32)
        left = left - (z[:, None] if z.ndim == 1 and z.size > 1 else z)
    if zero_b is not None:
        right = right - zero_b.data.astype(np.int32)
    return Value(left @ right, TensorProto.INT32)
