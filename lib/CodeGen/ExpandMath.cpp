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

static bool isBf16(Type type) { return getElementTypeOrSelf(type).isBF16(); }

/// f32 for bf16, of the same shape; other types stay.
static Type widen(Type type) {
  if (!isBf16(type))
    return type;
  Type f32 = Float32Type::get(type.getContext());
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(vector.clone(f32)) : f32;
}

/// Whether f32 has not all numbers that are converted: they would be rounded
/// twice.
static bool isWideToFloat(Operation *op) {
  return isa<arith::SIToFPOp, arith::UIToFPOp>(op) &&
         getElementTypeOrSelf(op->getOperand(0).getType())
                 .getIntOrFloatBitWidth() > 24;
}

/// Moves bf16 as it is, or is the step between bf16 and f32 itself.
static bool isNeutral(Operation *op) {
  return isa<arith::ExtFOp, arith::TruncFOp, arith::BitcastOp, arith::SelectOp>(
             op) ||
         op->hasTrait<OpTrait::ConstantLike>();
}

namespace {
/// Arithmetic on bf16 by way of f32: no CPU level computes in it, and LLVM
/// would call into the compiler's library.
struct WidenBf16 : RewritePattern {
  explicit WidenBf16(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/3, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isa_and_present<arith::ArithDialect, math::MathDialect>(
            op->getDialect()))
      return rewriter.notifyMatchFailure(op, "computes nothing");
    if (isNeutral(op))
      return rewriter.notifyMatchFailure(op, "rounds nothing");
    if (llvm::none_of(op->getOperandTypes(), isBf16) &&
        llvm::none_of(op->getResultTypes(), isBf16))
      return rewriter.notifyMatchFailure(op, "has no bf16");
    if (isWideToFloat(op))
      return rewriter.notifyMatchFailure(op, "would be rounded twice");
    Location loc = op->getLoc();
    SmallVector<Value> operands;
    for (Value value : op->getOperands())
      operands.push_back(isBf16(value.getType())
                             ? arith::ExtFOp::create(
                                   rewriter, loc, widen(value.getType()), value)
                             : value);
    OperationState state(loc, op->getName(), operands,
                         llvm::map_to_vector(op->getResultTypes(), widen),
                         op->getAttrs());
    Operation *wide = rewriter.create(state);
    SmallVector<Value> results;
    for (auto [type, value] :
         llvm::zip(op->getResultTypes(), wide->getResults()))
      results.push_back(
          isBf16(type) ? arith::TruncFOp::create(rewriter, loc, type, value)
                       : Value(value));
    rewriter.replaceOp(op, results);
    return success();
  }
};

/// Upstream expands the step from bf16 to f32 alone.
struct ExtendBf16 : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &rewriter) const override {
    Type f32 = widen(op.getIn().getType());
    if (!isBf16(op.getIn().getType()) || op.getType() == f32)
      return rewriter.notifyMatchFailure(op, "is a step to f32, or no bf16");
    Value number =
        arith::ExtFOp::create(rewriter, op.getLoc(), f32, op.getIn());
    rewriter.replaceOpWithNewOp<arith::ExtFOp>(op, op.getType(), number);
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
    patterns.add<WidenBf16, ExtendBf16>(&getContext());
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
