# ===-- check_reference.py - the comparison's float64 layer ---------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""The reference of benchmarks/compare against the oracle of the tests, on small layers
with everything that its layers have: biases, a limit, shared experts, no normalisation."""

import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "test")]

import oracle  # noqa: E402
from comparison import inputs, layers  # noqa: E402
from comparison.reference import Reference, nmse  # noqa: E402

LAYERS = [
    layers.Layer("plain", "", 64, 96, 6, 2),
    layers.Layer("biases", "", 64, 32, 4, 3, biases=True, alpha=1.702, beta=1.0, limit=0.5),
    layers.Layer("shared", "", 96, 64, 8, 2, normalise=False, shared=128),
]


def main():
    for layer in LAYERS:
        for weights in layers.BITS:
            folder = f"{sys.argv[1]}/{layer.name}-{weights}"
            layers.write(layer, weights, folder, seed=3)
            parameters = layers.parameters(folder)
            size = sum(array.nbytes for name, array in parameters.items() if "bias" not in name)
            assert size == layer.copy_bytes(weights), f"{folder}: {size} bytes"
            reference = Reference(layer, weights, parameters)
            for zipf in (0.0, 1.5):
                x, logits = inputs.draw(layer, 11, [1, 2, 3], zipf)
                expected = oracle.run(f"{folder}/model.onnx", {"x": x, "logits": logits})["y"]
                error = nmse(reference.run(x, logits), expected)
                assert error < 1e-24, f"{folder}: nmse {error}"
            x, logits = inputs.cover(layer)
            chosen, _ = reference.route(logits)
            assert set(chosen.reshape(-1)) == set(range(layer.experts)), f"{folder}: not covered"
    # Hot experts of the skewed distribution have more than their part.
    layer = LAYERS[0]
    _, logits = inputs.draw(layer, 4000, [1], 1.5)
    counts = np.sort(np.bincount(Reference(layer, "f32", None).route(logits)[0].reshape(-1),
                                 minlength=layer.experts))
    assert counts[-1] > 5 * counts[0] > 0, counts


if __name__ == "__main__":
    main()
