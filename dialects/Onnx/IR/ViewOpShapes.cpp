//===-- ViewOpShapes.cpp - shapes of operators that move no element -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Onnx/IR/RuntimeAxes.h"
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

/// Whether an extent is 0 in no run in which the other one is not.
static bool isZeroOnlyWith(ShapeContext &context, AffineExpr extent,
                           AffineExpr other) {
  SmallVector<AffineExpr> factors, others;
  collectFactors(extent, factors);
  collectFactors(other, others);
  return llvm::all_of(factors, [&](AffineExpr factor) {
    std::optional<int64_t> constant = getConstant(factor);
    return constant ? *constant != 0 : llvm::is_contained(others, factor);
  });
}

/// Demands of an extent of the run in a reshape's 'shape' that it is one: a 0
/// there would be the extent of the input in its place, which must be 0 then.
static LogicalResult requireOwnExtent(ShapeContext &context, ReshapeOp op,
                                      AffineExpr extent, size_t dim,
                                      ArrayRef<AffineExpr> input) {
  if (op.getAllowzero() ||
      (dim < input.size() && isZeroOnlyWith(context, extent, input[dim])))
    return requireAtLeast(context, op, extent, context.getConstant(0),
                          "an extent of 'shape'");
  // 0 of 0, and 1 of every larger extent.
  AffineExpr least = dim < input.size() ? input[dim].ceilDiv(kMaxExtent)
                                        : context.getConstant(1);
  return requireAtLeast(context, op, extent, least,
                        "an extent of 'shape', where 0 stands for the input's");
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
    } else if (!constant &&
               failed(requireOwnExtent(context, *this, extent, i, input))) {
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
  if (!areEqualProducts(context, input, extents) &&
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
  Value isAlone =
      arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true));
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
    Value isGiven = compare(arith::CmpIPredicate::ne, extent, minus);
    isAlone = arith::AndIOp::create(builder, loc, isAlone, isGiven);
    Value factor =
        arith::SelectOp::create(builder, loc, isInferred, one, extent);
    factor = arith::MaxSIOp::create(builder, loc, factor, zero);
    others = buildSaturatedMul(builder, loc, others, factor);
  }
  buildShapeCheck(builder, loc, compare(arith::CmpIPredicate::sge, mine, minus),
                  "an element of a reshape's 'shape' is below -1; expected -1, "
                  "0 or an extent");
  Value isInferred = compare(arith::CmpIPredicate::eq, mine, minus);
  Value isGiven = compare(arith::CmpIPredicate::ne, mine, minus);
  buildShapeCheck(builder, loc,
                  arith::OrIOp::create(builder, loc, isGiven, isAlone),
                  "a reshape's 'shape' has more than one -1; expected one");
  Value total = one;
  for (int64_t i = 0; i < inputType.getRank(); ++i)
    total = arith::MulIOp::create(
        builder, loc, total, tensor::DimOp::create(builder, loc, getData(), i));
  Value divisor = arith::MaxSIOp::create(builder, loc, others, one);
  Value rest = arith::DivSIOp::create(builder, loc, total, divisor);
  Value extent = arith::SelectOp::create(builder, loc, isInferred, rest, mine);
  extent = arith::MaxSIOp::create(builder, loc, extent, zero);
  // The equality that inference demands is of products that may wrap; where
  // another extent is inferred, that one's own check sees to it.
  Value size = buildSaturatedMul(builder, loc, extent, others);
  Value isWhole = compare(arith::CmpIPredicate::eq, size, total);
  Value hasOther = arith::XOrIOp::create(
      builder, loc, isAlone,
      arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true)));
  buildShapeCheck(builder, loc,
                  arith::OrIOp::create(builder, loc, isWhole, hasOther),
                  "a reshape's 'shape' has another number of elements than its "
                  "input; expected as many");
  return extent;
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
    makeConstant(context, getAxesMutable()[0]);
    for (int64_t axis : axes)
      if (failed(context.requireEqual(
              *this, input[axis], context.getConstant(1), "a squeezed extent")))
        return failure();
  } else {
    // An extent that is 1 in a run alone would change the rank.
    for (auto [i, extent] : llvm::enumerate(input))
      if (getConstant(extent) == 1)
        axes.push_back(i);
      else
        requireNotOne(context, *this, extent,
                      "a Squeeze without axes would drop it; give it axes");
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
    buildShapeCheck(
        builder, loc, isOne,
        ("a squeezed extent is not one; expected 1 in dimension " + Twine(dim))
            .str());
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
    makeConstant(context, getAxesMutable());
    auto *next = input.begin();
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
