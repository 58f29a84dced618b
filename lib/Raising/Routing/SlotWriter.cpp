//===-- SlotWriter.cpp - choices that have slots, written anew ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A choice counts where its place is below the capacity of its expert and no
// mask is zero; its weight is the product of what else the table was made of.
//
//===----------------------------------------------------------------------===//

#include "LayerWriter.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

/// The ids of one choice, or of every one: [T, 1], or [T, k].
Value LayerWriter::getIdsOf(int64_t choice) {
  onnx::ShapeContext &shapes = b.getShapes();
  AffineExpr one = shapes.getConstant(1), own = facts.getTokens();
  Type i64 = b.getIntegerType(64);
  if (ArrayRef<Value> rounds = facts.getRounds();
      choice != kEveryChoice && !rounds.empty())
    return b.convert(b.reshape(rounds[choice], {own, one}), i64);
  Value ids = b.convert(getAllIds(), i64);
  if (choice == kEveryChoice || facts.getExtents().choices == 1)
    return ids;
  return b.makeNode<onnx::GatherOp>(
      {ids, b.makeIntegers({choice})},
      b.getNamedAttr("axis", b.getI64IntegerAttr(1)));
}

/// Dimensions that count tokens, choices and experts, in this order: [T or 1, k
/// or 1, E or 1].
Value LayerWriter::orderDims(Value numbers, ArrayRef<Dim> dims) {
  onnx::ShapeContext &shapes = b.getShapes();
  SmallVector<Axis> axes = flattenDims(dims);
  SmallVector<AffineExpr> sizes;
  SmallVector<int64_t> order;
  for (Axis axis : axes)
    sizes.push_back(axis == Axis::Token
                        ? facts.getTokens()
                        : shapes.getConstant(axis == Axis::Choice
                                                 ? facts.getExtents().choices
                                                 : facts.getExtents().experts));
  SmallVector<AffineExpr> all;
  for (Axis axis : {Axis::Token, Axis::Choice, Axis::Expert}) {
    const auto *found = llvm::find(axes, axis);
    bool isCounted = found != axes.end();
    if (isCounted)
      order.push_back(found - axes.begin());
    all.push_back(isCounted ? sizes[found - axes.begin()]
                            : shapes.getConstant(1));
  }
  numbers = b.reshape(numbers, sizes);
  if (!llvm::is_sorted(order))
    numbers = b.makeNode<onnx::TransposeOp>(
        numbers, b.getNamedAttr("perm", b.getDenseI64ArrayAttr(order)));
  return b.reshape(numbers, all);
}

/// What numbers are for a choice: [T or 1, 1 or k].
Value LayerWriter::lookUpChoice(Value numbers, ArrayRef<Dim> dims,
                                int64_t choice) {
  onnx::ShapeContext &shapes = b.getShapes();
  AffineExpr one = shapes.getConstant(1), own = facts.getTokens();
  numbers = orderDims(numbers, dims);
  onnx::Extents sizes = shapes.getExtents(numbers);
  if (!hasAxis(dims, Axis::Expert))
    return b.reshape(numbers, {sizes[0], sizes[1]});
  Value ids = getIdsOf(choice);
  AffineExpr choices = shapes.getExtents(ids)[1];
  if (!hasAxis(dims, Axis::Token) && !facts.hasOneToken())
    // The same for all tokens.
    numbers = b.expand(numbers, {own, sizes[1], sizes[2]});
  if (!hasAxis(dims, Axis::Choice)) {
    numbers = b.reshape(numbers, {own, sizes[2]});
    return b.makeNode<onnx::GatherElementsOp>(
        {numbers, ids}, b.getNamedAttr("axis", b.getI64IntegerAttr(1)));
  }
  Value found = b.makeNode<onnx::GatherElementsOp>(
      {numbers, b.reshape(ids, {own, choices, one})},
      b.getNamedAttr("axis", b.getI64IntegerAttr(2)));
  return b.reshape(found, {own, choices});
}

/// How many slots an expert has.
Value LayerWriter::writeCapacity(const SlotPart &part) {
  Type i64 = b.getIntegerType(64);
  if (auto number = dyn_cast<AffineConstantExpr>(part.extent))
    return b.makeScalar(number.getValue(), i64);
  return b.reshape(b.convert(part.capacity, i64), {});
}

/// The ids of a part, -1 where its choice has no slot, and its weights in f32.
std::pair<Value, Value> LayerWriter::writePart(const SlotPart &part) {
  constexpr int kDropped = -1;
  Type i1 = b.getI1Type();
  Value place = b.convert(lookUpChoice(part.place, part.placeDims, part.choice),
                          b.getIntegerType(64));
  Value counts = b.makeNode<onnx::LessOp>({place, writeCapacity(part)});
  Value weights = b.makeScalar(1.0, b.getF32Type());
  for (const SlotFactor &factor : part.factors) {
    Value found = lookUpChoice(factor.value, factor.dims, part.choice);
    if (factor.isMask)
      counts = b.makeNode<onnx::AndOp>({counts, b.convert(found, i1)});
    else
      weights =
          b.makeNode<onnx::MulOp>({weights, b.convert(found, b.getF32Type())});
  }
  Value ids = b.convert(getIdsOf(part.choice), b.getI32Type());
  onnx::Extents sizes = b.getShapes().getExtents(ids);
  return {b.makeNode<onnx::WhereOp>(
              {counts, ids, b.makeScalar(kDropped, b.getI32Type())}),
          b.expand(weights, sizes)};
}

void LayerWriter::writeSlots() {
  SmallVector<Value> ids, weights;
  for (const SlotPart &part : layer.slots) {
    auto [own, numbers] = writePart(part);
    ids.push_back(own);
    weights.push_back(numbers);
  }
  auto axis = b.getNamedAttr("axis", b.getI64IntegerAttr(1));
  bool isOne = ids.size() == 1;
  slotIds = isOne ? ids.front() : b.makeNode<onnx::ConcatOp>(ids, axis);
  slotWeights =
      isOne ? weights.front() : b.makeNode<onnx::ConcatOp>(weights, axis);
}
