//===-- NormalizationShapes.cpp - shapes of normalisation -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Elements.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec::onnx;

/// Demands that `value` broadcasts to `target` without changing it.
static LogicalResult requireBroadcast(ShapeContext &context, Operation *op,
                                      Value value, const Extents &target,
                                      StringRef name) {
  if (!value)
    return success();
  Extents extents = context.getExtents(value);
  if (extents.size() > target.size())
    return op->emitOpError("has ") << name << " of rank " << extents.size()
                                   << ", expected at most " << target.size();
  for (auto [dim, extent] : llvm::enumerate(extents)) {
    if (extent == context.getConstant(1))
      continue;
    if (failed(context.requireEqual(
            op, extent, target[dim + target.size() - extents.size()],
            Twine(name) + " does not fit the input", CheckKind::Broadcast)))
      return failure();
  }
  return success();
}

/// The type of stored statistics.
static FailureOr<Type> decodeStashType(Operation *op, int64_t code) {
  Builder builder(op->getContext());
  if (code == 1)
    return Type(builder.getF32Type());
  if (code == 11)
    return Type(builder.getF64Type());
  return emitUnsupported(op)
         << "attribute 'stash_type' = " << code
         << "; export the model with 1 (float) or 11 (double)";
}

/// Sets the statistics' results: one number for every normalised part. As all
/// results here, not by the accessors, which take them for tensors already.
static void setStatistics(ShapeContext &context, Extents extents, int64_t axis,
                          Type type, ResultRange results) {
  for (size_t dim = axis; dim < extents.size(); ++dim)
    extents[dim] = context.getConstant(1);
  for (OpResult result : results)
    context.setResult(result, type, extents);
}

LogicalResult LayerNormalizationOp::inferShapes(ShapeContext &context) {
  Extents extents = context.getExtents(getX());
  FailureOr<int64_t> axis = normalizeAxis(*this, getAxis(), extents.size());
  FailureOr<Type> stash = decodeStashType(*this, getStashType());
  if (failed(axis) || failed(stash) || failed(requireSameElementType(*this)) ||
      failed(requireBroadcast(context, *this, getScale(), extents, "Scale")) ||
      failed(requireBroadcast(context, *this, getB(), extents, "B")))
    return failure();
  context.setResult(getOperation()->getResult(0),
                    getElementTypeOrSelf(getX().getType()), extents);
  setStatistics(context, extents, *axis, *stash,
                getOperation()->getResults().drop_front());
  return success();
}

LogicalResult RMSNormalizationOp::inferShapes(ShapeContext &context) {
  Extents extents = context.getExtents(getX());
  if (failed(normalizeAxis(*this, getAxis(), extents.size())) ||
      failed(decodeStashType(*this, getStashType())) ||
      failed(requireBroadcast(context, *this, getScale(), extents, "scale")))
    return failure();
  // The operator's two type variables: Y has that of the scale.
  context.setResult(getOperation()->getResult(0),
                    getElementTypeOrSelf(getScale().getType()), extents);
  return success();
}

LogicalResult
SimplifiedLayerNormalizationOp::inferShapes(ShapeContext &context) {
  Extents extents = context.getExtents(getX());
  FailureOr<int64_t> axis = normalizeAxis(*this, getAxis(), extents.size());
  FailureOr<Type> stash = decodeStashType(*this, getStashType());
  if (failed(axis) || failed(stash) ||
      failed(requireBroadcast(context, *this, getScale(), extents, "scale")))
    return failure();
  context.setResult(getOperation()->getResult(0),
                    getElementTypeOrSelf(getScale().getType()), extents);
  setStatistics(context, extents, *axis, *stash,
                getOperation()->getResults().drop_front());
  return success();
}

template <typename OpTy>
static LogicalResult inferSkip(ShapeContext &context, OpTy op, Value beta) {
  Extents extents = context.getExtents(op.getInput());
  if (extents.empty())
    return op.emitOpError("has a scalar input, expected rank 2 or 3");
  Extents last = {extents.back()};
  if (failed(requireSameElementType(op)) ||
      failed(requireBroadcast(context, op, op.getSkip(), extents, "skip")) ||
      failed(requireBroadcast(context, op, op.getGamma(), last, "gamma")) ||
      failed(requireBroadcast(context, op, beta, last, "beta")) ||
      failed(requireBroadcast(context, op, op.getBias(), last, "bias")))
    return failure();
  Type element = getElementTypeOrSelf(op.getInput().getType());
  context.setResult(op->getResult(0), element, extents);
  for (OpResult sum : op.getODSResults(3))
    context.setResult(sum, element, extents);
  for (unsigned statistic : {1, 2})
    setStatistics(context, extents, extents.size() - 1,
                  Float32Type::get(op->getContext()),
                  op.getODSResults(statistic));
  return success();
}

LogicalResult SkipLayerNormalizationOp::inferShapes(ShapeContext &context) {
  return inferSkip(context, *this, getBeta());
}

LogicalResult
SkipSimplifiedLayerNormalizationOp::inferShapes(ShapeContext &context) {
  return inferSkip(context, *this, Value());
}
