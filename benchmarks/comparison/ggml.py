# ===-- ggml.py - ggml's CPU backend --------------------------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""ggml, as build_ggml.sh builds it: the graph of a layer through its C interface.

The same weights in ggml's formats: int4 is Q4_0, int8 is Q8_0, both in blocks of 32 with
halves as scales, so nothing is rounded. Products round their rows to int8."""

import ctypes
import glob
import itertools
import os
import time

import numpy as np

from .layers import BLOCK, parameters
from .peers import Peer, PeerError

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build", "ggml", "lib")
F32, Q4_0, Q8_0 = 0, 2, 8
TYPES = {"f32": F32, "int4": Q4_0, "int8": Q8_0}

_P, _I, _L, _F = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64, ctypes.c_float
_Z = ctypes.c_size_t


class _Init(ctypes.Structure):
    """ggml_init_params."""

    _fields_ = [("mem_size", _Z), ("mem_buffer", _P), ("no_alloc", ctypes.c_bool)]


#: Result and arguments of the functions that are called.
SIGNATURES = {
    "ggml_init": (_P, _Init), "ggml_free": (None, _P), "ggml_nbytes": (_Z, _P),
    "ggml_tensor_overhead": (_Z,), "ggml_graph_overhead": (_Z,), "ggml_new_graph": (_P, _P),
    "ggml_version": (ctypes.c_char_p,),
    "ggml_new_tensor_2d": (_P, _P, _I, _L, _L), "ggml_new_tensor_3d": (_P, _P, _I, _L, _L, _L),
    "ggml_reshape_2d": (_P, _P, _P, _L, _L), "ggml_reshape_3d": (_P, _P, _P, _L, _L, _L),
    "ggml_view_2d": (_P, _P, _P, _L, _L, _Z, _Z),
    "ggml_view_3d": (_P, _P, _P, _L, _L, _L, _Z, _Z, _Z),
    "ggml_soft_max": (_P, _P, _P), "ggml_argsort_top_k": (_P, _P, _P, _I),
    "ggml_get_rows": (_P, _P, _P, _P), "ggml_mul_mat": (_P, _P, _P, _P),
    "ggml_mul_mat_id": (_P, _P, _P, _P, _P), "ggml_add_id": (_P, _P, _P, _P, _P),
    "ggml_add": (_P, _P, _P, _P), "ggml_mul": (_P, _P, _P, _P),
    "ggml_swiglu_split": (_P, _P, _P, _P), "ggml_swiglu_oai": (_P, _P, _P, _P, _F, _F),
    "ggml_set_input": (None, _P), "ggml_set_output": (None, _P),
    "ggml_build_forward_expand": (None, _P, _P),
    "ggml_gallocr_new": (_P, _P), "ggml_gallocr_alloc_graph": (ctypes.c_bool, _P, _P),
    "ggml_backend_cpu_init": (_P,), "ggml_backend_cpu_set_n_threads": (None, _P, _I),
    "ggml_backend_cpu_set_threadpool": (None, _P, _P), "ggml_backend_get_device": (_P, _P),
    "ggml_backend_get_default_buffer_type": (_P, _P),
    "ggml_backend_dev_backend_reg": (_P, _P), "ggml_backend_reg_get_proc_address": (_P, _P, ctypes.c_char_p),
    "ggml_backend_buft_name": (ctypes.c_char_p, _P),
    "ggml_backend_alloc_ctx_tensors_from_buft": (_P, _P, _P),
    "ggml_backend_tensor_set": (None, _P, _P, _Z, _Z), "ggml_backend_tensor_get": (None, _P, _P, _Z, _Z),
    "ggml_backend_graph_compute": (_I, _P, _P),
    "ggml_threadpool_params_init": (None, _P, _I), "ggml_threadpool_new": (_P, _P),
    "ggml_log_set": (None, _P, _P), "ggml_threadpool_pause": (None, _P), "ggml_threadpool_resume": (None, _P),
}


@ctypes.CFUNCTYPE(None, _I, ctypes.c_char_p, _P)
def _quiet(level, text, context):
    """A log that nobody reads: what fails returns a status."""


class _Library:
    """The functions of all of ggml's libraries."""

    def __init__(self):
        libraries = [ctypes.CDLL(os.path.join(FOLDER, f"lib{name}.so"), ctypes.RTLD_GLOBAL)
                     for name in ("ggml-base", "ggml-cpu")]
        for name, (result, *arguments) in SIGNATURES.items():
            function = next((getattr(l, name) for l in libraries if hasattr(l, name)), None)
            if function is None:
                raise PeerError(f"ggml has no {name}")
            function.restype, function.argtypes = result, arguments
            setattr(self, name.removeprefix("ggml_"), function)
        self.log_set(_quiet, None)


def _encode(weight_type, codes, scales):
    """Q4_0 or Q8_0 of codes [..., N, K bits] and scales [..., N, K / 32]."""
    halves = scales.astype(np.float16)[..., None].view(np.uint8)
    if weight_type == "int8":
        values = codes.reshape(scales.shape + (BLOCK,)) ^ 0x80
    else:
        pairs = codes.reshape(scales.shape + (BLOCK // 2,))
        single = np.stack([pairs & 15, pairs >> 4], -1).reshape(scales.shape + (BLOCK,))
        values = single[..., :BLOCK // 2] | single[..., BLOCK // 2:] << 4
    return np.concatenate([halves, values], -1)


def _split(array):
    """Gate rows, then up rows, from interleaved ones."""
    return np.concatenate([array[:, 0::2], array[:, 1::2]], 1)


class _Copy:
    """One copy of the layer: weights in buffers of their own, a graph for each length."""

    def __init__(self, peer, layer, folder):
        self.peer, self.lib, self.layer, self.graphs = peer, peer.lib, layer, {}
        given = parameters(folder)
        self.weight_type = "f32" if "fc1" in given else (
            "int4" if given["fc1.codes"].shape[-1] * 2 == layer.hidden else "int8")
        self.tensors = {}
        e, h, i, s = layer.experts, layer.hidden, layer.inner, layer.shared
        products = {"fc1": (h, 2 * i, e), "fc2": (i, h, e)}
        if s:
            products.update({"shared.gate": (h, s), "shared.up": (h, s), "shared.down": (s, h)})
        biases = {"fc1.bias": (2 * i, e), "fc2.bias": (h, e)} if layer.biases else {}
        self._allocate(products, TYPES[self.weight_type], peer.buffer_type)
        self._allocate(biases, F32, peer.default_buffer_type)
        for name in products:
            self._set(name, self._weights(given, name))
        for name in biases:
            array = given[name]
            self._set(name, _split(array) if name == "fc1.bias" else array)

    def _allocate(self, shapes, kind, buffer_type):
        if not shapes:
            return
        context = self.lib.init(_Init(self.lib.tensor_overhead() * len(shapes), None, True))
        for name, shape in shapes.items():
            new = self.lib.new_tensor_3d if len(shape) == 3 else self.lib.new_tensor_2d
            self.tensors[name] = new(context, kind, *shape)
        if not self.lib.backend_alloc_ctx_tensors_from_buft(context, buffer_type):
            raise PeerError("ggml has no memory for the weights")

    def _set(self, name, array):
        array = np.ascontiguousarray(array)
        if array.nbytes != self.lib.nbytes(self.tensors[name]):
            raise PeerError(f"ggml expects {self.lib.nbytes(self.tensors[name])} bytes of {name}, "
                            f"not {array.nbytes}")
        self.lib.backend_tensor_set(self.tensors[name], array.ctypes.data, 0, array.nbytes)

    def _weights(self, given, name):
        if self.weight_type == "f32":
            array = given[name]
            return _split(array) if name == "fc1" else array.T if array.ndim == 2 else array
        codes, scales = given[name + ".codes"], given[name + ".scales"]
        if name == "fc1":
            codes, scales = _split(codes), _split(scales)
        return _encode(self.weight_type, codes, scales)

    def _build(self, tokens):
        """The graph for a number of tokens: x, logits, y and the graph."""
        lib, layer, w = self.lib, self.layer, self.tensors
        e, h, i, k = layer.experts, layer.hidden, layer.inner, layer.k
        c = lib.init(_Init(lib.tensor_overhead() * 128 + lib.graph_overhead(), None, True))
        x, logits = lib.new_tensor_2d(c, F32, h, tokens), lib.new_tensor_2d(c, F32, e, tokens)
        lib.set_input(x), lib.set_input(logits)
        normalise = layer.normalise or self.weight_type != "f32"
        scores = logits if normalise else lib.soft_max(c, logits)
        chosen = lib.argsort_top_k(c, scores, k)
        share = lib.get_rows(c, lib.reshape_3d(c, scores, 1, e, tokens), chosen)
        if normalise:
            share = lib.reshape_3d(c, lib.soft_max(c, lib.reshape_2d(c, share, k, tokens)),
                                   1, k, tokens)
        inner = lib.mul_mat_id(c, w["fc1"], lib.reshape_3d(c, x, h, 1, tokens), chosen)
        if layer.biases:
            inner = lib.add_id(c, inner, w["fc1.bias"], chosen)
        gate, up = (lib.view_3d(c, inner, i, k, tokens, 8 * i, 8 * i * k, 4 * at) for at in (0, i))
        if layer.limit is None:
            inner = lib.swiglu_split(c, gate, up)
        else:
            inner = lib.swiglu_oai(c, gate, up, layer.alpha, layer.limit)
        out = lib.mul_mat_id(c, w["fc2"], inner, chosen)
        if layer.biases:
            out = lib.add_id(c, out, w["fc2.bias"], chosen)
        out = lib.mul(c, out, share)
        y = None
        for slot in range(k):
            part = lib.view_2d(c, out, h, tokens, 4 * h * k, 4 * h * slot)
            y = part if y is None else lib.add(c, y, part)
        if layer.shared:
            inner = lib.swiglu_split(c, lib.mul_mat(c, w["shared.gate"], x),
                                     lib.mul_mat(c, w["shared.up"], x))
            y = lib.add(c, y, lib.mul_mat(c, w["shared.down"], inner))
        lib.set_output(y)
        graph = lib.new_graph(c)
        lib.build_forward_expand(graph, y)
        allocator = lib.gallocr_new(self.peer.default_buffer_type)
        if not lib.gallocr_alloc_graph(allocator, graph):
            raise PeerError("ggml has no memory for the graph")
        return x, logits, y, graph

    def run(self, rows, scores):
        tokens = rows.shape[0]
        if tokens not in self.graphs:
            self.graphs[tokens] = self._build(tokens)
        lib = self.lib
        x, logits, y, graph = self.graphs[tokens]
        lib.backend_tensor_set(x, rows.ctypes.data, 0, rows.nbytes)
        lib.backend_tensor_set(logits, scores.ctypes.data, 0, scores.nbytes)
        result = np.empty_like(rows)
        lib.threadpool_resume(self.peer.pool)
        start = time.perf_counter()
        status = lib.backend_graph_compute(self.peer.backend, graph)
        ms = (time.perf_counter() - start) * 1e3
        # Otherwise its threads wait actively while others are measured.
        lib.threadpool_pause(self.peer.pool)
        if status != 0:
            raise PeerError(f"ggml's graph returned {status}")
        lib.backend_tensor_get(y, result.ctypes.data, 0, result.nbytes)
        return ms, result


class Ggml(Peer):
    """ggml with its weights as they lie in a file."""

    name = "ggml"

    def unavailable(self, layer, weights):
        if not glob.glob(os.path.join(FOLDER, "libggml-cpu.so")):
            return "benchmarks/build_ggml.sh has not been run"
        if layer.limit is None and (layer.alpha, layer.beta) != (1.0, 0.0):
            return "it has no SwiGLU with these constants"
        if layer.limit is not None and layer.beta != 1.0:
            return "its limited SwiGLU adds one to up"
        return None

    def activations(self, weights):
        return "f32" if weights == "f32" else "int8"

    def version(self):
        return "ggml " + _Library().version().decode()

    def load(self, layer, folders, threads):
        lib = self.lib = _Library()
        self.backend = lib.backend_cpu_init()
        lib.backend_cpu_set_n_threads(self.backend, threads)
        # Larger than ggml_threadpool_params, which starts with a mask of 512 CPUs.
        options = ctypes.create_string_buffer(4096)
        lib.threadpool_params_init(options, threads)
        self.pool = lib.threadpool_new(options)
        lib.backend_cpu_set_threadpool(self.backend, self.pool)
        lib.threadpool_pause(self.pool)
        self.default_buffer_type = lib.backend_get_default_buffer_type(self.backend)
        self.buffer_type = self.choose_buffer_type()
        self.copies = [_Copy(self, layer, folder) for folder in folders]
        return lib.backend_buft_name(self.buffer_type).decode()

    def choose_buffer_type(self):
        return self.default_buffer_type

    def run(self, copy, x, logits):
        return self.copies[copy].run(x, logits)


class GgmlRepacked(Ggml):
    """ggml with its weights interleaved while loading."""

    name = "ggml-repacked"

    def unavailable(self, layer, weights):
        if weights != "int4":
            return "it repacks 4-bit weights only on these CPUs"
        return super().unavailable(layer, weights)

    def choose_buffer_type(self):
        device = self.lib.backend_get_device(self.backend)
        address = self.lib.backend_reg_get_proc_address(
            self.lib.backend_dev_backend_reg(device), b"ggml_backend_dev_get_extra_bufts")
        if address:
            types = ctypes.CFUNCTYPE(ctypes.POINTER(_P), _P)(address)(device)
            for kind in itertools.takewhile(bool, types):
                if self.lib.backend_buft_name(kind) == b"CPU_REPACK":
                    return kind
        raise PeerError("this ggml repacks nothing")
