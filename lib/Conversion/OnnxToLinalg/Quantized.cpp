//===-- Quantized.cpp - operators on block-quantised tables ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"
#include "moec/Conversion/OnnxToLinalg.h"

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace moec;

using Values = KernelBuilder::Values;

/// Field `number` of a byte, lowest bits first, as i32.
static Value buildCode(KernelBuilder &l, Value byte, Value number,
                       int64_t bits) {
  Value code = arith::ExtUIOp::create(l.b, l.b.getI32Type(), byte);
  if (bits == 8)
    return code;
  Value shift = l.mul(l.toI32(number), l.i32(bits));
  code = arith::ShRUIOp::create(l.b, code, shift);
  return l.both(code, l.i32((1 << bits) - 1));
}

static Value toF32(KernelBuilder &l, Value integer) {
  return arith::SIToFPOp::create(l.b, l.b.getF32Type(), integer);
}

/// The i-th packed integer of bytes at `at`, whose last index is made here.
static Value readPacked(KernelBuilder &l, Value bytes, ValueRange at, Value i,
                        int64_t bits) {
  Value perByte = l.index(8 / bits);
  SmallVector<Value> indices(at);
  indices.push_back(l.div(i, perByte));
  return buildCode(l, l.get(bytes, indices), l.rem(i, perByte), bits);
}

namespace {
/// One item dequantises a few rows of the weights at a time and multiplies
/// every row of A with them: the weights are read once, in the form they have
/// in the file, and a row of A is read once for all of these rows.
class NBitsMatmul {
public:
  NBitsMatmul(KernelBuilder &l, onnx::MatMulNBitsOp op,
              onnx::MatMulNBitsOp::Adaptor in, Value output)
      : l(l), in(in), output(output), zero(l.index(0)), bits(op.getBits()),
        block(op.getBlockSize()), depth(op.getK()), columns(op.getN()),
        blocks(llvm::divideCeil(depth, block)) {
    group = columns % 4 == 0 ? 4 : columns % 2 == 0 ? 2 : 1;
    // Enough items to spread over the cores, few enough for their scratch.
    constexpr int64_t kMaxItems = 64, kMinColumns = 16;
    width =
        std::max<int64_t>(llvm::divideCeil(columns, kMaxItems), kMinColumns);
    width = llvm::alignTo(width, group);
  }

  Value build() {
    int64_t items = llvm::divideCeil(columns, width);
    Value scratch = l.scratch({l.b.getIndexAttr(items), l.b.getIndexAttr(group),
                               l.b.getIndexAttr(blocks * block)});
    int64_t rank = cast<RankedTensorType>(output.getType()).getRank();
    auto tiler = [&](ValueRange position) {
      KernelBuilder::Tile tile = l.getRow(output, {});
      Value first = l.mul(position[0], l.index(width));
      tile.offsets[rank - 1] = first;
      tile.sizes[rank - 1] =
          columns % width == 0
              ? OpFoldResult(l.b.getIndexAttr(width))
              : OpFoldResult(
                    l.minimum(l.index(width), l.sub(l.index(columns), first)));
      return SmallVector<KernelBuilder::Tile>{tile,
                                              l.getRow(scratch, position)};
    };
    auto item = [&](ValueRange position, ValueRange tiles) {
      Value first = l.mul(position[0], l.index(width));
      Value groups = l.div(l.dim(tiles[0], rank - 1), l.index(group));
      return l.loop(zero, groups, tiles, [&](Value g, ValueRange carried) {
        Value column = l.mul(g, l.index(group));
        Value rows = carried[1];
        for (int64_t i = 0; i < group; ++i)
          rows = dequantise(rows, i, l.add(l.add(first, column), l.index(i)));
        return Values{multiply(carried[0], rows, first, column, {}), rows};
      });
    };
    Values done = l.parallel(l.index(items), {output, scratch}, tiler, item);
    l.release(done[1]);
    return done[0];
  }

private:
  /// An element of a matrix [N, columns] that may have been flattened.
  Value readMatrix(Value matrix, Value row, Value column, int64_t columns) {
    if (cast<RankedTensorType>(matrix.getType()).getRank() == 2)
      return l.get(matrix, {row, column});
    return l.get(matrix, l.add(l.mul(row, l.index(columns)), column));
  }

  Value readZeroPoint(Value row, Value blockIndex) {
    Value zeros = in.getZeroPoints();
    if (!zeros)
      return l.f32(float(1 << (bits - 1)));
    auto type = cast<RankedTensorType>(zeros.getType());
    if (isa<FloatType>(type.getElementType()))
      return readMatrix(zeros, row, blockIndex, blocks);
    int64_t perByte = 8 / bits;
    Value byte = readMatrix(zeros, row, l.div(blockIndex, l.index(perByte)),
                            llvm::divideCeil(blocks, perByte));
    return toF32(l,
                 buildCode(l, byte, l.rem(blockIndex, l.index(perByte)), bits));
  }

  /// rows[number, :] = the values of a row of B.
  Value dequantise(Value rows, int64_t number, Value row) {
    int64_t perByte = 8 / bits;
    return l.loop(zero, l.index(blocks), rows, [&](Value k, Value rows) {
      Value scale = readMatrix(in.getScales(), row, k, blocks);
      Value zeroPoint = readZeroPoint(row, k);
      Value first = l.mul(k, l.index(block));
      return l.loop(
          zero, l.index(block / perByte), rows, [&](Value i, Value rows) {
            Value byte = l.get(in.getB(), {row, k, i});
            Value at = l.add(first, l.mul(i, l.index(perByte)));
            for (int64_t part = 0; part < perByte; ++part) {
              Value code = toF32(l, buildCode(l, byte, l.index(part), bits));
              Value value = l.mul(l.sub(code, zeroPoint), scale);
              rows = l.put(value, rows,
                           {l.index(number), l.add(at, l.index(part))});
            }
            return rows;
          });
    });
  }

  /// One loop for each dimension of A but the last, then the products.
  Value multiply(Value result, Value rows, Value first, Value column,
                 SmallVector<Value> at) {
    int64_t rank = cast<RankedTensorType>(in.getA().getType()).getRank();
    if (int64_t(at.size()) < rank - 1)
      return l.loop(zero, l.dim(in.getA(), at.size()), result,
                    [&](Value i, Value result) {
                      SmallVector<Value> next = at;
                      next.push_back(i);
                      return multiply(result, rows, first, column, next);
                    });
    SmallVector<Value> sums(group, l.f32(0.0f));
    Values totals =
        l.loop(zero, l.index(depth), sums, [&](Value k, ValueRange totals) {
          SmallVector<Value> indices = at;
          indices.push_back(k);
          Value a = l.get(in.getA(), indices);
          Values next;
          for (auto [number, total] : llvm::enumerate(totals))
            next.push_back(l.accumulate(total, a,
                                        l.get(rows, {l.index(number), k}),
                                        /*anyOrder=*/true));
          return next;
        });
    for (auto [number, total] : llvm::enumerate(totals)) {
      Value own = l.add(column, l.index(number));
      Value sum = total;
      if (Value bias = in.getBias()) {
        SmallVector<Value> indices = {l.add(first, own)};
        if (cast<RankedTensorType>(bias.getType()).getRank() == 2)
          indices.push_back(zero);
        sum = l.add(sum, l.get(bias, indices));
      }
      SmallVector<Value> indices = at;
      indices.push_back(own);
      result = l.put(sum, result, indices);
    }
    return result;
  }

  KernelBuilder &l;
  onnx::MatMulNBitsOp::Adaptor in;
  Value output, zero;
  int64_t bits, block, depth, columns, blocks;
  /// Rows of B that are dequantised together, and columns of one item.
  int64_t group, width;
};

struct MatMulNBitsLowering : OpConversionPattern<onnx::MatMulNBitsOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::MatMulNBitsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> empty = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(empty))
      return failure();
    KernelBuilder l(rewriter, op.getLoc());
    rewriter.replaceOp(op, NBitsMatmul(l, op, adaptor, *empty).build());
    return success();
  }
};

struct GatherBlockQuantizedLowering
    : OpConversionPattern<onnx::GatherBlockQuantizedOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::GatherBlockQuantizedOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> empty = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(empty))
      return failure();
    auto type = cast<RankedTensorType>((*empty).getType());
    int64_t rank = type.getRank();
    int64_t indexRank =
        cast<RankedTensorType>(adaptor.getIndices().getType()).getRank();
    AffineMap result = rewriter.getMultiDimIdentityMap(rank);
    // A scalar index has a map too: getMajorSubMap has none for no results.
    AffineMap maps[] = {
        AffineMap::get(rank, 0, result.getResults().take_front(indexRank),
                       rewriter.getContext()),
        result};
    SmallVector<utils::IteratorType> iterators(rank,
                                               utils::IteratorType::parallel);
    auto generic = linalg::GenericOp::create(
        rewriter, op.getLoc(), type, adaptor.getIndices(), *empty, maps,
        iterators, [&](OpBuilder &builder, Location loc, ValueRange args) {
          KernelBuilder l(builder, loc);
          Value value = buildElement(l, op, adaptor, args[0], indexRank, rank);
          if (!type.getElementType().isF32())
            value = arith::TruncFOp::create(l.b, type.getElementType(), value);
          linalg::YieldOp::create(builder, loc, value);
        });
    rewriter.replaceOp(op, generic);
    return success();
  }

private:
  static Value buildElement(KernelBuilder &l, onnx::GatherBlockQuantizedOp op,
                            OpAdaptor in, Value index, int64_t indexRank,
                            int64_t rank) {
    Value zero = l.index(0), rows = l.dim(in.getData(), 0);
    Value row = l.toIndex(index);
    row = l.select(l.less(row, zero), l.add(row, rows), row);
    Value isInside = l.both(l.invert(l.less(row, zero)), l.less(row, rows));
    SmallVector<Value> at = {l.clamp(row, zero, l.sub(rows, l.index(1)))};
    for (int64_t dim = indexRank; dim < rank - 1; ++dim)
      at.push_back(linalg::IndexOp::create(l.b, dim));
    Value last = linalg::IndexOp::create(l.b, rank - 1);
    Value block = l.div(last, l.index(op.getBlockSize()));
    // The operand's own type: the converted one has no sign.
    Type type = getElementTypeOrSelf(op.getData().getType());
    Value code = readCode(l, type, op.getBits(), in.getData(), at, last);
    Value zeroPoint = l.i32(type.isInteger(4) ? 0 : 1 << (op.getBits() - 1));
    if (in.getZeroPoints())
      zeroPoint =
          readCode(l, type, op.getBits(), in.getZeroPoints(), at, block);
    at.push_back(block);
    Value value =
        l.mul(toF32(l, l.sub(code, zeroPoint)), l.get(in.getScales(), at));
    return l.select(isInside, value, l.f32(0.0f));
  }

  /// The i-th integer of the row at `at`: of packed bytes, or an element.
  static Value readCode(KernelBuilder &l, Type type, int64_t bits, Value table,
                        ValueRange at, Value i) {
    if (!type.isInteger(4))
      return readPacked(l, table, at, i, bits);
    SmallVector<Value> indices(at);
    indices.push_back(i);
    Value code = l.get(table, indices);
    if (type.isUnsignedInteger())
      return arith::ExtUIOp::create(l.b, l.b.getI32Type(), code);
    return arith::ExtSIOp::create(l.b, l.b.getI32Type(), code);
  }
};
} // namespace

void moec::populateQuantizedPatterns(RewritePatternSet &patterns,
                                     TypeConverter &converter) {
  patterns.add<MatMulNBitsLowering, GatherBlockQuantizedLowering>(
      converter, patterns.getContext());
}
