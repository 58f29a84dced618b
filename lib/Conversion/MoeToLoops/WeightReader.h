//===-- WeightReader.h - elements of stored weights -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CONVERSION_MOETOLOOPS_WEIGHTREADER_H
#define MOEC_LIB_CONVERSION_MOETOLOOPS_WEIGHTREADER_H

#include "LoopBuilder.h"

namespace moec::moe {

/// The weights of all experts, and what their codes stand for. All but the
/// weights may be null.
struct StoredWeights {
  mlir::Value weights, scales, zeroPoints, globalScales;
  WeightFormat format;
};

/// Element (expert, column, depth) of the weights of all experts, as f32.
class WeightReader {
public:
  WeightReader(LoopBuilder &l, const StoredWeights &stored, Layout layout,
               bool gated);

  /// `column` is an output column i; `up` picks the second of a gated pair.
  mlir::Value read(mlir::Value expert, mlir::Value column, bool up,
                   mlir::Value depth);
  mlir::Value readBias(mlir::Value bias, mlir::Value expert, mlir::Value column,
                       bool up);

private:
  /// Gate and up of output column i are source columns 2i and 2i + 1.
  mlir::Value getSourceColumn(mlir::Value column, bool up);
  mlir::Value readQuantised(mlir::Value expert, mlir::Value column,
                            mlir::Value depth);
  /// The code at `number` of a row of codes, as i32.
  mlir::Value readCode(mlir::Value codes, mlir::ValueRange row,
                       mlir::Value number);
  mlir::Value readZeroPoint(mlir::Value expert, mlir::Value column,
                            mlir::Value block);
  mlir::Value readScale(mlir::Value expert, mlir::Value column,
                        mlir::Value block);

  LoopBuilder &l;
  StoredWeights stored;
  Layout layout;
  bool gated;
};

/// The same tensor with elements that arithmetic and loops know: integers
/// without a sign.
mlir::Value toSignless(LoopBuilder &l, mlir::Value tensor);

} // namespace moec::moe

#endif // MOEC_LIB_CONVERSION_MOETOLOOPS_WEIGHTREADER_H
