//===-- ZeroCodes.cpp - codes that stand for zero -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ZeroCodes.h"

#include "moec/Parameters/Evaluator.h"

#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;
using namespace moec;
using namespace moec::dead;

static ArrayRef<int64_t> getShape(param::RecipeInterface recipe) {
  return recipe.getResultType().getShape();
}

/// Of all rows where `row` is negative.
bool ZeroCodes::read(param::RecipeInterface recipe, int64_t expert, int64_t row,
                     std::vector<char> &bytes) {
  SmallVector<int64_t> sizes(getShape(recipe));
  SmallVector<int64_t> offsets(sizes.size(), 0);
  offsets[0] = expert;
  sizes[0] = 1;
  if (row >= 0) {
    offsets[1] = row;
    sizes[1] = 1;
  }
  int64_t size = ParameterEvaluator::getElementBytes(
      recipe.getResultType().getElementType());
  for (int64_t extent : sizes)
    size *= extent;
  bytes.resize(size);
  return source.readRegion(recipe, offsets, sizes, bytes);
}

/// Codes lie one after the other, from the lowest bit of the first byte on.
unsigned ZeroCodes::getCode(ArrayRef<char> bytes, int64_t index) const {
  unsigned code = 0;
  int64_t bits = weights.format.getBits();
  for (int64_t bit = 0; bit < bits; ++bit) {
    int64_t at = index * bits + bit;
    code |= unsigned((bytes[at / 8] >> (at % 8)) & 1) << bit;
  }
  return code;
}

bool ZeroCodes::isZeroRow(int64_t expert, int64_t row) {
  moe::QuantAttr format = weights.format;
  if (!read(weights.codes, expert, row, codes))
    return false;
  bool isByBlock =
      weights.zeroPoints && getShape(weights.zeroPoints).size() == 3;
  if (isByBlock && !read(weights.zeroPoints, expert, row, zeroPoints))
    return false;
  unsigned zero = 1u << (format.getBits() - 1);
  if (weights.zeroPoints && !isByBlock)
    zero = getCode(zeroPoints, row);
  int64_t elements = moe::WeightFormat(format).getRowElements(codes.size());
  for (int64_t k = 0; k < elements; ++k) {
    if (isByBlock)
      zero = getCode(zeroPoints, format.getBlock() ? k / format.getBlock() : 0);
    if (getCode(codes, k) != zero)
      return false;
  }
  return true;
}

bool ZeroCodes::areFinite(param::RecipeInterface scales, int64_t expert) {
  std::vector<char> bytes;
  auto type = dyn_cast<FloatType>(scales.getResultType().getElementType());
  if (!type || !read(scales, expert, -1, bytes))
    return false;
  auto numbers = DenseElementsAttr::getFromRawBuffer(
      RankedTensorType::get(int64_t(bytes.size()) /
                                ParameterEvaluator::getElementBytes(type),
                            type),
      bytes);
  return llvm::all_of(numbers.getValues<APFloat>(),
                      [](const APFloat &scale) { return scale.isFinite(); });
}

bool ZeroCodes::isZero(int64_t expert) {
  bool isByRow = weights.zeroPoints && getShape(weights.zeroPoints).size() == 2;
  if (isByRow && !read(weights.zeroPoints, expert, -1, zeroPoints))
    return false;
  for (int64_t row = 0; row < getShape(weights.codes)[1]; ++row)
    if (!isZeroRow(expert, row))
      return false;
  return areFinite(weights.scales, expert);
}
