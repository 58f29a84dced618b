//===-- PackPanelsReader.cpp - matrices as panels of columns --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Readers.h"

#include <algorithm>

using namespace mlir;
using namespace moec;
using namespace moec::parameters;

namespace {
/// See `#param.pack_panels`. A layout of packed 4-bit columns would be a class
/// like this one: its source is bytes, and only `copyPanels` differs.
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

std::unique_ptr<Reader> parameters::createPackPanelsReader(
    ReadContext &context, std::unique_ptr<Reader> source,
    param::PackPanelsAttr recipe, int64_t budget) {
  return std::make_unique<PackPanelsReader>(context, std::move(source), recipe,
                                            budget);
}
