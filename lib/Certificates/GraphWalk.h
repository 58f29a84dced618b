//===-- GraphWalk.h - ways through an imported graph ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CERTIFICATES_GRAPHWALK_H
#define MOEC_LIB_CERTIFICATES_GRAPHWALK_H

#include "dialects/Onnx/IR/Onnx.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <string>

namespace moec::certificates {

/// The name of the model's node that an op stands for.
llvm::StringRef getNodeName(mlir::Operation *op);
/// "node 'NAME' (OP)"; of what no node makes, what it is.
std::string describe(mlir::Operation *op);
std::string describe(mlir::Value value);
template <typename Op,
          typename = std::enable_if_t<std::is_base_of_v<mlir::OpState, Op>>>
std::string describe(Op op) {
  return describe(op.getOperation());
}

/// A reason not to believe a certificate.
llvm::Error refuse(const llvm::Twine &reason);

mlir::Type getElementType(mlir::Value value);
/// The extent of the last dimension; -1 where it is not known.
int64_t getLastExtent(mlir::Value value);
/// Whether an axis of the value's type is its last one.
bool isLastAxis(int64_t axis, mlir::Value value);
/// Whether `axes` are the last one of the value's type, and known.
bool areLastAxis(mlir::Value axes, mlir::Value value);

/// The operand of an op that shows the same elements in the same order, where
/// rows stay rows: the last extent is kept. Null for another op.
mlir::Value getViewed(mlir::Value value);
/// The value that is seen through any number of views.
mlir::Value skipViews(mlir::Value value);

/// The unit roundoff of a type that numbers are stored in; 0 of one that this
/// is not known of.
double getRoundoff(mlir::Type type);
bool isF32(mlir::Value value);

/// Whether two ops of one kind do the same, whatever is known of their extents.
bool haveEqualAttributes(mlir::Operation *a, mlir::Operation *b);

using OpSet = llvm::DenseSet<mlir::Operation *>;

/// Everything that the ops are computed from, themselves included, up to what
/// `isEnd` names, which is left out.
OpSet collectSources(
    llvm::ArrayRef<mlir::Operation *> ops,
    llvm::function_ref<bool(mlir::Operation *)> isEnd = [](mlir::Operation *) {
      return false;
    });

/// Everything that is computed from an op, itself included.
OpSet collectReaders(mlir::Operation *op);

} // namespace moec::certificates

#endif // MOEC_LIB_CERTIFICATES_GRAPHWALK_H
