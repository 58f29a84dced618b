//===-- ShapeOpShapes.cpp - shapes of the operators on shapes -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Onnx/IR/ShapeArithmetic.h"
#include "dialects/Onnx/IR/SingleElements.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec::onnx;

static Type getElement(Value value) {
  return getElementTypeOrSelf(value.getType());
}

LogicalResult ShapeOp::inferShapes(ShapeContext &context) {
  Extents extents = context.getExtents(getData());
  int64_t rank = extents.size();
  auto clamp = [&](int64_t position) {
    if (position < 0)
      position += rank;
    return std::min(std::max<int64_t>(position, 0), rank);
  };
  int64_t first = clamp(getStart());
  int64_t last = std::max(first, getEnd() ? clamp(*getEnd()) : rank);
  context.setResult(getOperation()->getResult(0),
                    IntegerType::get(getContext(), 64),
                    {context.getConstant(last - first)});
  context.setElements(getShape(),
                      ArrayRef<AffineExpr>(extents).slice(first, last - first));
  return success();
}

LogicalResult SizeOp::inferShapes(ShapeContext &context) {
  AffineExpr size = getProduct(context, context.getExtents(getData()));
  context.setResult(getOperation()->getResult(0),
                    IntegerType::get(getContext(), 64), {});
  context.setElements(getSize(), {size});
  return success();
}

/// The extents an operand lists; unknown ones are fresh symbols.
static FailureOr<Extents> inferListedExtents(ShapeContext &context,
                                             Operation *op, Value list,
                                             StringRef name, bool &isKnown) {
  FailureOr<Extents> extents = getListElements(context, op, list, name);
  if (failed(extents))
    return failure();
  isKnown = true;
  for (AffineExpr &extent : *extents) {
    if (!extent) {
      extent = context.createSymbol("extent");
      isKnown = false;
    } else if (failed(requireAtLeast(context, op, extent,
                                     context.getConstant(0),
                                     "an element of '" + name + "'"))) {
      return failure();
    }
  }
  return extents;
}

LogicalResult ConstantOfShapeOp::inferShapes(ShapeContext &context) {
  if (!getInput())
    return keepShape(*this, "input");
  bool isKnown;
  FailureOr<Extents> extents =
      inferListedExtents(context, *this, getInput(), "input", isKnown);
  if (failed(extents))
    return failure();
  Type element = Float32Type::get(getContext());
  auto value = dyn_cast_or_null<DenseElementsAttr>(getValueAttr());
  if (getValueAttr()) {
    if (!value || value.getNumElements() != 1)
      return emitError("attribute 'value' must be one dense element");
    element = value.getElementType();
  }
  OpResult result = getOperation()->getResult(0);
  context.setResult(result, element, *extents);
  auto type = cast<RankedTensorType>(result.getType());
  if (value && isa<IntegerType>(element) && type.getRank() <= 1 &&
      type.hasStaticShape() && type.getNumElements() <= 1024) {
    APInt number = *value.value_begin<APInt>();
    bool isSigned = !element.isUnsignedInteger() && !element.isInteger(1);
    Extents elements(type.getNumElements(),
                     context.getConstant(isSigned ? number.getSExtValue()
                                                  : number.getZExtValue()));
    context.setElements(result, elements);
  }
  if (isKnown)
    dropOperand(getInputMutable());
  return success();
}

/// A listed extent at run time.
static Value buildListedExtent(OpBuilder &builder, Location loc, Value list,
                               unsigned dim, StringRef name) {
  return buildBoundedExtent(builder, loc, buildElement(builder, loc, list, dim),
                            ("an element of '" + name + "'").str());
}

Value ConstantOfShapeOp::materializeExtent(OpBuilder &builder, unsigned,
                                           unsigned dim) {
  if (!getInput())
    return {};
  return buildListedExtent(builder, getLoc(), getInput(), dim, "input");
}

/// How many numbers a range of integers has. The distance of two numbers of 64
/// bits fits an unsigned one, and so does the size of a step.
static uint64_t countRange(int64_t start, int64_t limit, int64_t step) {
  int64_t lower = step < 0 ? limit : start, upper = step < 0 ? start : limit;
  if (lower >= upper)
    return 0;
  uint64_t span = uint64_t(upper) - uint64_t(lower);
  uint64_t size = step < 0 ? 0 - uint64_t(step) : uint64_t(step);
  return (span - 1) / size + 1;
}

LogicalResult RangeOp::inferShapes(ShapeContext &context) {
  for (Value operand : getOperands())
    if (auto type = cast<RankedTensorType>(operand.getType());
        !type.hasStaticShape() || type.getNumElements() != 1)
      return emitError() << "takes scalars, found " << type;
  Type element = getElement(getStart());
  auto getScalar = [&](Value operand) -> AffineExpr {
    std::optional<Extents> known = context.getElements(operand);
    return known && known->size() == 1 ? (*known)[0] : AffineExpr();
  };
  AffineExpr start = getScalar(getStart()), limit = getScalar(getLimit()),
             delta = getScalar(getDelta());
  AffineExpr extent;
  std::optional<int64_t> step = getConstant(delta);
  if (step && *step == 0)
    return emitError("has a 'delta' of zero");
  auto isScalar = [](Value value, DenseFPElementsAttr &attr) {
    return matchPattern(value, m_Constant(&attr));
  };
  DenseFPElementsAttr from, to, by;
  std::optional<int64_t> first = getConstant(start), end = getConstant(limit);
  // Constants beside symbols: none so large that the difference wraps.
  auto isSmall = [](AffineExpr expr) {
    std::optional<int64_t> constant = getConstant(expr);
    return !constant || (*constant >= -kMaxExtent && *constant <= kMaxExtent);
  };
  if (first && end && step) {
    uint64_t count = countRange(*first, *end, *step);
    if (count > uint64_t(kMaxExtent))
      return emitError() << "has " << count
                         << " elements, expected 2^40 or fewer";
    extent = context.getConstant(count);
  } else if (start && limit && step) {
    if (isSmall(start) && isSmall(limit) && isSmall(delta)) {
      AffineExpr span = *step > 0 ? limit - start : start - limit;
      span = simplifyAffineExpr(span, 0, context.getNumSymbols());
      AffineExpr count = span.ceilDiv(std::abs(*step));
      if (std::optional<int64_t> constant = getConstant(count))
        extent = context.getConstant(std::max<int64_t>(*constant, 0));
      else if (isNonNegative(span))
        extent = count;
    }
  } else if (isScalar(getStart(), from) && isScalar(getLimit(), to) &&
             isScalar(getDelta(), by)) {
    auto get = [](DenseFPElementsAttr attr) {
      APFloat value = *attr.value_begin<APFloat>();
      bool losesInfo;
      value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                    &losesInfo);
      return value.convertToDouble();
    };
    double count = std::ceil((get(to) - get(from)) / get(by));
    if (!(count <= double(kMaxExtent)))
      return emitError("has no finite number of elements");
    count = std::max(count, 0.0);
    extent = context.getConstant(int64_t(count));
  }
  OpResult result = getOperation()->getResult(0);
  context.setResult(result, element,
                    {extent ? extent : context.createSymbol("range")});
  auto type = cast<RankedTensorType>(result.getType());
  if (start && step && type.hasStaticShape() && type.getNumElements() <= 1024) {
    Extents elements;
    for (int64_t i = 0; i < type.getNumElements(); ++i)
      // What is listed fits 64 bits, though the product may not.
      elements.push_back(
          first ? context.getConstant(
                      int64_t(uint64_t(*first) + uint64_t(i) * uint64_t(*step)))
                : start + i * *step);
    context.setElements(result, elements);
  }
  return success();
}

Value RangeOp::materializeExtent(OpBuilder &builder, unsigned, unsigned) {
  Location loc = getLoc();
  Type element = getElement(getStart());
  auto extract = [&](Value tensor) -> Value {
    auto type = cast<RankedTensorType>(tensor.getType());
    SmallVector<Value> position(
        type.getRank(), arith::ConstantIndexOp::create(builder, loc, 0));
    return tensor::ExtractOp::create(builder, loc, tensor, position);
  };
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  if (isa<FloatType>(element)) {
    // Counted in f64, like the reference; an absurd count is refused before it
    // is converted, which is undefined for it.
    Type f64 = builder.getF64Type();
    auto extend = [&](Value tensor) -> Value {
      return extract(buildCastOp(builder, loc, tensor, f64));
    };
    Value start = extend(getStart());
    Value span = arith::SubFOp::create(builder, loc, extend(getLimit()), start);
    Value count = arith::DivFOp::create(builder, loc, span, extend(getDelta()));
    auto constant = [&](double value) -> Value {
      return arith::ConstantOp::create(builder, loc,
                                       builder.getF64FloatAttr(value));
    };
    Value bound = constant(double(kMaxExtent));
    Value isSmall = arith::CmpFOp::create(
        builder, loc, arith::CmpFPredicate::OLE, count, bound);
    buildShapeCheck(builder, loc, isSmall,
                    "the number of elements of a range is no extent; expected "
                    "0 to 2^40");
    count = arith::SelectOp::create(builder, loc, isSmall, count, constant(0));
    count = arith::MaximumFOp::create(builder, loc, count, constant(0));
    // Rounds up without a call: the truncated count, one more if it is less.
    Type i64 = builder.getI64Type();
    Value whole = arith::FPToSIOp::create(builder, loc, i64, count);
    Value back = arith::SIToFPOp::create(builder, loc, f64, whole);
    Value isLess = arith::CmpFOp::create(
        builder, loc, arith::CmpFPredicate::OLT, back, count);
    Value more = arith::ExtUIOp::create(builder, loc, i64, isLess);
    Value rounded = arith::AddIOp::create(builder, loc, whole, more);
    return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                      rounded);
  }
  auto toIndex = [&](Value value) -> Value {
    return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                      value);
  };
  if (element.isUnsignedInteger())
    return {};
  Value start = toIndex(extract(getStart())),
        limit = toIndex(extract(getLimit())),
        delta = toIndex(extract(getDelta()));
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  auto compare = [&](arith::CmpIPredicate predicate, Value a, Value b) {
    return arith::CmpIOp::create(builder, loc, predicate, a, b);
  };
  Value isSound = compare(arith::CmpIPredicate::ne, delta, zero);
  buildShapeCheck(builder, loc, isSound,
                  "a range has a delta of zero; expected any other number");
  Value step = arith::SelectOp::create(builder, loc, isSound, delta, one);
  // From the lower to the upper end, unsigned: the distance of two numbers of
  // 64 bits fits that, and so does the size of a step.
  Value isDown = compare(arith::CmpIPredicate::slt, step, zero);
  Value lower = arith::SelectOp::create(builder, loc, isDown, limit, start);
  Value upper = arith::SelectOp::create(builder, loc, isDown, start, limit);
  Value size = arith::SelectOp::create(
      builder, loc, isDown, arith::SubIOp::create(builder, loc, zero, step),
      step);
  Value span = arith::SubIOp::create(builder, loc, upper, lower);
  Value last = arith::DivUIOp::create(
      builder, loc, arith::SubIOp::create(builder, loc, span, one), size);
  Value bound = arith::ConstantIndexOp::create(builder, loc, kMaxExtent);
  last = arith::MinUIOp::create(builder, loc, last, bound);
  Value count = arith::SelectOp::create(
      builder, loc, compare(arith::CmpIPredicate::slt, lower, upper),
      arith::AddIOp::create(builder, loc, last, one), zero);
  return buildBoundedExtent(builder, loc, count,
                            "the number of elements of a range");
}

/// An extent expanded to one element or none is what it was: where there is
/// none, it must be nothing itself, so that a single element of it is refused.
static FailureOr<AffineExpr> expandToAtMostOne(ShapeContext &context,
                                               Operation *op, AffineExpr own,
                                               AffineExpr wanted) {
  if (getConstant(own) == 1)
    return wanted;
  if (own != getAtMostOneOf(wanted) &&
      failed(requireAtLeast(context, op, wanted * kMaxExtent, own,
                            "an extent expanded to one element or none")))
    return failure();
  return own;
}

LogicalResult ExpandOp::inferShapes(ShapeContext &context) {
  if (!getShape())
    return keepShape(*this, "shape");
  FailureOr<Extents> target =
      getListElements(context, *this, getShape(), "shape");
  if (failed(target))
    return failure();
  Extents input = context.getExtents(getInput());
  size_t rank = std::max(target->size(), input.size());
  bool isKnown = true;
  Extents extents;
  for (size_t i = 0; i < rank; ++i) {
    size_t fromEnd = rank - i;
    AffineExpr own = fromEnd > input.size() ? context.getConstant(1)
                                            : input[input.size() - fromEnd];
    AffineExpr wanted = fromEnd > target->size()
                            ? context.getConstant(1)
                            : (*target)[target->size() - fromEnd];
    if (!wanted) {
      // Either side may be one at run time; materializeExtent checks that.
      extents.push_back(context.createSymbol("expanded"));
      isKnown = false;
      continue;
    }
    if (std::optional<int64_t> constant = getConstant(wanted);
        constant && *constant < 0)
      return emitError() << "element of 'shape' is " << *constant
                         << ", expected 0 or more";
    if (failed(requireAtLeast(context, *this, wanted, context.getConstant(0),
                              "an element of 'shape'")))
      return failure();
    FailureOr<AffineExpr> extent =
        getAtMostOneOf(wanted) ? expandToAtMostOne(context, *this, own, wanted)
                               : context.broadcast(*this, own, wanted);
    if (failed(extent))
      return failure();
    extents.push_back(*extent);
  }
  context.setResult(getOperation()->getResult(0), getElement(getInput()),
                    extents);
  auto type = cast<RankedTensorType>(getOutput().getType());
  std::optional<Extents> elements = context.getElements(getInput());
  if (elements && elements->size() == 1 && type.getRank() <= 1 &&
      type.hasStaticShape() && type.getNumElements() <= 1024)
    context.setElements(getOutput(),
                        Extents(type.getNumElements(), (*elements)[0]));
  else
    forwardElements(context, getInput(), getOutput());
  if (isKnown)
    dropOperand(getShapeMutable());
  return success();
}

Value ExpandOp::materializeExtent(OpBuilder &builder, unsigned, unsigned dim) {
  if (!getShape())
    return {};
  Location loc = getLoc();
  int64_t rank = cast<RankedTensorType>(getOutput().getType()).getRank();
  int64_t inputRank = cast<RankedTensorType>(getInput().getType()).getRank();
  int64_t targetRank =
      cast<RankedTensorType>(getShape().getType()).getNumElements();
  int64_t inTarget = int64_t(dim) - (rank - targetRank);
  int64_t inInput = int64_t(dim) - (rank - inputRank);
  if (inTarget < 0)
    return {};
  Value wanted = buildListedExtent(builder, loc, getShape(), inTarget, "shape");
  if (inInput < 0)
    return wanted;
  Value own = tensor::DimOp::create(builder, loc, getInput(), inInput);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  auto equals = [&](Value a, Value b) -> Value {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, a, b);
  };
  Value ownIsOne = equals(own, one), wantedIsOne = equals(wanted, one);
  Value isSound = arith::OrIOp::create(
      builder, loc, equals(own, wanted),
      arith::OrIOp::create(builder, loc, ownIsOne, wantedIsOne));
  buildShapeCheck(builder, loc, isSound,
                  "a tensor does not broadcast to the shape it is expanded to");
  return arith::SelectOp::create(builder, loc, ownIsOne, wanted, own);
}

LogicalResult TileOp::inferShapes(ShapeContext &context) {
  if (!getRepeats())
    return keepShape(*this, "repeats");
  FailureOr<Extents> repeats =
      getListElements(context, *this, getRepeats(), "repeats");
  if (failed(repeats))
    return failure();
  if (failed(requireBounded(*this, *repeats, "repeats")))
    return failure();
  Extents input = context.getExtents(getInput());
  if (repeats->size() != input.size())
    return emitError() << "'repeats' has " << repeats->size()
                       << " elements for an input of rank " << input.size();
  bool isKnown = true;
  Extents extents;
  for (auto [own, repeat] : llvm::zip(input, *repeats)) {
    if (!repeat) {
      extents.push_back(context.createSymbol("tiled"));
      isKnown = false;
      continue;
    }
    if (failed(requireAtLeast(context, *this, repeat, context.getConstant(0),
                              "an element of 'repeats'")))
      return failure();
    extents.push_back(own * repeat);
  }
  context.setResult(getOperation()->getResult(0), getElement(getInput()),
                    extents);
  if (isKnown)
    dropOperand(getRepeatsMutable());
  return success();
}

Value TileOp::materializeExtent(OpBuilder &builder, unsigned, unsigned dim) {
  if (!getRepeats())
    return {};
  Location loc = getLoc();
  Value repeat = buildListedExtent(builder, loc, getRepeats(), dim, "repeats");
  Value own = tensor::DimOp::create(builder, loc, getInput(), dim);
  return buildBoundedExtent(builder, loc,
                            buildSaturatedMul(builder, loc, own, repeat),
                            "a tiled extent");
}

/// The type of an ONNX type number that a result of this file can have.
static Type getOnnxType(MLIRContext *context, int64_t number) {
  Builder builder(context);
  auto getUnsigned = [&](unsigned width) {
    return IntegerType::get(context, width, IntegerType::Unsigned);
  };
  switch (number) {
  case 1:
    return builder.getF32Type();
  case 2:
    return getUnsigned(8);
  case 3:
    return builder.getIntegerType(8);
  case 4:
    return getUnsigned(16);
  case 5:
    return builder.getIntegerType(16);
  case 6:
    return builder.getI32Type();
  case 7:
    return builder.getI64Type();
  case 9:
    return builder.getI1Type();
  case 10:
    return builder.getF16Type();
  case 11:
    return builder.getF64Type();
  case 12:
    return getUnsigned(32);
  case 13:
    return getUnsigned(64);
  case 16:
    return builder.getBF16Type();
  default:
    return {};
  }
}

LogicalResult EyeLikeOp::inferShapes(ShapeContext &context) {
  Extents input = context.getExtents(getInput());
  if (input.size() != 2)
    return emitError() << "takes a matrix, found rank " << input.size();
  Type element = getElement(getInput());
  if (getDtype())
    element = getOnnxType(getContext(), *getDtype());
  if (!element)
    return emitUnsupported(*this)
           << "attribute 'dtype' = " << int64_t(*getDtype())
           << "; export the model with a numeric type";
  context.setResult(getOperation()->getResult(0), element, input);
  return success();
}
