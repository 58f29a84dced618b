# ===-- reference.py - the layer in float64 -------------------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""What a layer computes, in float64 and an expert at a time."""

import numpy as np

from .layers import BLOCK


class Reference:
    """A written layer, run in float64."""

    def __init__(self, layer, weight_type, parameters):
        self.layer, self.weight_type, self.parameters = layer, weight_type, parameters

    def run(self, x, logits):
        x, logits = x.astype(np.float64), logits.astype(np.float64)
        chosen, share = self.route(logits)
        y = np.zeros_like(x)
        for e in np.unique(chosen):
            token, slot = np.nonzero(chosen == e)
            h = x[token] @ self.matrix("fc1", e).T + self.bias("fc1", e)
            out = self.swiglu(h[:, 0::2], h[:, 1::2]) @ self.matrix("fc2", e).T + self.bias("fc2", e)
            y[token] += share[token, slot][:, None] * out
        if self.layer.shared:
            gate, up = x @ self.shared("shared.gate"), x @ self.shared("shared.up")
            y += (gate / (1 + np.exp(-gate)) * up) @ self.shared("shared.down")
        return y

    def route(self, logits):
        """Who runs each token and with which weight. QMoE's weights always add up to one."""
        chosen = np.argsort(logits, axis=-1, kind="stable")[:, ::-1][:, :self.layer.k]
        p = np.exp(logits - logits.max(-1, keepdims=True))
        share = np.take_along_axis(p / p.sum(-1, keepdims=True), chosen, -1)
        if self.layer.normalise or self.weight_type != "f32":
            share = share / share.sum(-1, keepdims=True)
        return chosen, share

    def swiglu(self, gate, up):
        # Attributes of a model are f32.
        alpha, beta = float(np.float32(self.layer.alpha)), float(np.float32(self.layer.beta))
        if self.layer.limit is not None:
            limit = float(np.float32(self.layer.limit))
            gate, up = np.minimum(gate, limit), np.clip(up, -limit, limit)
        return gate / (1 + np.exp(-alpha * gate)) * (up + beta)

    def matrix(self, name, e):
        """Expert e's [N, K]."""
        if self.weight_type == "f32":
            return self.parameters[name][e].astype(np.float64)
        return self.dequantise(self.parameters[name + ".codes"][e],
                               self.parameters[name + ".scales"][e])

    def shared(self, name):
        """The shared expert's [K, N]."""
        if self.weight_type == "f32":
            return self.parameters[name].astype(np.float64)
        codes = self.parameters[name + ".codes"]
        return self.dequantise(codes.reshape(codes.shape[0], -1),
                               self.parameters[name + ".scales"]).T

    def dequantise(self, codes, scales):
        if self.weight_type == "int4":
            codes = np.stack([codes & 15, codes >> 4], -1)
        codes = codes.reshape(scales.shape + (BLOCK,)).astype(np.float64)
        zero = 8 if self.weight_type == "int4" else 128
        return ((codes - zero) * scales[..., None]).reshape(scales.shape[0], -1)

    def bias(self, name, e):
        return self.parameters[name + ".bias"][e].astype(np.float64) if self.layer.biases else 0.0


def nmse(y, reference):
    """Squared error over squared reference; infinite where y is not finite."""
    error = np.sum((y.astype(np.float64) - reference) ** 2)
    return float(error / np.sum(reference ** 2)) if np.isfinite(error) else float("inf")
