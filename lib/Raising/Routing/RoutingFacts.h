//===-- RoutingFacts.h - what values say of a choice of experts -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Exporters spell the same routing in many ways, most of it arithmetic on
// indices. Instead of their spellings, meanings are matched: from the ids of
// the chosen experts, `ids[t, j]`, facts go forward along the graph, one small
// rule an operator. A fact says what the elements of a value are, in terms of
// t, j and an expert e; every rule is an equation of the operator.
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_ROUTINGFACTS_H
#define MOEC_LIB_RAISING_ROUTING_ROUTINGFACTS_H

#include "Rounds.h"
#include "Slots.h"

#include "llvm/ADT/MapVector.h"

namespace moec::routing {

enum class FactKind {
  /// ids[t, j], or what `numbers` has for it.
  Ids,
  /// ids[t, j] for one j.
  OneOfIds,
  /// The place of ids[t, j], for one j, in a table with a row for each token
  /// and
  /// expert: t and it, or t * experts + it.
  ChosenPlace,
  /// 1 (true) where ids[t, j] == e, else 0 (false).
  Mask,
  /// 1 (true) where ids[t, j] == e for some j, else 0 (false).
  AnyMask,
  /// weights[t, j] where ids[t, j] == e, else 0.
  MaskedWeight,
  /// The sum of the masked weights over j: the weight of e for t.
  Gate,
  /// A number for each t and e, 0 where e was not chosen.
  ZeroOutside,
  /// A number for each t and e, -infinity where e was not chosen.
  LowestOutside,
  /// 1 (true) where ids[t, j] == e for one j, or for the one that a dimension
  /// counts, and that choice still counts; else 0 (false). Of no expert where
  /// no dimension is one of experts.
  ChoiceMask,
  /// Such a mask times a number for each of its elements.
  ChoiceWeight,
  /// Of such masks: how many of their choices fell on e.
  ChoiceCount,
  /// Where such a mask is set: the choice's number among those of its expert.
  /// Of no expert where no dimension is one of experts.
  Place,
  /// A table [t, e, c], not 0 only at the slots of choices.
  Slots,
  /// Where a mask of expert e is set: index tuples, in the mask's order.
  HitCoordinates,
  /// The token, the choice, t * k + j of such a place.
  HitToken,
  HitChoice,
  HitFlat,
  /// t * k of such a place, on the way to HitFlat.
  HitTokenTimesK,
  /// The weight there.
  HitWeight,
  /// t * k + j of the rows sorted by expert; their experts, tokens, weights.
  RowFlat,
  RowId,
  RowToken,
  RowWeight,
  /// RowFlat / k before it is rounded down, and its sign: 0 or 1.
  RowQuotient,
  RowSign,
  /// The row of each choice: the inverse of RowFlat.
  Inverse,
  /// How many choices fell on e; how many on the experts before e, up to e.
  Count,
  Start,
  End,
  /// The numbers of the rows of expert e, in a row.
  Segment,
  /// table[ids[t, j], ...]: a slice of `table` for each choice.
  Table,
  /// table[e] for each sorted row.
  RowTable,
  /// One number throughout.
  Uniform,
  /// Something about rows in the order of the dimensions' axes.
  Computed,
};

/// Choices that a mask finds, or is about to find.
struct Hits {
  /// What the mask ran over, row-major, which is their order.
  llvm::SmallVector<Axis, 2> order;
  /// Where not all choices count: a number for each token and expert, not zero
  /// where a choice of it counts, and what its dimensions run over.
  mlir::Value kept;
  Dims keptDims;

  bool operator==(const Hits &other) const {
    return order == other.order && kept == other.kept;
  }
  bool operator!=(const Hits &other) const { return !(*this == other); }
};

struct Fact {
  Fact(FactKind kind, Dims dims = {}) : kind(kind), dims(std::move(dims)) {}

  FactKind kind;
  Dims dims;
  /// The expert it is about, where `dims` has no axis of experts.
  std::optional<int64_t> expert;
  /// OneOfIds, ChosenPlace, ChoiceMask, ChoiceWeight, Place: which choice of a
  /// token.
  int64_t choice = 0;
  /// MaskedWeight, Gate, HitWeight, RowWeight: one number for each choice (null
  /// stands for ones), and what its dimensions run over.
  mlir::Value weights;
  Dims weightDims;
  /// ZeroOutside, HitWeight, instead: a number for each token and expert.
  mlir::Value dense;
  Dims denseDims;
  /// What was done to the weights since: casts, and products with a number.
  llvm::SmallVector<mlir::Operation *, 2> after;
  /// Table: what is looked up in, along its first dimension.
  mlir::Value table;
  /// Uniform.
  double number = 0;
  /// Ids, RowId: what arithmetic made of each expert's number; empty: nothing.
  llvm::SmallVector<double> numbers;
  /// HitCoordinates: what each number of a tuple counts.
  llvm::SmallVector<Axis, 4> coordinates;
  /// Of masks, hits, and what is computed of them. Places: where `kept` is
  /// zero, they are no places.
  Hits hits;
  /// ChoiceCount (of `before`), Place.
  Numbering numbering;
  /// Slots.
  llvm::SmallVector<SlotPart, 0> parts;
  SlotTest test = SlotTest::None;
};

/// The facts that follow from one choice of experts.
class RoutingFacts {
public:
  /// `ids` is `[t.., k]`, or `[t..]` for one choice a token, and its elements
  /// are in [0, experts), those of a token distinct if `areDistinct`.
  RoutingFacts(mlir::Value ids, bool hasChoices, int64_t experts,
               bool areDistinct, onnx::ShapeContext &shapes);
  /// Of choices that are made one after the other, each a number for each
  /// token.
  RoutingFacts(llvm::ArrayRef<mlir::Value> rounds, int64_t experts,
               onnx::ShapeContext &shapes);

  /// Goes along the graph, in the order of the block, as far as facts lead.
  void propagate();

  const Fact *lookup(mlir::Value value) const {
    if (const Fact *fact = seesSlots ? lookupSlots(value) : nullptr)
      return fact;
    const auto *found = facts.find(value);
    return found == facts.end() ? nullptr : &found->second;
  }
  /// What is known of a value on the way to the slots of experts. Such facts
  /// are apart: what has one is a plain number to all other layers.
  const Fact *lookupSlots(mlir::Value value) const {
    const auto *found = slotFacts.find(value);
    return found == slotFacts.end() ? nullptr : &found->second;
  }
  bool knows(mlir::Value value) const {
    return lookup(value) || lookupSlots(value);
  }
  const RoutingExtents &getExtents() const { return extents; }
  /// Whether the choices of one token are known to differ.
  bool hasDistinctChoices() const { return areDistinct; }
  /// Whether it makes no difference if numbers of choices, made by `weights`,
  /// are set where their experts are, or added: no token chooses one twice, or
  /// the weight of the second choice is NaN.
  bool addsWhatIsSet(mlir::Value weights, llvm::ArrayRef<Dim> dims) const;
  mlir::Value getIds() const { return ids; }
  /// The choices that `ids` is the first of, where there are several.
  llvm::ArrayRef<mlir::Value> getRounds() const { return rounds; }
  onnx::ShapeContext &getShapes() const { return shapes; }
  /// All tokens, as a product of extents.
  mlir::AffineExpr getTokens() const { return tokens; }
  /// Whether one token is all that there ever is: then nothing counts tokens.
  bool hasOneToken() const;
  /// What dimensions count that run over `axes`.
  llvm::SmallVector<Axis> getCounted(llvm::ArrayRef<Axis> axes) const;
  /// Whether dimensions count `axes`, in this order or in another.
  bool runOver(llvm::ArrayRef<Dim> dims, llvm::ArrayRef<Axis> axes) const;
  /// Whether two values have the same rows: the same extents but for the last,
  /// or a row for each of the same hits, which the graph may have found twice.
  bool haveSameRows(mlir::Value a, mlir::Value b) const;
  /// Whether an index of rows, one number for each or for each of its elements,
  /// has those of all tokens in order, once for each expert in turn.
  bool haveTokensByExpert(mlir::Value index) const;
  /// Whether there is one number for each choice of each token.
  bool areOfChoices(llvm::ArrayRef<Dim> dims) const;
  /// Whether a fact is of places in a table of tokens and experts: of one token
  /// an id is one.
  bool isChosenPlace(const Fact &fact) const {
    return fact.kind == FactKind::ChosenPlace ||
           (fact.kind == FactKind::OneOfIds && hasOneToken());
  }
  /// Whether a fact says how many choices fell on an expert: of one token at
  /// most one.
  bool isCount(const Fact &fact) const;
  bool isSameExtent(mlir::AffineExpr a, mlir::AffineExpr b) const;
  /// Whether an extent is that of all choices, and of all tokens.
  bool isAllChoices(mlir::AffineExpr extent) const;
  bool isAllTokens(mlir::AffineExpr extent) const;
  /// Values with facts, in the order of the graph.
  const llvm::MapVector<mlir::Value, Fact> &getFacts() const { return facts; }
  const llvm::MapVector<mlir::Value, Fact> &getSlotFacts() const {
    return slotFacts;
  }

  /// What the dimensions of a value run over that is broadcast to `dims`.
  std::optional<Dims> alignDims(mlir::Value value,
                                llvm::ArrayRef<Dim> dims) const;

private:
  using MaybeFact = std::optional<Fact>;

  void inferAndSet(mlir::Operation *op);
  /// The rules. Each gives the fact of the first result, if it knows one.
  MaybeFact infer(mlir::Operation *op);
  MaybeFact inferView(mlir::Operation *op, const Fact &fact);
  MaybeFact inferTranspose(onnx::TransposeOp op, const Fact &fact);
  MaybeFact inferCast(mlir::Operation *op, const Fact &fact);
  MaybeFact inferEqual(onnx::EqualOp op);
  MaybeFact inferCompare(mlir::Operation *op);
  MaybeFact inferOneHot(onnx::OneHotOp op);
  MaybeFact inferGather(onnx::GatherOp op);
  MaybeFact inferGatherND(onnx::GatherNDOp op);
  MaybeFact inferSlice(onnx::SliceOp op);
  static MaybeFact takeCoordinate(Fact hits, Axis counted);
  MaybeFact inferPart(const Fact &fact, mlir::Value part, int64_t axis,
                      int64_t begin);
  void inferSplit(onnx::SplitOp op);
  bool reachAll(mlir::Value indices, mlir::Value data, int64_t axis) const;
  MaybeFact inferGatherElements(onnx::GatherElementsOp op);
  MaybeFact inferRounding(mlir::Operation *op, const Fact &fact);
  void inferSort(onnx::TopKOp op);
  MaybeFact inferMul(onnx::MulOp op);
  MaybeFact inferAdd(onnx::AddOp op);
  MaybeFact inferSub(onnx::SubOp op);
  MaybeFact inferDiv(onnx::DivOp op);
  MaybeFact inferAnd(onnx::AndOp op);
  MaybeFact inferWhere(onnx::WhereOp op);
  MaybeFact inferReduce(mlir::Operation *op, const Fact &fact);
  MaybeFact inferSoftmax(mlir::Operation *op);
  MaybeFact inferConcat(onnx::ConcatOp op);
  MaybeFact inferPlace(onnx::ConcatOp op);
  MaybeFact inferFlatPlace(onnx::AddOp op);
  bool countsTokens(mlir::Value value) const;
  MaybeFact inferNonZero(onnx::NonZeroOp op);
  MaybeFact inferScatterElements(onnx::ScatterElementsOp op);
  MaybeFact inferScatterND(onnx::ScatterNDOp op);
  MaybeFact inferCumSum(onnx::CumSumOp op);
  MaybeFact inferRange(onnx::RangeOp op);
  MaybeFact inferExpand(mlir::Operation *op, const Fact &fact);
  /// Rows in, rows out: what is neither routing nor constant.
  MaybeFact inferComputed(mlir::Operation *op);
  bool isOfRows(mlir::Operation *op) const;
  /// Choices in slots of their experts.
  MaybeFact inferSlots(mlir::Operation *op);
  MaybeFact readMask(const Fact *fact) const;
  bool isWeightOfChoice(const Fact &fact) const;
  MaybeFact addWeights(onnx::AddOp op) const;
  mlir::AffineExpr getGroupSize(mlir::Value value, llvm::ArrayRef<Dim> dims,
                                llvm::ArrayRef<int64_t> along) const;
  MaybeFact numberChoices(onnx::CumSumOp op);
  MaybeFact countChoices(mlir::Operation *op);
  MaybeFact numberAfter(mlir::Value places, const Fact &count) const;
  MaybeFact shiftPlace(mlir::Value places, mlir::Value other, int sign) const;
  bool isOfGroups(mlir::Value places, const Fact &count) const;
  MaybeFact maskPlace(mlir::Value places, mlir::Value by, double outside) const;
  MaybeFact reducePlace(mlir::Operation *op) const;
  MaybeFact gatherPlace(onnx::GatherElementsOp op) const;
  MaybeFact scatterMask(onnx::ScatterElementsOp op) const;
  MaybeFact multiplyMask(mlir::Operation *op, mlir::Value by,
                         mlir::Value other) const;
  MaybeFact reduceMask(mlir::Operation *op) const;
  MaybeFact inferSlotsOf(onnx::OneHotOp op) const;
  MaybeFact inferSlotsOf(onnx::EqualOp op) const;
  MaybeFact makeSlots(mlir::Value places, Dims dims, mlir::AffineExpr extent,
                      mlir::Value capacity) const;
  MaybeFact multiplySlots(mlir::Operation *op) const;
  bool multiplyPart(SlotPart &part, mlir::Value value, Dims dims) const;
  MaybeFact addSlots(mlir::Value left, mlir::Value right) const;
  const Fact *lookupExactSlots(mlir::Value value) const;
  MaybeFact reduceSlots(mlir::Operation *op) const;
  MaybeFact testSlots(mlir::Operation *op) const;
  MaybeFact castSlots(mlir::Operation *op, const Fact &fact) const;
  std::optional<Dims> alignFactor(mlir::Value value,
                                  llvm::ArrayRef<Dim> dims) const;
  bool countsTokensOrNone(mlir::Value value, llvm::ArrayRef<Dim> dims) const;
  /// Arithmetic on ids, which are few: done for each of them.
  MaybeFact inferArithmetic(mlir::Operation *op);
  MaybeFact inferProduct(mlir::Operation *op);
  MaybeFact inferPackedProduct(mlir::Operation *op);

  MaybeFact keepSome(mlir::Operation *op, const Fact &mask, mlir::Value other);
  static Fact keepNotZero(const Fact &numbers);
  MaybeFact maskWeights(mlir::Operation *op, const Fact &mask,
                        mlir::Value other, const Dims &result);
  MaybeFact gatherInnerRows(onnx::GatherOp op, int64_t axis, const Fact &index);
  MaybeFact gatherColumn(mlir::Value column, const Fact &index,
                         llvm::ArrayRef<Dim> dims);
  MaybeFact gatherRows(mlir::Value data, const Fact &index, Dims indexDims);
  bool hasRowsOf(const Fact &fact, mlir::Value rows) const;
  bool isZero(mlir::Value value) const;
  std::optional<int64_t> getExpertBetween(mlir::Value start,
                                          mlir::Value end) const;
  Axis getCoordinate(const Dim &dim) const;
  /// Notes a fact, where the extents of `value` allow it.
  void set(mlir::Value value, Fact fact);
  bool fitsExtents(mlir::Value value, llvm::ArrayRef<Dim> dims) const;

  mlir::Value ids;
  llvm::SmallVector<mlir::Value> rounds;
  RoutingExtents extents;
  bool areDistinct;
  /// Where choices may be the same.
  std::optional<Rounds> order;
  onnx::ShapeContext &shapes;
  mlir::AffineExpr tokens;
  llvm::MapVector<mlir::Value, Fact> facts, slotFacts;
  /// Whether rules see them.
  bool seesSlots = false;
};

/// Whether only the run knows an extent.
bool isRunTimeExtent(mlir::AffineExpr extent);

/// Whether an element of the result is made of the operands' at its place.
bool isRowwiseElementwise(mlir::Operation *op);

/// Whether a cut keeps all elements, in their order: no extent changes,
/// whatever the bounds are.
bool isWhole(onnx::SliceOp op, onnx::ShapeContext &shapes);

/// Whether an op divides each row by what its elements have in common, and
/// scales it by a vector.
bool isNormalization(mlir::Operation *op);

/// Whether an op makes one element of each row.
bool isRowReduction(mlir::Operation *op);

/// Whether an op is one of them, or another that works along the last
/// dimension.
bool isAlongRows(mlir::Operation *op);

/// Dimensions that a reduction, Squeeze or Unsqueeze names; nothing where they
/// are absent, or computed in the run.
std::optional<llvm::SmallVector<int64_t>> getAxes(mlir::Operation *op,
                                                  int64_t rank);

/// Whether what a reduction reduces stays, with an extent of 1.
bool keepsDims(mlir::Operation *reduction);

/// What is left of dimensions that are reduced along `axes`.
Dims reduceDims(llvm::ArrayRef<Dim> dims, llvm::ArrayRef<int64_t> axes,
                bool keepsThem);

/// Whether elements are 0 or 1: what a comparison says.
bool isCondition(mlir::Value value);

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_ROUTINGFACTS_H
