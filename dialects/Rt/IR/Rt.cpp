//===-- Rt.cpp - calls into the runtime, before llvm ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Rt/IR/Rt.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace moec::rt;

#include "dialects/Rt/IR/RtDialect.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Rt/IR/RtOps.cpp.inc"

void RtDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Rt/IR/RtOps.cpp.inc"
      >();
}
