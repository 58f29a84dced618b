# ===-- test_fused.py - the oracle's fused operators against ONNX Runtime -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Run from the folder test: python -m unittest oracle.test_fused

Where ONNX Runtime rounds activations to 8 bits it is no judge: MatMulNBits runs
at accuracy level 1, and QMoE with 8-bit blocks is compared with its own
dequantised weights instead.
"""

import unittest

import numpy as np

from .node_case import both
from .ops_moe import sparse_mixer
from .quantised import e2m1, unpack, unpack_stream
from .test_oracle import F, I, MS, Cases


class Experts(Cases):
    def test_moe(self):
        t, h, i, e = 9, 12, 10, 5
        for kind in ("relu", "gelu", "silu", "identity", "swiglu"):
            rows = 2 * i if kind == "swiglu" else i
            for normalise in (0, 1):
                for bias in (False, True):
                    attrs = {"k": 3, "activation_type": kind,
                             "normalize_routing_weights": normalise}
                    if kind == "swiglu":
                        attrs["swiglu_fusion"] = 1
                        if bias:
                            attrs.update(activation_alpha=1.702, activation_beta=1.0,
                                         swiglu_limit=0.8)
                    self.check("MoE", [
                        self.normal(t, h), self.normal(t, e), self.normal(e, rows, h),
                        self.normal(e, rows) if bias else None, self.normal(e, h, i),
                        self.normal(e, h) if bias else None], attrs, domain=MS)

    def test_moe_ties(self):
        t, h, e = 6, 4, 8
        logits = self.rng.integers(0, 2, (t, e)).astype(F)
        weights = [self.normal(t, h), logits, self.normal(e, h, h), None, self.normal(e, h, h)]
        self.check("MoE", weights, {"k": 3, "activation_type": "identity"}, domain=MS)
        weights[1] = np.zeros((t, e), F)
        self.check("MoE", weights, {"k": 2, "activation_type": "identity"}, domain=MS)

    def test_moe_nan(self):
        logits = self.normal(3, 4)
        logits[1, 2] = np.nan
        y, = self.check("MoE", [self.normal(3, 4), logits, self.normal(4, 4, 4), None,
                                self.normal(4, 4, 4)], {"k": 2}, domain=MS)
        self.assertTrue((y[1] == 0).all())

    def quantised(self, bits, block, zeros, e=3, h=64, i=96):
        """Inputs of a SwiGLU QMoE from the weights on."""
        pack, out = 8 // bits, []
        for n, k in ((2 * i, h), (h, i)):
            blocks = k // block if block else 1
            shape = (e, n, blocks) if block else (e, n)
            out.append([self.rng.integers(0, 256, (e, n, k // pack)).astype(np.uint8),
                        (self.rng.uniform(0.5, 1, shape) * self.rng.choice([-1, 1], shape)
                         / (1 << bits) / np.sqrt(k)).astype(F), self.normal(e, n, scale=0.2)])
            packed = (e, n, -(-blocks * bits // 8)) if block else (e, n // pack)
            out[-1].append(self.rng.integers(0, 256, packed).astype(np.uint8) if zeros else None)
        return out

    def test_qmoe(self):
        for bits in (4, 8):
            for block in (0, 32):
                if bits == 8 and block:
                    continue
                for zeros in (False, True):
                    one, two = self.quantised(bits, block, zeros)
                    attrs = dict(k=2, activation_type="swiglu", swiglu_fusion=1,
                                 expert_weight_bits=bits, activation_alpha=1.702,
                                 activation_beta=1.0, swiglu_limit=7.0)
                    if block:
                        attrs["block_size"] = block
                    inputs = [self.normal(5, 64), self.normal(5, 3), *one[:3], *two[:3],
                              None, None, None, one[3], two[3]]
                    self.check("QMoE", inputs, attrs, domain=MS, constants=range(2, 13))

    def test_qmoe_router_weights(self):
        one, two = self.quantised(4, 0, False)
        for normalise in (0, 1):
            attrs = dict(k=2, activation_type="swiglu", swiglu_fusion=1, expert_weight_bits=4,
                         normalize_routing_weights=normalise)
            share = self.rng.uniform(0.1, 1, (5, 3)).astype(F)
            inputs = [self.normal(5, 64), self.normal(5, 3), *one[:3], *two[:3],
                      *[None] * 6, share]
            self.check("QMoE", inputs, attrs, domain=MS, constants=range(2, 8))

    def test_qmoe_8bit_blocks(self):
        (w1, s1, b1, z1), (w2, s2, b2, z2) = self.quantised(8, 32, True)
        x, logits = self.normal(5, 64), self.normal(5, 3)
        attrs = dict(k=2, activation_type="swiglu", swiglu_fusion=1)
        mine, _ = both("QMoE", [x, logits, w1, s1, b1, w2, s2, b2, None, None, None, z1, z2],
                       {**attrs, "expert_weight_bits": 8, "block_size": 32}, domain=MS,
                       constants=range(2, 13))
        plain = [(w.astype(np.float64) - np.repeat(z, 32, -1)) * np.repeat(s, 32, -1)
                 for w, s, z in ((w1, s1, z1), (w2, s2, z2))]
        _, theirs = both("MoE", [x, logits, plain[0].astype(F), b1, plain[1].astype(F), b2],
                         {**attrs, "normalize_routing_weights": 1}, domain=MS)
        np.testing.assert_allclose(mine[0], theirs[0], rtol=1e-4, atol=1e-5)


    def test_qmoe_two_bits(self):
        # Small enough for ONNX Runtime to be exact.
        for block in (0, 32):
            for zeros in (False, True):
                one, two = self.quantised(2, block, zeros, h=32, i=32)
                attrs = dict(k=2, activation_type="swiglu", swiglu_fusion=1, expert_weight_bits=2)
                if block:
                    attrs["block_size"] = block
                inputs = [self.normal(5, 32), self.normal(5, 3), *one[:3], *two[:3],
                          None, None, None, one[3], two[3]]
                self.check("QMoE", inputs, attrs, domain=MS, constants=range(2, 13))

    def test_qmoe_two_bits_rounded(self):
        """Activations are rounded where rows of 128 have blocks of 32, and of none smaller."""
        for block, least, most in ((32, 1e-4, 1e-1), (16, 0, 1e-5)):
            one, two = self.quantised(2, block, False, h=128, i=128)
            attrs = dict(k=2, activation_type="swiglu", swiglu_fusion=1, expert_weight_bits=2, block_size=block)
            inputs = [self.normal(5, 128), self.normal(5, 3), *one[:3], *two[:3]]
            mine, theirs = both("QMoE", inputs, attrs, domain=MS, constants=range(2, 8))
            off = np.abs(mine[0] - theirs[0]).max() / np.abs(mine[0]).max()
            self.assertTrue(least <= off <= most, off)

    def test_qmoe_signed_router_weights(self):
        one, two = self.quantised(4, 0, False)
        share = np.array([[.3, -.2, .5], [-.1, -.2, -.3], [0, 9e-9, 2e-8], [np.nan, 1, 2],
                          [.2, .3, .4]], F)
        for normalise in (0, 1):
            attrs = dict(k=2, activation_type="swiglu", swiglu_fusion=1, expert_weight_bits=4,
                         normalize_routing_weights=normalise)
            inputs = [self.normal(5, 64), self.normal(5, 3), *one[:3], *two[:3],
                      *[None] * 6, share]
            self.check("QMoE", inputs, attrs, domain=MS, constants=range(2, 8))

    def test_sparse_mixer(self):
        # Worked by hand: within 2 eps of the largest, relative to the larger of the two.
        chosen, share = sparse_mixer(np.array([[1.0, 0.99, 0.5, -2.0]]), 2)
        self.assertEqual(chosen.tolist(), [[0, 1]])
        near = 1 / (1 + np.exp(-0.01))
        np.testing.assert_allclose(share, [[near, 1.0]])
        chosen, _ = sparse_mixer(np.array([[2.0, 3.0, 3.0]]), 2)
        self.assertEqual(chosen.tolist(), [[1, 2]])

    def test_group_router_nan(self):
        """The NaN confuses the sort of ONNX Runtime."""
        logits = np.array([[1, np.nan, 3, 4]], F)
        mine, theirs = both("MoEGroupRouter", [logits, np.zeros(4, F)], dict(top_k=2), domain=MS)
        self.assertEqual((mine[0] > -1).tolist(), [[False, False, True, True]])
        self.assertTrue(np.isnan(theirs[0][0, 1]) and theirs[0][0, 0] > -1)

    def test_group_router(self):
        for attrs in (dict(top_k=2), dict(top_k=3, n_group=4, topk_group=2),
                      dict(top_k=2, n_group=4, topk_group=2, group_topk=1),
                      dict(top_k=3, n_group=2, topk_group=1, group_topk=3),
                      dict(top_k=3, n_group=4, topk_group=1, group_topk=3, router_sentinel=-5.0)):
            for logits in (self.normal(5, 8), self.normal(2, 3, 8),
                           self.rng.integers(0, 2, (6, 8)).astype(F), np.zeros((0, 8), F)):
                self.check("MoEGroupRouter", [logits, self.normal(8, scale=0.1)], attrs, domain=MS)
                self.check("MoEGroupRouter", [logits, np.zeros(8, F)], attrs, domain=MS)
        logits = self.normal(3, 8)
        logits[1, 3], logits[2, 1] = np.nan, np.inf
        self.check("MoEGroupRouter", [logits, np.zeros(8, F)], dict(top_k=2), domain=MS)
        full = [False, True, True]
        self.check("MoEGroupRouter", [self.normal(3, 8), self.normal(8)], dict(top_k=2),
                   outputs=full, domain=MS)
        self.check("MoEGroupRouter", [self.normal(3, 256), self.normal(8),
                                      self.normal(8, 256, scale=0.1)], dict(top_k=2),
                   outputs=full, domain=MS)


class Quantised(Cases):
    def test_stream(self):
        # 1 2 3 4 5 of three bits: 001 010 011 100 101 from the lowest bit on.
        bits = 1 | 2 << 3 | 3 << 6 | 4 << 9 | 5 << 12
        data = np.array([bits & 255, bits >> 8], np.uint8)
        self.assertEqual(unpack_stream(data, 3, 5).tolist(), [1, 2, 3, 4, 5])
        self.assertEqual(unpack_stream(np.array([0x21], np.uint8), 4, 2).tolist(), [1, 2])

    def test_e2m1(self):
        self.assertEqual(e2m1(np.arange(16)).tolist(), [0, .5, 1, 1.5, 2, 3, 4, 6,
                                                        -0., -.5, -1, -1.5, -2, -3, -4, -6])

    def test_unpack(self):
        data = np.array([0x21, 0x43], np.uint8)
        self.assertEqual(unpack(data, 4, 4).tolist(), [1, 2, 3, 4])
        self.assertEqual(unpack(data, 4, 3).tolist(), [1, 2, 3])
        self.assertEqual(unpack(np.array([0b11100100], np.uint8), 2, 4).tolist(), [0, 1, 2, 3])

    def test_matmul_nbits(self):
        for bits in (4, 8):
            for n, k, block in ((24, 64, 32), (7, 80, 32), (16, 64, 16)):
                blocks = -(-k // block)
                w = self.rng.integers(0, 256, (n, blocks, block * bits // 8)).astype(np.uint8)
                s = self.rng.uniform(-0.1, 0.1, (n, blocks)).astype(F)
                z = self.rng.integers(0, 256, (n, -(-blocks * bits // 8))).astype(np.uint8)
                attrs = dict(N=n, K=k, bits=bits, block_size=block, accuracy_level=1)
                for zeros in (None, z):
                    for bias in (None, self.normal(n)):
                        self.check("MatMulNBits", [self.normal(2, 3, k), w, s, zeros, None, bias],
                                   attrs, domain=MS, constants=(1, 2, 3, 5), tolerance=1e-5)

    def test_gather_block_quantized(self):
        index = np.array([[0, 3], [2, -1]], I)
        for bits in (4, 8):
            for zeros in (False, True):
                q = self.rng.integers(0, 256, (5, 64 * bits // 8)).astype(np.uint8)
                s = self.rng.uniform(-1, 1, (5, 4)).astype(F)
                z = self.rng.integers(0, 256, (5, 4 * bits // 8)).astype(np.uint8)
                self.check("GatherBlockQuantized", [q, index, s, z if zeros else None],
                           dict(block_size=16, bits=bits), domain=MS)

    def test_linear(self):
        x = self.normal(4, 6)
        s, z = np.abs(self.normal(6)) + 0.05, self.rng.integers(100, 140, 6).astype(np.uint8)
        q, = self.check("QuantizeLinear", [x, s, z], {"axis": 1})
        self.check("DequantizeLinear", [q, s, z], {"axis": 1})
        q = self.rng.integers(-128, 128, (4, 8)).astype(np.int8)
        self.check("DequantizeLinear", [q, np.abs(self.normal(4, 2)) + 0.1],
                   {"axis": 1, "block_size": 4})
        self.check("DynamicQuantizeLinear", [x], outputs=3)
        a, b = (self.rng.integers(0, 256, s).astype(np.uint8) for s in ((3, 4), (4, 5)))
        self.check("MatMulInteger", [a, b, np.uint8(7), np.uint8(100)])


class Attention(Cases):
    def tables(self, width, rows=64):
        angle = np.arange(rows)[:, None] * 0.7 ** np.arange(width // 2)[None, :]
        return np.cos(angle).astype(F), np.sin(angle).astype(F)

    def grouped(self, batch, length, past, packed=False, sink=False, bias=False, buffer=0,
                nq=4, nkv=2, h=16, width=None, **attrs):
        total = past + length
        cos, sin = self.tables(width or h)
        parts = [self.normal(batch, length, n * h) for n in (nq, nkv, nkv)]
        query = [np.concatenate(parts, -1), None, None] if packed else parts
        held = buffer or past
        cache = [self.normal(batch, nkv, held, h) for _ in range(2)]
        rotary = [cos, sin] if attrs.get("do_rotary") else [None, None]
        return self.check("GroupQueryAttention", [
            *query, *cache, np.full(batch, total - 1, np.int32), np.array(total, np.int32),
            *rotary, None, self.normal(batch, 1, length, total) if bias else None,
            self.normal(nq) if sink else None],
            {"num_heads": nq, "kv_num_heads": nkv, **attrs}, domain=MS, outputs=3,
            tolerance=5e-6)

    def test_grouped(self):
        for batch, length, past in ((1, 1, 0), (2, 7, 0), (2, 1, 9), (1, 5, 6)):
            for packed in (False, True):
                for rotary in (0, 1):
                    self.grouped(batch, length, past, packed, do_rotary=rotary)
            self.grouped(batch, length, past, do_rotary=1, rotary_interleaved=1)
            self.grouped(batch, length, past, scale=0.3, softcap=2.0)
            self.grouped(batch, length, past, smooth_softmax=1)
            self.grouped(batch, length, past, sink=True)
            self.grouped(batch, length, past, bias=True)
            for window in (1, 3, 8):
                self.grouped(batch, length, past, sink=True, do_rotary=1,
                             local_window_size=window)
        # A first prompt has no past, whatever the buffer holds.
        self.grouped(1, 6, 0, nq=3, nkv=3)

    def test_bounded_cache(self):
        """One prompt, then steps: the rows that are defined stay the same."""
        window, capacity, nkv, h = 4, 6, 2, 16
        state = [[np.zeros((1, nkv, capacity, h), F)] * 2 for _ in range(2)]
        total = 0
        for length in (3, 1, 1, 5, 1, 1, 9, 1):
            total += length
            query = self.normal(1, length, 8 * h)
            results = []
            for party in range(2):
                inputs = [query, None, None, *state[party], np.array([total - 1], np.int32),
                          np.array(total, np.int32)]
                results.append(both("GroupQueryAttention", inputs, dict(
                    num_heads=4, kv_num_heads=nkv, local_window_size=window,
                    sliding_window_cache=1), domain=MS, outputs=3)[party])
            for mine, theirs in zip(*results):
                known = ~np.isnan(mine)
                self.assertTrue(known.any())
                np.testing.assert_allclose(theirs[known], mine[known], rtol=1e-5, atol=1e-5)
            state = [[np.nan_to_num(a).astype(F) for a in r[1:]] for r in results]

    def test_rotary(self):
        for interleaved in (0, 1):
            for width in (0, 8):
                cos, sin = self.tables(width or 16)
                attrs = {"interleaved": interleaved}
                if width:
                    attrs.update(rotary_embedding_dim=width, num_heads=3)
                at = self.rng.integers(0, 60, (2, 5))
                for x in (self.normal(2, 5, 48), self.normal(2, 3, 5, 16)):
                    self.check("RotaryEmbedding", [x, at, cos, sin], attrs, domain=MS)
                    self.check("RotaryEmbedding", [x, np.array([4], I), cos, sin], attrs,
                               domain=MS)
                self.check("RotaryEmbedding", [self.normal(2, 3, 5, 16), cos, sin, at],
                           {k: v for k, v in attrs.items() if k != "num_heads"}, opset=23)

    def test_standard(self):
        q, k, v = self.normal(2, 4, 5, 8), self.normal(2, 2, 7, 8), self.normal(2, 2, 7, 6)
        self.check("Attention", [q, k, v], {"softcap": 1.5}, opset=23)
        self.check("Attention", [q, k, v, self.normal(5, 7)], {"scale": 0.2}, opset=23)
        self.check("Attention", [q, k, v, self.rng.integers(0, 2, (2, 1, 5, 7)) > 0], opset=23)
        past = [self.normal(2, 2, 3, 8), self.normal(2, 2, 3, 6)]
        flat = [self.normal(2, 5, 32), self.normal(2, 5, 16), self.normal(2, 5, 12)]
        self.check("Attention", [*flat, None, *past], dict(
            is_causal=1, q_num_heads=4, kv_num_heads=2), outputs=3, opset=23)

    def test_multi_head(self):
        parts = [self.normal(2, n, 24) for n in (4, 6, 6)]
        self.check("MultiHeadAttention", parts, {"num_heads": 3}, domain=MS)
        self.check("MultiHeadAttention", [*parts, self.normal(72), None,
                                          self.normal(2, 3, 4, 6)], {"num_heads": 3}, domain=MS)


if __name__ == "__main__":
    unittest.main()
