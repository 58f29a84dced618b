# ===-- look_alikes.py - layers are raised, what looks like them is not -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""look_alikes.py SCRATCH [NAME ...] [--run-all] [--one-token]

Compiles the models of layers/, of random sizes, and counts the layers that were
raised: one of a true layer, with its pattern, none of a look-alike. What was raised
is run, and compared with ONNX Runtime; with --run-all the rest is, too. With
--one-token the model is one for one token, of which what else looks like a layer
may be one; all are run."""

import pathlib
import re
import subprocess
import sys
import zlib

import numpy as np
import onnx
import onnxruntime

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "EndToEnd")]

import layers  # noqa: E402
from compare import Library, RunError, error  # noqa: E402

TOKENS = (0, 1, 7, 64)
TOLERANCE, TOLERANCE_OF_HALVES = 1e-5, 2e-3
RAISED = re.compile(r'moe\.combine .*moe\.raised_from = "(\w+)"')


class Wrong(Exception):
    """The compiler did not do what it should."""


def moec(model, *options):
    done = subprocess.run(["moec", "compile", str(model), "-j", "1", *options], capture_output=True, text=True)
    if done.returncode:
        raise Wrong(done.stderr.strip())
    return done.stdout


def runtime(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def compare(path, model, folder):
    """Raises if outputs differ."""
    moec(path, "--cpu", "x86-64-v3", "--name", "m", "-o", str(folder))
    reference, library = runtime(path), Library(folder / "libm.so", threads=1)
    *batch, tokens, width = model.graph.input[0].type.tensor_type.shape.dim
    has_halves = any(weight.data_type == onnx.TensorProto.FLOAT16 for weight in model.graph.initializer)
    output = model.graph.output[0].name
    # An Einsum of no elements divides by zero in ONNX Runtime.
    has_einsum = any(node.op_type == "Einsum" for node in model.graph.node)
    for count in (tokens.dim_value,) if tokens.dim_value else TOKENS:
        shape = [*(d.dim_value for d in batch), count, width.dim_value]
        x = np.random.default_rng(count).normal(size=shape).astype(np.float32)
        if has_einsum and not count:
            library.run({"x": x}, [output])
            continue
        try:
            wanted = reference.run(None, {"x": x})[0]
        except Exception:
            # Some kernels of ONNX Runtime want a row.
            if count:
                raise
            continue
        off = error(library.run({"x": x}, [output])[output], wanted.astype(np.float64))
        if off > (TOLERANCE_OF_HALVES if has_halves else TOLERANCE):
            raise Wrong(f"with {count} tokens outputs differ by {off:.1e}")


def check(name, scratch, runs_all, one_token):
    """What became of a model; raises if it is wrong."""
    model = layers.build(name, zlib.crc32(name.encode()), 1 if one_token else None)
    path = scratch / f"{name}.onnx"
    onnx.save(model, path)
    raised = RAISED.findall(moec(path, "--emit", "moe", "-o", "-"))
    if raised or runs_all or one_token:
        try:
            compare(path, model, scratch / name)
        except RunError as error:
            # Extents of 1 that only the run counts.
            if not one_token or "does not broadcast" not in str(error):
                raise
    if one_token and name in layers.LOOKALIKES:
        return
    wanted = [layers.LAYERS[name][1]] if name in layers.LAYERS else []
    if raised != wanted:
        raise Wrong(f"raised {raised}, not {wanted}")


def main():
    options = [a for a in sys.argv[2:] if a.startswith("--")]
    names = [a for a in sys.argv[2:] if not a.startswith("--")] or [*layers.LAYERS, *layers.LOOKALIKES]
    wrong = 0
    for name in names:
        try:
            check(name, pathlib.Path(sys.argv[1]), "--run-all" in options, "--one-token" in options)
        except (Wrong, RunError) as problem:
            wrong += 1
            print(f"{name}: {problem}", flush=True)
    known = sum(name in layers.LAYERS for name in names)
    print(f"{known} layers, {len(names) - known} look-alikes, {wrong} wrong")
    return 1 if wrong or not names else 0


if __name__ == "__main__":
    sys.exit(main())
