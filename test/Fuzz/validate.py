# ===-- validate.py - what graphs compute before and after each pass -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Validates the passes of the moe and the kernels stage on random graphs.

    validate.py SCRATCH MOEC-VALIDATE [--from SEED] [--count N] [--log FILE] [--least N]

Graphs are those of pass_graphs.py, by seed; that of one that is wrong stays in SCRATCH.
A line a graph goes to FILE; seeds that have one already are not done again, so that a
long run can be ended and taken up. Exits with 1 if a graph is wrong or if a pass has
not fired in N graphs.
"""

import argparse
import collections
import json
import pathlib
import resource
import subprocess
import sys

from pass_graphs import write

BATCH = 50


def read_log(path):
    """What is known, by seed; a line that was cut off is not."""
    known = {}
    for line in path.read_text().splitlines() if path and path.exists() else []:
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        known[int(entry["graph"])] = entry
    return known


def open_log(path):
    """To append to, on a line of its own."""
    log = path.open("a+")
    log.seek(0)
    text = log.read()
    if text and not text.endswith("\n"):
        log.write("\n")
    return log


def validate(program, models):
    """An entry for each model; one that ends the program is named, and the others go on."""
    while models:
        process = subprocess.Popen([program, *map(str, models)], stdout=subprocess.PIPE, text=True)
        begun, entry = 0, None
        for line in process.stdout:
            if line.startswith("# "):
                begun, entry = begun + 1, None
            else:
                entry = json.loads(line)
                yield entry
        if process.wait() not in (0, 1) or entry is None:
            if not begun:
                sys.exit(f"{program} ended with {process.returncode}")
            yield dict(graph=models[begun - 1].stem, passes={},
                       problems=[f"ends the program with {process.returncode}"])
        models = models[begun:]


def clean(folder, entry):
    if not entry["problems"]:
        for file in folder.glob(f"{entry['graph']}.*"):
            file.unlink()


def run(options, known):
    """Validates what is not known yet."""
    wanted = [seed for seed in range(options.first, options.first + options.count) if seed not in known]
    log = open_log(options.log) if options.log else None
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start:start + BATCH]
        for seed in batch:
            write(seed, options.scratch)
        for entry in validate(options.program, [options.scratch / f"{seed}.onnx" for seed in batch]):
            known[int(entry["graph"])] = entry
            clean(options.scratch, entry)
            if log:
                print(json.dumps(entry), file=log, flush=True)


def report(options, known):
    """Prints what was found; whether that is as it should be."""
    listed = subprocess.run([options.program, "--list"], capture_output=True, text=True)
    print(listed.stderr, end="")
    entries = [known[seed] for seed in sorted(known) if options.first <= seed < options.first + options.count]
    fired, errors = collections.Counter(), collections.defaultdict(float)
    for entry in entries:
        for name, result in entry["passes"].items():
            fired[name] += 1
            errors[name] = max(errors[name], float(result["error"]))
    few = 0
    for line in listed.stdout.splitlines():
        name, promise = line.split(" ", 1)
        few += promise != "nothing" and fired[name] < options.least
        print(f"{name}: promises {promise}, fired in {fired[name]}, off by {errors[name]:.1e}")
    wrong = [entry for entry in entries if entry["problems"]]
    for entry in wrong:
        print(f"graph {entry['graph']}: {'; '.join(entry['problems'])}")
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    print(f"{len(entries)} graphs, {sum(fired.values())} passes in {seconds:.0f} s, {len(wrong)} wrong, "
          f"{few} passes fired in fewer than {options.least}")
    return not wrong and not few and listed.returncode == 0 and len(entries) == options.count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scratch", type=pathlib.Path)
    parser.add_argument("program")
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--log", type=pathlib.Path)
    parser.add_argument("--least", type=int, default=0)
    options = parser.parse_args()
    options.scratch.mkdir(parents=True, exist_ok=True)
    known = read_log(options.log)
    run(options, known)
    return 0 if report(options, known) else 1


if __name__ == "__main__":
    sys.exit(main())
