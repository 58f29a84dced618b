//===-- SlotRows.cpp - rows that experts read from slots ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "ExpertLifter.h"
#include "SlotProducts.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

/// The rows of tokens, sent to slots. Null without a miss where the value is
/// computed from such.
RowExpr *ExpertLifter::liftDispatched(Value value) {
  Operation *op = value.getDefiningOp();
  std::optional<SlotProduct> product = readSlotProduct(facts, op);
  if (!product)
    return nullptr;
  std::optional<Dims> dims = readDispatch(facts, *product);
  if (!dims)
    return fail(op, "it does not send the rows of tokens to their slots");
  visited.insert(op);
  dispatches.insert(op);
  rowDims[value] = *dims;
  return makeSource(product->rows, op);
}

namespace {
/// What is cut from a value along a dimension: an element of it.
struct Cut {
  Value whole;
  int64_t axis, number;
};
} // namespace

static std::optional<Cut> readGather(onnx::GatherOp op) {
  auto numbers = getIntegers(op.getIndices());
  RankedTensorType type = getType(op.getData());
  int64_t axis = normalizeAxis(op.getAxis(), type.getRank());
  if (!numbers || numbers->size() != 1 ||
      getType(op.getIndices()).getRank() > 1 || type.isDynamicDim(axis))
    return std::nullopt;
  int64_t number = normalizeAxis(numbers->front(), type.getDimSize(axis));
  return Cut{op.getData(), axis, number};
}

static std::optional<Cut> readSlice(onnx::SliceOp op) {
  auto starts = getIntegers(op.getStarts()), ends = getIntegers(op.getEnds());
  auto axes = op.getAxes() ? getIntegers(op.getAxes())
                           : std::optional(SmallVector<int64_t>{0});
  bool hasStep = op.getSteps() && getUniform(op.getSteps()) != 1.0;
  RankedTensorType type = getType(op.getData());
  if (!starts || !ends || !axes || hasStep || starts->size() != 1 ||
      axes->size() != 1)
    return std::nullopt;
  int64_t axis = normalizeAxis(axes->front(), type.getRank());
  if (type.isDynamicDim(axis) || getType(op.getOutput()).getDimSize(axis) != 1)
    return std::nullopt;
  int64_t number = normalizeAxis(starts->front(), type.getDimSize(axis));
  return number >= 0 ? std::optional(Cut{op.getData(), axis, number})
                     : std::nullopt;
}

static std::optional<Cut> readSplit(onnx::SplitOp op, OpResult part) {
  int64_t axis = normalizeAxis(op.getAxis(), getType(part).getRank());
  for (Value output : op.getOutputs())
    if (getType(output).getDimSize(axis) != 1)
      return std::nullopt;
  return Cut{op.getInput(), axis, part.getResultNumber()};
}

static std::optional<Cut> readCut(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto gather = dyn_cast<onnx::GatherOp>(op))
    return readGather(gather);
  if (auto slice = dyn_cast<onnx::SliceOp>(op))
    return readSlice(slice);
  if (auto split = dyn_cast<onnx::SplitOp>(op))
    return readSplit(split, cast<OpResult>(value));
  return std::nullopt;
}

/// The slots of each expert in turn, of one value with all of them. Null
/// without a miss where the values are none of one.
RowExpr *ExpertLifter::liftCutSlots(Values values) {
  std::optional<Cut> first = readCut(values.front());
  for (auto [expert, value] : llvm::enumerate(values)) {
    std::optional<Cut> cut = readCut(value);
    if (!cut || !first || cut->whole != first->whole ||
        cut->axis != first->axis)
      return nullptr;
    // Along features all experts cut alike.
    if (cut->number != int64_t(expert))
      return nullptr;
  }
  RowExpr *row = lift(first->whole);
  if (!row)
    return nullptr;
  Dims dims = getDims(first->whole);
  if (dims[first->axis] != Dim{Axis::Expert})
    return fail(values.front().getDefiningOp(),
                "it does not take the slots of one expert");
  bool isKept = getType(values.front()).getRank() == int64_t(dims.size());
  if (isKept)
    dims[first->axis].clear();
  else
    dims.erase(dims.begin() + first->axis);
  for (Value value : values) {
    visited.insert(value.getDefiningOp());
    rowDims[value] = dims;
  }
  return row;
}

/// What each expert made of its slots, together again. Null without a miss
/// where the parts are something else.
RowExpr *ExpertLifter::liftSlotsOfExperts(onnx::ConcatOp op) {
  SmallVector<Value> parts(op->getOperands());
  int64_t axis = normalizeAxis(op.getAxis(), getType(op.getResult()).getRank());
  bool isOfExperts =
      int64_t(parts.size()) == facts.getExtents().experts &&
      llvm::all_of(parts, [&](Value part) {
        return getType(part).getDimSize(axis) == 1 && part.getDefiningOp();
      });
  if (!isOfExperts || axis + 1 == getType(op.getResult()).getRank())
    return nullptr;
  RowExpr *row = lift(parts);
  if (!row)
    return nullptr;
  Dims dims = getDims(parts.front());
  if (!dims[axis].empty() || hasAxis(dims, Axis::Expert))
    return fail(op, "its parts are not those of the experts in order");
  dims[axis] = {Axis::Expert};
  visited.insert(op);
  rowDims[op.getResult()] = dims;
  return row;
}
