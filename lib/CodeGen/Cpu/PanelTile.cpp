//===-- PanelTile.cpp - register tiles over packed panels -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PanelTile.h"

#include "moec/CodeGen/VectorMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec::cpu;

// 32 registers: 12 x 2 sums, 2 of weights, the rest for rows.
static constexpr TileShape kTilesV4[] = {
    {12, 2, 1, 2}, {8, 2, 1, 4}, {4, 2, 1, 4}, {2, 2, 2, 4}, {1, 2, 4, 8}};
// 16 registers: 6 x 2 sums on half a panel, 2 of weights, 1 or 2 for rows.
static constexpr TileShape kTilesV3[] = {
    {6, 2, 1, 1}, {4, 2, 1, 2}, {2, 4, 1, 2}, {1, 4, 2, 4}};

std::optional<CpuLevel> moec::cpu::getCpuLevel(StringRef name) {
  StringRef base = name.split('+').first;
  if (base == "x86-64-v4")
    return CpuLevel{"x86-64-v4", 16, kTilesV4, 96};
  if (base == "x86-64-v3")
    return CpuLevel{"x86-64-v3", 8, kTilesV3, 72};
  return std::nullopt;
}

static Value index(ImplicitLocOpBuilder &b, int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

/// Fetches the part's columns of the row that `position` is in.
void PanelTile::emitFetch(ImplicitLocOpBuilder &b, Value position,
                          int64_t part) const {
  constexpr int64_t kLineBytes = 64;
  int64_t elementBytes =
      getElementTypeOrSelf(weights.getType()).getIntOrFloatBitWidth() / 8;
  Value row = arith::DivUIOp::create(b, position, index(b, kRowUnits));
  int64_t first = getColumn(0, part);
  for (int64_t column = 0; column < shape.vectors * level.lanes;
       column += kLineBytes / elementBytes)
    memref::PrefetchOp::create(
        b, weights, ValueRange{expert, panel, row, index(b, first + column)},
        /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
}

/// Weights of a row from one of the panel's columns on, in f32.
Value PanelTile::loadWeights(ImplicitLocOpBuilder &b, Value row,
                             int64_t column) const {
  SmallVector<Value> place = {expert, panel, row, index(b, column)};
  if (inRows) {
    Value first = arith::MulIOp::create(b, panel, index(b, kPanelColumns));
    place = {expert, row, arith::AddIOp::create(b, first, index(b, column))};
  }
  auto type =
      VectorType::get(level.lanes, getElementTypeOrSelf(weights.getType()));
  return buildExtendToF32(b, vector::LoadOp::create(b, type, weights, place));
}

SmallVector<Value> PanelTile::emitSteps(ImplicitLocOpBuilder &b, Value k,
                                        int64_t steps, int64_t part,
                                        ValueRange sums) const {
  auto type = VectorType::get(level.lanes, b.getF32Type());
  SmallVector<Value> result(sums);
  Value position = pace ? result.pop_back_val() : Value();
  Value column =
      arith::AddIOp::create(b, xColumn, arith::SubIOp::create(b, k, from));
  for (int64_t step = 0; step < steps; ++step) {
    Value depth = arith::AddIOp::create(b, k, index(b, step));
    if (pace) {
      emitFetch(b, position, part);
      position = arith::AddIOp::create(b, position, pace);
    }
    Value weightsRow =
        origin ? arith::SubIOp::create(b, depth, origin).getResult() : depth;
    Value xDepth = arith::AddIOp::create(b, column, index(b, step));
    SmallVector<Value> columns;
    for (int64_t v = 0; v < shape.vectors; ++v)
      columns.push_back(loadWeights(b, weightsRow, getColumn(v, part)));
    int64_t first = step % shape.splits * shape.rows * shape.vectors;
    for (int64_t row = 0; row < shape.rows; ++row) {
      Value scalar =
          memref::LoadOp::create(b, x, ValueRange{xRows[row], xDepth});
      Value splat = vector::BroadcastOp::create(b, type, scalar);
      for (int64_t v = 0; v < shape.vectors; ++v) {
        Value &sum = result[first + row * shape.vectors + v];
        sum = vector::FMAOp::create(b, splat, columns[v], sum);
      }
    }
  }
  if (pace)
    result.push_back(position);
  return result;
}

void PanelTile::emit(ImplicitLocOpBuilder &b, int64_t part) const {
  auto type = VectorType::get(level.lanes, b.getF32Type());
  int64_t count = shape.rows * shape.vectors;
  Value zero = arith::ConstantOp::create(
      b, type, DenseElementsAttr::get(type, b.getF32FloatAttr(0.0f)));
  SmallVector<SmallVector<Value>> places;
  for (int64_t row = 0; row < shape.rows; ++row)
    for (int64_t v = 0; v < shape.vectors; ++v)
      places.push_back(
          {arith::AddIOp::create(b, firstRow, index(b, row)).getResult(),
           index(b, getColumn(v, part))});

  SmallVector<Value> init(count * shape.splits, zero);
  if (accumulates)
    for (int64_t i = 0; i < count; ++i)
      init[i] = vector::LoadOp::create(b, type, sums, places[i]);
  if (pace)
    init.push_back(ahead);

  auto emitLoop = [&](Value lower, Value upper, int64_t step,
                      ValueRange carried) {
    auto loop = scf::ForOp::create(b, lower, upper, index(b, step), carried);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    scf::YieldOp::create(b, emitSteps(b, loop.getInductionVar(), step, part,
                                      loop.getRegionIterArgs()));
    return SmallVector<Value>(loop.getResults());
  };
  // A whole number of iterations, then the steps that are left.
  Value middle = to;
  bool isWhole = !ShapedType::isDynamic(length) && length % shape.unroll == 0;
  if (!isWhole) {
    Value span = arith::SubIOp::create(b, to, from);
    Value rest = arith::RemUIOp::create(b, span, index(b, shape.unroll));
    middle = arith::SubIOp::create(b, to, rest);
  }
  SmallVector<Value> totals = emitLoop(from, middle, shape.unroll, init);
  if (!isWhole)
    totals = emitLoop(middle, to, 1, totals);

  if (pace)
    totals.pop_back();
  for (int64_t half = shape.splits / 2; half > 0; half /= 2)
    for (int64_t i = 0; i < half * count; ++i)
      totals[i] = arith::AddFOp::create(b, totals[i], totals[half * count + i]);
  for (int64_t i = 0; i < count; ++i)
    vector::StoreOp::create(b, totals[i], sums, places[i]);
}
