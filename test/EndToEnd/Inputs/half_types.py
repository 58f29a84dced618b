# ===-- half_types.py - every operator in bfloat16 and float16 ------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Compiles every operator of the onnx dialect that takes or makes floats in bfloat16 and in
float16, with known extents and with those of the run, and compares with the float64 oracle:
within two roundings of the type, and bit by bit where an operator only moves elements.

    half_types.py BUILD/dialects/Onnx/IR/OnnxOps.cpp.inc
"""

import sys

import ml_dtypes
import numpy as np
from nodes import Nodes, error
from opset_versions import listed_versions

# Half an ulp, relative.
ROUNDING = {np.dtype(ml_dtypes.bfloat16): 2.0**-8, np.dtype(np.float16): 2.0**-11}
# ONNX's numbers of the float types.
FLOATS = {1: np.float32, 10: np.float16, 11: np.float64, 16: ml_dtypes.bfloat16}
# What sums of f32 lose where they cancel, relative to the greatest result.
SUMS = 1e-5

# Operators without floats of 16 bits, by ONNX or by the dialect.
OTHERS = {"And", "Or", "Xor", "Not", "Range", "Constant"}


def i64(*values):
    return np.array(values, np.int64)


class HalfNodes(Nodes):
    """Nodes whose floats have one type; each operator with known extents and with symbols."""

    def __init__(self, dtype):
        super().__init__(opset=24)
        self.dtype, self.rng = np.dtype(dtype), np.random.default_rng(17)
        self.tried, self.kinds = set(), {}

    def draw(self, *extents, low=-2.0, high=2.0):
        return self.rng.uniform(low, high, extents).astype(self.dtype)

    def special(self, *extents):
        """With what arithmetic would change: NaN, infinities, a zero's sign, the ends."""
        ends = ml_dtypes.finfo(self.dtype)
        values = [np.nan, np.inf, -np.inf, -0.0, 0.0, float(ends.max), float(ends.min),
                  float(ends.tiny), -float(ends.smallest_subnormal), 1.0]
        return np.resize(np.array(values).astype(self.dtype), extents)

    def each(self, op, inputs, attrs=None, outputs=1, moves=False, constants=(), dynamic=True,
             domain="", to=None):
        """`moves`: the result has the operands' bits, or is rounded once to the type `to`."""
        self.tried.add(op)
        for symbols in (False, True) if dynamic else (False,):
            named = {i: [f"I{i}D{dim}" if n > 1 else None for dim, n in enumerate(np.shape(a))]
                     for i, a in enumerate(inputs)
                     if symbols and a is not None and np.asarray(a).dtype == self.dtype}
            self.kinds[len(self.cases)] = moves, np.dtype(to or self.dtype)
            self.add(f"{op} {attrs or ''}{' with symbols' if symbols else ''}", op, inputs, attrs,
                     outputs, domain, constants, named)

    def is_wrong(self, case, y, r):
        """What is wrong with an output, or None."""
        if r.dtype.kind != "f":
            return None if error(y, r) == 0 else "differs"
        moves, dtype = self.kinds[case]
        if y.dtype != (np.uint16 if dtype == ml_dtypes.bfloat16 else dtype):
            return f"has the type {y.dtype}"
        y = y.view(dtype)
        if moves:
            with np.errstate(invalid="ignore"):
                wanted = r.astype(dtype)
            nan, bits = np.isnan(wanted), f"u{dtype.itemsize}"
            same = y.shape == wanted.shape and np.array_equal(nan, np.isnan(y)) and \
                (y.view(bits) == wanted.view(bits))[~nan].all()
            return None if same else "has other bits"
        if y.shape != r.shape:
            return f"has the shape {y.shape}, not {r.shape}"
        y, finite = y.astype(np.float64), np.isfinite(r)
        if not np.array_equal(y[~finite], r[~finite], equal_nan=True):
            return "has other values that are not finite"
        size = np.abs(r[finite])
        bound = 2 * ROUNDING[dtype] * size + SUMS * size.max(initial=0)
        off = np.abs(y[finite] - r[finite]) - bound
        return f"is off by {off.max():.1e} more than two roundings" if (off > 0).any() else None


def elementwise(n):
    x, y = n.draw(3, 7), n.draw(3, 7)
    positive = n.draw(3, 7, low=0.25)
    for op in ("Neg", "Abs", "Sign", "Exp", "Erf", "Tanh", "Sigmoid", "Softplus", "Sin", "Cos",
               "Floor", "Ceil", "Round", "Relu", "Elu", "LeakyRelu", "HardSigmoid", "Swish",
               "Gelu", "IsNaN", "IsInf"):
        n.each(op, [x])
    for op in ("Sqrt", "Reciprocal", "Log"):
        n.each(op, [positive])
    for op in ("IsNaN", "IsInf", "Neg", "Abs", "Relu"):
        n.each(op, [n.special(11)])
    n.each("Gelu", [x], {"approximate": "tanh"})
    for op in ("Add", "Sub", "Mul", "Min", "Max", "Equal", "Less", "LessOrEqual", "Greater",
               "GreaterOrEqual"):
        n.each(op, [x, y])
        n.each(op, [x, np.full((), 0.5, n.dtype)], constants=(1,))
        if op not in ("Min", "Max"):
            n.each(op, [n.special(11), n.special(13)[2:]])
    n.each("Div", [x, positive])
    n.each("Mod", [x, positive], {"fmod": 1})
    n.each("Pow", [positive, y])
    n.each("Min", [x, y, positive])
    n.each("Clip", [x, np.full((), -0.5, n.dtype), np.full((), 0.75, n.dtype)])
    n.each("Where", [np.arange(21).reshape(3, 7) % 2 == 0, n.special(3, 7), x], moves=True)
    n.each("Where", [np.arange(7) % 2 == 0, n.special(7), n.special(1)], moves=True, constants=(2,))
    n.each("BiasGelu", [x, n.draw(7)], domain="com.microsoft")
    n.each("FastGelu", [x], domain="com.microsoft")
    n.each("QuickGelu", [x], domain="com.microsoft")


def casts(n):
    for kind in (2, 3, 5, 6, 7, 9, 12, 13):
        n.each("Cast", [n.draw(3, 7, low=0.0)], {"to": kind})
    for kind, to in FLOATS.items():
        n.each("Cast", [n.draw(3, 7)], {"to": kind}, moves=True, to=to)
    for like in (np.float32, np.float64, np.int64, np.int32, np.uint8, bool):
        x = n.rng.uniform(0, 100, (3, 7)).astype(like)
        n.each("CastLike", [x, n.draw(1)], moves=True)
        n.each("CastLike", [n.draw(5, low=0.0), np.zeros(1, like)], moves=True, to=like)


def reductions(n):
    x, positive = n.draw(3, 4, 5), n.draw(3, 4, 5, low=0.25)
    for op in ("ReduceSum", "ReduceMean", "ReduceProd", "ReduceMax", "ReduceMin", "ReduceL1",
               "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"):
        n.each(op, [positive if op == "ReduceLogSum" else x, i64(-1)], constants=(1,))
        n.each(op, [positive, i64(0, 1)], {"keepdims": 0})
    for op in ("ArgMax", "ArgMin"):
        n.each(op, [x], {"axis": 1})
        n.each(op, [n.draw(3, 4).round().astype(n.dtype)], {"select_last_index": 1})
    for op in ("Softmax", "LogSoftmax"):
        n.each(op, [x])
        n.each(op, [x], {"axis": 1})
    n.each("CumSum", [x, np.array(1)])
    n.each("CumSum", [x, np.array(-1)], {"exclusive": 1, "reverse": 1})
    for op in ("LayerNormalization", "RMSNormalization"):
        n.each(op, [x, n.draw(5)])
    n.each("LayerNormalization", [x, n.draw(5), n.draw(5)])
    n.each("SimplifiedLayerNormalization", [x, n.draw(5)], domain="com.microsoft")
    n.each("SkipLayerNormalization", [x, n.draw(3, 4, 5), n.draw(5)], domain="com.microsoft")
    n.each("SkipSimplifiedLayerNormalization", [x, n.draw(3, 4, 5), n.draw(5)],
           domain="com.microsoft")


def products(n):
    n.each("MatMul", [n.draw(3, 5), n.draw(5, 7)])
    n.each("MatMul", [n.draw(3, 5), n.draw(5, 7)], constants=(1,))
    n.each("MatMul", [n.draw(2, 3, 5), n.draw(2, 5, 4)], dynamic=False)
    n.each("FusedMatMul", [n.draw(3, 5), n.draw(7, 5)], {"transB": 1, "alpha": 0.5},
           domain="com.microsoft", dynamic=False)
    n.each("Gemm", [n.draw(3, 5), n.draw(7, 5), n.draw(7)], {"transB": 1}, dynamic=False)
    n.each("Einsum", [n.draw(3, 5), n.draw(5, 7)], {"equation": "ij,jk->ki"}, dynamic=False)


def indices(n):
    x = n.special(4, 6)
    n.each("Gather", [x, i64(3, 0, -1)], {"axis": 1}, moves=True)
    n.each("GatherElements", [x, np.arange(12).reshape(2, 6) % 4], moves=True)
    n.each("GatherND", [x, i64([0, 1], [3, 5])], moves=True)
    n.each("ScatterElements", [x, i64([0, 1, 3]), n.draw(1, 3)], moves=True)
    n.each("ScatterND", [x, i64([1], [3]), n.special(2, 6)], moves=True, dynamic=False)
    for reduction in ("add", "mul", "max", "min"):
        n.each("ScatterElements", [n.draw(4, 6), i64([0, 1, 3]), n.draw(1, 3)],
               {"reduction": reduction})
        n.each("ScatterND", [n.draw(4, 6), i64([1], [3]), n.draw(2, 6)],
               {"reduction": reduction}, dynamic=False)
    for constants in ((), (2,), (1, 2)):
        n.each("OneHot", [i64(0, 3, -1), np.array(4), n.draw(2)], moves=True, constants=constants)
    n.each("OneHot", [n.draw(3, low=0, high=3).round().astype(n.dtype), np.array(4), n.draw(2)],
           {"axis": 0}, moves=True)
    n.each("NonZero", [n.special(4, 5)])
    n.each("NonZero", [n.special(23)])
    n.each("Compress", [x, np.array([True, False, True, True])], {"axis": 0}, moves=True)
    distinct = n.rng.permutation(np.arange(-15, 15)).reshape(5, 6).astype(n.dtype)
    for attrs in ({}, {"largest": 0}, {"axis": 0}, {"sorted": 0}):
        n.each("TopK", [distinct, i64(3)], attrs, 2, moves=True, constants=(1,))
        n.each("TopK", [distinct, i64(3)], attrs, 2, moves=True)
    n.each("RotaryEmbedding", [n.draw(1, 2, 3, 4), n.draw(5, 2), n.draw(5, 2), i64([0, 1, 4])],
           dynamic=False)
    n.each("TensorScatter", [n.special(2, 5, 3), n.draw(2, 2, 3), i64(1, 2)], moves=True,
           dynamic=False)


def shapes(n):
    x = n.special(3, 1, 7)
    for op in ("Identity", "Shape", "Size", "Flatten", "Transpose", "EyeLike"):
        n.each(op, [n.special(3, 7)] if op == "EyeLike" else [x], moves=True)
    n.each("Reshape", [x, i64(7, 3)], moves=True)
    n.each("Squeeze", [x, i64(1)], moves=True, constants=(1,))
    n.each("Unsqueeze", [x, i64(0)], moves=True, constants=(1,))
    n.each("Concat", [x, n.special(3, 1, 7)[::-1]], {"axis": 1}, moves=True, dynamic=False)
    n.each("Split", [x], {"axis": 0, "num_outputs": 3}, 3, moves=True, dynamic=False)
    n.each("Slice", [x, i64(5), i64(1), i64(2), i64(-2)], moves=True)
    n.each("Slice", [x, i64(1), i64(3), i64(0)], moves=True, constants=(1, 2, 3))
    n.each("Expand", [x, i64(3, 2, 7)], moves=True)
    n.each("Tile", [x, i64(1, 2, 2)], moves=True)
    n.each("ConstantOfShape", [i64(2, 3)], {"value": tensor(n.draw(1))}, moves=True)
    for upper in (0, 1):
        n.each("Trilu", [n.special(5, 4)], {"upper": upper}, moves=True)
    for rank in (1, 2, 3):
        data = n.special(*(4, 3, 5)[:rank])
        pads = i64(*[1] * rank, *[2] * rank)
        for value in (None, np.full((), -1.5, n.dtype)):
            n.each("Pad", [data, pads, value], moves=True)
            n.each("Pad", [data, pads, value], moves=True, constants=(1, 2))
        for mode in ("edge", "reflect", "wrap"):
            n.each("Pad", [data, pads], {"mode": mode}, moves=True)


def tensor(array):
    from onnx import numpy_helper
    return numpy_helper.from_array(array)


def check(dtype, operators):
    nodes = HalfNodes(dtype)
    for build in (elementwise, casts, reductions, products, indices, shapes):
        build(nodes)
    wrong = 0
    for op in sorted(operators - nodes.tried):
        wrong += 1
        print(f"{op} is not tried in {nodes.dtype}")
    # All CPU levels have the same lowerings.
    found = nodes.evaluate(options=["--cpu", "x86-64-v3"])
    if isinstance(found, str):
        print(found)
        return 0, wrong + 1
    mine, exact = found
    for case, (label, results, *_) in enumerate(nodes.cases):
        for result in results:
            if problem := nodes.is_wrong(case, mine[result], exact[result]):
                wrong += 1
                print(f"{label} in {nodes.dtype}: {result} {problem}")
    return len(mine), wrong


def main():
    operators = set(listed_versions(sys.argv[1])) - OTHERS
    status = 0
    for dtype in ROUNDING:
        count, wrong = check(dtype, operators)
        print(f"{dtype}: {count} outputs, {wrong} wrong")
        status |= wrong != 0 or not count
    return status


if __name__ == "__main__":
    sys.exit(main())
