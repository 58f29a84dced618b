# ===-- quantised.py - packed integers to float64 -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Unpacking of integers of 2, 4 and 8 bits and block-wise dequantisation."""

import numpy as np


def unpack(data, bits, count):
    """The first `count` integers along the last axis, lowest bits first."""
    if bits == 8:
        return data[..., :count].astype(np.int64)
    per_byte = 8 // bits
    shifts = np.arange(per_byte) * bits
    parts = (data[..., None].astype(np.int64) >> shifts) & ((1 << bits) - 1)
    return parts.reshape(data.shape[:-1] + (-1,))[..., :count]


def dequantise_rows(weights, scales, zeros, bits, width):
    """[N, width] from one scale per row; zero points packed along the rows."""
    q = unpack(weights, bits, width)
    if zeros is None:
        zero = 1 << (bits - 1)
    else:
        zero = unpack(zeros.reshape(-1), bits, q.shape[0])[:, None]
    return (q - zero) * scales[:, None]


def dequantise_blocks(weights, scales, zeros, bits, block, width):
    """[N, width] from one scale per row and block of `block` columns."""
    q = unpack(weights, bits, width)
    blocks = scales.shape[-1]
    if zeros is None:
        zero = np.full(scales.shape, 1 << (bits - 1))
    else:
        zero = unpack(zeros, bits, blocks)
    which = np.arange(width) // block
    return (q - zero[:, which]) * scales[:, which]
