//===-- LayerFinder.cpp - routed layers of ordinary operators -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerFinder.h"

#include "Constants.h"
#include "LostChoices.h"

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
  // One of the experts leads to all; the first may be missing.
  int64_t first = findFirstExpert(facts);
  for (const auto &[value, fact] : facts.getFacts()) {
    for (Operation *user : value.getUsers()) {
      MaybeLayer layer;
      if (fact.expert.value_or(first) != first)
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
  return findOfSlots();
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
  if (int64_t(terms.size()) != experts) {
    auto added = llvm::map_to_vector(
        terms, [](const Term &term) { return term.expert; });
    return fail(root, "it adds " + Twine(terms.size()) + " of " +
                          Twine(experts) +
                          " experts: " + listMissing(added, experts));
  }
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
  ExpertKind all = lift(*layer, space, {}, experts);
  if (all.expr) {
    layer->kinds.push_back(std::move(all));
  } else {
    SmallVector<Value> parts = getParts(space, experts);
    if (parts.size() < 2)
      return fail(all.lifter->getMiss().node, all.lifter->getMiss().reason);
    if (!findKinds(*layer, space, parts))
      return nullptr;
    if (space == Space::Rows)
      layer->concat = experts.front().getDefiningOp();
  }
  if (llvm::all_of(layer->kinds, [](const ExpertKind &kind) {
        return kind.lifter->getNumProducts() == 0;
      }))
    return fail(layer->root, "its experts have no weights");
  return layer;
}

bool LayerFinder::isPrivate(const RoutedLayer &layer,
                            ArrayRef<Operation *> nodes) {
  llvm::SetVector<Operation *> own(nodes.begin(), nodes.end());
  for (const ExpertKind &kind : layer.kinds)
    own.insert_range(kind.lifter->getVisited());
  if (layer.concat)
    own.insert(layer.concat);
  own.insert(layer.root);
  for (Operation *op : own) {
    if (op == layer.root ||
        !isa<onnx::MatMulOp, onnx::GemmOp, onnx::EinsumOp, onnx::MatMulNBitsOp>(
            op))
      continue;
    for (Operation *user : op->getUsers())
      if (!own.contains(user)) {
        fail(op, "another node reads what it computes");
        return false;
      }
  }
  return true;
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
  const ExpertKind &kind = layer->kinds.front();
  if (!kind.lifter->hasScale())
    return fail(reduce, "what it adds up is not weighted");
  if (ExpertLifter::evaluateAtZero(kind.expr) != 0.0)
    return fail(reduce, "an expert that was not chosen may add something");
  SmallVector<Operation *> nodes = {reduce};
  for (Value part = reduce->getOperand(0); part != rows;
       part = part.getDefiningOp()->getOperand(0))
    nodes.push_back(part.getDefiningOp());
  return isPrivate(*layer, nodes) ? std::move(layer) : nullptr;
}

bool LayerFinder::isWidened(Operation *op) {
  auto cast = dyn_cast<onnx::CastOp>(op);
  return cast && getElementTypeOrSelf(cast.getOutput()).isF32() &&
         isa<Float16Type, BFloat16Type>(getElementTypeOrSelf(cast.getInput()));
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
  if (isWidened(reduce) && reduce->hasOneUse()) {
    nodes.push_back(reduce);
    reduce = *reduce->user_begin();
  }
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
    if (layer && !areSideBySide(layer->kinds.front().lifter->getDims(rows),
                                *fact, weight))
      return fail(mul, "rows are not weighted by the weights of their experts");
    return layer && isPrivate(*layer, nodes) ? std::move(layer) : nullptr;
  }
  return nullptr;
}
