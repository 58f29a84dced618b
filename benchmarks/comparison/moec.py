# ===-- moec.py - moec's library, through its C interface -----------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""The system under test: compiled ahead, loaded and run as a C program would."""

import ctypes
import os
import shutil
import subprocess
import time

import numpy as np

from .peers import Peer, PeerError


class _Tensor(ctypes.Structure):
    """moec_tensor of moec.h."""

    _fields_ = [("data", ctypes.c_void_p), ("dtype", ctypes.c_int32), ("rank", ctypes.c_int32),
                ("capacity", ctypes.c_int64), ("flags", ctypes.c_int32),
                ("reserved", ctypes.c_int32), ("shape", ctypes.c_int64 * 8),
                ("strides", ctypes.c_int64 * 8)]

    @staticmethod
    def of(array):
        tensor = _Tensor(array.ctypes.data, 1, array.ndim, array.nbytes)
        tensor.shape[:array.ndim] = array.shape
        return tensor


class _Options(ctypes.Structure):
    """moec_session_options."""

    _fields_ = [("struct_size", ctypes.c_uint32), ("n_threads", ctypes.c_int32),
                ("weights_path", ctypes.c_char_p), ("weights_data", ctypes.c_void_p),
                ("weights_size", ctypes.c_uint64), ("weights_fd", ctypes.c_int32),
                ("check_weights", ctypes.c_int32), ("allocator", ctypes.c_void_p),
                ("pool", ctypes.c_void_p), ("max_cpu", ctypes.c_char_p),
                ("error_text", ctypes.c_void_p), ("error_capacity", ctypes.c_size_t)]


_VOID, _INT = ctypes.c_void_p, ctypes.c_int32
_TENSORS = ctypes.POINTER(_Tensor)


class _Api(ctypes.Structure):
    """The first members of moec_api; functions that are not called are plain pointers."""

    _fields_ = [("magic", ctypes.c_uint64), ("abi_version", ctypes.c_uint32),
                ("struct_size", ctypes.c_uint32), ("model", _VOID), ("model_info", _VOID),
                ("level_name", _VOID), ("status_string", _VOID),
                ("session_create", ctypes.CFUNCTYPE(_INT, _VOID, ctypes.POINTER(_Options),
                                                    ctypes.POINTER(_VOID))),
                ("session_destroy", ctypes.CFUNCTYPE(None, _VOID)),
                ("run", ctypes.CFUNCTYPE(_INT, _VOID, _TENSORS, _INT, _TENSORS, _INT)),
                ("tensor_release", _VOID),
                ("last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, _VOID)),
                ("session_cpu_level", ctypes.CFUNCTYPE(ctypes.c_char_p, _VOID)),
                ("session_threads", _VOID), ("counters", _VOID), ("verify_weights", _VOID),
                ("pool_create", ctypes.CFUNCTYPE(_INT, _VOID, _INT, ctypes.POINTER(_VOID)))]


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
        self.sessions, pool = [], _VOID()
        for folder in folders:
            library = ctypes.CDLL(os.path.join(folder, "liblayer.so"))
            library.moec_query_layer.restype = ctypes.POINTER(_Api)
            handle = library.moec_query_layer()
            api = handle.contents
            if (api.magic, api.abi_version) != (0x3149424143454F4D, 1):
                raise PeerError(f"{folder} has another version of the C interface")
            # One pool for all: that of the first library.
            if not pool and api.pool_create(handle, threads, ctypes.byref(pool)) != 0:
                raise PeerError("a pool of threads could not be made")
            text = ctypes.create_string_buffer(512)
            options = _Options(ctypes.sizeof(_Options), pool=pool, error_capacity=512,
                               error_text=ctypes.cast(text, _VOID))
            session = _VOID()
            if api.session_create(handle, ctypes.byref(options), ctypes.byref(session)) != 0:
                raise PeerError(f"a session could not be made: {text.value.decode()}")
            self.sessions.append((api, session))
        api, session = self.sessions[0]
        return api.session_cpu_level(session).decode()

    def run(self, copy, x, logits):
        api, session = self.sessions[copy]
        y = np.empty_like(x)
        inputs = (_Tensor * 2)(_Tensor.of(x), _Tensor.of(logits))
        outputs = (_Tensor * 1)(_Tensor.of(y))
        start = time.perf_counter()
        status = api.run(session, inputs, 2, outputs, 1)
        ms = (time.perf_counter() - start) * 1e3
        if status != 0:
            raise PeerError(f"run returned {status}: {api.last_error(session).decode()}")
        return ms, y
