//===-- GroupRouter.cpp - group-limited routing of experts ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"
#include "moec/Conversion/OnnxToLinalg.h"

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace moec;

using Values = KernelBuilder::Values;

namespace {
/// What the items of a router carry: a row of the result, and scratch of an
/// element an expert or group. Flags are 0 or 1.
enum Slot : unsigned { Result, Keys, Out, GroupKeys, GroupOut };

/// Routes the rows of a matrix, each an item of its own.
class GroupRouter {
public:
  GroupRouter(KernelBuilder &l, onnx::MoEGroupRouterOp op,
              onnx::MoEGroupRouterOp::Adaptor in, int64_t numExperts)
      : l(l), op(op), bias(in.getExpertBias()),
        projection(in.getProjectionWeight()), logits(flatten(in.getLogits())),
        numExperts(numExperts), zero(l.index(0)), experts(l.index(numExperts)),
        minusInf(l.infinity(/*negative=*/true)) {}

  /// log(s) of the chosen, the sentinel elsewhere.
  Value buildProbs(Value result) {
    int64_t groups = op.getNGroup();
    Values destinations = {result, makeScratch(numExperts),
                           makeScratch(numExperts)};
    if (groups > 1)
      destinations.append({makeScratch(groups), makeScratch(groups)});
    Values done = forEachRow(destinations, [&](Value t, ValueRange rows) {
      return routeRow(t, rows);
    });
    for (Value scratch : llvm::drop_begin(done))
      l.release(scratch);
    return done[0];
  }

  /// The scores of all experts, with the bias and without.
  Values buildScores(Value selection, Value weights) {
    return forEachRow(
        {selection, weights}, [&](Value t, ValueRange rows) -> Values {
          return l.loop(zero, experts, rows, [&](Value e, ValueRange rows) {
            Value score = getScore(t, e);
            Value key = l.add(score, l.get(bias, e));
            return Values{l.put(key, rows[0], e), l.put(score, rows[1], e)};
          });
        });
  }

private:
  Value flatten(Value value) {
    int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
    if (rank == 2)
      return value;
    SmallVector<ReassociationIndices> groups(2);
    groups[0] = llvm::to_vector(llvm::seq<int64_t>(0, rank - 1));
    groups[1] = {rank - 1};
    return tensor::CollapseShapeOp::create(l.b, value, groups);
  }

  Value makeScratch(int64_t size) {
    return l.scratch({l.extent(logits, 0), l.b.getIndexAttr(size)});
  }

  Values forEachRow(ValueRange destinations,
                    llvm::function_ref<Values(Value, ValueRange)> body) {
    auto tiler = [&](ValueRange position) {
      SmallVector<KernelBuilder::Tile> tiles;
      for (Value destination : destinations)
        tiles.push_back(l.getRow(destination, position));
      return tiles;
    };
    return l.parallel(l.dim(logits, 0), destinations, tiler,
                      [&](ValueRange position, ValueRange rows) {
                        return body(position[0], rows);
                      });
  }

  Value getScore(Value t, Value e) {
    if (!projection)
      return moe::buildSigmoid(l, l.get(logits, {t, e}));
    return moe::buildSigmoid(
        l, l.dot(
               zero, l.dim(logits, 1),
               [&](Value i) { return l.get(logits, {t, i}); },
               [&](Value i) { return l.get(projection, {e, i}); }));
  }

  Value clear(Value flags, Value size) {
    return l.fill(flags, {}, size, [&](Value) { return l.f32(0.0f); });
  }

  Value isSet(Value flags, Value i) {
    return l.greater(l.get(flags, i), l.f32(0.0f));
  }

  Value set(Value flags, Value i, Value condition) {
    return l.put(l.select(condition, l.f32(1.0f), l.get(flags, i)), flags, i);
  }

  /// The first of the largest keys in [from, to) without a flag: its index, the
  /// key, and whether there is one.
  Values findBest(Value keys, Value flags, Value from, Value to) {
    return l.loop(from, to, {from, minusInf, l.boolean(false)},
                  [&](Value i, ValueRange carried) {
                    Value key = l.get(keys, i);
                    Value isBetter = l.either(l.greater(key, carried[1]),
                                              l.invert(carried[2]));
                    isBetter = l.both(isBetter, l.invert(isSet(flags, i)));
                    return Values{l.select(isBetter, i, carried[0]),
                                  l.select(isBetter, key, carried[1]),
                                  l.either(carried[2], isBetter)};
                  });
  }

  Values routeRow(Value t, ValueRange rows) {
    Values slots(rows);
    slots[Keys] = l.fill(slots[Keys], {}, experts, [&](Value e) {
      Value key = l.add(getScore(t, e), l.get(bias, e));
      return l.select(l.isNaN(key), minusInf, key);
    });
    slots[Out] = clear(slots[Out], experts);
    if (op.getNGroup() > 1)
      leaveGroups(slots);
    Value sentinel = l.f32(op.getRouterSentinel().convertToFloat());
    slots[Result] =
        l.fill(slots[Result], {}, experts, [&](Value) { return sentinel; });
    Values done =
        l.loop(zero, l.index(op.getTopK()), {slots[Result], slots[Out]},
               [&](Value, ValueRange carried) {
                 Values best = findBest(slots[Keys], carried[1], zero, experts);
                 Value old = l.get(carried[0], best[0]);
                 Value chosen = l.select(best[2], getLog(t, best[0]), old);
                 return Values{l.put(chosen, carried[0], best[0]),
                               set(carried[1], best[0], best[2])};
               });
    slots[Result] = done[0];
    slots[Out] = done[1];
    return slots;
  }

  Value getLog(Value t, Value e) {
    return math::LogOp::create(l.b, l.maximum(getScore(t, e), l.f32(1e-20f)));
  }

  /// Puts the experts out that are not in one of the best groups.
  void leaveGroups(Values &slots) {
    int64_t numGroups = op.getNGroup(), size = numExperts / numGroups;
    Value groups = l.index(numGroups), width = l.index(size);
    Value summed = l.index(std::min<int64_t>(op.getGroupTopk(), size));
    Value keys = slots[Keys];
    Values ranked =
        l.loop(zero, groups, {slots[GroupKeys], slots[Out]},
               [&](Value g, ValueRange carried) {
                 Value from = l.mul(g, width), to = l.add(from, width);
                 Values sum =
                     l.loop(zero, summed, {l.f32(0.0f), carried[1]},
                            [&](Value, ValueRange carried) {
                              Values best =
                                  findBest(keys, carried[1], from, to);
                              return Values{l.add(carried[0], best[1]),
                                            set(carried[1], best[0], best[2])};
                            });
                 return Values{l.put(sum[0], carried[0], g), sum[1]};
               });
    slots[GroupKeys] = ranked[0];
    slots[GroupOut] =
        l.loop(zero, l.index(op.getTopkGroup()), clear(slots[GroupOut], groups),
               [&](Value, Value left) {
                 Values best = findBest(slots[GroupKeys], left, zero, groups);
                 return set(left, best[0], best[2]);
               });
    slots[Out] = l.fill(ranked[1], {}, experts, [&](Value e) {
      Value isKept = isSet(slots[GroupOut], l.div(e, width));
      return l.select(isKept, l.f32(0.0f), l.f32(1.0f));
    });
  }

  KernelBuilder &l;
  onnx::MoEGroupRouterOp op;
  Value bias, projection, logits;
  int64_t numExperts;
  Value zero, experts, minusInf;
};

struct GroupRouterLowering : OpConversionPattern<onnx::MoEGroupRouterOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::MoEGroupRouterOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    KernelBuilder l(rewriter, op.getLoc());
    GroupRouter router(l, op, adaptor, type.getShape().back());
    Values results;
    for (OpResult result : op->getResults()) {
      FailureOr<Value> empty = buildEmptyResult(rewriter, result);
      if (failed(empty))
        return failure();
      results.push_back(*empty);
    }
    // Either the first output alone is asked for, or the two others are.
    if (op.getRouterProbs())
      results[0] = router.buildProbs(results[0]);
    else
      results = router.buildScores(results[0], results[1]);
    rewriter.replaceOp(op, results);
    return success();
  }
};
} // namespace

void moec::populateGroupRouterPatterns(RewritePatternSet &patterns,
                                       TypeConverter &converter) {
  patterns.add<GroupRouterLowering>(converter, patterns.getContext());
}
