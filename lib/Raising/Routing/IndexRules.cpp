//===-- IndexRules.cpp - facts about places in a layer --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "RoutingFacts.h"

#include "dialects/Onnx/IR/ShapeArithmetic.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

/// One number of the places that `hits` are.
std::optional<Fact> RoutingFacts::takeCoordinate(Fact hits, Axis counted) {
  if (counted != Axis::Token && counted != Axis::Choice && counted != Axis::Hit)
    return std::nullopt;
  hits.kind = counted == Axis::Token    ? FactKind::HitToken
              : counted == Axis::Choice ? FactKind::HitChoice
                                        : FactKind::HitFlat;
  hits.coordinates.clear();
  return hits;
}

/// `part` is elements [begin, begin + 1) of `axis`; it has no such dimension,
/// or one of extent 1.
std::optional<Fact> RoutingFacts::inferPart(const Fact &fact, Value part,
                                            int64_t axis, int64_t begin) {
  Fact result = fact;
  int64_t rank = getType(part).getRank();
  if (rank == int64_t(fact.dims.size()))
    result.dims[axis].clear();
  else
    result.dims.erase(result.dims.begin() + axis);
  const Dim &dim = fact.dims[axis];
  if (dim == Dim{Axis::Expert}) {
    result.expert = begin < 0 ? begin + extents.experts : begin;
    return result;
  }
  if (dim == Dim{Axis::Coordinate}) {
    int64_t count = fact.coordinates.size();
    if (begin < -count || begin >= count)
      return std::nullopt;
    // Of several dimensions of tokens none is the token, nor has an element a
    // row.
    if (llvm::is_contained(fact.coordinates, Axis::Feature))
      return std::nullopt;
    if (!hasOneToken() && llvm::count(fact.coordinates, Axis::Token) > 1)
      return std::nullopt;
    return takeCoordinate(result,
                          fact.coordinates[normalizeAxis(begin, count)]);
  }
  if (dim == Dim{Axis::Choice} && fact.kind == FactKind::Ids &&
      fact.numbers.empty()) {
    result.kind = FactKind::OneOfIds;
    result.choice = normalizeAxis(begin, extents.choices);
    return result;
  }
  if (dim == Dim{Axis::Choice} && fact.kind == FactKind::Mask &&
      extents.choices > 1) {
    result.kind = FactKind::ChoiceMask;
    result.choice = normalizeAxis(begin, extents.choices);
    return result;
  }
  return dim.empty() ? MaybeFact(result) : std::nullopt;
}

/// Whether the elements are 0, 1, ... for the tokens.
bool RoutingFacts::countsTokens(Value value) const {
  return isIota(value) &&
         isAllTokens(onnx::getProduct(shapes, shapes.getExtents(value)));
}

/// Tuples of a token and one of its ids.
std::optional<Fact> RoutingFacts::inferPlace(onnx::ConcatOp op) {
  if (op.getOperands().size() != 2 || !isLastAxis(op.getAxis(), op.getResult()))
    return std::nullopt;
  const Fact *id = lookup(op.getOperands()[1]);
  bool isColumn = id && id->kind == FactKind::OneOfIds &&
                  id->dims.size() == 2 && id->dims[1].empty() &&
                  flattenDims(id->dims) == getCounted({Axis::Token});
  if (!isColumn || !countsTokens(op.getOperands()[0]))
    return std::nullopt;
  Fact result = *id;
  result.kind = FactKind::ChosenPlace;
  result.dims.back() = {Axis::Coordinate};
  return result;
}

/// t * experts + ids[t, j].
std::optional<Fact> RoutingFacts::inferFlatPlace(onnx::AddOp op) {
  for (auto [value, other] :
       {std::pair(op.getA(), op.getB()), std::pair(op.getB(), op.getA())}) {
    const Fact *id = lookup(value);
    auto first = other.getDefiningOp<onnx::MulOp>();
    if (!id || id->kind != FactKind::OneOfIds || id->dims.size() != 1 || !first)
      continue;
    bool isFirst = (getUniform(first.getB()) == double(extents.experts) &&
                    countsTokens(first.getA())) ||
                   (getUniform(first.getA()) == double(extents.experts) &&
                    countsTokens(first.getB()));
    if (!isFirst)
      continue;
    Fact result = *id;
    result.kind = FactKind::ChosenPlace;
    return result;
  }
  return std::nullopt;
}

/// Ascending: the ids sorted, or the way back.
void RoutingFacts::inferSort(onnx::TopKOp op) {
  const Fact *fact = lookup(op.getX());
  if (!fact || op.getLargest() != 0 || getType(op.getX()).getRank() != 1 ||
      shapes.getExtents(op.getX())[0] != shapes.getExtents(op.getValues())[0])
    return;
  SmallVector<Axis> axes = flattenDims(fact->dims);
  bool isAll = axes == getCounted({Axis::Token, Axis::Choice}) ||
               (axes == getCounted({Axis::Token}) && extents.choices == 1);
  if (fact->kind == FactKind::Ids && fact->numbers.empty() && isAll) {
    set(op.getValues(), Fact(FactKind::RowId, {{Axis::Row}}));
    set(op.getIndices(), Fact(FactKind::RowFlat, {{Axis::Row}}));
  } else if (fact->kind == FactKind::RowFlat) {
    set(op.getIndices(),
        Fact(FactKind::Inverse, {{Axis::Token, Axis::Choice}}));
  }
}

/// Whether all elements are known to be 0.
bool RoutingFacts::isZero(Value value) const {
  const Fact *fact = lookup(value);
  return getUniform(value) == 0.0 ||
         (fact && fact->kind == FactKind::Uniform && fact->number == 0);
}

std::optional<Fact> RoutingFacts::inferAdd(onnx::AddOp op) {
  if (MaybeFact place = inferFlatPlace(op))
    return place;
  for (auto [value, other] :
       {std::pair(op.getA(), op.getB()), std::pair(op.getB(), op.getA())}) {
    const Fact *fact = lookup(value), *second = lookup(other);
    if (!fact)
      continue;
    Dims ones(getType(other).getRank());
    std::optional<Dims> dims = broadcastDims(fact->dims, ones);
    if (isZero(other) && dims && fact->kind != FactKind::Computed) {
      Fact result = *fact;
      result.dims = *dims;
      return result;
    }
    bool isFirst = fact->kind == FactKind::HitTokenTimesK ||
                   (fact->kind == FactKind::HitToken && extents.choices == 1);
    if (second && isFirst && second->kind == FactKind::HitChoice &&
        fact->expert == second->expert && fact->dims == second->dims &&
        fact->hits == second->hits) {
      Fact result = *fact;
      result.kind = FactKind::HitFlat;
      return result;
    }
  }
  return std::nullopt;
}

std::optional<Fact> RoutingFacts::inferSub(onnx::SubOp op) {
  const Fact *fact = lookup(op.getA()), *second = lookup(op.getB());
  if (!fact)
    return std::nullopt;
  if (isZero(op.getB()) && fact->kind != FactKind::Computed)
    return *fact;
  if (second && fact->kind == FactKind::End && isCount(*second) &&
      fact->expert == second->expert && fact->dims == second->dims) {
    Fact result = *fact;
    result.kind = FactKind::Start;
    return result;
  }
  return std::nullopt;
}

std::optional<Fact> RoutingFacts::inferDiv(onnx::DivOp op) {
  const Fact *fact = lookup(op.getA());
  if (!fact || lookup(op.getB()))
    return std::nullopt;
  Fact result = *fact;
  std::optional<double> number = getUniform(op.getB());
  bool isInteger =
      isa<IntegerType>(getElementTypeOrSelf(op.getResult().getType()));
  if (number == 1.0 && fact->kind != FactKind::Computed)
    return result;
  if (fact->kind == FactKind::RowFlat && number == double(extents.choices)) {
    result.kind = isInteger ? FactKind::RowToken : FactKind::RowQuotient;
    return result;
  }
  bool isWeight =
      fact->kind == FactKind::MaskedWeight || fact->kind == FactKind::Gate ||
      fact->kind == FactKind::HitWeight || fact->kind == FactKind::RowWeight;
  if (isWeight && number) {
    result.after.push_back(op);
    return result;
  }
  return std::nullopt;
}

bool RoutingFacts::isCount(const Fact &fact) const {
  return fact.kind == FactKind::Count ||
         (fact.kind == FactKind::AnyMask && hasOneToken() && areDistinct &&
          !fact.hits.kept);
}

std::optional<Fact> RoutingFacts::inferConcat(onnx::ConcatOp op) {
  if (MaybeFact place = inferPlace(op))
    return place;
  int64_t axis = normalizeAxis(op.getAxis(), getType(op.getResult()).getRank());
  SmallVector<const Fact *> parts;
  for (Value operand : op.getOperands()) {
    parts.push_back(lookup(operand));
    if (!parts.back())
      return std::nullopt;
  }
  const Fact &first = *parts.front();
  if (parts.size() == 1)
    return first;
  Fact result = first;
  // Tokens and choices of the same places become tuples.
  if (first.kind == FactKind::HitToken || first.kind == FactKind::HitChoice) {
    for (const Fact *part : parts) {
      bool isToken = part->kind == FactKind::HitToken;
      if ((!isToken && part->kind != FactKind::HitChoice) ||
          part->expert != first.expert || part->dims != first.dims ||
          part->hits != first.hits || !part->dims[axis].empty())
        return std::nullopt;
      result.coordinates.push_back(isToken ? Axis::Token : Axis::Choice);
    }
    result.kind = FactKind::HitCoordinates;
    result.dims[axis] = {Axis::Coordinate};
    return result;
  }
  // The counts of all experts in turn.
  if (isCount(first)) {
    for (auto [number, part] : llvm::enumerate(parts))
      if (!isCount(*part) || part->expert != int64_t(number) ||
          !countNothing(part->dims))
        return std::nullopt;
    if (int64_t(parts.size()) != extents.experts)
      return std::nullopt;
    result.kind = FactKind::Count;
    result.expert.reset();
    result.dims[axis] = {Axis::Expert};
    return result;
  }
  if (first.kind != FactKind::Computed)
    return std::nullopt;
  bool areSegments = first.dims[axis] == Dim{Axis::Hit};
  for (auto [number, part] : llvm::enumerate(parts)) {
    bool fits = part->kind == FactKind::Computed && part->dims == first.dims &&
                part->hits == first.hits;
    if (areSegments)
      fits &= part->expert == int64_t(number);
    if (!fits)
      return std::nullopt;
  }
  if (!areSegments)
    return first.dims[axis] == Dim{Axis::Feature} ? MaybeFact(first)
                                                  : std::nullopt;
  if (int64_t(parts.size()) != extents.experts)
    return std::nullopt;
  result.expert.reset();
  result.dims[axis] = {Axis::Row};
  return result;
}

/// What the place of a hit says along a dimension of the mask. The place along
/// an extent of 1 is 0, the number of the only token, or of the only choice.
Axis RoutingFacts::getCoordinate(const Dim &dim) const {
  if (dim == Dim{Axis::Token, Axis::Choice})
    return Axis::Hit;
  if (dim.empty())
    return hasOneToken()          ? Axis::Token
           : extents.choices == 1 ? Axis::Choice
                                  : Axis::Coordinate;
  bool isKnown = dim == Dim{Axis::Choice} || dim == Dim{Axis::Token} ||
                 dim == Dim{Axis::Feature};
  return isKnown ? dim.front() : Axis::Coordinate;
}

std::optional<Fact> RoutingFacts::inferNonZero(onnx::NonZeroOp op) {
  const Fact *mask = lookup(op.getX());
  if (!mask || !mask->expert ||
      (mask->kind != FactKind::Mask && mask->kind != FactKind::AnyMask))
    return std::nullopt;
  Fact result = *mask;
  result.kind = FactKind::HitCoordinates;
  for (const Dim &dim : mask->dims)
    result.coordinates.push_back(getCoordinate(dim));
  result.dims = {{Axis::Coordinate}, {Axis::Hit}};
  SmallVector<Axis> order = flattenDims(mask->dims);
  // Of a mask that is spread over rows every element is a place.
  if (!order.empty() && order.back() == Axis::Feature) {
    order.pop_back();
    result.dims.back().push_back(Axis::Feature);
  }
  // One hit a token: the tokens are in order wherever they come first.
  result.hits.order.assign(order.begin(), order.end());
  if (areDistinct && ArrayRef<Axis>(result.hits.order) ==
                         ArrayRef(getCounted({Axis::Token, Axis::Choice})))
    result.hits.order.pop_back();
  // Of one dimension a place is one number, which counts nothing.
  if (mask->dims.size() != 1)
    return result;
  result.dims[0].clear();
  Axis counted = result.coordinates.front();
  return takeCoordinate(std::move(result), counted);
}

std::optional<Fact>
RoutingFacts::inferScatterElements(onnx::ScatterElementsOp op) {
  const Fact *indices = lookup(op.getIndices());
  if (!indices || lookup(op.getData()))
    return std::nullopt;
  RankedTensorType type = getType(op.getData());
  int64_t axis = normalizeAxis(op.getAxis(), type.getRank());
  std::optional<double> base = getUniform(op.getData());
  std::optional<double> update = getUniform(op.getUpdates());
  bool isSet = op.getReduction() == "none";
  bool isAdd = op.getReduction() == "add";
  Fact result = *indices;
  if (type.getRank() == 1 && type.getDimSize(0) == extents.experts && isAdd &&
      base == 0.0 && update == 1.0 && indices->numbers.empty() &&
      (indices->kind == FactKind::RowId || indices->kind == FactKind::Ids)) {
    result.kind = FactKind::Count;
    result.dims = {{Axis::Expert}};
    return result;
  }
  if (indices->kind == FactKind::RowFlat && type.getRank() == 1 && isSet &&
      isAllChoices(shapes.getExtents(op.getData())[0]) &&
      isIota(op.getUpdates())) {
    result.kind = FactKind::Inverse;
    result.dims = {{Axis::Token, Axis::Choice}};
    return result;
  }
  bool hasChoices = indices->dims[axis] == Dim{Axis::Choice} ||
                    (indices->dims[axis].empty() && extents.choices == 1);
  if (indices->kind != FactKind::Ids || !hasChoices ||
      !indices->numbers.empty() || type.getDimSize(axis) != extents.experts ||
      !base)
    return std::nullopt;
  // Updates reach as far as the indices: all tokens.
  if (!reachAll(op.getIndices(), op.getData(), axis))
    return std::nullopt;
  result.dims[axis] = {Axis::Expert};
  bool isLowest = std::isinf(*base) && *base < 0;
  if (isLowest && isSet) {
    result.kind = FactKind::LowestOutside;
    return result;
  }
  // Of equal ids the last would count alone.
  if (*base != 0 ||
      !(isAdd || (isSet && addsWhatIsSet(op.getUpdates(), indices->dims))))
    return std::nullopt;
  if (update == 1.0 && areDistinct) {
    result.kind = FactKind::AnyMask;
    return result;
  }
  if (lookup(op.getUpdates()) || !isa<FloatType>(type.getElementType()))
    return std::nullopt;
  result.kind = FactKind::Gate;
  result.weights = op.getUpdates();
  result.weightDims = indices->dims;
  return result;
}

std::optional<Fact> RoutingFacts::inferScatterND(onnx::ScatterNDOp op) {
  const Fact *indices = lookup(op.getIndices());
  bool isInverse = indices && indices->kind == FactKind::RowFlat &&
                   op.getReduction() == "none" &&
                   getType(op.getData()).getRank() == 1 &&
                   getType(op.getIndices()).getRank() == 2 &&
                   isAllChoices(shapes.getExtents(op.getData())[0]) &&
                   isIota(op.getUpdates());
  if (!isInverse)
    return std::nullopt;
  Fact result = *indices;
  result.kind = FactKind::Inverse;
  result.dims = {{Axis::Token, Axis::Choice}};
  return result;
}

std::optional<Fact> RoutingFacts::inferCumSum(onnx::CumSumOp op) {
  const Fact *fact = lookup(op.getX());
  if (!fact || !isCount(*fact) || op.getReverse() != 0)
    return std::nullopt;
  std::optional<SmallVector<int64_t>> axis = getIntegers(op.getAxis());
  if (!axis || axis->size() != 1 ||
      fact->dims[normalizeAxis(axis->front(), fact->dims.size())] !=
          Dim{Axis::Expert})
    return std::nullopt;
  Fact result = *fact;
  result.kind = op.getExclusive() ? FactKind::Start : FactKind::End;
  return result;
}

std::optional<Fact> RoutingFacts::inferRange(onnx::RangeOp op) {
  if (!getExpertBetween(op.getStart(), op.getLimit()) ||
      getUniform(op.getDelta()) != 1.0)
    return std::nullopt;
  Fact result = *lookup(op.getLimit());
  result.kind = FactKind::Segment;
  result.dims = {{Axis::Hit}};
  return result;
}
