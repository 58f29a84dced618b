//===-- ExpertSums.cpp - sums along a dimension of experts ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One value has what all experts give for all tokens, and is added up along its
// dimension of experts.
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "LayerFinder.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

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
  return finishScaled(reduce, rows, reduce->getOperand(0), {});
}

/// The layer whose results of all experts are `rows`, which `root` reads as
/// `updates`.
std::unique_ptr<RoutedLayer>
LayerFinder::finishScaled(Operation *root, Value rows, Value updates,
                          ArrayRef<Value> addends) {
  auto layer = std::make_unique<RoutedLayer>();
  layer->root = root;
  layer->pattern = "P2b";
  layer->addends.assign(addends.begin(), addends.end());
  layer = finish(std::move(layer), Space::Experts, rows);
  if (!layer || !areZeroUnlessChosen(*layer))
    return nullptr;
  SmallVector<Operation *> nodes = {root};
  for (Value part = updates; part != rows;
       part = part.getDefiningOp()->getOperand(0))
    nodes.push_back(part.getDefiningOp());
  return isPrivate(*layer, nodes) ? std::move(layer) : nullptr;
}

/// The same, a row for each expert and token, added where the tokens are.
std::unique_ptr<RoutedLayer>
LayerFinder::findScaledScatter(Operation *scatter) {
  Value data = scatter->getOperand(0), index = scatter->getOperand(1);
  Value updates = scatter->getOperand(2), rows = peelSame(updates);
  auto elements = dyn_cast<onnx::ScatterElementsOp>(scatter);
  auto reduction = scatter->getAttrOfType<StringAttr>("reduction");
  // Whole rows: of ScatterElements, a number for each element.
  bool areRows = getType(data).getRank() == 2 &&
                 getType(index).getRank() == 2 &&
                 getType(index).getDimSize(1) ==
                     (elements ? getType(data).getDimSize(1) : 1) &&
                 (!elements || normalizeAxis(elements.getAxis(), 2) == 0);
  SmallVector<Axis> copies = facts.getCounted({Axis::Expert, Axis::Token});
  const Dims wanted = {Dim(copies.begin(), copies.end()), {Axis::Feature}};
  if (!reduction || reduction.getValue() != "add" || !areRows ||
      !facts.haveTokensByExpert(index) || facts.lookup(rows)->dims != wanted)
    return nullptr;
  SmallVector<Value> addends;
  if (getUniform(data) != 0.0)
    addends.push_back(data);
  return finishScaled(scatter, rows, updates, addends);
}

bool LayerFinder::isWidened(Operation *op) {
  auto cast = dyn_cast<onnx::CastOp>(op);
  return cast && getElementTypeOrSelf(cast.getOutput()).isF32() &&
         isa<Float16Type, BFloat16Type>(getElementTypeOrSelf(cast.getInput()));
}

/// Whether a column of weights has, in each place, what rows of the same
/// extents have there; an extent of 1 is the same whatever it counts.
static bool areSideBySide(ArrayRef<Dim> rows, const Fact &weights,
                          ArrayRef<int64_t> extents) {
  auto isSame = [](auto place) {
    auto [row, weight, extent] = place;
    return extent == 1 || row == weight;
  };
  return llvm::all_of(llvm::zip(rows.drop_back(), weights.dims, extents),
                      isSame);
}

/// Whether all choices of a token are in its weight for an expert.
bool LayerFinder::isSumOfChoices(const Fact &weight) {
  return facts.getExtents().choices == 1 ||
         weight.kind != FactKind::MaskedWeight;
}

/// Whether what each expert gives stands side by side along a dimension.
bool LayerFinder::isStackOfExperts(Value rows, int64_t along) {
  auto concat = rows.getDefiningOp<onnx::ConcatOp>();
  return readStack(rows) &&
         normalizeAxis(concat.getAxis(), getType(rows).getRank()) == along;
}

/// The weighted sum over dimension `along`, that of experts, of one value with
/// all of them: one that was computed, or a stack of what each of them gives.
std::unique_ptr<RoutedLayer>
LayerFinder::finishExpertSum(MaybeLayer layer, const Fact &weight, Value rows,
                             unsigned along, SmallVector<Operation *> nodes) {
  // A table of weights has zeros for choices that do not count.
  if (!weight.dense)
    layer->hits = weight.hits;
  Operation *node = nodes.front();
  if (isStackOfExperts(rows, along)) {
    layer->pattern = "P2";
    addStack(rows, nodes);
    layer = finish(std::move(layer), Space::Tokens, *readStack(rows));
  } else {
    layer->pattern = "P2b";
    layer = finish(std::move(layer), Space::Experts, rows);
    if (layer && !areSideBySide(layer->kinds.front().lifter->getDims(rows),
                                weight, getType(rows).getShape()))
      return fail(node,
                  "rows are not weighted by the weights of their experts");
  }
  return layer && isPrivate(*layer, nodes) ? std::move(layer) : nullptr;
}

/// A sum over all experts, of rows times their weights.
std::unique_ptr<RoutedLayer> LayerFinder::findExpertSum(Operation *mul) {
  SmallVector<Operation *> nodes = {mul}, numbers;
  if (!mul->hasOneUse())
    return nullptr;
  Operation *reduce = *mul->user_begin();
  while (getMultiplied(reduce) && reduce->hasOneUse()) {
    numbers.push_back(reduce);
    reduce = *reduce->user_begin();
  }
  if (isWidened(reduce) && reduce->hasOneUse()) {
    nodes.push_back(reduce);
    reduce = *reduce->user_begin();
  }
  if (!isa<onnx::ReduceSumOp>(reduce))
    return nullptr;
  nodes.push_back(reduce);
  std::optional<SmallVector<int64_t>> axes =
      getAxes(reduce, getType(mul->getResult(0)).getRank());
  if (!axes || axes->size() != 1)
    return nullptr;
  for (unsigned i : {0, 1}) {
    Value weight = mul->getOperand(i), rows = mul->getOperand(1 - i);
    const Fact *fact = facts.lookup(weight);
    if (!isWeight(fact) || fact->expert || !isColumn(weight) ||
        !facts.haveSameRows(rows, weight))
      continue;
    std::optional<unsigned> experts = findAxis(fact->dims, Axis::Expert);
    if (!experts || int64_t(*experts) != axes->front())
      continue;
    if (!isSumOfChoices(*fact))
      continue;
    auto layer = std::make_unique<RoutedLayer>();
    layer->root = reduce;
    if (!layer->weights.take(*fact, facts, numbers))
      continue;
    return finishExpertSum(std::move(layer), *fact, rows, *experts, nodes);
  }
  return nullptr;
}

/// The same sum as a product, of a row of weights and a stack of what each
/// expert gives.
std::unique_ptr<RoutedLayer> LayerFinder::findExpertProduct(Operation *matmul) {
  Value weights = matmul->getOperand(0), rows = matmul->getOperand(1);
  const Fact *fact = facts.lookup(weights);
  onnx::Extents sizes = facts.getShapes().getExtents(weights);
  onnx::Extents others = facts.getShapes().getExtents(rows);
  size_t rank = sizes.size();
  bool isRow = rank > 2 && rank == others.size() && isWeight(fact) &&
               fact->dims.back() == Dim{Axis::Expert} &&
               sizes[rank - 2] == facts.getShapes().getConstant(1) &&
               ArrayRef(sizes).drop_back(2) == ArrayRef(others).drop_back(2);
  if (!isRow || !isSumOfChoices(*fact) || !isStackOfExperts(rows, rank - 2))
    return nullptr;
  auto layer = std::make_unique<RoutedLayer>();
  layer->root = matmul;
  if (!layer->weights.take(*fact, facts))
    return nullptr;
  return finishExpertSum(std::move(layer), *fact, rows, rank - 2, {matmul});
}
