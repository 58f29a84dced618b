//===-- MoeLayers.cpp - what reports say of MoE layers --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Artifacts.h"

#include "dialects/Moe/IR/Moe.h"
#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Param/IR/Param.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/raw_ostream.h"

#include <map>

using namespace mlir;
using namespace moec;

/// The node a layer was raised from.
static std::string getLayerName(Operation *op) {
  auto name = op->getAttrOfType<StringAttr>("moe.layer");
  return name ? name.str() : "";
}

/// The weights of all experts, biases included; scales are storage.
static SmallVector<Value> getWeights(moe::ExpertFfnOp ffn) {
  SmallVector<Value> weights;
  for (Value value : {ffn.getW1(), ffn.getW2(), ffn.getW3()})
    if (value)
      weights.push_back(value);
  return weights;
}
static SmallVector<Value> getBiases(moe::ExpertFfnOp ffn) {
  SmallVector<Value> biases;
  for (Value value : {ffn.getBias1(), ffn.getBias2(), ffn.getBias3()})
    if (value)
      biases.push_back(value);
  return biases;
}

static int64_t countElements(ArrayRef<Value> values) {
  int64_t elements = 0;
  for (Value value : values) {
    auto type = cast<ShapedType>(value.getType());
    if (type.hasStaticShape())
      elements += type.getNumElements();
  }
  return elements;
}

/// Weights of all experts of a layer: packed ones as what they stand for.
static int64_t countWeights(moe::ExpertFfnOp ffn) {
  int64_t elements = 0;
  for (auto [value, format] :
       {std::pair(ffn.getW1(), ffn.getQuant().value_or(nullptr)),
        {ffn.getW2(), ffn.getFormat2()},
        {ffn.getW3(), ffn.getFormat3()}}) {
    int64_t stored = value ? countElements(value) : 0;
    elements += format ? format.getRowElements(stored) : stored;
  }
  return elements;
}

static int64_t countExpertParameters(moe::ExpertFfnOp ffn) {
  return countWeights(ffn) + countElements(getBiases(ffn));
}

/// How many experts a token has; dynamic where that is not known, and then, or
/// where the choice is not made by a router, `route` is null.
static int64_t getTopK(moe::ExpertFfnOp ffn, moe::RouteOp &route) {
  auto plan = ffn.getOffsets().getDefiningOp<moe::PlanOp>();
  Value ids = plan ? plan.getIds() : Value();
  if (auto reweigh = ids ? ids.getDefiningOp<moe::ReweighOp>() : nullptr)
    ids = reweigh.getIds();
  route = ids ? ids.getDefiningOp<moe::RouteOp>() : moe::RouteOp();
  return plan ? cast<ShapedType>(plan.getIds().getType()).getDimSize(1)
              : ShapedType::kDynamic;
}

static llvm::json::Value toJson(Attribute attribute) {
  if (auto entry = dyn_cast<DictionaryAttr>(attribute)) {
    llvm::json::Object object;
    for (NamedAttribute member : entry)
      object[member.getName().strref()] = toJson(member.getValue());
    return object;
  }
  if (auto list = dyn_cast<ArrayAttr>(attribute)) {
    llvm::json::Array array;
    for (Attribute element : list)
      array.push_back(toJson(element));
    return array;
  }
  if (auto text = dyn_cast<StringAttr>(attribute))
    return text.str();
  if (auto number = dyn_cast<IntegerAttr>(attribute))
    return number.getInt();
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return number.getValueAsDouble();
  // What is beyond all numbers.
  return nullptr;
}

/// The share of the routed weight that went to experts which a profile removed.
static double getWeightLost(const llvm::json::Value &deadExperts) {
  double lost = 0;
  for (const llvm::json::Value &entry : *deadExperts.getAsArray())
    lost += entry.getAsObject()->getNumber("weight_share").value_or(0);
  return lost;
}

/// The experts of the source that were removed, with their certificates.
static llvm::json::Value describeDeadExperts(moe::PlanOp plan) {
  Attribute dead =
      plan ? plan->getAttr(moe::MoeDialect::getDeadExpertsAttrName())
           : Attribute();
  return dead ? toJson(dead) : llvm::json::Array();
}

/// How the weights are stored: "f16", "int4 in blocks of 32".
static std::string describeWeights(moe::ExpertFfnOp ffn) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (auto format = ffn.getQuant()) {
    llvm::SetVector<moe::WeightFormat> formats;
    formats.insert(*format);
    if (ffn.getW3())
      formats.insert(ffn.getFormat3());
    formats.insert(ffn.getFormat2());
    llvm::interleave(
        formats, os, [&](moe::WeightFormat f) { os << f.describe(); }, ", ");
  } else {
    os << cast<ShapedType>(ffn.getW1().getType()).getElementType();
  }
  return text;
}

llvm::json::Array moec::describeMoeLayers(ModuleOp module) {
  llvm::json::Array layers;
  module.walk([&](moe::ExpertFfnOp ffn) {
    // Of the source, some of which may be gone.
    auto plan = ffn.getOffsets().getDefiningOp<moe::PlanOp>();
    int64_t left = ffn.getNumExperts();
    int64_t experts = plan ? plan.getNumSourceExperts() : left;
    int64_t total = countExpertParameters(ffn);
    int64_t perExpert = left > 0 ? total / left : 0;
    auto w2 = cast<ShapedType>(ffn.getW2().getType());
    int64_t depth = w2.getDimSize(2);
    if (moe::WeightFormat format = ffn.getFormat2(); format && depth >= 0)
      depth = format.getRowElements(depth);
    llvm::json::Object layer{{"name", getLayerName(ffn)},
                             {"experts", experts},
                             {"hidden", w2.getDimSize(1)},
                             {"intermediate", depth},
                             {"activation", moe::stringifyActivationKind(
                                                ffn.getActivation().getKind())},
                             {"weights", describeWeights(ffn)},
                             {"parameters_total", left * perExpert},
                             {"dead_experts", describeDeadExperts(plan)},
                             {"kernels", llvm::json::Array()}};
    auto from = ffn->getAttrOfType<StringAttr>(
        moe::MoeDialect::getRaisedFromAttrName());
    layer["raised_from"] = from ? from.str() : "";
    layer["routed_weight_lost"] = getWeightLost(*layer.get("dead_experts"));
    moe::RouteOp route;
    int64_t topK = getTopK(ffn, route);
    if (route)
      layer["router"] = moe::stringifyScoreFunction(route.getScore());
    if (topK >= 0 && left > 0) {
      // A weight is multiplied and added, a bias added.
      int64_t flops = (countWeights(ffn) + total) / left;
      layer["top_k"] = topK;
      layer["parameters_active"] = topK * perExpert;
      layer["flops_per_token_dense"] = experts * flops;
      layer["flops_per_token_routed"] = topK * flops;
    }
    layers.push_back(std::move(layer));
  });
  return layers;
}

void moec::addKernels(llvm::json::Array &layers, ModuleOp module) {
  // Layers may share a name, or have none.
  std::map<std::string, llvm::SetVector<StringRef>> kernels;
  module.walk([&](func::CallOp call) {
    if (auto layer = call->getAttrOfType<StringAttr>(
            moe::MoeDialect::getLayerAttrName()))
      kernels[layer.str()].insert(call.getCallee());
  });
  for (llvm::json::Value &value : layers) {
    llvm::json::Object &layer = *value.getAsObject();
    llvm::json::Array names;
    for (StringRef kernel : kernels[layer.getString("name")->str()])
      names.push_back(kernel);
    layer["kernels"] = std::move(names);
  }
}

/// Whether the value is in the model's file, and not computed.
static bool isFromFile(Value value) {
  Operation *def = value.getDefiningOp();
  // What raising puts between: the same elements in another order.
  while (isa_and_present<tensor::ExtractSliceOp, tensor::CollapseShapeOp,
                         tensor::ExpandShapeOp, onnx::TransposeOp,
                         moe::TransposeCodesOp>(def))
    def = def->getOperand(0).getDefiningOp();
  return def &&
         (isa<param::LoadOp>(def) || def->hasTrait<OpTrait::ConstantLike>());
}

ParameterCount moec::countParameters(ModuleOp module, int64_t fileElements) {
  ParameterCount count;
  count.total = fileElements;
  int64_t idle = 0;
  module.walk([&](moe::ExpertFfnOp ffn) {
    SmallVector<Value> stored = getWeights(ffn);
    llvm::append_range(stored, getBiases(ffn));
    for (Value scales :
         {Value(ffn.getScales1()), Value(ffn.getScales2()),
          Value(ffn.getScales3()), Value(ffn.getZeroPoints1()),
          Value(ffn.getZeroPoints2()), Value(ffn.getZeroPoints3()),
          Value(ffn.getGlobalScales1()), Value(ffn.getGlobalScales2()),
          Value(ffn.getGlobalScales3())})
      if (scales)
        stored.push_back(scales);
    int64_t experts = ffn.getNumExperts();
    if (experts <= 0 || !llvm::all_of(stored, isFromFile))
      return;
    int64_t parameters = countExpertParameters(ffn);
    count.total += parameters - countElements(stored);
    moe::RouteOp route;
    int64_t topK = getTopK(ffn, route);
    if (topK >= 0 && topK < experts)
      idle += parameters / experts * (experts - topK);
  });
  count.active = count.total - idle;
  return count;
}
