//===-- Readers.cpp - one class per recipe --------------------------------===//
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

/// The first dimension of several elements, or -1.
static int64_t findOutermost(const Box &box) {
  for (auto [dim, size] : llvm::enumerate(box.sizes))
    if (size > 1)
      return dim;
  return -1;
}

namespace {
/// A reader of one source.
class UnaryReader : public Reader {
protected:
  explicit UnaryReader(std::unique_ptr<Reader> source)
      : source(std::move(source)) {}

  /// Reads both halves of a box too large for a temporary.
  LogicalResult readHalves(const Box &box, unsigned dim, char *target,
                           ArrayRef<int64_t> strides) {
    auto [front, back] = splitBox(box, dim);
    if (failed(read(front, target, strides)))
      return failure();
    return read(back, target + front.sizes[dim] * strides[dim], strides);
  }

  std::unique_ptr<Reader> source;
};

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

/// Dimensions of the source and of the result that hold the same elements.
struct ReshapeGroup {
  unsigned sourceBegin, sourceEnd;
  unsigned resultBegin, resultEnd;
};

/// The finest grouping: a group ends where the products are equal.
static SmallVector<ReshapeGroup> groupDimensions(ArrayRef<int64_t> source,
                                                 ArrayRef<int64_t> result) {
  SmallVector<ReshapeGroup> groups;
  // Products of zeros say nothing, and nothing will be read.
  if (llvm::is_contained(source, 0))
    return groups;
  unsigned i = 0, j = 0;
  while (i < source.size() && j < result.size()) {
    ReshapeGroup group{i, i + 1, j, j + 1};
    int64_t left = source[i++], right = result[j++];
    while (left != right) {
      if (left < right)
        left *= source[i++];
      else
        right *= result[j++];
    }
    group.sourceEnd = i;
    group.resultEnd = j;
    groups.push_back(group);
  }
  // What is left over has one element each.
  if (i < source.size() || j < result.size())
    groups.push_back({i, static_cast<unsigned>(source.size()), j,
                      static_cast<unsigned>(result.size())});
  return groups;
}

class ReshapeReader : public UnaryReader {
public:
  ReshapeReader(ReadContext &context, std::unique_ptr<Reader> reader,
                RankedTensorType result, int64_t budget)
      : UnaryReader(std::move(reader)), context(context), budget(budget),
        groups(groupDimensions(source->type.getShape(), result.getShape())),
        shape(result.getShape()) {}

  LogicalResult read(const Box &box, char *target,
                     ArrayRef<int64_t> strides) override {
    ArrayRef<int64_t> sourceShape = source->type.getShape();
    Box inner;
    inner.offsets.resize(sourceShape.size(), 0);
    inner.sizes.resize(sourceShape.size(), 1);
    Dims innerStrides(sourceShape.size(), 0);
    // Where the region lies in the temporary, per dimension of the result.
    Dims copyStrides(box.sizes.size(), 0);
    int64_t copyOffset = 0;
    bool isDirect = true;
    for (const ReshapeGroup &group : groups) {
      Cover cover = findCover(box, group);
      if (cover.waste > 1)
        return readHalves(box, cover.splitDim, target, strides);
      for (unsigned dim = group.sourceBegin; dim < group.sourceEnd; ++dim) {
        inner.offsets[dim] = cover.offsets[dim - group.sourceBegin];
        inner.sizes[dim] = cover.sizes[dim - group.sourceBegin];
      }
      isDirect &= cover.isExact &&
                  findStrides(box, strides, group, cover, innerStrides);
    }
    if (isDirect)
      return source->read(inner, target, innerStrides);

    int64_t bytes = inner.getNumElements() * elementBytes;
    if (bytes > budget)
      if (int64_t dim = findOutermost(box); dim >= 0)
        return readHalves(box, dim, target, strides);
    BufferStack::Buffer buffer(context.buffers, bytes);
    Dims dense = getDenseStrides(inner.sizes, elementBytes);
    if (failed(source->read(inner, buffer.get(), dense)))
      return failure();
    for (const ReshapeGroup &group : groups) {
      // In a cover, elements lie as in the whole: their distance is their
      // distance in the group times that of the group's last dimension.
      int64_t unit =
          group.sourceEnd > group.sourceBegin ? dense[group.sourceEnd - 1] : 0;
      int64_t first = 0, stride = 1;
      for (unsigned dim = group.resultEnd; dim-- > group.resultBegin;) {
        first += box.offsets[dim] * stride;
        copyStrides[dim] = stride * unit;
        stride *= shape[dim];
      }
      stride = 1;
      for (unsigned dim = group.sourceEnd; dim-- > group.sourceBegin;) {
        first -= inner.offsets[dim] * stride;
        stride *= sourceShape[dim];
      }
      copyOffset += first * unit;
    }
    copyStrided(target, strides, buffer.get() + copyOffset, copyStrides,
                box.sizes, elementBytes);
    return success();
  }

private:
  /// The smallest region of a group's source dimensions that holds all from the
  /// first to the last element of the box: one index of some dimensions, a
  /// range of the next, all of the rest.
  struct Cover {
    Dims offsets, sizes;
    /// Whether it holds nothing else, one after the other.
    bool isExact;
    /// 0, or over 1 where it holds far more; then, where to split the box.
    int64_t waste;
    unsigned splitDim;
  };

  Cover findCover(const Box &box, const ReshapeGroup &group) const {
    int64_t first = 0, last = 0, stride = 1, count = 1;
    for (unsigned dim = group.resultEnd; dim-- > group.resultBegin;) {
      first += box.offsets[dim] * stride;
      last += (box.offsets[dim] + box.sizes[dim] - 1) * stride;
      stride *= shape[dim];
      count *= box.sizes[dim];
    }
    Cover cover;
    cover.isExact = last - first + 1 == count;
    ArrayRef<int64_t> extents = source->type.getShape().slice(
        group.sourceBegin, group.sourceEnd - group.sourceBegin);
    int64_t covered = 1;
    bool isWhole = false;
    Dims suffix = getDenseStrides(extents, 1);
    for (auto [extent, unit] : llvm::zip_equal(extents, suffix)) {
      int64_t from = isWhole ? 0 : first / unit % extent;
      int64_t to = isWhole ? extent - 1 : last / unit % extent;
      cover.offsets.push_back(from);
      cover.sizes.push_back(to - from + 1);
      covered *= to - from + 1;
      isWhole |= from != to;
    }
    cover.isExact &= covered == count;
    cover.waste = 0;
    if (covered > 2 * count)
      for (unsigned dim = group.resultBegin; dim < group.resultEnd; ++dim)
        if (box.sizes[dim] > 1) {
          cover.waste = covered / count;
          cover.splitDim = dim;
          break;
        }
    return cover;
  }

  /// The target strides of the group's source dimensions, if there are such:
  /// the result dimensions that vary are steps of one stride, or vary alike.
  static bool findStrides(const Box &box, ArrayRef<int64_t> strides,
                          const ReshapeGroup &group, const Cover &cover,
                          Dims &innerStrides) {
    // The stride of neighbours, if the target has one for all of them.
    int64_t unit = 0, next = 0;
    for (unsigned dim = group.resultEnd; dim-- > group.resultBegin;) {
      if (box.sizes[dim] == 1)
        continue;
      if (unit == 0)
        unit = next = strides[dim];
      if (strides[dim] != next)
        return findSameStrides(box, strides, group, cover, innerStrides);
      next *= box.sizes[dim];
    }
    for (unsigned dim = group.sourceEnd; dim-- > group.sourceBegin;) {
      innerStrides[dim] = unit;
      unit *= cover.sizes[dim - group.sourceBegin];
    }
    return true;
  }

  /// The same sizes on both sides, but for extents of 1.
  static bool findSameStrides(const Box &box, ArrayRef<int64_t> strides,
                              const ReshapeGroup &group, const Cover &cover,
                              Dims &innerStrides) {
    unsigned resultDim = group.resultBegin;
    for (unsigned dim = group.sourceBegin; dim < group.sourceEnd; ++dim) {
      int64_t size = cover.sizes[dim - group.sourceBegin];
      if (size == 1)
        continue;
      while (resultDim < group.resultEnd && box.sizes[resultDim] == 1)
        ++resultDim;
      if (resultDim == group.resultEnd || box.sizes[resultDim] != size)
        return false;
      innerStrides[dim] = strides[resultDim++];
    }
    return true;
  }

  ReadContext &context;
  int64_t budget;
  SmallVector<ReshapeGroup> groups;
  Dims shape;
};

class PackPanelsReader : public UnaryReader {
public:
  PackPanelsReader(ReadContext &context, std::unique_ptr<Reader> reader,
                   param::PackPanelsAttr recipe, int64_t budget)
      : UnaryReader(std::move(reader)), context(context), budget(budget),
        kMajor(recipe.getKMajor()), gated(recipe.getGated()) {
    int64_t rank = source->type.getRank();
    columnDim = kMajor ? rank - 1 : rank - 2;
    depthDim = kMajor ? rank - 2 : rank - 1;
    numColumns = source->type.getDimSize(columnDim);
  }

  LogicalResult read(const Box &box, char *target,
                     ArrayRef<int64_t> strides) override {
    unsigned lead = box.sizes.size() - 3;
    unsigned panelDim = lead, resultDepthDim = lead + 1;
    int64_t panels = box.sizes[panelDim], depth = box.sizes[resultDepthDim];
    int64_t firstColumn = box.offsets[panelDim] * param::kPanelColumns;
    int64_t endColumn =
        std::min(numColumns, firstColumn + panels * param::kPanelColumns);

    Box inner = box;
    inner.offsets.resize(lead + 2);
    inner.sizes.resize(lead + 2);
    inner.offsets[columnDim] = firstColumn;
    inner.sizes[columnDim] = endColumn - firstColumn;
    inner.offsets[depthDim] = box.offsets[resultDepthDim];
    inner.sizes[depthDim] = depth;
    int64_t bytes = inner.getNumElements() * elementBytes;
    if (bytes > budget) {
      int64_t dim = findOutermost(box);
      // Rows of the source are columns here: keep them long.
      bool isShort = inner.sizes[columnDim] * elementBytes <= kRowBytes;
      if (kMajor && dim == panelDim && depth > 1 && isShort)
        dim = resultDepthDim;
      // A single panel line of 32 columns always fits.
      if (dim >= 0 && dim <= resultDepthDim)
        return readHalves(box, dim, target, strides);
    }

    BufferStack::Buffer buffer(context.buffers, bytes);
    Dims dense = getDenseStrides(inner.sizes, elementBytes);
    if (failed(source->read(inner, buffer.get(), dense)))
      return failure();
    int64_t full = (endColumn - firstColumn) / param::kPanelColumns;
    copyPanels(box, target, strides, buffer.get(), dense, 0, full,
               param::kPanelColumns);
    if (full < panels) {
      fillZero(box, target, strides, full);
      copyPanels(box, target, strides, buffer.get(), dense, full, full + 1,
                 endColumn - firstColumn - full * param::kPanelColumns);
    }
    return success();
  }

private:
  static constexpr int64_t kRowBytes = 16 << 10;

  /// Panels [begin, end) of the box, each with `columns` columns in the source.
  void copyPanels(const Box &box, char *target, ArrayRef<int64_t> strides,
                  const char *from, ArrayRef<int64_t> dense, int64_t begin,
                  int64_t end, int64_t columns) {
    if (begin == end)
      return;
    unsigned lead = box.sizes.size() - 3, columnOfResult = lead + 2;
    int64_t numParts = gated ? 2 : 1;
    int64_t width = param::kPanelColumns / numParts;
    Dims sizes(box.sizes), sourceStrides(dense.take_front(lead));
    sizes[lead] = end - begin;
    sourceStrides.append({param::kPanelColumns * dense[columnDim],
                          dense[depthDim], numParts * dense[columnDim]});
    for (int64_t part = 0; part < numParts; ++part) {
      // The box's share of this part, in columns of the panel.
      int64_t partBegin = std::max(box.offsets[columnOfResult], part * width);
      int64_t partEnd =
          std::min(box.offsets[columnOfResult] + box.sizes[columnOfResult],
                   part * width + columns / numParts);
      if (partBegin >= partEnd)
        continue;
      sizes[columnOfResult] = partEnd - partBegin;
      int64_t firstColumn = begin * param::kPanelColumns +
                            (partBegin - part * width) * numParts + part;
      copyStrided(target + begin * strides[lead] +
                      (partBegin - box.offsets[columnOfResult]) *
                          strides[columnOfResult],
                  strides, from + firstColumn * dense[columnDim], sourceStrides,
                  sizes, elementBytes);
    }
  }

  void fillZero(const Box &box, char *target, ArrayRef<int64_t> strides,
                int64_t panel) {
    static const char zero[8] = {};
    unsigned panelDim = box.sizes.size() - 3;
    Dims sizes(box.sizes);
    sizes[panelDim] = 1;
    copyStrided(target + panel * strides[panelDim], strides, zero,
                Dims(sizes.size(), 0), sizes, elementBytes);
  }

  ReadContext &context;
  int64_t budget;
  bool kMajor, gated;
  unsigned columnDim, depthDim;
  int64_t numColumns;
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
            return std::make_unique<ReshapeReader>(
                context, std::move(sources.front()), reshape.getResultType(),
                budget);
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
            return std::make_unique<PackPanelsReader>(
                context, std::move(sources.front()), pack, budget);
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
