# ===-- onnx_nodes.py - ONNX's own node tests, through the lowerings -------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Imports the node tests of the onnx package, lowers them by `convert-onnx-to-linalg`, runs
them, and compares with the expected outputs that the package computes. Arguments: test names
as patterns (test_add*), each optionally with - before it to leave out what it matches.
Inputs that operators need at compile time (axes) become initializers first."""

import fnmatch
import sys
import warnings

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

import onnx_cases

# op -> inputs that must be constants.
CONSTANT_INPUTS = {"CumSum": [1]}


def constant_inputs(node):
    return [1] if node.op_type.startswith("Reduce") else CONSTANT_INPUTS.get(node.op_type, [])


def load(patterns):
    wanted = [p for p in patterns if not p.startswith("-")]
    unwanted = [p[1:] for p in patterns if p.startswith("-")]
    tests = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = collect_testcases(None)
    for test in found:
        # Functions expanded into other operators test those.
        if (any(fnmatch.fnmatch(test.name, p) for p in wanted) and "_expanded" not in test.name
                and not any(fnmatch.fnmatch(test.name, p) for p in unwanted)):
            tests[test.name] = test
    return tests.values()


def to_array(value):
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)


def make_case(test):
    model = onnx.ModelProto()
    model.CopyFrom(test.model)
    # Newest versions that only add types have the meaning of those supported.
    model.ir_version = min(model.ir_version, 13)
    for opset in model.opset_import:
        if opset.domain in ("", "ai.onnx"):
            opset.version = min(opset.version, 24)
    graph = model.graph
    given, expected = test.data_sets[0]
    inputs = {v.name: to_array(a) for v, a in zip(graph.input, given)}
    for node in graph.node:
        for index in constant_inputs(node):
            if index >= len(node.input) or node.input[index] not in inputs:
                continue
            name = node.input[index]
            graph.initializer.append(numpy_helper.from_array(inputs.pop(name), name))
            kept = [v for v in graph.input if v.name != name]
            del graph.input[:]
            graph.input.extend(kept)
    outputs = [to_array(a) for a in expected]
    names = {a.dtype.name for a in [*outputs, *inputs.values()]}
    tolerance = 1e-2 if "bfloat16" in names else 2e-3 if "float16" in names else 1e-5
    return onnx_cases.Case(test.name, model, list(inputs.values()), outputs, tolerance)


def main():
    cases = [make_case(test) for test in load(sys.argv[1:])]
    return onnx_cases.run(cases)


if __name__ == "__main__":
    sys.exit(main())
