//===-- GroupedMatmulCodes.cpp - blocks of quantised matrices -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Codes become numbers on their way to the stack: as many steps of K at a time
// as a vector has elements, which share a scale and a zero point. So they are
// read once for all rows of a work item.
//
//===----------------------------------------------------------------------===//

#include "GroupedMatmulSchedule.h"

#include "moec/CodeGen/VectorMath.h"

using namespace mlir;
using namespace moec;
using namespace moec::cpu;

moe::QuantAttr GroupedMatmulSchedule::getFormat() {
  return dyn_cast_if_present<moe::QuantAttr>(
      Attribute(op.getQuant().value_or(nullptr)));
}

/// A byte as i32.
Value GroupedMatmulSchedule::loadByte(Value codes, ValueRange place) {
  return arith::ExtUIOp::create(b, b.getI32Type(),
                                memref::LoadOp::create(b, codes, place));
}

/// Code `number` of a row of bytes, as i32: the lowest bits of a byte first.
Value GroupedMatmulSchedule::loadCode(Value codes, ValueRange row,
                                      Value number) {
  int64_t bits = getFormat().getBits();
  Values place(row);
  if (bits == 8) {
    place.push_back(number);
    return loadByte(codes, place);
  }
  Value each = index(8 / bits);
  place.push_back(div(number, each));
  Value shift = arith::IndexCastOp::create(b, b.getI32Type(),
                                           mul(rem(number, each), index(bits)));
  Value mask =
      arith::ConstantIntOp::create(b, (int64_t(1) << bits) - 1, /*width=*/32);
  Value code = arith::ShRUIOp::create(b, loadByte(codes, place), shift);
  return arith::AndIOp::create(b, code, mask);
}

/// What is taken away from codes of a row at step `k`, as i32.
Value GroupedMatmulSchedule::loadZeroPoint(Value row, Value k) {
  moe::QuantAttr format = getFormat();
  Value zeros = op.getZeroPoints();
  if (!zeros)
    return arith::ConstantIntOp::create(b, int64_t(1) << (format.getBits() - 1),
                                        /*width=*/32);
  if (getType(zeros).getRank() == 2)
    return loadCode(zeros, expert, row);
  return loadCode(zeros, {expert, row}, getBlock(k));
}

/// The number of the block that step `k` is in.
Value GroupedMatmulSchedule::getBlock(Value k) {
  int64_t size = getFormat().getBlock();
  return size == 0 ? index(0) : div(k, index(size));
}

Value GroupedMatmulSchedule::loadScale(Value row, Value k) {
  Value scales = op.getScales();
  Values place = {expert, row};
  if (getType(scales).getRank() == 3)
    place.push_back(getBlock(k));
  return buildExtendToF32(b, memref::LoadOp::create(b, scales, place));
}

/// The codes in a vector of bytes, each in a byte of its own, in their order.
Value GroupedMatmulSchedule::unpackBytes(Value bytes) {
  int64_t bits = getFormat().getBits();
  auto splat = [&](int64_t number, Value like) -> Value {
    auto type = cast<VectorType>(like.getType());
    return arith::ConstantOp::create(
        b, type, DenseElementsAttr::get(type, b.getI8IntegerAttr(number)));
  };
  // Halves of what a lane has, side by side, until it has one code.
  for (int64_t width = 8; width > bits; width /= 2) {
    int64_t half = width / 2;
    Value low =
        arith::AndIOp::create(b, bytes, splat((int64_t(1) << half) - 1, bytes));
    Value high = arith::ShRUIOp::create(b, bytes, splat(half, bytes));
    int64_t lanes = cast<VectorType>(bytes.getType()).getNumElements();
    SmallVector<int64_t> mask;
    for (int64_t lane = 0; lane < lanes; ++lane)
      mask.append({lane, lanes + lane});
    bytes = vector::ShuffleOp::create(b, low, high, mask);
  }
  return bytes;
}

/// The numbers of a row from step `k` on, as many as a vector has.
Value GroupedMatmulSchedule::dequantiseSteps(Value row, Value k) {
  int64_t bits = getFormat().getBits();
  auto bytesType = VectorType::get(level.lanes * bits / 8, b.getI8Type());
  Value first = div(k, index(8 / bits));
  Value bytes = vector::LoadOp::create(b, bytesType, weights,
                                       ValueRange{expert, row, first});
  auto integers = VectorType::get(level.lanes, b.getI32Type());
  auto numbers = VectorType::get(level.lanes, b.getF32Type());
  Value codes = arith::ExtUIOp::create(b, integers, unpackBytes(bytes));
  Value zero = vector::BroadcastOp::create(b, integers, loadZeroPoint(row, k));
  Value scale = vector::BroadcastOp::create(b, numbers, loadScale(row, k));
  Value centred = arith::SIToFPOp::create(
      b, numbers, arith::SubIOp::create(b, codes, zero));
  return arith::MulFOp::create(b, centred, scale);
}

/// Those from step `k` on, with zeros past the last one, by way of the stack.
Value GroupedMatmulSchedule::dequantiseTail(Value row, Value k) {
  auto type = VectorType::get(level.lanes, b.getF32Type());
  Value zero = index(0);
  vector::StoreOp::create(b, splat(0.0), tail, zero);
  loop(zero, sub(depthValue, k), 1, [&](Value i) {
    memref::StoreOp::create(b, dequantise(row, add(k, i)), tail, i);
  });
  return vector::LoadOp::create(b, type, tail, zero);
}

/// The number of a row at step `k`.
Value GroupedMatmulSchedule::dequantise(Value row, Value k) {
  Value code = loadCode(weights, {expert, row}, k);
  Value centred = arith::SIToFPOp::create(
      b, b.getF32Type(), arith::SubIOp::create(b, code, loadZeroPoint(row, k)));
  return arith::MulFOp::create(b, centred, loadScale(row, k));
}
