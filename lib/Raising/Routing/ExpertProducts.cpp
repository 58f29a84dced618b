//===-- ExpertProducts.cpp - products of rows and weights -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpertLifter.h"

#include "Constants.h"

#include "dialects/Param/IR/Param.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

/// Whether what `add` adds to rows of all experts is a vector for each of them.
bool ExpertLifter::isStackOfVectors(Operation *add, RankedTensorType type,
                                    int64_t width) {
  Value rows = add->getOperand(rowDims.contains(add->getOperand(0)) ? 0 : 1);
  const Dims &dims = getDims(rows);
  if (!type.hasStaticShape() || type.getRank() > int64_t(dims.size()) ||
      type.getRank() < 2 || type.getShape().back() != width)
    return false;
  ArrayRef<Dim> own = ArrayRef(dims).take_back(type.getRank());
  for (auto [extent, dim] : llvm::zip(type.getShape().drop_back(), own))
    if (extent != (dim == Dim{Axis::Expert} ? facts.getExtents().experts : 1))
      return false;
  return findAxis(own, Axis::Expert).has_value();
}

/// Vectors of this width, one for each expert, or a table of them.
std::optional<SmallVector<Value>>
ExpertLifter::readVectors(Values vectors, int64_t width, Operation *node) {
  SmallVector<Value> found;
  auto stop = [&](const Twine &reason) {
    fail(node, reason);
    return std::nullopt;
  };
  for (Value vector : vectors) {
    const Fact *fact = facts.lookup(vector);
    bool isTable = fact && (fact->kind == FactKind::Table ||
                            fact->kind == FactKind::RowTable);
    if (isTable) {
      if (!experts.empty())
        return stop("it looks vectors up for experts of other kinds, too");
      RankedTensorType table = getType(fact->table);
      if (table.getRank() != 2 || table.getDimSize(1) != width ||
          fact->dims.back() != Dim{Axis::Feature})
        return stop("what it reads is no vector of the expert");
      for (Value part = vector;
           facts.lookup(part) &&
           part.getDefiningOp()->getOperand(0) != fact->table;
           part = part.getDefiningOp()->getOperand(0))
        visited.insert(part.getDefiningOp());
      found.push_back(fact->table);
      continue;
    }
    RankedTensorType type = getType(vector);
    bool isVector = type.hasStaticShape() && type.getNumElements() == width &&
                    (width == 1 || type.getShape().back() == width);
    bool hasAll = hasAllExperts(vectors);
    bool isStack = hasAll && isStackOfVectors(node, type, width);
    if ((!isVector && !isStack) ||
        !isa_and_present<param::LoadOp, onnx::ConstantOp>(
            vector.getDefiningOp()))
      return stop("what it reads is no vector of the expert");
    if (isVector && hasAll)
      return stop("what it reads is no vector of each expert");
    found.push_back(vector);
  }
  return found;
}

RowExpr *ExpertLifter::addBias(RowExpr *product, Values vectors,
                               Operation *node) {
  auto found = readVectors(vectors, product->width, node);
  if (!found)
    return nullptr;
  RowExpr expr = *product;
  expr.bias = std::move(*found);
  return make(expr);
}

/// A vector of each expert, or a number.
RowExpr *ExpertLifter::liftVectors(Values vectors, Operation *node) {
  const Fact *fact = facts.lookup(vectors.front());
  bool isTable = fact && (fact->kind == FactKind::Table ||
                          fact->kind == FactKind::RowTable);
  RankedTensorType type = getType(isTable ? fact->table : vectors.front());
  if (!isTable && !hasAllExperts(vectors) && vectors.size() != countExperts())
    return fail(node, "all experts have its vector in common");
  int64_t width = type.getRank() == 0 ? 1 : type.getShape().back();
  auto found = readVectors(vectors, width, node);
  if (!found)
    return nullptr;
  RowExpr one(RowExpr::One), expr(RowExpr::Product, node);
  one.elementType = expr.elementType = type.getElementType();
  one.width = 1;
  expr.width = width;
  expr.weights = std::move(*found);
  expr.operands.push_back({make(one), {}});
  return make(expr);
}

RowExpr *ExpertLifter::liftProduct(Values values) {
  Operation *op = values.front().getDefiningOp();
  auto isTable = [&](Value value) {
    const Fact *fact = facts.lookup(value);
    return fact &&
           (fact->kind == FactKind::Table || fact->kind == FactKind::RowTable);
  };
  if (isTable(op->getOperand(0)) || isTable(op->getOperand(1)))
    return liftTableProduct(values);

  RowExpr expr(RowExpr::Product, op);
  SmallVector<Value> bias;
  if (auto gemm = dyn_cast<onnx::GemmOp>(op)) {
    if (gemm.getTransA() != 0 || gemm.getAlpha().convertToFloat() != 1.0f ||
        (gemm.getC() && gemm.getBeta().convertToFloat() != 1.0f))
      return fail(op, "it scales or transposes its rows");
    expr.isTransposed = gemm.getTransB() != 0;
    if (gemm.getC())
      bias = getColumn(values, 2);
  }
  expr.weights = getColumn(values, 1);
  RankedTensorType type = getType(expr.weights.front());
  int64_t rank = hasAllExperts(values) ? 3 : 2;
  if (rank == 2 && values.size() != countExperts())
    return fail(op, "all experts have its weights in common");
  for (Value weight : expr.weights) {
    if (!weight.getDefiningOp<param::LoadOp>() || getType(weight) != type ||
        type.getRank() != rank ||
        (rank == 3 && type.getDimSize(0) != facts.getExtents().experts))
      return fail(weight.getDefiningOp() ? weight.getDefiningOp() : op,
                  "its weights are no parameter of one shape for each expert");
  }
  RowExpr *row = lift(getColumn(values, 0));
  if (!row)
    return nullptr;
  int64_t columnsDim = rank - (expr.isTransposed ? 2 : 1);
  int64_t depthDim = rank - (expr.isTransposed ? 1 : 2);
  expr.width = type.getDimSize(columnsDim);
  expr.elementType = getElementTypeOrSelf(values.front().getType());
  expr.operands.push_back({row, {}});
  if (row->width != type.getDimSize(depthDim) ||
      expr.elementType != type.getElementType() ||
      !isa<Float16Type, BFloat16Type, Float32Type>(expr.elementType))
    return fail(op, "its rows do not fit its weights");
  ++numProducts;
  RowExpr *product = make(expr);
  return bias.empty() ? product : addBias(product, bias, op);
}

/// A product with the matrices that were looked up for each choice.
RowExpr *ExpertLifter::liftTableProduct(Values values) {
  Operation *op = values.front().getDefiningOp();
  if (!experts.empty())
    return fail(op, "it looks weights up for experts of other kinds, too");
  const Fact *left = facts.lookup(op->getOperand(0));
  bool isLeft = left && (left->kind == FactKind::Table ||
                         left->kind == FactKind::RowTable);
  Value matrix = op->getOperand(isLeft ? 0 : 1);
  const Fact *table = facts.lookup(matrix);
  // W [.., N, K] . x [.., K, 1], or x [.., 1, K] . W [.., K, N]; in between the
  // matrix may have been transposed.
  bool isTransposed = isLeft;
  Value part = matrix;
  while (part != table->table) {
    Operation *maker = part.getDefiningOp();
    visited.insert(maker);
    if (auto transpose = dyn_cast<onnx::TransposeOp>(maker)) {
      const Fact *from = facts.lookup(maker->getOperand(0));
      auto permutation = transpose->getAttrOfType<DenseI64ArrayAttr>("perm");
      int64_t rank = from->dims.size();
      if (!permutation)
        return fail(maker, "it moves more than rows and columns");
      for (auto [to, source] : llvm::enumerate(permutation.asArrayRef())) {
        bool isLast = int64_t(to) >= rank - 2;
        if (isLast ? source < rank - 2 : source != int64_t(to))
          return fail(maker, "it moves more than rows and columns");
      }
      if (permutation[rank - 1] != rank - 1)
        isTransposed = !isTransposed;
    } else if (!isView(maker) &&
               !isa<onnx::GatherOp, onnx::GatherNDOp>(maker)) {
      return fail(maker, "it changes the weights of an expert");
    }
    part = maker->getOperand(0);
  }
  RankedTensorType type = getType(table->table);
  RankedTensorType product = getType(values.front());
  RowExpr expr(RowExpr::Product, op);
  expr.isTransposed = isTransposed;
  expr.weights = {table->table};
  expr.elementType = product.getElementType();
  expr.width = type.getDimSize(isTransposed ? 1 : 2);
  // One row at a time, which of two vectors may be a row or a column.
  RankedTensorType other = getType(op->getOperand(isLeft ? 1 : 0));
  ArrayRef<int64_t> extents = other.getShape().take_back(2);
  int64_t ones = isLeft ? extents.back() : extents.front();
  if (!isa<onnx::MatMulOp>(op) || type.getRank() != 3 ||
      other.getRank() != getType(matrix).getRank() || ones != 1)
    return fail(op, "it multiplies several rows by one expert's weights");
  RowExpr *row = lift(op->getOperand(isLeft ? 1 : 0));
  if (!row)
    return nullptr;
  if (!areAligned(op->getOperand(isLeft ? 1 : 0), table->dims, 2))
    return fail(op, "its rows do not stand beside the weights looked up for "
                    "them");
  if (row->width != type.getDimSize(isTransposed ? 2 : 1) ||
      expr.elementType != type.getElementType() ||
      !isa<Float16Type, BFloat16Type, Float32Type>(expr.elementType))
    return fail(op, "its rows do not fit its weights");
  expr.operands.push_back({row, {}});
  ++numProducts;
  return make(expr);
}
