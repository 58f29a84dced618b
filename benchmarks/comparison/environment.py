# ===-- environment.py - an interpreter that has what this needs -----------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Used before anything else is imported."""

import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# The tests' environment has what this needs.
PYTHON = os.path.join(HERE, "..", "build", "venv", "bin", "python")
#: Where the programs are built by default.
PROGRAMS = os.path.join(HERE, "..", "build", "release", "bin")


def enter(program, packages=("numpy", "onnx")):
    """Goes on in the tests' environment where this one lacks a package."""
    if all(importlib.util.find_spec(name) for name in packages):
        return
    if os.path.exists(PYTHON) and "MOEC_COMPARE_AGAIN" not in os.environ:
        os.environ["MOEC_COMPARE_AGAIN"] = "1"
        os.execv(PYTHON, [PYTHON] + sys.argv)
    sys.exit(f"{program}: needs {' and '.join(packages)}; run scripts/install-deps.sh, which puts them in build/venv")
