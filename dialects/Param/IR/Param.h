//===-- Param.h - the param dialect ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_PARAM_IR_PARAM_H
#define MOEC_DIALECTS_PARAM_IR_PARAM_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Param/IR/ParamDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Param/IR/ParamAttrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/Param/IR/ParamOps.h.inc"

#endif // MOEC_DIALECTS_PARAM_IR_PARAM_H
