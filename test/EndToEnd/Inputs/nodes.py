# ===-- nodes.py - many single nodes, compiled and run at once -------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Collects nodes with their inputs, puts them side by side into one model, compiles it
with `moec compile`, and compares every output with the float64 oracle."""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

import oracle  # noqa: E402
from compare import CompareError, Library, blank, error  # noqa: E402

MS = "com.microsoft"


class Nodes:
    def __init__(self, opset=21):
        self.opset, self.cases = opset, []
        self.nodes, self.inputs, self.inits, self.feeds = [], [], [], {}
        self.rows = set()

    def add(self, label, op, inputs, attrs=None, outputs=1, domain="", constants=(),
            symbols=None, tolerance=1e-5, unspecified=False):
        """`inputs`: arrays, None for one left out. Those in `constants` become
        initializers. `symbols`: names of dynamic extents, a list by input (None where
        the extent is known); equal names in one case are one symbol. `outputs`: how many,
        or which. `unspecified`: NaN of the oracle stands for any value."""
        prefix = f"c{len(self.cases)}_"
        names = ["" if a is None else f"{prefix}in{i}" for i, a in enumerate(inputs)]
        for i, (name, array) in enumerate(zip(names, inputs)):
            if array is None:
                continue
            array = np.asarray(array)
            if i in constants:
                self.inits.append(numpy_helper.from_array(array, name))
                continue
            shape = list(array.shape)
            for dim, symbol in enumerate((symbols or {}).get(i, ())):
                if symbol:
                    shape[dim] = prefix + symbol
            elem = helper.np_dtype_to_tensor_dtype(array.dtype)
            self.inputs.append(helper.make_tensor_value_info(name, elem, shape))
            self.feeds[name] = array
            if list((symbols or {}).get(i) or ())[:1] == ["T"]:
                self.rows.add(name)
        wanted = [True] * outputs if isinstance(outputs, int) else outputs
        results = [f"{prefix}out{i}" if w else "" for i, w in enumerate(wanted)]
        self.nodes.append(helper.make_node(op, names, results, prefix + "node",
                                           domain=domain, **(attrs or {})))
        self.cases.append((label, list(filter(None, results)), tolerance, unspecified))

    def model(self):
        outputs = [helper.ValueInfoProto(name=r) for _, results, *_ in self.cases for r in results]
        graph = helper.make_graph(self.nodes, "nodes", self.inputs, outputs, self.inits)
        imports = [helper.make_opsetid("", self.opset), helper.make_opsetid(MS, 1)]
        return helper.make_model(graph, ir_version=10, opset_imports=imports)

    def evaluate(self, threads=None, options=()):
        """The outputs by name, of the compiled library and of the oracle; a text where there is
        none."""
        found = self.evaluate_cut(threads, options)
        return found if isinstance(found, str) else found[0]

    def evaluate_cut(self, threads=None, options=(), verify=False, lengths=(None,)):
        """The same for each length: inputs whose first extent is the symbol T have so many
        rows, all where it is None. `verify`: the product is compared with moec's own plain
        loops, too."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "nodes.onnx"
            onnx.save(self.model(), path)
            done = subprocess.run(["moec", "compile", str(path), "-o", folder, *options],
                                  capture_output=True, text=True)
            if done.returncode != 0:
                return done.stderr
            names = [r for _, results, *_ in self.cases for r in results]
            library, exact = Library(f"{folder}/libnodes.so", threads=threads), oracle.Model(path)
            found = []
            for length in lengths:
                feeds = {name: array[:length] if name in self.rows else array
                         for name, array in self.feeds.items()}
                try:
                    found.append((library.run(feeds, names), exact.run(feeds)))
                except CompareError as problem:
                    return str(problem)
            if verify:
                done = subprocess.run(["moec", "verify", f"{folder}/libnodes.so", "--model",
                                       str(path)], capture_output=True, text=True)
                if done.returncode != 0:
                    return done.stdout + done.stderr
            return found

    def run(self, threads=None, verify=False, lengths=(None,)):
        """Prints what is wrong; returns the number of outputs compared and of wrong ones."""
        found = self.evaluate_cut(threads, verify=verify, lengths=lengths)
        if isinstance(found, str):
            print(found)
            return 0, 1
        wrong = sum(self.compare(*pair) for pair in found)
        return sum(len(mine) for mine, _ in found), wrong

    def compare(self, mine, exact):
        wrong = 0
        for label, results, tolerance, unspecified in self.cases:
            for result in results:
                y, r = mine[result], exact[result]
                if unspecified:
                    r, y = blank(r, y)
                value = error(y, r)
                if not value <= tolerance:
                    wrong += 1
                    print(f"{label}: {result} {list(y.shape)} against {list(r.shape)} "
                          f"is off by {value:.1e}")
        return wrong

    def main(self, **options):
        count, wrong = self.run(**options)
        print(f"{count} outputs, {wrong} wrong")
        return 0 if count and not wrong else 1
