# ===-- fixtures.py - experts of real exports -----------------------------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""usage: fixtures.py FIXTURES FOLDER

Makes expert 1 of a layer a copy of expert 0, or its weights zero, in exports of
several kinds. A certificate is accepted then, and refused of the export as it
was."""

import json
import pathlib
import re
import subprocess
import sys

import numpy as np
import onnx
from onnx import numpy_helper

MODELS = ["mixtral_batched", "olmoe_hf20_grouped", "gptoss_grouped", "mixtral_mobius_dense", "gptoss_mobius_dense",
          "gptoss_f32", "qmoe_int8"]
DUPLICATE, ZERO = {"expert": 1, "cause": "duplicate", "of": 0}, {"expert": 1, "cause": "zero"}


def plant(model, experts, function):
    """Changes what lies at index 1 of an initializer, or is named after expert 1."""
    by_name = {tensor.name: tensor for tensor in model.graph.initializer}
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.ndim >= 2 and array.shape[0] == experts:
            array = array.copy()
            array[1] = function(array[0])
        elif re.search(r"experts\.1\.", tensor.name):
            first = by_name[tensor.name.replace("experts.1.", "experts.0.")]
            array = np.asarray(function(numpy_helper.to_array(first)))
        else:
            continue
        tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), tensor.name))


def inspect(path):
    done = subprocess.run(["moec", "inspect", str(path), "--json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def check(path, certificate):
    manifest = inspect(path)
    manifest["moe_layers"] = manifest["moe_layers"][:1]
    manifest["moe_layers"][0]["dead_experts"] = [certificate]
    claims = path.with_suffix(".json")
    claims.write_text(json.dumps(manifest))
    return subprocess.run(["moec", "check-certificate", str(path), str(claims)], capture_output=True, text=True)


def main(fixtures, folder):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.onnx"
    for name in MODELS:
        model = onnx.load(fixtures / name / "model.onnx")
        onnx.save(model, path)
        experts = inspect(path)["moe_layers"][0]["experts"]
        for certificate, function in ((DUPLICATE, lambda first: first), (ZERO, np.zeros_like)):
            model = onnx.load(fixtures / name / "model.onnx")
            onnx.save(model, path)
            before = check(path, certificate)
            if before.returncode != 1 or "[moec-E0241]" not in before.stderr:
                sys.exit(f"{name}: {certificate} is accepted\n{before.stdout}{before.stderr}")
            # Codes of zero are no zero.
            if name.startswith("qmoe") and certificate is ZERO:
                continue
            plant(model, experts, function)
            onnx.save(model, path)
            after = check(path, certificate)
            if after.returncode != 0:
                sys.exit(f"{name}: {after.stderr}")
            print(f"{name}: {after.stdout.strip()}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
