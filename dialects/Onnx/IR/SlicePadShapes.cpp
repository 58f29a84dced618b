//===-- SlicePadShapes.cpp - shapes of Slice and Pad ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Movement.h"
#include "dialects/Onnx/IR/RuntimeAxes.h"
#include "dialects/Onnx/IR/ShapeArithmetic.h"
#include "dialects/Onnx/IR/SingleElements.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec::onnx;

/// Steps beyond the largest extent are all alike.
static int64_t clampStep(int64_t step) {
  return std::clamp(step, -kMaxExtent, kMaxExtent);
}

static Type getElement(Value value) {
  return getElementTypeOrSelf(value.getType());
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
      if (*constant == 0)
        return zero;
      // Exporters write the largest number of 32 or 64 bits for all. Extents
      // beyond the first are refused in the run, not cut there.
      if (*constant >= INT32_MAX || *constant <= INT32_MIN) {
        int64_t reach = std::clamp(*constant, -kMaxExtent, kMaxExtent);
        if (std::abs(reach) < kMaxExtent &&
            failed(requireAtLeast(context, op,
                                  context.getConstant(std::abs(reach)), extent,
                                  "an extent that is sliced as a whole")))
          return failure();
        return reach > 0 ? extent : zero;
      }
      // The first or last element of an extent, if there is one.
      if (*constant == 1 || *constant == -1) {
        AffineExpr element = getAtMostOne(context, extent);
        return *constant == 1 ? element : simplify(extent - element);
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
      if (!isAll)
        return AffineExpr();
      // Either may be the largest number of 32 bits, which is no end of a
      // larger extent.
      int64_t reach = std::min(*first == -1 ? kMaxExtent : *first,
                               -std::max(*last, -kMaxExtent));
      if (reach < kMaxExtent &&
          failed(requireAtLeast(context, op, context.getConstant(reach), extent,
                                "an extent that is sliced as a whole")))
        return failure();
      return extent.ceilDiv(-step);
    }
    // Where it starts there is an element; it ends in front of the first one.
    auto get = [&](int64_t value, int64_t least) {
      if (value < 0)
        value = std::max(value, -*whole - 1) + *whole;
      return std::min(std::max(value, least), *whole - 1);
    };
    int64_t span = get(*first, 0) - get(*last, -1);
    return context.getConstant(span <= 0 ? 0 : (span - step - 1) / -step);
  }

  ShapeContext &context;
  Operation *op;
  AffineExpr extent;
};
} // namespace

/// The axes that an operand names, or the first `count` without it; nullopt
/// where only the run knows them. Fails with a diagnostic.
static FailureOr<std::optional<SmallVector<int64_t>>>
getMovedAxes(ShapeContext &context, Operation *op, MutableOperandRange operand,
             int64_t count, int64_t rank) {
  using Axes = std::optional<SmallVector<int64_t>>;
  if (operand.size() == 0)
    return Axes(llvm::to_vector(llvm::seq<int64_t>(0, count)));
  FailureOr<Axes> axes = readAxes(context, op, operand[0].get(), rank);
  if (failed(axes) || !*axes)
    return axes;
  makeConstant(context, operand[0]);
  if (failed(normalizeAxes(op, **axes, rank)))
    return failure();
  return axes;
}

static int64_t getLength(Value list) {
  return cast<RankedTensorType>(list.getType()).getNumElements();
}

LogicalResult SliceOp::inferShapes(ShapeContext &context) {
  Extents extents = context.getExtents(getData());
  FailureOr<Extents> starts =
      getListElements(context, *this, getStarts(), "starts");
  FailureOr<Extents> ends = getListElements(context, *this, getEnds(), "ends");
  if (failed(starts) || failed(ends))
    return failure();
  size_t count = starts->size();
  FailureOr<std::optional<SmallVector<int64_t>>> axes =
      getMovedAxes(context, *this, getAxesMutable(), count, extents.size());
  if (failed(axes))
    return failure();
  Extents steps(count, context.getConstant(1));
  if (getSteps()) {
    FailureOr<Extents> listed =
        getListElements(context, *this, getSteps(), "steps");
    if (failed(listed))
      return failure();
    steps = *listed;
    makeConstant(context, getStepsMutable()[0]);
  }
  if (ends->size() != count || steps.size() != count ||
      (getAxes() && getLength(getAxes()) != int64_t(count)) ||
      count > extents.size())
    return emitError("has 'starts', 'ends', 'axes' and 'steps' of different "
                     "lengths, or longer than the rank");
  for (AffineExpr step : steps)
    if (step && (getConstant(step) == 0 || getConstant(step) == INT64_MIN))
      return emitError() << "'steps' has the element " << *getConstant(step);
  if (*axes) {
    for (size_t i = 0; i < count; ++i) {
      AffineExpr &extent = extents[(**axes)[i]];
      FailureOr<AffineExpr> sliced = AffineExpr();
      if (std::optional<int64_t> step = getConstant(steps[i]))
        sliced = SlicedExtent(context, *this, extent)
                     .infer((*starts)[i], (*ends)[i], clampStep(*step));
      if (failed(sliced))
        return failure();
      extent = *sliced ? *sliced : context.createSymbol("sliced");
    }
  } else {
    for (AffineExpr &extent : extents)
      extent = context.createSymbol("sliced");
  }
  OpResult result = getOperation()->getResult(0);
  context.setResult(result, getElement(getData()), extents);

  auto type = cast<RankedTensorType>(result.getType());
  std::optional<Extents> elements = context.getElements(getData());
  if (!elements || type.getRank() != 1 || !type.hasStaticShape() ||
      count != 1 || !getConstant((*starts)[0]) || !getConstant(steps[0]))
    return success();
  int64_t length = elements->size(), start = *getConstant((*starts)[0]);
  int64_t step = *getConstant(steps[0]);
  if (start < 0)
    start = std::max(start, -length) + length;
  start = std::min(start, step < 0 ? length - 1 : length);
  Extents kept;
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    kept.push_back((*elements)[start + i * step]);
  context.setElements(result, kept);
  return success();
}

Value SliceOp::materializeExtent(OpBuilder &builder, unsigned, unsigned dim) {
  return buildSlicedDim(builder, *this, Adaptor(*this), dim).count;
}

void SliceOp::buildChecks(OpBuilder &builder) {
  Location loc = getLoc();
  if (getAxes())
    buildAxesCheck(builder, *this, getAxes(),
                   cast<RankedTensorType>(getData().getType()).getRank());
  Attribute constant;
  if (!getSteps() || matchPattern(getSteps(), m_Constant(&constant)))
    return;
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  for (int64_t i = 0; i < getLength(getSteps()); ++i) {
    Value step = buildElement(builder, loc, getSteps(), i);
    Value isSound = arith::CmpIOp::create(builder, loc,
                                          arith::CmpIPredicate::ne, step, zero);
    buildShapeCheck(builder, loc, isSound,
                    "a slice has a step of zero; expected any other number");
  }
}

/// The entry of `dim` in lists that go with constant axes (null: all of them);
/// -1 where it has none, nullopt where the axes are not constant.
static std::optional<int64_t> findEntry(Value axes, int64_t dim, int64_t count,
                                        int64_t rank) {
  if (!axes)
    return dim < count ? dim : -1;
  DenseIntElementsAttr constant;
  if (!matchPattern(axes, m_Constant(&constant)))
    return std::nullopt;
  int64_t entry = -1;
  for (auto [i, axis] : llvm::enumerate(constant.getValues<APInt>()))
    if ((axis.getSExtValue() + rank) % rank == dim)
      entry = i;
  return entry;
}

static SmallVector<Value> buildElements(OpBuilder &builder, Location loc,
                                        Value list) {
  SmallVector<Value> elements;
  for (int64_t i = 0; i < getLength(list); ++i)
    elements.push_back(buildElement(builder, loc, list, i));
  return elements;
}

/// Where a slice of an extent starts, clamped, and how many elements it has.
static std::pair<Value, Value> buildSliceRange(OpBuilder &builder, Location loc,
                                               Value extent, Value start,
                                               Value end, Value step) {
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  auto subtract = [&](Value a, Value b) -> Value {
    return arith::SubIOp::create(builder, loc, a, b);
  };
  Value zero = constant(0), one = constant(1);
  std::optional<int64_t> known = getConstantIntValue(step);
  Value isForward = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::sgt, step, zero);
  auto choose = [&](llvm::function_ref<Value()> forward,
                    llvm::function_ref<Value()> backward) -> Value {
    if (known)
      return *known > 0 ? forward() : backward();
    return arith::SelectOp::create(builder, loc, isForward, forward(),
                                   backward());
  };
  Value low = choose([&] { return zero; }, [&] { return constant(-1); });
  Value high =
      choose([&] { return extent; }, [&] { return subtract(extent, one); });
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
  Value span = choose([&] { return subtract(end, start); },
                      [&]() -> Value {
                        // Over nothing: start was raised to 0, which is not
                        // there.
                        return arith::MinSIOp::create(
                            builder, loc, subtract(start, end), extent);
                      });
  span = arith::MaxSIOp::create(builder, loc, span, zero);
  Value size =
      choose([&] { return step; }, [&] { return subtract(zero, step); });
  // A step of zero ends the run before this is used.
  size = arith::MaxSIOp::create(builder, loc, size, one);
  Value rounded =
      arith::AddIOp::create(builder, loc, span, subtract(size, one));
  Value count = arith::DivUIOp::create(builder, loc, rounded, size);
  return {start, count};
}

SlicedDim moec::onnx::buildSlicedDim(OpBuilder &builder, SliceOp op,
                                     SliceOp::Adaptor adaptor, int64_t dim) {
  Location loc = op.getLoc();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  int64_t rank = cast<RankedTensorType>(op.getData().getType()).getRank();
  Value extent = tensor::DimOp::create(builder, loc, adaptor.getData(), dim);
  Value zero = constant(0), one = constant(1);
  std::optional<int64_t> entry =
      findEntry(op.getAxes(), dim, getLength(op.getStarts()), rank);
  if (entry && *entry < 0)
    return {zero, one, extent};
  auto get = [&](Value list, Value otherwise) -> Value {
    if (entry)
      return buildElement(builder, loc, list, *entry);
    RuntimeAxes axes(builder, loc, adaptor.getAxes(), rank);
    return axes.getOfAxis(dim, buildElements(builder, loc, list), otherwise);
  };
  Value step = one;
  DenseIntElementsAttr known;
  if (entry && op.getSteps() &&
      matchPattern(op.getSteps(), m_Constant(&known))) {
    step = constant(clampStep(known.getValues<APInt>()[*entry].getSExtValue()));
  } else if (op.getSteps()) {
    step = get(adaptor.getSteps(), one);
    step = buildClamp(builder, loc, step, -kMaxExtent, kMaxExtent);
  }
  auto [start, count] =
      buildSliceRange(builder, loc, extent, get(adaptor.getStarts(), zero),
                      get(adaptor.getEnds(), extent), step);
  return {start, step, count};
}

PaddedDim moec::onnx::buildPaddedDim(OpBuilder &builder, PadOp op,
                                     PadOp::Adaptor adaptor, int64_t dim) {
  Location loc = op.getLoc();
  int64_t rank = cast<RankedTensorType>(op.getData().getType()).getRank();
  int64_t count = getLength(op.getPads()) / 2;
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  std::optional<int64_t> entry = findEntry(op.getAxes(), dim, count, rank);
  if (entry && *entry < 0)
    return {zero, zero};
  auto clamp = [&](Value pad) {
    return buildClamp(builder, loc, pad, -kMaxExtent, kMaxExtent);
  };
  Value pads = adaptor.getPads();
  if (entry)
    return {clamp(buildElement(builder, loc, pads, *entry)),
            clamp(buildElement(builder, loc, pads, *entry + count))};
  RuntimeAxes axes(builder, loc, adaptor.getAxes(), rank);
  SmallVector<Value> all = buildElements(builder, loc, pads);
  ValueRange listed(all);
  return {clamp(axes.getOfAxis(dim, listed.take_front(count), zero)),
          clamp(axes.getOfAxis(dim, listed.drop_front(count), zero))};
}

LogicalResult PadOp::inferShapes(ShapeContext &context) {
  Extents extents = context.getExtents(getData());
  StringRef mode = getMode();
  if (mode != "constant" && mode != "edge" && mode != "reflect" &&
      mode != "wrap")
    return emitError() << "attribute 'mode' is '" << mode
                       << "', expected constant, edge, reflect or wrap";
  FailureOr<Extents> pads = getListElements(context, *this, getPads(), "pads");
  if (failed(pads) || failed(requireBounded(*this, *pads, "pads")))
    return failure();
  int64_t rank = extents.size();
  FailureOr<std::optional<SmallVector<int64_t>>> axes =
      getMovedAxes(context, *this, getAxesMutable(), rank, rank);
  if (failed(axes))
    return failure();
  size_t count = getAxes() ? getLength(getAxes()) : rank;
  if (pads->size() != 2 * count)
    return emitError() << "'pads' has " << pads->size()
                       << " elements, expected " << 2 * count;
  if (getConstantValue()) {
    auto type = cast<RankedTensorType>(getConstantValue().getType());
    if (!type.hasStaticShape() || type.getNumElements() != 1 ||
        type.getElementType() != getElement(getData()))
      return emitError() << "'constant_value' must be one element of the "
                            "input's type, found "
                         << type;
  }
  if (!*axes)
    for (AffineExpr &extent : extents)
      extent = context.createSymbol("padded");
  for (auto [i, axis] :
       llvm::enumerate(axes->value_or(SmallVector<int64_t>()))) {
    AffineExpr begin = (*pads)[i], end = (*pads)[i + count];
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
  auto [begin, end] = buildPaddedDim(builder, *this, Adaptor(*this), dim);
  Value extent = tensor::DimOp::create(builder, loc, getData(), dim);
  // So much that no pads make an extent of it, and that the sum cannot wrap.
  extent = buildClamp(builder, loc, extent, 0, 4 * kMaxExtent);
  extent = arith::AddIOp::create(builder, loc, extent, begin);
  extent = arith::AddIOp::create(builder, loc, extent, end);
  return buildBoundedExtent(builder, loc, extent, "a padded extent");
}

void PadOp::buildChecks(OpBuilder &builder) {
  Location loc = getLoc();
  if (getAxes())
    buildAxesCheck(builder, *this, getAxes(),
                   cast<RankedTensorType>(getData().getType()).getRank());
  Attribute constant;
  if (matchPattern(getPads(), m_Constant(&constant)))
    return;
  for (Value pad : buildElements(builder, loc, getPads())) {
    Value clamped = buildClamp(builder, loc, pad, -kMaxExtent, kMaxExtent);
    Value isSound = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::eq, clamped, pad);
    buildShapeCheck(
        builder, loc, isSound,
        "an element of 'pads' is no extent; expected -2^40 to 2^40");
  }
}
