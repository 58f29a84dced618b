# ===-- model_worker.py - one system and one model, in a process -----------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Loads a model and runs it on demand. `ModelWorker` is the comparison's end."""

import io
import os
import sys
import time

import numpy as np

from . import memory
from .fixtures import make_inputs
from .model_systems import KINDS
from .process import Process, serve

SAMPLE = dict(dtype="float32", kind="normal", shape=[1])


class ModelWorker(Process):
    """A system's process, as the comparison sees it."""

    def __init__(self, system, folder):
        super().__init__(system, "model_worker", [system.split()[0], folder])
        self.loaded, self.outputs = {}, []

    def load(self, patience, model, threads):
        answer = self.ask(patience, model=model, threads=threads)
        self.outputs = answer.pop("outputs")
        self.loaded = answer


class _System:
    """The system, in its process."""

    def __init__(self, kind, folder):
        self.kind, self.folder, self.system = kind, folder, None

    def answer(self, request):
        memory.limit()
        return self.run(**request) if self.system else self.load(**request)

    def load(self, model, threads):
        # What runs need of Python is there before memory is looked at.
        np.savez(io.BytesIO(), *make_inputs({"x": SAMPLE}, {}).values())
        before, start = memory.resident(), time.monotonic()
        self.system = KINDS[self.kind](self.folder, model, threads)
        load_ms = (time.monotonic() - start) * 1e3
        memory.touch([self.folder, os.path.dirname(model)])
        self.loaded = memory.resident()
        return dict(load_ms=load_ms, loaded_mb=(self.loaded - before) / memory.MIB,
                    outputs=self.system.outputs)

    def first(self, arrays, save):
        """A run whose results are saved, and say how large results are."""
        start = time.perf_counter()
        results = self.system.first(arrays)
        ms = (time.perf_counter() - start) * 1e3
        np.savez(save, *results)
        self.results = [np.empty_like(result) for result in results]
        return dict(ms=ms)

    def run(self, inputs, symbols, seed, least_ms, save):
        made = make_inputs(inputs, symbols, seed)
        arrays = [np.ascontiguousarray(made[name]) for name in self.system.names]
        if save:
            return self.first(arrays, save)
        call = self.system.prepare(arrays, self.results)
        memory.forget_peak()
        ms, count = _repeat(call, least_ms)
        ours = sum(array.nbytes for array in (*arrays, *self.results))
        return dict(ms=ms, count=count, peak=max(0, memory.peak() - self.loaded - ours))


def _repeat(call, least_ms):
    """Milliseconds of a run, and how many there were."""
    start, count = time.perf_counter(), 0
    while True:
        call()
        count += 1
        spent = (time.perf_counter() - start) * 1e3
        if spent >= least_ms:
            return spent / count, count


if __name__ == "__main__":
    sys.exit(serve(_System(*sys.argv[1:]).answer, lasting=True))
