//===-- RaiseDecomposedLayers.cpp - ordinary operators become moe ops -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Raising/Passes.h"

#include "FusedLayers.h"
#include "Routing/BakedExperts.h"
#include "Routing/Choices.h"
#include "Routing/GraphCleaner.h"
#include "Routing/LayerWriter.h"
#include "Routing/LostChoices.h"
#include "Routing/OtherRouting.h"

#include "moec/Parameters/FileValues.h"
#include "moec/Raising/LayerSummary.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"

namespace moec {
#define GEN_PASS_DEF_RAISEDECOMPOSEDLAYERS
#include "moec/Raising/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;
using namespace moec::routing;

namespace {
struct RaiseDecomposedLayers
    : moec::impl::RaiseDecomposedLayersBase<RaiseDecomposedLayers> {
  using RaiseDecomposedLayersBase::RaiseDecomposedLayersBase;

  LogicalResult initialize(MLIRContext *context) override {
    if (!model.empty())
      useFileValues(*context, model);
    return success();
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main)
      return;
    onnx::ShapeContext shapes(module);
    SymbolTable symbols(module);
    SmallVector<Choice> choices;
    for (Operation &op : main.getBody().front())
      if (std::optional<Choice> choice = readChoice(&op))
        choices.push_back(*choice);
    SmallVector<Value> all;
    for (const Choice &choice : choices)
      if (choice.isOfScores)
        all.push_back(choice.ids);
    for (Operation &op : main.getBody().front())
      reportOtherRouting(&op, all);
    bool isChanged = false;
    SmallVector<Value> done;
    for (ArrayRef<Choice> rounds : findRounds(choices)) {
      std::optional<bool> isRaised = raiseRounds(rounds, shapes, symbols);
      if (!isRaised)
        continue;
      isChanged |= *isRaised;
      for (const Choice &choice : rounds)
        done.push_back(choice.ids);
    }
    for (const Choice &choice : choices)
      if (!llvm::is_contained(done, choice.ids))
        isChanged |= raise(choice, all, shapes, symbols);
    if (!isChanged)
      return markAllAnalysesPreserved();
    shapes.storeSymbols(module);
    GraphCleaner(main).run();
  }

private:
  /// Of the choice, and of the root of its layer.
  static Location getLocs(const Choice &choice, Location root) {
    return FusedLoc::get(root.getContext(), {choice.ids.getLoc(), root});
  }

  bool raise(const Choice &choice, ArrayRef<Value> all,
             onnx::ShapeContext &shapes, SymbolTable &symbols) {
    RoutingFacts facts(choice.ids, choice.hasChoices, choice.experts,
                       choice.areDistinct, shapes);
    facts.propagate();
    LayerFinder finder(facts);
    std::unique_ptr<RoutedLayer> layer = finder.find();
    if (!layer) {
      if (choice.isOfScores)
        warnOfBakedExperts(choice, facts);
      bool isLost = choice.isOfScores && finder.getMiss().reason.empty();
      reportMiss(choice,
                 isLost ? findLostChoice(facts, all) : finder.getMiss());
      return false;
    }
    if (layer->leftOut && choice.isOfScores)
      warnOfBakedExperts(choice, facts);
    return write(choice, *layer, facts, symbols);
  }

  /// Choices made one after the other lead to a layer of all of them. Nothing
  /// where they do not, and to no sum of slots: then each may have a layer of
  /// its own.
  std::optional<bool> raiseRounds(ArrayRef<Choice> rounds,
                                  onnx::ShapeContext &shapes,
                                  SymbolTable &symbols) {
    auto ids = llvm::map_to_vector(
        rounds, [](const Choice &choice) { return choice.ids; });
    RoutingFacts facts(ids, rounds.front().experts, shapes);
    facts.propagate();
    LayerFinder finder(facts);
    std::unique_ptr<RoutedLayer> layer = finder.findOfSlots();
    if (!layer && finder.getMiss().reason.empty())
      layer = LayerFinder(facts).find();
    if (layer)
      return write(rounds.front(), *layer, facts, symbols);
    if (finder.getMiss().reason.empty())
      return std::nullopt;
    reportMiss(rounds.front(), finder.getMiss());
    return false;
  }

  bool write(const Choice &choice, const RoutedLayer &layer,
             const RoutingFacts &facts, SymbolTable &symbols) {
    if (keepNan && computesEverybody(layer)) {
      reportMiss(choice, {layer.root, "zero times the NaN of an expert that is "
                                      "not chosen is to be kept"});
      return false;
    }
    LayerWriter writer(layer, facts, symbols);
    if (failed(writer.write())) {
      reportMiss(choice, {layer.root, "its weights make no recipe"});
      return false;
    }
    auto said = remark::passed(getLocs(choice, layer.root->getLoc()),
                               remark::RemarkOpts::name("RaisedLayer")
                                   .category("raise-decomposed-layers"));
    said << remark::add("raised '{0}' by {1}: {2} experts, {3} a token",
                        getNodeName(layer.root), layer.pattern, choice.experts,
                        layer.choices);
    reportCosts(LayerKinds(llvm::map_range(
                    writer.getPlans(),
                    [](moe::PlanOp plan) { return LayerSummary(plan); })),
                said);
    ++numLayers;
    return true;
  }

  /// A layer that is no whole one, where it is one of a file that is wrong.
  void warnOfBakedExperts(const Choice &choice, const RoutingFacts &facts) {
    std::optional<std::string> what = findBakedExperts(facts);
    if (!what)
      return;
    ++numBaked;
    choice.ids.getDefiningOp()->emitWarning()
        << *what
        << ": a token that chooses another loses what that would add, or gets "
           "another's; export the model with all experts, whatever the example "
           "input chooses";
  }

  /// Whether the source computes all experts for a token, or slots without
  /// one.
  static bool computesEverybody(const RoutedLayer &layer) {
    return StringRef(layer.pattern).starts_with("P2") || !layer.slots.empty();
  }

  /// Experts that tokens do not choose are no layer that routes.
  static void reportOtherRouting(Operation *op, ArrayRef<Value> choices) {
    std::string text = describeOtherRouting(op, choices);
    if (text.empty())
      return;
    remark::analysis(op->getLoc(), remark::RemarkOpts::name("OtherRouting")
                                       .category("raise-decomposed-layers"))
        << remark::add("'{0}' chooses no experts: {1}", getNodeName(op), text);
  }

  void reportMiss(const Choice &choice, const Miss &miss) {
    if (miss.reason.empty())
      return;
    ++numMissed;
    Location loc = choice.ids.getLoc();
    remark::missed(FusedLoc::get(loc.getContext(), {miss.getLoc(loc), loc}),
                   remark::RemarkOpts::name("LayerNotRaised")
                       .category("raise-decomposed-layers"))
        << remark::add("left the experts that '{0}' chooses as they are: the "
                       "match stopped{1}: {2}",
                       getNodeName(choice.ids.getDefiningOp()), miss.getPlace(),
                       miss.reason);
  }
};
} // namespace
