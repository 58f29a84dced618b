# ===-- grouped_matmul.py - the generated kernel beside OpenBLAS ----------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Compiles moe.grouped_matmul for one layer shape, builds grouped_matmul.c around it and
runs that: `grouped_matmul.py [--level x86-64-v4] [--k 2880] [--n 5760] [--experts 32]
[--tokens 1,4,32,128,512] [--top-k 4] [--threads 1] [--weights f32]`. moec-opt and
LLVM's tools are found on the PATH."""

import argparse
import os
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PASSES = ["--canonicalize", "--cse", "--moec-free-buffers", "--moec-outline-tasks",
          "--convert-scf-to-cf", "--expand-strided-metadata", "--lower-affine",
          "--moec-lower-to-llvm", "--moec-thread-status"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--level", default="x86-64-v4")
    parser.add_argument("--k", type=int, default=2880)
    parser.add_argument("--n", type=int, default=5760)
    parser.add_argument("--experts", type=int, default=32)
    parser.add_argument("--top-k", type=int, default=4)
    parser.add_argument("--tokens", default="1,4,32,128,512")
    parser.add_argument("--threads", default="1")
    parser.add_argument("--rounds", default="7")
    parser.add_argument("--weights", default="f32", choices=["f32", "f16", "bf16"])
    parser.add_argument("--activation", default="swiglu, alpha = 1.702, beta = 1.0, limit = 7.0")
    parser.add_argument("--keep", help="folder for the assembly")
    a = parser.parse_args()
    gated = a.activation.startswith("swiglu")
    if a.n % 32:
        parser.error("--n must be a multiple of 32")
    types = {"x": f"memref<?x{a.k}xf32>", "w": f"memref<{a.experts}x{a.n // 32}x{a.k}x32x{a.weights}>",
             "o": f"memref<{a.experts + 1}xi32>", "r": "memref<?xi32>", "b": f"memref<{a.experts}x{a.n}xf32>",
             "y": f"memref<?x{a.n // 2 if gated else a.n}xf32>"}
    text = "func.func @kernel(" + ", ".join(f"%{k}: {t}" for k, t in types.items()) + ") {\n"
    text += f"  moe.grouped_matmul ins(%x, %w, %o : {types['x']}, {types['w']}, {types['o']}) "
    text += f"rows(%r : {types['r']}) bias(%b : {types['b']}) outs(%y : {types['y']}) "
    text += f"{{activation = #moe.activation<{a.activation}>, layout = #moe.layout<panels>, n = {a.n}}}\n"
    text += "  return\n}\n"
    with tempfile.TemporaryDirectory() as temporary:
        folder = a.keep or temporary
        path = lambda name: os.path.join(folder, name)
        with open(path("in.mlir"), "w") as f:
            f.write(text)
        run = lambda *command: subprocess.run(command, check=True)
        run("moec-opt", path("in.mlir"), f"--moec-schedule-grouped-matmul=level={a.level} count-tasks=false", *PASSES,
            "-o", path("out.mlir"))
        run("mlir-translate", "--mlir-to-llvmir", path("out.mlir"), "-o", path("out.ll"))
        run("opt", "-O3", f"-mcpu={a.level}", "-mtriple=x86_64-unknown-linux-gnu", path("out.ll"), "-o", path("out.bc"))
        for kind in ["obj", "asm"]:
            run("llc", "-O3", f"-mcpu={a.level}", "-relocation-model=pic", f"-filetype={kind}", path("out.bc"),
                "-o", path("out." + kind))
        run("clang-22", "-O2", "-Wall", f"-DDEPTH={a.k}", f"-DCOLUMNS={a.n}", f"-DEXPERTS={a.experts}", f"-DTOPK={a.top_k}",
            f"-DGATED={int(gated)}", f"-DBITS={32 if a.weights == 'f32' else 16}",
            os.path.join(HERE, "grouped_matmul.c"), path("out.obj"), "-o", path("bench"),
            "-lopenblas", "-lpthread", "-lm")
        core = {"x86-64-v3": "Haswell", "x86-64-v4": "SkylakeX"}[a.level]
        environment = dict(os.environ, OPENBLAS_NUM_THREADS="1", OPENBLAS_CORETYPE=core)
        subprocess.run([path("bench"), a.threads, a.rounds] + a.tokens.split(","), env=environment, check=True)


if __name__ == "__main__":
    main()
