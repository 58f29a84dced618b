# ===-- free_extents.py - extents of 0, 1 and n that only the run knows ----===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""usage: free_extents.py GROUP [CASE...]

Operators whose rank or shape depends on whether an extent is 0 or 1. Each is compiled once,
with free extents, and run with every combination of small ones. A run either gives what ONNX
Runtime gives, shape and numbers, or ends with a status that names the node. Where ONNX Runtime
itself refuses a run, any ending but a crash will do."""

import itertools
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from compare import Library, RunError, error  # noqa: E402

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
INT32 = TensorProto.INT32
MS = "com.microsoft"
rng = np.random.default_rng(5)


class Case:
    """`inputs`: name to extents, or to an element type and extents; `constants`: name to
    array; `nodes`: rows of operator, inputs, outputs and attributes. Fewest runs that are
    equal, not refused: `equal`. `exact`: inputs to outputs that are right where ONNX Runtime's
    are not. `says`: what a run says that ends where ONNX Runtime's does not."""

    def __init__(self, name, inputs, nodes, outputs="y", constants=None, equal=1, opset=21,
                 values=(0, 1, 3), feeds=None, refused=None, exact=None,
                 says=""):
        self.name, self.outputs, self.equal, self.values = name, outputs.split(), equal, values
        self.feeds, self.refused, self.nodes = feeds or {}, refused, []
        self.inputs = {n: s if isinstance(s[0], int) and isinstance(s[-1], tuple) else (FLOAT, s)
                       for n, s in inputs.items()}
        for op, ins, outs, *attrs in nodes:
            attrs = dict(attrs[0]) if attrs else {}
            self.nodes.append(helper.make_node(op, ins.split(","), outs.split(","), outs,
                                               domain=attrs.pop("domain", ""), **attrs))
        self.constants = [numpy_helper.from_array(np.asarray(a), n)
                          for n, a in (constants or {}).items()]
        self.opset, self.exact, self.says = opset, exact, says

    def model(self):
        values = [helper.make_tensor_value_info(n, t, s) for n, (t, s) in self.inputs.items()]
        outputs = [helper.ValueInfoProto(name=name) for name in self.outputs]
        graph = helper.make_graph(self.nodes, "case", values, outputs, self.constants)
        imports = [helper.make_opsetid("", self.opset), helper.make_opsetid(MS, 1)]
        return helper.make_model(graph, ir_version=10, opset_imports=imports)

    def runs(self):
        """The inputs of each run."""
        names = sorted({d for _, s in self.inputs.values() for d in s if isinstance(d, str)})
        for extents in itertools.product(self.values, repeat=len(names)):
            known = dict(zip(names, extents))
            feeds = {}
            for name, (elem, shape) in self.inputs.items():
                sizes = [known.get(d, d) for d in shape]
                if name in self.feeds:
                    feeds[name] = np.resize(self.feeds[name], sizes)
                elif elem == FLOAT:
                    feeds[name] = rng.uniform(0.5, 2, sizes).astype(np.float32)
                else:
                    dtype = helper.tensor_dtype_to_np_dtype(elem)
                    feeds[name] = rng.integers(0, 2, sizes).astype(dtype)
            yield known, feeds


def run_reference(session, feeds, names):
    """The outputs, or None where ONNX Runtime refuses."""
    try:
        return dict(zip(names, session.run(names, feeds)))
    except Exception:
        return None


def is_equal(mine, exact):
    return mine.shape == exact.shape and mine.dtype == exact.dtype and error(
        mine.astype(np.float64), exact.astype(np.float64)) <= 1e-5


def judge(case, library, session, tally):
    """Runs one case; yields what is wrong."""
    nodes = [node.name for node in case.nodes]
    equal = 0
    for known, feeds in case.runs():
        expected = run_reference(session, feeds, case.outputs)
        if expected and case.exact:
            expected |= case.exact(feeds)
        try:
            mine = library.run(feeds, case.outputs)
        except RunError as refusal:
            tally["refused"] += 1
            if refusal.code != 1 or not any(f"node '{node}'" in str(refusal) for node in nodes):
                yield f"{known}: {refusal.code}: {refusal}"
            elif expected and case.says not in str(refusal):
                yield f"{known}: {refusal}, expected {case.says}"
            continue
        if expected is None:
            tally["without reference"] += 1
            continue
        tally["equal"] += 1
        equal += 1
        for name in case.outputs:
            if not is_equal(mine[name], expected[name]):
                yield (f"{known}: {name} is {list(mine[name].shape)} {mine[name].ravel()[:4]}, "
                       f"expected {list(expected[name].shape)} {expected[name].ravel()[:4]}")
    if equal < case.equal:
        yield f"{equal} runs are equal, expected {case.equal} or more"


def try_case(case, tally):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "case.onnx"
        onnx.save(case.model(), path)
        done = subprocess.run(["moec", "compile", str(path), "-o", folder, "--cpu", "x86-64-v3"],
                              capture_output=True, text=True)
        if done.returncode:
            if not case.refused or case.refused not in done.stderr or done.returncode != 1:
                yield f"not compiled: {done.stderr.strip()}"
            return
        if case.refused:
            yield "compiled, expected: " + case.refused
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(path), options,
                                               providers=["CPUExecutionProvider"])
        yield from judge(case, Library(f"{folder}/libcase.so", threads=1), session, tally)


def i64(*values):
    return np.array(values, np.int64)


def shape_of(name, start=0, end=None):
    """A node that gives extents of a value as a list."""
    attrs = {"start": start}
    if end is not None:
        attrs["end"] = end
    return ("Shape", name, f"{name}_shape{start}", attrs)


NO_BROADCAST = "an extent that is 1 in a run alone does not broadcast, compile with --dim "


def squeezes():
    yield Case("Squeeze", {"x": ("A", "B", 6)}, [("Squeeze", "x", "y")], equal=4)
    yield Case("Squeeze of what is known", {"x": (1, "A", 1, 4)}, [("Squeeze", "x", "y")], equal=2)
    yield Case("Squeeze of more than one", {"x": ("A", 1)},
               [("Concat", "x,x,two", "z", {"axis": 0}), ("Squeeze", "z", "y")],
               constants={"two": np.ones((2, 1), np.float32)}, equal=3)
    # Nothing but the rank of what it makes is used.
    yield Case("Squeeze, its shape", {"x": ("A", "B", 6)},
               [("Squeeze", "x", "z"), ("Shape", "z", "y")], equal=4)
    yield Case("Squeeze, its size", {"x": ("A", "B")},
               [("Squeeze", "x", "z"), shape_of("z"), ("Size", "z_shape0", "y")], equal=4)
    yield Case("Squeeze of what the run counts", {"x": ("A",)},
               [("NonZero", "x", "z"), ("Squeeze", "z", "y")], equal=2)
    yield Case("Squeeze with axes", {"x": ("A", "B", 6)}, [("Squeeze", "x,axes", "y")],
               constants={"axes": i64(1)}, equal=3)
    yield Case("Squeeze before 13", {"x": ("A", "B", 6)}, [("Squeeze", "x", "y")], opset=11,
               equal=4)


def broadcasts():
    two = {"a": ("A", 4), "b": ("B", 4)}
    for op in ("Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Greater", "LessOrEqual", "Equal"):
        yield Case(op, two, [(op, "a,b", "y")], equal=3)
    for op in ("And", "Or", "Xor"):
        yield Case(op, {"a": (BOOL, ("A", 4)), "b": (BOOL, ("B", 4))}, [(op, "a,b", "y")], equal=3)
    yield Case("Mod", two, [("Mod", "a,b", "y", {"fmod": 1})], equal=3)
    yield Case("Where", {"c": (BOOL, ("A", 1)), "a": ("B", 4), "b": (4,)},
               [("Where", "c,a,b", "y")], equal=3)
    yield Case("Sum of ranks", {"a": ("A", "B"), "b": ("B",), "c": ("C", "A", 1)},
               [("Max", "a,b,c", "y")], equal=9)
    # One that is 1 in the run against a constant: each operand in turn.
    table = np.arange(12, dtype=np.float32).reshape(3, 4) + 1
    for op in ("Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Less", "Equal"):
        yield Case(f"{op}, a constant", {"a": ("A", 4)}, [(op, "a,b", "y")],
                   constants={"b": table})
        yield Case(f"a constant, {op}", {"a": ("A", 4)}, [(op, "b,a", "y")],
                   constants={"b": table})
    for names, inputs in {"c,t,u": {"c": (BOOL, ("A", 4))}, "d,a,u": {"a": ("A", 4)},
                          "d,t,a": {"a": ("A", 4)}}.items():
        yield Case(f"Where {names}", inputs, [("Where", names, "y")],
                   constants={"t": table, "u": -table, "d": table > 5})
    yield Case("PRelu, a slope", {"a": (3, 4), "b": ("B", 4)}, [("PRelu", "a,b", "y")],
               refused="is not supported")
    yield Case("a known extent", {"a": ("A", 4), "b": (3, 4)}, [("Add", "a,b", "y")], equal=1)
    yield Case("a known one", {"a": ("A", 4), "b": (1, 4)}, [("Add", "a,b", "y")], equal=3)
    yield Case("a known zero", {"a": ("A", 4), "b": (0, 4)}, [("Add", "a,b", "y")], equal=1)
    yield Case("an expression", {"a": ("A", 2), "b": ("B", 2)},
               [("Concat", "a,a", "z", {"axis": 0}), ("Add", "z,b", "y")], equal=1,
               values=(0, 1, 2))
    yield Case("Clip by a list", {"x": ("A", 4), "low": ("B",)},
               [("Squeeze", "low,axes", "bound"), ("Clip", "x,bound", "y")],
               constants={"axes": i64(0)}, equal=3)
    yield Case("BiasGelu", {"a": ("A", "B"), "b": ("C",)},
               [("BiasGelu", "a,b", "y", {"domain": MS})], equal=9)


def expansions():
    yield Case("Expand to another's shape", {"a": ("A", 4), "b": ("B", 4)},
               [shape_of("b"), ("Expand", "a,b_shape0", "y")], equal=3)
    yield Case("Expand to more ranks", {"a": ("A",), "b": ("B", "C")},
               [shape_of("b"), ("Expand", "a,b_shape0", "y")], equal=9)
    yield Case("Expand to a known shape", {"a": ("A", 1)}, [("Expand", "a,to", "y")],
               constants={"to": i64(3, 2)}, equal=1)
    yield Case("Expand of a constant", {"b": ("B", 4)}, [shape_of("b"), ("Expand", "a,b_shape0", "y")],
               constants={"a": np.ones((3, 4), np.float32)})
    yield Case("Expand by ones", {"a": ("A", 2)}, [("Expand", "a,to", "y")],
               constants={"to": i64(2, 1, 1)}, equal=3)
    yield Case("Expand to two less", {"a": (1,), "b": ("B", 4)},
               [shape_of("b", 0, 1), ("Sub", "b_shape0,two", "to"), ("Expand", "a,to", "y")],
               constants={"two": i64(2)}, values=(0, 1, 2, 3), equal=2)
    yield Case("ConstantOfShape of two less", {"b": ("B", 4)},
               [shape_of("b", 0, 1), ("Sub", "b_shape0,two", "to"), ("ConstantOfShape", "to", "y")],
               constants={"two": i64(2)}, values=(0, 1, 2, 3), equal=2)
    yield Case("Tile by another's extent", {"a": ("A", 2), "b": ("B", 1)},
               [shape_of("b"), ("Tile", "a,b_shape0", "y")], equal=9)
    yield Case("Range up to an extent", {"a": ("A",)},
               [shape_of("a"), ("Squeeze", "a_shape0", "n"), ("Sub", "n,one", "m"),
                ("Range", "one,m,one", "y")], constants={"one": np.int64(1)}, equal=3)
    yield Case("OneHot as deep as an extent", {"i": (INT64, ("A",)), "b": ("B",)},
               [shape_of("b"), ("OneHot", "i,b_shape0,offon", "y")],
               constants={"offon": np.array([2, 5], np.float32)}, equal=3)
    yield Case("OneHot of free values", {"i": (INT64, (3,)), "v": ("V",)},
               [("OneHot", "i,depth,v", "y")], constants={"depth": i64(3)}, values=(0, 1, 2),
               equal=1)


def products():
    yield Case("MatMul of batches", {"a": ("A", 2, 3), "b": ("B", 3, 2)}, [("MatMul", "a,b", "y")],
               equal=3)
    yield Case("MatMul of a known batch", {"a": ("A", 4, 8)}, [("MatMul", "a,b", "y")],
               constants={"b": np.ones((5, 8, 6), np.float32)}, values=(0, 1, 5), equal=1,
               says=NO_BROADCAST + "A=1")
    yield Case("MatMul by a batch", {"b": ("B", 8, 6)}, [("MatMul", "a,b", "y")],
               constants={"a": np.ones((5, 4, 8), np.float32)}, values=(0, 1, 5), equal=1)
    yield Case("MatMul of batches in front", {"a": ("A", 5, 4, 8), "b": (3, "B", 8, 6)},
               [("MatMul", "a,b", "y")], values=(1, 3, 5), equal=1)
    yield Case("MatMul of inner extents", {"a": ("A", "B"), "b": ("C", 2)},
               [("MatMul", "a,b", "y")], equal=9)
    yield Case("MatMul of a row", {"a": ("A",), "b": ("B", "C")}, [("MatMul", "a,b", "y")], equal=9)
    yield Case("MatMul of a column", {"a": ("A", "B"), "b": ("C",)}, [("MatMul", "a,b", "y")],
               equal=9)
    yield Case("MatMul of vectors", {"a": ("A",), "b": ("B",)}, [("MatMul", "a,b", "y")], equal=3)
    yield Case("Gemm, C a row", {"a": ("A", 3), "b": (3, "B"), "c": ("C",)},
               [("Gemm", "a,b,c", "y")], equal=9)
    yield Case("Gemm, C a matrix", {"a": ("A", 3), "b": (3, 2), "c": ("C", "D")},
               [("Gemm", "a,b,c", "y")], values=(0, 1, 2), equal=2)
    for name, shape in (("rows", ("C", 2)), ("columns", (3, "C")), ("a row", ("C",))):
        yield Case(f"Gemm of known extents, C of {name}", {"c": shape}, [("Gemm", "a,b,c", "y")],
                   values=(0, 1, 2, 3), equal=1, says=NO_BROADCAST + "C=1",
                   constants={"a": np.ones((3, 4), np.float32), "b": np.ones((4, 2), np.float32)})
    yield Case("Gemm, C a column", {"a": ("A", 3), "b": (3, 2), "c": ("C", 1)},
               [("Gemm", "a,b,c", "y")], equal=3)
    for equation, shapes in (("ij,jk->ik", (("A", "B"), ("C", 2))),
                             ("bij,bjk->bik", (("A", 2, 3), ("B", 3, 2))),
                             ("...i,...i->...", (("A", "B", 2), ("C", "B", 2))),
                             ("ij->j", (("A", "B"),)), ("ij,j->", (("A", "B"), ("C",))),
                             ("ij,ij->i", (("A", 1), ("B", 3)))):
        inputs = dict(zip("ab", shapes))
        yield Case(f"Einsum {equation}", inputs,
                   [("Einsum", ",".join(inputs), "y", {"equation": equation})], equal=3)


def views():
    yield Case("Reshape to another's extent", {"a": ("A", 6), "b": ("B",)},
               [shape_of("b"), ("Concat", "b_shape0,rest", "to", {"axis": 0}),
                ("Reshape", "a,to", "y")], constants={"rest": i64(-1)}, values=(0, 1, 2, 3, 6),
               equal=5)
    yield Case("Reshape of nothing to another's extent", {"a": ("A", "C"), "b": ("B",)},
               [shape_of("b"), ("Concat", "b_shape0,rest", "to", {"axis": 0}),
                ("Reshape", "a,to", "y")], constants={"rest": i64(-1)}, equal=5)
    yield Case("Reshape to others' extents", {"a": ("A", "C"), "b": ("B", "D")},
               [shape_of("b"), ("Reshape", "a,b_shape0", "y")], equal=8)
    yield Case("Reshape to others' extents, allowzero", {"a": ("A", "C"), "b": ("B", "D")},
               [shape_of("b"), ("Reshape", "a,b_shape0", "y", {"allowzero": 1})], equal=8)
    yield Case("Reshape of tokens", {"x": ("B", "S", 4)},
               [shape_of("x", 0, 2), ("Reshape", "x,flat", "t"),
                ("Concat", "x_shape0,four", "to", {"axis": 0}), ("Reshape", "t,to", "y")],
               constants={"flat": i64(-1, 4), "four": i64(4)}, equal=6)
    yield Case("Reshape to a product of extents", {"x": ("B", "S", 4)},
               [shape_of("x", 0, 1), shape_of("x", 1, 2), ("Mul", "x_shape0,x_shape1", "rows"),
                ("Concat", "rows,four", "to", {"axis": 0}), ("Reshape", "x,to", "y")],
               constants={"four": i64(4)}, equal=7)
    yield Case("Reshape of heads", {"x": ("B", "S", 6)},
               [shape_of("x", 0, 2), ("Concat", "x_shape0,heads", "to", {"axis": 0}),
                ("Reshape", "x,to", "y")], constants={"heads": i64(2, 3)}, equal=9)
    yield Case("Reshape by zeros", {"x": ("A", "B", 4)}, [("Reshape", "x,to", "y")],
               constants={"to": i64(0, 0, 2, 2)}, equal=9)
    yield Case("Reshape by a zero and the rest", {"x": ("A", "B", 4)}, [("Reshape", "x,to", "y")],
               constants={"to": i64(0, -1)}, equal=4)
    yield Case("Flatten", {"x": ("A", "B", 2)}, [("Flatten", "x", "y", {"axis": 2})], equal=9)
    yield Case("Unsqueeze", {"x": ("A", "B")}, [("Unsqueeze", "x,axes", "y")],
               constants={"axes": i64(0, -1)}, equal=9)


def movements():
    yield Case("Concat", {"a": ("A", 2), "b": ("B", 2)}, [("Concat", "a,b", "y", {"axis": 0})],
               equal=9)
    yield Case("Concat beside", {"a": ("A", 2), "b": ("B", 2)}, [("Concat", "a,b", "y", {"axis": 1})],
               equal=3)
    yield Case("Split in parts", {"x": ("A", 2)},
               [("Split", "x", "y,z", {"axis": 0, "num_outputs": 2})], "y z",
               values=(0, 1, 2, 3, 4), equal=4)
    yield Case("Split in four", {"x": ("A", 2)},
               [("Split", "x", "y,z,u,v", {"axis": 0, "num_outputs": 4})], "y z u v",
               values=(0, 1, 3, 4, 5, 7), equal=3)
    yield Case("Split before 18", {"x": ("A", 2)}, [("Split", "x", "y,z", {"axis": 0})], "y z",
               opset=13, values=(0, 1, 2, 3, 4), equal=3)
    yield Case("Split by extents", {"x": ("A", 2), "b": ("B", "C")},
               [shape_of("b"), ("Split", "x,b_shape0", "y,z", {"axis": 0})], "y z",
               values=(0, 1, 2), equal=6)
    yield Case("Slice up to an extent", {"x": ("A", 2), "b": ("B",)},
               [shape_of("b"), ("Slice", "x,zero,b_shape0,zero", "y")], constants={"zero": i64(0)},
               equal=5)
    yield Case("Slice from an extent", {"x": ("A", 2), "b": ("B",)},
               [shape_of("b"), ("Slice", "x,b_shape0,end,zero", "y")],
               constants={"zero": i64(0), "end": i64(2**63 - 1)}, equal=5)
    yield Case("Slice of a table", {"b": ("B",)},
               [shape_of("b"), ("Slice", "table,zero,b_shape0,zero", "y")],
               constants={"zero": i64(0), "table": np.arange(2, dtype=np.float32)}, equal=2)
    for mode in ("constant", "edge", "reflect", "wrap"):
        yield Case(f"Pad {mode}", {"x": ("A", 2)}, [("Pad", "x,pads", "y", {"mode": mode})],
                   constants={"pads": i64(1, 0, 2, 0)}, equal=1)
    yield Case("Pad by less", {"x": ("A", 2)}, [("Pad", "x,pads", "y")],
               constants={"pads": i64(-1, 0, -1, 0)}, values=(0, 1, 2, 3), equal=2)
    yield Case("Transpose", {"x": ("A", "B", 2)}, [("Transpose", "x", "y", {"perm": [1, 2, 0]})],
               equal=9)
    yield Case("Trilu", {"x": ("A", "B")}, [("Trilu", "x", "y")], equal=9)
    yield Case("EyeLike", {"x": ("A", "B")}, [("EyeLike", "x", "y")], equal=9)


ENDS = (-2**63, -3, -2, -1, 0, 1, 2, 3, 2**63 - 1)


def slice_all(step):
    """Every pair of ends, each a slice of its own. ONNX Runtime takes the largest number for the
    end in front of the first element where steps are backward; ONNX and numpy do not."""
    constants = {"axes": i64(0), "step": i64(step)}
    cuts = {f"y{i}": ends for i, ends in enumerate(itertools.product(ENDS, repeat=2))}
    nodes = []
    for name, (start, end) in cuts.items():
        constants |= {f"{name}from": i64(start), f"{name}to": i64(end)}
        nodes.append(("Slice", f"x,{name}from,{name}to,axes,step", name))
    return Case(f"Slices of step {step}", {"x": ("A", 2)}, nodes, " ".join(cuts), constants,
                values=(0, 1, 2, 3, 5), equal=5,
                exact=lambda feeds: {name: feeds["x"][start:end:step]
                                     for name, (start, end) in cuts.items()
                                     if step < 0 and end == ENDS[-1]})


FIRST = ("Slice", "x,zero,one,zero", "first")
LAST = ("Slice", "x,less,most,zero", "last")
REST = ("Slice", "x,one,most,zero", "rest")
PLACES = {"zero": i64(0), "one": i64(1), "less": i64(-1), "most": i64(2**63 - 1)}


def slice_then(name, nodes, equal, inputs=None, constants=None, values=(0, 1, 2, 3), **how):
    """Slices at an element, and what reads them."""
    return Case(name, {"x": ("A", 2), **(inputs or {})}, nodes,
                constants=PLACES | (constants or {}), equal=equal, values=values, **how)


def slices():
    for step in (1, 2, -1, -2):
        yield slice_all(step)
    yield slice_then("Shape of the first", [FIRST, ("Shape", "first", "y")], 4)
    yield slice_then("Size of the last", [LAST, ("Size", "last", "y")], 4)
    yield slice_then("the first and the rest", [FIRST, REST, ("Concat", "first,rest", "y", {"axis": 0})], 4)
    yield slice_then("the first of the rest", [REST, ("Slice", "rest,zero,one,zero", "y")], 4)
    yield slice_then("the last as a row", [LAST, ("Reshape", "last,flat", "y")], 4,
                     constants={"flat": i64(-1)})
    yield slice_then("a product of the last", [LAST, ("MatMul", "last,w", "y")], 4,
                     constants={"w": np.ones((2, 3), np.float32)})
    yield slice_then("rows of the last", [LAST, ("Gather", "last,column", "y", {"axis": 1})], 4,
                     constants={"column": i64(1)})
    yield slice_then("the first with another axis", [FIRST, ("Unsqueeze", "first,zero", "y")], 4)
    yield slice_then("the first by the last", [FIRST, LAST, ("Mul", "first,last", "y")], 4)
    yield slice_then("the first and a row", [FIRST, ("Add", "first,row", "y")], 4,
                     constants={"row": np.ones((1, 2), np.float32)})
    # What TorchScript makes of index_add: as many as there are, to the shape of the first.
    yield slice_then("Expand to the shape of the first",
                     [FIRST, ("Shape", "first", "to"), ("Expand", "u,to", "y")], 7,
                     inputs={"u": ("B", 2)}, values=(0, 2, 3))
    yield slice_then("Expand all to the shape of the first",
                     [FIRST, ("Shape", "first", "to"), ("Expand", "x,to", "y")], 4)
    yield slice_then("Expand a row to the shape of the first",
                     [FIRST, ("Shape", "first", "to"), ("Expand", "row,to", "y")], 4,
                     constants={"row": np.ones(2, np.float32)})
    # Where it broadcasts, a run without an element ends.
    yield slice_then("all less the first", [FIRST, ("Sub", "x,first", "y")], 3)
    yield slice_then("the last less all", [LAST, ("Sub", "last,x", "y")], 3)
    yield slice_then("all by the first and a row", [FIRST, ("Max", "row,first,x", "y")], 3,
                     constants={"row": np.ones((1, 2), np.float32)})
    yield slice_then("Where of the first", [FIRST, ("Where", "c,first,x", "y")], 3,
                     inputs={"c": (BOOL, (1, 2))})
    yield slice_then("Expand of the first", [FIRST, ("Expand", "first,to", "y")], 3,
                     constants={"to": i64(3, 2)})
    yield slice_then("a batch of the first",
                     [("Slice", "z,zero,one,zero", "first"), ("MatMul", "first,w", "y")], 9,
                     inputs={"z": ("B", 3, 2)}, constants={"w": np.ones((5, 2, 3), np.float32)})
    yield slice_then("Gemm of the first", [FIRST, ("Gemm", "x,w,first", "y")], 3,
                     constants={"w": np.ones((2, 2), np.float32)})
    yield slice_then("Einsum of the first",
                     [FIRST, ("Einsum", "x,first", "y", {"equation": "ij,ij->i"})], 3)
    yield slice_then("FusedMatMul of a batch of the first",
                     [("Slice", "z,zero,one,zero", "first"),
                      ("FusedMatMul", "first,w", "y", {"domain": MS, "transA": 1})], 9,
                     inputs={"z": ("B", 2, 3)}, constants={"w": np.ones((5, 2, 3), np.float32)})
    # A list of as many elements as the run has: its length has to be known.
    one = ("Slice", "n,zero,one,zero", "first")
    length = {"n": (INT64, ("B",))}
    yield slice_then("ConstantOfShape of the first", [one, ("ConstantOfShape", "first", "y")], 12,
                     inputs=length)
    yield slice_then("Expand to the first", [one, ("Expand", "row,first", "y")], 12, inputs=length,
                     constants={"row": np.ones(1, np.float32)})
    yield slice_then("TopK of the first", [one, ("TopK", "x,first", "y,i")], 12, inputs=length)
    yield slice_then("Squeeze of the first", [FIRST, ("Squeeze", "first", "y")], 3)
    yield slice_then("Squeeze of the first, with axes", [FIRST, ("Squeeze", "first,zero", "y")], 3)


def reductions():
    for op in ("ReduceSum", "ReduceProd", "ReduceL2", "ReduceSumSquare", "ReduceL1"):
        yield Case(op, {"x": ("A", "B", 2)}, [(op, "x,axes", "y", {"keepdims": 0})],
                   constants={"axes": i64(1)}, equal=6)
    # The mean of nothing is NaN, but 0 by ONNX Runtime.
    yield Case("ReduceMean", {"x": ("A", "B", 2)}, [("ReduceMean", "x,axes", "y", {"keepdims": 0})],
               constants={"axes": i64(1)}, values=(1, 3), equal=4)
    for op in ("ReduceMax", "ReduceMin", "ReduceLogSumExp"):
        yield Case(op, {"x": ("A", "B", 2)}, [(op, "x,axes", "y")], constants={"axes": i64(0)},
                   equal=4)
    yield Case("ReduceSum of all", {"x": ("A", "B")}, [("ReduceSum", "x", "y", {"keepdims": 0})],
               equal=9)
    yield Case("ReduceSum of none", {"x": ("A", "B")},
               [("ReduceSum", "x,axes", "y", {"noop_with_empty_axes": 1})],
               constants={"axes": i64()}, equal=9)
    for op in ("ArgMax", "ArgMin"):
        yield Case(op, {"x": ("A", "B")}, [(op, "x", "y", {"axis": 1})], equal=4)
    yield Case("Softmax", {"x": ("A", "B")}, [("Softmax", "x", "y")], equal=9)
    yield Case("CumSum", {"x": ("A", "B")}, [("CumSum", "x,axis", "y")],
               constants={"axis": np.int64(1)}, equal=9)
    yield Case("TopK of two", {"x": ("A", "B")}, [("TopK", "x,k", "y,z")], "y z",
               constants={"k": i64(2)}, values=(0, 1, 2, 3), equal=4)
    yield Case("TopK of an extent", {"x": ("A", "B")},
               [shape_of("x", 0, 1), ("TopK", "x,x_shape0", "y,z")], "y z", equal=3)
    # ONNX Runtime divides by extents, and ends where one is 0.
    yield Case("LayerNormalization", {"x": ("A", "B"), "s": ("C",)},
               [("LayerNormalization", "x,s", "y")], values=(1, 2, 3), equal=9,
               says=NO_BROADCAST + "C=1 or --dim B=1")
    yield Case("SkipLayerNormalization", {"x": ("A", "B", 4), "r": ("C", "B", 4), "g": (4,)},
               [("SkipLayerNormalization", "x,r,g", "y", {"domain": MS})], values=(1, 3), equal=4)


def lookups():
    yield Case("Gather of the first", {"x": ("A", 2)}, [("Gather", "x,i", "y")],
               constants={"i": i64(0)}, equal=2)
    yield Case("Gather by a free list", {"x": ("A", 2), "i": (INT64, ("B", "C"))},
               [("Gather", "x,i", "y")], feeds={"i": i64(0)}, equal=9)
    yield Case("GatherElements", {"x": ("A", "B"), "i": (INT64, ("C", "B"))},
               [("GatherElements", "x,i", "y")], feeds={"i": i64(0)}, equal=4)
    yield Case("GatherElements beside", {"x": ("A", 3), "i": (INT64, ("C", 1))},
               [("GatherElements", "x,i", "y", {"axis": 1})], feeds={"i": i64(0)}, equal=4)
    yield Case("GatherND of batches", {"x": ("A", 2, 3), "i": (INT64, ("B", 1))},
               [("GatherND", "x,i", "y", {"batch_dims": 1})], feeds={"i": i64(0)}, equal=2)
    yield Case("ScatterElements", {"x": ("A", 2), "i": (INT64, ("B", 2)), "u": ("C", 2)},
               [("ScatterElements", "x,i,u", "y", {"reduction": "add"})], feeds={"i": i64(0)},
               equal=4)
    yield Case("ScatterND", {"x": ("A", 2), "i": (INT64, ("B", 1)), "u": ("C", 2)},
               [("ScatterND", "x,i,u", "y", {"reduction": "add"})], feeds={"i": i64(0)}, equal=4)
    yield Case("Compress", {"x": ("A", 2), "c": (BOOL, ("B",))},
               [("Compress", "x,c", "y", {"axis": 0})], feeds={"c": [True, False]}, equal=4)
    yield Case("NonZero", {"x": ("A", "B")}, [("NonZero", "x", "y")], equal=9)


def attentions():
    heads = {"num_heads": 2, "domain": MS}
    qkv = {"q": ("B", "S", 8), "k": ("B", "T", 8), "v": ("B", "T", 8)}
    mha = lambda name, inputs, more, **how: Case(
        name, {**qkv, **inputs}, [("MultiHeadAttention", "q,k,v" + more, "y", heads)],
        values=(1, 2), **how)
    yield mha("MultiHeadAttention", {}, "", equal=8)
    yield mha("MultiHeadAttention of another batch", {"k": ("C", "T", 8), "v": ("C", "T", 8)}, "",
              equal=4)
    yield mha("MultiHeadAttention with a mask", {"m": (INT32, ("C", "U"))}, ",,m",
              feeds={"m": np.int32([1])}, equal=8)
    yield mha("MultiHeadAttention with a bias", {"b": ("C", 2, "S", "U")}, ",,,b", equal=8,
              says=NO_BROADCAST + "C=1 or --dim B=1")
    yield Case("MultiHeadAttention with the first bias", {**qkv, "b": ("C", 2, "S", "T")},
               [("Slice", "b,zero,one,zero", "first"),
                ("MultiHeadAttention", "q,k,v,,,first", "y", heads)], values=(1, 2), equal=16,
               constants={"zero": i64(0), "one": i64(1)})
    yield mha("MultiHeadAttention with one bias", {"b": (1, 1, "S", "T")}, ",,,b", equal=8)
    yield mha("MultiHeadAttention with heads of biases", {"b": (1, "H", "S", "T")}, ",,,b", equal=8)


GROUPS = {f.__name__: f for f in (squeezes, broadcasts, expansions, products, views, movements,
                                  slices, reductions, lookups, attentions)}


def main():
    group, *wanted = sys.argv[1:]
    tally = {"equal": 0, "refused": 0, "without reference": 0}
    count = wrong = 0
    for case in GROUPS[group]():
        if wanted and case.name not in wanted:
            continue
        count += 1
        for problem in try_case(case, tally):
            wrong += 1
            print(f"{case.name}: {problem}")
    print(f"{count} cases, " + ", ".join(f"{n} {what}" for what, n in tally.items()))
    print(f"{wrong} wrong")
    return 1 if wrong or not count else 0


sys.exit(main())
