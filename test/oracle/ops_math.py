# ===-- ops_math.py - elementwise operators -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Elementwise arithmetic, comparison, logic, activations and casts."""

import math

import numpy as np
from onnx import TensorProto

from .interpreter import op
from .values import FLOATS, Value, boolean

_erf = np.vectorize(math.erf, otypes=[np.float64])


def erf(x):
    return _erf(x) if x.size else x.astype(np.float64)


def sigmoid(x):
    with np.errstate(over="ignore"):
        return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))),
                        np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def gelu(x, approximate="none"):
    if approximate == "tanh":
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))
    return 0.5 * x * (1 + erf(x / math.sqrt(2)))


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _binary(function):
    def apply(node, a, b):
        with np.errstate(all="ignore"):
            return a.like(function(a.data, b.data))
    return apply


def _unary(function):
    def apply(node, a):
        with np.errstate(all="ignore"):
            return a.like(function(a.data))
    return apply


def _divide(a, b):
    if a.dtype == np.float64:
        return a / b
    # Integers are divided towards zero.
    quotient = np.abs(a.astype(object)) // np.abs(b.astype(object))
    negative = (a < 0) != (b < 0)
    return np.where(negative, -quotient, quotient).astype(a.dtype)


def _power(node, a, b):
    with np.errstate(all="ignore"):
        if a.is_float or b.is_float:
            result = np.power(a.data.astype(np.float64), b.data.astype(np.float64))
            return a.like(result if a.is_float else np.trunc(result))
        return a.like(np.power(a.data, b.data))


for _name, _function in {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply,
                         "Div": _divide}.items():
    op(_name)(_binary(_function))
op("Pow")(_power)

for _name, _function in {
        "Neg": np.negative, "Abs": np.abs, "Sqrt": np.sqrt,
        "Reciprocal": lambda x: 1 / x, "Exp": np.exp, "Log": np.log, "Erf": erf,
        "Tanh": np.tanh, "Sigmoid": sigmoid, "Relu": lambda x: np.maximum(x, 0),
        "Softplus": softplus, "Softsign": lambda x: x / (1 + np.abs(x)),
        "Sin": np.sin, "Cos": np.cos, "Tan": np.tan, "Asin": np.arcsin,
        "Acos": np.arccos, "Atan": np.arctan, "Sinh": np.sinh, "Cosh": np.cosh,
        "Asinh": np.arcsinh, "Acosh": np.arccosh, "Atanh": np.arctanh,
        "Floor": np.floor, "Ceil": np.ceil, "Round": np.round, "Sign": np.sign,
        "Identity": lambda x: x, "HardSwish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
        "Mish": lambda x: x * np.tanh(softplus(x))}.items():
    op(_name)(_unary(_function))


@op("Identity")
def _identity(node, a):
    return a


@op("Elu")
def _elu(node, a):
    alpha = node.attr("alpha", 1.0)
    return a.like(np.where(a.data > 0, a.data, alpha * np.expm1(np.minimum(a.data, 0))))


@op("LeakyRelu")
def _leaky_relu(node, a):
    return a.like(np.where(a.data >= 0, a.data, node.attr("alpha", 0.01) * a.data))


@op("PRelu")
def _prelu(node, a, slope):
    return a.like(np.where(a.data >= 0, a.data, slope.data * a.data))


@op("HardSigmoid")
def _hard_sigmoid(node, a):
    return a.like(np.clip(node.attr("alpha", 0.2) * a.data + node.attr("beta", 0.5), 0, 1))


@op("Gelu")
def _gelu(node, a):
    return a.like(gelu(a.data, node.attr("approximate", "none")))


@op("Swish")
def _swish(node, a):
    return a.like(a.data * sigmoid(node.attr("alpha", 1.0) * a.data))


@op("QuickGelu", domain="com.microsoft")
def _quick_gelu(node, a):
    return a.like(a.data * sigmoid(node.attr("alpha", 1.702) * a.data))


@op("BiasGelu", domain="com.microsoft")
def _bias_gelu(node, a, bias):
    return a.like(gelu(a.data + bias.data))


@op("Gelu", domain="com.microsoft")
def _ms_gelu(node, a):
    return a.like(gelu(a.data))


@op("FastGelu", domain="com.microsoft")
def _fast_gelu(node, a, bias=None):
    return a.like(gelu(a.data if bias is None else a.data + bias.data, "tanh"))


@op("GatedAdd", domain="com.microsoft")
def _gated_add(node, a, b, gate):
    return a.like(a.data + b.data * gate.data)


def _variadic(function):
    def apply(node, *values):
        data = values[0].data
        for v in values[1:]:
            data = function(data, v.data)
        return values[0].like(data)
    return apply


op("Min")(_variadic(np.minimum))
op("Max")(_variadic(np.maximum))
op("Sum")(_variadic(np.add))
op("Mean")(lambda node, *v: v[0].like(sum(x.data for x in v) / len(v)))


@op("Clip")
def _clip(node, a, low=None, high=None):
    if node.version < 11:
        low, high = node.attr("min"), node.attr("max")
    else:
        low = None if low is None else low.data
        high = None if high is None else high.data
    if a.elem in FLOATS:
        # A bound that is not there is the last finite number of the type.
        last = {TensorProto.FLOAT16: 65504, TensorProto.BFLOAT16: (2 - 2.0 ** -7) * 2.0 ** 127,
                TensorProto.FLOAT: np.finfo(np.float32).max}.get(a.elem, np.finfo(np.float64).max)
        low, high = -last if low is None else low, last if high is None else high
    data = a.data
    # The lower bound first: where the bounds cross, the upper one wins.
    data = data if low is None else np.maximum(data, low)
    return a.like(data if high is None else np.minimum(data, high))


@op("Mod")
def _mod(node, a, b):
    with np.errstate(all="ignore"):
        return a.like((np.fmod if node.attr("fmod", 0) else np.mod)(a.data, b.data))


for _name, _function in {"Equal": np.equal, "Less": np.less, "Greater": np.greater,
                         "LessOrEqual": np.less_equal,
                         "GreaterOrEqual": np.greater_equal, "And": np.logical_and,
                         "Or": np.logical_or, "Xor": np.logical_xor}.items():
    op(_name)(lambda node, a, b, f=_function: boolean(f(a.data, b.data)))
op("Not")(lambda node, a: boolean(~a.data))
op("IsNaN")(lambda node, a: boolean(np.isnan(a.data)))


for _name, _function in {"BitwiseAnd": np.bitwise_and, "BitwiseOr": np.bitwise_or,
                         "BitwiseXor": np.bitwise_xor}.items():
    op(_name)(_binary(_function))
op("BitwiseNot")(_unary(np.invert))


@op("BitShift")
def _bit_shift(node, a, b):
    shift = np.left_shift if node.attr("direction") == "LEFT" else np.right_shift
    return a.like(shift(a.data, b.data))


@op("IsInf")
def _is_inf(node, a):
    up, down = node.attr("detect_positive", 1), node.attr("detect_negative", 1)
    return boolean((np.isposinf(a.data) & bool(up)) | (np.isneginf(a.data) & bool(down)))


@op("Where")
def _where(node, condition, a, b):
    return a.like(np.where(condition.data, a.data, b.data))


def cast(value, elem):
    """A value in another declared type; floats keep their float64 value."""
    data = value.data
    if elem == TensorProto.BOOL:
        return boolean(data != 0)
    if value.is_float and elem not in FLOATS:
        with np.errstate(invalid="ignore"):
            data = np.trunc(data).astype(np.int64)
    if elem == TensorProto.UINT4:
        data = data.astype(np.int64) & 15
    if elem == TensorProto.INT4:  # the low four bits, sign extended
        data = ((data.astype(np.int64) & 15) ^ 8) - 8
    return Value(data, elem)


@op("Cast")
def _cast(node, a):
    return cast(a, node.attr("to"))


@op("CastLike")
def _cast_like(node, a, target):
    return cast(a, target.elem)
