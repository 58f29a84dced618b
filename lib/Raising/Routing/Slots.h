//===-- Slots.h - places of choices among those of their expert -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where an expert takes no more tokens than its capacity, a one-hot table
// [t, e, c] says that token t is at slot c of expert e. Choices are counted
// along the tokens, and no two of an expert have the same number: so a slot has
// one token at most, and what an expert makes of it is a function of that one.
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_SLOTS_H
#define MOEC_LIB_RAISING_ROUTING_SLOTS_H

#include "Axes.h"

namespace moec::routing {

/// All choices of a token, where one of them could be named.
constexpr int64_t kEveryChoice = -1;

/// One choice of each token, or every one, where `kept` is not zero; null: all
/// count.
struct CountedChoices {
  int64_t choice = kEveryChoice;
  mlir::Value kept;

  bool operator==(const CountedChoices &other) const {
    return choice == other.choice && kept == other.kept;
  }
};

/// How choices are numbered: those of one expert in the order of tokens, from
/// `first` on, and after all of `before`.
struct Numbering {
  /// So many tokens in a row are numbered among themselves.
  mlir::AffineExpr groupSize;
  int64_t first = 0;
  CountedChoices own;
  llvm::SmallVector<CountedChoices, 2> before;
  /// The number where nothing was chosen, if one is known.
  std::optional<double> outside;
};

/// Numbers for tokens, choices and experts that a table of slots is a product
/// of.
struct SlotFactor {
  mlir::Value value;
  Dims dims;
  /// Whether they are 0 and 1.
  bool isMask;
};

/// The slots of one choice of each token, or of every one: the product of
/// `factors` at the slot that `place` numbers, where it is below the capacity.
struct SlotPart {
  int64_t choice = kEveryChoice;
  mlir::Value place;
  Dims placeDims;
  /// How many slots an expert has, where only the run knows it; and as an
  /// extent.
  mlir::Value capacity;
  mlir::AffineExpr extent;
  Numbering numbering;
  llvm::SmallVector<SlotFactor, 2> factors;
  /// Whether experts that were not chosen have slots as well, and likewise
  /// choices for which this is zero, if it is something.
  bool isOfAllExperts = true;
  mlir::Value inside;

  bool isExact() const { return !isOfAllExperts && !inside; }
};

/// What the elements of a table of slots are, in terms of its product.
enum class SlotTest : uint8_t { None, NotZero, Positive, Zero };

/// Whether nothing but 0 and 1 is in the product.
inline bool isOfMasks(llvm::ArrayRef<SlotPart> parts) {
  return llvm::all_of(parts, [](const SlotPart &part) {
    return llvm::all_of(part.factors,
                        [](const SlotFactor &factor) { return factor.isMask; });
  });
}

/// Whether `inner` is zero wherever `outer` is: masks, of which null is all
/// ones.
bool isKeptOf(mlir::Value inner, mlir::Value outer);

/// The value whose elements are these, in other extents or of another type.
mlir::Value peelMask(mlir::Value value);

/// Whether no number is below zero, as far as that can be seen.
bool isNotNegative(mlir::Value value);

/// What an Einsum, a MatMul or a Mul multiplies, dimensions by their labels:
/// those of the result first and in its order, then the summed ones.
struct Contraction {
  llvm::SmallVector<mlir::Value> operands;
  llvm::SmallVector<llvm::SmallVector<unsigned>> labels;
  unsigned numOutputLabels = 0, numLabels = 0;

  bool isSummed(unsigned label) const { return label >= numOutputLabels; }
};
std::optional<Contraction> readContraction(mlir::Operation *op);

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_SLOTS_H
