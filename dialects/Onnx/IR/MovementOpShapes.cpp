//===-- MovementOpShapes.cpp - shapes of Transpose, Concat, Split ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Onnx/IR/ShapeArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec::onnx;

static Type getElement(Value value) {
  return getElementTypeOrSelf(value.getType());
}

/// Nothing moves.
OpFoldResult TransposeOp::fold(FoldAdaptor) {
  int64_t rank = cast<RankedTensorType>(getData().getType()).getRank();
  bool isIdentity = getPerm() ? llvm::is_sorted(*getPerm()) : rank < 2;
  if (isIdentity && getData().getType() == getTransposed().getType())
    return getData();
  return {};
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
    if (failed(requireBounded(*this, sizes, "split")))
      return failure();
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
  return buildBoundedExtent(builder, loc, size, "an element of 'split'");
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
