//===-- SparseMixer.cpp - a sparse mixer of ordinary operators ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Round by round, of scores s and those not chosen yet, r:
//
//   m = max(r);  id = argmax(r)
//   w = softmax(where((m - s) / max(|s|, m) > 2 jitter, -inf, r))[id]
//   r = scatter(r, id, -inf)
//
// Some choose from what the mask leaves, where the largest and what is equal to
// it are: their distance is 0, or NaN, which is not greater. Some measure the
// distance of r: where r is not s it is -infinity, whatever a mask says. Some
// take |m| for m in the divisor: a score that is not greater than m < 0 has a
// larger magnitude, and one that is has a distance below 0 (or is r no more).
//
//===----------------------------------------------------------------------===//

#include "SparseMixer.h"

#include "Constants.h"
#include "RoutingFacts.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::routing;

namespace {
class MixerMatcher {
public:
  bool matchRound(Value id, Value weight) {
    return matchChosen(id) && matchWeight(weight) && matchLeft(id);
  }

  std::optional<SparseMixer> getMixer() const {
    float jitter = float(width) / 2;
    if (!std::isfinite(jitter) || jitter < 0)
      return std::nullopt;
    return SparseMixer{scores, jitter};
  }

  StringRef getReason() const { return reason; }

private:
  bool fail(StringRef why) {
    reason = why;
    return false;
  }

  /// Whether `value` is the one choice that is largest of some scores.
  bool matchChosen(Value id) {
    Operation *op = id.getDefiningOp();
    if (auto top = dyn_cast_or_null<onnx::TopKOp>(op)) {
      chosenFrom = top.getX();
      if (id == top.getIndices() && top.getLargest() != 0 &&
          isLastAxis(top.getAxis(), chosenFrom) &&
          getType(id).getShape().back() == 1)
        return true;
    } else if (auto most = dyn_cast_or_null<onnx::ArgMaxOp>(op)) {
      chosenFrom = most.getData();
      if (most.getSelectLastIndex() == 0 && most.getKeepdims() != 0 &&
          isLastAxis(most.getAxis(), chosenFrom))
        return true;
    }
    return fail("a round does not choose the largest that is left");
  }

  /// Whether `value` is the maximum of what is left.
  bool isMaximum(Value value) const {
    Operation *op = value.getDefiningOp();
    if (auto top = dyn_cast_or_null<onnx::TopKOp>(op))
      return value == top.getValues() && top.getX() == left &&
             top.getLargest() != 0 && isLastAxis(top.getAxis(), left) &&
             getType(value).getShape().back() == 1;
    if (!isa_and_present<onnx::ReduceMaxOp>(op) || op->getOperand(0) != left)
      return false;
    int64_t rank = getType(left).getRank();
    std::optional<SmallVector<int64_t>> axes = getAxes(op, rank);
    return axes && *axes == SmallVector<int64_t>{rank - 1} && keepsDims(op);
  }

  /// softmax(where(mask, -inf, left))[id]
  bool matchWeight(Value weight) {
    auto gather = weight.getDefiningOp<onnx::GatherElementsOp>();
    auto softmax =
        gather ? gather.getData().getDefiningOp<onnx::SoftmaxOp>() : nullptr;
    if (!softmax || !isLastAxis(gather.getAxis(), gather.getData()) ||
        !isLastAxis(softmax.getAxis(), gather.getData()))
      return fail("a weight is not looked up in a softmax");
    chosenBy = gather.getIndices();
    auto where = softmax->getOperand(0).getDefiningOp<onnx::WhereOp>();
    if (!where || !isMinusInfinity(where.getX()) ||
        (chosenFrom != where.getY() && chosenFrom != where.getResult()))
      return fail("a softmax is not of what a mask leaves");
    left = where.getY();
    return matchMask(where.getCondition());
  }

  /// (m - scores) / max(|scores|, m) > width
  bool matchMask(Value mask) {
    auto greater = mask.getDefiningOp<onnx::GreaterOp>();
    auto distance =
        greater ? greater->getOperand(0).getDefiningOp<onnx::DivOp>() : nullptr;
    std::optional<double> limit =
        greater ? getUniform(greater->getOperand(1)) : std::nullopt;
    auto difference =
        distance ? distance.getA().getDefiningOp<onnx::SubOp>() : nullptr;
    auto factor =
        distance ? distance.getB().getDefiningOp<onnx::MaxOp>() : nullptr;
    if (!limit || !difference || !factor || factor->getNumOperands() != 2 ||
        !isMaximum(difference.getA()))
      return fail("a mask is not of the distance from the largest");
    Value compared = difference.getB();
    if (!scores) {
      scores = compared;
      width = *limit;
    }
    return ((compared == scores || compared == left) && *limit == width &&
            isFactor(factor, compared)) ||
           fail("rounds differ in what they mask");
  }

  bool isFactor(onnx::MaxOp factor, Value compared) const {
    for (unsigned i : {0u, 1u}) {
      auto absolute = factor->getOperand(i).getDefiningOp<onnx::AbsOp>();
      Value most = factor->getOperand(1 - i);
      auto magnitude = most.getDefiningOp<onnx::AbsOp>();
      if (absolute && absolute.getX() == compared &&
          isMaximum(magnitude ? magnitude.getX() : most))
        return true;
    }
    return false;
  }

  /// Whether this round's choice is its own, among all scores but those that
  /// earlier rounds chose.
  bool matchLeft(Value id) {
    bool isExpected = left == scores && chosen.empty();
    if (auto scatter = left.getDefiningOp<onnx::ScatterElementsOp>())
      isExpected |= !chosen.empty() && scatter.getData() == previous &&
                    scatter.getIndices() == chosen.back() &&
                    scatter.getReduction() == "none" &&
                    isMinusInfinity(scatter.getUpdates()) &&
                    isLastAxis(scatter.getAxis(), left);
    if (!isExpected || chosenBy != id)
      return fail("a round does not leave out what was chosen before");
    chosen.push_back(id);
    previous = left;
    return true;
  }

  Value scores;
  double width = 0;
  /// Of this round: what earlier ones left, what it chooses from, and what
  /// looks its weight up.
  Value left, chosenFrom, chosenBy;
  /// Of the rounds before.
  SmallVector<Value> chosen;
  Value previous;
  StringRef reason;
};
} // namespace

std::optional<SparseMixer>
moec::routing::matchSparseMixer(onnx::ConcatOp ids, onnx::ConcatOp weights,
                                StringRef &reason) {
  reason = "ids and weights are not those of the same rounds";
  if (ids->getNumOperands() != weights->getNumOperands() ||
      !isLastAxis(ids.getAxis(), ids->getResult(0)) ||
      !isLastAxis(weights.getAxis(), weights->getResult(0)))
    return std::nullopt;
  MixerMatcher matcher;
  for (auto [id, weight] :
       llvm::zip_equal(ids->getOperands(), weights->getOperands()))
    if (!matcher.matchRound(id, weight)) {
      reason = matcher.getReason();
      return std::nullopt;
    }
  return matcher.getMixer();
}
