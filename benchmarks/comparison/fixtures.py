# ===-- fixtures.py - how the tests describe inputs, and measure errors ----===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""What test/EndToEnd has of this."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, os.pardir, os.pardir, "test", "EndToEnd"))

from compare import error  # noqa: E402
from fixture import Fixture, evaluate, make_inputs  # noqa: E402

__all__ = ["Fixture", "error", "evaluate", "make_inputs"]
