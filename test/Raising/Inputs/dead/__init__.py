# ===-- __init__.py - layers with dead experts, by name -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""`CASES` has layers in which experts are dead, or nearly so, with those that are."""

from . import by_bounds, by_masks, by_weights, of_kinds  # noqa: F401
from .layer import CASES, Layer  # noqa: F401
