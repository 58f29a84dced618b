//===-- Contraction.cpp - matrix products ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scalar.h"

#include "moec/Conversion/OnnxToLinalg.h"

#include "dialects/Onnx/IR/Einsum.h"
#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;

/// Sums of products of the operands in f32 (or wider). `labels` names the
/// loops of each operand's dimensions; the result has the first of them, in
/// order. Then `finish` makes the stored element of the sum and of the elements
/// of `extras`, which broadcast to the result.
static LogicalResult buildContraction(
    Operation *op, ValueRange operands, ArrayRef<SmallVector<unsigned>> labels,
    unsigned numLoops, ConversionPatternRewriter &rewriter,
    ValueRange extras = {},
    llvm::function_ref<Value(Scalar &, ValueRange)> finish = nullptr) {
  FailureOr<SmallVector<OpFoldResult>> extents =
      buildExtents(rewriter, op->getOpResult(0));
  FailureOr<Value> empty = buildEmptyResult(rewriter, op->getOpResult(0));
  if (failed(extents) || failed(empty))
    return failure();
  Location loc = op->getLoc();
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  auto resultType = cast<RankedTensorType>((*empty).getType());
  unsigned numOutput = resultType.getRank();

  // A loop of extent one needs no operand to count it; a longer one stands
  // still in operands of extent one.
  SmallVector<bool> isLong(numLoops, false);
  for (unsigned loop = 0; loop < numOutput; ++loop)
    isLong[loop] = resultType.getDimSize(loop) != 1;
  for (auto [operand, own] : llvm::zip_equal(operands, labels))
    for (auto [size, label] : llvm::zip_equal(
             cast<RankedTensorType>(operand.getType()).getShape(), own))
      isLong[label] = isLong[label] || size != 1;
  SmallVector<AffineMap> maps;
  for (auto [operand, own] : llvm::zip_equal(operands, labels)) {
    SmallVector<AffineExpr> exprs;
    for (auto [size, label] : llvm::zip_equal(
             cast<RankedTensorType>(operand.getType()).getShape(), own))
      exprs.push_back(size == 1 && isLong[label]
                          ? rewriter.getAffineConstantExpr(0)
                          : rewriter.getAffineDimExpr(label));
    maps.push_back(AffineMap::get(numLoops, 0, exprs, rewriter.getContext()));
  }
  maps.push_back(getLeadingMap(rewriter, numLoops, numOutput));

  Scalar outer(rewriter, loc, element);
  bool isDirect = outer.type == resultType.getElementType() && !finish;
  Value zero = outer.constant(0);
  Value init =
      isDirect
          ? linalg::FillOp::create(rewriter, loc, zero, *empty).getResult(0)
          : buildFilled(rewriter, loc, *extents, zero);
  Value sums =
      buildGeneric(rewriter, loc, operands, init, maps,
                   [&](OpBuilder &builder, Location loc, ValueRange x) {
                     Scalar s(builder, loc, element);
                     s.mayReorder = true;
                     Value product = x[0];
                     for (Value factor : x.drop_front().drop_back())
                       product = s.mul(product, factor);
                     return s.add(x.back(), product);
                   });
  if (isDirect) {
    rewriter.replaceOp(op, sums);
    return success();
  }
  SmallVector<Value> inputs = {sums};
  AffineMap identity = rewriter.getMultiDimIdentityMap(numOutput);
  SmallVector<AffineMap> finishMaps = {identity};
  for (Value extra : extras) {
    inputs.push_back(extra);
    finishMaps.push_back(
        getBroadcastMap(cast<RankedTensorType>(extra.getType()), resultType));
  }
  finishMaps.push_back(identity);
  rewriter.replaceOp(
      op, buildGeneric(rewriter, loc, inputs, *empty, finishMaps,
                       [&](OpBuilder &builder, Location loc, ValueRange x) {
                         Scalar s(builder, loc, element);
                         return finish ? finish(s, x.drop_back())
                                       : Value(x.front());
                       }));
  return success();
}

namespace {
/// Loops of a matrix product: batches, then rows and columns where there are
/// any, then the inner one.
struct MatMulLoops {
  MatMulLoops(int64_t rankA, int64_t rankB) {
    int64_t batchA = std::max<int64_t>(rankA - 2, 0);
    int64_t batchB = std::max<int64_t>(rankB - 2, 0);
    int64_t batch = std::max(batchA, batchB);
    int64_t next = batch;
    int64_t row = rankA > 1 ? next++ : -1;
    int64_t column = rankB > 1 ? next++ : -1;
    int64_t inner = next++;
    for (int64_t i = batch - batchA; i < batch; ++i)
      a.push_back(i);
    if (row >= 0)
      a.push_back(row);
    a.push_back(inner);
    for (int64_t i = batch - batchB; i < batch; ++i)
      b.push_back(i);
    b.push_back(inner);
    if (column >= 0)
      b.push_back(column);
    count = next;
  }

  SmallVector<unsigned> a, b;
  unsigned count;
};
} // namespace

static int64_t getRank(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

namespace {
struct MatMulLowering : OpConversionPattern<onnx::MatMulOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::MatMulOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    MatMulLoops loops(getRank(op.getA()), getRank(op.getB()));
    return buildContraction(op, adaptor.getOperands(), {loops.a, loops.b},
                            loops.count, rewriter);
  }
};

struct FusedMatMulLowering : OpConversionPattern<onnx::FusedMatMulOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::FusedMatMulOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    MatMulLoops loops(getRank(op.getA()), getRank(op.getB()));
    // The loops are of the operands as transposed: undo that, last step first.
    auto transpose = [](SmallVector<unsigned> &labels, bool inner, bool batch) {
      if (labels.size() < 2)
        return;
      if (inner)
        std::swap(labels[labels.size() - 1], labels[labels.size() - 2]);
      if (batch)
        std::rotate(labels.begin(), labels.end() - 2, labels.end() - 1);
    };
    transpose(loops.a, op.getTransA(), op.getTransBatchA());
    transpose(loops.b, op.getTransB(), op.getTransBatchB());
    float alpha = op.getAlpha().convertToFloat();
    auto scale = [&](Scalar &s, ValueRange x) {
      return s.mul(s.constant(alpha), x[0]);
    };
    if (alpha == 1.0f)
      return buildContraction(op, adaptor.getOperands(), {loops.a, loops.b},
                              loops.count, rewriter);
    return buildContraction(op, adaptor.getOperands(), {loops.a, loops.b},
                            loops.count, rewriter, {}, scale);
  }
};

struct GemmLowering : OpConversionPattern<onnx::GemmOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::GemmOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    MatMulLoops loops(2, 2);
    if (op.getTransA())
      std::swap(loops.a[0], loops.a[1]);
    if (op.getTransB())
      std::swap(loops.b[0], loops.b[1]);
    float alpha = op.getAlpha().convertToFloat();
    float beta = op.getBeta().convertToFloat();
    SmallVector<Value> extras;
    if (adaptor.getC() && beta != 0.0f)
      extras.push_back(adaptor.getC());
    auto finish = [&](Scalar &s, ValueRange x) {
      Value result = alpha == 1.0f ? x[0] : s.mul(s.constant(alpha), x[0]);
      if (x.size() == 1)
        return result;
      Value added = beta == 1.0f ? x[1] : s.mul(s.constant(beta), x[1]);
      return s.add(result, added);
    };
    SmallVector<Value> operands = {adaptor.getA(), adaptor.getB()};
    if (extras.empty() && alpha == 1.0f)
      return buildContraction(op, operands, {loops.a, loops.b}, loops.count,
                              rewriter);
    return buildContraction(op, operands, {loops.a, loops.b}, loops.count,
                            rewriter, extras, finish);
  }
};

struct EinsumLowering : OpConversionPattern<onnx::EinsumOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::EinsumOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<onnx::EinsumForm> form = onnx::parseEinsum(op);
    if (failed(form))
      return failure();
    return buildContraction(op, adaptor.getInputs(), form->operands,
                            form->numLabels, rewriter);
  }
};
} // namespace

void moec::populateOnnxContractionPatterns(RewritePatternSet &patterns,
                                           TypeConverter &converter) {
  patterns
      .add<MatMulLowering, FusedMatMulLowering, GemmLowering, EinsumLowering>(
          converter, patterns.getContext());
}
