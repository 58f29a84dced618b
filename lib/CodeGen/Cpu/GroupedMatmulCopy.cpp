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

/// Whether the matrix, of layout kn, has all columns of the panel: only the
/// last panel can have some that it has not.
Value GroupedMatmulSchedule::isFull(Value panel) {
  Value end = mul(add(panel, index(1)), index(kPanelColumns));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::sle, end,
                               dim(weights, 2));
}

/// A vector of elements in f32, with zeros past the last one if `isMasked`.
Value GroupedMatmulSchedule::loadLanes(Value memref, ValueRange place,
                                       bool isMasked) {
  if (isMasked)
    return loadTail(memref, place);
  auto type =
      VectorType::get(level.lanes, getElementTypeOrSelf(memref.getType()));
  return buildExtendToF32(b, vector::LoadOp::create(b, type, memref, place));
}

/// The rows of the matrix, of layout nk, that are columns of the panel from
/// `first` on. In the place of those that it has not is its last one.
GroupedMatmulSchedule::Values GroupedMatmulSchedule::getColumns(Value panel,
                                                                int64_t first) {
  Value last = sub(dim(weights, 1), index(1));
  Values columns;
  for (int64_t i = 0; i < level.lanes; ++i)
    columns.push_back(min(getSourceColumn(panel, index(first + i)), last));
  return columns;
}

/// Which row of the matrix, of layout nk, is in a panel's place. Of a gated
/// product gates come first, then ups, which are every other row.
Value GroupedMatmulSchedule::getSourceColumn(Value panel, Value column) {
  if (!op.getActivation().isGated())
    return add(mul(panel, index(kPanelColumns)), column);
  Value half = index(kPanelColumns / 2);
  Value pair = add(mul(panel, half), rem(column, half));
  return add(mul(pair, index(2)), div(column, half));
}

/// A column's steps of K from `k` on, as many as a vector has; zeros past the
/// last one if `isMasked`.
Value GroupedMatmulSchedule::loadSteps(Value column, Value k, bool isMasked) {
  if (!op.getQuant())
    return loadLanes(weights, ValueRange{expert, column, k}, isMasked);
  return isMasked ? dequantiseTail(column, k) : dequantiseSteps(column, k);
}

/// Brings a block of K of a panel into `copy`, in f32. Columns that the matrix
/// has not are of no account: nothing of them is stored in the end.
void GroupedMatmulSchedule::copyBlock(Value panel, const DepthBlock &block) {
  if (op.getLayout() == moe::Layout::NK)
    return copyColumns(panel, block);
  int64_t columns = getType(weights).getDimSize(2);
  if (!ShapedType::isDynamic(columns) && columns % kPanelColumns == 0)
    return copyRows(panel, block, /*isMasked=*/false);
  choose(
      isFull(panel), [&] { copyRows(panel, block, /*isMasked=*/false); },
      [&] { copyRows(panel, block, /*isMasked=*/true); });
}

/// Rows of K, of which a panel is a part.
void GroupedMatmulSchedule::copyRows(Value panel, const DepthBlock &block,
                                     bool isMasked) {
  Value zero = index(0), first = mul(panel, index(kPanelColumns));
  loop(block.begin, block.end, 1, [&](Value k) {
    Value target = sub(k, block.begin);
    for (int64_t at = 0; at < kPanelColumns; at += level.lanes) {
      SmallVector<Value> place = {expert, k, add(first, index(at))};
      vector::StoreOp::create(b, loadLanes(weights, place, isMasked), copy,
                              ValueRange{zero, zero, target, index(at)});
    }
  });
}

/// Rows of N, each a column of the panel: squares of as many columns and steps
/// of K as a vector has elements; those of the last steps end in zeros, which
/// lie behind the block.
void GroupedMatmulSchedule::copyColumns(Value panel, const DepthBlock &block) {
  Value rest = rem(sub(block.end, block.begin), index(level.lanes));
  Value middle = sub(block.end, rest);
  for (int64_t at = 0; at < kPanelColumns; at += level.lanes) {
    Values columns = getColumns(panel, at);
    for (bool isMasked : {false, true})
      loop(isMasked ? middle : block.begin, isMasked ? block.end : middle,
           level.lanes, [&](Value k) {
             copySquare(columns, k, sub(k, block.begin), at, isMasked);
           });
  }
}

/// Columns of the matrix from step `k` on become rows of `copy` from `copyRow`
/// on, in its columns from `first` on.
void GroupedMatmulSchedule::copySquare(ValueRange columns, Value k,
                                       Value copyRow, int64_t first,
                                       bool isMasked) {
  Values rows;
  for (Value column : columns)
    rows.push_back(loadSteps(column, k, isMasked));
  Value zero = index(0);
  for (auto [i, row] : llvm::enumerate(transpose(rows)))
    vector::StoreOp::create(
        b, row, copy,
        ValueRange{zero, zero, add(copyRow, index(i)), index(first)});
}

/// Few rows times columns that lie in rows of the matrix: along K, for as many
/// columns at once as a vector has elements.
void GroupedMatmulSchedule::emitDots(Value panel, const DepthBlock &block) {
  auto type = VectorType::get(level.lanes, b.getF32Type());
  for (int64_t at = 0; at < kPanelColumns; at += level.lanes) {
    Values columns = getColumns(panel, at);
    loop(index(0), rowCount, 1, [&](Value row) {
      Value sum = emitDot(columns, row, block);
      SmallVector<Value> place = {row, index(at)};
      if (block.accumulates) {
        Value before = vector::LoadOp::create(b, type, sums, place);
        sum = arith::AddFOp::create(b, before, sum);
      }
      vector::StoreOp::create(b, sum, sums, place);
    });
  }
}

/// A row of the item times each of the columns, in one vector.
Value GroupedMatmulSchedule::emitDot(ValueRange columns, Value row,
                                     const DepthBlock &block) {
  Value source = getSourceRow(row);
  Value rest = rem(sub(block.end, block.begin), index(level.lanes));
  Value middle = sub(block.end, rest);
  Values totals(level.lanes, splat(0.0));
  for (bool isMasked : {false, true}) {
    auto steps = scf::ForOp::create(b, isMasked ? middle : block.begin,
                                    isMasked ? block.end : middle,
                                    index(level.lanes), totals);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(steps.getBody());
    Value k = steps.getInductionVar();
    Value factor = loadLanes(x, ValueRange{source, k}, isMasked);
    Values sums;
    for (auto [column, sum] :
         llvm::zip_equal(columns, steps.getRegionIterArgs())) {
      Value values = loadSteps(column, k, isMasked);
      sums.push_back(vector::FMAOp::create(b, values, factor, sum));
    }
    scf::YieldOp::create(b, sums);
    totals.assign(steps.getResults().begin(), steps.getResults().end());
  }
  // Lane i of all is what is added up of column i.
  Values lanes = transpose(totals);
  for (int64_t half = level.lanes / 2; half > 0; half /= 2)
    for (int64_t i = 0; i < half; ++i)
      lanes[i] = arith::AddFOp::create(b, lanes[i], lanes[half + i]);
  return lanes.front();
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
