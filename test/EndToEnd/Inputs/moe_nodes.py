# ===-- moe_nodes.py - forms of fused MoE layers, node by node -------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""moe_nodes.py floats|codes|router|widths|attributes

MoE, QMoE and MoEGroupRouter in the forms that exporters write, against the oracle.
Fixtures have those that ONNX Runtime runs on the CPU; here are the others too. The
plain loops of whole networks, which moec verify runs, are compared as well.

attributes: which attributes and inputs (by number) change what the oracle makes of a case,
so that a compiler which ignored one would be wrong there."""

import sys

import ml_dtypes
import numpy as np
import onnx
from nodes import MS, Nodes, error, oracle

rng = np.random.default_rng(23)
F = np.float32
E, H, I, K = 5, 24, 20, 2


def normal(*shape, dtype=F, scale=1.0):
    return (scale * rng.standard_normal(shape)).astype(dtype)


def byte(*shape):
    return rng.integers(0, 256, shape).astype(np.uint8)


SWIGLU = dict(activation_alpha=1.702, activation_beta=1.0, swiglu_limit=0.9)


def moe(nodes, label, activation, fusion=None, third=False, biases=(), old=False, h=H, i=I,
        dtype=F, runtime=False, symbols=None, logits=None, tokens=13, **attrs):
    """`biases`: numbers of the products that have one."""
    rows = 2 * i if fusion else i
    shapes = {1: (rows, h), 2: (h, i), 3: (i, h)}
    inputs = [normal(tokens, h, dtype=dtype),
              normal(tokens, E, dtype=dtype) if logits is None else logits]
    for number in (1, 2, 3):
        n, k = shapes[number]
        if number == 3 and not third:
            inputs += [None, normal(E, n) if 3 in biases else None]
            continue
        weight = normal(E, n, k, dtype=dtype, scale=1 / np.sqrt(k))
        inputs += [np.ascontiguousarray(weight.swapaxes(1, 2)) if old else weight,
                   normal(E, n, dtype=dtype, scale=0.3) if number in biases else None]
    while inputs[-1] is None:
        inputs.pop()
    if fusion is not None:
        attrs["swiglu_fusion"] = fusion
    nodes.add(f"MoE {label}", "MoE", inputs, dict(k=K, activation_type=activation, **attrs),
              domain=MS, constants=() if runtime else range(2, 8),
              symbols={0: ["T"], 1: ["T"], **(symbols or {})},
              tolerance=2e-3 if dtype == np.float16 else 1e-5)


def float_cases(nodes):
    for activation in ("relu", "relu2", "gelu", "silu", "identity"):
        moe(nodes, f"{activation} with fc3", activation, third=True)
        moe(nodes, f"{activation} with fc3 and biases", activation, third=True,
            biases=(1, 2, 3), normalize_routing_weights=1)
        moe(nodes, f"{activation}, fc3 alone has a bias", activation, third=True, biases=(3,))
    moe(nodes, "relu2", "relu2", biases=(1,))
    # Odd widths fill no panel, even ones over 32 columns fill two.
    for h, i in ((H, I), (33, 17), (40, 50)):
        for biases in ((), (1,), (2,), (3,), (1, 3), (1, 2, 3)):
            moe(nodes, f"swiglu apart, {h} x {i}, biases {biases}", "swiglu", 0, True, biases,
                h=h, i=i, **SWIGLU)
        for biases in ((), (1, 2)):
            for fusion in (1, 2):
                moe(nodes, f"swiglu {fusion}, {h} x {i}, biases {biases}", "swiglu", fusion,
                    biases=biases, h=h, i=i)
                moe(nodes, f"late limit {fusion}, {h} x {i}, biases {biases}", "swiglu",
                    fusion, biases=biases, h=h, i=i, swiglu_limit_after_activation=1, **SWIGLU)
                moe(nodes, f"geglu {fusion}, {h} x {i}, biases {biases}", "geglu", fusion,
                    biases=biases, h=h, i=i, **SWIGLU)
    moe(nodes, "late limit, apart", "swiglu", 0, True, (1, 3), swiglu_limit_after_activation=1,
        **SWIGLU)
    moe(nodes, "late, without a limit", "swiglu", 2, swiglu_limit_after_activation=1)
    for runtime, name in ((True, "inputs"), (False, "parameters")):
        for dtype in (F, np.float16):
            options = dict(biases=(1, 2), dtype=dtype, runtime=runtime)
            moe(nodes, f"{name}, {dtype.__name__}, apart", "swiglu", 0, True, **options)
            moe(nodes, f"{name}, {dtype.__name__}, halves", "swiglu", 2, **options)
            moe(nodes, f"{name}, {dtype.__name__}, geglu", "geglu", 1, **options)
            moe(nodes, f"{name}, {dtype.__name__}, silu", "silu", None, True, **options)
    for shape in ((2, 3), (6,)):
        logits = normal(*shape, E)
        inputs = [normal(2, 3, H), logits, normal(E, I, H, scale=0.2), None,
                  normal(E, H, I, scale=0.2)]
        nodes.add(f"MoE rank 3, scores {shape}", "MoE", inputs, dict(k=K), domain=MS,
                  constants=(2, 4))


def width_cases(nodes):
    moe(nodes, "inner width of the run", "swiglu", 2, biases=(1, 2), runtime=True,
        symbols={2: [None, "N"], 3: [None, "N"], 4: [None, None, "I"]})


def old_cases(nodes):
    for runtime in (False, True):
        moe(nodes, f"old layout, {runtime}", "silu", old=True, biases=(1, 2), runtime=runtime)
        moe(nodes, f"old layout, fc3, {runtime}", "silu", None, True, (1, 3), True,
            runtime=runtime)
        for fusion in (1, 2):
            moe(nodes, f"old layout, fused {fusion}, {runtime}", "swiglu", fusion, old=True,
                biases=(1,), runtime=runtime)
            moe(nodes, f"old layout, fused {fusion}, square, {runtime}", "swiglu", fusion,
                old=True, h=H, i=H, runtime=runtime)
    moe(nodes, "square, not fused: documented", "silu", h=H, i=H)


def mixer_cases(nodes):
    close = (rng.integers(0, 3, (64, E)) * 0.01 + 1).astype(F)
    for activation, options in (("silu", dict(third=True)), ("relu", {})):
        moe(nodes, f"sparse mixer, {activation}", activation, use_sparse_mixer=1, tokens=64,
            logits=normal(64, E, scale=0.05) + F(1), **options)
    moe(nodes, "sparse mixer, ties", "relu", use_sparse_mixer=1, tokens=64, logits=close)
    moe(nodes, "sparse mixer, not renormalised", "relu", use_sparse_mixer=1, tokens=64,
        logits=close, normalize_routing_weights=1)
    moe(nodes, "sparse mixer, negative", "relu", use_sparse_mixer=1, tokens=64, logits=-close)
    bad = normal(13, E)
    bad[4, 2] = np.nan
    moe(nodes, "sparse mixer, a NaN", "relu", use_sparse_mixer=1, logits=bad)


def pack(codes, bits):
    """Codes along the last axis to bytes, lowest bits first."""
    ones = (codes[..., None] >> np.arange(bits)) & 1
    ones = ones.reshape(codes.shape[:-1] + (-1,)).astype(np.uint8)
    return np.packbits(ones, axis=-1, bitorder="little")


class Format:
    """Random weights of one quantisation."""

    def __init__(self, bits=4, block=0, zeros=False, kind="int", old=False, ranked=False,
                 bytes_=False, world=True, dtype=F):
        self.bits, self.block, self.zeros, self.kind = bits, block, zeros, kind
        self.old, self.ranked, self.bytes, self.world = old, ranked, bytes_, world
        self.dtype = dtype

    def make(self, n, k):
        """Weights, scales, zero points, global scales."""
        size = 1 / np.sqrt(k)
        world = rng.uniform(0.5, 2, E).astype(F) if self.world else None
        if self.kind == "fp8":
            weights = normal(E, n, k, scale=size).astype(ml_dtypes.float8_e4m3fn)
            if not self.block:
                return weights, None, None, world
            shape = (E, -(-n // self.block), -(-k // self.block))
            return weights, rng.uniform(0.5, 2, shape).astype(self.dtype), None, None
        if self.kind != "int":
            codes = rng.integers(0, 16, (E, n, k))
            if self.kind == "nvfp4":
                scales = rng.uniform(0.05, 0.4, (E, n, -(-k // 16)))
                scales = scales.astype(ml_dtypes.float8_e4m3fn)
            else:
                scales = (2.0 ** rng.integers(-6, -2, (E, n, -(-k // 32))))
                scales = scales.astype(ml_dtypes.float8_e8m0fnu)
                scales = scales.view(np.uint8) if self.bytes else scales
            return self.stored(codes, 4), scales, None, world
        codes = rng.integers(0, 1 << self.bits, (E, n, k))
        blocks = -(-k // self.block) if self.block else 1
        shape = (E, n, blocks) if self.block or self.ranked else (E, n)
        scales = (rng.uniform(0.5, 1, shape) * size / (1 << self.bits)).astype(self.dtype)
        zeros = None
        if self.zeros == "ranked" or self.zeros and self.block:
            zeros = pack(rng.integers(0, 1 << self.bits, (E, n, blocks)), self.bits)
        elif self.zeros:
            zeros = pack(rng.integers(0, 1 << self.bits, (E, n)), self.bits)
        return self.stored(codes, self.bits), scales, zeros, None

    def stored(self, codes, bits):
        if self.old == "renamed":
            # The bytes of [E, N, K/2] with the extents of [E, K, N/2].
            e, n, k = codes.shape
            return pack(codes, bits).reshape(e, k, n // 2)
        return pack(codes.swapaxes(1, 2) if self.old else codes, bits)


def qmoe(nodes, label, formats, activation="silu", fusion=None, third=False, biases=(1, 2),
         h=64, i=32, dtype=F, runtime=False, weights=None, tokens=13, logits=None,
         x=None, **attrs):
    """`formats`: of fc1, fc2 and fc3, or of all."""
    formats = formats if isinstance(formats, tuple) else (formats,) * 3
    shapes = [(2 * i if fusion else i, h), (h, i), (i, h)]
    made = [f.make(*s) for f, s in zip(formats, shapes)]
    if not third:
        made[2] = (None,) * 4
    inputs = [normal(tokens, h, dtype=dtype) if x is None else x,
              normal(tokens, E, dtype=dtype) if logits is None else logits]
    for number, (w, s, z, g) in enumerate(made, 1):
        n = shapes[number - 1][0]
        has_bias = number in biases and w is not None
        inputs += [w, s, normal(E, n, dtype=dtype, scale=0.3) if has_bias else None]
    inputs += [m[2] for m in made] + [weights] + [m[3] for m in made[:2]]
    while inputs[-1] is None:
        inputs.pop()
    first = formats[0]
    attrs.setdefault("expert_weight_bits", 8 if first.kind == "fp8" else first.bits)
    if any(f.block for f in formats):
        attrs["block_size"] = max(f.block for f in formats)
    for number, f in enumerate(formats[:3 if third else 2], 1):
        if first.kind == "int" and f.bits != attrs["expert_weight_bits"]:
            attrs[f"fc{number}_expert_weight_bits"] = f.bits
    if fusion is not None:
        attrs["swiglu_fusion"] = fusion
    constants = () if runtime else [i for i in range(2, 17) if i != 14]
    rows = {i: ["T"] for i in (0, 1, 14) if x is None}
    nodes.add(f"QMoE {label}", "QMoE", inputs,
              dict(k=K, activation_type=activation, quant_type=first.kind, **attrs), domain=MS,
              constants=constants, symbols=rows,
              tolerance=2e-3 if dtype == np.float16 else 1e-5)


def integer_cases(nodes):
    forms = [("interleaved", dict(activation="swiglu", fusion=1, **SWIGLU)),
             ("halves", dict(activation="swiglu", fusion=2)),
             ("apart", dict(activation="swiglu", fusion=0, third=True, biases=(1, 2, 3))),
             ("fc3", dict(activation="gelu", third=True, biases=(3,)))]
    for bits in (2, 3, 4, 8):
        for block in (0, 16, 32):
            for zeros in (False, True):
                name = f"{bits} bits, block {block}, zeros {zeros}"
                qmoe(nodes, name, Format(bits, block, zeros))
                # Each form meets each width, with zero points and without.
                for form, options in forms if block == 0 or bits == 3 else forms[block // 16::2]:
                    qmoe(nodes, f"{name}, {form}", Format(bits, block, zeros), **options)
    qmoe(nodes, "one block a row", Format(4, 32, True), h=32, i=32)
    qmoe(nodes, "one scale of rank 3", Format(4, ranked=True))
    qmoe(nodes, "one scale and zero point of rank 3", Format(4, zeros="ranked", ranked=True))
    qmoe(nodes, "a last block that is not full", Format(4, 16, True), h=40, i=24)
    qmoe(nodes, "geglu, interleaved", Format(8, 0, True), "geglu", 1)
    qmoe(nodes, "relu2", Format(4, 16), "relu2")
    qmoe(nodes, "run time", Format(4, 16, True), "swiglu", 2, runtime=True)
    qmoe(nodes, "half", Format(4, 16, True, dtype=np.float16), "swiglu", 1, dtype=np.float16)
    qmoe(nodes, "rank 3", Format(4, 16), x=normal(2, 3, 64), logits=normal(2, 3, E),
         weights=rng.uniform(0.1, 1, (2, 3, E)).astype(F))
    mixed = (Format(3, 32, True), Format(8, 32), Format(2, 32, True))
    qmoe(nodes, "three widths", mixed, "silu", None, True)
    qmoe(nodes, "three widths, swiglu", mixed, "swiglu", 0, True)
    qmoe(nodes, "three widths of their own", mixed, "silu", None, True, expert_weight_bits=4)
    qmoe(nodes, "blocks in one only", (Format(4, 0), Format(4, 16, True), Format(4)))
    qmoe(nodes, "late limit", Format(4, 16), "swiglu", 1, swiglu_limit_after_activation=1,
         **{**SWIGLU, "swiglu_limit": 0.1})
    for bits in (2, 4, 8):
        for runtime in (False, True):
            old = Format(bits, 0, bits != 2, old=True)
            options = dict(runtime=runtime, weights_prepacked=0)
            qmoe(nodes, f"old layout, {bits} bits", old, **options)
            qmoe(nodes, f"old layout, {bits} bits, fc3", old, "silu", None, True, **options)
            qmoe(nodes, f"old layout, {bits} bits, halves", old, "swiglu", 2, **options)


def weight_cases(nodes):
    form = Format(4, 16)
    for name, values in (("positive", rng.uniform(0.1, 1, (13, E))), ("signed", normal(13, E)),
                         ("none", np.zeros((13, E))), ("small", np.full((13, E), 5e-9)),
                         ("a NaN", np.where(np.arange(E) == 1, np.nan, rng.uniform(size=(13, E))))):
        for normalise in (0, 1):
            qmoe(nodes, f"router_weights, {name}, {normalise}", form, weights=values.astype(F),
                 normalize_routing_weights=normalise)
    # Scores that only choose, of any sum and sign; a NaN among them chooses nobody.
    odd = normal(13, E)
    odd[0], odd[1], odd[2, 3], odd[3, 1] = -np.inf, -np.abs(odd[1]), np.inf, np.nan
    odd[4] = [1, -1, -2, -3, -4]
    some = rng.uniform(0.1, 1, (13, E)).astype(F)
    for normalise in (0, 1):
        qmoe(nodes, f"router_weights, odd scores, {normalise}", form, weights=some, logits=odd,
             normalize_routing_weights=normalise)
    qmoe(nodes, "odd scores", form, logits=odd)
    qmoe(nodes, "sparse mixer", form, use_sparse_mixer=1)
    qmoe(nodes, "normalize is ignored", form, normalize_routing_weights=1)


def float_code_cases(nodes):
    for kind in ("fp4", "wfp4afp8", "nvfp4"):
        for old in (False, True):
            form = Format(kind=kind, old=old)
            name = f"{kind}, {'columns' if old else 'rows'}"
            qmoe(nodes, name, form)
            qmoe(nodes, f"{name}, interleaved", form, "swiglu", 1, **SWIGLU)
            qmoe(nodes, f"{name}, halves", form, "swiglu", 2)
    qmoe(nodes, "nvfp4, rows with the extents of columns", Format(kind="nvfp4", old="renamed"),
         weights_prepacked=1)
    # Where extents do not tell, weights_prepacked does.
    for prepacked, old in ((-1, True), (0, True), (1, False)):
        qmoe(nodes, f"nvfp4, square, {prepacked}", Format(kind="nvfp4", old=old), h=32, i=32,
             weights_prepacked=prepacked)
    qmoe(nodes, "nvfp4, square, interleaved", Format(kind="nvfp4"), "swiglu", 1, h=32, i=32)
    qmoe(nodes, "fp4, scales as bytes", Format(kind="fp4", bytes_=True))
    qmoe(nodes, "fp4, fc3", Format(kind="fp4", world=False), "silu", None, True)
    qmoe(nodes, "fp4, apart", Format(kind="fp4", world=False), "swiglu", 0, True)
    qmoe(nodes, "fp8, global", Format(kind="fp8"), "swiglu", 1)
    qmoe(nodes, "fp8, global, halves", Format(kind="fp8"), "swiglu", 2)
    for block in (16, 48, 128):
        qmoe(nodes, f"fp8, squares of {block}", Format(block=block, kind="fp8"), "swiglu", 1)
        qmoe(nodes, f"fp8, squares of {block}, fc3", Format(block=block, kind="fp8"), "silu", None,
             True)
    qmoe(nodes, "fp8, squares, halves", Format(block=16, kind="fp8"), "swiglu", 2)
    qmoe(nodes, "fp8, squares, apart", Format(block=16, kind="fp8"), "swiglu", 0, True)


def all_codes(nodes):
    """Every value that e4m3 and e8m0 have, as weights and as scales of weights."""
    codes = np.arange(256, dtype=np.uint8).reshape(1, 4, 64).view(ml_dtypes.float8_e4m3fn)
    codes = np.where(np.isnan(codes.astype(F)), 1, codes.astype(F)).astype(codes.dtype)
    one = np.ones(1, F)
    down = np.eye(4, dtype=F).repeat(16, 0).astype(ml_dtypes.float8_e4m3fn)[None]
    nodes.add("QMoE every e4m3", "QMoE",
              [np.eye(64, dtype=F), np.zeros((64, 1), F), codes, None, None, down, None,
               *[None] * 8, one, one],
              dict(k=1, activation_type="identity", quant_type="fp8", expert_weight_bits=8),
              domain=MS, constants=range(2, 17), tolerance=1e-6)


def all_exponents(nodes):
    """Every power of two that e8m0 has, as the scale of an expert of its own."""
    codes = np.arange(255, dtype=np.uint8)
    logits = np.where(np.eye(255), 9, 0).astype(F)
    x = (2.0 ** np.clip(127.0 - codes, -120, 126)).astype(F)[:, None] * np.ones((1, 32), F)
    scale1 = codes.repeat(64).reshape(255, 64, 1)
    ones = 2 * np.ones((255, 64, 32), int)
    scale2 = np.full((255, 32, 2), 127, np.uint8)
    for kind in (np.uint8, ml_dtypes.float8_e8m0fnu):
        nodes.add(f"QMoE every e8m0, {kind.__name__}", "QMoE",
                  [x, logits, pack(ones, 4), scale1.view(kind), None,
                   pack(ones.swapaxes(1, 2), 4), scale2.view(kind)],
                  dict(k=1, activation_type="identity", quant_type="fp4"), domain=MS,
                  constants=range(2, 7), tolerance=1e-6)


def router_cases(nodes):
    logits = normal(6, 8)
    odd = logits.copy()
    odd[1, 3], odd[2, 1], odd[3, 0] = np.nan, np.inf, -np.inf
    ties = rng.integers(0, 2, (6, 8)).astype(F)
    bias = normal(8, scale=0.1)
    for attrs in (dict(top_k=1), dict(top_k=8), dict(top_k=3, n_group=4, topk_group=2),
                  dict(top_k=2, n_group=4, topk_group=2, group_topk=1),
                  dict(top_k=3, n_group=2, topk_group=1, group_topk=3),
                  dict(top_k=3, n_group=4, topk_group=1, group_topk=3, router_sentinel=-5.0),
                  dict(top_k=2, n_group=8, topk_group=3)):
        for name, values in (("plain", logits), ("odd", odd), ("ties", ties)):
            nodes.add(f"MoEGroupRouter {name} {attrs}", "MoEGroupRouter",
                      [values, bias if name == "plain" else np.zeros(8, F)], attrs, domain=MS,
                      constants=(1,), symbols={0: ["T"]})
    nodes.add("MoEGroupRouter rank 3", "MoEGroupRouter", [normal(2, 3, 8), bias], dict(top_k=2),
              domain=MS, symbols={0: ["B", "S"]})
    nodes.add("MoEGroupRouter half", "MoEGroupRouter", [normal(5, 8, dtype=np.float16), bias],
              dict(top_k=2, n_group=2), domain=MS, tolerance=1e-3)
    nodes.add("MoEGroupRouter no rows", "MoEGroupRouter", [normal(0, 8), bias], dict(top_k=2),
              domain=MS, symbols={0: ["T"]})
    nodes.add("MoEGroupRouter full", "MoEGroupRouter", [logits, bias], dict(top_k=2),
              outputs=[False, True, True], domain=MS, symbols={0: ["T"]})
    for dtype in (F, np.float16):
        nodes.add(f"MoEGroupRouter projection {dtype.__name__}", "MoEGroupRouter",
                  [normal(5, 256, dtype=dtype), bias, normal(8, 256, dtype=dtype, scale=0.1)],
                  dict(top_k=2), outputs=[False, True, True], domain=MS, constants=(2,),
                  symbols={0: ["T"]}, tolerance=1e-5)


def evaluate(nodes, index, node):
    """What the oracle makes of a case with another node; None where it fails."""
    mine = Nodes()
    mine.nodes, mine.cases = [node], [nodes.cases[index]]
    mine.inputs = [i for i in nodes.inputs if i.name in node.input]
    mine.inits = [i for i in nodes.inits if i.name in node.input]
    try:
        return oracle.Model(mine.model()).run(
            {i.name: nodes.feeds[i.name] for i in mine.inputs})
    except (oracle.OracleError, AttributeError, IndexError, TypeError, ValueError):
        return None


def without(node):
    """The node without one of its attributes or inputs, by the name of what is left out."""
    for attribute in node.attribute:
        other = onnx.NodeProto()
        other.CopyFrom(node)
        other.attribute.remove(attribute)
        yield attribute.name, other
    for number in range(len(node.input)):
        other = onnx.NodeProto()
        other.CopyFrom(node)
        other.input[number] = ""
        if node.input[number]:
            yield number, other


def needed(nodes):
    """Attributes and inputs, by operator, without which a case has other results or none."""
    found = {}
    for index, node in enumerate(nodes.nodes):
        expected = evaluate(nodes, index, node)
        names = found.setdefault(node.op_type, set())
        for name, other in without(node):
            if name in names:
                continue
            result = evaluate(nodes, index, other)
            if result is None or any(error(result[k], v) > 1e-2 for k, v in expected.items()):
                names.add(name)
    return found


CASES = {"floats": (float_cases, old_cases, mixer_cases),
         "codes": (integer_cases, weight_cases, float_code_cases, all_codes, all_exponents),
         "router": (router_cases,), "widths": (width_cases,)}

def main(kind):
    nodes = Nodes()
    adders = sum(CASES.values(), ()) if kind == "attributes" else CASES[kind]
    for add in adders:
        add(nodes)
    if kind != "attributes":
        # What moec verify makes up for widths does not fit together.
        return nodes.main(verify=kind != "widths", lengths=(None, 0, 1, 7))
    for op, names in sorted(needed(nodes).items()):
        print(f"{op}:", *sorted(names, key=lambda name: (isinstance(name, int), name)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
