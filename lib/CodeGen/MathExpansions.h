//===-- MathExpansions.h - functions of doubles as polynomials ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CODEGEN_MATHEXPANSIONS_H
#define MOEC_LIB_CODEGEN_MATHEXPANSIONS_H

#include "mlir/IR/PatternMatch.h"

namespace moec {

/// exp, expm1, log, log1p, tanh, erf, sin, cos and pow of f64, of scalars and
/// vectors; sin, cos and pow of f32 too, which are computed in f64 because no
/// f32 polynomial survives their range reduction. Relative errors against the
/// exact value: a few units in the last place of f64; pow, 1e-13; sin and cos,
/// absolute 1e-15 up to |x| = 1e5, growing by 1e-16 * |x| * 2^-33 beyond.
void populateMathExpansions(mlir::RewritePatternSet &patterns);

} // namespace moec

#endif // MOEC_LIB_CODEGEN_MATHEXPANSIONS_H
