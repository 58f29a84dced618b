//===-- GatherRules.cpp - facts about what is looked up -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "RoutingFacts.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

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
    // The sum over two choices of one expert is no weight of either, but of the
    // token, where that is found once.
    bool isOfHit =
        areDistinct || (known && known->dense &&
                        !llvm::is_contained(index.hits.order, Axis::Choice));
    if (areSame && isHit && isOfHit && known->expert == index.expert &&
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

/// Whether indices along an axis reach all of the other dimensions.
bool RoutingFacts::reachAll(Value indices, Value data, int64_t axis) const {
  onnx::Extents by = shapes.getExtents(indices);
  for (auto [dim, extent] : llvm::enumerate(shapes.getExtents(data)))
    if (int64_t(dim) != axis && extent != by[dim])
      return false;
  return true;
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
  if (!reachAll(op.getIndices(), op.getData(), axis))
    return std::nullopt;
  Fact result = *index;
  result.kind = FactKind::Computed;
  return result;
}
