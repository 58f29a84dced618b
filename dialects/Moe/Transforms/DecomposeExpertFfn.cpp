//===-- DecomposeExpertFfn.cpp - expert networks as grouped products ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Moe/Transforms/Passes.h"

#include "dialects/Moe/IR/Moe.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
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
/// A weight matrix of each expert and what belongs to it. All but the first may
/// be null.
struct Weights {
  Value matrix, bias, scales, zeroPoints, globalScales;
  WeightFormat format;
};

/// One matrix product of the network.
struct Product {
  Value x, rows;
  Weights weights;
  Value init;
  ActivationAttr activation;
};
} // namespace

static Weights getWeights1(ExpertFfnOp op) {
  return {op.getW1(),
          op.getBias1(),
          op.getScales1(),
          op.getZeroPoints1(),
          op.getGlobalScales1(),
          op.getQuant().value_or(nullptr)};
}
static Weights getWeights2(ExpertFfnOp op) {
  return {op.getW2(),          op.getBias2(),         op.getScales2(),
          op.getZeroPoints2(), op.getGlobalScales2(), op.getFormat2()};
}
static Weights getWeights3(ExpertFfnOp op) {
  return {op.getW3(),          op.getBias3(),         op.getScales3(),
          op.getZeroPoints3(), op.getGlobalScales3(), op.getFormat3()};
}

static RankedTensorType getType(Value value) {
  return value ? cast<RankedTensorType>(value.getType()) : RankedTensorType();
}

/// Why rows of the two cannot be interleaved; empty where they can.
static StringRef findObstacle(const Weights &gate, const Weights &up) {
  if (gate.format != up.format || getType(gate.matrix).getElementType() !=
                                      getType(up.matrix).getElementType())
    return "fc1 and fc3 differ in format";
  if (getType(gate.scales) != getType(up.scales))
    return "the scales of fc1 and fc3 differ in type";
  if (getType(gate.zeroPoints) != getType(up.zeroPoints))
    return "the zero points of fc1 and fc3 differ in type";
  if (gate.globalScales != up.globalScales)
    return "the global scales of fc1 and fc3 differ";
  if (gate.format && gate.format.getBlockRows() != 1)
    return "several rows share a scale";
  // Those of a row each lie along the rows.
  if (gate.zeroPoints && getType(gate.zeroPoints).getRank() == 2 &&
      gate.format.getBits() != 8)
    return "zero points of several rows share a byte";
  Value bias = gate.bias ? gate.bias : up.bias;
  bool isOne = !gate.bias != !up.bias;
  if (isOne && !getType(bias).hasStaticShape())
    return "one bias is absent and the extents of the other are unknown";
  if (gate.bias && up.bias &&
      getType(gate.bias).getElementType() != getType(up.bias).getElementType())
    return "the biases of fc1 and fc3 differ in type";
  return "";
}

namespace {
class Decomposer {
public:
  Decomposer(RewriterBase &rewriter, ExpertFfnOp op)
      : b(rewriter), op(op), loc(op.getLoc()) {}

  void run() {
    ActivationAttr identity =
        ActivationAttr::get(op.getContext(), ActivationKind::Identity);
    ActivationAttr activation = op.getActivation();
    Value x = op.getX(), rows = op.getRows();
    Weights first = getWeights1(op);
    bool isApart = op.getW3() && !activation.isGated();
    if (op.getW3() && activation.isGated())
      first = interleave(first, getWeights3(op));
    Value hidden = multiply({x, rows, first, makeHidden(), activation});
    if (isApart) {
      Value up = multiply({x, rows, getWeights3(op), makeHidden(), identity});
      Value init = makeHidden();
      auto product = MultiplyOp::create(b, loc, TypeRange(init.getType()),
                                        hidden, up, init);
      MoeDialect::copyLayer(op, product);
      hidden = product.getResult(0);
    }
    b.replaceOp(op, multiply({hidden, /*rows=*/Value(), getWeights2(op),
                              op.getInit(), identity}));
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
    auto type = getType(product.weights.matrix);
    SmallVector<int64_t> shape = {
        type.getDimSize(0),
        int64_t(
            llvm::divideCeil(type.getDimSize(1), MoeDialect::kPanelColumns)),
        type.getDimSize(2), MoeDialect::kPanelColumns};
    Value init = tensor::EmptyOp::create(b, loc, shape, type.getElementType());
    auto panels = PackPanelsOp::create(
        b, loc, TypeRange(init.getType()), product.weights.matrix, init,
        /*k_major=*/false, product.activation.isGated());
    MoeDialect::copyLayer(op, panels);
    return panels.getResult(0);
  }

  Weights interleave(const Weights &gate, const Weights &up) {
    Value gateBias = gate.bias, upBias = up.bias;
    if (!gateBias != !upBias)
      (gateBias ? upBias : gateBias) = makeZeros(gateBias ? gateBias : upBias);
    return {interleave(gate.matrix, up.matrix),
            interleave(gateBias, upBias),
            interleave(gate.scales, up.scales),
            interleave(gate.zeroPoints, up.zeroPoints),
            gate.globalScales,
            gate.format};
  }

  Value interleave(Value gate, Value up) {
    if (!gate)
      return {};
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, gate);
    Value rows = getValueOrCreateConstantIndexOp(b, loc, sizes[1]);
    sizes[1] = getAsOpFoldResult(b.createOrFold<arith::MulIOp>(
        loc, rows, arith::ConstantIndexOp::create(b, loc, 2)));
    Value init =
        tensor::EmptyOp::create(b, loc, sizes, getType(gate).getElementType());
    auto made =
        InterleaveOp::create(b, loc, TypeRange(init.getType()), gate, up, init);
    MoeDialect::copyLayer(op, made);
    return made.getResult(0);
  }

  Value makeZeros(Value like) {
    return arith::ConstantOp::create(b, loc, b.getZeroAttr(like.getType()));
  }

  Value multiply(const Product &product) {
    Weights weights = product.weights;
    auto type = getType(weights.matrix);
    Layout layout = Layout::NK;
    IntegerAttr columns;
    if (type.hasStaticShape() && !weights.format) {
      weights.matrix = pack(product);
      layout = Layout::Panels;
      columns = b.getI64IntegerAttr(type.getDimSize(1));
      packed = true;
    }
    auto matmul = GroupedMatmulOp::create(
        b, loc, TypeRange(product.init.getType()), product.x, weights.matrix,
        op.getOffsets(), product.rows, weights.bias, weights.scales,
        weights.zeroPoints, weights.globalScales, product.init,
        LayoutAttr::get(op.getContext(), layout), columns, product.activation,
        weights.format);
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
    StringRef obstacle = op.hasPureTensorSemantics() ? "" : "it is on buffers";
    if (obstacle.empty() && op.getW3() && op.getActivation().isGated())
      obstacle = findObstacle(getWeights1(op), getWeights3(op));
    if (!obstacle.empty()) {
      remark::missed(op.getLoc(), remark::RemarkOpts::name("NotDecomposed")
                                      .category("moe-decompose-expert-ffn"))
          << remark::add("left expert_ffn of layer '{0}' as it is: {1}", layer,
                         obstacle.str());
      ++numLeft;
      return;
    }
    Location loc = op.getLoc();
    rewriter.setInsertionPoint(op);
    bool isApart = op.getW3() && !op.getActivation().isGated();
    Decomposer decomposer(rewriter, op);
    decomposer.run();
    remark::passed(loc, remark::RemarkOpts::name("Decomposed")
                            .category("moe-decompose-expert-ffn"))
        << remark::add("decomposed expert_ffn of layer '{0}' into {1} grouped "
                       "products, weights {2}",
                       layer, isApart ? "three" : "two",
                       decomposer.isPacked() ? "in panels" : "as they are");
    ++numDecomposed;
  }
};
} // namespace
