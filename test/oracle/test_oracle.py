# ===-- test_oracle.py - the oracle against ONNX Runtime, operator by operator -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Run from the folder test: python -m unittest oracle.test_oracle"""

import unittest

import numpy as np

from . import OracleError, run
from .node_case import both, model

MS = "com.microsoft"
F, I = np.float32, np.int64


class Cases(unittest.TestCase):
    def setUp(self):
        self.rng = np.random.default_rng(sum(map(ord, self.id())))

    def normal(self, *shape, scale=1.0):
        return (scale * self.rng.standard_normal(shape)).astype(F)

    def check(self, op, inputs, attrs=None, tolerance=2e-6, **kwargs):
        ours, theirs = both(op, inputs, attrs, **kwargs)
        self.assertEqual(len(ours), len(theirs))
        for mine, other in zip(ours, theirs):
            message = f"{op} {attrs} {kwargs}"
            self.assertEqual(mine.shape, other.shape, message)
            if other.dtype.kind == "f":
                self.assertEqual(mine.dtype, np.float64, message)
                scale = np.abs(mine[np.isfinite(mine)]).max(initial=1e-30)
                np.testing.assert_allclose(other, mine, rtol=tolerance,
                                           atol=tolerance * scale, err_msg=message)
            else:
                self.assertEqual(mine.dtype, other.dtype, message)
                np.testing.assert_array_equal(mine, other, message)
        return ours


class Elementwise(Cases):
    def test_unary(self):
        x = self.normal(3, 5)
        for op in ("Neg", "Abs", "Exp", "Erf", "Tanh", "Sigmoid", "Relu", "Softplus", "Sin",
                   "Cos", "Floor", "Ceil", "Round", "Sign", "Identity", "HardSwish", "Elu",
                   "LeakyRelu", "HardSigmoid", "Softsign"):
            self.check(op, [x * 3])
        for op in ("Sqrt", "Log", "Reciprocal"):
            self.check(op, [np.abs(x) + 0.1])
        self.check("Neg", [np.arange(5, dtype=I)])
        for how in ("none", "tanh"):
            self.check("Gelu", [x * 2], {"approximate": how})
        self.check("Swish", [x], {"alpha": 1.5}, opset=24)
        self.check("Elu", [x], {"alpha": 0.7})

    def test_binary(self):
        a, b = self.normal(4, 1, 3), self.normal(5, 1)
        for op in ("Add", "Sub", "Mul", "Div", "Min", "Max"):
            self.check(op, [a, b])
        self.check("Pow", [np.abs(a), b])
        self.check("Pow", [a, np.array(3, I)])
        i, j = np.array([7, -7, 7, -7], I), np.array([2, 2, -2, -2], I)
        for op in ("Add", "Sub", "Mul", "Div", "Mod"):
            self.check(op, [i, j])
        self.check("Mod", [i, j], {"fmod": 1})
        self.check("Mod", [a, b], {"fmod": 1})
        self.check("Max", [a, b, self.normal(3)])

    def test_logic(self):
        a, b = self.rng.integers(0, 3, (4, 3)), self.rng.integers(0, 3, (3,))
        for op in ("Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"):
            self.check(op, [a, b])
            self.check(op, [a.astype(F), b.astype(F)])
        for op in ("And", "Or", "Xor"):
            self.check(op, [a > 0, b > 1])
        self.check("Not", [a > 0])
        odd = np.array([1, np.nan, np.inf, -np.inf], F)
        self.check("IsNaN", [odd])
        self.check("IsInf", [odd], {"detect_negative": 0})
        self.check("Where", [a > 1, self.normal(4, 3), self.normal(3)])

    def test_clip(self):
        x = self.normal(20)
        self.check("Clip", [x, F(-0.5), F(0.5)])
        self.check("Clip", [x, None, F(0.5)])
        self.check("Clip", [x, F(0.5), F(-0.5)])
        self.check("Clip", [x, F(-0.1)])

    def test_cast(self):
        x = np.array([1.7, -1.7, 0.0, 300.2], F)
        for to in (1, 6, 7, 9, 10, 11):
            self.check("Cast", [x], {"to": to}, tolerance=1e-3)
        self.check("Cast", [np.array([True, False])], {"to": 1})
        self.check("Cast", [np.array([0, 5, -1], I)], {"to": 9})
        self.check("CastLike", [x, np.zeros(1, I)])

    def test_contrib(self):
        x, y, z = self.normal(3, 8), self.normal(8), self.normal(3, 8)
        self.check("QuickGelu", [x], {"alpha": 1.702}, domain=MS)
        self.check("FastGelu", [x, y], domain=MS)
        self.check("BiasGelu", [x, y], domain=MS)
        self.check("FusedMatMul", [x, z], {"transB": 1, "alpha": 0.5}, domain=MS)


class Reductions(Cases):
    def test_reduce(self):
        x = self.normal(3, 4, 5)
        for op in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd",
                   "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"):
            for keep in (0, 1):
                self.check(op, [x, np.array([-1, 0], I)], {"keepdims": keep})
            self.check(op, [x])
            old = 11 if op == "ReduceSum" else 17
            self.check(op, [x], {"axes": [1]}, opset=old)
        self.check("ReduceSum", [x, np.zeros(0, I)], {"noop_with_empty_axes": 1})
        self.check("ReduceMax", [np.arange(6, dtype=I).reshape(2, 3), np.array([1], I)])
        self.check("ReduceSum", [np.zeros((0, 4), F), np.array([0], I)])

    def test_arg(self):
        x = self.rng.integers(0, 3, (5, 6)).astype(F)
        for op in ("ArgMax", "ArgMin"):
            for last in (0, 1):
                self.check(op, [x], {"axis": 1, "keepdims": 0, "select_last_index": last})

    def test_topk(self):
        x = self.rng.integers(0, 4, (5, 9)).astype(F)
        for largest in (0, 1):
            for axis in (-1, 0):
                self.check("TopK", [x, np.array([3], I)], {"largest": largest, "axis": axis},
                           outputs=2)
        self.check("TopK", [x.astype(I), np.array([9], I)], {"largest": 0}, outputs=2)
        self.check("TopK", [x, np.array([0], I)], outputs=2)
        # Among equals the lowest index comes first.
        _, index = both("TopK", [np.zeros((1, 6), F), np.array([3], I)], outputs=2)[0]
        self.assertEqual(index.tolist(), [[0, 1, 2]])

    def test_softmax(self):
        x = self.normal(3, 4, 5)
        for op in ("Softmax", "LogSoftmax"):
            for axis in (0, 1, -1):
                self.check(op, [x], {"axis": axis})
                self.check(op, [x], {"axis": axis}, opset=11)
        masked = x.copy()
        masked[:, :, 2:] = -np.inf
        self.check("Softmax", [masked])

    def test_cumsum(self):
        x = self.normal(3, 5)
        for exclusive in (0, 1):
            for reverse in (0, 1):
                self.check("CumSum", [x, np.array(1, I)],
                           {"exclusive": exclusive, "reverse": reverse})


class Shapes(Cases):
    def test_constants(self):
        self.check("Shape", [self.normal(2, 3, 4)], {"start": 1, "end": -1})
        self.check("Shape", [self.normal(2, 3, 4)], {"start": -2})
        self.check("Size", [self.normal(2, 3)])
        self.check("ConstantOfShape", [np.array([2, 0, 3], I)])
        self.check("Range", [F(1), F(4.5), F(0.5)])
        self.check("Range", [np.array(5, I), np.array(-1, I), np.array(-2, I)])
        self.check("Range", [np.array(5, I), np.array(2, I), np.array(1, I)])

    def test_reshape(self):
        x = self.normal(2, 3, 4)
        self.check("Reshape", [x, np.array([0, -1], I)], constants=(1,))
        self.check("Reshape", [self.normal(0, 4), np.array([0, 2, 2], I)])
        self.check("Reshape", [self.normal(0, 4), np.array([-1, 4], I)])
        self.check("Reshape", [self.normal(0, 4), np.array([4, 0], I)], {"allowzero": 1})
        for axis in (0, 1, 2, -1, 3):
            self.check("Flatten", [x], {"axis": axis})
        self.check("Squeeze", [self.normal(1, 3, 1)])
        self.check("Squeeze", [self.normal(1, 3, 1), np.array([-1], I)])
        self.check("Unsqueeze", [x, np.array([0, -1], I)])
        self.check("Unsqueeze", [x], {"axes": [1]}, opset=11)
        self.check("Transpose", [x])
        self.check("Transpose", [x], {"perm": [1, 2, 0]})

    def test_join(self):
        x = self.normal(2, 7)
        self.check("Concat", [x, self.normal(2, 0), self.normal(2, 3)], {"axis": -1})
        self.check("Split", [x, np.array([3, 0, 4], I)], {"axis": 1}, outputs=3)
        self.check("Split", [x], {"axis": 1, "num_outputs": 3}, outputs=3)
        self.check("Split", [x], {"axis": 1, "split": [3, 4]}, outputs=2, opset=11)
        self.check("Expand", [self.normal(3, 1), np.array([2, 1, 4], I)])
        self.check("Tile", [x, np.array([2, 3], I)])

    def test_slice(self):
        x = self.normal(5, 6)
        huge = np.iinfo(I).max
        for start, end, step in ((1, 4, 1), (-3, huge, 1), (5, -huge, -1), (4, 0, -2),
                                 (-1, -100, -3), (0, huge, 2), (3, 2, 1), (9, 20, 1)):
            self.check("Slice", [x, np.array([start], I), np.array([end], I),
                                 np.array([1], I), np.array([step], I)])
        self.check("Slice", [x, np.array([1, 2], I), np.array([3, 5], I)])
        self.check("Slice", [self.normal(0, 2), np.array([0], I), np.array([5], I)])

    def test_other(self):
        x = self.normal(4, 5)
        for upper in (0, 1):
            for k in (-1, 0, 2):
                self.check("Trilu", [x, np.array(k, I)], {"upper": upper})
        self.check("Pad", [x, np.array([1, 0, 0, 2], I), F(3)])
        self.check("Pad", [x, np.array([1, 1], I), None, np.array([1], I)], {"mode": "reflect"})


class Indices(Cases):
    def test_gather(self):
        x = self.normal(4, 5, 6)
        for axis in (0, 1, -1):
            self.check("Gather", [x, np.array([[0, -1], [2, 3]], I)], {"axis": axis})
        self.check("Gather", [x, np.array(2, I)])
        self.check("Gather", [x, np.zeros((0,), I)])
        self.check("GatherElements", [x, self.rng.integers(-4, 4, (2, 5, 6))])
        self.check("GatherElements", [x, self.rng.integers(-6, 6, (4, 5, 2))], {"axis": 2})
        self.check("GatherND", [x, self.rng.integers(-4, 4, (7, 2))])
        self.check("GatherND", [x, self.rng.integers(0, 4, (3, 2, 3))])
        self.check("GatherND", [x, self.rng.integers(0, 5, (4, 2, 1))], {"batch_dims": 1})

    def test_scatter(self):
        x = self.normal(4, 5)
        for reduction in ("none", "add", "mul", "max"):
            same = np.array([[0, 1, 0, 2, 1], [3, 3, 0, 1, 2]], I)
            if reduction == "none":
                same = np.array([[0, 1, 0, 2, 1], [3, 3, 1, -4, 2]], I)
            self.check("ScatterElements", [x, same, self.normal(2, 5)],
                       {"reduction": reduction, "axis": 0}, opset=18)
            rows = np.array([[1], [1], [3]], I) if reduction != "none" else np.array([[1], [3], [-4]], I)
            self.check("ScatterND", [x, rows, self.normal(3, 5)], {"reduction": reduction},
                       opset=18)
        self.check("ScatterND", [x, np.zeros((0, 1), I), self.normal(0, 5)])

    def test_others(self):
        self.check("NonZero", [self.rng.integers(0, 2, (3, 4, 2)) > 0])
        self.check("NonZero", [np.zeros((3, 2), F)])
        for axis in (-1, 0, 1):
            self.check("OneHot", [np.array([[0, -1, 5], [3, 1, -9]], I), np.array([4], I),
                                  np.array([2, 7], F)], {"axis": axis})
        self.check("Compress", [self.normal(4, 3), np.array([True, False, True])], {"axis": 0})


class Linear(Cases):
    def test_products(self):
        self.check("MatMul", [self.normal(2, 1, 3, 4), self.normal(5, 4, 6)])
        self.check("MatMul", [self.normal(4), self.normal(4, 6)])
        self.check("MatMul", [self.normal(0, 4), self.normal(4, 6)])
        for a in (0, 1):
            for b in (0, 1):
                self.check("Gemm", [self.normal(*((4, 3) if a else (3, 4))),
                                    self.normal(*((5, 4) if b else (4, 5))), self.normal(5)],
                           {"transA": a, "transB": b, "alpha": 0.5, "beta": 2.0})
        for equation, shapes in (("bthd,bthe->bhde", ((2, 3, 4, 5), (2, 3, 4, 6))),
                                 ("te,eth->th", ((3, 4), (4, 3, 5))), ("ij->ji", ((2, 3),)),
                                 ("...ij,...jk->...ik", ((2, 3, 4), (2, 4, 5)))):
            self.check("Einsum", [self.normal(*s) for s in shapes], {"equation": equation})

    def test_norms(self):
        x, g, b, s = self.normal(2, 3, 8), self.normal(8), self.normal(8), self.normal(2, 3, 8)
        self.check("LayerNormalization", [x, g, b], {"epsilon": 1e-3})
        self.check("LayerNormalization", [x, self.normal(3, 8)], {"axis": 1})
        self.check("RMSNormalization", [x, g], {"epsilon": 1e-3}, opset=23)
        self.check("SimplifiedLayerNormalization", [x, g], {"axis": -1, "epsilon": 1e-5})
        for bias in ([], [b]):
            self.check("SkipSimplifiedLayerNormalization", [x, s, g, *bias], {"epsilon": 1e-5},
                       domain=MS, outputs=(True, False, False, True))
            self.check("SkipLayerNormalization", [x, s, g, b, *bias], {"epsilon": 1e-5},
                       domain=MS, outputs=(True, False, False, True))


class Control(Cases):
    def test_recurrent(self):
        x, lengths = self.normal(5, 3, 4), np.array([5, 2, 4], np.int32)
        for op, gates, outputs in (("GRU", 3, 2), ("LSTM", 4, 3), ("RNN", 1, 2)):
            for direction in ("forward", "reverse", "bidirectional"):
                d = 2 if direction == "bidirectional" else 1
                inputs = [x, self.normal(d, gates * 6, 4), self.normal(d, gates * 6, 6),
                          self.normal(d, 2 * gates * 6), lengths, self.normal(d, 3, 6)]
                flags = (0, 1) if op == "GRU" else (None,)
                for flag in flags:
                    attrs = {"hidden_size": 6, "direction": direction}
                    if flag is not None:
                        attrs["linear_before_reset"] = flag
                    self.check(op, inputs, attrs, outputs=outputs)

    def test_conv(self):
        x = self.normal(2, 4, 7, 6)
        self.check("Conv", [x, self.normal(6, 2, 3, 2), self.normal(6)],
                   {"group": 2, "pads": [1, 0, 2, 1], "strides": [2, 1], "dilations": [1, 2]})

    def test_unknown(self):
        made, feeds = model("NoSuchOperator", [self.normal(2)])
        with self.assertRaisesRegex(OracleError, "NoSuchOperator"):
            run(made, feeds)
        made, feeds = model("Relu", [self.normal(2)])
        with self.assertRaisesRegex(OracleError, "in0"):
            run(made, {})
        made, feeds = model("Gather", [self.normal(2), np.array([2], I)])
        with self.assertRaisesRegex(OracleError, "outside"):
            run(made, feeds)


if __name__ == "__main__":
    unittest.main()
