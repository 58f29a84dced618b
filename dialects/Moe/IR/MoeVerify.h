//===-- MoeVerify.h - how verifiers of the moe ops say what is wrong ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_IR_MOEVERIFY_H
#define MOEC_DIALECTS_MOE_IR_MOEVERIFY_H

#include "dialects/Moe/IR/Moe.h"

#include "mlir/IR/TypeUtilities.h"

namespace moec::moe {

/// One extent of one operand, as a diagnostic names it.
struct Extent {
  Extent(llvm::StringRef name, mlir::Value value, unsigned dim)
      : text((name + "[" + llvm::Twine(dim) + "]").str()),
        size(mlir::cast<mlir::ShapedType>(value.getType()).getDimSize(dim)) {}
  Extent(const llvm::Twine &text, int64_t size)
      : text(text.str()), size(size) {}

  std::string text;
  int64_t size;
};

inline bool isKnown(int64_t size) { return !mlir::ShapedType::isDynamic(size); }

/// Extents of which one is dynamic are trusted to agree.
llvm::LogicalResult requireSame(mlir::Operation *op, llvm::StringRef constraint,
                                const Extent &a, const Extent &b);

inline mlir::Type getElement(mlir::Value value) {
  return mlir::getElementTypeOrSelf(value.getType());
}

inline int64_t getRank(mlir::Value value) {
  return mlir::cast<mlir::ShapedType>(value.getType()).getRank();
}

inline int64_t mapKnown(int64_t size,
                        llvm::function_ref<int64_t(int64_t)> function) {
  return isKnown(size) ? function(size) : size;
}

/// Weights in a format of fewer bits, with what their codes stand for.
struct Quantised {
  llvm::StringRef name;
  WeightFormat format;
  mlir::Value weights, scales, zeroPoints, globalScales;
  /// The depth of a row, in elements.
  int64_t depth;
};

/// Checks them; what breaks is the op's constraint of that name.
llvm::LogicalResult verifyQuant(mlir::Operation *op, llvm::StringRef constraint,
                                const Quantised &quantised);

} // namespace moec::moe

#endif // MOEC_DIALECTS_MOE_IR_MOEVERIFY_H
