//===-- Rt.h - calls into the runtime, before llvm ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_RT_IR_RT_H
#define MOEC_DIALECTS_RT_IR_RT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace moec::rt {
/// The run context: errors, counters, outputs.
struct ContextResource
    : public mlir::SideEffects::Resource::Base<ContextResource> {
  llvm::StringRef getName() final { return "RunContext"; }
};
} // namespace moec::rt

#include "dialects/Rt/IR/RtDialect.h.inc"
#include "dialects/Rt/IR/RtEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Rt/IR/RtAttrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/Rt/IR/RtOps.h.inc"

#endif // MOEC_DIALECTS_RT_IR_RT_H
