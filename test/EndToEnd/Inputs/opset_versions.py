# ===-- opset_versions.py - operators at every version in scope ------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Compares the versions that the ops of the onnx dialect list with the schemas of the onnx
package, and runs every T0 operator at every version that opsets 13 to 24 have of it: a node
test each, those of one opset side by side in one model.

    opset_versions.py BUILD/dialects/Onnx/IR/OnnxOps.cpp.inc
"""

import collections
import pathlib
import re
import sys
import tempfile

import onnx
from onnx import helper, numpy_helper

import node_cases
from node_cases import NEWEST, OLDEST
from node_tests import find_reasons

# Versions that an operator has under an older name.
OLDER_NAMES = {"ScatterElements": [9]}  # Scatter

def reachable(versions):
    """The versions of an operator that models of the opsets in scope may mean."""
    old = [v for v in versions if v <= OLDEST]
    return ([max(old)] if old else []) + [v for v in versions if OLDEST < v <= NEWEST]


def schema_versions():
    versions = collections.defaultdict(list)
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain == "" and not schema.deprecated:
            versions[schema.name].append(schema.since_version)
    return {name: sorted(numbers) for name, numbers in versions.items()}


def listed_versions(path):
    """Of every op of the default domain, from what TableGen made of its definition."""
    form = re.compile(r"static const int versions\[\] = \{([\d, ]+)\};\s*"
                      r'static const ::moec::onnx::NodeSchema schema = \{\s*"(\w+)", ""')
    return {name: [int(v) for v in numbers.split(",")]
            for numbers, name in form.findall(pathlib.Path(path).read_text())}


def check_lists(path):
    wrong = []
    schemas, listed = schema_versions(), listed_versions(path)
    for name in sorted(node_cases.T0 - listed.keys()):
        wrong.append(f"{name} has no op")
    for name, versions in sorted(listed.items()):
        wanted = reachable(schemas.get(name, []))
        if missing := [v for v in wanted if v not in versions]:
            wrong.append(f"{name} lists {versions}, which lacks {missing}")
        known = schemas.get(name, []) + OLDER_NAMES.get(name, [])
        if unknown := [v for v in versions if v not in known]:
            wrong.append(f"{name} lists {unknown}, which onnx has not")
    return len(listed), wrong


def with_axes_attribute(case):
    """A copy of a test of a reduction as versions before 18 have it, or None."""
    node, = case.model.graph.node
    if not node.op_type.startswith("Reduce") or len(node.input) != 2:
        return None
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    node, graph = model.graph.node[0], model.graph
    axes = numpy_helper.to_array(node_cases.to_tensor(case.inputs[1], "axes")).tolist()
    node.attribute.append(helper.make_attribute("axes", axes,
                                                attr_type=onnx.AttributeProto.INTS))
    del node.input[1], graph.input[1]
    other = object.__new__(node_cases.Case)
    other.__dict__.update(case.__dict__, model=model, inputs=case.inputs[:1])
    return other


def find(cases, operator, version):
    """Tests of an operator that are valid at a version: the first, and the first of those
    with an attribute that is an input today."""
    chosen = []
    for form in (lambda case: case, with_axes_attribute):
        for case in cases:
            if case.tested != operator or case.is_expanded or find_reasons(case):
                continue
            case = form(case)
            model = case and node_cases.at_opset(case.model, version)
            if model:
                chosen.append((case, model))
                break
    return chosen


def side_by_side(chosen, version, folder):
    """One model of all of them, and its test data."""
    nodes, infos, files = [], {"input": [], "output": []}, collections.Counter()
    folder.mkdir()
    for number, (case, model) in enumerate(chosen):
        def renamed(name):
            return name and f"c{number}_{name}"
        for node in model.graph.node:
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            copy.name = f"{case.name}_{node.op_type}"
            copy.input[:] = [renamed(n) for n in node.input]
            copy.output[:] = [renamed(n) for n in node.output]
            nodes.append(copy)
        for kind, values, declared in (("input", case.inputs, model.graph.input),
                                       ("output", case.outputs, model.graph.output)):
            for value, info in zip(values, declared):
                copy = onnx.ValueInfoProto()
                copy.CopyFrom(info)
                copy.name = renamed(info.name)
                infos[kind].append(copy)
                tensor = node_cases.to_tensor(value, copy.name)
                path = folder / f"{kind}_{files[kind]}.pb"
                path.write_bytes(tensor.SerializeToString())
                files[kind] += 1
    graph = helper.make_graph(nodes, "versions", infos["input"], infos["output"])
    model = helper.make_model(graph, ir_version=8,
                              opset_imports=[helper.make_opsetid("", version)])
    onnx.save(model, folder / "model.onnx")


def run(chosen, version, folder):
    side_by_side(chosen, version, folder)
    code, text = node_cases.run(["moec", "compile", str(folder / "model.onnx"), "-o",
                                 str(folder / "out"), "--name", "versions", "-j", "2",
                                 "--cpu", "x86-64-v3"])
    if code == 0:
        tolerance = max(case.tolerance for case, _ in chosen)
        code, text = node_cases.run(["moec", "verify", str(folder / "out" / "libversions.so"),
                                     "--test-data", str(folder), "--rtol", str(tolerance)])
    return [] if code == 0 else [f"opset {version}: {line}" for line in text.splitlines()
                                 if not line.startswith("ok")]


def main():
    count, wrong = check_lists(sys.argv[1])
    print(f"{count} operators with versions")
    cases, versions = node_cases.load(), schema_versions()
    ran = 0
    with tempfile.TemporaryDirectory() as scratch:
        for opset in range(OLDEST, NEWEST + 1):
            chosen = []
            for operator in sorted(node_cases.T0):
                wanted = reachable(versions[operator])
                if opset not in wanted and not (opset == OLDEST and wanted[0] <= OLDEST):
                    continue
                found = find(cases, operator, opset)
                if not found:
                    wrong.append(f"no test of {operator} is valid at opset {opset}")
                chosen += found
            if chosen:
                wrong += run(chosen, opset, pathlib.Path(scratch) / str(opset))
                ran += len(chosen)
    print(*wrong, sep="\n")
    print(f"{ran} nodes, {len(wrong)} wrong")
    return 1 if wrong or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
