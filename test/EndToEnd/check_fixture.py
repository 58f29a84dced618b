# ===-- check_fixture.py - everything a fixture has to go through -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Compiles a fixture once and does with it all that its manifest asks for.

    check_fixture.py FIXTURE.json SCRATCH CONFORMANCE

Every case against its references, with one and two threads; three decoding
steps after each prefill; a length of zero, where it is not legal, without a
crash; the conformance program. A fixture that is `refused` must be refused with
exactly those diagnostics instead.
"""

import json
import pathlib
import subprocess
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from compare import Comparison, CompareError, Library, RunError, judge, prefills  # noqa: E402
from fixture import Fixture  # noqa: E402

STEPS = 3


class CheckError(Exception):
    """What is wrong with the fixture or with what was made of it."""


def is_prime(n):
    return n > 1 and all(n % d for d in range(2, n))


def check_lengths(fixture):
    """Nothing, one token, a prime number, and more than the exporter saw."""
    lengths = fixture.manifest["symbols"][fixture.length]
    wanted = {"one": 1 in lengths, "an odd prime": any(n > 2 and is_prime(n) for n in lengths),
              "more than the exporter's example": max(lengths) > fixture.manifest.get("example", 1),
              "zero, or 'zero' with the reason why not":
                  (0 in lengths) != ("zero" in fixture.manifest)}
    for what, good in wanted.items():
        if not good:
            raise CheckError(f"the values of {fixture.length} in its manifest lack {what}")


def compile_model(fixture, scratch):
    """Returns the exit code and the diagnostics."""
    command = ["moec", "compile", str(fixture.model), "--name", "m", "-o", str(scratch),
               "-j", "1", "--diagnostics", "json"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, [json.loads(line) for line in done.stderr.splitlines()]


def describe(said):
    return f"[{said.get('id', said['severity'])}] node '{said.get('node', '')}' " \
           f"({said.get('op', '')}): {said['message']}"


def check_refusal(fixture, code, diagnostics):
    found, wanted = [describe(d) for d in diagnostics], fixture.manifest["refused"]
    if code != 1 or found != wanted:
        raise CheckError("\n  ".join(["it is to be refused with", *wanted,
                                      f"but moec ended with {code} and said", *found]))


def check_numbers(fixture, library):
    comparison = Comparison(library, fixture, threads=(1, 2))
    rows = [row for case in fixture.cases() for row in comparison.case(case)]
    if fixture.decode:
        rows += [row for case in prefills(fixture) for row in comparison.generate(case, STEPS)]
    report = []
    if not judge(fixture, rows, report.append):
        raise CheckError("\n  ".join(["outputs are wrong:", *report]))


def check_zero(fixture, library):
    """What the model gives for no token at all is nobody's to say: a status, or a
    result."""
    if "zero" not in fixture.manifest:
        return
    inputs = fixture.inputs({**fixture.cases()[0], fixture.length: 0})
    try:
        Library(library).run(inputs, [])
    except RunError as problem:
        if problem.code != 1:
            raise CheckError(f"no token at all: {problem}") from problem


def conformance_case(fixture):
    """A case of several tokens; for a decoder a step over a cache."""
    if fixture.decode:
        past = fixture.decode["past"]
        wanted = [c for c in fixture.cases() if c[past] and c[fixture.length] == 1]
    else:
        wanted = [c for c in fixture.cases() if is_prime(c[fixture.length])]
    return wanted[-1]


def check_conformance(fixture, library, program, scratch):
    command = [program, str(library)]
    for index, (name, array) in enumerate(fixture.inputs(conformance_case(fixture)).items()):
        path = scratch / f"in{index}.npy"
        np.save(path, array)
        command += ["--npy", f"{name}={path}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise CheckError(f"the conformance program ended with {done.returncode}:\n"
                         f"{done.stdout}{done.stderr}")


def check(manifest, scratch, conformance):
    fixture = Fixture(manifest.parent)
    check_lengths(fixture)
    code, diagnostics = compile_model(fixture, scratch)
    if "refused" in fixture.manifest:
        return check_refusal(fixture, code, diagnostics)
    if code != 0 or diagnostics:
        raise CheckError("\n  ".join([f"moec ended with {code}", *map(describe, diagnostics)]))
    library = scratch / "libm.so"
    check_numbers(fixture, library)
    check_zero(fixture, library)
    check_conformance(fixture, library, conformance, scratch)


def main():
    manifest, scratch, conformance = sys.argv[1:]
    try:
        check(pathlib.Path(manifest), pathlib.Path(scratch), conformance)
    except (CheckError, CompareError) as problem:
        print(f"{manifest}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
