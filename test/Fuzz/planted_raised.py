# ===-- planted_raised.py - a layer that is wrongly raised is found -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""planted_raised.py SCRATCH MOEC-PLANT

Compiles layers of ordinary operators with each fault that moec-plant has for what
they are raised to. `moec verify --model` must find it: its reference takes nothing for
a layer. Without a fault it finds nothing. `--bisect` must name the layer, raised as it
was, and the half of the compiler that has the fault."""

import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Raising" / "Inputs")]

import layers  # noqa: E402
import onnx  # noqa: E402
from check_graph import GraphError, WrongOutputs, compile_model  # noqa: E402
from planted import OF_RAISED, is_wrong  # noqa: E402

# One of each layout, by its name in docs/passes/raising.md, and one of which a view is left of a node that is raised.
NAMES = {"masked_by_equal": "P2", "all_in_one": "P2b", "gathered_scatter_nd": "P3", "looked_up_by_gather": "P4",
         "rows_sorted": "P5", "einsum_with_bias_first": "P2b"}
DIMS = "T=16"
# Of which half of the compiler a fault is, if not of the stage moe.
OF_LATER = {"raised-kernel"}
IN_STAGE = "is off in plain loops of what the stage moe makes"
LATER = "is in tolerance in plain loops of what the stage moe makes"


def verify(library, model):
    command = ["moec", "verify", str(library), "--model", str(model), "--dim", DIMS]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        kind = WrongOutputs if "[moec-E0234]" in done.stderr else GraphError
        raise kind(f"moec verify ended with {done.returncode}: {done.stdout}{done.stderr}")


def count_replaced(model):
    """How many nodes the layer stands for: all that are imported, but for the product that makes the scores and a
    view of x, which it reads."""
    text = subprocess.run(["moec", "compile", str(model), "-j", "1", "--emit", "onnx", "-o", "-"], check=True,
                          capture_output=True, text=True).stdout
    views = sum(node.op_type == "Unsqueeze" and node.input[0] == "x" for node in onnx.load(model).graph.node)
    return len(re.findall(r"\bonnx\.(?!Constant\b)[A-Z]\w*\(", text)) - 1 - views


def bisect(program, fault, model, folder):
    """What is wrong with what --bisect says of a fault; "" if nothing is."""
    command = [program, fault, str(model), str(folder), "bisect", DIMS]
    done = subprocess.run(command, capture_output=True, text=True)
    # The softmax of the scores is the first of them, and the sum the last.
    first, last = (onnx.load(model).graph.node[i] for i in (1, -1))
    node = f"node '{last.name}' ({last.op_type}): is the first node out of tolerance: its output 0, float32 "
    layer = (f"; it is what a MoE layer makes, raised from {NAMES[model.stem]} in place of {count_replaced(model)} nodes, "
             f"the first of them '{first.name}'\n")
    half = f"node '{last.name}' {LATER if fault in OF_LATER else IN_STAGE}"
    wrong = [part for part in (node, layer) if part not in done.stderr] + [half] * (half not in done.stdout)
    if done.returncode != 1 or wrong:
        return f"exit {done.returncode}, without {wrong}: {done.stdout}{done.stderr}"
    return ""


def main():
    scratch, program = pathlib.Path(sys.argv[1]), sys.argv[2]
    listed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    faults = [line.split(":")[0] for line in listed.splitlines() if line.startswith(OF_RAISED)]
    lost = 0
    for seed, name in enumerate(NAMES):
        model = scratch / f"{name}.onnx"
        onnx.save(layers.build(name, seed), model)
        for fault in ["none", *faults]:
            folder = scratch / f"{name}-{fault}"
            compile_model([program, fault, str(model), str(folder)])
            found = is_wrong(verify, folder / "libm.so", model)
            if found != (fault != "none"):
                lost += 1
                print(f"{name}, {fault}: {'found' if found else 'not found'}", flush=True)
            wrong = bisect(program, fault, model, folder) if fault != "none" else ""
            if wrong:
                lost += 1
                print(f"{name}, {fault}, bisected: {wrong}", flush=True)
    print(f"{len(faults)} faults in {len(NAMES)} layers, {lost} not found")
    return 1 if lost or not faults else 0


if __name__ == "__main__":
    sys.exit(main())
