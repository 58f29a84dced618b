# ===-- ops_control.py - control flow, sequences and optionals -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""If, Loop, Scan, sequences, optionals. A sequence is a `Sequence` of values."""

import numpy as np

from .interpreter import op
from .values import Value, boolean, int64


class Sequence(list):
    """A sequence of tensors: one value, not several results."""

    is_sequence = True


@op("If")
def _if(node, condition):
    return node.run(node.attr("then_branch" if condition.scalar() else "else_branch"), [])


@op("Loop")
def _loop(node, trips=None, condition=None, *carried):
    body = node.attr("body")
    limit = None if trips is None else int(trips.scalar())
    going = True if condition is None else bool(condition.scalar())
    state, scans, count = list(carried), None, 0
    while going and (limit is None or count < limit):
        results = node.run(body, [int64(count), boolean(going), *state])
        going = bool(results[0].scalar())
        state = results[1:1 + len(carried)]
        rows = results[1 + len(carried):]
        scans = [[] for _ in rows] if scans is None else scans
        for column, row in zip(scans, rows):
            column.append(row)
        count += 1
    if scans is None:
        scans = [[] for _ in body.output[1 + len(carried):]]
    stacked = [_stack(column, body.output[1 + len(carried) + i], node)
               for i, column in enumerate(scans)]
    return state + stacked


def _stack(column, formal, node, axis=0):
    if column:
        return column[0].like(np.stack([v.data for v in column], axis))
    kind = formal.type.tensor_type
    shape = [d.dim_value for d in kind.shape.dim]
    if any(d.HasField("dim_param") for d in kind.shape.dim):
        node.fail(f"scan output {formal.name} has no iteration and no static shape")
    return Value(np.zeros([0] + shape), kind.elem_type)


@op("Scan")
def _scan(node, *inputs):
    body, count = node.attr("body"), node.attr("num_scan_inputs")
    state, sequences = list(inputs[:-count]), inputs[-count:]
    axes = node.attr("scan_input_axes", [0] * count)
    backwards = node.attr("scan_input_directions", [0] * count)
    outputs = len(body.output) - len(state)
    out_axes = node.attr("scan_output_axes", [0] * outputs)
    out_backwards = node.attr("scan_output_directions", [0] * outputs)
    steps = sequences[0].shape[axes[0]]
    columns = [[] for _ in range(outputs)]
    for step in range(steps):
        rows = [s.like(np.take(s.data, steps - 1 - step if back else step, axis))
                for s, axis, back in zip(sequences, axes, backwards)]
        results = node.run(body, state + rows)
        for column, row in zip(columns, results[len(state):]):
            column.append(row)
        state = results[:len(state)]
    stacked = []
    for i, column in enumerate(columns):
        column = column[::-1] if out_backwards[i] else column
        stacked.append(_stack(column, body.output[len(state) + i], node, out_axes[i]))
    return state + stacked


@op("SequenceEmpty")
def _sequence_empty(node):
    return Sequence()


@op("SequenceConstruct")
def _sequence_construct(node, *values):
    return Sequence(values)


@op("SequenceAt")
def _sequence_at(node, sequence, position):
    return sequence[int(position.scalar())]


@op("SequenceLength")
def _sequence_length(node, sequence):
    return int64(len(sequence))


@op("SequenceInsert")
def _sequence_insert(node, sequence, value, position=None):
    result = Sequence(sequence)
    at = len(result) if position is None else int(position.scalar())
    result.insert(at + len(result) if at < 0 else at, value)
    return result


@op("SequenceErase")
def _sequence_erase(node, sequence, position=None):
    result = Sequence(sequence)
    result.pop(-1 if position is None else int(position.scalar()))
    return result


@op("SplitToSequence")
def _split_to_sequence(node, a, split=None):
    axis = node.attr("axis", 0)
    extent = a.shape[axis]
    if split is None:
        sizes, keep = [1] * extent, node.attr("keepdims", 1)
    else:
        keep = 1
        sizes = split.ints()
        if split.data.ndim == 0:
            whole, rest = divmod(extent, sizes[0])
            sizes = [sizes[0]] * whole + ([rest] if rest else [])
    parts = np.split(a.data, np.cumsum(sizes)[:-1], axis) if sizes else []
    return Sequence(a.like(p if keep else np.squeeze(p, axis)) for p in parts)


@op("ConcatFromSequence")
def _concat_from_sequence(node, sequence):
    arrays = [v.data for v in sequence]
    join = np.stack if node.attr("new_axis", 0) else np.concatenate
    return sequence[0].like(join(arrays, node.attr("axis")))


@op("Optional")
def _optional(node, value=None):
    return value


@op("OptionalHasElement")
def _optional_has_element(node, value=None):
    return boolean(value is not None)


@op("OptionalGetElement")
def _optional_get_element(node, value):
    return value
