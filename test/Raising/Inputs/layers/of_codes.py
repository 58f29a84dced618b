# ===-- of_codes.py - experts of quantised weights -----------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""The products of the experts are MatMulNBits: codes, scales, and zero points."""

import numpy as np

from .by_table import looked_up
from .graph import layer, lookalike
from .of_kinds import kinds_of_hits
from .on_all_tokens import masked

MS = "com.microsoft"


class Codes:
    """How weights are stored."""

    def __init__(self, bits=4, block=16, zero_points=False, bias=False, is_flat=False):
        self.bits, self.block, self.zero_points, self.bias, self.is_flat = bits, block, zero_points, bias, is_flat

    def operands(self, g, depth, columns):
        """Codes [N, blocks, bytes], scales and what else there is."""
        blocks = -(-depth // self.block)
        def draw(*shape):
            return g.constant(g.random.integers(0, 256, size=shape, dtype=np.uint8))
        scales = g.random.uniform(0.01, 0.03, size=(columns, blocks)) * 8 / 2 ** (self.bits - 1)
        given = [draw(columns, blocks, self.block * self.bits // 8),
                 g.number(scales.ravel() if self.is_flat else scales)]
        zeros = draw(columns, -(-blocks * self.bits // 8)) if self.zero_points else ""
        return given + ([zeros] if self.zero_points or self.bias else []) + (
            ["", g.weight(columns)] if self.bias else [])

    def product(self, g, x, depth, columns, operands=None):
        return g.make("MatMulNBits", x, *(operands or self.operands(g, depth, columns)), domain=MS, K=depth, N=columns,
                      bits=self.bits, block_size=self.block)


def network(codes, act="Relu"):
    """Two products of each expert."""
    def make(g, x, m, e=None):
        return codes.product(g, g.make(act, codes.product(g, x, g.D, g.H)), g.H, g.D)
    return make


def gated(codes, is_whole=False):
    """Gate and up by two products, or by one that is split."""
    def make(g, x, m, e=None):
        if is_whole:
            up, gate = g.Split(codes.product(g, x, g.D, 2 * g.H), axis=-1, num_outputs=2, outputs=2)
        else:
            up, gate = codes.product(g, x, g.D, g.H), codes.product(g, x, g.D, g.H)
        return codes.product(g, g.Mul(g.Mul(gate, g.Sigmoid(gate)), up), g.H, g.D)
    return make


@layer("P2")
def codes_of_four_bits(g):
    return masked(g, network=network(Codes()))


@layer("P2")
def codes_of_eight_bits(g):
    return masked(g, network=network(Codes(bits=8, zero_points=True)))


@layer("P2")
def codes_of_two_bits(g):
    return masked(g, network=network(Codes(bits=2, zero_points=True), "Tanh"))


@layer("P2")
def codes_with_zero_points_and_bias(g):
    return masked(g, network=network(Codes(zero_points=True, bias=True)))


@layer("P2")
def codes_with_bias(g):
    return masked(g, network=network(Codes(bias=True, is_flat=True)))


@layer("P2")
def codes_in_blocks_of_32(g):
    """Of most rows the last block is not full."""
    return masked(g, network=network(Codes(block=32, zero_points=True)))


@layer("P2")
def codes_gated(g):
    return masked(g, network=gated(Codes(zero_points=True)))


@layer("P2")
def codes_gated_as_one(g):
    return masked(g, network=gated(Codes(zero_points=True, bias=True), is_whole=True))


@layer("P2")
def codes_and_floats(g):
    """Only the first product is quantised."""
    codes = Codes()
    return masked(g, network=lambda g, x, m, e: g.MatMul(g.Relu(codes.product(g, x, g.D, g.H)), m[1]))


@layer("P2")
def codes_of_two_widths(g):
    """Some experts have four bits, some eight."""
    return masked(g, network=lambda g, x, m, e: network(Codes(bits=8 if e % 2 else 4))(g, x, m))


@layer("P2", half=True)
def codes_in_halves(g):
    return masked(g, network=network(Codes(zero_points=True)))


@layer("P2", half=True)
def codes_gated_in_halves(g):
    return masked(g, network=gated(Codes(bits=8, zero_points=True, bias=True), is_whole=True))


@layer("P2", batch=2)
def codes_in_batches(g):
    return masked(g, network=gated(Codes(zero_points=True)))


@layer("P2", batch=2, half=True)
def codes_of_two_widths_in_batches_of_halves(g):
    return masked(g, network=lambda g, x, m, e: network(Codes(bits=8 if e % 2 else 4))(g, x, m))


@layer("P3", half=True)
def codes_on_hits_in_halves(g):
    return kinds_of_hits(g, network(Codes()))


@layer("P3")
def codes_on_hits(g):
    return kinds_of_hits(g, network(Codes(zero_points=True)))


@lookalike()
def codes_with_float_zero_points(g):
    codes = Codes()

    def make(g, x, m, e):
        def operands(depth, columns):
            blocks = -(-depth // codes.block)
            zeros = g.constant(g.random.uniform(6, 10, size=(columns, blocks)))
            return [*codes.operands(g, depth, columns), zeros]
        h = g.Relu(codes.product(g, x, g.D, g.H, operands(g.D, g.H)))
        return codes.product(g, h, g.H, g.D, operands(g.H, g.D))
    return masked(g, network=make)


@lookalike()
def codes_in_common(g):
    """Behind what was looked up for each choice all have one matrix."""
    return looked_up(g, behind=lambda g, y: Codes().product(g, y, g.D, g.D))
