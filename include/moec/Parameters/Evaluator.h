//===-- Evaluator.h - the bytes that recipes make -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PARAMETERS_EVALUATOR_H
#define MOEC_PARAMETERS_EVALUATOR_H

#include "dialects/Param/IR/Param.h"

#include "llvm/ADT/STLFunctionalExtras.h"

#include <memory>

namespace moec {

class SourceFiles;

/// Evaluates recipes piece by piece: memory is bounded whatever the size of the
/// parameter. Everything that wants to look at weights, the
/// writer of the weights file included, does it through this class. Results do
/// not depend on how a value is divided into pieces. Not thread-safe.
class ParameterEvaluator {
public:
  /// `workingBytes` is, roughly, the memory for pieces and temporaries.
  explicit ParameterEvaluator(SourceFiles &files,
                              int64_t workingBytes = int64_t(48) << 20);
  ~ParameterEvaluator();

  /// Bytes an element takes in buffers: its width; one for i1 and for the 4-bit
  /// types, which stand alone in the low half.
  static int64_t getElementBytes(mlir::Type elementType);

  /// Reads the box of the recipe's value at `offsets` into `buffer`, densely,
  /// row-major. Fails, with a diagnostic at `location`, where the box leaves
  /// the value, the buffer has another size, or a source cannot be read.
  llvm::LogicalResult readRegion(param::RecipeInterface recipe,
                                 mlir::Location location,
                                 llvm::ArrayRef<int64_t> offsets,
                                 llvm::ArrayRef<int64_t> sizes,
                                 llvm::MutableArrayRef<char> buffer);

  /// Gives the whole value to `consume`, in order, in pieces of at most a
  /// third of the working memory, as the bytes are stored: 4-bit elements
  /// packed, the first in the low half. Ends early where `consume` fails, which
  /// reports why.
  llvm::LogicalResult
  stream(param::RecipeInterface recipe, mlir::Location location,
         llvm::function_ref<llvm::LogicalResult(llvm::ArrayRef<char>)> consume);

private:
  struct Impl;
  std::unique_ptr<Impl> impl;
};

} // namespace moec

#endif // MOEC_PARAMETERS_EVALUATOR_H
