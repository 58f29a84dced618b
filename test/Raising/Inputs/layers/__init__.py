# ===-- __init__.py - MoE layers of ordinary operators ------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Small ONNX models by name: `LAYERS` are routed experts in every layout that is
raised, `LOOKALIKES` differ from one of them in one thing that changes the numbers.
Each function adds nodes to a `Graph` and returns the output."""

# isort: off (the order is that of the names, by which random models are drawn)
from .graph import F32, I64, LAYERS, LOOKALIKES, Graph, build, layer, lookalike, register  # noqa: F401
from .on_all_tokens import all_in_one, gated, masked, with_bias  # noqa: F401
from .on_hits import gathered_scatter_nd, hits, scatter_nd, zeros_like_x  # noqa: F401
from . import by_table, by_order, by_einsum, with_capacity, by_boolean, by_slots, of_kinds, of_codes, by_number, by_input  # noqa: F401
from . import by_rounds, in_turns, of_norms  # noqa: F401
