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
      else if (fact.kind == FactKind::Computed &&
               isa<onnx::ScatterNDOp, onnx::ScatterElementsOp>(user) &&
               user->getOperand(2) == value)
        layer = findScaledScatter(user);
      else if (fact.kind == FactKind::RowToken &&
               isa<onnx::ScatterNDOp, onnx::ScatterElementsOp>(user) &&
               user->getOperand(1) == value)
        layer = findRowScatter(user);
      else if (isWeight(&fact) && !fact.expert && isa<onnx::MulOp>(user))
        layer = findExpertSum(user);
      else if (isWeight(&fact) && !fact.expert && isa<onnx::MatMulOp>(user))
        layer = findExpertProduct(user);
      else if (facts.isChosenPlace(fact) && fact.choice == 0 &&
               isa<onnx::GatherOp, onnx::GatherNDOp>(user))
        layer = findTaken(user);
      if (!layer && isWeighted)
        layer = findSumOfWeightedRows(user);
      if (layer)
        return layer;
    }
  }
  return findOfSlots();
}

Value LayerFinder::peelNumbers(Value value,
                               SmallVectorImpl<Operation *> &numbers) {
  while (Value other = getMultiplied(value.getDefiningOp())) {
    numbers.insert(numbers.begin(), value.getDefiningOp());
    value = other;
  }
  return value;
}

/// y * weight, for one expert.
std::optional<LayerFinder::Term> LayerFinder::readTerm(Value value) {
  SmallVector<Operation *> numbers;
  auto mul = peelNumbers(value, numbers).getDefiningOp<onnx::MulOp>();
  if (!mul)
    return std::nullopt;
  for (auto [weight, row] :
       {std::pair(mul.getA(), mul.getB()), std::pair(mul.getB(), mul.getA())}) {
    const Fact *fact = facts.lookup(weight);
    if (!isWeight(fact) || !fact->expert || !isColumn(weight) ||
        !facts.haveSameRows(row, weight))
      continue;
    bool isWhole = fact->kind != FactKind::MaskedWeight ||
                   (facts.getExtents().choices == 1);
    if (isWhole)
      return Term{*fact->expert, row,     fact,       weight,
                  mul,           nullptr, fact->hits, numbers};
  }
  return std::nullopt;
}

/// Without views and expansions to the same extents, which exporters write.
Value LayerFinder::peelSame(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    auto slice = dyn_cast<onnx::SliceOp>(op);
    bool isPeeled = isa<onnx::ExpandOp, onnx::ReshapeOp, onnx::IdentityOp,
                        onnx::TransposeOp>(op) ||
                    (slice && isWhole(slice, facts.getShapes()));
    if (!isPeeled)
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
        nodes.push_back(term->node);
        terms.push_back(*term);
        continue;
      }
      if (std::optional<Term> term = readScatter(op)) {
        nodes.push_back(op);
        // From the rows to the scatter: an Add, an Expand, numbers, a Mul.
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
          else
            next = getMultiplied(part);
          part = next ? next.getDefiningOp() : nullptr;
        }
        if (term->reader)
          readers.push_back(term->reader);
        terms.push_back(*term);
        work.push_back(op->getOperand(0));
        continue;
      }
    }
    if (std::optional<Term> term = readTermOfWeightedRows(next)) {
      nodes.push_back(op);
      terms.push_back(*term);
      continue;
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
                     onnx::ExpandOp, onnx::MulOp, onnx::DivOp>(user);
    if (!isSum || (next && next != user))
      return nullptr;
    next = user;
  }
  return next;
}

/// Whether terms are those of the first experts, and the graph asks nothing
/// about others: they add nothing, not even a weight that is no number.
bool LayerFinder::leaveLastOut(ArrayRef<Term> terms) {
  auto isOfOther = [&](const auto &entry) {
    const auto &[value, fact] = entry;
    return fact.expert.value_or(0) >= int64_t(terms.size()) &&
           !value.use_empty();
  };
  bool areFirst = llvm::all_of(llvm::enumerate(terms), [](const auto &term) {
    return term.value().expert == int64_t(term.index());
  });
  return terms.size() > 1 && areFirst &&
         llvm::none_of(facts.getFacts(), isOfOther);
}

/// A sum over experts, each computed by itself.
std::unique_ptr<RoutedLayer> LayerFinder::findSum(Operation *start) {
  int64_t experts = facts.getExtents().experts;
  // Upwards to the first sum that has all experts, or the most.
  Sum most, last;
  for (Operation *root = start; root; root = getNextSum(root)) {
    last = {root};
    if (!collect(root->getResult(0), last.terms, last.addends, last.nodes))
      return fail(root, "it adds one expert several times");
    if (!most.root || last.terms.size() > most.terms.size())
      most = last;
    if (int64_t(most.terms.size()) == experts)
      break;
  }
  auto &[root, terms, addends, nodes] = most;
  llvm::sort(terms,
             [](const Term &a, const Term &b) { return a.expert < b.expert; });
  if (int64_t(terms.size()) != experts && !leaveLastOut(terms)) {
    auto added = llvm::map_to_vector(
        last.terms, [](const Term &term) { return term.expert; });
    return fail(last.root, "it adds " + Twine(added.size()) + " of " +
                               Twine(experts) +
                               " experts: " + listMissing(added, experts));
  }
  auto layer = std::make_unique<RoutedLayer>();
  layer->root = root;
  layer->leftOut = experts - terms.size();
  SmallVector<Value> values;
  bool areHits =
      terms.front().weight
          ? terms.front().weight->kind == FactKind::HitWeight
          : isa<onnx::ScatterNDOp, onnx::ScatterElementsOp>(terms.front().node);
  for (auto [expert, term] : llvm::enumerate(terms)) {
    if (term.expert != int64_t(expert))
      return fail(term.node, "it adds expert " + Twine(term.expert) +
                                 " twice, or one that is none");
    values.push_back(term.value);
    if (term.hits.kept != terms.front().hits.kept)
      return fail(term.node, "other choices count for it than for the rest");
    if (bool(term.weight) != bool(terms.front().weight) ||
        (term.weight &&
         !layer->weights.take(*term.weight, facts, term.numbers)))
      return fail(term.node, "experts are weighted in different ways");
  }
  layer->hits = terms.front().hits;
  // Where each token was found once, whichever of its choices it was by.
  if (!terms.front().weight && !facts.hasDistinctChoices())
    layer->takesExpertsOnce =
        !llvm::is_contained(layer->hits.order, Axis::Choice);
  layer->addends.assign(addends.begin(), addends.end());
  layer->pattern = areHits ? "P3" : "P2";
  bool areWeighted = areHits || terms.front().weight;
  layer =
      finish(std::move(layer), areHits ? Space::Hits : Space::Tokens, values);
  if (layer && !areWeighted && !areZeroUnlessChosen(*layer))
    return nullptr;
  return layer && isPrivate(*layer, nodes) ? std::move(layer) : nullptr;
}

std::unique_ptr<RoutedLayer> LayerFinder::finish(MaybeLayer layer, Space space,
                                                 ArrayRef<Value> experts) {
  layer->ids = facts.getIds();
  if (layer->choices == 0)
    layer->choices = facts.getExtents().choices;
  // One number for each token and expert, whichever choices led to it.
  layer->takesExpertsOnce |=
      layer->weights.isDense && !facts.hasDistinctChoices();
  SmallVector<int64_t> own;
  if (layer->leftOut)
    own = llvm::to_vector(llvm::seq<int64_t>(0, experts.size()));
  ExpertKind all = lift(*layer, space, own, experts);
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
  SmallVector<Operation *> nodes = {scatter}, numbers;
  if (auto mul = peelNumbers(rows, numbers).getDefiningOp<onnx::MulOp>())
    for (auto [weight, row] : {std::pair(mul.getA(), mul.getB()),
                               std::pair(mul.getB(), mul.getA())}) {
      const Fact *known = facts.lookup(weight);
      if (!known || known->kind != FactKind::RowWeight || !isColumn(weight) ||
          !layer->weights.take(*known, facts, numbers))
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
