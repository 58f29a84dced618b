# ===-- compare.py - a compiled model against its references -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Runs a compiled library on a fixture and compares every output.

    compare.py LIB FIXTURE [--case S=7 P=0 ...] [--threads 1,2] [--decode 3]

The reference is the float64 oracle (or ONNX Runtime where a fixture says so).
An output passes where |y - r| <= rtol*|r| + rtol*max|r| everywhere; for a whole
model rtol is at least twice ONNX Runtime's own error against the oracle. With
several thread counts all outputs must have equal bits. Without --case every
case of the fixture runs.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from fixture import Fixture  # noqa: E402


# Rounding in f32 stays below this; a larger error of ONNX Runtime is a bug of its own.
SANE = 1e-4


class CompareError(Exception):
    """The comparison could not be made at all."""


class RunError(CompareError):
    """The library's run failed; `code` is the exit code, negative for a signal."""

    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


class Library:
    """A compiled library, run through moec-run."""

    def __init__(self, path, program="moec-run", threads=None):
        self.path, self.program = str(path), str(program)
        self.threads = threads

    def run(self, inputs, names):
        with tempfile.TemporaryDirectory() as scratch:
            command = [self.program, self.path]
            for index, (name, array) in enumerate(inputs.items()):
                path = f"{scratch}/in{index}.npy"
                np.save(path, np.asarray(array, order="C"))
                command += ["--input", f"{name}={path}"]
            files = {name: f"{scratch}/out{i}.npy" for i, name in enumerate(names)}
            for name, path in files.items():
                command += ["--output", f"{name}={path}"]
            if self.threads:
                command += ["--threads", str(self.threads)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                raise RunError(f"{self.program} exited with {done.returncode}: "
                               f"{done.stderr.strip() or done.stdout.strip()}", done.returncode)
            return {name: np.load(path) for name, path in files.items()}


class Runtime:
    """The model in ONNX Runtime on the CPU."""

    def __init__(self, fixture):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(
            str(fixture.model), options, providers=["CPUExecutionProvider"])
        self.names = [o.name for o in self.session.get_outputs()]

    def run(self, inputs):
        return dict(zip(self.names, self.session.run(None, inputs)))


class Oracle:
    """The model in the float64 interpreter."""

    def __init__(self, fixture):
        import oracle
        self.model = oracle.Model(fixture.model)
        self.names = [o.name for o in self.model.proto.graph.output]

    def run(self, inputs):
        return self.model.run(inputs)


def error(y, r):
    """The least rtol with which y passes against r; inf if it never does."""
    if y.shape != r.shape:
        return float("inf")
    if r.dtype.kind != "f":
        return 0.0 if np.array_equal(y, r) else float("inf")
    y, r = y.astype(np.float64), r.astype(np.float64)
    finite = np.isfinite(r)
    if not np.array_equal(y[~finite], r[~finite], equal_nan=True):
        return float("inf")
    if not np.isfinite(y[finite]).all():
        return float("inf")
    if not finite.any():
        return 0.0
    size = np.abs(r[finite])
    bound = size + size.max()
    difference = np.abs(y[finite] - r[finite])
    if bound.max() == 0:
        return 0.0 if difference.max() == 0 else float("inf")
    return float((difference / bound).max())


def blank(reference, *others):
    """Zeroes what the reference leaves unspecified (NaN), in all of them."""
    free = np.isnan(reference)
    return [np.where(free, 0, a).astype(a.dtype) if a.shape == reference.shape else a
            for a in (reference, *others)]


def next_inputs(fixture, inputs, outputs):
    """Inputs of a decode step: the presents of the step before become pasts."""
    inputs = dict(inputs)
    for past, present in fixture.decode["pairs"].items():
        kind = fixture.manifest["inputs"][past]["dtype"]
        inputs[past] = outputs[present].astype(kind)
    return inputs


class Row:
    """One line of the table."""

    def __init__(self, case, output, value, tolerance, ort, note=""):
        self.case, self.output, self.value = case, output, value
        self.tolerance, self.ort, self.note = tolerance, ort, note

    @property
    def passed(self):
        return self.value <= self.tolerance and not self.note

    def __str__(self):
        ort = "-" if self.ort is None else f"{self.ort:.1e}"
        return (f"{'ok  ' if self.passed else 'FAIL'} {self.case:<24} {self.output:<28} "
                f"error {self.value:.1e}  rtol {self.tolerance:.1e}  onnxruntime {ort}"
                f"{'  ' + self.note if self.note else ''}")


class Comparison:
    """A library beside its references, on one fixture."""

    def __init__(self, library, fixture, program="moec-run", threads=(None,), seed=1):
        self.fixture = fixture if isinstance(fixture, Fixture) else Fixture(fixture)
        self.libraries = [Library(library, program, t) for t in threads]
        judges = self.fixture.judges
        self.oracle = Oracle(self.fixture) if judges in ("oracle", "both") else None
        self.runtime = Runtime(self.fixture) if judges in ("ort", "both") else None
        self.seed = seed
        self.names = (self.oracle or self.runtime).names

    def step(self, label, ours, exact, rival):
        """Runs all parties on their inputs; returns rows and their outputs."""
        runs = [lib.run(ours, self.names) for lib in self.libraries]
        theirs = self.runtime.run(rival) if self.runtime else None
        reference = self.oracle.run(exact) if self.oracle else theirs
        rows = []
        for name in self.names:
            mine, note = runs[0][name], ""
            for other, lib in zip(runs[1:], self.libraries[1:]):
                same = mine.shape == other[name].shape and mine.tobytes() == other[name].tobytes()
                if not same:
                    note = f"other bits with {lib.threads} threads"
            wanted = reference[name]
            if mine.shape != wanted.shape:
                note = f"shape {list(mine.shape)}, expected {list(wanted.shape)}"
            rival_value = theirs[name] if theirs else None
            if theirs and mine.dtype != rival_value.dtype:
                note = f"type {mine.dtype}, expected {rival_value.dtype}"
            if name in self.fixture.unspecified:
                wanted, mine, *rest = blank(wanted, mine, *([rival_value] if theirs else []))
                rival_value = rest[0] if rest else None
            rtol, ort = self.fixture.tolerance, None
            if self.oracle and theirs:
                ort = error(rival_value, wanted)
                # An onnxruntime that is simply wrong must not excuse us.
                if self.fixture.whole and ort <= SANE:
                    rtol = max(rtol, 2 * ort)
            rows.append(Row(label, name, error(mine, wanted), rtol, ort, note))
        return rows, runs[0], reference, theirs

    def case(self, symbols):
        inputs = self.fixture.inputs(symbols, self.seed)
        label = " ".join(f"{k}={v}" for k, v in symbols.items())
        return self.step(label, inputs, inputs, inputs)[0]

    def generate(self, symbols, steps):
        """A prefill with an empty cache, then `steps` decode steps, each party
        continuing from its own cache."""
        decode = self.fixture.decode
        if not decode:
            raise CompareError(f"fixture {self.fixture.name} has no cache to decode with")
        symbols = {**symbols, decode["past"]: 0}
        inputs = self.fixture.inputs(symbols, self.seed)
        parties = [inputs, inputs, inputs]
        rows = []
        for number in range(steps + 1):
            label = f"step {number}: " + " ".join(f"{k}={v}" for k, v in symbols.items())
            new, mine, exact, theirs = self.step(label, *parties)
            rows += new
            symbols = {**symbols, decode["past"]: symbols[decode["past"]] + symbols[decode["length"]],
                       **decode["step"]}
            fresh = self.fixture.inputs(symbols, self.seed + number + 1)
            parties = [next_inputs(self.fixture, fresh, outputs) if outputs else fresh
                       for outputs in (mine, exact, theirs)]
        return rows


def compare(library, fixture, cases=None, program="moec-run", threads=(None,), decode=0,
            seed=1, report=print):
    """Compares and prints the table; true if everything passed."""
    comparison = Comparison(library, fixture, program, threads, seed)
    fixture = comparison.fixture
    rows = []
    for symbols in cases or fixture.cases():
        rows += comparison.generate(symbols, decode) if decode else comparison.case(symbols)
    return judge(fixture, rows, report)


def judge(fixture, rows, report=print):
    """Prints the table; true if everything passed."""
    for row in rows:
        report(str(row))
    bad = sum(not row.passed for row in rows)
    report(f"{fixture.name}: {len(rows) - bad} of {len(rows)} outputs pass")
    return bool(rows) and bad == 0


def prefills(fixture):
    """The cases to decode from. The cache starts empty: only those of the other
    symbols differ."""
    past = fixture.decode["past"]
    first = fixture.cases()[0]
    return [case for case in fixture.cases() if case[past] == first[past]]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("fixture")
    parser.add_argument("--case", nargs="+", action="append", metavar="SYMBOL=N",
                        help="one case; symbols left out keep their first value")
    parser.add_argument("--moec-run", default="moec-run", dest="program")
    parser.add_argument("--threads", default="", help="thread counts, e.g. 1,2")
    parser.add_argument("--decode", type=int, default=0, metavar="STEPS")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    fixture = Fixture(options.fixture)
    cases = None
    first = fixture.cases()[0]
    if options.case:
        cases = [{**first, **{k: int(v) for k, _, v in (s.partition("=") for s in case)}}
                 for case in options.case]
    elif options.decode and fixture.decode:
        cases = prefills(fixture)
    threads = [int(t) for t in options.threads.split(",") if t] or [None]
    try:
        good = compare(options.library, fixture, cases, options.program, threads,
                       options.decode, options.seed)
    except CompareError as problem:
        print(f"compare: {problem}", file=sys.stderr)
        return 1
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
