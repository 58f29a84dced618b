# ===-- process.py - a system in a process of its own ----------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Requests and answers are lines of JSON. A process for each system: settings are variables
of the environment, memory is its own, and nobody waits actively in another's round."""

import json
import os
import select
import subprocess
import sys

from .peers import PeerError

BENCHMARKS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Process:
    """The process, as the comparison sees it: `module` of this package, which calls `serve`."""

    def __init__(self, name, module, arguments=(), environment=None):
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"comparison.{module}", *arguments], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, cwd=BENCHMARKS,
            env={**os.environ, **(environment or {})})

    def ask(self, patience=None, **request):
        """The answer; a process that takes longer than `patience` seconds is ended."""
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            if not select.select([self.process.stdout], [], [], patience)[0]:
                self.process.kill()
                raise PeerError(f"{self.name}: no answer within {patience:.0f} s")
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise PeerError(f"{self.name}: its process ended with {self.process.wait()}")
        answer = json.loads(answer)
        if "error" in answer:
            raise PeerError(f"{self.name}: {answer['error']}")
        return answer

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()


def serve(handle, lasting=False):
    """Answers requests by `handle(request)` until they end, or until one fails if the process
    is not `lasting`; the exit code."""
    # What libraries print must not get between the answers.
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            answer = handle(json.loads(line))
        except Exception as error:
            answer = dict(error=f"{type(error).__name__}: {error}")
        output.write(json.dumps(answer) + "\n")
        output.flush()
        if "error" in answer and not lasting:
            return 1
    return 0
