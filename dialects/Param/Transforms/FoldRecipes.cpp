//===-- FoldRecipes.cpp - rearrangements of parameters become recipes -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Param/Transforms/Passes.h"

#include "dialects/Moe/IR/Moe.h"
#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Param/IR/Param.h"
#include "dialects/Param/IR/Recipes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

namespace moec::param {
#define GEN_PASS_DEF_PARAMFOLDRECIPES
#include "dialects/Param/Transforms/Passes.h.inc"
} // namespace moec::param

using namespace mlir;
using namespace moec;
using namespace moec::param;

/// A value of more bytes than the first is not stored if it takes so many times
/// the bytes it is made of: a model of a kilobyte can ask for a terabyte.
static constexpr int64_t kSmallBytes = int64_t(64) << 20;
static constexpr int64_t kMaxGrowth = 8;

namespace {
/// What an op makes of parameters.
struct Fold {
  RecipeInterface recipe;
  /// What the new parameter's name ends in.
  StringRef suffix;
};

struct ParamFoldRecipes
    : moec::param::impl::ParamFoldRecipesBase<ParamFoldRecipes> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    llvm::DenseMap<Attribute, DeclOp> known;
    for (auto decl : getOperation().getOps<DeclOp>())
      known.try_emplace(decl.getTypedRecipe(), decl);

    // In order: what is folded is the operand of what follows.
    llvm::SetVector<Operation *> dead;
    getOperation().walk([&](Operation *op) {
      LoadOp base = findLoad(op);
      if (!base)
        return;
      SmallVector<Fold> folds = foldOp(op, symbols);
      if (folds.empty() || folds.size() != op->getNumResults())
        return;
      for (auto [fold, result] : llvm::zip_equal(folds, op->getResults()))
        if (!check(op, fold.recipe, result.getType()))
          return;
      auto baseDecl = symbols.lookup<DeclOp>(base.getParam());
      OpBuilder builder(op);
      int64_t bytes = 0;
      for (auto [fold, result] : llvm::zip_equal(folds, op->getResults())) {
        DeclOp &decl = known[fold.recipe];
        if (!decl)
          decl = declare(baseDecl, fold, symbols);
        result.replaceAllUsesWith(
            LoadOp::create(builder, op->getLoc(), result.getType(),
                           FlatSymbolRefAttr::get(decl.getSymNameAttr())));
        bytes += *getStorageBytes(decl.getTensorType());
      }
      dead.insert(op);
      ++numFolded;
      numBytes += bytes;
      remark::passed(op->getLoc(), remark::RemarkOpts::name("FoldedIntoRecipe")
                                       .category("param-fold-recipes"))
          << (op->getName().getStringRef() +
              " is done when weights are written")
                 .str()
          << remark::metric("Bytes", bytes);
    });

    // Users stand behind what they use, so backwards. What only fed a folded
    // op, as loads and destinations do, goes with it.
    while (!dead.empty()) {
      Operation *op = dead.pop_back_val();
      SmallVector<Value> operands(op->getOperands());
      if (!isOpTriviallyDead(op))
        continue;
      op->erase();
      for (Value operand : operands)
        if (Operation *def = operand.getDefiningOp())
          if (isOpTriviallyDead(def))
            dead.insert(def);
    }
  }

private:
  /// The first operand that is a parameter.
  static LoadOp findLoad(Operation *op) {
    for (Value operand : op->getOperands())
      if (auto load = operand.getDefiningOp<LoadOp>())
        return load;
    return {};
  }

  /// The recipe of a parameter or of a small constant, else null.
  static RecipeInterface getRecipe(Value value, const SymbolTable &symbols) {
    if (auto load = value.getDefiningOp<LoadOp>()) {
      auto decl = symbols.lookup<DeclOp>(load.getParam());
      return decl ? decl.getTypedRecipe() : RecipeInterface();
    }
    DenseElementsAttr elements;
    if (!matchPattern(value, m_Constant(&elements)))
      return {};
    return makeDense(elements);
  }

  /// A recipe for each result; none where the op is not of a kind that folds,
  /// or its operands do not say enough.
  static SmallVector<Fold> foldOp(Operation *op, const SymbolTable &symbols);

  /// Whether the recipe makes what the op does, at a reasonable size.
  static bool check(Operation *op, RecipeInterface recipe, Type resultType) {
    auto missed = [&](StringRef why) {
      remark::missed(
          op->getLoc(),
          remark::RemarkOpts::name("NotFolded").category("param-fold-recipes"))
          << (op->getName().getStringRef() + " runs every time: " + why).str();
      return false;
    };
    if (!recipe)
      return missed("no recipe can say it, or one that nests too deep");
    RankedTensorType made = recipe.getResultType();
    auto type = dyn_cast<RankedTensorType>(resultType);
    if (!type || made.getShape() != type.getShape() ||
        !isSameUpToSignedness(made.getElementType(), type.getElementType()))
      return missed("its operands and its result do not fit");
    int64_t bytes = *getStorageBytes(made);
    llvm::SetVector<Attribute> leaves;
    collectLeaves(recipe, leaves);
    int64_t sourceBytes = 0;
    for (Attribute leaf : leaves)
      if (__builtin_add_overflow(
              sourceBytes,
              *getStorageBytes(cast<RecipeInterface>(leaf).getResultType()),
              &sourceBytes))
        return missed("its sources are too large");
    if (bytes > kSmallBytes && bytes / kMaxGrowth > sourceBytes)
      return missed("it would store many times the bytes it is made of");
    return true;
  }

  /// Files; inline elements count for nothing.
  static void collectLeaves(RecipeInterface recipe,
                            llvm::SetVector<Attribute> &leaves) {
    if (isa<FileAttr>(recipe))
      leaves.insert(recipe);
    recipe.forEachSource(
        [&](RecipeInterface source) { collectLeaves(source, leaves); });
  }

  static DeclOp declare(DeclOp base, const Fold &fold, SymbolTable &symbols) {
    OpBuilder builder(base->getContext());
    builder.setInsertionPointAfter(base);
    std::string name = (base.getSymName() + "." + fold.suffix).str();
    auto decl = DeclOp::create(builder, base.getLoc(), name,
                               fold.recipe.getResultType(), fold.recipe,
                               /*offset=*/IntegerAttr());
    symbols.insert(decl);
    return decl;
  }
};
} // namespace

/// The elements of a small constant of integers.
static std::optional<SmallVector<int64_t>> getIntegers(Value value) {
  DenseIntElementsAttr elements;
  if (!value || !matchPattern(value, m_Constant(&elements)) ||
      elements.getNumElements() > 1024)
    return std::nullopt;
  SmallVector<int64_t> values;
  for (const APInt &element : elements.getValues<APInt>())
    values.push_back(element.getSExtValue());
  return values;
}

/// The attribute `axis`, counted from the front; `otherwise` without it.
static std::optional<int64_t> getAxis(Operation *op, int64_t rank,
                                      int64_t otherwise) {
  int64_t axis = otherwise;
  if (auto attr = op->getAttrOfType<IntegerAttr>("axis"))
    axis = attr.getValue().getSExtValue();
  if (axis < -rank || axis >= rank)
    return std::nullopt;
  return axis < 0 ? axis + rank : axis;
}

/// The elements [begin, begin + size) of one dimension.
static RecipeInterface makeRange(RecipeInterface source, int64_t axis,
                                 int64_t begin, int64_t size) {
  SmallVector<int64_t> sizes(source.getResultType().getShape());
  SmallVector<int64_t> offsets(sizes.size(), 0), strides(sizes.size(), 1);
  offsets[axis] = begin;
  sizes[axis] = size;
  return makeSlice(source, offsets, sizes, strides);
}

/// ONNX Slice: data, starts, ends, and optionally axes and steps. Bounds count
/// from the end where negative and are clamped, as the operator says.
static std::optional<RecipeInterface> foldSlice(Operation *op,
                                                RecipeInterface source) {
  ArrayRef<int64_t> shape = source.getResultType().getShape();
  int64_t rank = shape.size();
  unsigned numOperands = op->getNumOperands();
  if (numOperands < 3)
    return std::nullopt;
  auto starts = getIntegers(op->getOperand(1));
  auto ends = getIntegers(op->getOperand(2));
  if (!starts || !ends || starts->size() != ends->size())
    return std::nullopt;
  // With an optional operand absent, which one is there is in the segments.
  Value axesOperand, stepsOperand;
  if (numOperands == 5) {
    axesOperand = op->getOperand(3);
    stepsOperand = op->getOperand(4);
  } else if (numOperands == 4) {
    auto segments = op->getAttrOfType<DenseI32ArrayAttr>("operandSegmentSizes");
    if (!segments || segments.size() != 5)
      return std::nullopt;
    (segments[3] ? axesOperand : stepsOperand) = op->getOperand(3);
  }
  auto axes = llvm::to_vector(llvm::seq<int64_t>(0, starts->size()));
  SmallVector<int64_t> steps(starts->size(), 1);
  if (axesOperand) {
    auto values = getIntegers(axesOperand);
    if (!values || values->size() != starts->size())
      return std::nullopt;
    axes = *values;
  }
  if (stepsOperand) {
    auto values = getIntegers(stepsOperand);
    if (!values || values->size() != starts->size())
      return std::nullopt;
    steps = *values;
  }
  SmallVector<int64_t> offsets(rank, 0), sizes(shape), strides(rank, 1);
  SmallVector<bool> seen(rank, false);
  for (auto [start, end, axis, step] :
       llvm::zip_equal(*starts, *ends, axes, steps)) {
    if (axis < -rank || axis >= rank)
      return std::nullopt;
    int64_t dim = axis < 0 ? axis + rank : axis;
    if (seen[dim] || step == 0 || step == INT64_MIN)
      return std::nullopt;
    seen[dim] = true;
    int64_t extent = shape[dim];
    int64_t from = start < 0 ? start + extent : start;
    int64_t to = end < 0 ? end + extent : end;
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? extent : extent - 1;
    from = std::clamp<int64_t>(from, step > 0 ? 0 : std::min<int64_t>(0, high),
                               std::max<int64_t>(high, 0));
    to = std::clamp<int64_t>(to, low, high);
    int64_t distance = step > 0 ? to - from : from - to;
    int64_t stride = std::abs(step);
    int64_t size = distance > 0 && extent > 0 ? (distance - 1) / stride + 1 : 0;
    offsets[dim] = size ? from : 0;
    sizes[dim] = size;
    strides[dim] = size > 1 ? step : 1;
  }
  return makeSlice(source, offsets, sizes, strides);
}

/// A slice whose bounds are all known.
static RecipeInterface foldExtractSlice(tensor::ExtractSliceOp op,
                                        RecipeInterface source) {
  if (!op.getOffsets().empty() || !op.getSizes().empty() ||
      !op.getStrides().empty())
    return {};
  return makeReshape(makeSlice(source, op.getStaticOffsets(),
                               op.getStaticSizes(), op.getStaticStrides()),
                     op.getType().getShape());
}

/// ONNX Split: ranges whose extents the results' types tell.
static std::optional<SmallVector<RecipeInterface>>
foldSplit(Operation *op, RecipeInterface source) {
  RankedTensorType type = source.getResultType();
  std::optional<int64_t> axis = getAxis(op, type.getRank(), /*otherwise=*/0);
  if (!axis)
    return std::nullopt;
  SmallVector<RecipeInterface> parts;
  int64_t begin = 0;
  for (Value result : op->getResults()) {
    auto part = dyn_cast<RankedTensorType>(result.getType());
    if (!part || part.getRank() != type.getRank() || part.isDynamicDim(*axis) ||
        part.getDimSize(*axis) > type.getDimSize(*axis) - begin)
      return std::nullopt;
    parts.push_back(makeRange(source, *axis, begin, part.getDimSize(*axis)));
    begin += part.getDimSize(*axis);
  }
  if (begin != type.getDimSize(*axis))
    return std::nullopt;
  return parts;
}

/// ONNX Gather with constant indices: how exporters take one expert's weights.
static RecipeInterface foldGather(Operation *op, RecipeInterface source,
                                  ArrayRef<int64_t> shape) {
  RankedTensorType type = source.getResultType();
  std::optional<int64_t> axis = getAxis(op, type.getRank(), /*otherwise=*/0);
  std::optional<SmallVector<int64_t>> indices = getIntegers(op->getOperand(1));
  if (!axis || !indices)
    return {};
  int64_t extent = type.getDimSize(*axis);
  for (int64_t &index : *indices) {
    if (index < -extent || index >= extent)
      return {};
    if (index < 0)
      index += extent;
  }
  // One index is a slice; of indices of other ranks, the result's shape tells.
  RecipeInterface gathered = indices->size() == 1
                                 ? makeRange(source, *axis, indices->front(), 1)
                                 : makeGather(source, *axis, *indices);
  return makeReshape(gathered, shape);
}

SmallVector<Fold> ParamFoldRecipes::foldOp(Operation *op,
                                           const SymbolTable &symbols) {
  RecipeInterface source = getRecipe(op->getOperand(0), symbols);
  if (!source || op->getNumResults() == 0)
    return {};
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || !type.hasStaticShape())
    return {};

  auto makeOne = [](RecipeInterface recipe, StringRef suffix) {
    return SmallVector<Fold>{{recipe, suffix}};
  };
  if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
    return makeOne(makeReshape(source, type.getShape()), "reshaped");
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    return makeOne(foldExtractSlice(slice, source), "sliced");
  if (auto interleave = dyn_cast<moe::InterleaveOp>(op)) {
    // In turn: side by side in a dimension of their own, behind the rows.
    RecipeInterface pair[] = {source, getRecipe(interleave.getUp(), symbols)};
    if (!pair[1])
      return {};
    return makeOne(makeReshape(makeStack(pair, /*axis=*/2), type.getShape()),
                   "interleaved");
  }
  if (auto pack = dyn_cast<moe::PackPanelsOp>(op))
    return makeOne(makePackPanels(source, pack.getKMajor(), pack.getGated()),
                   "packed");

  if (!isa_and_present<onnx::OnnxDialect>(op->getDialect()))
    return {};
  // What the results' types say is not read from operands again.
  StringRef name = op->getName().stripDialect();
  if (name == "Reshape" || name == "Squeeze" || name == "Unsqueeze" ||
      name == "Flatten" || name == "Identity")
    return makeOne(makeReshape(source, type.getShape()), "reshaped");
  if (name == "Cast")
    return makeOne(makeCast(source, type.getElementType()), "cast");
  if (name == "Transpose") {
    auto permutation =
        llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, type.getRank())));
    if (auto attr = op->getAttrOfType<DenseI64ArrayAttr>("perm"))
      permutation = llvm::to_vector(attr.asArrayRef());
    return makeOne(makeTranspose(source, permutation), "transposed");
  }
  if (name == "Slice") {
    if (std::optional<RecipeInterface> slice = foldSlice(op, source))
      return makeOne(*slice, "sliced");
    return {};
  }
  if (name == "Gather") {
    if (RecipeInterface gather = foldGather(op, source, type.getShape()))
      return makeOne(gather, "gathered");
    return {};
  }
  if (name == "Split") {
    SmallVector<Fold> folds;
    if (auto parts = foldSplit(op, source))
      for (RecipeInterface part : *parts)
        folds.push_back({part, "split"});
    return folds;
  }
  if (name == "Concat") {
    std::optional<int64_t> axis = getAxis(op, type.getRank(), /*otherwise=*/0);
    SmallVector<RecipeInterface> sources;
    for (Value operand : op->getOperands())
      if (RecipeInterface recipe = getRecipe(operand, symbols))
        sources.push_back(recipe);
    if (axis && sources.size() == op->getNumOperands())
      return makeOne(makeConcat(sources, *axis), "concat");
  }
  return {};
}
