//===-- Matmul.cpp - products of the experts as loops ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WeightReader.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace moec::moe;

using Values = LoopBuilder::Values;

/// Runs `body` for each expert and each of its rows.
static Values
forEachRow(LoopBuilder &l, Value offsets, Value numRows, ValueRange carried,
           llvm::function_ref<Values(Value, Value, ValueRange)> body) {
  Value zero = l.index(0);
  Value experts = l.sub(l.dim(offsets, 0), l.index(1));
  return l.loop(zero, experts, carried, [&](Value e, ValueRange carried) {
    Value next = l.add(e, l.index(1));
    Value from = l.clamp(l.toIndex(l.get(offsets, e)), zero, numRows);
    Value to = l.clamp(l.toIndex(l.get(offsets, next)), zero, numRows);
    return l.loop(from, to, carried, [&](Value r, ValueRange carried) {
      return body(e, r, carried);
    });
  });
}

/// The same where each expert has as many rows as any other.
static Values
forEachOfEqual(LoopBuilder &l, Value experts, Value numRows, ValueRange carried,
               llvm::function_ref<Values(Value, Value, ValueRange)> body) {
  return l.loop(l.index(0), experts, carried, [&](Value e, ValueRange carried) {
    // Here, where there is an expert to divide by.
    Value each = l.div(numRows, experts);
    Value from = l.mul(e, each);
    return l.loop(
        from, l.add(from, each), carried,
        [&](Value r, ValueRange carried) { return body(e, r, carried); });
  });
}

/// bias + sum over depth of x(depth) * W(depth)
static Value dot(LoopBuilder &l, WeightReader &weights, Value bias,
                 Value expert, Value column, bool up, Value depth,
                 llvm::function_ref<Value(Value)> x) {
  Value sum = l.loop(l.index(0), depth, l.f32(0.0f), [&](Value k, Value sum) {
    return l.add(sum, l.mul(x(k), weights.read(expert, column, up, k)));
  });
  if (bias)
    sum = l.add(sum, weights.readBias(bias, expert, column, up));
  return sum;
}

namespace {
struct GroupedMatmulToLoops : OpRewritePattern<GroupedMatmulOp> {
  GroupedMatmulToLoops(MLIRContext *context, bool keepScheduled)
      : OpRewritePattern(context), keepScheduled(keepScheduled) {}

  LogicalResult matchAndRewrite(GroupedMatmulOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics() || (keepScheduled && op.ownsSchedule()))
      return failure();
    LoopBuilder l(rewriter, op.getLoc());
    ActivationAttr activation = op.getActivation();
    WeightReader weights(l,
                         {op.getWeights(), op.getScales(), op.getZeroPoints(),
                          op.getGlobalScales(),
                          op.getQuant().value_or(nullptr)},
                         op.getLayout(), activation.isGated());
    Value x = op.getX(), bias = op.getBias();
    Value tokens = l.dim(x, 0), depth = l.dim(x, 1);
    Value numRows = l.dim(op.getInit(), 0), columns = l.dim(op.getInit(), 1);
    auto compute = [&](Value e, Value r, ValueRange carried) -> Values {
      Value token = r;
      if (op.getRows())
        token = l.clampIndex(l.get(op.getRows(), r), tokens);
      auto read = [&](Value k) { return l.get(x, {token, k}); };
      return {
          l.loop(l.index(0), columns, carried[0], [&](Value c, Value result) {
            Value h = dot(l, weights, bias, e, c, false, depth, read);
            Value up;
            if (activation.isGated())
              up = dot(l, weights, bias, e, c, true, depth, read);
            return l.put(buildActivation(l, activation, h, up), result, {r, c});
          })};
    };
    Value init = op.getInit();
    Values done = op.getOffsets()
                      ? forEachRow(l, op.getOffsets(), numRows, init, compute)
                      : forEachOfEqual(l, l.dim(op.getWeights(), 0), numRows,
                                       init, compute);
    rewriter.replaceOp(op, done[0]);
    return success();
  }

  bool keepScheduled;
};

struct ExpertFfnToLoops : OpRewritePattern<ExpertFfnOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ExpertFfnOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return failure();
    LoopBuilder l(rewriter, op.getLoc());
    ActivationAttr activation = op.getActivation();
    WeightReader w1(l,
                    {op.getW1(), op.getScales1(), op.getZeroPoints1(),
                     op.getGlobalScales1(), op.getQuant().value_or(nullptr)},
                    Layout::NK, op.isInterleaved());
    WeightReader w2(l,
                    {op.getW2(), op.getScales2(), op.getZeroPoints2(),
                     op.getGlobalScales2(), op.getFormat2()},
                    Layout::NK, /*gated=*/false);
    std::optional<WeightReader> w3;
    if (op.getW3())
      w3.emplace(l,
                 StoredWeights{op.getW3(), op.getScales3(), op.getZeroPoints3(),
                               op.getGlobalScales3(), op.getFormat3()},
                 Layout::NK, /*gated=*/false);

    Value x = op.getX(), zero = l.index(0);
    Value tokens = l.dim(x, 0), width = l.dim(x, 1);
    Value columns = l.dim(op.getInit(), 1);
    Value inner = l.dim(op.getW1(), 1);
    if (op.isInterleaved())
      inner = l.div(inner, l.index(2));
    Value scratch = l.scratch(inner, rewriter.getF32Type());

    Values done = forEachRow(
        l, op.getOffsets(), l.dim(op.getInit(), 0), {op.getInit(), scratch},
        [&](Value e, Value r, ValueRange carried) -> Values {
          Value token = l.clampIndex(l.get(op.getRows(), r), tokens);
          auto readX = [&](Value k) { return l.get(x, {token, k}); };
          Value hidden =
              l.loop(zero, inner, carried[1], [&](Value i, Value hidden) {
                Value h = dot(l, w1, op.getBias1(), e, i, false, width, readX);
                Value other;
                if (w3)
                  other = dot(l, *w3, op.getBias3(), e, i, false, width, readX);
                else if (activation.isGated())
                  other = dot(l, w1, op.getBias1(), e, i, true, width, readX);
                Value a = buildActivation(l, activation, h, other);
                if (w3 && !activation.isGated())
                  a = l.mul(a, other);
                return l.put(a, hidden, i);
              });
          auto readHidden = [&](Value k) { return l.get(hidden, k); };
          Value result =
              l.loop(zero, columns, carried[0], [&](Value c, Value result) {
                return l.put(
                    dot(l, w2, op.getBias2(), e, c, false, inner, readHidden),
                    result, {r, c});
              });
          return {result, hidden};
        });
    rewriter.replaceOp(op, done[0]);
    return success();
  }
};
} // namespace

void moec::moe::populateMatmulToLoops(RewritePatternSet &patterns,
                                      bool keepScheduled) {
  patterns.add<GroupedMatmulToLoops>(patterns.getContext(), keepScheduled);
  patterns.add<ExpertFfnToLoops>(patterns.getContext());
}
