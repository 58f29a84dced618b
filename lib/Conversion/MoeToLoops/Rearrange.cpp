//===-- Rearrange.cpp - weights in another order as loops -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WeightReader.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace moec::moe;

/// Undoes `toSignless`.
static Value restoreSign(LoopBuilder &l, Value result, Value init) {
  if (result.getType() == init.getType())
    return result;
  return UnrealizedConversionCastOp::create(l.b, init.getType(), result)
      .getResult(0);
}

namespace {
using Values = LoopBuilder::Values;

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

struct InterleaveToLoops : OpRewritePattern<InterleaveOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(InterleaveOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return failure();
    LoopBuilder l(rewriter, op.getLoc());
    Value sources[] = {toSignless(l, op.getGate()), toSignless(l, op.getUp())};
    Value init = toSignless(l, op.getInit()), zero = l.index(0);
    bool isMatrix = cast<RankedTensorType>(init.getType()).getRank() == 3;
    Value experts = l.dim(sources[0], 0), rows = l.dim(sources[0], 1);
    Value result = l.loop(zero, experts, init, [&](Value e, Value result) {
      return l.loop(zero, rows, result, [&](Value i, Value result) {
        for (unsigned part : {0u, 1u}) {
          Value target = l.add(l.mul(i, l.index(2)), l.index(part));
          result =
              moveRow(l, sources[part], {e, i}, result, {e, target}, isMatrix);
        }
        return result;
      });
    });
    rewriter.replaceOp(op, restoreSign(l, result, op.getInit()));
    return success();
  }

private:
  /// An element, or a row of them where it is one of a matrix.
  static Value moveRow(LoopBuilder &l, Value source, Values from, Value result,
                       Values to, bool isMatrix) {
    if (!isMatrix)
      return move(l, source, from, result, to);
    return l.loop(l.index(0), l.dim(source, 2), result,
                  [&](Value k, Value result) {
                    Values here = from, there = to;
                    here.push_back(k);
                    there.push_back(k);
                    return move(l, source, here, result, there);
                  });
  }

  static Value move(LoopBuilder &l, Value source, ValueRange from, Value result,
                    ValueRange to) {
    Value element = tensor::ExtractOp::create(l.b, source, from);
    return tensor::InsertOp::create(l.b, element, result, to);
  }
};

struct TransposeCodesToLoops : OpRewritePattern<TransposeCodesOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TransposeCodesOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return failure();
    LoopBuilder l(rewriter, op.getLoc());
    Value codes = toSignless(l, op.getCodes()), zero = l.index(0);
    Value init = toSignless(l, op.getInit());
    int64_t bits = op.getBits();
    Value perByte = l.index(8 / bits), depth = l.dim(codes, 1);
    auto loop = [&](unsigned dim, Value result,
                    llvm::function_ref<Value(Value, Value)> body) {
      return l.loop(zero, l.dim(init, dim), result, body);
    };
    Value result = loop(0, init, [&](Value e, Value result) {
      return loop(1, result, [&](Value n, Value result) {
        return loop(2, result, [&](Value byte, Value result) {
          Value from = l.mul(byte, perByte);
          Value joined =
              l.loop(zero, perByte, l.i32(0), [&](Value part, Value joined) {
                Value k = l.add(from, part);
                Value code = readCode(l, codes, e, k, n, bits, depth);
                Value shift = l.mul(l.toI32(part), l.i32(bits));
                code = arith::ShLIOp::create(l.b, code, shift);
                return l.either(joined, code);
              });
          Value narrow =
              arith::TruncIOp::create(l.b, l.b.getIntegerType(8), joined);
          return l.put(narrow, result, {e, n, byte});
        });
      });
    });
    rewriter.replaceOp(op, restoreSign(l, result, op.getInit()));
    return success();
  }

private:
  /// Code (e, k, n) as i32; zero past the last row.
  static Value readCode(LoopBuilder &l, Value codes, Value e, Value k, Value n,
                        int64_t bits, Value depth) {
    Value isThere = l.less(k, depth), perByte = l.index(8 / bits);
    Value row = l.clamp(k, l.index(0), l.sub(depth, l.index(1)));
    Value byte = l.get(codes, {e, row, l.div(n, perByte)});
    Value code = arith::ExtUIOp::create(l.b, l.b.getI32Type(), byte);
    Value shift = l.mul(l.toI32(l.rem(n, perByte)), l.i32(bits));
    code = arith::ShRUIOp::create(l.b, code, shift);
    code = l.both(code, l.i32((int64_t(1) << bits) - 1));
    return l.select(isThere, code, l.i32(0));
  }
};

struct MultiplyToLinalg : OpRewritePattern<MultiplyOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MultiplyOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return failure();
    Value init = op.getInit();
    SmallVector<AffineMap> maps(3, rewriter.getMultiDimIdentityMap(2));
    SmallVector<utils::IteratorType> iterators(2,
                                               utils::IteratorType::parallel);
    auto generic = linalg::GenericOp::create(
        rewriter, op.getLoc(), init.getType(), ValueRange{op.getA(), op.getB()},
        init, maps, iterators,
        [](OpBuilder &builder, Location loc, ValueRange args) {
          Type f32 = builder.getF32Type(), element = args[2].getType();
          auto extend = [&](Value value) -> Value {
            if (value.getType() == f32)
              return value;
            return arith::ExtFOp::create(builder, loc, f32, value);
          };
          Value value = arith::MulFOp::create(builder, loc, extend(args[0]),
                                              extend(args[1]));
          if (element != f32)
            value = arith::TruncFOp::create(builder, loc, element, value);
          linalg::YieldOp::create(builder, loc, value);
        });
    rewriter.replaceOp(op, generic);
    return success();
  }
};
} // namespace

void moec::moe::populateRearrangeToLoops(RewritePatternSet &patterns) {
  patterns.add<PackPanelsToLoops, InterleaveToLoops, TransposeCodesToLoops,
               MultiplyToLinalg>(patterns.getContext());
}
