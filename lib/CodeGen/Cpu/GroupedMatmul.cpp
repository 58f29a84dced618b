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
// depends on the offsets alone, never on the number of threads. Matrices in
// rows (layouts kn and nk) come a block of K of a panel at a time to the stack
// first.
//
//===----------------------------------------------------------------------===//

#include "GroupedMatmulSchedule.h"

#include "moec/CodeGen/Passes.h"
#include "moec/CodeGen/VectorMath.h"

#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace moec {
#define GEN_PASS_DEF_SCHEDULEGROUPEDMATMUL
#include "moec/CodeGen/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;
using namespace moec::cpu;

static_assert(kPanelColumns == moe::MoeDialect::kPanelColumns);

/// Weights of one work item, where the panels are small: enough that handing
/// out items costs nothing beside them.
static constexpr int64_t kItemWeights = 1 << 16;
/// Tiles of fewer rows read each weight once, as fast as memory gives it.
static constexpr int64_t kLeastFetchingRows = 2;
/// As many rows read a matrix that is not packed where it lies.
static constexpr int64_t kMostDirectRows = 2;

/// Whether vectors of the last dimension can be loaded and stored.
static bool hasUnitStride(Value memref) {
  return !memref || cast<MemRefType>(memref.getType()).isLastDimUnitStride();
}

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

/// Row blocks of all matrices.
Value GroupedMatmulSchedule::buildBlockCount() {
  if (op.getOffsets()) {
    prefix = buildRowPrefix();
    return memref::LoadOp::create(b, prefix, numExperts);
  }
  rowsEach = div(numRows, max(numExperts, index(1)));
  blocksEach = ceilDiv(rowsEach, level.rowBlock);
  return mul(numExperts, blocksEach);
}

void GroupedMatmulSchedule::readExtents() {
  unsigned depthDim = op.getLayout() == moe::Layout::KN ? 1 : 2;
  // Codes may share bytes.
  depth = op.getQuant() ? getType(x).getDimSize(1)
                        : getType(weights).getDimSize(depthDim);
  if (ShapedType::isDynamic(depth))
    depth = getType(x).getDimSize(1);
  depthValue = dim(x, 1);
  if (!ShapedType::isDynamic(depth))
    depthValue = index(depth);
  numExperts = dim(weights, 0);
  numPanels = isPacked() ? dim(weights, 1)
                         : ceilDiv(dim(weights, 3 - depthDim), kPanelColumns);
  numRows = dim(result, 0);
}

void GroupedMatmulSchedule::emit() {
  readExtents();
  Value zero = index(0), one = index(1);

  // Panels of one item.
  groupSize =
      ShapedType::isDynamic(depth)
          ? max(div(index(kItemWeights / kPanelColumns), max(depthValue, one)),
                one)
          : index(std::max<int64_t>(
                kItemWeights / kPanelColumns / std::max<int64_t>(depth, 1), 1));
  groups = div(add(numPanels, sub(groupSize, one)), groupSize);
  Value blocks = buildBlockCount();
  Value items = mul(blocks, groups);
  // A dense product is one of a single expert, and equal kernels are one; one
  // of two activations has no offsets.
  if (countTasks && op.getOffsets() && getType(weights).getDimSize(0) != 1)
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

/// First of all in an item, so that it is in the entry block of the task.
void GroupedMatmulSchedule::allocateScratch() {
  auto allocate = [&](ArrayRef<int64_t> shape, Type element) -> Value {
    return memref::AllocaOp::create(b, MemRefType::get(shape, element),
                                    b.getI64IntegerAttr(64));
  };
  Type f32 = b.getF32Type();
  sums = allocate({level.rowBlock, kPanelColumns}, f32);
  if (!getElementTypeOrSelf(x.getType()).isF32())
    converted = allocate({level.tiles.front().rows, kDepthBlock}, f32);
  if (!isPacked())
    copy = allocate({1, 1, kDepthBlock, kPanelColumns}, f32);
  narrow = allocate(level.lanes, b.getI16Type());
  if (op.getQuant())
    tail = allocate(level.lanes, f32);
}

void GroupedMatmulSchedule::emitItem(Value item) {
  allocateScratch();
  Value unit = div(item, groups), zero = index(0);
  Value firstBlock, blocks, begin, end;
  if (op.getOffsets()) {
    std::tie(expert, firstBlock) = findExpert(unit);
    Value next = add(expert, index(1));
    blocks = sub(memref::LoadOp::create(b, prefix, next), firstBlock);
    begin = min(max(loadId(op.getOffsets(), expert), zero), numRows);
    end = min(loadId(op.getOffsets(), next), numRows);
  } else {
    // Without a block there is no item.
    blocks = max(blocksEach, index(1));
    expert = div(unit, blocks);
    firstBlock = mul(expert, blocks);
    begin = mul(expert, rowsEach);
    end = add(begin, rowsEach);
  }
  Value inExpert = sub(item, mul(firstBlock, groups));
  Value group = div(inExpert, blocks), block = rem(inExpert, blocks);
  rowBegin = add(begin, mul(block, index(level.rowBlock)));
  rowCount = min(sub(end, rowBegin), index(level.rowBlock));

  Value firstPanel = mul(group, groupSize);
  Value lastPanel = min(add(firstPanel, groupSize), numPanels);
  loop(firstPanel, lastPanel, 1, [&](Value panel) { emitPanel(panel); });
}

void GroupedMatmulSchedule::emitPanel(Value panel) {
  Value zero = index(0);
  if (!ShapedType::isDynamic(depth) && depth <= kDepthBlock) {
    emitDepthBlock(panel, {zero, depthValue, depth, /*accumulates=*/false});
    emitEpilogue(panel);
    return;
  }
  loop(zero, rowCount, 1, [&](Value row) {
    for (int64_t column = 0; column < kPanelColumns; column += level.lanes)
      vector::StoreOp::create(b, splat(0.0), sums,
                              ValueRange{row, index(column)});
  });
  loop(zero, depthValue, kDepthBlock, [&](Value begin) {
    Value end = min(add(begin, index(kDepthBlock)), depthValue);
    // Lengths differ in the last block only; what counts is whether all are
    // multiples of an unrolled iteration.
    int64_t length = ShapedType::isDynamic(depth) ? depth : depth % kDepthBlock;
    emitDepthBlock(panel, {begin, end, length, /*accumulates=*/true});
  });
  emitEpilogue(panel);
}

void GroupedMatmulSchedule::emitDepthBlock(Value panel,
                                           const DepthBlock &block) {
  if (isPacked())
    return emitAllTiles(panel, block, Weights::Packed, level.rowBlock);
  auto emitCopy = [&] {
    copyBlock(panel, block);
    emitAllTiles(panel, block, Weights::Copied, level.rowBlock);
  };
  // Dots read vectors of x.
  if (op.getLayout() == moe::Layout::NK && !hasUnitStride(x))
    return emitCopy();
  choose(canReadDirectly(panel), [&] { emitDirectly(panel, block); }, emitCopy);
}

/// A copy pays where many rows read it.
Value GroupedMatmulSchedule::canReadDirectly(Value panel) {
  Value isFew = arith::CmpIOp::create(b, arith::CmpIPredicate::sle, rowCount,
                                      index(kMostDirectRows));
  if (op.getLayout() == moe::Layout::NK)
    return isFew;
  return arith::AndIOp::create(b, isFew, isFull(panel));
}

void GroupedMatmulSchedule::emitDirectly(Value panel, const DepthBlock &block) {
  if (op.getLayout() == moe::Layout::NK)
    return emitDots(panel, block);
  emitAllTiles(panel, block, Weights::InRows, kMostDirectRows);
}

/// Tiles of all rows of the item, of which there are `most` at most.
void GroupedMatmulSchedule::emitAllTiles(Value panel, const DepthBlock &block,
                                         Weights source, int64_t most) {
  Value first = index(0);
  for (const TileShape &shape : level.tiles) {
    if (shape.rows > most)
      continue;
    Value left = sub(rowCount, first);
    Value end = sub(rowCount, rem(left, index(shape.rows)));
    emitTiles(shape, panel, first, end, block, source);
    first = end;
  }
}

/// The row of x that row `row` of the block is.
Value GroupedMatmulSchedule::getSourceRow(Value row) {
  Value position = add(rowBegin, row);
  Value last = sub(dim(x, 0), index(1));
  if (op.getRows())
    return max(min(loadId(op.getRows(), position), last), index(0));
  // No position is past the last row. But of rows at a distance that only the
  // run knows LLVM would compute each from the one before, in every step, and
  // spill sums meanwhile; of these it does not know that they follow each
  // other, and finds all of them in front of the loop.
  return getType(x).isDynamicDim(1) ? min(position, last) : position;
}

/// A block of a row of x, in f32, becomes a row of the small buffer.
void GroupedMatmulSchedule::convertRow(Value source, Value target,
                                       const DepthBlock &block) {
  Value rest = block.begin;
  if (hasUnitStride(x)) {
    auto type = VectorType::get(level.lanes, getElementTypeOrSelf(x.getType()));
    Value length = sub(block.end, block.begin);
    rest = sub(block.end, rem(length, index(level.lanes)));
    loop(block.begin, rest, level.lanes, [&](Value k) {
      Value values = vector::LoadOp::create(b, type, x, ValueRange{source, k});
      vector::StoreOp::create(b, buildExtendToF32(b, values), converted,
                              ValueRange{target, sub(k, block.begin)});
    });
  }
  loop(rest, block.end, 1, [&](Value k) {
    Value value = memref::LoadOp::create(b, x, ValueRange{source, k});
    memref::StoreOp::create(b, buildExtendToF32(b, value), converted,
                            ValueRange{target, sub(k, block.begin)});
  });
}

/// Tiles of `shape` for the rows [first, end) of the block.
void GroupedMatmulSchedule::emitTiles(const TileShape &shape, Value panel,
                                      Value first, Value end,
                                      const DepthBlock &block, Weights source) {
  Value from = block.begin, to = block.end, length = sub(to, from);
  loop(first, end, shape.rows, [&](Value row) {
    PanelTile tile{
        level, shape, weights, expert,       panel, x,   {},
        from,  from,  to,      block.length, sums,  row, block.accumulates};
    tile.inRows = source == Weights::InRows;
    if (source == Weights::Copied) {
      tile.weights = copy;
      tile.expert = tile.panel = index(0);
      tile.origin = from;
    }
    if (converted) {
      tile.x = converted;
      tile.xColumn = index(0);
      loop(index(0), index(shape.rows), 1,
           [&](Value i) { convertRow(getSourceRow(add(row, i)), i, block); });
    }
    if (source == Weights::Packed && block.accumulates &&
        shape.rows >= kLeastFetchingRows) {
      // The next block of K, as far as the panel has one: each tile fetches its
      // share, so that memory is read all the time that is computed.
      Value unit = index(PanelTile::kRowUnits);
      Value shift = min(index(kDepthBlock), sub(depthValue, to));
      Value share = div(mul(mul(row, length), unit), rowCount);
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

namespace {
struct ScheduleGroupedMatmul
    : moec::impl::ScheduleGroupedMatmulBase<ScheduleGroupedMatmul> {
  using ScheduleGroupedMatmulBase::ScheduleGroupedMatmulBase;

  void runOnOperation() override {
    SmallVector<moe::GroupedMatmulOp> matmuls;
    getOperation().walk([&](moe::GroupedMatmulOp op) {
      // Codes have no sign in their type any more.
      Type element = getElementTypeOrSelf(op.getWeights().getType());
      if (isa<MemRefType>(op.getX().getType()) && op.ownsSchedule() &&
          !element.isUnsignedInteger())
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
