# ===-- grouped_matmul_cases.py - the CPU schedule against float64 --------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Compiles moe.grouped_matmul for the CPU levels named on the command line, runs it
on ragged groups of rows and compares with float64. Levels that this machine cannot run
are compiled all the same and counted apart."""

import ctypes
import itertools
import math
import os
import subprocess
import sys
import tempfile

import numpy as np

PASSES = ["--moec-free-buffers", "--moec-outline-tasks", "--convert-scf-to-cf",
          "--expand-strided-metadata", "--lower-affine", "--moec-lower-to-llvm",
          "--moec-thread-status"]
# What generated code asks of the runtime: here every item runs in turn, in falling
# order, on a scratch area and a stack that hold garbage.
RUNTIME = r"""
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
typedef int32_t (*task_fn)(void *, const void *, int64_t, int32_t);
static int64_t live, items;
int32_t moec_rt_alloc(void *c, int64_t bytes, int32_t site, void **out) {
  ++live;
  *out = aligned_alloc(64, (bytes + 127) / 64 * 64);
  memset(*out, 0x7f, bytes);
  return 0;
}
void moec_rt_free(void *c, void *p) { --live; free(p); }
static void __attribute__((noinline)) dirty(void) {
  volatile char area[1 << 17];
  for (int i = 0; i < (1 << 17); ++i) area[i] = (char)0xff;
}
int32_t moec_rt_parallel_for(void *c, task_fn task, const void *args, int64_t n) {
  for (int64_t i = n; i-- > 0;) {
    dirty();
    ++items;
    if (task(c, args, i, 0)) return 1;
  }
  return 0;
}
int64_t harness_live(void) { return live; }
int64_t harness_items(void) { int64_t n = items; items = 0; return n; }
"""
NAMES = {"float32": "f32", "float16": "f16", "bfloat16": "bf16", "int32": "i32"}
rng = np.random.default_rng(20261123)


def to_bf16(a):
    """Rounded to bf16, kept as its bits."""
    bits = np.ascontiguousarray(a, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def store(a, kind):
    """The array as it lies in memory."""
    if kind == "bf16":
        return to_bf16(a)
    return a.astype({"f32": np.float32, "f16": np.float16}[kind])


def value(a, kind):
    """What is stored, in float64."""
    if kind == "bf16":
        return (a.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return a.astype(np.float64)


def sigmoid(v):
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-v))


def activate(text, h):
    name, *rest = [part.strip() for part in text.split(",")]
    constants = dict((c.split("=")[0].strip(), float(c.split("=")[1])) for c in rest)
    if name == "relu":
        return np.maximum(h, 0)
    if name == "gelu_tanh":
        return 0.5 * h * (1 + np.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)))
    if name == "gelu_erf":
        return 0.5 * h * (1 + np.vectorize(math.erf)(h / math.sqrt(2)))
    if name == "silu":
        return h * sigmoid(h)
    if name == "swiglu":
        limit = constants.get("limit", math.inf)
        gate, up = np.minimum(h[:, 0::2], limit), np.clip(h[:, 1::2], -limit, limit)
        return gate * sigmoid(constants.get("alpha", 1.0) * gate) * (up + constants.get("beta", 0.0))
    return h


def pack(w, gated):
    """[E, N, K] to panels, by the definition of moe.pack_panels."""
    experts, n, k = w.shape
    panels = np.zeros((experts, (n + 31) // 32, k, 32), w.dtype)
    for column in range(n):
        p, j = divmod(column, 32)
        if gated:
            p, j = column // 32, column % 32 // 2 + (16 if column % 2 else 0)
        panels[:, p, :, j] = w[:, column, :]
    return panels


def aligned(a):
    """A copy that starts on a cache line and ends where its memory does."""
    raw = np.empty(a.nbytes + 128, np.uint8)
    start = -raw.ctypes.data % 64
    out = raw[start:start + a.nbytes].view(a.dtype).reshape(a.shape)
    out[...] = a
    return out


EXTRAS = {"s": "scales", "z": "zero_points"}


class Case:
    extras, format = [], ""

    def __init__(self, number, counts, k, n, activation="identity", x="f32", w="f32", out="f32",
                 gather=False, bias=None, dynamic="", slack=0, wild=False, layout="panels", equal=False):
        self.name = f"case{number}"
        self.layout, self.equal = layout, equal
        self.counts, self.k, self.n, self.activation = counts, k, n, activation
        self.kinds, self.gather, self.bias, self.dynamic = (x, w, out), gather, bias, dynamic
        self.slack, self.wild = slack, wild
        self.gated = activation.startswith("swiglu")
        self.width = n // 2 if self.gated else n

    def __str__(self):
        return (f"{self.name}: counts {self.counts} K {self.k} N {self.n} {self.activation} "
                f"{'/'.join(self.kinds)} gather {self.gather} bias {self.bias} "
                f"dynamic '{self.dynamic}' wild {self.wild} {self.layout} equal {self.equal}")

    def types(self):
        experts, (x, w, out) = len(self.counts), self.kinds
        e = "?" if "E" in self.dynamic else experts
        e1 = "?" if "E" in self.dynamic else experts + 1
        k = "?" if "K" in self.dynamic else self.k
        n = "?" if "N" in self.dynamic else self.n
        width = "?" if "N" in self.dynamic else self.width
        panels = "?" if "N" in self.dynamic else (self.n + 31) // 32
        matrices = {"panels": f"{panels}x{k}x32", "kn": f"{k}x{n}", "nk": f"{n}x{k}"}[self.layout]
        return {"x": f"memref<?x{k}x{x}>", "w": f"memref<{e}x{matrices}x{w}>",
                "o": f"memref<{e1}xi32>", "r": "memref<?xi32>",
                "b": f"memref<{e}x{n}x{self.bias}>", "y": f"memref<?x{width}x{out}>"}

    def text(self):
        t = self.types()
        ins = ["x", "w"] + ["o"] * (not self.equal)
        args = ins + ["r"] * self.gather + ["b"] * bool(self.bias) + self.extras + ["y"]
        s = f"func.func @{self.name}(" + ", ".join(f"%{a}: {t[a]}" for a in args) + ") {\n"
        s += f"  moe.grouped_matmul ins({', '.join('%' + a for a in ins)} : {', '.join(t[a] for a in ins)})"
        s += f" rows(%r : {t['r']})" * self.gather + f" bias(%b : {t['b']})" * bool(self.bias)
        s += "".join(f" {EXTRAS[a]}(%{a} : {t[a]})" for a in self.extras)
        s += f" outs(%y : {t['y']}) {{activation = #moe.activation<{self.activation}>, "
        n = f", n = {self.n}" * (self.layout == "panels")
        return s + f"layout = #moe.layout<{self.layout}>{n}{self.format}}}\n  return\n}}\n"

    def lay(self, w):
        """The matrices [E, N, K] as they lie in memory."""
        if self.layout == "panels":
            return pack(w, self.gated)
        return w.transpose(0, 2, 1) if self.layout == "kn" else w

    def matrices(self):
        """The weights as they lie in memory, what belongs to them, and their values."""
        kind = self.kinds[1]
        w = store(rng.standard_normal((len(self.counts), self.n, self.k)) / math.sqrt(self.k), kind)
        # What lies behind a matrix must not be read, or must not matter.
        lain = self.lay(w)
        padded = np.concatenate([lain.reshape(-1), store(np.full(512, np.nan), kind)])
        return aligned(padded)[:lain.size].reshape(lain.shape), [], value(w, kind)

    def run(self, library):
        xk, wk, yk = self.kinds
        experts, total = len(self.counts), sum(self.counts)
        tokens = max(total // 2, 1) if self.gather else total + self.slack
        x = store(rng.standard_normal((tokens, self.k)), xk)
        place, extras, wv = self.matrices()
        offsets = np.cumsum([0] + self.counts).astype(np.int32)
        rows = rng.integers(0, tokens, total + self.slack).astype(np.int32)
        bias = store(rng.standard_normal((experts, self.n)), self.bias or "f32")
        # Rows that must not be written hold a pattern; two more follow the buffer.
        limit = total + self.slack
        y = store(np.full((limit + 2, self.width), 77.0), yk)
        given = rows.copy()
        if self.wild and total:
            given[:: 3] = rng.choice([-5, tokens, 2**31 - 1, -2**31], len(given[::3]))
        args = [(x, x.shape), (place, None)] + [(offsets, None)] * (not self.equal)
        args += [(given, None)] * self.gather + [(bias, None)] * bool(self.bias)
        args += [(extra, None) for extra in extras]
        y = aligned(y)
        args.append((y, (limit, self.width)))

        flat, keep = [ctypes.c_void_p(0)], []
        for array, shape in args:
            array = aligned(array) if array is not y and array is not place else array
            keep.append(array)
            shape = shape or array.shape
            strides = [int(np.prod(shape[i + 1:])) for i in range(len(shape))]
            flat += [ctypes.c_void_p(array.ctypes.data)] * 2 + [ctypes.c_int64(0)]
            flat += [ctypes.c_int64(v) for v in list(shape) + strides]
        if getattr(library, self.name)(*flat) != 0:
            return "failed"
        items = library.harness_items()

        source = np.clip(given, 0, max(tokens - 1, 0)) if self.gather else np.arange(limit)
        xv, bv = value(x, xk), value(bias, self.bias or "f32")
        got = value(y, yk)
        worst, tolerance = 0.0, {"f32": 3e-6, "f16": 1e-3, "bf16": 8e-3}[yk]
        for e, count in enumerate(self.counts):
            if count == 0:
                continue
            begin = offsets[e]
            h = xv[source[begin:begin + count]] @ wv[e].T
            if self.bias:
                h = h + bv[e]
            want = activate(self.activation, h)
            scale = max(np.abs(want).max(), 1.0)
            worst = max(worst, (np.abs(got[begin:begin + count] - want) / scale).max())
        if not worst <= tolerance:
            return f"error {worst:.3g}"
        if not (got[total:] == value(store(np.full(1, 77.0), yk), yk)).all():
            return "wrote rows that no expert has"
        if library.harness_live() != 0:
            return "left memory allocated"
        if (items == 0) != (total == 0):
            return f"ran {items} items for {total} rows"
        return None


class Coded(Case):
    """Weights of few bits, a scale and a zero point for each block of a row, or for the row."""

    def __init__(self, number, counts, k, n, bits, block, zeros=None, scales="f32", **options):
        super().__init__(number, counts, k, n, layout="nk", **options)
        self.bits, self.block, self.zeros, self.scales = bits, block, zeros, scales
        self.blocks = -(-k // block) if block else 1
        self.extras = ["s"] + ["z"] * bool(zeros)
        self.format = f", quant = #moe.quant<bits = {bits}, block = {block}>" if block else f", quant = #moe.quant<bits = {bits}>"

    def __str__(self):
        return f"{super().__str__()} bits {self.bits} block {self.block} zeros {self.zeros} scales {self.scales}"

    def bytes_of(self, codes):
        return -(-codes * self.bits // 8)

    def types(self):
        e, n = "?" if "E" in self.dynamic else len(self.counts), "?" if "N" in self.dynamic else self.n
        zeros = {"rows": f"{self.bytes_of(self.n)}", "blocks": f"{n}x{self.bytes_of(self.blocks)}", None: ""}[self.zeros]
        blocks = f"x{self.blocks}" if self.block else ""
        return {**super().types(), "w": f"memref<{e}x{n}x{self.bytes_of(self.k)}xi8>",
                "s": f"memref<{e}x{n}{blocks}x{self.scales}>", "z": f"memref<{e}x{zeros}xi8>"}

    def pack(self, codes):
        """Codes of the last dimension in bytes, the lowest bits first."""
        bits = (codes[..., None] >> np.arange(self.bits)) & 1
        return np.packbits(bits.reshape(*codes.shape[:-1], -1).astype(np.uint8), axis=-1, bitorder="little")

    def matrices(self):
        shape = len(self.counts), self.n
        def draw(*more):
            return rng.integers(0, 2 ** self.bits, (*shape, *more))
        codes, number = draw(self.k), np.arange(self.k) // (self.block or self.k)
        scales = store(rng.uniform(0.5, 1.5, (*shape, self.blocks)) / 2 ** self.bits / math.sqrt(self.k), self.scales)
        zeros = draw(self.blocks) if self.zeros else np.full((*shape, self.blocks), 2 ** (self.bits - 1))
        packed = self.pack(codes)
        # Behind the last byte there is nothing that may be read.
        place = aligned(packed)
        stored = self.pack(zeros[..., 0]) if self.zeros == "rows" else self.pack(zeros)
        extras = [scales if self.block else scales[..., 0].copy()] + [stored] * bool(self.zeros)
        return place, extras, (codes - zeros[..., number]) * value(scales, self.scales)[..., number]


class Sweep(Case):
    """The activation alone (weights are 1, depth 1), over f32 near and far, by the
    relative error: this bounds the errors of the functions that it is made of."""

    POINTS = 40000

    def __init__(self, number, activation, far, bound):
        super().__init__(number, [self.POINTS], 1, 32, activation)
        self.far, self.bound = far, bound

    def run(self, library):
        spread = np.linspace(-self.far, self.far, self.POINTS - 3)
        x = np.concatenate([spread, [np.nan, np.inf, -np.inf]]).astype(np.float32)
        w = aligned(np.ones((1, 1, 1, 32), np.float32))
        offsets = np.array([0, self.POINTS], np.int32)
        y = aligned(np.zeros((self.POINTS, 32), np.float32))
        flat = [ctypes.c_void_p(0)]
        for array in (x.reshape(-1, 1), w, offsets, y):
            flat += [ctypes.c_void_p(array.ctypes.data)] * 2 + [ctypes.c_int64(0)]
            flat += [ctypes.c_int64(v) for v in array.shape]
            flat += [ctypes.c_int64(v // array.itemsize) for v in array.strides]
        if getattr(library, self.name)(*flat) != 0:
            return "failed"
        library.harness_items()
        if not (y == y[:, :1]).all(axis=1)[:-3].all():
            return "columns differ"
        with np.errstate(all="ignore"):
            want = self.exact(x.astype(np.float64))
            got = y[:, 0].astype(np.float64)
            normal = np.abs(want) > 1.2e-38
            error = (np.abs(got - want) / np.abs(want))[normal & np.isfinite(want)].max()
        if not error <= self.bound:
            return f"relative error {error:.3g}"
        if not (np.isnan(got[-3]) and got[-2] == np.inf):
            return f"of NaN and infinity made {got[-3:]}"
        return None

    def exact(self, x):
        if self.activation == "silu":
            # Exact where e^-x is huge, too.
            return x * np.where(x > 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))
        return 0.5 * x * np.vectorize(math.erfc)(-x / math.sqrt(2))


def make_cases():
    swiglu = "swiglu, alpha = 1.702, beta = 1.0, limit = 7.0"
    numbers = itertools.count()
    cases = []

    def case(*args, **options):
        cases.append(Case(next(numbers), *args, **options))

    # Every number of rows of the largest tile and around a block of rows.
    case(list(range(0, 27)), 64, 64)
    case([71, 72, 73, 95, 96, 97, 200], 48, 32)
    case([0, 0, 5, 0, 1, 0], 37, 74, gather=True, bias="f32")
    case([3, 0, 14], 544, 96, swiglu, gather=True, bias="f32")
    case([0, 0, 0], 16, 32)
    case([1], 1, 1)
    case([7, 2], 3, 33, bias="f32")
    case([1, 2, 3, 4, 5, 6, 7], 1300, 40, "silu", bias="f32")
    case([100], 513, 31, "gelu_erf")
    case([13, 1], 512, 64, "gelu_tanh", bias="f16")
    case([4, 9], 2048, 160, "relu", bias="bf16", slack=3)
    case([rng.integers(0, 4) for _ in range(60)], 37, 74, swiglu, gather=True, bias="f32")
    case([int(i % 3 == 0) for i in range(256)], 40, 48, "swiglu", gather=True)
    # Extents that are known at run time only.
    case([5, 0, 30], 544, 74, swiglu, gather=True, bias="f32", dynamic="EK")
    case([5, 0, 30], 37, 74, "silu", bias="f32", dynamic="EKN")
    case([1, 19], 1030, 96, dynamic="K")
    # Storage of 16 bits.
    for x, w, out in [("f16", "f16", "f16"), ("f16", "f16", "f32"), ("bf16", "bf16", "bf16"),
                      ("bf16", "f32", "f32"), ("f32", "bf16", "f32"), ("f32", "f16", "f32")]:
        case([1, 0, 2, 15, 25], 37, 74, swiglu, x=x, w=w, out=out, gather=True, bias=x)
        case([1, 30], 600, 70, x=x, w=w, out=out, slack=1)
    cases.append(Sweep(next(numbers), "silu", 87.0, 5e-7))
    cases.append(Sweep(next(numbers), "silu", 3.0, 5e-7))
    # 1 + erf cancels below zero, where gelu itself vanishes.
    cases.append(Sweep(next(numbers), "gelu_erf", 1.0, 1e-6))
    # Matrices in rows: no column or step of K that a vector's width divides, and
    # around a panel and a block of K. Every number of rows, as above.
    for layout in "kn", "nk":
        case(list(range(0, 27)), 64, 64, layout=layout)
        case([71, 72, 73, 95, 96, 97, 200], 48, 32, layout=layout)
        for k, n in [(1, 1), (33, 31), (257, 65), (513, 96)]:
            case([7, 1, 0, 13], k, n, layout=layout)
        for k, n in [(16, 16), (31, 33), (256, 64), (1300, 40)]:
            case([5] * 3, k, n, layout=layout, equal=True, dynamic="EKN")
        case([5, 0, 30], 37, 74, "silu", bias="f32", dynamic="EKN", layout=layout, gather=True)
        case([4, 9], 300, 160, "relu", bias="bf16", slack=3, layout=layout)
        case([0, 0, 0], 16, 32, layout=layout, equal=True)
        case([1] * 60, 128, 40, layout=layout, equal=True)
        case([100] * 2, 513, 31, layout=layout, equal=True, dynamic="K")
        case([97], 128, 128, layout=layout, equal=True, dynamic="E")
        for x, w, out in [("f16", "f16", "f16"), ("bf16", "bf16", "bf16"), ("f32", "bf16", "f32")]:
            case([15] * 3, 37, 74, x=x, w=w, out=out, layout=layout, equal=True)
        for x, w, out in [("f16", "f16", "f32"), ("bf16", "f32", "f32"), ("f32", "f16", "f32")]:
            case([1, 30], 600, 70, x=x, w=w, out=out, slack=1, layout=layout, dynamic="KN")
    # Codes: no step of K that a vector's width divides, zero points of both kinds,
    # gates and ups by turns.
    def coded(*args, **options):
        cases.append(Coded(next(numbers), *args, **options))

    for bits in 2, 4, 8:
        coded([3, 0, 17, 1], 64, 40, bits, 16, "blocks")
        coded([5, 2], 300, 33, bits, 32, "blocks", bias="f32", gather=True)
        coded([2, 9], 48, 96, bits, 0, "rows")
        coded([1, 30], 40, 64, bits, 16, activation=swiglu, gather=True)
    coded(list(range(0, 27)), 64, 64, 4, 32)
    coded([97, 1], 44, 70, 4, 16, "blocks", activation=swiglu, bias="f32")
    coded([4, 9], 520, 31, 4, 128, "blocks", scales="f16", x="f16", out="f16")
    coded([4, 9], 520, 31, 8, 64, "blocks", scales="bf16", x="bf16", out="f32")
    coded([5, 0, 30], 37, 74, 4, 16, "blocks", activation="silu", dynamic="EK", gather=True, wild=True)
    # No matrix, and no step of K: products are zeros.
    case([], 16, 32, layout="nk", equal=True, dynamic="E")
    case([3], 0, 40, layout="kn", equal=True, dynamic="K")
    case([3], 0, 40, layout="nk", equal=True, dynamic="K")
    # Rows from data never lead outside of x.
    case([9, 3], 64, 64, gather=True, wild=True)
    return cases


def machine_levels():
    with open("/proc/cpuinfo") as f:
        flags = set(next(line for line in f if line.startswith("flags")).split())
    levels = []
    if {"avx2", "fma", "bmi2", "f16c"} <= flags:
        levels.append("x86-64-v3")
    if {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"} <= flags:
        levels.append("x86-64-v4")
    return levels


def main():
    bindir = os.path.dirname(subprocess.run(["sh", "-c", "command -v llc"], stdout=subprocess.PIPE,
                                            text=True, check=True).stdout.strip())
    cases = make_cases()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        path = lambda name: os.path.join(folder, name)
        with open(path("in.mlir"), "w") as f:
            f.write("".join(c.text() for c in cases))
        with open(path("rt.c"), "w") as f:
            f.write(RUNTIME)
        for level in sys.argv[1:]:
            subprocess.run(["moec-opt", path("in.mlir"), f"--moec-schedule-grouped-matmul=level={level} count-tasks=false",
                            "--canonicalize", "--cse"] + PASSES + ["-o", path("out.mlir")], check=True)
            with open(path("out.ll"), "w") as f:
                subprocess.run(["mlir-translate", "--mlir-to-llvmir", path("out.mlir")], stdout=f, check=True)
            subprocess.run([os.path.join(bindir, "opt"), "-O2", f"-mcpu={level}", path("out.ll"), "-o", path("out.bc"),
                            "-mtriple=x86_64-unknown-linux-gnu"], check=True)
            subprocess.run(["llc", "-O2", f"-mcpu={level}", "-relocation-model=pic", "-filetype=obj",
                            path("out.bc"), "-o", path("out.o")], check=True)
            shared = path(level + ".so")
            subprocess.run([os.path.join(bindir, "clang"), "-O1", "-w", "-shared", "-fPIC", path("rt.c"),
                            path("out.o"), "-o", shared, "-Wl,-z,defs"], check=True)
            if level not in machine_levels():
                print(f"{level}: {len(cases)} cases compiled, this machine cannot run them")
                continue
            library = ctypes.CDLL(shared)
            library.harness_live.restype = library.harness_items.restype = ctypes.c_int64
            for c in cases:
                message = c.run(library)
                if message:
                    wrong += 1
                    print(f"{level} {c}: {message}")
            print(f"{level}: {len(cases)} cases, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
