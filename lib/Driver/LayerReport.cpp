//===-- LayerReport.cpp - what is said of a model's MoE layers -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerReport.h"

#include "moec/Raising/LayerSummary.h"

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Param/IR/Param.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <map>

using namespace mlir;
using namespace moec;

//===-- Layers ------------------------------------------------------------===//

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

/// The share of the routed weight that went to experts which a profile removed;
/// null where the profile does not say.
static llvm::json::Value getWeightLost(const llvm::json::Value &deadExperts) {
  double lost = 0;
  for (const llvm::json::Value &entry : *deadExperts.getAsArray()) {
    const llvm::json::Object &expert = *entry.getAsObject();
    if (expert.getString("cause") != "profile")
      continue;
    std::optional<double> share = expert.getNumber("weight_share");
    if (!share)
      return nullptr;
    lost += *share;
  }
  return lost;
}

/// The experts of the source that were removed, with their certificates: those
/// of all kinds, ascending.
static llvm::json::Value describeDeadExperts(ArrayRef<LayerSummary> kinds) {
  SmallVector<std::pair<int64_t, Attribute>> dead;
  for (const LayerSummary &kind : kinds) {
    auto own = kind.plan->getAttrOfType<ArrayAttr>(
        moe::MoeDialect::getDeadExpertsAttrName());
    for (Attribute entry : own ? own.getValue() : ArrayRef<Attribute>())
      dead.push_back(
          {cast<DictionaryAttr>(entry).getAs<IntegerAttr>("expert").getInt(),
           entry});
  }
  llvm::sort(dead, llvm::less_first());
  llvm::json::Array all;
  for (auto [expert, entry] : dead)
    all.push_back(toJson(entry));
  return all;
}

/// What all kinds of experts with weights agree on; T() where they do not.
template <typename T>
static T getCommon(ArrayRef<LayerSummary> kinds,
                   T (LayerSummary::*get)() const) {
  std::optional<T> common;
  for (const LayerSummary &kind : kinds) {
    if (kind.weights.empty())
      continue;
    if (common && *common != (kind.*get)())
      return T();
    common = (kind.*get)();
  }
  return common.value_or(T());
}

static std::string getStorage(ArrayRef<LayerSummary> kinds) {
  std::set<std::string> all;
  for (const LayerSummary &kind : kinds)
    all.merge(kind.getStorage());
  return llvm::join(all, ", ");
}

/// How many experts are of each kind.
static llvm::json::Array countKinds(ArrayRef<LayerSummary> kinds) {
  llvm::json::Array counts;
  for (const LayerSummary &kind : kinds)
    counts.push_back(kind.numExperts);
  return counts;
}

static void describeCosts(const LayerCosts &costs, llvm::json::Object &layer) {
  // What is left of the experts is stored; dense is what the source says.
  layer["parameters_total"] = costs.stored.parameters;
  layer["flops_per_token_dense"] = costs.dense.flops;
  layer["weight_bytes_per_token_dense"] = costs.dense.bytes;
  if (!costs.routed)
    return;
  layer["parameters_active"] = costs.routed->parameters;
  layer["flops_per_token_routed"] = costs.routed->flops;
  layer["weight_bytes_per_token_routed"] = costs.routed->bytes;
}

static llvm::json::Object describe(const LayerKinds &kinds) {
  const LayerSummary &summary = kinds.front();
  moe::PlanOp plan = summary.plan;
  llvm::json::Object layer{{"name", summary.getName()},
                           {"raised_from", summary.getRaisedFrom()},
                           {"experts", plan.getNumSourceExperts()},
                           {"kinds", countKinds(kinds)},
                           {"weights", getStorage(kinds)},
                           {"dead_experts", describeDeadExperts(kinds)},
                           {"kernels", llvm::json::Array()}};
  layer["routed_weight_lost"] = getWeightLost(*layer.get("dead_experts"));
  auto put = [&](llvm::StringRef key, std::optional<int64_t> number) {
    if (number)
      layer[key] = *number;
  };
  put("top_k", summary.topK);
  put("hidden", summary.getHidden());
  put("intermediate",
      getCommon(ArrayRef(kinds), &LayerSummary::getIntermediate));
  std::string activation =
      getCommon(ArrayRef(kinds), &LayerSummary::getActivation);
  if (!activation.empty())
    layer["activation"] = std::move(activation);
  if (moe::RouteOp route = summary.route)
    layer["router"] = moe::stringifyScoreFunction(route.getScore());
  if (std::optional<LayerCosts> costs = getCosts(kinds))
    describeCosts(*costs, layer);
  return layer;
}

llvm::json::Array moec::describeMoeLayers(ModuleOp module) {
  llvm::json::Array layers;
  for (const LayerKinds &kinds : summarizeLayers(module))
    layers.push_back(describe(kinds));
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

//===-- Parameters --------------------------------------------------------===//

namespace {
/// Counts ranges of the model's files, whichever recipes read them.
class ParameterCounter {
public:
  explicit ParameterCounter(ModuleOp module)
      : module(module), symbols(module) {}

  std::vector<WeightSource> findExpertSources();
  ParameterCount count(int64_t fileElements, ArrayRef<WeightSource> experts);

private:
  void addLayers();
  void addLayer(const LayerSummary &layer);
  void addExperts(Value value, const LayerSummary &layer, double worth);
  void see(Value value, const LayerSummary &layer);
  void addOthers();
  param::RecipeInterface getRecipe(Value value) const;
  void visit(param::RecipeInterface recipe, double elements,
             llvm::function_ref<void(WeightSource &, double)> take);

  ModuleOp module;
  SymbolTable symbols;
  llvm::MapVector<Attribute, WeightSource> sources;
  /// Of weights of experts.
  llvm::DenseSet<OpOperand *> seen;
};
} // namespace

/// What the same bytes are under, whatever their shape is taken for.
static Attribute getKey(param::RecipeInterface recipe) {
  auto file = dyn_cast<param::FileAttr>(Attribute(recipe));
  return file ? param::FileAttr::get(file.getContext(), file.getPath(),
                                     file.getOffset(), file.getLength())
              : Attribute(recipe);
}

static double countElements(param::RecipeInterface recipe) {
  RankedTensorType type = recipe.getResultType();
  return type ? double(type.getNumElements()) : 0;
}

/// Adds what a recipe reads for these indices of its first dimension: of a
/// stack the sources that they name, of what is known of no other form all.
static void addIndexed(param::RecipeInterface recipe, ArrayRef<int64_t> indices,
                       SmallVectorImpl<param::RecipeInterface> &parts) {
  llvm::TypeSwitch<Attribute>(recipe)
      .Case([&](param::TransposeAttr transposed) {
        if (transposed.getPermutation()[0] == 0)
          return addIndexed(transposed.getSource(), indices, parts);
        parts.push_back(recipe);
      })
      .Case([&](param::CastAttr cast) {
        addIndexed(cast.getSource(), indices, parts);
      })
      .Case([&](param::StackAttr stack) {
        if (stack.getAxis() != 0)
          return parts.push_back(recipe);
        for (int64_t index : indices)
          parts.push_back(stack.getSources()[index]);
      })
      .Case([&](param::ConcatAttr concat) {
        if (concat.getAxis() == 0)
          return parts.push_back(recipe);
        for (param::RecipeInterface source : concat.getSources())
          addIndexed(source, indices, parts);
      })
      .Default([&](Attribute) { parts.push_back(recipe); });
}

static SmallVector<param::RecipeInterface>
getParts(param::RecipeInterface recipe) {
  SmallVector<param::RecipeInterface> parts;
  auto gather = dyn_cast<param::GatherAttr>(Attribute(recipe));
  if (gather && gather.getAxis() == 0)
    addIndexed(gather.getSource(), gather.getIndices(), parts);
  else
    recipe.forEachSource(
        [&](param::RecipeInterface part) { parts.push_back(part); });
  return parts;
}

/// Takes what a recipe reads when so many elements of its value are read: of
/// several sources from each its share.
void ParameterCounter::visit(
    param::RecipeInterface recipe, double elements,
    llvm::function_ref<void(WeightSource &, double)> take) {
  SmallVector<param::RecipeInterface> parts = getParts(recipe);
  double all = 0;
  for (param::RecipeInterface part : parts)
    all += countElements(part);
  if (parts.empty()) {
    WeightSource &source = sources[getKey(recipe)];
    source.key = getKey(recipe);
    source.elements = countElements(recipe);
    return take(source, std::min(elements, source.elements));
  }
  for (param::RecipeInterface part : parts) {
    double own = countElements(part);
    if (all > 0)
      visit(part, std::min(own, elements * own / all), take);
  }
}

/// What raising puts between a parameter and its product: the same elements in
/// another order, or some of them.
static Value peelMoves(Value value) {
  while (isa_and_present<tensor::ExtractSliceOp, tensor::CollapseShapeOp,
                         tensor::ExpandShapeOp, onnx::TransposeOp,
                         moe::TransposeCodesOp>(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

param::RecipeInterface ParameterCounter::getRecipe(Value value) const {
  value = peelMoves(value);
  auto load = value.getDefiningOp<param::LoadOp>();
  auto decl =
      load ? symbols.lookup<param::DeclOp>(load.getParam()) : param::DeclOp();
  return decl ? decl.getTypedRecipe() : param::RecipeInterface();
}

void ParameterCounter::addExperts(Value value, const LayerSummary &layer,
                                  double worth) {
  param::RecipeInterface recipe =
      value ? getRecipe(value) : param::RecipeInterface();
  if (!recipe)
    return;
  double share = 1;
  if (std::optional<int64_t> met = layer.getMostMet(); met && layer.numLeft > 0)
    share = double(*met) / double(layer.numLeft);
  auto type = cast<ShapedType>(value.getType());
  double read = type.hasStaticShape() ? double(type.getNumElements())
                                      : countElements(recipe);
  visit(recipe, read, [&](WeightSource &source, double elements) {
    source.met += elements * share;
    source.worth = worth;
  });
  see(value, layer);
}

/// Remembers the uses by which the layer reads a parameter.
void ParameterCounter::see(Value value, const LayerSummary &layer) {
  for (OpOperand &use : value.getUses())
    if (llvm::is_contained(layer.networks, use.getOwner()) ||
        llvm::is_contained(layer.products, use.getOwner()))
      seen.insert(&use);
  while (value != peelMoves(value)) {
    Operation *move = value.getDefiningOp();
    seen.insert(&move->getOpOperand(0));
    value = move->getOperand(0);
  }
}

void ParameterCounter::addLayer(const LayerSummary &layer) {
  for (const ProductWeights &own : layer.weights) {
    double worth = own.format ? 8.0 / double(own.format.getBits()) : 1;
    addExperts(own.weights, layer, worth);
    addExperts(own.bias, layer, 1);
    for (Value scales : own.scales)
      addExperts(scales, layer, 0);
  }
}

/// What is read elsewhere every token meets.
void ParameterCounter::addOthers() {
  module.walk([&](param::LoadOp load) {
    param::RecipeInterface recipe = getRecipe(load.getResult());
    bool isOther = llvm::any_of(
        load->getUses(), [&](OpOperand &use) { return !seen.contains(&use); });
    if (!recipe || !isOther)
      return;
    visit(
        recipe, countElements(recipe),
        [&](WeightSource &source, double elements) { source.met += elements; });
  });
}

void ParameterCounter::addLayers() {
  module.walk([&](moe::PlanOp plan) { addLayer(LayerSummary(plan)); });
}

std::vector<WeightSource> ParameterCounter::findExpertSources() {
  addLayers();
  auto found = llvm::make_second_range(sources);
  return {found.begin(), found.end()};
}

ParameterCount ParameterCounter::count(int64_t fileElements,
                                       ArrayRef<WeightSource> experts) {
  addLayers();
  addOthers();
  for (const WeightSource &source : experts)
    sources.try_emplace(
        source.key, WeightSource{source.key, source.elements, 0, source.worth});
  double total = double(fileElements), idle = 0;
  for (const auto &[key, source] : sources) {
    total += source.elements * (source.worth - 1);
    idle += (source.elements - std::min(source.elements, source.met)) *
            source.worth;
  }
  return {int64_t(std::llround(total)), int64_t(std::llround(total - idle))};
}

std::vector<WeightSource> moec::findExpertSources(ModuleOp module) {
  return ParameterCounter(module).findExpertSources();
}

ParameterCount moec::countParameters(ModuleOp module, int64_t fileElements,
                                     ArrayRef<WeightSource> experts) {
  return ParameterCounter(module).count(fileElements, experts);
}
