# ===-- layer_graphs.py - one layer in the forms of exporters --------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""A block of router and experts as graphs: in each of the forms that exporters write ordinary
operators in (the patterns of test/fixtures/README.md), and around the fused node. Node for
node they are those of the fixtures named here, but for the number of experts, and for
transposed weights: a file of real size has the Transpose, which exporters fold away only
where weights are small.

Every builder takes a Block and returns the name of its result, [T, H]."""

from onnx import TensorProto, helper

MS = "com.microsoft"


class Block:
    """A graph in the making. Weights are names of initializers: `router` [E, H], `up` [E, 2I,
    H] with the gates first, `mixed` with gates and up projections in turn, `down` [E, H, I]."""

    def __init__(self, layer):
        self.layer, self.nodes, self.constants = layer, [], {}

    def node(self, op, *inputs, outputs=1, **attributes):
        names = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, f"n{len(self.nodes)}", **attributes))
        return names if outputs > 1 else names[0]

    def constant(self, kind, shape, *values):
        name = f"c{len(self.constants)}"
        key = (kind, tuple(shape), values)
        return self.constants.setdefault(
            key, helper.make_tensor(name, kind, shape, values)).name

    def ints(self, *values):
        return self.constant(TensorProto.INT64, [len(values)], *values)

    def int(self, value):
        return self.constant(TensorProto.INT64, [], value)

    def float(self, value):
        return self.constant(TensorProto.FLOAT, [], value)

    def logits(self):
        return self.node("Gemm", "x", "router", transB=1)

    def chosen(self):
        """Shares of the chosen experts, which add up to one, and their ids, [T, k]."""
        scores = self.node("Softmax", self.logits(), axis=-1)
        top, ids = self.node("TopK", scores, self.ints(self.layer.k), outputs=2, axis=-1,
                             largest=1, sorted=1)
        return self.node("Div", top, self.node("ReduceSum", top, self.ints(-1), keepdims=1)), ids

    def swiglu(self, both):
        gate, up = self.node("Split", both, outputs=2, axis=1, num_outputs=2)
        return self.node("Mul", self.node("Mul", gate, self.node("Sigmoid", gate)), up)

    def expert(self, rows, e):
        """Expert e on some rows, its matrices taken out of all experts'."""
        both = self.node("Gemm", rows, self.node("Gather", "up", self.int(e), axis=0), transB=1)
        down = self.node("Gather", "down", self.int(e), axis=0)
        return self.node("Gemm", self.swiglu(both), down, transB=1)


def masked(block):
    """P2, loop_dense_dynamo20: every expert on every token, its share zero where it was not
    chosen."""
    shares, ids = block.chosen()
    zeros = block.node("Expand", block.float(0.0), block.node("Shape", shares))
    result = block.node("Expand", block.float(0.0), block.node("Shape", "x"))
    for e in range(block.layer.experts):
        mine = block.node("Where", block.node("Equal", ids, block.int(e)), shares, zeros)
        share = block.node("ReduceSum", mine, block.ints(-1), keepdims=1)
        result = block.node("Add", result, block.node("Mul", share, block.expert("x", e)))
    return result


def loop(block):
    """P3, qwen3moe_dynamo20_loop: the rows of each expert found by NonZero, added back."""
    shares, ids = block.chosen()
    numbers = block.ints(*range(block.layer.experts))
    hit = block.node("Equal", block.node("Unsqueeze", ids, block.ints(-1)), numbers)
    mask = block.node("Transpose", block.node("Cast", hit, to=TensorProto.INT64), perm=[2, 1, 0])
    result = block.node("Expand", block.float(0.0), block.node("Shape", "x"))
    shares = block.node("Unsqueeze", shares, block.ints(2))
    for e in range(block.layer.experts):
        where = block.node("NonZero", block.node("Gather", mask, block.int(e), axis=0))
        where = block.node("Transpose", where, perm=[1, 0])
        slot, token = (block.node("Squeeze", block.node(
            "Slice", where, block.ints(i), block.ints(i + 1), block.ints(1)), block.ints(1))
            for i in (0, 1))
        token = block.node("Unsqueeze", token, block.ints(-1))
        slot = block.node("Unsqueeze", slot, block.ints(-1))
        rows = block.node("GatherND", "x", token)
        share = block.node("GatherND", shares, block.node("Concat", token, slot, axis=-1))
        found = block.node("Mul", block.expert(rows, e), share)
        result = block.node("ScatterND", result, token, found, reduction="add")
    return result


def gathered(block):
    """P4, qwen2moe_dynamo18_batched: the weights of the chosen experts gathered for each token."""
    layer = block.layer
    shares, ids = block.chosen()
    rows = block.node("Expand", block.node("Unsqueeze", "x", block.ints(1)),
                      block.ints(1, layer.k, 1))
    rows = block.node("Reshape", rows, block.ints(-1, layer.hidden))
    ids = block.node("Unsqueeze", block.node("Reshape", ids, block.ints(-1)), block.ints(-1))

    def product(weights, x):
        result = block.node("MatMul", block.node("GatherND", weights, ids),
                            block.node("Unsqueeze", x, block.ints(-1)))
        return block.node("Squeeze", result, block.ints(-1))

    found = product("down", block.swiglu(product("up", rows)))
    shares = block.node("Unsqueeze", block.node("Reshape", shares, block.ints(-1)), block.ints(-1))
    found = block.node("Reshape", block.node("Mul", found, shares),
                       block.ints(-1, layer.k, layer.hidden))
    return block.node("ReduceSum", found, block.ints(1), keepdims=0)


def fused(block):
    """The MoE node of com.microsoft, in the one order of weights that ONNX Runtime runs on a CPU."""
    return block.node("MoE", "x", block.logits(), "mixed", "", "down", domain=MS,
                      k=block.layer.k, activation_type="swiglu", swiglu_fusion=1,
                      activation_alpha=1.0, activation_beta=0.0, normalize_routing_weights=1)
