//===-- Readers.cpp - readers of recipes on recipes -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A reader hands its region on to its source with other offsets and strides
// wherever that says it all: the leaf then writes each element to its place,
// once. Those that cannot (casts, panels, some reshapes and strided slices)
// read into a temporary and copy from there.
//
//===----------------------------------------------------------------------===//

#include "Readers.h"

#include "Casts.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <cstring>

using namespace mlir;
using namespace moec;
using namespace moec::parameters;

int64_t parameters::getElementBytes(Type elementType) {
  return std::max<int64_t>(1, *param::getStorageBits(elementType) / 8);
}

std::pair<Box, Box> parameters::splitBox(const Box &box, unsigned dim) {
  Box front = box, back = box;
  front.sizes[dim] = box.sizes[dim] / 2;
  back.sizes[dim] -= front.sizes[dim];
  back.offsets[dim] += front.sizes[dim];
  return {front, back};
}

int64_t parameters::findOutermost(const Box &box) {
  for (auto [dim, size] : llvm::enumerate(box.sizes))
    if (size > 1)
      return dim;
  return -1;
}

LogicalResult UnaryReader::readHalves(const Box &box, unsigned dim,
                                      char *target, ArrayRef<int64_t> strides) {
  auto [front, back] = splitBox(box, dim);
  if (failed(read(front, target, strides)))
    return failure();
  return read(back, target + front.sizes[dim] * strides[dim], strides);
}

namespace {
class TransposeReader : public UnaryReader {
public:
  TransposeReader(std::unique_ptr<Reader> source, ArrayRef<int64_t> permutation)
      : UnaryReader(std::move(source)),
        inverse(invertPermutationVector(permutation)) {}

  LogicalResult read(const Box &box, char *target,
                     ArrayRef<int64_t> strides) override {
    Box inner;
    Dims innerStrides;
    for (int64_t dim : inverse) {
      inner.offsets.push_back(box.offsets[dim]);
      inner.sizes.push_back(box.sizes[dim]);
      innerStrides.push_back(strides[dim]);
    }
    return source->read(inner, target, innerStrides);
  }

private:
  SmallVector<int64_t> inverse;
};

class SliceReader : public UnaryReader {
public:
  SliceReader(ReadContext &context, std::unique_ptr<Reader> source,
              param::SliceAttr recipe, int64_t budget)
      : UnaryReader(std::move(source)), context(context), budget(budget),
        offsets(recipe.getOffsets().asArrayRef()),
        steps(recipe.getStrides().asArrayRef()) {}

  LogicalResult read(const Box &box, char *target,
                     ArrayRef<int64_t> strides) override {
    // The region of the source from the first to the last element. Where steps
    // are wide, most of that would be waste: one index at a time.
    Box inner;
    bool isStepped = false;
    for (unsigned dim = 0, e = box.sizes.size(); dim < e; ++dim) {
      int64_t first = offsets[dim] + box.offsets[dim] * steps[dim];
      int64_t size = 1;
      if (box.sizes[dim] > 1) {
        int64_t reach = (box.sizes[dim] - 1) * steps[dim];
        if (std::abs(steps[dim]) > kWidestStep)
          return readHalves(box, dim, target, strides);
        isStepped |= steps[dim] != 1;
        first = std::min(first, first + reach);
        size = std::abs(reach) + 1;
      }
      inner.offsets.push_back(first);
      inner.sizes.push_back(size);
    }
    if (!isStepped)
      return source->read(inner, target, strides);
    int64_t bytes = inner.getNumElements() * elementBytes;
    if (bytes > budget)
      return readHalves(box, findOutermost(box), target, strides);

    BufferStack::Buffer buffer(context.buffers, bytes);
    Dims dense = getDenseStrides(inner.sizes, elementBytes);
    if (failed(source->read(inner, buffer.get(), dense)))
      return failure();
    const char *from = buffer.get();
    for (unsigned dim = 0, e = box.sizes.size(); dim < e; ++dim) {
      if (steps[dim] < 0)
        from += (inner.sizes[dim] - 1) * dense[dim];
      if (box.sizes[dim] > 1)
        dense[dim] *= steps[dim];
    }
    copyStrided(target, strides, from, dense, box.sizes, elementBytes);
    return success();
  }

private:
  static constexpr int64_t kWidestStep = 16;

  ReadContext &context;
  int64_t budget;
  Dims offsets, steps;
};

class GatherReader : public UnaryReader {
public:
  GatherReader(std::unique_ptr<Reader> source, int64_t axis,
               ArrayRef<int64_t> indices)
      : UnaryReader(std::move(source)), axis(axis), indices(indices) {}

  LogicalResult read(const Box &box, char *target,
                     ArrayRef<int64_t> strides) override {
    int64_t begin = box.offsets[axis], end = begin + box.sizes[axis];
    Box inner = box;
    for (int64_t i = begin; i < end;) {
      // Neighbours that stay neighbours are read together.
      int64_t count = 1;
      while (i + count < end && indices[i + count] == indices[i] + count)
        ++count;
      inner.offsets[axis] = indices[i];
      inner.sizes[axis] = count;
      if (failed(source->read(inner, target + (i - begin) * strides[axis],
                              strides)))
        return failure();
      i += count;
    }
    return success();
  }

private:
  int64_t axis;
  ArrayRef<int64_t> indices;
};

/// Sources one after the other along `axis`; those of a stack lack it.
class ConcatReader : public Reader {
public:
  ConcatReader(std::vector<std::unique_ptr<Reader>> readers, int64_t axis,
               bool isStack)
      : sources(std::move(readers)), axis(axis), isStack(isStack) {
    for (const std::unique_ptr<Reader> &source : sources)
      ends.push_back((ends.empty() ? 0 : ends.back()) +
                     (isStack ? 1 : source->type.getDimSize(axis)));
  }

  LogicalResult read(const Box &box, char *target,
                     ArrayRef<int64_t> strides) override {
    int64_t position = box.offsets[axis];
    int64_t end = position + box.sizes[axis];
    Dims innerStrides(strides);
    if (isStack)
      innerStrides.erase(innerStrides.begin() + axis);
    size_t index = llvm::upper_bound(ends, position) - ends.begin();
    for (; position < end; ++index) {
      int64_t begin = index ? ends[index - 1] : 0;
      int64_t count = std::min(end, ends[index]) - position;
      if (count == 0)
        continue;
      Box inner = box;
      inner.offsets[axis] = position - begin;
      inner.sizes[axis] = count;
      if (isStack) {
        inner.offsets.erase(inner.offsets.begin() + axis);
        inner.sizes.erase(inner.sizes.begin() + axis);
      }
      if (failed(sources[index]->read(inner, target, innerStrides)))
        return failure();
      target += count * strides[axis];
      position += count;
    }
    return success();
  }

private:
  std::vector<std::unique_ptr<Reader>> sources;
  std::vector<int64_t> ends;
  int64_t axis;
  bool isStack;
};

class CastReader : public UnaryReader {
public:
  CastReader(ReadContext &context, std::unique_ptr<Reader> source,
             int64_t budget)
      : UnaryReader(std::move(source)), context(context), budget(budget) {}

  LogicalResult read(const Box &box, char *target,
                     ArrayRef<int64_t> strides) override {
    int64_t count = box.getNumElements();
    int64_t widest = std::max(elementBytes, source->elementBytes);
    if (count * widest > budget)
      return readHalves(box, findOutermost(box), target, strides);
    BufferStack::Buffer before(context.buffers, count * source->elementBytes);
    if (failed(source->read(box, before.get(),
                            getDenseStrides(box.sizes, source->elementBytes))))
      return failure();
    if (isDense(box.sizes, strides, elementBytes)) {
      convert(target, before.get(), count);
      return success();
    }
    BufferStack::Buffer after(context.buffers, count * elementBytes);
    convert(after.get(), before.get(), count);
    copyStrided(target, strides, after.get(),
                getDenseStrides(box.sizes, elementBytes), box.sizes,
                elementBytes);
    return success();
  }

private:
  void convert(char *target, const char *from, int64_t count) {
    castElements(target, type.getElementType(), from,
                 source->type.getElementType(), count);
  }

  ReadContext &context;
  int64_t budget;
};
} // namespace

std::unique_ptr<Reader> parameters::createReader(ReadContext &context,
                                                 param::RecipeInterface recipe,
                                                 int64_t budget) {
  bool needsTemporary = isa<param::SliceAttr, param::CastAttr,
                            param::ReshapeAttr, param::PackPanelsAttr>(recipe);
  // Each gets half of what is left, but not so little that nothing fits.
  constexpr int64_t leastBudget = 64 << 10;
  int64_t sourceBudget =
      needsTemporary ? std::max(budget / 2, std::min(budget, leastBudget))
                     : budget;
  std::vector<std::unique_ptr<Reader>> sources;
  bool isOpen = true;
  recipe.forEachSource([&](param::RecipeInterface source) {
    if (!isOpen)
      return;
    sources.push_back(createReader(context, source, sourceBudget));
    isOpen = sources.back() != nullptr;
  });
  if (!isOpen)
    return nullptr;

  using Result = std::unique_ptr<Reader>;
  Result reader =
      llvm::TypeSwitch<Attribute, Result>(recipe)
          .Case([&](param::FileAttr file) {
            return createFileReader(context, file);
          })
          .Case(
              [&](param::DenseAttr dense) { return createDenseReader(dense); })
          .Case([&](param::TransposeAttr transpose) -> Result {
            return std::make_unique<TransposeReader>(
                std::move(sources.front()),
                transpose.getPermutation().asArrayRef());
          })
          .Case([&](param::ReshapeAttr reshape) -> Result {
            return createReshapeReader(context, std::move(sources.front()),
                                       reshape, budget);
          })
          .Case([&](param::SliceAttr slice) -> Result {
            return std::make_unique<SliceReader>(
                context, std::move(sources.front()), slice, budget);
          })
          .Case([&](param::GatherAttr gather) -> Result {
            return std::make_unique<GatherReader>(
                std::move(sources.front()), gather.getAxis(),
                gather.getIndices().asArrayRef());
          })
          .Case([&](param::StackAttr stack) -> Result {
            return std::make_unique<ConcatReader>(
                std::move(sources), stack.getAxis(), /*isStack=*/true);
          })
          .Case([&](param::ConcatAttr concat) -> Result {
            return std::make_unique<ConcatReader>(
                std::move(sources), concat.getAxis(), /*isStack=*/false);
          })
          .Case([&](param::CastAttr) -> Result {
            return std::make_unique<CastReader>(
                context, std::move(sources.front()), budget);
          })
          .Case([&](param::PackPanelsAttr pack) -> Result {
            return createPackPanelsReader(context, std::move(sources.front()),
                                          pack, budget);
          })
          .Default([](Attribute) -> Result { return nullptr; });
  if (!reader) {
    // A leaf has reported; a recipe of an unknown kind has not.
    if (!isa<param::FileAttr, param::DenseAttr>(recipe))
      emitError(context.location) << "cannot evaluate the recipe " << recipe;
    return nullptr;
  }
  reader->type = recipe.getResultType();
  reader->elementBytes = getElementBytes(reader->type.getElementType());
  return reader;
}
