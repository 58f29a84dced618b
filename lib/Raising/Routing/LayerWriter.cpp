//===-- LayerWriter.cpp - a routed layer, written anew --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerWriter.h"

#include "../FusedLayers.h"
#include "Constants.h"
#include "NewParameter.h"

#include "dialects/Param/IR/Recipes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

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

/// The values of all experts as one parameter; vectors as a matrix.
Value LayerWriter::stack(ArrayRef<Value> values, bool isVector) {
  int64_t experts = facts.getExtents().experts;
  SmallVector<param::RecipeInterface> recipes;
  for (Value value : values)
    recipes.push_back(getRecipe(value, symbols));
  if (llvm::is_contained(recipes, param::RecipeInterface()))
    return {};
  param::RecipeInterface recipe;
  // A table has all experts; the matrix of an only one is no table.
  bool isTable = values.size() == 1 &&
                 (isVector || getType(values.front()).getRank() == 3);
  if (isTable) {
    recipe = recipes.front();
    if (isVector)
      recipe = param::makeReshape(
          recipe, {experts, getType(values.front()).getShape().back()});
  } else {
    if (isVector)
      for (param::RecipeInterface &part : recipes)
        part = param::makeReshape(part,
                                  {getType(values.front()).getShape().back()});
    if (llvm::is_contained(recipes, param::RecipeInterface()))
      return {};
    recipe = param::makeStack(recipes, 0);
  }
  if (!recipe)
    return {};
  return loadNewParameter(b, layer.root->getLoc(), symbols, values.front(),
                          recipe, "experts");
}

LogicalResult LayerWriter::stackWeights(const RowExpr *expr) {
  for (const RowExpr::Operand &operand : expr->operands)
    if (operand.row && failed(stackWeights(operand.row)))
      return failure();
  for (unsigned isBias : {0, 1}) {
    ArrayRef<Value> values = isBias ? expr->bias : expr->weights;
    if (values.empty() || stacked.count({expr, isBias}))
      continue;
    Value load = stack(values, isBias);
    if (!load)
      return failure();
    stacked[{expr, isBias}] = load;
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

/// The choices of each token; one that does not count is of no expert.
Value LayerWriter::writeIds() {
  constexpr int kDropped = -1;
  if (slotIds)
    return slotIds;
  AffineExpr choices = b.getShapes().getConstant(facts.getExtents().choices);
  Value ids = forEachRow(b.convert(
      b.reshape(layer.ids, {facts.getTokens(), choices}), b.getI32Type()));
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
  AffineExpr choices = shapes.getConstant(facts.getExtents().choices);
  AffineExpr experts = shapes.getConstant(facts.getExtents().experts);
  bool isTransposed =
      flattenDims(dims) == SmallVector<Axis>{Axis::Expert, Axis::Token};
  dense =
      b.reshape(dense, isTransposed ? ArrayRef<AffineExpr>{experts, tokens}
                                    : ArrayRef<AffineExpr>{tokens, experts});
  if (isTransposed)
    dense = b.makeNode<onnx::TransposeOp>(
        dense, b.getNamedAttr("perm", b.getDenseI64ArrayAttr({1, 0})));
  Value ids =
      b.convert(b.reshape(layer.ids, {tokens, choices}), b.getIntegerType(64));
  return b.makeNode<onnx::GatherElementsOp>(
      {dense, ids}, b.getNamedAttr("axis", b.getI64IntegerAttr(1)));
}

/// [T, k] in f32.
Value LayerWriter::writeWeights() {
  onnx::ShapeContext &shapes = b.getShapes();
  AffineExpr choices = shapes.getConstant(facts.getExtents().choices);
  SmallVector<AffineExpr> extents = {facts.getTokens(), choices};
  if (slotWeights)
    return slotWeights;
  if (layer.denseWeights)
    return b.convert(lookUpDense(layer.denseWeights, layer.denseDims),
                     b.getF32Type());
  if (!layer.weights)
    return b.expand(b.makeScalar(1.0, b.getF32Type()), extents);
  Value weights = layer.weights;
  bool isTransposed = flattenDims(layer.weightDims) ==
                      SmallVector<Axis>{Axis::Choice, Axis::Token};
  weights = b.reshape(weights, isTransposed
                                   ? ArrayRef<AffineExpr>{choices, extents[0]}
                                   : ArrayRef<AffineExpr>(extents));
  if (isTransposed)
    weights = b.makeNode<onnx::TransposeOp>(
        weights, b.getNamedAttr("perm", b.getDenseI64ArrayAttr({1, 0})));
  for (Operation *op : layer.after) {
    SmallVector<Value> operands(op->getOperands());
    if (operands.size() == 2) {
      // One of them is a number.
      bool isSecond = !getUniform(operands[0]);
      Value number = operands[isSecond ? 1 : 0];
      operands[isSecond ? 0 : 1] = weights;
      operands[isSecond ? 1 : 0] = b.makeScalar(
          *getUniform(number), getElementTypeOrSelf(number.getType()));
    } else {
      operands[0] = weights;
    }
    weights = b.cloneNode(op, operands)->getResult(0);
  }
  return forEachRow(b.convert(weights, b.getF32Type()));
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

void LayerWriter::writePlan() {
  Value ids = writeIds();
  int64_t choices = layer.choices;
  Type i32 = b.getI32Type();
  numTokens = b.createOrFold<tensor::DimOp>(ids, 0);
  numRows = b.createOrFold<arith::MulIOp>(
      numTokens, arith::ConstantIndexOp::create(b, choices));
  rowsExtent = tokens * choices;
  Value offsets = tensor::EmptyOp::create(
      b, ArrayRef<int64_t>{facts.getExtents().experts + 1}, i32);
  Value rows = tensor::EmptyOp::create(
      b, ArrayRef<OpFoldResult>{getAsOpFoldResult(numRows)}, i32);
  Value inverse = makeEmpty(numTokens, choices, i32);
  plan = moe::PlanOp::create(
      b, TypeRange{offsets.getType(), rows.getType(), inverse.getType()}, ids,
      /*groups=*/Value(), offsets, rows, inverse);
  plan->setAttr(moe::MoeDialect::getLayerAttrName(),
                b.getStringAttr(getNodeName(layer.root)));
  requireCountableRows(plan, ids, choices);
}

//===-- Experts -----------------------------------------------------------===//

Value LayerWriter::write(const RowExpr *expr) {
  Value &value = written[expr];
  if (value)
    return value;
  Value made = expr->kind == RowExpr::Source    ? writeSource(expr)
               : expr->kind == RowExpr::Product ? writeProduct(expr)
               : expr->kind == RowExpr::Scaled  ? writeScaled(expr)
                                                : writeNode(expr);
  return written[expr] = made;
}

Value LayerWriter::writeSource(const RowExpr *expr) {
  return writeRows(b.toMatrix(expr->source), expr);
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
  Value weights = stacked.lookup({expr, 0});
  Value bias;
  if (!expr->bias.empty())
    bias = stacked.lookup({expr, 1});
  Value init = makeEmpty(numRows, expr->width, expr->elementType);
  auto op = moe::GroupedMatmulOp::create(
      b, TypeRange(init.getType()), x, weights, plan.getResult(0),
      /*rows=*/Value(), bias, /*scales=*/Value(), init,
      moe::LayoutAttr::get(b.getContext(), expr->isTransposed
                                               ? moe::Layout::NK
                                               : moe::Layout::KN),
      /*n=*/IntegerAttr(),
      moe::ActivationAttr::get(b.getContext(), moe::ActivationKind::Identity),
      /*quant=*/moe::QuantAttr());
  tag(op, rowsExtent, expr->width);
  return op.getResult(0);
}

/// A row times the weight of its token, which has one choice.
Value LayerWriter::writeScaled(const RowExpr *expr) {
  Value weights = b.convert(
      lookUpDense(layer.lifter->getScale(), layer.lifter->getScaleDims()),
      expr->elementType);
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
  bool isAlongFeatures = !isRowwiseElementwise(expr->op);
  for (const RowExpr::Operand &operand : expr->operands)
    operands.push_back(operand.row       ? write(operand.row)
                       : isAlongFeatures ? operand.shared
                                         : writeShared(operand.shared));
  if (isa<onnx::SliceOp>(expr->op))
    operands[3] = b.makeNode<onnx::CastOp>(
        b.makeIntegers({1}),
        b.getNamedAttr(
            "to", TypeAttr::get(getElementTypeOrSelf(operands[3].getType()))));
  // All results of one node are made once.
  Operation *&op = nodes[{expr->op, expr->operands.front().row}];
  if (!op) {
    // Along the features, which are the second of two dimensions.
    SmallVector<NamedAttribute> changes;
    if (isAlongFeatures && !isa<onnx::SliceOp>(expr->op))
      changes.push_back(b.getNamedAttr("axis", b.getI64IntegerAttr(1)));
    op = b.cloneNode(expr->op, operands, changes);
    op->setAttr(moe::MoeDialect::getLayerAttrName(),
                b.getStringAttr(getNodeName(layer.root)));
  }
  return op->getResult(expr->result);
}

LogicalResult LayerWriter::write() {
  if (failed(stackWeights(layer.expert)))
    return failure();
  if (!layer.slots.empty())
    writeSlots();
  writePlan();
  Value weights = writeWeights();
  Value y = write(layer.expert);
  Value result = layer.root->getResult(0);
  int64_t width = layer.expert->width;
  Value init = makeEmpty(numTokens, width, getType(result).getElementType());
  auto combine = moe::CombineOp::create(b, TypeRange(init.getType()), y,
                                        plan.getResult(2), weights, init,
                                        /*propagate_nan=*/false);
  tag(combine, tokens, width);
  combine->setAttr(moe::MoeDialect::getRaisedFromAttrName(),
                   b.getStringAttr(layer.pattern));
  Value sum = b.reshape(combine.getResult(0), b.getShapes().getExtents(result));
  for (Value addend : layer.addends)
    sum = b.makeNode<onnx::AddOp>({sum, addend});
  if (b.hasFailed())
    return failure();
  result.replaceAllUsesWith(sum);
  return success();
}
