//===-- RowWeights.h - what rows of experts are multiplied by -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_ROWWEIGHTS_H
#define MOEC_LIB_RAISING_ROUTING_ROWWEIGHTS_H

#include "RoutingFacts.h"

namespace moec::routing {

/// Whether a fact is of weights that rows are multiplied by, wherever they
/// stand.
bool isWeight(const Fact *fact);

/// Numbers that rows are multiplied by; ones where there is no value.
struct RowWeights {
  /// One for each token and choice, and what its dimensions run over.
  mlir::Value value;
  Dims dims;
  /// There is one for each token and expert instead, 0 where it was not chosen.
  bool isDense = false;
  /// What was done to them since.
  llvm::SmallVector<mlir::Operation *> after;

  /// Takes those of a fact over, which `numbers` then multiply. False where it
  /// has none, or where others are known already.
  bool take(const Fact &fact, const RoutingFacts &facts,
            llvm::ArrayRef<mlir::Operation *> numbers = {});
};

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_ROWWEIGHTS_H
