# ===-- moec.py - moec's library, through its C interface -----------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""The system under test: compiled ahead, loaded and run as a C program would."""

import os
import shutil
import subprocess
import time

import numpy as np

from .library import Library, Session
from .peers import Peer, PeerError


class Moec(Peer):
    """moec; `activations` is what `moec compile` is asked for."""

    def __init__(self, activations="f32"):
        self.activation_type = activations
        self.name = "moec" if activations == "f32" else "moec-" + activations

    def activations(self, weights):
        return self.activation_type

    def prepare(self, program, folders, scratch):
        """Compiles the first copy; the others are copies of the result."""
        self.program = program
        target = os.path.join(scratch, self.name + "0")
        start = time.monotonic()
        done = subprocess.run(
            [program, "compile", os.path.join(folders[0], "model.onnx"), "--name", "layer",
             "--activations", self.activation_type, "-o", target], capture_output=True, text=True)
        seconds = time.monotonic() - start
        if done.returncode != 0:
            raise PeerError(f"moec compile exited with {done.returncode}: {done.stderr.strip()}")
        results = [target]
        for i in range(1, len(folders)):
            results.append(os.path.join(scratch, self.name + str(i)))
            shutil.copytree(target, results[-1])
        size = os.path.getsize(os.path.join(target, "layer.weights"))
        return results, f"compiled in {seconds:.1f} s to {size / 1e6:.0f} MB of weights"

    def version(self):
        return subprocess.run([self.program, "--version"], capture_output=True, text=True,
                              check=True).stdout.strip()

    def load(self, layer, folders, threads):
        self.sessions, pool = [], None
        for folder in folders:
            library = Library(folder, "layer")
            # One pool for all: that of the first library.
            pool = pool or library.pool(threads)
            self.sessions.append(Session(library, pool=pool))
        return self.sessions[0].level

    def run(self, copy, x, logits):
        y = np.empty_like(x)
        call = self.sessions[copy].prepare([x, logits], [y])
        start = time.perf_counter()
        call()
        return (time.perf_counter() - start) * 1e3, y
