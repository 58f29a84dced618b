# ===-- model_systems.py - who runs a model --------------------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""A system loads one model and runs it on given arrays. Each lives in a process of its own
(model_worker.py); `compile` runs before that, in the comparison."""

import os
import subprocess
import sys

from .library import Library, Session
from .peers import PeerError

NAME = "model"
MEASURED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "measured.py")


class Moec:
    """A library compiled by moec."""

    def __init__(self, folder, model, threads):
        library = Library(folder, NAME)
        self.names, self.outputs = library.inputs, library.outputs
        self.session = Session(library, threads)

    def first(self, inputs):
        return self.session.first(inputs)

    def prepare(self, inputs, outputs):
        return self.session.prepare(inputs, outputs)


class OnnxRuntime:
    """ONNX Runtime on the CPU as it comes, but for its number of threads."""

    def __init__(self, folder, model, threads):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4  # the comparison says what failed
        # Its threads wait actively inside a run, and leave the CPU to others after it.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        self.session = onnxruntime.InferenceSession(model, options,
                                                    providers=["CPUExecutionProvider"])
        self.names = [put.name for put in self.session.get_inputs()]
        self.outputs = [put.name for put in self.session.get_outputs()]

    def first(self, inputs):
        return self.session.run(None, dict(zip(self.names, inputs)))

    def prepare(self, inputs, outputs):
        binding = self.session.io_binding()
        for name, array in zip(self.names, inputs):
            binding.bind_input(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        for name, array in zip(self.outputs, outputs):
            binding.bind_output(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)

        def call():
            self.session.run_with_iobinding(binding)
            return inputs, outputs

        return call


#: By the first word of a system's name; the others are passes that it is compiled without.
KINDS = {"moec": Moec, "onnxruntime": OnnxRuntime}


def compile(program, model, without, folder):
    """Compiles a model; seconds and peak bytes of the compiler."""
    command = [program, "compile", model, "--name", NAME, "-o", folder]
    for name in without:
        command += ["--disable-pass", name]
    figures = folder + ".figures"
    done = subprocess.run([sys.executable, "-S", "-E", MEASURED, figures, *command],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise PeerError(f"{MEASURED} ended with {done.returncode}: {done.stderr.strip()}")
    with open(figures) as file:
        code, seconds, peak = file.read().split()
    if code != "0":
        raise PeerError(f"moec compile ended with {code}: {done.stderr.strip()}")
    return float(seconds), int(peak)
