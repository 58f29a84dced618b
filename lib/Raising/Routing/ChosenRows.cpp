//===-- ChosenRows.cpp - layers that choose among results -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All experts compute all rows, their results stand side by side, and for each
// choice in turn what its expert gave is taken: `w[:, j] * every[t, ids[:,
// j]]`. A token may have several rows, as where one choice is made for a
// sequence.
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "LayerFinder.h"

#include "dialects/Onnx/IR/ShapeArithmetic.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

/// The stack of results that `value`, through views, takes by chosen places.
std::optional<LayerFinder::Taken> LayerFinder::readTaken(Value value) {
  Operation *gather = peelViews(value).getDefiningOp();
  if (!isa_and_present<onnx::GatherOp, onnx::GatherNDOp>(gather))
    return std::nullopt;
  const Fact *place = facts.lookup(gather->getOperand(1));
  if (!place || !facts.isChosenPlace(*place))
    return std::nullopt;
  Value data = gather->getOperand(0);
  onnx::Extents extents = facts.getShapes().getExtents(data);
  AffineExpr flat = facts.getTokens() * facts.getExtents().experts;
  bool isTuple = place->dims.size() == 2;
  if (auto nd = dyn_cast<onnx::GatherNDOp>(gather))
    return isTuple && nd.getBatchDims() == 0
               ? std::optional(Taken{data, place->choice, gather})
               : std::nullopt;
  // By one number of all results of a token.
  bool isFlat = !isTuple && cast<onnx::GatherOp>(gather).getAxis() == 0 &&
                facts.isSameExtent(extents.front(), flat);
  return isFlat ? std::optional(Taken{peelViews(data), place->choice, gather})
                : std::nullopt;
}

/// What one choice adds: a column of the weights times what was taken for it.
std::optional<LayerFinder::Taken> LayerFinder::readTakenTerm(Value value) {
  auto mul = value.getDefiningOp<onnx::MulOp>();
  if (!mul)
    return std::nullopt;
  for (auto [weight, rows] :
       {std::pair(mul.getA(), mul.getB()), std::pair(mul.getB(), mul.getA())}) {
    std::optional<Taken> taken = readTaken(rows);
    std::optional<Column> column = readColumn(weight);
    if (!taken || !column || column->number != taken->choice ||
        !isWeightOfTokens(weight, rows))
      continue;
    taken->weights = column->table;
    taken->mul = mul;
    return taken;
  }
  return std::nullopt;
}

/// Whether `weight` has a number for each token, broadcast to its rows.
bool LayerFinder::isWeightOfTokens(Value weight, Value rows) {
  RankedTensorType type = getType(weight);
  return type.getRank() == getType(rows).getRank() && type.getRank() > 1 &&
         facts.isAllTokens(facts.getShapes().getExtents(weight).front()) &&
         facts.isAllTokens(facts.getShapes().getExtents(rows).front()) &&
         llvm::all_of(type.getShape().drop_front(),
                      [](int64_t extent) { return extent == 1; });
}

/// All terms of a sum; nothing where one is something else.
std::optional<SmallVector<LayerFinder::Taken>>
LayerFinder::collectTaken(Value sum) {
  SmallVector<Taken> terms;
  SmallVector<Value> work = {sum};
  while (!work.empty()) {
    Value next = work.pop_back_val();
    if (std::optional<Taken> term = readTakenTerm(next)) {
      terms.push_back(*term);
      continue;
    }
    auto add = next.getDefiningOp<onnx::AddOp>();
    if (!add || getType(add.getA()) != getType(next) ||
        getType(add.getB()) != getType(next))
      return std::nullopt;
    work.push_back(add.getB());
    work.push_back(add.getA());
  }
  return terms;
}

/// The sum over choices that begins with the first one's term.
std::unique_ptr<RoutedLayer> LayerFinder::findTaken(Operation *gather) {
  // Down to the product, and through the additions that follow.
  Operation *root = gather;
  while (root->hasOneUse() && !isa<onnx::MulOp>(root))
    root = *root->user_begin();
  std::optional<SmallVector<Taken>> terms = collectTaken(root->getResult(0));
  while (terms && root->hasOneUse() && isa<onnx::AddOp>(*root->user_begin())) {
    auto more = collectTaken((*root->user_begin())->getResult(0));
    if (!more)
      break;
    terms = std::move(more);
    root = *root->user_begin();
  }
  if (!terms)
    return nullptr;
  llvm::sort(*terms, [](const Taken &a, const Taken &b) {
    return a.choice < b.choice;
  });
  const Taken &first = terms->front();
  SmallVector<Operation *> nodes = {root};
  for (auto [choice, term] : llvm::enumerate(*terms)) {
    if (term.choice != int64_t(choice))
      return fail(term.mul, "it adds the choices of a token unevenly");
    if (term.stack != first.stack || term.weights != first.weights)
      return fail(term.mul, "another choice takes other results or weights");
    nodes.append({term.mul, term.gather});
  }
  std::optional<SmallVector<Value>> experts = readStack(first.stack);
  onnx::Extents extents = facts.getShapes().getExtents(first.weights);
  bool hasWeights = extents.size() == 2 && facts.isAllTokens(extents[0]);
  auto concat = first.stack.getDefiningOp<onnx::ConcatOp>();
  if (!experts || !hasWeights ||
      normalizeAxis(concat.getAxis(), getType(first.stack).getRank()) != 1)
    return fail(first.gather, "it chooses among what is no stack of experts");
  onnx::Extents rows = facts.getShapes().getExtents(experts->front());
  if (rows.size() < 2 || !facts.isAllTokens(rows.front()))
    return fail(first.gather, "its experts' rows are not those of tokens");

  auto layer = std::make_unique<RoutedLayer>();
  layer->root = root;
  layer->pattern = "P2";
  layer->weights.value = first.weights;
  layer->weights.dims = {{Axis::Token}, {Axis::Choice}};
  layer->choices = terms->size();
  layer->rowsOfToken = onnx::getProduct(
      facts.getShapes(), ArrayRef(rows).drop_front().drop_back());
  addStack(first.stack, nodes);
  layer = finish(std::move(layer), Space::Tokens, *experts);
  return layer && isPrivate(*layer, nodes) ? std::move(layer) : nullptr;
}

//===-- A sum over the choices of each token ------------------------------===//

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
  SmallVector<Operation *> nodes = {reduce}, numbers;
  // Back through views, to rows in order of choices or of experts.
  Space space = Space::Choices;
  Value value = rows;
  while (true) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return nullptr;
    if (isa<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
            onnx::IdentityOp, onnx::FlattenOp>(op) ||
        isWidened(op)) {
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
    if (layer->weights.value)
      break;
    if (Value multiplied = getMultiplied(op)) {
      nodes.push_back(op);
      numbers.insert(numbers.begin(), op);
      value = multiplied;
      continue;
    }
    auto mul = dyn_cast<onnx::MulOp>(op);
    if (!mul)
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
        if (!layer->weights.take(*known, facts, numbers))
          return nullptr;
      } else if (!known && space == Space::Choices && isColumn(weight)) {
        std::optional<Dims> dims = facts.alignDims(weight, weighted->dims);
        if (!dims || !facts.areOfChoices(*dims))
          continue;
        layer->weights.value = weight;
        layer->weights.dims = *dims;
        layer->weights.after = numbers;
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
  if (!layer->weights.value)
    layer->weights.after = numbers;
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
