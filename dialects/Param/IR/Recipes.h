//===-- Recipes.h - building recipes --------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_PARAM_IR_RECIPES_H
#define MOEC_DIALECTS_PARAM_IR_RECIPES_H

#include "dialects/Param/IR/Param.h"

namespace moec::param {

// Each makes the shortest recipe for the value: what changes nothing vanishes,
// and transposes, reshapes and slices of themselves become one. So equal values
// made in different ways are more often equal attributes. The result is null
// where the arguments make no valid recipe, or one that nests too deep.

RecipeInterface makeDense(mlir::DenseElementsAttr elements);
RecipeInterface makeTranspose(RecipeInterface source,
                              llvm::ArrayRef<int64_t> permutation);
RecipeInterface makeReshape(RecipeInterface source,
                            llvm::ArrayRef<int64_t> shape);
RecipeInterface makeSlice(RecipeInterface source,
                          llvm::ArrayRef<int64_t> offsets,
                          llvm::ArrayRef<int64_t> sizes,
                          llvm::ArrayRef<int64_t> strides);
RecipeInterface makeGather(RecipeInterface source, int64_t axis,
                           llvm::ArrayRef<int64_t> indices);
RecipeInterface makeStack(llvm::ArrayRef<RecipeInterface> sources,
                          int64_t axis);
RecipeInterface makeConcat(llvm::ArrayRef<RecipeInterface> sources,
                           int64_t axis);
RecipeInterface makeCast(RecipeInterface source, mlir::Type elementType);
RecipeInterface makePackPanels(RecipeInterface source, bool kMajor, bool gated);

/// The recipe without its outer reshapes: what decides the bytes stored. Two
/// parameters with the same one can share a segment.
RecipeInterface getStoredRecipe(RecipeInterface recipe);

} // namespace moec::param

#endif // MOEC_DIALECTS_PARAM_IR_RECIPES_H
