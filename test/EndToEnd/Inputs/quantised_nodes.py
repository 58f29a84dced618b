# ===-- quantised_nodes.py - block-quantised operators, node by node -------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""MatMulNBits and GatherBlockQuantized against the oracle."""

import sys

import ml_dtypes
import numpy as np
from nodes import MS, Nodes

rng = np.random.default_rng(11)


def normal(*shape, dtype=np.float32):
    return rng.standard_normal(shape).astype(dtype)


def byte(*shape):
    return rng.integers(0, 256, shape).astype(np.uint8)


def matmul(nodes, label, rows, n, k, bits=4, block=32, zeros=None, bias=False, flat=False,
           dtype=np.float32, symbols=None, constants=(1, 2, 3, 5)):
    blocks = -(-k // block)
    scales = np.abs(normal(n, blocks, dtype=dtype)) * dtype(0.1)
    if zeros == "codes":
        zeros = byte(n, -(-blocks * bits // 8))
    elif zeros == "floats":
        zeros = normal(n, blocks, dtype=dtype) + dtype(1 << (bits - 1))
    if flat:
        scales = scales.reshape(-1)
        zeros = None if zeros is None else zeros.reshape(-1)
    inputs = [normal(*rows, k, dtype=dtype), byte(n, blocks, block * bits // 8), scales, zeros,
              None, normal(n, dtype=dtype) if bias else None]
    while inputs[-1] is None:
        inputs.pop()
    nodes.add(f"MatMulNBits {label}", "MatMulNBits", inputs,
              {"K": k, "N": n, "bits": bits, "block_size": block}, domain=MS,
              constants=constants, symbols=symbols,
              tolerance=1e-3 if dtype == np.float16 else 2e-6)


def matmul_cases(nodes):
    for bits in (2, 4, 8):
        for zeros in (None, "codes", "floats"):
            matmul(nodes, f"{bits} bits, zeros {zeros}", (3,), 10, 64, bits, zeros=zeros)
            matmul(nodes, f"{bits} bits, zeros {zeros}, padded", (2, 2), 7, 75, bits, 16,
                   zeros=zeros, bias=True, flat=True)
    matmul(nodes, "one row of a vocabulary", (1, 1), 1100, 64)
    matmul(nodes, "an uneven last item", (2, 5), 1030, 32, bits=8)
    matmul(nodes, "vector", (), 12, 40, block=128)
    matmul(nodes, "dynamic", (2, 3), 24, 96, symbols={0: ["B", "S"]}, bias=True)
    matmul(nodes, "half", (4,), 24, 96, dtype=np.float16, zeros="floats", bias=True)
    matmul(nodes, "no rows", (0,), 8, 32, symbols={0: ["T"]})
    matmul(nodes, "weights as inputs", (3,), 8, 32, constants=(), zeros="codes")


def gather(nodes, label, shape, data, bits=4, block=32, zeros=False, dtype=np.float32,
           constants=(0, 2, 3), symbols=None):
    width = data[-1] * (8 // bits)
    blocks = -(-width // block)
    inputs = [byte(*data), rng.integers(-data[0], data[0], shape),
              normal(*data[:-1], blocks, dtype=dtype)]
    if zeros:
        inputs.append(byte(*data[:-1], -(-blocks * bits // 8)))
    nodes.add(f"GatherBlockQuantized {label}", "GatherBlockQuantized", inputs,
              {"bits": bits, "block_size": block, "gather_axis": 0,
               "quantize_axis": len(data) - 1}, domain=MS, constants=constants,
              symbols=symbols, tolerance=1e-3 if dtype == np.float16 else 1e-6)


def nibbles(nodes, name, shape, data, zeros, symbols=None, block=16):
    """A table of 4-bit elements: its last extent counts elements, its zero point is 0."""
    low = -8 if name == "int4" else 0
    draw = lambda *extents: rng.integers(low, low + 16, extents).astype(getattr(ml_dtypes, name))
    blocks = (*data[:-1], -(-data[-1] // block))
    nodes.add(f"GatherBlockQuantized {name} {data}, zeros {zeros}", "GatherBlockQuantized",
              [draw(*data), rng.integers(-data[0], data[0], shape), normal(*blocks),
               draw(*blocks) if zeros else None],
              {"block_size": block, "gather_axis": 0, "quantize_axis": len(data) - 1},
              domain=MS, constants=(0, 2, 3), symbols=symbols, tolerance=1e-6)


def gather_cases(nodes):
    for bits in (4, 8):
        for zeros in (False, True):
            gather(nodes, f"{bits} bits, zeros {zeros}", (2, 5), (9, 40), bits, 16, zeros)
    gather(nodes, "dynamic", (2, 3), (9, 32), symbols={1: ["B", "S"]})
    gather(nodes, "scalar", (), (9, 32))
    gather(nodes, "three dimensions", (4,), (5, 3, 24), block=16, zeros=True)
    gather(nodes, "half", (4,), (5, 24), block=16, dtype=np.float16)
    gather(nodes, "table as input", (4,), (5, 24), block=16, constants=())
    for name in ("int4", "uint4"):
        for zeros in (False, True):
            nibbles(nodes, name, (2, 3), (9, 20), zeros)
        nibbles(nodes, name, (4,), (5, 3, 7), True, symbols={1: ["T"]})
    nodes.add("GatherBlockQuantized outside", "GatherBlockQuantized",
              [byte(5, 16), np.array([4, 5, -5, -6, 2**40, -2**40]), normal(5, 2)],
              {"bits": 4, "block_size": 16}, domain=MS, constants=(0, 2))


if __name__ == "__main__":
    nodes = Nodes()
    matmul_cases(nodes)
    gather_cases(nodes)
    sys.exit(nodes.main())
