# ===-- interpreter.py - walks an ONNX graph node by node -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""The interpreter: scopes, model-local functions, and the table of operators."""

from onnx import TensorProto

from .values import OracleError, Value, attribute, from_numpy, from_proto, load

OPS = {}


def op(*names, domain=""):
    """Registers a function as the meaning of the operators `names`.

    It is called as f(node, *inputs) with None for an input that is not there
    and returns a value or a sequence of values.
    """
    def register(function):
        for name in names:
            OPS[(domain, name)] = function
        return function
    return register


class Node:
    """A node as its operator sees it."""

    def __init__(self, proto, attrs, version, scope):
        self.proto, self.attrs, self.version, self.scope = proto, attrs, version, scope
        self.name = proto.name or proto.op_type

    def attr(self, name, default=None):
        return self.attrs.get(name, default)

    @property
    def outputs(self):
        return len(self.proto.output)

    def wants(self, index):
        return index < len(self.proto.output) and self.proto.output[index] != ""

    def run(self, graph, inputs):
        """Runs a subgraph of this node with `inputs` for its formal inputs."""
        scope = Scope(self.scope.model, self.scope.versions, self.scope)
        return scope.run_graph(graph, dict(zip([i.name for i in graph.input], inputs)))

    def fail(self, message):
        raise OracleError(f"node {self.name} ({self.proto.op_type}): {message}")


class Scope:
    """Names visible inside one graph or function body."""

    def __init__(self, model, versions, outer=None):
        self.model, self.versions, self.outer = model, versions, outer
        self.names = {}
        self.formals = outer.formals if outer else {}

    def find(self, name):
        scope = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        raise OracleError(f"value {name} is not defined")

    def run_graph(self, graph, inputs):
        for init in graph.initializer:
            self.names[init.name] = self.model.constant(init)
        self.names.update(inputs)
        for node in graph.node:
            self.run_node(node)
        return [self.find(out.name) for out in graph.output]

    def attributes(self, proto):
        attrs = {}
        for a in proto.attribute:
            if not a.ref_attr_name:
                attrs[a.name] = attribute(a)
            elif a.ref_attr_name in self.formals:
                attrs[a.name] = self.formals[a.ref_attr_name]
        return attrs

    def run_node(self, proto):
        domain = "" if proto.domain == "ai.onnx" else proto.domain
        inputs = [self.find(n) if n else None for n in proto.input]
        attrs = self.attributes(proto)
        function = self.model.functions.get((domain, proto.op_type, proto.overload))
        if function is not None:
            results = self.call(function, inputs, attrs)
        else:
            # Exporters put some contrib operators in the default domain.
            handler = OPS.get((domain, proto.op_type))
            if handler is None and domain == "":
                handler = OPS.get(("com.microsoft", proto.op_type))
            if handler is None:
                raise OracleError(f"operator {domain or 'ai.onnx'}::{proto.op_type} "
                                  f"of node {proto.name!r} is not known")
            node = Node(proto, attrs, self.versions.get(domain, 1), self)
            try:
                results = handler(node, *inputs)
            except OracleError:
                raise
            except Exception as error:
                shapes = [getattr(v, "shape", None) for v in inputs]
                raise OracleError(f"node {node.name} ({proto.op_type}) with inputs "
                                  f"{shapes}: {error!r}") from error
        if not isinstance(results, (list, tuple)) or hasattr(results, "is_sequence"):
            results = [results]
        for name, result in zip(proto.output, results):
            if name:
                self.names[name] = result
        observer = self.model.observer
        if observer:
            observer(proto, results)

    def call(self, function, inputs, attrs):
        scope = Scope(self.model, {o.domain: o.version for o in function.opset_import})
        scope.formals = {a.name: attribute(a) for a in function.attribute_proto}
        scope.formals.update(attrs)
        padded = list(inputs) + [None] * (len(function.input) - len(inputs))
        scope.names.update(zip(function.input, padded))
        for node in function.node:
            scope.run_node(node)
        return [scope.names.get(name) for name in function.output]


class Model:
    """A loaded model, ready to run any number of times."""

    def __init__(self, path_or_proto, observer=None):
        proto = path_or_proto if hasattr(path_or_proto, "graph") else load(path_or_proto)
        self.proto, self.observer = proto, observer
        self.functions = {(f.domain, f.name, f.overload): f for f in proto.functions}
        self.versions = {"" if o.domain == "ai.onnx" else o.domain: o.version
                         for o in proto.opset_import}
        self._constants = {}

    def constant(self, init):
        key = id(init)
        if key not in self._constants:
            self._constants[key] = (init, from_proto(init))
        return self._constants[key][1]

    def run(self, inputs):
        """Outputs by name; `inputs` maps names to arrays."""
        graph = self.proto.graph
        given = {name: from_numpy(array) for name, array in inputs.items()}
        defaults = {i.name for i in graph.initializer}
        for formal in graph.input:
            if formal.name not in given and formal.name not in defaults:
                raise OracleError(f"input {formal.name} is not given")
            elem = formal.type.tensor_type.elem_type
            if formal.name in given and elem not in (TensorProto.UNDEFINED, given[formal.name].elem):
                given[formal.name] = Value(given[formal.name].data, elem)
        unknown = set(given) - {i.name for i in graph.input}
        if unknown:
            raise OracleError(f"the model has no input {sorted(unknown)[0]}")
        results = Scope(self, self.versions).run_graph(graph, given)
        return {out.name: v.data for out, v in zip(graph.output, results)}
