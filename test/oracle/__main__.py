# ===-- __main__.py - runs a model from the command line -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""python -m oracle MODEL.onnx --input NAME=FILE.npy ... --output DIR"""

import argparse
import pathlib
import sys

import numpy as np

from . import OracleError, run


def main():
    parser = argparse.ArgumentParser(prog="oracle", description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=FILE.npy")
    parser.add_argument("--output", metavar="DIR", help="where NAME.npy files are written")
    options = parser.parse_args()
    inputs = {}
    for item in options.input:
        name, _, path = item.partition("=")
        inputs[name] = np.load(path)
    try:
        outputs = run(options.model, inputs)
    except OracleError as error:
        print(f"oracle: {error}", file=sys.stderr)
        return 1
    for index, (name, array) in enumerate(outputs.items()):
        print(f"{name}: {array.dtype}{list(array.shape)}")
        if options.output:
            pathlib.Path(options.output).mkdir(parents=True, exist_ok=True)
            np.save(pathlib.Path(options.output) / f"{name.replace('/', '_')}.npy", array)
    return 0


if __name__ == "__main__":
    sys.exit(main())
