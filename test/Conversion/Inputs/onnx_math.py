# ===-- onnx_math.py - functions over wide ranges, casts, integers ---------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""What ONNX's node tests leave out: functions over their whole range with the special values,
against the C library in a wider type; casts out of range; integers at their ends; axes that
are computed; empty reductions."""

import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import onnx_cases

rng = np.random.default_rng(11)
SPECIAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 0.5, -0.5, 2.0, 1e-30, -1e-30]
CODES = {"bool": TensorProto.BOOL, "float16": TensorProto.FLOAT16, "float32": TensorProto.FLOAT,
         "float64": TensorProto.DOUBLE}
for size in (8, 16, 32, 64):
    CODES[f"int{size}"] = getattr(TensorProto, f"INT{size}")
    CODES[f"uint{size}"] = getattr(TensorProto, f"UINT{size}")


def case(name, op, inputs, outputs, tolerance=0.0, floor=1.0, opset=23, domain="", constants=(), nodes=(),
         **attributes):
    """`constants`: arrays that are further inputs, as initializers."""
    names = [f"x{i}" for i in range(len(inputs))] + [f"c{i}" for i in range(len(constants))]
    graph = helper.make_graph(
        [*nodes, helper.make_node(op, names if not nodes else [*names[:len(inputs)], "computed"],
                                  [f"y{i}" for i in range(len(outputs))], domain=domain,
                                  **attributes)],
        "g",
        [helper.make_tensor_value_info(f"x{i}", CODES[a.dtype.name], a.shape)
         for i, a in enumerate(inputs)],
        [helper.make_tensor_value_info(f"y{i}", CODES[a.dtype.name], a.shape)
         for i, a in enumerate(outputs)],
        [numpy_helper.from_array(a, f"c{i}") for i, a in enumerate(constants)])
    model = helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)])
    return onnx_cases.Case(name, model, inputs, outputs, tolerance, floor)


def wide(dtype, low, high, count=2000):
    """Magnitudes of all orders between 2^low and 2^high, both signs, and the special values."""
    values = np.exp2(rng.uniform(low, high, count)) * rng.choice([-1, 1], count)
    ends = np.finfo(dtype)
    return np.concatenate([values, SPECIAL, [ends.max, -ends.max, ends.tiny, ends.tiny / 4]]).astype(dtype)


def elementwise_erf(x):
    import math
    return np.array([math.erf(v) for v in x.astype(np.float64)])


def functions():
    wide_type = np.longdouble
    for dtype, tolerance in ((np.float32, 4e-7), (np.float64, 1e-15)):
        name = np.dtype(dtype).name
        limit = 6 if dtype == np.float32 else 9.4
        unary = {
            "Exp": (np.exp, wide(dtype, -20, limit)),
            "Log": (np.log, wide(dtype, -120, 120)),
            "Tanh": (np.tanh, wide(dtype, -30, 8)),
            "Sin": (np.sin, wide(dtype, -20, 16)),
            "Cos": (np.cos, wide(dtype, -20, 16)),
            "Elu": (lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))), wide(dtype, -30, 7)),
            "Softplus": (lambda x: np.logaddexp(x, wide_type(0)), wide(dtype, -30, 7)),
            "Sigmoid": (lambda x: 1 / (1 + np.exp(-x)), wide(dtype, -30, 6)),
            "Erf": (elementwise_erf, wide(dtype, -30, 4)),
        }
        # Absolute near the zeros of sin; exp in f32 gives 0 for denormals.
        floors = {"Sin": 1e-3, "Cos": 1e-3, "Softplus": 1e-32, "Sigmoid": 1e-32}
        for op, (function, x) in unary.items():
            if op in ("Sin", "Cos"):
                x = x[~(np.abs(x) > 1e5) | ~np.isfinite(x)]
            with np.errstate(all="ignore"):
                y = function(x.astype(np.float64 if op == "Erf" else wide_type)).astype(dtype)
            factor = 4 if op in ("Softplus", "Sigmoid", "Elu", "Erf") else 1
            yield case(f"{op}_{name}", op, [x], [y], tolerance * factor,
                       floor=floors.get(op, float(np.finfo(dtype).tiny)))
        base = np.concatenate([np.abs(wide(dtype, -20, 20, 400)), wide(dtype, -3, 3, 400)])
        exponent = np.concatenate([rng.uniform(-5, 5, len(base) - 100),
                                   rng.integers(-6, 7, 100)]).astype(dtype)
        with np.errstate(all="ignore"):
            y = np.power(base.astype(wide_type), exponent.astype(wide_type)).astype(dtype)
        yield case(f"Pow_{name}", "Pow", [base, exponent], [y], 2e-7 if dtype == np.float32 else 1e-13)
        ends = np.array(SPECIAL + [3.0, -3.0, 1e18, -2.5], dtype)
        base, exponent = [a.ravel().astype(dtype) for a in np.meshgrid(ends, ends)]
        with np.errstate(all="ignore"):
            y = np.power(base.astype(np.float64), exponent.astype(np.float64)).astype(dtype)
        yield case(f"Pow_{name}_special", "Pow", [base, exponent], [y], 1e-6 if dtype == np.float32 else 1e-12)


def casts():
    values = np.array([0, -0.0, 0.9, -0.9, 1.5, -1.5, 127.9, 128, -128.9, -129, 255.9, 256, 3e9,
                       -3e9, 1e19, -1e19, 1e30, np.inf, -np.inf, np.nan])
    for source in (np.float16, np.float32, np.float64):
        with np.errstate(over="ignore"):
            x = values.astype(source)
        for name in ("int8", "uint8", "int16", "int32", "uint32", "int64", "uint64"):
            ends = np.iinfo(name)
            expected = []
            for v in x.astype(np.float64):
                if np.isnan(v):
                    expected.append(0)
                elif np.isinf(v):
                    expected.append(ends.max if v > 0 else ends.min)
                else:
                    expected.append(min(max(int(v), ends.min), ends.max))
            yield case(f"Cast_{np.dtype(source).name}_{name}", "Cast", [x],
                       [np.array(expected, dtype=name)], to=CODES[name])
        yield case(f"Cast_{np.dtype(source).name}_bool", "Cast", [x], [x.astype(bool)], to=CODES["bool"])
    # Once rounded, not twice: halves that f32 would make of what is just above or below.
    x = (1 + 2.0 ** -11 + np.array([0, 1, -1]) * 2.0 ** -40) * np.array([[1], [-1], [2.0 ** -20]])
    yield case("Cast_float64_float16", "Cast", [x], [x.astype(np.float16)], to=CODES["float16"])
    big = np.array([0, 1, -1, 2049, 4097, 65504, 65519, 2 ** 24 + 1, -2 ** 40 - 1, 2 ** 53 + 1])
    for name in ("float16", "float32", "float64"):
        with np.errstate(over="ignore"):
            yield case(f"Cast_int64_{name}", "Cast", [big], [big.astype(name)], to=CODES[name])
    every = np.array([0, 1, 127, 128, 200, 255], np.uint8)
    for name in ("int8", "int16", "int64", "float32", "float16", "bool"):
        yield case(f"Cast_uint8_{name}", "Cast", [every], [every.astype(name)], to=CODES[name])
    yield case("Cast_int64_int8", "Cast", [big], [big.astype(np.int8)], to=CODES["int8"])
    numbers = np.array([0, 1, -1, 255, 256, 257, 259, 32767, -32768, 40000])
    for name in ("bool", "int8", "uint8", "int16", "uint16", "int32"):
        x = numbers.astype(name)
        nodes = [helper.make_node("Cast", ["x0"], ["half"], to=TensorProto.BFLOAT16),
                 helper.make_node("Cast", ["half"], ["y0"], to=TensorProto.FLOAT)]
        bits = x.astype(np.float32).view(np.uint32)
        y = ((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000).astype(np.uint32).view(np.float32)
        graph = helper.make_graph(
            nodes, "g", [helper.make_tensor_value_info("x0", CODES[name], x.shape)],
            [helper.make_tensor_value_info("y0", TensorProto.FLOAT, x.shape)])
        model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)])
        yield onnx_cases.Case(f"Cast_{name}_bfloat16", model, [x], [y], 0.0, 1.0)


def integers():
    for name in ("int8", "int32", "int64"):
        ends = np.iinfo(name)
        a = np.array([ends.min, ends.min, ends.max, -7, 7, -7, 7, 0], name)
        b = np.array([-1, 1, -1, 2, -2, -2, 2, 5], name)
        with np.errstate(all="ignore"):
            quotient = np.where(b == -1, -a, (a.astype(object) / b.astype(object)).astype(float))
            quotient = np.array([(-int(p) + 2 ** 64) % 2 ** (8 * a.itemsize) if q == -1
                                 else int(abs(int(p)) // abs(int(q))) * (1 if (p < 0) == (q < 0) else -1)
                                 for p, q in zip(a, b)], dtype=object)
            bits = 8 * a.itemsize
            quotient = np.array([(int(v) + 2 ** (bits - 1)) % 2 ** bits - 2 ** (bits - 1)
                                 for v in quotient], name)
            python = np.array([int(p) % int(q) for p, q in zip(a, b)], name)
            c_style = np.array([abs(int(p)) % abs(int(q)) * (-1 if p < 0 else 1)
                                for p, q in zip(a, b)], name)
        yield case(f"Div_{name}", "Div", [a, b], [quotient])
        yield case(f"Mod_{name}", "Mod", [a, b], [python])
        yield case(f"Mod_{name}_fmod", "Mod", [a, b], [c_style], fmod=1)
        zero = np.zeros(8, name)
        yield case(f"Div_{name}_zero", "Div", [a, zero], [zero])
        yield case(f"Mod_{name}_zero", "Mod", [a, zero], [zero])
    a, b = np.array([200, 255, 7, 0], np.uint8), np.array([3, 255, 200, 1], np.uint8)
    yield case("Div_uint8", "Div", [a, b], [a // b])
    yield case("Less_uint8", "Less", [a, b], [a < b])
    yield case("Max_uint8", "Max", [a, b], [np.maximum(a, b)])
    # No signed number of as many bits.
    x = np.array([0.5, 2, 1, -1], np.float32)
    for name in ("uint16", "uint32"):
        yield case(f"Pow_{name}", "Pow", [x], [np.array([0, np.inf, 1, -1], np.float32)],
                   constants=[np.array(np.iinfo(name).max, name)])
    for dtype in (np.float16, np.float32, np.float64):
        x = np.array([np.inf, -np.inf, np.nan, 1, -3], dtype)
        last = np.finfo(dtype).max
        for low, high in ((-2, None), (None, 2), (None, None)):
            constants = [np.array(n, dtype) for n in (low, high) if n is not None]
            node = helper.make_node("Clip", ["x0", "c0" if low is not None else "",
                                             f"c{len(constants) - 1}" if high is not None else ""],
                                    ["y0"])
            part = case(f"Clip_{np.dtype(dtype).name}_{low}_{high}", "Clip", [x],
                        [np.clip(x, dtype(-last if low is None else low),
                                 dtype(last if high is None else high))], constants=constants)
            part.model.graph.node[0].CopyFrom(node)
            yield part
    for dtype in (np.float32, np.float64):
        a = wide(dtype, -30, 30, 300)
        b = rng.permutation(wide(dtype, -30, 30, 300))
        with np.errstate(all="ignore"):
            yield case(f"Mod_{np.dtype(dtype).name}", "Mod", [a, b], [np.fmod(a, b)], fmod=1)


def reductions():
    x = rng.standard_normal((2, 3, 4)).astype(np.float32)
    one = np.array([1], np.int64)
    # axes = [1] - [1] + [1] ...
    node = helper.make_node("Add", ["c0", "c0"], ["computed"])
    yield case("ReduceSum_computed", "ReduceSum", [x], [x.sum(2)], 1e-6, constants=[one],
               nodes=[node], keepdims=0)
    empty = np.zeros((2, 0, 3), np.float32)
    for op, value in (("ReduceSum", 0), ("ReduceProd", 1), ("ReduceMax", -np.inf),
                      ("ReduceMin", np.inf), ("ReduceMean", np.nan), ("ReduceL2", 0),
                      ("ReduceLogSumExp", -np.inf)):
        yield case(f"{op}_empty", op, [empty], [np.full((2, 3), value, np.float32)],
                   constants=[one], keepdims=0)
        if op in ("ReduceSum", "ReduceMax", "ReduceMean", "ReduceLogSumExp"):
            half = rng.standard_normal((3, 500)).astype(np.float16)
            wide_half = half.astype(np.float64)
            expected = {"ReduceSum": wide_half.sum(1), "ReduceMax": wide_half.max(1),
                        "ReduceMean": wide_half.mean(1),
                        "ReduceLogSumExp": np.log(np.exp(wide_half).sum(1))}[op]
            yield case(f"{op}_float16", op, [half], [expected.astype(np.float16)], 1e-3,
                       constants=[one], keepdims=0)
    a, b = np.zeros((2, 0), np.float32), np.zeros((0, 3), np.float32)
    yield case("MatMul_empty_sum", "MatMul", [a, b], [np.zeros((2, 3), np.float32)])
    a = rng.standard_normal((2, 3, 4)).astype(np.float32)
    b = rng.standard_normal((2, 5, 4)).astype(np.float32)
    yield case("FusedMatMul", "FusedMatMul", [a, b], [0.5 * a @ b.transpose(0, 2, 1)], 1e-5,
               domain="com.microsoft", alpha=0.5, transB=1)
    # transBatchA: [m, b, k] and [b, k, n].
    a = rng.standard_normal((3, 2, 4)).astype(np.float32)
    b = rng.standard_normal((2, 4, 5)).astype(np.float32)
    yield case("FusedMatMul_batch", "FusedMatMul", [a, b], [a.transpose(1, 0, 2) @ b], 1e-5,
               domain="com.microsoft", transBatchA=1)
    skip = rng.standard_normal((2, 3, 4)).astype(np.float32)
    x = rng.standard_normal((2, 3, 4)).astype(np.float32)
    gamma = rng.standard_normal(4).astype(np.float32)
    beta = rng.standard_normal(4).astype(np.float32)
    total = (x + skip).astype(np.float64)
    rms = total / np.sqrt((total ** 2).mean(-1, keepdims=True) + 1e-5) * gamma
    yield case("SkipSimplifiedLayerNormalization", "SkipSimplifiedLayerNormalization",
               [x, skip, gamma], [rms.astype(np.float32)], 1e-5, domain="com.microsoft", epsilon=1e-5)
    centered = total - total.mean(-1, keepdims=True)
    layer = centered / np.sqrt((centered ** 2).mean(-1, keepdims=True) + 1e-5) * gamma + beta
    yield case("SkipLayerNormalization", "SkipLayerNormalization", [x, skip, gamma, beta],
               [layer.astype(np.float32)], 1e-5, domain="com.microsoft", epsilon=1e-5)
    rms = x / np.sqrt((x.astype(np.float64) ** 2).mean(-1, keepdims=True) + 1e-5) * gamma
    yield case("SimplifiedLayerNormalization", "SimplifiedLayerNormalization", [x, gamma],
               [rms.astype(np.float32)], 1e-5, epsilon=1e-5)
    quick = x / (1 + np.exp(-1.702 * x))
    yield case("QuickGelu", "QuickGelu", [x], [quick.astype(np.float32)], 1e-6, domain="com.microsoft")


def main():
    groups = {"functions": functions, "casts": casts, "integers": integers, "reductions": reductions}
    return onnx_cases.run([c for name in sys.argv[1].split(",") for c in groups[name]()])


if __name__ == "__main__":
    sys.exit(main())
