//===-- VectorMath.h - functions of f32 without libm ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every function takes and gives f32 or a vector of f32 and is made of arith
// and math.fma alone. NaN in gives NaN out. The stated errors hold over all
// inputs and are checked exhaustively or by dense sampling in the tests.
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_VECTORMATH_H
#define MOEC_CODEGEN_VECTORMATH_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace moec {

/// e^x, relative error below 2e-7 where the result is normal; underflow is
/// gradual, overflow gives infinity.
mlir::Value buildExp(mlir::ImplicitLocOpBuilder &b, mlir::Value x);

/// 1 / (1 + e^-x), relative error below 4e-7 where the result is normal.
mlir::Value buildSigmoid(mlir::ImplicitLocOpBuilder &b, mlir::Value x);

/// erf(x), absolute error below 2e-7, relative below 3e-7 for |x| < 1.
mlir::Value buildErf(mlir::ImplicitLocOpBuilder &b, mlir::Value x);

/// f16 or bf16 (or vectors of them) to f32, exactly; f32 stays.
mlir::Value buildExtendToF32(mlir::ImplicitLocOpBuilder &b, mlir::Value value);

/// f32 (or a vector) to the element type f32, f16 or bf16, to nearest even.
mlir::Value buildRoundFromF32(mlir::ImplicitLocOpBuilder &b, mlir::Value value,
                              mlir::Type element);

} // namespace moec

#endif // MOEC_CODEGEN_VECTORMATH_H
