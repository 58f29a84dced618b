# ===-- layer_grouped.py - one layer as transformers' exporter has it ------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""P5, olmoe_hf20_grouped: tokens sorted by expert, and a product for each group. See
layer_graphs.py."""

from onnx import TensorProto


def _sorted(block, ids):
    """The experts in order, and the places that they had."""
    flat = block.node("Reshape", ids, block.ints(-1))
    count = block.node("Gather", block.node("Shape", flat), block.int(-1), axis=0)
    count = block.node("Reshape", count, block.ints(1))
    return flat, *block.node("TopK", flat, count, outputs=2, axis=-1, largest=0, sorted=1)


def _floor_divide(block, places):
    """places // k, as torch's decomposition has it for integers of any sign."""
    k = block.int(block.layer.k)
    negative = block.node("Equal", block.node("Less", places, block.int(0)),
                          block.constant(TensorProto.BOOL, [], True))
    rest = block.node("Cast", block.node("Mod", places, k, fmod=0), to=TensorProto.BOOL)
    less = block.node("Cast", block.node("And", negative, rest), to=TensorProto.INT64)
    return block.node("Sub", block.node("Div", places, k), less)


def _ends(block, experts):
    """Where each group ends: a histogram (torch.histc) and its sums."""
    count = block.layer.experts
    scaled = block.node("Reshape", block.node("Cast", experts, to=TensorProto.FLOAT), block.ints(-1))
    scaled = block.node("Div", scaled, block.float((count - 1) / count))
    bins = block.node("Clip", block.node("Cast", scaled, to=TensorProto.INT64), block.int(0),
                      block.int(count - 1))
    ones = block.node("Expand", block.float(1.0), block.node("Shape", bins))
    zeros = block.constant(TensorProto.FLOAT, [count], *[0.0] * count)
    found = block.node("ScatterElements", zeros, bins, ones, axis=0, reduction="add")
    sums = block.node("CumSum", block.node("Cast", found, to=TensorProto.INT32), block.int(0))
    return block.node("Split", block.node("Cast", sums, to=TensorProto.INT64), outputs=count,
                      axis=0, num_outputs=count)


def _ranges(block, ends):
    """The rows of each group."""
    start, ranges = block.int(0), []
    for end in ends:
        end = block.node("Squeeze", end, block.ints(0))
        ranges.append(block.node("Range", start, end, block.int(1)))
        start = end
    return ranges


def _product(block, rows, weights, ranges):
    turned = block.node("Transpose", weights, perm=[0, 2, 1])
    count = len(ranges)
    parts = block.node("Split", turned, outputs=count, axis=0, num_outputs=count)
    return block.node("Concat", *(
        block.node("MatMul", block.node("Gather", rows, mine, axis=0),
                   block.node("Squeeze", part, block.ints(0)))
        for mine, part in zip(ranges, parts)), axis=0)


def grouped(block):
    layer = block.layer
    shares, ids = block.chosen()
    flat_shares = block.node("Reshape", shares, block.ints(-1))
    tokens = block.node("Squeeze", block.node("Shape", "x", start=0, end=1))
    count = block.node("Mul", block.int(layer.k), tokens)
    _, experts, places = _sorted(block, ids)
    token = block.node("Unsqueeze", _floor_divide(block, places), block.ints(-1))
    rows = block.node("GatherND", "x", token)
    places_2d = block.node("Unsqueeze", places, block.ints(-1))
    shares = block.node("GatherND", flat_shares, places_2d)
    ranges = _ranges(block, _ends(block, experts))
    inner = block.swiglu(_product(block, rows, "up", ranges))
    found = _product(block, inner, "down", ranges)
    found = block.node("Mul", found, block.node("Unsqueeze", shares, block.ints(-1)))
    empty = block.node("Expand", block.int(0), block.node("Shape", places))
    numbers = block.node("Range", block.int(0), count, block.int(1))
    back = block.node("ScatterND", empty, places_2d, numbers)
    found = block.node("GatherND", found, block.node("Unsqueeze", back, block.ints(-1)))
    found = block.node("Reshape", found, block.ints(-1, layer.k, layer.hidden))
    return block.node("ReduceSum", found, block.ints(1), keepdims=0)
