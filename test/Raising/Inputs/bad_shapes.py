# ===-- bad_shapes.py - MoE nodes whose operands do not fit each other ----===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Imports one model a case and prints the importer's message."""

import pathlib
import subprocess
import sys
import tempfile

import onnx
from onnx import TensorProto, helper

MOE = {"x": ("f", [6, 64]), "router": ("f", [6, 8]), "fc1": ("f", [8, 48, 64]), "b1": None,
       "fc2": ("f", [8, 64, 48]), "b2": None, "fc3": None, "b3": None}
ROUTER = {"logits": ("f", [6, 8]), "bias": ("f", [8]), "projection": None}
QMOE = {"x": ("f", [6, 64]), "router": ("f", [6, 8]), "fc1": ("u", [8, 48, 32]), "s1": ("f", [8, 48]),
        "b1": None, "fc2": ("u", [8, 64, 24]), "s2": ("f", [8, 64])}
TYPES = {"f": TensorProto.FLOAT, "u": TensorProto.UINT8}

CASES = {
    "fine": ("MoE", {}, {}),
    "fine_quantised": ("QMoE", {}, {}),
    "experts": ("MoE", {"fc1": ("f", [7, 48, 64])}, {}),
    "tokens": ("MoE", {"router": ("f", [5, 8])}, {}),
    "tokens_of_three": ("MoE", {"x": ("f", [2, 3, 64]), "router": ("f", [5, 8])}, {}),
    "inner": ("MoE", {"fc1": ("f", [8, 47, 64])}, {}),
    "fused_inner": ("MoE", {}, {"activation_type": "swiglu", "swiglu_fusion": 1}),
    "depth": ("MoE", {"fc1": ("f", [8, 48, 63])}, {}),
    "bias": ("MoE", {"b1": ("f", [8, 47])}, {}),
    "bias2": ("MoE", {"b2": ("f", [8, 63])}, {}),
    "bias_rank": ("MoE", {"b1": ("f", [48])}, {}),
    "rank": ("MoE", {"x": ("f", [6])}, {}),
    "k": ("MoE", {}, {"k": 9}),
    "no_k": ("MoE", {}, {"k": 0}),
    "dynamic_experts": ("MoE", {"router": ("f", [6, "E"])}, {}),
    "third_experts": ("MoE", {"fc3": ("f", [7, 48, 64])}, {}),
    "third_rows": ("MoE", {"fc3": ("f", [8, 47, 64])}, {}),
    "third_depth": ("MoE", {"fc3": ("f", [8, 48, 63])}, {}),
    "third_rank": ("MoE", {"fc3": ("f", [48, 64])}, {}),
    "third_bias": ("MoE", {"fc3": ("f", [8, 48, 64]), "b3": ("f", [8, 47])}, {}),
    "legacy": ("MoE", {"fc1": ("f", [8, 64, 48]), "fc2": ("f", [8, 48, 64])}, {}),
    "legacy_square": ("MoE", {"fc1": ("f", [8, 64, 128]), "fc2": ("f", [8, 64, 64])},
                      {"activation_type": "swiglu", "swiglu_fusion": 1}),
    "legacy_third": ("MoE", {"fc1": ("f", [8, 64, 48]), "fc2": ("f", [8, 48, 64]), "fc3": ("f", [8, 48, 64])}, {}),
    "legacy_depth": ("MoE", {"fc1": ("f", [8, 63, 48]), "fc2": ("f", [8, 48, 64])}, {}),
    "bits": ("QMoE", {}, {"expert_weight_bits": 5}),
    "bits1": ("QMoE", {}, {"fc1_expert_weight_bits": 6}),
    "bits2": ("QMoE", {}, {"fc2_expert_weight_bits": 1}),
    "bits3": ("QMoE", {}, {"fc3_expert_weight_bits": 0}),
    "three_bits": ("QMoE", {"fc1": ("u", [8, 48, 24]), "fc2": ("u", [8, 64, 18])}, {"expert_weight_bits": 3}),
    "three_bits_depth": ("QMoE", {"fc1": ("u", [8, 48, 23]), "fc2": ("u", [8, 64, 18])},
                         {"expert_weight_bits": 3}),
    "three_bits_inner": ("QMoE", {"fc1": ("u", [8, 48, 24]), "fc2": ("u", [8, 64, 19])},
                         {"expert_weight_bits": 3}),
    "widths": ("QMoE", {"fc1": ("u", [8, 48, 64])}, {"fc1_expert_weight_bits": 8}),
    "router": ("MoEGroupRouter", {}, {"top_k": 2}),
    "router_rank": ("MoEGroupRouter", {"logits": ("f", [8])}, {"top_k": 2}),
    "router_bias_rank": ("MoEGroupRouter", {"bias": ("f", [1, 8])}, {"top_k": 2}),
    "router_bias": ("MoEGroupRouter", {"bias": ("f", [7])}, {"top_k": 2}),
    "router_experts": ("MoEGroupRouter", {"logits": ("f", [6, "E"])}, {"top_k": 2}),
    "router_k": ("MoEGroupRouter", {}, {"top_k": 9}),
    "router_no_k": ("MoEGroupRouter", {}, {"top_k": 0}),
    "router_groups": ("MoEGroupRouter", {}, {"top_k": 2, "n_group": 3}),
    "router_no_groups": ("MoEGroupRouter", {}, {"top_k": 2, "n_group": 0}),
    "router_kept": ("MoEGroupRouter", {}, {"top_k": 2, "n_group": 4, "topk_group": 5}),
    "router_none_kept": ("MoEGroupRouter", {}, {"top_k": 2, "n_group": 4, "topk_group": 0}),
    "router_summed": ("MoEGroupRouter", {}, {"top_k": 2, "group_topk": 0}),
    "router_scores": ("MoEGroupRouter", {}, {"top_k": 2, "outputs": ["", "s", ""]}),
    "router_weights": ("MoEGroupRouter", {}, {"top_k": 2, "outputs": ["", "", "w"]}),
    "router_all": ("MoEGroupRouter", {}, {"top_k": 2, "outputs": ["y", "s", "w"]}),
    "router_full_groups": ("MoEGroupRouter", {}, {"top_k": 2, "n_group": 2, "outputs": ["", "s", "w"]}),
    "router_projection": ("MoEGroupRouter", {"projection": ("f", [8, 8])}, {"top_k": 2}),
    "router_projection_rank": ("MoEGroupRouter", {"projection": ("f", [8])},
                               {"top_k": 2, "outputs": ["", "s", "w"]}),
    "router_width": ("MoEGroupRouter", {"projection": ("f", [8, 7])}, {"top_k": 2, "outputs": ["", "s", "w"]}),
    "quantised_depth": ("QMoE", {}, {"expert_weight_bits": 8}),
}


def main():
    for name, (kind, changes, attributes) in CASES.items():
        outputs = attributes.pop("outputs", ["y"])
        operands = {**{"MoE": MOE, "QMoE": QMOE, "MoEGroupRouter": ROUTER}[kind], **changes}
        inputs = [helper.make_tensor_value_info(n, TYPES[v[0]], v[1]) for n, v in operands.items() if v]
        if kind != "MoEGroupRouter":
            attributes = {"k": 2, **attributes}
        node = helper.make_node(kind, [n if v else "" for n, v in operands.items()], outputs, name="layer",
                                domain="com.microsoft", **attributes)
        values = [helper.make_tensor_value_info(o, TensorProto.FLOAT, next(iter(operands.values()))[1])
                  for o in outputs if o]
        graph = helper.make_graph([node], name, inputs, values)
        model = helper.make_model(graph, ir_version=10, opset_imports=[
            helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)])
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "model.onnx"
            onnx.save(model, path)
            done = subprocess.run(["moec-translate", "--import-onnx", str(path), "-o", "/dev/null"],
                                  capture_output=True, text=True)
        if done.returncode not in (0, 1):
            sys.exit(f"{name}: exit code {done.returncode}")
        print(f"{name}: {done.stderr.strip() or 'imported'}".replace(folder + "/", ""))


main()
