# ===-- models.py - small models that import ----------------------------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""usage: models.py FOLDER

Writes the models that the .test files here import, one for each way in which
exporters say things, and their data files."""

import os
import struct
import sys

from wire import *

MODELS = {}
FILES = {}


def constant(output, name, type, **kind):
    return node("Constant", [], [output], attributes=[attribute(name, type, **kind)])


def sum_of(names, output="y"):
    """A chain of Add over all names, so that nothing of them is dead."""
    nodes = []
    for i, name in enumerate(names[1:]):
        left = names[0] if i == 0 else "s%d" % i
        right = output if i == len(names) - 2 else "s%d" % (i + 1)
        nodes.append(node("Add", [left, name], [right]))
    return nodes


# Every form of a constant that is a tensor of numbers.
MODELS["constants"] = model(
    graph(
        [
            constant("a", "value_int", 2, i=-3),
            constant("b", "value_ints", 7, ints=[1, -2]),
            constant("c", "value_float", 1, f=0.5),
            constant("d", "value_floats", 6, floats=[0.25, -2.0]),
            constant("e", "value", 4, t=tensor("", FLOAT16, [2], raw=struct.pack("<2e", 1.5, -1))),
            # No number is written: the default of the field.
            constant("f", "value_int", 2),
            # As exporters of IR versions without attribute types wrote it.
            node("Constant", [], ["g"], attributes=[message((1, "value_float"), (2, 2.0))]),
        ],
        [],
        [value(n, t, d) for n, t, d in [
            ("a", INT64, []), ("b", INT64, [2]), ("c", FLOAT, []), ("d", FLOAT, [2]),
            ("e", FLOAT16, [2]), ("f", INT64, []), ("g", FLOAT, [])]],
    )
)

# Every field and type an initializer can have.
TYPED = [
    ("f32", FLOAT, [2], dict(packed=(4, floats(1.5, -2)))),
    ("f64", DOUBLE, [2], dict(packed=(10, struct.pack("<2d", 1.5, -2)))),
    ("i64", INT64, [2], dict(packed=(7, varints(-1, 2)))),
    ("i32", INT32, [2], dict(packed=(5, varints(-1, 2)))),
    ("i8", INT8, [2], dict(packed=(5, varints(-128, 127)))),
    ("u8", UINT8, [2], dict(packed=(5, varints(0, 255)))),
    ("u64", UINT64, [2], dict(packed=(11, varints((1 << 64) - 1, 2)))),
    ("b1", BOOL, [3], dict(packed=(5, varints(1, 0, 1)))),
    # The bits of a half, not its value.
    ("f16", FLOAT16, [2], dict(packed=(5, varints(0x3C00, 0xC000)))),
    ("bf16", BFLOAT16, [2], dict(packed=(5, varints(0x3F80, 0xC000)))),
    # Two an entry, the first in the low bits.
    ("u4", UINT4, [3], dict(packed=(5, varints(0x21, 0x0F)))),
    ("i4", INT4, [3], dict(raw=bytes([0xF1, 0x08]))),
    ("empty", FLOAT, [0, 3], {}),
    ("scalar", FLOAT, [], dict(raw=floats(7))),
    # Small, so read from its file at once.
    ("outside", FLOAT, [2], dict(external=entries(location="./sub/d.bin", offset=4, length=8))),
    ("outside0", FLOAT, [], dict(external=entries(location="sub/d.bin"))),
]
MODELS["initializers"] = model(
    graph([], [], [value(name, type, dims) for name, type, dims, _ in TYPED],
          [tensor(name, type, dims, **kinds) for name, type, dims, kinds in TYPED])
)
FILES["sub/d.bin"] = floats(1, 2, 3)

# 65 elements and more are parameters: inside the model, outside, in a Constant,
# and, where written one by one, constants after all.
BIG = floats(*range(65))
MODELS["parameters"] = model(
    graph(
        [constant("c", "value", 4, t=tensor("", FLOAT, [65], raw=BIG))]
        + sum_of(["c", "raw w", "ext", "same", "typed", "x"]),
        [value("x", FLOAT, [65]), value("ext", FLOAT, [65])],
        [value("y", FLOAT, [65])],
        [
            tensor("raw w", FLOAT, [65], raw=BIG),
            # Also an input, as before IR version 4: a default, taken as is.
            tensor("ext", FLOAT, [65], external=entries(location="big.bin", offset=8)),
            tensor("same", FLOAT, [65], external=entries(location="big.bin", offset=8)),
            tensor("typed", FLOAT, [65], packed=(4, BIG)),
            tensor("unused", FLOAT, [65], external=entries(location="big.bin")),
        ],
    )
)
FILES["big.bin"] = b"\0" * 8 + BIG

# Extents: one name is one symbol; none is a symbol of its own.
MODELS["extents"] = model(
    graph(
        sum_of(["p", "q", "r"]),
        [value("p", FLOAT, [None, "N", 4]), value("q", FLOAT, ["N", 4]),
         value("r", FLOAT, ["p_0", 1, 4])],
        [value("y", FLOAT, ["anything", "N", 4])],
    )
)

# A function: defaults, references, an input left out, two calls, one nested.
BODY = [
    node("Constant", [], ["k"], attributes=[message((1, "value_float"), (20, 1), (21, "scale"))]),
    node("Add", ["a", "k"], ["b"], "inner"),
]
SHIFT = function("Shift", ["a", "unused"], ["b"], BODY,
                 defaults=[attribute("scale", 1, f=0.5)])
TWICE = function(
    "Twice", ["a"], ["c"],
    [
        node("Shift", ["a"], ["b"], "first", "local",
             attributes=[message((1, "scale"), (20, 1), (21, "by"))]),
        node("Shift", ["b", ""], ["c"], "second", "local"),
    ],
    attributes=["by"], opsets=[opset(21), opset(1, "local")])
OTHER = function("Shift", ["a"], ["b"], [node("Add", ["a", "a"], ["b"], "doubled")],
                 overload="other")
MODELS["functions"] = model(
    graph(
        [
            node("Twice", ["x"], ["t"], "call", "local", attributes=[attribute("by", 1, f=8.0)]),
            node("Shift", ["t"], ["u"], "over", "local", extra=field(8, "other")),
            node("Twice", ["u"], ["y"], "", "local"),
        ],
        [value("x", FLOAT, [4])], [value("y", FLOAT, [4])],
    ),
    functions=[SHIFT, TWICE, OTHER],
)
# The default of the operator where a call leaves the attribute out.
MOE = node("MoE", ["x", "r", "w1", "", "w2"], ["y"], "moe", "com.microsoft",
           attributes=[message((1, "k"), (20, 2), (21, "k"))])
LAYER = function("Layer", ["x", "r", "w1", "w2"], ["y"], [MOE], attributes=["k"],
                 opsets=[opset(1, "com.microsoft")])
MOE_INPUTS = [value("x", FLOAT, ["T", 4]), value("r", FLOAT, ["T", 2]),
              value("w1", FLOAT, [2, 3, 4]), value("w2", FLOAT, [2, 4, 3])]
MODELS["defaults"] = model(
    graph([node("Layer", ["x", "r", "w1", "w2"], ["y"], "", "local")],
          MOE_INPUTS, [value("y", FLOAT, ["T", 4])]),
    functions=[LAYER])

# What nobody uses is gone, and what it was declared as was checked.
MODELS["dead"] = model(
    add(nodes=[ADD, node("Add", ["x", "w"], ["z"], "dead"), node("Add", ["z", "w"], ["zz"])],
        infos=[value("z", FLOAT, ["N", 4])])
)
# Trailing empty inputs, and a name for the default domain.
MODELS["spelling"] = model(
    graph([node("MoE", ["x", "r", "w1", "", "w2", "", "", ""], ["m"], "moe", "com.microsoft"),
           node("Add", ["m", "x"], ["y"], None, "ai.onnx")],
          MOE_INPUTS, [value("y", FLOAT, ["T", 4])]),
    opsets=[opset(21, "ai.onnx"), opset(1, "com.microsoft")])
# The model's output is its input, twice the same value.
MODELS["through"] = model(graph([], [value("x", FLOAT, ["N"])], [value("x", FLOAT, ["N"])]))
# Several faults at once.
MODELS["unsupported"] = model(
    graph([node("Frobnicate", ["x"], ["a"], "one"),
           node("Add", ["a", "b"], ["c"], "fine"),
           node("Scan", ["c"], ["d"], "two", attributes=[attribute("body", 5, g=graph([], [], []))]),
           node("QuickGelu", ["d"], ["y"], "three", "com.example")],
          [value("x", FLOAT, [4])], [value("y", FLOAT, [4])]))
# An operator that is known, but not read.
MODELS["packed"] = model(
    graph([node("MoEPacked", ["x"], ["y"], "moe", "com.microsoft")],
          [value("x", FLOAT, [4])], [value("y", FLOAT, [4])]),
    opsets=[opset(21), opset(1, "com.microsoft")])


if __name__ == "__main__":
    root = sys.argv[1]
    for name, contents in list(FILES.items()) + [(n + ".onnx", m) for n, m in MODELS.items()]:
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(contents)
