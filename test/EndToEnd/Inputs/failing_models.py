# ===-- failing_models.py - models whose runs fail -------------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""usage: failing_models.py FOLDER

Writes models that some inputs are wrong for, and such inputs."""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def value(name, shape, dtype=FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs, outputs, name=outputs[0], **attributes)


# Nothing uses the sum, but it says that N is M.
DEAD = [
    [node("Add", ["a", "b"], ["dead"]), node("Relu", ["a"], ["y"])],
    [value("a", ["N", 4]), value("b", ["M", 4])],
    [value("y", ["N", 4])],
]
# That as many of a are not zero as b has elements is known in mid-run only.
COUNTED = [
    [
        node("NonZero", ["a"], ["places"]),
        node("Squeeze", ["places"], ["flat"]),
        node("Add", ["flat", "b"], ["dead"]),
        node("Identity", ["flat"], ["y"]),
    ],
    [value("a", ["N"]), value("b", ["M"], INT64)],
    [value("y", ["K"], INT64)],
]
# Two nodes to a kernel.
SHARED = [
    [
        node("Gather", ["table", "i"], ["first"]),
        node("Gather", ["table", "j"], ["second"]),
        node("Mod", ["i", "j"], ["remainder"]),
        node("Mod", ["j", "i"], ["other"]),
    ],
    [value("table", [4, 2]), value("i", ["N"], INT64), value("j", ["N"], INT64)],
    [value("first", ["N", 2]), value("second", ["N", 2]), value("remainder", ["N"], INT64),
     value("other", ["N"], INT64)],
]
# Nothing reads the places, but how many they are.
ONLY_COUNTED = [
    [
        node("NonZero", ["a"], ["places"]),
        node("Shape", ["places"], ["found"], start=1),
        node("ConstantOfShape", ["found"], ["zeros"]),
        node("Add", ["zeros", "b"], ["y"]),
    ],
    [value("a", ["N"]), value("b", ["M"])],
    [value("y", ["K"])],
]
# Rows of 15 as rows of 14, or of two equal parts: only no rows at all are so.
UNEQUAL = [
    [
        node("Constant", [], ["shape"], value_ints=[0, 14]),
        node("Constant", [], ["halves"], value_ints=[0, 2, -1]),
        node("Reshape", ["a", "shape"], ["y"]),
        node("Reshape", ["b", "halves"], ["z"]),
    ],
    [value("a", ["N", 15]), value("b", ["M", 15])],
    [value("y", ["N", 14]), value("z", ["M", 2, 7])],
]
# A product that counts its rows by 32 bits.
PRODUCT = [
    [
        node("Constant", [], ["w"], value=helper.make_tensor("w", FLOAT, [1, 2], [1.0, 2.0])),
        node("MatMul", ["a", "w"], ["y"]),
    ],
    [value("a", ["N", "M", 1])],
    [value("y", ["N", "M", 2])],
]
# An extent that a run may drop, and one that others must not be larger than.
ROWS = [
    [
        node("Squeeze", ["a"], ["flat"]),
        node("GatherElements", ["b", "i"], ["y"], axis=1),
    ],
    [value("a", ["N", 4]), value("b", ["M", 4]), value("i", ["L", 4], INT64)],
    [value("flat", None), value("y", ["L", 4])],
]
# Extents without a name, and of a long one; known ones on either side.
LONG = "rows_" + "é" * 60
NAMELESS = [
    [
        node("Constant", [], ["three"], value=helper.make_tensor("w", FLOAT, [3, 1], [1.0] * 3)),
        node("Constant", [], ["six"], value=helper.make_tensor("w", FLOAT, [6, 1], [1.0] * 6)),
        node("Add", ["a", "b"], ["sum"]),
        node("Add", ["three", "c"], ["left"]),
        node("Add", ["d", "six"], ["right"]),
        node("Concat", ["a", "a"], ["twice"], axis=0),
        node("Add", ["twice", "d"], ["y"]),
    ],
    [value("a", [None, 4]), value("b", [None, 4]), value("c", [LONG, 4]), value("d", ["K", 4])],
    [value("sum", None), value("left", None), value("right", None), value("y", None)],
]
MODELS = {"rows": ROWS, "nameless": NAMELESS, "dead": DEAD, "only_counted": ONLY_COUNTED, "counted": COUNTED, "shared": SHARED,
          "unequal": UNEQUAL, "product": PRODUCT}

INPUTS = {
    "three": np.ones((3, 4), np.float32),
    "two": np.ones((2, 4), np.float32),
    "one": np.ones((1, 4), np.float32),
    "six": np.ones((6, 4), np.float32),
    "two_places": np.zeros((2, 4), np.int64),
    "three_places": np.zeros((3, 4), np.int64),
    "no_rows": np.ones((0, 15), np.float32),
    "rows": np.ones((3, 15), np.float32),
    "counts": np.array([0, 1, 2, 0, 3], np.float32),
    "three_numbers": np.array([1.5, 2.5, -3], np.float32),
    "four_numbers": np.ones(4, np.float32),
    "counts_three": np.arange(3, dtype=np.int64),
    "table": np.arange(8, dtype=np.float32).reshape(4, 2),
    "sound": np.array([1, 2, 3], np.int64),
    "far": np.array([1, 4, 3], np.int64),
    "null": np.array([1, 2, 0], np.int64),
    "counts_four": np.arange(4, dtype=np.int64),
}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True)
    for name, (nodes, inputs, outputs) in MODELS.items():
        graph = helper.make_graph(nodes, name, inputs, outputs)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
        model.ir_version = 10
        onnx.save(model, folder / f"{name}.onnx")
    for name, array in INPUTS.items():
        np.save(folder / f"{name}.npy", array)


main()
