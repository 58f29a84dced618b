# ===-- random_graphs.py - random graphs through the whole compiler -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Compiles random graphs and compares them with the oracle and the plain loops.

    random_graphs.py SCRATCH [--first N] [--count N] [--step N] [--only-write]

Each seed is a graph: graphs.py SEED FOLDER writes it alone. Exits with 1 if one is
wrong; its folder stays in SCRATCH, as a fixture with which to look for the reason.
With --only-write nothing is compiled, but some graph must have each feature.
"""

import argparse
import collections
import pathlib
import shutil
import sys

from check_graph import GraphError, compare_with_oracle, compile_model, verify
from graphs import FEATURES, write

from compare import CompareError
from fixture import Fixture
from oracle import OracleError


# Most graphs have the code of one CPU level, in many of them the best of this CPU.
FLAGS = set(pathlib.Path("/proc/cpuinfo").read_text().split())
BEST = "x86-64-v4" if FLAGS >= {f"avx512{part}" for part in ("f", "bw", "cd", "dq", "vl")} else "x86-64-v3"
LEVELS = ["x86-64-v3", BEST] * 4 + ["x86-64-v3", "x86-64-v4,x86-64-v3"]


def check(seed, folder):
    """Raises if anything is wrong with the graph."""
    write(seed, folder)
    fixture = Fixture(folder)
    compile_model(["moec", "compile", str(fixture.model), "--name", "m", "-o", str(folder), "-j", "1",
                   "--cpu", LEVELS[seed % len(LEVELS)]])
    compare_with_oracle(fixture, folder / "libm.so")
    verify(fixture, folder / "libm.so", seed + 1)


def report_features(options, seeds):
    seen = collections.Counter()
    for seed in seeds:
        seen.update(write(seed, options.scratch / str(seed)))
    lacking = sorted(FEATURES - set(seen))
    for feature, count in sorted(seen.items()):
        print(f"{count:4} {feature}")
    print(f"{options.count} graphs, {len(lacking)} features lacking: {', '.join(lacking)}")
    return 1 if lacking else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scratch", type=pathlib.Path)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--only-write", action="store_true")
    options = parser.parse_args()
    seeds = [options.first + number * options.step for number in range(options.count)]
    if options.only_write:
        return report_features(options, seeds)
    wrong = 0
    for seed in seeds:
        folder = options.scratch / str(seed)
        try:
            check(seed, folder)
            shutil.rmtree(folder)
        except (GraphError, CompareError, OracleError) as problem:
            wrong += 1
            print(f"graph {seed}, see {folder}: {problem}", flush=True)
    print(f"{options.count} graphs, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
