//===-- Moe.h - the sparse-routing dialect --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_IR_MOE_H
#define MOEC_DIALECTS_MOE_IR_MOE_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <limits>
#include <string>

namespace moec::moe::detail {
/// What every op of the dialect answers alike, from its destinations.
llvm::LogicalResult reifyFromInits(mlir::DestinationStyleOpInterface op,
                                   mlir::OpBuilder &builder,
                                   mlir::ReifiedRankedShapedTypeDims &dims);
void addBufferEffects(mlir::DestinationStyleOpInterface op,
                      llvm::SmallVectorImpl<mlir::SideEffects::EffectInstance<
                          mlir::MemoryEffects::Effect>> &effects);
mlir::Speculation::Speculatability
getSpeculatability(mlir::DestinationStyleOpInterface op);
} // namespace moec::moe::detail

#include "dialects/Moe/IR/MoeDialect.h.inc"
#include "dialects/Moe/IR/MoeEnums.h.inc"
#include "dialects/Moe/IR/MoeInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Moe/IR/MoeAttrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/Moe/IR/MoeOps.h.inc"

namespace moec::moe {
/// The f32 that the code of a small float stands for; `code` is i32, of which
/// only the float's own bits may be set.
mlir::Value buildMinifloat(mlir::ImplicitLocOpBuilder &b, MinifloatKind kind,
                           mlir::Value code);
/// The same for a power of two in eight bits (f8E8M0FNU).
mlir::Value buildPowerOfTwo(mlir::ImplicitLocOpBuilder &b, mlir::Value code);
} // namespace moec::moe

#endif // MOEC_DIALECTS_MOE_IR_MOE_H
