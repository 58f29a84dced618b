//===-- Param.cpp - the param dialect -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Param/IR/Param.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moec::param;

#include "dialects/Param/IR/ParamDialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Param/IR/ParamAttrs.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Param/IR/ParamOps.cpp.inc"

void ParamDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Param/IR/ParamAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Param/IR/ParamOps.cpp.inc"
      >();
}

LogicalResult LoadOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  auto decl =
      symbolTable.lookupNearestSymbolFrom<DeclOp>(*this, getParamAttr());
  if (!decl)
    return emitOpError("refers to ")
           << getParamAttr() << ", which no param.decl declares";
  auto declared = cast<ShapedType>(decl.getType());
  auto loaded = cast<ShapedType>(getValue().getType());
  if (declared.getShape() != loaded.getShape() ||
      declared.getElementType() != loaded.getElementType())
    return emitOpError("loads ") << loaded << " but " << getParamAttr()
                                 << " is declared as " << declared;
  return success();
}
