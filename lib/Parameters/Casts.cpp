//===-- Casts.cpp - elements of one type to another -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Casts.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace mlir;

namespace {
enum class Kind { Bool, Signed, Unsigned, F16, BF16, F32, F64 };

/// An element type as the conversions see it.
struct Format {
  Kind kind;
  unsigned width;
  int64_t bytes;
};

/// A number of any element type, exactly.
struct Number {
  enum { Float, Signed, Unsigned } form;
  double real = 0;
  int64_t integer = 0; // Unsigned: the same 64 bits.
};
} // namespace

template <typename T> static T loadAs(const char *source) {
  T value;
  memcpy(&value, source, sizeof(T));
  return value;
}

template <typename T> static void storeAs(char *target, T value) {
  memcpy(target, &value, sizeof(T));
}

static Format getFormat(Type type) {
  unsigned width = type.getIntOrFloatBitWidth();
  int64_t bytes = std::max(width / 8, 1u);
  if (type.isF16())
    return {Kind::F16, width, bytes};
  if (type.isBF16())
    return {Kind::BF16, width, bytes};
  if (type.isF32())
    return {Kind::F32, width, bytes};
  if (type.isF64())
    return {Kind::F64, width, bytes};
  if (width == 1)
    return {Kind::Bool, width, bytes};
  return {type.isUnsignedInteger() ? Kind::Unsigned : Kind::Signed, width,
          bytes};
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

static float extendBf16(uint16_t bits) {
  uint32_t quiet = (bits & 0x7fff) > 0x7f80 ? 0x400000 : 0;
  return llvm::bit_cast<float>((static_cast<uint32_t>(bits) << 16) | quiet);
}

static float extendF16(uint16_t bits) {
  uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  uint32_t magnitude = bits & 0x7fff;
  uint32_t result;
  if (magnitude >= 0x7c00) // Infinity; NaN becomes quiet.
    result =
        (magnitude << 13) | 0x7f800000 | (magnitude > 0x7c00 ? 0x400000 : 0);
  else if (magnitude >= 0x0400)
    result = (magnitude << 13) + ((127 - 15) << 23);
  else // A multiple of 2^-24, exact in f32.
    result = llvm::bit_cast<uint32_t>(static_cast<float>(magnitude) * 0x1p-24f);
  return llvm::bit_cast<float>(result | sign);
}

static uint16_t roundToBf16(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  uint32_t nan = (bits >> 16) | 0x40;
  return (bits & 0x7fffffff) > 0x7f800000 ? nan : rounded;
}

static uint16_t roundToF16(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  uint32_t sign = (bits >> 16) & 0x8000;
  uint32_t magnitude = bits & 0x7fffffff;
  uint32_t normal =
      (magnitude - ((127 - 15) << 23) + 0xfff + ((magnitude >> 13) & 1)) >> 13;
  // Below 2^-14 a result is a multiple of 2^-24: so is every f32 in [0.5, 1),
  // so the addition rounds where it must.
  float shifted = llvm::bit_cast<float>(magnitude) + 0.5f;
  uint32_t subnormal =
      llvm::bit_cast<uint32_t>(shifted) - llvm::bit_cast<uint32_t>(0.5f);
  uint32_t nan = 0x7e00 | ((magnitude >> 13) & 0x3ff);
  uint32_t result = magnitude < 0x38800000   ? subnormal
                    : magnitude < 0x47800000 ? normal
                    : magnitude > 0x7f800000 ? nan
                                             : 0x7c00;
  return sign | result;
}

/// f32 such that rounding it once more, to fewer bits by two, rounds as one
/// step would: towards zero, the last bit telling that something was lost.
static float roundToOdd(double value) {
  float nearest = static_cast<float>(value);
  if (static_cast<double>(nearest) == value || std::isnan(value))
    return nearest;
  uint32_t bits = llvm::bit_cast<uint32_t>(nearest);
  if (std::isinf(nearest) ||
      std::fabs(static_cast<double>(nearest)) > std::fabs(value))
    --bits; // Infinity becomes the largest number, which is odd.
  return llvm::bit_cast<float>(bits | 1);
}

/// As above from an integer.
static float roundToOdd(uint64_t magnitude, bool isNegative) {
  unsigned bits = 64 - llvm::countl_zero(magnitude);
  unsigned dropped = bits > 24 ? bits - 24 : 0;
  uint64_t kept = magnitude >> dropped;
  if (kept << dropped != magnitude)
    kept |= 1;
  float value = std::ldexp(static_cast<float>(kept), dropped);
  return isNegative ? -value : value;
}

//===----------------------------------------------------------------------===//
// Any to any
//===----------------------------------------------------------------------===//

static Number load(const char *source, Format format) {
  Number number{Number::Float};
  switch (format.kind) {
  case Kind::F16:
    number.real = extendF16(loadAs<uint16_t>(source));
    return number;
  case Kind::BF16:
    number.real = extendBf16(loadAs<uint16_t>(source));
    return number;
  case Kind::F32:
    number.real = loadAs<float>(source);
    return number;
  case Kind::F64:
    number.real = loadAs<double>(source);
    return number;
  case Kind::Bool:
  case Kind::Signed:
  case Kind::Unsigned:
    break;
  }
  uint64_t bits = 0;
  memcpy(&bits, source, format.bytes);
  if (format.kind == Kind::Bool)
    return {Number::Unsigned, 0, bits != 0};
  if (format.kind == Kind::Unsigned)
    return {Number::Unsigned, 0,
            static_cast<int64_t>(bits & llvm::maxUIntN(format.width))};
  return {Number::Signed, 0, llvm::SignExtend64(bits, format.width)};
}

/// Towards zero; what is out of range becomes the nearest value, NaN 0.
static uint64_t toInteger(double value, Format format) {
  if (std::isnan(value))
    return 0;
  value = std::trunc(value);
  if (format.kind == Kind::Unsigned) {
    if (value <= 0)
      return 0;
    if (value >= std::ldexp(1.0, format.width))
      return llvm::maxUIntN(format.width);
    return static_cast<uint64_t>(value);
  }
  double limit = std::ldexp(1.0, format.width - 1);
  if (value >= limit)
    return llvm::maxIntN(format.width);
  if (value < -limit)
    return llvm::minIntN(format.width);
  return static_cast<int64_t>(value);
}

static void store(char *target, const Number &number, Format format) {
  bool isFloat = number.form == Number::Float;
  bool isNegative = number.form == Number::Signed && number.integer < 0;
  uint64_t magnitude = isNegative ? -static_cast<uint64_t>(number.integer)
                                  : static_cast<uint64_t>(number.integer);
  uint64_t bits = 0;
  switch (format.kind) {
  case Kind::F16:
    return storeAs(target,
                   roundToF16(isFloat ? roundToOdd(number.real)
                                      : roundToOdd(magnitude, isNegative)));
  case Kind::BF16:
    return storeAs(target,
                   roundToBf16(isFloat ? roundToOdd(number.real)
                                       : roundToOdd(magnitude, isNegative)));
  case Kind::F32:
    if (isFloat)
      return storeAs(target, static_cast<float>(number.real));
    return storeAs(target, isNegative ? -static_cast<float>(magnitude)
                                      : static_cast<float>(magnitude));
  case Kind::F64:
    if (isFloat)
      return storeAs(target, number.real);
    return storeAs(target, isNegative ? -static_cast<double>(magnitude)
                                      : static_cast<double>(magnitude));
  case Kind::Bool:
    return storeAs<uint8_t>(target,
                            isFloat ? number.real != 0 : number.integer != 0);
  case Kind::Signed:
  case Kind::Unsigned:
    bits = isFloat ? toInteger(number.real, format)
                   : static_cast<uint64_t>(number.integer);
    bits &= llvm::maxUIntN(format.width);
    memcpy(target, &bits, format.bytes);
    return;
  }
}

template <typename Source, typename Target, Target (*convert)(Source)>
static void castAll(char *target, const char *source, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    storeAs<Target>(target + i * sizeof(Target),
                    convert(loadAs<Source>(source + i * sizeof(Source))));
}

void moec::parameters::castElements(char *target, Type targetType,
                                    const char *source, Type sourceType,
                                    int64_t count) {
  Format to = getFormat(targetType), from = getFormat(sourceType);
  // The conversions whole models consist of, in loops that vectorise.
  if (from.kind == Kind::F32 && to.kind == Kind::F16)
    return castAll<float, uint16_t, roundToF16>(target, source, count);
  if (from.kind == Kind::F32 && to.kind == Kind::BF16)
    return castAll<float, uint16_t, roundToBf16>(target, source, count);
  if (from.kind == Kind::F16 && to.kind == Kind::F32)
    return castAll<uint16_t, float, extendF16>(target, source, count);
  if (from.kind == Kind::BF16 && to.kind == Kind::F32)
    return castAll<uint16_t, float, extendBf16>(target, source, count);
  for (int64_t i = 0; i < count; ++i)
    store(target + i * to.bytes, load(source + i * from.bytes, from), to);
}
