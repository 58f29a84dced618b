# ===-- faults.py - what the user sees when the compiler breaks down ----------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""usage: faults.py MODEL FOLDER

Plants faults of every kind in every stage (MOEC_TEST_FAULT, docs/debugging.md)
and checks: one diagnostic with an id, exit code 1, nothing left of the output,
no process left, and a reproducer that runs."""

import json
import os
import pathlib
import pty
import re
import shlex
import signal
import subprocess
import sys
import time

MODEL, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
STAGES = ["import", "onnx", "moe", "kernels", "linalg", "vector", "llvm", "weights",
          "objects", "link", "output"]
ERROR_IDS = dict(zip(STAGES, [219, 210, 211, 212, 213, 214, 215, 218, 216, 217, 203]))


class Run:
    """One compilation with a planted fault, in a folder of its own."""

    number = 0

    def __init__(self, fault, *options):
        Run.number += 1
        self.folder = FOLDER / f"run{Run.number}"
        self.out, self.temporary = self.folder / "out", self.folder / "tmp"
        self.temporary.mkdir(parents=True)
        self.fault = fault
        self.command = ["moec", "compile", MODEL, "-o", str(self.out), "--name", "planted",
                        *options]
        self.environment = {**os.environ, "TMPDIR": str(self.temporary),
                            "MOEC_TEST_FAULT": fault}

    def run(self):
        done = subprocess.run(self.command, env=self.environment, capture_output=True, text=True)
        self.code, self.errors = done.returncode, done.stderr
        return self

    def expect(self, condition, what):
        if not condition:
            sys.exit(f"{self.fault}: {what}\nexit code {self.code}\n{self.errors}")

    def expect_error(self, number, text):
        self.expect(self.code == 1, "expected exit code 1")
        lines = self.errors.splitlines()
        self.expect(len(lines) == 1, "expected one diagnostic")
        self.expect(lines[0].startswith(f"moec: error: [moec-E{number:04}] {MODEL}: "),
                    f"expected moec-E{number:04} about the model")
        self.expect(text in lines[0], f"expected '{text}'")
        self.expect(not self.out.exists(), "the output folder is still there")

    def reproducer(self):
        files = list(self.temporary.iterdir())
        self.expect(len(files) == 1, f"expected one reproducer, found {files}")
        self.expect(str(files[0]) in self.errors, "the reproducer is not named")
        text = files[0].read_text()
        self.expect(f"// command: {shlex.join(self.command)}\n" in text, "the command is not in it")
        self.expect(f"// model: {MODEL}\n" in text, "the model is not in it")
        return text


def check_crashes():
    for stage in STAGES:
        run = Run(f"crash:{stage}").run()
        run.expect_error(204, f"in the stage '{stage}'")
        text = run.reproducer()
        # All but the first stage have IR to begin with.
        run.expect(("func.func" in text or "llvm.func" in text) == (stage != "import"),
                   "expected the IR before the stage")
        replay = re.search("// the stage alone: (.*)", text)
        run.expect(bool(replay) == (stage in STAGES[1:7]), "expected the command for the stage")
        if replay:
            done = subprocess.run(shlex.split(replay[1]), capture_output=True, text=True)
            run.expect(done.returncode == 0, "the reproducer does not run: " + done.stderr)


def check_profile():
    """What a stage is told of experts, it is told again; before them there is no IR."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / "the profile.json"
    path.write_text('{"moe_layers": []}')
    options = ["--expert-profile", str(path), "--drop-below", "0.05"]
    run = Run("crash:moe", *options).run()
    run.expect_error(204, "in the stage 'moe'")
    replay = shlex.split(re.search("// the stage alone: (.*)", run.reproducer())[1])
    run.expect(replay[1].startswith(f'--moec-stage-moe=expert-profile="{path}" drop-below=0.05'),
               f"the profile is not in {replay}")
    done = subprocess.run(replay, capture_output=True, text=True)
    run.expect(done.returncode == 0, "the reproducer does not run: " + done.stderr)
    run = Run("crash:profile", *options).run()
    run.expect_error(204, "in the stage 'profile'")
    run.expect("func.func" not in run.reproducer(), "expected no IR")
    run = Run("error:profile", *options).run()
    run.expect_error(209, "was planted")


def check_other_kinds():
    run = Run("abort:llvm").run()
    run.expect_error(204, "(LLVM ERROR: planted)")
    run = Run("silence:linalg").run()
    run.expect_error(208, "without a reason")
    run.reproducer()
    # What a library (or a sanitizer) said is all that there is to go by.
    run = Run("remark:linalg").run()
    run.expect(run.errors.startswith("moec: warning: said on the way out\nmoec: error: [moec-E0208] "),
               "expected what was said, then moec-E0208")
    run.reproducer()
    run = Run("hang:vector", "--time-limit", "1").run()
    run.expect_error(206, "took more than 1 s and was ended in the stage 'vector'")
    run.reproducer()
    run = Run("memory:kernels", "--memory-limit", "300M").run()
    run.expect_error(205, "ran out of memory in the stage 'kernels': the limit is 300 MiB")
    run.reproducer()


def check_errors():
    """Each stage has an id for what it refuses; no reproducer for those."""
    for stage in STAGES:
        run = Run(f"error:{stage}").run()
        run.expect_error(ERROR_IDS[stage], "was planted")
        run.expect(not list(run.temporary.iterdir()), "expected no reproducer")


def check_json():
    run = Run("crash:moe", "--diagnostics=json").run()
    object = json.loads(run.errors)
    run.expect(object["id"] == "moec-E0204" and object["severity"] == "error" and
               object["file"] == MODEL and os.path.exists(object["reproducer"]), "wrong JSON")


def find_workers(run):
    """Processes whose command line names the run's folder."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(run.out).encode() in (entry / "cmdline").read_bytes():
                found.append(entry.name)
        except OSError:
            pass
    return found


def interrupt(run, command, is_working):
    process = subprocess.Popen(command, env=run.environment, stderr=subprocess.PIPE)
    while process.poll() is None and (not is_working() or len(find_workers(run)) < 2):
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    run.errors, run.code = process.communicate()[1].decode(), process.returncode
    run.expect(run.code == -signal.SIGTERM, "expected the end that was asked for")
    run.expect(not find_workers(run), "a worker is still there")
    run.expect(not list(run.temporary.iterdir()), "a temporary folder is still there")


def check_interrupt():
    run = Run("hang:linalg")
    interrupt(run, run.command, run.out.exists)
    run.expect(not run.out.exists(), "the output folder is still there")
    # The same in the compilation of the reference, whose folder is in another.
    run = Run("hang:linalg")
    subprocess.run(run.command, check=True)
    command = ["moec", "verify", str(run.out / "libplanted.so"), "--model", MODEL]
    interrupt(run, command, lambda: list(run.temporary.glob(".verify.*/.reference.*")))


def check_progress():
    """A terminal sees how far long work is; a pipe does not."""
    run = Run("hang:weights", "--time-limit", "3")
    master, slave = pty.openpty()
    process = subprocess.Popen(run.command, env=run.environment, stderr=slave)
    os.close(slave)
    shown = b""
    while True:
        try:
            piece = os.read(master, 1024)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    process.wait()
    run.errors, run.code = shown.decode(), process.returncode
    run.expect("\rmoec: weights, 2 s" in run.errors, "expected a progress line")
    run.expect("moec-E0206" in run.errors, "expected the time limit")
    run = Run("hang:weights", "--time-limit", "3").run()
    run.expect_error(206, "weights")


check_crashes()
check_other_kinds()
check_errors()
check_json()
check_profile()
check_interrupt()
check_progress()
