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
/// vectors; log, log1p, sin, cos and pow of f32 too, computed in f64, because
/// upstream's f32 forms lose denormals (log), large arguments (sin, cos) and
/// large results (pow). Relative errors, tested: 1e-15 in f64 (sin and cos up
/// to |x| = 1e5, pow 1e-13), 4e-7 in f32. Beyond |x| = 2^50 sin and cos are
/// those of 0: the argument says nothing of the angle any more.
void populateMathExpansions(mlir::RewritePatternSet &patterns);

} // namespace moec

#endif // MOEC_LIB_CODEGEN_MATHEXPANSIONS_H
