//===-- Reference.cpp - recipes, one element at a time --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reference.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APSInt.h"

using namespace mlir;
using namespace moec;
using namespace moec::param;
using namespace moec::testing;

static int64_t linearize(const Index &index, ArrayRef<int64_t> shape) {
  int64_t linear = 0;
  for (size_t i = 0; i < index.size(); ++i)
    linear = linear * shape[i] + index[i];
  return linear;
}

static Index delinearize(int64_t linear, ArrayRef<int64_t> shape) {
  Index index(shape.size());
  for (size_t i = shape.size(); i-- > 0;) {
    index[i] = linear % shape[i];
    linear /= shape[i];
  }
  return index;
}

static bool isSigned(Type type) {
  return !type.isUnsignedInteger() && !type.isInteger(1);
}

static uint64_t castBits(uint64_t bits, Type from, Type to) {
  unsigned fromWidth = from.getIntOrFloatBitWidth();
  unsigned toWidth = to.getIntOrFloatBitWidth();
  llvm::APInt raw(fromWidth, bits);
  if (auto source = dyn_cast<FloatType>(from)) {
    llvm::APFloat value(source.getFloatSemantics(), raw);
    if (auto target = dyn_cast<FloatType>(to)) {
      bool losesInfo;
      value.convert(target.getFloatSemantics(),
                    llvm::APFloat::rmNearestTiesToEven, &losesInfo);
      return value.bitcastToAPInt().getZExtValue();
    }
    if (to.isInteger(1))
      return !value.isZero();
    // Saturates, and gives 0 for NaN.
    llvm::APSInt result(toWidth, /*isUnsigned=*/!isSigned(to));
    bool isExact;
    value.convertToInteger(result, llvm::APFloat::rmTowardZero, &isExact);
    return result.getZExtValue();
  }
  if (auto target = dyn_cast<FloatType>(to)) {
    llvm::APFloat value(target.getFloatSemantics());
    value.convertFromAPInt(raw, isSigned(from),
                           llvm::APFloat::rmNearestTiesToEven);
    return value.bitcastToAPInt().getZExtValue();
  }
  if (to.isInteger(1))
    return !raw.isZero();
  return (isSigned(from) ? raw.sextOrTrunc(toWidth) : raw.zextOrTrunc(toWidth))
      .getZExtValue();
}

static uint64_t readFile(FileAttr file, int64_t linear, const Files &files) {
  const std::vector<uint8_t> &bytes = files.at(file.getPath().str());
  int64_t bits = *getStorageBits(file.getType().getElementType());
  if (bits == 4) {
    uint8_t byte = bytes[file.getOffset() + linear / 2];
    return linear % 2 ? byte >> 4 : byte & 0xf;
  }
  uint64_t value = 0;
  for (int64_t i = 0; i < bits / 8; ++i)
    value |=
        static_cast<uint64_t>(bytes[file.getOffset() + linear * (bits / 8) + i])
        << (8 * i);
  // An i1 takes a byte: anything but 0 is true.
  return file.getType().getElementType().isInteger(1) ? value != 0 : value;
}

uint64_t moec::testing::evaluateElement(RecipeInterface recipe,
                                        const Index &index,
                                        const Files &files) {
  ArrayRef<int64_t> shape = recipe.getResultType().getShape();
  if (auto file = dyn_cast<FileAttr>(recipe))
    return readFile(file, linearize(index, shape), files);
  if (auto dense = dyn_cast<DenseAttr>(recipe)) {
    SmallVector<uint64_t> position(index.begin(), index.end());
    Attribute element = dense.getElements().getValues<Attribute>()[position];
    if (auto real = dyn_cast<FloatAttr>(element))
      return real.getValue().bitcastToAPInt().getZExtValue();
    return cast<IntegerAttr>(element).getValue().getZExtValue();
  }
  if (auto transpose = dyn_cast<TransposeAttr>(recipe)) {
    Index inner(index.size());
    for (auto [i, dim] :
         llvm::enumerate(transpose.getPermutation().asArrayRef()))
      inner[dim] = index[i];
    return evaluateElement(transpose.getSource(), inner, files);
  }
  if (auto reshape = dyn_cast<ReshapeAttr>(recipe)) {
    ArrayRef<int64_t> source = reshape.getSource().getResultType().getShape();
    return evaluateElement(reshape.getSource(),
                           delinearize(linearize(index, shape), source), files);
  }
  if (auto slice = dyn_cast<SliceAttr>(recipe)) {
    Index inner = index;
    for (size_t i = 0; i < index.size(); ++i)
      inner[i] = slice.getOffsets()[i] + index[i] * slice.getStrides()[i];
    return evaluateElement(slice.getSource(), inner, files);
  }
  if (auto gather = dyn_cast<GatherAttr>(recipe)) {
    Index inner = index;
    inner[gather.getAxis()] = gather.getIndices()[index[gather.getAxis()]];
    return evaluateElement(gather.getSource(), inner, files);
  }
  if (auto stack = dyn_cast<StackAttr>(recipe)) {
    Index inner = index;
    inner.erase(inner.begin() + stack.getAxis());
    return evaluateElement(stack.getSources()[index[stack.getAxis()]], inner,
                           files);
  }
  if (auto concat = dyn_cast<ConcatAttr>(recipe)) {
    Index inner = index;
    int64_t &position = inner[concat.getAxis()];
    for (RecipeInterface source : concat.getSources()) {
      int64_t extent = source.getResultType().getDimSize(concat.getAxis());
      if (position < extent)
        return evaluateElement(source, inner, files);
      position -= extent;
    }
    llvm_unreachable("index within the result");
  }
  if (auto cast = dyn_cast<CastAttr>(recipe))
    return castBits(evaluateElement(cast.getSource(), index, files),
                    cast.getSource().getResultType().getElementType(),
                    cast.getElementType());
  auto pack = llvm::cast<PackPanelsAttr>(recipe);
  RankedTensorType source = pack.getSource().getResultType();
  int64_t rank = source.getRank();
  Index inner(index.begin(), index.end() - 3);
  int64_t panel = index[rank - 2], depth = index[rank - 1], c = index[rank];
  int64_t column = 32 * panel + (pack.getGated() ? 2 * (c % 16) + c / 16 : c);
  if (column >= source.getDimSize(pack.getKMajor() ? rank - 1 : rank - 2))
    return 0;
  inner.push_back(pack.getKMajor() ? depth : column);
  inner.push_back(pack.getKMajor() ? column : depth);
  return evaluateElement(pack.getSource(), inner, files);
}

std::vector<char> moec::testing::evaluateRegion(RecipeInterface recipe,
                                                const Index &offsets,
                                                const Index &sizes,
                                                const Files &files) {
  int64_t bits = *getStorageBits(recipe.getResultType().getElementType());
  int64_t bytes = std::max<int64_t>(bits / 8, 1);
  int64_t count = 1;
  for (int64_t size : sizes)
    count *= size;
  std::vector<char> result;
  for (int64_t i = 0; i < count; ++i) {
    Index index = delinearize(i, sizes);
    for (size_t dim = 0; dim < index.size(); ++dim)
      index[dim] += offsets[dim];
    uint64_t value = evaluateElement(recipe, index, files);
    for (int64_t byte = 0; byte < bytes; ++byte)
      result.push_back(static_cast<char>(value >> (8 * byte)));
  }
  return result;
}

std::vector<char> moec::testing::evaluateStored(RecipeInterface recipe,
                                                const Files &files) {
  RankedTensorType type = recipe.getResultType();
  std::vector<char> bytes = evaluateRegion(
      recipe, Index(type.getRank(), 0),
      Index(type.getShape().begin(), type.getShape().end()), files);
  if (*getStorageBits(type.getElementType()) != 4)
    return bytes;
  std::vector<char> packed((bytes.size() + 1) / 2, 0);
  for (size_t i = 0; i < bytes.size(); ++i)
    packed[i / 2] |= static_cast<char>(bytes[i] << (i % 2 * 4));
  return packed;
}
