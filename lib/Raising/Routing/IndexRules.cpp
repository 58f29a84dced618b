//===-- IndexRules.cpp - facts about places in a layer --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "RoutingFacts.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

/// Whether no dimension counts anything.
static bool isOneOf(ArrayRef<Dim> dims) {
  return llvm::all_of(dims, [](const Dim &dim) { return dim.empty(); });
}

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
  return dim.empty() ? MaybeFact(result) : std::nullopt;
}

/// Whether the elements are 0, 1, ... for the tokens.
bool RoutingFacts::countsTokens(Value value) const {
  AffineExpr count = shapes.getConstant(1);
  for (AffineExpr extent : shapes.getExtents(value))
    count = count * extent;
  return isIota(value) && isAllTokens(count);
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

/// data[index, ...] for an index that is a place in the layer.
std::optional<Fact> RoutingFacts::gatherRows(Value data, const Fact &index,
                                             Dims indexDims) {
  RankedTensorType type = getType(data);
  AffineExpr rows = shapes.getExtents(data).front();
  const Fact *known = lookup(data);
  Fact result = index;
  result.coordinates.clear();
  result.dims = std::move(indexDims);
  bool isNumbers = isa<FloatType>(type.getElementType());
  auto addFeatures = [&] {
    // One row; further dimensions count nothing.
    for (int64_t dim = 1; dim + 1 < type.getRank(); ++dim) {
      if (type.getDimSize(dim) != 1)
        return false;
      result.dims.emplace_back();
    }
    if (type.getRank() > 1)
      result.dims.push_back({Axis::Feature});
    return true;
  };

  switch (index.kind) {
  case FactKind::Ids:
  case FactKind::RowId: {
    if (known || !index.numbers.empty() || !type.hasStaticShape() ||
        type.getDimSize(0) != extents.experts || type.getRank() < 2)
      return std::nullopt;
    result.kind =
        index.kind == FactKind::Ids ? FactKind::Table : FactKind::RowTable;
    result.table = data;
    for (int64_t dim = 1; dim < type.getRank(); ++dim)
      result.dims.push_back(
          {type.getRank() == 2 ? Axis::Feature : Axis::Matrix});
    return result;
  }
  case FactKind::HitToken:
  case FactKind::RowToken: {
    bool isHit = index.kind == FactKind::HitToken;
    bool isGate = known && (known->kind == FactKind::Gate ||
                            known->kind == FactKind::ZeroOutside);
    // A weight of choices is that of dropped ones, too; a table has zeros
    // there.
    bool areSame = isGate && (known->dense || !known->hits.kept ||
                              known->hits.kept == index.hits.kept);
    if (areSame && isHit && known->expert == index.expert &&
        type.getRank() <= 2) {
      // The weight of an expert where the expert was chosen.
      result = *known;
      result.kind = FactKind::HitWeight;
      result.hits = index.hits;
      result.dims = index.dims;
      result.dims.resize(1, {Axis::Hit});
      if (type.getRank() == 2)
        result.dims.emplace_back();
      return type.getRank() == 1 || type.getDimSize(1) == 1 ? MaybeFact(result)
                                                            : std::nullopt;
    }
    if (isHit && !known)
      if (MaybeFact weight = gatherColumn(data, index, result.dims))
        return weight;
    if (known || !isAllTokens(rows) || !isNumbers || !addFeatures())
      return std::nullopt;
    result.kind = FactKind::Computed;
    return result;
  }
  case FactKind::HitChoice:
    // The choices of one token are all that there are.
    if (!hasOneToken())
      return std::nullopt;
    [[fallthrough]];
  case FactKind::HitFlat:
  case FactKind::RowFlat: {
    bool isHit = index.kind != FactKind::RowFlat;
    if (!isAllChoices(rows))
      return std::nullopt;
    if (known && known->kind == FactKind::Ids && !isHit &&
        type.getRank() == 1) {
      result.kind = FactKind::RowId;
      return result;
    }
    if (!isNumbers || known)
      return std::nullopt;
    bool isVector =
        type.getRank() == 1 || (type.getRank() == 2 && type.getDimSize(1) == 1);
    if (!isVector) {
      result.kind = FactKind::Computed;
      return addFeatures() ? MaybeFact(result) : std::nullopt;
    }
    result.kind = isHit ? FactKind::HitWeight : FactKind::RowWeight;
    result.weights = data;
    result.weightDims = {{Axis::Token, Axis::Choice}};
    if (type.getRank() == 2) {
      result.dims.emplace_back();
      result.weightDims.emplace_back();
    }
    return result;
  }
  case FactKind::Inverse:
    // Rows in the order of choices again.
    if (!known || known->dims.front() != Dim{Axis::Row} ||
        (known->kind != FactKind::Computed))
      return std::nullopt;
    result.kind = FactKind::Computed;
    result.dims.append(known->dims.begin() + 1, known->dims.end());
    return result;
  case FactKind::Segment:
    if (!known || known->dims.front() != Dim{Axis::Row})
      return std::nullopt;
    result = *known;
    result.expert = index.expert;
    result.dims[0] = {Axis::Hit};
    return result;
  default:
    return std::nullopt;
  }
}

/// Rows of [1, tokens, features].
std::optional<Fact> RoutingFacts::gatherInnerRows(onnx::GatherOp op,
                                                  int64_t axis,
                                                  const Fact &index) {
  RankedTensorType type = getType(op.getData());
  bool isToken =
      index.kind == FactKind::HitToken || index.kind == FactKind::RowToken;
  bool isInner = llvm::all_of(type.getShape().take_front(axis),
                              [](int64_t extent) { return extent == 1; });
  if (!isToken || !isInner || axis + 2 != type.getRank() ||
      lookup(op.getData()) || !isa<FloatType>(type.getElementType()) ||
      !isAllTokens(shapes.getExtents(op.getData())[axis]))
    return std::nullopt;
  Fact result = index;
  result.kind = FactKind::Computed;
  result.dims.insert(result.dims.begin(), axis, Dim());
  result.dims.push_back({Axis::Feature});
  return result;
}

/// The weight of an expert where it was chosen, of a table that has one for
/// the other tokens as well.
std::optional<Fact> RoutingFacts::gatherColumn(Value column, const Fact &index,
                                               ArrayRef<Dim> dims) {
  RankedTensorType type = getType(column);
  bool isVector =
      type.getRank() == 1 || (type.getRank() == 2 && type.getDimSize(1) == 1);
  if (!isVector || !index.expert || !isa<FloatType>(type.getElementType()) ||
      !isAllTokens(shapes.getExtents(column).front()))
    return std::nullopt;
  std::optional<Column> found = readColumn(column);
  if (!found || found->number != *index.expert || lookup(found->table) ||
      getType(found->table).getShape().back() != extents.experts)
    return std::nullopt;
  Value table = found->table;
  Fact result = index;
  result.kind = FactKind::HitWeight;
  result.coordinates.clear();
  result.dims.assign(dims.begin(), dims.end());
  result.dims.resize(dims.size() + type.getRank() - 1);
  result.dense = table;
  result.denseDims.assign(getType(table).getRank(), Dim{Axis::Token});
  result.denseDims.back() = {Axis::Expert};
  return result;
}

std::optional<Fact> RoutingFacts::inferGather(onnx::GatherOp op) {
  const Fact *data = lookup(op.getData());
  const Fact *indices = lookup(op.getIndices());
  int64_t axis = normalizeAxis(op.getAxis(), getType(op.getData()).getRank());
  if (indices)
    return axis == 0 ? gatherRows(op.getData(), *indices, indices->dims)
                     : gatherInnerRows(op, axis, *indices);
  std::optional<SmallVector<int64_t>> numbers = getIntegers(op.getIndices());
  if (!numbers || numbers->size() != 1 ||
      getType(op.getIndices()).getRank() > 1)
    return std::nullopt;
  return inferPart(*data, op.getOutput(), axis, numbers->front());
}

std::optional<Fact> RoutingFacts::inferGatherND(onnx::GatherNDOp op) {
  const Fact *indices = lookup(op.getIndices());
  RankedTensorType type = getType(op.getIndices());
  if (!indices || op.getBatchDims() != 0)
    return std::nullopt;
  if (type.getDimSize(type.getRank() - 1) == 1 &&
      indices->kind != FactKind::HitCoordinates)
    return gatherRows(op.getData(), *indices,
                      Dims(ArrayRef(indices->dims).drop_back()));
  // A weight by token and choice.
  SmallVector<Axis> place = {Axis::Token, Axis::Choice};
  RankedTensorType data = getType(op.getData());
  onnx::Extents extentsOfData = shapes.getExtents(op.getData());
  bool isWeight =
      indices->kind == FactKind::HitCoordinates &&
      indices->coordinates.size() == 2 &&
      ArrayRef(indices->coordinates) == ArrayRef(place) &&
      indices->dims.size() == 2 && indices->dims[1] == Dim{Axis::Coordinate} &&
      data.getRank() >= 2 && !lookup(op.getData()) &&
      isAllTokens(extentsOfData[0]) && data.getDimSize(1) == extents.choices &&
      llvm::all_of(data.getShape().drop_front(2),
                   [](int64_t extent) { return extent == 1; }) &&
      isa<FloatType>(data.getElementType());
  if (!isWeight)
    return std::nullopt;
  Fact result = *indices;
  result.kind = FactKind::HitWeight;
  result.coordinates.clear();
  result.dims = {indices->dims[0]};
  result.dims.resize(data.getRank() - 1);
  result.weights = op.getData();
  result.weightDims = {{Axis::Token}, {Axis::Choice}};
  result.weightDims.resize(data.getRank());
  return result;
}

/// The results of all experts, of which each choice takes its own.
std::optional<Fact>
RoutingFacts::inferGatherElements(onnx::GatherElementsOp op) {
  const Fact *index = lookup(op.getIndices());
  RankedTensorType type = getType(op.getData());
  int64_t axis = normalizeAxis(op.getAxis(), type.getRank());
  if (!index || index->kind != FactKind::Ids || !index->numbers.empty() ||
      lookup(op.getData()) || type.getDimSize(axis) != extents.experts ||
      index->dims[axis] != Dim{Axis::Choice} ||
      index->dims.back() != Dim{Axis::Feature} ||
      !isa<FloatType>(type.getElementType()))
    return std::nullopt;
  // Indices reach all of the other dimensions.
  onnx::Extents of = shapes.getExtents(op.getData());
  onnx::Extents by = shapes.getExtents(op.getIndices());
  for (size_t dim = 0; dim < of.size(); ++dim)
    if (int64_t(dim) != axis && of[dim] != by[dim])
      return std::nullopt;
  Fact result = *index;
  result.kind = FactKind::Computed;
  return result;
}

namespace {
/// A Slice of constant bounds along one axis, all others whole.
struct ConstantSlice {
  int64_t axis, begin, end, step;
};
} // namespace

static std::optional<ConstantSlice> readSlice(onnx::SliceOp op) {
  auto starts = getIntegers(op.getStarts()), ends = getIntegers(op.getEnds());
  RankedTensorType from = getType(op.getData());
  RankedTensorType to = getType(op.getOutput());
  if (!starts || !ends)
    return std::nullopt;
  SmallVector<int64_t> axes =
      llvm::to_vector(llvm::seq<int64_t>(0, starts->size()));
  SmallVector<int64_t> steps(starts->size(), 1);
  if (op.getAxes()) {
    auto values = getIntegers(op.getAxes());
    if (!values)
      return std::nullopt;
    axes = *values;
  }
  if (op.getSteps()) {
    auto values = getIntegers(op.getSteps());
    if (!values)
      return std::nullopt;
    steps = *values;
  }
  std::optional<ConstantSlice> found;
  for (auto [start, end, axis, step] :
       llvm::zip_equal(*starts, *ends, axes, steps)) {
    int64_t dim = normalizeAxis(axis, from.getRank());
    int64_t size = from.getDimSize(dim);
    bool isWhole = start == 0 && step == 1 &&
                   (end == std::numeric_limits<int64_t>::max() ||
                    (!ShapedType::isDynamic(size) && end >= size));
    if (isWhole)
      continue;
    if (found || ShapedType::isDynamic(size) ||
        ShapedType::isDynamic(to.getDimSize(dim)))
      return std::nullopt;
    // Bounds are clamped, however far below they are.
    found = {dim, std::max<int64_t>(normalizeAxis(start, size), 0), end, step};
  }
  return found;
}

/// Whether all elements are kept.
static bool isWhole(onnx::SliceOp op) {
  auto starts = getUniform(op.getStarts()), ends = getUniform(op.getEnds());
  bool hasStep = op.getSteps() && getUniform(op.getSteps()) != 1.0;
  auto axes = op.getAxes() ? getIntegers(op.getAxes())
                           : std::optional(SmallVector<int64_t>{0});
  if (starts != 0.0 || !ends || hasStep || !axes || axes->size() != 1)
    return false;
  RankedTensorType type = getType(op.getData());
  int64_t extent = type.getDimSize(
      moec::routing::normalizeAxis(axes->front(), type.getRank()));
  return !ShapedType::isDynamic(extent) && *ends >= double(extent);
}

/// The expert whose sorted rows are those from `start` to `end`.
std::optional<int64_t> RoutingFacts::getExpertBetween(Value start,
                                                      Value end) const {
  const Fact *first = lookup(start), *last = lookup(end);
  if (!last || last->kind != FactKind::End || !last->expert)
    return std::nullopt;
  bool isStart =
      first
          ? ((first->kind == FactKind::End && first->expert &&
              *first->expert + 1 == *last->expert) ||
             (first->kind == FactKind::Start && first->expert == last->expert))
          : getUniform(start) == 0.0 && *last->expert == 0;
  return isStart ? last->expert : std::nullopt;
}

std::optional<Fact> RoutingFacts::inferSlice(onnx::SliceOp op) {
  const Fact *data = lookup(op.getData());
  if (!data)
    return std::nullopt;
  if (isWhole(op))
    return *data;
  if (std::optional<ConstantSlice> slice = readSlice(op)) {
    if (getType(op.getOutput()).getDimSize(slice->axis) == 1 &&
        data->dims[slice->axis] != Dim{Axis::Feature})
      return inferPart(*data, op.getOutput(), slice->axis, slice->begin);
    bool isFeature = data->kind == FactKind::Computed &&
                     data->dims[slice->axis] == Dim{Axis::Feature};
    return isFeature ? MaybeFact(*data) : std::nullopt;
  }
  // The rows of one expert.
  std::optional<int64_t> expert =
      getExpertBetween(op.getStarts(), op.getEnds());
  auto axes = op.getAxes() ? getIntegers(op.getAxes())
                           : std::optional(SmallVector<int64_t>{0});
  bool hasStep = op.getSteps() && getUniform(op.getSteps()) != 1.0;
  if (!expert || hasStep || !axes || *axes != SmallVector<int64_t>{0} ||
      data->dims.front() != Dim{Axis::Row})
    return std::nullopt;
  Fact result = *data;
  result.expert = expert;
  result.dims[0] = {Axis::Hit};
  return result;
}

void RoutingFacts::inferSplit(onnx::SplitOp op) {
  const Fact *found = lookup(op.getInput());
  if (!found)
    return;
  Fact fact = *found;
  int64_t axis = normalizeAxis(op.getAxis(), fact.dims.size());
  // Sorted rows, by how many each expert has.
  const Fact *sizes = op.getSplit() ? lookup(op.getSplit()) : nullptr;
  if (sizes && isCount(*sizes) && !sizes->expert &&
      fact.dims[axis] == Dim{Axis::Row} &&
      int64_t(op.getOutputs().size()) == extents.experts) {
    fact.dims[axis] = {Axis::Hit};
    for (auto [expert, part] : llvm::enumerate(op.getOutputs())) {
      fact.expert = expert;
      set(part, fact);
    }
    return;
  }
  int64_t begin = 0;
  for (Value part : op.getOutputs()) {
    int64_t size = getType(part).getDimSize(axis);
    if (ShapedType::isDynamic(size))
      return;
    bool isFeature = fact.kind == FactKind::Computed &&
                     fact.dims[axis] == Dim{Axis::Feature};
    if (isFeature)
      set(part, fact);
    else if (size == 1)
      if (MaybeFact one = inferPart(fact, part, axis, begin))
        set(part, *one);
    begin += size;
  }
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
          !isOneOf(part->dims))
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
  onnx::Extents to = shapes.getExtents(op.getData());
  onnx::Extents from = shapes.getExtents(op.getIndices());
  for (size_t dim = 0; dim < to.size(); ++dim)
    if (int64_t(dim) != axis && to[dim] != from[dim])
      return std::nullopt;
  result.dims[axis] = {Axis::Expert};
  bool isLowest = std::isinf(*base) && *base < 0;
  if (isLowest && isSet) {
    result.kind = FactKind::LowestOutside;
    return result;
  }
  // Of equal ids the last would count alone.
  if (*base != 0 || !(isSet || isAdd) || (!areDistinct && !isAdd))
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

//===-- Rows --------------------------------------------------------------===//

bool moec::routing::isRowwiseElementwise(Operation *op) {
  return isa<onnx::AddOp, onnx::SubOp, onnx::MulOp, onnx::DivOp, onnx::PowOp,
             onnx::NegOp, onnx::AbsOp, onnx::SqrtOp, onnx::ReciprocalOp,
             onnx::ExpOp, onnx::LogOp, onnx::ErfOp, onnx::TanhOp,
             onnx::SigmoidOp, onnx::SoftplusOp, onnx::SinOp, onnx::CosOp,
             onnx::FloorOp, onnx::CeilOp, onnx::RoundOp, onnx::ReluOp,
             onnx::EluOp, onnx::LeakyReluOp, onnx::HardSigmoidOp, onnx::SwishOp,
             onnx::GeluOp, onnx::QuickGeluOp, onnx::FastGeluOp,
             onnx::BiasGeluOp, onnx::MinOp, onnx::MaxOp, onnx::ClipOp,
             onnx::CastOp, onnx::CastLikeOp, onnx::WhereOp>(op);
}

std::optional<Fact> RoutingFacts::inferComputed(Operation *op) {
  auto isRows = [](const Fact *fact) {
    return fact &&
           (fact->kind == FactKind::Computed || fact->kind == FactKind::Table ||
            fact->kind == FactKind::RowTable ||
            fact->kind == FactKind::HitWeight ||
            fact->kind == FactKind::RowWeight);
  };
  if (llvm::none_of(op->getOperands(),
                    [&](Value v) { return isRows(lookup(v)); }))
    return std::nullopt;
  if (isa<onnx::MatMulOp, onnx::GemmOp>(op))
    return inferProduct(op);
  if (!isRowwiseElementwise(op))
    return std::nullopt;
  Fact result(FactKind::Computed);
  for (Value operand : op->getOperands()) {
    const Fact *fact = lookup(operand);
    if (!fact)
      continue;
    if (!isRows(fact))
      return std::nullopt;
    std::optional<Dims> dims = broadcastDims(result.dims, fact->dims);
    if (!dims || (result.expert && result.expert != fact->expert) ||
        (!result.hits.order.empty() && result.hits != fact->hits))
      return std::nullopt;
    result.dims = *dims;
    result.expert = fact->expert;
    result.hits = fact->hits;
  }
  int64_t rank = getType(op->getResult(0)).getRank();
  if (rank < int64_t(result.dims.size()))
    return std::nullopt;
  result.dims.insert(result.dims.begin(), rank - result.dims.size(), Dim());
  return result;
}

/// A product of rows with a matrix: the plain one of an expert, or one that was
/// looked up for each row.
std::optional<Fact> RoutingFacts::inferProduct(Operation *op) {
  Value a = op->getOperand(0), b = op->getOperand(1);
  const Fact *left = lookup(a), *right = lookup(b);
  Fact result(FactKind::Computed);
  auto isTable = [](const Fact *fact) {
    return fact && fact->dims.size() >= 2 &&
           fact->dims.back() == Dim{Axis::Matrix} &&
           fact->dims[fact->dims.size() - 2] == Dim{Axis::Matrix};
  };
  if (isTable(left) || isTable(right)) {
    const Fact &table = isTable(left) ? *left : *right;
    result.dims = table.dims;
    result.dims.end()[-1] = isTable(left) ? Dim() : Dim{Axis::Feature};
    result.dims.end()[-2] = isTable(left) ? Dim{Axis::Feature} : Dim();
    return result;
  }
  RankedTensorType weights = getType(b);
  bool isBatched =
      left && !right && isa<onnx::MatMulOp>(op) &&
      left->kind == FactKind::Computed && weights.getRank() == 3 &&
      weights.getDimSize(0) == extents.experts && left->dims.size() == 3 &&
      left->dims[0] == Dim{Axis::Expert} && left->dims[2] == Dim{Axis::Feature};
  if (isBatched)
    return *left;
  if (!left || right || weights.getRank() != 2 ||
      left->kind != FactKind::Computed ||
      left->dims.back() != Dim{Axis::Feature})
    return std::nullopt;
  return *left;
}
