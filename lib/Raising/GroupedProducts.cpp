//===-- GroupedProducts.cpp - what raised products have in common ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GroupedProducts.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <limits>

using namespace mlir;
using namespace moec;

/// A Gemm that scales and transposes nothing of its rows, and adds nothing or
/// one vector to each.
static bool isPlain(onnx::GemmOp gemm) {
  if (gemm.getTransA() != 0 || gemm.getAlpha().convertToFloat() != 1.0f)
    return false;
  if (!gemm.getC())
    return true;
  auto c = cast<RankedTensorType>(gemm.getC().getType());
  int64_t columns = cast<RankedTensorType>(gemm.getY().getType()).getDimSize(1);
  bool isVector =
      c.getRank() == 1 || (c.getRank() == 2 && c.getDimSize(0) == 1);
  return gemm.getBeta().convertToFloat() == 1.0f && isVector &&
         c.getShape().back() == columns;
}

/// As far as known: the product of the static extents but the last.
static int64_t getStaticRows(RankedTensorType type) {
  int64_t rows = 1;
  for (int64_t extent : type.getShape().drop_back())
    if (!ShapedType::isDynamic(extent))
      rows *= extent;
  return rows;
}

StringRef moec::findFormObstacle(Operation *op) {
  if (auto gemm = dyn_cast<onnx::GemmOp>(op); gemm && !isPlain(gemm))
    return "it scales, or adds more than one vector, or transposes its rows";
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  if (getStaticRows(result) > std::numeric_limits<int32_t>::max())
    return "it has 2^31 rows or more";
  Type element = result.getElementType();
  if (!element.isF32() && !element.isF16() && !element.isBF16())
    return "no schedule takes its element type";
  return "";
}

Value moec::makeProductBias(ImplicitLocOpBuilder &b, Value bias) {
  if (!bias)
    return {};
  auto type = cast<RankedTensorType>(bias.getType());
  if (type.getRank() == 2)
    return bias;
  int64_t columns = type.getDimSize(0);
  SmallVector<OpFoldResult> sizes = {
      b.getIndexAttr(1), tensor::getMixedSize(b, b.getLoc(), bias, 0)};
  auto matrix = RankedTensorType::get({1, columns}, type.getElementType());
  SmallVector<ReassociationIndices> groups = {{0, 1}};
  return tensor::ExpandShapeOp::create(b, matrix, bias, groups, sizes);
}

void moec::moveChecks(Operation *node, Operation *product) {
  auto checks = node->getAttrOfType<ArrayAttr>(onnx::kEqualAttr);
  if (!checks)
    return;
  SmallVector<Attribute> all(checks.begin(), checks.end());
  if (auto own = product->getAttrOfType<ArrayAttr>(onnx::kEqualAttr))
    llvm::append_range(all, own);
  product->setAttr(onnx::kEqualAttr, ArrayAttr::get(node->getContext(), all));
}

Value moec::repeatRows(ImplicitLocOpBuilder &b, Value x, RankedTensorType type,
                       AffineMap map) {
  OperationState state(b.getLoc(), onnx::ExpandOp::getOperationName());
  state.addOperands(x);
  state.addTypes(type);
  if (map)
    state.addAttribute(onnx::kShapesAttr,
                       b.getArrayAttr(AffineMapAttr::get(map)));
  return b.create(state)->getResult(0);
}

Value moec::collapseLeading(ImplicitLocOpBuilder &b, Value value,
                            int64_t kept) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  if (rank == kept + 1)
    return value;
  SmallVector<ReassociationIndices> groups = {
      llvm::to_vector(llvm::seq(rank - kept))};
  for (int64_t dim = rank - kept; dim < rank; ++dim)
    groups.push_back({dim});
  return tensor::CollapseShapeOp::create(b, value, groups);
}
