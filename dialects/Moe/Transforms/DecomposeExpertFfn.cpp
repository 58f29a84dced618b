//===-- DecomposeExpertFfn.cpp - expert networks as grouped products ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Moe/Transforms/Passes.h"

#include "dialects/Moe/IR/Moe.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/MathExtras.h"

namespace moec::moe {
#define GEN_PASS_DEF_DECOMPOSEEXPERTFFN
#include "dialects/Moe/Transforms/Passes.h.inc"
} // namespace moec::moe

using namespace mlir;
using namespace moec::moe;

namespace {
/// One matrix product of the network.
struct Product {
  Value x, rows, weights, bias, scales, init;
  ActivationAttr activation;
};

class Decomposer {
public:
  Decomposer(RewriterBase &rewriter, ExpertFfnOp op)
      : b(rewriter), op(op), loc(op.getLoc()) {}

  void run() {
    ActivationAttr identity =
        ActivationAttr::get(op.getContext(), ActivationKind::Identity);
    Value hidden =
        multiply({op.getX(), op.getRows(), op.getW1(), op.getBias1(),
                  op.getScales1(), makeHidden(), op.getActivation()});
    Value result =
        multiply({hidden, /*rows=*/Value(), op.getW2(), op.getBias2(),
                  op.getScales2(), op.getInit(), identity});
    b.replaceOp(op, result);
  }

  /// Whether weights of a static shape went into panels.
  bool isPacked() const { return packed; }

private:
  /// [R, I] in f32: activations are rounded by nobody in between.
  Value makeHidden() {
    Value inner = b.createOrFold<tensor::DimOp>(loc, op.getW1(), 1);
    if (op.isInterleaved())
      inner = b.createOrFold<arith::DivUIOp>(
          loc, inner, arith::ConstantIndexOp::create(b, loc, 2));
    Value numRows = b.createOrFold<tensor::DimOp>(loc, op.getRows(), 0);
    SmallVector<OpFoldResult> sizes = {getAsOpFoldResult(numRows),
                                       getAsOpFoldResult(inner)};
    return tensor::EmptyOp::create(b, loc, sizes, b.getF32Type());
  }

  Value pack(const Product &product) {
    auto type = cast<RankedTensorType>(product.weights.getType());
    SmallVector<int64_t> shape = {
        type.getDimSize(0),
        int64_t(
            llvm::divideCeil(type.getDimSize(1), MoeDialect::kPanelColumns)),
        type.getDimSize(2), MoeDialect::kPanelColumns};
    Value init = tensor::EmptyOp::create(b, loc, shape, type.getElementType());
    auto panels = PackPanelsOp::create(b, loc, TypeRange(init.getType()),
                                       product.weights, init, /*k_major=*/false,
                                       product.activation.isGated());
    MoeDialect::copyLayer(op, panels);
    return panels.getResult(0);
  }

  Value multiply(const Product &product) {
    auto type = cast<RankedTensorType>(product.weights.getType());
    Value weights = product.weights;
    Layout layout = Layout::NK;
    IntegerAttr columns;
    if (type.hasStaticShape() && !product.scales) {
      weights = pack(product);
      layout = Layout::Panels;
      columns = b.getI64IntegerAttr(type.getDimSize(1));
      packed = true;
    }
    auto matmul = GroupedMatmulOp::create(
        b, loc, TypeRange(product.init.getType()), product.x, weights,
        op.getOffsets(), product.rows, product.bias, product.scales,
        product.init, LayoutAttr::get(op.getContext(), layout), columns,
        product.activation, op.getQuantAttr());
    MoeDialect::copyLayer(op, matmul);
    return matmul.getResult(0);
  }

  RewriterBase &b;
  ExpertFfnOp op;
  Location loc;
  bool packed = false;
};

struct DecomposeExpertFfn
    : moec::moe::impl::DecomposeExpertFfnBase<DecomposeExpertFfn> {
  void runOnOperation() override {
    SmallVector<ExpertFfnOp> ops;
    getOperation()->walk([&](ExpertFfnOp op) { ops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (ExpertFfnOp op : ops)
      decompose(rewriter, op);
  }

private:
  void decompose(IRRewriter &rewriter, ExpertFfnOp op) {
    std::string layer = "?";
    if (auto name =
            op->getAttrOfType<StringAttr>(MoeDialect::getLayerAttrName()))
      layer = name.str();
    if (!op.hasPureTensorSemantics() || op.getW3()) {
      remark::missed(op.getLoc(), remark::RemarkOpts::name("NotDecomposed")
                                      .category("moe-decompose-expert-ffn"))
          << remark::add("left expert_ffn of layer '{0}' as it is: {1}", layer,
                         op.getW3() ? "it has a third product"
                                    : "it is on buffers");
      ++numLeft;
      return;
    }
    Location loc = op.getLoc();
    rewriter.setInsertionPoint(op);
    Decomposer decomposer(rewriter, op);
    decomposer.run();
    remark::passed(loc, remark::RemarkOpts::name("Decomposed")
                            .category("moe-decompose-expert-ffn"))
        << remark::add("decomposed expert_ffn of layer '{0}' into two grouped "
                       "products, weights {1}",
                       layer,
                       decomposer.isPacked() ? "in panels" : "as they are");
    ++numDecomposed;
  }
};
} // namespace
