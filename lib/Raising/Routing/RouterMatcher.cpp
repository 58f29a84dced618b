//===-- RouterMatcher.cpp - what computes a choice of experts -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RouterMatcher.h"

#include "Constants.h"
#include "SparseMixer.h"

#include "dialects/Param/IR/Param.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::routing;

bool RouterMatcher::fail(Operation *node, const Twine &reason) {
  if (miss.reason.empty())
    miss = {node, reason.str()};
  return false;
}

/// Views that keep what the last dimension is, and casts that change nothing.
static Value peelRows(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    bool isView = isa<onnx::ReshapeOp, onnx::IdentityOp>(op) && keepsRows(op);
    bool isCast =
        isa<onnx::CastOp>(op) && getType(op->getOperand(0)).getElementType() ==
                                     getType(op->getResult(0)).getElementType();
    if (!isView && !isCast)
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// Elements in the same order, whatever their dimensions.
Value RouterMatcher::peel(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    bool isView = isa<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
                      onnx::FlattenOp, onnx::IdentityOp>(op);
    bool isCast = isa<onnx::CastOp>(op) &&
                  (getType(op->getOperand(0)).getElementType() ==
                       getType(op->getResult(0)).getElementType() ||
                   isa<IntegerType>(getType(value).getElementType()));
    if (!isView && !isCast)
      break;
    value = op->getOperand(0);
  }
  return value;
}

bool RouterMatcher::matchTop() {
  Value indices = peel(ids);
  if (auto mod = indices.getDefiningOp<onnx::ModOp>())
    return fail(mod, "it takes numbers modulo that of the experts (hash "
                     "routing), where no scores choose");
  auto top = indices.getDefiningOp<onnx::TopKOp>();
  if (!top || indices != top.getIndices())
    return fail(indices.getDefiningOp(), "the ids are not those of one TopK");
  if (!isLastAxis(top.getAxis(), top.getX()) || top.getLargest() == 0)
    return fail(top, "it does not choose the largest of the last dimension");
  if (!getType(top.getX()).getElementType().isF32())
    return fail(top, "its keys are not f32");
  router.top = top;
  return true;
}

/// Softmax or sigmoid of scores, or scores.
bool RouterMatcher::matchProbabilities(Value value) {
  value = peelRows(value);
  probabilities = value;
  router.scores = value;
  router.score = moe::ScoreFunction::None;
  if (auto softmax = value.getDefiningOp<onnx::SoftmaxOp>();
      softmax && isLastAxis(softmax.getAxis(), value)) {
    router.score = moe::ScoreFunction::SoftmaxAll;
    router.scores = softmax->getOperand(0);
  } else if (auto sigmoid = value.getDefiningOp<onnx::SigmoidOp>()) {
    router.score = moe::ScoreFunction::Sigmoid;
    router.scores = sigmoid.getX();
  }
  router.scores = peelRows(router.scores);
  return true;
}

/// Keys that groups compete for: kept as they are, or filled.
bool RouterMatcher::matchGroups(Value keys) {
  auto where = keys.getDefiningOp<onnx::WhereOp>();
  if (!where)
    return false;
  // Where(mask, keys, fill), or Where(not mask, fill, keys).
  Value condition = where.getCondition(), kept = where.getX();
  std::optional<double> fill = getUniform(where.getY());
  bool isInverted = !fill;
  if (isInverted) {
    fill = getUniform(where.getX());
    kept = where.getY();
  }
  if (!fill)
    return fail(where, "what is not kept is not filled with one number");
  // The mask of groups, spread over their experts.
  Value mask = condition;
  while (Operation *op = mask.getDefiningOp()) {
    if (isa<onnx::NotOp>(op))
      isInverted = !isInverted;
    else if (!isa<onnx::ReshapeOp, onnx::ExpandOp, onnx::UnsqueezeOp,
                  onnx::CastOp, onnx::IdentityOp>(op))
      break;
    mask = op->getOperand(0);
  }
  auto scatter = mask.getDefiningOp<onnx::ScatterElementsOp>();
  if (isInverted || !scatter || getUniform(scatter.getData()) != 0.0 ||
      getUniform(scatter.getUpdates()) != 1.0 ||
      !isLastAxis(scatter.getAxis(), mask))
    return fail(mask.getDefiningOp(), "the mask is not one of groups");
  Value groupIds = peelRows(scatter.getIndices());
  auto groupTop = groupIds.getDefiningOp<onnx::TopKOp>();
  if (!groupTop || groupIds != groupTop.getIndices() ||
      groupTop.getLargest() == 0 ||
      !isLastAxis(groupTop.getAxis(), groupTop.getX()))
    return fail(scatter, "groups are not chosen by TopK");
  int64_t groups = getType(groupTop.getX()).getShape().back();
  int64_t groupsKept = getType(groupIds).getShape().back();
  int64_t experts = getType(keys).getShape().back();
  // The dimensions in between must be [.., groups, experts / groups].
  if (ShapedType::isDynamic(groups) || ShapedType::isDynamic(groupsKept) ||
      groups < 1 || experts % groups != 0 || groupsKept < 1 ||
      !spreadsOverGroups(condition, mask, groups, experts / groups))
    return fail(where, "the mask of groups is not spread over their experts");

  // How groups are ranked, by the same keys.
  Operation *rank = groupTop.getX().getDefiningOp();
  Value grouped;
  if (auto largest = dyn_cast_or_null<onnx::ReduceMaxOp>(rank)) {
    router.groupScore = moe::GroupScore::Max;
    grouped = largest->getOperand(0);
  } else if (auto sum = dyn_cast_or_null<onnx::ReduceSumOp>(rank)) {
    auto two = sum->getOperand(0).getDefiningOp<onnx::TopKOp>();
    if (!two || sum->getOperand(0) != two.getValues() ||
        two.getLargest() == 0 || !isLastAxis(two.getAxis(), two.getX()) ||
        getType(two.getValues()).getShape().back() != 2)
      return fail(sum, "groups are not ranked by their two largest keys");
    router.groupScore = moe::GroupScore::Top2Sum;
    grouped = two.getX();
  } else {
    return fail(rank, "groups are ranked in an unknown way");
  }
  int64_t groupedRank = getType(grouped).getRank();
  std::optional<SmallVector<int64_t>> axes = getAxes(rank, groupedRank);
  auto view = grouped.getDefiningOp<onnx::ReshapeOp>();
  if (!axes || *axes != SmallVector<int64_t>{groupedRank - 1} ||
      keepsDims(rank) || !view ||
      getType(grouped).getShape().back() != experts / groups ||
      getType(grouped).getShape()[groupedRank - 2] != groups ||
      peelRows(view.getData()) != peelRows(kept))
    return fail(rank, "groups are not ranked by the keys that are chosen from");
  router.groups = groups;
  router.groupsKept = groupsKept;
  router.groupFill = float(*fill);
  return matchKeys(kept);
}

/// A vector of numbers that is known before the run.
static bool isParameter(Value value) {
  return isa_and_present<param::LoadOp, onnx::ConstantOp>(
      value.getDefiningOp());
}

/// Probabilities plus a bias for the choice.
bool RouterMatcher::matchKeys(Value keys) {
  keys = peelRows(keys);
  if (keys.getDefiningOp<onnx::WhereOp>() && router.groups == 1)
    return matchGroups(keys);
  if (auto add = keys.getDefiningOp<onnx::AddOp>()) {
    int64_t experts = getType(keys).getShape().back();
    for (auto [value, bias] : {std::pair(add.getA(), add.getB()),
                               std::pair(add.getB(), add.getA())}) {
      RankedTensorType type = getType(bias);
      bool isVector = type.hasStaticShape() && type.getRank() > 0 &&
                      type.getNumElements() == experts &&
                      type.getShape().back() == experts &&
                      type.getElementType().isF32() && isParameter(bias);
      // The bias of scores is the scores' own.
      Value base = peelRows(value);
      bool isScored = isa_and_present<onnx::SoftmaxOp, onnx::SigmoidOp>(
          base.getDefiningOp());
      if (!isVector || !isScored)
        continue;
      router.selectionBias = bias;
      return matchProbabilities(value);
    }
  }
  return matchProbabilities(keys);
}

/// value / its own sum or norm: the value.
Value RouterMatcher::peelDivision(Value value) {
  auto div = value.getDefiningOp<onnx::DivOp>();
  if (!div || !keepsChoices(div))
    return value;
  std::optional<Divisor> divisor = matchDivisor(div.getB(), div.getA());
  if (!divisor)
    return value;
  router.divisor = divisor;
  return div.getA();
}

/// table[ids] for a vector: the table, where all ids are looked up.
static Value getTable(Value value, Value &indices) {
  if (auto gather = value.getDefiningOp<onnx::GatherOp>()) {
    indices = gather.getIndices();
    return gather.getData();
  }
  auto gather = value.getDefiningOp<onnx::GatherNDOp>();
  if (!gather || gather.getBatchDims() != 0 ||
      getType(gather.getIndices()).getShape().back() != 1)
    return {};
  indices = gather.getIndices();
  return gather.getData();
}

/// weights * scale[ids]: the weights. `scale` is a parameter of all experts.
Value RouterMatcher::peelExpertScale(Operation *mul) {
  if (router.expertScale || !keepsChoices(mul))
    return {};
  int64_t experts = getType(router.top.getX()).getShape().back();
  for (unsigned i : {0u, 1u}) {
    Value factor = mul->getOperand(i), rest = mul->getOperand(1 - i);
    Value indices;
    Value table = getTable(peel(factor), indices);
    if (!table || peel(indices) != router.top.getIndices())
      continue;
    RankedTensorType type = getType(table);
    bool isVector = type.getRank() == 1 && type.getDimSize(0) == experts &&
                    type.getElementType().isF32();
    if (!isVector || !isParameter(table) || getType(factor) != getType(rest))
      continue;
    router.expertScale = table;
    return rest;
  }
  return {};
}

/// Takes off numbers, and a scale of each expert.
bool RouterMatcher::matchFactors(Value &value) {
  for (Operation *op = value.getDefiningOp();
       isa_and_present<onnx::MulOp, onnx::DivOp>(op);
       op = value.getDefiningOp()) {
    if (Value weights = isa<onnx::MulOp>(op) ? peelExpertScale(op) : Value()) {
      value = peel(weights);
      continue;
    }
    std::optional<double> number = getUniform(op->getOperand(1));
    Value rest = op->getOperand(0);
    if (!number && isa<onnx::MulOp>(op)) {
      number = getUniform(op->getOperand(0));
      rest = op->getOperand(1);
    }
    if (!number)
      break;
    float factor = float(*number);
    router.scale =
        isa<onnx::MulOp>(op) ? router.scale * factor : router.scale / factor;
    value = peel(rest);
  }
  return std::isfinite(router.scale) ||
         fail(value.getDefiningOp(), "its scale is not finite");
}

bool RouterMatcher::matchWeights() {
  Value value = peel(weights);
  if (!getType(value).getElementType().isF32())
    return fail(value.getDefiningOp(), "its weights are not f32");
  if (getUniform(value)) {
    // What weighs the inputs of experts, if anything, is made of what is found.
    router.isChoiceOnly = true;
    router.scores = router.top.getX();
    return true;
  }
  if (!matchFactors(value))
    return false;
  Value divided = peelDivision(value);
  value = peel(divided);
  Value keys = router.top.getX();

  if (auto gather = value.getDefiningOp<onnx::GatherElementsOp>()) {
    if (!matchKeys(keys))
      return false;
    Value data = peelRows(gather.getData());
    router.keysWeigh = data != probabilities;
    bool isChosen = keepsChoices(gather) &&
                    isLastAxis(gather.getAxis(), gather.getData()) &&
                    peel(gather.getIndices()) == router.top.getIndices() &&
                    (data == probabilities || data == peelRows(keys));
    return isChosen ||
           fail(gather, "it looks up what the keys are not made of");
  }
  if (auto softmax = value.getDefiningOp<onnx::SoftmaxOp>()) {
    if (peel(softmax->getOperand(0)) != router.top.getValues() ||
        !isLastAxis(softmax.getAxis(), value) || !keepsChoices(softmax))
      return fail(softmax, "it is not over what was chosen");
    if (!matchKeys(keys))
      return false;
    if (router.score != moe::ScoreFunction::None || router.selectionBias ||
        router.groups != 1)
      return fail(softmax, "it is over what is softmax, sigmoid or biased");
    router.score = moe::ScoreFunction::SoftmaxSelected;
    return true;
  }
  if (value != router.top.getValues())
    return fail(value.getDefiningOp(), "its weights are not of what is chosen");
  if (!matchKeys(keys))
    return false;
  router.keysWeigh = router.selectionBias || router.groups != 1;
  return true;
}

/// Whether the last dimension is still that of the choices.
bool RouterMatcher::keepsChoices(Operation *op) {
  return getType(op->getResult(0)).getShape().back() ==
         getType(router.top.getValues()).getShape().back();
}

/// Whether `spread`, made of `mask` by views and expansions, has the number of
/// each of `groups` groups once for each of its `size` experts.
bool RouterMatcher::spreadsOverGroups(Value spread, Value mask, int64_t groups,
                                      int64_t size) {
  // [.., groups] -> [.., groups, 1] -> [.., groups, size] -> [.., experts]
  SmallVector<Operation *> chain;
  for (Value value = spread; value != mask;
       value = value.getDefiningOp()->getOperand(0))
    if (!isa<onnx::CastOp, onnx::NotOp, onnx::IdentityOp>(
            value.getDefiningOp()))
      chain.push_back(value.getDefiningOp());
  if (chain.size() != 3 || !isa<onnx::ExpandOp>(chain[1]) ||
      !isa<onnx::ReshapeOp>(chain[0]))
    return false;
  auto ends = [](Value value, ArrayRef<int64_t> wanted) {
    ArrayRef<int64_t> shape = getType(value).getShape();
    return shape.size() > wanted.size() &&
           shape.take_back(wanted.size()) == wanted;
  };
  return ends(mask, groups) && ends(chain[2]->getResult(0), {groups, 1}) &&
         ends(chain[1]->getResult(0), {groups, size}) &&
         ends(spread, groups * size) &&
         getType(chain[1]->getResult(0)).getRank() ==
             getType(chain[2]->getResult(0)).getRank();
}

/// Clip makes an infinite sum finite, which probabilities never have.
bool RouterMatcher::isDivisorKnown() {
  bool isBounded = router.score != moe::ScoreFunction::None &&
                   !(router.keysWeigh && router.selectionBias);
  return !router.divisor || !router.divisor->isFinite || isBounded ||
         fail(weights.getDefiningOp(),
              "weights whose sum may be infinite are divided by a clipped sum");
}

/// Ids and weights that are put together of rounds.
bool RouterMatcher::matchMixer(onnx::ConcatOp choices) {
  Value value = peel(weights);
  auto made = value.getDefiningOp<onnx::ConcatOp>();
  if (!made)
    return fail(choices, "the ids are not those of one TopK");
  StringRef reason;
  std::optional<SparseMixer> mixer = matchSparseMixer(choices, made, reason);
  if (!mixer)
    return fail(choices, "it is no sparse mixer: " + reason);
  router.score = moe::ScoreFunction::SparseMixer;
  router.scores = mixer->scores;
  router.jitter = mixer->jitter;
  return true;
}

bool RouterMatcher::matchRouter() {
  if (auto choices = peel(ids).getDefiningOp<onnx::ConcatOp>())
    return matchMixer(choices);
  return matchTop() && matchWeights() && isDivisorKnown();
}

std::optional<Router> RouterMatcher::match() {
  if (!matchRouter())
    return std::nullopt;
  if (!getType(router.scores).getElementType().isF32()) {
    fail(router.scores.getDefiningOp(), "its scores are not f32");
    return std::nullopt;
  }
  return router;
}
