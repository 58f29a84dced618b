# ===-- keep_nan.py - what becomes of the NaN of experts that are not chosen -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""keep_nan.py SCRATCH

A source that computes all experts multiplies what it has not chosen by zero: infinity
becomes NaN. That vanishes when only the chosen are computed, and stays with
--keep-nan-propagation."""

import pathlib
import sys

import numpy as np
import onnx

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "EndToEnd")]

from compare import Library, error  # noqa: E402
from dead_experts import Layer, compile_model  # noqa: E402
from look_alikes import runtime  # noqa: E402


def infinite(g):
    """Expert 2 is infinite wherever it is computed."""
    g.w1[2] = np.inf
    return g.of_softmax(g.scores("x"))


def infinite_and_zero(g):
    """Zero times infinity, of an expert that looks like zero."""
    g.w1[2], g.w2[2] = np.inf, 0
    return g.of_softmax(g.scores("x"))


def infinite_and_masked(g):
    """The weight of expert 2 is zero, even where it is chosen."""
    g.w1[2] = np.inf
    return g.of_softmax(g.scores("x", bias=[0, 0, -np.inf, 0, 0, 0]))


def main():
    scratch = pathlib.Path(sys.argv[1])
    for build in (infinite, infinite_and_zero, infinite_and_masked):
        g = Layer(seed=3)
        path = scratch / f"{build.__name__}.onnx"
        onnx.save(g.model(build(g)), path)
        x = np.random.default_rng(0).normal(size=(40, g.D)).astype(np.float32)
        session = runtime(path)
        output = session.get_outputs()[0].name
        wanted = session.run(None, {"x": x})[0]

        def run(*options):
            compile_model(path, "-o", str(scratch), *options)
            return Library(scratch / f"lib{path.stem}.so", threads=1).run({"x": x}, [output])[output]

        kept = run("--keep-nan-propagation")
        same = "same" if error(kept, wanted) < 1e-5 else "WRONG"
        rows = np.isfinite(run()).all(axis=1).sum()
        print(f"{path.stem}: kept {same}, {np.isfinite(wanted).all(axis=1).sum()} finite rows; "
              f"else {'more' if rows > 0 else 'none'}")


if __name__ == "__main__":
    main()
