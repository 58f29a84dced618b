# ===-- by_order.py - rows sorted by expert (P5) -------------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Rows are sorted by expert, and cut."""

import numpy as np
from onnx import helper

from .graph import I64, layer, lookalike
from .on_hits import spread, zeros_like_x


def sorted_rows(g, cut=None, largest=0, bounds=None, extra=None, order=None, divide=None, invert=None,
                network=None, before=None, behind=None, add_up=None, at_last=None):
    weights, ids = g.route()
    flat = g.Reshape(ids, [-1])
    count = g.Shape(flat)
    by_expert, place = g.TopK(flat, count, axis=0, largest=largest, outputs=2)
    tokens = g.Div(place, divide or g.k)
    rows = g.Gather(g.x, tokens, axis=0)
    rows = before(g, rows) if before else rows
    histogram = g.ScatterElements(g.constant(np.zeros(g.E, np.int64)), by_expert,
                                  g.Expand(g.constant(np.ones([1], np.int64)), count), axis=0, reduction="add")
    ends = g.CumSum(histogram, 0)
    parts = []
    start = g.constant(np.zeros([1], np.int64))
    pieces = cut(g, rows, histogram) if cut else None
    for e, m in enumerate(g.weights_of_experts()):
        end = g.Gather(ends, [e], axis=0)
        begin, stop = bounds(g, start, end, e, histogram) if bounds else (start, end)
        part = pieces[e] if cut else g.Slice(rows, begin, stop, [0])
        y = network(g, part, m, e) if network else g.network(part, m)
        parts.append(extra(g, y, rows, begin, stop) if extra else y)
        start = end
    if order:
        parts = order(parts)
    y = g.Concat(*parts, axis=0)
    y = behind(g, y) if behind else y
    y = g.Mul(y, g.Unsqueeze(g.Gather(g.Reshape(weights, [-1]), place, axis=0), [1]))
    y = at_last(g, y) if at_last else y
    if add_up:
        return add_up(g, y, tokens)
    inverse = (invert or by_sorting)(g, place, count)
    y = g.Reshape(g.Gather(y, inverse, axis=0), [-1, g.k, g.D])
    return g.ReduceSum(y, [1], keepdims=0)


def by_sorting(g, place, count):
    return g.TopK(place, count, axis=0, largest=0, outputs=2)[1]


def by_scattering(g, place, count, value=0, **options):
    """Each number at its place."""
    base = g.ConstantOfShape(count, value=helper.make_tensor("v", I64, [1], [value]))
    return g.ScatterElements(base, place, g.Range(0, g.Squeeze(count, [0]), 1), axis=0, **options)


@layer("P5")
def rows_sorted(g):
    return sorted_rows(g)


@layer("P5")
def rows_put_back_by_scattering(g):
    return sorted_rows(g, invert=by_scattering)


@lookalike()
def put_back_a_place_too_early(g):
    """Numbers added to -1, which counts from the end."""
    return sorted_rows(g, invert=lambda g, place, count: by_scattering(g, place, count, -1, reduction="add"))


def by_adding(move=None):
    """Each row is added where its token is, or where `move` puts it."""
    def add_up(g, y, tokens):
        index = spread(g, tokens, y)
        return g.ScatterElements(zeros_like_x(g), move(g, index) if move else index, y, axis=0, reduction="add")
    return add_up


@layer("P6")
def rows_added_up_by_scattering(g):
    return sorted_rows(g, add_up=by_adding())


@lookalike(tokens=4, choices=2)
def columns_added_up_by_scattering(g):
    """As many rows as columns, and a column is added where the token of the row of its number is."""
    g.D = 8
    return sorted_rows(g, add_up=by_adding(lambda g, index: g.Transpose(index, perm=[1, 0])))


@lookalike()
def sorted_down(g):
    return sorted_rows(g, largest=1)


@lookalike(tokens=7)
def bounds_off_by_one(g):
    def bounds(g, start, end, e, histogram):
        return (g.Sub(start, 1) if e else start), (end if e == g.E - 1 else g.Sub(end, 1))
    return sorted_rows(g, bounds=bounds)


@layer("P5")
def rows_sorted_by_counts(g):
    """An expert's rows start as many before their end as there are."""
    return sorted_rows(g, bounds=lambda g, start, end, e, histogram: (
        g.Sub(end, g.Gather(histogram, [e], axis=0)), end))


def split(g, rows, histogram):
    return g.Split(rows, histogram, axis=0, outputs=g.E)


@layer("P5")
def rows_split_by_counts(g):
    return sorted_rows(g, cut=split)


@lookalike()
def matrix_behind_all_parts(g):
    """All sorted rows meet one matrix, with a bias."""
    return sorted_rows(g, behind=lambda g, y: g.Relu(g.Gemm(y, g.weight(g.D, g.D), g.weight(g.D))))


@lookalike()
def parts_reversed(g):
    return sorted_rows(g, order=lambda parts: parts[::-1])


@lookalike()
def last_row_of_segment(g):
    """To each row of an expert its last one is added."""
    return sorted_rows(g, extra=lambda g, y, rows, begin, stop: g.Add(
        y, g.Slice(g.Relu(rows), g.Sub(stop, 1), stop, [0])))


@lookalike()
def last_row_of_segment_of_all(g):
    """The same, of one value."""
    rows = []

    def extra(g, y, own, begin, stop):
        rows.extend([] if rows else [g.Relu(own)])
        return g.Add(y, g.Slice(rows[0], g.Sub(stop, 1), stop, [0]))
    return sorted_rows(g, extra=extra)


@lookalike()
def not_put_back(g):
    """Rows stay in the order of experts."""
    weights, ids = g.route()
    flat = g.Reshape(ids, [-1])
    by_expert, place = g.TopK(flat, g.Shape(flat), axis=0, largest=0, outputs=2)
    rows = g.Gather("x", g.Div(place, g.k), axis=0)
    y = g.MatMul(g.Unsqueeze(rows, [1]), g.Gather(g.weight(g.E, g.D, g.H), by_expert, axis=0))
    return g.ReduceSum(g.Reshape(y, [-1, g.k, g.H]), [1], keepdims=0)
