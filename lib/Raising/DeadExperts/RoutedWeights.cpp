//===-- RoutedWeights.cpp - the ops and weights of one routed layer -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RoutedWeights.h"

#include "../FusedLayers.h"
#include "../Routing/NewParameter.h"

#include "dialects/Param/IR/Recipes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace moec;
using namespace moec::dead;
using routing::getRecipe;
using routing::loadNewParameter;

bool RoutedWeights::fail(const Twine &reason) {
  if (miss.empty())
    miss = reason.str();
  return false;
}

RoutedWeights::RoutedWeights(moe::PlanOp plan, const SymbolTable &symbols)
    : plan(plan) {
  read(symbols);
}

int64_t RoutedWeights::getNumExperts() const {
  moe::PlanOp op = plan;
  return op.getNumSourceExperts();
}

/// Whether the plan's groups are the places of its own experts: they may have
/// become fewer.
bool RoutedWeights::areGroupsOfKind(const SymbolTable &symbols) const {
  moe::PlanOp op = plan;
  auto recipe = dyn_cast_if_present<param::DenseAttr>(
      op.getGroups() ? getRecipe(op.getGroups(), symbols)
                     : param::RecipeInterface());
  if (!recipe)
    return false;
  SmallVector<int32_t> places(getNumExperts(), -1);
  for (auto [place, expert] : llvm::enumerate(own))
    if (expert >= 0 && expert < int64_t(places.size()))
      places[expert] = int32_t(place);
  return llvm::equal(recipe.getElements().getValues<int32_t>(), places);
}

bool RoutedWeights::readExperts(const SymbolTable &symbols) {
  if (auto given = plan->getAttrOfType<DenseI64ArrayAttr>(
          moe::MoeDialect::getOwnExpertsAttrName())) {
    isKind = true;
    own.assign(given.asArrayRef().begin(), given.asArrayRef().end());
    return areGroupsOfKind(symbols) ||
           fail("its choices lead to other groups than its kinds of experts");
  }
  if (plan.getGroups())
    return fail("its choices lead to groups of experts already");
  if (ShapedType::isDynamic(getNumExperts()))
    return fail("the number of its experts is not known");
  own = llvm::to_vector(llvm::seq<int64_t>(0, getNumExperts()));
  return true;
}

bool RoutedWeights::read(const SymbolTable &symbols) {
  if (!readExperts(symbols))
    return false;
  for (Operation *user : plan.getResult(0).getUsers())
    if (!isa<moe::DispatchOp>(user) && !readProduct(user, symbols))
      return false;
  for (Operation *user : plan.getResult(2).getUsers()) {
    auto found = dyn_cast<moe::CombineOp>(user);
    if (!found || combine)
      return fail("its rows are read by another op than one combination");
    combine = found;
  }
  return (combine && (isKind || !recipes.empty())) ||
         fail("it has no product, or no combination");
}

/// The operands of a product which are weights of its experts.
bool RoutedWeights::readProduct(Operation *op, const SymbolTable &symbols) {
  SmallVector<Value> others;
  if (auto network = dyn_cast<moe::ExpertFfnOp>(op))
    others = {network.getX(), network.getRows(), network.getOffsets(),
              network.getInit()};
  else if (auto product = dyn_cast<moe::GroupedMatmulOp>(op);
           product && product.getOffsets())
    others = {product.getX(), product.getRows(), product.getOffsets(),
              product.getInit()};
  else
    return fail("'" + op->getName().getStringRef() + "' reads its groups");
  for (OpOperand &operand : op->getOpOperands()) {
    if (llvm::is_contained(others, operand.get()))
      continue;
    param::RecipeInterface recipe = getRecipe(operand.get(), symbols);
    if (!recipe || !recipe.getResultType() ||
        recipe.getResultType().getDimSize(0) != int64_t(own.size()))
      return fail("weights of its experts are not known before the run");
    weights.push_back(&operand);
    recipes.push_back(recipe);
  }
  return true;
}

static Value peelCasts(Value value) {
  while (auto cast = value.getDefiningOp<tensor::CastOp>())
    value = cast.getSource();
  return value;
}

moe::RouteOp RoutedWeights::getRoute() const {
  moe::PlanOp op = plan;
  Value ids = peelCasts(op.getIds());
  if (auto reweigh = ids.getDefiningOp<moe::ReweighOp>())
    ids = peelCasts(reweigh.getIds());
  return ids.getDefiningOp<moe::RouteOp>();
}

bool RoutedWeights::areWeightsOfRoute() const {
  moe::RouteOp route = getRoute();
  moe::CombineOp op = combine;
  return route && peelCasts(op.getWeights()) == route.getResult(0);
}

std::string RoutedWeights::getName() const {
  moe::PlanOp op = plan;
  return getLayerName(op);
}

/// What makes all weights zero where it is: the weights, or of codes the
/// scales, of which each expert has some of one kind at least.
static Value getFactor(moe::WeightFormat format, Value weights, Value scales,
                       Value globalScales) {
  if (!format)
    return weights;
  return scales ? scales : globalScales;
}

SmallVector<param::RecipeInterface>
RoutedWeights::getLastRecipes(const SymbolTable &symbols) const {
  SmallVector<Value> values;
  moe::CombineOp op = combine;
  Operation *last = op.getY().getDefiningOp();
  if (auto network = dyn_cast_if_present<moe::ExpertFfnOp>(last))
    values = {getFactor(network.getFormat2(), network.getW2(),
                        network.getScales2(), network.getGlobalScales2()),
              network.getBias2()};
  else if (auto product = dyn_cast_if_present<moe::GroupedMatmulOp>(last))
    values = {getFactor(product.getQuant().value_or(nullptr),
                        product.getWeights(), product.getScales(),
                        product.getGlobalScales()),
              product.getBias()};
  SmallVector<param::RecipeInterface> found;
  for (Value value : values)
    if (value)
      found.push_back(getRecipe(value, symbols));
  return found;
}

std::optional<std::pair<IntegerCodes, param::RecipeInterface>>
RoutedWeights::getLastCodes(const SymbolTable &symbols) const {
  auto read = [&](moe::WeightFormat format, Value codes, Value scales,
                  Value zeroPoints, Value bias) {
    auto recipe = [&](Value value) {
      return value ? getRecipe(value, symbols) : param::RecipeInterface();
    };
    return std::pair(IntegerCodes{cast<moe::QuantAttr>(format), recipe(codes),
                                  recipe(scales), recipe(zeroPoints)},
                     recipe(bias));
  };
  moe::CombineOp op = combine;
  Operation *last = op.getY().getDefiningOp();
  if (auto network = dyn_cast_if_present<moe::ExpertFfnOp>(last);
      network && isa_and_present<moe::QuantAttr>(network.getFormat2()))
    return read(network.getFormat2(), network.getW2(), network.getScales2(),
                network.getZeroPoints2(), network.getBias2());
  auto product = dyn_cast_if_present<moe::GroupedMatmulOp>(last);
  if (product &&
      isa_and_present<moe::QuantAttr>(product.getQuant().value_or(nullptr)))
    return read(*product.getQuant(), product.getWeights(), product.getScales(),
                product.getZeroPoints(), product.getBias());
  return std::nullopt;
}

SmallVector<Value> RoutedWeights::getInputs() const {
  SmallVector<Value> inputs;
  moe::PlanOp op = plan;
  for (Operation *user : op.getResult(0).getUsers()) {
    if (auto network = dyn_cast<moe::ExpertFfnOp>(user))
      inputs.push_back(network.getX());
    else if (auto product = dyn_cast<moe::GroupedMatmulOp>(user);
             product && product.getRows())
      inputs.push_back(product.getX());
    else if (auto dispatch = dyn_cast<moe::DispatchOp>(user))
      inputs.push_back(dispatch.getX());
  }
  return inputs;
}

int64_t RoutedWeights::countParameters() const {
  int64_t count = 0;
  for (param::RecipeInterface recipe : recipes)
    count += recipe.getResultType().getNumElements() / int64_t(own.size());
  return count;
}

Value RoutedWeights::loadGroups(OpBuilder &builder, ArrayRef<int32_t> groups,
                                SymbolTable &symbols) {
  auto type =
      RankedTensorType::get(int64_t(groups.size()), builder.getI32Type());
  param::RecipeInterface recipe =
      param::makeDense(DenseElementsAttr::get(type, groups));
  return loadNewParameter(builder, plan.getLoc(), symbols,
                          weights.front()->get(), recipe, "groups");
}

void RoutedWeights::keep(ArrayRef<int64_t> kept, ArrayRef<int32_t> groups,
                         SymbolTable &symbols) {
  OpBuilder builder(plan);
  Location loc = plan.getLoc();
  for (auto [operand, recipe] : llvm::zip(weights, recipes)) {
    builder.setInsertionPoint(operand->getOwner());
    operand->set(loadNewParameter(builder, loc, symbols, operand->get(),
                                  param::makeGather(recipe, 0, kept), "kept"));
  }
  builder.setInsertionPoint(plan);
  Value offsets = tensor::EmptyOp::create(
      builder, loc, ArrayRef<int64_t>{int64_t(kept.size()) + 1},
      builder.getI32Type());
  auto made = moe::PlanOp::create(
      builder, loc,
      TypeRange{offsets.getType(), plan.getResult(1).getType(),
                plan.getResult(2).getType()},
      plan.getIds(), loadGroups(builder, groups, symbols), offsets,
      plan.getRowsInit(), plan.getInverseInit());
  made->setDiscardableAttrs(plan->getDiscardableAttrDictionary());
  plan->replaceAllUsesWith(made);
  plan->erase();
  plan = made;
}
