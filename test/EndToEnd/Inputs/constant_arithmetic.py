# ===-- constant_arithmetic.py - shape arithmetic at the ends of 64 bits ----===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""What shape inference computes of constants decides extents: here with numbers whose
differences leave 64 bits, and slices that start before the first element."""

import sys

import numpy as np
from nodes import Nodes
from onnx import helper, numpy_helper

LEAST, MOST = np.iinfo(np.int64).min, np.iinfo(np.int64).max
DATA = np.arange(6, dtype=np.float32)


class Graphs(Nodes):
    """Nodes whose operands may be computed of constants."""

    def constant(self, value, dtype=np.int64):
        name = f"k{len(self.inits)}"
        self.inits.append(numpy_helper.from_array(np.array([value], dtype), name))
        return name

    def compute(self, op, *operands):
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, operands, [name]))
        return name

    def cut_to(self, label, end):
        """A slice from 0 to a computed end."""
        self.add(label, "Slice", [DATA])
        self.nodes[-1].input.extend([self.constant(0), end])

    def choose(self, label, condition):
        """Two elements where the condition holds, four where not."""
        self.cut_to(label, self.compute("Where", condition, self.constant(2), self.constant(4)))


def comparisons(graphs):
    ends = {np.int64: (LEAST, -1, 1, MOST), np.uint64: (1, 1 << 63, (1 << 64) - 1)}
    for dtype, numbers in ends.items():
        for op in ("Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal"):
            for a in numbers:
                for b in numbers:
                    condition = graphs.compute(op, graphs.constant(a, dtype), graphs.constant(b, dtype))
                    graphs.choose(f"{op} {a} {b}", condition)
    for op in ("Min", "Max"):
        for a in ends[np.int64]:
            for b in ends[np.int64]:
                graphs.cut_to(f"{op} {a} {b}", graphs.compute(op, graphs.constant(a), graphs.constant(b)))


def slices(graphs):
    for start in (-100, -7, -6, 5, 100, LEAST):
        for end in (-200, 3, LEAST):
            for step in (-1, -2):
                graphs.add(f"{start}:{end}:{step}", "Slice",
                           [DATA, *[np.array([n], np.int64) for n in (start, end, 0, step)]],
                           constants=(1, 2, 3, 4))


if __name__ == "__main__":
    graphs = Graphs()
    comparisons(graphs)
    slices(graphs)
    sys.exit(graphs.main())
