# ===-- test_compare.py - the comparison itself, with planted faults -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Run from this folder: python -m unittest test_compare

A stand-in for moec-run computes with ONNX Runtime and then spoils its answer as
the name of its library says; each fault must be found.
"""

import pathlib
import stat
import sys
import tempfile
import unittest

import numpy as np

from compare import CompareError, Library, Oracle, Runtime, blank, compare, error
from fixture import Fixture, evaluate
from generate import Named, generate

MODELS = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "models"

PROGRAM = """#!{python}
import sys
import numpy as np, onnxruntime
arguments, inputs, outputs, threads = sys.argv[1:], {{}}, {{}}, 1
model, _, fault = arguments[0].rpartition(":")
for flag, value in zip(arguments[1::2], arguments[2::2]):
    name, _, path = value.partition("=")
    if flag == "--input":
        inputs[name] = np.load(path)
    elif flag == "--output":
        outputs[name] = path
    else:
        threads = int(value)
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
for index, (path, array) in enumerate(zip(outputs.values(), session.run(list(outputs), inputs))):
    if fault == "status":
        sys.exit("no such input")
    if fault == "step" and index > 0 and inputs["input_ids"].shape[1] == 1:
        array = 0 * array  # the cache that the next step reads
    if array.size and index == len(outputs) - 1:
        flat = array.reshape(-1)
        if fault == "value":
            flat[-1] += 1e-4 * np.abs(flat).max()
        if fault == "nan":
            flat[0] = np.nan
        if fault == "threads" and threads > 1:
            flat[0] = np.nextafter(flat[0], np.float32(9e9))
        if fault == "shape":
            array = array[..., :-1]
        if fault == "type":
            array = array.astype(np.float64)
    np.save(path, array)
"""


class Compare(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.program = pathlib.Path(scratch.name) / "moec-run"
        self.program.write_text(PROGRAM.format(python=sys.executable))
        self.program.chmod(self.program.stat().st_mode | stat.S_IXUSR)

    def verdict(self, fault, fixture="moe_gptoss", cases=({"B": 1, "S": 7},), **kwargs):
        self.rows = []
        directory = MODELS / fixture
        return compare(f"{directory / 'model.onnx'}:{fault}", directory, list(cases),
                       self.program, report=self.rows.append, **kwargs)

    def test_good(self):
        self.assertTrue(self.verdict("none", threads=(1, 2)))
        self.assertEqual(len(self.rows), 2)

    def test_faults(self):
        for fault in ("value", "nan", "shape", "type"):
            self.assertFalse(self.verdict(fault), fault)

    def test_threads(self):
        self.assertTrue(self.verdict("threads"))
        self.assertFalse(self.verdict("threads", threads=(1, 2)))
        self.assertIn("other bits with 2 threads", "\n".join(self.rows))

    def test_status(self):
        with self.assertRaisesRegex(CompareError, "no such input"):
            self.verdict("status")

    def test_decode(self):
        case = ({"B": 1, "S": 5, "P": 0},)
        self.assertTrue(self.verdict("none", "gptoss_f32", case, decode=3))
        self.assertEqual(len(self.rows), 4 * 5 + 1)
        self.assertFalse(self.verdict("step", "gptoss_f32", case, decode=3))

    def test_generate(self):
        fixture = Fixture(MODELS / "trained_gptoss")
        wanted = fixture.manifest["generate"]
        prompt, text = wanted["prompt"], wanted["text"]
        for party in (Oracle(fixture), Runtime(fixture)):
            self.assertEqual(generate(party, fixture, prompt, 24), text[:24])
        for fault, right in (("none", True), ("step", False)):
            library = Library(f"{fixture.model}:{fault}", self.program)
            made = generate(Named(library, fixture), fixture, prompt, 12)
            self.assertEqual(made == text[:12], right)

    def test_no_cache(self):
        with self.assertRaisesRegex(CompareError, "no cache"):
            self.verdict("none", decode=1)


class Parts(unittest.TestCase):
    def test_error(self):
        r = np.array([1.0, -2.0, 0.0])
        self.assertEqual(error(r.astype(np.float32), r), 0)
        self.assertAlmostEqual(error(r + [0, 0, 2e-3], r), 1e-3)
        self.assertAlmostEqual(error(r + [0, 4e-3, 0], r), 1e-3)
        for wrong in (r[:2], r * np.nan, r + [np.inf, 0, 0]):
            self.assertEqual(error(wrong, r), float("inf"))
        holes = np.array([1.0, np.nan, np.inf])
        self.assertEqual(error(holes, holes), 0)
        self.assertEqual(error(np.array([1.0, np.nan, -np.inf]), holes), float("inf"))
        self.assertEqual(error(np.array([1, 2]), np.array([1, 2])), 0)
        self.assertEqual(error(np.array([1, 3]), np.array([1, 2])), float("inf"))
        zero = np.zeros(3)
        self.assertEqual(error(zero, zero), 0)
        self.assertEqual(error(zero + 1e-30, zero), float("inf"))

    def test_blank(self):
        r, y = blank(np.array([1.0, np.nan]), np.array([2.0, 7.0]))
        self.assertEqual((r.tolist(), y.tolist()), ([1.0, 0.0], [2.0, 0.0]))

    def test_cases(self):
        fixture = Fixture(MODELS / "gptoss_f32")
        for case in fixture.cases():
            self.assertTrue(case["P"] == 0 or case["S"] == 1 or case["B"] == 1)
        first, second = fixture.inputs(case), fixture.inputs(case)
        for name, array in first.items():
            np.testing.assert_array_equal(array, second[name])
        self.assertEqual(evaluate("2*P+S", {"P": 3, "S": 4}), 10)


if __name__ == "__main__":
    unittest.main()
