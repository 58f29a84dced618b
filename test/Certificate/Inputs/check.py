# ===-- check.py - certificates are accepted and refused ------------------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""usage: check.py FOLDER accepts | refuses | changes | compiled

Writes layers whose certificates the oracle makes, and gives them to
`moec check-certificate`: good ones, ones whose conclusion does not follow, and
good ones in which one number was changed."""

import copy
import hashlib
import json
import pathlib
import subprocess
import sys

from layers import *

G = oracle.Groups


def duplicate(of, expert):
    """Expert's weights become those of another."""

    def edit(case):
        arrays = [case.w1, case.w2, case.b2] + getattr(case, "codes", []) + getattr(case, "scales", [])
        arrays += [case.points] if case.points is not None else []
        for array in arrays:
            array[expert] = array[of]

    return edit


def of_other_kind(case):
    """The weights of one expert are those of one of its kind, and of one that is not."""
    for expert in (2, 5):
        duplicate(1, expert)(case)


def zero(expert):
    def edit(case):
        case.w2[expert] = case.b2[expert] = 0
        if case.fused == "QMoE":
            case.codes[1][expert] = 128

    return edit


def zero_by_points(expert):
    """Its codes become their zero points."""

    def edit(case):
        case.b2[expert] = 0
        points = unpack(case.points[expert], case.bits)
        if case.block:
            points = np.repeat(points, case.block, axis=-1)[:, :case.inner]
        points = np.broadcast_to(points.reshape(H, -1), (H, case.inner))
        case.codes[1][expert] = pack(points, case.bits)

    return edit


def only(name, expert, value=0):
    """One array of an expert alone."""

    def edit(case):
        getattr(case, name)[expert] = value

    return edit


def zero4(case):
    case.b2[4] = 0
    case.codes[1][4] = 0x88


def zero_scales(case):
    case.b2[4] = 0
    case.scales[1][4] = 0


TWO = ("Relu", "Tanh")
SPREAD = [0.2, 0.1, 0.0, -0.1, 0.3, 0.05, -0.05, 0.15]
LOW3 = [1.0, 1.1, 1.0, -2.0, 1.2, 1.0, 1.0, 1.0]

# What the oracle must find of each: expert and cause.
GOOD = [
    # Every score function, by constants and by differences.
    Case("none", bias={3: -3}, dead=[(3, "masked")]),
    Case("none_common", bias={3: -3}, common=0.5, dead=[(3, "unreachable")]),
    Case("chosen", score="chosen", bias={3: -3}, common=0.5, dead=[(3, "unreachable")]),
    Case("softmax", score="softmax", bias={3: -3}, common=0.5, dead=[(3, "unreachable")]),
    Case("sigmoid", score="sigmoid", bias={3: -3}, common=0.1, dead=[(3, "unreachable")]),
    Case("top1", top_k=1, bias={3: -3, 5: -4}, common=0.5, dead=[(3, "unreachable"), (5, "unreachable")]),
    # A selection bias.
    Case("selected_none", selection=LOW3, common=0.5, dead=[(3, "unreachable")]),
    Case("selected_softmax", score="softmax", selection=LOW3, dead=[(3, "masked")]),
    Case("selected_softmax_near", score="softmax", size=0.02, common=0.5, selection=[0.5] * 3 + [0.0] + [0.5] * 4,
         dead=[(3, "unreachable")]),
    Case("selected_sigmoid", score="sigmoid", selection=LOW3, dead=[(3, "masked")]),
    Case("selected_sigmoid_near", score="sigmoid", size=0.02, common=0.5, selection=[0.5] * 3 + [0.0] + [0.5] * 4,
         dead=[(3, "unreachable")]),
    # Where it is the step of the sigmoid that decides.
    Case("selected_sigmoid_step", score="sigmoid", size=0.02, common=0.15, bias={3: -3},
         selection=[-0.02] * 3 + [0.0] + [-0.02] * 4, dead=[(3, "unreachable")]),
    # Who is masked beats nobody, masked or not.
    Case("selected_masked", bias={1: -INFINITY}, selection=[0.1] * 3 + [-INFINITY] + [0.1] * 4,
         dead=[(1, "masked"), (3, "masked")]),
    Case("selected_infinite", score="sigmoid", selection=[0.1] * 3 + [-INFINITY] + [0.1] * 4, dead=[(3, "masked")]),
    Case("selected_infinite_softmax", score="softmax", source=plain, selection=[0.1] * 3 + [-INFINITY] + [0.1] * 4,
         dead=[(3, "masked")]),
    # Masks by constants.
    Case("infinite_gemm", bias={2: -INFINITY}, source=plain, dead=[(2, "masked")]),
    Case("infinite_add", bias={2: -INFINITY, 6: -INFINITY}, mask="add", dead=[(2, "masked"), (6, "masked")]),
    Case("infinite_where", bias={2: -INFINITY}, mask="where", dead=[(2, "masked")]),
    Case("infinite_softmax", score="softmax", bias={2: -INFINITY}, source=plain, dead=[(2, "masked")]),
    Case("infinite_sigmoid", score="sigmoid", bias={2: -INFINITY}, mask="where", dead=[(2, "masked")]),
    Case("weighed_by_l1", score="sigmoid", bias={2: -INFINITY}, mask="where", finish=by_norm("ReduceL1"),
         dead=[(2, "masked")]),
    Case("weighed_by_l2", score="sigmoid", bias={2: -INFINITY}, mask="where", finish=by_norm("ReduceL2"),
         dead=[(2, "masked")]),
    Case("weighed_by_root", score="sigmoid", bias={2: -INFINITY}, mask="where", finish=by_root, dead=[(2, "masked")]),
    Case("weighed_by_powers", score="sigmoid", bias={2: -INFINITY}, mask="where", finish=by_powers,
         dead=[(2, "masked")]),
    Case("weighed_by_scale", score="sigmoid", bias={2: -INFINITY}, mask="where", finish=by_scale(np.arange(E) - 3.0),
         dead=[(2, "masked")]),
    Case("finite_gemm", score="softmax", bias={2: -1e9}, dead=[(2, "masked")]),
    Case("finite_sub", score="sigmoid", bias={2: -1e9}, mask="sub", dead=[(2, "masked")]),
    Case("finite_where", bias={2: -1e9}, mask="where", dead=[(2, "masked")]),
    # Scores that are constants, where ties are for the others.
    Case("constant", form="unrolled", source=plain, weights=np.zeros((E, H)), dead=[(e, "masked") for e in range(2, E)]),
    Case("constant_bounded", weights=np.zeros((E, H)), dead=[(e, "masked") for e in range(2, E)]),
    Case("constant_biases", form="unrolled", source=plain, weights=np.zeros((E, H)),
         bias={i: -(i // 2) for i in range(E)}, dead=[(e, "masked") for e in range(2, E)]),
    Case("constant_chosen", form="unrolled", score="chosen", source=plain, weights=np.zeros((E, H)), bias={0: -1},
         dead=[(e, "masked") for e in (0, *range(3, E))]),
    # Equal scores make equal keys, and what bounds the input is no matter.
    Case("constant_softmax", score="softmax", source=plain, form="unrolled", weights=np.zeros((E, H)),
         dead=[(e, "masked") for e in range(2, E)]),
    Case("constant_softmax_biases", score="softmax", source=plain, form="unrolled", weights=np.zeros((E, H)),
         bias={3: 1, 6: 2}, dead=[(e, "masked") for e in range(E) if e not in (3, 6)]),
    Case("constant_sigmoid", score="sigmoid", weights=np.zeros((E, H)), bias={i: 30 for i in range(E)},
         dead=[(e, "masked") for e in range(2, E)]),
    Case("constant_upwards", source=plain, form="unrolled", weights=np.zeros((E, H)), bias={i: i for i in range(E)},
         dead=[(e, "masked") for e in range(E - 2)]),
    Case("constant_selected", score="sigmoid", source=plain, form="unrolled", weights=np.zeros((E, H)),
         selection=[0.5] * E, dead=[(e, "masked") for e in range(2, E)]),
    Case("constant_selected_down", score="softmax", source=plain, form="unrolled", weights=np.zeros((E, H)),
         selection=[-i * 2.0**-20 for i in range(E)], dead=[(e, "masked") for e in range(2, E)]),
    Case("constant_selected_up", score="sigmoid", source=plain, form="unrolled", weights=np.zeros((E, H)),
         selection=[i * 0.1 for i in range(E)], dead=[(e, "masked") for e in range(E - 2)]),
    Case("constant_last", fused="QMoE", source=plain, weights=np.zeros((E, H)),
         dead=[(e, "masked") for e in range(E - 2)]),
    Case("constant_some", form="unrolled", source=plain,
         weights=np.where(np.arange(E)[:, None] % 2, 0, 1.0) * numbers(5, E, H), dead=[(5, "masked"), (7, "masked")]),
    Case("constant_where", form="unrolled", bias={2: -1e9, 5: -1e9, 6: -1e9}, mask="where", source=plain,
         dead=[(6, "masked")]),
    # Every bound.
    Case("layer_norm", source=layer_op, bias={3: -3}, common=0.5, dead=[(3, "unreachable")]),
    Case("simplified", source=simplified_op, bias={3: -3}, dead=[(3, "masked")]),
    Case("skip_rms", source=skip_rms, bias={3: -3}, dead=[(3, "masked")]),
    Case("skip_layer", source=skip_layer, bias={3: -3}, dead=[(3, "masked")]),
    Case("rms_reciprocal", source=spelled("reciprocal"), bias={3: -3}, dead=[(3, "masked")]),
    Case("rms_div", source=spelled("div"), bias={3: -3}, dead=[(3, "masked")]),
    Case("rms_row", source=spelled("reciprocal", epsilon=np.full((1, H), 1e-6)), bias={3: -3}, dead=[(3, "masked")]),
    Case("rms_one", source=spelled("one"), bias={3: -3}, dead=[(3, "masked")]),
    Case("rms_power", source=spelled("power"), bias={3: -3}, dead=[(3, "masked")]),
    Case("layer_spelled", source=spelled("div", centred=True), bias={3: -3}, dead=[(3, "masked")]),
    Case("rms_half", source=half_rms, bias={3: -3}, dead=[(3, "masked")]),
    Case("squashed_sigmoid", source=squashed("Sigmoid", 0, 1), bias={3: -3}, dead=[(3, "masked")]),
    Case("squashed_softmax", source=squashed("Softmax", 0, 1), bias={3: -3}, dead=[(3, "masked")]),
    Case("squashed_tanh", source=squashed("Tanh", -1, 1), bias={3: -3}, common=0.5, dead=[(3, "unreachable")]),
    Case("clipped", source=clip, bias={3: -5}, common=0.5, dead=[(3, "unreachable")]),
    # Differences of weights alone decide.
    Case("weights_alone", mask="plain", source=clip_above, dead=[(3, "masked")],
         weights=np.abs(numbers(5, E, H, size=0.1)) - np.eye(E)[3][:, None] * 2),
    Case("transposed", mask="transposed", source=clip_above, dead=[(3, "unreachable")],
         weights=numbers(5, E, H, size=0.05) - np.eye(E)[3][:, None] * 2 + 3),
    # Groups.
    Case("groups_max", score="softmax", groups=G(4, 2, "max", 0.0), bias={6: -4, 7: -5}, common=0.5,
         dead=[(6, "unreachable"), (7, "unreachable")]),
    Case("groups_one_hot", score="softmax", groups=G(4, 2, "max", 0.0), bias={6: -4, 7: -5}, common=0.5,
         values=True, dead=[(6, "unreachable"), (7, "unreachable")]),
    Case("groups_top2", score="sigmoid", groups=G(4, 2, "top2_sum", 0.0), selection=[1.0] * 6 + [-0.5, -0.6],
         dead=[(6, "masked"), (7, "masked")]),
    Case("groups_infinite", score="sigmoid", groups=G(2, 1, "top2_sum", -INFINITY),
         selection=[1.0] * 4 + [0.9, 0.9, -0.6, 0.9], dead=[(6, "masked")]),
    Case("groups_all", score="sigmoid", groups=G(4, 4, "max", 0.0), selection=LOW3, dead=[(3, "masked")]),
    # Fused layers.
    Case("moe", score="softmax", fused="MoE", bias={3: -3}, common=0.5, dead=[(3, "unreachable")]),
    Case("moe_infinite", score="softmax", fused="MoE", bias={3: -INFINITY}, source=plain, dead=[(3, "masked")]),
    Case("qmoe", fused="QMoE", bias={3: -3}, common=0.5, dead=[(3, "unreachable")]),
    # Weights.
    Case("moe_duplicate", score="softmax", fused="MoE", edit=duplicate(1, 5), dead=[(5, 1)]),
    Case("moe_zero", score="softmax", fused="MoE", edit=zero(4), dead=[(4, "zero")]),
    Case("qmoe_duplicate", fused="QMoE", edit=duplicate(0, 7), dead=[(7, 0)]),
    Case("qmoe_zero", fused="QMoE", edit=zero(4), dead=[(4, "zero")]),
    Case("qmoe_zero_scales", fused="QMoE", edit=zero_scales, dead=[(4, "zero")]),
    Case("qmoe_zero_points", fused="QMoE", points=True, edit=zero_by_points(4), dead=[(4, "zero")]),
    Case("qmoe_zero_points4", fused="QMoE", points=True, bits=4, edit=zero_by_points(4), dead=[(4, "zero")]),
    Case("qmoe_zero_blocks4", fused="QMoE", points=True, bits=4, inner=64, block=16, edit=zero_by_points(4),
         dead=[(4, "zero")]),
    Case("qmoe_zero_blocks2", fused="QMoE", points=True, bits=2, inner=48, block=16, edit=zero_by_points(4),
         dead=[(4, "zero")]),
    Case("qmoe_zero4", fused="QMoE", bits=4, edit=zero4, dead=[(4, "zero")]),
    Case("qmoe_points_duplicate", fused="QMoE", points=True, edit=duplicate(0, 7), dead=[(7, 0)]),
    Case("gathered_duplicate", edit=duplicate(1, 5), dead=[(5, 1)]),
    Case("gathered_zero", edit=zero(4), dead=[(4, "zero")]),
    Case("unrolled_duplicate", form="unrolled", edit=duplicate(1, 5), dead=[(5, 1)]),
    Case("unrolled_duplicate_first", form="unrolled", edit=duplicate(0, 5), dead=[(5, 0)]),
    Case("unrolled_zero", form="unrolled", edit=zero(4), dead=[(4, "zero")]),
    Case("sorted_duplicate", form="sorted", edit=duplicate(1, 5), dead=[(5, 1)]),
    Case("sorted_duplicate_first", form="sorted", edit=duplicate(0, 7), dead=[(7, 0)]),
    Case("sorted_zero", form="sorted", edit=zero(4), dead=[(4, "zero")]),
    Case("tabled_duplicate", form="tabled", edit=duplicate(1, 5), dead=[(5, 1)]),
    Case("tabled_zero", form="tabled", edit=zero(4), dead=[(4, "zero")]),
    Case("picked_duplicate", form="picked", edit=duplicate(1, 5), dead=[(5, 1)]),
    Case("picked_zero", form="picked", edit=zero(4), dead=[(4, "zero")]),
    Case("sliced_duplicate", form="sliced", edit=duplicate(1, 5), dead=[(5, 1)]),
    Case("sliced_zero", form="sliced", edit=zero(4), dead=[(4, "zero")]),
    Case("split_duplicate", form="split", edit=duplicate(1, 5), dead=[(5, 1)]),
    Case("split_duplicate_first", form="split", edit=duplicate(0, 5), dead=[(5, 0)]),
    Case("counted_duplicate", form="counted", edit=duplicate(1, 5), dead=[(5, 1)]),
    Case("counted_duplicate_last", form="counted", edit=duplicate(6, 7), dead=[(7, 6)]),
    Case("counted_zero", form="counted", edit=zero(4), dead=[(4, "zero")]),
    # Experts of two kinds.
    Case("kinds_duplicate", form="unrolled", kinds=TWO, edit=of_other_kind, dead=[(5, 1)]),
    Case("kinds_zero", form="unrolled", kinds=TWO, edit=zero(4), dead=[(4, "zero")]),
    Case("kinds_sorted_duplicate", form="sorted", kinds=TWO, edit=of_other_kind, dead=[(5, 1)]),
    Case("kinds_sorted_zero", form="sorted", kinds=TWO, edit=zero(4), dead=[(4, "zero")]),
    Case("kinds_masked", form="unrolled", kinds=TWO, score="softmax", bias={2: -INFINITY}, source=plain,
         dead=[(2, "masked")]),
    Case("kinds_unreachable", form="sorted", kinds=TWO, score="softmax", bias={3: -3}, common=0.5,
         dead=[(3, "unreachable")]),
    Case("joined_duplicate", form="joined", source=plain, edit=duplicate(1, 5), dead=[(5, 1)]),
]

# Claims that do not follow: what is claimed of which expert, and what is said.
BAD = [
    # As many as are chosen, but one, beat it.
    (Case("too_few", top_k=3, bias={0: 3, 1: 3, 3: -0.2}), 3, "not enough"),
    # The bound is a little too wide.
    (Case("tiny_margin", bias={3: -0.001}), 3, "not enough"),
    (Case("tie", weights=np.zeros((E, H))), 1, "not enough"),
    # Equal rows are no equal scores, nor is a tie one of what a function makes.
    (Case("equal_rows", source=plain, weights=np.ones((E, 1)) * GAIN), 7, "not enough"),
    (Case("near_tie_of_softmax", score="softmax", source=plain, form="unrolled", weights=np.zeros((E, H)),
          bias={i: -i * 2.0**-20 for i in range(E)}), 7, "not enough"),
    (Case("near_tie_of_sigmoid", score="sigmoid", weights=np.zeros((E, H)),
          bias={i: -i * 2.0**-20 for i in range(E)}), 7, "not enough"),
    # Nor are masks numbers of which the tie rule decides.
    (Case("tie_of_masks", form="unrolled", score="chosen", source=plain, mask="where",
          bias={i: -INFINITY for i in range(1, E)}), 7, "not enough"),
    # Its score is a constant, and theirs are not.
    (Case("one_constant", score="softmax", source=plain, form="unrolled",
          weights=np.where(np.arange(E)[:, None] == 7, 0, 1.0) * numbers(5, E, H)), 7, "not enough"),
    # Who is masked in the selection comes before nobody, and a key that is lower neither.
    (Case("constants_masked_in_selection", score="sigmoid", weights=np.zeros((E, H)),
          selection=[-INFINITY] * 7 + [0]), 7, "not enough"),
    (Case("constants_below_in_selection", form="unrolled", score="softmax", source=plain, weights=np.zeros((E, H)),
          selection=[0.0] * 7 + [2.0**-20]), 7, "not enough"),
    # A tie that is for the others, and one of sums.
    (Case("tie_of_last", fused="QMoE", source=plain, weights=np.zeros((E, H))), 6, "not enough"),
    (Case("constants_upwards", form="unrolled", source=plain, weights=np.zeros((E, H)), bias={i: i for i in range(E)}), 7,
     "not enough"),
    # In f32 all of these are 1.
    (Case("saturated", score="sigmoid", bias={i: 25 for i in range(E) if i != 3} | {3: 20}), 3, "not enough"),
    # In f32 all of these are 0.
    (Case("underflow", score="softmax", bias={0: 200, 3: -3}), 3, "not enough"),
    (Case("no_bound", source=plain, bias={3: -3}), 3, "not enough"),
    # The rows of a router, not its bias.
    (Case("masked_row", source=rms_op, weights=np.where(np.arange(E)[:, None] == 3, -1e9, 0.1) * np.ones(H)), 3,
     "not enough"),
    (Case("zero_row", weights=np.where(np.arange(E)[:, None] == 3, 0, 0.1) * np.ones(H)), 3, "not enough"),
    # Its group may stay, and then too few are before it; or go, where ties do not.
    (Case("group_stays", score="softmax", groups=G(4, 1, "max", 0.0), bias={6: -4}, common=0.5), 6, "not enough"),
    (Case("group_goes", score="sigmoid", groups=G(4, 2, "top2_sum", 2.0), selection=[-1.0] + [1.0] * 7), 0,
     "not enough"),
]


def path_of(folder, case):
    return folder / f"{case.name}.onnx"


def make_manifest(folder, case, certificates):
    digest = hashlib.sha256(path_of(folder, case).read_bytes()).hexdigest()
    layer = {"name": "layer", "experts": E, "top_k": case.top_k, "dead_experts": certificates}
    return {"model_sha256": digest, "moe_layers": [layer]}


def run(folder, case, manifest):
    path = folder / f"{case.name}.json"
    path.write_text(json.dumps(manifest))
    command = ["moec", "check-certificate", str(path_of(folder, case)), str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def check_weights(case):
    """Whether the oracle finds the same of the weights."""
    arrays = [case.codes[0], case.codes[1], *case.scales] if case.fused == "QMoE" else [case.w1, case.w2]
    arrays += [case.points] if case.points is not None else []
    kinds = [case.kind(e) for e in range(E)]
    found = {e: of for e, of in enumerate(oracle.duplicates(*arrays, case.b2, kinds=kinds)) if of != e}
    expected = {e: cause for e, cause in case.dead if isinstance(cause, int)}
    if found != expected:
        sys.exit(f"{case.name}: the oracle finds the duplicates {found}, expected {expected}")
    if case.fused == "QMoE":
        zeros = oracle.zero_codes(case.codes[1].tolist(), None if case.points is None else case.points.tolist(),
                                  case.bits, case.block)
        zeros = [e for e in range(E) if (zeros[e] or not case.scales[1][e].any()) and not case.b2[e].any()]
    else:
        zeros = [e for e in range(E) if not case.w2[e].any() and not case.b2[e].any()]
    if zeros != [e for e, cause in case.dead if cause == "zero"]:
        sys.exit(f"{case.name}: the oracle finds the zeros {zeros}")


def make_certificates(case, proof):
    """Those of scores by the oracle; of weights as the case says."""
    found = proof.certificates()
    of_weights = []
    check_weights(case)
    for expert, cause in case.dead:
        if isinstance(cause, int):
            of_weights.append({"expert": expert, "cause": "duplicate", "of": cause})
        elif cause == "zero":
            of_weights.append({"expert": expert, "cause": "zero"})
    expected = [(expert, cause) for expert, cause in case.dead if cause in ("masked", "unreachable")]
    got = [(one["expert"], one["cause"]) for one in found]
    if got != expected:
        sys.exit(f"{case.name}: the oracle finds {got}, expected {expected}")
    return sorted(found + of_weights, key=lambda one: one["expert"])


def accepts(folder):
    for case in GOOD:
        proof = oracle.Proof(case.build(path_of(folder, case)))
        certificates = make_certificates(case, proof)
        code, out, err = run(folder, case, make_manifest(folder, case, certificates))
        if code != 0 or err or f"{len(certificates)} of {E} experts dead" not in out:
            sys.exit(f"{case.name}: {code}\n{out}{err}")
        print(f"{case.name}: {out.strip()}")


def refuses(folder):
    for case, expert, reason in BAD:
        proof = oracle.Proof(case.build(path_of(folder, case)))
        if proof.dead(expert):
            sys.exit(f"{case.name}: the oracle calls expert {expert} dead")
        certificate = proof.certificate(expert, force=True)
        code, out, err = run(folder, case, make_manifest(folder, case, [certificate]))
        if code != 1 or "[moec-E0241]" not in err or reason not in err:
            sys.exit(f"{case.name}: {code}\n{out}{err}")
        print(f"{case.name}: {err.strip().split('layer: ')[-1]}")


def changed(certificate):
    """The certificate with one number changed, in every way."""

    def change(what, function):
        other = copy.deepcopy(certificate)
        function(other)
        return what, other

    def put(key, value):
        return lambda other: other.__setitem__(key, value)

    for step in (-1, 1):
        yield change(f"expert {step:+}", put("expert", certificate["expert"] + step))
    for key in ("of", "radius", "half_width"):
        if key not in certificate:
            continue
        value = certificate[key]
        if key == "of":
            for step in (-1, 1):
                yield change(f"of {step:+}", put(key, value + step))
        for factor in (1 - 1e-5, 1 + 1e-5):
            if key != "of":
                yield change(f"{key} * {factor}", put(key, value * factor if value else abs(factor - 1)))
    for i in range(len(certificate.get("beaten_by", []))):
        for step in (-1, 1):
            yield change(f"beaten_by[{i}] {step:+}", lambda o: o["beaten_by"].__setitem__(i, o["beaten_by"][i] + step))
        for factor in (1 - 1e-5, 1 + 1e-5):
            value = certificate["margins"][i]
            other = 1e30 if value is None else value * factor
            yield change(f"margins[{i}] * {factor}", lambda o: o["margins"].__setitem__(i, other))
        yield change(f"margins[{i}] null" if certificate["margins"][i] else "margin 0",
                     lambda o: o["margins"].__setitem__(i, None if certificate["margins"][i] else 0.0))
        yield change(f"without entry {i}", lambda o: (o["beaten_by"].pop(i), o["margins"].pop(i)))
        yield change(f"without beaten_by[{i}]", lambda o: o["beaten_by"].pop(i))
        yield change(f"without margins[{i}]", lambda o: o["margins"].pop(i))
    for key in certificate:
        yield change(f"without {key}", lambda o: o.pop(key))


CHANGED = ["none_common", "selected_sigmoid_step", "squashed_tanh", "infinite_add", "groups_top2",
           "gathered_duplicate", "sorted_duplicate", "sliced_duplicate", "split_duplicate", "counted_duplicate",
           "kinds_duplicate", "kinds_sorted_duplicate", "joined_duplicate", "qmoe_zero_points", "rms_row"]


# Of changes that one comparison alone can see, what is said.
REASONS = {"radius": "its radius is", "half_width": "its half_width is", "margins[": "its margin to expert",
           "without entry": "its 'beaten_by' lacks expert", "without margins[": "of one length"}


def changes(folder):
    count = 0
    for case in GOOD:
        if case.name not in CHANGED:
            continue
        proof = oracle.Proof(case.build(path_of(folder, case)))
        certificates = make_certificates(case, proof)
        manifest = make_manifest(folder, case, certificates)
        if run(folder, case, manifest)[0] != 0:
            sys.exit(f"{case.name}: is refused as it was made")
        for what, other in changed(certificates[0]):
            manifest["moe_layers"][0]["dead_experts"] = [other] + certificates[1:]
            code, out, err = run(folder, case, manifest)
            if code != 1 or "[moec-E0241]" not in err:
                sys.exit(f"{case.name}: {what} is accepted\n{out}{err}")
            reasons = [reason for start, reason in REASONS.items() if what.startswith(start)]
            if any(reason not in err for reason in reasons):
                sys.exit(f"{case.name}: {what} is refused for another reason\n{err}")
            count += 1
    print(f"{count} changes refused")


# Layers or routers that are not raised in such a form: what the compiler says of them
# may be less.
LEFT = ["selected_none", "selected_masked", "selected_infinite_softmax", "infinite_gemm", "infinite_where",
        "infinite_softmax", "finite_where", "groups_one_hot", "constant_where"]


def compiled(folder):
    """What the compiler says of the same layers."""
    for case in GOOD + [case for case, _, _ in BAD]:
        proof = oracle.Proof(case.build(path_of(folder, case)))
        expected = {} if case in [bad for bad, _, _ in BAD] else {
            one["expert"]: one["cause"] for one in make_certificates(case, proof)}
        expected.update((one["expert"], one["cause"]) for one in proof.certificates())
        done = subprocess.run(["moec", "inspect", str(path_of(folder, case)), "--json"], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{case.name}: {done.stderr}")
        manifest = json.loads(done.stdout)
        layers = manifest["moe_layers"]
        found = {one["expert"]: one["cause"] for layer in layers for one in layer["dead_experts"]}
        code, out, err = run(folder, case, manifest)
        if code != 0:
            sys.exit(f"{case.name}: what the compiler says is refused:\n{out}{err}")
        is_less = case.name in LEFT and found.items() <= expected.items()
        if not is_less and found != expected:
            sys.exit(f"{case.name}: the compiler says {found}, expected {expected}")
        print(f"{case.name}: {out.strip() or 'no layer'}")


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    {"accepts": accepts, "refuses": refuses, "changes": changes, "compiled": compiled}[sys.argv[2]](folder)
