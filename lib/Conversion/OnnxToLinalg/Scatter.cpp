//===-- Scatter.cpp - tensors updated by index ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Elements.h"

#include "moec/Conversion/OnnxToLinalg.h"

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Rt/IR/Rt.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;

/// `old` updated with `update`; `type` is the onnx element type.
static Value buildUpdate(IndexBuilder &b, StringRef reduction, Type type,
                         Value old, Value update) {
  if (reduction == "none")
    return update;
  OpBuilder &o = b.builder;
  if (auto floating = dyn_cast<FloatType>(type)) {
    Type element = old.getType();
    bool isSmall = floating.getWidth() < 32;
    if (isSmall) {
      old = arith::ExtFOp::create(o, b.loc, o.getF32Type(), old);
      update = arith::ExtFOp::create(o, b.loc, o.getF32Type(), update);
    }
    Value value;
    if (reduction == "add")
      value = arith::AddFOp::create(o, b.loc, old, update);
    else if (reduction == "mul")
      value = arith::MulFOp::create(o, b.loc, old, update);
    else if (reduction == "max")
      value = arith::MaximumFOp::create(o, b.loc, old, update);
    else
      value = arith::MinimumFOp::create(o, b.loc, old, update);
    return isSmall ? Value(arith::TruncFOp::create(o, b.loc, element, value))
                   : value;
  }
  // For booleans: sum and maximum are or, product and minimum are and.
  bool isUnsigned = type.isUnsignedInteger() || type.isInteger(1);
  if (reduction == "add")
    return type.isInteger(1) ? b.lor(old, update) : b.add(old, update);
  if (reduction == "mul")
    return type.isInteger(1) ? b.land(old, update) : b.mul(old, update);
  if (reduction == "max")
    return isUnsigned ? Value(arith::MaxUIOp::create(o, b.loc, old, update))
                      : b.max(old, update);
  return isUnsigned ? Value(arith::MinUIOp::create(o, b.loc, old, update))
                    : b.min(old, update);
}

static void recordIndex(IndexBuilder &b, Value isSound) {
  rt::RecordOp::create(b.builder, b.loc, isSound, rt::Status::IndexOutOfRange,
                       "an index is outside of the extent it updates");
}

namespace {
struct ScatterElementsLowering : OpConversionPattern<onnx::ScatterElementsOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::ScatterElementsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> empty = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(empty))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    Value result = b.copy(adaptor.getData(), *empty);
    Value indices = adaptor.getIndices(), updates = adaptor.getUpdates();
    int64_t rank = cast<RankedTensorType>(result.getType()).getRank();
    int64_t axis = int64_t(op.getAxis()) < 0 ? int64_t(op.getAxis()) + rank
                                             : int64_t(op.getAxis());
    Value extent = b.dim(result, axis);
    Type type = getElementTypeOrSelf(op.getData().getType());
    Value last = b.loops(
        b.dims(indices), result,
        [&](IndexBuilder &b, ValueRange ivs, ValueRange args) {
          Value index = b.toIndex(b.extract(indices, ivs));
          index = b.wrapNegative(index, extent);
          Value isSound = b.isWithin(index, extent);
          recordIndex(b, isSound);
          return b.unless(isSound, args, [&](IndexBuilder &b, ValueRange args) {
            SmallVector<Value> to(ivs);
            to[axis] = index;
            Value value = b.extract(updates, ivs);
            if (op.getReduction() != "none")
              value = buildUpdate(b, op.getReduction(), type,
                                  b.extract(args[0], to), value);
            return SmallVector<Value>{b.insert(value, args[0], to)};
          });
        })[0];
    rewriter.replaceOp(op, last);
    return success();
  }
};

struct ScatterNDLowering : OpConversionPattern<onnx::ScatterNDOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::ScatterNDOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> empty = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(empty))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    Value result = b.copy(adaptor.getData(), *empty);
    Value indices = adaptor.getIndices(), updates = adaptor.getUpdates();
    int64_t length =
        cast<RankedTensorType>(indices.getType()).getShape().back();
    SmallVector<Value> lead = b.dims(indices), extents = b.dims(result);
    lead.pop_back();
    SmallVector<Value> rest(extents.begin() + length, extents.end());
    Type type = getElementTypeOrSelf(op.getData().getType());
    Value last = b.loops(
        lead, result, [&](IndexBuilder &b, ValueRange ivs, ValueRange args) {
          Value isSound = arith::ConstantOp::create(
              b.builder, b.loc, b.builder.getBoolAttr(true));
          SmallVector<Value> where(ivs), to;
          where.push_back({});
          for (int64_t i = 0; i < length; ++i) {
            where.back() = b.constant(i);
            Value index = b.toIndex(b.extract(indices, where));
            index = b.wrapNegative(index, extents[i]);
            isSound = b.land(isSound, b.isWithin(index, extents[i]));
            to.push_back(index);
          }
          recordIndex(b, isSound);
          return b.unless(isSound, args, [&](IndexBuilder &b, ValueRange args) {
            return b.loops(
                rest, args[0],
                [&](IndexBuilder &b, ValueRange inner, ValueRange carried) {
                  SmallVector<Value> from(ivs), target(to);
                  llvm::append_range(from, inner);
                  llvm::append_range(target, inner);
                  Value value = b.extract(updates, from);
                  if (op.getReduction() != "none")
                    value = buildUpdate(b, op.getReduction(), type,
                                        b.extract(carried[0], target), value);
                  return SmallVector<Value>{
                      b.insert(value, carried[0], target)};
                });
          });
        })[0];
    rewriter.replaceOp(op, last);
    return success();
  }
};

struct TensorScatterLowering : OpConversionPattern<onnx::TensorScatterOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::TensorScatterOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> empty = buildEmptyResult(rewriter, op->getOpResult(0));
    if (failed(empty))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    Value result = b.copy(adaptor.getPastCache(), *empty);
    Value update = adaptor.getUpdate(), write = adaptor.getWriteIndices();
    int64_t rank = cast<RankedTensorType>(result.getType()).getRank();
    int64_t axis = int64_t(op.getAxis()) < 0 ? int64_t(op.getAxis()) + rank
                                             : int64_t(op.getAxis());
    Value extent = b.dim(result, axis);
    bool isCircular = op.getMode() == "circular";
    Value last = b.loops(
        b.dims(update), result,
        [&](IndexBuilder &b, ValueRange ivs, ValueRange args) {
          Value to = ivs[axis];
          if (write)
            to = b.add(to, b.toIndex(b.extract(write, ivs[0])));
          if (isCircular)
            to = b.mod(to, extent);
          Value isSound = b.isWithin(to, extent);
          recordIndex(b, isSound);
          return b.unless(isSound, args, [&](IndexBuilder &b, ValueRange args) {
            SmallVector<Value> position(ivs);
            position[axis] = to;
            return SmallVector<Value>{
                b.insert(b.extract(update, ivs), args[0], position)};
          });
        })[0];
    rewriter.replaceOp(op, last);
    return success();
  }
};
} // namespace

void moec::populateOnnxScatterPatterns(RewritePatternSet &patterns,
                                       TypeConverter &converter) {
  patterns
      .add<ScatterElementsLowering, ScatterNDLowering, TensorScatterLowering>(
          converter, patterns.getContext());
}
