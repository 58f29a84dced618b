//===-- PlaceRules.cpp - facts about choices that are counted -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A running sum of a one-hot mask along the tokens numbers the choices of each
// expert; no two of them have the same number. The second choices of all tokens
// may go on where the first ones ended.
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "RoutingFacts.h"

#include "dialects/Onnx/IR/ShapeArithmetic.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

/// The mask of some choices of all experts that a fact is.
std::optional<Fact> RoutingFacts::readMask(const Fact *fact) const {
  if (!fact || fact->expert)
    return std::nullopt;
  if (fact->kind == FactKind::ChoiceMask)
    return *fact;
  bool isOne = extents.choices == 1 && (fact->kind == FactKind::Mask ||
                                        fact->kind == FactKind::AnyMask);
  bool isEvery =
      fact->kind == FactKind::Mask && hasAxis(fact->dims, Axis::Choice);
  if (!isOne && !isEvery)
    return std::nullopt;
  Fact mask = *fact;
  mask.kind = FactKind::ChoiceMask;
  mask.choice = isOne ? 0 : kEveryChoice;
  return mask;
}

/// Whether a fact is a mask times numbers.
bool RoutingFacts::isWeightOfChoice(const Fact &fact) const {
  if (fact.expert || !hasAxis(fact.dims, Axis::Expert))
    return false;
  return fact.kind == FactKind::ChoiceWeight ||
         (extents.choices == 1 &&
          (fact.kind == FactKind::MaskedWeight || fact.kind == FactKind::Gate ||
           fact.kind == FactKind::ZeroOutside));
}

/// Weights of several choices, one number for each token and expert.
std::optional<Fact> RoutingFacts::addWeights(onnx::AddOp op) const {
  const Fact *a = lookup(op.getA()), *b = lookup(op.getB());
  auto isOfExperts = [&](const Fact *fact) {
    return fact && !hasAxis(fact->dims, Axis::Choice) &&
           (fact->kind == FactKind::ZeroOutside || isWeightOfChoice(*fact));
  };
  if (!isOfExperts(a) || !isOfExperts(b) || a->dims != b->dims ||
      !findAxis(a->dims, Axis::Expert))
    return std::nullopt;
  Fact result(FactKind::ZeroOutside, a->dims);
  result.dense = op.getResult();
  result.denseDims = a->dims;
  return result;
}

/// How many tokens the dimensions `along` count, of which those in front count
/// groups; null where others are inside of them.
AffineExpr RoutingFacts::getGroupSize(Value value, ArrayRef<Dim> dims,
                                      ArrayRef<int64_t> along) const {
  onnx::Extents sizes = shapes.getExtents(value);
  AffineExpr size = shapes.getConstant(1);
  bool isInside = false;
  for (auto [index, dim] : llvm::enumerate(dims)) {
    bool isAlong = llvm::is_contained(along, int64_t(index));
    bool hasTokens = llvm::is_contained(dim, Axis::Token);
    if (isAlong && hasTokens && dim.size() > 1)
      return llvm::count_if(dims,
                            [](const Dim &other) {
                              return llvm::is_contained(other, Axis::Token);
                            }) == 1
                 ? tokens
                 : AffineExpr();
    if (isAlong && hasTokens)
      size = size * sizes[index];
    else if (hasTokens && isInside)
      return {};
    isInside |= isAlong && hasTokens;
  }
  return isInside || hasOneToken() ? size : AffineExpr();
}

/// Whether sums of as many ones as there may be tokens are exact.
static bool countsExactly(Value sum) {
  Type type = getElementTypeOrSelf(sum.getType());
  if (type.isInteger())
    return type.getIntOrFloatBitWidth() >= 32;
  return type.isF32() || type.isF64();
}

std::optional<Fact> RoutingFacts::numberChoices(onnx::CumSumOp op) {
  MaybeFact mask = readMask(lookup(op.getX()));
  std::optional<SmallVector<int64_t>> axis = getIntegers(op.getAxis());
  if (!mask || !axis || axis->size() != 1 || !countsExactly(op.getResult()) ||
      !hasAxis(mask->dims, Axis::Expert))
    return std::nullopt;
  int64_t along = normalizeAxis(axis->front(), mask->dims.size());
  const Dim &dim = mask->dims[along];
  bool isWithin =
      mask->choice == kEveryChoice && !llvm::is_contained(dim, Axis::Choice);
  AffineExpr groupSize = getGroupSize(op.getX(), mask->dims, along);
  if (isWithin || !groupSize || llvm::is_contained(dim, Axis::Expert))
    return std::nullopt;
  Fact result = *mask;
  result.kind = FactKind::Place;
  result.numbering = {};
  result.numbering.groupSize = groupSize;
  result.numbering.first = op.getExclusive() ? 0 : 1;
  result.numbering.own = {mask->choice, mask->hits.kept};
  return result;
}

/// The sum of a mask over the tokens.
std::optional<Fact> RoutingFacts::countChoices(Operation *op) {
  MaybeFact mask = readMask(lookup(op->getOperand(0)));
  if (!mask || mask->choice == kEveryChoice || !isa<onnx::ReduceSumOp>(op) ||
      !countsExactly(op->getResult(0)))
    return std::nullopt;
  std::optional<SmallVector<int64_t>> axes = getAxes(op, mask->dims.size());
  if (!axes)
    return std::nullopt;
  AffineExpr groupSize = getGroupSize(op->getOperand(0), mask->dims, *axes);
  if (!groupSize)
    return std::nullopt;
  Fact result = *mask;
  result.kind = FactKind::ChoiceCount;
  result.hits = {};
  result.numbering = {};
  result.numbering.groupSize = groupSize;
  result.numbering.before = {{mask->choice, mask->hits.kept}};
  result.dims = reduceDims(mask->dims, *axes, keepsDims(op));
  return hasAxis(result.dims, Axis::Expert) ? MaybeFact(result) : std::nullopt;
}

/// Whether a count is one for each group of the tokens that are numbered.
bool RoutingFacts::isOfGroups(Value places, const Fact &count) const {
  const Fact &fact = *lookup(places);
  onnx::Extents sizes = shapes.getExtents(places);
  AffineExpr size = shapes.getConstant(1);
  bool isInside = false;
  for (auto [index, dim] : llvm::enumerate(fact.dims)) {
    if (!llvm::is_contained(dim, Axis::Token))
      continue;
    int64_t own = int64_t(index + count.dims.size()) - fact.dims.size();
    bool isGroup = own >= 0 && !count.dims[own].empty();
    if (isGroup && isInside)
      return false;
    isInside |= !isGroup;
    if (!isGroup)
      size = size * sizes[index];
  }
  return isSameExtent(size, fact.numbering.groupSize);
}

/// Numbers, or counts, that go on after `count`.
std::optional<Fact> RoutingFacts::numberAfter(Value places,
                                              const Fact &count) const {
  const Fact &fact = *lookup(places);
  std::optional<Dims> dims = broadcastDims(fact.dims, count.dims);
  bool isSame =
      isSameExtent(fact.numbering.groupSize, count.numbering.groupSize);
  bool isAligned = fact.kind == FactKind::Place ? isOfGroups(places, count)
                                                : fact.dims == count.dims;
  if (!dims || !isSame || !isAligned)
    return std::nullopt;
  Fact result = fact;
  result.dims = *dims;
  result.numbering.outside.reset();
  for (const CountedChoices &counted : count.numbering.before) {
    auto isSameChoice = [&](const CountedChoices &other) {
      return other.choice == counted.choice;
    };
    if (llvm::any_of(result.numbering.before, isSameChoice))
      return std::nullopt;
    result.numbering.before.push_back(counted);
  }
  return result;
}

/// Places and a number, or how many come before them.
std::optional<Fact> RoutingFacts::shiftPlace(Value places, Value other,
                                             int sign) const {
  const Fact *fact = lookup(places), *count = lookup(other);
  bool isPlace = fact && fact->kind == FactKind::Place && !fact->expert;
  bool isCount = fact && fact->kind == FactKind::ChoiceCount && !fact->expert;
  if (count && count->kind == FactKind::ChoiceCount && !count->expert)
    return sign > 0 && (isPlace || isCount) ? numberAfter(places, *count)
                                            : std::nullopt;
  std::optional<double> number = getUniform(other);
  std::optional<Dims> dims;
  if (isPlace)
    dims = broadcastDims(fact->dims, Dims(getType(other).getRank()));
  constexpr double kMost = 1 << 20;
  if (!dims || count || !number || std::abs(*number) > kMost ||
      *number != double(int64_t(*number)))
    return std::nullopt;
  Fact result = *fact;
  result.dims = *dims;
  result.numbering.first += sign * int64_t(*number);
  if (result.numbering.outside)
    *result.numbering.outside += sign * *number;
  return result;
}

/// Places where a mask is set, another number elsewhere.
std::optional<Fact> RoutingFacts::maskPlace(Value places, Value by,
                                            double outside) const {
  const Fact *fact = lookup(places);
  MaybeFact mask = readMask(lookup(by));
  if (!mask || !fact || fact->kind != FactKind::Place || fact->expert ||
      fact->choice != mask->choice ||
      hasAxis(fact->dims, Axis::Expert) != hasAxis(mask->dims, Axis::Expert) ||
      !isKeptOf(mask->hits.kept, fact->hits.kept))
    return std::nullopt;
  std::optional<Dims> dims = broadcastDims(fact->dims, mask->dims);
  if (!dims)
    return std::nullopt;
  Fact result = *fact;
  result.dims = *dims;
  result.hits = mask->hits;
  result.numbering.outside = outside;
  return result;
}

/// Of zeros and the place at its expert, the place of a choice.
std::optional<Fact> RoutingFacts::reducePlace(Operation *op) const {
  const Fact *fact = lookup(op->getOperand(0));
  if (!fact || fact->kind != FactKind::Place || fact->expert ||
      fact->numbering.outside != 0.0)
    return std::nullopt;
  std::optional<SmallVector<int64_t>> axes = getAxes(op, fact->dims.size());
  bool isMost = isa<onnx::ReduceMaxOp>(op);
  if (!axes || axes->size() != 1 ||
      fact->dims[axes->front()] != Dim{Axis::Expert} ||
      (isMost && fact->numbering.first < 0))
    return std::nullopt;
  Fact result = *fact;
  result.dims = reduceDims(fact->dims, *axes, keepsDims(op));
  result.numbering.outside.reset();
  return result;
}

/// The place of a choice looked up by its id.
std::optional<Fact> RoutingFacts::gatherPlace(onnx::GatherElementsOp op) const {
  const Fact *fact = lookup(op.getData()), *ids = lookup(op.getIndices());
  int64_t axis = normalizeAxis(op.getAxis(), getType(op.getData()).getRank());
  if (!fact || !ids || fact->kind != FactKind::Place || fact->expert ||
      fact->dims[axis] != Dim{Axis::Expert} || !ids->numbers.empty())
    return std::nullopt;
  bool isOne = ids->kind == FactKind::OneOfIds && ids->choice == fact->choice;
  bool isAll = ids->kind == FactKind::Ids &&
               (extents.choices == 1 ||
                (fact->choice == kEveryChoice && ids->dims[axis].empty()));
  onnx::Extents of = shapes.getExtents(op.getData());
  onnx::Extents by = shapes.getExtents(op.getIndices());
  for (size_t dim = 0; dim < of.size(); ++dim)
    if (int64_t(dim) != axis &&
        (of[dim] != by[dim] || fact->dims[dim] != ids->dims[dim]))
      return std::nullopt;
  if (!isOne && !isAll)
    return std::nullopt;
  Fact result = *fact;
  result.dims = ids->dims;
  result.numbering.outside.reset();
  return result;
}

/// Ones in zeros, where one of the ids says.
std::optional<Fact>
RoutingFacts::scatterMask(onnx::ScatterElementsOp op) const {
  const Fact *ids = lookup(op.getIndices());
  RankedTensorType type = getType(op.getData());
  int64_t axis = normalizeAxis(op.getAxis(), type.getRank());
  if (!ids || ids->kind != FactKind::OneOfIds || !ids->dims[axis].empty() ||
      type.getDimSize(axis) != extents.experts ||
      getUniform(op.getData()) != 0.0 || getUniform(op.getUpdates()) != 1.0 ||
      (op.getReduction() != "none" && op.getReduction() != "add"))
    return std::nullopt;
  if (!reachAll(op.getIndices(), op.getData(), axis))
    return std::nullopt;
  Fact result = *ids;
  result.kind = FactKind::ChoiceMask;
  result.dims[axis] = {Axis::Expert};
  return result;
}

/// A mask and a condition, or numbers.
std::optional<Fact> RoutingFacts::multiplyMask(Operation *op, Value by,
                                               Value other) const {
  MaybeFact mask = readMask(lookup(by));
  if (!mask || lookup(other))
    return std::nullopt;
  std::optional<Dims> own = alignFactor(other, mask->dims);
  std::optional<Dims> dims;
  if (own)
    dims = broadcastDims(mask->dims, *own);
  if (!dims || dims->size() != size_t(getType(op->getResult(0)).getRank()))
    return std::nullopt;
  mask->dims = *dims;
  if (isCondition(other)) {
    mask->hits.kept = op->getResult(0);
    mask->hits.keptDims = *dims;
    return mask;
  }
  if (!isa<FloatType>(getElementTypeOrSelf(other.getType())))
    return std::nullopt;
  mask->kind = FactKind::ChoiceWeight;
  return mask;
}

/// Whether any expert has a choice of a token that counts.
std::optional<Fact> RoutingFacts::reduceMask(Operation *op) const {
  MaybeFact mask = readMask(lookup(op->getOperand(0)));
  std::optional<SmallVector<int64_t>> axes;
  if (mask)
    axes = getAxes(op, mask->dims.size());
  if (!axes || axes->size() != 1 ||
      mask->dims[axes->front()] != Dim{Axis::Expert})
    return std::nullopt;
  mask->dims = reduceDims(mask->dims, *axes, keepsDims(op));
  return mask;
}
