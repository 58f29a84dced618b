# ===-- runtime_operands.py - axes, steps and counts from the run ----------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Operators whose axes, steps and counts are inputs of the run, on tensors of symbolic
extents: against the oracle where they are sound, ending with an error where they are not."""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from nodes import Library, Nodes
from onnx import helper, numpy_helper

from compare import RunError  # noqa: E402, on the path by nodes

rng = np.random.default_rng(11)
REDUCTIONS = ["ReduceSum", "ReduceMean", "ReduceProd", "ReduceMax", "ReduceMin", "ReduceL1",
              "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"]


def numbers(*shape, dtype=np.float32):
    values = rng.uniform(0.5, 1.5, shape)
    return (values * 5).astype(dtype) if np.dtype(dtype).kind in "iu" else values.astype(dtype)


def i64(*values):
    return np.array(values, np.int64)


def symbolic(rank):
    return {0: [f"D{i}" for i in range(rank)]}


def reductions(nodes):
    def add(op, x, axes, tolerance=1e-5, dynamic=True, **attrs):
        nodes.add(f"{op} {x.dtype} {list(x.shape)} axes {axes} {attrs}", op, [x, axes], attrs,
                  symbols=symbolic(x.ndim) if dynamic else None, tolerance=tolerance)
    x = numbers(3, 4, 5)
    for op in REDUCTIONS:
        for axes in (i64(1), i64(-1, 0)):
            for keepdims in (0, 1):
                add(op, x, axes, keepdims=keepdims)
    for op in ("ReduceSum", "ReduceMax"):
        add(op, x, np.array([2, 0, -2], np.int64))
        add(op, x, np.array([2, 0, -2], np.int64), keepdims=0, dynamic=False)
        add(op, x, i64(), noop_with_empty_axes=1)
        add(op, x, i64(), keepdims=0)
        add(op, numbers(3, 1, 5), i64(-2), keepdims=0, dynamic=False)
        add(op, np.float32(3), i64(-1))
        for dtype in (np.int32, np.uint32, np.int64, np.uint64, np.float64):
            add(op, numbers(2, 6, dtype=dtype), i64(0), keepdims=0)
        add(op, numbers(7, 3, dtype=np.float16), i64(0), tolerance=2e-3)
    add("ReduceMean", numbers(4, 3, dtype=np.int32), i64(0))
    add("ReduceMax", numbers(4, 3, dtype=np.int8), i64(1))
    add("ReduceMin", numbers(4, 3, dtype=np.uint8), i64(-1))
    add("ReduceMax", rng.integers(0, 2, (4, 3)).astype(bool), i64(1))
    # Nothing to fold, and nowhere to put it.
    for op in ("ReduceSum", "ReduceProd", "ReduceMax", "ReduceLogSumExp"):
        add(op, numbers(2, 0, 3), i64(1), keepdims=0)
        add(op, numbers(2, 0, 3), i64(-1))


def views(nodes):
    squeeze = lambda x, axes: nodes.add(
        f"Squeeze {x.shape} {axes}", "Squeeze", [x, axes], symbols=symbolic(x.ndim))
    squeeze(numbers(3, 1, 5), i64(1))
    squeeze(numbers(1, 3, 1), i64(-1, 0))
    squeeze(numbers(1, 1), i64(1, 0))
    squeeze(numbers(1, 0), i64(0))
    unsqueeze = lambda x, axes: nodes.add(
        f"Unsqueeze {x.shape} {axes}", "Unsqueeze", [x, axes], symbols=symbolic(x.ndim))
    unsqueeze(numbers(3, 5), i64(0))
    unsqueeze(numbers(3, 5), i64(-1, 1, 0))
    unsqueeze(numbers(0, 5), i64(2))
    unsqueeze(np.float32(7), i64(0, 1))


def movements(nodes):
    def cut(x, starts, ends, axes, steps=None, dtype=np.int64):
        lists = [None if a is None else np.array(a, dtype) for a in (starts, ends, axes, steps)]
        nodes.add(f"Slice {x.shape} {lists}", "Slice", [x, *lists], symbols=symbolic(x.ndim))
    x = numbers(7, 6, 5)
    cut(x, [1], [5], [0])
    cut(x, [1, -3], [100, -1], [-1, 0])
    cut(x, [5, -1], [0, -100], [1, 0], [-2, -1])
    cut(x, [0, 1, 2], [7, 5, 5], None, [3, 2, 1])
    cut(x, [-1], [-9], [2], [-3], dtype=np.int32)
    cut(x, [3], [3], [1], [2])
    cut(x, [2], [1 << 62], [1], [1 << 62])
    cut(x, [-1], [-(1 << 62)], [1], [-(1 << 63)])
    cut(numbers(0, 3), [-1], [-5], [0], [-1])
    cut(numbers(0, 3), [0], [5], [0], [2])
    empty = numbers(2, 0)
    nodes.add("Concat empty", "Concat", [empty, empty], {"axis": 0})
    nodes.add("Split empty", "Split", [empty], {"axis": 0, "num_outputs": 2}, outputs=2)
    nodes.add("Split some empty", "Split", [x, i64(0, 6, 0)], {"axis": 1}, outputs=3, constants=(1,))
    pad = lambda x, pads, axes, mode="constant": nodes.add(
        f"Pad {x.shape} {pads} {axes} {mode}", "Pad",
        [x, i64(*pads), np.float32(9), i64(*axes)], {"mode": mode}, symbols=symbolic(x.ndim))
    pad(x, [1, 2], [1])
    pad(x, [1, -2, 0, 3], [-1, 0])
    pad(x, [2, 1], [0], "edge")
    pad(x, [2, 1, 1, 4], [2, 1], "reflect")
    pad(x, [2, 9], [2], "wrap")


def scans(nodes):
    for exclusive in (0, 1):
        for reverse in (0, 1):
            attrs = {"exclusive": exclusive, "reverse": reverse}
            for axis in (0, 1, -1):
                nodes.add(f"CumSum {axis} {attrs}", "CumSum",
                          [numbers(3, 4, 5), np.array(axis, np.int32)], attrs,
                          symbols=symbolic(3))
            nodes.add(f"CumSum [0] {attrs}", "CumSum", [numbers(9, dtype=np.int64), i64(0)], attrs)
    nodes.add("CumSum f16", "CumSum", [numbers(40, 2, dtype=np.float16), np.int64(0)],
              symbols=symbolic(2), tolerance=2e-3)
    nodes.add("CumSum empty", "CumSum", [numbers(3, 0), np.int64(1)], symbols=symbolic(2))


def counts(nodes):
    add = lambda op, inputs, attrs=None, **how: nodes.add(
        f"{op} {[np.asarray(a).tolist() for a in inputs[1:]]} {attrs}", op, inputs, attrs, **how)
    x = numbers(4, 6)
    add("Reshape", [x, i64(3, -1, 2)], symbols=symbolic(2))
    add("Reshape", [x, i64(0, 2, -1)], symbols=symbolic(2))
    add("Expand", [numbers(4, 1), i64(2, 1, 5)], symbols=symbolic(2))
    add("Tile", [x, i64(2, 0)], symbols=symbolic(2))
    add("Tile", [x, i64(1, 3)], symbols=symbolic(2))
    add("ConstantOfShape", [i64(2, 0, 3)])
    add("Range", [np.int64(3), np.int64(-8), np.int64(-3)])
    add("Range", [np.float32(0), np.float32(1), np.float32(0.3)])
    # Their distances, and the size of a step, fit 64 bits only without a sign.
    low, high = np.int64(-2**63), np.int64(2**63 - 1)
    for ends in ((low, high, np.int64(2**62)), (high, low, np.int64(-2**62)), (high, low, low),
                 (high, np.int64(0), low), (low, high, np.int64(-1)), (low, low, low)):
        add("Range", ends)
        add("Range", ends, constants=(0, 1, 2))
    add("Split", [x, i64(1, 0, 5)], {"axis": 1}, outputs=3, symbols=symbolic(2))
    add("TopK", [x, i64(3)], outputs=2, symbols=symbolic(2))
    add("TopK", [x, i64(0)], {"axis": 0, "largest": 0}, outputs=2, symbols=symbolic(2))
    add("Trilu", [x, np.int64(-1)], {"upper": 0}, symbols=symbolic(2))
    for depth in (np.int64(5), np.uint8(5), np.uint64(5), np.float32(5), np.int8([5]),
                  np.float16(5)):
        add("OneHot", [np.array([[0, -1], [7, 4]], np.int64), depth, i64(2, 3)],
            symbols=symbolic(2))
    # No index from the end, though its bits are those of -1.
    add("OneHot", [np.array([2**64 - 1, 1], np.uint64), np.int64(3), i64(0, 1)])


BAD_AXES = "an axis is outside of the rank, or named twice; expected "
ANY_OTHER = "; expected any other number"
EXTENT = " is no extent; expected 0 to 2^40"
PADS = "an element of 'pads' is no extent; expected -2^40 to 2^40"
OVERFLOW = "overflows"
MOST, LEAST = 2**63 - 1, -2**63
# Operator, sound inputs, the input to replace, bad ones and what is said of them; attributes
# and the number of outputs where there is more than one.
REFUSED = [
    ("ReduceSum", [numbers(2, 3), i64(0)], 1,
     [(i64(2), BAD_AXES + "-2 to 1, each once"), (i64(-3), BAD_AXES)]),
    ("ReduceMean", [numbers(2, 3, 4), i64(0, 1)], 1,
     [(i64(1, -2), BAD_AXES + "-3 to 2"), (i64(1 << 62, 0), BAD_AXES)]),
    ("ReduceMax", [numbers(2, 3), i64(0, 1)], 1, [(i64(0, 0), BAD_AXES)]),
    ("ReduceSum", [np.float32(2), i64(0)], 1, [(i64(1), BAD_AXES + "-1 to 0")]),
    ("Squeeze", [numbers(1, 3), i64(0)], 1,
     [(i64(2), BAD_AXES), (i64(1), "a squeezed extent is not one; expected 1 in dimension 1")]),
    ("Squeeze", [numbers(1, 1), i64(0, 1)], 1, [(i64(0, -2), BAD_AXES)]),
    ("Unsqueeze", [numbers(2, 3), i64(0)], 1, [(i64(3), BAD_AXES), (i64(-4), BAD_AXES)]),
    ("Unsqueeze", [numbers(2, 3), i64(0, 1)], 1, [(i64(-4, 0), BAD_AXES)]),
    ("CumSum", [numbers(2, 3), i64(0)], 1, [(i64(2), BAD_AXES), (i64(-3), BAD_AXES)]),
    ("Slice", [numbers(4, 3), i64(0), i64(2), i64(0), i64(1)], 3, [(i64(2), BAD_AXES)]),
    ("Slice", [numbers(4, 3), i64(0), i64(2), i64(0), i64(1)], 4,
     [(i64(0), "a slice has a step of zero" + ANY_OTHER)]),
    ("Pad", [numbers(4, 3), i64(1, 1), np.float32(0), i64(0)], 3, [(i64(-3), BAD_AXES)]),
    ("Pad", [numbers(4, 3), i64(1, 1), np.float32(0), i64(0)], 1,
     [(i64(-2, -3), "a padded extent" + EXTENT), (i64(LEAST, MOST), PADS),
      (i64(MOST, MOST), PADS)]),
    ("Pad", [numbers(2), i64(1, 1)], 1,
     [(i64(MOST, MOST), PADS), (i64(LEAST, MOST), PADS), (i64(LEAST, 0), PADS),
      (i64(2**62 - 2, 0), PADS), (i64(2**40, -2**40 - 1), PADS),
      (i64(2**40, 0), "a padded extent" + EXTENT), (i64(2**40, 2**40), "a padded extent" + EXTENT),
      (i64(-2**40, 2**40 - 3), "a padded extent" + EXTENT)]),
    ("Tile", [numbers(2), i64(3)], 1,
     [(i64(-1), "an element of 'repeats'" + EXTENT), (i64(2**61), "an element of 'repeats'"),
      (i64(2**62), "an element of 'repeats'"), (i64(2**63 - 1), "an element of 'repeats'"),
      (i64(2**40), "a tiled extent" + EXTENT)]),
    ("Split", [numbers(2), i64(1, 1, 0, 0)], 1,
     [(i64(2**62, 2**62, 2**62, 2**62 + 2), "an element of 'split'" + EXTENT),
      (i64(-1, 3, 0, 0), "an element of 'split'"), (i64(MOST, MOST, 4, 0), "an element of 'split'"),
      (i64(2**40, 2, 0, 0), "two extents that must be equal differ")], {}, 4),
    ("Expand", [numbers(1), i64(3, 2)], 1,
     [(i64(2**62, 2), "an element of 'shape'" + EXTENT), (i64(2, 2**62), "an element of 'shape'"),
      (i64(-1, 2), "an element of 'shape'")]),
    ("Expand", [numbers(3, 1), i64(3, 2)], 1,
     [(i64(2, 2), "a tensor does not broadcast to the shape it is expanded to")]),
    ("ConstantOfShape", [i64(2, 3)], 0,
     [(i64(2**62, 2), "an element of 'input'" + EXTENT), (i64(2, LEAST), "an element of 'input'")]),
    ("Range", [np.int64(0), np.int64(4), np.int64(1)], 1,
     [(np.int64(2**61), "the number of elements of a range" + EXTENT),
      (np.int64(MOST), "the number of elements of a range"),
      (np.int64(2**40 + 1), "the number of elements of a range")]),
    ("Range", [np.int64(LEAST), np.int64(4 + LEAST), np.int64(1)], 1,
     [(np.int64(MOST), "the number of elements of a range"),
      (np.int64(0), "the number of elements of a range")]),
    ("Range", [np.int64(0), np.int64(4), np.int64(1)], 2,
     [(np.int64(0), "a range has a delta of zero" + ANY_OTHER)]),
    ("Range", [np.float32(0), np.float32(4), np.float32(1)], 1,
     [(np.float32(1e13), "the number of elements of a range" + EXTENT),
      (np.float32("inf"), "the number of elements of a range"),
      (np.float32("nan"), "the number of elements of a range")]),
    ("OneHot", [i64(1), np.uint64(3), i64(0, 1)], 1,
     [(np.uint64(2**63), "the depth of OneHot" + EXTENT),
      (np.uint64(2**61), "the depth of OneHot")]),
    ("OneHot", [i64(1), np.int64(3), i64(0, 1)], 1,
     [(np.int64(2**61), "the depth of OneHot" + EXTENT), (np.int64(2**62), "the depth of OneHot"),
      (np.int64(-1), "the depth of OneHot")]),
    ("OneHot", [i64(1), np.float32(3), i64(0, 1)], 1,
     [(np.float32(2**61), "the depth of OneHot" + EXTENT), (np.float32(-1), "the depth of OneHot"),
      (np.float32("nan"), "the depth of OneHot")]),
    ("Reshape", [numbers(2, 2), i64(4, 1)], 1,
     [(i64(-1, -1), "a reshape's 'shape' has more than one -1; expected one"),
      (i64(-2, -2), "an element of a reshape's 'shape' is below -1; expected "),
      (i64(2**62, 2**62), "a reshape's 'shape' has another number of elements"),
      (i64(2**62 + 1, 4), "a reshape's 'shape' has another number of elements"),
      (i64(5, -1), "a reshape's 'shape' has another number of elements")]),
    # Nothing, in a shape whose elements are a multiple of 2^64.
    ("Reshape", [numbers(0, 2), i64(0, 3)], 1,
     [(i64(2**32, 2**32), "a reshape's 'shape' has another number of elements"),
      (i64(2**62, 4), "a reshape's 'shape' has another number of elements")], {"allowzero": 1}),
    ("TopK", [numbers(5), i64(3)], 1,
     [(i64(2**62), "k of TopK is outside of the extent it chooses from; expected "),
      (i64(-1), "k of TopK is outside")], {}, 2),
]
# Operators whose result has more bytes than 64 bits count, though its extents are sound: inputs,
# the one to replace, and bad ones.
HUGE = [
    ("ConstantOfShape", [i64(2, 3)], 0,
     [(i64(2**31, 2**31), OVERFLOW), (i64(2**40, 2**40), OVERFLOW)]),
    ("Expand", [numbers(1), i64(3, 2)], 1,
     [(i64(2**40, 2**40), OVERFLOW), (i64(2**22, 2**40), OVERFLOW)]),
]

X = numbers(2, 3)
# Nodes that are refused when they are compiled: operator, inputs, the constant ones among
# them, symbols of extents, and what is said.
UNSOUND = [
    ("ReduceSum", [X, i64(0, 1, 0)], (), {}, "operand 'axes' has 3 elements for a rank of 2"),
    ("ReduceSum", [X, i64(0)], (), {1: ["N"]},
     "operand 'axes' must be a vector of static length, found 'tensor<?xi64>'"),
    ("ReduceSum", [X, i64(2)], (1,), {}, "axis 2 is outside [-2, 1]"),
    ("ReduceSum", [X, i64(1, -1)], (1,), {}, "axis -1 is named twice"),
    ("ReduceSum", [np.float32(1), i64(1)], (1,), {}, "axis 1 is outside [-1, 0]"),
    ("Squeeze", [X, i64(0, 1, 0)], (), {}, "operand 'axes' has 3 elements for a rank of 2"),
    ("Squeeze", [X, i64(0, 1)], (), {}, "a squeezed extent: 2 and 1 must be equal"),
    ("Squeeze", [X, i64(0, 0)], (1,), {}, "axis 0 is named twice"),
    ("Unsqueeze", [X, i64(0)], (), {1: ["N"]},
     "operand 'axes' must be a vector of static length, found 'tensor<?xi64>'"),
    ("Unsqueeze", [X, i64(3)], (1,), {}, "axis 3 is outside [-3, 2]"),
    ("CumSum", [X, i64(0, 1)], (), {}, "takes one axis, found 'tensor<2xi64>'"),
    ("CumSum", [np.float32(1), i64(0)], (), {}, "takes a tensor of rank 1 or more"),
    ("CumSum", [X, i64(2)], (1,), {}, "axis 2 is outside [-2, 1]"),
    ("Slice", [X, i64(0), i64(1), i64(0, 1)], (), {},
     "has 'starts', 'ends', 'axes' and 'steps' of different lengths"),
    ("Slice", [X, i64(0), i64(1), i64(2)], (3,), {}, "axis 2 is outside [-2, 1]"),
    ("Slice", [X, i64(0), i64(1), i64(0), i64(0)], (4,), {}, "'steps' has the element 0"),
    ("Pad", [X, i64(1, 1, 1), np.float32(0), i64(0)], (), {}, "'pads' has 3 elements, expected 2"),
    ("Pad", [numbers(2), i64(LEAST, MOST)], (1,), {},
     f"element of 'pads' is {LEAST}, expected -2^40 to 2^40"),
    ("Pad", [numbers(2), i64(MOST, MOST)], (1,), {0: ["N"]},
     f"element of 'pads' is {MOST}, expected"),
    ("Tile", [numbers(2), i64(2**62)], (1,), {}, f"element of 'repeats' is {2**62}, expected"),
    ("Tile", [numbers(4), i64(2**62)], (1,), {0: ["N"]},
     f"element of 'repeats' is {2**62}, expected"),
    ("Split", [numbers(2), i64(MOST)], (1,), {0: ["N"]}, f"element of 'split' is {MOST}, expected"),
    ("Range", [np.int64(LEAST), np.int64(MOST), np.int64(1)], (0, 1, 2), {},
     f"has {2**64 - 1} elements, expected 2^40 or fewer"),
    ("ConstantOfShape", [i64(2**31, 2**31)], (0,), {},
     "a result has more elements than 64 bits can count"),
]


def unsound():
    """Prints what is wrong; returns how many models were tried, and how many were wrong."""
    wrong = 0
    for op, inputs, constants, symbols, message in UNSOUND:
        nodes = Nodes()
        nodes.add(op, op, inputs, constants=constants, symbols=symbols)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "nodes.onnx"
            onnx.save(nodes.model(), path)
            done = subprocess.run(["moec", "compile", str(path), "-o", folder],
                                  capture_output=True, text=True)
            if done.returncode != 1 or message not in done.stderr:
                wrong += 1
                print(f"{op}: expected '{message}': {done.returncode} {done.stderr}")
    return len(UNSOUND), wrong


def add_sums(model):
    """Puts a sum behind every output, so that what an operator makes is a temporary."""
    for output in model.graph.output:
        model.graph.node.append(helper.make_node("ReduceSum", [output.name], [output.name + "_sum"],
                                                 output.name + "_node", keepdims=0))
        output.name += "_sum"


def run_bad(rows, suffix):
    """Compiles rows of REFUSED into one model and runs it with each bad input, the others
    sound. Yields what was tried, the message that is expected and the error, None without."""
    nodes = Nodes()
    for op, inputs, position, _, *more in rows:
        attrs, outputs = (*more, *({}, 1)[len(more):])
        nodes.add(op, op, inputs, attrs, outputs,
                  symbols=symbolic(np.ndim(inputs[0])) if position else None)
    model = nodes.model()
    if suffix:
        add_sums(model)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "nodes.onnx"
        onnx.save(model, path)
        subprocess.run(["moec", "compile", str(path), "-o", folder, "--cpu", "x86-64-v3"],
                       check=True)
        library = Library(f"{folder}/libnodes.so")
        library.run(nodes.feeds, [output.name for output in model.graph.output])
        for case, (op, _, position, bad_ones, *_) in enumerate(rows):
            for bad, message in bad_ones:
                error = None
                try:
                    library.run({**nodes.feeds, f"c{case}_in{position}": bad},
                                [f"c{case}_out0{suffix}"])
                except RunError as raised:
                    error = raised
                yield f"{op}{suffix} with {bad.tolist()}", f"c{case}_node", message, error


def run_empty(folder, nodes, extents, bad):
    """Runs a model whose inputs have no element, but extents of its temporaries: rows of 8-bit
    inputs a, b, c, d, first sound ones, then `bad`. Returns the error, None without."""
    shaped = [f"{x}_rows" for x in "abcd"[:len(bad)]]
    heads = [helper.make_node("Shape", [name[0]], [name], end=1) for name in shaped]
    graph = helper.make_graph(
        heads + nodes, "nodes",
        [helper.make_tensor_value_info(name[0], onnx.TensorProto.INT8, [name[0].upper(), 0])
         for name in shaped],
        [helper.ValueInfoProto(name="y")], [numpy_helper.from_array(i64(1), "one")])
    path = pathlib.Path(folder) / "nodes.onnx"
    onnx.save(helper.make_model(graph, ir_version=10,
                                opset_imports=[helper.make_opsetid("", 21)]), path)
    subprocess.run(["moec", "compile", str(path), "-o", folder, "--cpu", "x86-64-v3"], check=True)
    library = Library(f"{folder}/libnodes.so")

    def run(rows):
        return library.run({name[0]: np.zeros((n, 0), np.int8)
                            for name, n in zip(shaped, rows)}, ["y"])["y"]
    assert run(extents) == 0
    try:
        run(bad)
    except RunError as error:
        return error
    return None


def empties():
    """Extents that no input's bytes bound: what is run, rows, bad rows, what is said."""
    total = helper.make_node("ReduceSum", ["folded"], ["y"], "sum", keepdims=0)
    fold = [helper.make_node("Cast", ["a"], ["wide"], "cast", to=onnx.TensorProto.FLOAT),
            helper.make_node("ReduceSum", ["wide", "one"], ["sums"], "fold", keepdims=0),
            helper.make_node("Relu", ["sums"], ["folded"], "relu"), total]
    yield "ReduceSum of 2^62 x 0", fold, [3], [2**62], ["input 'a' of shape [", "is too large"]
    yield "ReduceSum of 2^31+1 x 0", fold, [3], [2**31 + 1], ["is too large"]
    # 2^93 elements are none in 64 bits.
    count = [helper.make_node("Mul", ["a_rows", "b_rows"], ["ab"]),
             helper.make_node("Mul", ["ab", "c_rows"], ["abc"]),
             helper.make_node("ConstantOfShape", ["abc"], ["folded"], "filled"), total]
    yield ("2^93 zeros", count, [1, 2, 3], [2**31] * 3,
           ["shape mismatch", "'filled'", "an extent leaves 64 bits"])
    # And nothing has as many elements as 2^31 x 2^31 x 4.
    view = [helper.make_node("Concat", ["b_rows", "c_rows", "d_rows"], ["shape"], axis=0),
            helper.make_node("Reshape", ["a", "shape"], ["viewed"], "view", allowzero=1),
            helper.make_node("Cast", ["viewed"], ["folded"], "cast", to=onnx.TensorProto.FLOAT),
            total]
    yield ("a view of 2^64", view, [1, 2, 0, 3], [1, 2**31, 2**31, 4],
           ["shape mismatch", "'view'", "an extent leaves 64 bits"])
    # The largest number of 32 bits as an end means all, but is not.
    whole = [helper.make_node("Constant", [], ["from"], value_ints=[0]),
             helper.make_node("Constant", [], ["to"], value_ints=[2**31 - 1]),
             helper.make_node("Slice", ["a", "from", "to"], ["cut"], "slice"),
             helper.make_node("Cast", ["cut"], ["folded"], "cast", to=onnx.TensorProto.FLOAT), total]
    yield ("a slice of 2^31 x 0", whole, [3], [2**31],
           ["shape mismatch", "'slice'", "an extent is too large (an extent that is sliced as a whole): 'A' of 'a'"])


def refused():
    """Prints what is wrong; returns how many runs were tried, and how many were wrong."""
    tried = wrong = 0

    def judge(what, error, *messages):
        nonlocal tried, wrong
        tried += 1
        if not error or error.code != 1 or any(m not in str(error) for m in messages):
            wrong += 1
            print(f"{what}: {str(error or 'was computed')[-200:]}; expected {messages}")

    for suffix in ("", "_sum"):
        for what, node, message, error in run_bad(REFUSED, suffix):
            judge(what, error, message, f"'{node}'")
        for what, node, message, error in run_bad(HUGE, suffix):
            judge(what, error, message, *([f"'{node}'"] if suffix else ()))
    with tempfile.TemporaryDirectory() as folder:
        for what, nodes, sound, bad, messages in empties():
            judge(what, run_empty(folder, nodes, sound, bad), *messages)
    return tried, wrong


if __name__ == "__main__":
    nodes = Nodes()
    for build in (reductions, views, movements, scans, counts):
        build(nodes)
    status = nodes.main()
    for check in (refused, unsound):
        tried, wrong = check()
        print(f"{tried} {check.__name__}, {wrong} wrong")
        status |= wrong != 0
    sys.exit(status)
