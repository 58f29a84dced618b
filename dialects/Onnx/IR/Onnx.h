//===-- Onnx.h - the onnx dialect -----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNX_H
#define MOEC_DIALECTS_ONNX_IR_ONNX_H

#include "dialects/Onnx/IR/ShapeContext.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Onnx/IR/OnnxDialect.h.inc"
#include "dialects/Onnx/IR/OnnxInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Onnx/IR/OnnxAttrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/Onnx/IR/OnnxOps.h.inc"

#endif // MOEC_DIALECTS_ONNX_IR_ONNX_H
