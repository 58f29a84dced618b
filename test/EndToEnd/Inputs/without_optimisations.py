# ===-- without_optimisations.py - each optimisation left out ---------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Compiles fixtures without each optimisation, and without all of them.

    without_optimisations.py FIXTURES SCRATCH

The list is what the compiler says can be left out. Each must change the code of
one fixture at least (one that is left out nowhere is not tested here), and what
it changes must be right in every case of its fixture.
"""

import itertools
import pathlib
import re
import subprocess
import sys

import onnx

HERE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE.parent / "Raising" / "Inputs"))
import layers

fixtures, scratch = map(pathlib.Path, sys.argv[1:])
# A cache, attention, norms, dense products and quantised experts; experts whose
# inputs are weighted; routers, experts of ordinary operators, and parameters that
# become one; experts of which two are the same; products by Einsum.
FIXTURES = ["gptoss_int4_tied", "llama4_dynamo18_batched", "gptoss_grouped"]
MODELS = [*FIXTURES, "twins", "contracted"]
# How many of them an optimisation is tried on: of those whose code it changes.
TRIED = 2


def find(model):
    return (fixtures if model in FIXTURES else scratch) / model / "model.onnx"


def make_twins():
    graph = layers.Graph(1, experts=4, choices=2)
    matrices = graph.weights_of_experts()
    return graph.model(layers.masked(graph, network=lambda g, x, m, e: g.network(x, matrices[e % 3])))


def save(model, name):
    find(name).parent.mkdir(parents=True)
    onnx.save(model, find(name))


def moec(model, *arguments):
    return subprocess.run(["moec", "compile", str(find(model)), "--name", "m", "--cpu", "x86-64-v3", *arguments],
                          capture_output=True, text=True)


def list_optimisations():
    said = moec(MODELS[0], "-o", "-", "--emit", "llvm", "--disable-pass", "?").stderr
    return re.search(r"expected one of (.*); see", said).group(1).split(", ")


def check(model, disabled):
    """What is wrong without these; nothing where it is right."""
    folder = scratch / model / "build"
    flags = [flag for name in disabled for flag in ("--disable-pass", name)]
    made = moec(model, "-o", str(folder), *flags)
    if made.returncode:
        return made.stderr
    compare = [sys.executable, str(HERE / "compare.py"), str(folder / "libm.so"), str(fixtures / model)]
    verify = ["moec", "verify", str(folder / "libm.so"), "--model", str(find(model)), "--dim", "T=7"]
    done = subprocess.run(compare if model in FIXTURES else verify, capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode else ""


def emit(model, *flags):
    return moec(model, "-o", "-", "--emit", "llvm", *flags).stdout


save(make_twins(), "twins")
save(layers.build("einsum_dense", 1), "contracted")
optimisations = list_optimisations()
whole = {model: emit(model) for model in MODELS}
failures = []


def try_without(disabled, models):
    for model in models:
        wrong = check(model, disabled)
        if wrong:
            failures.append(f"{model} without {', '.join(disabled)}: {wrong[-2000:]}")


def changed(name):
    return (model for model in MODELS if emit(model, "--disable-pass", name) != whole[model])


for name in optimisations:
    models = list(itertools.islice(changed(name), TRIED))
    if not models:
        failures.append(f"{name}: left out, it changes none of {', '.join(MODELS)}")
    try_without([name], models)
try_without(optimisations, MODELS)
print("\n".join(failures) or f"{len(optimisations)} optimisations, no failure")
sys.exit(bool(failures))
