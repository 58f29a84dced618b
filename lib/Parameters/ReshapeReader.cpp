//===-- ReshapeReader.cpp - elements in another shape ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Readers.h"

using namespace mlir;
using namespace moec;
using namespace moec::parameters;

namespace {
/// Dimensions of the source and of the result that hold the same elements.
struct ReshapeGroup {
  unsigned sourceBegin, sourceEnd;
  unsigned resultBegin, resultEnd;
};
} // namespace

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

namespace {
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
} // namespace

std::unique_ptr<Reader>
parameters::createReshapeReader(ReadContext &context,
                                std::unique_ptr<Reader> source,
                                param::ReshapeAttr recipe, int64_t budget) {
  return std::make_unique<ReshapeReader>(context, std::move(source),
                                         recipe.getResultType(), budget);
}
