//===-- RoutingFacts.cpp - what values say of a choice of experts ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RoutingFacts.h"

#include "Constants.h"

#include "dialects/Onnx/IR/ShapeArithmetic.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

bool RoutingFacts::isSameExtent(AffineExpr a, AffineExpr b) const {
  return simplifyAffineExpr(a - b, 0, shapes.getNumSymbols()) ==
         shapes.getConstant(0);
}

RoutingFacts::RoutingFacts(Value ids, bool hasChoices, int64_t experts,
                           bool areDistinct, onnx::ShapeContext &shapes)
    : ids(ids), areDistinct(areDistinct), shapes(shapes) {
  onnx::Extents sizes = shapes.getExtents(ids);
  Dims dims;
  tokens = shapes.getConstant(1);
  for (AffineExpr size : ArrayRef(sizes).drop_back(hasChoices)) {
    dims.push_back({Axis::Token});
    tokens = tokens * size;
  }
  if (hasChoices) {
    dims.push_back({Axis::Choice});
    if (auto choices = dyn_cast<AffineConstantExpr>(sizes.back()))
      extents.choices = choices.getValue();
  }
  extents.experts = experts;
  if (!areDistinct)
    order = Rounds::read(ids, experts, shapes);
  set(ids, Fact(FactKind::Ids, dims));
}

RoutingFacts::RoutingFacts(ArrayRef<Value> rounds, int64_t experts,
                           onnx::ShapeContext &shapes)
    : ids(rounds.front()), rounds(rounds), areDistinct(false), shapes(shapes) {
  tokens = onnx::getProduct(shapes, shapes.getExtents(ids));
  extents = {int64_t(rounds.size()), experts};
  for (auto [choice, round] : llvm::enumerate(rounds)) {
    Fact fact(FactKind::OneOfIds);
    for (int64_t extent : cast<RankedTensorType>(round.getType()).getShape())
      fact.dims.push_back(extent == 1 ? Dim() : Dim{Axis::Token});
    fact.choice = choice;
    set(round, std::move(fact));
  }
}

bool RoutingFacts::hasOneToken() const {
  return tokens == shapes.getConstant(1);
}

SmallVector<Axis> RoutingFacts::getCounted(ArrayRef<Axis> axes) const {
  SmallVector<Axis> counted(axes);
  if (hasOneToken())
    llvm::erase(counted, Axis::Token);
  return counted;
}

bool RoutingFacts::runOver(ArrayRef<Dim> dims, ArrayRef<Axis> axes) const {
  SmallVector<Axis> found = flattenDims(dims), wanted = getCounted(axes);
  llvm::sort(found);
  llvm::sort(wanted);
  return found == wanted;
}

bool RoutingFacts::haveTokensByExpert(Value index) const {
  AffineExpr experts = shapes.getConstant(extents.experts);
  onnx::Extents rows = shapes.getExtents(index);
  if (hasOneToken())
    return !rows.empty() && rows.front() == experts && getUniform(index) == 0.0;
  auto spread = index.getDefiningOp<onnx::ExpandOp>();
  if (spread && isColumn(spread.getInput()))
    index = spread.getInput();
  Operation *repeat = peelViews(index).getDefiningOp();
  if (!isa_and_present<onnx::ExpandOp, onnx::TileOp>(repeat))
    return false;
  Value numbers = repeat->getOperand(0);
  onnx::Extents from = shapes.getExtents(numbers);
  onnx::Extents to = shapes.getExtents(repeat->getResult(0));
  // Copies lie outside of what is copied: in other dimensions, or as Tile's.
  bool areOutside = !from.empty() && isAllTokens(from.back()) &&
                    (from.back() == to.back() || isa<onnx::TileOp>(repeat));
  return areOutside && isIota(peelViews(numbers)) &&
         isSameExtent(onnx::getProduct(shapes, to), tokens * extents.experts);
}

/// Whether facts are of rows, one for each of the same hits.
static bool areOfSameHits(const Fact *a, const Fact *b) {
  auto isOfHits = [](const Fact *fact) {
    return fact && fact->dims.size() == 2 && fact->dims[0] == Dim{Axis::Hit};
  };
  return isOfHits(a) && isOfHits(b) && a->expert == b->expert &&
         a->hits == b->hits;
}

bool RoutingFacts::haveSameRows(Value a, Value b) const {
  onnx::Extents first = shapes.getExtents(a), second = shapes.getExtents(b);
  bool areSame = first.size() == second.size() && !first.empty() &&
                 ArrayRef(first).drop_back() == ArrayRef(second).drop_back();
  return areSame || areOfSameHits(lookup(a), lookup(b));
}

bool RoutingFacts::areOfChoices(ArrayRef<Dim> dims) const {
  return runOver(dims, {Axis::Token, Axis::Choice}) ||
         (extents.choices == 1 && runOver(dims, {Axis::Token}));
}

bool RoutingFacts::addsWhatIsSet(Value weights, ArrayRef<Dim> dims) const {
  if (areDistinct)
    return true;
  return order && weights &&
         flattenDims(dims) == getCounted({Axis::Token, Axis::Choice}) &&
         order->weighRepeatsByNan(weights, shapes);
}

bool RoutingFacts::isAllTokens(AffineExpr extent) const {
  return isSameExtent(extent, tokens);
}

bool RoutingFacts::isAllChoices(AffineExpr extent) const {
  return isSameExtent(extent, tokens * extents.choices);
}

/// Whether a value can run over these dimensions: what counts nothing has an
/// extent of 1, choices and experts have theirs.
bool RoutingFacts::fitsExtents(Value value, ArrayRef<Dim> dims) const {
  onnx::Extents sizes = shapes.getExtents(value);
  if (sizes.size() != dims.size())
    return false;
  AffineExpr spread = shapes.getConstant(1);
  bool hasTokens = false;
  for (auto [dim, size] : llvm::zip_equal(dims, sizes)) {
    if (dim.empty() && size != shapes.getConstant(1))
      return false;
    AffineExpr known = shapes.getConstant(1);
    bool isKnown = !dim.empty();
    for (Axis axis : dim) {
      if (axis == Axis::Choice)
        known = known * extents.choices;
      else if (axis == Axis::Expert)
        known = known * extents.experts;
      else if (axis == Axis::Token && dim.size() > 1)
        known = known * tokens;
      else
        isKnown = false;
      if (axis == Axis::Token && dim.size() == 1)
        spread = spread * size;
      hasTokens |= axis == Axis::Token && dim.size() == 1;
    }
    if (isKnown && !isSameExtent(size, known))
      return false;
  }
  return !hasTokens || isAllTokens(spread);
}

/// Of an only token nothing counts.
static void forgetTokens(Fact &fact) {
  SmallVector<Dims *> all = {&fact.dims, &fact.weightDims, &fact.denseDims,
                             &fact.hits.keptDims};
  for (SlotPart &part : fact.parts) {
    all.push_back(&part.placeDims);
    for (SlotFactor &factor : part.factors)
      all.push_back(&factor.dims);
  }
  for (Dims *dims : all)
    for (Dim &dim : *dims)
      llvm::erase(dim, Axis::Token);
}

static bool isOfSlots(FactKind kind) {
  return kind == FactKind::ChoiceMask || kind == FactKind::ChoiceWeight ||
         kind == FactKind::ChoiceCount || kind == FactKind::Place ||
         kind == FactKind::Slots;
}

void RoutingFacts::set(Value value, Fact fact) {
  // Counts are of groups of tokens.
  if (fact.kind != FactKind::ChoiceCount && !fitsExtents(value, fact.dims))
    return;
  if (hasOneToken())
    forgetTokens(fact);
  (isOfSlots(fact.kind) ? slotFacts : facts).insert({value, std::move(fact)});
}

/// Infers the first result's fact from those that rules see.
void RoutingFacts::inferAndSet(Operation *op) {
  auto hasFact = [&](Value operand) { return lookup(operand) != nullptr; };
  if (op->getNumResults() == 0 || llvm::none_of(op->getOperands(), hasFact))
    return;
  MaybeFact fact = infer(op);
  // A sum of what single choices have is a number for all layers.
  bool isSum = fact && fact->kind == FactKind::ZeroOutside;
  if (fact && (!seesSlots || isOfSlots(fact->kind) || isSum))
    set(op->getResult(0), std::move(*fact));
}

void RoutingFacts::propagate() {
  Operation *op = ids.getDefiningOp();
  op = op ? op->getNextNode() : &ids.getParentBlock()->front();
  for (; op; op = op->getNextNode()) {
    if (auto split = dyn_cast<onnx::SplitOp>(op)) {
      inferSplit(split);
      continue;
    }
    if (auto sort = dyn_cast<onnx::TopKOp>(op)) {
      inferSort(sort);
      continue;
    }
    inferAndSet(op);
    seesSlots = true;
    inferAndSet(op);
    seesSlots = false;
  }
}

/// Extents of the run do not broadcast: one that is expanded stays what it is,
/// or the run ends.
bool moec::routing::isRunTimeExtent(AffineExpr extent) {
  return !isa<AffineConstantExpr>(extent);
}

std::optional<SmallVector<int64_t>> moec::routing::getAxes(Operation *op,
                                                           int64_t rank) {
  std::optional<SmallVector<int64_t>> axes;
  if (op->getNumOperands() == 2)
    axes = getIntegers(op->getOperand(1));
  if (!axes)
    return std::nullopt;
  for (int64_t &axis : *axes)
    axis = normalizeAxis(axis, rank);
  return axes;
}

bool moec::routing::keepsDims(Operation *reduction) {
  auto keep = reduction->getAttrOfType<IntegerAttr>("keepdims");
  return !keep || !keep.getValue().isZero();
}

Dims moec::routing::reduceDims(ArrayRef<Dim> dims, ArrayRef<int64_t> axes,
                               bool keepsThem) {
  Dims result;
  for (auto [index, dim] : llvm::enumerate(dims)) {
    bool isReduced = llvm::is_contained(axes, int64_t(index));
    if (!isReduced || keepsThem)
      result.push_back(isReduced ? Dim() : dim);
  }
  return result;
}

std::optional<Dims> RoutingFacts::alignDims(Value value,
                                            ArrayRef<Dim> dims) const {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() > int64_t(dims.size()))
    return std::nullopt;
  Dims result;
  ArrayRef<Dim> last = dims.take_back(type.getRank());
  for (auto [size, dim] : llvm::zip(type.getShape(), last))
    result.push_back(size == 1 ? Dim() : dim);
  return result;
}

std::optional<Fact> RoutingFacts::infer(Operation *op) {
  if (MaybeFact fact = inferArithmetic(op))
    return fact;
  const Fact *first = lookup(op->getOperand(0));
  auto onFirst = [&](auto rule) -> MaybeFact {
    return first ? rule(*first) : std::nullopt;
  };
  MaybeFact fact =
      llvm::TypeSwitch<Operation *, MaybeFact>(op)
          .Case<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
                onnx::FlattenOp, onnx::IdentityOp>([&](Operation *view) {
            return onFirst(
                [&](const Fact &fact) { return inferView(view, fact); });
          })
          .Case([&](onnx::TransposeOp op) {
            return onFirst(
                [&](const Fact &fact) { return inferTranspose(op, fact); });
          })
          .Case<onnx::CastOp, onnx::CastLikeOp>([&](Operation *cast) {
            return onFirst(
                [&](const Fact &fact) { return inferCast(cast, fact); });
          })
          .Case<onnx::ExpandOp, onnx::TileOp>([&](Operation *expand) {
            return onFirst(
                [&](const Fact &fact) { return inferExpand(expand, fact); });
          })
          .Case([&](onnx::EqualOp op) { return inferEqual(op); })
          .Case<onnx::GreaterOp, onnx::GreaterOrEqualOp, onnx::LessOp,
                onnx::LessOrEqualOp>(
              [&](Operation *compare) { return inferCompare(compare); })
          .Case([&](onnx::OneHotOp op) { return inferOneHot(op); })
          .Case([&](onnx::GatherOp op) { return inferGather(op); })
          .Case([&](onnx::GatherNDOp op) { return inferGatherND(op); })
          .Case([&](onnx::GatherElementsOp op) {
            return inferGatherElements(op);
          })
          .Case<onnx::AbsOp, onnx::FloorOp, onnx::SignOp>([&](Operation *op) {
            return onFirst(
                [&](const Fact &fact) { return inferRounding(op, fact); });
          })
          .Case([&](onnx::SliceOp op) { return inferSlice(op); })
          .Case([&](onnx::MulOp op) { return inferMul(op); })
          .Case([&](onnx::AddOp op) { return inferAdd(op); })
          .Case([&](onnx::SubOp op) { return inferSub(op); })
          .Case([&](onnx::DivOp op) { return inferDiv(op); })
          .Case([&](onnx::AndOp op) { return inferAnd(op); })
          .Case([&](onnx::WhereOp op) { return inferWhere(op); })
          .Case<onnx::ReduceSumOp, onnx::ReduceMaxOp>([&](Operation *reduce) {
            return onFirst(
                [&](const Fact &fact) { return inferReduce(reduce, fact); });
          })
          .Case<onnx::SoftmaxOp, onnx::SigmoidOp>(
              [&](Operation *softmax) { return inferSoftmax(softmax); })
          .Case([&](onnx::ConcatOp op) { return inferConcat(op); })
          .Case([&](onnx::NonZeroOp op) { return inferNonZero(op); })
          .Case([&](onnx::ScatterElementsOp op) {
            return inferScatterElements(op);
          })
          .Case([&](onnx::ScatterNDOp op) { return inferScatterND(op); })
          .Case([&](onnx::CumSumOp op) { return inferCumSum(op); })
          .Case([&](onnx::RangeOp op) { return inferRange(op); })
          .Default([](Operation *) { return std::nullopt; });
  if (!fact && seesSlots)
    fact = inferSlots(op);
  return fact ? fact : inferComputed(op);
}

//===-- Elements stay, dimensions change ----------------------------------===//

std::optional<Fact> RoutingFacts::inferView(Operation *op, const Fact &fact) {
  Fact result = fact;
  int64_t rank = fact.dims.size();
  if (isa<onnx::IdentityOp>(op))
    return result;
  if (isa<onnx::UnsqueezeOp>(op)) {
    int64_t newRank =
        cast<RankedTensorType>(op->getResult(0).getType()).getRank();
    if (auto axes = getAxes(op, newRank)) {
      llvm::sort(*axes);
      for (int64_t axis : *axes)
        result.dims.insert(result.dims.begin() + axis, Dim());
      return result;
    }
  }
  if (isa<onnx::SqueezeOp>(op)) {
    if (auto axes = getAxes(op, rank)) {
      llvm::sort(*axes, std::greater<>());
      for (int64_t axis : *axes)
        result.dims.erase(result.dims.begin() + axis);
      return result;
    }
  }
  std::optional<Dims> dims =
      reshapeDims(fact.dims, shapes.getExtents(op->getOperand(0)),
                  shapes.getExtents(op->getResult(0)), extents);
  if (!dims)
    return std::nullopt;
  result.dims = *dims;
  return result;
}

std::optional<Fact> RoutingFacts::inferTranspose(onnx::TransposeOp op,
                                                 const Fact &fact) {
  std::optional<Dims> dims = transposeDims(fact.dims, op);
  if (!dims)
    return std::nullopt;
  Fact result = fact;
  result.dims = *dims;
  return result;
}

/// Whether every integer from 0 to `most` is a value of the type.
static bool holdsIntegers(Type type, int64_t most) {
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.getWidth() > 1 &&
           llvm::isUIntN(integer.getWidth() - !integer.isUnsigned(), most);
  auto number = dyn_cast<FloatType>(type);
  return number && most <= int64_t(1) << number.getFPMantissaWidth();
}

std::optional<Fact> RoutingFacts::inferCast(Operation *op, const Fact &fact) {
  Type type = getElementTypeOrSelf(op->getResult(0).getType());
  Fact result = fact;
  switch (fact.kind) {
  case FactKind::Mask:
  case FactKind::AnyMask:
  case FactKind::ChoiceMask:
    return result;
  case FactKind::Slots:
    return castSlots(op, fact);
  case FactKind::ChoiceWeight:
    return type.isF32() ? MaybeFact(result) : std::nullopt;
  case FactKind::Uniform:
    return fact.number == 0 || fact.number == 1 ? MaybeFact(result)
                                                : std::nullopt;
  case FactKind::Ids:
  case FactKind::RowId:
    return std::nullopt;
  case FactKind::MaskedWeight:
  case FactKind::Gate:
  case FactKind::HitWeight:
  case FactKind::RowWeight:
    result.after.push_back(op);
    return isa<FloatType>(type) && !fact.dense ? MaybeFact(result)
                                               : std::nullopt;
  case FactKind::ZeroOutside:
    if (type.isInteger(1))
      return keepNotZero(fact);
    if (fact.expert)
      return std::nullopt;
    result.dense = op->getResult(0);
    return isa<FloatType>(type) ? MaybeFact(result) : std::nullopt;
  case FactKind::LowestOutside:
    return isa<FloatType>(type) ? MaybeFact(result) : std::nullopt;
  case FactKind::Table:
  case FactKind::RowTable:
    return std::nullopt;
  case FactKind::RowQuotient:
    // Towards zero, which is down.
    if (isa<IntegerType>(type))
      result.kind = FactKind::RowToken;
    return isa<IntegerType>(type) && holdsIntegers(type, int64_t(1) << 24)
               ? MaybeFact(result)
               : std::nullopt;
  case FactKind::RowSign:
    return std::nullopt;
  case FactKind::Computed:
    return isa<FloatType>(type) ? MaybeFact(result) : std::nullopt;
  default:
    // Rows are counted by 32 bits, or the model is wrong itself.
    return holdsIntegers(type, int64_t(1) << 24) ? MaybeFact(result)
                                                 : std::nullopt;
  }
}

/// A quotient is not negative.
std::optional<Fact> RoutingFacts::inferRounding(Operation *op,
                                                const Fact &fact) {
  bool isQuotient = fact.kind == FactKind::RowQuotient;
  bool isRow =
      fact.kind == FactKind::RowToken || fact.kind == FactKind::RowFlat;
  Fact result = fact;
  if (isa<onnx::AbsOp>(op))
    return isQuotient || isRow ? MaybeFact(result) : std::nullopt;
  if (isa<onnx::FloorOp>(op)) {
    if (isQuotient)
      result.kind = FactKind::RowToken;
    return isQuotient || isRow ? MaybeFact(result) : std::nullopt;
  }
  result.kind = FactKind::RowSign;
  return isQuotient ? MaybeFact(result) : std::nullopt;
}

std::optional<Fact> RoutingFacts::inferExpand(Operation *op, const Fact &fact) {
  auto from = cast<RankedTensorType>(op->getOperand(0).getType());
  auto to = cast<RankedTensorType>(op->getResult(0).getType());
  onnx::Extents sizes = shapes.getExtents(op->getResult(0));
  onnx::Extents oldSizes = shapes.getExtents(op->getOperand(0));
  Fact result = fact;
  result.dims.insert(result.dims.begin(), to.getRank() - from.getRank(), Dim());
  oldSizes.insert(oldSizes.begin(), to.getRank() - from.getRank(),
                  shapes.getConstant(1));
  for (int64_t dim = 0; dim < to.getRank(); ++dim) {
    if (sizes[dim] == oldSizes[dim] || isRunTimeExtent(oldSizes[dim]))
      continue;
    // The same for every element of a row, in the last dimension; elsewhere it
    // is not known what is counted.
    if (!result.dims[dim].empty() || dim + 1 != to.getRank())
      return std::nullopt;
    result.dims[dim] = {Axis::Feature};
  }
  return result;
}
