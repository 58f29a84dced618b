# ===-- planted_raised.py - a layer that is wrongly raised is found -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""planted_raised.py SCRATCH MOEC-PLANT

Compiles layers of ordinary operators with each fault that moec-plant has for what
they are raised to. `moec verify --model` must find it: its reference takes nothing for
a layer. Without a fault it finds nothing."""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Raising" / "Inputs")]

import layers  # noqa: E402
import onnx  # noqa: E402
from check_graph import GraphError, WrongOutputs, compile_model  # noqa: E402
from planted import OF_RAISED, is_wrong  # noqa: E402

# One of each layout.
NAMES = ("masked_by_equal", "all_in_one", "gathered_scatter_nd", "looked_up_by_gather", "rows_sorted")


def verify(library, model):
    command = ["moec", "verify", str(library), "--model", str(model), "--dim", "T=16"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        kind = WrongOutputs if "[moec-E0234]" in done.stderr else GraphError
        raise kind(f"moec verify ended with {done.returncode}: {done.stdout}{done.stderr}")


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
    print(f"{len(faults)} faults in {len(NAMES)} layers, {lost} not found")
    return 1 if lost or not faults else 0


if __name__ == "__main__":
    sys.exit(main())
