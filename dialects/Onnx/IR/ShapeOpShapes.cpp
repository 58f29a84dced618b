//===-- ShapeOpShapes.cpp - shapes of the operators on shapes
//--------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Onnx/IR/RuntimeAxes.h"
#include "dialects/Onnx/IR/ShapeArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec::onnx;

/// Where shape inference has dropped the operand that says the extents, an
/// earlier inference has set them and nothing is left to infer.
static LogicalResult keepShape(Operation *op, StringRef operand) {
  if (op->hasAttr(kShapesAttr))
    return success();
  return op->emitError() << "needs its operand '" << operand << "'";
}

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

LogicalResult ReshapeOp::inferShapes(ShapeContext &context) {
  if (!getShape())
    return keepShape(*this, "shape");
  FailureOr<Extents> target =
      getListElements(context, *this, getShape(), "shape");
  if (failed(target))
    return failure();
  Extents input = context.getExtents(getData());
  Extents extents(target->begin(), target->end());
  std::optional<size_t> inferred;
  bool isKnown = true, hasZero = false;
  for (auto [i, extent] : llvm::enumerate(extents)) {
    if (!extent) {
      extent = context.createSymbol("reshaped");
      isKnown = false;
      continue;
    }
    std::optional<int64_t> constant = getConstant(extent);
    if (constant && *constant == 0) {
      hasZero = true;
      if (getAllowzero())
        continue;
      if (i >= input.size())
        return emitError() << "element " << i
                           << " of 'shape' is 0, but the input has rank "
                           << input.size();
      extent = input[i];
    } else if (constant && *constant == -1) {
      if (inferred)
        return emitError("has more than one -1 in 'shape'");
      inferred = i;
    } else if (constant && *constant < 0) {
      return emitError() << "element " << i << " of 'shape' is " << *constant
                         << ", expected -1 or more";
    } else if (!constant && failed(requireAtLeast(context, *this, extent,
                                                  context.getConstant(0),
                                                  "an extent of 'shape'"))) {
      return failure();
    }
  }
  if (inferred && hasZero && getAllowzero())
    return emitError("has both 0 and -1 in 'shape', which allowzero forbids");
  AffineExpr total = getProduct(context, input);
  if (inferred) {
    SmallVector<AffineExpr> others;
    bool isEmpty = false;
    for (auto [i, extent] : llvm::enumerate(extents))
      if (i != *inferred) {
        others.push_back(extent);
        isEmpty |= getConstant(extent) == 0;
      }
    // What is left over of nothing is nothing.
    AffineExpr rest = isEmpty ? context.getConstant(0)
                              : divideProducts(context, input, others);
    if (!rest) {
      rest = context.createSymbol("reshaped");
      isKnown = false;
    }
    extents[*inferred] = rest;
  }
  AffineExpr size = getProduct(context, extents);
  AffineExpr ratio = divideProducts(context, input, extents);
  if ((!ratio || getConstant(ratio) != 1) &&
      failed(context.requireEqual(*this, total, size,
                                  "the number of elements changes")))
    return failure();
  context.setResult(getOperation()->getResult(0), getElement(getData()),
                    extents);
  forwardElements(context, getData(), getReshaped());
  if (isKnown)
    dropOperand(getShapeMutable());
  return success();
}

Value ReshapeOp::materializeExtent(OpBuilder &builder, unsigned, unsigned dim) {
  if (!getShape())
    return {};
  Location loc = getLoc();
  auto inputType = cast<RankedTensorType>(getData().getType());
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  Value minus = arith::ConstantIndexOp::create(builder, loc, -1);
  auto compare = [&](arith::CmpIPredicate predicate, Value a, Value b) {
    return arith::CmpIOp::create(builder, loc, predicate, a, b);
  };
  Value others = one, mine;
  int64_t rank = cast<RankedTensorType>(getReshaped().getType()).getRank();
  for (int64_t i = 0; i < rank; ++i) {
    Value extent = buildElement(builder, loc, getShape(), i);
    if (!getAllowzero() && i < inputType.getRank()) {
      Value isZero = compare(arith::CmpIPredicate::eq, extent, zero);
      Value copied = tensor::DimOp::create(builder, loc, getData(), i);
      extent = arith::SelectOp::create(builder, loc, isZero, copied, extent);
    }
    if (i == dim) {
      mine = extent;
      continue;
    }
    Value isInferred = compare(arith::CmpIPredicate::eq, extent, minus);
    Value factor =
        arith::SelectOp::create(builder, loc, isInferred, one, extent);
    others = arith::MulIOp::create(builder, loc, others, factor);
  }
  buildShapeCheck(builder, loc, compare(arith::CmpIPredicate::sge, mine, minus),
                  "an element of a reshape's shape is below -1");
  Value total = one;
  for (int64_t i = 0; i < inputType.getRank(); ++i)
    total = arith::MulIOp::create(
        builder, loc, total, tensor::DimOp::create(builder, loc, getData(), i));
  Value divisor = arith::MaxSIOp::create(builder, loc, others, one);
  Value rest = arith::DivSIOp::create(builder, loc, total, divisor);
  Value isInferred = compare(arith::CmpIPredicate::eq, mine, minus);
  Value extent = arith::SelectOp::create(builder, loc, isInferred, rest, mine);
  return arith::MaxSIOp::create(builder, loc, extent, zero);
}

static int64_t getRank(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

LogicalResult SqueezeOp::inferShapes(ShapeContext &context) {
  Extents input = context.getExtents(getData());
  int64_t rank = input.size();
  SmallVector<int64_t> axes;
  if (getAxes()) {
    FailureOr<std::optional<SmallVector<int64_t>>> known =
        readAxes(context, *this, getAxes(), rank);
    if (failed(known))
      return failure();
    int64_t count =
        cast<RankedTensorType>(getAxes().getType()).getNumElements();
    if (!*known && count < rank) {
      Extents extents;
      for (int64_t i = 0; i < rank - count; ++i)
        extents.push_back(context.createSymbol("kept"));
      context.setResult(getOperation()->getResult(0), getElement(getData()),
                        extents);
      return success();
    }
    // As many as there are dimensions are all of them.
    axes = *known ? **known : llvm::to_vector(llvm::seq<int64_t>(0, rank));
    if (failed(normalizeAxes(*this, axes, rank)))
      return failure();
    for (int64_t axis : axes)
      if (failed(context.requireEqual(
              *this, input[axis], context.getConstant(1), "a squeezed extent")))
        return failure();
  } else {
    for (auto [i, extent] : llvm::enumerate(input))
      if (getConstant(extent) == 1)
        axes.push_back(i);
  }
  Extents extents;
  for (auto [i, extent] : llvm::enumerate(input))
    if (!llvm::is_contained(axes, int64_t(i)))
      extents.push_back(extent);
  context.setResult(getOperation()->getResult(0), getElement(getData()),
                    extents);
  forwardElements(context, getData(), getSqueezed());
  return success();
}

Value SqueezeOp::materializeExtent(OpBuilder &builder, unsigned, unsigned dim) {
  if (!getAxes())
    return {};
  RuntimeAxes axes(builder, getLoc(), getAxes(), getRank(getData()));
  return axes.getOfOther(dim, buildDims(builder, getLoc(), getData()));
}

void SqueezeOp::buildChecks(OpBuilder &builder) {
  Attribute constant;
  if (!getAxes() || matchPattern(getAxes(), m_Constant(&constant)))
    return;
  Location loc = getLoc();
  int64_t rank = getRank(getData());
  buildAxesCheck(builder, *this, getAxes(), rank);
  RuntimeAxes axes(builder, loc, getAxes(), rank);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  for (auto [dim, extent] :
       llvm::enumerate(buildDims(builder, loc, getData()))) {
    Value squeezed =
        arith::SelectOp::create(builder, loc, axes.isNamed(dim), extent, one);
    Value isOne = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                        squeezed, one);
    buildShapeCheck(builder, loc, isOne, "a squeezed extent is not one");
  }
}

LogicalResult UnsqueezeOp::inferShapes(ShapeContext &context) {
  Extents input = context.getExtents(getData());
  auto type = cast<RankedTensorType>(getAxes().getType());
  int64_t rank = input.size();
  if (type.hasStaticShape())
    rank += type.getNumElements();
  FailureOr<std::optional<SmallVector<int64_t>>> known =
      readAxes(context, *this, getAxes(), rank);
  if (failed(known))
    return failure();
  Extents extents;
  if (*known) {
    SmallVector<int64_t> axes = **known;
    if (failed(normalizeAxes(*this, axes, rank)))
      return failure();
    auto next = input.begin();
    for (int64_t i = 0; i < rank; ++i)
      extents.push_back(llvm::is_contained(axes, i) ? context.getConstant(1)
                                                    : *next++);
  } else {
    // Where the extents of one go shows at run time; of a scalar nothing else
    // is there.
    for (int64_t i = 0; i < rank; ++i)
      extents.push_back(input.empty() ? context.getConstant(1)
                                      : context.createSymbol("unsqueezed"));
  }
  context.setResult(getOperation()->getResult(0), getElement(getData()),
                    extents);
  forwardElements(context, getData(), getExpanded());
  return success();
}

Value UnsqueezeOp::materializeExtent(OpBuilder &builder, unsigned,
                                     unsigned dim) {
  RuntimeAxes axes(builder, getLoc(), getAxes(), getRank(getExpanded()));
  return axes.spreadOthers(
      dim, buildDims(builder, getLoc(), getData()),
      arith::ConstantIndexOp::create(builder, getLoc(), 1));
}

void UnsqueezeOp::buildChecks(OpBuilder &builder) {
  buildAxesCheck(builder, *this, getAxes(), getRank(getExpanded()));
}

LogicalResult FlattenOp::inferShapes(ShapeContext &context) {
  Extents input = context.getExtents(getInput());
  int64_t rank = input.size(), axis = getAxis();
  if (axis < -rank || axis > rank)
    return emitError() << "axis " << axis << " is outside [" << -rank << ", "
                       << rank << "]";
  if (axis < 0)
    axis += rank;
  ArrayRef<AffineExpr> all(input);
  context.setResult(getOperation()->getResult(0), getElement(getInput()),
                    {getProduct(context, all.take_front(axis)),
                     getProduct(context, all.drop_front(axis))});
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

/// A listed extent at run time: not negative.
static Value buildListedExtent(OpBuilder &builder, Location loc, Value list,
                               unsigned dim) {
  Value extent = buildElement(builder, loc, list, dim);
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value isSound = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge,
                                        extent, zero);
  buildShapeCheck(builder, loc, isSound, "an extent is negative");
  return arith::MaxSIOp::create(builder, loc, extent, zero);
}

Value ConstantOfShapeOp::materializeExtent(OpBuilder &builder, unsigned,
                                           unsigned dim) {
  return getInput() ? buildListedExtent(builder, getLoc(), getInput(), dim)
                    : Value();
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
  if (start && limit && step) {
    AffineExpr span = *step > 0 ? limit - start : start - limit;
    span = simplifyAffineExpr(span, 0, context.getNumSymbols());
    AffineExpr count = span.ceilDiv(std::abs(*step));
    if (std::optional<int64_t> constant = getConstant(count))
      extent = context.getConstant(std::max<int64_t>(*constant, 0));
    else if (isNonNegative(span))
      extent = count;
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
    if (!(std::abs(count) < 1e12))
      return emitError("has no finite number of elements");
    extent = context.getConstant(std::max<int64_t>(int64_t(count), 0));
  }
  OpResult result = getOperation()->getResult(0);
  context.setResult(result, element,
                    {extent ? extent : context.createSymbol("range")});
  auto type = cast<RankedTensorType>(result.getType());
  if (start && step && type.hasStaticShape() && type.getNumElements() <= 1024) {
    Extents elements;
    for (int64_t i = 0; i < type.getNumElements(); ++i)
      elements.push_back(start + i * *step);
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
    Value bound = constant(1e12);
    Value isSmall = arith::CmpFOp::create(
        builder, loc, arith::CmpFPredicate::OLT, count, bound);
    buildShapeCheck(builder, loc, isSmall,
                    "a range has no finite number of elements");
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
  Value isSound = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne,
                                        delta, zero);
  buildShapeCheck(builder, loc, isSound, "a range has a delta of zero");
  Value step = arith::SelectOp::create(builder, loc, isSound, delta, one);
  Value span = arith::SubIOp::create(builder, loc, limit, start);
  // Rounding up towards plus infinity: the remainder has the span's sign.
  Value quotient = arith::DivSIOp::create(builder, loc, span, step);
  Value back = arith::MulIOp::create(builder, loc, quotient, step);
  Value isExact =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, back, span);
  Value isUp = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                     span, zero);
  Value isDown = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                       step, zero);
  Value sameSign = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                         isUp, isDown);
  Value more = arith::AddIOp::create(builder, loc, quotient, one);
  Value rounded =
      arith::SelectOp::create(builder, loc, sameSign, more, quotient);
  Value count =
      arith::SelectOp::create(builder, loc, isExact, quotient, rounded);
  return arith::MaxSIOp::create(builder, loc, count, zero);
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
    FailureOr<AffineExpr> extent = context.broadcast(*this, own, wanted);
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
  Value wanted = buildListedExtent(builder, loc, getShape(), inTarget);
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
  Value repeat = buildListedExtent(builder, loc, getRepeats(), dim);
  Value own = tensor::DimOp::create(builder, loc, getInput(), dim);
  return arith::MulIOp::create(builder, loc, own, repeat);
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
    return emitError() << "attribute 'dtype' is " << *getDtype()
                       << ", which is not a supported element type";
  context.setResult(getOperation()->getResult(0), element, input);
  return success();
}
