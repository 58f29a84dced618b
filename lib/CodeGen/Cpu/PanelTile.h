//===-- PanelTile.h - register tiles over packed panels -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CODEGEN_CPU_PANELTILE_H
#define MOEC_LIB_CODEGEN_CPU_PANELTILE_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <optional>

namespace moec::cpu {

/// Columns of one panel of packed weights.
inline constexpr int64_t kPanelColumns = 32;

/// What a tile of `rows` rows keeps in registers.
struct TileShape {
  int64_t rows;
  /// Vectors of columns held at once: all of a panel, or half of it.
  int64_t vectors;
  /// Partial sums kept beside each other so that the latency of a fused
  /// multiply-add does not bound tiles of few rows.
  int64_t splits;
  /// Steps of K that one iteration makes. The compiler loads all weights of an
  /// iteration first, so they count as registers; a multiple of `splits`.
  int64_t unroll;
};

/// The register file of a CPU level, and the tiles that fill it.
struct CpuLevel {
  llvm::StringLiteral name;
  /// f32 lanes of a vector.
  int64_t lanes;
  /// Largest first; each takes what the one before leaves, the last has one
  /// row.
  llvm::ArrayRef<TileShape> tiles;
  /// Rows of one work item: a multiple of the largest tile, such that the rows
  /// of one block of K stay in the second-level cache beside the panel.
  int64_t rowBlock;
};

/// The level whose registers code for `name` (x86-64-v3, x86-64-v4, and these
/// followed by `+features`) uses.
std::optional<CpuLevel> getCpuLevel(llvm::StringRef name);

/// One panel times some rows, over a range of K.
struct PanelTile {
  const CpuLevel &level;
  TileShape shape;
  /// Weights `[E, P, K, 32]` and the panel's place in them.
  mlir::Value weights, expert, panel;
  /// Rows to multiply: `x[xRows[i], xColumn + k - from]`.
  mlir::Value x;
  llvm::SmallVector<mlir::Value> xRows;
  mlir::Value xColumn;
  /// The range of K, and its length where known.
  mlir::Value from, to;
  int64_t length;
  /// Sums go to `sums[firstRow + i, 0..31]`, added to what is there if
  /// `accumulates`.
  mlir::Value sums, firstRow;
  bool accumulates;
  /// While the tile goes over K, the panel's weights from row `ahead` on are
  /// fetched into the second-level cache, `pace` rows for each step. Both are
  /// in parts of a row, kRowUnits to one; null where nothing is fetched.
  mlir::Value ahead = nullptr, pace = nullptr;
  /// The step of K that the first row of `weights` is; null: the first.
  mlir::Value origin = nullptr;
  /// Weights are `[E, K, N]` instead, all columns of the panel among them.
  bool inRows = false;
  static constexpr int64_t kRowUnits = 1 << 16;

  /// Emits the tile at the builder's position. `group` says which of the
  /// 32 / (vectors * lanes) parts of the panel; vector v of part g has the
  /// columns `getColumn(v, g)` and the lanes - 1 behind.
  void emit(mlir::ImplicitLocOpBuilder &b, int64_t part) const;

  int64_t getNumParts() const {
    return kPanelColumns / (shape.vectors * level.lanes);
  }

private:
  mlir::Value loadWeights(mlir::ImplicitLocOpBuilder &b, mlir::Value row,
                          int64_t column) const;
  void emitFetch(mlir::ImplicitLocOpBuilder &b, mlir::Value position,
                 int64_t part) const;
  llvm::SmallVector<mlir::Value> emitSteps(mlir::ImplicitLocOpBuilder &b,
                                           mlir::Value k, int64_t steps,
                                           int64_t part,
                                           mlir::ValueRange sums) const;
  int64_t getColumn(int64_t vector, int64_t part) const {
    return (part * shape.vectors + vector) * level.lanes;
  }
};

} // namespace moec::cpu

#endif // MOEC_LIB_CODEGEN_CPU_PANELTILE_H
