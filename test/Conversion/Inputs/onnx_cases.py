# ===-- onnx_cases.py - runs small ONNX models through the lowerings -------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Imports models, lowers `main` by `convert-onnx-to-linalg` and upstream passes, compiles all
of them into one library and compares what they compute with the expected outputs."""

import ctypes
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

LOWER = [
    "--convert-onnx-to-linalg", "--canonicalize",
    "--one-shot-bufferize=bufferize-function-boundaries "
    "function-boundary-type-conversion=identity-layout-map allow-return-allocs-from-loops",
    "--convert-linalg-to-loops", "--lower-affine", "--convert-scf-to-cf",
    "--expand-strided-metadata", "--lower-affine",
]
EXPAND = os.environ.get("MOEC_EXPAND_MATH", "--moec-expand-math").split()
TO_LLVM = [
    "--llvm-request-c-wrappers", "--convert-math-to-llvm",
    "--finalize-memref-to-llvm", "--convert-func-to-llvm", "--convert-arith-to-llvm",
    "--convert-cf-to-llvm", "--convert-index-to-llvm", "--convert-ub-to-llvm",
    "--reconcile-unrealized-casts",
]
SEPARATOR = "// -----"


class Case:
    """inputs and outputs are arrays, in the order of the graph's. The tolerance is relative,
    and absolute below the floor."""

    def __init__(self, name, model, inputs, outputs, tolerance=1e-5, floor=1.0):
        self.floor = floor
        self.name, self.model = name, model
        self.inputs, self.outputs, self.tolerance = inputs, outputs, tolerance


def command(words, text=None):
    done = subprocess.run(words, input=text, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def import_model(case, folder):
    path = os.path.join(folder, "model.onnx")
    with open(path, "wb") as file:
        file.write(case.model.SerializeToString())
    return command(["moec-translate", "--import-onnx", path])


def descriptor(rank):
    fields = [("base", ctypes.c_void_p), ("data", ctypes.c_void_p), ("offset", ctypes.c_int64)]
    if rank:
        fields += [("sizes", ctypes.c_int64 * rank), ("strides", ctypes.c_int64 * rank)]
    return type("Descriptor", (ctypes.Structure,), {"_fields_": fields})


def describe(array):
    result = descriptor(array.ndim)()
    result.base = result.data = array.ctypes.data
    for i in range(array.ndim):
        result.sizes[i] = array.shape[i]
        result.strides[i] = array.strides[i] // array.itemsize
    return result


def call(function, case):
    arrays = [np.array(a, order="C", copy=True) for a in case.inputs]
    # An empty array's strides mean nothing.
    args = [describe(a) for a in arrays]
    types = [descriptor(o.ndim) for o in case.outputs]
    fields = [(f"r{i}", t) for i, t in enumerate(types)]
    results = type("Results", (ctypes.Structure,), {"_fields_": fields})()
    function(ctypes.byref(results), *[ctypes.byref(a) for a in args])
    found = []
    for i, output in enumerate(case.outputs):
        r = getattr(results, f"r{i}")
        shape = tuple(r.sizes) if output.ndim else ()
        size = int(np.prod(shape)) * output.dtype.itemsize
        data = ctypes.string_at(r.data + r.offset * output.dtype.itemsize, size) if size else b""
        # By way of bytes: numpy reads no bfloat16 from a buffer.
        found.append(np.frombuffer(data, np.uint8).copy().view(output.dtype).reshape(shape))
    return found


def differences(found, expected, tolerance, floor):
    if found.shape != expected.shape:
        return f"shape {found.shape}, expected {expected.shape}"
    if not found.size:
        return ""
    if expected.dtype.kind in "biu":
        bad = found != expected
    else:
        a, b = found.astype(np.float64), expected.astype(np.float64)
        with np.errstate(invalid="ignore"):
            bad = ~((a == b) | (np.abs(a - b) <= tolerance * np.maximum(np.abs(b), floor)) |
                    (np.isnan(a) & np.isnan(b)))
    if not bad.any():
        return ""
    at = tuple(int(i[0]) for i in np.nonzero(bad)) if bad.ndim else ()
    return f"{int(bad.sum())} of {bad.size} wrong, first {at}: {found[at]!r}, expected {expected[at]!r}"


def batch(words, texts):
    """Runs a tool once over many modules; those it fails on are missing from the result."""
    code, out, err = command(words + ["--split-input-file", "--output-split-marker=" + SEPARATOR],
                          ("\n" + SEPARATOR + "\n").join(texts))
    if code < 0:
        err += f"\nerror: {words[0]} died of signal {-code}"
    return [part for part in out.split(SEPARATOR) if "case_" in part], err


def lower(texts):
    """LLVM IR of each module; records of errors have no place without the run context."""
    errors = []
    for words in (["moec-opt"] + LOWER, ["moec-opt"] + EXPAND, ["mlir-opt"] + TO_LLVM,
                  ["mlir-translate", "--mlir-to-llvmir"]):
        texts, err = batch(words, texts)
        errors += [line for line in err.splitlines() if "error" in line]
        texts = ["\n".join(line for line in text.splitlines() if "rt.record" not in line)
                 for text in texts]
    return texts, errors


def compile_all(texts, folder):
    library, linked = os.path.join(folder, "cases.so"), os.path.join(folder, "all.bc")
    paths = []
    for number, text in enumerate(texts):
        paths.append(os.path.join(folder, f"{number}.ll"))
        with open(paths[-1], "w") as file:
            file.write(text)
    code, _, err = command(["llvm-link", "-o", linked] + paths)
    if not code:
        # Nothing but memory comes from the C library: a call of a mathematical
        # function is an undefined symbol here.
        code, _, err = command(["clang", "-O1", "-march=x86-64-v3", "-shared", "-fPIC",
                                "-Wno-override-module", "-nostdlib", "-Wl,-z,defs",
                                "-o", library, linked, "-lc"])
    return (None, err) if code else (ctypes.CDLL(library), "")


def run(cases):
    wrong, texts, ready = [], [], {}
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(cases):
            code, text, err = import_model(case, folder)
            if code:
                line = next((x for x in err.splitlines() if "error" in x), err[:300])
                wrong.append(f"{case.name}: import: {line}")
                continue
            texts.append(re.sub(r"@main\(", f"@case_{number}(", text))
            ready[number] = case
        texts, errors = lower(texts)
        lowered = {int(n) for text in texts for n in re.findall(r"@case_(\d+)\(", text)}
        for number in set(ready) - lowered:
            wrong.append(f"{ready.pop(number).name}: not lowered")
        wrong += errors
        if ready:
            functions, err = compile_all(texts, folder)
            if not functions:
                print(err[:4000])
                return 1
            for number, case in ready.items():
                found = call(getattr(functions, f"_mlir_ciface_case_{number}"), case)
                for i, (a, b) in enumerate(zip(found, case.outputs)):
                    reason = differences(a, b, case.tolerance, case.floor)
                    if reason:
                        wrong.append(f"{case.name}: output {i}: {reason}")
    for line in wrong:
        print(line)
    print(f"{len(cases)} cases, {len(wrong)} wrong")
    return 1 if wrong or not cases else 0
