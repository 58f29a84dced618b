# ===-- shape_values.py - extents that the elements of shapes tell ---------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""Imports small graphs of shape arithmetic. What is known of the elements of a shape
makes the type of y, and what is not known must not.

    shape_values.py FOLDER
"""

import pathlib
import subprocess
import sys

import onnx
from onnx import parser

OPEN = "tensor<?x?xf32>"
CASES = [
    ("a product of extents", "s = Shape(x) n = ReduceProd(s) y = Reshape(x, n)", "tensor<6xf32>"),
    ("a product of more than 64 bits", """s = Constant<value_ints=[4294967296, 4294967296]>()
     p = ReduceProd(s) o = Constant<value_ints=[1]>() n = Sub(p, o) y = Expand(z, n)""", "tensor<1x?xf32>"),
    ("one element, expanded", """two = Constant<value_ints=[2]>() three = Constant<value_ints=[3]>()
     s = Expand(three, two) y = Expand(z, s)""", "tensor<3x3xf32>"),
    ("two elements, expanded to two", """two = Constant<value_ints=[2]>() s = Shape(x) t = Expand(s, two)
     y = Expand(z, t)""", "tensor<2x3xf32>"),
    ("a row of a matrix", """i = Constant<value_ints=[1]>() d = Constant<value_int=2>() c = Constant<value_ints=[3]>()
     s = Shape(r) v = Concat<axis=0>(c, s) m = OneHot(i, d, v) o = Constant<value_int=0>() t = Gather<axis=0>(m, o)
     y = Expand(z, t)""", OPEN),
    ("one hot", """i = Constant<value_int=1>() d = Constant<value_int=2>() v = Constant<value_ints=[3, 2]>()
     t = OneHot(i, d, v) y = Expand(z, t)""", "tensor<3x2xf32>"),
    ("one hot of a depth of the run", """i = Constant<value_int=1>() s = Shape<start=0, end=1>(r) v = Constant<value_ints=[3, 2]>()
     d = Squeeze(s) t = OneHot(i, d, v) y = Cast<to=1>(t)""", "tensor<?xf32>"),
]


def main(folder):
    wrong = 0
    for name, nodes, expected in CASES:
        text = f"""<ir_version: 10, opset_import: ["": 21]>
        g (float[2, 3] x, float[1, 1] z, float["N"] r) => (float y) {{ {nodes} }}"""
        model = parser.parse_model(text)
        # Of any type: what is inferred is the question.
        model.graph.output[0].ClearField("type")
        path = pathlib.Path(folder) / "graph.onnx"
        onnx.save(model, path)
        done = subprocess.run(["moec-translate", "--import-onnx", path], capture_output=True, text=True)
        if done.returncode or f" : {expected}\n" not in done.stdout.partition(" return ")[2]:
            wrong += 1
            print(f"{name}: expected {expected}, got\n{done.stdout}{done.stderr}")
    print(f"{len(CASES)} graphs, {wrong} wrong")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
