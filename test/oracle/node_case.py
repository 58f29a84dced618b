# ===-- node_case.py - one operator in both references -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Runs a single node in the oracle and in ONNX Runtime."""

import numpy as np
import onnxruntime
from onnx import helper, numpy_helper

from . import Model


def model(op, inputs, attrs=None, outputs=1, opset=21, domain="", constants=()):
    """A model of one node. `inputs` are arrays, or None for one left out; the
    positions in `constants` become initializers."""
    names = ["" if a is None else f"in{i}" for i, a in enumerate(inputs)]
    graph_inputs, inits = [], []
    for i, (name, array) in enumerate(zip(names, inputs)):
        if array is None:
            continue
        array = np.asarray(array)
        if i in constants:
            inits.append(numpy_helper.from_array(array, name))
        else:
            elem = helper.np_dtype_to_tensor_dtype(array.dtype)
            graph_inputs.append(helper.make_tensor_value_info(name, elem, array.shape))
    results = [f"out{i}" if wanted else "" for i, wanted in
               enumerate([True] * outputs if isinstance(outputs, int) else outputs)]
    node = helper.make_node(op, names, results, "node", domain=domain, **(attrs or {}))
    graph = helper.make_graph([node], "case", graph_inputs,
                              [helper.ValueInfoProto(name=r) for r in results if r], inits)
    imports = [helper.make_opsetid("", opset)]
    if domain:
        imports.append(helper.make_opsetid(domain, 1))
    made = helper.make_model(graph, ir_version=10, opset_imports=imports)
    feeds = {n: np.asarray(a) for i, (n, a) in enumerate(zip(names, inputs))
             if a is not None and i not in constants}
    return made, feeds


def both(*args, **kwargs):
    """Outputs of the oracle and of ONNX Runtime, as lists in the same order."""
    made, feeds = model(*args, **kwargs)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(made.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    theirs = session.run(None, feeds)
    return list(Model(made).run(feeds).values()), theirs
