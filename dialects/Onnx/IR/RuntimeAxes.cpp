//===-- RuntimeAxes.cpp - axes that only the run knows --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/RuntimeAxes.h"

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Onnx/IR/ShapeArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace moec::onnx;

static Value buildConstant(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value RuntimeAxes::equals(Value value, int64_t constant) const {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, value,
                               buildConstant(builder, loc, constant));
}

RuntimeAxes::RuntimeAxes(OpBuilder &builder, Location loc, Value list,
                         int64_t rank)
    : builder(builder), loc(loc) {
  int64_t width = std::max<int64_t>(rank, 1);
  Value zero = buildConstant(builder, loc, 0);
  Value extent = buildConstant(builder, loc, width);
  Value last = buildConstant(builder, loc, width - 1);
  auto both = [&](Value a, Value b) -> Value {
    return arith::AndIOp::create(builder, loc, a, b);
  };
  auto invert = [&](Value a) -> Value {
    Value yes =
        arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true));
    return arith::XOrIOp::create(builder, loc, a, yes);
  };
  sound = arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true));
  int64_t count = cast<RankedTensorType>(list.getType()).getNumElements();
  for (int64_t i = 0; i < count; ++i) {
    Value axis = buildElement(builder, loc, list, i);
    Value isNegative = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::slt, axis, zero);
    Value wrapped = arith::AddIOp::create(builder, loc, axis, extent);
    axis = arith::SelectOp::create(builder, loc, isNegative, wrapped, axis);
    Value isWithin = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::ult, axis, extent);
    sound = both(sound, isWithin);
    axis = arith::MinSIOp::create(builder, loc, axis, last);
    axis = arith::MaxSIOp::create(builder, loc, axis, zero);
    for (Value before : axes)
      sound = both(sound,
                   arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne,
                                         axis, before));
    axes.push_back(axis);
  }
  Value others = zero;
  for (int64_t dim = 0; dim < rank; ++dim) {
    Value isListed =
        arith::ConstantOp::create(builder, loc, builder.getBoolAttr(false));
    for (Value axis : axes)
      isListed =
          arith::OrIOp::create(builder, loc, isListed, equals(axis, dim));
    named.push_back(isListed);
    numOthers.push_back(others);
    Value more = arith::IndexCastUIOp::create(
        builder, loc, builder.getIndexType(), invert(isListed));
    others = arith::AddIOp::create(builder, loc, others, more);
  }
}

Value RuntimeAxes::getOfAxis(int64_t dim, ValueRange ofAxes,
                             Value otherwise) const {
  Value result = otherwise;
  for (auto [axis, value] : llvm::zip(axes, ofAxes))
    result =
        arith::SelectOp::create(builder, loc, equals(axis, dim), value, result);
  return result;
}

Value RuntimeAxes::getOfOther(int64_t number, ValueRange ofDims) const {
  Value result = buildConstant(builder, loc, 0);
  for (auto [isListed, before, value] : llvm::zip(named, numOthers, ofDims)) {
    Value found = arith::SelectOp::create(builder, loc, equals(before, number),
                                          value, result);
    result = arith::SelectOp::create(builder, loc, isListed, result, found);
  }
  return result;
}

Value RuntimeAxes::spreadOthers(int64_t dim, ValueRange ofOthers,
                                Value otherwise) const {
  Value result = otherwise;
  for (auto [number, value] : llvm::enumerate(ofOthers)) {
    // No more than `dim` of them are before it.
    if (int64_t(number) > dim)
      break;
    result = arith::SelectOp::create(
        builder, loc, equals(numOthers[dim], number), value, result);
  }
  return arith::SelectOp::create(builder, loc, named[dim], otherwise, result);
}

FailureOr<std::optional<SmallVector<int64_t>>>
moec::onnx::readAxes(ShapeContext &context, Operation *op, Value operand,
                     int64_t rank) {
  FailureOr<Extents> listed = getListElements(context, op, operand, "axes");
  if (failed(listed))
    return failure();
  if (listed->empty())
    return std::optional(SmallVector<int64_t>());
  if (std::optional<SmallVector<int64_t>> known =
          context.getConstantElements(operand))
    return known;
  if (int64_t(listed->size()) > std::max<int64_t>(rank, 1)) {
    op->emitError() << "operand 'axes' has " << listed->size()
                    << " elements for a rank of " << rank;
    return failure();
  }
  return std::optional<SmallVector<int64_t>>();
}

void moec::onnx::makeConstant(ShapeContext &context, OpOperand &operand) {
  Value value = operand.get();
  Operation *def = value.getDefiningOp();
  std::optional<SmallVector<int64_t>> known =
      context.getConstantElements(value);
  if (!known || (def && def->hasTrait<OpTrait::ConstantLike>()))
    return;
  auto type = cast<RankedTensorType>(value.getType());
  unsigned width = type.getElementTypeBitWidth();
  SmallVector<APInt> elements;
  for (int64_t element : *known)
    elements.emplace_back(width, element, /*isSigned=*/true);
  OpBuilder builder(operand.getOwner());
  operand.set(ConstantOp::create(builder, operand.getOwner()->getLoc(),
                                 DenseElementsAttr::get(type, elements)));
}

void moec::onnx::buildAxesCheck(OpBuilder &builder, Operation *op,
                                Value operand, int64_t rank) {
  Attribute constant;
  if (matchPattern(operand, m_Constant(&constant)))
    return;
  RuntimeAxes axes(builder, op->getLoc(), operand, rank);
  // An axis of a scalar is its only one.
  int64_t width = std::max<int64_t>(rank, 1);
  buildShapeCheck(builder, op->getLoc(), axes.isSound(),
                  ("an axis is outside of the rank, or named twice; expected " +
                   Twine(-width) + " to " + Twine(width - 1) + ", each once")
                      .str());
}

SmallVector<Value> moec::onnx::buildDims(OpBuilder &builder, Location loc,
                                         Value tensor) {
  SmallVector<Value> dims;
  auto type = cast<RankedTensorType>(tensor.getType());
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    dims.push_back(ShapedType::isDynamic(size)
                       ? Value(tensor::DimOp::create(builder, loc, tensor, dim))
                       : buildConstant(builder, loc, size));
  return dims;
}
