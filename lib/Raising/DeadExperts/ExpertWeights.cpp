//===-- ExpertWeights.cpp - equal and zero weights among experts ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpertWeights.h"

#include "moec/Parameters/Evaluator.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/xxhash.h"

#include <numeric>

using namespace mlir;
using namespace moec;
using namespace moec::dead;

/// Bytes of one piece, at least one row.
static constexpr int64_t kPieceBytes = int64_t(1) << 20;

static ArrayRef<int64_t> getShape(param::RecipeInterface recipe) {
  return recipe.getResultType().getShape();
}

/// An expert's elements as rows: of matrices the rows, of vectors the one.
static int64_t getNumRows(param::RecipeInterface recipe) {
  ArrayRef<int64_t> shape = getShape(recipe);
  return shape.size() > 2 ? shape[1] : 1;
}

static int64_t getRowBytes(param::RecipeInterface recipe) {
  ArrayRef<int64_t> shape = getShape(recipe);
  int64_t bytes = ParameterEvaluator::getElementBytes(
      recipe.getResultType().getElementType());
  for (int64_t extent : shape.drop_front(shape.size() > 2 ? 2 : 1))
    bytes *= extent;
  return bytes;
}

bool ExpertWeights::readPiece(param::RecipeInterface recipe, int64_t expert,
                              int64_t row, int64_t numRows,
                              std::vector<char> &bytes) {
  SmallVector<int64_t> sizes(getShape(recipe));
  SmallVector<int64_t> offsets(sizes.size(), 0);
  offsets[0] = expert;
  sizes[0] = 1;
  if (sizes.size() > 2) {
    offsets[1] = row;
    sizes[1] = numRows;
  }
  bytes.resize(numRows * getRowBytes(recipe));
  return source.readRegion(recipe, offsets, sizes, bytes);
}

/// Whether all pieces could be read and `visit` was content with them.
bool ExpertWeights::forEachPiece(param::RecipeInterface recipe, int64_t expert,
                                 Visit visit) {
  int64_t numRows = getNumRows(recipe);
  int64_t rowBytes = std::max<int64_t>(1, getRowBytes(recipe));
  int64_t step = std::max<int64_t>(1, kPieceBytes / rowBytes);
  std::vector<char> bytes;
  for (int64_t row = 0; row < numRows; row += step)
    if (!readPiece(recipe, expert, row, std::min(step, numRows - row), bytes) ||
        !visit(bytes))
      return false;
  return true;
}

uint64_t ExpertWeights::hashFirst(int64_t expert, bool &isRead) {
  uint64_t hash = 0;
  std::vector<char> bytes;
  for (param::RecipeInterface recipe : recipes) {
    isRead &=
        readPiece(recipe, expert, 0, getNumRows(recipe) > 0 ? 1 : 0, bytes);
    hash = hash * 31 +
           llvm::xxh3_64bits(ArrayRef(
               reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()));
  }
  return hash;
}

/// Whether a stack has the same source for both.
static bool isSameSource(param::RecipeInterface recipe, int64_t a, int64_t b) {
  auto stack = dyn_cast<param::StackAttr>(recipe);
  return stack && stack.getAxis() == 0 &&
         stack.getSources()[a] == stack.getSources()[b];
}

bool ExpertWeights::isSame(int64_t a, int64_t b) {
  std::vector<char> other;
  for (param::RecipeInterface recipe : recipes) {
    if (isSameSource(recipe, a, b))
      continue;
    int64_t row = 0, rowBytes = std::max<int64_t>(1, getRowBytes(recipe));
    bool isEqual = forEachPiece(recipe, a, [&](ArrayRef<char> bytes) {
      int64_t count = int64_t(bytes.size()) / rowBytes;
      bool isRead = readPiece(recipe, b, row, count, other);
      row += count;
      return isRead && bytes == ArrayRef<char>(other);
    });
    if (!isEqual)
      return false;
  }
  return true;
}

std::vector<int64_t>
ExpertWeights::findFirstEqual(const std::vector<bool> &excluded) {
  int64_t experts = int64_t(excluded.size());
  std::vector<int64_t> first(excluded.size());
  std::iota(first.begin(), first.end(), 0);
  llvm::DenseMap<uint64_t, SmallVector<int64_t, 2>> seen;
  for (int64_t e = 0; e < experts; ++e) {
    bool isRead = true;
    uint64_t hash = excluded[e] ? 0 : hashFirst(e, isRead);
    if (excluded[e] || !isRead)
      continue;
    // Keys of the map are not the two that it uses itself.
    SmallVector<int64_t, 2> &candidates = seen[hash >> 2];
    auto *found = llvm::find_if(
        candidates, [&](int64_t other) { return isSame(e, other); });
    if (found != candidates.end())
      first[e] = *found;
    else
      candidates.push_back(e);
  }
  return first;
}

/// Whether every element is zero of either sign: all bits but the highest of
/// each are.
static bool areZeros(ArrayRef<char> bytes, int64_t width) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    bool hasSign = int64_t(i) % width == width - 1;
    if (bytes[i] & (hasSign ? 0x7f : 0xff))
      return false;
  }
  return true;
}

bool ExpertWeights::isZero(int64_t expert) {
  return llvm::all_of(recipes, [&](param::RecipeInterface recipe) {
    Type element = recipe.getResultType().getElementType();
    bool hasSign = element.isF16() || element.isBF16() || element.isF32();
    return hasSign && forEachPiece(recipe, expert, [&](ArrayRef<char> bytes) {
             return areZeros(bytes, element.getIntOrFloatBitWidth() / 8);
           });
  });
}
