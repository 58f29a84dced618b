//===-- Constant.cpp - constants ------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Conversion/OnnxToLinalg.h"

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace moec;

namespace {
struct ConstantLowering : OpConversionPattern<onnx::ConstantOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::ConstantOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    DenseElementsAttr value = op.getValue();
    auto type = cast<RankedTensorType>(
        getTypeConverter()->convertType(value.getType()));
    // Only the sign is dropped; the bits stay.
    if (type != value.getType())
      value = value.bitcast(type.getElementType());
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, type, value);
    return success();
  }
};
} // namespace

void moec::populateOnnxConstantPatterns(RewritePatternSet &patterns,
                                        TypeConverter &converter) {
  patterns.add<ConstantLowering>(converter, patterns.getContext());
}
