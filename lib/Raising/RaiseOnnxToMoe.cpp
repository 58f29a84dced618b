//===-- RaiseOnnxToMoe.cpp - MoE nodes become moe ops ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Raising/LayerSummary.h"
#include "moec/Raising/Passes.h"

#include "FusedLayers.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/TypeUtilities.h"

namespace moec {
#define GEN_PASS_DEF_RAISEONNXTOMOE
#include "moec/Raising/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

namespace {
/// Writes one layer in front of its node.
class LayerBuilder {
public:
  explicit LayerBuilder(FusedLayer &layer)
      : layer(layer), b(layer.node->getLoc(), layer.node),
        name(b.getStringAttr(getNodeName(layer.node))) {}

  /// The value that replaces the node's.
  Value build() {
    Value x = flatten(layer.input), scores = flatten(layer.router);
    Value tokens = b.createOrFold<tensor::DimOp>(x, 0);
    Value numRows = b.createOrFold<arith::MulIOp>(
        tokens, arith::ConstantIndexOp::create(b, layer.k));
    int64_t experts = getType(scores).getDimSize(1);
    OpFoldResult hidden = tensor::getMixedSize(b, b.getLoc(), x, 1);
    OpFoldResult choices = b.getIndexAttr(layer.k);
    Type f32 = b.getF32Type(), i32 = b.getI32Type();

    Value weights = makeEmpty(tokens, choices, f32);
    Value ids = makeEmpty(tokens, choices, i32);
    auto route = moe::RouteOp::create(
        b, TypeRange{weights.getType(), ids.getType()},
        ValueRange{scores, weights, ids},
        {b.getNamedAttr("operandSegmentSizes",
                        b.getDenseI32ArrayAttr({1, 0, 0, 1, 1})),
         b.getNamedAttr(
             "score", moe::ScoreFunctionAttr::get(b.getContext(), layer.score)),
         b.getNamedAttr("tie",
                        moe::TieRuleAttr::get(b.getContext(), layer.tie))});
    // Scores that do not weigh may be negative, and of any sum.
    if (!layer.routerWeights) {
      route.setRenormalize(layer.renormalize);
      route.setDropNonpositive(true);
    }
    // What shape inference could not decide is checked before the first op.
    if (Attribute checks = layer.node->getAttr(onnx::kEqualAttr))
      route->setAttr(onnx::kEqualAttr, checks);

    SmallVector<Operation *> made = {route};
    ValueRange chosen = route.getResults();
    if (layer.routerWeights) {
      made.push_back(reweigh(route, weights, ids));
      chosen = made.back()->getResults();
    }

    Value offsets =
        tensor::EmptyOp::create(b, ArrayRef<int64_t>{experts + 1}, i32);
    Value rows =
        tensor::EmptyOp::create(b, ArrayRef<OpFoldResult>{fold(numRows)}, i32);
    Value inverse = makeEmpty(tokens, choices, i32);
    plan = moe::PlanOp::create(
        b, TypeRange{offsets.getType(), rows.getType(), inverse.getType()},
        chosen[1], /*groups=*/Value(), offsets, rows, inverse);

    // Kept in f32 until the weighted sum, which is rounded once.
    Value y = makeEmpty(numRows, hidden, f32);
    moe::ExpertFfnOp network =
        buildNetwork(x, plan.getResult(1), plan.getResult(0), y);

    Value out = makeEmpty(tokens, hidden, getType(x).getElementType());
    auto combine = moe::CombineOp::create(b, TypeRange(out.getType()),
                                          network.getResult(0),
                                          plan.getResult(2), chosen[0], out,
                                          /*propagate_nan=*/false);
    made.append({plan, network, combine});
    for (Operation *op : made)
      op->setAttr(moe::MoeDialect::getLayerAttrName(), name);
    auto schema = cast<onnx::OnnxNode>(layer.node).getSchema();
    network->setAttr(moe::MoeDialect::getRaisedFromAttrName(),
                     b.getStringAttr(schema.opType));
    describe(combine, layer.node->getResult(0));
    return unflatten(combine.getResult(0));
  }
  /// Of what was built.
  moe::PlanOp getPlan() const { return plan; }

private:
  /// Weights of the chosen from `router_weights`, and who is left of them.
  moe::ReweighOp reweigh(moe::RouteOp route, Value weights, Value ids) {
    // ONNX Runtime drops what is as small as this, whatever the experts say.
    constexpr float kThreshold = 1e-8f;
    return moe::ReweighOp::create(
        b, TypeRange{weights.getType(), ids.getType()},
        flatten(layer.routerWeights), route.getResult(1), weights, ids,
        layer.renormalize ? b.getUnitAttr() : UnitAttr(),
        b.getF32FloatAttr(kThreshold));
  }

  moe::ExpertFfnOp buildNetwork(Value x, Value rows, Value offsets, Value y) {
    normalizeWeights(layer, b);
    const FusedMatrix &fc1 = layer.fc1, &fc2 = layer.fc2, &fc3 = layer.fc3;
    auto unlessSame = [&](moe::WeightFormat format) {
      return format == fc1.format ? moe::WeightFormat() : format;
    };
    return moe::ExpertFfnOp::create(
        b, TypeRange(y.getType()), x, rows, offsets, fc1.weights, fc2.weights,
        fc1.bias, fc2.bias, fc1.scales, fc2.scales, fc3.weights, fc3.bias,
        fc3.scales, fc1.zeroPoints, fc2.zeroPoints, fc3.zeroPoints,
        fc1.globalScales, fc2.globalScales, fc3.globalScales, y,
        layer.activation, fc1.format, unlessSame(fc2.format),
        unlessSame(fc3.format));
  }

  static RankedTensorType getType(Value value) {
    return cast<RankedTensorType>(value.getType());
  }

  static OpFoldResult fold(Value value) { return getAsOpFoldResult(value); }

  Value makeEmpty(Value rows, OpFoldResult columns, Type element) {
    return tensor::EmptyOp::create(
        b, ArrayRef<OpFoldResult>{fold(rows), columns}, element);
  }

  /// [B, S, N] as [B * S, N].
  Value flatten(Value value) {
    if (getType(value).getRank() == 2)
      return value;
    SmallVector<ReassociationIndices> groups = {{0, 1}, {2}};
    auto op = tensor::CollapseShapeOp::create(b, value, groups);
    describe(op, value);
    return op;
  }

  Value unflatten(Value matrix) {
    RankedTensorType type = getType(layer.input);
    if (type.getRank() == 2)
      return matrix;
    SmallVector<ReassociationIndices> groups = {{0, 1}, {2}};
    SmallVector<OpFoldResult> shape =
        tensor::getMixedSizes(b, b.getLoc(), layer.input);
    auto op = tensor::ExpandShapeOp::create(b, type, matrix, groups, shape);
    copyShapes(op, layer.node->getResult(0));
    return op;
  }

  void copyShapes(Operation *op, Value from) {
    if (AffineMap map = onnx::getShapeMap(from))
      op->setAttr(onnx::kShapesAttr, b.getArrayAttr(AffineMapAttr::get(map)));
  }

  /// Extents of `op`'s result, which is `from` seen as a matrix.
  void describe(Operation *op, Value from) {
    AffineMap map = onnx::getShapeMap(from);
    if (!map)
      return;
    if (map.getNumResults() == 3)
      map = AffineMap::get(
          map.getNumDims(), map.getNumSymbols(),
          {map.getResult(0) * map.getResult(1), map.getResult(2)},
          map.getContext());
    op->setAttr(onnx::kShapesAttr, b.getArrayAttr(AffineMapAttr::get(map)));
  }

  FusedLayer &layer;
  ImplicitLocOpBuilder b;
  StringAttr name;
  moe::PlanOp plan;
};

struct RaiseOnnxToMoe : moec::impl::RaiseOnnxToMoeBase<RaiseOnnxToMoe> {
  using RaiseOnnxToMoeBase::RaiseOnnxToMoeBase;

  void runOnOperation() override {
    SmallVector<Operation *> nodes;
    getOperation()->walk([&](Operation *op) {
      if (isa<onnx::MoEOp, onnx::QMoEOp>(op))
        nodes.push_back(op);
    });
    bool isFine = true;
    for (Operation *node : nodes)
      isFine &= succeeded(raise(node));
    if (!isFine)
      signalPassFailure();
  }

private:
  LogicalResult raise(Operation *node) {
    auto quantised = dyn_cast<onnx::QMoEOp>(node);
    FailureOr<FusedLayer> layer =
        quantised ? readLayer(quantised, ortCpuCompat)
                  : readLayer(cast<onnx::MoEOp>(node), ortCpuCompat);
    if (failed(layer))
      return failure();
    LayerBuilder builder(*layer);
    Value result = builder.build();
    auto said = remark::passed(
        node->getLoc(),
        remark::RemarkOpts::name("RaisedLayer").category("raise-onnx-to-moe"));
    said << remark::add(
        "raised {0} '{1}': {2} experts, {3} a token, {4}",
        node->getName().stripDialect().str(), getNodeName(node),
        cast<RankedTensorType>(layer->router.getType()).getShape().back(),
        layer->k,
        moe::stringifyActivationKind(layer->activation.getKind()).str());
    reportCosts(LayerSummary(builder.getPlan()), said);
    node->replaceAllUsesWith(ValueRange(result));
    node->erase();
    ++numLayers;
    return success();
  }
};
} // namespace
