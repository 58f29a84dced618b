# ===-- layer_files.py - one layer in several files ------------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Writes a layer as graphs of different forms over one file of weights."""

import json
import os

import numpy as np
import onnx
from onnx import TensorProto, helper

from . import layer_graphs
from .layer_grouped import grouped
from .layers import Weights

#: File: pattern and builder.
FORMS = {"fused": ("fused", layer_graphs.fused), "masked": ("P2", layer_graphs.masked),
         "loop": ("P3", layer_graphs.loop), "gathered": ("P4", layer_graphs.gathered),
         "grouped": ("P5", grouped)}
WEIGHTS = "weights.bin"
OPSET = 20
USED = {"fused": ("router", "mixed", "down")}


def weight_bytes(layer):
    """Of the file: gates and up projections are there in both orders."""
    return 4 * layer.experts * (layer.expert_weights() * 5 // 3 + layer.hidden)


def _up(layer, seed, mixed):
    """Matrices [2I, H] of gates and up projections, expert by expert; the same in both orders."""
    for e in range(layer.experts):
        rng = np.random.default_rng([seed, e])
        both = rng.standard_normal((2, layer.inner, layer.hidden), dtype=np.float32)
        both *= np.float32(layer.hidden ** -0.5)
        yield both.transpose(1, 0, 2).copy() if mixed else both


def write_weights(layer, path, seed=1):
    """Their initializers by name."""
    weights = Weights(path, 32, seed)
    e, h, i = layer.experts, layer.hidden, layer.inner
    weights.normal("router", [e, h], h ** -0.5)
    for name, mixed in (("up", False), ("mixed", True)):
        weights.add(name, TensorProto.FLOAT, [e, 2 * i, h], _up(layer, seed, mixed))
    weights.normal("down", [e, h, i], i ** -0.5)
    weights.close()
    return {tensor.name: tensor for tensor in weights.tensors}


def _model(layer, form, tensors):
    block = layer_graphs.Block(layer)
    result = FORMS[form][1](block)
    assert block.nodes[-1].output[0] == result
    block.nodes[-1].output[0] = "y"
    info = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["T", layer.hidden])
    weights = [tensors[name] for name in USED.get(form, ("router", "up", "down"))]
    graph = helper.make_graph(block.nodes, f"layer {layer.name}", [info("x")], [info("y")],
                              weights + list(block.constants.values()))
    return helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", OPSET), helper.make_opsetid(layer_graphs.MS, 1)])


def _write_json(path, content):
    with open(path, "w") as file:
        json.dump(content, file, indent=1)
        file.write("\n")


def write(layer, folder, forms, seed=1):
    """Writes `folder`/layerX/FORM.onnx for each form, beside their one file of weights (a
    link to it would be refused); the paths of the models."""
    folder = os.path.join(folder, f"layer{layer.name}")
    os.makedirs(folder, exist_ok=True)
    tensors = write_weights(layer, os.path.join(folder, WEIGHTS), seed)
    _write_json(os.path.join(folder, "fixture.json"), dict(
        source="benchmarks/make-layers", inputs={"x": dict(
            dtype="float32", shape=["T", layer.hidden], kind="normal")},
        symbols={"T": [1, 7]}, oracle="ort"))
    paths = []
    for form in forms:
        path = os.path.join(folder, form)
        onnx.save(_model(layer, form, tensors), path + ".onnx")
        _write_json(path + ".meta.json", dict(
            pattern=FORMS[form][0], exporter="made", same=folder, experts=layer.experts,
            k=layer.k))
        paths.append(path + ".onnx")
    return paths
