//===-- LowerExpandShape.cpp - expanded views by their extents ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"

namespace moec {
#define GEN_PASS_DEF_LOWEREXPANDSHAPE
#include "moec/CodeGen/Passes.h.inc"
} // namespace moec

using namespace mlir;

/// The same elements from the same base, with the extents the op itself states.
static void lower(RewriterBase &rewriter, memref::ExpandShapeOp op) {
  Location loc = op.getLoc();
  auto source =
      memref::ExtractStridedMetadataOp::create(rewriter, loc, op.getSrc());
  MemRefType type = op.getResultType();
  auto [staticStrides, staticOffset] = type.getStridesAndOffset();
  SmallVector<OpFoldResult> sizes = op.getMixedOutputShape();
  SmallVector<OpFoldResult> strides(sizes.size());
  SmallVector<OpFoldResult> sourceStrides = source.getConstifiedMixedStrides();
  AffineExpr a, b;
  bindSymbols(rewriter.getContext(), a, b);
  for (auto [group, sourceStride] :
       llvm::zip(op.getReassociationIndices(), sourceStrides)) {
    OpFoldResult stride = sourceStride;
    for (int64_t dim : llvm::reverse(group)) {
      strides[dim] = ShapedType::isDynamic(staticStrides[dim])
                         ? stride
                         : rewriter.getIndexAttr(staticStrides[dim]);
      stride = affine::makeComposedFoldedAffineApply(rewriter, loc, a * b,
                                                     {stride, sizes[dim]});
    }
  }
  OpFoldResult offset = ShapedType::isDynamic(staticOffset)
                            ? OpFoldResult(source.getOffset())
                            : rewriter.getIndexAttr(staticOffset);
  rewriter.replaceOpWithNewOp<memref::ReinterpretCastOp>(
      op, type, source.getBaseBuffer(), offset, sizes, strides);
}

namespace {
struct LowerExpandShape : moec::impl::LowerExpandShapeBase<LowerExpandShape> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation()->walk([&](memref::ExpandShapeOp op) {
      rewriter.setInsertionPoint(op);
      lower(rewriter, op);
    });
  }
};
} // namespace
