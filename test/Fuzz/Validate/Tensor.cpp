//===-- Tensor.cpp - values of the host -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tensor.h"

#include "moec/CodeGen/Library.h"
#include "moec/moec.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APInt.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

using namespace moec;
using namespace moec::validate;

std::shared_ptr<char> validate::allocate(int64_t bytes) {
  constexpr size_t kAlign = 64;
  size_t size = llvm::alignTo(std::max<int64_t>(bytes, 1), kAlign);
  auto *memory = static_cast<char *>(std::aligned_alloc(kAlign, size));
  // What is read before it was written is NaN, or far out of range.
  std::memset(memory, 0xff, size);
  return std::shared_ptr<char>(memory, std::free);
}

int64_t validate::getElementBytes(int32_t type) {
  switch (type) {
  case MOEC_UINT8:
  case MOEC_INT8:
  case MOEC_BOOL:
    return 1;
  case MOEC_FLOAT16:
  case MOEC_BFLOAT16:
  case MOEC_INT16:
  case MOEC_UINT16:
    return 2;
  case MOEC_FLOAT:
  case MOEC_INT32:
  case MOEC_UINT32:
    return 4;
  case MOEC_DOUBLE:
  case MOEC_INT64:
  case MOEC_UINT64:
    return 8;
  default:
    return 0;
  }
}

static const llvm::fltSemantics *getSemantics(int32_t type) {
  switch (type) {
  case MOEC_FLOAT:
    return &llvm::APFloat::IEEEsingle();
  case MOEC_DOUBLE:
    return &llvm::APFloat::IEEEdouble();
  case MOEC_FLOAT16:
    return &llvm::APFloat::IEEEhalf();
  case MOEC_BFLOAT16:
    return &llvm::APFloat::BFloat();
  default:
    return nullptr;
  }
}

bool validate::isFloat(int32_t type) { return getSemantics(type); }

double validate::getRounding(int32_t type) {
  const llvm::fltSemantics *semantics = getSemantics(type);
  if (!semantics)
    return 0;
  return std::ldexp(1.0, -int(llvm::APFloat::semanticsPrecision(*semantics)));
}

Tensor::Tensor(int32_t type, llvm::ArrayRef<int64_t> shape)
    : type(type), shape(shape), data(allocate(getNumBytes())) {}

bool validate::isSame(const Tensor &a, const Tensor &b) {
  return a.type == b.type && a.shape == b.shape &&
         std::memcmp(a.data.get(), b.data.get(), size_t(a.getNumBytes())) == 0;
}

int64_t Tensor::getNumElements() const {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

int64_t Tensor::getNumBytes() const {
  return getNumElements() * getElementBytes(type);
}

double Tensor::get(int64_t index) const {
  int64_t bytes = getElementBytes(type);
  uint64_t bits = 0;
  std::memcpy(&bits, data.get() + index * bytes, size_t(bytes));
  if (const llvm::fltSemantics *semantics = getSemantics(type)) {
    llvm::APFloat value(*semantics, llvm::APInt(unsigned(8 * bytes), bits));
    bool isInexact;
    value.convert(llvm::APFloat::IEEEdouble(),
                  llvm::APFloat::rmNearestTiesToEven, &isInexact);
    return value.convertToDouble();
  }
  bool isUnsigned = type == MOEC_UINT8 || type == MOEC_UINT16 ||
                    type == MOEC_UINT32 || type == MOEC_UINT64 ||
                    type == MOEC_BOOL;
  return isUnsigned ? double(bits)
                    : double(llvm::SignExtend64(bits, unsigned(8 * bytes)));
}

void Tensor::set(int64_t index, double number) {
  int64_t bytes = getElementBytes(type);
  uint64_t bits;
  if (const llvm::fltSemantics *semantics = getSemantics(type)) {
    llvm::APFloat value(number);
    bool isInexact;
    value.convert(*semantics, llvm::APFloat::rmNearestTiesToEven, &isInexact);
    bits = value.bitcastToAPInt().getZExtValue();
  } else {
    bits = uint64_t(int64_t(number));
  }
  std::memcpy(data.get() + index * bytes, &bits, size_t(bytes));
}

bool validate::isNarrow(int32_t type) {
  return type == MOEC_FLOAT16 || type == MOEC_BFLOAT16;
}

Tensor validate::widen(const Tensor &tensor) {
  if (!isNarrow(tensor.type))
    return tensor;
  Tensor made(MOEC_FLOAT, tensor.shape);
  for (int64_t i : llvm::seq(tensor.getNumElements()))
    made.set(i, tensor.get(i));
  return made;
}

Tensor validate::makeInput(const ModelValue &value,
                           llvm::ArrayRef<int64_t> symbols,
                           std::mt19937_64 &random) {
  llvm::SmallVector<int64_t> shape;
  for (int64_t dim : value.dims)
    shape.push_back(dim >= 0 ? dim : symbols[size_t(-dim - 1)]);
  Tensor made(value.type, shape);
  std::normal_distribution<double> normal;
  std::uniform_int_distribution<int> bit(0, 1);
  for (int64_t i : llvm::seq(made.getNumElements()))
    made.set(i, isFloat(value.type) ? normal(random) : bit(random));
  return made;
}
