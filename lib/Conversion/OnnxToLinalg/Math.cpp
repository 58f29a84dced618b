//===-- Math.cpp - elementwise operators ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Conversion/OnnxToLinalg.h"

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace moec;

/// The map from the iteration space of a result of `rank` to an operand that
/// broadcasts into it numpy's way: leading dimensions dropped, ones at zero.
static AffineMap getBroadcastMap(RankedTensorType operand,
                                 RankedTensorType result) {
  MLIRContext *context = operand.getContext();
  int64_t missing = result.getRank() - operand.getRank();
  SmallVector<AffineExpr> exprs;
  for (auto [dim, size] : llvm::enumerate(operand.getShape())) {
    bool isBroadcast = size == 1 && result.getDimSize(dim + missing) != 1;
    exprs.push_back(isBroadcast ? getAffineConstantExpr(0, context)
                                : getAffineDimExpr(dim + missing, context));
  }
  return AffineMap::get(result.getRank(), 0, exprs, context);
}

namespace {
/// An elementwise op as one linalg.generic; `build` makes the scalar.
struct AddLowering : OpConversionPattern<onnx::AddOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::AddOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> empty = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(empty))
      return failure();
    auto resultType = cast<RankedTensorType>((*empty).getType());
    SmallVector<AffineMap> maps;
    for (Value operand : adaptor.getOperands())
      maps.push_back(getBroadcastMap(cast<RankedTensorType>(operand.getType()),
                                     resultType));
    maps.push_back(rewriter.getMultiDimIdentityMap(resultType.getRank()));
    SmallVector<utils::IteratorType> iterators(resultType.getRank(),
                                               utils::IteratorType::parallel);
    bool isFloat = isa<FloatType>(resultType.getElementType());
    auto generic = linalg::GenericOp::create(
        rewriter, op.getLoc(), resultType, adaptor.getOperands(), *empty, maps,
        iterators, [&](OpBuilder &builder, Location loc, ValueRange args) {
          Value sum =
              isFloat
                  ? Value(arith::AddFOp::create(builder, loc, args[0], args[1]))
                  : Value(
                        arith::AddIOp::create(builder, loc, args[0], args[1]));
          linalg::YieldOp::create(builder, loc, sum);
        });
    rewriter.replaceOp(op, generic);
    return success();
  }
};
} // namespace

void moec::populateOnnxMathPatterns(RewritePatternSet &patterns,
                                    TypeConverter &converter) {
  patterns.add<AddLowering>(converter, patterns.getContext());
}
