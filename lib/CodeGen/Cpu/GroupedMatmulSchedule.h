//===-- GroupedMatmulSchedule.h - the CPU code of one product -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CODEGEN_CPU_GROUPEDMATMULSCHEDULE_H
#define MOEC_LIB_CODEGEN_CPU_GROUPEDMATMULSCHEDULE_H

#include "PanelTile.h"

#include "dialects/Moe/IR/Moe.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

namespace moec::cpu {

/// Depth of one block of K: 32 KB of an f32 panel, 96 KB of 96 rows. Of half
/// panels, which lie in every other line, no more stays in the first-level
/// cache.
inline constexpr int64_t kDepthBlock = 256;

/// The code of one `moe.grouped_matmul` on buffers, which replaces it.
///
/// Of matrices that no one packed (layouts kn and nk) an item copies the block
/// of K that it is about to go over, of one panel, to the stack: from there on
/// it is as of a packed one. A copy is read by all rows of the item.
class GroupedMatmulSchedule {
public:
  GroupedMatmulSchedule(mlir::OpBuilder &builder, moe::GroupedMatmulOp op,
                        const CpuLevel &level, bool countTasks)
      : b(op.getLoc(), builder), op(op), level(level), countTasks(countTasks),
        x(op.getX()), weights(op.getWeights()), result(op.getInit()) {}

  void emit();

private:
  using Value = mlir::Value;
  using ValueRange = mlir::ValueRange;
  using Values = llvm::SmallVector<Value>;
  using Body = llvm::function_ref<void(Value)>;

  /// Steps of K from `begin` to `end`: their number where it is known, or what
  /// is left of it by whole blocks.
  struct DepthBlock {
    Value begin, end;
    int64_t length;
    /// Sums are added to those of the blocks before.
    bool accumulates;
  };

  /// Where tiles find the weights.
  enum class Weights { Packed, Copied, InRows };

  // Small index arithmetic, with extents folded where they are static.
  Value index(int64_t value) {
    return mlir::arith::ConstantIndexOp::create(b, value);
  }
  Value add(Value l, Value r) { return mlir::arith::AddIOp::create(b, l, r); }
  Value sub(Value l, Value r) { return mlir::arith::SubIOp::create(b, l, r); }
  Value mul(Value l, Value r) { return mlir::arith::MulIOp::create(b, l, r); }
  Value div(Value l, Value r) { return mlir::arith::DivUIOp::create(b, l, r); }
  Value rem(Value l, Value r) { return mlir::arith::RemUIOp::create(b, l, r); }
  Value min(Value l, Value r) { return mlir::arith::MinSIOp::create(b, l, r); }
  Value max(Value l, Value r) { return mlir::arith::MaxSIOp::create(b, l, r); }
  Value ceilDiv(Value l, int64_t r) {
    return div(add(l, index(r - 1)), index(r));
  }
  static mlir::MemRefType getType(Value memref) {
    return mlir::cast<mlir::MemRefType>(memref.getType());
  }
  Value dim(Value memref, int64_t number) {
    int64_t extent = getType(memref).getDimSize(number);
    return mlir::ShapedType::isDynamic(extent)
               ? mlir::memref::DimOp::create(b, memref, number).getResult()
               : index(extent);
  }
  void loop(Value lower, Value upper, int64_t step, Body body) {
    loop(lower, upper, index(step), body);
  }
  void loop(Value lower, Value upper, Value step, Body body) {
    auto op = mlir::scf::ForOp::create(b, lower, upper, step);
    mlir::OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(op.getBody());
    body(op.getInductionVar());
  }
  /// The one body where the condition holds, the other where not.
  void choose(Value condition, llvm::function_ref<void()> then,
              llvm::function_ref<void()> otherwise);

  // Work items: GroupedMatmul.cpp
  Value loadId(Value vector, Value position);
  bool isPacked() { return op.getLayout() == moe::Layout::Panels; }
  void readExtents();
  Value buildRowPrefix();
  Value buildBlockCount();
  void emitItem(Value item);
  void allocateScratch();
  std::pair<Value, Value> findExpert(Value unit);
  void emitPanel(Value panel);
  void emitDepthBlock(Value panel, const DepthBlock &block);
  Value canReadDirectly(Value panel);
  void emitDirectly(Value panel, const DepthBlock &block);
  void emitAllTiles(Value panel, const DepthBlock &block, Weights source,
                    int64_t most);
  void emitTiles(const TileShape &shape, Value panel, Value first, Value end,
                 const DepthBlock &block, Weights source);
  Value getSourceRow(Value row);
  void convertRow(Value source, Value target, const DepthBlock &block);

  // The end of a panel's rows: GroupedMatmulRows.cpp
  void emitEpilogue(Value panel);
  void emitRows(Value panel, bool isMasked);
  Values loadBias(Value panel, bool isMasked);

  // Blocks of matrices in rows: GroupedMatmulCopy.cpp
  Value isFull(Value panel);
  void emitDots(Value panel, const DepthBlock &block);
  Value emitDot(ValueRange columns, Value row, const DepthBlock &block);
  Values getColumns(Value panel, int64_t first);
  Value loadLanes(Value memref, ValueRange place, bool isMasked);
  void copyBlock(Value panel, const DepthBlock &block);
  void copyRows(Value panel, const DepthBlock &block, bool isMasked);
  void copyColumns(Value panel, const DepthBlock &block);
  void copySquare(ValueRange columns, Value k, Value copyRow, int64_t first,
                  bool isMasked);
  Values transpose(Values rows);
  Value getSourceColumn(Value panel, Value column);
  Value loadSteps(Value column, Value k, bool isMasked);

  // Their numbers, where they are codes: GroupedMatmulCodes.cpp
  moe::QuantAttr getFormat();
  Value getBlock(Value k);
  Value loadByte(Value codes, ValueRange place);
  Value loadCode(Value codes, ValueRange row, Value number);
  Value loadZeroPoint(Value row, Value k);
  Value loadScale(Value row, Value k);
  Value unpackBytes(Value bytes);
  Value dequantiseSteps(Value row, Value k);
  Value dequantiseTail(Value row, Value k);
  Value dequantise(Value row, Value k);

  // Vectors of `level.lanes` elements: GroupedMatmulRows.cpp
  Value splat(double value);
  Value remainingMask(Value total, Value first);
  Value loadTail(Value memref, ValueRange place);
  Value loadNarrowTail(Value memref, ValueRange place);
  void storeNarrowTail(Value vector, ValueRange place);

  mlir::ImplicitLocOpBuilder b;
  moe::GroupedMatmulOp op;
  const CpuLevel &level;
  bool countTasks;
  Value x, weights, result;
  int64_t depth = mlir::ShapedType::kDynamic;
  // In the kernel. `prefix` where there are offsets, else what every matrix
  // has.
  Value numExperts, numRows, numPanels, depthValue, groups, groupSize;
  Value prefix, rowsEach, blocksEach;
  // In a work item. `copy` of matrices that are not packed.
  Value sums, converted, narrow, tail, copy, expert, rowBegin, rowCount;
};

} // namespace moec::cpu

#endif // MOEC_LIB_CODEGEN_CPU_GROUPEDMATMULSCHEDULE_H
