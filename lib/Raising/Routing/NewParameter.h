//===-- NewParameter.h - parameters made of others ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_NEWPARAMETER_H
#define MOEC_LIB_RAISING_ROUTING_NEWPARAMETER_H

#include "dialects/Param/IR/Param.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"

namespace moec::routing {

/// The recipe of a parameter that is loaded, or of a small constant; null for
/// every other value.
param::RecipeInterface getRecipe(mlir::Value value,
                                 const mlir::SymbolTable &symbols);

/// Declares what the recipe makes, beside the parameter that `base` loads where
/// it does, and loads it at the builder's place.
mlir::Value loadNewParameter(mlir::OpBuilder &builder, mlir::Location loc,
                             mlir::SymbolTable &symbols, mlir::Value base,
                             param::RecipeInterface recipe,
                             llvm::StringRef suffix);

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_NEWPARAMETER_H
