//===-- Param.h - the param dialect ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_PARAM_IR_PARAM_H
#define MOEC_DIALECTS_PARAM_IR_PARAM_H

#include "dialects/Param/IR/ValueSource.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <memory>
#include <optional>

#include "dialects/Param/IR/ParamDialect.h.inc"

namespace moec::param {

/// Columns of a panel of `#param.pack_panels`.
inline constexpr int64_t kPanelColumns = 32;

/// Recipes nest at most this deep and are made of at most this many, counted as
/// a tree: walking one is safe recursion and ends.
inline constexpr int64_t kMaxRecipeDepth = 64;
inline constexpr int64_t kMaxRecipeNodes = 65536;

/// Bits an element takes in a file: 8 for i1, 4 for the 4-bit types, else the
/// width. Nothing for types that no parameter can have.
std::optional<int64_t> getStorageBits(mlir::Type elementType);

/// Bytes a value of this type takes in a file. Nothing for a dynamic shape, an
/// element type no parameter can have, or a size beyond 63 bits.
std::optional<int64_t> getStorageBytes(mlir::ShapedType type);

/// Whether the types differ at most in signed, unsigned or signless integers.
bool isSameUpToSignedness(mlir::Type a, mlir::Type b);

} // namespace moec::param

#include "dialects/Param/IR/ParamInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Param/IR/ParamAttrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/Param/IR/ParamOps.h.inc"

#endif // MOEC_DIALECTS_PARAM_IR_PARAM_H
