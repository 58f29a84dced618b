# ===-- check_layers.py - what inspect says of fused layers ------------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""check_layers.py MODEL: the MoE layers of a model that cannot be compiled are
those that its nodes and initializers say."""

import json
import subprocess
import sys

import onnx

model = onnx.load(sys.argv[1], load_external_data=False)
shapes = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
expected = []
for node in model.graph.node:
    if node.op_type != "MoE":
        continue
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    experts, hidden, intermediate = shapes[node.input[4]]
    each = sum(onnx.numpy_helper.np.prod(shapes[name]) for name in node.input[2:] if name) // experts
    expected.append({
        "name": node.name, "raised_from": "MoE", "weights": "f32",
        "experts": experts, "top_k": attributes["k"], "hidden": hidden,
        "intermediate": intermediate, "activation": attributes["activation_type"].decode(),
        "parameters_total": int(experts * each), "parameters_active": int(attributes["k"] * each),
    })
done = subprocess.run(["moec", "inspect", sys.argv[1], "--json"], capture_output=True, text=True,
                      check=True)
said = json.loads(done.stdout)
assert expected and said["moe_layers"] == expected, (expected, said["moe_layers"])
assert said["partial"] and not done.stderr, (said["partial"], done.stderr)
