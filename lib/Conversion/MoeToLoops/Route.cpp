//===-- Route.cpp - routing as loops --------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace moec::moe;

namespace {
using Values = LoopBuilder::Values;

/// One token's routing, in the steps of the op's description. Tensors of one
/// element an expert (`probs`, `keys`, `taken`) are scratch that all tokens
/// reuse.
class RowRouter {
public:
  RowRouter(LoopBuilder &l, RouteOp op)
      : l(l), op(op), scores(op.getScores()), zero(l.index(0)),
        experts(l.dim(scores, 1)),
        choices(
            l.index(cast<ShapedType>(op.getIdsInit().getType()).getDimSize(1))),
        minusInf(l.f32(-std::numeric_limits<float>::infinity())) {}

  Values getScratch() {
    Type f32 = l.b.getF32Type();
    return {l.scratch(experts, f32), l.scratch(experts, f32),
            l.scratch(experts, l.b.getI8Type())};
  }

  /// Routes row t: {weights, ids, probs, keys, taken} to the same after it;
  /// `bad` becomes whether a key is NaN.
  Values choose(Value t, ValueRange carried, Value &bad) {
    Value weights = carried[0], ids = carried[1], probs = carried[2],
          keys = carried[3], taken = carried[4];
    if (op.getScore() == ScoreFunction::SparseMixer)
      return chooseSparseMixer(t, carried, bad);
    probs = computeProbs(t, probs);
    keys = l.loop(zero, experts, keys, [&](Value e, Value keys) {
      Value key = l.get(probs, e);
      if (Value bias = op.getSelectionBias())
        key = l.add(key, l.get(bias, e));
      return l.put(key, keys, e);
    });
    bad = hasNaN(keys);
    if (op.getGroups() > 1)
      keys = keepGroups(keys, taken);
    taken = clear(taken, experts);
    Values done = l.loop(
        zero, choices, {weights, ids, taken}, [&](Value j, ValueRange carried) {
          Value best = findBest(keys, carried[2], experts);
          Value weighed = op.getKeysWeigh() ? keys : probs;
          return record(t, j, best, l.get(weighed, best), carried);
        });
    if (op.getScore() == ScoreFunction::SoftmaxSelected)
      done[0] = softmaxSelected(t, done[0]);
    return {done[0], done[1], probs, keys, done[2]};
  }

  /// Steps 6 and 7 and the rule for NaN: final weights, and -1 for the ids of
  /// dropped choices.
  Values finish(Value t, Value bad, Value weights, Value ids) {
    Values sums = l.loop(zero, choices, {l.f32(0.0f), bad},
                         [&](Value j, ValueRange carried) {
                           Value w = l.get(weights, {t, j});
                           return Values{l.add(carried[0], getNormTerm(w)),
                                         l.either(carried[1], l.isNaN(w))};
                         });
    Value divisor = getDivisor(sums[0]);
    Value scale = l.f32(op.getScale().convertToFloat());
    bool isScaled = op.getScale().convertToFloat() != 1.0f;
    return l.loop(
        zero, choices, {weights, ids}, [&](Value j, ValueRange carried) {
          Value w = l.get(carried[0], {t, j});
          if (op.getRenormalize())
            w = l.div(w, divisor);
          if (isScaled)
            w = l.mul(w, scale);
          if (Value expertScale = op.getExpertScale()) {
            Value expert = l.clampIndex(l.get(carried[1], {t, j}), experts);
            w = l.mul(w, l.get(expertScale, expert));
          }
          // 0 / 0 of the renormalisation makes a NaN that was not there before.
          Value isDropped = l.either(sums[1], l.isNaN(w));
          if (op.getPropagateNan()) {
            w = l.select(sums[1],
                         l.f32(std::numeric_limits<float>::quiet_NaN()), w);
            isDropped = l.boolean(false);
          }
          if (op.getDropNonpositive())
            isDropped =
                l.either(isDropped, l.invert(l.greater(w, l.f32(0.0f))));
          return drop(t, j, isDropped, w, carried[0], carried[1]);
        });
  }

  /// Step 8 for row t; `counts` are the choices each expert has kept so far.
  Values limit(Value t, Value weights, Value ids, Value counts) {
    return l.loop(
        zero, choices, {weights, ids, counts},
        [&](Value j, ValueRange carried) {
          Value id = l.get(carried[1], {t, j});
          Value isChosen = l.invert(l.less(id, l.i32(0)));
          Value expert = l.clampIndex(id, experts);
          Value count = l.get(carried[2], expert);
          Value hasRoom = l.less(
              count,
              l.i32(std::min<int64_t>(*op.getCapacity(),
                                      std::numeric_limits<int32_t>::max())));
          Value isKept = l.both(isChosen, hasRoom);
          Value one = l.select(isKept, l.i32(1), l.i32(0));
          Value counts = l.put(l.add(count, one), carried[2], expert);
          Values kept = drop(t, j, l.invert(isKept), l.get(carried[0], {t, j}),
                             carried[0], carried[1]);
          return Values{kept[0], kept[1], counts};
        });
  }

  Value clear(Value flags, Value size) {
    Value none = arith::ConstantIntOp::create(l.b, 0, 8);
    return l.loop(zero, size, flags,
                  [&](Value e, Value flags) { return l.put(none, flags, e); });
  }

private:
  Value getScore(Value t, Value e) { return l.get(scores, {t, e}); }

  Value maximum(Value a, Value c) {
    return arith::MaximumFOp::create(l.b, a, c);
  }
  Value exp(Value a) { return math::ExpOp::create(l.b, a); }

  float getNorm() { return op.getNorm()->convertToFloat(); }

  Value power(Value base, float exponent) {
    return math::PowFOp::create(l.b, base, l.f32(exponent));
  }

  /// What a weight adds to the sum that renormalisation divides by.
  Value getNormTerm(Value w) {
    if (!op.getNorm())
      return w;
    if (getNorm() == 2.0f)
      return l.mul(w, w);
    Value absolute = math::AbsFOp::create(l.b, w);
    return getNorm() == 1.0f ? absolute : power(absolute, getNorm());
  }

  /// What renormalisation divides by, of the sum of the terms.
  Value getDivisor(Value sum) {
    Value divisor = sum;
    if (op.getNorm() && getNorm() == 2.0f)
      divisor = math::SqrtOp::create(l.b, sum);
    else if (op.getNorm() && getNorm() != 1.0f)
      divisor = power(sum, 1.0f / getNorm());
    divisor = l.add(divisor, l.f32(op.getEpsilon().convertToFloat()));
    if (op.getLeastDivisor())
      divisor = maximum(divisor, l.f32(op.getLeastDivisor()->convertToFloat()));
    return divisor;
  }

  Value computeProbs(Value t, Value probs) {
    if (op.getScore() == ScoreFunction::SoftmaxAll) {
      Value highest =
          l.loop(zero, experts, minusInf, [&](Value e, Value highest) {
            return maximum(highest, getScore(t, e));
          });
      Values sums =
          l.loop(zero, experts, {probs, l.f32(0.0f)},
                 [&](Value e, ValueRange carried) {
                   Value p = exp(l.sub(getScore(t, e), highest));
                   return Values{l.put(p, carried[0], e), l.add(carried[1], p)};
                 });
      return l.loop(zero, experts, sums[0], [&](Value e, Value probs) {
        return l.put(l.div(l.get(probs, e), sums[1]), probs, e);
      });
    }
    return l.loop(zero, experts, probs, [&](Value e, Value probs) {
      Value p = getScore(t, e);
      if (op.getScore() == ScoreFunction::Sigmoid)
        p = buildSigmoid(l, p);
      return l.put(p, probs, e);
    });
  }

  Value hasNaN(Value keys) {
    return l.loop(zero, experts, l.boolean(false), [&](Value e, Value bad) {
      return l.either(bad, l.isNaN(l.get(keys, e)));
    });
  }

  Value isTaken(Value taken, Value e) {
    return l.invert(
        l.equal(l.get(taken, e), arith::ConstantIntOp::create(l.b, 0, 8)));
  }

  /// The index of the largest key not taken yet, by the tie rule. Index 0 where
  /// NaN hides all of them: such a row is dropped later.
  Value findBest(Value keys, Value taken, Value size) {
    Values best =
        l.loop(zero, size, {zero, minusInf, l.boolean(false)},
               [&](Value e, ValueRange carried) {
                 Value key = l.get(keys, e);
                 Value isBetter = op.getTie() == TieRule::Highest
                                      ? l.invert(l.less(key, carried[1]))
                                      : l.greater(key, carried[1]);
                 // The first candidate wins over none at all, even at -inf.
                 isBetter = l.either(isBetter, l.invert(carried[2]));
                 isBetter = l.both(isBetter, l.invert(isTaken(taken, e)));
                 return Values{l.select(isBetter, e, carried[0]),
                               l.select(isBetter, key, carried[1]),
                               l.either(carried[2], isBetter)};
               });
    return best[0];
  }

  Values record(Value t, Value j, Value best, Value weight,
                ValueRange carried) {
    Value one = arith::ConstantIntOp::create(l.b, 1, 8);
    return {l.put(weight, carried[0], {t, j}),
            l.put(l.toI32(best), carried[1], {t, j}),
            l.put(one, carried[2], best)};
  }

  Value softmaxSelected(Value t, Value weights) {
    auto getWeight = [&](Value weights, Value j) {
      return l.get(weights, {t, j});
    };
    Value highest =
        l.loop(zero, choices, minusInf, [&](Value j, Value highest) {
          return maximum(highest, getWeight(weights, j));
        });
    Values sums = l.loop(
        zero, choices, {weights, l.f32(0.0f)},
        [&](Value j, ValueRange carried) {
          Value p = exp(l.sub(getWeight(carried[0], j), highest));
          return Values{l.put(p, carried[0], {t, j}), l.add(carried[1], p)};
        });
    return l.loop(zero, choices, sums[0], [&](Value j, Value weights) {
      return l.put(l.div(getWeight(weights, j), sums[1]), weights, {t, j});
    });
  }

  /// Step 3. `taken` is scratch; its first elements mark the kept groups.
  Value keepGroups(Value keys, Value taken) {
    Value groups = l.index(op.getGroups());
    Value size = l.div(experts, groups);
    Value groupKeys = l.loop(
        zero, groups, l.scratch(groups, l.b.getF32Type()),
        [&](Value g, Value groupKeys) {
          return l.put(scoreGroup(keys, l.mul(g, size), size), groupKeys, g);
        });
    taken = clear(taken, groups);
    taken = l.loop(zero, l.index(op.getGroupsKept()), taken,
                   [&](Value, Value taken) {
                     Value best = findBest(groupKeys, taken, groups);
                     Value one = arith::ConstantIntOp::create(l.b, 1, 8);
                     return l.put(one, taken, best);
                   });
    Value fill = l.f32(op.getGroupFill().convertToFloat());
    return l.loop(zero, experts, keys, [&](Value e, Value keys) {
      Value isKept = isTaken(taken, l.div(e, size));
      return l.put(l.select(isKept, l.get(keys, e), fill), keys, e);
    });
  }

  Value scoreGroup(Value keys, Value first, Value size) {
    Values best = l.loop(first, l.add(first, size), {minusInf, minusInf},
                         [&](Value e, ValueRange carried) {
                           Value key = l.get(keys, e);
                           Value isFirst = l.greater(key, carried[0]);
                           Value isSecond = l.greater(key, carried[1]);
                           Value second = l.select(isSecond, key, carried[1]);
                           return Values{l.select(isFirst, key, carried[0]),
                                         l.select(isFirst, carried[0], second)};
                         });
    return op.getGroupScore() == GroupScore::Max ? best[0]
                                                 : l.add(best[0], best[1]);
  }

  /// k rounds; `keys` are the scores not chosen yet, chosen ones -inf.
  Values chooseSparseMixer(Value t, ValueRange carried, Value &bad) {
    Value probs = carried[2], keys = carried[3];
    keys = l.loop(zero, experts, keys, [&](Value e, Value keys) {
      return l.put(getScore(t, e), keys, e);
    });
    bad = hasNaN(keys);
    Value taken = clear(carried[4], experts);
    Value width = l.f32(2.0f * op.getJitter().convertToFloat());
    Values done =
        l.loop(zero, choices, {carried[0], carried[1], taken},
               [&](Value j, ValueRange carried) {
                 Value best = findBest(keys, carried[2], experts);
                 Value highest = l.get(keys, best);
                 // The chosen one is at the maximum: its exponential is 1.
                 Value sum = l.loop(
                     zero, experts, l.f32(0.0f), [&](Value e, Value sum) {
                       Value s = getScore(t, e);
                       Value absolute = math::AbsFOp::create(l.b, s);
                       Value distance =
                           l.div(l.sub(highest, s), maximum(absolute, highest));
                       Value isMasked = l.either(isTaken(carried[2], e),
                                                 l.greater(distance, width));
                       Value term = exp(l.sub(s, highest));
                       return l.add(sum, l.select(isMasked, l.f32(0.0f), term));
                     });
                 return record(t, j, best, l.div(l.f32(1.0f), sum), carried);
               });
    return {done[0], done[1], probs, keys, done[2]};
  }

  Values drop(Value t, Value j, Value isDropped, Value weight, Value weights,
              Value ids) {
    Value id = l.get(ids, {t, j});
    return {l.put(l.select(isDropped, l.f32(0.0f), weight), weights, {t, j}),
            l.put(l.select(isDropped, l.i32(-1), id), ids, {t, j})};
  }

  LoopBuilder &l;
  RouteOp op;
  Value scores, zero, experts, choices, minusInf;
};

struct RouteToLoops : OpRewritePattern<RouteOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(RouteOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return failure();
    LoopBuilder l(rewriter, op.getLoc());
    RowRouter router(l, op);
    Value zero = l.index(0), tokens = l.dim(op.getScores(), 0);
    Values carried = {op.getWeightsInit(), op.getIdsInit()};
    llvm::append_range(carried, router.getScratch());
    if (op.getCapacity()) {
      Value experts = l.dim(op.getScores(), 1);
      Value counts = l.loop(
          zero, experts, l.scratch(experts, rewriter.getI32Type()),
          [&](Value e, Value counts) { return l.put(l.i32(0), counts, e); });
      carried.push_back(counts);
    }
    Values done =
        l.loop(zero, tokens, carried, [&](Value t, ValueRange carried) {
          Value bad;
          Values next = router.choose(t, carried.take_front(5), bad);
          Values final = router.finish(t, bad, next[0], next[1]);
          next[0] = final[0];
          next[1] = final[1];
          if (op.getCapacity())
            llvm::append_range(next, takeCapacity(router, t, next, carried[5]));
          return next;
        });
    rewriter.replaceOp(op, {done[0], done[1]});
    return success();
  }

private:
  /// Applies the capacity to `next` and returns the new counts.
  static Values takeCapacity(RowRouter &router, Value t, Values &next,
                             Value counts) {
    Values limited = router.limit(t, next[0], next[1], counts);
    next[0] = limited[0];
    next[1] = limited[1];
    return {limited[2]};
  }
};
} // namespace

void moec::moe::populateRouteToLoops(RewritePatternSet &patterns) {
  patterns.add<RouteToLoops>(patterns.getContext());
}
