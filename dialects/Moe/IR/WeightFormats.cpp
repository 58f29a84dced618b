//===-- WeightFormats.cpp - weights in fewer bits -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Moe/IR/WeightFormats.h"

#include "dialects/Moe/IR/Moe.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace moec::moe;

/// "int4 in blocks of 32", "int8 by rows"
static std::string describeBlocks(const Twine &name, int64_t block) {
  if (block == 0)
    return (name + " by rows").str();
  return (name + " in blocks of " + Twine(block)).str();
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

bool moec::moe::isQuantBlock(int64_t elements) {
  constexpr int64_t kLeast = 16;
  return elements >= kLeast && llvm::isPowerOf2_64(elements);
}

LogicalResult
QuantAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                  int64_t bits, int64_t block) {
  if (bits != 2 && bits != 3 && bits != 4 && bits != 8)
    return emitError() << "quantised weights have 2, 3, 4 or 8 bits, not "
                       << bits;
  if (block != 0 && !isQuantBlock(block))
    return emitError() << "the block of quantised weights is 0 or a power of "
                          "two from 16, not "
                       << block;
  return success();
}

std::string QuantAttr::describe() const {
  return describeBlocks("int" + Twine(getBits()), getBlock());
}

Value QuantAttr::buildValue(ImplicitLocOpBuilder &b, Value code,
                            Value zeroPoint) const {
  if (!zeroPoint)
    zeroPoint =
        arith::ConstantIntOp::create(b, int64_t(1) << (getBits() - 1), 32);
  Value centred = arith::SubIOp::create(b, code, zeroPoint);
  return arith::SIToFPOp::create(b, b.getF32Type(), centred);
}

//===----------------------------------------------------------------------===//
// Small floats
//===----------------------------------------------------------------------===//

LogicalResult
MinifloatAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                      MinifloatKind, int64_t block, int64_t blockRows) {
  if (block < 0 || blockRows < 1)
    return emitError() << "a block of small floats has 0 or more elements of 1 "
                          "or more rows, not "
                       << block << " of " << blockRows;
  return success();
}

std::string MinifloatAttr::describe() const {
  return describeBlocks(getKind() == MinifloatKind::E2M1 ? "fp4" : "fp8",
                        getBlock());
}

Value MinifloatAttr::buildValue(ImplicitLocOpBuilder &b, Value code,
                                Value /*zeroPoint*/) const {
  return buildMinifloat(b, getKind(), code);
}

namespace {
/// Integer arithmetic on the bits of a float.
struct Bits {
  Value constant(int64_t value) const {
    return arith::ConstantIntOp::create(b, value, 32);
  }
  Value shift(Value value, int64_t by) const {
    if (by >= 0)
      return arith::ShLIOp::create(b, value, constant(by));
    return arith::ShRUIOp::create(b, value, constant(-by));
  }
  Value mask(Value value, int64_t bits) const {
    return arith::AndIOp::create(b, value, constant(bits));
  }
  Value isEqual(Value value, int64_t other) const {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, value,
                                 constant(other));
  }
  Value select(Value condition, Value a, Value c) const {
    return arith::SelectOp::create(b, condition, a, c);
  }
  Value toF32(Value bits) const {
    return arith::BitcastOp::create(b, b.getF32Type(), bits);
  }

  ImplicitLocOpBuilder &b;
};
} // namespace

Value moec::moe::buildMinifloat(ImplicitLocOpBuilder &b, MinifloatKind kind,
                                Value code) {
  constexpr int64_t kF32Mantissa = 23, kF32Bias = 127;
  bool isE2M1 = kind == MinifloatKind::E2M1;
  int64_t mantissa = isE2M1 ? 1 : 3, exponent = isE2M1 ? 2 : 4;
  int64_t bias = (int64_t(1) << (exponent - 1)) - 1;
  Bits bits{b};
  int64_t signBit = exponent + mantissa;
  Value sign = bits.shift(bits.shift(code, -signBit), 31);
  Value magnitude = bits.mask(code, (int64_t(1) << signBit) - 1);
  // Moved to where f32 has them, the bits are a number that is smaller by the
  // difference of the biases; that of a subnormal one needs no exponent.
  Value moved = bits.shift(magnitude, kF32Mantissa - mantissa);
  Value normal = arith::AddIOp::create(
      b, moved, bits.constant((kF32Bias - bias) << kF32Mantissa));
  Value unit = arith::ConstantFloatOp::create(
      b, b.getF32Type(), APFloat(std::ldexp(1.0f, int(1 - bias - mantissa))));
  Value fraction = arith::SIToFPOp::create(b, b.getF32Type(), magnitude);
  Value subnormal = arith::BitcastOp::create(
      b, b.getI32Type(), arith::MulFOp::create(b, fraction, unit));
  Value isSubnormal = bits.isEqual(bits.shift(magnitude, -mantissa), 0);
  Value result = bits.select(isSubnormal, subnormal, normal);
  if (!isE2M1) // E4M3FN has one NaN a sign, and no infinity.
    result = bits.select(bits.isEqual(magnitude, 0x7f),
                         bits.constant(0x7fc00000), result);
  return bits.toF32(arith::OrIOp::create(b, result, sign));
}

Value moec::moe::buildPowerOfTwo(ImplicitLocOpBuilder &b, Value code) {
  // 2^(code - 127): the exponent of f32, but for the least, a subnormal number
  // there, and the greatest, which is NaN.
  Bits bits{b};
  Value result = bits.shift(code, 23);
  result =
      bits.select(bits.isEqual(code, 0), bits.constant(0x00400000), result);
  result =
      bits.select(bits.isEqual(code, 255), bits.constant(0x7fc00000), result);
  return bits.toF32(result);
}
