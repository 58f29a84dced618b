//===-- GroupedMatmulRows.cpp - a product's rows are finished -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Activations.h"
#include "GroupedMatmulSchedule.h"

#include "moec/CodeGen/VectorMath.h"

using namespace mlir;
using namespace moec;
using namespace moec::cpu;

void GroupedMatmulSchedule::choose(Value condition,
                                   llvm::function_ref<void()> then,
                                   llvm::function_ref<void()> otherwise) {
  auto choice = scf::IfOp::create(b, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  then();
  b.setInsertionPointToStart(choice.elseBlock());
  otherwise();
}

Value GroupedMatmulSchedule::splat(double value) {
  auto type = VectorType::get(level.lanes, b.getF32Type());
  return arith::ConstantOp::create(
      b, type, DenseElementsAttr::get(type, b.getF32FloatAttr(value)));
}

/// Which lanes of a vector that starts at `first` are below `total`.
Value GroupedMatmulSchedule::remainingMask(Value total, Value first) {
  auto type = VectorType::get(level.lanes, b.getI32Type());
  SmallVector<int32_t> lanes = llvm::to_vector(llvm::seq<int32_t>(level.lanes));
  Value numbers = arith::ConstantOp::create(
      b, type, DenseElementsAttr::get(type, ArrayRef<int32_t>(lanes)));
  Value left = max(min(sub(total, first), index(level.lanes)), index(0));
  Value bound = vector::BroadcastOp::create(
      b, type, arith::IndexCastOp::create(b, b.getI32Type(), left));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, numbers, bound);
}

/// `level.lanes` elements at `place` as f32, zeros past the last column.
Value GroupedMatmulSchedule::loadTail(Value memref, ValueRange place) {
  Type element = getElementTypeOrSelf(memref.getType());
  if (!element.isF32())
    return buildExtendToF32(b, loadNarrowTail(memref, place));
  Value mask = remainingMask(dim(memref, place.size() - 1), place.back());
  auto type = VectorType::get(level.lanes, element);
  return vector::MaskedLoadOp::create(b, type, memref, place, mask, splat(0.0));
}

/// `level.lanes` elements of 16 bits at `place`, zeros past the last column.
/// There are no masked vector accesses of this width on every level (and for
/// bf16 LLVM would call into its library), so they go one by one, as integers,
/// through the stack.
Value GroupedMatmulSchedule::loadNarrowTail(Value memref, ValueRange place) {
  auto type = VectorType::get(level.lanes, b.getI16Type());
  Value zero = index(0);
  Value none = arith::ConstantOp::create(b, type, b.getZeroAttr(type));
  vector::StoreOp::create(b, none, narrow, zero);
  Value left = sub(dim(memref, place.size() - 1), place.back());
  loop(zero, min(left, index(level.lanes)), 1, [&](Value i) {
    SmallVector<Value> at(place);
    at.back() = add(at.back(), i);
    Value element = memref::LoadOp::create(b, memref, at);
    Value bits = arith::BitcastOp::create(b, b.getI16Type(), element);
    memref::StoreOp::create(b, bits, narrow, i);
  });
  Value bits = vector::LoadOp::create(b, type, narrow, zero);
  auto element = getElementTypeOrSelf(memref.getType());
  return arith::BitcastOp::create(b, type.clone(element), bits);
}

/// Stores the elements that lie before the result's last column.
void GroupedMatmulSchedule::storeNarrowTail(Value vector, ValueRange place) {
  Type element = getElementTypeOrSelf(result.getType());
  auto type = VectorType::get(level.lanes, b.getI16Type());
  Value bits = arith::BitcastOp::create(b, type, vector);
  vector::StoreOp::create(b, bits, narrow, index(0));
  Value left = min(sub(dim(result, 1), place[1]), index(level.lanes));
  loop(index(0), left, 1, [&](Value i) {
    Value bits = memref::LoadOp::create(b, narrow, i);
    Value value = arith::BitcastOp::create(b, element, bits);
    memref::StoreOp::create(b, value, result,
                            ValueRange{place[0], add(place[1], i)});
  });
}

/// The panel's bias in the order of its columns: with a gated activation the
/// gates, then the ups, which lie interleaved in memory.
SmallVector<Value> GroupedMatmulSchedule::loadBias(Value panel, bool isMasked) {
  Type element = getElementTypeOrSelf(op.getBias().getType());
  auto type = VectorType::get(level.lanes, element);
  Value first = mul(panel, index(kPanelColumns));
  SmallVector<Value> loaded;
  for (int64_t at = 0; at < kPanelColumns; at += level.lanes) {
    Value column = add(first, index(at));
    SmallVector<Value> place = {expert, column};
    loaded.push_back(
        isMasked ? loadTail(op.getBias(), place)
                 : buildExtendToF32(b, vector::LoadOp::create(
                                           b, type, op.getBias(), place)));
  }
  if (!op.getActivation().isGated())
    return loaded;
  SmallVector<Value> ordered;
  for (int64_t odd = 0; odd < 2; ++odd) {
    SmallVector<int64_t> lanes;
    for (int64_t i = 0; i < level.lanes; ++i)
      lanes.push_back(2 * i + odd);
    for (size_t pair = 0; pair < loaded.size(); pair += 2)
      ordered.push_back(
          vector::ShuffleOp::create(b, loaded[pair], loaded[pair + 1], lanes));
  }
  return ordered;
}

/// Bias, activation, rounding and stores of all rows of a panel.
void GroupedMatmulSchedule::emitRows(Value panel, bool isMasked) {
  int64_t width = op.getActivation().getResultColumns(kPanelColumns);
  Type element = getElementTypeOrSelf(result.getType());
  SmallVector<Value> bias;
  if (op.getBias())
    bias = loadBias(panel, isMasked);
  Value first = mul(panel, index(width));
  loop(index(0), rowCount, 1, [&](Value row) {
    auto type = VectorType::get(level.lanes, b.getF32Type());
    SmallVector<Value> values;
    for (int64_t at = 0; at < kPanelColumns; at += level.lanes) {
      Value sum =
          vector::LoadOp::create(b, type, sums, ValueRange{row, index(at)});
      if (!bias.empty())
        sum = arith::AddFOp::create(b, sum, bias[at / level.lanes]);
      values.push_back(sum);
    }
    Value target = add(rowBegin, row);
    for (auto [i, value] :
         llvm::enumerate(buildActivation(b, op.getActivation(), values))) {
      Value column = add(first, index(i * level.lanes));
      Value rounded = buildRoundFromF32(b, value, element);
      if (!isMasked) {
        vector::StoreOp::create(b, rounded, result, ValueRange{target, column});
        continue;
      }
      if (!element.isF32()) {
        storeNarrowTail(rounded, ValueRange{target, column});
        continue;
      }
      Value mask = remainingMask(dim(result, 1), column);
      vector::MaskedStoreOp::create(b, result, ValueRange{target, column}, mask,
                                    rounded);
    }
  });
}

void GroupedMatmulSchedule::emitEpilogue(Value panel) {
  int64_t width = op.getActivation().getResultColumns(kPanelColumns);
  int64_t columns = cast<MemRefType>(result.getType()).getDimSize(1);
  if (!ShapedType::isDynamic(columns) && columns % width == 0)
    return emitRows(panel, /*isMasked=*/false);
  // Only the last panel can have columns that the result has not.
  Value end = mul(add(panel, index(1)), index(width));
  Value isFull =
      arith::CmpIOp::create(b, arith::CmpIPredicate::sle, end, dim(result, 1));
  choose(
      isFull, [&] { emitRows(panel, /*isMasked=*/false); },
      [&] { emitRows(panel, /*isMasked=*/true); });
}
