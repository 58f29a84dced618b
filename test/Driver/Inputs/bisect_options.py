# ===-- bisect_options.py - models that options change --------------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===------------------------------------------------------------------------===#
"""usage: bisect_options.py FOLDER
       bisect_options.py profile FOLDER
       bisect_options.py damage FILE

Writes a layer with an expert that is infinite, one with a profile that saw two of its
experts hardly ever, and one of which only an option says how many experts there are.
The profile is written once the layer has a name: that of a compilation. Beside each stands
a product; the last form changes a number of it in a file of weights."""

import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent / "Raising" / "Inputs")]

from dead_experts import Layer  # noqa: E402

MARK = np.float32(12345.5)


def add_product(model):
    """A second output, whose weights can be found in a file."""
    weights = np.arange(16, dtype=np.float32).reshape(4, 4)
    weights[3, 3] = MARK
    model.graph.initializer.append(onnx.numpy_helper.from_array(weights, "mark"))
    model.graph.input.append(helper.make_tensor_value_info("u", TensorProto.FLOAT, ["T", 4]))
    model.graph.node.append(helper.make_node("MatMul", ["u", "mark"], ["z"], name="late"))
    model.graph.output.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, ["T", 4]))
    return model


def infinite():
    g = Layer(seed=3)
    g.w1[2] = np.inf
    return g.model(g.of_softmax(g.scores("x")))


def profiled():
    g = Layer(seed=5)
    return g.model(g.of_softmax(g.scores("x")))


def counted():
    """The scores are an input, of an extent that is not known."""
    g = Layer(seed=7)
    w1, w2 = g.constant(g.w1.transpose(0, 2, 1)), g.constant(g.w2.transpose(0, 2, 1))
    y = g.MoE("x", "scores", w1, "", w2, k=2, domain="com.microsoft")
    model = g.model(y)
    model.graph.input.append(helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["T", "E"]))
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return model


def write(folder):
    folder.mkdir(parents=True)
    for make in (infinite, profiled, counted):
        onnx.save(add_product(make()), folder / f"{make.__name__}.onnx")


def write_profile(folder):
    """By the name that the manifest has for the layer."""
    layer = json.loads((folder / "whole" / "profiled.json").read_text())["moe_layers"][0]["name"]
    profile = {"moe_layers": [{"name": layer, "expert_tokens": [50, 60, 1, 1, 50, 40]}]}
    (folder / "profile.json").write_text(json.dumps(profile))


def damage(path):
    data = path.read_bytes()
    assert data.count(MARK.tobytes()) == 1
    path.write_bytes(data.replace(MARK.tobytes(), np.float32(-1).tobytes()))


first, last = sys.argv[1], pathlib.Path(sys.argv[-1])
{"damage": damage, "profile": write_profile}.get(first, write)(last)
