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

/// Marks a kernel; once there are CPU levels, its slot in the function table,
/// on main's declaration as on each level's function of that name.
inline constexpr llvm::StringLiteral kKernelAttr = "moec.kernel";
/// On a nested module of kernels: the CPU level, as LLVM names it.
inline constexpr llvm::StringLiteral kLevelAttr = "moec.level";
/// On an llvm function: has the signature of a runtime task already.
inline constexpr llvm::StringLiteral kTaskEntryAttr = "moec.task_entry";
/// On the module: [node, message] of everything that can fail at run time. On
/// such an op of main: its index there; of a kernel: MOEC_KERNEL_SITE. On the
/// call of a kernel: the index of the kernel's first message.
inline constexpr llvm::StringLiteral kSitesAttr = "moec.sites";
inline constexpr llvm::StringLiteral kSiteAttr = "moec.site";
/// On the module: [name, number of experts, choices of a token or -1] of each
/// layer that an rt.profile of main numbers.
inline constexpr llvm::StringLiteral kMoeLayersAttr = "moec.moe_layers";
/// On a result of main and on its rt.output: the number of the input whose
/// buffer it may share. On a destination of a kernel: the number of the
/// argument that it continues, in the same buffer or in another.
inline constexpr llvm::StringLiteral kAliasAttr = "moec.alias";
/// The entry function of a module.
inline constexpr llvm::StringLiteral kMainName = "main";

#define GEN_PASS_DECL
#include "moec/CodeGen/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "moec/CodeGen/Passes.h.inc"

} // namespace moec

#endif // MOEC_CODEGEN_PASSES_H
