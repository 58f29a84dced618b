# ===-- experts.py - experts of random models, fused and written out -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""The expert networks of graphs.py: one MoE or QMoE node, or ordinary operators."""

import numpy as np

ACTIVATIONS = ("relu", "gelu", "silu", "identity", "swiglu")
INNER = [1, 2, 3, 7, 16, 17, 31, 32, 33, 48]
WIDTHS = [257, 288, 513]


def common_attributes(g, activation, k):
    """Those of both operators; defaults are left out now and then."""
    attrs = dict(k=k, activation_type=activation, normalize_routing_weights=int(g.chance(0.5)))
    g.features |= {activation, "normalised" if attrs["normalize_routing_weights"] else "unnormalised"}
    if k == 1 and g.chance(0.5):
        del attrs["k"]
    if activation == "swiglu":
        attrs["swiglu_fusion"] = 1
        if g.chance(0.7):
            attrs.update(activation_alpha=float(g.pick([1.0, 1.702, 0.5])),
                         activation_beta=float(g.pick([0.0, 1.0, -0.25])))
        if g.chance(0.5):
            g.features.add("limit")
            attrs["swiglu_limit"] = float(g.pick([0.5, 1.0, 7.0]))
    return attrs


def biases(g, experts, rows, hidden, runtime):
    """The two biases, either of which may be absent."""
    first, second = g.pick([(True, True), (True, True), (False, False), (True, False), (False, True)])
    g.features.add("biases" if first and second else "one bias" if first or second else "no bias")
    return [g.weight(name, g.normal(experts, width, scale=0.4), runtime) if wanted else ""
            for name, width, wanted in (("bias1", rows, first), ("bias2", hidden, second))]


def fused(g, h, logits, experts, k):
    """A MoE node."""
    activation = g.pick(ACTIVATIONS)
    inner = int(g.pick(g.experts_inner)) if g.chance(0.7) else g.hidden
    if experts <= 4 and g.hidden < 64 and g.chance(0.2):
        g.features.add("wide")
        inner = int(g.pick(g.widths))
    alike = [shape for shape in sorted(g.shared) if shape[0] == experts]
    if alike and g.chance(0.6):
        _, rows, inner = g.pick(alike)
        activation = "swiglu" if rows == 2 * inner else activation.replace("swiglu", "relu")
    rows = 2 * inner if activation == "swiglu" else inner
    runtime = float(g.pick([0, 0, 0, 0.5, 1]))
    attrs = common_attributes(g, activation, k)
    key = (experts, rows, inner)
    if key in g.shared and g.chance(0.5):
        g.features.add("shared weights")
        fc1, fc2 = g.shared[key]
    else:
        fc1 = g.weight("fc1", g.normal(experts, rows, g.hidden, scale=1 / np.sqrt(g.hidden)), runtime)
        fc2 = g.weight("fc2", g.normal(experts, g.hidden, inner, scale=1 / np.sqrt(inner)), runtime)
        g.shared[key] = fc1, fc2
    bias1, bias2 = biases(g, experts, rows, g.hidden, runtime)
    g.features.add("MoE")
    operands = [h, logits, fc1, bias1, fc2, bias2] + [""] * int(g.pick([0, 2]))
    return g.node("MoE", operands, domain="com.microsoft", **attrs)


def codes(g, experts, rows, depth, bits, block, blocks):
    """Random codes and scales; the values are of about one over the root of the depth."""
    half = 1 << (bits - 1)
    q = g.rng.integers(0, 2 * half, (experts, rows, depth)).astype(np.uint8)
    if bits == 4:
        q = q[..., 0::2] | q[..., 1::2] << 4
    shape = (experts, rows, blocks) if block else (experts, rows)
    scales = (0.5 + g.rng.random(shape)) * 1.7 / half / np.sqrt(depth)
    return q, (scales * g.rng.choice([-1, 1], shape)).astype(g.dtype)


def quantised(g, h, logits, experts, k):
    """A QMoE node."""
    activation = g.pick(ACTIVATIONS)
    bits = int(g.pick([4, 8]))
    block = int(g.pick([0, 16, 32])) if g.hidden > 32 else 0
    # Both products have several blocks a row, or both have one scale a row.
    inner = int(g.pick([34, 48, 64]) if block else 2 * g.pick(g.experts_inner[:7]))
    rows = 2 * inner if activation == "swiglu" else inner
    runtime = float(g.pick([0, 0, 0, 0, 1]))
    operands = [h, logits]
    bias1, bias2 = biases(g, experts, rows, g.hidden, runtime)
    for name, n, depth, bias in (("q1", rows, g.hidden, bias1), ("q2", g.hidden, inner, bias2)):
        q, scales = codes(g, experts, n, depth, bits, block, -(-depth // block) if block else 1)
        operands += [g.weight(name, q, runtime), g.weight(name + "_scales", scales, runtime), bias]
    attrs = dict(common_attributes(g, activation, k), quant_type="int")
    if bits != 4 or g.chance(0.5):
        attrs["expert_weight_bits"] = bits
    if block:
        attrs["block_size"] = block
    g.features |= {"QMoE", f"int{bits}", "blocks" if block else "rows"}
    return g.node("QMoE", operands + [""] * int(g.pick([0, 6])), domain="com.microsoft", **attrs)


# ---- experts of ordinary operators -----------------------------------------------

def activate(g, h):
    form = g.pick(["relu", "silu", "tanh"])
    if form == "silu":
        return g.node("Mul", [h, g.node("Sigmoid", [h])])
    return g.node("Relu" if form == "relu" else "Tanh", [h])


def route(g, logits, k):
    """Weights and ids of the k best, by the softmax of all or of the chosen."""
    if g.chance(0.5):
        values, ids = g.node("TopK", [logits, g.ints(k)], 2, axis=-1)
        return g.node("Softmax", [values], axis=-1), ids
    values, ids = g.node("TopK", [g.node("Softmax", [logits], axis=-1), g.ints(k)], 2, axis=-1)
    if g.chance(0.5):
        total = g.node("ReduceSum", [values, g.ints(-1)], keepdims=1)
        values = g.node("Div", [values, total])
    return values, ids


def written_out(g, x, logits, experts, k):
    """Experts of ordinary operators in one of three forms; x is a matrix."""
    inner = int(g.pick(g.experts_inner))
    values, ids = route(g, logits, k)
    up = g.normal(experts, g.hidden, inner, scale=1 / np.sqrt(g.hidden))
    down = g.normal(experts, inner, g.hidden, scale=1 / np.sqrt(inner))
    form = "gathered" if experts > 4 else g.pick(["dense", "unrolled", "gathered"])
    g.features.add(f"{form} experts")
    if form == "gathered":
        return gathered(g, x, values, ids, up, down)
    total = g.node("Mul", [x, g.number(0)])
    for e in range(experts):
        weights = [g.weight("up", up[e]), g.weight("down", down[e])]
        total = (dense if form == "dense" else unrolled)(g, x, values, ids, e, weights, total)
    return total


def dense(g, x, values, ids, e, weights, total):
    """All tokens go through the expert; most of them have a weight of zero there."""
    share = g.node("Where", [g.node("Equal", [ids, g.ints(e)]), values, g.number(0)])
    share = g.node("ReduceSum", [share, g.ints(-1)], keepdims=1)
    hidden = activate(g, g.node("MatMul", [x, weights[0]]))
    y = g.node("Mul", [g.node("MatMul", [hidden, weights[1]]), share])
    return g.node("Add", [y, total] if g.chance(0.5) else [total, y])


def unrolled(g, x, values, ids, e, weights, total):
    """The tokens that chose the expert are looked up, and their results added back."""
    chosen = g.node("NonZero", [g.node("Equal", [ids, g.ints(e)])])
    token = g.node("Gather", [chosen, g.const(np.array(0, np.int64))], axis=0)
    share = g.node("GatherND", [values, g.node("Transpose", [chosen], perm=[1, 0])])
    hidden = activate(g, g.node("MatMul", [g.node("Gather", [x, token], axis=0), weights[0]]))
    y = g.node("Mul", [g.node("MatMul", [hidden, weights[1]]), g.node("Unsqueeze", [share, g.ints(-1)])])
    where = g.node("Unsqueeze", [token, g.ints(-1)])
    if g.opset >= 16 and g.chance(0.5):
        return g.node("ScatterND", [total, where, y], reduction="add")
    where = g.node("Expand", [where, g.node("Shape", [y])])
    zeros = g.node("Mul", [total, g.number(0)])
    return g.node("Add", [total, g.node("ScatterElements", [zeros, where, y], axis=0)])


def gathered(g, x, values, ids, up, down):
    """The weights of the chosen experts are looked up for each token."""
    rows = g.node("Unsqueeze", [x, g.ints(1, 2)])
    hidden = activate(g, g.node("MatMul", [rows, g.node("Gather", [g.weight("ups", up), ids], axis=0)]))
    y = g.node("MatMul", [hidden, g.node("Gather", [g.weight("downs", down), ids], axis=0)])
    y = g.node("Mul", [g.node("Squeeze", [y, g.ints(2)]), g.node("Unsqueeze", [values, g.ints(-1)])])
    return g.node("ReduceSum", [y, g.ints(1)], keepdims=0)
