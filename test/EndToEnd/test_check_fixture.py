# ===-- test_check_fixture.py - what a fixture must not get away with -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Run from this folder: python -m unittest test_check_fixture"""

import pathlib
import unittest

import check_fixture
from check_fixture import CheckError, check_lengths, check_refusal, conformance_case
from compare import RunError
from fixture import Fixture

MODELS = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "models"


class CheckFixture(unittest.TestCase):
    def test_lengths(self):
        fixture = Fixture(MODELS / "mixtral_cache")
        check_lengths(fixture)
        symbols = fixture.manifest["symbols"]
        for values, lacks in (([7, 23], "one"), ([1, 2, 9], "odd prime"), ([1, 3], "more than"),
                              ([0, 1, 7], "zero")):
            symbols["S"] = values
            with self.assertRaisesRegex(CheckError, lacks):
                check_lengths(fixture)

    def test_refusal(self):
        fixture = Fixture(MODELS / "subgraphs")
        said = [dict(id="moec-E0130", severity="error", node=name, op=kind, message=text.split(": ", 1)[1])
                for (name, kind), text in zip((("Scan_0", "Scan"), ("Loop_5", "Loop")),
                                              fixture.manifest["refused"])]
        check_refusal(fixture, 1, said)
        other = [said[0], {**said[1], "message": "is not supported"}]
        for code, diagnostics in ((0, []), (1, said[:1]), (1, other), (2, said), (1, said + said)):
            with self.assertRaisesRegex(CheckError, "it is to be refused with"):
                check_refusal(fixture, code, diagnostics)

    def test_zero(self):
        fixture = Fixture(MODELS / "unrolled_opset17")

        class Broken:
            code = 1

            def __init__(self, path):
                pass

            def run(self, inputs, names):
                assert inputs["x"].shape == (1, 0, 32)
                raise RunError("it ended", Broken.code)
        kept, check_fixture.Library = check_fixture.Library, Broken
        self.addCleanup(setattr, check_fixture, "Library", kept)
        check_fixture.check_zero(fixture, "")
        Broken.code = -11
        with self.assertRaisesRegex(CheckError, "no token at all: it ended"):
            check_fixture.check_zero(fixture, "")

    def test_conformance_case(self):
        self.assertEqual(conformance_case(Fixture(MODELS / "gptoss_f32")), {"B": 2, "S": 1, "P": 12})
        self.assertEqual(conformance_case(Fixture(MODELS / "moe_relu")), {"T": 7})


if __name__ == "__main__":
    unittest.main()
