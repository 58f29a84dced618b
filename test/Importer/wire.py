# ===-- wire.py - ONNX files byte by byte -------------------------------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""Writes ONNX messages by their field numbers, so that a test can say what no
library would write. Every function returns bytes."""

import struct

FLOAT, UINT8, INT8, INT32, INT64, STRING, BOOL = 1, 2, 3, 6, 7, 8, 9
FLOAT16, DOUBLE, UINT64, BFLOAT16, UINT4, INT4 = 10, 11, 13, 16, 21, 22


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, value):
    """An integer as a varint, a float as fixed32, text and bytes by length."""
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def message(*fields):
    """Fields as (number, value); a list repeats the field; None leaves it out."""
    out = b""
    for number, value in fields:
        if value is None:
            continue
        for item in value if isinstance(value, list) else [value]:
            out += field(number, item)
    return out


def opset(version, domain=""):
    return message((1, domain), (2, version))


def entries(**values):
    return [message((1, key), (2, str(value))) for key, value in values.items()]


def tensor(name, dtype, dims, raw=None, external=None, packed=(), extra=b""):
    """`packed` is (field number, encoded entries)."""
    out = message((1, list(dims)), (2, dtype), (8, name), (9, raw))
    if external is not None:
        out += message((13, external), (14, 1))
    return out + message(*([packed] if packed else [])) + extra


def floats(*values):
    return struct.pack("<%df" % len(values), *values)


def int64s(*values):
    return struct.pack("<%dq" % len(values), *values)


def varints(*values):
    return b"".join(varint(value) for value in values)


def tensor_type(dtype, dims):
    """An extent is a number, a name, or None. `dims` None: no shape."""
    shape = None
    if dims is not None:
        shape = b""
        for dim in dims:
            part = b""
            if dim is not None:
                part = field(1 if isinstance(dim, int) else 2, dim)
            shape += field(1, part)
    return field(1, message((1, dtype), (2, shape)))


def value(name, dtype, dims):
    return message((1, name), (2, tensor_type(dtype, dims)))


def attribute(name, type, **kinds):
    """Keyword by value field: f i s t g floats ints strings, ref."""
    numbers = dict(f=2, i=3, s=4, t=5, g=6, floats=7, ints=8, strings=9, ref=21)
    fields = [(numbers[kind], what) for kind, what in kinds.items()]
    return message((1, name), *fields, (20, type))


def node(op, inputs, outputs, name=None, domain=None, attributes=(), extra=b""):
    return (
        message(
            (1, list(inputs)),
            (2, list(outputs)),
            (3, name),
            (4, op),
            (5, list(attributes)),
            (7, domain),
        )
        + extra
    )


def graph(nodes, inputs, outputs, initializers=(), infos=(), extra=b""):
    return (
        message(
            (1, list(nodes)),
            (2, "g"),
            (5, list(initializers)),
            (11, list(inputs)),
            (12, list(outputs)),
            (13, list(infos)),
        )
        + extra
    )


def function(
    name,
    inputs,
    outputs,
    nodes,
    attributes=(),
    defaults=(),
    overload=None,
    opsets=None,
    domain="local",
):
    return message(
        (1, name),
        (4, list(inputs)),
        (5, list(outputs)),
        (6, list(attributes)),
        (7, list(nodes)),
        (9, [opset(21)] if opsets is None else opsets),
        (10, domain),
        (11, list(defaults)),
        (13, overload),
    )


def model(graph, opsets=None, ir=10, functions=(), extra=b""):
    return (
        message(
            (1, ir),
            (7, graph),
            (8, [opset(21), opset(1, "local")] if opsets is None else opsets),
            (25, list(functions)),
        )
        + extra
    )


X = value("x", FLOAT, ["N", 4])
Y = value("y", FLOAT, ["N", 4])
W = tensor("w", FLOAT, [4], raw=floats(1, 2, 3, 4))
ADD = node("Add", ["x", "w"], ["y"], "add")


def add(**changes):
    """y = x + w, with parts of the graph replaced."""
    parts = dict(nodes=[ADD], inputs=[X], outputs=[Y], initializers=[W])
    parts.update(changes)
    return graph(**parts)
