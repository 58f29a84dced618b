# ===-- value_products.py - products of two values of the run --------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""MatMul and Gemm of two inputs, of extents around those of vectors, panels and blocks,
against the oracle; and the same bits with one thread and with two."""

import sys

import ml_dtypes
import numpy as np
from nodes import Nodes
from onnx import helper

rng = np.random.default_rng(31)
TOLERANCE = {np.dtype(np.float32): 2e-6, np.dtype(np.float16): 2e-3, np.dtype(ml_dtypes.bfloat16): 1.6e-2}


def normal(*shape, dtype=np.float32):
    return rng.standard_normal(shape).astype(dtype)


class Products(Nodes):
    def product(self, label, a, b, perm=None, symbols=None, op="MatMul", more=(), **attrs):
        """`perm`: of a Transpose in front of b."""
        self.add(f"{label} {a.shape} {b.shape} {a.dtype}", op, [a, b, *more], attrs, symbols=symbols,
                 tolerance=TOLERANCE[a.dtype])
        if perm:
            node = self.nodes.pop()
            turned = node.input[1] + "_turned"
            self.nodes.append(helper.make_node("Transpose", [node.input[1]], [turned], turned, perm=perm))
            node.input[1] = turned
            self.nodes.append(node)

    def compare(self, mine, exact):
        """bfloat16 comes as its bits."""
        numbers = {name: value.view(ml_dtypes.bfloat16) if value.dtype == np.uint16 else value
                   for name, value in mine.items()}
        return super().compare(numbers, exact)


SYMBOLS = {0: ["B", None, "M", "K"], 1: ["B", None, "K", "N"]}
TURNED = {0: ["B", None, "M", "K"], 1: ["B", None, "N", "K"]}


def extents(p):
    for m, k, n in [(1, 1, 1), (1, 31, 33), (2, 33, 31), (3, 257, 65), (33, 31, 1), (31, 16, 257),
                    (257, 65, 33), (13, 600, 40), (97, 64, 64)]:
        for batch in (1, 3):
            a, b = normal(batch, 2, m, k), normal(batch, 2, k, n)
            turned = np.ascontiguousarray(b.swapaxes(2, 3))
            p.product("known", a, b)
            p.product("unknown", a, b, symbols=SYMBOLS)
            p.product("turned", a, turned, [0, 1, 3, 2])
            p.product("turned, unknown", a, turned, [0, 1, 3, 2], symbols=TURNED)
    # Heads behind the sequence, as they are projected.
    p.product("heads", normal(2, 4, 5, 16), normal(2, 7, 4, 16), [0, 2, 3, 1])


def empty(p):
    for shape in [(0, 2, 3, 5, 7), (2, 2, 0, 5, 7), (2, 2, 3, 0, 7), (2, 2, 3, 5, 0)]:
        batch, heads, m, k, n = shape
        p.product("empty", normal(batch, heads, m, k), normal(batch, heads, k, n), symbols=SYMBOLS)
        p.product("empty, turned", normal(batch, heads, m, k), normal(batch, heads, n, k), [0, 1, 3, 2],
                  symbols=TURNED)


def types(p):
    for dtype in (np.float16, ml_dtypes.bfloat16):
        for m, k, n in [(1, 64, 33), (14, 31, 65), (31, 300, 16)]:
            a, b = normal(2, 2, m, k, dtype=dtype), normal(2, 2, k, n, dtype=dtype)
            p.product("half", a, b)
            p.product("half, turned", a, np.ascontiguousarray(b.swapaxes(2, 3)), [0, 1, 3, 2], symbols=TURNED)


def broadcasts(p):
    p.product("one matrix", normal(2, 3, 5, 16), normal(16, 7))
    p.product("one matrix of many", normal(2, 3, 5, 16), normal(1, 1, 16, 7))
    p.product("groups", normal(2, 2, 3, 5, 16), normal(2, 2, 1, 16, 7))
    p.product("rows repeated", normal(1, 5, 16), normal(3, 16, 7), symbols={1: ["B", None, None]})
    p.product("rows of fewer dimensions", normal(5, 16), normal(2, 3, 16, 7))
    p.product("inner matrices", normal(2, 3, 5, 16), normal(1, 3, 16, 7))
    p.product("fewer matrices", normal(2, 3, 5, 16), normal(3, 16, 7))
    p.product("plain", normal(5, 16), normal(16, 40), symbols={0: ["M", None], 1: [None, "N"]})
    p.product("gemm", normal(5, 16), normal(40, 16), op="Gemm", more=[normal(40)], transB=1)
    p.product("gemm, turned", normal(5, 16), normal(16, 40), [1, 0], op="Gemm", transB=1)


def special(p):
    """What is no number stays in its row and column."""
    for m in (1, 14):
        a, b = normal(1, 1, m, 33), normal(1, 1, 33, 45)
        a[0, 0, 0, 3], b[0, 0, 7, 44], b[0, 0, 8, 1] = np.nan, np.inf, -np.inf
        p.product("special", a, b)
        p.product("special, turned", a, np.ascontiguousarray(b.swapaxes(2, 3)), [0, 1, 3, 2])


def main():
    p = Products()
    for build in (extents, empty, types, broadcasts, special):
        build(p)
    status = 0
    for level in ("x86-64-v4", "x86-64-v3"):
        bits = []
        for threads in (1, 2):
            found = p.evaluate(threads, ["--cpu", level])
            if isinstance(found, str):
                print(found)
                return 1
            wrong = p.compare(*found)
            bits.append({name: value.tobytes() for name, value in found[0].items()})
            print(f"{level}, {threads} threads: {len(found[0])} outputs, {wrong} wrong")
            status |= wrong != 0
        if bits[0] != bits[1]:
            print("threads make a difference")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
