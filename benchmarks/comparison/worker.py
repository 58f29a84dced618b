# ===-- worker.py - one system in a process of its own --------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Loads one system and runs rounds on demand. Requests and answers are lines of JSON.

A process for each: settings are variables of the environment, and nobody waits
actively in another's round. `Worker` is the comparison's end."""

import dataclasses
import json
import os
import resource
import subprocess
import sys
import time

import numpy as np

from . import inputs
from .layers import Layer
from .peers import PeerError, systems


class Worker:
    """A system's process, as the comparison sees it."""

    def __init__(self, peer, layer, folders, threads):
        self.peer = peer
        command = [sys.executable, "-m", "comparison.worker", peer.name]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
            env={**os.environ, **peer.environment})
        self.loaded = self.ask(layer=dataclasses.asdict(layer), folders=folders, threads=threads,
                               activations=peer.activations(None))

    def ask(self, **request):
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise PeerError(f"{self.peer.name}: its process ended with {self.process.wait()}")
        answer = json.loads(answer)
        if "error" in answer:
            raise PeerError(f"{self.peer.name}: {answer['error']}")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def _serve(name, requests, answer):
    start = json.loads(requests.readline())
    layer, peer = Layer(**start["layer"]), systems([start["activations"]])[name]
    before = time.monotonic()
    chosen = peer.load(layer, start["folders"], start["threads"])
    load_ms = (time.monotonic() - before) * 1e3
    # Every weight is touched, and lies in memory, before anything is measured.
    for copy in range(len(start["folders"])):
        peer.run(copy, *inputs.cover(layer))
    answer(load_ms=load_ms, chosen=chosen,
           resident_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    for line in requests:
        request = json.loads(line)
        x, logits = inputs.draw(layer, request["tokens"], request["seed"], request["zipf"])
        ms, y = peer.run(request["copy"], x, logits)
        if request["save"]:
            np.save(request["save"], y)
        answer(ms=ms)


def main():
    # What libraries print must not get between the answers.
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(**fields):
        output.write(json.dumps(fields) + "\n")
        output.flush()

    try:
        _serve(sys.argv[1], sys.stdin, answer)
    except Exception as error:
        answer(error=f"{type(error).__name__}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
