# ===-- forms.py - unsupported forms of operators, and wrong nodes ---------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""One node each: E0142 where the operator has the form, with what to do instead, and E0140
where it has not."""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT32, INT64, UINT8 = (TensorProto.FLOAT, TensorProto.INT32, TensorProto.INT64,
                              TensorProto.UINT8)
MS = "com.microsoft"


def floats(*shape):
    return FLOAT, shape


def ints(*shape):
    return INT64, shape


def int32s(*shape):
    return INT32, shape


def const(*values, dtype=np.int64):
    return np.array(values, dtype)


def mha(more="", q=("B", "S", 8), k=("B", "T", 8), v=("B", "T", 8), outputs="y", **inputs):
    """A MultiHeadAttention of two heads."""
    given = {"q": floats(*q), "k": k and floats(*k), "v": v and floats(*v), **inputs}
    names = ",".join(n if given[n] else "" for n in "qkv")
    return MS, "MultiHeadAttention", names + more, {"num_heads": 2}, given, outputs


def gqa(more="", attrs=None, outputs="y,pk,pv", q=("B", "S", 16), total=ints(1), lengths=("B",),
        **inputs):
    """A GroupQueryAttention of two heads, all of its inputs but the last ones."""
    given = {"q": floats(*q), "k": floats("B", "S", 8), "v": floats("B", "S", 8),
             "ends": int32s(*lengths), "total": (INT32, total[1]), **inputs}
    return (MS, "GroupQueryAttention", "q,k,v,,,ends,total" + more,
            {"num_heads": 2, "kv_num_heads": 1, **(attrs or {})}, given, outputs)


def nbits(more="", rank=2, **attrs):
    attrs = {"K": 32, "N": 4, "bits": 4, "block_size": 32, **attrs}
    given = {"a": floats("T", 32), "b": np.zeros((4, 1, 16), np.uint8),
             "s": np.ones((4, 1), np.float32), "g": np.zeros(32, np.int32)}
    return MS, "MatMulNBits", "a,b,s" + more, attrs, given, "y"


def gathered(data=np.zeros((4, 16), np.uint8), **attrs):
    attrs = {"bits": 4, "block_size": 16, "gather_axis": 0, "quantize_axis": 1, **attrs}
    given = {"d": data, "i": ints("T"), "s": np.ones((4, 2), np.float32)}
    return MS, "GatherBlockQuantized", "d,i,s", attrs, given, "y"


def moe(scores=("T", 4), fc2=(4, 8, 6)):
    given = {"x": floats("T", 8), "p": floats(*scores), "w": np.zeros((4, 6, 8), np.float32),
             "u": floats(*fc2) if any(isinstance(n, str) for n in fc2) else np.zeros(fc2, np.float32)}
    return MS, "MoE", "x,p,w,,u", {"k": 2}, given, "y"


def group_router(logits=("T", 4), **attrs):
    given = {"x": floats(*logits), "b": np.zeros(4, np.float32)}
    return MS, "MoEGroupRouter", "x,b", {"top_k": 2, **attrs}, given, "y"


def plain(op, inputs, attrs=None, outputs="y", **given):
    return "", op, inputs, attrs or {}, given, outputs


def rotary(x=("B", "S", 8), cos=(16, 4), **attrs):
    given = {"x": floats(*x), "i": ints("B", "S"), "c": floats(*cos), "s": floats(*cos)}
    return MS, "RotaryEmbedding", "x,i,c,s", {"num_heads": 1, **attrs}, given, "y"


FORMS = [
    # Attention: what has no lowering.
    (mha(k=("B", 2, "T", 4), v=("B", 2, "T", 4)), 142,
     "input 'key' has rank 4; export the model with one of rank 3"),
    (mha(v=("B", 2, "T", 4)), 142, "input 'value' has rank 4; export the model with one of rank 3"),
    (mha(k=("B", "T", 2, 2, 4), v=None), 142,
     "'key' and 'value' are packed into another input; export the model with three inputs"),
    (mha(",,m", m=int32s("B")), 142,
     "input 'key_padding_mask' has rank 1; export the model with one of rank 2"),
    (mha(",,m", m=int32s("B", "S", "T")), 142,
     "input 'key_padding_mask' has rank 3; export the model with one of rank 2"),
    (mha(q=("B", "S", "W")), 142,
     "'query' and 'value' have the last extents W and 8; export the model with fixed ones"),
    (mha(v=("B", "T", "W")), 142,
     "'query' and 'value' have the last extents 8 and W; export the model with fixed ones"),
    (mha(outputs="y,,,qk"), 142, "output 'qk' is used; export the model without it"),
    (mha(",,,,pk,pv,n", pk=floats("B", 2, "P", 4), pv=floats("B", 2, "P", 4), n=int32s(1)), 142,
     "input 'past_sequence_length' is present; export the model without it"),
    (gqa(total=ints("N")), 142, "input 'total_sequence_length' has type 'tensor<?xi32>'"),
    (gqa(lengths=("B", "N")), 142, "input 'seqlens_k' has the last extent N"),
    (gqa(q=("B", "S", "W")), 142, "input 'query' has the last extent W"),
    (gqa(attrs={"qk_output": 1}), 142, "attribute 'qk_output' = 1 : i64"),
    (rotary(cos=(16, "C")), 142, "input 'cos_cache' has an unknown number of columns"),
    (rotary(x=("B", "S", "W")), 142, "the first input has the last extent W"),
    (rotary(is_packed_batching=1), 142, "attribute 'is_packed_batching' = 1 : i64"),
    # And what is wrong.
    (mha(q=("B", 8)), 140, "input 'query' has rank 2, expected 3"),
    (mha(q=("B", 2, "S", 4)), 140, "input 'query' has rank 4, expected 3"),
    (mha(k=("B", 8)), 140, "input 'key' has rank 2, expected 3"),
    (mha(",,m", m=int32s("B", "S", "T", 1)), 140, "input 'key_padding_mask' has rank 4, expected 2"),
    (mha(v=("B", "T", 7)), 140, "attribute 'num_heads' = 2 must divide the last extents"),
    (mha(q=("B", "S", 7)), 140, "attribute 'num_heads' = 2 must divide the last extents"),
    (gqa(q=("B", "S", 15)), 140, "expected a multiple of its 2 heads"),
    (gqa(total=ints(2)), 140, "input 'total_sequence_length' has type 'tensor<2xi32>'"),
    (rotary(x=("B", 8)), 140, "expects its first input as [B,N,S,h], or as [B,S,N*h]"),
    # Quantised products.
    (nbits(bits=3), 142, "attribute 'bits' = 3; quantise the model to 2, 4 or 8"),
    (nbits(block_size=6), 142, "attribute 'block_size' = 6; quantise the model with a multiple"),
    (nbits(",,g"), 142, "input 'g_idx' is present; export the model without a reordering"),
    (nbits(weight_prepacked=1), 142, "attribute 'weight_prepacked' = 1; export the weights as"),
    (nbits(K=0), 140, "attributes 'K' = 0 and 'N' = 4 must be between 1 and 2^31"),
    (gathered(gather_axis=1, quantize_axis=0), 142, "attribute 'gather_axis' = 1"),
    (gathered(quantize_axis=0), 142, "attribute 'quantize_axis' = 0"),
    # Axes from the end are named as they are written.
    (gathered(data=np.zeros((4, 2, 16), np.uint8), gather_axis=-2, quantize_axis=-1), 142,
     "attribute 'gather_axis' = -2; export the model with 0"),
    (gathered(data=np.zeros((4, 16, 2), np.uint8)), 142,
     "attribute 'quantize_axis' = 1; export the model with the last axis"),
    (gathered(data=np.zeros((4, 16, 2), np.uint8), quantize_axis=-2), 142,
     "attribute 'quantize_axis' = -2"),
    (nbits(weight_prepacked=-1), 142, "attribute 'weight_prepacked' = -1; export"),
    (gathered(bits=-4), 142, "attribute 'bits' = -4 for elements of type 'ui8'"),
    (gathered(bits=2), 142, "attribute 'bits' = 2 for elements of type 'ui8'"),
    (gathered(data=(UINT8, ("N", 16))), 142, "input 'data' has type 'tensor<?x16xui8>'"),
    (gathered(data=np.zeros((0, 16), np.uint8)), 140, "expected at least 2 extents above 0"),
    # Layers of experts.
    (moe(scores=("T", "E")), 142, "a number of experts that is not known at compile time"),
    (group_router(logits=("T", "E")), 142, "logits has a number of experts that is not known"),
    (group_router(top_k=5), 140, "top_k is 5, but there are 4 experts"),
    (moe(fc2=(4, 8, 5)), 140, "must be equal"),
    (moe(fc2=(4, 7, "I")), 140, "rows of fc2_experts_weights: 7 and 8 must be equal"),
    # Lists of unknown length, and what is no list.
    (plain("ReduceSum", "x,a", x=floats(2, 3), a=ints("N")), 142,
     "operand 'axes' must be a vector of static length, found 'tensor<?xi64>'; export"),
    (plain("Tile", "x,a", x=floats(2), a=ints("N", 2)), 140,
     "operand 'repeats' must be a vector, found 'tensor<?x2xi64>'"),
    (plain("GatherND", "x,i", x=floats(2), i=ints("N")), 142,
     "'indices' has type 'tensor<?xi64>'; export the model with a fixed last extent"),
    (plain("GatherND", "x,i", x=floats(2), i=ints()), 140, "ranks"),
    # Others.
    (plain("Gemm", "a,b", {"alpha": 0.5}, a=ints(2, 2), b=ints(2, 2)), 142,
     "the product is of integers, but alpha or beta has a fraction; express it by MatMul and Mul"),
    (plain("Gemm", "a,b", {"beta": 0.5}, a=ints(2, 2), b=ints(2, 2)), 142, "alpha or beta"),
    (plain("LayerNormalization", "x,s", {"stash_type": 16}, x=floats(2, 4), s=floats(4)), 142,
     "attribute 'stash_type' = 16; export the model with 1 (float) or 11 (double)"),
    (plain("EyeLike", "x", {"dtype": TensorProto.STRING}, x=floats(2, 4)), 142,
     "attribute 'dtype' = 8; export the model with a numeric type"),
    (plain("EyeLike", "x", {"dtype": -1}, x=floats(2, 4)), 142, "attribute 'dtype' = -1; export"),
    # A type that the op has no operand of, and sizes beyond its bounds.
    (plain("Softmax", "x", x=ints(4)), 142,
     "operand #0 must be tensor of f16, bf16, f32 or f64 values, but got 'tensor<4xi64>'; convert"),
    (plain("ConstantOfShape", "n", n=const(2**31, 2**31)), 142,
     "a result has more elements than 64 bits can count; split it"),
    # Wrong without doubt.
    (plain("Einsum", "a,b", {"equation": "ij,jk->iki"}, a=floats(2, 3), b=floats(3, 4)), 140,
     "has the output label 'i' twice or in no operand, in the equation 'ij,jk->iki'"),
    (plain("Concat", "", {"axis": 0}), 140, "needs at least one input"),
    (plain("Split", "x,n", outputs="y,z", x=floats(2), n=const(-1, 3)), 140,
     "an element of 'split': -1 must be at least 0"),
    (plain("Pad", "x,n", x=floats(2), n=const(0, 2**62)), 140, "element of 'pads' is"),
    (plain("Add", "a,b", a=floats(2), b=floats(3)), 140,
     "extents do not broadcast: 2 and 3 must be equal; check the model where it was made"),
    (plain("ArgMax", "x", attrs={"axis": 1}, x=floats(2, 0)), 140,
     "the extent to choose from: 0 must be at least 1"),
]


def build(domain, op, inputs, attrs, given, outputs):
    values, constants = [], []
    for name, value in given.items():
        if isinstance(value, np.ndarray):
            constants.append(numpy_helper.from_array(value, name))
        elif value and name in inputs.split(","):
            values.append(helper.make_tensor_value_info(name, *value))
    node = helper.make_node(op, inputs.split(",") if inputs else [], outputs.split(","), "here", domain=domain, **attrs)
    results = [helper.ValueInfoProto(name=name) for name in outputs.split(",") if name]
    graph = helper.make_graph([node], "form", values, results, constants)
    return helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", 21), helper.make_opsetid(MS, 1)])


def main():
    wrong = 0
    titles = {142: "has a form that is not supported: ", 140: "is not valid: "}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "form.onnx"
        for form, number, text in FORMS:
            onnx.save(build(*form), path)
            done = subprocess.run(["moec-translate", "--import-onnx", str(path)],
                                  capture_output=True, text=True)
            start = f"[moec-E0{number}] {path}: node 'here' ({form[1]}) {titles[number]}"
            if (done.returncode != 1 or start not in done.stderr or text not in done.stderr
                    or (number == 142) == ("where it was made" in done.stderr)
                    or (number == 142 and "; " not in done.stderr)):
                wrong += 1
                print(f"{form[1]}: expected {number}, {text}: {done.stderr.strip()[:600]}")
    print(f"{len(FORMS)} forms, {wrong} wrong")
    return wrong != 0


sys.exit(main())
