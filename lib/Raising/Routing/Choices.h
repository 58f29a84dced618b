//===-- Choices.h - values that choose experts ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_CHOICES_H
#define MOEC_LIB_RAISING_ROUTING_CHOICES_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace moec::routing {

/// A value that chooses experts for tokens, by numbers in [0, experts).
struct Choice {
  mlir::Value ids;
  /// Whether the last dimension is that of a token's choices.
  bool hasChoices;
  int64_t experts;
  /// Whether those of one token are known to differ.
  bool areDistinct = true;
  /// Whether it is a choice of the largest, and not any number in a range.
  bool isOfScores = true;
};

/// The choice that an op makes: TopK or ArgMax along the last dimension,
/// several of them one after the other, one within the group that another chose
/// (`group * size + member`), or a number modulo a constant.
std::optional<Choice> readChoice(mlir::Operation *op);

/// Choices of one expert for each token, of which every one but the first is
/// made of what the one before it left: of scores that a mask changed, say.
llvm::SmallVector<llvm::SmallVector<Choice, 2>>
findRounds(llvm::ArrayRef<Choice> choices);

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_CHOICES_H
