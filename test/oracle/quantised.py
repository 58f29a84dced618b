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


def unpack_stream(data, bits, count):
    """The first `count` integers of a stream of bits along the last axis, which may
    cross bytes, lowest bits first."""
    ones = np.unpackbits(data, axis=-1, bitorder="little")[..., :count * bits]
    ones = ones.reshape(data.shape[:-1] + (count, bits)).astype(np.int64)
    return (ones << np.arange(bits)).sum(-1)


E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6])


def e2m1(codes):
    """What codes of four bits stand for: sign, two bits of exponent, one of fraction."""
    return np.where(codes & 8, -1.0, 1.0) * E2M1[codes & 7]


def spread(scales, block_rows, block, rows, width):
    """[N, width] scales from one for each block of rows and columns; block 0: all."""
    if scales.ndim == 1:
        scales = scales[:, None]
    row = np.arange(rows) // block_rows
    column = np.arange(width) // block if block else np.zeros(width, int)
    return scales[row[:, None], column[None, :]]
