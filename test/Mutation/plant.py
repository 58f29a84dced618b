# ===-- plant.py - a copy of the tree whose conditions can be left out -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Copies the tree, with the conditions of a sample as MOEC_MUTANT of Mutant.h.

    plant.py SAMPLE.json COPY

A file that is the same already is left alone, so that a second copy after a change of
the tree builds little. What is no longer in the tree stays.
"""

import collections
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# lit passes on what its configuration names.
LIT_LINE = """
config.environment.update(pair for pair in os.environ.items() if pair[0].startswith("MOEC_MUTANT"))
"""


def plant(source, mutants):
    """The source with each of its mutants, pairs of a number and a condition."""
    pieces = []
    for number, one in mutants:
        if one["begin"] == one["end"]:
            pieces.append((one["end"], 0, 0, f"; MOEC_MUTANT({number}, {one['neutral']}, ({one['text']}))".encode()))
            continue
        if " ".join(source[one["begin"]:one["end"]].decode().split()) != one["text"]:
            raise SystemExit(f"{one['file']} has changed: '{one['text']}' is not where the sample has it")
        # An inner one ends first, and begins last. What ends comes before what begins there.
        pieces.append((one["end"], 0, -one["begin"], b"))"))
        pieces.append((one["begin"], 1, -one["end"], f"MOEC_MUTANT({number}, {one['neutral']}, (".encode()))
    out, last = [b'#include "test/Mutation/Mutant.h"\n#line 1\n'], 0
    for place, _, _, text in sorted(pieces):
        out += [source[last:place], text]
        last = place
    return b"".join([*out, source[last:]])


def write_if_new(path, content, mode):
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    path.chmod(mode)


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    sample, copy = json.loads(pathlib.Path(sys.argv[1]).read_text()), pathlib.Path(sys.argv[2])
    mutants = collections.defaultdict(list)
    for number, one in enumerate(sample):
        mutants[one["file"]].append((number, one))
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if not path.is_file():
            continue
        content = path.read_bytes()
        if name in mutants:
            content = plant(content, mutants[name])
        if name == "test/lit.cfg.py":
            content += LIT_LINE.encode()
        write_if_new(copy / name, content, path.stat().st_mode & 0o777)


if __name__ == "__main__":
    main()
