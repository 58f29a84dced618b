//===-- AttentionCore.h - what all attention operators share --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CONVERSION_ONNXTOLINALG_ATTENTIONCORE_H
#define MOEC_LIB_CONVERSION_ONNXTOLINALG_ATTENTIONCORE_H

#include "KernelBuilder.h"

#include <functional>

namespace moec {

/// Attention, by what its operators differ in. `b`, `n`, `s`, `t`, `d` are
/// batch, query head, query row, key row and position within a head.
struct Attention {
  using Element = std::function<mlir::Value(mlir::Value b, mlir::Value n,
                                            mlir::Value t, mlir::Value d)>;

  /// `[B, S, N * valueSize]`, its contents of no meaning.
  mlir::Value output;
  /// B, S and the number of keys, all of them index values.
  mlir::Value batch, length, total;
  int64_t numHeads, keySize, valueSize;
  /// Fills a row of `keySize` with a query, scaled.
  std::function<mlir::Value(mlir::Value b, mlir::Value n, mlir::Value s,
                            mlir::Value row)>
      fillQuery;
  Element key, value;
  /// The keys [first, last) that a query row sees.
  std::function<std::pair<mlir::Value, mlir::Value>(mlir::Value b,
                                                    mlir::Value s)>
      range;
  /// The final score of a product.
  std::function<mlir::Value(mlir::Value product, mlir::Value b, mlir::Value n,
                            mlir::Value s, mlir::Value t)>
      score;
  /// One more term of the denominator; none where this is empty.
  std::function<mlir::Value(mlir::Value n)> sink;
};

/// softmax(scores) * values, one item a batch and head. A row that sees no key
/// gets zeros. Returns the output.
mlir::Value buildAttention(KernelBuilder &l, const Attention &attention);

/// Tables of cosines and sines.
struct Rotation {
  mlir::Value cos, sin;
  bool isInterleaved;
  /// Columns of the tables that are used.
  int64_t half;
};

/// row[at..., i] = rotated element(i) for i in [0, size), by row `position` of
/// the tables, from data: outside of them an error is recorded.
mlir::Value fillRotated(KernelBuilder &l, const Rotation &rotation,
                        mlir::ValueRange position,
                        KernelBuilder::Scalar element, mlir::Value row,
                        mlir::ValueRange at, int64_t size, float scale);

} // namespace moec

#endif // MOEC_LIB_CONVERSION_ONNXTOLINALG_ATTENTIONCORE_H
