# ===-- raise_fixtures.py - raised layers, run as loops, against the oracle ===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""raise_fixtures.py FIXTURES NAME,NAME,... [PASS ...]

Takes the MoE node out of each fixture, with its weights as inputs, imports and raises
it, lowers it to loops (after any passes named), and compares with the oracle."""

import ctypes
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent.parent / "Conversion" / "Inputs")]

import oracle  # noqa: E402
from jit import build, descriptor  # noqa: E402


def take_layer(folder):
    """A model of the fixture's MoE node alone, and the arrays of its weights."""
    model = onnx.load(folder / "model.onnx")
    known = {i.name: i for i in model.graph.initializer}
    node = next(n for n in model.graph.node if n.op_type in ("MoE", "QMoE"))
    given = {i.name: i for i in model.graph.input}
    x_rank = len(given["x"].type.tensor_type.shape.dim)
    element = given["x"].type.tensor_type.elem_type
    arrays, inputs = {}, []
    for name in node.input:
        if name in known:
            arrays[name] = numpy_helper.to_array(known[name])
            inputs.append(helper.make_tensor_value_info(name, known[name].data_type, arrays[name].shape))
        elif name in given and name not in (node.input[0], node.input[1]):
            shape = [d.dim_value for d in given[name].type.tensor_type.shape.dim]
            generator = np.random.default_rng(len(arrays))
            arrays[name] = (generator.standard_normal(shape) * 0.2).astype(
                helper.tensor_dtype_to_np_dtype(element))
            inputs.append(helper.make_tensor_value_info(name, element, shape))
    quantised = node.op_type == "QMoE"
    fc1 = arrays[node.input[2]].shape
    bits = next((a.i for a in node.attribute if a.name == "expert_weight_bits"), 4)
    hidden = fc1[2] * 8 // bits if quantised else fc1[2]
    leading = ["T"] if x_rank == 2 else ["B", "S"]
    node.input[0], node.input[1], node.output[0] = "x", "router", "y"
    inputs = [helper.make_tensor_value_info("x", element, [*leading, hidden]),
              helper.make_tensor_value_info("router", element, ["tokens", fc1[0]])] + inputs
    graph = helper.make_graph([node], "layer", inputs,
                              [helper.make_tensor_value_info("y", element, [*leading, hidden])])
    single = helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)])
    return single, arrays, (x_rank, hidden, fc1[0], helper.tensor_dtype_to_np_dtype(element))


def check(name, fixtures, passes):
    model, weights, (rank, hidden, experts, dtype) = take_layer(fixtures / name)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "layer.onnx"
        onnx.save(model, path)
        done = subprocess.run(["moec-translate", "--import-onnx", str(path)], capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr)
        text = done.stdout.replace('{onnx.name = "y"}) {', '{onnx.name = "y"}) attributes {llvm.emit_c_interface} {')
        library = build(text, ["--raise-onnx-to-moe", *passes, "--convert-onnx-to-linalg",
                               "--convert-moe-to-loops=count-rows=false"], folder)
    generator = np.random.default_rng(7)
    worst = 0.0
    for tokens in (0, 1, 6):
        shape = (tokens, hidden) if rank == 2 else (2, tokens, hidden)
        count = tokens if rank == 2 else 2 * tokens
        x = generator.standard_normal(shape).astype(dtype)
        router = generator.standard_normal((count, experts)).astype(dtype)
        if tokens == 6:
            router[2] = np.round(router[2])  # ties
            router[3, experts // 2] = np.nan if "qmoe" not in name else 0
        feeds = {"x": x, "router": router, **weights}
        want = np.asarray(oracle.run(model, feeds)["y"], np.float64)
        arrays = [np.ascontiguousarray(feeds[i.name]) for i in model.graph.input]
        result = descriptor(np.zeros(shape, dtype))
        library._mlir_ciface_main(ctypes.byref(result), *[ctypes.byref(descriptor(a)) for a in arrays])
        size = int(np.prod(shape))
        got = np.frombuffer(ctypes.string_at(result.data, size * np.dtype(dtype).itemsize), dtype).reshape(shape)
        if tuple(result.sizes) != shape:
            return f"result of extents {tuple(result.sizes)}, expected {shape}"
        if size:
            worst = max(worst, np.abs(got - want).max() / max(np.abs(want).max(), 1e-30))
    allowed = 1e-3 if dtype == np.float16 else 1e-5
    return "ok" if worst <= allowed else f"error {worst:.3g}, allowed {allowed:.3g}"


def main():
    names = sys.argv[2].split(",")
    results = {name: check(name, pathlib.Path(sys.argv[1]), sys.argv[3:]) for name in names}
    for name, result in results.items():
        print(name, result)
    wrong = sum(result != "ok" for result in results.values())
    print(f"{len(names)} layers, {wrong} wrong")
    sys.exit(1 if wrong else 0)


main()
