# ===-- test_nodes.py - the oracle on ONNX's own node tests -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Run from the folder test: python -m unittest oracle.test_nodes

The onnx package can make its backend node tests: a model, inputs and expected
outputs each. Every one whose operators and types the oracle knows must pass.
"""

import collections
import unittest
import warnings

import numpy as np
from onnx import TensorProto

from . import Model
from .interpreter import OPS
from .values import FLOATS, _INTEGERS, from_proto

# Rounding to these types is not modelled: floats stay float64.
ROUNDED = {TensorProto.FLOAT8E4M3FN, TensorProto.FLOAT8E4M3FNUZ, TensorProto.FLOAT8E5M2,
           TensorProto.FLOAT8E5M2FNUZ, TensorProto.FLOAT8E8M0}
KNOWN = (FLOATS | set(_INTEGERS)) - ROUNDED

# Tests that the oracle does not pass, each with its reason.
LEFT_OUT = {
    "test_conv_with_autopad_same": "auto_pad",
    "test_batchnorm_example_training_mode": "training",
    "test_batchnorm_epsilon_training_mode": "training",
    "test_scan_sum": "Scan-8, with a batch and lengths",
    "test_lstm_with_peepholes": "peepholes",
    "test_dynamicquantizelinear": "a value halfway between two integers in f32",
    "test_dynamicquantizelinear_expanded": "a value halfway between two integers in f32",
}


def types(graph):
    """The element types a graph mentions; None for what is not a tensor."""
    for info in (*graph.input, *graph.output):
        kind = info.type.WhichOneof("value")
        yield info.type.tensor_type.elem_type if kind == "tensor_type" else None
    for node in graph.node:
        for attr in node.attribute:
            if attr.HasField("g"):
                yield from types(attr.g)
            if attr.name == "to":
                yield attr.i


def operators(graph):
    for node in graph.node:
        yield node.domain, node.op_type
        for attr in node.attribute:
            if attr.HasField("g"):
                yield from operators(attr.g)


def plain(value):
    return from_proto(value).data if isinstance(value, TensorProto) else np.asarray(value)


class Nodes(unittest.TestCase):
    def test_all(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from onnx.backend.test.case.node import collect_testcases
            cases = collect_testcases(None)
        counts = collections.Counter()
        for case in cases:
            model = case.model
            if model is None or case.name in LEFT_OUT or \
                    not all(op in OPS for op in operators(model.graph)) or \
                    not all(t in KNOWN for t in types(model.graph)):
                counts["left out"] += 1
                continue
            counts["run"] += 1
            with self.subTest(case.name), np.errstate(all="ignore"):
                self.run_case(case)
        # The selection must not shrink unnoticed.
        self.assertGreater(counts["run"], 1000, counts)

    def run_case(self, case):
        model = Model(case.model)
        names = [i.name for i in case.model.graph.input]
        half = any(t in (TensorProto.FLOAT16, TensorProto.BFLOAT16)
                   for t in types(case.model.graph))
        for inputs, expected in case.data_sets:
            given = {n: plain(a) for n, a in zip(names, inputs) if n and a is not None}
            outputs = list(model.run(given).values())
            self.assertEqual(len(outputs), len(expected))
            for mine, wanted in zip(outputs, expected):
                wanted = plain(wanted)
                self.assertEqual(mine.shape, wanted.shape)
                if mine.dtype.kind != "f":
                    np.testing.assert_array_equal(mine, wanted)
                    continue
                np.testing.assert_allclose(
                    mine, wanted.astype(np.float64),
                    rtol=1e-2 if half else max(case.rtol, 1e-4), atol=1e-2 if half else 1e-5)


if __name__ == "__main__":
    unittest.main()
