# ===-- run_commands.py - the commands of the pages -------------------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""Runs what the README and docs/ tell a reader to type, page by page, with a
model in the place of the reader's.

run_commands.py ROOT SCRATCH

A command is one of moec's programs and names a file; what has dots for the rest
is a pattern, and no command. It must exit with 0.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import textwrap

import numpy as np

root, scratch = map(pathlib.Path, sys.argv[1:])
FIXTURE = root / "test/fixtures/models/moe_relu"
STAGES = "onnx moe kernels linalg vector llvm".split()
# What a page writes for something of the reader's.
NAMES = {"LIB": ["build/libmodel.so"], r"MODEL(?:\.onnx)?": ["model.onnx"],
         r"NAME\.json": ["build/model.json"], "STAGE": STAGES}
PROGRAM = r"(?:[A-Z_]+=\S+ )?(?:moec|moec-opt|moec-reduce|moec-run|moec-translate) "
COMMAND = re.compile(rf"^(?: {{4,}})({PROGRAM}.*)$|`({PROGRAM}[^`]+)`", flags=re.M)


def commands(page):
    for block, span in COMMAND.findall(page.read_text(encoding="utf-8")):
        text = re.sub(r"\s+#.*| {3,}.*", "", block or " ".join(span.split()))
        if "..." in text or not re.search(r"\.(onnx|mlir|so)\b|\b(LIB|MODEL)\b", text):
            continue
        found = [text]
        for name, values in NAMES.items():
            found = [re.sub(rf"\b{name}\b", value, line) for line in found for value in values]
        yield from dict.fromkeys(found)


shutil.rmtree(scratch, ignore_errors=True)
scratch.mkdir(parents=True)
for name in ("model.onnx", "m.onnx"):
    shutil.copy(FIXTURE / "model.onnx", scratch / name)
(scratch / "test").symlink_to(root / "test")
np.save(scratch / "x.npy", np.ones((3, 64), np.float32))
# A script that a page shows is written as it stands there.
script = re.search(r"^ {4}#!/bin/sh\n(?: {4}.*\n)+", (root / "docs/debugging.md").read_text(encoding="utf-8")
                   if (root / "docs/debugging.md").exists() else "", flags=re.M)
if script:
    (scratch / "interesting.sh").write_text(textwrap.dedent(script.group()), encoding="utf-8")
    (scratch / "interesting.sh").chmod(0o755)
failures = 0
for page in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
    for command in commands(page):
        done = subprocess.run(command, shell=True, cwd=scratch, capture_output=True, text=True)
        print(f"{page.relative_to(root)}: {command}")
        if done.returncode:
            failures += 1
            print(f"exit {done.returncode}: {done.stderr[-2000:]}")
sys.exit(failures != 0)
