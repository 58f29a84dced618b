//===-- Reduction.h - what reductions fold, wherever they do --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CONVERSION_ONNXTOLINALG_REDUCTION_H
#define MOEC_LIB_CONVERSION_ONNXTOLINALG_REDUCTION_H

#include "Scalar.h"

namespace moec {

/// A reduction: neutral element and fold, then `finish`.
struct Reduction {
  llvm::StringRef name;
  mlir::Value (*neutral)(Scalar &s);
  /// Null where the terms are `exp(x - max)`, which are summed.
  mlir::Value (*combine)(Scalar &s, mlir::Value element,
                         mlir::Value accumulator);

  /// Whether there is a first fold, to the maximum.
  bool needsMax() const { return !combine; }
  /// Whether `finish` asks how many elements were folded.
  bool needsCount() const;
  mlir::Value fold(Scalar &s, mlir::Value element, mlir::Value accumulator,
                   mlir::Value max) const;
  /// The result, from what was folded. `element` is the ONNX element type.
  mlir::Value finish(Scalar &s, mlir::Value accumulator, mlir::Value max,
                     mlir::Value count, mlir::Type element) const;
};

/// The maximum to subtract before exp: 0 in place of an infinite one, which
/// would make NaN of `x - max`.
mlir::Value buildFiniteMax(Scalar &s, mlir::Value max);

/// A reduction whose axes only the run knows.
mlir::Value buildRuntimeReduction(mlir::OpBuilder &builder, mlir::Operation *op,
                                  mlir::ValueRange operands,
                                  const Reduction &reduction, mlir::Value init);

} // namespace moec

#endif // MOEC_LIB_CONVERSION_ONNXTOLINALG_REDUCTION_H
