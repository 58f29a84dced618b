//===-- ScoreReader.h - the numbers of a router, from its graph -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_DEADEXPERTS_SCOREREADER_H
#define MOEC_LIB_RAISING_DEADEXPERTS_SCOREREADER_H

#include "InputReader.h"
#include "RouterNumbers.h"

#include "mlir/IR/SymbolTable.h"

#include <optional>

namespace moec::dead {

/// The elements of a constant or parameter of floats; nothing for another
/// value, for one of more than `maxElements`, or where they cannot be read.
std::optional<std::vector<double>> readFloats(mlir::Value value,
                                              int64_t maxElements);

/// Reads what a `moe.route` compares: constants that are added to the scores,
/// the product that makes them, and what bounds its input. What is not
/// recognised bounds nothing; `getMiss` says where the reading stopped.
class ScoreReader {
public:
  explicit ScoreReader(moe::RouteOp route);

  /// Nothing where the number of experts or the selection bias is not known.
  std::optional<RouterNumbers> read();
  llvm::StringRef getMiss() const { return miss; }
  /// What the product that makes the scores reads; null without one.
  mlir::Value getInput() const { return input; }
  /// Experts whose row of the router looks like a mask, and is none.
  llvm::ArrayRef<int64_t> getFalseMasks() const { return falseMasks; }

private:
  bool fail(const llvm::Twine &reason);
  mlir::Value readBiases(mlir::Value scores);
  bool readMask(mlir::Value &scores);
  bool addBias(mlir::Value bias, bool isSubtracted);
  bool addBias(llvm::ArrayRef<double> added);
  bool readProduct(mlir::Value scores);
  bool readRows(mlir::Value weights, bool isByExpert);
  void forgetBiases();
  bool lookAtRows();
  void clearMaskedRows();

  moe::RouteOp route;
  Storage storage;
  RouterNumbers numbers;
  /// Experts whose score a mask has replaced.
  std::vector<bool> isReplaced;
  mlir::Value input;
  llvm::SmallVector<int64_t> falseMasks;
  std::string miss;
};

} // namespace moec::dead

#endif // MOEC_LIB_RAISING_DEADEXPERTS_SCOREREADER_H
