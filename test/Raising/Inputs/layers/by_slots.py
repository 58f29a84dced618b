# ===-- by_slots.py - experts that compute slots, filled from tokens ----===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""One-hot tables [T, E, C] send tokens to the slots of experts and back, as in GShard,
fairseq and V-MoE: a token beyond the capacity of its expert has no slot."""

import numpy as np

from .graph import F32, I64, layer, lookalike

CAPACITY = 3
BOOL = 9


def einsum(g, equation, *operands):
    return g.Einsum(*operands, equation=equation)


def hot(g, ids, depth=None, axis=-1):
    return g.OneHot(ids, [g.E] if depth is None else depth, [0, 1], axis=axis)


def number(g, mask, before=None):
    """0, 1, ... for the tokens of each expert, after those of `before`."""
    place = g.Sub(g.CumSum(mask, 0), 1)
    return g.Add(place, g.ReduceSum(before, [0], keepdims=1)) if before else place


def limit(g, mask, place, capacity=CAPACITY):
    return g.Mul(mask, g.Cast(g.Less(place, capacity), to=I64))


def slots_of(g, mask, place, capacity=CAPACITY):
    """[T, 1, C]: the slot of each token."""
    own = g.ReduceSum(g.Mul(place, mask), [1], keepdims=0)
    depth = g.Unsqueeze(capacity, [0]) if isinstance(capacity, str) else [capacity]
    return g.Unsqueeze(g.Cast(hot(g, own, depth), to=F32), [1])


def table(g, gate, mask, place, capacity=CAPACITY):
    """[T, E, C]: the gate of each token in its slot."""
    gates = g.Mul(g.Unsqueeze(gate, [1, 2]), g.Unsqueeze(g.Cast(mask, to=F32), [2]))
    return g.Mul(gates, slots_of(g, mask, place, capacity))


def stacked(g, rows):
    """The experts' products, all at once, [E, C, D]."""
    return g.network(rows, (g.weight(g.E, g.D, g.H), g.weight(g.E, g.H, g.D)))


def apply(g, dispatch, combine, experts=stacked, into="tec,td->ecd", back="tec,ecd->td"):
    return einsum(g, back, combine, experts(g, einsum(g, into, dispatch, "x")))


def where_used(g, combine):
    return g.Cast(g.Cast(combine, to=BOOL), to=F32)


def scores_of(g):
    return g.Softmax(g.MatMul("x", g.weight(g.D, g.E)), axis=1)


def one(g):
    """The largest score, and the mask of its expert."""
    scores = scores_of(g)
    return (g.ReduceMax(scores, [1], keepdims=0),
            hot(g, g.ArgMax(scores, axis=1, keepdims=0)))


def two(g):
    """Scores, and the masks of the largest and of the second, as GShard finds them."""
    scores = scores_of(g)
    first = hot(g, g.ArgMax(scores, axis=1, keepdims=0))
    rest = g.Where(g.Cast(first, to=BOOL), g.constant(-np.inf), scores)
    return scores, first, hot(g, g.ArgMax(rest, axis=1, keepdims=0))


def gates_of(g, scores, masks):
    """The scores of what is left, that add up to 1."""
    gates = [g.ReduceSum(g.Mul(scores, g.Cast(m, to=F32)), [1], keepdims=0) for m in masks]
    total = g.Clip(g.Add(*gates), g.constant(1e-9))
    return [g.Div(gate, total) for gate in gates]


def top_two(g, places, capacity=CAPACITY, experts=stacked):
    """`places` numbers the tokens of two masks."""
    scores, *masks = two(g)
    numbers = places(g, *masks)
    kept = [limit(g, m, n, capacity) for m, n in zip(masks, numbers)]
    gates = gates_of(g, scores, kept)
    combine = g.Add(*[table(g, *part, capacity) for part in zip(gates, kept, numbers)])
    return apply(g, where_used(g, combine), combine, experts)


def in_turn(g, first, second):
    return number(g, first), number(g, second, first)


def ceiling_of_share(g, factor=1.25):
    """ceil(factor * T / E), in the run."""
    count = g.Cast(g.Gather(g.Shape("x"), 0, axis=0), to=F32)
    return g.Cast(g.Ceil(g.Div(g.Mul(count, g.constant(factor)), g.constant(float(g.E)))), to=I64)


@layer("P9", choices=1)
def slots_of_one(g):
    gate, mask = one(g)
    place = number(g, mask)
    combine = table(g, gate, limit(g, mask, place), place)
    return apply(g, where_used(g, combine), combine)


@layer("P9", choices=1)
def slots_of_a_share(g):
    """The capacity is a share of the tokens."""
    gate, mask = one(g)
    place, capacity = number(g, mask), ceiling_of_share(g)
    combine = table(g, gate, limit(g, mask, place, capacity), place, capacity)
    return apply(g, where_used(g, combine), combine)


@layer("P9", choices=1)
def slots_and_gates_apart(g):
    """Dispatched by masks, combined by the same times the gate, which may be anything."""
    _, mask = one(g)
    place = number(g, mask)
    dispatch = g.Mul(g.Unsqueeze(g.Cast(limit(g, mask, place), to=F32), [2]), slots_of(g, mask, place))
    gate = g.MatMul("x", g.weight(g.D, 1))
    return apply(g, dispatch, g.Mul(dispatch, g.Unsqueeze(gate, [2])))


@layer("P9", choices=1)
def slots_of_masks_and_of_gates(g):
    """Two products, which have the mask of those that are kept in common."""
    gate, mask = one(g)
    place = number(g, mask)
    kept = limit(g, mask, place)
    slots = slots_of(g, mask, place)
    dispatch = g.Mul(g.Unsqueeze(g.Cast(kept, to=F32), [2]), slots)
    gates = g.Mul(g.Unsqueeze(gate, [1]), g.Cast(kept, to=F32))
    return apply(g, dispatch, g.Mul(g.Unsqueeze(gates, [2]), slots))


@layer("P9", choices=1)
def slots_by_equal(g):
    """Numbers of all experts, -1 where a token is not theirs, compared with each slot."""
    gate, mask = one(g)
    place = g.Sub(g.Mul(g.CumSum(mask, 0), mask), 1)
    dispatch = g.Cast(g.Equal(g.Unsqueeze(place, [2]), g.constant(np.arange(CAPACITY))), to=F32)
    return apply(g, dispatch, g.Mul(dispatch, g.Unsqueeze(gate, [1, 2])))


@layer("P9", choices=1)
def slots_looked_up(g):
    """Beyond the capacity there is no slot; numbers start before the first token."""
    gate, mask = one(g)
    ids = g.nodes[-1].input[0]
    place = g.GatherElements(g.CumSum(mask, 0, exclusive=1), g.Unsqueeze(ids, [1]), axis=1)
    slot = g.Cast(hot(g, g.Squeeze(place, [1]), [CAPACITY]), to=F32)
    combine = g.Mul(g.Unsqueeze(g.Cast(mask, to=F32), [2]),
                    g.Mul(g.Unsqueeze(slot, [1]), g.Unsqueeze(gate, [1, 2])))
    return apply(g, where_used(g, combine), combine)


@layer("P9", choices=2)
def slots_of_two(g):
    return top_two(g, in_turn)


@layer("P9", choices=2)
def slots_of_two_shares(g):
    return top_two(g, in_turn, ceiling_of_share(g, 1.5))


@layer("P9", choices=2)
def slots_of_two_with_bias(g):
    """Slots without a token are zeros, of which an expert makes its bias."""
    def experts(g, rows):
        h = g.Relu(g.Add(g.MatMul(rows, g.weight(g.E, g.D, g.H)), g.weight(g.E, 1, g.H)))
        return g.Add(einsum(g, "ech,ehd->ecd", h, g.weight(g.E, g.H, g.D)), g.weight(g.E, 1, g.D))
    return top_two(g, in_turn, experts=experts)


def each_alone(g, rows):
    """The experts one after the other, each on its slots."""
    parts = [g.network(g.Gather(rows, e, axis=0), m) for e, m in enumerate(g.weights_of_experts())]
    return g.Concat(*[g.Unsqueeze(part, [0]) for part in parts], axis=0)


@layer("P9", choices=2)
def slots_of_each_expert(g):
    return top_two(g, in_turn, experts=each_alone)


@layer("P9", choices=2)
def slots_split_by_expert(g):
    def experts(g, rows):
        parts = g.Split(rows, [1] * g.E, axis=0, outputs=g.E)
        return g.Concat(*[g.network(part, m) for part, m in zip(parts, g.weights_of_experts())], axis=0)
    return top_two(g, in_turn, experts=experts)


@layer("P9", choices=2)
def slots_by_matmul(g):
    """As fairseq writes it: products of matrices, [T, E * C]."""
    scores, *masks = two(g)
    numbers = in_turn(g, *masks)
    kept = [limit(g, m, n) for m, n in zip(masks, numbers)]
    parts = [g.MatMul(g.Unsqueeze(g.Mul(g.Unsqueeze(gate, [1]), g.Cast(m, to=F32)), [2]), slots_of(g, m, n))
             for gate, m, n in zip(gates_of(g, scores, kept), kept, numbers)]
    combine = g.Add(*parts)
    dispatch = g.Transpose(where_used(g, combine), perm=[1, 2, 0])
    rows = g.MatMul(g.Reshape(dispatch, g.constant(np.array([g.E * CAPACITY, -1]))), "x")
    y = stacked(g, g.Reshape(rows, [g.E, CAPACITY, g.D]))
    return g.MatMul(g.Reshape(combine, [-1, g.E * CAPACITY]), g.Reshape(y, [g.E * CAPACITY, g.D]))


@layer("P9", choices=2)
def slots_of_topk(g):
    """Two of one TopK, as Tutel takes them apart."""
    weights, ids = g.route()
    masks = [hot(g, g.Squeeze(part, [1])) for part in g.Split(ids, [1, 1], axis=1, outputs=2)]
    gates = [g.Squeeze(part, [1]) for part in g.Split(weights, [1, 1], axis=1, outputs=2)]
    numbers = in_turn(g, *masks)
    combine = g.Add(*[table(g, gate, limit(g, m, n), n) for gate, m, n in zip(gates, masks, numbers)])
    return apply(g, where_used(g, combine), combine)


def numbered_choices(g, axis, order):
    """[T, k, E]: numbers along all choices, of which the first ones come first."""
    weights, ids = g.route()
    mask = hot(g, ids)
    flat = g.Reshape(g.Transpose(mask, perm=order), [-1, g.E])
    place = g.Sub(g.CumSum(flat, axis), 1)
    extents = [g.k, -1, g.E] if order[0] == 1 else [-1, g.k, g.E]
    return weights, mask, g.Transpose(g.Reshape(place, extents), perm=order)


@layer("P9", choices=2)
def slots_of_all_choices(g):
    """As in V-MoE: choices numbered together, their tables added up."""
    weights, mask, place = numbered_choices(g, 0, [1, 0, 2])
    kept = g.Cast(limit(g, mask, place), to=F32)
    own = g.ReduceSum(g.Mul(place, mask), [2], keepdims=0)
    slot = g.Cast(hot(g, own, [CAPACITY]), to=F32)
    combine = einsum(g, "tk,tke,tkc->tec", weights, kept, slot)
    return apply(g, where_used(g, combine), combine)


@layer("P9", choices=2)
def slots_of_choices_in_order(g):
    """Numbered in the order of tokens, and of their choices."""
    weights, mask, place = numbered_choices(g, 0, [0, 1, 2])
    slot = g.Cast(hot(g, place, [CAPACITY]), to=F32)
    parts = g.Mul(g.Unsqueeze(g.Cast(mask, to=F32), [3]), slot)
    dispatch = g.ReduceSum(parts, [1], keepdims=0)
    combine = g.ReduceSum(g.Mul(parts, g.Unsqueeze(weights, [2, 3])), [1], keepdims=0)
    return apply(g, dispatch, combine)


GROUPS = 2


def in_groups(g, into="gsec,gsd->egcd", back="gsec,egcd->gsd", chosen=1, keepdims=1):
    """Two groups of tokens, each with slots of its own: [G, S, E, C]."""
    x = g.Reshape("x", [GROUPS, g.T // GROUPS, g.D])
    scores = g.Softmax(g.MatMul(x, g.weight(g.D, g.E)), axis=2)
    first = hot(g, g.ArgMax(scores, axis=2, keepdims=0))
    rest = g.Where(g.Cast(first, to=BOOL), g.constant(-np.inf), scores)
    masks = [first, hot(g, g.ArgMax(rest, axis=2, keepdims=0))][:chosen]
    parts = []
    for i, mask in enumerate(masks):
        place = g.Sub(g.CumSum(mask, 1), 1)
        place = g.Add(place, g.ReduceSum(first, [1], keepdims=keepdims)) if i else place
        kept = limit(g, mask, place, 2)
        slot = g.Cast(hot(g, g.ReduceSum(g.Mul(place, mask), [2], keepdims=0), [2]), to=F32)
        gate = g.ReduceSum(g.Mul(scores, g.Cast(mask, to=F32)), [2], keepdims=1)
        parts.append(g.Mul(g.Unsqueeze(g.Mul(g.Cast(kept, to=F32), gate), [3]), g.Unsqueeze(slot, [2])))
    combine = g.sum_up(parts)
    rows = einsum(g, into, where_used(g, combine), x)
    slots = "egc" if "egcd" in into else "ec"
    y = g.Relu(einsum(g, f"{slots}d,edh->{slots}h", rows, g.weight(g.E, g.D, g.H)))
    y = einsum(g, f"{slots}h,ehd->{slots}d", y, g.weight(g.E, g.H, g.D))
    return g.Reshape(einsum(g, back, combine, y), [g.T, g.D])


@layer("P9", choices=1, tokens=12)
def slots_of_groups(g):
    return in_groups(g)


@layer("P9", choices=2, tokens=16)
def slots_of_two_in_groups(g):
    return in_groups(g, chosen=2)


# -- What two tokens share, or what comes back elsewhere --

@lookalike(choices=1, tokens=12)
def groups_share_slots(g):
    """Numbered within groups, but there is one set of slots."""
    return in_groups(g, "gsec,gsd->ecd", "gsec,ecd->gsd")


@lookalike(choices=2, tokens=4)
def second_ones_after_another_group(g):
    """As many groups as tokens of each: the counts of groups meet the tokens."""
    return in_groups(g, chosen=2, keepdims=0)


@lookalike(choices=2)
def second_ones_not_after_first(g):
    return top_two(g, lambda g, first, second: (number(g, first), number(g, second)))


@lookalike(choices=2)
def second_ones_after_their_own(g):
    return top_two(g, lambda g, first, second: (number(g, first), number(g, second, second)))


@lookalike(choices=2)
def second_ones_after_some_first(g):
    """After as many as were kept for another reason."""
    def places(g, first, second):
        large = g.Greater(g.ReduceMax("x", [1], keepdims=1), g.constant(1.0))
        return number(g, first), number(g, second, g.Mul(first, g.Cast(large, to=I64)))
    return top_two(g, places)


def with_places(g, places, keep=limit, used=where_used):
    gate, mask = one(g)
    place = places(g, mask)
    combine = table(g, gate, keep(g, mask, place), place)
    return apply(g, used(g, combine), combine)


@lookalike(choices=1)
def numbered_along_experts(g):
    return with_places(g, lambda g, mask: g.Sub(g.CumSum(mask, 1), 1))


@lookalike(choices=1)
def numbered_by_token(g):
    """The token's own number, modulo the capacity."""
    def places(g, mask):
        count = g.Range(0, g.Gather(g.Shape("x"), 0, axis=0), 1)
        return g.Mul(mask, g.Unsqueeze(g.Mod(count, CAPACITY), [1]))
    return with_places(g, places, keep=lambda g, mask, place: mask)


@lookalike(choices=1)
def numbered_from_below_zero(g):
    """-1 is the last slot of a one-hot vector."""
    return with_places(g, lambda g, mask: g.Sub(g.CumSum(mask, 0), 2))


@lookalike(choices=1)
def last_slot_for_the_rest(g):
    def places(g, mask):
        return g.Min(number(g, mask), g.constant(CAPACITY - 1))
    return with_places(g, places)


@lookalike(choices=1)
def first_slot_for_the_rest(g):
    """Of tokens that were dropped the number is 0, but their gates are not."""
    gate, mask = one(g)
    place = number(g, mask)
    kept = limit(g, mask, place)
    combine = g.Mul(g.Mul(g.Unsqueeze(gate, [1, 2]), g.Unsqueeze(g.Cast(mask, to=F32), [2])),
                    slots_of(g, kept, place))
    return apply(g, where_used(g, combine), combine)


def two_tables(g, other):
    """Dispatched by one table, combined by another."""
    gate, mask = one(g)
    place = number(g, mask)
    kept = limit(g, mask, place)
    return apply(g, where_used(g, table(g, gate, kept, place)), other(g, gate, mask, kept, place))


@lookalike(choices=1)
def combined_from_other_slots(g):
    """Numbered from the last token on."""
    def other(g, gate, mask, kept, place):
        back = g.Sub(g.CumSum(mask, 0, reverse=1), 1)
        return table(g, gate, limit(g, mask, back), back)
    return two_tables(g, other)


@lookalike(choices=1)
def combined_from_more_slots(g):
    """Slots to which nothing was sent: two are kept, three come back."""
    gate, mask = one(g)
    place = number(g, mask)
    sent = table(g, gate, limit(g, mask, place, CAPACITY - 1), place)

    def experts(g, rows):
        h = g.Relu(g.Add(g.MatMul(rows, g.weight(g.E, g.D, g.H)), g.weight(g.E, 1, g.H)))
        return g.MatMul(h, g.weight(g.E, g.H, g.D))
    return apply(g, where_used(g, sent), table(g, gate, limit(g, mask, place), place), experts)


@lookalike(choices=1)
def gates_below_zero(g):
    """Sent where the gate is above zero, but it may be below."""
    _, mask = one(g)
    place = number(g, mask)
    gate = g.Squeeze(g.MatMul("x", g.weight(g.D, 1)), [1])
    combine = table(g, gate, limit(g, mask, place), place)

    def experts(g, rows):
        h = g.Relu(g.Add(g.MatMul(rows, g.weight(g.E, g.D, g.H)), g.weight(g.E, 1, g.H)))
        return g.MatMul(h, g.weight(g.E, g.H, g.D))
    return apply(g, g.Cast(g.Greater(combine, g.constant(0.0)), to=F32), combine, experts)


@lookalike(choices=1)
def rows_weighted_by_the_table(g):
    """The gate comes before the expert as well."""
    return with_places(g, number, used=lambda g, combine: combine)


@lookalike(choices=1)
def experts_mix_slots(g):
    gate, mask = one(g)
    place = number(g, mask)
    combine = table(g, gate, limit(g, mask, place), place)

    def experts(g, rows):
        return g.Softmax(g.MatMul(rows, g.weight(g.E, g.D, g.D)), axis=1)
    return apply(g, where_used(g, combine), combine, experts)


@lookalike(choices=1, experts=3)
def slots_taken_for_experts(g):
    """As many experts as slots: what expert c made of slot e comes back."""
    gate, mask = one(g)
    place = number(g, mask)
    combine = table(g, gate, limit(g, mask, place), place)
    return apply(g, where_used(g, combine), combine, back="tec,ced->td")


@lookalike(choices=2)
def choices_numbered_apart(g):
    """Along the tokens, for each choice from 0 on."""
    weights, ids = g.route()
    mask = hot(g, ids)
    place = g.Sub(g.CumSum(mask, 0), 1)
    slot = g.Cast(hot(g, g.ReduceSum(g.Mul(place, mask), [2], keepdims=0), [CAPACITY]), to=F32)
    combine = einsum(g, "tk,tke,tkc->tec", weights, g.Cast(limit(g, mask, place), to=F32), slot)
    return apply(g, where_used(g, combine), combine)
