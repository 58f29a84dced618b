//===-- LostChoices.cpp - choices of experts that lead to no layer --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LostChoices.h"

#include "../FusedLayers.h"

#include "dialects/Param/IR/Param.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

using OpSet = llvm::DenseSet<Operation *>;

//===-- Whether experts are chosen ----------------------------------------===//

/// Adds an op and everything that reads it.
static void addReaders(Operation *op, OpSet &found) {
  SmallVector<Operation *> open = {op};
  while (!open.empty()) {
    Operation *next = open.pop_back_val();
    if (found.insert(next).second)
      open.append(next->user_begin(), next->user_end());
  }
}

/// The ops and everything that they are made of.
static OpSet collectSources(SmallVector<Operation *> open) {
  OpSet found;
  while (!open.empty()) {
    Operation *next = open.pop_back_val();
    if (!next || !found.insert(next).second)
      continue;
    for (Value operand : next->getOperands())
      open.push_back(operand.getDefiningOp());
  }
  return found;
}

static bool isProduct(Operation *op) {
  return isa<onnx::MatMulOp, onnx::FusedMatMulOp, onnx::GemmOp, onnx::EinsumOp,
             onnx::MatMulNBitsOp>(op);
}

/// The same weights, or some of them, as numbers or in another order.
static bool movesWeights(Operation *op) {
  return isa<onnx::CastOp, onnx::CastLikeOp, onnx::ExpandOp, onnx::GatherOp,
             onnx::GatherNDOp, onnx::IdentityOp, onnx::ReshapeOp, onnx::SliceOp,
             onnx::SplitOp, onnx::SqueezeOp, onnx::TransposeOp,
             onnx::UnsqueezeOp>(op);
}

namespace {
/// Looks for as many networks as are chosen among. What other choices need is
/// theirs; a vocabulary, beams and the groups of experts have no networks, and
/// the layers of a model come one after the other.
class ExpertSearch {
public:
  ExpertSearch(Operation *choice, int64_t experts, ArrayRef<Value> choices)
      : experts(experts) {
    collectRegion(choice, choices);
    // In the order of the graph, whatever that of the set.
    for (Operation &op : *choice->getBlock())
      if (region.contains(&op))
        ops.push_back(&op);
  }

  bool find() {
    return experts > 1 &&
           (llvm::any_of(ops, [&](Operation *op) { return isStack(op); }) ||
            hasParallelProducts());
  }

  /// The number of matrices of a stack, some of which make as many slots as are
  /// chosen among; 0 without one.
  int64_t findStackOfSlots() {
    int64_t slots = std::exchange(experts, 0);
    for (Operation *op : ops) {
      // Of each matrix in turn: as many experts as it may be a stack of.
      if (!isa<param::LoadOp, onnx::ConstantOp>(op))
        continue;
      ArrayRef<int64_t> shape = getType(op->getResult(0)).getShape();
      experts = shape.empty() ? 0 : shape.front();
      if (experts > 1 && experts < slots && slots % experts == 0 && isStack(op))
        return experts;
    }
    return 0;
  }

private:
  /// What reads the choice, and what else that is made of, up to the next
  /// choice.
  void collectRegion(Operation *choice, ArrayRef<Value> choices) {
    OpSet readers;
    addReaders(choice, readers);
    region = collectSources(
        SmallVector<Operation *>(readers.begin(), readers.end()));
    remove(collectSources({choice}), /*isKept=*/false);
    for (Value other : choices) {
      Operation *next = other.getDefiningOp();
      if (next != choice && readers.contains(next))
        return remove(collectSources({next}), /*isKept=*/true);
    }
  }

  /// Removes those that are in `named`, or those that are not.
  void remove(const OpSet &named, bool isKept) {
    OpSet left;
    for (Operation *op : region)
      if (named.contains(op) == isKept)
        left.insert(op);
    region = std::move(left);
  }

  /// Matrices of all experts, that something is multiplied by.
  bool isStack(Operation *op) const {
    if (!isa<param::LoadOp, onnx::ConstantOp>(op))
      return false;
    ArrayRef<int64_t> shape = getType(op->getResult(0)).getShape();
    return shape.size() > 2 && shape.front() == experts &&
           llvm::all_of(shape, [](int64_t extent) { return extent > 1; }) &&
           leadsToProduct(op);
  }

  bool leadsToProduct(Operation *op) const {
    return llvm::any_of(op->getUsers(), [&](Operation *user) {
      return region.contains(user) &&
             (isProduct(user) || (movesWeights(user) && leadsToProduct(user)));
    });
  }

  /// The type of the matrix that a product has of its own; null without one.
  static Type getMatrixType(Operation *product) {
    for (Value operand : product->getOperands()) {
      Operation *op = operand.getDefiningOp();
      while (op && movesWeights(op))
        op = op->getOperand(0).getDefiningOp();
      if (isa_and_present<param::LoadOp, onnx::ConstantOp>(op) &&
          getType(operand).getRank() > 1)
        return operand.getType();
    }
    return {};
  }

  /// As many products by matrices of one shape, none of which reads another.
  bool hasParallelProducts() const {
    struct Group {
      int64_t size = 0;
      OpSet readers;
    };
    llvm::DenseMap<Type, Group> groups;
    for (Operation *op : ops) {
      Type matrix = isProduct(op) ? getMatrixType(op) : Type();
      if (!matrix)
        continue;
      Group &group = groups[matrix];
      if (group.readers.contains(op))
        continue;
      addReaders(op, group.readers);
      if (++group.size == experts)
        return true;
    }
    return false;
  }

  int64_t experts;
  OpSet region;
  SmallVector<Operation *> ops;
};

//===-- Where facts end ---------------------------------------------------===//

/// The node that is the farthest from the choice of those that read a fact and
/// of whose results none is known.
class FactsEnd {
public:
  explicit FactsEnd(const RoutingFacts &facts) : facts(facts) {
    Operation *choice = facts.getIds().getDefiningOp();
    for (Operation *op = choice->getNextNode(); op; op = op->getNextNode())
      visit(op);
  }

  Miss describe() const {
    if (facts.getIds().use_empty())
      return {nullptr, "nothing reads the numbers of those it chooses"};
    if (!end)
      return {nullptr, "what it leads to is no sum of experts"};
    SmallVector<Operation *> sources = getKnownSources(end);
    return {end, "it reads what " + list(sources) +
                     (sources.size() > 1 ? " make" : " makes") +
                     " of the choice, and what it makes of that is not "
                     "understood"};
  }

private:
  /// The first of them, with their operators.
  static std::string list(ArrayRef<Operation *> nodes) {
    constexpr size_t kMost = 3;
    SmallVector<std::string> names;
    for (Operation *op : nodes.take_front(kMost))
      names.push_back("'" + getNodeName(op) + "' (" +
                      cast<onnx::OnnxNode>(op).getSchema().opType.str() + ")");
    if (nodes.size() > kMost)
      names.push_back(std::to_string(nodes.size() - kMost) + " more");
    return llvm::join(names, " and ");
  }

  /// Whether a node asks for the extents alone.
  static bool readsNoElements(Operation *op) {
    return op->hasTrait<OpTrait::IsTerminator>() ||
           isa<onnx::ShapeOp, onnx::SizeOp>(op);
  }

  SmallVector<Operation *> getKnownSources(Operation *op) const {
    SmallVector<Operation *> sources;
    for (Value operand : op->getOperands())
      if (facts.knows(operand) &&
          !llvm::is_contained(sources, operand.getDefiningOp()))
        sources.push_back(operand.getDefiningOp());
    return sources;
  }

  void visit(Operation *op) {
    SmallVector<Operation *> sources = getKnownSources(op);
    if (sources.empty() || !isa<onnx::OnnxNode>(op) || readsNoElements(op))
      return;
    unsigned depth = 0;
    for (Operation *source : sources)
      depth = std::max(depth, depths.lookup(source) + 1);
    bool isKnown = llvm::any_of(
        op->getResults(), [&](Value result) { return facts.knows(result); });
    if (isKnown)
      depths[op] = depth;
    else if (depth > farthest) {
      farthest = depth;
      end = op;
    }
  }

  const RoutingFacts &facts;
  llvm::DenseMap<Operation *, unsigned> depths;
  Operation *end = nullptr;
  unsigned farthest = 0;
};
} // namespace

/// Whether another node makes the same choice, of which this one only gives the
/// scores.
static bool isScoresOfOther(Value ids, ArrayRef<Value> choices) {
  Operation *choice = ids.getDefiningOp();
  return ids.use_empty() && llvm::any_of(choices, [&](Value other) {
           Operation *op = other.getDefiningOp();
           return op != choice && op->getOperand(0) == choice->getOperand(0);
         });
}

int64_t moec::routing::findFirstExpert(const RoutingFacts &facts) {
  std::optional<int64_t> first;
  for (const auto &[value, fact] : facts.getFacts())
    if (fact.expert)
      first = std::min(first.value_or(*fact.expert), *fact.expert);
  return first.value_or(0);
}

std::string moec::routing::listMissing(ArrayRef<int64_t> added,
                                       int64_t experts) {
  constexpr size_t kMost = 8;
  SmallVector<std::string> missing;
  for (int64_t expert = 0; expert < experts; ++expert)
    if (!llvm::is_contained(added, expert))
      missing.push_back(std::to_string(expert));
  std::string verb = missing.size() == 1 ? " has no term" : " have no term";
  if (missing.size() > kMost) {
    std::string more = std::to_string(missing.size() - kMost) + " more";
    missing.truncate(kMost);
    missing.push_back(std::move(more));
  }
  std::string last = missing.pop_back_val();
  std::string first = llvm::join(missing, ", ");
  return (first.empty() ? last : first + " and " + last) + verb;
}

bool moec::routing::leadsToExperts(Operation *choice, int64_t experts,
                                   ArrayRef<Value> choices) {
  return ExpertSearch(choice, experts, choices).find();
}

int64_t moec::routing::findExpertsOfSlots(Operation *op, int64_t slots,
                                          ArrayRef<Value> choices) {
  return ExpertSearch(op, slots, choices).findStackOfSlots();
}

Miss moec::routing::findLostChoice(const RoutingFacts &facts,
                                   ArrayRef<Value> choices) {
  if (isScoresOfOther(facts.getIds(), choices) ||
      !leadsToExperts(facts.getIds().getDefiningOp(),
                      facts.getExtents().experts, choices))
    return {};
  return FactsEnd(facts).describe();
}
