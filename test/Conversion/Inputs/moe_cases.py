# ===-- moe_cases.py - moe ops, run as loops, against numpy in float64 ----===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Builds one function a case, compiles all through `moec-opt --convert-moe-to-loops`
(with any passes named on the command line before it) and compares what they compute
with the definitions of the ops, written again in float64 (moe_definitions.py)."""

import ctypes
import sys
import tempfile

import numpy as np

from jit import build, descriptor
from moe_definitions import activate, gate, panels, plan, quantise, route

NAMES = {"float32": "f32", "float16": "f16", "int32": "i32", "int8": "i8", "uint8": "i8"}
rng = np.random.default_rng(20261123)


def kind(array, dynamic=False):
    shape = ["?" if dynamic and i == 0 else str(n) for i, n in enumerate(array.shape)]
    return "tensor<" + "x".join(shape + [NAMES[array.dtype.name]]) + ">"


class Case:
    """inputs: [(array, first extent dynamic)], outputs: [(zeros-like array, expected,
    mask of what counts, tolerance)]."""

    def __init__(self, name, op, inputs, outputs, body=None):
        self.name, self.inputs, self.outputs = name, inputs, outputs
        args = [(f"%a{i}", kind(a, d)) for i, (a, d) in enumerate(inputs)]
        outs = [(f"%o{i}", kind(o[0], d)) for i, (o, d) in enumerate(outputs)]
        types = ", ".join(t for _, t in outs)
        self.text = f"func.func @{name}(" + ", ".join(f"{n}: {t}" for n, t in args + outs)
        self.text += f") -> ({types}) attributes {{llvm.emit_c_interface}} {{\n"
        self.text += f"  %r:{len(outs)} = {op} -> {types}\n  return "
        self.text += ", ".join(f"%r#{i}" for i in range(len(outs))) + f" : {types}\n}}\n"

    @staticmethod
    def clause(first, arrays):
        """`%aN, ... : types` for arrays numbered from `first`."""
        names = ", ".join(f"%a{first + i}" for i in range(len(arrays)))
        return names + " : " + ", ".join(kind(a, d) for a, d in arrays)


def out_clause(outputs):
    names = ", ".join(f"%o{i}" for i in range(len(outputs)))
    return f"outs({names} : " + ", ".join(kind(o[0], d) for o, d in outputs) + ")"


# ---- cases -----------------------------------------------------------------------

def real(*shape, dtype=np.float32):
    return rng.standard_normal(shape).astype(dtype)


def route_cases():
    base = real(9, 8)
    tied = np.round(base)
    tied[0] = 0
    bad = base.copy()
    bad[3, 5] = np.nan
    bad[4, :] = -np.inf
    low = base.copy()
    low[2, 1:] = -200.0
    bias = np.linspace(-0.4, 0.4, 8).astype(np.float32)
    plain = dict(k=2, score="softmax_all", tie="highest")
    table = {
        "plain": (base, plain),
        "renormalized": (base, dict(plain, renormalize=True)),
        "tied_highest": (tied, plain),
        "tied_lowest": (tied, dict(plain, tie="lowest")),
        "dense": (base, dict(plain, k=8)),
        "selected": (base, dict(plain, score="softmax_selected", k=3)),
        "selected_tied": (tied, dict(plain, score="softmax_selected", k=3)),
        "sigmoid": (base, dict(plain, score="sigmoid", tie="lowest", renormalize=True,
                               epsilon=1e-3, scale=2.5)),
        "none": (base, dict(plain, score="none", drop=True, k=6)),
        "biased": (base, dict(plain, score="sigmoid", bias=bias, k=3)),
        "nan": (bad, dict(plain, k=4)),
        "underflow": (low, dict(plain, k=3, drop=True)),
        "half": (base.astype(np.float16), plain),
        "groups": (base, dict(plain, score="sigmoid", groups=4, kept=2, k=3)),
        "groups_top2": (tied, dict(plain, score="sigmoid", tie="lowest", groups=2, kept=1, k=6,
                                   group_score="top2_sum", fill=0.0, bias=bias)),
        "capacity": (tied, dict(plain, k=2, capacity=2)),
        "mixer": (np.abs(tied) + 1, dict(plain, score="sparse_mixer", tie="lowest")),
        "keys": (tied, dict(plain, score="sigmoid", tie="lowest", bias=bias, k=3, keys_weigh=True)),
        "keys_fill": (low, dict(plain, tie="lowest", groups=4, kept=2, k=3, fill=0.0, keys_weigh=True)),
        "keys_fill_wins": (tied, dict(plain, score="sigmoid", tie="lowest", groups=2, kept=1, k=6, fill=0.75,
                                      keys_weigh=True)),
        "least": (base, dict(plain, k=3, renormalize=True, least=0.75)),
        "least_epsilon": (base, dict(plain, k=3, renormalize=True, epsilon=0.125, least=0.75)),
        "norm_1": (base, dict(plain, score="none", k=6, renormalize=True, norm=1.0)),
        "norm_2": (base, dict(plain, score="none", k=6, renormalize=True, norm=2.0)),
        "norm_3": (base, dict(plain, score="none", k=6, renormalize=True, norm=3.0, least=1e-3)),
        "scaled": (base, dict(plain, k=3, renormalize=True, scale=2.0, expert_scale=4 * bias)),
        "scaled_biased": (tied, dict(plain, score="sigmoid", bias=bias, k=3, expert_scale=bias)),
        "empty": (base[:0], plain),
    }
    for name, (scores, how) in table.items():
        how = dict(how)
        # A row of -inf alone has no softmax: it counts as NaN.
        w, ids = route(np.where(np.isinf(scores).all(1, keepdims=True), np.nan, scores), **how)
        attrs = [f"score = #moe.score<{how['score']}>", f"tie = #moe.tie<{how['tie']}>"]
        for key, text in (("epsilon", "epsilon = {} : f32"), ("scale", "scale = {} : f32"),
                          ("groups", "groups = {} : i64"), ("kept", "groups_kept = {} : i64"),
                          ("group_score", "group_score = #moe.group_score<{}>"),
                          ("fill", "group_fill = {} : f32"), ("capacity", "capacity = {} : i64"),
                          ("norm", "norm = {} : f32"), ("least", "least_divisor = {} : f32")):
            if key in how:
                attrs.append(text.format(how[key]))
        attrs += ["renormalize"] if how.get("renormalize") else []
        attrs += ["drop_nonpositive"] if how.get("drop") else []
        attrs += ["keys_weigh"] if how.get("keys_weigh") else []
        inputs = [(scores, True)] + ([(how["bias"], False)] if "bias" in how else [])
        clause = f"ins({Case.clause(0, inputs)})"
        if "expert_scale" in how:
            table = [(how["expert_scale"], False)]
            clause += f" expert_scale({Case.clause(len(inputs), table)})"
            inputs += table
        outputs = [((np.zeros(w.shape, np.float32), w, None, 1e-6), True),
                   ((np.zeros(ids.shape, np.int32), ids, None, 0), True)]
        op = f"moe.route {clause} {out_clause(outputs)} {{{', '.join(attrs)}}}"
        yield Case("route_" + name, op, inputs, outputs)


def plan_cases():
    for name, ids, experts in (
            ("plain", rng.integers(-1, 5, (7, 3)), 5), ("outside", rng.integers(-3, 9, (6, 2)), 4),
            ("none", np.full((4, 2), -1), 3), ("empty", np.zeros((0, 2), int), 3),
            ("single", np.zeros((5, 1), int), 1)):
        ids = ids.astype(np.int32)
        offsets, rows, inverse = plan(ids, experts)
        all_rows = np.zeros(ids.size, int)
        all_rows[:len(rows)] = rows
        mask = np.arange(ids.size) < len(rows)
        inputs = [(ids, True)]
        outputs = [((np.full(experts + 1, 77, np.int32), offsets, None, 0), False),
                   ((np.full(ids.size, 77, np.int32), all_rows, mask, 0), True),
                   ((np.full(ids.shape, 77, np.int32), inverse, None, 0), True)]
        yield Case("plan_" + name, f"moe.plan ins({Case.clause(0, inputs)}) {out_clause(outputs)}",
                   inputs, outputs)


def grouped_plan_cases():
    """Choices of 6 experts that lead to 3 groups, of which none is theirs where the
    table, or the id, is outside."""
    ids = rng.integers(-2, 8, (9, 3)).astype(np.int32)
    table = np.array([0, 2, -1, 2, 3, 0], np.int32)
    inside = (ids >= 0) & (ids < 6)
    groups = np.where(inside, table[np.clip(ids, 0, 5)], -1)
    offsets, rows, inverse = plan(np.where(groups < 3, groups, -1).astype(np.int32), 3)
    all_rows = np.zeros(ids.size, int)
    all_rows[:len(rows)] = rows
    inputs = [(ids, True), (table, False)]
    outputs = [((np.full(4, 77, np.int32), offsets, None, 0), False),
               ((np.full(ids.size, 77, np.int32), all_rows, np.arange(ids.size) < len(rows), 0), True),
               ((np.full(ids.shape, 77, np.int32), inverse, None, 0), True)]
    yield Case("plan_groups", f"moe.plan ins({Case.clause(0, inputs[:1])}) groups({Case.clause(1, inputs[1:])}) "
               f"{out_clause(outputs)}", inputs, outputs)


def row_cases():
    ids = np.array([[0, 2], [2, -1], [1, 2], [-1, -1], [2, 0]], np.int32)
    offsets, rows, inverse = (a.astype(np.int32) for a in plan(ids, 3))
    rows = np.concatenate([rows, np.full(ids.size - len(rows), -9, np.int32)])
    mask = np.arange(ids.size) < offsets[-1]
    for dtype in (np.float32, np.float16):
        x = real(5, 20, dtype=dtype)
        inputs = [(x, True), (rows, True), (offsets, False)]
        outputs = [((np.zeros((10, 20), dtype), x[np.maximum(rows, 0)], mask, 0), True)]
        yield Case(f"dispatch_{dtype.__name__}",
                   f"moe.dispatch ins({Case.clause(0, inputs)}) {out_clause(outputs)}", inputs, outputs)
        y, weights = real(10, 20), real(5, 2)
        y[offsets[-1]:] = np.nan
        want = sum(np.where(inverse[:, j:j + 1] < 0, 0, weights[:, j:j + 1].astype(np.float64) *
                            y[inverse[:, j]]) for j in range(2))
        inputs = [(y, True), (inverse, True), (weights, True)]
        outputs = [((np.zeros((5, 20), dtype), want, None, 1e-6 if dtype == np.float32 else 1e-3), True)]
        yield Case(f"combine_{dtype.__name__}",
                   f"moe.combine ins({Case.clause(0, inputs)}) {out_clause(outputs)}", inputs, outputs)
        # A row that is missing counts as zeros: NaN and infinities of its weight stay.
        weights = weights.copy()
        weights[1, 1], weights[3, 0] = np.nan, np.inf
        filled = np.where(inverse[..., None] < 0, 0, y[inverse].astype(np.float64))
        with np.errstate(invalid="ignore"):
            want = (weights[..., None].astype(np.float64) * filled).sum(axis=1)
        inputs = [(y, True), (inverse, True), (weights, True)]
        outputs = [((np.zeros((5, 20), dtype), want, None, 1e-6 if dtype == np.float32 else 1e-3), True)]
        yield Case(f"combine_nan_{dtype.__name__}",
                   f"moe.combine ins({Case.clause(0, inputs)}) {out_clause(outputs)} {{propagate_nan}}", inputs,
                   outputs)


def pack_cases():
    for n, gated, k_major in ((64, False, False), (37, False, True), (70, True, False), (32, True, True)):
        w = real(2, n, 5)
        source = np.ascontiguousarray(w.transpose(0, 2, 1)) if k_major else w
        packed = panels(w, gated)
        flags = ", ".join(["gated"] * gated + ["k_major"] * k_major)
        inputs = [(source, False)]
        outputs = [((np.full(packed.shape, 7, np.float32), packed, None, 0), False)]
        yield Case(f"pack_{n}_{int(gated)}{int(k_major)}",
                   f"moe.pack_panels ins({Case.clause(0, inputs)}) {out_clause(outputs)} {{{flags}}}",
                   inputs, outputs)


class Layer:
    """Rows of 3 experts (one without rows) over 6 tokens."""

    def __init__(self, hidden=12, inner=10, dtype=np.float32):
        self.ids = np.array([[0, 2], [2, -1], [0, 2], [-1, -1], [2, 0], [0, -1]], np.int32)
        self.offsets, rows, _ = (a.astype(np.int32) for a in plan(self.ids, 3))
        self.rows = np.concatenate([rows, np.full(12 - len(rows), 99, np.int32)])
        self.mask = np.arange(12) < self.offsets[-1]
        self.x = real(6, hidden, dtype=dtype)
        self.hidden, self.inner, self.dtype = hidden, inner, dtype

    def each_row(self, function, columns):
        result = np.zeros((12, columns))
        for e in range(3):
            for r in range(self.offsets[e], self.offsets[e + 1]):
                result[r] = function(e, r)
        return result

    def weights(self, n, k, dtype=None):
        return (real(3, n, k) * 0.7).astype(dtype or self.dtype)


SWIGLU = "swiglu, alpha = 1.702, beta = 1.0, limit = 0.75"
ACTIVATIONS = ["identity", "relu", "gelu_tanh", "gelu_erf", "silu", "swiglu", SWIGLU]


def matmul_cases():
    table = [("nk", a, np.float32, True, True, None) for a in ACTIVATIONS]
    table += [("kn", "swiglu", np.float32, True, True, None), ("panels", SWIGLU, np.float32, True, True, None),
              ("panels", "relu", np.float16, False, True, None), ("kn", "identity", np.float16, True, False, None),
              ("nk", "identity", np.float32, False, False, None)]
    table += [("nk", "silu", np.float32, True, True, (bits, block)) for bits in (4, 8) for block in (0, 16)]
    for number, (layout, activation, dtype, gather, biased, quant) in enumerate(table):
        layer = Layer(hidden=37 if quant else 12, dtype=dtype)
        gated = activation.startswith("swiglu")
        n = 40 if gated else 33
        w = layer.weights(n, layer.hidden)
        exact, scales = w.astype(np.float64), None
        x = layer.x if gather else real(12, layer.hidden, dtype=dtype)
        source = {"nk": w, "kn": np.ascontiguousarray(w.transpose(0, 2, 1)), "panels": panels(w, gated)}[layout]
        if quant:
            source, scales, exact = quantise(w, *quant)
        bias = real(3, n, dtype=dtype) if biased else None

        def row(e, r):
            h = x[layer.rows[r] if gather else r].astype(np.float64) @ exact[e].T
            return gate(activation, h + (0 if bias is None else bias[e]))

        columns = n // 2 if gated else n
        want = layer.each_row(row, columns)
        inputs = [(x, gather), (source, False), (layer.offsets, False)]
        op = f"moe.grouped_matmul ins({Case.clause(0, inputs)})"
        for name, array, dynamic in (("rows", layer.rows if gather else None, True), ("bias", bias, False),
                                     ("scales", scales, False)):
            if array is not None:
                op += f" {name}({Case.clause(len(inputs), [(array, dynamic)])})"
                inputs.append((array, dynamic))
        outputs = [((np.zeros((12, columns), np.float32), want, layer.mask, 2e-6), gather)]
        attrs = [f"layout = #moe.layout<{layout}>", f"activation = #moe.activation<{activation}>"]
        attrs += [f"n = {n} : i64"] if layout == "panels" else []
        attrs += [f"quant = #moe.quant<bits = {quant[0]}, block = {quant[1]}>"] if quant else []
        yield Case(f"matmul_{number}_{layout}", f"{op} {out_clause(outputs)} {{{', '.join(attrs)}}}", inputs, outputs)
    yield from equal_cases()


def equal_cases():
    """Products without offsets: every matrix has two rows; and none of no matrix."""
    for layout, dynamic, experts in (("nk", False, 3), ("kn", True, 3), ("kn", True, 0)):
        x, w = real(2 * experts, 7), real(experts, 7, 9)
        want = np.einsum("erk,ekn->ern", x.reshape(experts, 2, 7).astype(np.float64), w).reshape(2 * experts, 9)
        source = np.ascontiguousarray(w.transpose(0, 2, 1)) if layout == "nk" else w
        inputs = [(x, dynamic), (source, dynamic)]
        outputs = [((np.zeros((2 * experts, 9), np.float32), want, None, 2e-6), dynamic)]
        yield Case(f"matmul_equal_{layout}_{experts}",
                   f"moe.grouped_matmul ins({Case.clause(0, inputs)}) {out_clause(outputs)} "
                   f"{{layout = #moe.layout<{layout}>, activation = #moe.activation<identity>}}", inputs, outputs)


def ffn_cases():
    table = [(a, np.float32, True, False, None) for a in ACTIVATIONS]
    table += [(a, np.float32, True, True, None) for a in ("silu", SWIGLU)]
    table += [(SWIGLU, np.float16, True, False, None), ("relu", np.float32, False, False, None),
              ("swiglu", np.float32, True, False, (4, 16)), ("silu", np.float32, True, True, (8, 0))]
    for number, (activation, dtype, biased, third, quant) in enumerate(table):
        layer = Layer(hidden=18, inner=20, dtype=dtype)
        gated = activation.startswith("swiglu")
        n = 40 if gated and not third else 20
        w1, w2, w3 = layer.weights(n, 18), layer.weights(18, 20), layer.weights(20, 18)
        b1, b2, b3 = real(3, n, dtype=dtype), real(3, 18, dtype=dtype), real(3, 20, dtype=dtype)
        exact = [w.astype(np.float64) for w in (w1, w2, w3)]
        scales = [None] * 3
        if quant:
            (w1, w2, w3), scales, exact = zip(*(quantise(w, *quant) for w in (w1, w2, w3)))

        def row(e, r):
            x = layer.x[layer.rows[r]].astype(np.float64)
            h = x @ exact[0][e].T + (b1[e] if biased else 0)
            if third:
                h3 = x @ exact[2][e].T + (b3[e] if biased else 0)
                a = activate(activation, h, h3) if gated else activate(activation, h) * h3
            else:
                a = gate(activation, h)
            return a @ exact[1][e].T + (b2[e] if biased else 0)

        want = layer.each_row(row, 18)
        inputs = [(layer.x, True), (layer.rows, True), (layer.offsets, False), (w1, False), (w2, False)]
        op = f"moe.expert_ffn ins({Case.clause(0, inputs)})"
        for name, array in (("bias1", b1 if biased else None), ("bias2", b2 if biased else None),
                            ("scales1", scales[0]), ("scales2", scales[1]), ("fc3", w3 if third else None),
                            ("bias3", b3 if third and biased else None), ("scales3", scales[2] if third else None)):
            if array is not None:
                op += f" {name}({Case.clause(len(inputs), [(array, False)])})"
                inputs.append((array, False))
        outputs = [((np.zeros((12, 18), np.float32), want, layer.mask, 4e-6), True)]
        attrs = [f"activation = #moe.activation<{activation}>"]
        attrs += [f"quant = #moe.quant<bits = {quant[0]}, block = {quant[1]}>"] if quant else []
        yield Case(f"ffn_{number}", f"{op} {out_clause(outputs)} {{{', '.join(attrs)}}}", inputs, outputs)


# ---- running -----------------------------------------------------------------------

def run(library, case):
    results = [out[0].copy() for out, _ in case.outputs]
    before = [a.copy() for a, _ in case.inputs]
    arrays = [np.ascontiguousarray(a) for a, _ in case.inputs] + results
    structs = [descriptor(a) for a in arrays]
    # What the function returns are its destinations again: they are looked at instead.
    returned = ctypes.create_string_buffer(1024)
    getattr(library, "_mlir_ciface_" + case.name)(returned, *[ctypes.byref(s) for s in structs])
    problems = []
    for old, (new, _) in zip(before, case.inputs):
        if old.tobytes() != new.tobytes():
            problems.append("an input changed")
    for number, (result, (out, _)) in enumerate(zip(results, case.outputs)):
        _, want, mask, tolerance = out
        got, want = result.astype(np.float64), np.asarray(want, np.float64)
        if mask is not None:
            got, want = got[mask], want[mask]
        if got.size == 0:
            continue
        if (np.isnan(got) != np.isnan(want)).any():
            problems.append(f"result {number}: NaN where there should be none, or none where it should be")
        got, want = got[~np.isnan(want)], want[~np.isnan(want)]
        room = tolerance * max(np.abs(want).max(), 1e-30)
        error = np.abs(got - want).max()
        if not error <= room:
            problems.append(f"result {number}: error {error:.3g}, allowed {room:.3g}")
    return problems


def main():
    groups = {"route": route_cases, "plan": plan_cases, "groups": grouped_plan_cases, "rows": row_cases,
              "pack": pack_cases, "matmul": matmul_cases, "ffn": ffn_cases}
    chosen = sys.argv[1].split(",")
    cases = [case for name in chosen for case in groups[name]()]
    with tempfile.TemporaryDirectory() as folder:
        library = build("\n".join(case.text for case in cases),
                        [*sys.argv[2:], "--convert-moe-to-loops=count-rows=false"], folder)
        failures = 0
        for case in cases:
            problems = run(library, case)
            failures += bool(problems)
            print(case.name, "; ".join(problems) or "ok")
    print(f"{len(cases)} cases, {failures} wrong")
    sys.exit(1 if failures else 0)


main()
