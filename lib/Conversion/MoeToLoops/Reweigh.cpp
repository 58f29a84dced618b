//===-- Reweigh.cpp - weights of chosen experts as loops ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"

using namespace mlir;
using namespace moec::moe;

namespace {
using Values = LoopBuilder::Values;

struct ReweighToLoops : OpRewritePattern<ReweighOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReweighOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return failure();
    LoopBuilder l(rewriter, op.getLoc());
    Value ids = op.getIds(), zero = l.index(0);
    Value tokens = l.dim(ids, 0), choices = l.dim(ids, 1);
    Values inits = {op.getWeightsInit(), op.getKeptInit()};
    Values done = l.loop(zero, tokens, inits, [&](Value t, ValueRange carried) {
      Values sums = l.loop(zero, choices, {carried[0], l.f32(0.0f)},
                           [&](Value j, ValueRange carried) {
                             Value w = readWeight(l, op, t, j);
                             return Values{l.put(w, carried[0], {t, j}),
                                           l.add(carried[1], w)};
                           });
      return l.loop(zero, choices, {sums[0], carried[1]},
                    [&](Value j, ValueRange carried) {
                      return keep(l, op, t, j, sums[1], carried);
                    });
    });
    rewriter.replaceOp(op, done);
    return success();
  }

private:
  static Value isChosen(LoopBuilder &l, ReweighOp op, Value id) {
    Value experts = l.toI32(l.dim(op.getValues(), 1));
    return l.both(l.invert(l.less(id, l.i32(0))), l.less(id, experts));
  }

  /// Step 1.
  static Value readWeight(LoopBuilder &l, ReweighOp op, Value t, Value j) {
    Value id = l.get(op.getIds(), {t, j});
    Value expert = l.clampIndex(id, l.dim(op.getValues(), 1));
    return l.select(isChosen(l, op, id), l.get(op.getValues(), {t, expert}),
                    l.f32(0.0f));
  }

  /// Steps 2 and 3. NaN is not greater.
  static Values keep(LoopBuilder &l, ReweighOp op, Value t, Value j, Value sum,
                     ValueRange carried) {
    Value id = l.get(op.getIds(), {t, j}), w = l.get(carried[0], {t, j});
    if (op.getRenormalize())
      w = l.div(w, sum);
    Value isKept = l.greater(w, l.f32(op.getThreshold().convertToFloat()));
    isKept = l.both(isKept, isChosen(l, op, id));
    return {l.put(l.select(isKept, w, l.f32(0.0f)), carried[0], {t, j}),
            l.put(l.select(isKept, id, l.i32(-1)), carried[1], {t, j})};
  }
};
} // namespace

void moec::moe::populateReweighToLoops(RewritePatternSet &patterns) {
  patterns.add<ReweighToLoops>(patterns.getContext());
}
