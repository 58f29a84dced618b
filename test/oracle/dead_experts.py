# ===-- dead_experts.py - when an expert is dead --------------------------------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""docs/rationale/dead-experts.md in plain numbers.

A router is described, not read from a graph; everything else follows the page
line by line, in float64. What the compiler eliminates, and what
`moec check-certificate` accepts, is compared with this."""

import itertools
import math
from dataclasses import dataclass, field

INFINITY = math.inf
ROUNDOFF = {"f32": 2.0**-24, "f16": 2.0**-11, "bf16": 2.0**-8}


@dataclass
class Bound:
    """v = offset + gain * xi + d, |xi| <= radius, |d_k| <= half_width."""

    kind: str
    gain: list
    offset: list
    radius: float
    half_width: float
    storage: str = "f32"

    @property
    def delta(self):
        return 4 * ROUNDOFF[self.storage]

    @property
    def alpha(self):
        return 2.0**-24 if self.storage == "f16" else 2.0**-100


def norm_bound(kind, gain, offset=None, storage="f32"):
    hidden = len(gain)
    radius = math.sqrt(hidden) * (1 + (hidden + 16) * 2.0**-23)
    return Bound(kind, list(gain), list(offset if offset is not None else [0] * hidden), radius, 0, storage)


def range_bound(kind, hidden, low, high, more, storage="f32"):
    return Bound(kind, [0] * hidden, [(low + high) / 2] * hidden, 0, (high - low) / 2 + more, storage)


def no_bound(hidden):
    return Bound("none", [0] * hidden, [0] * hidden, 0, 0)


@dataclass
class Groups:
    count: int
    kept: int
    score: str  # max, top2_sum
    fill: float


@dataclass
class Router:
    top_k: int
    weights: list  # [E][H]
    bias: list  # [E]
    bound: Bound
    score: str = "none"  # none (softmax of the chosen too), softmax, sigmoid
    selection: list = None
    groups: Groups = None
    highest: bool = False
    storage: str = "f32"
    cache: dict = field(default_factory=dict)

    @property
    def experts(self):
        return len(self.bias)


def zero_codes(codes, zero_points=None, bits=8, block=None):
    """Whether each expert's codes [E][N][bytes] are their zero points: [E][bytes of N], or with blocks
    [E][N][bytes of blocks]; without, half of what the bits hold."""

    def unpack(row):
        return [(byte >> at) & (2**bits - 1) for byte in row for at in range(0, 8, bits)]

    def zero_of(e, n, k):
        if zero_points is None:
            return 2 ** (bits - 1)
        return unpack(zero_points[e][n])[k // block] if block else unpack(zero_points[e])[n]

    return [
        all(code == zero_of(e, n, k) for n, row in enumerate(expert) for k, code in enumerate(unpack(row)))
        for e, expert in enumerate(codes)
    ]


def duplicates(*weights, kinds=None):
    """The first expert that each is equal to, bit by bit, in all weights [E, ...]; where experts are of several
    kinds, the first of its kind."""
    def bits(e):
        return [kinds and kinds[e], *(array[e].tobytes() for array in weights)]

    return [next(other for other in range(e + 1) if bits(other) == bits(e)) for e in range(len(weights[0]))]


def _norm(values):
    return math.sqrt(math.fsum(v * v for v in values))


def _dot(a, b):
    return math.fsum(x * y for x, y in zip(a, b))


def sigmoid(x):
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    return math.exp(x) / (1 + math.exp(x)) if x > -700 else 0.0


class Proof:
    """What is certain of a router."""

    def __init__(self, router):
        self.r = router
        bound = router.bound
        self.known = bound.kind != "none"
        hidden = len(bound.gain)
        self.length = (1 + bound.delta) * (
            bound.radius * max(map(abs, bound.gain)) + _norm(bound.offset) + bound.half_width * math.sqrt(hidden)
        ) + bound.alpha * math.sqrt(hidden)
        accuracy = (hidden + 4) * 2.0**-23 + 4 * ROUNDOFF[router.storage]
        self.size = [
            self.length * _norm(w) + (abs(b) if math.isfinite(b) else 0) for w, b in zip(router.weights, router.bias)
        ]
        underflow = (hidden + 4) * 2.0**-126 + (2.0**-22 if router.storage == "f16" else 0)
        self.error = [accuracy * size + underflow for size in self.size]

    def spread(self, u):
        bound = self.r.bound
        total = math.fsum(map(abs, u))
        return (
            (1 + bound.delta) * bound.radius * _norm([g * x for g, x in zip(bound.gain, u)])
            + bound.delta * math.fsum(abs(x) * abs(o) for x, o in zip(u, bound.offset))
            + (1 + bound.delta) * bound.half_width * total
            + bound.alpha * total
        )

    def difference(self, j, e):
        """D"""
        b = self.r.bias
        if b[j] == -INFINITY:
            return -INFINITY
        if b[e] == -INFINITY:
            return INFINITY
        if not self.bounded(j) or not self.bounded(e):
            return -INFINITY
        if (j, e) not in self.r.cache:
            u = [x - y for x, y in zip(self.r.weights[j], self.r.weights[e])]
            self.r.cache[j, e] = (
                b[j] - b[e] + _dot(u, self.r.bound.offset) - self.spread(u) - self.error[j] - self.error[e]
            )
        return self.r.cache[j, e]

    def score_range(self, i):
        if self.r.bias[i] == -INFINITY:
            return -INFINITY, -INFINITY
        if not self.bounded(i):
            return -INFINITY, INFINITY
        w = self.r.weights[i]
        middle = self.r.bias[i] + _dot(w, self.r.bound.offset)
        half = self.spread(w) + self.error[i]
        return middle - half, middle + half

    def key_margin(self, j, e):
        """K"""
        c = self.r.selection
        if self.masked_key(j):
            return -INFINITY
        if c[e] == -INFINITY:
            return INFINITY
        difference = self.difference(j, e)
        size = abs(c[j]) + abs(c[e])
        if self.r.score == "none":
            low = difference
            size += self.size[j] + self.size[e]
        elif self.r.score == "softmax":
            low = max(-1, min(0, math.tanh(difference / 2)))
        else:
            ends = sigmoid(self.score_range(j)[0]) - sigmoid(self.score_range(e)[1])
            low = max(-1, ends, self.sigmoid_gain(e, difference))
        return low + c[j] - c[e] - 2.0**-18 - 2.0**-22 * size

    def masked_key(self, i):
        masked = self.r.selection and self.r.selection[i] == -INFINITY
        return bool(masked or (self.r.score == "none" and self.r.bias[i] == -INFINITY))

    def sigmoid_gain(self, e, difference):
        """M"""
        if difference < 0:
            return -math.tanh(-difference / 4)

        def step(score):
            if math.isinf(score) or math.isinf(difference):
                return 0
            return sigmoid(score + difference) - sigmoid(score)

        return min(map(step, self.score_range(e)))

    def constant_score(self, i):
        return math.isfinite(self.r.bias[i]) and not any(self.r.weights[i])

    def bounded(self, i):
        return self.known or self.constant_score(i)

    def before_by_constants(self, j, e):
        """Two scores that are constants, of which the tie rule may decide: a function makes the same of the same."""
        first = j > e if self.r.highest else j < e
        if self.r.groups or not first or not self.constant_score(j) or not self.constant_score(e):
            return False
        s, c = self.r.bias, self.r.selection or [0] * self.r.experts
        ordered = s[j] >= s[e] if self.r.score == "none" else s[j] == s[e]
        return ordered and math.isfinite(c[j]) and c[j] >= c[e]

    def margin(self, j, e):
        margin = self.key_margin(j, e) if self.r.selection else self.difference(j, e)
        if margin <= 0 and self.before_by_constants(j, e):
            c = self.r.selection or [0] * self.r.experts
            return self.r.bias[j] - self.r.bias[e] + c[j] - c[e]
        return margin

    def beats(self, j, e):
        if j == e:
            return False
        if self.before_by_constants(j, e):
            return True
        if self.r.selection:
            return self.key_margin(j, e) > 0
        difference = self.difference(j, e)
        if self.r.score == "none":
            return difference > 0
        if self.r.score == "softmax":
            return difference > 2.0**-16 and all(
                self.difference(j, i) >= -70
                for i in range(self.r.experts)
                if i != j and self.r.bias[i] > -INFINITY
            )
        if difference <= 0 or self.score_range(j)[0] < -70:
            return False
        if difference == INFINITY:
            return True
        return sigmoid(-self.score_range(e)[1]) * -math.expm1(-difference) > 2.0**-17

    def key_range(self, i):
        c = self.r.selection[i] if self.r.selection else 0
        if self.r.score == "none":
            low, high = self.score_range(i)
        elif self.r.score == "softmax":
            low, high = 0, 1
        else:
            low, high = map(sigmoid, self.score_range(i))
        wide = 2.0**-18 + 2.0**-22 * (abs(c) + (self.size[i] if self.r.score == "none" else 0))
        if c == -INFINITY:
            return -INFINITY, -INFINITY
        low = low + c - wide
        return (low if self.r.score == "none" else max(low, c)), high + c + wide

    def beats_by_constants(self, j, e):
        if not self.beats(j, e):
            return False
        if self.margin(j, e) == INFINITY or self.before_by_constants(j, e):
            return True
        ranges = self.key_range if self.r.selection else self.score_range
        return ranges(j)[0] > ranges(e)[1]

    def masked(self, e):
        """Whether constants decide that e is dead."""
        return sum(self.beats_by_constants(j, e) for j in range(self.r.experts)) >= self.r.top_k

    def weightless(self, e):
        return self.r.score != "none" and self.r.bias[e] == -INFINITY

    # Whether e is dead.

    def dead(self, e):
        if self.r.groups:
            return self.dead_in_groups(e, self.beats)
        return sum(self.beats(j, e) for j in range(self.r.experts)) >= self.r.top_k

    def dead_in_groups(self, e, beats):
        groups, experts = self.r.groups, self.r.experts
        members = experts // groups.count
        of = lambda group: range(group * members, (group + 1) * members)
        own = e // members
        others = [group for group in range(groups.count) if group != own]
        first = (lambda j: j > e) if self.r.highest else (lambda j: j < e)

        def group_before(group):
            if groups.score == "max":
                return all(any(beats(j, i) for j in of(group)) for i in of(own))
            before = group > own if self.r.highest else group < own
            return before and sum(all(beats(j, i) for i in of(own)) for j in of(group)) >= 2

        def before_fill(j):
            low = self.key_range(j)[0]
            masked = self.masked_key(j)
            return low > groups.fill or (groups.fill == -INFINITY and not masked) or (low == groups.fill and first(j))

        def least(staying, gone, count):
            # Every choice of the groups that stay, tried.
            return min(
                sum(staying(g) if g in chosen else gone(g) for g in others)
                for chosen in itertools.combinations(others, count)
            )

        stays = sum(map(group_before, others)) < groups.kept
        if stays:
            filled = members if groups.fill > self.key_range(e)[1] else 0
            count = sum(beats(j, e) for j in of(own)) + least(
                lambda g: sum(beats(j, e) for j in of(g)), lambda g: filled, groups.kept - 1
            )
            if count < self.r.top_k:
                return False
        if groups.kept < groups.count:
            count = sum(map(first, of(own))) + least(
                lambda g: sum(map(before_fill, of(g))), lambda g: sum(map(first, of(g))), groups.kept
            )
            if count < self.r.top_k:
                return False
        return True

    def certificate(self, e, force=False):
        """What the manifest says of e; None where it is not proven dead."""
        bound = self.r.bound
        head = {"bound": bound.kind, "radius": bound.radius, "half_width": bound.half_width}
        if self.weightless(e):
            return {"expert": e, "cause": "masked", **head}
        if not force and not self.dead(e):
            return None
        by = [j for j in range(self.r.experts) if self.beats(j, e)]
        margins = [self.margin(j, e) for j in by]
        return {
            "expert": e,
            "cause": "masked" if self.masked(e) else "unreachable",
            **head,
            "beaten_by": by,
            "margins": [None if margin == INFINITY else margin for margin in margins],
        }

    def certificates(self):
        found = (self.certificate(e) for e in range(self.r.experts))
        return [certificate for certificate in found if certificate]
