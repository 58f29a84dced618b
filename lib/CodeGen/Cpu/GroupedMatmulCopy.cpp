//===-- GroupedMatmulCopy.cpp - blocks of matrices that lie in rows -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GroupedMatmulSchedule.h"

#include "moec/CodeGen/VectorMath.h"

using namespace mlir;
using namespace moec;
using namespace moec::cpu;

/// Brings a block of K of a panel into `copy`, in f32. Columns that the matrix
/// has not are of no account: nothing of them is stored in the end.
void GroupedMatmulSchedule::copyBlock(Value panel, const DepthBlock &block) {
  if (op.getLayout() == moe::Layout::NK)
    return copyColumns(panel, block);
  int64_t columns = getType(weights).getDimSize(2);
  if (!ShapedType::isDynamic(columns) && columns % kPanelColumns == 0)
    return copyRows(panel, block, /*isMasked=*/false);
  // Only the last panel can have columns that the matrix has not.
  Value end = mul(add(panel, index(1)), index(kPanelColumns));
  Value isFull =
      arith::CmpIOp::create(b, arith::CmpIPredicate::sle, end, dim(weights, 2));
  choose(
      isFull, [&] { copyRows(panel, block, /*isMasked=*/false); },
      [&] { copyRows(panel, block, /*isMasked=*/true); });
}

/// Rows of K, of which a panel is a part.
void GroupedMatmulSchedule::copyRows(Value panel, const DepthBlock &block,
                                     bool isMasked) {
  auto type =
      VectorType::get(level.lanes, getElementTypeOrSelf(weights.getType()));
  Value zero = index(0), first = mul(panel, index(kPanelColumns));
  loop(block.begin, block.end, 1, [&](Value k) {
    Value target = sub(k, block.begin);
    for (int64_t at = 0; at < kPanelColumns; at += level.lanes) {
      SmallVector<Value> place = {expert, k, add(first, index(at))};
      Value vector =
          isMasked ? loadTail(weights, place)
                   : buildExtendToF32(
                         b, vector::LoadOp::create(b, type, weights, place));
      vector::StoreOp::create(b, vector, copy,
                              ValueRange{zero, zero, target, index(at)});
    }
  });
}

/// Rows of N, each a column of the panel: squares of as many columns and steps
/// of K as a vector has elements, then the steps that are left. In the place of
/// columns that the matrix has not is its last one.
void GroupedMatmulSchedule::copyColumns(Value panel, const DepthBlock &block) {
  Value last = sub(dim(weights, 1), index(1));
  Value rest = rem(sub(block.end, block.begin), index(level.lanes));
  Value middle = sub(block.end, rest);
  for (int64_t at = 0; at < kPanelColumns; at += level.lanes) {
    Values columns;
    for (int64_t i = 0; i < level.lanes; ++i)
      columns.push_back(min(getSourceColumn(panel, index(at + i)), last));
    loop(block.begin, middle, level.lanes,
         [&](Value k) { copySquare(columns, k, sub(k, block.begin), at); });
  }
  Value zero = index(0);
  loop(zero, index(kPanelColumns), 1, [&](Value i) {
    Value column = min(getSourceColumn(panel, i), last);
    loop(middle, block.end, 1, [&](Value k) {
      memref::StoreOp::create(b, loadStep(column, k), copy,
                              ValueRange{zero, zero, sub(k, block.begin), i});
    });
  });
}

/// Which column of the matrix is in a panel's place. Of a gated product gates
/// come first, then ups, which are every other column of the matrix.
Value GroupedMatmulSchedule::getSourceColumn(Value panel, Value column) {
  if (!op.getActivation().isGated())
    return add(mul(panel, index(kPanelColumns)), column);
  Value half = index(kPanelColumns / 2);
  Value pair = add(mul(panel, half), rem(column, half));
  return add(mul(pair, index(2)), div(column, half));
}

/// A column's steps of K from `k` on, as many as a vector has.
Value GroupedMatmulSchedule::loadSteps(Value column, Value k) {
  if (op.getQuant())
    return dequantiseSteps(column, k);
  auto type =
      VectorType::get(level.lanes, getElementTypeOrSelf(weights.getType()));
  return buildExtendToF32(
      b,
      vector::LoadOp::create(b, type, weights, ValueRange{expert, column, k}));
}

Value GroupedMatmulSchedule::loadStep(Value column, Value k) {
  if (op.getQuant())
    return dequantise(column, k);
  return buildExtendToF32(
      b, memref::LoadOp::create(b, weights, ValueRange{expert, column, k}));
}

/// Columns of the matrix from step `k` on become rows of `copy` from `copyRow`
/// on, in its columns from `first` on.
void GroupedMatmulSchedule::copySquare(ValueRange columns, Value k,
                                       Value copyRow, int64_t first) {
  Values rows;
  for (Value column : columns)
    rows.push_back(loadSteps(column, k));
  Value zero = index(0);
  for (auto [i, row] : llvm::enumerate(transpose(rows)))
    vector::StoreOp::create(
        b, row, copy,
        ValueRange{zero, zero, add(copyRow, index(i)), index(first)});
}

/// Lanes of two vectors in quarters of 128 bits, within which `pick` (0 to 3 of
/// the first vector, 4 to 7 of the second) says what comes.
static SmallVector<int64_t> pickInQuarters(int64_t lanes,
                                           ArrayRef<int64_t> pick) {
  SmallVector<int64_t> mask;
  for (int64_t quarter = 0; quarter < lanes; quarter += 4)
    for (int64_t lane : pick)
      mask.push_back(lane < 4 ? quarter + lane : lanes + quarter + lane - 4);
  return mask;
}

/// Every other group of four lanes of two vectors, from `odd` on.
static SmallVector<int64_t> pickQuarters(int64_t lanes, int64_t odd) {
  SmallVector<int64_t> mask;
  for (int64_t quarter = odd; quarter < 2 * lanes / 4; quarter += 2)
    for (int64_t i = 0; i < 4; ++i)
      mask.push_back(4 * quarter + i);
  return mask;
}

/// A square of vectors, transposed by shuffles that are one instruction each:
/// squares of four within groups of four lanes, then the groups.
GroupedMatmulSchedule::Values GroupedMatmulSchedule::transpose(Values rows) {
  int64_t lanes = level.lanes;
  auto shuffle = [&](Value l, Value r, ArrayRef<int64_t> mask) -> Value {
    return vector::ShuffleOp::create(b, l, r, mask);
  };
  auto low = pickInQuarters(lanes, {0, 4, 1, 5});
  auto high = pickInQuarters(lanes, {2, 6, 3, 7});
  auto front = pickInQuarters(lanes, {0, 1, 4, 5});
  auto back = pickInQuarters(lanes, {2, 3, 6, 7});
  for (int64_t i = 0; i < lanes; i += 4) {
    Value *row = &rows[i];
    Value a = shuffle(row[0], row[1], low), c = shuffle(row[0], row[1], high);
    Value d = shuffle(row[2], row[3], low), e = shuffle(row[2], row[3], high);
    row[0] = shuffle(a, d, front);
    row[1] = shuffle(a, d, back);
    row[2] = shuffle(c, e, front);
    row[3] = shuffle(c, e, back);
  }
  // rows[4 * i + c] has, in its group q, column 4 * q + c of the rows from
  // 4 * i on. Groups are taken apart by their parity until q is the vector.
  auto even = pickQuarters(lanes, 0), odd = pickQuarters(lanes, 1);
  int64_t count = lanes / 4;
  for (int64_t c = 0; c < 4; ++c) {
    Values groups;
    for (int64_t i = 0; i < count; ++i)
      groups.push_back(rows[4 * i + c]);
    for (int64_t rounds = count; rounds > 1; rounds /= 2) {
      Values next;
      for (auto &mask : {even, odd})
        for (int64_t i = 0; i < count; i += 2)
          next.push_back(shuffle(groups[i], groups[i + 1], mask));
      groups = next;
    }
    for (int64_t q = 0; q < count; ++q)
      rows[4 * q + c] = groups[q];
  }
  return rows;
}
