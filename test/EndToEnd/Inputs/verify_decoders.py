# ===-- verify_decoders.py - moec verify --model on decoders ----------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""usage: verify_decoders.py FIXTURES SCRATCH NAME...

Verifies every decoder with a cache among the fixtures, on inputs made up, of which only the extents of a step
and of its past are said. The decoders NAME also on inputs from files, where it then looks for the node that
differs while only the weights file does: every value of a node must be compared, and none be found."""

import json
import pathlib
import re
import subprocess
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from fixture import Fixture  # noqa: E402


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def expect(condition, *what):
    if not condition:
        sys.exit("\n".join(str(part) for part in what))


class Decoder:
    def __init__(self, folder, scratch):
        self.fixture = Fixture(folder)
        self.library = scratch / "libm.so"
        self.command = ["moec", "verify", self.library, "--model", self.fixture.model]
        code, _, error = run("moec", "compile", self.fixture.model, "--name", "m", "-o", scratch, "--cpu", "x86-64-v3")
        expect(code == 0, error)
        self.interface = json.loads((scratch / "m.json").read_text())
        # A step of several tokens on a past, which the cache of a window is too short for.
        symbols = self.fixture.manifest["symbols"]
        self.case = {"B": 1, "S": 7, "P": 5, **({"C": symbols["C"][0]} if "C" in symbols else {})}

    def dims(self):
        """The extents of the step by the model's names: not what follows from them."""
        said = {}
        for value in self.interface["inputs"]:
            spec = self.fixture.manifest["inputs"][value["name"]]["shape"]
            for name, symbol in zip(value["shape"], spec):
                if isinstance(name, str) and symbol in self.case:
                    said[name] = self.case[symbol]
        return said

    def accepted(self, *options):
        code, out, error = run(*self.command, *options)
        lines = [line for line in out.splitlines() if line.startswith("ok ")]
        expect(code == 0 and len(lines) == len(self.interface["outputs"]), self.fixture.name, options, out, error)
        return out

    def verify_made_up(self):
        dims = self.dims()
        ids = self.fixture.manifest["inputs"]["input_ids"]
        options = ["--ints", f"{ids['low']}..{ids['high']}"]
        for name, extent in dims.items():
            options += ["--dim", f"{name}={extent}"]
        out = self.accepted(*options)
        mask = next(value for value in self.interface["inputs"] if "mask" in value["name"])["shape"][1]
        expect(mask not in dims and f" {mask}=12" in out.splitlines()[0], self.fixture.name, out)
        return out

    def files(self, folder):
        options = []
        for name, array in self.fixture.inputs(self.case).items():
            np.save(folder / f"{name}.npy", array)
            options += ["--input", f"{name}={folder / name}.npy"]
        return options

    def damage(self):
        """Flips bits of exponents in the last eighth of the weights, which the logits are made of."""
        path = self.library.with_name("m.weights")
        data = bytearray(path.read_bytes())
        for i in range(len(data) * 7 // 8 // 4 * 4 + 3, len(data), 4):
            data[i] ^= 1
        path.write_bytes(data)

    def bisect(self, files):
        self.damage()
        code, out, error = run(*self.command, "--bisect", *files)
        expect(code == 1 and re.findall(r"moec-E\d+", error) == ["moec-E0234"], self.fixture.name, out, error)
        spans = [tuple(map(int, span)) for span in re.findall(r"^ok   values (\d+) to (\d+) of (\d+),", out, re.M)]
        expect(spans and spans[0][0] == 1 and spans[-1][1] == spans[-1][2], self.fixture.name, out)
        expect("no node is out of tolerance" in out, self.fixture.name, out)


def main():
    fixtures, scratch = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    bisected, count = set(sys.argv[3:]), 0
    for folder in sorted(fixtures.iterdir()):
        if not Fixture(folder).decode:
            continue
        place = scratch / folder.name
        place.mkdir(parents=True)
        decoder = Decoder(folder, place)
        made_up = decoder.verify_made_up()
        if folder.name in bisected:
            files = decoder.files(place)
            expect(decoder.accepted(*files) != made_up, folder.name, "the files are not used")
            decoder.bisect(files)
            bisected.remove(folder.name)
        count += 1
    expect(not bisected, "no such decoders:", bisected)
    print(f"{count} decoders")


if __name__ == "__main__":
    main()
