# Writes modules that are at, and beyond, the limits on recipes.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import sys

folder = sys.argv[1]


def write(name, shape, recipe):
    with open(os.path.join(folder, name), "w") as out:
        out.write(f"param.decl @w : tensor<{shape}> = {recipe}\n")


def nest(depth):
    recipe = '#param.file<"m", 0, 12, tensor<3x1xf32>>'
    for i in range(depth - 1):
        recipe = f"#param.transpose<{recipe}, [1, 0]>"
    return recipe, "3x1xf32" if depth % 2 else "1x3xf32"


recipe, shape = nest(65)
write("deep.mlir", shape, recipe)
recipe, shape = nest(63)
write("deepest.mlir", shape, f"#param.reshape<{recipe}, [3, 1]>")

# Doubling: sixteen attributes by name, a tree of 2^17 nodes.
aliases = ['#r0 = #param.file<"m", 0, 1, tensor<1xi8>>']
for i in range(16):
    aliases.append(f"#r{i + 1} = #param.concat<[#r{i}, #r{i}], axis = 0>")
with open(os.path.join(folder, "many.mlir"), "w") as out:
    out.write("\n".join(aliases))
    out.write("\nparam.decl @w : tensor<65536xi8> = #r16\n")

elements = ", ".join(str(i % 100) for i in range(4097))
write("long.mlir", "4097xi8", f"#param.dense<dense<[{elements}]> : tensor<4097xi8>>")
