//===-- EliminateDeadExperts.cpp - experts that change nothing go ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Raising/LayerSummary.h"
#include "moec/Raising/Passes.h"

#include "DeadExperts/ExpertWeights.h"
#include "DeadExperts/ProfiledRoute.h"
#include "DeadExperts/RoutedWeights.h"
#include "DeadExperts/ScoreReader.h"
#include "DeadExperts/Unreachable.h"
#include "FusedLayers.h"

#include "moec/Parameters/FileValues.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/StringExtras.h"
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
/// The experts of one layer, and what has been found of each.
class LayerVerdict {
public:
  explicit LayerVerdict(int64_t experts)
      : isDead(experts, false), groups(experts, -1) {}

  bool isAlive(int64_t expert) const { return !isDead[expert]; }
  const std::vector<bool> &getDead() const { return isDead; }

  /// Records that an expert is dead; false where it was already.
  bool bury(Builder &builder, int64_t expert, StringRef cause,
            ArrayRef<NamedAttribute> proof = {}) {
    if (isDead[expert])
      return false;
    isDead[expert] = true;
    NamedAttrList entry(proof);
    entry.set("expert", builder.getI64IntegerAttr(expert));
    entry.set("cause", builder.getStringAttr(cause));
    entries.push_back({expert, builder.getDictionaryAttr(entry)});
    return true;
  }

  /// An expert that another's weights serve.
  void share(int64_t expert, int64_t of) { sharedWith.push_back({expert, of}); }

  /// Numbers who is left. One stays in any case.
  SmallVector<int64_t> number() {
    SmallVector<int64_t> kept;
    for (int64_t e = 0; e < int64_t(isDead.size()); ++e)
      if (isAlive(e)) {
        groups[e] = int32_t(kept.size());
        kept.push_back(e);
      }
    if (kept.empty())
      kept.push_back(0);
    for (auto [expert, of] : sharedWith)
      groups[expert] = groups[of];
    return kept;
  }

  ArrayRef<int32_t> getGroups() const { return groups; }
  bool isEmpty() const { return entries.empty(); }
  /// Whether some choices lead nowhere.
  bool hasGaps() const { return entries.size() > sharedWith.size(); }

  ArrayAttr getEntries(Builder &builder) {
    llvm::sort(entries, llvm::less_first());
    SmallVector<Attribute> attributes;
    for (auto &[expert, entry] : entries)
      attributes.push_back(entry);
    return builder.getArrayAttr(attributes);
  }

  /// "1 duplicate, 2 unreachable".
  std::string describe() const {
    SmallVector<std::string> parts;
    for (StringRef cause :
         {"masked", "unreachable", "zero", "duplicate", "profile"}) {
      int64_t count = llvm::count_if(entries, [&](auto &entry) {
        return entry.second.template getAs<StringAttr>("cause") == cause;
      });
      if (count)
        parts.push_back(std::to_string(count) + " " + cause.str());
    }
    return llvm::join(parts, ", ");
  }

private:
  std::vector<bool> isDead;
  SmallVector<int32_t> groups;
  SmallVector<std::pair<int64_t, int64_t>> sharedWith;
  SmallVector<std::pair<int64_t, DictionaryAttr>> entries;
};

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
    for (moe::PlanOp plan : plans)
      isChanged |= !isLaterKind(plan) && eliminate(plan, symbols);
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

  /// Whether the plan is of a layer whose experts are of several kinds, and not
  /// its first: one remark is enough.
  static bool isLaterKind(moe::PlanOp plan) {
    return llvm::any_of(plan.getIds().getUsers(), [&](Operation *user) {
      auto other = dyn_cast<moe::PlanOp>(user);
      return other && areOfOneLayer(other, plan) &&
             other->isBeforeInBlock(plan);
    });
  }

  bool eliminate(moe::PlanOp plan, SymbolTable &symbols) {
    RoutedWeights layer(plan, symbols);
    if (!layer.getMiss().empty())
      return miss(plan, layer.getMiss());
    // The table of groups is a small constant.
    constexpr int64_t kMaxExperts = 1024;
    if (layer.getNumExperts() > kMaxExperts)
      return miss(plan, "it has more experts than a table of groups holds");
    LayerVerdict verdict(layer.getNumExperts());
    Value routerInput;
    std::string reason = findUnchosen(layer, symbols, verdict, routerInput);
    if (!keepNan)
      findZero(layer, symbols, verdict, routerInput);
    findDuplicates(layer, verdict);
    if (verdict.isEmpty())
      return miss(plan, reason);
    apply(layer, symbols, verdict);
    return true;
  }

  param::ValueSource *getValues() {
    return getContext()
        .getOrLoadDialect<param::ParamDialect>()
        ->getValueSource();
  }

  /// Masked and unreachable experts; why there is none. `routerInput` becomes
  /// what the router's product reads, if it is known.
  std::string findUnchosen(RoutedWeights &layer, SymbolTable &symbols,
                           LayerVerdict &verdict, Value &routerInput) {
    moe::RouteOp route = layer.getRoute();
    if (!route) {
      dropByProfile(layer, {}, symbols, verdict);
      return "its router is made of ordinary nodes";
    }
    // Of a row of NaN the choice is any, and the weights alone say so.
    if (route.getPropagateNan() && !layer.areWeightsOfRoute())
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
    if (keepNan || !layer.areWeightsOfRoute())
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
  bool dropByProfile(RoutedWeights &layer, ArrayRef<Proof> proofs,
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
    for (int64_t e = 0; e < layer.getNumExperts(); ++e)
      if (verdict.isAlive(e) &&
          (last.isZero(e) || areCodesZero(layer, symbols, e)) &&
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
    Builder b(&getContext());
    ExpertWeights all(*getValues(), layer.getRecipes());
    std::vector<int64_t> first = all.findFirstEqual(verdict.getDead());
    for (int64_t e = 0; e < layer.getNumExperts(); ++e) {
      if (first[e] == e)
        continue;
      verdict.bury(b, e, "duplicate",
                   b.getNamedAttr("of", b.getI64IntegerAttr(first[e])));
      verdict.share(e, first[e]);
      ++numDuplicates;
    }
  }

  void apply(RoutedWeights &layer, SymbolTable &symbols,
             LayerVerdict &verdict) {
    Builder b(&getContext());
    int64_t experts = layer.getNumExperts();
    int64_t parameters = layer.countParameters();
    SmallVector<int64_t> kept = verdict.number();
    layer.keep(kept, verdict.getGroups(), symbols);
    layer.getPlan()->setAttr(moe::MoeDialect::getDeadExpertsAttrName(),
                             verdict.getEntries(b));
    // A router that does not propagate NaN drops the choices of such a row.
    moe::RouteOp route = layer.getRoute();
    if (verdict.hasGaps() && (!route || route.getPropagateNan()))
      layer.getCombine().setPropagateNan(true);
    remark::passed(layer.getPlan().getLoc(),
                   remark::RemarkOpts::name("RemovedExperts")
                       .category("moe-eliminate-dead-experts"))
        << remark::add("removed {0} of the {1} experts of '{2}': {3}; {4} "
                       "parameters fewer",
                       experts - int64_t(kept.size()), experts, layer.getName(),
                       verdict.describe(),
                       parameters * (experts - int64_t(kept.size())));
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
