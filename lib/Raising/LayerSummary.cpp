//===-- LayerSummary.cpp - what a routed layer is and costs --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Raising/LayerSummary.h"

#include "dialects/Param/IR/Param.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <set>

using namespace mlir;
using namespace moec;

static ShapedType getType(Value value) {
  return cast<ShapedType>(value.getType());
}

static std::string getText(Operation *op, StringRef attribute) {
  auto text = op ? op->getAttrOfType<StringAttr>(attribute) : StringAttr();
  return text ? text.str() : "";
}

//===-- What belongs to it ------------------------------------------------===//

/// Ops of this type that read the value.
template <typename OpTy> static SmallVector<OpTy> getReaders(Value value) {
  SmallVector<OpTy> readers;
  for (Operation *user : value.getUsers())
    if (auto op = dyn_cast<OpTy>(user))
      readers.push_back(op);
  // Users are listed from the last to the first.
  std::reverse(readers.begin(), readers.end());
  return readers;
}

static void addWeights(LayerSummary &layer, Value weights, Value bias,
                       ArrayRef<Value> scales, moe::WeightFormat format) {
  if (!weights)
    return;
  ProductWeights own{weights, bias, {}, format};
  llvm::copy_if(scales, std::back_inserter(own.scales),
                [](Value value) { return bool(value); });
  layer.weights.push_back(std::move(own));
}

/// What the weights of one product cost; nothing where an extent is open.
static std::optional<ExpertCosts> getCosts(const ProductWeights &own) {
  ExpertCosts costs;
  SmallVector<Value> stored = {own.weights, own.bias};
  llvm::append_range(stored, own.scales);
  for (Value value : stored) {
    if (!value)
      continue;
    std::optional<int64_t> bytes;
    if (getType(value).hasStaticShape())
      bytes = param::getStorageBytes(getType(value));
    if (!bytes)
      return std::nullopt;
    costs.bytes += *bytes;
  }
  int64_t weights = getType(own.weights).getNumElements();
  if (own.format)
    weights = own.format.getRowElements(weights);
  int64_t biases = own.bias ? getType(own.bias).getNumElements() : 0;
  costs.parameters = weights + biases;
  costs.flops = 2 * weights + biases;
  return costs;
}

static ExpertCosts multiply(const ExpertCosts &costs, int64_t count) {
  return {costs.parameters * count, costs.flops * count, costs.bytes * count};
}

static void add(ExpertCosts &sum, const ExpertCosts &costs) {
  sum.parameters += costs.parameters;
  sum.flops += costs.flops;
  sum.bytes += costs.bytes;
}

static std::optional<ExpertCosts> sumUp(ArrayRef<ProductWeights> weights) {
  ExpertCosts sum;
  for (const ProductWeights &own : weights) {
    std::optional<ExpertCosts> costs = getCosts(own);
    if (!costs)
      return std::nullopt;
    add(sum, *costs);
  }
  return sum;
}

LayerSummary::LayerSummary(moe::PlanOp plan) : plan(plan) {
  Value offsets = plan.getResult(0);
  Value ids = plan.getIds();
  if (auto reweigh = ids.getDefiningOp<moe::ReweighOp>())
    ids = reweigh.getIds();
  route = ids.getDefiningOp<moe::RouteOp>();
  SmallVector<moe::CombineOp> combines =
      getReaders<moe::CombineOp>(plan.getResult(2));
  if (!combines.empty())
    combine = combines.front();
  networks = getReaders<moe::ExpertFfnOp>(offsets);
  products = getReaders<moe::GroupedMatmulOp>(offsets);
  for (moe::ExpertFfnOp op : networks) {
    addWeights(*this, op.getW1(), op.getBias1(),
               {op.getScales1(), op.getZeroPoints1(), op.getGlobalScales1()},
               op.getQuant().value_or(nullptr));
    addWeights(*this, op.getW2(), op.getBias2(),
               {op.getScales2(), op.getZeroPoints2(), op.getGlobalScales2()},
               op.getFormat2());
    addWeights(*this, op.getW3(), op.getBias3(),
               {op.getScales3(), op.getZeroPoints3(), op.getGlobalScales3()},
               op.getFormat3());
  }
  for (moe::GroupedMatmulOp op : products)
    addWeights(*this, op.getWeights(), op.getBias(),
               {op.getScales(), op.getZeroPoints(), op.getGlobalScales()},
               op.getQuant().value_or(nullptr));

  auto own = plan->getAttrOfType<DenseI64ArrayAttr>(
      moe::MoeDialect::getOwnExpertsAttrName());
  numExperts = own ? own.size() : plan.getNumSourceExperts();
  numLeft = getType(offsets).getDimSize(0) - 1;
  int64_t choices = getType(plan.getIds()).getDimSize(1);
  if (!ShapedType::isDynamic(choices))
    topK = choices;
  // Every expert has as many as the others.
  std::optional<ExpertCosts> all = sumUp(weights);
  if (all && numLeft > 0)
    each = {all->parameters / numLeft, all->flops / numLeft,
            all->bytes / numLeft};
}

/// Whether every choice leads nowhere. One expert is stored all the same.
static bool isAllDead(moe::PlanOp plan, int64_t numExperts) {
  auto dead =
      plan->getAttrOfType<ArrayAttr>(moe::MoeDialect::getDeadExpertsAttrName());
  auto own = plan->getAttrOfType<DenseI64ArrayAttr>(
      moe::MoeDialect::getOwnExpertsAttrName());
  // Beside those of a kind may be some of none.
  return dead && llvm::count_if(dead, [&](Attribute entry) {
                   auto expert =
                       cast<DictionaryAttr>(entry).getAs<IntegerAttr>("expert");
                   return !own ||
                          llvm::is_contained(own.asArrayRef(), expert.getInt());
                 }) == numExperts;
}

std::optional<int64_t> LayerSummary::getMostMet() const {
  if (!topK)
    return std::nullopt;
  return isAllDead(plan, numExperts) ? 0 : std::min(*topK, numLeft);
}

//===-- What it is --------------------------------------------------------===//

std::string LayerSummary::getName() const {
  return getText(plan, moe::MoeDialect::getLayerAttrName());
}

std::string LayerSummary::getRaisedFrom() const {
  StringRef attribute = moe::MoeDialect::getRaisedFromAttrName();
  std::string from = getText(combine, attribute);
  for (moe::ExpertFfnOp network : networks)
    if (from.empty())
      from = getText(network, attribute);
  return from;
}

static std::optional<int64_t> getStatic(int64_t extent) {
  return ShapedType::isDynamic(extent) ? std::nullopt : std::optional(extent);
}

std::optional<int64_t> LayerSummary::getHidden() const {
  moe::CombineOp op = combine;
  return op ? getStatic(getType(op.getInit()).getDimSize(1)) : std::nullopt;
}

/// Whether a value on rows of a layer is made of the result of a product.
static bool isMadeOfProduct(Value value) {
  llvm::SetVector<Operation *> seen;
  auto add = [&](Value operand) {
    if (Operation *def = operand.getDefiningOp())
      seen.insert(def);
  };
  add(value);
  for (size_t i = 0; i < seen.size(); ++i) {
    Operation *op = seen[i];
    if (isa<moe::GroupedMatmulOp, moe::ExpertFfnOp>(op))
      return true;
    // Rows begin at a dispatch.
    if (isa<moe::DispatchOp>(op))
      continue;
    for (Value operand : op->getOperands())
      add(operand);
  }
  return false;
}

std::optional<int64_t> LayerSummary::getIntermediate() const {
  std::set<int64_t> depths;
  for (moe::ExpertFfnOp network : networks) {
    int64_t depth = getType(network.getW2()).getDimSize(2);
    moe::WeightFormat format = network.getFormat2();
    bool isPacked = format && !ShapedType::isDynamic(depth);
    depths.insert(isPacked ? format.getRowElements(depth) : depth);
  }
  for (moe::GroupedMatmulOp product : products)
    if (isMadeOfProduct(product.getX()))
      depths.insert(getType(product.getX()).getDimSize(1));
  return depths.size() == 1 ? getStatic(*depths.begin()) : std::nullopt;
}

std::string LayerSummary::getActivation() const {
  std::set<moe::ActivationKind> kinds;
  for (moe::ExpertFfnOp network : networks)
    kinds.insert(network.getActivation().getKind());
  for (moe::GroupedMatmulOp product : products)
    if (product.getActivation().getKind() != moe::ActivationKind::Identity)
      kinds.insert(product.getActivation().getKind());
  return kinds.size() == 1 ? moe::stringifyActivationKind(*kinds.begin()).str()
                           : "";
}

static std::string getStorage(const ProductWeights &own) {
  if (own.format)
    return own.format.describe();
  std::string text;
  llvm::raw_string_ostream(text) << getType(own.weights).getElementType();
  return text;
}

std::set<std::string> LayerSummary::getStorage() const {
  std::set<std::string> kinds;
  for (const ProductWeights &own : weights)
    kinds.insert(::getStorage(own));
  return kinds;
}

//===-- Experts of all kinds ----------------------------------------------===//

bool moec::areOfOneLayer(moe::PlanOp a, moe::PlanOp b) {
  StringRef own = moe::MoeDialect::getOwnExpertsAttrName();
  StringRef layer = moe::MoeDialect::getLayerAttrName();
  return a->hasAttr(own) && b->hasAttr(own) &&
         a->getAttr(layer) == b->getAttr(layer) && a.getIds() == b.getIds();
}

std::vector<LayerKinds> moec::summarizeLayers(ModuleOp module) {
  std::vector<LayerKinds> layers;
  module.walk([&](moe::PlanOp plan) {
    LayerSummary kind(plan);
    auto found = llvm::find_if(layers, [&](const LayerKinds &layer) {
      return areOfOneLayer(layer.front().plan, plan);
    });
    if (found != layers.end())
      found->push_back(std::move(kind));
    else
      layers.push_back({std::move(kind)});
  });
  llvm::erase_if(layers, [](const LayerKinds &layer) {
    return llvm::all_of(
        layer, [](const LayerSummary &kind) { return kind.weights.empty(); });
  });
  return layers;
}

/// Of a token that chooses the most costly experts of all kinds.
static std::optional<ExpertCosts> getMostRouted(ArrayRef<LayerSummary> kinds) {
  SmallVector<const LayerSummary *> order;
  for (const LayerSummary &kind : kinds)
    order.push_back(&kind);
  llvm::stable_sort(order, [](const LayerSummary *a, const LayerSummary *b) {
    return a->each->bytes > b->each->bytes;
  });
  std::optional<int64_t> left = kinds.front().topK;
  if (!left)
    return std::nullopt;
  ExpertCosts sum;
  for (const LayerSummary *kind : order) {
    int64_t met = std::min(*left, *kind->getMostMet());
    add(sum, multiply(*kind->each, met));
    *left -= met;
  }
  return sum;
}

std::optional<LayerCosts> moec::getCosts(ArrayRef<LayerSummary> kinds) {
  LayerCosts costs;
  for (const LayerSummary &kind : kinds) {
    if (!kind.each)
      return std::nullopt;
    add(costs.stored, multiply(*kind.each, kind.numLeft));
    add(costs.dense, multiply(*kind.each, kind.numExperts));
  }
  costs.routed = getMostRouted(kinds);
  return costs;
}

void moec::reportCosts(ArrayRef<LayerSummary> kinds,
                       remark::detail::InFlightRemark &remark) {
  std::optional<LayerCosts> costs = getCosts(kinds);
  if (!costs || !costs->routed)
    return;
  const ExpertCosts &routed = *costs->routed, &dense = costs->dense;
  remark << remark::metric("Parameters", costs->stored.parameters)
         << remark::metric("ParametersOfToken", routed.parameters)
         << remark::metric("FlopsOfToken", routed.flops)
         << remark::metric("FlopsSaved", dense.flops - routed.flops)
         << remark::metric("BytesOfToken", routed.bytes)
         << remark::metric("BytesSaved", dense.bytes - routed.bytes);
}
