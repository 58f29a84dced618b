# ===-- models.py - the models that are compared ---------------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""A model file: where it comes from, and inputs of a number of tokens.

Inputs are described as in test/fixtures/README.md: by the fixture.json beside the model, or
else by what the graph says of its inputs."""

import dataclasses
import json
import os
import re

from . import graph_inputs
from .fixtures import Fixture, evaluate
from .peers import PeerError

#: What f32 may differ by: rounding stays below, an expert that is not the same is far above.
TOLERANCE = 1e-4
# Exporters by a word of `source`.
EXPORTERS = [("OnnxExporter", "hf"), ("dynamo=True", "dynamo"), ("dynamo=False", "script"),
             ("mobius", "mobius"), ("genai", "genai"), ("optimum", "optimum")]


@dataclasses.dataclass
class Model:
    path: str
    name: str
    specs: dict  # inputs, as in a manifest
    length: str  # the symbol of the tokens of a sequence
    batch: str = None
    others: dict = dataclasses.field(default_factory=dict)
    where: str = "True"
    pattern: str = ""
    exporter: str = ""
    whole: bool = True  # not a layer cut out of one
    same: str = ""  # models of equal text compute the same
    tolerance: float = TOLERANCE
    unspecified: tuple = ()

    def extents(self):
        """The symbols that --dim may name."""
        return {self.length, *self.others, *([self.batch] if self.batch else [])}

    def symbols(self, tokens, dims):
        """Extents such that batch times length is the number of tokens."""
        symbols = {**self.others, **({self.batch: 1} if self.batch else {})}
        dims = {name: value for name, value in dims.items() if name in self.extents()}
        symbols.update(dims)
        sequences = symbols.get(self.batch, 1)
        if self.length in dims and sequences * dims[self.length] != tokens:
            raise PeerError(f"{self.path}: --dim {self.length}={dims[self.length]} is not "
                            f"{tokens} token(s)")
        if tokens % sequences:
            raise PeerError(f"{self.path}: {tokens} token(s) are not {sequences} equal sequences")
        symbols[self.length] = tokens // sequences
        if not evaluate(self.where, symbols):
            raise PeerError(f"{self.path}: {symbols} is not legal: {self.where}")
        return symbols


def find(path, dims, ints):
    """The model of a file or of a folder with a model.onnx; `dims` and `ints` are what the
    user says of inputs."""
    if os.path.isdir(path):
        path = os.path.join(path, "model.onnx")
    if not os.path.exists(path):
        raise PeerError(f"{path}: there is no such file")
    path = os.path.abspath(path)
    folder, file = os.path.split(path)
    stem, name = os.path.splitext(file)[0], os.path.basename(folder)
    name = name if stem == "model" else f"{name}/{stem}"
    if os.path.exists(os.path.join(folder, "fixture.json")):
        return _of_fixture(path, name, Fixture(folder), _meta(folder, stem))
    return Model(path, name, *graph_inputs.describe(path, dims, ints))


def _meta(folder, stem):
    """What the corpus says of a model; of several in a folder, each has a file."""
    for file in (f"{stem}.meta.json", "meta.json"):
        if os.path.exists(os.path.join(folder, file)):
            with open(os.path.join(folder, file)) as content:
                return json.load(content)
    return {}


def _of_fixture(path, name, fixture, meta):
    manifest = fixture.manifest
    if fixture.length not in manifest["symbols"]:
        raise PeerError(f"{path}: its fixture.json has no symbol {fixture.length} of tokens")
    noted = re.match(r"pattern ([\w+]+)", manifest.get("note", ""))
    others = {name: values[0] for name, values in manifest["symbols"].items()
              if name not in (fixture.length, "B")}
    return Model(path, name, manifest["inputs"], fixture.length,
                 "B" if "B" in manifest["symbols"] else None, others,
                 manifest.get("where", "True"),
                 meta.get("pattern") or (noted.group(1) if noted else ""),
                 meta.get("exporter") or exporter(manifest["source"]), fixture.whole,
                 meta.get("same", ""), max(TOLERANCE, fixture.tolerance), tuple(sorted(fixture.unspecified)))


def exporter(source):
    """Who wrote a file, in a word: dynamo18, hf20, mobius."""
    word = next((short for text, short in EXPORTERS if text in source), source.split()[0])
    opset = re.search(r"opset (\d+)", source)
    return word + (opset.group(1) if opset else "")
