//===-- PackedProducts.cpp - products of rows and quantised weights -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpertLifter.h"

#include "dialects/Moe/IR/WeightFormats.h"
#include "dialects/Param/IR/Param.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

/// Whether codes and scales of rows lie as `#moe.quant` has them; if not, why.
static StringRef findObstacle(onnx::MatMulNBitsOp op) {
  if (op.getGIdx())
    return "its blocks are in an order of their own";
  if (op.getZeroPoints() &&
      !getElementTypeOrSelf(op.getZeroPoints().getType()).isUnsignedInteger(8))
    return "its zero points are no codes";
  return moe::isQuantBlock(op.getBlockSize())
             ? ""
             : "no product of experts takes blocks of its size";
}

/// A product with the codes of each expert.
RowExpr *ExpertLifter::liftPackedProduct(Values values) {
  auto first = values.front().getDefiningOp<onnx::MatMulNBitsOp>();
  if (values.size() != countExperts())
    return fail(first, "all experts have its weights in common");
  if (StringRef obstacle = findObstacle(first); !obstacle.empty())
    return fail(first, obstacle);
  RowExpr expr(RowExpr::Product, first);
  expr.isTransposed = true;
  expr.quant = moe::QuantAttr::get(first.getContext(), first.getBits(),
                                   first.getBlockSize());
  SmallVector<Value> bias;
  for (Value value : values) {
    auto op = value.getDefiningOp<onnx::MatMulNBitsOp>();
    expr.weights.push_back(op.getB());
    expr.scales.push_back(op.getScales());
    if (op.getZeroPoints())
      expr.zeroPoints.push_back(op.getZeroPoints());
    if (op.getBias())
      bias.push_back(op.getBias());
  }
  for (ArrayRef<Value> stored : {ArrayRef(expr.weights), ArrayRef(expr.scales),
                                 ArrayRef(expr.zeroPoints)})
    for (Value value : stored)
      if (!value.getDefiningOp<param::LoadOp>() ||
          getElementTypeOrSelf(value.getType()) !=
              getElementTypeOrSelf(stored.front().getType()))
        return fail(first, "its weights are no parameter of one type for each "
                           "expert");
  RowExpr *row = lift(getColumn(values, 0));
  if (!row)
    return nullptr;
  expr.operands.push_back({row, {}});
  expr.width = first.getN();
  expr.elementType = getElementTypeOrSelf(values.front().getType());
  if (row->width != int64_t(first.getK()) ||
      expr.elementType != row->elementType)
    return fail(first, "its rows do not fit its weights");
  ++numProducts;
  RowExpr *product = make(expr);
  return bias.empty() ? product : addBias(product, bias, first);
}
