# ===-- dead_experts.py - what is dead goes, what only looks dead stays -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""dead_experts.py SCRATCH [NAME ...]

Compiles layers in which experts are dead, or nearly so; compares the experts that the
compiler calls dead, and why, with those that were planted. Most of those with dead
experts, and with --run-all every one, are run; outputs are compared with ONNX
Runtime's, for rows of NaN too."""

import json
import pathlib
import re
import subprocess
import sys

import numpy as np
import onnx

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "EndToEnd")]

from compare import Library, error  # noqa: E402
from dead import CASES, Layer  # noqa: E402
from look_alikes import Wrong, runtime  # noqa: E402

TOKENS = (0, 1, 67)
TOLERANCE = 1e-5


def get_input(count, width):
    """Rows of several sizes; where there are many, one of NaN."""
    random = np.random.default_rng(count)
    x = random.normal(size=(count, width)).astype(np.float32)
    x[::3] *= 0.01
    x[::5] *= 2
    if count > 1:
        x[count // 2, 0] = np.nan
    return x


def compile_model(path, *options):
    done = subprocess.run(["moec", "compile", str(path), "-j", "1", "--cpu", "x86-64-v3", *options],
                          capture_output=True, text=True)
    if done.returncode:
        raise Wrong(done.stderr.strip())
    return done


def find_dead(path):
    """What the compiler takes for dead, and what it says."""
    done = compile_model(path, "--emit", "moe", "-o", "-")
    entries = re.findall(r'cause = "(\w+)", expert = (\d+)', done.stdout)
    return {int(expert): cause for cause, expert in entries}, done.stderr


def check_certificates(path):
    """Whether code of its own says the same of what the manifest says."""
    done = subprocess.run(["moec", "check-certificate", str(path), str(path.with_suffix(".json"))],
                          capture_output=True, text=True)
    if done.returncode:
        raise Wrong(done.stderr.strip())


def count_active(graph, planted):
    """The parameters that a token meets at most, of layers without biases."""
    left = [e for e in range(graph.E) if graph.has_weights(e) and e not in planted]
    return 2 * graph.D * graph.H * min(graph.k, len(left))


def run(path, scratch, planted, graph):
    """Whether the manifest says the same, is accepted, and the numbers are those of the source."""
    compile_model(path, "-o", scratch)
    check_certificates(path)
    layers = json.loads(path.with_suffix(".json").read_text())["moe_layers"]
    if len(layers) != 1 or layers[0]["experts"] != graph.E:
        raise Wrong("the layer is not in the manifest")
    if {e["expert"]: e["cause"] for e in layers[0]["dead_experts"]} != planted:
        raise Wrong("the manifest says otherwise")
    if len(graph.kinds) > 1 and layers[0]["parameters_active"] != count_active(graph, planted):
        raise Wrong(f"{layers[0]['parameters_active']} parameters are active")
    session, library = runtime(path), Library(scratch / f"lib{path.stem}.so", threads=1)
    output = session.get_outputs()[0].name
    for count in TOKENS:
        x = get_input(count, graph.D)
        wanted = session.run(None, {"x": x})[0]
        got = library.run({"x": x}, [output])[output]
        if error(got, wanted) > TOLERANCE:
            raise Wrong(f"{count} tokens: {error(got, wanted)}")


def check(name, scratch, run_all):
    make, planted, says, options = CASES[name]
    graph = Layer(seed=len(name), **options)
    path = scratch / f"{name}.onnx"
    onnx.save(graph.model(make(graph)), path)
    found, said = find_dead(path)
    if found != planted:
        raise Wrong(f"dead are {found}, planted were {planted}: {said}")
    if says not in said:
        raise Wrong(f"'{says}' was not said: {said}")
    # What bounds the input makes no difference to what is done then.
    if run_all or (planted and "_after_" not in name):
        run(path, scratch, planted, graph)


def main():
    scratch, *names = [a for a in sys.argv[1:] if a != "--run-all"]
    wrong = 0
    for name in names or CASES:
        try:
            check(name, pathlib.Path(scratch), "--run-all" in sys.argv)
        except Wrong as why:
            wrong += 1
            print(f"{name}: {why}")
    dead = sum(bool(planted) for _, planted, *_ in CASES.values())
    print(f"{dead} layers with dead experts, {len(CASES) - dead} that only look so, {wrong} wrong")


if __name__ == "__main__":
    main()
