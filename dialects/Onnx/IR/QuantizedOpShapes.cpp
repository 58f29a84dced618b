//===-- QuantizedOpShapes.cpp - extents of block-quantised operators ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace moec::onnx;

static LogicalResult checkBits(Operation *op, int64_t bits) {
  if (bits == 2 || bits == 4 || bits == 8)
    return success();
  return emitUnsupported(op) << "attribute 'bits' = " << bits
                             << "; quantise the model to 2, 4 or 8";
}

static LogicalResult checkBlockSize(Operation *op, int64_t size) {
  // A block is whole bytes at every width.
  if (size >= 4 && size % 4 == 0 && size <= (int64_t(1) << 31))
    return success();
  return emitUnsupported(op)
         << "attribute 'block_size' = " << size
         << "; quantise the model with a multiple of 4, up to 2^31";
}

/// A tensor of so many elements, whatever its shape: exporters flatten scales
/// and zero points, or do not.
static LogicalResult checkCount(Operation *op, Value value, StringRef name,
                                int64_t rows, int64_t columns) {
  auto type = cast<RankedTensorType>(value.getType());
  bool fits = type.hasStaticShape() && type.getNumElements() == rows * columns;
  if (fits && type.getRank() == 1)
    return success();
  if (fits && type.getRank() == 2 && type.getDimSize(0) == rows)
    return success();
  return op->emitOpError() << "input '" << name << "' has type " << type
                           << ", expected " << rows << " x " << columns
                           << " elements, flat or as a matrix";
}

LogicalResult MatMulNBitsOp::inferShapes(ShapeContext &context) {
  Operation *op = getOperation();
  if (getGIdx())
    return emitUnsupported(op) << "input 'g_idx' is present; export the model "
                                  "without a reordering of the columns";
  if (getWeightPrepacked() != 0)
    return emitUnsupported(op)
           << "attribute 'weight_prepacked' = " << int64_t(getWeightPrepacked())
           << "; export the weights as they are specified";
  if (failed(checkBits(op, getBits())) ||
      failed(checkBlockSize(op, getBlockSize())))
    return failure();
  int64_t k = getK(), n = getN();
  constexpr int64_t kMax = int64_t(1) << 31;
  if (k < 1 || n < 1 || k > kMax || n > kMax)
    return emitOpError() << "attributes 'K' = " << k << " and 'N' = " << n
                         << " must be between 1 and 2^31";
  Extents a = context.getExtents(getA());
  if (a.empty())
    return emitOpError() << "input 'A' has no dimension, expected at least 1";
  if (failed(context.requireEqual(op, a.back(), context.getConstant(k),
                                  "last extent of 'A' against 'K'")))
    return failure();
  int64_t blocks = llvm::divideCeil(k, getBlockSize());
  auto codes = cast<RankedTensorType>(getB().getType());
  int64_t bytes = getBlockSize() * getBits() / 8;
  if (codes.getShape() != ArrayRef<int64_t>{n, blocks, bytes})
    return emitOpError() << "input 'B' has type " << codes << ", expected " << n
                         << " x " << blocks << " x " << bytes << " bytes";
  if (failed(checkCount(op, getScales(), "scales", n, blocks)))
    return failure();
  if (Value zeros = getZeroPoints()) {
    Type element = getElementTypeOrSelf(zeros.getType());
    if (!isa<FloatType>(element) && !element.isUnsignedInteger(8))
      return emitOpError() << "input 'zero_points' has elements of type "
                           << element << ", expected ui8 or a float type";
    int64_t columns = isa<FloatType>(element)
                          ? blocks
                          : llvm::divideCeil(blocks * getBits(), 8);
    if (failed(checkCount(op, zeros, "zero_points", n, columns)))
      return failure();
  }
  if (Value bias = getBias())
    if (failed(checkCount(op, bias, "bias", n, 1)))
      return failure();
  a.back() = context.getConstant(n);
  context.setResult(op->getOpResult(0), getElementTypeOrSelf(getA().getType()),
                    a);
  return success();
}

LogicalResult GatherBlockQuantizedOp::inferShapes(ShapeContext &context) {
  Operation *op = getOperation();
  Type code = getElementTypeOrSelf(getData().getType());
  bool isBytes = code.isUnsignedInteger(8);
  if (getBits() != 4 && (getBits() != 8 || !isBytes))
    return emitUnsupported(op)
           << "attribute 'bits' = " << int64_t(getBits())
           << " for elements of type " << code << "; quantise the model to 4"
           << (isBytes ? " or 8" : "");
  if (failed(checkBlockSize(op, getBlockSize())))
    return failure();
  Extents data = context.getExtents(getData());
  int64_t rank = data.size();
  auto type = cast<RankedTensorType>(getData().getType());
  if (!type.hasStaticShape())
    return emitUnsupported(op) << "input 'data' has type " << type
                               << "; export the model with fixed extents";
  if (rank < 2 || type.getNumElements() == 0)
    return emitOpError() << "input 'data' has type " << type
                         << ", expected at least 2 extents above 0";
  FailureOr<int64_t> gather = normalizeAxis(op, getGatherAxis(), rank);
  FailureOr<int64_t> quantize = normalizeAxis(op, getQuantizeAxis(), rank);
  if (failed(gather) || failed(quantize))
    return failure();
  if (*gather != 0)
    return emitUnsupported(op)
           << "attribute 'gather_axis' = " << int64_t(getGatherAxis())
           << "; export the model with 0";
  if (*quantize != rank - 1)
    return emitUnsupported(op)
           << "attribute 'quantize_axis' = " << int64_t(getQuantizeAxis())
           << "; export the model with the last axis";
  int64_t perElement = isBytes ? 8 / getBits() : 1;
  int64_t width = type.getDimSize(rank - 1) * perElement;
  SmallVector<int64_t> scales(type.getShape());
  scales.back() = llvm::divideCeil(width, getBlockSize());
  auto scalesType = cast<RankedTensorType>(getScales().getType());
  if (scalesType.getShape() != ArrayRef<int64_t>(scales))
    return emitOpError() << "input 'scales' has type " << scalesType
                         << ", expected the extents of 'data' with "
                         << scales.back() << " blocks along the last axis";
  if (Value zeros = getZeroPoints()) {
    auto zerosType = cast<RankedTensorType>(zeros.getType());
    SmallVector<int64_t> expected = scales;
    expected.back() = llvm::divideCeil(scales.back(), perElement);
    if (zerosType.getElementType() != code ||
        zerosType.getShape() != ArrayRef<int64_t>(expected))
      return emitOpError() << "input 'zero_points' has type " << zerosType
                           << ", expected type and extents of 'data' with "
                           << expected.back()
                           << " elements along the last axis";
  }
  Extents result = context.getExtents(getIndices());
  result.append(data.begin() + 1, data.end());
  result.back() = context.getConstant(width);
  context.setResult(op->getOpResult(0), scalesType.getElementType(), result);
  return success();
}
