# ===-- planted.py - wrong rewrites are found -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Plants one wrong rewrite after the other in the compiler and looks whether random
graphs find it.

    planted.py SCRATCH MOEC-PLANT

Each fault of moec-plant is compiled into graphs that could show it, until the
comparison with the oracle fails; then `moec verify` has to fail as well. A graph
compiled without a fault passes both and has the bytes that moec makes.
"""

import pathlib
import subprocess
import sys

from check_graph import GraphError, WrongOutputs, compare_with_oracle, compile_model, verify
from graphs import write

from fixture import Fixture

GRAPHS = 100
# Graphs that may miss a fault before one has to find it.
PATIENCE = 3
# What a graph has to have for a fault to show.
SHOWS = {"tie": {"ties"}, "limit": {"limit", "swiglu"}, "gelu": {"gelu", "float32"}}
# Inputs that verify makes up have no ties.
NOT_FOR_VERIFY = {"tie"}
# Faults in layers of ordinary operators, which these graphs have none of: planted_raised.py.
OF_RAISED = "raised-"


class Graphs:
    """Graphs by seed, written when they are wanted."""

    def __init__(self, scratch):
        self.scratch, self.known = scratch, {}

    def __getitem__(self, seed):
        if seed not in self.known:
            folder = self.scratch / str(seed)
            write(seed, folder)
            self.known[seed] = Fixture(folder)
        return self.known[seed]


def plant(program, fault, fixture, folder):
    """Compiles with the fault; false if there is no place for it."""
    try:
        compile_model([program, fault, str(fixture.model), str(folder)])
    except GraphError as problem:
        if f"has no place for the fault '{fault}'" in str(problem):
            return False
        raise
    return True


def is_wrong(check, *arguments):
    """Whether the outputs differ; a check that cannot be made finds nothing, and ends the hunt."""
    try:
        check(*arguments)
    except WrongOutputs:
        return True
    return False


def hunt(program, fault, graphs, folder):
    """What became of a fault, and whether it was found."""
    missed = []
    for seed in range(GRAPHS):
        fixture = graphs[seed]
        wanted = SHOWS.get(fault, set())
        if len(missed) == PATIENCE:
            break
        if not wanted <= set(fixture.manifest["features"]) or not plant(program, fault, fixture, folder):
            continue
        library = folder / "libm.so"
        if not is_wrong(compare_with_oracle, fixture, library, (1,)):
            missed.append(seed)
            continue
        by_verify = is_wrong(verify, fixture, library, 1)
        if not by_verify and fault not in NOT_FOR_VERIFY:
            return f"found in graph {seed}, but not by verify", False
        return f"found in graph {seed}" + (f", not in {missed}" if missed else ""), True
    return f"not found in {missed}" if missed else "there is no graph for it", False


def check_unplanted(program, fixture, folder):
    """The tool itself changes nothing."""
    plant(program, "none", fixture, folder)
    compare_with_oracle(fixture, folder / "libm.so", (1,))
    compile_model(["moec", "compile", str(fixture.model), "--name", "m", "-o", str(folder / "moec"), "-j", "1",
                   "--cpu", "x86-64-v3"])
    for name in ("libm.so", "m.weights"):
        if (folder / name).read_bytes() != (folder / "moec" / name).read_bytes():
            raise GraphError(f"{name} differs from moec's without a fault")


def main():
    scratch, program = pathlib.Path(sys.argv[1]), sys.argv[2]
    listed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    graphs, lost = Graphs(scratch), 0
    check_unplanted(program, graphs[0], scratch / "none")
    faults = dict(line.split(": ", 1) for line in listed.splitlines() if not line.startswith(OF_RAISED))
    for fault, summary in faults.items():
        said, found = hunt(program, fault, graphs, scratch / fault)
        lost += not found
        print(f"{fault} ({summary}): {said}", flush=True)
    print(f"{len(faults)} faults, {lost} not found")
    return 1 if lost or not faults else 0


if __name__ == "__main__":
    sys.exit(main())
