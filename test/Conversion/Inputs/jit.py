# ===-- jit.py - runs what moec-opt makes of a module ---------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Compiles functions on tensors to a shared library for ctypes, by upstream's passes
alone: a way to run loops that does not depend on the rest of the compiler."""

import ctypes
import os
import subprocess
import sys

import numpy as np

LOWER = [
    "--one-shot-bufferize=bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map",
    "--canonicalize", "--convert-linalg-to-loops",
    "--convert-scf-to-cf", "--moec-lower-expand-shape", "--expand-strided-metadata", "--lower-affine", "--convert-math-to-libm",
    "--finalize-memref-to-llvm", "--convert-func-to-llvm", "--convert-arith-to-llvm",
    "--convert-cf-to-llvm", "--convert-index-to-llvm", "--reconcile-unrealized-casts",
]


def descriptor(array):
    rank = array.ndim

    class MemRef(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("data", ctypes.c_void_p), ("offset", ctypes.c_int64),
                    ("sizes", ctypes.c_int64 * rank), ("strides", ctypes.c_int64 * rank)]

    strides = [s // array.itemsize for s in np.empty(array.shape, array.dtype).strides]
    address = array.ctypes.data
    return MemRef(address, address, 0, (ctypes.c_int64 * rank)(*array.shape), (ctypes.c_int64 * rank)(*strides))


def build(text, passes, folder):
    """A library of the functions of `text`, after `passes`."""
    def tool(arguments, data):
        done = subprocess.run(arguments, input=data, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{arguments[0]} failed\n{done.stderr}")
        return done.stdout

    lowered = tool(["moec-opt", "-", *passes, *LOWER], text)
    ir = tool(["mlir-translate", "--mlir-to-llvmir"], lowered)
    path = os.path.join(folder, "cases.so")
    tool([os.environ.get("MOEC_CLANG", "clang-22"), "-x", "ir", "-", "-O1", "-shared", "-fPIC", "-Wno-override-module",
          "-o", path, "-lm"], ir)
    return ctypes.CDLL(path)
