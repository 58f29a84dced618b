//===-- FusedLayers.cpp - the layers of onnx.MoE and onnx.QMoE ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FusedLayers.h"

#include "dialects/Onnx/IR/MoeForm.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace moec;

std::string moec::getLayerName(Operation *op) {
  auto name =
      op->getAttrOfType<StringAttr>(moe::MoeDialect::getLayerAttrName());
  return name ? name.str() : "?";
}

std::string moec::getNodeName(Operation *node) {
  std::string name;
  node->getLoc()->walk([&](Location loc) {
    auto named = dyn_cast<NameLoc>(loc);
    if (!named)
      return WalkResult::advance();
    name = named.getName().str();
    return WalkResult::interrupt();
  });
  return name.empty() ? node->getName().stripDialect().str() : name;
}

bool moec::requireCountableRows(Operation *op, Value from, int64_t times) {
  AffineMap shape = onnx::getShapeMap(from);
  if (!shape)
    return true;
  constexpr int64_t kMost = (int64_t(1) << 31) - 1;
  MLIRContext *context = op->getContext();
  AffineExpr rows = getAffineConstantExpr(times, context);
  for (AffineExpr extent : shape.getResults().drop_back())
    rows = rows * extent;
  rows = simplifyAffineExpr(rows, 0, shape.getNumSymbols());
  if (auto known = dyn_cast<AffineConstantExpr>(rows))
    return known.getValue() <= kMost;
  onnx::addCheck(op, onnx::CheckKind::AtLeast,
                 getAffineConstantExpr(kMost, context), rows,
                 shape.getNumSymbols(), "the most rows of a product");
  return true;
}

void Refusals::add(const Twine &reason) {
  node->emitError() << "[moec-E0160] node '" << getNodeName(node) << "' ("
                    << node->getName().stripDialect()
                    << " of domain 'com.microsoft') is not supported: "
                    << reason;
  any = true;
}

void Refusals::addInput(StringRef name, Value value, StringRef advice) {
  if (value)
    add("input '" + name + "' is present; " + advice);
}

/// The constants of a swiglu.
template <typename OpTy>
static moe::ActivationAttr readSwiGlu(OpTy node, Refusals &refusals) {
  float alpha = node.getActivationAlpha().convertToFloat();
  float beta = node.getActivationBeta().convertToFloat();
  float limit = std::numeric_limits<float>::infinity();
  if (node.getSwigluLimit())
    limit = node.getSwigluLimit()->convertToFloat();
  if (!std::isfinite(alpha) || !std::isfinite(beta)) {
    refusals.add("attributes 'activation_alpha' and 'activation_beta' must be "
                 "finite");
    return {};
  }
  // Not greater: NaN as well.
  if (!(limit > 0)) {
    refusals.add("attribute 'swiglu_limit' must be positive");
    return {};
  }
  auto kind = node.getSwigluLimitAfterActivation() != 0
                  ? moe::ActivationKind::SwiGluLate
                  : moe::ActivationKind::SwiGlu;
  return moe::ActivationAttr::get(node.getContext(), kind, alpha, beta, limit);
}

/// The activation of either operator.
template <typename OpTy>
static moe::ActivationAttr readActivation(OpTy node, Refusals &refusals) {
  StringRef type = node.getActivationType();
  if (type == "swiglu")
    return readSwiGlu(node, refusals);
  if (node.getSwigluLimitAfterActivation() != 0)
    refusals.add("attribute 'swiglu_limit_after_activation' is set, but "
                 "'activation_type' is '" +
                 type + "'; it belongs to swiglu");
  auto kind = llvm::StringSwitch<std::optional<moe::ActivationKind>>(type)
                  .Case("relu", moe::ActivationKind::Relu)
                  .Case("relu2", moe::ActivationKind::ReluSquared)
                  .Cases({"gelu", "geglu"}, moe::ActivationKind::GeluTanh)
                  .Case("silu", moe::ActivationKind::Silu)
                  .Case("identity", moe::ActivationKind::Identity)
                  .Default(std::nullopt);
  if (kind)
    return moe::ActivationAttr::get(node.getContext(), *kind);
  refusals.add("attribute 'activation_type' is '" + type +
               "'; use relu, relu2, gelu, silu, identity, swiglu or geglu");
  return {};
}

/// Where gate and up come from. An interleaved fc1 of a swiglu stays as it is.
template <typename OpTy>
static GateOrder readGateOrder(OpTy node, Refusals &refusals) {
  StringRef type = node.getActivationType();
  bool isSwiGlu = type == "swiglu";
  if (!isSwiGlu && type != "geglu")
    return GateOrder::Apart;
  int64_t fusion = node.getSwigluFusion();
  if (fusion < 0 || fusion > 2) {
    refusals.add("attribute 'swiglu_fusion' is " + Twine(fusion) +
                 "; use 0, 1 or 2");
    return GateOrder::Apart;
  }
  bool hasThird = node.getFc3ExpertsWeights() != nullptr;
  if (fusion != 0 && hasThird)
    refusals.add("input 'fc3_experts_weights' is present, but 'swiglu_fusion' "
                 "says that fc1 has gate and up both; set it to 0");
  if (fusion == 0 && !isSwiGlu)
    refusals.add("attribute 'swiglu_fusion' is 0, but geglu has gate and up in "
                 "fc1; set it to 1 or 2");
  else if (fusion == 0 && !hasThird)
    refusals.add("attribute 'swiglu_fusion' is 0, but there is no input "
                 "'fc3_experts_weights' for the up projection; give it, or set "
                 "swiglu_fusion to the order of gate and up in fc1");
  if (fusion == 2)
    return GateOrder::Halves;
  return fusion == 1 && !isSwiGlu ? GateOrder::Alternating : GateOrder::Apart;
}

/// The layout of floats, and of codes but for those of GPUs.
template <typename OpTy>
static WeightLayout readLayout(OpTy node, int64_t bits2) {
  auto getExtent = [](Value value, unsigned dim) {
    return cast<RankedTensorType>(value.getType()).getDimSize(dim);
  };
  int64_t hidden =
      cast<RankedTensorType>(node.getInput().getType()).getShape().back();
  int64_t rows1 = getExtent(node.getFc1ExpertsWeights(), 1);
  int64_t rows2 = getExtent(node.getFc2ExpertsWeights(), 1);
  int64_t columns2 = getExtent(node.getFc2ExpertsWeights(), 2);
  for (int64_t extent : {hidden, rows1, rows2, columns2})
    if (ShapedType::isDynamic(extent))
      return WeightLayout::Documented;
  if (bits2 != 0)
    columns2 = columns2 * 8 / bits2;
  return onnx::isLegacyLayout(hidden, rows1, rows2, columns2,
                              onnx::hasFusedGate(node))
             ? WeightLayout::Transposed
             : WeightLayout::Documented;
}

/// What the two operators have in common.
template <typename OpTy>
static FusedLayer readCommon(OpTy node, int64_t bits2, Refusals &refusals) {
  FusedLayer layer;
  layer.node = node;
  layer.input = node.getInput();
  layer.router = node.getRouterProbs();
  layer.fc1.weights = node.getFc1ExpertsWeights();
  layer.fc1.bias = node.getFc1ExpertsBias();
  layer.fc2.weights = node.getFc2ExpertsWeights();
  layer.fc2.bias = node.getFc2ExpertsBias();
  layer.fc3.weights = node.getFc3ExpertsWeights();
  layer.fc3.bias = node.getFc3ExpertsBias();
  layer.k = node.getK();
  layer.activation = readActivation(node, refusals);
  layer.order = readGateOrder(node, refusals);
  layer.layout = readLayout(node, bits2);
  if (!requireCountableRows(node, layer.input, layer.k))
    refusals.add("it has 2^31 rows or more, one for each expert of a token; "
                 "give it fewer tokens");
  for (Value value : node->getOperands())
    if (getElementTypeOrSelf(value.getType()).isF64()) {
      refusals.add("an input has elements of type f64; use f32, f16 or bf16");
      break;
    }
  if (!layer.fc3.weights)
    refusals.addInput("fc3_experts_bias", layer.fc3.bias,
                      "it belongs to fc3, which is absent");
  return layer;
}

/// Chooses by the sparse mixer where the node asks for it: no softmax over the
/// chosen, and the first of equal scores, as where it comes from.
template <typename OpTy>
static void readSparseMixer(OpTy node, FusedLayer &layer, bool ortCpu) {
  if (node.getUseSparseMixer() == 0 || ortCpu)
    return;
  layer.score = moe::ScoreFunction::SparseMixer;
  layer.tie = moe::TieRule::Lowest;
  layer.renormalize = false;
}

FailureOr<FusedLayer> moec::readLayer(onnx::MoEOp node, bool ortCpu) {
  Refusals refusals(node);
  FusedLayer layer = readCommon(node, /*bits2=*/0, refusals);
  layer.score = moe::ScoreFunction::SoftmaxAll;
  layer.renormalize = node.getNormalizeRoutingWeights() != 0;
  readSparseMixer(node, layer, ortCpu);
  // ONNX Runtime's CPU kernel reads the older layout as if it were the other.
  if (ortCpu && layer.layout == WeightLayout::Transposed)
    layer.layout = WeightLayout::Misnamed;
  if (!refusals.isEmpty())
    return failure();
  return layer;
}

FailureOr<FusedLayer> moec::readLayer(onnx::QMoEOp node, bool ortCpu) {
  Refusals refusals(node);
  FusedLayer layer = readCommon(node, onnx::getCodeBits(node, 2), refusals);
  layer.score = moe::ScoreFunction::SoftmaxSelected;
  layer.routerWeights = node.getRouterWeights();
  if (layer.routerWeights) {
    layer.score = moe::ScoreFunction::None;
    layer.renormalize = node.getNormalizeRoutingWeights() != 0;
    if (node.getUseSparseMixer() != 0 && !ortCpu)
      refusals.add("input 'router_weights' is present, but 'use_sparse_mixer' "
                   "takes the weights from router_probs; leave out one of "
                   "them");
  } else {
    readSparseMixer(node, layer, ortCpu);
  }
  readQuantisation(node, layer, ortCpu, refusals);
  if (!refusals.isEmpty())
    return failure();
  return layer;
}
