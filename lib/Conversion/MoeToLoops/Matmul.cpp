//===-- Matmul.cpp - products of the experts as loops ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace moec::moe;

namespace {
using Values = LoopBuilder::Values;

/// Element (expert, column, depth) of the weights of all experts, as f32.
class WeightReader {
public:
  WeightReader(LoopBuilder &l, Value weights, Value scales,
               std::optional<QuantAttr> quant, Layout layout, bool gated)
      : l(l), weights(weights), scales(scales), quant(quant), layout(layout),
        gated(gated) {
    auto type = cast<RankedTensorType>(weights.getType());
    // Arithmetic knows signless integers only; codes are unsigned by meaning.
    if (type.getElementType().isUnsignedInteger())
      this->weights = UnrealizedConversionCastOp::create(
                          l.b, type.clone(l.b.getIntegerType(8)), weights)
                          .getResult(0);
  }

  /// `column` is an output column i; `up` picks the second of a gated pair.
  Value read(Value expert, Value column, bool up, Value depth) {
    if (layout == Layout::Panels) {
      Value width = l.index(gated ? MoeDialect::kPanelColumns / 2
                                  : MoeDialect::kPanelColumns);
      Value panel = l.div(column, width), lane = l.rem(column, width);
      if (up)
        lane = l.add(lane, width);
      return l.get(weights, {expert, panel, depth, lane});
    }
    column = getSourceColumn(column, up);
    if (layout == Layout::KN)
      return l.get(weights, {expert, depth, column});
    return quant ? readCode(expert, column, depth)
                 : l.get(weights, {expert, column, depth});
  }

  Value readBias(Value bias, Value expert, Value column, bool up) {
    return l.get(bias, {expert, getSourceColumn(column, up)});
  }

private:
  /// Gate and up of output column i are source columns 2i and 2i + 1.
  Value getSourceColumn(Value column, bool up) {
    if (!gated)
      return column;
    Value first = l.mul(column, l.index(2));
    return up ? l.add(first, l.index(1)) : first;
  }

  Value readCode(Value expert, Value column, Value depth) {
    Value perByte = l.index(8 / quant->getBits());
    Value byte = l.get(weights, {expert, column, l.div(depth, perByte)});
    Value code = arith::ExtUIOp::create(l.b, l.b.getI32Type(), byte);
    if (quant->getBits() == 4) {
      Value shift = l.mul(l.toI32(l.rem(depth, perByte)), l.i32(4));
      code = arith::ShRUIOp::create(l.b, code, shift);
      code = l.both(code, l.i32(15));
    }
    int64_t zeroPoint = int64_t(1) << (quant->getBits() - 1);
    Value centred = l.sub(code, l.i32(zeroPoint));
    Value value = arith::SIToFPOp::create(l.b, l.b.getF32Type(), centred);
    Values at = {expert, column};
    if (cast<RankedTensorType>(scales.getType()).getRank() == 3)
      at.push_back(quant->getBlock() == 0
                       ? l.index(0)
                       : l.div(depth, l.index(quant->getBlock())));
    return l.mul(value, l.get(scales, at));
  }

  LoopBuilder &l;
  Value weights, scales;
  std::optional<QuantAttr> quant;
  Layout layout;
  bool gated;
};
} // namespace

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
    WeightReader weights(l, op.getWeights(), op.getScales(), op.getQuant(),
                         op.getLayout(), activation.isGated());
    Value x = op.getX(), bias = op.getBias();
    Value tokens = l.dim(x, 0), depth = l.dim(x, 1);
    Value numRows = l.dim(op.getInit(), 0), columns = l.dim(op.getInit(), 1);
    Values done = forEachRow(
        l, op.getOffsets(), numRows, ValueRange(op.getInit()),
        [&](Value e, Value r, ValueRange carried) -> Values {
          Value token = r;
          if (op.getRows())
            token = l.clampIndex(l.get(op.getRows(), r), tokens);
          auto read = [&](Value k) { return l.get(x, {token, k}); };
          return {l.loop(
              l.index(0), columns, carried[0], [&](Value c, Value result) {
                Value h = dot(l, weights, bias, e, c, false, depth, read);
                Value up;
                if (activation.isGated())
                  up = dot(l, weights, bias, e, c, true, depth, read);
                return l.put(buildActivation(l, activation, h, up), result,
                             {r, c});
              })};
        });
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
    std::optional<QuantAttr> quant = op.getQuant();
    WeightReader w1(l, op.getW1(), op.getScales1(), quant, Layout::NK,
                    op.isInterleaved());
    WeightReader w2(l, op.getW2(), op.getScales2(), quant, Layout::NK, false);
    std::optional<WeightReader> w3;
    if (op.getW3())
      w3.emplace(l, op.getW3(), op.getScales3(), quant, Layout::NK, false);

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

struct PackPanelsToLoops : OpRewritePattern<PackPanelsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackPanelsOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return failure();
    LoopBuilder l(rewriter, op.getLoc());
    Value weights = op.getWeights(), init = op.getInit(), zero = l.index(0);
    Value columns = l.dim(weights, op.getKMajor() ? 2 : 1);
    Value last = l.sub(columns, l.index(1));
    auto loop = [&](unsigned dim, Value result,
                    llvm::function_ref<Value(Value, Value)> body) {
      return l.loop(zero, l.dim(init, dim), result, body);
    };
    Value packed = loop(0, init, [&](Value e, Value result) {
      return loop(1, result, [&](Value p, Value result) {
        return loop(2, result, [&](Value k, Value result) {
          return loop(3, result, [&](Value lane, Value result) {
            Value column = getColumn(l, op.getGated(), p, lane);
            Value isThere = l.less(column, columns);
            Value near = l.clamp(column, zero, last);
            Value value = l.get(weights, op.getKMajor() ? Values{e, k, near}
                                                        : Values{e, near, k});
            value = l.select(isThere, value, l.f32(0.0f));
            return l.put(value, result, {e, p, k, lane});
          });
        });
      });
    });
    rewriter.replaceOp(op, packed);
    return success();
  }

  /// The source column that lane `lane` of panel `panel` holds.
  static Value getColumn(LoopBuilder &l, bool gated, Value panel, Value lane) {
    int64_t width = MoeDialect::kPanelColumns;
    if (!gated)
      return l.add(l.mul(panel, l.index(width)), lane);
    Value half = l.index(width / 2);
    Value pair = l.add(l.mul(panel, half), l.rem(lane, half));
    return l.add(l.mul(pair, l.index(2)), l.div(lane, half));
  }
};
} // namespace

void moec::moe::populateMatmulToLoops(RewritePatternSet &patterns,
                                      bool keepScheduled) {
  patterns.add<GroupedMatmulToLoops>(patterns.getContext(), keepScheduled);
  patterns.add<ExpertFfnToLoops>(patterns.getContext());
}

void moec::moe::populatePackPanelsToLoops(RewritePatternSet &patterns) {
  patterns.add<PackPanelsToLoops>(patterns.getContext());
}
