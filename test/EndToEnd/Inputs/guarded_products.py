# ===-- guarded_products.py - products read no byte past their matrices ----===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""guarded_products.py SCRATCH CONFORMANCE

Products of inputs whose last panel is not full, for few rows and for many: what the
conformance program gives them ends where a page begins that nobody may read."""

import os
import pathlib
import subprocess
import sys

import onnx
from onnx import TensorProto, helper

TYPES = {"f32": TensorProto.FLOAT, "f16": TensorProto.FLOAT16}
LEVELS = ("x86-64-v3", "x86-64-v4")
# Rows, depth and columns.
EXTENTS = [(1, 7, 5), (3, 16, 33), (14, 300, 40), (97, 31, 1)]


def build(element, is_transposed):
    """A product of two inputs each; matrices lie in rows, or in columns."""
    inputs, nodes, outputs = [], [], []
    for number, (m, k, n) in enumerate(EXTENTS):
        matrix = [2, n, k] if is_transposed else [2, k, n]
        inputs += [helper.make_tensor_value_info(f"x{number}", element, [2, m, k]),
                   helper.make_tensor_value_info(f"w{number}", element, matrix)]
        if is_transposed:
            nodes.append(helper.make_node("Transpose", [f"w{number}"], [f"t{number}"], perm=[0, 2, 1]))
        nodes.append(helper.make_node("MatMul", [f"x{number}", f"{'t' if is_transposed else 'w'}{number}"],
                                      [f"y{number}"]))
        outputs.append(helper.make_tensor_value_info(f"y{number}", element, [2, m, n]))
    return helper.make_model(helper.make_graph(nodes, "g", inputs, outputs), ir_version=8,
                             opset_imports=[helper.make_opsetid("", 18)])


def main():
    scratch, conformance = pathlib.Path(sys.argv[1]), sys.argv[2]
    scratch.mkdir(parents=True, exist_ok=True)
    wrong = runs = 0
    for name, element in TYPES.items():
        for is_transposed in (False, True):
            path = scratch / f"{name}{'t' * is_transposed}.onnx"
            onnx.save(build(element, is_transposed), path)
            subprocess.run(["moec", "compile", path, "-j", "1", "--name", "m", "-o", path.with_suffix("")], check=True)
            for level in LEVELS:
                done = subprocess.run([conformance, path.with_suffix("") / "libm.so"], capture_output=True, text=True,
                                      env={**os.environ, "MOEC_CPU": level})
                runs += 1
                if done.returncode:
                    wrong += 1
                    print(f"{path.stem} at {level}: {(done.stdout + done.stderr).strip()[-2000:]}")
    print(f"{runs} runs, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
