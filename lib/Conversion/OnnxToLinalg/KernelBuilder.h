//===-- KernelBuilder.h - parallel loops over tiles of tensors ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CONVERSION_ONNXTOLINALG_KERNELBUILDER_H
#define MOEC_LIB_CONVERSION_ONNXTOLINALG_KERNELBUILDER_H

#include "lib/Conversion/MoeToLoops/LoopBuilder.h"

#include "dialects/Rt/IR/Rt.h"

namespace moec {

/// Loops over elements, and around them parallel loops whose items each own a
/// tile of every destination. Items never allocate: their scratch is a tile of
/// a tensor from `scratch`, given back with `release`.
class KernelBuilder : public moe::LoopBuilder {
public:
  using Scalar = llvm::function_ref<mlir::Value(mlir::Value)>;

  using moe::LoopBuilder::LoopBuilder;

  /// An item's part of a destination. The first `numDropped` sizes are 1, and
  /// the item sees a tile without these dimensions.
  struct Tile {
    llvm::SmallVector<mlir::OpFoldResult> offsets, sizes;
    unsigned numDropped;
  };
  /// The tiles of an item, one a destination, from its position.
  using Tiler = llvm::function_ref<llvm::SmallVector<Tile>(mlir::ValueRange)>;
  /// What an item does: position and tiles to new tiles.
  using Item = llvm::function_ref<Values(mlir::ValueRange, mlir::ValueRange)>;

  /// forall (i, j, ...) in counts. Returns the destinations.
  Values parallel(mlir::ValueRange counts, mlir::ValueRange destinations,
                  Tiler tiler, Item item);
  /// The tile tensor[position..., :, ...].
  Tile getRow(mlir::Value tensor, mlir::ValueRange position);

  mlir::Value scratch(llvm::ArrayRef<mlir::OpFoldResult> sizes);
  /// Ends the life of scratch: `result` of the parallel loop that wrote it.
  /// The loop would lose a destination that nobody reads, and with it the right
  /// to write there.
  void release(mlir::Value result);

  /// Records an error of the run unless `condition` holds.
  void record(mlir::Value condition, rt::Status status,
              llvm::StringRef message);

  /// How many rows of a cache's past are still to be copied to `present`, the
  /// destination as the kernel got it: none where both are one buffer.
  mlir::Value countRowsToCopy(mlir::Value past, mlir::Value present,
                              mlir::Value numRows);

  /// sum of a(i) * c(i) for i in [from, to), in any order.
  mlir::Value dot(mlir::Value from, mlir::Value to, Scalar a, Scalar c);
  /// tensor[at..., i] = element(i) for i in [0, size)
  mlir::Value fill(mlir::Value tensor, mlir::ValueRange at, mlir::Value size,
                   Scalar element);
  mlir::Value maximum(mlir::Value a, mlir::Value c);
  mlir::Value minimum(mlir::Value a, mlir::Value c);
  mlir::Value infinity(bool negative);

  /// total + a * c, in one rounding where the machine can. A sum that may be
  /// taken in any order is one that vectors can take.
  mlir::Value accumulate(mlir::Value total, mlir::Value a, mlir::Value c,
                         bool anyOrder = false);
  mlir::OpFoldResult extent(mlir::Value tensor, unsigned number);
};

} // namespace moec

#endif // MOEC_LIB_CONVERSION_ONNXTOLINALG_KERNELBUILDER_H
