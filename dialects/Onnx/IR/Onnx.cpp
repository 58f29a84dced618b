//===-- Onnx.cpp - the onnx dialect ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moec::onnx;

#include "dialects/Onnx/IR/OnnxDialect.cpp.inc"
#include "dialects/Onnx/IR/OnnxEnums.cpp.inc"
#include "dialects/Onnx/IR/OnnxInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Onnx/IR/OnnxAttrs.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Onnx/IR/OnnxOps.cpp.inc"

void OnnxDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Onnx/IR/OnnxAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Onnx/IR/OnnxOps.cpp.inc"
      >();
}
