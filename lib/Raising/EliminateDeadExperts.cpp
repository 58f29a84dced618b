//===-- EliminateDeadExperts.cpp - experts that change nothing go ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Raising/LayerSummary.h"
#include "moec/Raising/Passes.h"

#include "DeadExperts/ExpertWeights.h"
#include "DeadExperts/LayerVerdict.h"
#include "DeadExperts/ProfiledRoute.h"
#include "DeadExperts/RoutedWeights.h"
#include "DeadExperts/ScoreReader.h"
#include "DeadExperts/Unreachable.h"
#include "FusedLayers.h"

#include "moec/Parameters/FileValues.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

#include <cmath>

#define DEBUG_TYPE "moe-eliminate-dead-experts"

namespace moec {
#define GEN_PASS_DEF_ELIMINATEDEADEXPERTS
#include "moec/Raising/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;
using namespace moec::dead;

namespace {
/// The experts of one layer, by kind.
using Kinds = SmallVector<RoutedWeights, 1>;

struct EliminateDeadExperts
    : moec::impl::EliminateDeadExpertsBase<EliminateDeadExperts> {
  using EliminateDeadExpertsBase::EliminateDeadExpertsBase;

  LogicalResult initialize(MLIRContext *context) override {
    if (!model.empty())
      useFileValues(*context, model);
    return success();
  }

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main)
      return;
    SymbolTable symbols(getOperation());
    SmallVector<moe::PlanOp> plans(main.getOps<moe::PlanOp>());
    if (!expertProfile.empty() && failed(readProfile(plans)))
      return signalPassFailure();
    bool isChanged = false;
    for (ArrayRef<moe::PlanOp> layer : groupByLayer(plans))
      isChanged |= eliminate(layer, symbols);
    if (!isChanged)
      markAllAnalysesPreserved();
  }

private:
  /// Reads the profile; all its layers must be layers of the model.
  LogicalResult readProfile(SmallVectorImpl<moe::PlanOp> &plans) {
    llvm::Expected<ExpertProfile> read = ExpertProfile::read(expertProfile);
    if (!read)
      return getOperation().emitError(llvm::toString(read.takeError()));
    profile = std::move(*read);
    for (const auto &[name, layer] : profile->getLayers()) {
      auto *found =
          llvm::find_if(plans, [&, name = StringRef(name)](auto plan) {
            return getLayerName(plan) == name;
          });
      if (found == plans.end())
        return getOperation().emitError()
               << "the expert profile '" << expertProfile << "' has a layer '"
               << name
               << "', which is none of the model's routed layers; make the "
                  "profile with a library of this model";
      if (int64_t experts = (*found).getNumSourceExperts();
          experts != int64_t(layer.share.size()))
        return found->emitError()
               << "the expert profile '" << expertProfile << "' has "
               << layer.share.size() << " experts for the layer '" << name
               << "', which has " << experts
               << "; make the profile with a library of this model";
    }
    return success();
  }

  /// The plans of each layer: one for each kind of its experts.
  static std::vector<SmallVector<moe::PlanOp, 1>>
  groupByLayer(ArrayRef<moe::PlanOp> plans) {
    std::vector<SmallVector<moe::PlanOp, 1>> layers;
    for (moe::PlanOp plan : plans) {
      auto found = llvm::find_if(layers, [&](const auto &layer) {
        return areOfOneLayer(layer.front(), plan);
      });
      if (found != layers.end())
        found->push_back(plan);
      else
        layers.push_back({plan});
    }
    return layers;
  }

  bool eliminate(ArrayRef<moe::PlanOp> plans, SymbolTable &symbols) {
    Kinds kinds;
    for (moe::PlanOp plan : plans) {
      kinds.emplace_back(plan, symbols);
      if (!kinds.back().getMiss().empty())
        return miss(plan, kinds.back().getMiss());
    }
    // The table of groups is a small constant.
    constexpr int64_t kMaxExperts = 1024;
    int64_t experts = kinds.front().getNumExperts();
    if (experts > kMaxExperts)
      return miss(plans.front(),
                  "it has more experts than a table of groups holds");
    LayerVerdict verdict(experts);
    Value routerInput;
    std::string reason = findUnchosen(kinds, symbols, verdict, routerInput);
    for (RoutedWeights &kind : kinds) {
      if (!keepNan)
        findZero(kind, symbols, verdict, routerInput);
      findDuplicates(kind, verdict);
    }
    if (verdict.isEmpty())
      return miss(plans.front(), reason);
    apply(kinds, symbols, verdict);
    return true;
  }

  param::ValueSource *getValues() {
    return getContext()
        .getOrLoadDialect<param::ParamDialect>()
        ->getValueSource();
  }

  /// Masked and unreachable experts; why there is none. `routerInput` becomes
  /// what the router's product reads, if it is known.
  std::string findUnchosen(ArrayRef<RoutedWeights> kinds, SymbolTable &symbols,
                           LayerVerdict &verdict, Value &routerInput) {
    const RoutedWeights &layer = kinds.front();
    moe::RouteOp route = layer.getRoute();
    if (!route) {
      dropByProfile(layer, {}, symbols, verdict);
      return "its router is made of ordinary nodes";
    }
    bool areWeightsOfRoute = llvm::all_of(kinds, [](const RoutedWeights &kind) {
      return kind.areWeightsOfRoute();
    });
    // Of a row of NaN the choice is any, and the weights alone say so.
    if (route.getPropagateNan() && !areWeightsOfRoute)
      return "its weights are not those of its router, and a row of NaN may "
             "choose any expert";
    ScoreReader reader(route);
    std::optional<RouterNumbers> numbers = reader.read();
    routerInput = reader.getInput();
    warnOfFalseMasks(route, reader.getFalseMasks());
    if (!numbers) {
      dropByProfile(layer, {}, symbols, verdict);
      return reader.getMiss().str();
    }
    std::vector<Proof> proofs = findUnreachable(*numbers);
    // That a weight is zero says nothing of one from elsewhere, nor of NaN.
    if (keepNan || !areWeightsOfRoute)
      llvm::erase_if(proofs,
                     [](const Proof &proof) { return proof.beatenBy.empty(); });
    // Who lost only to some that are gone may be chosen now, and be too rare.
    while (dropByProfile(layer, proofs, symbols, verdict))
      if (!keepProven(route, proofs))
        break;
    for (const Proof &proof : proofs)
      bury(verdict, proof, numbers->input);
    if (!proofs.empty())
      return "";
    if (!reader.getMiss().empty())
      return reader.getMiss().str();
    return "no expert is certain to lose to as many others as are chosen";
  }

  /// Takes experts out of the selection; whether there are any.
  bool dropByProfile(const RoutedWeights &layer, ArrayRef<Proof> proofs,
                     SymbolTable &symbols, LayerVerdict &verdict) {
    const LayerProfile *seen =
        profile ? profile->lookup(layer.getName()) : nullptr;
    if (!seen)
      return false;
    ProfiledRoute route(layer.getRoute());
    if (!route.getMiss().empty())
      return miss(layer.getPlan(),
                  "the profile drops none of them: " + route.getMiss());
    std::vector<bool> unchosen = verdict.getDead();
    for (const Proof &proof : proofs)
      unchosen[proof.expert] = true;
    SmallVector<int64_t> experts = route.choose(*seen, dropBelow, unchosen);
    if (experts.empty()) {
      if (verdict.isEmpty())
        miss(layer.getPlan(),
             seen->getBelow(dropBelow).empty()
                 ? "the profile saw each often enough"
                 : "the profile drops none of them: as many must stay as are "
                   "chosen");
      return false;
    }
    route.mask(experts, symbols);
    Builder b(&getContext());
    for (int64_t e : experts) {
      SmallVector<NamedAttribute> entry = {
          b.getNamedAttr("share", b.getF64FloatAttr(seen->share[e]))};
      if (!seen->weightShare.empty())
        entry.push_back(b.getNamedAttr(
            "weight_share", b.getF64FloatAttr(seen->weightShare[e])));
      verdict.bury(b, e, "profile", entry);
      ++numProfiled;
    }
    return true;
  }

  /// Leaves out experts that lost only to some that are gone now; whether there
  /// are any.
  static bool keepProven(moe::RouteOp route, std::vector<Proof> &proofs) {
    size_t before = proofs.size();
    std::optional<RouterNumbers> numbers = ScoreReader(route).read();
    std::vector<Proof> now =
        numbers ? findUnreachable(*numbers) : std::vector<Proof>();
    llvm::erase_if(proofs, [&](const Proof &proof) {
      return llvm::none_of(now, [&](const Proof &still) {
        return still.expert == proof.expert;
      });
    });
    return proofs.size() < before;
  }

  void bury(LayerVerdict &verdict, const Proof &proof,
            const InputBound &input) {
    Builder b(&getContext());
    SmallVector<Attribute> margins, beatenBy;
    for (auto [expert, margin] : llvm::zip(proof.beatenBy, proof.margins)) {
      beatenBy.push_back(b.getI64IntegerAttr(expert));
      margins.push_back(std::isinf(margin) ? Attribute(b.getUnitAttr())
                                           : b.getF64FloatAttr(margin));
    }
    SmallVector<NamedAttribute> certificate = {
        b.getNamedAttr("bound", b.getStringAttr(stringifyBound(input.kind))),
        b.getNamedAttr("radius", b.getF64FloatAttr(input.radius)),
        b.getNamedAttr("half_width", b.getF64FloatAttr(input.halfWidth)),
        b.getNamedAttr("beaten_by", b.getArrayAttr(beatenBy)),
        b.getNamedAttr("margins", b.getArrayAttr(margins))};
    if (verdict.bury(b, proof.expert, proof.isMasked ? "masked" : "unreachable",
                     certificate))
      ++(proof.isMasked ? numMasked : numUnreachable);
  }

  static void warnOfFalseMasks(moe::RouteOp route, ArrayRef<int64_t> experts) {
    for (int64_t expert : experts)
      emitWarning(route.getLoc())
          << "the router's row of expert " << expert
          << " is one large negative number, which is no mask: it wins "
             "wherever the sum of the input is negative; add a bias of -inf to "
             "its score to mask it";
  }

  void findZero(RoutedWeights &layer, const SymbolTable &symbols,
                LayerVerdict &verdict, Value routerInput) {
    SmallVector<param::RecipeInterface> recipes = layer.getLastRecipes(symbols);
    if (recipes.empty() || !getValues()) {
      LDBG() << layer.getName() << ": no last product whose weights are known";
      return;
    }
    if (!keepsNan(layer, routerInput)) {
      LDBG() << layer.getName() << ": its router may not see an expert's NaN";
      return;
    }
    Builder b(&getContext());
    ExpertWeights last(*getValues(), recipes);
    for (auto [place, e] : llvm::enumerate(layer.getOwn()))
      if (verdict.isAlive(e) &&
          (last.isZero(int64_t(place)) ||
           areCodesZero(layer, symbols, int64_t(place))) &&
          verdict.bury(b, e, "zero"))
        ++numZero;
  }

  /// Whether codes alone make the last product zero, and its bias is, too.
  bool areCodesZero(const RoutedWeights &layer, const SymbolTable &symbols,
                    int64_t expert) {
    auto last = layer.getLastCodes(symbols);
    if (!last)
      return false;
    auto &[codes, bias] = *last;
    return (!bias || ExpertWeights(*getValues(), bias).isZero(expert)) &&
           ZeroCodes(*getValues(), codes).isZero(expert);
  }

  /// Whether a row in which an expert would read NaN, and make NaN of its
  /// zeros, has no weight that is a number.
  static bool keepsNan(const RoutedWeights &layer, Value routerInput) {
    return routerInput && layer.areWeightsOfRoute() &&
           llvm::all_of(layer.getInputs(), [&](Value input) {
             return carriesNan(input, routerInput);
           });
  }

  void findDuplicates(RoutedWeights &layer, LayerVerdict &verdict) {
    if (!getValues()) {
      LDBG() << layer.getName() << ": nothing can read its weights";
      return;
    }
    // Experts without weights cost nothing.
    if (layer.getRecipes().empty())
      return;
    Builder b(&getContext());
    ExpertWeights all(*getValues(), layer.getRecipes());
    ArrayRef<int64_t> own = layer.getOwn();
    std::vector<bool> isDead;
    for (int64_t e : own)
      isDead.push_back(!verdict.isAlive(e));
    for (auto [place, first] : llvm::enumerate(all.findFirstEqual(isDead))) {
      if (first == int64_t(place))
        continue;
      verdict.bury(b, own[place], "duplicate",
                   b.getNamedAttr("of", b.getI64IntegerAttr(own[first])));
      verdict.share(own[place], own[first]);
      ++numDuplicates;
    }
  }

  void apply(MutableArrayRef<RoutedWeights> kinds, SymbolTable &symbols,
             const LayerVerdict &verdict) {
    Builder b(&getContext());
    RoutedWeights &first = kinds.front();
    moe::RouteOp route = first.getRoute();
    int64_t removed = 0, parameters = 0;
    // Those of no kind are listed beside the first one's.
    auto listed = llvm::to_vector(llvm::seq<int64_t>(0, first.getNumExperts()));
    for (RoutedWeights &kind : llvm::drop_begin(kinds))
      llvm::erase_if(listed, [&](int64_t e) {
        return llvm::is_contained(kind.getOwn(), e);
      });
    for (RoutedWeights &kind : kinds) {
      ArrayRef<int64_t> own = kind.getOwn();
      if (!kind.getRecipes().empty() && verdict.hasDead(own)) {
        LayerVerdict::Left left = verdict.getLeft(own);
        int64_t fewer = int64_t(own.size()) - int64_t(left.places.size());
        removed += fewer;
        parameters += fewer * kind.countParameters();
        kind.keep(left.places, left.groups, symbols);
        // A router that does not propagate NaN drops the choices of such a row.
        if (verdict.hasGaps() && (!route || route.getPropagateNan()))
          kind.getCombine().setPropagateNan(true);
      }
      ArrayAttr entries =
          verdict.getEntries(b, &kind == &first ? ArrayRef(listed) : own);
      if (!entries.empty())
        kind.getPlan()->setAttr(moe::MoeDialect::getDeadExpertsAttrName(),
                                entries);
    }
    remark::passed(first.getPlan().getLoc(),
                   remark::RemarkOpts::name("RemovedExperts")
                       .category("moe-eliminate-dead-experts"))
        << remark::add("removed {0} of the {1} experts of '{2}': {3}; {4} "
                       "parameters fewer",
                       removed, first.getNumExperts(), first.getName(),
                       verdict.describe(), parameters);
  }

  static bool miss(moe::PlanOp plan, const Twine &reason) {
    remark::missed(plan.getLoc(), remark::RemarkOpts::name("NoDeadExperts")
                                      .category("moe-eliminate-dead-experts"))
        << remark::add("kept all experts of '{0}': {1}", getLayerName(plan),
                       reason.str());
    return false;
  }

  std::optional<ExpertProfile> profile;
};
} // namespace
