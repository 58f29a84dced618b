//===-- ExpertWeights.h - equal and zero weights among experts ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_DEADEXPERTS_EXPERTWEIGHTS_H
#define MOEC_LIB_RAISING_DEADEXPERTS_EXPERTWEIGHTS_H

#include "dialects/Param/IR/Param.h"

#include <vector>

namespace moec::dead {

/// Parameters whose first dimension counts the experts of a layer. Of each
/// expert a few elements are read first, and the rest only where those are what
/// is looked for: a model's experts differ, and are not zero.
class ExpertWeights {
public:
  ExpertWeights(param::ValueSource &source,
                llvm::ArrayRef<param::RecipeInterface> recipes)
      : source(source), recipes(recipes) {}

  /// For each expert the first one, among those that are not `excluded`, whose
  /// bytes are the same in all parameters: itself where no earlier one is.
  std::vector<int64_t> findFirstEqual(const std::vector<bool> &excluded);

  /// Whether all elements of an expert are zero, in all parameters, which are
  /// of floats.
  bool isZero(int64_t expert);

private:
  using Visit = llvm::function_ref<bool(llvm::ArrayRef<char>)>;

  bool isSame(int64_t a, int64_t b);
  uint64_t hashFirst(int64_t expert, bool &isRead);
  bool forEachPiece(param::RecipeInterface recipe, int64_t expert, Visit visit);
  bool readPiece(param::RecipeInterface recipe, int64_t expert, int64_t row,
                 int64_t numRows, std::vector<char> &bytes);

  param::ValueSource &source;
  llvm::ArrayRef<param::RecipeInterface> recipes;
};

} // namespace moec::dead

#endif // MOEC_LIB_RAISING_DEADEXPERTS_EXPERTWEIGHTS_H
