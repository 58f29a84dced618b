//===-- Passes.h - from kernels to machine code ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_PASSES_H
#define MOEC_CODEGEN_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace moec {

/// Marks a kernel; on main's declaration, its number in the function table.
inline constexpr llvm::StringLiteral kKernelAttr = "moec.kernel";
/// The entry function of a module.
inline constexpr llvm::StringLiteral kMainName = "main";

#define GEN_PASS_DECL
#include "moec/CodeGen/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "moec/CodeGen/Passes.h.inc"

} // namespace moec

#endif // MOEC_CODEGEN_PASSES_H
