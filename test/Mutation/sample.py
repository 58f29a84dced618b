# ===-- sample.py - conditions to leave out, drawn from all of them -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Draws conditions of the verifiers and passes, as JSON on standard output.

    sample.py BUILD [--seed N] [--count N] [--jobs N]

BUILD is a folder in which the tree was built, with its compile_commands.json. One
condition is drawn of each of `count` equal parts of the list of all, which is in the
order of files, so that files have their share. Needs python3-clang-22.
"""

import argparse
import dataclasses
import json
import multiprocessing
import pathlib
import random
import sys

from conditions import find_conditions, read_commands

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The verifiers (of ops, models, stages and certificates) and the passes.
FOLDERS = ("dialects", "lib/Certificates", "lib/CodeGen", "lib/Conversion", "lib/Importer", "lib/Pipelines",
           "lib/Raising")


def draw(conditions, count, seed):
    """One of each of `count` parts, which differ in length by one at most."""
    if count > len(conditions):
        raise SystemExit(f"there are {len(conditions)} conditions, fewer than {count}")
    generator = random.Random(seed)
    bounds = [len(conditions) * part // count for part in range(count + 1)]
    return [conditions[generator.randrange(begin, end)] for begin, end in zip(bounds, bounds[1:])]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()

    commands = read_commands(options.build)
    names = sorted(str(path.relative_to(ROOT)) for folder in FOLDERS for path in (ROOT / folder).rglob("*.cpp"))
    with multiprocessing.Pool(options.jobs) as pool:
        lists = pool.starmap(find_conditions, [(ROOT / name, name, commands[str(ROOT / name)]) for name in names], 1)
    conditions = [condition for one in lists for condition in one]
    print(f"{len(conditions)} conditions in {len(names)} files", file=sys.stderr)
    json.dump([dataclasses.asdict(condition) for condition in draw(conditions, options.count, options.seed)],
              sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
