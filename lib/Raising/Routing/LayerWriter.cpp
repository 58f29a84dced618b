//===-- LayerWriter.cpp - a routed layer, written anew --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerWriter.h"

#include "../FusedLayers.h"
#include "Constants.h"
#include "NewParameter.h"

#include "dialects/Onnx/IR/Reductions.h"
#include "dialects/Param/IR/Recipes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

LayerWriter::LayerWriter(const RoutedLayer &layer, const RoutingFacts &facts,
                         SymbolTable &symbols)
    : layer(layer), facts(facts), symbols(symbols),
      b(layer.root->getLoc(), facts.getShapes()) {
  b.setInsertionPoint(layer.root);
  tokens = facts.getTokens();
  if (layer.rowsOfToken)
    tokens = tokens * layer.rowsOfToken;
}

//===-- Weights -----------------------------------------------------------===//

/// Of the kind that is being written.
int64_t LayerWriter::countExperts() const {
  return int64_t(kind->lifter->countExperts());
}

/// The values of all experts as one parameter. Those of one have `shape`; one
/// value that is a table has all of them.
Value LayerWriter::stack(ArrayRef<Value> values, ArrayRef<int64_t> shape,
                         bool isTable) {
  SmallVector<int64_t> all = {countExperts()};
  llvm::append_range(all, shape);
  SmallVector<param::RecipeInterface> recipes;
  for (Value value : values) {
    param::RecipeInterface recipe = getRecipe(value, symbols);
    ArrayRef<int64_t> wanted = isTable ? ArrayRef(all) : shape;
    if (recipe && recipe.getResultType().getShape() != wanted)
      recipe = param::makeReshape(recipe, wanted);
    if (!recipe)
      return {};
    recipes.push_back(recipe);
  }
  param::RecipeInterface recipe =
      isTable ? recipes.front() : param::makeStack(recipes, 0);
  if (!recipe)
    return {};
  return loadNewParameter(b, layer.root->getLoc(), symbols, values.front(),
                          recipe, "experts");
}

/// The codes of each row: the last block is stored as if it were full.
Value LayerWriter::stackCodes(const RowExpr *expr) {
  int64_t depth = expr->operands.front().row->width, rows = expr->width;
  int64_t block = expr->quant.getBlock();
  int64_t bytes = expr->quant.getRowBytes(depth);
  int64_t stored = expr->quant.getRowBytes(llvm::alignTo(depth, block));
  Value load = stack(expr->weights, {rows, stored}, /*isTable=*/false);
  if (!load || stored == bytes)
    return load;
  int64_t experts = countExperts();
  param::RecipeInterface recipe = param::makeSlice(
      getRecipe(load, symbols), {0, 0, 0}, {experts, rows, bytes}, {1, 1, 1});
  return recipe ? loadNewParameter(b, layer.root->getLoc(), symbols, load,
                                   recipe, "whole")
                : Value();
}

/// What a product has of each expert, as one parameter.
Value LayerWriter::stackPart(const RowExpr *expr, ProductPart part) {
  int64_t depth = expr->operands.front().row->width, columns = expr->width;
  switch (part) {
  case ProductPart::Bias:
    return stack(expr->bias, {columns}, expr->bias.size() == 1);
  case ProductPart::Scales:
    return stack(expr->scales, {columns, expr->quant.getRowScales(depth)},
                 /*isTable=*/false);
  case ProductPart::ZeroPoints: {
    int64_t bytes = expr->quant.getRowBytes(expr->quant.getRowScales(depth));
    return stack(expr->zeroPoints, {columns, bytes}, /*isTable=*/false);
  }
  case ProductPart::Weights:
    break;
  }
  if (expr->quant)
    return stackCodes(expr);
  SmallVector<int64_t> shape = {depth, columns};
  if (expr->isTransposed)
    std::swap(shape[0], shape[1]);
  // The matrix of an only expert is no table.
  RankedTensorType type = getType(expr->weights.front());
  bool isTable = expr->weights.size() == 1 &&
                 type.getNumElements() == countExperts() * depth * columns;
  return stack(expr->weights, shape, isTable);
}

LogicalResult LayerWriter::stackWeights(const RowExpr *expr) {
  for (const RowExpr::Operand &operand : expr->operands)
    if (operand.row && failed(stackWeights(operand.row)))
      return failure();
  if (expr->kind != RowExpr::Product || stacked.count({expr, 0}))
    return success();
  std::pair<ProductPart, bool> parts[] = {
      {ProductPart::Weights, true},
      {ProductPart::Bias, !expr->bias.empty()},
      {ProductPart::Scales, !expr->scales.empty()},
      {ProductPart::ZeroPoints, !expr->zeroPoints.empty()}};
  for (auto [part, isThere] : parts) {
    if (!isThere)
      continue;
    Value load = stackPart(expr, part);
    if (!load)
      return failure();
    stacked[{expr, unsigned(part)}] = load;
    if (!firstStacked)
      firstStacked = load;
  }
  return success();
}

//===-- Routing -----------------------------------------------------------===//

/// A number for each token and choice, of the choices that are taken, and for
/// each row where a token has several.
Value LayerWriter::forEachRow(Value numbers) {
  onnx::ShapeContext &shapes = b.getShapes();
  AffineExpr choices = shapes.getConstant(layer.choices);
  if (layer.choices != facts.getExtents().choices)
    numbers = b.makeNode<onnx::SliceOp>(
        {numbers, b.makeIntegers({0}), b.makeIntegers({layer.choices}),
         b.makeIntegers({1}), b.makeIntegers({1})},
        b.getNamedAttr("operandSegmentSizes",
                       b.getDenseI32ArrayAttr({1, 1, 1, 1, 1})));
  if (!layer.rowsOfToken)
    return numbers;
  AffineExpr one = shapes.getConstant(1), own = facts.getTokens();
  Value wide = b.expand(b.reshape(numbers, {own, one, choices}),
                        {own, layer.rowsOfToken, choices});
  return b.reshape(wide, {tokens, choices});
}

/// The choices of each token, [T, k].
Value LayerWriter::getAllIds() {
  onnx::ShapeContext &shapes = b.getShapes();
  AffineExpr choices = shapes.getConstant(facts.getExtents().choices);
  if (facts.getRounds().empty())
    return b.reshape(layer.ids, {facts.getTokens(), choices});
  SmallVector<Value> ids;
  for (Value round : facts.getRounds()) {
    Value column = b.reshape(round, {facts.getTokens(), shapes.getConstant(1)});
    ids.push_back(b.convert(column, b.getI32Type()));
  }
  return b.makeNode<onnx::ConcatOp>(
      ids, b.getNamedAttr("axis", b.getI64IntegerAttr(1)));
}

constexpr int kDropped = -1;

/// Without those that are one of the same token before.
Value LayerWriter::dropRepeated(Value ids) {
  onnx::ShapeContext &shapes = b.getShapes();
  int64_t count = facts.getExtents().choices;
  AffineExpr one = shapes.getConstant(1), choices = shapes.getConstant(count);
  AffineExpr own = facts.getTokens();
  SmallVector<int64_t> isBefore;
  for (int64_t choice = 0; choice < count; ++choice)
    for (int64_t other = 0; other < count; ++other)
      isBefore.push_back(other < choice);
  Value before = b.convert(
      b.reshape(b.makeIntegers(isBefore), {choices, choices}), b.getI1Type());
  Value column = b.reshape(ids, {own, choices, one});
  Value row = b.reshape(ids, {own, one, choices});
  Value same = b.makeNode<onnx::EqualOp>({column, row});
  Value pairs =
      b.convert(b.makeNode<onnx::AndOp>({same, before}), b.getI32Type());
  Value repeated = b.makeNode<onnx::ReduceMaxOp>(
      {pairs, b.makeIntegers({2})},
      b.getNamedAttr("keepdims", b.getI64IntegerAttr(0)));
  Value none = b.makeScalar(kDropped, b.getI32Type());
  return b.makeNode<onnx::WhereOp>(
      {b.convert(repeated, b.getI1Type()), none, ids});
}

/// The choices of each row; one that does not count is of no expert.
Value LayerWriter::writeIds() {
  if (slotIds)
    return slotIds;
  Value ids = b.convert(getAllIds(), b.getI32Type());
  if (layer.takesExpertsOnce)
    ids = dropRepeated(ids);
  ids = forEachRow(ids);
  if (!layer.hits.kept)
    return ids;
  Value kept = b.convert(lookUpDense(layer.hits.kept, layer.hits.keptDims),
                         b.getI1Type());
  return b.makeNode<onnx::WhereOp>(
      {kept, ids, b.makeScalar(kDropped, b.getI32Type())});
}

/// [T, E], or [E, T], looked up by the ids: [T, k].
Value LayerWriter::lookUpDense(Value dense, ArrayRef<Dim> dims) {
  onnx::ShapeContext &shapes = b.getShapes();
  AffineExpr tokens = facts.getTokens();
  AffineExpr experts = shapes.getConstant(facts.getExtents().experts);
  bool isTransposed =
      flattenDims(dims) == SmallVector<Axis>{Axis::Expert, Axis::Token};
  dense =
      b.reshape(dense, isTransposed ? ArrayRef<AffineExpr>{experts, tokens}
                                    : ArrayRef<AffineExpr>{tokens, experts});
  if (isTransposed)
    dense = b.makeNode<onnx::TransposeOp>(
        dense, b.getNamedAttr("perm", b.getDenseI64ArrayAttr({1, 0})));
  Value ids = b.convert(getAllIds(), b.getIntegerType(64));
  return b.makeNode<onnx::GatherElementsOp>(
      {dense, ids}, b.getNamedAttr("axis", b.getI64IntegerAttr(1)));
}

/// [T, k] in f32.
Value LayerWriter::writeWeights(const RowWeights &weights) {
  onnx::ShapeContext &shapes = b.getShapes();
  AffineExpr choices = shapes.getConstant(facts.getExtents().choices);
  SmallVector<AffineExpr> extents = {facts.getTokens(), choices};
  if (weights.isDense)
    return writeAfter(lookUpDense(weights.value, weights.dims), weights.after);
  if (!weights.value)
    return writeAfter(b.expand(b.makeScalar(1.0, b.getF32Type()), extents),
                      weights.after);
  bool isTransposed =
      flattenDims(weights.dims) == SmallVector<Axis>{Axis::Choice, Axis::Token};
  Value numbers = b.reshape(
      weights.value, isTransposed ? ArrayRef<AffineExpr>{choices, extents[0]}
                                  : ArrayRef<AffineExpr>(extents));
  if (isTransposed)
    numbers = b.makeNode<onnx::TransposeOp>(
        numbers, b.getNamedAttr("perm", b.getDenseI64ArrayAttr({1, 0})));
  return writeAfter(numbers, weights.after);
}

/// What the graph did to weights since, then in f32.
Value LayerWriter::writeAfter(Value weights, ArrayRef<Operation *> after) {
  for (Operation *op : after) {
    SmallVector<Value> operands(op->getOperands());
    if (operands.size() == 2) {
      // One of them is a number.
      bool isSecond = !getUniform(operands[0]);
      Value number = operands[isSecond ? 1 : 0];
      weights = b.convert(weights, getElementTypeOrSelf(number.getType()));
      operands[isSecond ? 0 : 1] = weights;
      operands[isSecond ? 1 : 0] = b.makeScalar(
          *getUniform(number), getElementTypeOrSelf(number.getType()));
    } else {
      operands[0] = weights;
    }
    weights = b.cloneNode(op, operands)->getResult(0);
  }
  return b.convert(weights, b.getF32Type());
}

Value LayerWriter::makeEmpty(Value rows, int64_t columns, Type elementType) {
  return tensor::EmptyOp::create(
      b,
      ArrayRef<OpFoldResult>{getAsOpFoldResult(rows), b.getIndexAttr(columns)},
      elementType);
}

void LayerWriter::tag(Operation *op, AffineExpr rows, int64_t columns) {
  op->setAttr(moe::MoeDialect::getLayerAttrName(),
              b.getStringAttr(getNodeName(layer.root)));
  b.describe(op, {rows, b.getShapes().getConstant(columns)});
}

/// Which expert of its kind each of the layer is; null where all are of one.
Value LayerWriter::writeGroups() {
  constexpr int32_t kNone = -1;
  if (kind->experts.empty())
    return {};
  SmallVector<int32_t> groups(facts.getExtents().experts, kNone);
  for (auto [number, expert] : llvm::enumerate(kind->experts))
    groups[expert] = int32_t(number);
  auto type = RankedTensorType::get({int64_t(groups.size())}, b.getI32Type());
  return loadNewParameter(
      b, layer.root->getLoc(), symbols, firstStacked,
      param::makeDense(DenseElementsAttr::get(type, ArrayRef(groups))),
      "groups");
}

void LayerWriter::writePlan(Value ids) {
  int64_t choices = layer.choices;
  Type i32 = b.getI32Type();
  numTokens = b.createOrFold<tensor::DimOp>(ids, 0);
  numRows = b.createOrFold<arith::MulIOp>(
      numTokens, arith::ConstantIndexOp::create(b, choices));
  rowsExtent = tokens * choices;
  Value offsets =
      tensor::EmptyOp::create(b, ArrayRef<int64_t>{countExperts() + 1}, i32);
  Value rows = tensor::EmptyOp::create(
      b, ArrayRef<OpFoldResult>{getAsOpFoldResult(numRows)}, i32);
  Value inverse = makeEmpty(numTokens, choices, i32);
  plan = moe::PlanOp::create(
      b, TypeRange{offsets.getType(), rows.getType(), inverse.getType()}, ids,
      writeGroups(), offsets, rows, inverse);
  plan->setAttr(moe::MoeDialect::getLayerAttrName(),
                b.getStringAttr(getNodeName(layer.root)));
  if (!kind->experts.empty())
    plan->setAttr(moe::MoeDialect::getOwnExpertsAttrName(),
                  b.getDenseI64ArrayAttr(kind->experts));
  requireCountableRows(plan, ids, choices);
  plans.push_back(plan);
}

//===-- Experts -----------------------------------------------------------===//

Value LayerWriter::write(const RowExpr *expr) {
  Value &value = written[expr];
  if (value)
    return value;
  Value made = expr->kind == RowExpr::Source    ? writeSource(expr)
               : expr->kind == RowExpr::One     ? writeOne(expr)
               : expr->kind == RowExpr::Product ? writeProduct(expr)
               : expr->kind == RowExpr::Scaled  ? writeScaled(expr)
                                                : writeNode(expr);
  return written[expr] = made;
}

Value LayerWriter::writeSource(const RowExpr *expr) {
  return writeRows(b.toMatrix(expr->source), expr);
}

Value LayerWriter::writeOne(const RowExpr *expr) {
  return b.expand(b.makeScalar(1.0, expr->elementType),
                  {rowsExtent, b.getShapes().getConstant(1)});
}

/// The rows of a matrix that `expr` stands for.
Value LayerWriter::writeRows(Value x, const RowExpr *expr) {
  Value init = makeEmpty(numRows, expr->width, expr->elementType);
  auto op = moe::DispatchOp::create(b, TypeRange(init.getType()), x,
                                    plan.getResult(1), plan.getResult(0), init);
  tag(op, rowsExtent, expr->width);
  return op.getResult(0);
}

Value LayerWriter::writeProduct(const RowExpr *expr) {
  Value x = write(expr->operands.front().row);
  auto get = [&](ProductPart part) {
    return stacked.lookup({expr, unsigned(part)});
  };
  Value init = makeEmpty(numRows, expr->width, expr->elementType);
  auto op = moe::GroupedMatmulOp::create(
      b, TypeRange(init.getType()), x, get(ProductPart::Weights),
      plan.getResult(0), /*rows=*/Value(), get(ProductPart::Bias),
      get(ProductPart::Scales), get(ProductPart::ZeroPoints),
      /*global_scales=*/Value(), init,
      moe::LayoutAttr::get(b.getContext(), expr->isTransposed
                                               ? moe::Layout::NK
                                               : moe::Layout::KN),
      /*n=*/IntegerAttr(),
      moe::ActivationAttr::get(b.getContext(), moe::ActivationKind::Identity),
      expr->quant);
  tag(op, rowsExtent, expr->width);
  return op.getResult(0);
}

/// A row times the weight of its token, which has one choice.
Value LayerWriter::writeScaled(const RowExpr *expr) {
  Value weights =
      b.convert(writeWeights(kind->lifter->getScale()), expr->elementType);
  const RowExpr *scaled = expr->operands.front().row;
  if (scaled->kind == RowExpr::Source && !written.count(scaled)) {
    // Before rows are dispatched, so that experts read rows of one matrix.
    Value x = b.toMatrix(scaled->source);
    return writeRows(b.makeNode<onnx::MulOp>({x, weights}), expr);
  }
  Value init = makeEmpty(numRows, 1, expr->elementType);
  auto op = moe::DispatchOp::create(b, TypeRange(init.getType()), weights,
                                    plan.getResult(1), plan.getResult(0), init);
  tag(op, rowsExtent, 1);
  Value row = write(scaled);
  return b.makeNode<onnx::MulOp>({row, op.getResult(0)});
}

/// As a number, or a vector of a row.
Value LayerWriter::writeShared(Value shared) {
  RankedTensorType type = getType(shared);
  if (type.getRank() == 0)
    return shared;
  if (std::optional<double> number = getUniform(shared))
    return b.makeScalar(*number, type.getElementType());
  return b.reshape(shared, {b.getShapes().getConstant(type.getShape().back())});
}

Value LayerWriter::writeNode(const RowExpr *expr) {
  SmallVector<Value> operands;
  bool hasVectors = isRowwiseElementwise(expr->op) || isNormalization(expr->op);
  for (const RowExpr::Operand &operand : expr->operands)
    operands.push_back(operand.row  ? write(operand.row)
                       : hasVectors ? writeShared(operand.shared)
                                    : operand.shared);
  if (isRowReduction(expr->op))
    operands.push_back(b.makeIntegers({1}));
  if (isa<onnx::SliceOp>(expr->op))
    operands[3] = b.makeNode<onnx::CastOp>(
        b.makeIntegers({1}),
        b.getNamedAttr(
            "to", TypeAttr::get(getElementTypeOrSelf(operands[3].getType()))));
  // All results of one node are made once.
  auto &made = nodes[expr->op];
  auto *found = llvm::find_if(
      made, [&](const auto &other) { return other.first == operands; });
  Operation *op = found == made.end() ? nullptr : found->second;
  if (!op) {
    // Along the features, which are the second of two dimensions.
    SmallVector<NamedAttribute> changes;
    if (isRowReduction(expr->op))
      changes.push_back(
          b.getNamedAttr(onnx::kAxesAttr, b.getDenseI64ArrayAttr({1})));
    else if (!isRowwiseElementwise(expr->op) && !isa<onnx::SliceOp>(expr->op))
      changes.push_back(b.getNamedAttr("axis", b.getI64IntegerAttr(1)));
    op = b.cloneNode(expr->op, operands, changes);
    made.push_back({operands, op});
    op->setAttr(moe::MoeDialect::getLayerAttrName(),
                b.getStringAttr(getNodeName(layer.root)));
  }
  return op->getResult(expr->result);
}

/// Whether some expert adds zeros by its weight.
bool LayerWriter::hasExpertsOfNoKind() const {
  size_t count = layer.leftOut;
  for (const ExpertKind &other : layer.kinds)
    count += other.experts.size();
  return count != 0 && count < size_t(facts.getExtents().experts);
}

/// What experts of one kind add to each token.
Value LayerWriter::writeKind(const ExpertKind &own, Value ids, Value weights) {
  kind = &own;
  writePlan(ids);
  Value y = write(own.expr);
  Value result = layer.root->getResult(0);
  Value init =
      makeEmpty(numTokens, own.expr->width, getType(result).getElementType());
  // An expert of zeros hands on that its weight is no number.
  auto combine =
      moe::CombineOp::create(b, TypeRange(init.getType()), y, plan.getResult(2),
                             weights, init, hasExpertsOfNoKind());
  tag(combine, tokens, own.expr->width);
  // Once a layer.
  if (&own == &layer.kinds.front())
    combine->setAttr(moe::MoeDialect::getRaisedFromAttrName(),
                     b.getStringAttr(layer.pattern));
  return combine.getResult(0);
}

LogicalResult LayerWriter::write() {
  for (const ExpertKind &own : layer.kinds) {
    kind = &own;
    if (failed(stackWeights(own.expr)))
      return failure();
  }
  if (!layer.slots.empty())
    writeSlots();
  Value ids = writeIds();
  Value weights =
      slotWeights ? slotWeights : forEachRow(writeWeights(layer.weights));
  Value sum;
  for (const ExpertKind &own : layer.kinds) {
    Value part = writeKind(own, ids, weights);
    sum = sum ? b.makeNode<onnx::AddOp>({sum, part}) : part;
  }
  sum = b.reshape(sum, b.getShapes().getExtents(layer.root->getResult(0)));
  for (Value addend : layer.addends)
    sum = b.makeNode<onnx::AddOp>({sum, addend});
  if (b.hasFailed())
    return failure();
  layer.root->getResult(0).replaceAllUsesWith(sum);
  return success();
}
