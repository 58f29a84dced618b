# ===-- mutate.py - models with random faults ---------------------------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""usage: mutate.py FOLDER COUNT MODEL.onnx...

Imports COUNT damaged copies of the models: bytes flipped, replaced, inserted,
removed, cut off. Each import must end with 0, or with 1 and a diagnostic that
has an id; never with a signal, never late. The seed is fixed, so a failure is
found again by its number; the file stays in FOLDER."""

import os
import random
import shutil
import subprocess
import sys


def damage(data, rng):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 4, 16])):
        # Structure is at both ends of a file, weights are in between.
        span = min(len(data), rng.choice([64, 1024, len(data)]))
        at = rng.randrange(span) if rng.random() < 0.7 else len(data) - 1 - rng.randrange(span)
        kind = rng.randrange(6)
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)])
        elif kind == 2:
            data[at:at] = bytes(rng.randrange(256) for _ in range(rng.choice([1, 2, 9])))
        elif kind == 3:
            del data[at : at + rng.choice([1, 2, 9])]
        elif kind == 4:
            other = rng.randrange(len(data))
            length = rng.choice([1, 8, 64])
            data[at : at + length] = data[other : other + length]
        else:
            del data[at:]
        if not data:
            break
    return bytes(data)


def main(root, count, *models):
    originals = []
    for path in models:
        with open(path, "rb") as file:
            originals.append((path, file.read()))
    refused = 0
    for number in range(int(count)):
        rng = random.Random(number)
        path, data = originals[number % len(originals)]
        folder = os.path.join(root, str(number))
        os.makedirs(folder)
        for name in os.listdir(os.path.dirname(path)):
            if name != os.path.basename(path):
                shutil.copy(os.path.join(os.path.dirname(path), name), folder)
        damaged = os.path.join(folder, "model.onnx")
        with open(damaged, "wb") as file:
            file.write(damage(data, rng))
        result = subprocess.run(["moec-translate", "--import-onnx", damaged],
                                capture_output=True, timeout=120)
        errors = result.stderr.decode(errors="replace")
        if result.returncode == 1 and errors.startswith("error: [moec-E"):
            refused += 1
        elif result.returncode != 0 or errors:
            sys.exit("number %d, from %s, in %s: exit %d\n%s"
                     % (number, path, damaged, result.returncode, errors))
        shutil.rmtree(folder)
    print("%s files, %d refused" % (count, refused))
    # Damage that is always, or never, seen is not the damage meant here.
    if not int(count) // 4 < refused < int(count):
        sys.exit("expected some files to be refused and some to import")


main(*sys.argv[1:])
