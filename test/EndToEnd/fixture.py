# ===-- fixture.py - reads a fixture and makes its inputs -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""A fixture: its model, its manifest, its cases, and seeded inputs for a case."""

import itertools
import json
import pathlib

import numpy as np


def evaluate(expression, symbols):
    """The value of a number or of an expression over symbols."""
    if isinstance(expression, (int, float)):
        return expression
    return eval(expression, {"__builtins__": {}}, dict(symbols))  # noqa: S307


def make_inputs(specs, symbols, seed=1):
    """Arrays by input name, as a manifest describes them; each has its own random stream."""
    arrays = {}
    for index, (name, spec) in enumerate(specs.items()):
        shape = [int(evaluate(d, symbols)) for d in spec["shape"]]
        rng = np.random.default_rng([seed, index])
        arrays[name] = _make(spec, shape, symbols, rng).astype(spec["dtype"])
    return arrays


class Fixture:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.name = self.directory.name
        self.model = self.directory / "model.onnx"
        self.manifest = json.loads((self.directory / "fixture.json").read_text())
        self.decode = self.manifest.get("decode")
        self.whole = bool(self.manifest.get("whole"))
        self.tolerance = self.manifest.get("tolerance", 1e-5)
        self.judges = self.manifest["oracle"]
        # The symbol of the number of new tokens, whose values tests are about.
        self.length = self.decode["length"] if self.decode else (
            "T" if "T" in self.manifest["symbols"] else "S")
        # Outputs of which a part has no defined value.
        self.unspecified = set(self.manifest.get("unspecified", []))

    def cases(self):
        """Every legal combination of the symbols' values."""
        symbols, where = self.manifest["symbols"], self.manifest.get("where", "True")
        product = (dict(zip(symbols, values)) for values in itertools.product(*symbols.values()))
        return [case for case in product if evaluate(where, case)]

    def inputs(self, symbols, seed=1):
        """Arrays by input name."""
        return make_inputs(self.manifest["inputs"], symbols, seed)


def _make(spec, shape, symbols, rng):
    kind = spec["kind"]
    if kind == "normal":
        return spec.get("scale", 1.0) * rng.standard_normal(shape)
    if kind == "uniform":
        return rng.uniform(spec["low"], spec["high"], shape)
    if kind == "integers":
        return rng.integers(spec["low"], spec["high"], shape)
    if kind == "ones":
        return np.ones(shape)
    if kind == "zeros":
        return np.zeros(shape)
    if kind == "range":
        start = int(evaluate(spec.get("start", 0), symbols))
        return np.broadcast_to(start + np.arange(shape[-1]), shape)
    if kind == "value":
        return np.full(shape, evaluate(spec["value"], symbols))
    raise ValueError(f"input kind {kind} is not known")
