//===-- Rt.cpp - calls into the runtime, before llvm ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moec::rt;

#include "dialects/Rt/IR/RtDialect.cpp.inc"
#include "dialects/Rt/IR/RtEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Rt/IR/RtAttrs.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Rt/IR/RtOps.cpp.inc"

void RtDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Rt/IR/RtAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Rt/IR/RtOps.cpp.inc"
      >();
}

LogicalResult ParallelOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  auto task =
      symbolTable.lookupNearestSymbolFrom<func::FuncOp>(*this, getTaskAttr());
  if (!task) // Already lowered with its users in the same conversion.
    return success();
  SmallVector<Type> expected = {IndexType::get(getContext())};
  llvm::append_range(expected, getCaptures().getTypes());
  if (task.getArgumentTypes() != ArrayRef<Type>(expected) ||
      task.getNumResults() != 0)
    return emitOpError("runs ")
           << getTaskAttr() << " of type " << task.getFunctionType()
           << ", which does not take the operands";
  return success();
}
