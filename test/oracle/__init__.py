# ===-- __init__.py - a float64 interpreter of ONNX models -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""The oracle: runs an ONNX model in float64 and shares no code with the compiler.

    import oracle
    outputs = oracle.run("model.onnx", {"x": array})
"""

from . import interpreter
from . import ops_math, ops_reduce, ops_shape, ops_index, ops_linalg  # noqa: F401
from . import ops_moe, ops_attention, ops_quant, ops_control, ops_recurrent  # noqa: F401
from .interpreter import Model
from .values import OracleError

__all__ = ["run", "Model", "OracleError"]


def run(model, inputs):
    """Runs a model (a path or a ModelProto) once; returns outputs by name."""
    return Model(model).run(inputs)
