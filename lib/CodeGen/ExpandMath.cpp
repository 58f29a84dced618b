//===-- ExpandMath.cpp - functions become polynomials ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MathExpansions.h"

#include "moec/CodeGen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace moec {
#define GEN_PASS_DEF_EXPANDMATH
#include "moec/CodeGen/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

/// Functions the CPU has an instruction for, whatever the type.
static bool isNative(Operation *op) {
  return isa<math::SqrtOp, math::FmaOp, math::AbsFOp, math::AbsIOp,
             math::CopySignOp, math::FloorOp, math::CeilOp, math::TruncOp,
             math::RoundEvenOp, math::IsNaNOp, math::IsInfOp, math::IsFiniteOp,
             math::IsNormalOp, math::CtPopOp, math::CountLeadingZerosOp,
             math::CountTrailingZerosOp>(op);
}

namespace {
/// Small integers to bf16 by way of f32, which has them all: upstream folds the
/// two steps into one, which would become a call into the compiler's library.
template <typename OpTy> struct IntToBf16 : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Type from = op.getIn().getType(), to = op.getType();
    if (!getElementTypeOrSelf(to).isBF16() ||
        getElementTypeOrSelf(from).getIntOrFloatBitWidth() > 16)
      return failure();
    Type wide = rewriter.getF32Type();
    if (auto vector = dyn_cast<VectorType>(to))
      wide = vector.clone(wide);
    Value number = OpTy::create(rewriter, op.getLoc(), wide, op.getIn());
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, to, number);
    return success();
  }
};

struct ExpandMath : moec::impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    auto any = [](StringRef) { return true; };
    populateMathExpansions(patterns);
    populateMathF32ExpansionPatterns(patterns, any);
    populateMathPolynomialApproximationPatterns(patterns, any);
    math::populateExpansionPatterns(
        patterns, {"fpowi", "ipowi", "round", "exp2", "sinh", "cosh", "asinh",
                   "acosh", "atanh", "tan", "rsqrt"});
    patterns.add<IntToBf16<arith::SIToFPOp>, IntToBf16<arith::UIToFPOp>>(
        &getContext());
    arith::populateExpandBFloat16Patterns(patterns);
    arith::populateArithExpandOpsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();

    // What is left would be a call into libm, which libraries do not make.
    bool isLeft = false;
    getOperation().walk([&](Operation *op) {
      if (!isa_and_present<math::MathDialect>(op->getDialect()) || isNative(op))
        return;
      op->emitError() << "'" << op->getName() << "' on "
                      << op->getResult(0).getType() << " has no expansion";
      isLeft = true;
    });
    if (isLeft)
      signalPassFailure();
  }
};
} // namespace
