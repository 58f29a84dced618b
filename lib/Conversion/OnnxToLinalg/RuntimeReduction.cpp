//===-- RuntimeReduction.cpp - reductions along run-time axes -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Elements.h"
#include "Reduction.h"

#include "dialects/Onnx/IR/RuntimeAxes.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;

/// Every element of the result folds a box of the data: in a dimension that is
/// reduced all of it, in the others one position.
Value moec::buildRuntimeReduction(OpBuilder &builder, Operation *op,
                                  ValueRange operands,
                                  const Reduction &reduction, Value init) {
  Location loc = op->getLoc();
  IndexBuilder b{builder, loc};
  Value data = operands[0];
  Type element = getElementTypeOrSelf(op->getOperand(0).getType());
  auto keepDims = op->getAttrOfType<IntegerAttr>("keepdims");
  bool keepsDims = !keepDims || keepDims.getInt();
  int64_t rank = cast<RankedTensorType>(data.getType()).getRank();
  onnx::RuntimeAxes axes(builder, loc, operands[1], rank);

  Value zero = b.constant(0), one = b.constant(1), count = one;
  SmallVector<Value> box;
  for (int64_t dim = 0; dim < rank; ++dim) {
    box.push_back(b.select(axes.isNamed(dim), b.dim(data, dim), one));
    count = b.mul(count, box.back());
  }
  if (reduction.needsCount()) {
    Type i64 = builder.getI64Type();
    Value number = arith::IndexCastOp::create(builder, loc, i64, count);
    count = buildCast(builder, loc, number, i64, getComputeType(element));
  }

  return b.generate(init, [&](IndexBuilder &b, ValueRange position) -> Value {
    // Where the box starts: position 0 of what is reduced.
    onnx::RuntimeAxes axes(b.builder, b.loc, operands[1], rank);
    SmallVector<Value> corner(position);
    if (!keepsDims) {
      corner.clear();
      for (int64_t dim = 0; dim < rank; ++dim)
        corner.push_back(axes.spreadOthers(dim, position, zero));
    }
    auto fold = [&](Value neutral,
                    llvm::function_ref<Value(Scalar &, Value, Value)> combine) {
      return b.loops(box, neutral,
                     [&](IndexBuilder &b, ValueRange within, ValueRange total) {
                       SmallVector<Value> at;
                       for (auto [from, by] : llvm::zip(corner, within))
                         at.push_back(b.add(from, by));
                       Scalar s(b.builder, b.loc, element);
                       Value x =
                           buildExtend(b.builder, b.loc, b.extract(data, at));
                       return SmallVector<Value>{combine(s, x, total[0])};
                     })[0];
    };
    Scalar s(b.builder, b.loc, element);
    Value max;
    if (reduction.needsMax())
      max = buildFiniteMax(
          s, fold(s.extreme(true), [](Scalar &s, Value x, Value total) {
            return s.max(total, x);
          }));
    Value total =
        fold(reduction.neutral(s), [&](Scalar &s, Value x, Value total) {
          return reduction.fold(s, x, total, max);
        });
    return buildTruncate(b.builder, b.loc,
                         reduction.finish(s, total, max, count, element),
                         element);
  });
}
