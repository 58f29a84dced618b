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
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <limits>

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

#define GET_ATTRDEF_CLASSES
#include "dialects/Moe/IR/MoeAttrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/Moe/IR/MoeOps.h.inc"

#endif // MOEC_DIALECTS_MOE_IR_MOE_H
