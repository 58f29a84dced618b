# ===-- node_cases.py - ONNX's node tests of the first tier's operators ----===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""The node tests that the onnx package makes, of those models that have no other operators
than the ones without which nothing loads (T0), and how to compile and run one of them."""

import os
import pathlib
import re
import shutil
import subprocess
import warnings

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

OLDEST, NEWEST = 13, 24

T0 = frozenset("""
MatMul Gemm Einsum
Add Sub Mul Div Neg Abs Sqrt Reciprocal Pow Exp Log Erf Tanh Sigmoid Relu Elu Softplus Gelu Min Max
Clip Sin Cos Floor Mod IsNaN Where Equal Less LessOrEqual Greater GreaterOrEqual And Or Not
Cast CastLike Identity
Softmax ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ArgMax CumSum
LayerNormalization RMSNormalization
TopK Gather GatherElements GatherND ScatterElements ScatterND NonZero OneHot
Shape Size Reshape Squeeze Unsqueeze Flatten Transpose Concat Split Slice Expand Tile Range
Constant ConstantOfShape Trilu
""".split())

# Rounding once more, or less, than the package's own way of computing does; the tests of
# these types have one tolerance with those of f32.
HALVES = {TensorProto.FLOAT16: 2e-3, TensorProto.BFLOAT16: 1.6e-2}


def default_domain(name):
    return name in ("", "ai.onnx")


def nodes_of(graph):
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from nodes_of(attribute.g)


def element_types(model):
    """The element types a model's values have; None for what is no tensor."""
    typed = onnx.shape_inference.infer_shapes(model)
    for value in (*typed.graph.input, *typed.graph.output, *typed.graph.value_info):
        is_tensor = value.type.WhichOneof("value") == "tensor_type"
        yield value.type.tensor_type.elem_type if is_tensor else None


def opset_of(model):
    return next(o for o in model.opset_import if default_domain(o.domain))


def at_opset(model, version):
    """The model with another opset version, or None where that has not these operators with
    these inputs, attributes and types."""
    other = onnx.ModelProto()
    other.CopyFrom(model)
    opset_of(other).version = version
    # Newer than the opset needs, and than the compiler takes.
    other.ir_version = min(other.ir_version, 13)
    try:
        onnx.checker.check_model(other, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError):
        return None
    return other


def to_tensor(value, name):
    if isinstance(value, TensorProto):
        tensor = TensorProto()
        tensor.CopyFrom(value)
        tensor.name = name
        return tensor
    return numpy_helper.from_array(np.asarray(value), name)


class Case:
    """A node test. `tested` is the operator it is for; `is_expanded` says that its model is
    that operator's function. `tensors` are inputs and outputs, or None for values that are
    no tensors."""

    def __init__(self, test, tested):
        self.name, self.tested = test.name, tested
        self.is_expanded = "_expanded" in test.name
        self.model, self.opset = test.model, opset_of(test.model).version
        if self.opset > NEWEST:
            # Newer versions mostly add element types.
            older = at_opset(test.model, NEWEST)
            self.model = older or test.model
            self.opset = NEWEST if older else self.opset
        self.rtol, self.atol = test.rtol, test.atol
        (self.inputs, self.outputs), = test.data_sets

    @property
    def tolerance(self):
        kinds = [v.type.tensor_type.elem_type for v in self.model.graph.output]
        return max([self.rtol, *(HALVES.get(kind, 0) for kind in kinds)])

    def write(self, folder):
        """model.onnx, input_N.pb and output_N.pb."""
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(self.model.SerializeToString())
        for kind, values, infos in (("input", self.inputs, self.model.graph.input),
                                    ("output", self.outputs, self.model.graph.output)):
            for index, (value, info) in enumerate(zip(values, infos)):
                if info.type.WhichOneof("value") != "tensor_type":
                    continue
                tensor = to_tensor(value, info.name)
                (folder / f"{kind}_{index}.pb").write_bytes(tensor.SerializeToString())


def load():
    """All cases, in the package's order."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases
        tests = [t for t in collect_testcases(None) if t.model is not None]
    operator = {t.name: t.model.graph.node[0].op_type for t in tests if "_expanded" not in t.name}
    cases = []
    for test in tests:
        if all(default_domain(n.domain) and n.op_type in T0 for n in nodes_of(test.model.graph)):
            plain = re.sub("_expanded.*", "", test.name)
            cases.append(Case(test, operator[plain]))
    return cases


def run(command, **environment):
    done = subprocess.run(command, capture_output=True, text=True,
                          env={**os.environ, **environment})
    text = (done.stdout + done.stderr).strip()
    return done.returncode, text


class Result:
    def __init__(self, outcome, text=""):
        self.outcome, self.text = outcome, text


def check(case, folder, levels=("x86-64-v3",)):
    """Compiles and runs a case in a folder of its own, which is gone afterwards: 'passed',
    'refused' with the compiler's message, or 'wrong'."""
    folder = pathlib.Path(folder)
    try:
        case.write(folder)
        code, text = run(["moec", "compile", str(folder / "model.onnx"), "-o", str(folder / "out"),
                          "--name", "node", "-j", "1", "--cpu", ",".join(levels)])
        if code == 1 and re.search(r"\[moec-E01\d\d\]|\[moec-E0219\]", text):
            return Result("refused", text.replace(str(folder) + "/", ""))
        if code != 0:
            return Result("wrong", text)
        for level in levels:
            code, text = run(["moec", "verify", str(folder / "out" / "libnode.so"),
                              "--test-data", str(folder), "--rtol", str(case.tolerance),
                              "--atol", str(case.atol)], MOEC_CPU=level)
            if code != 0:
                return Result("wrong", f"{level}: {text}")
        return Result("passed")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def available_levels():
    """The CPU levels that libraries are compiled for and this machine has."""
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    return ("x86-64-v3", "x86-64-v4") if "avx512vl" in flags else ("x86-64-v3",)
