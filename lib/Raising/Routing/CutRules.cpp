//===-- CutRules.cpp - facts about parts of values ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "RoutingFacts.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

namespace {
/// A Slice of constant bounds along one axis, all others whole.
struct ConstantSlice {
  int64_t axis, begin, end, step;
};
} // namespace

static std::optional<ConstantSlice> readSlice(onnx::SliceOp op) {
  auto starts = getIntegers(op.getStarts()), ends = getIntegers(op.getEnds());
  RankedTensorType from = getType(op.getData());
  RankedTensorType to = getType(op.getOutput());
  if (!starts || !ends)
    return std::nullopt;
  SmallVector<int64_t> axes =
      llvm::to_vector(llvm::seq<int64_t>(0, starts->size()));
  SmallVector<int64_t> steps(starts->size(), 1);
  if (op.getAxes()) {
    auto values = getIntegers(op.getAxes());
    if (!values)
      return std::nullopt;
    axes = *values;
  }
  if (op.getSteps()) {
    auto values = getIntegers(op.getSteps());
    if (!values)
      return std::nullopt;
    steps = *values;
  }
  std::optional<ConstantSlice> found;
  for (auto [start, end, axis, step] :
       llvm::zip_equal(*starts, *ends, axes, steps)) {
    int64_t dim = normalizeAxis(axis, from.getRank());
    int64_t size = from.getDimSize(dim);
    bool isWhole = start == 0 && step == 1 &&
                   (end == std::numeric_limits<int64_t>::max() ||
                    (!ShapedType::isDynamic(size) && end >= size));
    if (isWhole)
      continue;
    if (found || ShapedType::isDynamic(size) ||
        ShapedType::isDynamic(to.getDimSize(dim)))
      return std::nullopt;
    // Bounds are clamped, however far below they are.
    found = {dim, std::max<int64_t>(normalizeAxis(start, size), 0), end, step};
  }
  return found;
}

bool moec::routing::isWhole(onnx::SliceOp op, onnx::ShapeContext &shapes) {
  bool hasStep = op.getSteps() && getUniform(op.getSteps()) != 1.0;
  return !hasStep &&
         shapes.getExtents(op.getData()) == shapes.getExtents(op.getOutput());
}

/// The expert whose sorted rows are those from `start` to `end`.
std::optional<int64_t> RoutingFacts::getExpertBetween(Value start,
                                                      Value end) const {
  const Fact *first = lookup(start), *last = lookup(end);
  if (!last || last->kind != FactKind::End || !last->expert)
    return std::nullopt;
  bool isStart =
      first
          ? ((first->kind == FactKind::End && first->expert &&
              *first->expert + 1 == *last->expert) ||
             (first->kind == FactKind::Start && first->expert == last->expert))
          : getUniform(start) == 0.0 && *last->expert == 0;
  return isStart ? last->expert : std::nullopt;
}

std::optional<Fact> RoutingFacts::inferSlice(onnx::SliceOp op) {
  const Fact *data = lookup(op.getData());
  if (!data)
    return std::nullopt;
  if (isWhole(op, shapes))
    return *data;
  if (std::optional<ConstantSlice> slice = readSlice(op)) {
    if (getType(op.getOutput()).getDimSize(slice->axis) == 1 &&
        data->dims[slice->axis] != Dim{Axis::Feature})
      return inferPart(*data, op.getOutput(), slice->axis, slice->begin);
    bool isFeature = data->kind == FactKind::Computed &&
                     data->dims[slice->axis] == Dim{Axis::Feature};
    return isFeature ? MaybeFact(*data) : std::nullopt;
  }
  // The rows of one expert.
  std::optional<int64_t> expert =
      getExpertBetween(op.getStarts(), op.getEnds());
  auto axes = op.getAxes() ? getIntegers(op.getAxes())
                           : std::optional(SmallVector<int64_t>{0});
  bool hasStep = op.getSteps() && getUniform(op.getSteps()) != 1.0;
  if (!expert || hasStep || !axes || *axes != SmallVector<int64_t>{0} ||
      data->dims.front() != Dim{Axis::Row})
    return std::nullopt;
  Fact result = *data;
  result.expert = expert;
  result.dims[0] = {Axis::Hit};
  return result;
}

void RoutingFacts::inferSplit(onnx::SplitOp op) {
  const Fact *found = lookup(op.getInput());
  if (!found)
    return;
  Fact fact = *found;
  int64_t axis = normalizeAxis(op.getAxis(), fact.dims.size());
  // Sorted rows, by how many each expert has.
  const Fact *sizes = op.getSplit() ? lookup(op.getSplit()) : nullptr;
  if (sizes && isCount(*sizes) && !sizes->expert &&
      fact.dims[axis] == Dim{Axis::Row} &&
      int64_t(op.getOutputs().size()) == extents.experts) {
    fact.dims[axis] = {Axis::Hit};
    for (auto [expert, part] : llvm::enumerate(op.getOutputs())) {
      fact.expert = expert;
      set(part, fact);
    }
    return;
  }
  int64_t begin = 0;
  for (Value part : op.getOutputs()) {
    int64_t size = getType(part).getDimSize(axis);
    if (ShapedType::isDynamic(size))
      return;
    bool isFeature = fact.kind == FactKind::Computed &&
                     fact.dims[axis] == Dim{Axis::Feature};
    if (isFeature)
      set(part, fact);
    else if (size == 1)
      if (MaybeFact one = inferPart(fact, part, axis, begin))
        set(part, *one);
    begin += size;
  }
}
