# ===-- worker.py - one system in a process of its own --------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Loads one system and runs rounds on demand. `Worker` is the comparison's end."""

import dataclasses
import sys
import time

import numpy as np

from . import inputs, memory
from .layers import Layer
from .peers import systems
from .process import Process, serve


class Worker(Process):
    """A system's process, as the comparison sees it."""

    def __init__(self, peer, layer, folders, threads):
        super().__init__(peer.name, "worker", [peer.name], peer.environment)
        self.peer = peer
        self.loaded = self.ask(layer=dataclasses.asdict(layer), folders=folders, threads=threads,
                               activations=peer.activations(None))


class _System:
    """The system, in its process."""

    def __init__(self, name):
        self.name, self.peer = name, None

    def answer(self, request):
        return self.run(**request) if self.peer else self.load(**request)

    def load(self, layer, folders, threads, activations):
        self.layer = Layer(**layer)
        peer = systems([activations])[self.name]
        before = time.monotonic()
        chosen = peer.load(self.layer, folders, threads)
        load_ms = (time.monotonic() - before) * 1e3
        # Every weight is touched, and lies in memory, before anything is measured.
        for copy in range(len(folders)):
            peer.run(copy, *inputs.cover(self.layer))
        self.peer = peer
        return dict(load_ms=load_ms, chosen=chosen,
                    resident_mb=memory.peak() / memory.MIB)

    def run(self, copy, tokens, seed, zipf, save):
        x, logits = inputs.draw(self.layer, tokens, seed, zipf)
        ms, y = self.peer.run(copy, x, logits)
        if save:
            np.save(save, y)
        return dict(ms=ms)


if __name__ == "__main__":
    sys.exit(serve(_System(sys.argv[1]).answer))
