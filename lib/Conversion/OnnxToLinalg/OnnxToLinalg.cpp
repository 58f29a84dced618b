//===-- OnnxToLinalg.cpp - onnx ops become linalg -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Conversion/OnnxToLinalg.h"
#include "moec/Conversion/Passes.h"

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"

namespace moec {
#define GEN_PASS_DEF_CONVERTONNXTOLINALG
#include "moec/Conversion/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

namespace {
/// Ops that only carry values through: legal once their types are converted.
struct RetypeAnyOp : ConversionPattern {
  RetypeAnyOp(TypeConverter &converter, MLIRContext *context)
      : ConversionPattern(converter, MatchAnyOpTypeTag(), /*benefit=*/0,
                          context) {}

  LogicalResult
  matchAndRewrite(Operation *op, ArrayRef<Value> operands,
                  ConversionPatternRewriter &rewriter) const override {
    if (isa_and_present<onnx::OnnxDialect>(op->getDialect()))
      return failure();
    FailureOr<Operation *> converted =
        convertOpResultTypes(op, operands, *getTypeConverter(), rewriter);
    if (failed(converted))
      return failure();
    rewriter.replaceOp(op, *converted);
    return success();
  }
};

struct ConvertOnnxToLinalg
    : moec::impl::ConvertOnnxToLinalgBase<ConvertOnnxToLinalg> {
  void runOnOperation() override {
    MLIRContext &context = getContext();
    OnnxTypeConverter converter;
    RewritePatternSet patterns(&context);
    populateOnnxConstantPatterns(patterns, converter);
    populateOnnxContractionPatterns(patterns, converter);
    populateOnnxMathPatterns(patterns, converter);
    populateOnnxNormalizationPatterns(patterns, converter);
    populateOnnxReductionPatterns(patterns, converter);
    populateOnnxIndexPatterns(patterns, converter);
    populateOnnxMovementPatterns(patterns, converter);
    populateOnnxShapePatterns(patterns, converter);
    populateGroupQueryAttentionPatterns(patterns, converter);
    populateMultiHeadAttentionPatterns(patterns, converter);
    populateRotaryPatterns(patterns, converter);
    populateGroupRouterPatterns(patterns, converter);
    populateQuantizedPatterns(patterns, converter);
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns,
                                                                   converter);
    patterns.add<RetypeAnyOp>(converter, &context);

    ConversionTarget target(context);
    target.addIllegalDialect<onnx::OnnxDialect>();
    target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp function) {
      return converter.isSignatureLegal(function.getFunctionType()) &&
             converter.isLegal(&function.getBody());
    });
    target.markUnknownOpDynamicallyLegal(
        [&](Operation *op) { return converter.isLegal(op); });
    if (failed(applyPartialConversion(getOperation(), target,
                                      std::move(patterns))))
      return signalPassFailure();
    eraseBookkeeping();
  }

private:
  void eraseBookkeeping() {
    getOperation().walk([](FunctionOpInterface function) {
      // All at once: each change of one makes a list of all, which is kept.
      SmallVector<DictionaryAttr> kept;
      for (unsigned i = 0, e = function.getNumArguments(); i < e; ++i) {
        NamedAttrList attributes(function.getArgAttrs(i));
        attributes.erase(onnx::kShapeAttr);
        attributes.erase(kSymbolArgAttr);
        kept.push_back(attributes.getDictionary(function.getContext()));
      }
      function.setAllArgAttrs(kept);
    });
  }
};
} // namespace
