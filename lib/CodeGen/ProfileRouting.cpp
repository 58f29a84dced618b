//===-- ProfileRouting.cpp - main says who was chosen ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/Passes.h"

#include "dialects/Moe/IR/Moe.h"
#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Remarks.h"

namespace moec {
#define GEN_PASS_DEF_PROFILEROUTING
#include "moec/CodeGen/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

/// The node that the layer was raised from.
static StringRef getLayerName(moe::CombineOp combine) {
  auto name =
      combine->getAttrOfType<StringAttr>(moe::MoeDialect::getLayerAttrName());
  return name ? name.getValue() : "";
}

/// In front of the combine; better behind the later of the two values, so that
/// neither lives longer for being counted.
static void setInsertionPoint(OpBuilder &builder, moe::CombineOp combine,
                              Value ids, Value weights) {
  Operation *makers[] = {ids.getDefiningOp(), weights.getDefiningOp()};
  if (!makers[0] || !makers[1])
    return builder.setInsertionPoint(combine);
  bool isFirstLater = makers[1]->isBeforeInBlock(makers[0]);
  builder.setInsertionPointAfter(makers[isFirstLater ? 0 : 1]);
}

static void remarkLeft(moe::CombineOp combine, StringRef reason) {
  remark::missed(
      combine.getLoc(),
      remark::RemarkOpts::name("NotProfiled").category("moec-profile-routing"))
      << remark::add("left layer '{0}' out of profiles: {1}",
                     getLayerName(combine).str(), reason.str());
}

namespace {
struct ProfileRouting : moec::impl::ProfileRoutingBase<ProfileRouting> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>(kMainName);
    if (!main || main.isExternal())
      return;
    SmallVector<Attribute> layers;
    Seen seen;
    for (auto combine : main.getBody().front().getOps<moe::CombineOp>())
      profile(combine, layers, seen);
    if (!layers.empty())
      getOperation()->setAttr(kMoeLayersAttr,
                              ArrayAttr::get(&getContext(), layers));
  }

private:
  /// Values and the name of a layer.
  using Seen = llvm::DenseSet<std::tuple<Value, Value, Attribute>>;

  void profile(moe::CombineOp combine, SmallVectorImpl<Attribute> &layers,
               Seen &seen) {
    auto plan = combine.getInverse().getDefiningOp<moe::PlanOp>();
    if (!plan)
      return remarkLeft(combine, "nothing says whose its rows are");
    int64_t experts = plan.getNumSourceExperts();
    if (ShapedType::isDynamic(experts))
      return remarkLeft(combine, "its number of experts is not known");
    Value ids = plan.getIds(), weights = combine.getWeights();
    // Experts of each kind are combined by themselves.
    if (!seen.insert({ids, weights,
                      combine->getAttr(moe::MoeDialect::getLayerAttrName())})
             .second)
      return;
    OpBuilder builder(combine);
    setInsertionPoint(builder, combine, ids, weights);
    rt::ProfileOp::create(builder, combine.getLoc(), layers.size(), ids,
                          weights);
    auto type = cast<ShapedType>(ids.getType());
    int64_t choices = type.isDynamicDim(1) ? -1 : type.getDimSize(1);
    layers.push_back(
        builder.getArrayAttr({builder.getStringAttr(getLayerName(combine)),
                              builder.getI64IntegerAttr(experts),
                              builder.getI64IntegerAttr(choices)}));
    ++numLayers;
  }
};
} // namespace
