# ===-- layers.py - the layers that are compared --------------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Shapes of real models' MoE layers, written as ONNX files with random weights.

The inputs of a model are x [T, H] and the router's logits [T, E]; the output is y
[T, H]. Every layer is SwiGLU with gate and up interleaved. Weights are ranges of one
file, written expert by expert and read back as memory maps.
"""

import dataclasses
import os

import numpy as np
import onnx
from onnx import TensorProto, helper

MS = "com.microsoft"
BLOCK = 32
BITS = {"f32": 32, "int4": 4, "int8": 8}


@dataclasses.dataclass(frozen=True)
class Layer:
    """The shape of one layer; `shared` is the width of the experts that every token runs."""

    name: str
    source: str
    hidden: int
    inner: int
    experts: int
    k: int
    normalise: bool = True
    shared: int = 0
    biases: bool = False
    alpha: float = 1.0
    beta: float = 0.0
    limit: float = None

    def expert_weights(self):
        return 3 * self.hidden * self.inner

    def shared_weights(self):
        return 3 * self.hidden * self.shared

    def bytes(self, weights, count):
        """Bytes of `count` weights, their scales (f32) included."""
        bits = BITS[weights]
        return count * bits // 8 + (0 if bits == 32 else count // BLOCK * 4)

    def copy_bytes(self, weights):
        return self.bytes(weights, self.experts * self.expert_weights() + self.shared_weights())

    def flops(self, tokens):
        return 2 * tokens * (self.k * self.expert_weights() + self.shared_weights())


LAYERS = {layer.name: layer for layer in [
    Layer("A", "GPT-OSS-20B", 2880, 2880, 32, 4, biases=True, alpha=1.702, beta=1.0, limit=7.0),
    Layer("B", "Qwen3-30B-A3B", 2048, 768, 128, 8),
    Layer("C", "DeepSeek-V2-Lite", 2048, 1408, 64, 6, normalise=False, shared=2 * 1408),
    Layer("D", "Mixtral-8x7B", 4096, 14336, 8, 2),
    Layer("E", "a small layer for tests", 256, 512, 8, 2),
]}


class Weights:
    """The weights file: tensors one after another, a matrix in memory at a time."""

    def __init__(self, path, bits, seed):
        self.file, self.name = open(path, "wb"), os.path.basename(path)
        self.bits, self.rng, self.tensors = bits, np.random.default_rng(seed), []

    def add(self, name, dtype, shape, parts):
        """A tensor of `shape`, from arrays that follow each other in it."""
        self.file.write(b"\0" * (-self.file.tell() % 64))
        offset = self.file.tell()
        for part in parts:
            part.tofile(self.file)
        proto = TensorProto(name=name, data_type=dtype, dims=shape,
                            data_location=TensorProto.EXTERNAL)
        for key, item in (("location", self.name), ("offset", offset),
                          ("length", self.file.tell() - offset)):
            entry = proto.external_data.add()
            entry.key, entry.value = key, str(item)
        self.tensors.append(proto)
        return name

    def normal(self, name, shape, scale):
        """f32, normally distributed, a slice of the first dimension at a time."""
        parts = (self.rng.standard_normal(shape[1:], dtype=np.float32) * np.float32(scale)
                 for _ in range(shape[0]))
        return self.add(name, TensorProto.FLOAT, shape, parts)

    def quantised(self, name, count, n, k, grouped):
        """Codes and scales of `count` matrices [N, K], all codes equally likely.

        Scales are halves, so that a format with scales of 16 bits holds the same
        weights. QMoE's codes have K in one dimension (`grouped`), MatMulNBits' in two."""
        per_byte = 8 // self.bits
        lead = [count] if grouped else []
        codes = lead + ([n, k // per_byte] if grouped else [n, k // BLOCK, BLOCK // per_byte])
        self.add(name + ".codes", TensorProto.UINT8, codes,
                 (self.rng.integers(0, 256, n * k // per_byte, np.uint8) for _ in range(count)))
        deviation = (1 << self.bits) / np.sqrt(12)
        scales = lambda: (self.rng.uniform(0.7, 1.3, (n, k // BLOCK)) / deviation / np.sqrt(k)
                          ).astype(np.float16).astype(np.float32)
        self.add(name + ".scales", TensorProto.FLOAT, lead + [n, k // BLOCK],
                 (scales() for _ in range(count)))
        return [name + ".codes", name + ".scales"]

    def close(self):
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()


def _shared_expert(layer, weights, nodes):
    """An ordinary SwiGLU network beside the routed experts; its result's name."""
    def product(x, name, k, n):
        if weights.bits == 32:
            inputs = [x, weights.normal(name, [k, n], 1 / np.sqrt(k))]
            nodes.append(helper.make_node("MatMul", inputs, [name + ".y"], name))
        else:
            inputs = [x] + weights.quantised(name, 1, n, k, grouped=False)
            nodes.append(helper.make_node("MatMulNBits", inputs, [name + ".y"], name, domain=MS,
                                          K=k, N=n, bits=weights.bits, block_size=BLOCK))
        return name + ".y"

    gate = product("x", "shared.gate", layer.hidden, layer.shared)
    up = product("x", "shared.up", layer.hidden, layer.shared)
    nodes.append(helper.make_node("Sigmoid", [gate], ["shared.sigmoid"], "shared.sigmoid"))
    nodes.append(helper.make_node("Mul", [gate, "shared.sigmoid"], ["shared.silu"], "shared.silu"))
    nodes.append(helper.make_node("Mul", ["shared.silu", up], ["shared.inner"], "shared.inner"))
    return product("shared.inner", "shared.down", layer.shared, layer.hidden)


def write(layer, weight_type, folder, seed=1):
    """Writes `folder`/model.onnx and its weights file."""
    os.makedirs(folder, exist_ok=True)
    weights = Weights(os.path.join(folder, "weights.bin"), BITS[weight_type], seed)
    e, h, i = layer.experts, layer.hidden, layer.inner
    bias = (lambda name, n: [weights.normal(name, [e, n], 0.3)]) if layer.biases else (
        lambda name, n: [""])
    if weight_type == "f32":
        inputs = [weights.normal("fc1", [e, 2 * i, h], 1 / np.sqrt(h)), *bias("fc1.bias", 2 * i),
                  weights.normal("fc2", [e, h, i], 1 / np.sqrt(i)), *bias("fc2.bias", h)]
        kind, attributes = "MoE", {}
    else:
        inputs = [*weights.quantised("fc1", e, 2 * i, h, grouped=True), *bias("fc1.bias", 2 * i),
                  *weights.quantised("fc2", e, h, i, grouped=True), *bias("fc2.bias", h)]
        kind, attributes = "QMoE", dict(expert_weight_bits=weights.bits, block_size=BLOCK)
    if layer.limit is not None:
        attributes["swiglu_limit"] = layer.limit
    while not inputs[-1]:
        inputs.pop()
    routed = "routed" if layer.shared else "y"
    nodes = [helper.make_node(
        kind, ["x", "logits", *inputs], [routed], "experts", domain=MS, k=layer.k,
        activation_type="swiglu", swiglu_fusion=1, activation_alpha=layer.alpha,
        activation_beta=layer.beta, normalize_routing_weights=int(layer.normalise), **attributes)]
    if layer.shared:
        other = _shared_expert(layer, weights, nodes)
        nodes.append(helper.make_node("Add", [routed, other], ["y"], "sum"))
    weights.close()
    info = lambda name, n: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["T", n])
    graph = helper.make_graph(nodes, "layer", [info("x", h), info("logits", e)], [info("y", h)],
                              weights.tensors)
    model = helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", 21), helper.make_opsetid(MS, 1)])
    onnx.save(model, os.path.join(folder, "model.onnx"))


def parameters(folder):
    """The weights of a written layer: arrays by name, mapped from the file."""
    model = onnx.load(os.path.join(folder, "model.onnx"), load_external_data=False)
    result = {}
    for tensor in model.graph.initializer:
        where = {entry.key: entry.value for entry in tensor.external_data}
        result[tensor.name] = np.memmap(
            os.path.join(folder, where["location"]), mode="r", offset=int(where["offset"]),
            dtype=helper.tensor_dtype_to_np_dtype(tensor.data_type), shape=tuple(tensor.dims))
    return result
