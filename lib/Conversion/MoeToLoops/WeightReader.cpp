//===-- WeightReader.cpp - elements of stored weights ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WeightReader.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace moec::moe;

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

Value moec::moe::toSignless(LoopBuilder &l, Value tensor) {
  if (!tensor || !getType(tensor).getElementType().isUnsignedInteger())
    return tensor;
  return UnrealizedConversionCastOp::create(
             l.b, getType(tensor).clone(l.b.getIntegerType(8)), tensor)
      .getResult(0);
}

/// An element of eight bits as i32, whatever its type.
static Value getByte(LoopBuilder &l, Value tensor, ValueRange indices) {
  Value byte = tensor::ExtractOp::create(l.b, tensor, indices);
  if (isa<FloatType>(byte.getType()))
    byte = arith::BitcastOp::create(l.b, l.b.getIntegerType(8), byte);
  return arith::ExtUIOp::create(l.b, l.b.getI32Type(), byte);
}

WeightReader::WeightReader(LoopBuilder &l, const StoredWeights &stored,
                           Layout layout, bool gated)
    : l(l), stored(stored), layout(layout), gated(gated) {
  // Codes are unsigned by meaning.
  for (Value *value :
       {&this->stored.weights, &this->stored.scales, &this->stored.zeroPoints})
    *value = toSignless(l, *value);
}

Value WeightReader::read(Value expert, Value column, bool up, Value depth) {
  if (layout == Layout::Panels) {
    Value width = l.index(gated ? MoeDialect::kPanelColumns / 2
                                : MoeDialect::kPanelColumns);
    Value panel = l.div(column, width), lane = l.rem(column, width);
    if (up)
      lane = l.add(lane, width);
    return l.get(stored.weights, {expert, panel, depth, lane});
  }
  column = getSourceColumn(column, up);
  if (layout == Layout::KN)
    return l.get(stored.weights, {expert, depth, column});
  return stored.format ? readQuantised(expert, column, depth)
                       : l.get(stored.weights, {expert, column, depth});
}

Value WeightReader::readBias(Value bias, Value expert, Value column, bool up) {
  return l.get(bias, {expert, getSourceColumn(column, up)});
}

Value WeightReader::getSourceColumn(Value column, bool up) {
  if (!gated)
    return column;
  Value first = l.mul(column, l.index(2));
  return up ? l.add(first, l.index(1)) : first;
}

Value WeightReader::readQuantised(Value expert, Value column, Value depth) {
  int64_t size = stored.format.getBlock();
  Value block = size == 0 ? l.index(0) : l.div(depth, l.index(size));
  Value code = readCode(stored.weights, {expert, column}, depth);
  Value value =
      stored.format.buildValue(l.b, code, readZeroPoint(expert, column, block));
  if (stored.scales)
    value = l.mul(value, readScale(expert, column, block));
  if (stored.globalScales)
    value = l.mul(value, l.get(stored.globalScales, expert));
  return value;
}

Value WeightReader::readCode(Value codes, ValueRange row, Value number) {
  int64_t bits = stored.format.getBits();
  LoopBuilder::Values at(row);
  if (bits == 8) {
    at.push_back(number);
    return getByte(l, codes, at);
  }
  Value eight = l.index(8), first = l.mul(number, l.index(bits));
  at.push_back(l.div(first, eight));
  Value byte = getByte(l, codes, at);
  if (8 % bits != 0) {
    // The code may go on in the byte behind, where there is one.
    Value last = l.sub(l.dim(codes, row.size()), l.index(1));
    at.back() = l.clamp(l.add(at.back(), l.index(1)), l.index(0), last);
    Value high = arith::ShLIOp::create(l.b, getByte(l, codes, at), l.i32(8));
    byte = l.either(byte, high);
  }
  Value code = arith::ShRUIOp::create(l.b, byte, l.toI32(l.rem(first, eight)));
  return l.both(code, l.i32((int64_t(1) << bits) - 1));
}

Value WeightReader::readZeroPoint(Value expert, Value column, Value block) {
  if (!stored.zeroPoints)
    return {};
  if (getType(stored.zeroPoints).getRank() == 2)
    return readCode(stored.zeroPoints, expert, column);
  return readCode(stored.zeroPoints, {expert, column}, block);
}

Value WeightReader::readScale(Value expert, Value column, Value block) {
  Value row = column;
  if (int64_t rows = stored.format.getBlockRows(); rows > 1)
    row = l.div(column, l.index(rows));
  LoopBuilder::Values at = {expert, row};
  if (getType(stored.scales).getRank() == 3)
    at.push_back(block);
  Type element = getType(stored.scales).getElementType();
  if (element.getIntOrFloatBitWidth() > 8)
    return l.get(stored.scales, at);
  Value code = getByte(l, stored.scales, at);
  if (isa<Float8E4M3FNType>(element))
    return buildMinifloat(l.b, MinifloatKind::E4M3, code);
  return buildPowerOfTwo(l.b, code);
}
