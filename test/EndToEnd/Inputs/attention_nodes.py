# ===-- attention_nodes.py - attention and rotation, one node at a time ----===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""GroupQueryAttention, MultiHeadAttention and RotaryEmbedding against the oracle."""

import sys

import numpy as np
from nodes import MS, Nodes

rng = np.random.default_rng(7)


def normal(*shape, dtype=np.float32):
    return rng.standard_normal(shape).astype(dtype)


def tables(width, rows=64):
    angle = np.outer(np.arange(rows), 0.7 ** np.arange(width // 2))
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def grouped(nodes, label, batch, length, past, packed=False, nq=4, nkv=2, h=16, sink=False,
            bias=None, ends=None, ids=None, dynamic=False, table=None, dtype=np.float32,
            last_rank=1, rows=None, **attrs):
    """`rows`: of a windowed cache, which says nothing of how much is past."""
    total = past + length
    if packed:
        query = [normal(batch, length, (nq + 2 * nkv) * h, dtype=dtype), None, None]
    else:
        query = [normal(batch, length, n * h, dtype=dtype) for n in (nq, nkv, nkv)]
    cache = [normal(batch, nkv, past if rows is None else rows, h, dtype=dtype) for _ in "kv"]
    rotary = [t.astype(dtype) for t in tables(table or h)] if attrs.get("do_rotary") else [None] * 2
    ends = np.full(batch, total) if ends is None else np.array(ends)
    lasts = (ends - 1).astype(np.int32)
    inputs = [*query, *cache, lasts.reshape((-1, 1)) if last_rank == 2 else lasts,
              np.array(total, np.int32), *rotary, ids,
              normal(*bias, dtype=dtype) if bias else None,
              normal(nq, dtype=dtype) if sink else None]
    symbols = None
    if dynamic:
        rows = ["B", "S"]
        symbols = {0: rows, 1: rows, 2: rows, 3: ["B", None, "P"], 4: ["B", None, "P"], 5: ["B"],
                   9: rows}
    nodes.add(f"GroupQueryAttention {label}", "GroupQueryAttention", inputs,
              {"num_heads": nq, "kv_num_heads": nkv, **attrs}, outputs=3, domain=MS,
              unspecified=rows is not None, symbols=symbols, tolerance=2e-3 if dtype == np.float16 else 5e-6)


def grouped_cases(nodes):
    for batch, length, past in ((1, 1, 0), (2, 7, 0), (2, 1, 9), (1, 5, 6)):
        shape = f"B={batch} S={length} P={past}"
        for packed in (False, True):
            grouped(nodes, f"{shape} packed={packed} rotary", batch, length, past, packed,
                    do_rotary=1, dynamic=packed)
        add = lambda label, **how: grouped(nodes, f"{shape} {label}", batch, length, past, **how)
        add("plain", dynamic=True)
        add("interleaved", do_rotary=1, rotary_interleaved=1)
        add("softcap", scale=0.3, softcap=2.0)
        add("smooth", smooth_softmax=1)
        add("sink", sink=True, packed=True)
        add("bias", bias=(batch, 1, length, past + length))
        add("wide bias", bias=(1, 4, length, past + length))
        add("not causal", causal=0)
        add("partial rotary", do_rotary=1, table=8)
        add("half", do_rotary=1, sink=True, dtype=np.float16)
        for window in (1, 3, 8):
            add(f"window {window}", sink=True, do_rotary=1, local_window_size=window)
    grouped(nodes, "equal heads", 1, 6, 0, nq=3, nkv=3)
    grouped(nodes, "one head", 1, 3, 2, nq=1, nkv=1, do_rotary=1)
    grouped(nodes, "odd size", 2, 3, 0, nq=6, nkv=2, h=5)
    grouped(nodes, "right padding", 3, 7, 0, ends=[7, 3, 5], do_rotary=1, dynamic=True)
    grouped(nodes, "right padding, window", 2, 7, 0, ends=[7, 2], do_rotary=1,
            local_window_size=2, sink=True)
    grouped(nodes, "ragged decode", 3, 1, 9, ends=[10, 4, 1], do_rotary=1, last_rank=2)
    grouped(nodes, "position ids", 2, 1, 5, do_rotary=1, ids=np.array([[11], [3]], np.int64))
    for length, past in ((1, 0), (3, 0), (9, 0), (1, 3), (1, 4), (1, 5), (1, 6), (1, 11), (5, 2),
                         (7, 12)):
        for rows in (4, 6):
            grouped(nodes, f"windowed S={length} P={past} C={rows}", 2, length, past,
                    do_rotary=1, sink=True, rows=rows, dynamic=rows == 6, packed=length == 3,
                    local_window_size=4, sliding_window_cache=1)
    grouped(nodes, "windowed, ragged", 3, 1, 9, ends=[10, 4, 1], do_rotary=1, rows=5,
            local_window_size=3, sliding_window_cache=1)
    grouped(nodes, "windowed, right padding", 3, 7, 0, ends=[7, 3, 5], rows=4,
            local_window_size=3, sliding_window_cache=1)
    grouped(nodes, "windowed, half", 1, 2, 5, rows=5, dtype=np.float16, local_window_size=3,
            sliding_window_cache=1)
    grouped(nodes, "first position ids", 2, 4, 0, do_rotary=1, dynamic=True,
            ids=np.tile(np.arange(4), (2, 1)) + 2)


def multi_head_cases(nodes):
    q, k, v = (normal(2, n, w) for n, w in ((4, 24), (6, 24), (6, 30)))
    add = lambda label, inputs, outputs=1, symbols=None, **attrs: nodes.add(
        f"MultiHeadAttention {label}", "MultiHeadAttention", inputs, {"num_heads": 3, **attrs},
        outputs=outputs, domain=MS, symbols=symbols, tolerance=5e-6)
    add("plain", [q, k, v], symbols={0: ["B", "S"], 1: ["B", "T"], 2: ["B", "T"]})
    add("bias", [q, k, v, normal(78)], scale=0.4)
    add("attention bias", [q, k, v, None, None, normal(2, 3, 4, 6)])
    mask = np.array([[1, 1, 0, 1, 1, 0], [1, 1, 1, 1, 1, 1]], np.int32)
    add("padding", [q, k, v, None, mask])
    square = [normal(2, 6, 24), k, v]
    add("unidirectional", square, unidirectional=1)
    mask = np.array([mask[0], np.zeros(6, np.int32)])
    add("unidirectional padding", [*square, None, mask], unidirectional=1,
        mask_filter_value=-100.0)
    cache = [normal(2, 3, 5, 8), normal(2, 3, 5, 10)]
    add("past", [q, k, v, normal(78), None, normal(1, 1, 4, 11), *cache], outputs=3)
    add("present alone", [q, k, v], outputs=3)


def rotary_cases(nodes):
    for interleaved in (0, 1):
        for width in (0, 8):
            cos, sin = tables(width or 16)
            attrs = {"interleaved": interleaved}
            if width:
                attrs.update(rotary_embedding_dim=width, num_heads=3)
            at = rng.integers(0, 60, (2, 5))
            for x in (normal(2, 5, 48), normal(2, 3, 5, 16)):
                for ids in (at, np.array([4])):
                    nodes.add(f"RotaryEmbedding {attrs} {x.shape}", "RotaryEmbedding",
                              [x, ids, cos, sin], attrs, domain=MS, symbols={2: ["M"], 3: ["M"]})


def standard_rotary_cases(nodes):
    for interleaved in (0, 1):
        for width in (0, 8):
            cos, sin = tables(width or 16)
            attrs = {"interleaved": interleaved, "rotary_embedding_dim": width}
            at = rng.integers(0, 60, (2, 5))
            flat, deep = normal(2, 5, 48), normal(2, 3, 5, 16)
            nodes.add(f"standard {attrs}", "RotaryEmbedding", [deep, cos, sin, at], attrs)
            nodes.add(f"standard flat {attrs}", "RotaryEmbedding", [flat, cos, sin, at],
                      {**attrs, "num_heads": 3})
            nodes.add(f"standard taken {attrs}", "RotaryEmbedding", [deep, cos[at], sin[at]],
                      attrs)


if __name__ == "__main__":
    nodes, standard = Nodes(), Nodes(opset=23)
    grouped_cases(nodes)
    multi_head_cases(nodes)
    rotary_cases(nodes)
    standard_rotary_cases(standard)
    sys.exit(max(nodes.main(), standard.main()))
