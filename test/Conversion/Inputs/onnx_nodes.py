# ===-- onnx_nodes.py - ONNX's own node tests, through the lowerings -------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Imports the node tests of the onnx package, lowers them by `convert-onnx-to-linalg`, runs
them, and compares with the expected outputs that the package computes. Arguments: test names
as patterns (test_add*), each optionally with - before it to leave out what it matches.
Inputs that operators need at compile time (axes) become initializers first."""

import ctypes
import fnmatch
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests  # noqa: F401 (data folder)

import onnx_cases

# op -> inputs that must be constants.
CONSTANT_INPUTS = {"CumSum": [1]}
TOLERANCE = {np.dtype(np.float16): 2e-3, np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-7}


def constant_inputs(node):
    return [1] if node.op_type.startswith("Reduce") else CONSTANT_INPUTS.get(node.op_type, [])


def load(patterns):
    wanted = [p for p in patterns if not p.startswith("-")]
    unwanted = [p[1:] for p in patterns if p.startswith("-")]
    tests = {}
    for test in load_model_tests(kind="node"):
        name = test.name
        if not any(fnmatch.fnmatch(name, p) for p in wanted):
            continue
        if any(fnmatch.fnmatch(name, p) for p in unwanted) or name in tests:
            continue
        # Functions expanded into other operators test those.
        if "_expanded" in name:
            continue
        tests[name] = test
    return tests.values()


def read(path, type_proto):
    tensor = onnx.TensorProto()
    with open(path, "rb") as file:
        tensor.ParseFromString(file.read())
    return numpy_helper.to_array(tensor)


def make_case(test):
    model = onnx.load(os.path.join(test.model_dir, "model.onnx"))
    folder = os.path.join(test.model_dir, "test_data_set_0")
    graph = model.graph
    inputs = {v.name: read(os.path.join(folder, f"input_{i}.pb"), v.type)
              for i, v in enumerate(graph.input)}
    outputs = [read(os.path.join(folder, f"output_{i}.pb"), v.type)
               for i, v in enumerate(graph.output)]
    for node in graph.node:
        for index in constant_inputs(node):
            if index >= len(node.input) or node.input[index] not in inputs:
                continue
            name = node.input[index]
            graph.initializer.append(numpy_helper.from_array(inputs.pop(name), name))
            for i, value in enumerate(graph.input):
                if value.name == name:
                    del graph.input[i]
                    break
    kinds = {o.dtype for o in outputs} | {a.dtype for a in inputs.values()}
    tolerance = 1e-5
    if any(k == np.float16 or k.name == "bfloat16" for k in kinds):
        tolerance = 1e-2 if any(k.name == "bfloat16" for k in kinds) else 2e-3
    return onnx_cases.Case(test.name, model, list(inputs.values()), outputs, tolerance)


def main():
    cases = [make_case(test) for test in load(sys.argv[1:])]
    return onnx_cases.run(cases)


if __name__ == "__main__":
    sys.exit(main())
