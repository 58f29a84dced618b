//===-- RouterReader.cpp - finds and reads the router of a layer ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Router.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::certificates;

bool Router::isFused() const { return isa<onnx::MoEOp, onnx::QMoEOp>(choice); }

SmallVector<Operation *> certificates::findNodes(ModuleOp module,
                                                 StringRef layer) {
  SmallVector<Operation *> nodes;
  auto main = module.lookupSymbol<func::FuncOp>("main");
  main.walk([&](onnx::OnnxNode node) {
    if (getNodeName(node) == layer)
      nodes.push_back(node);
  });
  return nodes;
}

//===-- The node that chooses ---------------------------------------------===//

/// The value whose largest elements along the last axis an op finds `topK` of;
/// null for another op.
static Value getChosenFrom(Operation *op, int64_t experts, int64_t topK) {
  Value keys;
  if (auto top = dyn_cast<onnx::TopKOp>(op)) {
    if (top.getLargest() == 1 && isLastAxis(top.getAxis(), top.getX()) &&
        getLastExtent(top.getIndices()) == topK)
      keys = top.getX();
  } else if (auto most = dyn_cast<onnx::ArgMaxOp>(op)) {
    if (topK == 1 && isLastAxis(most.getAxis(), most.getData()))
      keys = most.getData();
  }
  return keys && getLastExtent(keys) == experts ? keys : Value();
}

/// Whether a Concat has `topK` choices, that are made one beside the other.
static bool isJoinedChoice(Operation *op, int64_t experts, int64_t topK) {
  auto concat = dyn_cast<onnx::ConcatOp>(op);
  if (!concat || getLastExtent(concat.getResult()) != topK ||
      !isLastAxis(concat.getAxis(), concat.getResult()))
    return false;
  return llvm::all_of(concat->getOperands(), [&](Value part) {
    Operation *own = part.getDefiningOp();
    return own && llvm::is_contained(getIds(own), part) &&
           getChosenFrom(own, experts, getLastExtent(part));
  });
}

SmallVector<Value> certificates::getIds(Operation *choice) {
  if (auto top = dyn_cast<onnx::TopKOp>(choice))
    return {top.getIndices()};
  if (isa<onnx::ArgMaxOp>(choice))
    return {choice->getResult(0)};
  SmallVector<Value> ids;
  if (isa<onnx::ConcatOp>(choice)) {
    ids.push_back(choice->getResult(0));
    ids.append(choice->operand_begin(), choice->operand_end());
  }
  return ids;
}

/// The choice next to the layer's node: other layers' are before it.
static llvm::Expected<Operation *> findChoice(ArrayRef<Operation *> nodes,
                                              int64_t experts, int64_t topK) {
  OpSet sources = collectSources(nodes);
  SmallVector<Operation *> choices;
  for (Operation *op : sources)
    if (getChosenFrom(op, experts, topK) || isJoinedChoice(op, experts, topK))
      choices.push_back(op);
  SmallVector<Operation *> nearest;
  for (Operation *op : choices) {
    OpSet readers = collectReaders(op);
    if (llvm::none_of(choices, [&](Operation *other) {
          return other != op && readers.contains(other);
        }))
      nearest.push_back(op);
  }
  if (nearest.size() == 1)
    return nearest.front();
  return refuse(Twine(nearest.size()) + " nodes before it choose " +
                Twine(topK) + " of " + Twine(experts) +
                ", expected one TopK, ArgMax, or Concat of such");
}

static Operation *findFused(ArrayRef<Operation *> nodes) {
  for (Operation *op : nodes)
    if (isa<onnx::MoEOp, onnx::QMoEOp>(op))
      return op;
  return nullptr;
}

//===-- Keys --------------------------------------------------------------===//

namespace {
/// Walks from the keys that are compared back to the scores.
class KeyReader {
public:
  KeyReader(Router &router, int64_t experts, ConstantReader &constants)
      : router(router), experts(experts), constants(constants) {}

  llvm::Error read(Value keys) {
    compared = keys;
    at = skipViews(keys);
    auto groups = readGroups(at, experts, constants);
    if (!groups)
      return groups.takeError();
    router.groups = *groups;
    if (router.groups)
      at = skipViews(at);
    if (llvm::Error error = readSelectionBias())
      return error;
    readFunction();
    if (needsF32() && !areF32())
      return refuse(describe(router.choice) +
                    " compares keys that are not f32");
    router.scores = at;
    auto logits = readLogits(getLogits(), experts, constants);
    if (!logits)
      return logits.takeError();
    router.logits = std::move(*logits);
    return llvm::Error::success();
  }

private:
  static bool isScoreFunction(Value value) {
    Operation *op = value.getDefiningOp();
    return isa_and_present<onnx::SoftmaxOp, onnx::SigmoidOp>(op);
  }

  /// A constant added to what a score function makes, or to scores that count
  /// without it, too.
  llvm::Error readSelectionBias() {
    auto add = at.getDefiningOp<onnx::AddOp>();
    if (!add)
      return llvm::Error::success();
    Value rest = add.getOperand(0), constant = add.getOperand(1);
    if (constants.isConstant(rest))
      std::swap(rest, constant);
    if (!constants.isConstant(constant) || getLastExtent(rest) != experts)
      return llvm::Error::success();
    rest = skipViews(rest);
    if (!isScoreFunction(rest) && !hasOtherReader(rest, add))
      return llvm::Error::success();
    auto row = constants.readRow(constant, experts);
    if (!row)
      return row.takeError();
    router.selectionBias = std::move(*row);
    at = rest;
    return llvm::Error::success();
  }

  /// Whether anything but `reader` reads the elements, through views or not.
  static bool hasOtherReader(Value value, Operation *reader) {
    return llvm::any_of(value.getUsers(), [&](Operation *user) {
      if (user == reader || isa<onnx::ShapeOp>(user))
        return false;
      bool isView =
          user->getNumResults() == 1 && getViewed(user->getResult(0)) == value;
      return !isView || hasOtherReader(user->getResult(0), reader);
    });
  }

  void readFunction() {
    if (auto softmax = at.getDefiningOp<onnx::SoftmaxOp>();
        softmax && isLastAxis(softmax.getAxis(), at))
      router.function = ScoreFunction::SoftmaxAll;
    if (at.getDefiningOp<onnx::SigmoidOp>())
      router.function = ScoreFunction::Sigmoid;
  }

  Value getLogits() const {
    return router.function == ScoreFunction::None
               ? at
               : at.getDefiningOp()->getOperand(0);
  }

  /// The errors of functions and biases are those of f32.
  bool needsF32() const {
    return router.function != ScoreFunction::None ||
           !router.selectionBias.empty() || router.groups;
  }

  bool areF32() const { return isF32(compared) && isF32(at); }

  Router &router;
  int64_t experts;
  ConstantReader &constants;
  Value compared, at;
};
} // namespace

/// A fused layer: its input is scores, its rules are the operator's.
static llvm::Error readFused(Router &router, ConstantReader &constants) {
  router.isHighestFirst = true;
  Value scores = router.choice->getOperand(1);
  if (isa<onnx::MoEOp>(router.choice))
    router.function = ScoreFunction::SoftmaxAll;
  auto logits = readLogits(scores, router.experts, constants);
  if (!logits)
    return logits.takeError();
  router.logits = std::move(*logits);
  return llvm::Error::success();
}

static llvm::Error readOrdinary(Router &router, ConstantReader &constants) {
  if (isa<onnx::ConcatOp>(router.choice))
    return refuse(describe(router.choice) +
                  " joins several choices, of which none is the layer's keys");
  Value keys = getChosenFrom(router.choice, router.experts, router.topK);
  if (auto most = dyn_cast<onnx::ArgMaxOp>(router.choice))
    router.isHighestFirst = most.getSelectLastIndex() != 0;
  return KeyReader(router, router.experts, constants).read(keys);
}

/// Numbers that no bound holds for.
static llvm::Error checkNumbers(const Router &router) {
  auto isUsable = [](double number) {
    return std::isfinite(number) || (std::isinf(number) && number < 0);
  };
  for (int64_t i = 0; i < router.experts; ++i)
    if (!isUsable(router.logits.bias[i]) ||
        (!router.selectionBias.empty() && !isUsable(router.selectionBias[i])))
      return refuse("a constant added to the score of expert " + Twine(i) +
                    " is NaN or infinity");
  if (!llvm::all_of(router.logits.weights,
                    [](double w) { return std::isfinite(w); }))
    return refuse("the weights of " + describe(router.logits.product) +
                  " are not all finite");
  if (router.groups && !isUsable(router.groups->fill))
    return refuse("the keys of groups that are not kept are NaN or infinity");
  return llvm::Error::success();
}

llvm::Error certificates::readRouter(Router &router,
                                     ConstantReader &constants) {
  if (llvm::Error error = router.isFused() ? readFused(router, constants)
                                           : readOrdinary(router, constants))
    return error;
  if (llvm::Error error = checkNumbers(router))
    return error;
  router.bound = readInputBound(router.logits.input, constants);
  return llvm::Error::success();
}

/// Whether a fused layer is the one that the manifest describes.
static llvm::Error checkFused(const Router &router) {
  auto check = [&](auto layer) -> llvm::Error {
    int64_t experts = getLastExtent(layer.getRouterProbs());
    if (int64_t(layer.getK()) != router.topK || experts != router.experts)
      return refuse(describe(layer) + " chooses " + Twine(layer.getK()) +
                    " of " + Twine(experts) + ", but the manifest says " +
                    Twine(router.topK) + " of " + Twine(router.experts));
    if (layer.getUseSparseMixer() != 0)
      return refuse(describe(layer) + " has use_sparse_mixer");
    return llvm::Error::success();
  };
  if (auto layer = dyn_cast<onnx::MoEOp>(router.choice))
    return check(layer);
  return check(cast<onnx::QMoEOp>(router.choice));
}

llvm::Expected<Router> certificates::findRouter(ModuleOp module,
                                                StringRef layer,
                                                int64_t experts, int64_t topK) {
  SmallVector<Operation *> nodes = findNodes(module, layer);
  if (nodes.empty())
    return refuse("the model has no node of this name");
  Router router;
  router.experts = experts;
  router.topK = topK;
  router.isMuted.assign(experts, false);
  router.choice = findFused(nodes);
  if (!router.choice) {
    auto choice = findChoice(nodes, experts, topK);
    if (!choice)
      return choice.takeError();
    router.choice = *choice;
    return router;
  }
  if (nodes.size() != 1)
    return refuse(Twine(nodes.size()) + " nodes have this name");
  if (llvm::Error error = checkFused(router))
    return std::move(error);
  return router;
}
