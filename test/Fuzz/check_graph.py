# ===-- check_graph.py - a random graph against its references -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""A library made of a random graph, beside the float64 oracle and the plain loops.

Where two experts have all but the same score, rounding says who is chosen, and
both are right: such tokens are left out, and have to be few. Exactly equal scores
are left out only where they were computed; those that the caller gave, and their
softmax, are a tie, and the tie rule is what is tested.
"""

import pathlib
import subprocess
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "EndToEnd"), str(HERE.parent)]

from compare import Comparison, Oracle, judge  # noqa: E402

# Of tokens with scores that are too close to each other.
MOST_LEFT_OUT = 0.34


class GraphError(Exception):
    """A graph does not do what it should; the message says what it does."""


class WrongOutputs(GraphError):
    """It was run, and its outputs differ from those of a reference."""


class CautiousOracle(Oracle):
    """The oracle, with NaN in the rows of tokens whose routing is not certain."""

    def __init__(self, fixture):
        super().__init__(fixture)
        self.near = 2e-2 if fixture.tolerance > 1e-3 else 1e-4
        self.model.observer = self.observe
        self.left_out = self.tokens = 0

    def observe(self, proto, results):
        for name, value in zip(proto.output, results):
            self.seen[name] = value.data
        if proto.op_type == "Softmax" and proto.input[0] in self.exact:
            self.exact.update(proto.output)
        if proto.op_type in ("MoE", "QMoE"):
            k = next((a.i for a in proto.attribute if a.name == "k"), 1)
            self.doubt(proto.input[1], k)
        elif proto.op_type == "TopK":
            self.doubt(proto.input[0], results[0].shape[-1])

    def doubt(self, name, k):
        """Marks tokens at which the k-th score and the next are too close."""
        scores = self.seen[name]
        if k == scores.shape[-1]:
            return
        order = -np.sort(-scores, axis=-1)
        gap = order[:, k - 1] - order[:, k]
        close = gap < self.near * np.abs(scores).max(axis=-1, initial=0)
        self.uncertain.append(close & (gap > 0) if name in self.exact else close)

    def run(self, inputs):
        self.seen = {name: np.asarray(array, np.float64) for name, array in inputs.items()}
        self.exact, self.uncertain = set(inputs), []
        outputs = super().run(inputs)
        for name, array in outputs.items():
            rows = array.reshape(-1, array.shape[-1]).copy()
            for marks in self.uncertain:
                rows[marks] = np.nan
            outputs[name] = rows.reshape(array.shape)
        self.tokens += len(rows)
        self.left_out += int(np.isnan(rows).any(axis=-1).sum())
        return outputs


def compare_with_oracle(fixture, library, threads=(1, 2)):
    """Returns the lines of the table; raises if one is wrong."""
    comparison = Comparison(library, fixture, threads=threads)
    comparison.oracle = oracle = CautiousOracle(fixture)
    report, rows = [], [row for case in fixture.cases() for row in comparison.case(case)]
    if not judge(fixture, rows, report.append):
        raise WrongOutputs("\n  ".join(["differs from the oracle:", *report]))
    if oracle.left_out > MOST_LEFT_OUT * oracle.tokens:
        raise GraphError(f"{oracle.left_out} of {oracle.tokens} tokens are left out: no test at all")
    return report


def compile_model(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or done.stderr:
        raise GraphError(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()}")


def verify(fixture, library, seed):
    """`moec verify --model`: the plain loops, on inputs of its own."""
    command = ["moec", "verify", str(library), "--model", str(fixture.model), "--seed", str(seed)]
    for symbol, value in dimensions(fixture).items():
        command += ["--dim", f"{symbol}={value}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        kind = WrongOutputs if "[moec-E0234]" in done.stderr else GraphError
        raise kind(f"moec verify ended with {done.returncode}: {done.stdout}{done.stderr}")


def dimensions(fixture):
    """The extents that the model names, for several tokens."""
    import onnx
    proto = onnx.load(fixture.model, load_external_data=False)
    names = {d.dim_param for i in proto.graph.input for d in i.type.tensor_type.shape.dim}
    case = fixture.cases()[-1]
    known = {**case, "tokens": case.get("B", 1) * case.get("S", 1)}
    return {name: known[name] for name in sorted(names - {""})}
