# ===-- models.py - small models for the driver -------------------------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""usage: models.py FOLDER

Writes models that need little of the compiler, and test data for one."""

import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "Importer"))
from wire import *

COLUMNS = 100
WEIGHTS = [0.25 * i for i in range(COLUMNS)]


def added(weights, op="Add"):
    """y = x + w, where w is large enough for the weights file."""
    return model(
        graph(
            [node(op, ["x", "w"], ["y"], "sum")],
            [value("x", FLOAT, ["N", COLUMNS])],
            [value("y", FLOAT, ["N", COLUMNS])],
            [tensor("w", FLOAT, [COLUMNS], raw=floats(*weights))],
        )
    )


def hidden():
    """Layers in all places, and with all that can be unknown of them."""
    def layer(op, name, inputs, **ints):
        attributes = [attribute(key, 2, i=number) for key, number in ints.items()]
        if name == "packed":
            attributes.append(attribute("activation_type", 3, s="silu"))
        return node(op, ["x", "x"] + inputs, [name], name, domain="com.microsoft",
                    attributes=attributes)

    def weight(name, dtype, dims, bytes):
        return tensor(name, dtype, dims, raw=b"\0" * bytes)

    # 4 experts of 8 by 6: as f16, and as codes of 4 bits.
    half = node("Constant", [], ["half"], attributes=[
        attribute("value", 4, t=weight("", FLOAT16, [4, 6, 8], 4 * 6 * 8 * 2))])
    branch = graph([half, layer("MoE", "branch", ["half", "", "back"])], [], [],
                   [weight("back", FLOAT16, [4, 8, 6], 4 * 8 * 6 * 2)])
    nodes = [layer("QMoE", "packed", ["codes1", "", "bias1", "codes2"], k=2),
             node("If", ["x"], ["a"], "if", attributes=[attribute("then_branch", 5, g=branch)]),
             layer("QMoE", "odd", ["codes1", "", "", "codes2"], k=9, expert_weight_bits=0),
             layer("MoE", "bare", ["x", "", "x"]),
             node("F", ["x"], ["y"], domain="local")]
    return model(
        graph(nodes, [value("x", FLOAT, ["N", 8])], [value("y", FLOAT, ["N", 8])],
              [weight("codes1", UINT8, [4, 6, 4], 96), weight("codes2", UINT8, [4, 8, 3], 96),
               weight("bias1", FLOAT, [4, 12], 192)]),
        opsets=[opset(21), opset(1, "local"), opset(1, "com.microsoft")],
        functions=[function("F", ["x"], ["inner"], [layer("MoE", "inner", ["x", "", "x"])],
                            opsets=[opset(1, "com.microsoft")])])


MODELS = {
    "add": added(WEIGHTS),
    "other": added([w + 1 for w in WEIGHTS]),
    "unsupported": model(
        graph(
            [
                node("Frobnicate", ["x"], ["a"], "one"),
                node("Add", ["a", "x"], ["b"], "fine"),
                node("Nonsense", ["b"], ["y"], "two", domain="local"),
            ],
            [value("x", FLOAT, ["N", 4])],
            [value("y", FLOAT, ["N", 4])],
            [tensor("w", FLOAT, [10, 10], raw=floats(*[1.0] * 100))],
        )
    ),
    # f16 goes in and f32 comes out, through a sum that is rounded to f16 or to f32.
    "half": model(
        graph(
            [node("Add", ["x", "x"], ["a"], "sum"),
             node("Cast", ["a"], ["y"], "wide", attributes=[attribute("to", 2, i=FLOAT)])],
            [value("x", FLOAT16, ["N", 4])],
            [value("y", FLOAT, ["N", 4])],
        )
    ),
    "widened": model(
        graph(
            [node("Cast", ["x"], ["a"], "wide", attributes=[attribute("to", 2, i=FLOAT)]),
             node("Add", ["a", "a"], ["y"], "sum")],
            [value("x", FLOAT16, ["N", 4])],
            [value("y", FLOAT, ["N", 4])],
        )
    ),
    # A table of f16 that is only looked up: nothing is rounded.
    "looked_up": model(
        graph(
            [node("Gather", ["w", "i"], ["a"], "look"),
             node("Cast", ["a"], ["y"], "wide", attributes=[attribute("to", 2, i=FLOAT)])],
            [value("i", INT64, ["N"])],
            [value("y", FLOAT, ["N", 4])],
            [tensor("w", FLOAT16, [2, 4], raw=bytes(16))],
        )
    ),
    "brain": model(
        graph(
            [node("Add", ["x", "x"], ["y"], "sum")],
            [value("x", BFLOAT16, ["N", 4])],
            [value("y", BFLOAT16, ["N", 4])],
        )
    ),
    # Weights in a file beside the model, named as the library's own would be.
    "outside": model(
        graph(
            [node("Add", ["x", "w"], ["y"], "sum")],
            [value("x", FLOAT, ["N", COLUMNS])],
            [value("y", FLOAT, ["N", COLUMNS])],
            [tensor("w", FLOAT, [COLUMNS], external=entries(location="outside.weights"))],
        )
    ),
    # As C identifiers the first two names are one, and what tells them apart is the third.
    "alike": model(
        graph(
            [node("Add", ["a.b", "a_b"], ["both"]), node("Add", ["both", "a_b_1"], ["y"])],
            [value(name, FLOAT, [4]) for name in ("a.b", "a_b", "a_b_1")],
            [value("y", FLOAT, [4])],
        )
    ),
    # A type that the importer knows and the interface of a library does not.
    "float8": model(
        graph(
            [],
            [value("x", 17, [4])],
            [value("x", 17, [4])],
        )
    ),
    # Fused layers where an unsupported node keeps the model from being imported.
    "hidden": hidden(),
    # The operands of 'wrong' do not fit.
    "wrong": model(
        graph(
            [node("Add", ["x", "w"], ["y"], "wrong")],
            [value("x", FLOAT, ["N", 4])],
            [value("y", FLOAT, ["N", 4])],
            [tensor("w", FLOAT, [3], raw=floats(1, 2, 3))],
        )
    ),
}


def test_data(folder, change=0.0, inputs=None):
    os.makedirs(folder, exist_ok=True)
    x = [0.5 * i for i in range(2 * COLUMNS)]
    y = [x[i] + WEIGHTS[i % COLUMNS] for i in range(len(x))]
    y[7] += change
    write(folder, "input_0.pb", inputs or tensor("x", FLOAT, [2, COLUMNS], raw=floats(*x)))
    # Element by element, and without a name: the form and number must do.
    write(folder, "output_0.pb",
          tensor("", FLOAT, [2, COLUMNS], packed=(4, floats(*y))))


def write(folder, name, contents):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(contents)


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, contents in MODELS.items():
        write(folder, name + ".onnx", contents)
    write(folder, "outside.weights", floats(*WEIGHTS))
    test_data(os.path.join(folder, "good"))
    test_data(os.path.join(folder, "bad"), change=0.5)
    test_data(os.path.join(folder, "short"),
              inputs=tensor("x", FLOAT, [2, COLUMNS], raw=floats(1, 2, 3)))
    test_data(os.path.join(folder, "typed"),
              inputs=tensor("x", DOUBLE, [1], raw=struct.pack("<d", 1)))
    test_data(os.path.join(folder, "damaged"), inputs=b"\x09\xff\xff")
    test_data(os.path.join(folder, "pointer"), inputs=b"version https://git-lfs.github.com/spec/v1\n")
    # An input as NumPy writes it.
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, %d), }" % COLUMNS
    header = header.ljust(117) + "\n"
    write(folder, "x.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
          + floats(*[1e6] * (3 * COLUMNS)))
    # No field of the format has this number.
    test_data(os.path.join(folder, "strange"), inputs=message((777, 1)))
    os.makedirs(os.path.join(folder, "empty"), exist_ok=True)


main()
