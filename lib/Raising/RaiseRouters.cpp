//===-- RaiseRouters.cpp - what computes a choice becomes moe.route -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Raising/Passes.h"

#include "FusedLayers.h"
#include "Routing/GraphCleaner.h"
#include "Routing/NodeBuilder.h"
#include "Routing/RouterMatcher.h"

#include "dialects/Onnx/IR/ShapeArithmetic.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"

namespace moec {
#define GEN_PASS_DEF_RAISEROUTERS
#include "moec/Raising/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;
using namespace moec::routing;

namespace {
struct RaiseRouters : moec::impl::RaiseRoutersBase<RaiseRouters> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main)
      return;
    onnx::ShapeContext shapes(module);
    bool isChanged = false;
    for (const Readers &readers : findReaders(main))
      isChanged |= raise(readers, shapes);
    if (!isChanged)
      return markAllAnalysesPreserved();
    shapes.storeSymbols(module);
    GraphCleaner(main).run();
  }

private:
  /// What reads one choice and its weights: the plan and the combination of a
  /// layer, or of each kind of its experts.
  using Readers = SmallVector<Operation *, 2>;

  static std::vector<Readers> findReaders(func::FuncOp main) {
    llvm::MapVector<std::pair<Value, Value>, Readers> readers;
    for (auto plan : main.getOps<moe::PlanOp>())
      if (moe::CombineOp combine = getCombine(plan))
        readers[{plan.getIds(), combine.getWeights()}].append({plan, combine});
    auto all = llvm::make_second_range(readers);
    return {all.begin(), all.end()};
  }

  /// The combination of a plan's layer.
  static moe::CombineOp getCombine(moe::PlanOp plan) {
    for (Operation *user : plan.getResult(2).getUsers())
      if (auto combine = dyn_cast<moe::CombineOp>(user))
        return combine;
    return {};
  }

  bool raise(const Readers &readers, onnx::ShapeContext &shapes) {
    auto plan = cast<moe::PlanOp>(readers[0]);
    auto combine = cast<moe::CombineOp>(readers[1]);
    if (plan.getIds().getDefiningOp<moe::RouteOp>())
      return false;
    RouterMatcher matcher(plan.getIds(), combine.getWeights());
    std::optional<Router> router = matcher.match();
    if (!router) {
      reportMiss(plan, matcher.getMiss());
      return false;
    }
    write(*router, readers, shapes);
    remark::passed(
        plan.getLoc(),
        remark::RemarkOpts::name("RaisedRouter").category("raise-routers"))
        << remark::add(
               "raised the router of '{0}': {1}{2}{3}{4}", getLayerName(plan),
               moe::stringifyScoreFunction(router->score).str(),
               router->selectionBias ? ", biased" : "",
               router->groups > 1
                   ? ", in " + std::to_string(router->groups) + " groups"
                   : "",
               router->divisor ? ", renormalised" : "");
    ++numRouters;
    return true;
  }

  static void reportMiss(moe::PlanOp plan, const Miss &miss) {
    Location loc = plan.getLoc();
    remark::missed(
        FusedLoc::get(loc.getContext(), {miss.getLoc(loc), loc}),
        remark::RemarkOpts::name("RouterNotRaised").category("raise-routers"))
        << remark::add("left the router of '{0}' as it is: the match "
                       "stopped{1}: {2}",
                       getLayerName(plan), miss.getPlace(), miss.reason);
  }

  static void write(const Router &router, const Readers &readers,
                    onnx::ShapeContext &shapes) {
    auto plan = cast<moe::PlanOp>(readers[0]);
    auto combine = cast<moe::CombineOp>(readers[1]);
    NodeBuilder b(plan.getLoc(), shapes);
    // Where the scores are, and what it is written for comes after.
    if (router.top)
      b.setInsertionPointAfter(router.top);
    else
      b.setInsertionPointAfterValue(router.scores);
    Value scores = b.toMatrix(router.scores);
    auto type = cast<RankedTensorType>(plan.getIds().getType());
    int64_t choices = type.getDimSize(1);
    Value tokens = b.createOrFold<tensor::DimOp>(scores, 0);
    SmallVector<OpFoldResult> sizes = {getAsOpFoldResult(tokens),
                                       b.getIndexAttr(choices)};
    Value weights = tensor::EmptyOp::create(b, sizes, b.getF32Type());
    Value ids = tensor::EmptyOp::create(b, sizes, b.getI32Type());
    SmallVector<Value> operands = {scores};
    auto addVector = [&](Value vector) {
      if (!vector)
        return;
      auto type = cast<RankedTensorType>(vector.getType());
      // What is known before the run may be written after the choice.
      Operation *source = vector.getDefiningOp();
      if (!source->isBeforeInBlock(&*b.getInsertionPoint()))
        vector = b.clone(*source)->getResult(0);
      operands.push_back(
          b.reshape(vector, shapes.getConstant(type.getNumElements())));
    };
    addVector(router.selectionBias);
    addVector(router.expertScale);
    operands.append({weights, ids});
    MLIRContext *context = b.getContext();
    Divisor divisor = router.divisor.value_or(Divisor());
    auto route = moe::RouteOp::create(
        b, TypeRange{weights.getType(), ids.getType()}, operands,
        {b.getNamedAttr(
             "operandSegmentSizes",
             b.getDenseI32ArrayAttr({1, bool(router.selectionBias),
                                     bool(router.expertScale), 1, 1})),
         b.getNamedAttr("score",
                        moe::ScoreFunctionAttr::get(context, router.score)),
         b.getNamedAttr("tie",
                        moe::TieRuleAttr::get(context, moe::TieRule::Lowest)),
         b.getNamedAttr("epsilon", b.getF32FloatAttr(divisor.epsilon)),
         b.getNamedAttr("scale", b.getF32FloatAttr(router.scale)),
         b.getNamedAttr("groups", b.getI64IntegerAttr(router.groups)),
         b.getNamedAttr("groups_kept", b.getI64IntegerAttr(router.groupsKept)),
         b.getNamedAttr("group_score",
                        moe::GroupScoreAttr::get(context, router.groupScore)),
         b.getNamedAttr("group_fill", b.getF32FloatAttr(router.groupFill))});
    route.setRenormalize(router.divisor.has_value());
    if (divisor.norm)
      route.setNormAttr(b.getF32FloatAttr(*divisor.norm));
    if (divisor.least)
      route.setLeastDivisorAttr(b.getF32FloatAttr(*divisor.least));
    route.setKeysWeigh(router.keysWeigh);
    if (router.jitter)
      route.setJitterAttr(b.getF32FloatAttr(*router.jitter));
    route.setPropagateNan(true);
    moe::MoeDialect::copyLayer(plan, route);
    replaceIn(readers, plan.getIds(), route.getResult(1), b);
    if (router.isChoiceOnly)
      return replaceTop(router.top, route, b);
    replaceIn(readers, combine.getWeights(), route.getResult(0), b);
  }

  /// What TopK finds is what the route does.
  static void replaceTop(onnx::TopKOp top, moe::RouteOp route, NodeBuilder &b) {
    for (auto [found, result] :
         llvm::zip_equal(top->getResults(), route.getResults())) {
      onnx::ShapeContext &shapes = b.getShapes();
      onnx::Extents extents = shapes.getExtents(found);
      AffineExpr rows = onnx::getProduct(shapes, ArrayRef(extents).drop_back());
      shapes.setExtents(result, {rows, extents.back()});
      Value converted =
          b.convert(result, getElementTypeOrSelf(found.getType()));
      found.replaceAllUsesWith(b.reshape(converted, extents));
    }
  }

  /// Reads `to` in place of `from`, of which extents are read too: they alone
  /// would keep all that computes it.
  static void replaceIn(const Readers &readers, Value from, Value to,
                        OpBuilder &b) {
    // Static extents may be known on one side alone.
    Value fit = b.createOrFold<tensor::CastOp>(to.getLoc(), from.getType(), to);
    from.replaceUsesWithIf(fit, [&](OpOperand &use) {
      return llvm::is_contained(readers, use.getOwner()) ||
             isa<tensor::DimOp>(use.getOwner());
    });
  }
};
} // namespace
