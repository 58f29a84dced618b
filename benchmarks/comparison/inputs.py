# ===-- inputs.py - what a round computes on ------------------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Inputs of a round: the same for every system, since each draws them from the seed."""

import numpy as np


def draw(layer, tokens, seed, zipf):
    """x and logits. The experts of a token are k different ones, drawn uniformly, or
    with probability 1 / rank^zipf; which expert has which rank is a property of the layer."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((tokens, layer.hidden), dtype=np.float32)
    # The k largest of log p + Gumbel noise are k draws from p without repetition.
    logits = rng.gumbel(size=(tokens, layer.experts))
    if zipf:
        ranks = np.random.default_rng(0).permutation(layer.experts) + 1
        logits -= zipf * np.log(ranks)
    return x, logits.astype(np.float32)


def cover(layer):
    """Inputs with which every expert is chosen, so that all weights have been touched."""
    tokens = -(-layer.experts // layer.k)
    logits = np.zeros((tokens, layer.experts), np.float32)
    for t in range(tokens):
        logits[t, (t * layer.k + np.arange(layer.k)) % layer.experts] = 1
    return np.full((tokens, layer.hidden), 0.5, np.float32), logits
