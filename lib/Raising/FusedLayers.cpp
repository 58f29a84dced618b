//===-- FusedLayers.cpp - the layers of onnx.MoE and onnx.QMoE ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FusedLayers.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace moec;

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

namespace {
/// Collects the reasons against a node.
class Refusals {
public:
  explicit Refusals(Operation *node) : node(node) {}

  void add(const Twine &reason) {
    node->emitError() << "[moec-E0160] node '" << getNodeName(node) << "' ("
                      << node->getName().stripDialect()
                      << " of domain 'com.microsoft') is not supported: "
                      << reason;
    any = true;
  }
  void addInput(StringRef name, Value value, StringRef advice) {
    if (value)
      add("input '" + name + "' is present; " + advice);
  }
  bool isEmpty() const { return !any; }

private:
  Operation *node;
  bool any = false;
};
} // namespace

/// The activation of either operator.
template <typename OpTy>
static moe::ActivationAttr readActivation(OpTy node, Refusals &refusals) {
  MLIRContext *context = node->getContext();
  StringRef type = node.getActivationType();
  if (type != "swiglu") {
    auto kind = llvm::StringSwitch<std::optional<moe::ActivationKind>>(type)
                    .Case("relu", moe::ActivationKind::Relu)
                    .Case("gelu", moe::ActivationKind::GeluTanh)
                    .Case("silu", moe::ActivationKind::Silu)
                    .Case("identity", moe::ActivationKind::Identity)
                    .Default(std::nullopt);
    if (!kind) {
      refusals.add("attribute 'activation_type' is '" + type +
                   "'; use relu, gelu, silu, identity or swiglu");
      return {};
    }
    return moe::ActivationAttr::get(context, *kind);
  }
  if (node.getSwigluFusion() != 1) {
    refusals.add("attribute 'swiglu_fusion' is " +
                 Twine(node.getSwigluFusion()) +
                 "; interleave the rows of gate and up and set it to 1");
    return {};
  }
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
  return moe::ActivationAttr::get(context, moe::ActivationKind::SwiGlu, alpha,
                                  beta, limit);
}

/// What the two operators have in common.
template <typename OpTy>
static FusedLayer readCommon(OpTy node, Refusals &refusals) {
  FusedLayer layer;
  layer.node = node;
  layer.input = node.getInput();
  layer.router = node.getRouterProbs();
  layer.w1 = node.getFc1ExpertsWeights();
  layer.bias1 = node.getFc1ExpertsBias();
  layer.w2 = node.getFc2ExpertsWeights();
  layer.bias2 = node.getFc2ExpertsBias();
  layer.k = node.getK();
  layer.activation = readActivation(node, refusals);
  if (!requireCountableRows(node, layer.input, layer.k))
    refusals.add("it has 2^31 rows or more, one for each expert of a token; "
                 "give it fewer tokens");
  for (Value value : node->getOperands())
    if (getElementTypeOrSelf(value.getType()).isF64()) {
      refusals.add("an input has elements of type f64; use f32, f16 or bf16");
      break;
    }
  if (node.getUseSparseMixer() != 0)
    refusals.add("attribute 'use_sparse_mixer' is set; ONNX Runtime's CPU "
                 "kernel ignores it, set it to 0 for the same results");
  refusals.addInput("fc3_experts_weights", node.getFc3ExpertsWeights(),
                    "interleave it with fc1 and set swiglu_fusion to 1");
  if (!node.getFc3ExpertsWeights())
    refusals.addInput("fc3_experts_bias", node.getFc3ExpertsBias(),
                      "it belongs to fc3, which is absent");
  return layer;
}

FailureOr<FusedLayer> moec::readLayer(onnx::MoEOp node) {
  Refusals refusals(node);
  FusedLayer layer = readCommon(node, refusals);
  layer.score = moe::ScoreFunction::SoftmaxAll;
  layer.renormalize = node.getNormalizeRoutingWeights() != 0;
  if (!refusals.isEmpty())
    return failure();
  return layer;
}

/// One scale a row or one a block; the block size, or 0 for a row.
static std::optional<int64_t> readBlock(onnx::QMoEOp node, StringRef name,
                                        Value scales, Value weights,
                                        int64_t bits, Refusals &refusals) {
  auto type = cast<RankedTensorType>(scales.getType());
  auto codes = cast<RankedTensorType>(weights.getType());
  if (!isa<FloatType>(type.getElementType()) || !type.hasStaticShape() ||
      !codes.hasStaticShape() || (type.getRank() != 2 && type.getRank() != 3) ||
      type.getShape().take_front(2) != codes.getShape().take_front(2)) {
    refusals.add(
        "input '" + name +
        "' must be floats, one or several for each row of its weights");
    return std::nullopt;
  }
  if (type.getRank() == 2 || type.getDimSize(2) == 1)
    return 0;
  int64_t block = node.getBlockSize().value_or(0);
  if (block < 16 || !llvm::isPowerOf2_64(block)) {
    refusals.add(
        "attribute 'block_size' is " + Twine(block) +
        "; it must be a power of two from 16 where scales have blocks");
    return std::nullopt;
  }
  int64_t depth = codes.getDimSize(2) * (8 / bits);
  if (type.getDimSize(2) != int64_t(llvm::divideCeil(depth, block))) {
    refusals.add("input '" + name + "' has " + Twine(type.getDimSize(2)) +
                 " scales a row, but " + Twine(depth) +
                 " elements in blocks of " + Twine(block));
    return std::nullopt;
  }
  return block;
}

static void readQuantisation(onnx::QMoEOp node, FusedLayer &layer,
                             Refusals &refusals) {
  for (auto [name, value] :
       {std::pair<StringRef, Value>{"fc1_experts_weights", layer.w1},
        {"fc2_experts_weights", layer.w2}})
    if (!getElementTypeOrSelf(value.getType()).isUnsignedInteger(8)) {
      refusals.add("input '" + name + "' must be bytes (uint8)");
      return;
    }
  int64_t bits = node.getExpertWeightBits();
  std::optional<int64_t> block1 = readBlock(
      node, "fc1_scales", node.getFc1Scales(), layer.w1, bits, refusals);
  std::optional<int64_t> block2 = readBlock(
      node, "fc2_scales", node.getFc2Scales(), layer.w2, bits, refusals);
  if (!block1 || !block2)
    return;
  // A row that is one block needs no block size; any other one serves it.
  int64_t block = std::max(*block1, *block2);
  layer.scales1 = node.getFc1Scales();
  layer.scales2 = node.getFc2Scales();
  if (*block1 != *block2) {
    Value rows = *block1 == 0 ? layer.w1 : layer.w2;
    int64_t depth =
        cast<RankedTensorType>(rows.getType()).getDimSize(2) * (8 / bits);
    Value scales = *block1 == 0 ? layer.scales1 : layer.scales2;
    if (depth > block ||
        cast<RankedTensorType>(scales.getType()).getRank() != 3) {
      refusals.add("one of fc1_scales and fc2_scales has blocks and the other "
                   "has not; give both the same block_size");
      return;
    }
  }
  layer.quant = moe::QuantAttr::get(node.getContext(), bits, block);
}

FailureOr<FusedLayer> moec::readLayer(onnx::QMoEOp node) {
  Refusals refusals(node);
  FusedLayer layer = readCommon(node, refusals);
  layer.score = moe::ScoreFunction::SoftmaxSelected;

  StringRef symmetric = "quantise symmetrically";
  refusals.addInput("fc1_zero_points", node.getFc1ZeroPoints(), symmetric);
  refusals.addInput("fc2_zero_points", node.getFc2ZeroPoints(), symmetric);
  refusals.addInput("fc3_zero_points", node.getFc3ZeroPoints(), symmetric);
  refusals.addInput("fc3_scales", node.getFc3Scales(), "fc3 is not supported");
  refusals.addInput("router_weights", node.getRouterWeights(),
                    "only router_probs may weight the experts");
  StringRef integers = "it belongs to quantisations other than integers";
  refusals.addInput("fc1_global_scale", node.getFc1GlobalScale(), integers);
  refusals.addInput("fc2_global_scale", node.getFc2GlobalScale(), integers);
  refusals.addInput("fc1_act_scale", node.getFc1ActScale(), integers);
  refusals.addInput("fc2_act_scale", node.getFc2ActScale(), integers);
  refusals.addInput("fc1_act_block_scale", node.getFc1ActBlockScale(),
                    integers);
  refusals.addInput("fc2_act_block_scale", node.getFc2ActBlockScale(),
                    integers);
  if (node.getQuantType() != "int")
    refusals.add("attribute 'quant_type' is '" + node.getQuantType() +
                 "'; use int");
  int64_t bits = node.getExpertWeightBits();
  if (bits != 4 && bits != 8)
    refusals.add("attribute 'expert_weight_bits' is " + Twine(bits) +
                 "; use 4 or 8");
  int64_t prepacked = node.getWeightsPrepacked();
  if (prepacked > 0)
    refusals.add("attribute 'weights_prepacked' is " + Twine(prepacked) +
                 "; export raw weights, a packed order is one GPU's own");
  if (refusals.isEmpty())
    readQuantisation(node, layer, refusals);
  if (!refusals.isEmpty())
    return failure();
  return layer;
}
