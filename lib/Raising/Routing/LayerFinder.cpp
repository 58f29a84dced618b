//===-- LayerFinder.cpp - routed layers of ordinary operators -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerFinder.h"

#include "Constants.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

std::unique_ptr<RoutedLayer> LayerFinder::fail(Operation *node,
                                               const Twine &reason) {
  if (miss.reason.empty())
    miss = {node, reason.str()};
  return nullptr;
}

/// Weights that rows are multiplied by, wherever they stand.
static bool isWeight(const Fact *fact) {
  return fact &&
         (fact->kind == FactKind::Gate || fact->kind == FactKind::HitWeight ||
          fact->kind == FactKind::MaskedWeight ||
          fact->kind == FactKind::ZeroOutside);
}

std::unique_ptr<RoutedLayer> LayerFinder::find() {
  for (const auto &[value, fact] : facts.getFacts()) {
    for (Operation *user : value.getUsers()) {
      MaybeLayer layer;
      // One of the experts leads to all.
      if (fact.expert.value_or(0) != 0)
        break;
      bool isWeighted =
          isWeight(&fact) && fact.expert && isa<onnx::MulOp>(user);
      bool isScattered = (fact.kind == FactKind::HitToken ||
                          fact.kind == FactKind::HitCoordinates) &&
                         isa<onnx::ScatterNDOp, onnx::ScatterElementsOp>(user);
      if (isWeighted || isScattered)
        layer = findSum(user);
      else if (fact.kind == FactKind::Computed && isa<onnx::ReduceSumOp>(user))
        layer = findAxis(fact.dims, Axis::Expert) ? findScaledSum(user)
                                                  : findChoiceSum(user);
      else if (fact.kind == FactKind::RowToken &&
               isa<onnx::ScatterNDOp, onnx::ScatterElementsOp>(user) &&
               user->getOperand(1) == value)
        layer = findRowScatter(user);
      else if (isWeight(&fact) && !fact.expert && isa<onnx::MulOp>(user))
        layer = findExpertSum(user);
      else if (facts.isChosenPlace(fact) && fact.choice == 0 &&
               isa<onnx::GatherOp, onnx::GatherNDOp>(user))
        layer = findTaken(user);
      if (layer)
        return layer;
    }
  }
  return nullptr;
}

/// Whether `value` has one number for each row: a column.
static bool isColumn(Value value) {
  RankedTensorType type = getType(value);
  return type.getRank() > 0 && type.getShape().back() == 1;
}

/// Whether two values have the same extents but for the last.
bool LayerFinder::hasSameRows(Value a, Value b) {
  onnx::Extents first = facts.getShapes().getExtents(a);
  onnx::Extents second = facts.getShapes().getExtents(b);
  return first.size() == second.size() && !first.empty() &&
         ArrayRef(first).drop_back() == ArrayRef(second).drop_back();
}

/// Whether both have a row for each of the same hits, which the graph may have
/// found twice.
bool LayerFinder::hasSameHits(Value a, Value b) {
  const Fact *first = facts.lookup(a), *second = facts.lookup(b);
  auto isHits = [](const Fact *fact) {
    return fact && fact->dims.size() == 2 && fact->dims[0] == Dim{Axis::Hit};
  };
  return isHits(first) && isHits(second) && first->expert == second->expert &&
         first->hits == second->hits;
}

/// y * weight, for one expert.
std::optional<LayerFinder::Term> LayerFinder::readTerm(Value value) {
  auto mul = value.getDefiningOp<onnx::MulOp>();
  if (!mul)
    return std::nullopt;
  for (auto [weight, row] :
       {std::pair(mul.getA(), mul.getB()), std::pair(mul.getB(), mul.getA())}) {
    const Fact *fact = facts.lookup(weight);
    if (!isWeight(fact) || !fact->expert || !isColumn(weight) ||
        (!hasSameRows(row, weight) && !hasSameHits(row, weight)))
      continue;
    bool isWhole = fact->kind != FactKind::MaskedWeight ||
                   (facts.getExtents().choices == 1);
    if (isWhole)
      return Term{*fact->expert, row, fact, weight, mul, nullptr, fact->hits};
  }
  return std::nullopt;
}

/// Without views and expansions to the same extents, which exporters write.
Value LayerFinder::peelSame(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<onnx::ExpandOp, onnx::ReshapeOp, onnx::IdentityOp,
             onnx::TransposeOp>(op))
      break;
    if (auto permutation = op->getAttrOfType<DenseI64ArrayAttr>("perm");
        isa<onnx::TransposeOp>(op) &&
        (!permutation || !llvm::is_sorted(permutation.asArrayRef())))
      break;
    onnx::Extents from = facts.getShapes().getExtents(op->getOperand(0));
    onnx::Extents to = facts.getShapes().getExtents(value);
    bool isSame = from.size() == to.size();
    for (auto [old, now] : llvm::zip(from, to))
      isSame &= old == now || (isa<onnx::ExpandOp>(op) && isRunTimeExtent(old));
    if (!isSame)
      break;
    value = op->getOperand(0);
  }
  return value;
}

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
    // Of what is written to one place twice only the last counts.
    if ((reduction && reduction.getValue() != "none") ||
        !facts.hasDistinctChoices())
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
  if (std::optional<Term> term = readTerm(updates)) {
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

/// Takes a sum of terms apart. False where it is nested too deep.
bool LayerFinder::collect(Value value, SmallVectorImpl<Term> &terms,
                          SmallVectorImpl<Value> &addends,
                          SmallVectorImpl<Operation *> &nodes) {
  SmallVector<Value> work = {value};
  SmallVector<Operation *> readers;
  while (!work.empty()) {
    Value next = work.pop_back_val();
    Operation *op = next.getDefiningOp();
    // The one that adds to it may read it first.
    bool isInner = next == value || next.hasOneUse() ||
                   llvm::all_of(next.getUsers(), [&](Operation *user) {
                     return llvm::is_contained(nodes, user) ||
                            llvm::is_contained(readers, user);
                   });
    if (op && isInner) {
      if (auto add = dyn_cast<onnx::AddOp>(op);
          add && getType(add.getA()) == getType(next) &&
          getType(add.getB()) == getType(next)) {
        nodes.push_back(op);
        work.push_back(add.getB());
        work.push_back(add.getA());
        continue;
      }
      if (std::optional<Term> term = readTerm(next)) {
        nodes.push_back(op);
        terms.push_back(*term);
        continue;
      }
      if (std::optional<Term> term = readScatter(op)) {
        nodes.push_back(op);
        // From the rows to the scatter: an Add, an Expand, a Mul.
        for (Operation *part = op->getOperand(2).getDefiningOp();
             part && part != term->value.getDefiningOp();) {
          nodes.push_back(part);
          auto add = dyn_cast<onnx::AddOp>(part);
          Value next;
          if (add)
            next = add.getA().getDefiningOp() == term->reader ? add.getB()
                                                              : add.getA();
          else if (isa<onnx::ExpandOp, onnx::ReshapeOp, onnx::IdentityOp,
                       onnx::TransposeOp, onnx::SliceOp>(part))
            next = part->getOperand(0);
          part = next ? next.getDefiningOp() : nullptr;
        }
        if (term->reader)
          readers.push_back(term->reader);
        terms.push_back(*term);
        work.push_back(op->getOperand(0));
        continue;
      }
    }
    if (getUniform(next) != 0.0)
      addends.push_back(next);
  }
  return terms.size() <= size_t(facts.getExtents().experts);
}

/// The node that goes on with a sum; what only reads it to add to it aside.
Operation *LayerFinder::getNextSum(Operation *sum) {
  Operation *next = nullptr;
  for (Operation *user : sum->getResult(0).getUsers()) {
    if (isa<onnx::GatherOp, onnx::GatherNDOp, onnx::GatherElementsOp>(user) &&
        user->getOperand(0) == sum->getResult(0))
      continue;
    bool isSum = isa<onnx::AddOp, onnx::ScatterNDOp, onnx::ScatterElementsOp,
                     onnx::ExpandOp, onnx::MulOp>(user);
    if (!isSum || (next && next != user))
      return nullptr;
    next = user;
  }
  return next;
}

/// A sum over experts, each computed by itself.
std::unique_ptr<RoutedLayer> LayerFinder::findSum(Operation *start) {
  int64_t experts = facts.getExtents().experts;
  // Upwards to the first sum that has all experts.
  SmallVector<Term> terms;
  SmallVector<Value> addends;
  SmallVector<Operation *> nodes;
  Operation *root = start;
  while (true) {
    terms.clear();
    addends.clear();
    nodes.clear();
    if (!collect(root->getResult(0), terms, addends, nodes))
      return fail(root, "it adds one expert several times");
    if (int64_t(terms.size()) == experts)
      break;
    Operation *user = getNextSum(root);
    if (!user)
      break;
    root = user;
  }
  if (int64_t(terms.size()) != experts)
    return fail(root, "it adds " + Twine(terms.size()) + " of " +
                          Twine(experts) + " experts");
  llvm::sort(terms,
             [](const Term &a, const Term &b) { return a.expert < b.expert; });
  auto layer = std::make_unique<RoutedLayer>();
  layer->root = root;
  SmallVector<Value> values;
  bool areHits = !terms.front().weight ||
                 terms.front().weight->kind == FactKind::HitWeight;
  for (auto [expert, term] : llvm::enumerate(terms)) {
    if (term.expert != int64_t(expert))
      return fail(term.node, "it adds expert " + Twine(term.expert) +
                                 " twice, or one that is none");
    values.push_back(term.value);
    if (term.hits.kept != terms.front().hits.kept)
      return fail(term.node, "other choices count for it than for the rest");
    if (bool(term.weight) != bool(terms.front().weight) ||
        (term.weight && !setWeights(*layer, *term.weight, term.weightValue)))
      return fail(term.node, "experts are weighted in different ways");
  }
  layer->hits = terms.front().hits;
  layer->addends.assign(addends.begin(), addends.end());
  layer->pattern = areHits ? "P3" : "P2";
  layer =
      finish(std::move(layer), areHits ? Space::Hits : Space::Tokens, values);
  return layer && isPrivate(*layer, nodes) ? std::move(layer) : nullptr;
}

/// Whether dimensions count `axes`, in this order or in another.
bool LayerFinder::count(ArrayRef<Dim> dims, ArrayRef<Axis> axes) {
  SmallVector<Axis> found = flattenDims(dims), wanted = facts.getCounted(axes);
  llvm::sort(found);
  llvm::sort(wanted);
  return found == wanted;
}

/// Whether there is one number for each choice of each token.
bool LayerFinder::areOfChoices(ArrayRef<Dim> dims) {
  return count(dims, {Axis::Token, Axis::Choice}) ||
         (facts.getExtents().choices == 1 && count(dims, {Axis::Token}));
}

/// The value whose elements are these, in the same order.
Value LayerFinder::peelViews(Value value) {
  while (value) {
    Operation *op = value.getDefiningOp();
    if (!isa_and_present<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
                         onnx::FlattenOp, onnx::IdentityOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// Takes the weights of a term over, where they are those of the others.
bool LayerFinder::setWeights(RoutedLayer &layer, const Fact &fact,
                             Value value) {
  if (fact.dense) {
    if (layer.weights || !count(fact.denseDims, {Axis::Token, Axis::Expert}) ||
        (layer.denseWeights && layer.denseWeights != fact.dense))
      return false;
    layer.denseWeights = fact.dense;
    layer.denseDims = fact.denseDims;
    return true;
  }
  if (layer.denseWeights)
    return false;
  if (!areOfChoices(fact.weightDims))
    return false;
  // The same numbers, however each expert views them.
  Value weights = peelViews(fact.weights);
  if (!layer.weights) {
    layer.weights = weights;
    layer.weightDims = fact.weightDims;
    layer.after = fact.after;
    return bool(weights);
  }
  auto isAlike = [](Operation *a, Operation *b) {
    if (a == b)
      return true;
    if (a->getName() != b->getName() ||
        a->getNumOperands() != b->getNumOperands())
      return false;
    if (a->getNumOperands() == 1)
      return a->getAttr("to") == b->getAttr("to");
    for (unsigned i : {0, 1})
      if (getUniform(a->getOperand(i)) != getUniform(b->getOperand(i)))
        return false;
    return true;
  };
  return layer.weights == weights &&
         flattenDims(layer.weightDims) == flattenDims(fact.weightDims) &&
         layer.after.size() == fact.after.size() &&
         llvm::all_of(llvm::zip(layer.after, fact.after), [&](auto pair) {
           return isAlike(std::get<0>(pair), std::get<1>(pair));
         });
}

std::unique_ptr<RoutedLayer> LayerFinder::finish(MaybeLayer layer, Space space,
                                                 ArrayRef<Value> experts) {
  layer->ids = facts.getIds();
  if (layer->choices == 0)
    layer->choices = facts.getExtents().choices;
  layer->lifter = std::make_unique<ExpertLifter>(facts, space);
  if (layer->rowsOfToken)
    layer->lifter->setRowsOfToken(layer->rowsOfToken);
  layer->expert = layer->lifter->lift(experts);
  if (!layer->expert) {
    const Miss &inner = layer->lifter->getMiss();
    return fail(inner.node, inner.reason);
  }
  if (layer->lifter->getNumProducts() == 0)
    return fail(layer->root, "its experts have no weights");
  return layer;
}

bool LayerFinder::isPrivate(const RoutedLayer &layer,
                            ArrayRef<Operation *> nodes) {
  llvm::SetVector<Operation *> own(nodes.begin(), nodes.end());
  own.insert(layer.lifter->getVisited().begin(),
             layer.lifter->getVisited().end());
  own.insert(layer.root);
  for (Operation *op : own) {
    if (op == layer.root ||
        !isa<onnx::MatMulOp, onnx::GemmOp, onnx::EinsumOp>(op))
      continue;
    for (Operation *user : op->getUsers())
      if (!own.contains(user)) {
        fail(op, "another node reads what it computes");
        return false;
      }
  }
  return true;
}

/// A sum over the choices of each token.
std::unique_ptr<RoutedLayer> LayerFinder::findChoiceSum(Operation *reduce) {
  Value rows = reduce->getOperand(0);
  const Fact *fact = facts.lookup(rows);
  std::optional<unsigned> choice = findAxis(fact->dims, Axis::Choice);
  std::optional<SmallVector<int64_t>> axes = getAxes(reduce, fact->dims.size());
  if (!axes || axes->size() != 1)
    return nullptr;
  bool isChoice = choice ? axes->front() == int64_t(*choice)
                         : facts.getExtents().choices == 1 &&
                               fact->dims[axes->front()].empty();
  if (!isChoice)
    return nullptr;
  SmallVector<Axis> order =
      facts.getCounted({Axis::Token, Axis::Choice, Axis::Feature});
  SmallVector<Axis> single = facts.getCounted({Axis::Token, Axis::Feature});
  SmallVector<Axis> axesOfRows = flattenDims(fact->dims);
  bool isOrdered = axesOfRows == order ||
                   (axesOfRows == single && facts.getExtents().choices == 1);
  if (!isOrdered)
    return nullptr;

  auto layer = std::make_unique<RoutedLayer>();
  layer->root = reduce;
  SmallVector<Operation *> nodes = {reduce};
  // Back through views, to rows in order of choices or of experts.
  Space space = Space::Choices;
  Value value = rows;
  while (true) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return nullptr;
    if (isa<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
            onnx::IdentityOp, onnx::FlattenOp>(op)) {
      nodes.push_back(op);
      value = op->getOperand(0);
      continue;
    }
    if (isa<onnx::GatherOp, onnx::GatherNDOp>(op) && space == Space::Choices) {
      const Fact *index = facts.lookup(op->getOperand(1));
      if (!index || index->kind != FactKind::Inverse)
        break;
      nodes.push_back(op);
      value = op->getOperand(0);
      space = Space::Rows;
      continue;
    }
    auto mul = dyn_cast<onnx::MulOp>(op);
    if (!mul || layer->weights)
      break;
    // Rows by their weights.
    bool isFound = false;
    for (auto [weight, row] : {std::pair(mul.getA(), mul.getB()),
                               std::pair(mul.getB(), mul.getA())}) {
      const Fact *weighted = facts.lookup(row);
      if (!weighted || weighted->kind != FactKind::Computed)
        continue;
      const Fact *known = facts.lookup(weight);
      if (known && known->kind == FactKind::RowWeight && space == Space::Rows) {
        if (!setWeights(*layer, *known, weight))
          return nullptr;
      } else if (!known && space == Space::Choices && isColumn(weight)) {
        std::optional<Dims> dims = facts.alignDims(weight, weighted->dims);
        if (!dims || !areOfChoices(*dims))
          continue;
        layer->weights = weight;
        layer->weightDims = *dims;
      } else {
        continue;
      }
      nodes.push_back(op);
      value = row;
      isFound = true;
      break;
    }
    if (!isFound)
      break;
  }
  // Chosen among the results of all experts.
  SmallVector<Value> experts = {value};
  Operation *chosen = value.getDefiningOp();
  if (isa_and_present<onnx::GatherElementsOp>(chosen) &&
      space == Space::Choices) {
    std::optional<SmallVector<Value>> stacked =
        readStack(chosen->getOperand(0));
    if (!stacked)
      return fail(chosen, "it chooses among what is no stack of experts");
    nodes.push_back(chosen);
    addStack(chosen->getOperand(0), nodes);
    experts = *stacked;
    space = Space::Tokens;
  }
  layer->pattern = space == Space::Rows     ? "P5"
                   : space == Space::Tokens ? "P2"
                                            : "P4";
  layer = finish(std::move(layer), space, experts);
  return layer && isPrivate(*layer, nodes) ? std::move(layer) : nullptr;
}

/// The results of all experts, stacked along a dimension of their own.
std::optional<SmallVector<Value>> LayerFinder::readStack(Value stack) {
  auto concat = stack.getDefiningOp<onnx::ConcatOp>();
  if (!concat ||
      int64_t(concat->getNumOperands()) != facts.getExtents().experts)
    return std::nullopt;
  int64_t axis = normalizeAxis(concat.getAxis(), getType(stack).getRank());
  SmallVector<Value> parts;
  for (Value part : concat->getOperands()) {
    auto unsqueeze = part.getDefiningOp<onnx::UnsqueezeOp>();
    std::optional<SmallVector<int64_t>> axes;
    if (unsqueeze)
      axes = getAxes(unsqueeze, getType(part).getRank());
    if (!axes || *axes != SmallVector<int64_t>{axis})
      return std::nullopt;
    parts.push_back(unsqueeze.getData());
  }
  return parts;
}

/// The nodes that make a stack.
void LayerFinder::addStack(Value stack, SmallVectorImpl<Operation *> &nodes) {
  nodes.push_back(stack.getDefiningOp());
  for (Value part : stack.getDefiningOp()->getOperands())
    nodes.push_back(part.getDefiningOp());
}

/// Sorted rows, by their weights, added where their tokens are.
std::unique_ptr<RoutedLayer> LayerFinder::findRowScatter(Operation *scatter) {
  Value data = scatter->getOperand(0), indices = scatter->getOperand(1);
  const Fact *index = facts.lookup(indices);
  auto reduction = scatter->getAttrOfType<StringAttr>("reduction");
  auto elements = dyn_cast<onnx::ScatterElementsOp>(scatter);
  Value rows = peelSame(scatter->getOperand(2));
  if (!reduction || reduction.getValue() != "add" ||
      getType(data).getRank() != 2 || getType(indices).getRank() != 2 ||
      getType(rows).getRank() != 2 || index->dims[0] != Dim{Axis::Row} ||
      (elements && normalizeAxis(elements.getAxis(), 2) != 0))
    return nullptr;
  auto layer = std::make_unique<RoutedLayer>();
  layer->root = scatter;
  layer->pattern = "P6";
  SmallVector<Operation *> nodes = {scatter};
  if (auto mul = rows.getDefiningOp<onnx::MulOp>())
    for (auto [weight, row] : {std::pair(mul.getA(), mul.getB()),
                               std::pair(mul.getB(), mul.getA())}) {
      const Fact *known = facts.lookup(weight);
      if (!known || known->kind != FactKind::RowWeight || !isColumn(weight) ||
          !setWeights(*layer, *known, weight))
        continue;
      nodes.push_back(mul);
      rows = row;
      break;
    }
  if (getUniform(data) != 0.0)
    layer->addends.push_back(data);
  layer = finish(std::move(layer), Space::Rows, rows);
  return layer && isPrivate(*layer, nodes) ? std::move(layer) : nullptr;
}

/// A sum over all experts of what was computed from weighted tokens: zero for
/// experts that were not chosen, where zero rows stay zero.
std::unique_ptr<RoutedLayer> LayerFinder::findScaledSum(Operation *reduce) {
  Value rows = peelSame(reduce->getOperand(0));
  const Fact *fact = facts.lookup(rows);
  std::optional<SmallVector<int64_t>> axes =
      getAxes(reduce, getType(rows).getRank());
  if (!fact || !axes || axes->size() != 1 ||
      findAxis(fact->dims, Axis::Expert) != unsigned(axes->front()))
    return nullptr;
  auto layer = std::make_unique<RoutedLayer>();
  layer->root = reduce;
  layer->pattern = "P2b";
  layer = finish(std::move(layer), Space::Experts, rows);
  if (!layer)
    return nullptr;
  if (!layer->lifter->hasScale())
    return fail(reduce, "what it adds up is not weighted");
  if (layer->lifter->evaluateAtZero(layer->expert) != 0.0)
    return fail(reduce, "an expert that was not chosen may add something");
  SmallVector<Operation *> nodes = {reduce};
  for (Value part = reduce->getOperand(0); part != rows;
       part = part.getDefiningOp()->getOperand(0))
    nodes.push_back(part.getDefiningOp());
  return isPrivate(*layer, nodes) ? std::move(layer) : nullptr;
}

/// Whether a column of weights has, in each place, what rows of the same
/// extents have there; an extent of 1 is the same whatever it counts.
static bool areSideBySide(ArrayRef<Dim> rows, const Fact &weights,
                          Value column) {
  auto isSame = [](auto place) {
    auto [row, weight, extent] = place;
    return extent == 1 || row == weight;
  };
  return llvm::all_of(
      llvm::zip(rows.drop_back(), weights.dims, getType(column).getShape()),
      isSame);
}

/// A sum over all experts, of one value with all of them.
std::unique_ptr<RoutedLayer> LayerFinder::findExpertSum(Operation *mul) {
  Value product = mul->getResult(0);
  SmallVector<Operation *> nodes = {mul};
  if (!product.hasOneUse())
    return nullptr;
  Operation *reduce = *product.user_begin();
  if (!isa<onnx::ReduceSumOp>(reduce))
    return nullptr;
  nodes.push_back(reduce);
  std::optional<SmallVector<int64_t>> axes =
      getAxes(reduce, getType(product).getRank());
  if (!axes || axes->size() != 1)
    return nullptr;
  for (unsigned i : {0, 1}) {
    Value weight = mul->getOperand(i), rows = mul->getOperand(1 - i);
    const Fact *fact = facts.lookup(weight);
    if (!isWeight(fact) || fact->expert || !isColumn(weight) ||
        !hasSameRows(rows, weight))
      continue;
    std::optional<unsigned> experts = findAxis(fact->dims, Axis::Expert);
    if (!experts || int64_t(*experts) != axes->front())
      continue;
    if (facts.getExtents().choices != 1 && fact->kind == FactKind::MaskedWeight)
      continue;
    auto layer = std::make_unique<RoutedLayer>();
    layer->root = reduce;
    if (!setWeights(*layer, *fact, weight))
      continue;
    // A table of weights has zeros for choices that do not count.
    if (!fact->dense)
      layer->hits = fact->hits;
    layer->pattern = "P2b";
    layer = finish(std::move(layer), Space::Experts, rows);
    if (layer && !areSideBySide(layer->lifter->getDims(rows), *fact, weight))
      return fail(mul, "rows are not weighted by the weights of their experts");
    return layer && isPrivate(*layer, nodes) ? std::move(layer) : nullptr;
  }
  return nullptr;
}
