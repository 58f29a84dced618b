# ===-- library.py - a compiled library, through its C interface -----------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""moec.h, as far as a comparison calls it."""

import ctypes
import os

import numpy as np

from .peers import PeerError

#: NumPy's types by the codes of moec_dtype.
TYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 4: np.uint16, 5: np.int16, 6: np.int32,
         7: np.int64, 9: np.bool_, 10: np.float16, 11: np.float64, 12: np.uint32, 13: np.uint64}
CODES = {np.dtype(kind): code for code, kind in TYPES.items()}
MAGIC, ABI_VERSION = 0x3149424143454F4D, 1

_VOID, _INT = ctypes.c_void_p, ctypes.c_int32


class _Tensor(ctypes.Structure):
    """moec_tensor."""

    _fields_ = [("data", _VOID), ("dtype", _INT), ("rank", _INT), ("capacity", ctypes.c_int64),
                ("flags", _INT), ("reserved", _INT), ("shape", ctypes.c_int64 * 8),
                ("strides", ctypes.c_int64 * 8)]

    @staticmethod
    def of(array):
        if array.dtype not in CODES:
            raise PeerError(f"arrays of {array.dtype} cannot be passed")
        tensor = _Tensor(array.ctypes.data, CODES[array.dtype], array.ndim, array.nbytes)
        tensor.shape[:array.ndim] = array.shape
        return tensor

    def copy(self):
        """What it holds, as an array."""
        if self.dtype not in TYPES:
            raise PeerError(f"an output has the type {self.dtype}, which NumPy does not have")
        array = np.empty(self.shape[:self.rank], TYPES[self.dtype])
        ctypes.memmove(array.ctypes.data, self.data, array.nbytes)
        return array


_TENSORS = ctypes.POINTER(_Tensor)


class _Options(ctypes.Structure):
    """moec_session_options."""

    _fields_ = [("struct_size", ctypes.c_uint32), ("n_threads", _INT),
                ("weights_path", ctypes.c_char_p), ("weights_data", _VOID),
                ("weights_size", ctypes.c_uint64), ("weights_fd", _INT), ("check_weights", _INT),
                ("allocator", _VOID), ("pool", _VOID), ("max_cpu", ctypes.c_char_p),
                ("error_text", _VOID), ("error_capacity", ctypes.c_size_t)]


class _Put(ctypes.Structure):
    """moec_io_info."""

    _fields_ = [("name", ctypes.c_char_p), ("dtype", _INT), ("rank", _INT), ("dims", _VOID),
                ("alias", _INT), ("flags", _INT)]


class _Info(ctypes.Structure):
    """The first members of moec_model_info."""

    _fields_ = [("struct_size", ctypes.c_uint32), ("n_inputs", _INT), ("n_outputs", _INT),
                ("n_symbols", _INT), ("name", ctypes.c_char_p), ("inputs", ctypes.POINTER(_Put)),
                ("outputs", ctypes.POINTER(_Put))]


class _Api(ctypes.Structure):
    """The first members of moec_api; functions that are not called are plain pointers."""

    _fields_ = [("magic", ctypes.c_uint64), ("abi_version", ctypes.c_uint32),
                ("struct_size", ctypes.c_uint32), ("model", _VOID),
                ("model_info", ctypes.CFUNCTYPE(_INT, _VOID, ctypes.POINTER(_Info))),
                ("level_name", _VOID), ("status_string", _VOID),
                ("session_create", ctypes.CFUNCTYPE(_INT, _VOID, ctypes.POINTER(_Options),
                                                    ctypes.POINTER(_VOID))),
                ("session_destroy", ctypes.CFUNCTYPE(None, _VOID)),
                ("run", ctypes.CFUNCTYPE(_INT, _VOID, _TENSORS, _INT, _TENSORS, _INT)),
                ("tensor_release", ctypes.CFUNCTYPE(None, _VOID, _TENSORS)),
                ("last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, _VOID)),
                ("session_cpu_level", ctypes.CFUNCTYPE(ctypes.c_char_p, _VOID)),
                ("session_threads", _VOID), ("counters", _VOID), ("verify_weights", _VOID),
                ("pool_create", ctypes.CFUNCTYPE(_INT, _VOID, _INT, ctypes.POINTER(_VOID)))]


class Library:
    """libNAME.so of a folder."""

    def __init__(self, folder, name):
        library = ctypes.CDLL(os.path.join(folder, f"lib{name}.so"))
        query = getattr(library, f"moec_query_{name}")
        query.restype = ctypes.POINTER(_Api)
        self.handle = query()
        self.api = self.handle.contents
        if (self.api.magic, self.api.abi_version) != (MAGIC, ABI_VERSION):
            raise PeerError(f"{folder} has another version of the C interface")
        info = _Info(ctypes.sizeof(_Info))
        self.api.model_info(self.handle, ctypes.byref(info))
        self.inputs = [info.inputs[i].name.decode() for i in range(info.n_inputs)]
        self.outputs = [info.outputs[i].name.decode() for i in range(info.n_outputs)]

    def pool(self, threads):
        pool = _VOID()
        if self.api.pool_create(self.handle, threads, ctypes.byref(pool)) != 0:
            raise PeerError("a pool of threads could not be made")
        return pool


class Session:
    """A session of a library, on a pool or on threads of its own."""

    def __init__(self, library, threads=0, pool=None):
        self.library, self.api = library, library.api
        text = ctypes.create_string_buffer(512)
        options = _Options(ctypes.sizeof(_Options), threads, pool=pool, error_capacity=512,
                           error_text=ctypes.cast(text, _VOID))
        self.session = _VOID()
        if self.api.session_create(library.handle, ctypes.byref(options),
                                   ctypes.byref(self.session)) != 0:
            raise PeerError(f"a session could not be made: {text.value.decode()}")
        self.level = self.api.session_cpu_level(self.session).decode()

    def prepare(self, inputs, outputs):
        """A call without arguments that runs once, from arrays into arrays in the library's
        order; nothing but the run is done in it."""
        tensors = (_Tensor * len(inputs))(*map(_Tensor.of, inputs))
        results = (_Tensor * len(outputs))(*map(_Tensor.of, outputs))
        run, arguments = self.api.run, (self.session, tensors, len(inputs), results, len(outputs))
        arrays = (inputs, outputs)

        def call():
            if (status := run(*arguments)) != 0:
                self.fail(status)
            return arrays

        return call

    def first(self, inputs):
        """The outputs of one run, into buffers of the library: their shapes are not known."""
        tensors = (_Tensor * len(inputs))(*map(_Tensor.of, inputs))
        results = (_Tensor * len(self.library.outputs))()
        status = self.api.run(self.session, tensors, len(inputs), results, len(results))
        if status != 0:
            self.fail(status)
        try:
            return [result.copy() for result in results]
        finally:
            for result in results:
                self.api.tensor_release(self.session, ctypes.byref(result))

    def fail(self, status):
        raise PeerError(f"run returned {status}: {self.api.last_error(self.session).decode()}")
