# ===-- scrambled.py - one layer per source node, however it is written ----===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""scrambled.py FIXTURES SCRATCH [NAME,...]

Raises every fixture that has MoE or QMoE nodes, as it is and scrambled with several
seeds: the moe stage holds one layer per node and nothing of the node, and all other
nodes as they were. The scrambled models of the fixtures named are compiled and
compared as the fixtures themselves are."""

import collections
import pathlib
import re
import shutil
import subprocess
import sys

import onnx

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent / "fixtures"), str(HERE.parent.parent / "EndToEnd")]

from compare import compare  # noqa: E402
from fixture import Fixture  # noqa: E402
from scramble import scramble  # noqa: E402

SEEDS = (1, 2, 3)
LAYER = ("moe.route", "moe.plan", "moe.expert_ffn", "moe.combine")
OP = re.compile(r"^\s*(?:%[\w, %#:]+ = )?((?:moe|onnx)\.\w+)", re.M)
NAMED = re.compile(r"^\s*(?:%[\w, %#:]+ = )?(moe\.\w+).*[ {]moe\.layer = \"([^\"]*)\"", re.M)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def emit(model, stage):
    return run("moec", "compile", str(model), "-j", "1", "--emit", stage, "-o", "-")


def sources(model):
    return [n for n in model.graph.node if n.op_type in ("MoE", "QMoE")]


def count_ops(text):
    return collections.Counter(OP.findall(text))


def only_onnx(ops):
    return collections.Counter({op: n for op, n in ops.items() if op.startswith("onnx.")})


def problems(path, layers, others):
    """What is wrong with the moe stage of a model that has these MoE nodes and so many
    others."""
    text = emit(path, "moe")
    after = count_ops(text)
    found = collections.Counter({op: n for op, n in after.items() if op.startswith("moe.")})
    if found != collections.Counter({op: len(layers) for op in LAYER}):
        yield f"{len(layers)} layers became {dict(found)}"
    names = sorted((op, node.name) for node in layers for op in LAYER)
    if sorted(NAMED.findall(text)) != names:
        yield f"layers are named {sorted(set(NAMED.findall(text)))}"
    rest = only_onnx(after)
    if rest != others:
        yield f"other nodes changed: {others} to {rest}"


def main():
    fixtures, scratch = map(pathlib.Path, sys.argv[1:3])
    compiled = sys.argv[3].split(",") if len(sys.argv) > 3 else []
    numbers = collections.Counter()
    for directory in sorted(fixtures.iterdir()):
        model = onnx.load(directory / "model.onnx", load_external_data=False)
        fixture = Fixture(directory)
        if not sources(model) or "refused" in fixture.manifest:
            continue
        # Data files belong beside the model, as they are.
        folder = scratch / directory.name
        shutil.copytree(directory, folder)
        before = count_ops(emit(directory / "model.onnx", "onnx"))
        others = only_onnx(count_ops(emit(directory / "model.onnx", "moe")))
        # What works on weights alone is folded, nothing is added.
        if more := others - before:
            numbers["wrong"] += 1
            print(f"{directory.name}: the moe stage adds {more}")
        for seed in (0, *SEEDS):
            mixed = onnx.ModelProto()
            mixed.CopyFrom(model)
            if seed:
                scramble(mixed, seed)
            path = folder / f"seed{seed}.onnx"
            path.write_bytes(mixed.SerializeToString(deterministic=True))
            numbers["models"] += 1
            for problem in problems(path, sources(mixed), others):
                numbers["wrong"] += 1
                print(f"{directory.name}, seed {seed}: {problem}")
        if directory.name in compiled:
            numbers["compiled"] += 1
            run("moec", "compile", str(path), "-j", "1", "--name", "m", "-o", str(folder))
            numbers["wrong"] += not compare(folder / "libm.so", fixture, [fixture.cases()[-1]])
    print(f"{numbers['models']} models, {numbers['compiled']} compiled, {numbers['wrong']} wrong")
    sys.exit(bool(numbers["wrong"]) or numbers["compiled"] != len(compiled))


main()
