//===-- FuseExperts.cpp - products of experts take in what is around them -===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Raising/LayerSummary.h"
#include "moec/Raising/Passes.h"

#include "FusedLayers.h"
#include "Routing/Activations.h"
#include "Routing/Axes.h"
#include "Routing/Constants.h"
#include "Routing/NewParameter.h"

#include "dialects/Param/IR/Recipes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace moec {
#define GEN_PASS_DEF_FUSEEXPERTS
#include "moec/Raising/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;
using namespace moec::routing;

static bool isIdentity(moe::GroupedMatmulOp op) {
  return op.getActivation().getKind() == moe::ActivationKind::Identity;
}

/// Whether all that a product has of its weights is there for each column: no
/// scale is of several columns, no byte has zero points of several.
static bool isByColumns(moe::GroupedMatmulOp op) {
  moe::WeightFormat format = op.getQuant().value_or(nullptr);
  bool areZeroPointsApart =
      !op.getZeroPoints() || getType(op.getZeroPoints()).getRank() == 3;
  return op.getLayout() != moe::Layout::Panels && !op.getGlobalScales() &&
         areZeroPointsApart && (!format || format.getBlockRows() == 1);
}

/// A product of experts whose result is what it multiplied, plus a bias.
static moe::GroupedMatmulOp getPlainProduct(Value value) {
  auto op = value.getDefiningOp<moe::GroupedMatmulOp>();
  bool isPlain = op && op.getOffsets() && isIdentity(op) && isByColumns(op) &&
                 op.hasPureTensorSemantics();
  return isPlain ? op : moe::GroupedMatmulOp();
}

namespace {
/// What a product has of its weights; all but the weights may be null.
struct Stored {
  static constexpr unsigned kParts = 4;

  Stored() = default;
  explicit Stored(moe::GroupedMatmulOp op)
      : values{op.getWeights(), op.getBias(), op.getScales(),
               op.getZeroPoints()},
        columns{op.getLayout() == moe::Layout::NK ? 1u : 2u, 1, 1, 1} {}

  /// Weights, bias, scales, zero points, and the dimension of columns of each.
  std::array<Value, kParts> values;
  std::array<unsigned, kParts> columns = {};
};

/// What all patterns of the pass share.
struct Shared {
  SymbolTable &symbols;
  Pass::Statistic &numActivations, &numGates, &numNetworks;
};

} // namespace

/// The same product with other weights and result.
static moe::GroupedMatmulOp rebuild(PatternRewriter &rewriter,
                                    moe::GroupedMatmulOp op, Location loc,
                                    const Stored &stored, Type resultType,
                                    moe::ActivationAttr activation) {
  auto type = cast<RankedTensorType>(resultType);
  SmallVector<OpFoldResult> sizes = {
      tensor::getMixedSize(rewriter, loc, op.getInit(), 0),
      rewriter.getIndexAttr(type.getDimSize(1))};
  Value init =
      tensor::EmptyOp::create(rewriter, loc, sizes, type.getElementType());
  auto [weights, bias, scales, zeroPoints] = stored.values;
  auto made = moe::GroupedMatmulOp::create(
      rewriter, loc, TypeRange(init.getType()), op.getX(), weights,
      op.getOffsets(), op.getRows(), bias, scales, zeroPoints,
      /*global_scales=*/Value(), init, op.getLayoutAttr(), /*n=*/IntegerAttr(),
      activation, op.getQuant().value_or(nullptr));
  moe::MoeDialect::copyLayer(op, made);
  return made;
}

/// Parameters made of those of a product, part by part; nothing where one makes
/// no recipe.
static std::optional<Stored>
makeStored(PatternRewriter &rewriter, moe::GroupedMatmulOp op,
           SymbolTable &symbols, StringRef suffix,
           llvm::function_ref<param::RecipeInterface(unsigned)> make) {
  Stored from(op), made;
  std::array<param::RecipeInterface, Stored::kParts> recipes;
  for (unsigned part = 0; part < Stored::kParts; ++part) {
    if (!from.values[part])
      continue;
    recipes[part] = make(part);
    if (!recipes[part])
      return std::nullopt;
  }
  for (unsigned part = 0; part < Stored::kParts; ++part)
    if (recipes[part])
      made.values[part] =
          loadNewParameter(rewriter, op.getLoc(), symbols, from.values[part],
                           recipes[part], suffix);
  return made;
}

/// Extents of rows of another width.
static void describeAs(Operation *op, Operation *rows, int64_t width) {
  auto shapes = rows->getAttrOfType<ArrayAttr>(onnx::kShapesAttr);
  if (!shapes)
    return;
  AffineMap map = cast<AffineMapAttr>(shapes[0]).getValue();
  SmallVector<AffineExpr> extents = {
      map.getResult(0), getAffineConstantExpr(width, op->getContext())};
  op->setAttr(
      onnx::kShapesAttr,
      ArrayAttr::get(op->getContext(),
                     AffineMapAttr::get(AffineMap::get(
                         0, map.getNumSymbols(), extents, op->getContext()))));
}

namespace {
/// A product that is only cut along its columns: one product for each part.
struct SplitProduct : OpRewritePattern<moe::GroupedMatmulOp> {
  SplitProduct(MLIRContext *context, Shared &shared)
      : OpRewritePattern(context), shared(shared) {}

  LogicalResult matchAndRewrite(moe::GroupedMatmulOp op,
                                PatternRewriter &rewriter) const override {
    if (!getPlainProduct(op.getResult(0)))
      return rewriter.notifyMatchFailure(op, "is no plain product");
    Stored from(op);
    for (Value value : from.values)
      if (value && !getRecipe(value, shared.symbols))
        return rewriter.notifyMatchFailure(
            op, value == op.getBias() ? "its bias is no parameter"
                                      : "its weights are no parameter");
    // Every user takes a range of columns.
    SmallVector<std::pair<Value, ColumnRange>> parts;
    for (Operation *user : op.getResult(0).getUsers())
      if (failed(readColumnRanges(user, parts)))
        return rewriter.notifyMatchFailure(op, "is read as a whole");
    if (parts.empty())
      return rewriter.notifyMatchFailure(op, "has no user");

    SmallVector<std::pair<Value, Value>> replacements;
    rewriter.setInsertionPoint(op);
    for (auto &[value, range] : parts) {
      auto cut = [&, &range = range](unsigned part) {
        return slice(getRecipe(from.values[part], shared.symbols),
                     from.columns[part], range);
      };
      std::optional<Stored> stored =
          makeStored(rewriter, op, shared.symbols, "columns", cut);
      if (!stored)
        return rewriter.notifyMatchFailure(op, "a part makes no recipe");
      auto made = rebuild(rewriter, op, op.getLoc(), *stored, value.getType(),
                          op.getActivation());
      describeAs(made, op, range.count);
      replacements.push_back({value, made.getResult(0)});
    }
    for (auto [from, to] : replacements)
      rewriter.replaceAllUsesWith(from, to);
    return success();
  }

private:
  static param::RecipeInterface slice(param::RecipeInterface recipe,
                                      unsigned dim, const ColumnRange &range) {
    SmallVector<int64_t> sizes(recipe.getResultType().getShape());
    SmallVector<int64_t> offsets(sizes.size(), 0), strides(sizes.size(), 1);
    offsets[dim] = range.begin;
    sizes[dim] = range.count;
    strides[dim] = range.step;
    return param::makeSlice(recipe, offsets, sizes, strides);
  }

  Shared &shared;
};

/// A product and the activation that follows it.
struct FuseActivation : RewritePattern {
  FuseActivation(MLIRContext *context, Shared &shared)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context), shared(shared) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isa<onnx::OnnxNode>(op) || op->getNumResults() != 1)
      return failure();
    std::optional<UnaryActivation> found = matchActivation(op->getResult(0));
    if (!found)
      return rewriter.notifyMatchFailure(op, "is no activation");
    moe::GroupedMatmulOp product = getPlainProduct(found->input);
    if (!product)
      return rewriter.notifyMatchFailure(op, "follows no product");
    if (!isReadOnlyBy(product.getResult(0), found->nodes))
      return rewriter.notifyMatchFailure(op, "another node reads the product");
    rewriter.setInsertionPoint(op);
    auto made =
        rebuild(rewriter, product, op->getLoc(), Stored(product),
                op->getResult(0).getType(),
                moe::ActivationAttr::get(op->getContext(), found->kind));
    describeAs(made, product, getType(op->getResult(0)).getDimSize(1));
    ++shared.numActivations;
    rewriter.replaceOp(op, made.getResult(0));
    return success();
  }

private:
  Shared &shared;
};

/// act(x . gate) * (x . up) as one product.
struct MergeGate : OpRewritePattern<onnx::MulOp> {
  MergeGate(MLIRContext *context, Shared &shared)
      : OpRewritePattern(context, /*benefit=*/2), shared(shared) {}

  LogicalResult matchAndRewrite(onnx::MulOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<GatedActivation> found = matchGated(op.getResult());
    if (!found)
      return rewriter.notifyMatchFailure(op, "is no gate");
    auto gate = found->gate.getDefiningOp<moe::GroupedMatmulOp>();
    moe::GroupedMatmulOp up = getPlainProduct(found->up);
    if (!gate || !up)
      return rewriter.notifyMatchFailure(op, "gate or up is no product");
    bool isSilu = gate.getActivation().getKind() == moe::ActivationKind::Silu;
    if (found->isProductActivated != isSilu || !isByColumns(gate) ||
        (!isSilu && !isIdentity(gate)))
      return rewriter.notifyMatchFailure(op, "the gate is no plain product");
    if (gate == up || gate.getX() != up.getX() ||
        gate.getRows() != up.getRows() ||
        gate.getOffsets() != up.getOffsets() ||
        gate.getLayout() != up.getLayout() ||
        gate.getQuant() != up.getQuant() || !haveTypesAlike(gate, up))
      return rewriter.notifyMatchFailure(op, "gate and up are not alike");
    if (!isReadOnlyBy(found->gate, found->nodes) ||
        !isReadOnlyBy(found->up, found->nodes))
      return rewriter.notifyMatchFailure(op, "another node reads a product");
    rewriter.setInsertionPoint(op);
    Stored gates(gate), ups(up);
    auto interleaved = [&](unsigned part) {
      return interleave(gates.values[part], ups.values[part],
                        gates.columns[part] + 1);
    };
    std::optional<Stored> stored =
        makeStored(rewriter, gate, shared.symbols, "gated", interleaved);
    if (!stored)
      return rewriter.notifyMatchFailure(op, "their weights make no recipe");
    auto made = rebuild(
        rewriter, gate, op.getLoc(), *stored, op.getResult().getType(),
        moe::ActivationAttr::get(op.getContext(), moe::ActivationKind::SwiGlu,
                                 found->alpha, found->beta, found->limit));
    describeAs(made, gate, getType(op.getResult()).getDimSize(1));
    ++shared.numGates;
    rewriter.replaceOp(op, made.getResult(0));
    return success();
  }

private:
  static bool haveTypesAlike(moe::GroupedMatmulOp gate,
                             moe::GroupedMatmulOp up) {
    auto areAlike = [](auto values) {
      auto [a, b] = values;
      return bool(a) == bool(b) && (!a || a.getType() == b.getType());
    };
    return llvm::all_of(llvm::zip(Stored(gate).values, Stored(up).values),
                        areAlike);
  }

  /// Columns of both in turn: stacked on a new dimension behind theirs.
  param::RecipeInterface interleave(Value gate, Value up, int64_t axis) const {
    param::RecipeInterface sources[] = {getRecipe(gate, shared.symbols),
                                        getRecipe(up, shared.symbols)};
    if (!sources[0] || !sources[1])
      return {};
    param::RecipeInterface stacked = param::makeStack(sources, axis);
    if (!stacked)
      return {};
    SmallVector<int64_t> shape(getType(gate).getShape());
    shape[axis - 1] *= 2;
    return param::makeReshape(stacked, shape);
  }

  Shared &shared;
};

} // namespace

/// Why a product and the one before it are no network; null where they are.
static const char *findObstacle(moe::GroupedMatmulOp op) {
  if (!getPlainProduct(op.getResult(0)) || op.getRows())
    return "a product that follows another is no plain one";
  auto inner = op.getX().getDefiningOp<moe::GroupedMatmulOp>();
  if (!inner)
    return "a product follows no other";
  if (bool(inner.getQuant()) != bool(op.getQuant()))
    return "one of two products is quantised";
  if (!inner.getRows() || inner.getLayout() == moe::Layout::Panels ||
      inner.getOffsets() != op.getOffsets())
    return "a product that another follows does not read the tokens' rows";
  return inner.getResult(0).hasOneUse()
             ? nullptr
             : "another node reads what a product makes";
}

namespace {
/// Two products in a row are a network.
struct FuseNetwork : OpRewritePattern<moe::GroupedMatmulOp> {
  FuseNetwork(MLIRContext *context, Shared &shared)
      : OpRewritePattern(context), shared(shared) {}

  LogicalResult matchAndRewrite(moe::GroupedMatmulOp op,
                                PatternRewriter &rewriter) const override {
    if (const char *obstacle = findObstacle(op))
      return rewriter.notifyMatchFailure(op, obstacle);
    auto inner = op.getX().getDefiningOp<moe::GroupedMatmulOp>();
    Value w1 = toRows(rewriter, inner), w2 = toRows(rewriter, op);
    if (!w1 || !w2)
      return rewriter.notifyMatchFailure(op, "weights are no parameters");
    auto network = moe::ExpertFfnOp::create(
        rewriter, op.getLoc(), TypeRange(op.getInit().getType()), inner.getX(),
        inner.getRows(), op.getOffsets(), w1, w2, inner.getBias(), op.getBias(),
        inner.getScales(), op.getScales(), /*w3=*/Value(), /*bias3=*/Value(),
        /*scales3=*/Value(), inner.getZeroPoints(), op.getZeroPoints(),
        /*zero_points3=*/Value(), inner.getGlobalScales(), op.getGlobalScales(),
        /*global_scales3=*/Value(), op.getInit(), inner.getActivation(),
        inner.getQuant().value_or(nullptr), getOtherFormat(inner, op),
        /*quant3=*/moe::WeightFormat());
    moe::MoeDialect::copyLayer(op, network);
    if (Attribute shapes = op->getAttr(onnx::kShapesAttr))
      network->setAttr(onnx::kShapesAttr, shapes);
    setRaisedFrom(op, network);
    ++shared.numNetworks;
    rewriter.replaceOp(op, network.getResult(0));
    return success();
  }

private:
  /// Of the second product, where it is not that of the first.
  static moe::WeightFormat getOtherFormat(moe::GroupedMatmulOp first,
                                          moe::GroupedMatmulOp second) {
    return first.getQuant() == second.getQuant()
               ? moe::WeightFormat()
               : moe::WeightFormat(*second.getQuant());
  }

  /// Weights as `[E, N, K]`.
  Value toRows(PatternRewriter &rewriter, moe::GroupedMatmulOp op) const {
    if (op.getLayout() == moe::Layout::NK)
      return op.getWeights();
    param::RecipeInterface recipe = getRecipe(op.getWeights(), shared.symbols);
    recipe = recipe ? param::makeTranspose(recipe, {0, 2, 1}) : recipe;
    if (!recipe)
      return {};
    return loadNewParameter(rewriter, op.getLoc(), shared.symbols,
                            op.getWeights(), recipe, "transposed");
  }

  /// The pattern, which the combination of the layer knows.
  static void setRaisedFrom(moe::GroupedMatmulOp op, Operation *network) {
    StringRef name = moe::MoeDialect::getRaisedFromAttrName();
    for (Operation *user : op.getResult(0).getUsers())
      if (Attribute pattern = user->getAttr(name))
        network->setAttr(name, pattern);
  }

  Shared &shared;
};

struct FuseExperts : moec::impl::FuseExpertsBase<FuseExperts> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    Shared shared{symbols, numActivations, numGates, numNetworks};
    RewritePatternSet patterns(&getContext());
    patterns.add<SplitProduct, FuseActivation, MergeGate, FuseNetwork>(
        &getContext(), shared);
    GreedyRewriteConfig config;
    config.enableFolding(false).enableConstantCSE(false);
    if (failed(
            applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      return signalPassFailure();
    getOperation()->walk([](moe::PlanOp plan) { report(LayerSummary(plan)); });
  }

private:
  static void report(const LayerSummary &layer) {
    moe::PlanOp plan = layer.plan;
    auto options = [](StringRef name) {
      return remark::RemarkOpts::name(name).category("moe-fuse-experts");
    };
    if (!layer.networks.empty())
      remark::passed(plan.getLoc(), options("FusedExperts"))
          << remark::add("made one network of the experts of '{0}': {1}",
                         layer.getName(), layer.getActivation());
    else if (layer.products.size() == 1)
      remark::analysis(plan.getLoc(), options("OneProduct"))
          << remark::add("made no network of the experts of '{0}': each is one "
                         "product",
                         layer.getName());
    else if (layer.products.size() > 1)
      remark::missed(plan.getLoc(), options("ExpertsNotFused")) << remark::add(
          "left the experts of '{0}' as {1} products: {2}", layer.getName(),
          layer.products.size(), explain(layer));
  }

  /// What stands between two products of a layer without a network.
  static std::string explain(const LayerSummary &layer) {
    for (moe::GroupedMatmulOp product : layer.products) {
      Operation *before = product.getX().getDefiningOp();
      if (isa_and_present<moe::GroupedMatmulOp>(before))
        if (const char *obstacle = findObstacle(product))
          return obstacle;
      if (isa_and_present<onnx::OnnxNode>(before) &&
          before->hasAttr(moe::MoeDialect::getLayerAttrName()))
        return "no product takes in the operator " +
               before->getName().stripDialect().str() + " in front of another";
    }
    return "none follows another";
  }
};
} // namespace
