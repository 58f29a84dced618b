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

    def add(self, label, op, inputs, attrs=None, outputs=1, domain="", constants=(),
            symbols=None, tolerance=1e-5, unspecified=False):
        """`inputs`: arrays, None for one left out. Those in `constants` become
        initializers. `symbols`: names of dynamic extents, a list by input (None where
        the extent is known); equal names in one case are one symbol. `unspecified`: NaN
        of the oracle stands for any value."""
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
        results = [f"{prefix}out{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, names, results, prefix + "node",
                                           domain=domain, **(attrs or {})))
        self.cases.append((label, results, tolerance, unspecified))

    def model(self):
        outputs = [helper.ValueInfoProto(name=r) for _, results, *_ in self.cases for r in results]
        graph = helper.make_graph(self.nodes, "nodes", self.inputs, outputs, self.inits)
        imports = [helper.make_opsetid("", self.opset), helper.make_opsetid(MS, 1)]
        return helper.make_model(graph, ir_version=10, opset_imports=imports)

    def evaluate(self, threads=None, options=()):
        """The outputs by name, of the compiled library and of the oracle; a text where there is
        none."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "nodes.onnx"
            onnx.save(self.model(), path)
            done = subprocess.run(["moec", "compile", str(path), "-o", folder, *options],
                                  capture_output=True, text=True)
            if done.returncode != 0:
                return done.stderr
            names = [r for _, results, *_ in self.cases for r in results]
            try:
                mine = Library(f"{folder}/libnodes.so", threads=threads).run(self.feeds, names)
            except CompareError as problem:
                return str(problem)
            return mine, oracle.Model(path).run(self.feeds)

    def run(self, threads=None):
        """Prints what is wrong; returns the number of outputs compared and of wrong ones."""
        found = self.evaluate(threads)
        if isinstance(found, str):
            print(found)
            return 0, 1
        mine, exact = found
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
        return len(mine), wrong

    def main(self):
        count, wrong = self.run()
        print(f"{count} outputs, {wrong} wrong")
        return 0 if count and not wrong else 1
