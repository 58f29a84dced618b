# ===-- layer.py - layers in which experts may be dead -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""A layer with what a case of dead experts changes in it, and the cases by name."""

import numpy as np
from layers import F32, Graph
from onnx import helper

CASES = {}


def case(dead, says="", **options):
    """A case is a function of a graph; `dead` are pairs (expert, cause), `says` is in
    what the compiler prints."""
    def register(make):
        CASES[make.__name__] = (make, dict(dead), says, options)
        return make
    return register


class Layer(Graph):
    """Six experts, two a token."""

    def __init__(self, seed, experts=6, choices=2, kinds=None):
        super().__init__(seed, experts=experts, choices=choices)
        self.domains = {"": 18}
        # Those of the experts in turn: activations, or what has no weights.
        self.kinds = kinds or ["Relu"]
        self.rows = self.random.normal(size=(self.D, self.E))
        self.w1 = self.random.normal(size=(self.E, self.D, self.H)) / 4
        self.w2 = self.random.normal(size=(self.E, self.H, self.D)) / 4

    # -- What the router reads --

    def rms(self, x="x", epsilon=1e-6):
        mean = self.ReduceMean(self.Pow(x, 2.0), [-1], keepdims=1)
        return self.Mul(x, self.Reciprocal(self.Sqrt(self.Add(mean, epsilon))))

    def scores(self, x, bias=None):
        product = self.MatMul(x, self.constant(self.rows))
        return product if bias is None else self.Add(product, self.constant(np.array(bias, np.float32)))

    # -- The layer --

    def masked(self, weights, ids, bias2=None):
        """Each expert on all tokens."""
        parts = []
        for e in range(self.E):
            kept = self.Mul(self.Cast(self.Equal(ids, e), to=F32), weights)
            y = self.expert(e)
            if bias2 is not None:
                y = self.Add(y, self.constant(bias2[e]))
            parts.append(self.Mul(y, self.ReduceSum(kept, [1], keepdims=1)))
        return self.sum_up(parts)

    def kind(self, e):
        return self.kinds[e % len(self.kinds)]

    def has_weights(self, e):
        return self.kind(e) not in ("hand on", "zeros")

    def expert(self, e):
        """The expert, of its kind."""
        kind = self.kind(e)
        if kind == "hand on":
            return "x"
        if kind == "zeros":
            return self.ConstantOfShape(self.Shape("x"))
        h = self.make(kind, self.MatMul("x", self.constant(self.w1[e])))
        return self.MatMul(h, self.constant(self.w2[e]))

    def choose(self, keys):
        return self.TopK(keys, [self.k], axis=1, outputs=2)

    def of_softmax(self, scores, **options):
        return self.masked(*self.choose(self.Softmax(scores, axis=1)), **options)

    def of_selected(self, scores):
        values, ids = self.choose(scores)
        return self.masked(self.Softmax(values, axis=1), ids)

    def of_sigmoid(self, scores, selection):
        probabilities = self.Sigmoid(scores)
        ids = self.choose(self.Add(probabilities, self.constant(np.array(selection, np.float32))))[1]
        chosen = self.GatherElements(probabilities, ids, axis=1)
        return self.masked(self.Div(chosen, self.ReduceSum(chosen, [1], keepdims=1)), ids)

    def fused(self, scores):
        """One node of ONNX Runtime: a softmax over all, ties to the last, rows of NaN to zero."""
        self.domains["com.microsoft"] = 1
        weights = [self.constant(np.ascontiguousarray(w.transpose(0, 2, 1))) for w in (self.w1, self.w2)]
        self.nodes.append(helper.make_node("MoE", ["x", scores, weights[0], "", weights[1]], ["moe"], name="moe",
                                           domain="com.microsoft", k=self.k, activation_type="relu"))
        return "moe"

    def model(self, output):
        model = super().model(output)
        del model.opset_import[:]
        model.opset_import.extend(helper.make_opsetid(*item) for item in self.domains.items())
        return model
