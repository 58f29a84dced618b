//===-- LayerFinder.h - routed layers of ordinary operators ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_LAYERFINDER_H
#define MOEC_LIB_RAISING_ROUTING_LAYERFINDER_H

#include "ExpertLifter.h"

namespace moec::routing {

/// Experts that are one function of a row but for their weights.
struct ExpertKind {
  /// Which of the layer's; all where none is named.
  llvm::SmallVector<int64_t> experts;
  std::unique_ptr<ExpertLifter> lifter;
  RowExpr *expr = nullptr;
};

/// A layer, found: `root` is the weighted sum over the experts that each token
/// chose, plus `addends`.
struct RoutedLayer {
  /// The pattern, for reports: "P2", ...
  std::string pattern;
  mlir::Operation *root = nullptr;
  mlir::Value ids;
  RowWeights weights;
  /// Which choices count, where not all do.
  Hits hits;
  /// Whether an expert that a token chose several times adds something once.
  bool takesExpertsOnce = false;
  /// Instead of weights and hits: the slots that experts compute, by choice.
  llvm::SmallVector<SlotPart, 0> slots;
  /// Of those of a token, how many are taken, and how many rows it has;
  /// null: 1.
  int64_t choices = 0;
  mlir::AffineExpr rowsOfToken;
  /// An expert of none of them adds zeros by its weight; so many, the last of
  /// all, add nothing.
  int64_t leftOut = 0;
  llvm::SmallVector<ExpertKind, 1> kinds;
  /// What puts the sorted rows of several kinds together.
  mlir::Operation *concat = nullptr;
  llvm::SmallVector<mlir::Value> addends;
};

/// Finds the layers that one choice of experts leads to.
class LayerFinder {
public:
  explicit LayerFinder(const RoutingFacts &facts) : facts(facts) {}

  /// The layer; null where there is none. `getMiss` then says what stopped the
  /// match that came furthest, if any began.
  std::unique_ptr<RoutedLayer> find();
  /// Likewise, of layers whose experts compute slots.
  std::unique_ptr<RoutedLayer> findOfSlots();
  const Miss &getMiss() const { return miss; }

private:
  using MaybeLayer = std::unique_ptr<RoutedLayer>;

  /// What one expert adds.
  struct Term {
    int64_t expert;
    mlir::Value value;
    const Fact *weight;
    mlir::Value weightValue;
    mlir::Operation *node;
    /// What reads the sum so far, to be added to.
    mlir::Operation *reader = nullptr;
    /// Of the rows, where they are those that chose the expert.
    Hits hits = {};
    /// Products with numbers that followed the weight, the first one first.
    llvm::SmallVector<mlir::Operation *> numbers = {};
  };

  /// What a node adds up.
  struct Sum {
    mlir::Operation *root = nullptr;
    llvm::SmallVector<Term, 0> terms = {};
    llvm::SmallVector<mlir::Value> addends = {};
    llvm::SmallVector<mlir::Operation *> nodes = {};
  };

  /// What one choice takes of a stack of results.
  struct Taken {
    mlir::Value stack;
    int64_t choice;
    mlir::Operation *gather;
    mlir::Value weights = {};
    mlir::Operation *mul = nullptr;
  };

  std::optional<Taken> readTaken(mlir::Value value);
  std::optional<Taken> readTakenTerm(mlir::Value value);
  bool isWeightOfTokens(mlir::Value weight, mlir::Value rows);
  std::optional<llvm::SmallVector<Taken>> collectTaken(mlir::Value sum);
  MaybeLayer findTaken(mlir::Operation *gather);
  MaybeLayer findSum(mlir::Operation *start);
  MaybeLayer findSumOfWeightedRows(mlir::Operation *mul);
  bool areZeroUnlessChosen(const RoutedLayer &layer);
  bool leaveLastOut(llvm::ArrayRef<Term> terms);
  MaybeLayer findChoiceSum(mlir::Operation *reduce);
  MaybeLayer findExpertSum(mlir::Operation *mul);
  MaybeLayer findExpertProduct(mlir::Operation *matmul);
  MaybeLayer finishExpertSum(MaybeLayer layer, const Fact &weight,
                             mlir::Value rows, unsigned along,
                             llvm::SmallVector<mlir::Operation *> nodes);
  bool isStackOfExperts(mlir::Value rows, int64_t along);
  bool isSumOfChoices(const Fact &weight);
  MaybeLayer findRowScatter(mlir::Operation *scatter);
  MaybeLayer findScaledSum(mlir::Operation *reduce);
  MaybeLayer findScaledScatter(mlir::Operation *scatter);
  MaybeLayer finishScaled(mlir::Operation *root, mlir::Value rows,
                          mlir::Value updates,
                          llvm::ArrayRef<mlir::Value> addends);
  MaybeLayer findSlotSum(mlir::Operation *sum);
  std::optional<llvm::SmallVector<mlir::Value>> readStack(mlir::Value stack);
  static void addStack(mlir::Value stack,
                       llvm::SmallVectorImpl<mlir::Operation *> &nodes);
  /// What products with numbers multiply; a weight that is in it may take them
  /// over. `numbers` gets them, the first one first.
  static mlir::Value
  peelNumbers(mlir::Value value,
              llvm::SmallVectorImpl<mlir::Operation *> &numbers);
  /// Whether numbers of 16 bits become such of 32: torch sums halves so.
  static bool isWidened(mlir::Operation *op);
  mlir::Value peelSame(mlir::Value value);
  bool isPlaceOfElements(mlir::Value indices, mlir::Value data);
  bool countsElements(mlir::Value count, const Fact &place);
  mlir::Value peelElements(mlir::Value updates, const Fact &place);
  bool isZeroAt(mlir::Value data, const Fact &place);
  MaybeLayer fail(mlir::Operation *node, const llvm::Twine &reason);
  MaybeLayer finish(MaybeLayer layer, Space space,
                    llvm::ArrayRef<mlir::Value> experts);
  ExpertKind lift(const RoutedLayer &layer, Space space,
                  llvm::ArrayRef<int64_t> experts,
                  llvm::ArrayRef<mlir::Value> values,
                  const llvm::DenseSet<mlir::Value> *sources = nullptr);
  llvm::SmallVector<mlir::Value> getParts(Space space,
                                          llvm::ArrayRef<mlir::Value> values);
  bool findKinds(RoutedLayer &layer, Space space,
                 llvm::ArrayRef<mlir::Value> experts);
  bool collect(mlir::Value value, llvm::SmallVectorImpl<Term> &terms,
               llvm::SmallVectorImpl<mlir::Value> &addends,
               llvm::SmallVectorImpl<mlir::Operation *> &nodes);
  std::optional<Term> readTerm(mlir::Value value);
  std::optional<Term> readScatter(mlir::Operation *op);
  std::optional<Term> readTermOfWeightedRows(mlir::Value value);
  std::optional<mlir::Value> readAddedRows(mlir::Operation *scatter,
                                           mlir::Value updates,
                                           mlir::Operation *&reader);
  bool isSamePlace(mlir::Operation *gather, mlir::Operation *scatter);
  mlir::Operation *getNextSum(mlir::Operation *sum);
  /// Whether all that was read serves this layer alone.
  bool isPrivate(const RoutedLayer &layer,
                 llvm::ArrayRef<mlir::Operation *> nodes);

  const RoutingFacts &facts;
  Miss miss;
};

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_LAYERFINDER_H
