//===-- RowReductions.cpp - what experts make of all elements of a row ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpertLifter.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

static bool isShortFloat(Type type) {
  return isa<Float16Type, BFloat16Type, Float32Type>(type);
}

/// One number of each row.
RowExpr *ExpertLifter::liftReduction(Values values) {
  Operation *op = values.front().getDefiningOp();
  RowExpr *row = lift(getColumn(values, 0));
  if (!row)
    return nullptr;
  RowExpr expr(RowExpr::Node, op);
  expr.operands.push_back({row, {}});
  expr.width = 1;
  expr.elementType = getElementTypeOrSelf(values.front().getType());
  if (row->width != getType(op->getOperand(0)).getShape().back() ||
      !isShortFloat(expr.elementType))
    return fail(op, "the width of its rows is not known");
  return make(expr);
}

/// Rows, normalised and scaled by vectors that experts have in common, or by
/// one for each.
RowExpr *ExpertLifter::liftNormalization(Values values) {
  Operation *op = values.front().getDefiningOp();
  if (!isAlongRows(op) || values.front() != op->getResult(0))
    return fail(op, "it does not work along the last dimension");
  RowExpr expr(RowExpr::Node, op);
  RowExpr *row = lift(getColumn(values, 0));
  if (!row)
    return nullptr;
  expr.operands.push_back({row, {}});
  expr.width = row->width;
  expr.elementType = getElementTypeOrSelf(values.front().getType());
  for (unsigned i = 1; i < op->getNumOperands(); ++i) {
    SmallVector<Value> column = getColumn(values, i);
    if (std::optional<RowExpr::Operand> shared = liftShared(column)) {
      expr.operands.push_back(*shared);
      continue;
    }
    // What is looked up stands beside the rows where facts say so.
    bool isBeside =
        !facts.lookup(column.front()) || facts.lookup(values.front());
    RowExpr *vector =
        areConstant(column) && isBeside ? liftVectors(column, op) : nullptr;
    if (!vector)
      return fail(op, "what scales its rows is no vector of each expert");
    expr.operands.push_back({vector, {}});
  }
  for (const RowExpr::Operand &operand : expr.operands)
    if (operand.row && operand.row->width != expr.width &&
        operand.row->width != 1)
      return fail(op, "its operands have rows of different widths");
  bool isKnown = expr.width == getType(op->getOperand(0)).getShape().back();
  return isKnown && isShortFloat(expr.elementType)
             ? make(expr)
             : fail(op, "the width of its rows is not known");
}
