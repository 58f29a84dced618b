//===-- Plan.cpp - plan, dispatch and combine as loops --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"

#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace moec;
using namespace moec::moe;

namespace {
using Values = LoopBuilder::Values;

/// A counting sort: count, sum up, place. Rows of an expert keep the order of
/// (t, j) because both passes go through the choices in that order.
struct PlanToLoops : OpRewritePattern<PlanOp> {
  PlanToLoops(MLIRContext *context, bool countRows)
      : OpRewritePattern(context), countRows(countRows) {}

  LogicalResult matchAndRewrite(PlanOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return failure();
    LoopBuilder l(rewriter, op.getLoc());
    Value ids = op.getIds();
    Value tokens = l.dim(ids, 0), choices = l.dim(ids, 1);
    Value ends = l.dim(op.getOffsetsInit(), 0);
    Value experts = l.sub(ends, l.index(1));
    Value zero = l.index(0), one = l.index(1);

    auto isKept = [&](Value id) { return isBelow(l, id, experts); };
    Value offsets = l.loop(zero, ends, op.getOffsetsInit(),
                           [&](Value e, Value offsets) -> Value {
                             return l.put(l.i32(0), offsets, e);
                           });
    // offsets[e + 1] counts the rows of e ...
    offsets = l.loop(zero, tokens, offsets, [&](Value t, Value offsets) {
      return l.loop(zero, choices, offsets, [&](Value j, Value offsets) {
        Value id = getGroup(l, op, l.get(ids, {t, j}));
        return l.when(isKept(id), offsets, [&]() -> Values {
          Value end = l.add(l.toIndex(id), one);
          Value count = l.add(l.get(offsets, end), l.i32(1));
          return {l.put(count, offsets, end)};
        })[0];
      });
    });
    // ... and then the rows of all experts up to e.
    offsets = l.loop(zero, experts, offsets, [&](Value e, Value offsets) {
      Value end = l.add(e, one);
      return l.put(l.add(l.get(offsets, e), l.get(offsets, end)), offsets, end);
    });

    Value next = l.loop(
        zero, experts, l.scratch(experts, rewriter.getI32Type()),
        [&](Value e, Value next) { return l.put(l.get(offsets, e), next, e); });
    Values placed = l.loop(
        zero, tokens, {next, op.getRowsInit(), op.getInverseInit()},
        [&](Value t, ValueRange carried) {
          return l.loop(
              zero, choices, carried, [&](Value j, ValueRange carried) {
                Value next = carried[0], rows = carried[1];
                Value id = getGroup(l, op, l.get(ids, {t, j}));
                Values after = l.when(
                    isKept(id), {next, rows, l.i32(-1)}, [&]() -> Values {
                      Value expert = l.toIndex(id);
                      Value row = l.get(next, expert);
                      return {l.put(l.add(row, l.i32(1)), next, expert),
                              l.put(l.toI32(t), rows, l.toIndex(row)), row};
                    });
                Value inverse = l.put(after[2], carried[2], {t, j});
                return Values{after[0], after[1], inverse};
              });
        });
    if (countRows) {
      rt::CountOp::create(l.b, rt::Counter::Tokens, tokens);
      rt::CountOp::create(l.b, rt::Counter::ExpertRows,
                          l.toIndex(l.get(offsets, experts)));
    }
    rewriter.replaceOp(op, {offsets, placed[1], placed[2]});
    return success();
  }

private:
  static Value isBelow(LoopBuilder &l, Value id, Value end) {
    return l.both(l.invert(l.less(id, l.i32(0))), l.less(l.toIndex(id), end));
  }

  /// The group that a choice counts for, outside of all where it has none.
  static Value getGroup(LoopBuilder &l, PlanOp op, Value id) {
    Value groups = op.getGroups();
    if (!groups)
      return id;
    Value experts = l.dim(groups, 0);
    Value group = l.get(groups, l.clampIndex(id, experts));
    return l.select(isBelow(l, id, experts), group, l.i32(-1));
  }

  bool countRows;
};

struct DispatchToLoops : OpRewritePattern<DispatchOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DispatchOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return failure();
    LoopBuilder l(rewriter, op.getLoc());
    Value zero = l.index(0), tokens = l.dim(op.getX(), 0);
    Value width = l.dim(op.getX(), 1), room = l.dim(op.getRows(), 0);
    Value last = l.sub(l.dim(op.getOffsets(), 0), l.index(1));
    Value end = l.clamp(l.toIndex(l.get(op.getOffsets(), last)), zero, room);
    Value result = l.loop(zero, end, op.getInit(), [&](Value r, Value result) {
      Value token = l.clampIndex(l.get(op.getRows(), r), tokens);
      return l.loop(zero, width, result, [&](Value h, Value result) {
        // No arithmetic: an element is moved as it is.
        Value element =
            tensor::ExtractOp::create(l.b, op.getX(), ValueRange{token, h});
        return Value(
            tensor::InsertOp::create(l.b, element, result, ValueRange{r, h}));
      });
    });
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// Columns are the innermost loop, which LLVM turns into vectors; choices come
/// outside it, so that each element is summed in the order of j.
struct CombineToLoops : OpRewritePattern<CombineOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(CombineOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return failure();
    LoopBuilder l(rewriter, op.getLoc());
    Value zero = l.index(0), y = op.getY();
    Value tokens = l.dim(op.getInverse(), 0);
    Value choices = l.dim(op.getInverse(), 1);
    Value width = l.dim(y, 1), numRows = l.dim(y, 0);
    Value scratch = l.scratch(width, rewriter.getF32Type());
    Values done = l.loop(
        zero, tokens, {op.getInit(), scratch},
        [&](Value t, ValueRange carried) {
          Value sum = l.loop(zero, width, carried[1], [&](Value h, Value sum) {
            return l.put(l.f32(0.0f), sum, h);
          });
          sum = l.loop(zero, choices, sum, [&](Value j, Value sum) {
            Value row = l.get(op.getInverse(), {t, j});
            Value isKept = l.both(l.invert(l.less(row, l.i32(0))),
                                  l.less(l.toIndex(row), numRows));
            Value weight = l.get(op.getWeights(), {t, j});
            if (op.getPropagateNan())
              sum = addZeros(l, op, l.invert(isKept), weight, sum);
            return l.when(isKept, sum, [&]() -> Values {
              Value from = l.toIndex(row);
              return {l.loop(zero, width, sum, [&](Value h, Value sum) {
                Value term = l.mul(weight, l.get(y, {from, h}));
                return l.put(l.add(l.get(sum, h), term), sum, h);
              })};
            })[0];
          });
          Value result =
              l.loop(zero, width, carried[0], [&](Value h, Value result) {
                return l.put(l.get(sum, h), result, {t, h});
              });
          return Values{result, sum};
        });
    rewriter.replaceOp(op, done[0]);
    return success();
  }

private:
  /// Adds a row of zeros times `weight`: NaN where that is no number.
  static Value addZeros(LoopBuilder &l, CombineOp op, Value isMissing,
                        Value weight, Value sum) {
    return l.when(isMissing, sum, [&]() -> Values {
      Value term = l.mul(weight, l.f32(0.0f));
      return {
          l.loop(l.index(0), l.dim(op.getY(), 1), sum, [&](Value h, Value sum) {
            return l.put(l.add(l.get(sum, h), term), sum, h);
          })};
    })[0];
  }
};
} // namespace

void moec::moe::populatePlanToLoops(RewritePatternSet &patterns,
                                    bool countRows) {
  patterns.add<PlanToLoops>(patterns.getContext(), countRows);
  patterns.add<DispatchToLoops, CombineToLoops>(patterns.getContext());
}
