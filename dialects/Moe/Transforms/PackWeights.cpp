//===-- PackWeights.cpp - weights of grouped products in panels -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Moe/Transforms/Passes.h"

#include "dialects/Moe/IR/Moe.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "llvm/Support/DebugLog.h"
#include "llvm/Support/MathExtras.h"

#define DEBUG_TYPE "moe-pack-weights"

namespace moec::moe {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "dialects/Moe/Transforms/Passes.h.inc"
} // namespace moec::moe

using namespace mlir;
using namespace moec::moe;

namespace {
struct PackWeightsPattern : OpRewritePattern<GroupedMatmulOp> {
  PackWeightsPattern(MLIRContext *context, Pass::Statistic &numPacked)
      : OpRewritePattern(context), numPacked(numPacked) {}

  LogicalResult matchAndRewrite(GroupedMatmulOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getLayout() == Layout::Panels)
      return rewriter.notifyMatchFailure(op, "has panels already");
    if (!op.hasPureTensorSemantics())
      return leave(op, rewriter, "it is on buffers");
    if (!op.getOffsets())
      return rewriter.notifyMatchFailure(op, "is of two values of the run");
    if (op.getQuant())
      return leave(op, rewriter, "its weights are quantised");
    auto type = cast<RankedTensorType>(op.getWeights().getType());
    if (!type.hasStaticShape())
      return leave(op, rewriter,
                   "its weights have an extent that only the run knows");
    bool isKMajor = op.getLayout() == Layout::KN;
    int64_t columns = type.getDimSize(isKMajor ? 2 : 1);
    int64_t depth = type.getDimSize(isKMajor ? 1 : 2);
    SmallVector<int64_t> shape = {
        type.getDimSize(0),
        int64_t(llvm::divideCeil(columns, MoeDialect::kPanelColumns)), depth,
        MoeDialect::kPanelColumns};
    Location loc = op.getLoc();
    Value init =
        tensor::EmptyOp::create(rewriter, loc, shape, type.getElementType());
    auto pack = PackPanelsOp::create(rewriter, loc, TypeRange(init.getType()),
                                     op.getWeights(), init, isKMajor,
                                     op.getActivation().isGated());
    MoeDialect::copyLayer(op, pack);
    rewriter.modifyOpInPlace(op, [&] {
      op.getWeightsMutable().assign(pack.getResult(0));
      op.setLayout(Layout::Panels);
      op.setN(columns);
    });
    ++numPacked;
    return success();
  }

private:
  static LogicalResult leave(GroupedMatmulOp op, PatternRewriter &rewriter,
                             const char *why) {
    LDBG() << "left " << op << ": " << why;
    remark::missed(
        op.getLoc(),
        remark::RemarkOpts::name("NotPacked").category("moe-pack-weights"))
        << remark::add("left the layout of a product's weights: {0}", why);
    return rewriter.notifyMatchFailure(op, why);
  }

  Pass::Statistic &numPacked;
};

struct PackWeights : moec::moe::impl::PackWeightsBase<PackWeights> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<PackWeightsPattern>(&getContext(), numPacked);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
