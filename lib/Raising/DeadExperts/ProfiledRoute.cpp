//===-- ProfiledRoute.cpp - experts that a profile hardly ever saw --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProfiledRoute.h"

#include "../Routing/NewParameter.h"
#include "ScoreReader.h"
#include "moec/Raising/LayerSummary.h"

#include "dialects/Param/IR/Recipes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <limits>

using namespace mlir;
using namespace moec;
using namespace moec::dead;

bool ProfiledRoute::fail(const Twine &reason) {
  miss = reason.str();
  return false;
}

ProfiledRoute::ProfiledRoute(moe::RouteOp route) : route(route) { read(); }

/// Whether nobody else reads what one layer chooses, which must stay then; a
/// layer has a plan for each kind of its experts.
bool ProfiledRoute::isOfOneLayer() {
  SmallVector<Operation *> readers;
  for (Operation *user : route.getResult(1).getUsers())
    if (!isa<tensor::DimOp>(user))
      readers.push_back(user);
  if (readers.size() == 1)
    return true;
  auto first =
      readers.empty() ? moe::PlanOp() : dyn_cast<moe::PlanOp>(readers.front());
  return first && llvm::all_of(readers, [&](Operation *reader) {
           auto plan = dyn_cast<moe::PlanOp>(reader);
           return plan && areOfOneLayer(first, plan);
         });
}

bool ProfiledRoute::read() {
  if (!route)
    return fail("its router is made of ordinary nodes");
  experts = cast<ShapedType>(route.getScores().getType()).getDimSize(1);
  if (route.getScore() == moe::ScoreFunction::SparseMixer)
    return fail("a sparse mixer has no selection to mask");
  if (!isOfOneLayer())
    return fail("another op reads what its router chooses");
  bias.assign(experts, 0.0f);
  if (Value selection = route.getSelectionBias()) {
    std::optional<std::vector<double>> numbers = readFloats(selection, experts);
    if (!numbers)
      return fail("the selection bias is not known before the run");
    bias.assign(numbers->begin(), numbers->end());
  }
  return isFillBelowKeys() ||
         fail("its groups fill keys with a number that others may be below");
}

/// Whether an expert that is masked, and gets the fill of its group again, is
/// still behind those that stay.
bool ProfiledRoute::isFillBelowKeys() const {
  moe::RouteOp op = route;
  double fill = op.getGroupFill().convertToDouble();
  if (op.getGroups() == 1 || fill == -std::numeric_limits<double>::infinity())
    return true;
  bool isProbability = op.getScore() == moe::ScoreFunction::SoftmaxAll ||
                       op.getScore() == moe::ScoreFunction::Sigmoid;
  return isProbability &&
         llvm::all_of(bias, [&](float number) { return number >= fill; });
}

/// Whether a token still has as many to choose from as are chosen, whichever
/// groups stay.
bool ProfiledRoute::leavesEnough(const std::vector<bool> &isGone) const {
  moe::RouteOp op = route;
  int64_t groups = op.getGroups(), size = experts / groups;
  SmallVector<int64_t> left(groups, 0);
  for (int64_t e = 0; e < experts; ++e)
    left[e / size] += !isGone[e];
  llvm::sort(left);
  int64_t least = 0;
  for (int64_t group = 0; group < int64_t(op.getGroupsKept()); ++group)
    least += left[group];
  return least >= cast<ShapedType>(op.getIdsInit().getType()).getDimSize(1);
}

SmallVector<int64_t>
ProfiledRoute::choose(const LayerProfile &profile, double least,
                      const std::vector<bool> &unchosen) const {
  SmallVector<int64_t> candidates = profile.getBelow(least), chosen;
  llvm::stable_sort(candidates, [&](int64_t a, int64_t b) {
    return profile.share[a] < profile.share[b];
  });
  std::vector<bool> isGone = unchosen;
  for (int64_t e : candidates) {
    if (isGone[e])
      continue;
    isGone[e] = true;
    if (leavesEnough(isGone))
      chosen.push_back(e);
    else
      isGone[e] = false;
  }
  return chosen;
}

void ProfiledRoute::mask(ArrayRef<int64_t> masked, SymbolTable &symbols) {
  for (int64_t e : masked)
    bias[e] = -std::numeric_limits<float>::infinity();
  OpBuilder builder(route);
  auto type = RankedTensorType::get(experts, builder.getF32Type());
  param::RecipeInterface recipe =
      param::makeDense(DenseElementsAttr::get(type, ArrayRef(bias)));
  Value base = route.getSelectionBias() ? Value(route.getSelectionBias())
                                        : Value(route.getScores());
  route.getSelectionBiasMutable().assign(routing::loadNewParameter(
      builder, route.getLoc(), symbols, base, recipe, "selection"));
}
