//===-- TopK.cpp - selection and sorting ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A small static k is chosen by insertion into the k result slots, which
// rejects most elements with one comparison; any other k takes the first k of
// a merge sort of positions, so that TopK used as a sort is never quadratic.
//
//===----------------------------------------------------------------------===//

#include "Elements.h"

#include "moec/Conversion/OnnxToLinalg.h"

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;

/// The largest k that is chosen by insertion.
static constexpr int64_t kMaxInsertion = 32;

namespace {
/// One TopK being lowered. Two elements are compared as the op says, with NaN
/// larger than every number.
struct Selection {
  mutable onnx::TopKOp op;
  Value data;
  Type type;
  int64_t axis;

  Value buildIsNan(IndexBuilder &b, Value x) const {
    return arith::CmpFOp::create(b.builder, b.loc, arith::CmpFPredicate::UNO, x,
                                 x);
  }

  /// Whether `x` comes before `y` whatever their positions.
  Value buildBefore(IndexBuilder &b, Value x, Value y) const {
    bool isLargest = op.getLargest() != 0;
    if (!isa<FloatType>(type)) {
      bool isUnsigned = type.isUnsignedInteger() || type.isInteger(1);
      auto more =
          isUnsigned ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt;
      auto less =
          isUnsigned ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt;
      return b.cmp(isLargest ? more : less, x, y);
    }
    OpBuilder &o = b.builder;
    if (type.getIntOrFloatBitWidth() < 32) {
      x = arith::ExtFOp::create(o, b.loc, o.getF32Type(), x);
      y = arith::ExtFOp::create(o, b.loc, o.getF32Type(), y);
    }
    if (!isLargest)
      std::swap(x, y);
    // x is the larger one of the two, or the only NaN.
    Value isMore =
        arith::CmpFOp::create(o, b.loc, arith::CmpFPredicate::OGT, x, y);
    Value yIsNumber =
        arith::CmpFOp::create(o, b.loc, arith::CmpFPredicate::ORD, y, y);
    return b.lor(isMore, b.land(buildIsNan(b, x), yIsNumber));
  }

  /// A position of the row that `outer` (all axes but one) names.
  SmallVector<Value> at(ValueRange outer, Value index) const {
    SmallVector<Value> position(outer);
    position.insert(position.begin() + axis, index);
    return position;
  }

  Value read(IndexBuilder &b, ValueRange outer, Value index) const {
    return b.extract(data, at(outer, index));
  }

  SmallVector<Value> insertRow(IndexBuilder &b, ValueRange outer, Value n,
                               int64_t k, ValueRange results) const;
  SmallVector<Value> sortRow(IndexBuilder &b, ValueRange outer, Value n,
                             Value k, ValueRange carried) const;
};
} // namespace

SmallVector<Value> Selection::insertRow(IndexBuilder &b, ValueRange outer,
                                        Value n, int64_t k,
                                        ValueRange results) const {
  Value last = b.constant(k - 1);
  return b.loops(
      n, results, [&](IndexBuilder &b, ValueRange ivs, ValueRange args) {
        Value i = ivs[0], value = read(b, outer, i);
        // While there are empty slots the last one has nothing to compare with.
        Value isOpen = b.cmp(arith::CmpIPredicate::sle, i, last);
        Value isBetter =
            buildBefore(b, value, b.extract(args[0], at(outer, last)));
        return b.unless(
            b.lor(isOpen, isBetter), args,
            [&](IndexBuilder &b, ValueRange args) {
              Value number = arith::IndexCastOp::create(
                  b.builder, b.loc, b.builder.getI64Type(), i);
              Value no = arith::ConstantOp::create(
                  b.builder, b.loc, b.builder.getBoolAttr(false));
              Value used = b.min(b.add(i, b.constant(1)), b.constant(k));
              // Walks the slots with the element in hand; from where it is put
              // down, each slot's old element moves on by one.
              SmallVector<Value> inits = {args[0], args[1], value, number, no};
              SmallVector<Value> moved = b.loops(
                  used, inits,
                  [&](IndexBuilder &b, ValueRange slot, ValueRange c) {
                    SmallVector<Value> here = at(outer, slot[0]);
                    Value oldValue = b.extract(c[0], here);
                    Value oldNumber = b.extract(c[1], here);
                    Value isEmpty = b.cmp(arith::CmpIPredicate::eq, slot[0], i);
                    Value take = b.lor(b.lor(c[4], isEmpty),
                                       buildBefore(b, c[2], oldValue));
                    return SmallVector<Value>{
                        b.insert(b.select(take, c[2], oldValue), c[0], here),
                        b.insert(b.select(take, c[3], oldNumber), c[1], here),
                        b.select(take, oldValue, c[2]),
                        b.select(take, oldNumber, c[3]), take};
                  });
              return SmallVector<Value>{moved[0], moved[1]};
            });
      });
}

/// `carried`: values, indices, and two vectors of positions to sort in.
SmallVector<Value> Selection::sortRow(IndexBuilder &b, ValueRange outer,
                                      Value n, Value k,
                                      ValueRange carried) const {
  Value one = b.constant(1), zero = b.constant(0);
  Value order = b.loops(
      n, carried[2], [&](IndexBuilder &b, ValueRange ivs, ValueRange args) {
        return SmallVector<Value>{b.insert(ivs[0], args[0], ivs)};
      })[0];
  // Runs of width 1, 2, 4, ... are merged until one is the whole row.
  Value passes =
      b.loops(b.constant(62), zero,
              [&](IndexBuilder &b, ValueRange ivs, ValueRange args) {
                Value width =
                    arith::ShLIOp::create(b.builder, b.loc, one, ivs[0]);
                Value isLess = b.cmp(arith::CmpIPredicate::slt, width, n);
                return SmallVector<Value>{
                    b.select(isLess, b.add(args[0], one), args[0])};
              })[0];
  Value end = b.sub(n, one);
  SmallVector<Value> sorted = b.loops(
      passes, {order, carried[3]},
      [&](IndexBuilder &b, ValueRange pass, ValueRange args) {
        Value from = args[0];
        Value width = arith::ShLIOp::create(b.builder, b.loc, one, pass[0]);
        Value both = b.mul(width, b.constant(2));
        SmallVector<Value> merged = b.loops(
            n, {args[1], zero, zero},
            [&](IndexBuilder &b, ValueRange ivs, ValueRange c) {
              Value t = ivs[0];
              Value offset = arith::RemUIOp::create(b.builder, b.loc, t, both);
              Value low = b.sub(t, offset);
              Value middle = b.min(b.add(low, width), n);
              Value high = b.min(b.add(low, both), n);
              // Both heads start anew with each pair of runs.
              Value isStart = b.cmp(arith::CmpIPredicate::eq, offset, zero);
              Value left = b.select(isStart, low, c[1]);
              Value right = b.select(isStart, middle, c[2]);
              Value hasRight = b.cmp(arith::CmpIPredicate::slt, right, high);
              Value leftAt = b.extract(from, b.min(left, end));
              Value rightAt = b.extract(from, b.min(right, end));
              // The right one only where it is strictly before: stable.
              Value isBefore = buildBefore(b, read(b, outer, rightAt),
                                           read(b, outer, leftAt));
              Value noLeft = b.cmp(arith::CmpIPredicate::sge, left, middle);
              Value takeRight = b.land(hasRight, b.lor(noLeft, isBefore));
              Value chosen = b.select(takeRight, rightAt, leftAt);
              Value nextLeft = b.select(takeRight, left, b.add(left, one));
              Value nextRight = b.select(takeRight, b.add(right, one), right);
              return SmallVector<Value>{b.insert(chosen, c[0], t), nextLeft,
                                        nextRight};
            });
        Value back = b.loops(
            n, from, [&](IndexBuilder &b, ValueRange ivs, ValueRange c) {
              return SmallVector<Value>{
                  b.insert(b.extract(merged[0], ivs), c[0], ivs)};
            })[0];
        return SmallVector<Value>{back, merged[0]};
      });
  SmallVector<Value> written =
      b.loops(k, {carried[0], carried[1]},
              [&](IndexBuilder &b, ValueRange ivs, ValueRange args) {
                Value index = b.extract(sorted[0], ivs);
                Value number = arith::IndexCastOp::create(
                    b.builder, b.loc, b.builder.getI64Type(), index);
                SmallVector<Value> here = at(outer, ivs[0]);
                return SmallVector<Value>{
                    b.insert(read(b, outer, index), args[0], here),
                    b.insert(number, args[1], here)};
              });
  return {written[0], written[1], sorted[0], sorted[1]};
}

namespace {
struct TopKLowering : OpConversionPattern<onnx::TopKOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::TopKOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> values = buildEmptyResult(rewriter, op->getOpResult(0));
    FailureOr<Value> indices = buildEmptyResult(rewriter, op->getOpResult(1));
    if (failed(values) || failed(indices))
      return failure();
    IndexBuilder b{rewriter, op.getLoc()};
    Value data = adaptor.getX();
    auto type = cast<RankedTensorType>(data.getType());
    int64_t axis = int64_t(op.getAxis()) < 0
                       ? int64_t(op.getAxis()) + type.getRank()
                       : int64_t(op.getAxis());
    Selection selection{op, data, getElementTypeOrSelf(op.getX().getType()),
                        axis};
    Value n = b.dim(data, axis), k = b.dim(*values, axis);
    SmallVector<Value> outer = b.dims(data);
    outer.erase(outer.begin() + axis);
    int64_t count =
        cast<RankedTensorType>((*values).getType()).getDimSize(axis);
    if (!ShapedType::isDynamic(count) && count <= kMaxInsertion) {
      if (count == 0) {
        rewriter.replaceOp(op, {*values, *indices});
        return success();
      }
      rewriter.replaceOp(
          op, b.loops(outer, {b.zeroed(*values), b.zeroed(*indices)},
                      [&](IndexBuilder &b, ValueRange ivs, ValueRange args) {
                        return selection.insertRow(b, ivs, n, count, args);
                      }));
      return success();
    }
    SmallVector<Value> carried = {b.zeroed(*values), b.zeroed(*indices)};
    for (int i = 0; i < 2; ++i)
      carried.push_back(tensor::EmptyOp::create(rewriter, op.getLoc(),
                                                ArrayRef<OpFoldResult>{n},
                                                rewriter.getIndexType()));
    SmallVector<Value> last = b.loops(
        outer, carried, [&](IndexBuilder &b, ValueRange ivs, ValueRange args) {
          return selection.sortRow(b, ivs, n, k, args);
        });
    rewriter.replaceOp(op, {last[0], last[1]});
    return success();
  }
};
} // namespace

void moec::populateOnnxTopKPatterns(RewritePatternSet &patterns,
                                    TypeConverter &converter) {
  patterns.add<TopKLowering>(converter, patterns.getContext());
}
