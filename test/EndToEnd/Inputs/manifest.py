# ===-- manifest.py - what a manifest says is so ---------------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""usage: manifest.py FIXTURE FOLDER NAME=N[,NAME=N...]...

Compiles a fixture's model, holds its manifest against `moec inspect` and, for
each list of extents, what it says of memory against what a run takes."""

import json
import pathlib
import re
import subprocess
import sys

# What the contract with users lists.
KEYS = {"name", "inputs", "outputs", "aliases", "model_sha256", "build_id", "compiler", "targets",
        "weights_bytes", "peak_bytes", "tolerance", "moe_layers"}
LAYER_KEYS = {"name", "raised_from", "experts", "top_k", "router", "parameters_total",
              "parameters_active", "flops_per_token_dense", "flops_per_token_routed",
              "dead_experts", "kernels"}


def check(condition, what):
    if not condition:
        sys.exit(f"wrong: {what}")


def check_layer(layer, calls):
    check(set(layer) >= LAYER_KEYS, f"keys of a layer: {LAYER_KEYS - set(layer)} lack")
    share = layer["top_k"] / layer["experts"]
    check(layer["parameters_active"] == layer["parameters_total"] * share, "active parameters")
    check(layer["flops_per_token_routed"] == layer["flops_per_token_dense"] * share, "routed flops")
    # One addition a bias, and two operations a weight.
    check(layer["parameters_total"] < layer["flops_per_token_dense"]
          <= 2 * layer["parameters_total"], "flops")
    check(layer["dead_experts"] == [], "dead experts")
    check(layer["kernels"] and set(layer["kernels"]) <= calls, f"kernels {layer['kernels']}")
    check(any("matmul" in kernel for kernel in layer["kernels"]), "no product among the kernels")


def main():
    fixture, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    model = str(fixture / "model.onnx")
    subprocess.run(["moec", "compile", model, "-o", folder, "--name", "m"], check=True)
    manifest = json.loads((folder / "m.json").read_text())
    check(set(manifest) >= KEYS, f"keys: {KEYS - set(manifest)} lack")
    kernels = subprocess.run(["moec", "compile", model, "--emit", "kernels", "-o", "-"],
                             check=True, capture_output=True, text=True).stdout
    calls = set(re.findall(r"call @(\w+)\(", kernels))
    check(manifest["moe_layers"], "no layer")
    for layer in manifest["moe_layers"]:
        check_layer(layer, calls)

    inspected = json.loads(subprocess.run(["moec", "inspect", model, "--json"], check=True,
                                          capture_output=True).stdout)
    check(set(inspected) >= KEYS - {"tolerance"}, "keys of inspect")
    for key in ("inputs", "outputs", "aliases", "model_sha256", "moe_layers", "peak_bytes"):
        check(inspected[key] == manifest[key], f"inspect and manifest differ in {key}")

    for extents in sys.argv[3:]:
        values = {name: int(number) for name, number in
                  (extent.split("=") for extent in extents.split(","))}
        said = eval(str(manifest["peak_bytes"]), {"max": max, "min": min}, values)
        command = ["moec-run", folder / "libm.so", "--profile", folder / "profile.json"]
        for name, number in values.items():
            command += ["--dim", f"{name}={number}"]
        subprocess.run(command, check=True, capture_output=True)
        peak = json.loads((folder / "profile.json").read_text())["counters"]["arena_peak"]
        # Blocks are rounded up by a quarter at most, or to 64 bytes.
        check(said <= peak <= 1.25 * said + 64 * 64, f"{said} said and {peak} taken at {extents}")
        print(f"ok   {extents}: {said} bytes")


main()
