//===-- MovementOpShapes.cpp - shapes of operators that move elements
//------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Onnx/IR/ShapeArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec::onnx;

static Type getElement(Value value) {
  return getElementTypeOrSelf(value.getType());
}

LogicalResult TransposeOp::inferShapes(ShapeContext &context) {
  Extents input = context.getExtents(getData());
  int64_t rank = input.size();
  Extents extents;
  if (std::optional<ArrayRef<int64_t>> perm = getPerm()) {
    if (int64_t(perm->size()) != rank)
      return emitError() << "'perm' has " << perm->size()
                         << " elements for an input of rank " << rank;
    SmallVector<bool> isUsed(rank, false);
    for (int64_t axis : *perm) {
      if (axis < 0 || axis >= rank || isUsed[axis])
        return emitError() << "'perm' is no permutation of 0 to " << rank - 1;
      isUsed[axis] = true;
      extents.push_back(input[axis]);
    }
  } else {
    extents.assign(input.rbegin(), input.rend());
  }
  context.setResult(getOperation()->getResult(0), getElement(getData()),
                    extents);
  return success();
}

LogicalResult ConcatOp::inferShapes(ShapeContext &context) {
  if (getInputs().empty())
    return emitError("needs at least one input");
  Extents extents = context.getExtents(getInputs()[0]);
  FailureOr<int64_t> axis = normalizeAxis(*this, getAxis(), extents.size());
  if (failed(axis))
    return failure();
  Type element = getElement(getInputs()[0]);
  for (Value input : getInputs().drop_front()) {
    Extents other = context.getExtents(input);
    if (other.size() != extents.size() || getElement(input) != element)
      return emitError() << "joins tensors of different ranks or types";
    for (size_t i = 0; i < extents.size(); ++i) {
      if (int64_t(i) == *axis) {
        extents[i] = extents[i] + other[i];
        continue;
      }
      if (failed(context.requireEqual(*this, extents[i], other[i],
                                      "extents beside the axis")))
        return failure();
      if (isa<AffineConstantExpr>(other[i]))
        extents[i] = other[i];
    }
  }
  OpResult result = getOperation()->getResult(0);
  context.setResult(result, element, extents);
  auto type = cast<RankedTensorType>(result.getType());
  if (!isa<IntegerType>(element) || type.getRank() != 1 ||
      !type.hasStaticShape() || type.getNumElements() > 1024)
    return success();
  Extents elements;
  for (Value input : getInputs()) {
    auto size = cast<RankedTensorType>(input.getType()).getNumElements();
    if (std::optional<Extents> known = context.getElements(input))
      llvm::append_range(elements, *known);
    else
      elements.append(size, AffineExpr());
  }
  context.setElements(result, elements);
  return success();
}

LogicalResult SplitOp::inferShapes(ShapeContext &context) {
  Extents input = context.getExtents(getInput());
  FailureOr<int64_t> axis = normalizeAxis(*this, getAxis(), input.size());
  if (failed(axis))
    return failure();
  size_t count = getNumResults();
  AffineExpr whole = input[*axis];
  Extents sizes;
  if (getSplit()) {
    FailureOr<Extents> listed =
        getListElements(context, *this, getSplit(), "split");
    if (failed(listed))
      return failure();
    sizes = *listed;
    if (sizes.size() != count)
      return emitError() << "'split' has " << sizes.size() << " elements for "
                         << count << " outputs";
    bool isKnown = true;
    AffineExpr sum = context.getConstant(0);
    for (AffineExpr &size : sizes) {
      if (!size) {
        size = context.createSymbol("split");
        isKnown = false;
      } else if (failed(requireAtLeast(context, *this, size,
                                       context.getConstant(0),
                                       "an element of 'split'"))) {
        return failure();
      }
      sum = sum + size;
    }
    if (failed(context.requireEqual(*this, sum, whole, "the sum of 'split'")))
      return failure();
    if (isKnown)
      dropOperand(getSplitMutable());
  } else if (getOperation()->hasAttr(kShapesAttr)) {
    return success();
  } else {
    int64_t parts = getNumOutputs().value_or(count);
    if (parts != int64_t(count) || parts <= 0)
      return emitError() << "'num_outputs' is " << parts << ", but there are "
                         << count << " outputs";
    AffineExpr size = whole.ceilDiv(parts);
    AffineExpr last = simplifyAffineExpr(whole - size * (parts - 1), 0,
                                         context.getNumSymbols());
    // ceil(5 / 4) * 3 is more than 5: such an extent has no four parts.
    if (failed(requireAtLeast(context, *this, last, context.getConstant(0),
                              "the last of equal parts")))
      return failure();
    sizes.assign(parts - 1, size);
    sizes.push_back(last);
  }

  std::optional<Extents> elements = context.getElements(getInput());
  int64_t offset = 0;
  for (auto [i, size] : llvm::enumerate(sizes)) {
    Extents extents = input;
    extents[*axis] = size;
    OpResult result = getOperation()->getResult(i);
    context.setResult(result, getElement(getInput()), extents);
    auto type = cast<RankedTensorType>(result.getType());
    if (!elements || type.getRank() != 1 || !type.hasStaticShape()) {
      elements.reset();
      continue;
    }
    int64_t length = type.getNumElements();
    if (offset + length > int64_t(elements->size()))
      return success();
    context.setElements(result,
                        ArrayRef<AffineExpr>(*elements).slice(offset, length));
    offset += length;
  }
  return success();
}

Value SplitOp::materializeExtent(OpBuilder &builder, unsigned result,
                                 unsigned) {
  if (!getSplit())
    return {};
  Location loc = getLoc();
  Value size = buildElement(builder, loc, getSplit(), result);
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value isSound = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge,
                                        size, zero);
  buildShapeCheck(builder, loc, isSound, "a part of a split is negative");
  return arith::MaxSIOp::create(builder, loc, size, zero);
}

namespace {
/// The extent of one sliced axis.
class SlicedExtent {
public:
  SlicedExtent(ShapeContext &context, Operation *op, AffineExpr extent)
      : context(context), op(op), extent(extent) {}

  /// Null where it takes run-time values; fails with a diagnostic.
  FailureOr<AffineExpr> infer(AffineExpr start, AffineExpr end, int64_t step) {
    AffineExpr zero = context.getConstant(0);
    if (!start || !end)
      return AffineExpr();
    if (step < 0)
      return inferBackward(start, end, step);
    FailureOr<AffineExpr> first = clamp(start, /*isStart=*/true);
    FailureOr<AffineExpr> last = clamp(end, /*isStart=*/false);
    if (failed(first) || failed(last))
      return failure();
    if (!*first || !*last)
      return AffineExpr();
    AffineExpr span = simplify(*last - *first);
    if (isNonNegative(span))
      return span.ceilDiv(step);
    if (isNonNegative(simplify(*first - *last)))
      return zero;
    return AffineExpr();
  }

private:
  AffineExpr simplify(AffineExpr expr) {
    return simplifyAffineExpr(expr, 0, context.getNumSymbols());
  }

  /// A position within 0..extent; null where undecided.
  FailureOr<AffineExpr> clamp(AffineExpr position, bool isStart) {
    std::optional<int64_t> constant = getConstant(position);
    std::optional<int64_t> whole = getConstant(extent);
    AffineExpr zero = context.getConstant(0);
    if (constant && whole) {
      int64_t value =
          *constant < 0 ? std::max(*constant, -*whole) + *whole : *constant;
      return context.getConstant(std::min(value, *whole));
    }
    if (constant) {
      // No extent is that large: this end means all.
      if (*constant >= int64_t(1) << 31 || *constant == INT32_MAX)
        return extent;
      if (*constant <= -(int64_t(1) << 31) || *constant == 0)
        return zero;
      // The first or last element of an extent: one that is there.
      if (*constant == 1 || *constant == -1) {
        if (failed(requireAtLeast(context, op, extent, context.getConstant(1),
                                  "an extent that is sliced at an element")))
          return failure();
        return *constant == 1 ? position : simplify(extent - 1);
      }
      if (*constant > 0)
        return getMinimum(context, position, extent);
      return isNonNegative(simplify(extent + position))
                 ? simplify(extent + position)
                 : AffineExpr();
    }
    if (!isNonNegative(position)) {
      // An expression that is always negative counts from the end.
      AffineExpr fromEnd = simplify(extent + position);
      if (isNonNegative(simplify(context.getConstant(-1) - position)) &&
          isNonNegative(fromEnd))
        return fromEnd;
      return AffineExpr();
    }
    if (AffineExpr smaller = getMinimum(context, position, extent))
      return smaller;
    // A table of fixed length, cut to the length of the input.
    if (!whole)
      return AffineExpr();
    if (failed(requireAtLeast(context, op, extent, position,
                              "an extent that is sliced up to a symbol")))
      return failure();
    return position;
  }

  FailureOr<AffineExpr> inferBackward(AffineExpr start, AffineExpr end,
                                      int64_t step) {
    std::optional<int64_t> first = getConstant(start), last = getConstant(end);
    if (!first || !last)
      return AffineExpr();
    std::optional<int64_t> whole = getConstant(extent);
    if (!whole) {
      bool isAll =
          (*first == -1 || *first >= INT32_MAX) && *last <= -int64_t(INT32_MAX);
      return isAll ? extent.ceilDiv(-step) : AffineExpr();
    }
    auto get = [&](int64_t value) {
      if (value < 0)
        value = std::max(value, -*whole - 1) + *whole;
      return std::min(std::max<int64_t>(value, -1), *whole - 1);
    };
    int64_t span = get(*first) - get(*last);
    return context.getConstant(span <= 0 ? 0 : (span - step - 1) / -step);
  }

  ShapeContext &context;
  Operation *op;
  AffineExpr extent;
};
} // namespace

LogicalResult SliceOp::inferShapes(ShapeContext &context) {
  Extents extents = context.getExtents(getData());
  FailureOr<Extents> starts =
      getListElements(context, *this, getStarts(), "starts");
  FailureOr<Extents> ends = getListElements(context, *this, getEnds(), "ends");
  if (failed(starts) || failed(ends))
    return failure();
  size_t count = starts->size();
  SmallVector<int64_t> axes, steps(count, 1);
  if (getAxes()) {
    FailureOr<SmallVector<int64_t>> named =
        getAxesOperand(context, *this, getAxes(), extents.size());
    if (failed(named))
      return failure();
    axes = *named;
  } else {
    for (size_t i = 0; i < count; ++i)
      axes.push_back(i);
  }
  if (getSteps()) {
    FailureOr<SmallVector<int64_t>> named =
        getConstantOperand(context, *this, getSteps(), "steps");
    if (failed(named))
      return failure();
    steps = *named;
  }
  if (ends->size() != count || axes.size() != count || steps.size() != count ||
      count > extents.size())
    return emitError("has 'starts', 'ends', 'axes' and 'steps' of different "
                     "lengths, or longer than the rank");
  for (size_t i = 0; i < count; ++i) {
    int64_t step = steps[i];
    if (step == 0 || step == INT64_MIN)
      return emitError() << "'steps' has the element " << step;
    step = std::clamp<int64_t>(step, -(int64_t(1) << 40), int64_t(1) << 40);
    FailureOr<AffineExpr> extent =
        SlicedExtent(context, *this, extents[axes[i]])
            .infer((*starts)[i], (*ends)[i], step);
    if (failed(extent))
      return failure();
    extents[axes[i]] = *extent ? *extent : context.createSymbol("sliced");
  }
  OpResult result = getOperation()->getResult(0);
  context.setResult(result, getElement(getData()), extents);

  auto type = cast<RankedTensorType>(result.getType());
  std::optional<Extents> elements = context.getElements(getData());
  if (!elements || type.getRank() != 1 || !type.hasStaticShape() ||
      count != 1 || !getConstant((*starts)[0]))
    return success();
  int64_t length = elements->size(), start = *getConstant((*starts)[0]);
  if (start < 0)
    start = std::max(start, -length) + length;
  start = std::min(start, steps[0] < 0 ? length - 1 : length);
  Extents kept;
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    kept.push_back((*elements)[start + i * steps[0]]);
  context.setElements(result, kept);
  return success();
}

Value SliceOp::materializeExtent(OpBuilder &builder, unsigned, unsigned dim) {
  Location loc = getLoc();
  int64_t rank = cast<RankedTensorType>(getData().getType()).getRank();
  int64_t entry = dim, step = 1;
  DenseIntElementsAttr axes, steps;
  if (getAxes()) {
    if (!matchPattern(getAxes(), m_Constant(&axes)))
      return {};
    entry = -1;
    for (auto [i, axis] : llvm::enumerate(axes.getValues<APInt>()))
      if ((axis.getSExtValue() + rank) % rank == dim)
        entry = i;
  }
  if (getSteps()) {
    if (!matchPattern(getSteps(), m_Constant(&steps)))
      return {};
    if (entry >= 0)
      step = steps.getValues<APInt>()[entry].getSExtValue();
  }
  if (entry < 0)
    return {};
  step = std::clamp<int64_t>(step, -(int64_t(1) << 40), int64_t(1) << 40);
  Value extent = tensor::DimOp::create(builder, loc, getData(), dim);
  auto [start, count] = buildSliceRange(
      builder, loc, extent, buildElement(builder, loc, getStarts(), entry),
      buildElement(builder, loc, getEnds(), entry), step);
  return count;
}

std::pair<Value, Value> moec::onnx::buildSliceRange(OpBuilder &builder,
                                                    Location loc, Value extent,
                                                    Value start, Value end,
                                                    int64_t step) {
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  Value zero = constant(0);
  Value low = step > 0 ? zero : constant(-1);
  Value high = step > 0
                   ? extent
                   : arith::SubIOp::create(builder, loc, extent, constant(1))
                         .getResult();
  auto normalize = [&](Value position, Value floor) -> Value {
    Value isNegative = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::slt, position, zero);
    Value shifted = arith::AddIOp::create(builder, loc, position, extent);
    Value value =
        arith::SelectOp::create(builder, loc, isNegative, shifted, position);
    // The upper bound first: that of an empty extent is below the lower one.
    value = arith::MinSIOp::create(builder, loc, value, high);
    return arith::MaxSIOp::create(builder, loc, value, floor);
  };
  start = normalize(start, zero);
  end = normalize(end, low);
  Value span = step > 0 ? arith::SubIOp::create(builder, loc, end, start)
                        : arith::SubIOp::create(builder, loc, start, end);
  // Backward over nothing: start was raised to 0, which is not there.
  if (step < 0)
    span = arith::MinSIOp::create(builder, loc, span, extent);
  span = arith::MaxSIOp::create(builder, loc, span, zero);
  int64_t size = std::abs(step);
  Value rounded = arith::AddIOp::create(builder, loc, span, constant(size - 1));
  Value count = arith::DivUIOp::create(builder, loc, rounded, constant(size));
  return {start, count};
}

LogicalResult PadOp::inferShapes(ShapeContext &context) {
  Extents extents = context.getExtents(getData());
  StringRef mode = getMode();
  if (mode != "constant" && mode != "edge" && mode != "reflect" &&
      mode != "wrap")
    return emitError() << "attribute 'mode' is '" << mode
                       << "', expected constant, edge, reflect or wrap";
  FailureOr<Extents> pads = getListElements(context, *this, getPads(), "pads");
  if (failed(pads))
    return failure();
  SmallVector<int64_t> axes;
  if (getAxes()) {
    FailureOr<SmallVector<int64_t>> named =
        getAxesOperand(context, *this, getAxes(), extents.size());
    if (failed(named))
      return failure();
    axes = *named;
  } else {
    for (size_t i = 0; i < extents.size(); ++i)
      axes.push_back(i);
  }
  if (pads->size() != 2 * axes.size())
    return emitError() << "'pads' has " << pads->size()
                       << " elements, expected " << 2 * axes.size();
  if (getConstantValue()) {
    auto type = cast<RankedTensorType>(getConstantValue().getType());
    if (!type.hasStaticShape() || type.getNumElements() != 1 ||
        type.getElementType() != getElement(getData()))
      return emitError() << "'constant_value' must be one element of the "
                            "input's type, found "
                         << type;
  }
  for (auto [i, axis] : llvm::enumerate(axes)) {
    AffineExpr begin = (*pads)[i], end = (*pads)[i + axes.size()];
    if (!begin || !end) {
      extents[axis] = context.createSymbol("padded");
      continue;
    }
    AffineExpr padded = simplifyAffineExpr(extents[axis] + begin + end, 0,
                                           context.getNumSymbols());
    if (failed(requireAtLeast(context, *this, padded, context.getConstant(0),
                              "a padded extent")))
      return failure();
    extents[axis] = padded;
  }
  context.setResult(getOperation()->getResult(0), getElement(getData()),
                    extents);
  return success();
}

Value PadOp::materializeExtent(OpBuilder &builder, unsigned, unsigned dim) {
  Location loc = getLoc();
  int64_t rank = cast<RankedTensorType>(getData().getType()).getRank();
  int64_t entry = dim, count = rank;
  DenseIntElementsAttr axes;
  if (getAxes()) {
    if (!matchPattern(getAxes(), m_Constant(&axes)))
      return {};
    entry = -1;
    count = axes.getNumElements();
    for (auto [i, axis] : llvm::enumerate(axes.getValues<APInt>()))
      if ((axis.getSExtValue() + rank) % rank == dim)
        entry = i;
    if (entry < 0)
      return {};
  }
  Value extent = tensor::DimOp::create(builder, loc, getData(), dim);
  for (int64_t i : {entry, entry + count})
    extent = arith::AddIOp::create(builder, loc, extent,
                                   buildElement(builder, loc, getPads(), i));
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value isSound = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge,
                                        extent, zero);
  buildShapeCheck(builder, loc, isSound, "a padded extent is negative");
  return arith::MaxSIOp::create(builder, loc, extent, zero);
}

LogicalResult TriluOp::inferShapes(ShapeContext &context) {
  Extents input = context.getExtents(getInput());
  if (input.size() < 2)
    return emitError() << "takes matrices, found rank " << input.size();
  if (getK() &&
      (!cast<RankedTensorType>(getK().getType()).hasStaticShape() ||
       cast<RankedTensorType>(getK().getType()).getNumElements() != 1))
    return emitError("'k' must be one number");
  context.setResult(getOperation()->getResult(0), getElement(getInput()),
                    input);
  return success();
}
