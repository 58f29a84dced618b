//===-- Activations.h - activations of vectors ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CODEGEN_CPU_ACTIVATIONS_H
#define MOEC_LIB_CODEGEN_CPU_ACTIVATIONS_H

#include "dialects/Moe/IR/Moe.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace moec::cpu {

/// The result's vectors from a panel's, all of f32: with a gated activation
/// half as many, from the gates in the first half and the ups in the second.
llvm::SmallVector<mlir::Value>
buildActivation(mlir::ImplicitLocOpBuilder &b, moe::ActivationAttr activation,
                llvm::ArrayRef<mlir::Value> sums);

} // namespace moec::cpu

#endif // MOEC_LIB_CODEGEN_CPU_ACTIVATIONS_H
