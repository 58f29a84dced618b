//===-- ScatteredRows.cpp - rows of one expert, added in their places -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "LayerFinder.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

/// In data[index] = data[index] + rows: the rows, and what reads data.
std::optional<Value> LayerFinder::readAddedRows(Operation *scatter,
                                                Value updates,
                                                Operation *&reader) {
  auto add = peelSame(updates).getDefiningOp<onnx::AddOp>();
  if (!add)
    return std::nullopt;
  for (auto [read, rows] :
       {std::pair(add.getA(), add.getB()), std::pair(add.getB(), add.getA())}) {
    Operation *gather = read.getDefiningOp();
    bool isRead = isa_and_present<onnx::GatherNDOp, onnx::GatherOp,
                                  onnx::GatherElementsOp>(gather) &&
                  gather->getOperand(0) == scatter->getOperand(0) &&
                  isSamePlace(gather, scatter);
    if (!isRead)
      continue;
    reader = gather;
    return rows;
  }
  return std::nullopt;
}

/// Whether a gather reads the rows that a scatter writes.
bool LayerFinder::isSamePlace(Operation *gather, Operation *scatter) {
  Value read = gather->getOperand(1), written = scatter->getOperand(1);
  if (auto elements = dyn_cast<onnx::GatherElementsOp>(gather))
    return read == written && isa<onnx::ScatterElementsOp>(scatter) &&
           normalizeAxis(elements.getAxis(),
                         getType(elements.getData()).getRank()) == 0;
  const Fact *a = facts.lookup(read), *b = facts.lookup(written);
  if (!a || !b)
    return false;
  // Of all elements of a row the last number says which.
  ArrayRef<Axis> place(b->coordinates);
  if (!place.empty() && place.back() == Axis::Feature)
    place = place.drop_back();
  // One number of a token is the tuple of it.
  const SmallVector<Axis> token = {Axis::Token};
  bool isTuple = a->kind == b->kind && ArrayRef<Axis>(a->coordinates) == place;
  bool isNumber = a->kind == FactKind::HitToken &&
                  b->kind == FactKind::HitCoordinates &&
                  place == ArrayRef(token);
  bool isRow =
      (isTuple || isNumber) && a->expert == b->expert && a->hits == b->hits;
  if (auto rows = dyn_cast<onnx::GatherOp>(gather))
    isRow &= rows.getAxis() == 0;
  return isRow;
}

/// Whether these are the places of all elements of the rows that chose an
/// expert: those of a mask that was spread over whole rows of `data`.
bool LayerFinder::isPlaceOfElements(Value indices, Value data) {
  const Fact &fact = *facts.lookup(indices);
  ArrayRef<Axis> place(fact.coordinates);
  bool isElement = fact.kind == FactKind::HitCoordinates && place.size() >= 2 &&
                   place.back() == Axis::Feature &&
                   llvm::all_equal(place.drop_back()) &&
                   place.front() == Axis::Token &&
                   fact.dims.front() == Dim{Axis::Hit, Axis::Feature} &&
                   getType(data).getRank() == int64_t(place.size());
  while (isa_and_present<onnx::TransposeOp, onnx::CastOp, onnx::IdentityOp>(
      indices.getDefiningOp()))
    indices = indices.getDefiningOp()->getOperand(0);
  auto places = indices.getDefiningOp<onnx::NonZeroOp>();
  return isElement && places &&
         getType(places.getX()).getShape().back() ==
             getType(data).getShape().back();
}

/// Whether a number is that of the elements of the rows at `place`.
bool LayerFinder::countsElements(Value count, const Fact &place) {
  while (isa_and_present<onnx::UnsqueezeOp, onnx::SqueezeOp, onnx::ReshapeOp>(
      count.getDefiningOp()))
    count = count.getDefiningOp()->getOperand(0);
  auto gather = count.getDefiningOp<onnx::GatherOp>();
  auto shape = gather ? gather.getData().getDefiningOp<onnx::ShapeOp>()
                      : onnx::ShapeOp();
  if (!shape)
    return false;
  const Fact *counted = facts.lookup(shape.getData());
  return counted && getUniform(gather.getIndices()) == 0.0 &&
         shape.getStart() == 0 && counted->expert == place.expert &&
         counted->hits == place.hits &&
         counted->dims.front() == Dim{Axis::Hit, Axis::Feature};
}

/// The rows of which `updates` has all elements, one after the other; null
/// where that is not known.
Value LayerFinder::peelElements(Value updates, const Fact &place) {
  if (auto slice = updates.getDefiningOp<onnx::SliceOp>()) {
    bool isWhole = getType(updates).getRank() == 1 &&
                   getUniform(slice.getStarts()) == 0.0 &&
                   (!slice.getSteps() || getUniform(slice.getSteps()) == 1.0) &&
                   countsElements(slice.getEnds(), place);
    if (!isWhole)
      return {};
    updates = slice.getData();
  }
  auto reshape = updates.getDefiningOp<onnx::ReshapeOp>();
  if (!reshape || getType(updates).getRank() != 1)
    return {};
  return reshape.getData();
}

/// Whether nothing was written yet to the places of an expert: `data` is zeros,
/// or what the other experts of tokens with one choice wrote into zeros.
bool LayerFinder::isZeroAt(Value data, const Fact &place) {
  while (getUniform(data) != 0.0) {
    Operation *op = data.getDefiningOp();
    if (!isa_and_present<onnx::ScatterNDOp, onnx::ScatterElementsOp>(op) ||
        facts.getExtents().choices != 1)
      return false;
    const Fact *other = facts.lookup(op->getOperand(1));
    auto elements = dyn_cast<onnx::ScatterElementsOp>(op);
    bool isOfRows =
        !elements || normalizeAxis(elements.getAxis(),
                                   getType(elements.getData()).getRank()) == 0;
    bool isOther = isOfRows && other && other->kind == place.kind &&
                   other->expert && other->expert != place.expert;
    if (!isOther)
      return false;
    data = op->getOperand(0);
  }
  return true;
}

/// The rows of one expert, added where their tokens are.
std::optional<LayerFinder::Term> LayerFinder::readScatter(Operation *op) {
  bool isND = isa<onnx::ScatterNDOp>(op);
  if (!isND && !isa<onnx::ScatterElementsOp>(op))
    return std::nullopt;
  Value data = op->getOperand(0), indices = op->getOperand(1);
  Value updates = op->getOperand(2);
  const Fact *fact = facts.lookup(indices);
  if (!fact || !fact->expert || getType(indices).getRank() != 2)
    return std::nullopt;
  bool isElements = isND && isPlaceOfElements(indices, data);
  if (isElements)
    updates = peelElements(updates, *fact);
  if (!updates || getType(updates).getRank() != 2)
    return std::nullopt;
  // A token by its number, or by one for each of its dimensions.
  bool isToken =
      fact->kind == FactKind::HitToken && getType(data).getRank() == 2;
  bool isTuple =
      isND && fact->kind == FactKind::HitCoordinates &&
      llvm::all_equal(fact->coordinates) &&
      fact->coordinates.front() == Axis::Token &&
      fact->dims[0] == Dim{Axis::Hit} &&
      getType(data).getRank() == int64_t(fact->coordinates.size()) + 1;
  if (!isToken && !isTuple && !isElements)
    return std::nullopt;
  auto reduction = op->getAttrOfType<StringAttr>("reduction");
  bool isAdd = reduction && reduction.getValue() == "add";
  // Whole rows.
  int64_t width = getType(data).getShape().back();
  if (ShapedType::isDynamic(width) || getType(updates).getDimSize(1) != width)
    return std::nullopt;
  if (auto elements = dyn_cast<onnx::ScatterElementsOp>(op))
    if (normalizeAxis(elements.getAxis(), 2) != 0 ||
        getType(indices).getDimSize(1) != width)
      return std::nullopt;
  Operation *reader = nullptr;
  if (!isAdd) {
    if (reduction && reduction.getValue() != "none")
      return std::nullopt;
    // Set into zeros is added, too: an expert sees a token once. So is what
    // was read at the same places first.
    if (std::optional<Value> added = readAddedRows(op, updates, reader))
      updates = *added;
    else if (!isZeroAt(data, *fact))
      return std::nullopt;
  }
  updates = peelSame(updates);
  // The rows are in the order of the places.
  const Fact *rows = facts.lookup(updates);
  if (!rows || rows->expert != fact->expert || rows->hits != fact->hits ||
      rows->dims[0] != Dim{Axis::Hit})
    return std::nullopt;
  std::optional<Term> term = readTerm(updates);
  // Of what is written to one place twice only the last counts.
  const Fact *weight = term ? term->weight : nullptr;
  bool findsOnce = !llvm::is_contained(fact->hits.order, Axis::Choice);
  if (!isAdd && !findsOnce &&
      !facts.addsWhatIsSet(weight ? weight->weights : Value(),
                           weight ? weight->weightDims : Dims()))
    return std::nullopt;
  if (term) {
    if (term->expert != *fact->expert ||
        term->weight->kind != FactKind::HitWeight ||
        term->weight->hits != fact->hits)
      return std::nullopt;
    term->node = op;
    term->reader = reader;
    term->hits = fact->hits;
    return term;
  }
  return Term{*fact->expert, updates, nullptr, Value(), op, reader, fact->hits};
}
