//===-- Movement.h - what Slice and Pad do to a dimension -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_MOVEMENT_H
#define MOEC_DIALECTS_ONNX_IR_MOVEMENT_H

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/IR/Builders.h"

namespace moec::onnx {

/// What a slice takes of one dimension, as index values: the first position,
/// clamped, the step, and how many elements.
struct SlicedDim {
  mlir::Value start, step, count;
};

/// The operands come from an adaptor; which of them are constant, from the op.
SlicedDim buildSlicedDim(mlir::OpBuilder &builder, SliceOp op,
                         SliceOp::Adaptor adaptor, int64_t dim);

/// How many elements a pad adds to one dimension on either side.
struct PaddedDim {
  mlir::Value begin, end;
};

PaddedDim buildPaddedDim(mlir::OpBuilder &builder, PadOp op,
                         PadOp::Adaptor adaptor, int64_t dim);

} // namespace moec::onnx

#endif // MOEC_DIALECTS_ONNX_IR_MOVEMENT_H
