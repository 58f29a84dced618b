# ===-- peers.py - the systems that are compared --------------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""What a system must do to take part, and the list of those that can.

To add one: a subclass of Peer, and its name in `systems`."""

import importlib.util
import os
import time


class PeerError(Exception):
    """A system could not do what it was asked for."""


class Peer:
    """One system. `prepare` runs in the comparison, `load` and `run` in a process of the
    system's own."""

    name = None
    #: Added to the environment of the system's process.
    environment = {}
    #: Memory for each byte of the weights' file, where its type has an entry.
    resident, resident_default = {}, 1.1

    def unavailable(self, layer, weights):
        """Why it does not take part, or None."""
        return None

    def activations(self, weights):
        """The type in which products take their rows."""
        raise NotImplementedError

    def prepare(self, program, folders, scratch):
        """From folders with copies of the layer to what `load` takes, and a remark."""
        return folders, None

    def version(self):
        raise NotImplementedError

    def load(self, layer, folders, threads):
        """Loads all copies; says what was chosen (a CPU level), or None."""
        raise NotImplementedError

    def run(self, copy, x, logits):
        """Milliseconds of one run, and y."""
        raise NotImplementedError


class OnnxRuntime(Peer):
    """ONNX Runtime's MoE and QMoE on the CPU."""

    name = "onnxruntime"

    def unavailable(self, layer, weights):
        if importlib.util.find_spec("onnxruntime") is None:
            return "onnxruntime is not installed"
        return None

    def activations(self, weights):
        # QMoE multiplies int8 weights in blocks by rows rounded to int8.
        return "int8" if weights == "int8" else "f32"

    def version(self):
        import onnxruntime
        return "onnxruntime " + onnxruntime.__version__

    def load(self, layer, folders, threads):
        import onnxruntime
        self.sessions = []
        for folder in folders:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            options.inter_op_num_threads = 1
            options.log_severity_level = 3
            # Its threads wait actively inside a run, and leave the CPU to others after it.
            options.add_session_config_entry("session.force_spinning_stop", "1")
            self.sessions.append(onnxruntime.InferenceSession(
                os.path.join(folder, "model.onnx"), options, providers=["CPUExecutionProvider"]))
        return None

    def run(self, copy, x, logits):
        import numpy as np
        session = self.sessions[copy]
        y = np.empty_like(x)
        binding = session.io_binding()
        for name, array in (("x", x), ("logits", logits)):
            binding.bind_input(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
        binding.bind_output("y", "cpu", 0, np.float32, y.shape, y.ctypes.data)
        start = time.perf_counter()
        session.run_with_iobinding(binding)
        return (time.perf_counter() - start) * 1e3, y


class OnnxRuntimeInt8(OnnxRuntime):
    """Its kernels for 4 bits that round activations to int8, which a variable of the
    environment turns on (since 1.32)."""

    name = "onnxruntime-int8"
    resident = {"int4": 1.8}
    environment = {"ORT_QMOE_CPU_QNBIT_GEMM": "int8"}

    def unavailable(self, layer, weights):
        if weights != "int4":
            return "its variable changes products with int4 weights only"
        return super().unavailable(layer, weights)

    def activations(self, weights):
        return "int8"


class OnnxRuntimeQ4(OnnxRuntimeInt8):
    """Its older kernels for 4 bits (since 1.25); without the second variable, 1.32 uses
    its newer ones all the same."""

    name = "onnxruntime-mlas-q4"
    resident = {"int4": 3.2}
    environment = {"ORT_USE_MLAS_Q4_GEMM_MOE": "1", "ORT_QMOE_CPU_QNBIT_GEMM": "0"}


def systems(activations):
    """All systems by name, moec first; one moec for each type of activations."""
    from .ggml import Ggml, GgmlRepacked
    from .moec import Moec
    peers = [Moec(a) for a in activations]
    peers += [OnnxRuntime(), OnnxRuntimeInt8(), OnnxRuntimeQ4(), Ggml(), GgmlRepacked()]
    return {peer.name: peer for peer in peers}
