# ===-- packed_io.py - inputs and outputs of 4-bit elements ----------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Compiles a model with INT4 and UINT4 inputs and outputs of a symbolic extent, and initializers
that reach the run as they are, and checks it with test data of odd and even numbers of elements."""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROWS, COLUMNS = "N", 3
WEIGHTS = [3, 5]
TYPES = {"i": (TensorProto.INT4, -8), "u": (TensorProto.UINT4, 0)}


def weights(low):
    return np.arange(np.prod(WEIGHTS)) * 7 % 16 + low


def model():
    nodes, inputs, outputs = [], [], []
    for name, (kind, _) in TYPES.items():
        inputs.append(helper.make_tensor_value_info(name, kind, [ROWS, COLUMNS]))
        for suffix, op, shape, attrs in (("same", "Identity", [ROWS, COLUMNS], {}),
                                         ("turned", "Transpose", [COLUMNS, ROWS], {}),
                                         ("wide", "Cast", [ROWS, COLUMNS],
                                          {"to": TensorProto.FLOAT})):
            output = f"{name}_{suffix}"
            nodes.append(helper.make_node(op, [name], [output], **attrs))
            outputs.append(helper.make_tensor_value_info(output, attrs.get("to", kind), shape))
    nodes.append(helper.make_node("Cast", ["i_wide"], ["back"], to=TensorProto.INT4))
    outputs.append(helper.make_tensor_value_info("back", TensorProto.INT4, [ROWS, COLUMNS]))
    # The shape is known at run time only, so the compiler cannot fold the Cast.
    inputs.append(helper.make_tensor_value_info("shape", TensorProto.INT64, [2]))
    initializers = []
    for name, (kind, low) in TYPES.items():
        initializers.append(helper.make_tensor(f"{name}_w", kind, WEIGHTS, weights(low).tolist()))
        nodes += [helper.make_node("Reshape", [f"{name}_w", "shape"], [f"{name}_shaped"]),
                  helper.make_node("Cast", [f"{name}_shaped"], [f"{name}_w_wide"],
                                   to=TensorProto.FLOAT)]
        outputs.append(helper.make_tensor_value_info(f"{name}_w_wide", TensorProto.FLOAT,
                                                     ["A", "B"]))
    graph = helper.make_graph(nodes, "packed", inputs, outputs, initializers)
    return helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)])


def write(folder, rows):
    """Test data: all 16 values, again and again."""
    given, expected = {}, {}
    for name, (kind, low) in TYPES.items():
        values = (np.arange(rows * COLUMNS) * 5 % 16 + low).reshape(rows, COLUMNS)
        given[name] = kind, values
        expected[f"{name}_same"] = kind, values
        expected[f"{name}_turned"] = kind, values.T
        expected[f"{name}_wide"] = TensorProto.FLOAT, values
    expected["back"] = given["i"]
    given["shape"] = TensorProto.INT64, np.array(WEIGHTS[::-1])
    for name, (_, low) in TYPES.items():
        expected[f"{name}_w_wide"] = TensorProto.FLOAT, weights(low).reshape(WEIGHTS[::-1])
    for prefix, tensors in (("input", given), ("output", expected)):
        for index, (name, (kind, values)) in enumerate(tensors.items()):
            tensor = helper.make_tensor(name, kind, values.shape, values.flatten().tolist())
            assert np.array_equal(numpy_helper.to_array(tensor).astype(np.int64), values)
            (folder / f"{prefix}_{index}.pb").write_bytes(tensor.SerializeToString())


def main():
    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        onnx.save(model(), folder / "packed.onnx")
        subprocess.run(["moec", "compile", str(folder / "packed.onnx"), "-o", scratch], check=True)
        for rows in (0, 1, 2, 5, 16):
            data = folder / str(rows)
            data.mkdir()
            write(data, rows)
            done = subprocess.run(["moec", "verify", str(folder / "libpacked.so"), "--test-data",
                                   str(data)], capture_output=True, text=True)
            good = done.stdout.count("ok  ")
            print(f"{rows} rows: {good} outputs ok")
            if done.returncode != 0 or good != 9:
                wrong += 1
                print(done.stdout, done.stderr)
    print(f"{wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
