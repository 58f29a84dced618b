# ===-- refuse_moe.py - a model whose MoE nodes are refused -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""refuse_moe.py MODEL.onnx OUT.onnx: the model with an activation that nobody has."""

import sys

import onnx

model = onnx.load(sys.argv[1])
for node in model.graph.node:
    if node.op_type == "MoE":
        for attribute in node.attribute:
            if attribute.name == "activation_type":
                attribute.s = b"softsign"
onnx.save(model, sys.argv[2])
