# ===-- decoder_ops.py - what decoder operators accept and refuse ----------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ===----------------------------------------------------------------------===#
"""decoder_ops.py FOLDER: imports single nodes of com.microsoft. Those that are
refused must name the input, attribute or output that is the reason; the others
must get the extents that are expected."""

import subprocess
import sys

import onnx
from onnx import TensorProto, helper

FLOAT, INT32, INT64 = TensorProto.FLOAT, TensorProto.INT32, TensorProto.INT64
UINT8, UINT4 = TensorProto.UINT8, TensorProto.UINT4


def convert(folder, op, inputs, outputs, attrs, domain, opset):
    names = [f"in{i}" if spec else "" for i, spec in enumerate(inputs)]
    values = [helper.make_tensor_value_info(name, *spec)
              for name, spec in zip(names, inputs) if spec]
    results = [f"out{i}" for i in range(outputs)]
    node = helper.make_node(op, names, results, "node", domain=domain, **attrs)
    graph = helper.make_graph([node], "g", values, [helper.ValueInfoProto(name=r) for r in results])
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    path = f"{folder}/node.onnx"
    onnx.save(helper.make_model(graph, ir_version=10, opset_imports=imports), path)
    return subprocess.run(["moec-translate", "--import-onnx", path], capture_output=True, text=True)


class Operator:
    """An operator with a valid node to vary: inputs by name, attributes, outputs."""

    def __init__(self, op, inputs, attrs, outputs=1, domain="com.microsoft", opset=21):
        self.op, self.inputs, self.attrs, self.outputs = op, inputs, attrs, outputs
        self.domain, self.opset = domain, opset

    def run(self, folder, outputs=None, **changes):
        inputs, attrs = dict(self.inputs), dict(self.attrs)
        for name, value in changes.items():
            (inputs if name in inputs else attrs)[name] = value
        used = list(inputs.values())
        while used and used[-1] is None:
            used.pop()
        return convert(folder, self.op, used, outputs or self.outputs,
                       {k: v for k, v in attrs.items() if v is not None}, self.domain, self.opset)


GQA = Operator("GroupQueryAttention", dict(
    query=(FLOAT, ["B", "S", 64]), key=(FLOAT, ["B", "S", 32]), value=(FLOAT, ["B", "S", 32]),
    past_key=(FLOAT, ["B", 2, "P", 16]), past_value=(FLOAT, ["B", 2, "P", 16]),
    seqlens_k=(INT32, ["B"]), total=(INT32, []), cos_cache=None, sin_cache=None,
    position_ids=None, attention_bias=None, head_sink=None, k_scale=None, v_scale=None,
    q_norm_weight=None, k_norm_weight=None), dict(num_heads=4, kv_num_heads=2), 3)
MHA = Operator("MultiHeadAttention", dict(
    query=(FLOAT, ["B", "S", 24]), key=(FLOAT, ["B", "T", 24]), value=(FLOAT, ["B", "T", 24]),
    bias=None, key_padding_mask=None, attention_bias=None, past_key=None, past_value=None,
    past_sequence_length=None, cache_indirection=None), dict(num_heads=3))
ROTARY = Operator("RotaryEmbedding", dict(
    input=(FLOAT, ["B", "S", 64]), position_ids=(INT64, ["B", "S"]), cos_cache=(FLOAT, ["M", 8]),
    sin_cache=(FLOAT, ["M", 8])), dict(num_heads=4))
NBITS = Operator("MatMulNBits", dict(
    A=(FLOAT, ["B", "S", 40]), B=(UINT8, [6, 3, 8]), scales=(FLOAT, [6, 3]), zero_points=None,
    g_idx=None, bias=None), dict(K=40, N=6, bits=4, block_size=16))
TABLE = Operator("GatherBlockQuantized", dict(
    data=(UINT8, [9, 20]), indices=(INT64, ["B", "S"]), scales=(FLOAT, [9, 3]), zero_points=None),
    dict(bits=4, block_size=16, gather_axis=0, quantize_axis=1))
SCATTER = Operator("TensorScatter", dict(
    past_cache=(FLOAT, ["B", 2, 16, 8]), update=(FLOAT, ["B", 2, 3, 8]), write_indices=None), {}, domain="", opset=24)
CLIP = Operator("Clip", dict(x=(FLOAT, [2]), low=(FLOAT, [])), dict(min=0.5), domain="", opset=10)

vector = (FLOAT, [1])
REFUSED = [
    *[(GQA, {name: vector}, f"input '{name}'") for name in
      ("k_scale", "v_scale", "q_norm_weight", "k_norm_weight")],
    (GQA, dict(kv_cache_bit_width=8), "attribute 'kv_cache_bit_width' = 8"),
    (GQA, dict(k_quant_type="PER_TENSOR"), "attribute 'k_quant_type'"),
    (GQA, dict(v_quant_type="PER_CHANNEL"), "attribute 'v_quant_type'"),
    (GQA, dict(sliding_window_cache=1), "'local_window_size' of at least 1, found -1"),
    (GQA, dict(sliding_window_cache=1, local_window_size=4, past_key=None, past_value=None),
     "expected inputs 'past_key' and 'past_value'"),
    (GQA, dict(sliding_window_cache=1, local_window_size=4,
               attention_bias=(FLOAT, [1, 1, "S", "T"])),
     "'attention_bias' is present beside 'sliding_window_cache'"),
    (GQA, dict(qk_output=1), "attribute 'qk_output'"),
    (GQA, dict(outputs=4), "output 'output_qk'"),
    (GQA, dict(num_heads=3), "'num_heads' = 3 and 'kv_num_heads' = 2"),
    (GQA, dict(kv_num_heads=0), "'kv_num_heads' = 0"),
    (GQA, dict(value=None), "only one of 'key' and 'value'"),
    (GQA, dict(past_value=None), "only one of 'past_key' and 'past_value'"),
    (GQA, dict(query=(FLOAT, ["B", "S", 63])), "last extent of 63"),
    (GQA, dict(query=(FLOAT, ["B", "S", "W"])), "has the last extent W"),
    (GQA, dict(key=(FLOAT, ["B", "S", 48])), "'key', extent 2: 48 and 32"),
    (GQA, dict(past_key=(FLOAT, ["B", 2, "P", 8])), "extent 3: 8 and 16"),
    (GQA, dict(value=(TensorProto.FLOAT16, ["B", "S", 32])), "'value' has elements of type 'f16'"),
    (GQA, dict(do_rotary=1), "expected inputs 'cos_cache' and 'sin_cache'"),
    (GQA, dict(do_rotary=1, cos_cache=(FLOAT, [9, 12]), sin_cache=(FLOAT, [9, 12])),
     "'cos_cache' has 12 columns"),
    (GQA, dict(do_rotary=1, cos_cache=(FLOAT, [9, 8]), sin_cache=(FLOAT, [9, 6])), "differ"),
    (GQA, dict(head_sink=(FLOAT, [3])), "'head_sink': 3 and 4"),
    (GQA, dict(attention_bias=(FLOAT, [1, 3, "S", "T"])), "'attention_bias' extent 1"),
    (GQA, dict(total=(INT32, [2])), "'total_sequence_length' has type 'tensor<2xi32>'"),
    (GQA, dict(seqlens_k=(INT32, ["B", 2])), "'seqlens_k' has type"),
    (MHA, dict(past_sequence_length=(INT32, [1])), "input 'past_sequence_length'"),
    (MHA, dict(cache_indirection=(INT32, [1, 1, 1])), "input 'cache_indirection'"),
    (MHA, dict(key=None, value=None), "'key' and 'value' are packed"),
    (MHA, dict(num_heads=5), "'num_heads' = 5"),
    (MHA, dict(bias=(FLOAT, [71])), "'bias': 71 and 72"),
    (ROTARY, dict(is_packed_batching=1), "attribute 'is_packed_batching'"),
    (ROTARY, dict(scale=0.5), "attribute 'scale'"),
    (ROTARY, dict(rotary_embedding_dim=20), "'rotary_embedding_dim' = 20"),
    (ROTARY, dict(num_heads=5), "num_heads"),
    (NBITS, dict(g_idx=(INT32, [40])), "input 'g_idx'"),
    (NBITS, dict(weight_prepacked=1), "attribute 'weight_prepacked' = 1"),
    (NBITS, dict(bits=3), "attribute 'bits' = 3"),
    (NBITS, dict(block_size=-16), "attribute 'block_size' = -16"),
    (NBITS, dict(K=0), "'K' = 0"),
    (NBITS, dict(A=(FLOAT, ["B", 41])), "last extent of 'A' against 'K': 41 and 40"),
    (NBITS, dict(B=(UINT8, [6, 2, 8])), "'B' has type 'tensor<6x2x8xui8>'"),
    (NBITS, dict(scales=(FLOAT, [3, 6])), "'scales' has type 'tensor<3x6xf32>'"),
    (NBITS, dict(scales=(FLOAT, [6, 3, 1])), "'scales' has type 'tensor<6x3x1xf32>'"),
    (NBITS, dict(zero_points=(UINT8, [6, 3])), "'zero_points' has type"),
    (NBITS, dict(zero_points=(UINT4, [6, 3])), "'zero_points' has elements of type 'ui4'"),
    (TABLE, dict(bits=2), "attribute 'bits' = 2"),
    (TABLE, dict(gather_axis=1), "attribute 'gather_axis' = 1"),
    (TABLE, dict(quantize_axis=0), "attribute 'quantize_axis' = 0"),
    (TABLE, dict(data=(UINT4, [9, 40]), bits=8), "attribute 'bits' = 8"),
    (TABLE, dict(data=(UINT4, [9, 40]), zero_points=(UINT8, [9, 2])), "'zero_points' has type"),
    (TABLE, dict(data=(UINT4, [9, 40]), zero_points=(UINT4, [9, 2])), "'zero_points' has type"),
    (TABLE, dict(zero_points=(UINT4, [9, 3])), "'zero_points' has type"),
    (TABLE, dict(scales=(FLOAT, [9, 2])), "'scales' has type"),
    (TABLE, dict(zero_points=(UINT8, [9, 3])), "'zero_points' has type"),
    (CLIP, {}, "has both the attribute 'min' and the input that replaced it"),
    (SCATTER, dict(update=(FLOAT, ["B", 2, 17, 8])), "the cache's extent along 'axis': 16 must be at least 17"),
    (SCATTER, dict(update=(FLOAT, ["B", 2, 3, 7])), "extents beside 'axis': 8 and 7 must be equal"),
]

ACCEPTED = [
    (GQA, {}, ["(s0, s1, 64)", "(s0, 2, s1 + s2, 16)", "tensor<?x2x?x16xf32>"]),
    (GQA, dict(query=(FLOAT, ["B", "S", 128]), key=None, value=None), ["(s0, s1, 64)"]),
    (GQA, dict(past_key=None, past_value=None), ["(s0, 2, s1, 16)"]),
    (GQA, dict(sliding_window_cache=1, local_window_size=4), ["(s0, 2, s2, 16)"]),
    (GQA, dict(past_key=(FLOAT, [1, 2, 5, 16]), past_value=(FLOAT, [1, 2, 5, 16]),
               query=(FLOAT, [1, 2, 64]), key=(FLOAT, [1, 2, 32]), value=(FLOAT, [1, 2, 32]),
               seqlens_k=(INT32, [1, 1])), ["tensor<1x2x7x16xf32>"]),
    (MHA, {}, ["(s0, s1, 24)"]),
    (SCATTER, {}, ["(s0, 2, 16, 8)"]),
    (CLIP, dict(low=None), ["onnx.Clip(%arg0, %0)"]),
    (NBITS, dict(zero_points=(UINT8, [6, 2])), ["(s0, s1, 6)"]),
    (TABLE, {}, ["(s0, s1, 40)"]),
    (TABLE, dict(data=(UINT4, [9, 40]), zero_points=(UINT4, [9, 3])), ["(s0, s1, 40)"]),
]


def main(folder):
    bad = 0
    for operator, changes, reason in REFUSED:
        done = operator.run(folder, **changes)
        if done.returncode == 0 or reason not in done.stderr:
            bad += 1
            print(f"{operator.op} with {changes}: expected {reason!r}, got {done.returncode} "
                  f"{done.stderr.strip()}")
    for operator, changes, extents in ACCEPTED:
        done = operator.run(folder, **changes)
        for text in extents:
            if text not in done.stdout:
                bad += 1
                print(f"{operator.op} with {changes}: expected {text!r} in\n{done.stdout}"
                      f"{done.stderr}")
    print(f"{len(REFUSED)} refused, {len(ACCEPTED)} accepted, {bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
