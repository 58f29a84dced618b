# ===-- memory.py - memory does not grow with the weights ---------------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""usage: memory.py MODEL.onnx

Imports two models that differ only in the size of a weight inside the file, 4 KiB
and 256 MiB (a hole on the disk), and compares the importer's peak memory. Then one
of many inputs and outputs, whose memory must not grow with their square."""

import os
import subprocess
import sys

from wire import *


def prefix(number, length):
    return varint(number << 3 | 2) + varint(length)


def write(path, count):
    weight = message((1, [count]), (2, FLOAT), (8, "w"))
    raw = prefix(9, 4 * count)
    size = len(weight) + len(raw) + 4 * count
    rest = graph([ADD], [value("x", FLOAT, [count])], [value("y", FLOAT, [count])])
    with open(path, "wb") as file:
        file.write(message((1, 10), (8, [opset(21)])))
        file.write(prefix(7, len(rest) + len(prefix(5, size)) + size) + rest)
        file.write(prefix(5, size) + weight + raw)
        file.truncate(file.tell() + 4 * count)


def write_many(path, count):
    names = ["x%d" % i for i in range(count)]
    inputs = [value(name, FLOAT, [4]) for name in names]
    outputs = [value(name, FLOAT, [4]) for name in ["y", *names[1:]]]
    weight = tensor("w", FLOAT, [4], raw=floats(1, 2, 3, 4))
    with open(path, "wb") as file:
        file.write(model(graph([node("Add", ["x0", "w"], ["y"])], inputs, outputs, [weight])))


def peak(path, command=("moec-translate", "--import-onnx"), said="param.decl @w"):
    """Peak memory of one import, in KiB."""
    child = subprocess.Popen([*command, path], stdout=subprocess.PIPE)
    text = child.stdout.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    if status or said not in text:
        sys.exit("%s: status %d\n%s" % (path, status, text))
    return usage.ru_maxrss


path = sys.argv[1]
write(path, 1 << 10)
small = peak(path)
write(path, 1 << 26)
large = peak(path)
write_many(path, 10000)
many = max(peak(path), peak(path, ("moec", "compile", "--emit", "linalg", "-o", "-"), "func.func"))
os.remove(path)
print("peak %d KiB and %d KiB, of many inputs %d KiB" % (small, large, many))
# A fiftieth of the weight: well above noise, well below any copy of it.
if large - small > 5 << 10:
    sys.exit("memory grows with the weights")
# A list of ten thousand, ten thousand times, has 800 MB.
if many - small > 200 << 10:
    sys.exit("memory grows with the square of the number of inputs")
