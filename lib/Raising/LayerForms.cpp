//===-- LayerForms.cpp - one form for the weights of a fused layer --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FusedLayers.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace moec;

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// The layout of the file
//===----------------------------------------------------------------------===//

/// [E, a, b] with rows and depth in the other order.
static Value transpose(const FusedMatrix &matrix, ImplicitLocOpBuilder &b) {
  RankedTensorType type = getType(matrix.weights);
  SmallVector<int64_t> shape = {type.getDimSize(0), type.getDimSize(2),
                                type.getDimSize(1)};
  if (!matrix.format)
    return onnx::TransposeOp::create(b, type.clone(shape), matrix.weights,
                                     b.getDenseI64ArrayAttr({0, 2, 1}))
        .getResult();
  int64_t bits = matrix.format.getBits();
  shape = {shape[0], shape[1] * 8 / bits, matrix.format.getRowBytes(shape[2])};
  Value init = tensor::EmptyOp::create(b, shape, type.getElementType());
  return moe::TransposeCodesOp::create(b, TypeRange(init.getType()),
                                       matrix.weights, init, bits)
      .getResult(0);
}

/// The same bytes as [E, rows, depth].
static Value rename(const FusedMatrix &matrix, ImplicitLocOpBuilder &b) {
  RankedTensorType type = getType(matrix.weights);
  int64_t experts = type.getDimSize(0), bits = 8;
  if (matrix.format)
    bits = matrix.format.getBits();
  int64_t rows = type.getDimSize(2) * 8 / bits;
  int64_t depth = type.getDimSize(1) * bits / 8;
  SmallVector<ReassociationIndices> groups = {{0}, {1, 2}};
  Value flat = tensor::CollapseShapeOp::create(b, matrix.weights, groups);
  return tensor::ExpandShapeOp::create(b, type.clone({experts, rows, depth}),
                                       flat, groups);
}

//===----------------------------------------------------------------------===//
// Gate and up
//===----------------------------------------------------------------------===//

namespace {
/// Takes every second row, or half of the rows, of what belongs to fc1.
class RowPicker {
public:
  RowPicker(GateOrder order, unsigned part, ImplicitLocOpBuilder &b)
      : order(order), part(part), b(b) {}

  Value pick(Value value) {
    if (!value)
      return {};
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(b, b.getLoc(), value);
    SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(sizes.size(), b.getIndexAttr(1));
    sizes[1] = halve(sizes[1]);
    if (order == GateOrder::Halves)
      offsets[1] = part == 0 ? OpFoldResult(b.getIndexAttr(0)) : sizes[1];
    else {
      offsets[1] = b.getIndexAttr(part);
      strides[1] = b.getIndexAttr(2);
    }
    return tensor::ExtractSliceOp::create(b, value, offsets, sizes, strides);
  }

  FusedMatrix pick(const FusedMatrix &matrix) {
    return {pick(matrix.weights),    pick(matrix.bias),   pick(matrix.scales),
            pick(matrix.zeroPoints), matrix.globalScales, matrix.format};
  }

private:
  OpFoldResult halve(OpFoldResult size) {
    if (std::optional<int64_t> known = getConstantIntValue(size))
      return b.getIndexAttr(*known / 2);
    Value two = arith::ConstantIndexOp::create(b, 2);
    return arith::DivUIOp::create(b, cast<Value>(size), two).getResult();
  }

  GateOrder order;
  unsigned part;
  ImplicitLocOpBuilder &b;
};
} // namespace

void moec::normalizeWeights(FusedLayer &layer, ImplicitLocOpBuilder &b) {
  for (FusedMatrix *matrix : {&layer.fc1, &layer.fc2, &layer.fc3}) {
    if (!matrix->weights || layer.layout == WeightLayout::Documented)
      continue;
    matrix->weights = layer.layout == WeightLayout::Transposed
                          ? transpose(*matrix, b)
                          : rename(*matrix, b);
  }
  if (layer.order == GateOrder::Apart)
    return;
  FusedMatrix both = layer.fc1;
  layer.fc1 = RowPicker(layer.order, 0, b).pick(both);
  layer.fc3 = RowPicker(layer.order, 1, b).pick(both);
}
