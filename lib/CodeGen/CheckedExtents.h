//===-- CheckedExtents.h - extents that do not wrap ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CODEGEN_CHECKEDEXTENTS_H
#define MOEC_LIB_CODEGEN_CHECKEDEXTENTS_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace moec {

/// Whether an extent may leave 64 bits, where each symbol is 0 to 2^40 and so
/// is the product of the extents of one input: the runtime refuses larger
/// inputs, and what makes other symbols checks them. `inputs` are the inputs'
/// shapes.
bool mayWrap(mlir::AffineExpr extent, llvm::ArrayRef<mlir::AffineMap> inputs);

/// Ends the run where an extent leaves 64 bits in any step of its arithmetic.
/// `getSymbol` gives the value of a symbol, of index type.
void buildWrapCheck(mlir::OpBuilder &builder, mlir::Location loc,
                    mlir::AffineExpr extent,
                    llvm::function_ref<mlir::Value(unsigned)> getSymbol);

} // namespace moec

#endif // MOEC_LIB_CODEGEN_CHECKEDEXTENTS_H
