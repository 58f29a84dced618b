# ===-- run.py - which test notices that a condition is left out -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Runs the tests that reach each condition of a built copy, until one notices.

    run.py COPY STATE.json --count N [--tests REGEX] [--longest SECONDS] [--limit SECONDS]

COPY is what plant.py made, built in COPY/build/release. First each test runs by itself
with nothing left out, which tells the conditions that it reaches and how long it takes;
tests longer than --longest do no more. Then for each condition those that reach it run
with it left out, tests of IR before those of libraries, and the quick ones first, for
--limit seconds in all. What was found goes to STATE.json as it is; started again, it
goes on where it was, with what is new: a test that changed counts as new.
"""

import argparse
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

LIT = "/usr/lib/llvm-22/bin/lit"
# A test that takes so many times as long as usual, and a minute, will not end.
SLOWER = 4


def digest(test):
    """Of a test's text, and of the scripts of its folder where it may run them."""
    read = [test] if test.suffix == ".mlir" else [test, *sorted(test.parent.rglob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in read)).hexdigest()[:8]


def list_tests(build):
    """Commands by name: lit's tests one by one, GoogleTest's programs."""
    tests = {}
    shown = subprocess.run([LIT, "--show-tests", build / "test"], check=True, capture_output=True, text=True).stdout
    for line in shown.splitlines():
        _, found, name = line.strip().partition("moec :: ")
        if found:
            tests[f"{name}@{digest(build / '../../test' / name)}"] = [LIT, "-q", str(build / "test" / name)]
    shown = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], check=True, capture_output=True,
                           text=True).stdout
    for test in json.loads(shown)["tests"]:
        program = test.get("command", [""])[0]
        if program.endswith("-tests"):
            tests[f"{pathlib.Path(program).name}@{digest(pathlib.Path(program))}"] = [program]
    return tests


def run(command, seconds, **environment):
    """Whether it passed within the time."""
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        return process.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False


def measure(command, longest):
    """What a test reaches with nothing left out; None where it is of no use."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        if not run(command, longest, MOEC_MUTANT_REACHED=folder):
            return None
        return {"seconds": time.monotonic() - begin, "reached": sorted(int(name) for name in os.listdir(folder))}


def order(test):
    name, facts = test
    return not name.partition("@")[0].endswith(".mlir"), facts["seconds"]


def hunt(number, known, commands, outcome, limit):
    """Runs the tests that were not tried, until one fails."""
    for name, facts in sorted(known.items(), key=order):
        if outcome["seconds"] >= limit or "caught" in outcome:
            return
        if number not in facts["reached"] or name in outcome["tried"]:
            continue
        begin = time.monotonic()
        allowed = 60 + SLOWER * facts["seconds"]
        if not run(commands[name], allowed, MOEC_MUTANT=str(number)):
            if not run(commands[name], allowed):
                raise SystemExit(f"{name} fails with nothing left out, too")
            outcome["caught"] = name.partition("@")[0]
        outcome["seconds"] += time.monotonic() - begin
        outcome["tried"].append(name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("copy", type=pathlib.Path)
    parser.add_argument("state", type=pathlib.Path)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--tests", default="", help="only those whose name matches")
    parser.add_argument("--longest", type=float, default=60)
    parser.add_argument("--limit", type=float, default=120)
    options = parser.parse_args()

    state = json.loads(options.state.read_text()) if options.state.exists() else {"tests": {}, "mutants": {}}
    def save():
        options.state.write_text(json.dumps(state, indent=1))

    commands = {name: command for name, command in list_tests((options.copy / "build/release").resolve()).items()
                if re.search(options.tests, name.partition("@")[0])}
    for name, command in commands.items():
        if name not in state["tests"]:
            state["tests"][name] = measure(command, options.longest)
            if state["tests"][name] is None:
                print(f"left out, it fails or takes long: {name}", flush=True)
            save()
    known = {name: facts for name, facts in state["tests"].items() if facts and name in commands}
    for number in range(options.count):
        outcome = state["mutants"].setdefault(str(number), {"tried": []})
        outcome["seconds"] = 0
        outcome["reaching"] = sum(number in facts["reached"] for facts in known.values())
        hunt(number, known, commands, outcome, options.limit)
        print(number, outcome.get("caught", f"reached by {outcome['reaching']}"), flush=True)
        save()


if __name__ == "__main__":
    main()
