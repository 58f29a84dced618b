# ===-- ort_cpu_compat.py - moec with ONNX Runtime's own rules -------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""ort_cpu_compat.py FOLDER

Writes nodes.onnx with nodes on which ONNX Runtime's CPU kernels and moec differ, and
packed.onnx, which moec refuses; compiles the former with --ort-cpu-compat and without."""

import pathlib
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from nodes import MS, Nodes

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import oracle  # noqa: E402
from compare import Library, error  # noqa: E402

F = np.float32
rng = np.random.default_rng(5)
E, H, I = 8, 16, 24


def normal(*shape):
    return rng.standard_normal(shape).astype(F)


def compile_to(folder, name, *flags):
    subprocess.run(["moec", "compile", str(folder / "nodes.onnx"), "-o", str(folder / name), *flags],
                   check=True)
    return Library(folder / name / "libnodes.so")


def main():
    folder = pathlib.Path(sys.argv[1])
    nodes = Nodes()
    nodes.add("mixer", "MoE", [normal(9, H), 1 + 0.05 * normal(9, E), normal(E, I, H), None,
                               normal(E, H, I)], dict(k=2, use_sparse_mixer=1), domain=MS)
    nodes.add("layout", "MoE", [normal(9, H), normal(9, E), normal(E, H, I), None, normal(E, I, H)],
              dict(k=2, activation_type="silu"), domain=MS, constants=(2, 4))
    model = nodes.model()
    onnx.save(model, folder / "nodes.onnx")
    packed = Nodes()
    packed.add("packed", "QMoE", [normal(9, 32), normal(9, E), np.zeros((E, 32, 16), np.uint8),
                                  normal(E, 32), None, np.zeros((E, 32, 16), np.uint8), normal(E, 32)],
               dict(k=2, weights_prepacked=1), domain=MS)
    onnx.save(packed.model(), folder / "packed.onnx")

    names = [r for _, results, *_ in nodes.cases for r in results]
    session = onnxruntime.InferenceSession(model.SerializeToString(),
                                           providers=["CPUExecutionProvider"])
    theirs = dict(zip(names, session.run(names, nodes.feeds)))
    exact = oracle.Model(model).run(nodes.feeds)
    follows = compile_to(folder, "with", "--ort-cpu-compat").run(nodes.feeds, names)
    own = compile_to(folder, "without").run(nodes.feeds, names)
    say = lambda values, other, name: "yes" if error(values[name], other[name]) < 1e-5 else "no"
    for label, (name,), *_ in nodes.cases:
        print(f"{label}: as ONNX Runtime with the flag: {say(follows, theirs, name)}, "
              f"without it: {say(own, theirs, name)}")
    agree = all(say(own, exact, name) == "yes" for name in names)
    print(f"as the oracle without the flag: {'yes' if agree else 'no'}")


main()
