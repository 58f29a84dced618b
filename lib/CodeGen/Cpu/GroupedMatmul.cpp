//===-- GroupedMatmul.cpp - the CPU schedule of moe.grouped_matmul --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A work item is (expert, group of panels, block of rows), row blocks fastest,
// so that items that follow each other share panels in the cache. For each of
// its panels an item runs over K in blocks: register tiles over the rows, sums
// kept in a small buffer on the stack. After the last block one loop over the
// rows adds the bias, applies the activation and stores. What an item does
// depends on the offsets alone, never on the number of threads.
//
//===----------------------------------------------------------------------===//

#include "Activations.h"
#include "PanelTile.h"

#include "moec/CodeGen/Passes.h"
#include "moec/CodeGen/VectorMath.h"

#include "dialects/Moe/IR/Moe.h"
#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

namespace moec {
#define GEN_PASS_DEF_SCHEDULEGROUPEDMATMUL
#include "moec/CodeGen/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;
using namespace moec::cpu;

static_assert(kPanelColumns == moe::MoeDialect::kPanelColumns);

/// Depth of one block of K: 32 KB of an f32 panel, 96 KB of 96 rows. Of half
/// panels, which lie in every other line, no more stays in the first-level
/// cache.
static constexpr int64_t kDepthBlock = 256;
/// Weights of one work item, where the panels are small: enough that handing
/// out items costs nothing beside them.
static constexpr int64_t kItemWeights = 1 << 16;
/// Tiles of fewer rows read each weight once, as fast as memory gives it.
static constexpr int64_t kLeastFetchingRows = 2;

namespace {
class GroupedMatmulSchedule {
public:
  GroupedMatmulSchedule(OpBuilder &builder, moe::GroupedMatmulOp op,
                        const CpuLevel &level, bool countTasks)
      : b(op.getLoc(), builder), op(op), level(level), countTasks(countTasks),
        x(op.getX()), weights(op.getWeights()), result(op.getInit()) {}

  void emit();

private:
  using Body = llvm::function_ref<void(Value)>;

  // Small index arithmetic, with extents folded where they are static.
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value add(Value l, Value r) { return arith::AddIOp::create(b, l, r); }
  Value sub(Value l, Value r) { return arith::SubIOp::create(b, l, r); }
  Value mul(Value l, Value r) { return arith::MulIOp::create(b, l, r); }
  Value div(Value l, Value r) { return arith::DivUIOp::create(b, l, r); }
  Value rem(Value l, Value r) { return arith::RemUIOp::create(b, l, r); }
  Value min(Value l, Value r) { return arith::MinSIOp::create(b, l, r); }
  Value max(Value l, Value r) { return arith::MaxSIOp::create(b, l, r); }
  Value ceilDiv(Value l, int64_t r) {
    return div(add(l, index(r - 1)), index(r));
  }
  Value dim(Value memref, int64_t number) {
    int64_t extent = cast<MemRefType>(memref.getType()).getDimSize(number);
    return ShapedType::isDynamic(extent)
               ? memref::DimOp::create(b, memref, number).getResult()
               : index(extent);
  }
  void loop(Value lower, Value upper, int64_t step, Body body) {
    loop(lower, upper, index(step), body);
  }
  void loop(Value lower, Value upper, Value step, Body body) {
    auto op = scf::ForOp::create(b, lower, upper, step);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(op.getBody());
    body(op.getInductionVar());
  }

  Value loadId(Value vector, Value position);
  Value buildRowPrefix();
  void emitItem(Value item);
  std::pair<Value, Value> findExpert(Value unit);
  void emitPanel(Value panel);
  void emitDepthBlock(Value panel, Value from, Value to, int64_t length,
                      bool accumulates);
  void emitTiles(const TileShape &shape, Value panel, Value first, Value end,
                 Value from, Value to, int64_t length, bool accumulates);
  Value getSourceRow(Value row);
  void emitEpilogue(Value panel);
  void emitRows(Value panel, bool isMasked);
  SmallVector<Value> loadBias(Value panel, bool isMasked);
  Value remainingMask(Value total, Value first);
  Value loadNarrowTail(Value memref, ValueRange place);
  void storeNarrowTail(Value vector, ValueRange place);
  Value splat(double value);

  ImplicitLocOpBuilder b;
  moe::GroupedMatmulOp op;
  const CpuLevel &level;
  bool countTasks;
  Value x, weights, result;
  int64_t depth = ShapedType::kDynamic;
  // In the kernel.
  Value numExperts, numRows, numPanels, depthValue, prefix, groups, groupSize;
  // In a work item.
  Value sums, converted, narrow, expert, rowBegin, rowCount;
};
} // namespace

Value GroupedMatmulSchedule::loadId(Value vector, Value position) {
  Value id = memref::LoadOp::create(b, vector, position);
  return arith::IndexCastOp::create(b, b.getIndexType(), id);
}

/// prefix[e] is the number of row blocks of the experts before e. Offsets are
/// clamped, so that no block lies outside whatever they hold.
Value GroupedMatmulSchedule::buildRowPrefix() {
  auto type = MemRefType::get(ShapedType::kDynamic, b.getIndexType());
  Value blocks =
      memref::AllocOp::create(b, type, ValueRange{add(numExperts, index(1))});
  Value zero = index(0);
  memref::StoreOp::create(b, zero, blocks, zero);
  auto loop = scf::ForOp::create(b, zero, numExperts, index(1), zero);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value e = loop.getInductionVar();
  Value next = add(e, index(1));
  Value begin = min(max(loadId(op.getOffsets(), e), zero), numRows);
  Value end = min(max(loadId(op.getOffsets(), next), begin), numRows);
  Value total =
      add(loop.getRegionIterArg(0), ceilDiv(sub(end, begin), level.rowBlock));
  memref::StoreOp::create(b, total, blocks, next);
  scf::YieldOp::create(b, total);
  return blocks;
}

void GroupedMatmulSchedule::emit() {
  auto weightsType = cast<MemRefType>(weights.getType());
  depth = weightsType.getDimSize(2);
  if (ShapedType::isDynamic(depth))
    depth = cast<MemRefType>(x.getType()).getDimSize(1);
  numExperts = dim(weights, 0);
  numPanels = dim(weights, 1);
  depthValue = ShapedType::isDynamic(depth) ? dim(weights, 2) : index(depth);
  numRows = dim(result, 0);
  Value zero = index(0), one = index(1);

  // Panels of one item.
  groupSize =
      ShapedType::isDynamic(depth)
          ? max(div(index(kItemWeights / kPanelColumns), max(depthValue, one)),
                one)
          : index(std::max<int64_t>(
                kItemWeights / kPanelColumns / std::max<int64_t>(depth, 1), 1));
  groups = div(add(numPanels, sub(groupSize, one)), groupSize);
  prefix = buildRowPrefix();
  Value blocks = memref::LoadOp::create(b, prefix, numExperts);
  Value items = mul(blocks, groups);
  // A dense product is one of a single expert, and equal kernels are one.
  if (countTasks && weightsType.getDimSize(0) != 1)
    rt::CountOp::create(b, rt::Counter::ExpertTasks, items);

  auto forall = scf::ForallOp::create(
      b, ArrayRef<OpFoldResult>{zero}, ArrayRef<OpFoldResult>{items},
      ArrayRef<OpFoldResult>{one}, ValueRange{}, std::nullopt);
  b.setInsertionPointToStart(forall.getBody());
  emitItem(forall.getInductionVars()[0]);
}

/// The expert whose blocks hold number `unit`, and its first block. Of experts
/// without rows, which share their prefix with the next, none is found.
std::pair<Value, Value> GroupedMatmulSchedule::findExpert(Value unit) {
  Value zero = index(0), one = index(1);
  // The interval [low, high) halves until it has one expert.
  Value bits = arith::IndexCastOp::create(b, b.getI64Type(), numExperts);
  Value leading = math::CountLeadingZerosOp::create(b, bits);
  Value rounds =
      sub(index(64), arith::IndexCastOp::create(b, b.getIndexType(), leading));
  auto search =
      scf::ForOp::create(b, zero, rounds, one, ValueRange{zero, numExperts});
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(search.getBody());
    Value low = search.getRegionIterArg(0), high = search.getRegionIterArg(1);
    Value middle = div(add(low, high), index(2));
    Value first = memref::LoadOp::create(b, prefix, middle);
    Value isBelow =
        arith::CmpIOp::create(b, arith::CmpIPredicate::sle, first, unit);
    scf::YieldOp::create(
        b, ValueRange{arith::SelectOp::create(b, isBelow, middle, low),
                      arith::SelectOp::create(b, isBelow, high, middle)});
  }
  Value found = search.getResult(0);
  return {found, memref::LoadOp::create(b, prefix, found)};
}

void GroupedMatmulSchedule::emitItem(Value item) {
  // First of all, so that they are in the entry block of the task.
  Type f32 = b.getF32Type();
  auto alignment = b.getI64IntegerAttr(64);
  sums = memref::AllocaOp::create(
      b, MemRefType::get({level.rowBlock, kPanelColumns}, f32), alignment);
  if (!getElementTypeOrSelf(x.getType()).isF32())
    converted = memref::AllocaOp::create(
        b, MemRefType::get({level.tiles.front().rows, kDepthBlock}, f32),
        alignment);

  narrow = memref::AllocaOp::create(
      b, MemRefType::get({level.lanes}, b.getI16Type()), alignment);

  auto [found, firstBlock] = findExpert(div(item, groups));
  expert = found;
  Value endBlock = memref::LoadOp::create(b, prefix, add(expert, index(1)));
  Value inExpert = sub(item, mul(firstBlock, groups));
  Value blocks = sub(endBlock, firstBlock);
  Value group = div(inExpert, blocks), block = rem(inExpert, blocks);

  Value zero = index(0);
  Value begin = min(max(loadId(op.getOffsets(), expert), zero), numRows);
  Value end = min(loadId(op.getOffsets(), add(expert, index(1))), numRows);
  rowBegin = add(begin, mul(block, index(level.rowBlock)));
  rowCount = min(sub(end, rowBegin), index(level.rowBlock));

  Value firstPanel = mul(group, groupSize);
  Value lastPanel = min(add(firstPanel, groupSize), numPanels);
  loop(firstPanel, lastPanel, 1, [&](Value panel) { emitPanel(panel); });
}

void GroupedMatmulSchedule::emitPanel(Value panel) {
  Value zero = index(0);
  if (!ShapedType::isDynamic(depth) && depth <= kDepthBlock) {
    emitDepthBlock(panel, zero, depthValue, depth, /*accumulates=*/false);
    emitEpilogue(panel);
    return;
  }
  loop(zero, rowCount, 1, [&](Value row) {
    for (int64_t column = 0; column < kPanelColumns; column += level.lanes)
      vector::StoreOp::create(b, splat(0.0), sums,
                              ValueRange{row, index(column)});
  });
  loop(zero, depthValue, kDepthBlock, [&](Value from) {
    Value to = min(add(from, index(kDepthBlock)), depthValue);
    // Lengths differ in the last block only; what counts is whether all are
    // multiples of an unrolled iteration.
    int64_t length = ShapedType::isDynamic(depth) ? depth : depth % kDepthBlock;
    emitDepthBlock(panel, from, to, length, /*accumulates=*/true);
  });
  emitEpilogue(panel);
}

void GroupedMatmulSchedule::emitDepthBlock(Value panel, Value from, Value to,
                                           int64_t length, bool accumulates) {
  Value first = index(0);
  for (const TileShape &shape : level.tiles) {
    Value left = sub(rowCount, first);
    Value end = sub(rowCount, rem(left, index(shape.rows)));
    emitTiles(shape, panel, first, end, from, to, length, accumulates);
    first = end;
  }
}

/// The row of x that row `row` of the block is.
Value GroupedMatmulSchedule::getSourceRow(Value row) {
  Value position = add(rowBegin, row);
  if (!op.getRows())
    return position;
  Value last = sub(dim(x, 0), index(1));
  return max(min(loadId(op.getRows(), position), last), index(0));
}

/// Tiles of `shape` for the rows [first, end) of the block.
void GroupedMatmulSchedule::emitTiles(const TileShape &shape, Value panel,
                                      Value first, Value end, Value from,
                                      Value to, int64_t length,
                                      bool accumulates) {
  loop(first, end, shape.rows, [&](Value row) {
    PanelTile tile{level, shape, weights, expert, panel, x,   {},
                   from,  from,  to,      length, sums,  row, accumulates};
    if (converted) {
      tile.x = converted;
      tile.xColumn = index(0);
      loop(index(0), index(shape.rows), 1, [&](Value i) {
        Value source = getSourceRow(add(row, i));
        loop(from, to, 1, [&](Value k) {
          Value value = memref::LoadOp::create(b, x, ValueRange{source, k});
          memref::StoreOp::create(b, buildExtendToF32(b, value), converted,
                                  ValueRange{i, sub(k, from)});
        });
      });
    }
    if (accumulates && shape.rows >= kLeastFetchingRows) {
      // The next block of K, as far as the panel has one: each tile fetches its
      // share, so that memory is read all the time that is computed.
      Value unit = index(PanelTile::kRowUnits);
      Value shift = min(index(kDepthBlock), sub(depthValue, to));
      Value share = div(mul(mul(row, sub(to, from)), unit), rowCount);
      tile.ahead = add(mul(add(from, shift), unit), share);
      tile.pace = div(mul(index(shape.rows), unit), rowCount);
    }
    for (int64_t i = 0; i < shape.rows; ++i)
      tile.xRows.push_back(converted ? index(i)
                                     : getSourceRow(add(row, index(i))));
    for (int64_t part = 0; part < tile.getNumParts(); ++part)
      tile.emit(b, part);
  });
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

/// `level.lanes` elements of 16 bits at `place`, zeros past the last column.
/// There are no masked vector accesses of this width on every level (and for
/// bf16 LLVM would call into its library), so they go one by one, as integers,
/// through the stack.
Value GroupedMatmulSchedule::loadNarrowTail(Value memref, ValueRange place) {
  auto type = VectorType::get(level.lanes, b.getI16Type());
  Value zero = index(0);
  Value none = arith::ConstantOp::create(b, type, b.getZeroAttr(type));
  vector::StoreOp::create(b, none, narrow, zero);
  Value left = min(sub(dim(memref, 1), place[1]), index(level.lanes));
  loop(zero, left, 1, [&](Value i) {
    Value element = memref::LoadOp::create(
        b, memref, ValueRange{place[0], add(place[1], i)});
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
    Value vector;
    if (!isMasked) {
      vector = vector::LoadOp::create(b, type, op.getBias(), place);
    } else if (element.isF32()) {
      Value mask = remainingMask(dim(op.getBias(), 1), column);
      vector = vector::MaskedLoadOp::create(b, type, op.getBias(), place, mask,
                                            splat(0.0));
    } else {
      vector = loadNarrowTail(op.getBias(), place);
    }
    loaded.push_back(buildExtendToF32(b, vector));
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
  auto choice = scf::IfOp::create(b, isFull, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  emitRows(panel, /*isMasked=*/false);
  b.setInsertionPointToStart(choice.elseBlock());
  emitRows(panel, /*isMasked=*/true);
}

/// Whether vectors of the last dimension can be loaded and stored.
static bool hasUnitStride(Value memref) {
  return !memref || cast<MemRefType>(memref.getType()).isLastDimUnitStride();
}

namespace {
struct ScheduleGroupedMatmul
    : moec::impl::ScheduleGroupedMatmulBase<ScheduleGroupedMatmul> {
  using ScheduleGroupedMatmulBase::ScheduleGroupedMatmulBase;

  void runOnOperation() override {
    SmallVector<moe::GroupedMatmulOp> matmuls;
    getOperation().walk([&](moe::GroupedMatmulOp op) {
      if (isa<MemRefType>(op.getX().getType()) &&
          op.getLayout() == moe::Layout::Panels && !op.getQuant())
        matmuls.push_back(op);
    });
    for (moe::GroupedMatmulOp op : matmuls)
      if (failed(schedule(op)))
        return signalPassFailure();
  }

private:
  LogicalResult schedule(moe::GroupedMatmulOp op) {
    StringRef name = level;
    for (auto module = op->getParentOfType<ModuleOp>(); module && name.empty();
         module = module->getParentOfType<ModuleOp>())
      if (auto attr = module->getAttrOfType<StringAttr>(kLevelAttr))
        name = attr.getValue();
    std::optional<CpuLevel> cpu = getCpuLevel(name);
    if (!cpu)
      return op.emitError("has no schedule for CPU level '")
             << name << "', expected x86-64-v3 or x86-64-v4";
    for (Value memref : {op.getWeights(), op.getBias(), op.getInit()})
      if (!hasUnitStride(memref))
        return op.emitError("needs consecutive columns in ")
               << memref.getType();
    OpBuilder builder(op);
    GroupedMatmulSchedule(builder, op, *cpu, countTasks).emit();
    op.erase();
    return success();
  }
};
} // namespace
