//===-- ReductionShapes.cpp - shapes of reductions and scans --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Elements.h"
#include "dialects/Onnx/IR/Reductions.h"
#include "dialects/Onnx/IR/RuntimeAxes.h"
#include "dialects/Onnx/IR/ShapeArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace moec::onnx;

static int64_t getRank(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

std::optional<SmallVector<int64_t>> moec::onnx::getKnownAxes(Operation *op) {
  if (auto known = op->getAttrOfType<DenseI64ArrayAttr>(kAxesAttr))
    return SmallVector<int64_t>(known.asArrayRef());
  int64_t rank = getRank(op->getOperand(0));
  SmallVector<int64_t> axes;
  if (op->getNumOperands() > 1) {
    DenseIntElementsAttr constant;
    if (!matchPattern(op->getOperand(1), m_Constant(&constant)))
      return std::nullopt;
    for (APInt axis : constant.getValues<APInt>())
      axes.push_back(axis.getSExtValue());
  }
  if (axes.empty()) {
    auto noop = op->getAttrOfType<IntegerAttr>("noop_with_empty_axes");
    if (!noop || noop.getInt() == 0)
      axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  }
  for (int64_t &axis : axes)
    axis = axis < 0 ? axis + rank : axis;
  llvm::sort(axes);
  return axes;
}

/// Extents of a reduction whose axes come at run time: how many there are is
/// known, which they are is not.
template <typename OpTy>
static LogicalResult inferRuntimeReduce(ShapeContext &context, OpTy op) {
  Extents extents = context.getExtents(op.getData());
  int64_t count =
      cast<RankedTensorType>(op.getAxes().getType()).getNumElements();
  if (op.getKeepdims()) {
    for (AffineExpr &extent : extents)
      if (getConstant(extent) != 1)
        extent = context.createSymbol("reduced");
  } else {
    extents.truncate(extents.size() - count);
    for (AffineExpr &extent : extents)
      extent = context.createSymbol("kept");
  }
  context.setResult(op->getOpResult(0),
                    getElementTypeOrSelf(op.getData().getType()), extents);
  return success();
}

template <typename OpTy>
static LogicalResult inferReduce(ShapeContext &context, OpTy op) {
  Value data = op.getData();
  int64_t rank = context.getRank(data);
  SmallVector<int64_t> axes;
  bool isAll = op.getNoopWithEmptyAxes() == 0;
  if (op.getAxes()) {
    FailureOr<std::optional<SmallVector<int64_t>>> known =
        readAxes(context, op, op.getAxes(), rank);
    if (failed(known))
      return failure();
    int64_t count =
        cast<RankedTensorType>(op.getAxes().getType()).getNumElements();
    if (!*known && count < rank)
      return inferRuntimeReduce(context, op);
    // As many as there are dimensions are all of them.
    isAll |= !*known;
    if (*known) {
      axes = **known;
      if (failed(normalizeAxes(op, axes, std::max<int64_t>(rank, 1))))
        return failure();
      makeConstant(context, op.getAxesMutable()[0]);
      llvm::sort(axes);
    }
  }
  // An axis of a scalar is its only one, which it has not.
  if ((axes.empty() && isAll) || rank == 0)
    axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  op->setAttr(kAxesAttr, DenseI64ArrayAttr::get(context.getContext(), axes));

  Extents extents;
  for (auto [dim, extent] : llvm::enumerate(context.getExtents(data))) {
    if (!llvm::is_contained(axes, int64_t(dim)))
      extents.push_back(extent);
    else if (op.getKeepdims())
      extents.push_back(context.getConstant(1));
  }
  context.setResult(op->getOpResult(0), getElementTypeOrSelf(data.getType()),
                    extents);
  return success();
}

template <typename OpTy>
static Value materializeReduced(OpBuilder &builder, OpTy op, unsigned dim) {
  if (!op.getAxes())
    return {};
  Location loc = op.getLoc();
  RuntimeAxes axes(builder, loc, op.getAxes(), getRank(op.getData()));
  SmallVector<Value> dims = buildDims(builder, loc, op.getData());
  if (!op.getKeepdims())
    return axes.getOfOther(dim, dims);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  return arith::SelectOp::create(builder, loc, axes.isNamed(dim), one,
                                 dims[dim]);
}

/// The element of a whole list of numbers reduced, as sizes are computed.
template <typename OpTy, typename CombineT>
static LogicalResult inferReduce(ShapeContext &context, OpTy op,
                                 int64_t neutral, CombineT combine) {
  if (failed(inferReduce(context, op)))
    return failure();
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  auto element = dyn_cast<IntegerType>(type.getElementType());
  std::optional<Extents> known = context.getElements(op.getData());
  if (!element || element.getWidth() < 32 || !known || !type.hasStaticShape() ||
      type.getNumElements() != 1)
    return success();
  AffineExpr result = context.getConstant(neutral);
  for (AffineExpr expr : *known)
    result = result && expr ? checkRange(combine(result, expr), element)
                            : AffineExpr();
  if (result)
    context.setElements(op->getResult(0), result);
  return success();
}

/// Null where constants would overflow.
template <typename OverflowT>
static bool overflows(AffineExpr a, AffineExpr b, OverflowT overflow) {
  auto x = dyn_cast<AffineConstantExpr>(a), y = dyn_cast<AffineConstantExpr>(b);
  int64_t ignored;
  return x && y && overflow(x.getValue(), y.getValue(), ignored);
}

LogicalResult ReduceSumOp::inferShapes(ShapeContext &context) {
  return inferReduce(context, *this, 0, [](AffineExpr a, AffineExpr b) {
    return overflows(a, b, llvm::AddOverflow<int64_t>) ? AffineExpr() : a + b;
  });
}

LogicalResult ReduceProdOp::inferShapes(ShapeContext &context) {
  return inferReduce(context, *this, 1, [](AffineExpr a, AffineExpr b) {
    return overflows(a, b, llvm::MulOverflow<int64_t>) ? AffineExpr() : a * b;
  });
}

#define MOEC_INFER(OP)                                                         \
  LogicalResult OP::inferShapes(ShapeContext &context) {                       \
    return inferReduce(context, *this);                                        \
  }
MOEC_INFER(ReduceMeanOp)
MOEC_INFER(ReduceMaxOp)
MOEC_INFER(ReduceMinOp)
MOEC_INFER(ReduceL1Op)
MOEC_INFER(ReduceL2Op)
MOEC_INFER(ReduceLogSumOp)
MOEC_INFER(ReduceLogSumExpOp)
MOEC_INFER(ReduceSumSquareOp)
#undef MOEC_INFER

#define MOEC_RUNTIME_AXES(OP)                                                  \
  Value OP::materializeExtent(OpBuilder &builder, unsigned, unsigned dim) {    \
    return materializeReduced(builder, *this, dim);                            \
  }                                                                            \
  void OP::buildChecks(OpBuilder &builder) {                                   \
    if (getAxes())                                                             \
      buildAxesCheck(builder, *this, getAxes(), ::getRank(getData()));         \
  }
MOEC_RUNTIME_AXES(ReduceSumOp)
MOEC_RUNTIME_AXES(ReduceMeanOp)
MOEC_RUNTIME_AXES(ReduceProdOp)
MOEC_RUNTIME_AXES(ReduceMaxOp)
MOEC_RUNTIME_AXES(ReduceMinOp)
MOEC_RUNTIME_AXES(ReduceL1Op)
MOEC_RUNTIME_AXES(ReduceL2Op)
MOEC_RUNTIME_AXES(ReduceLogSumOp)
MOEC_RUNTIME_AXES(ReduceLogSumExpOp)
MOEC_RUNTIME_AXES(ReduceSumSquareOp)
#undef MOEC_RUNTIME_AXES

template <typename OpTy>
static LogicalResult inferArg(ShapeContext &context, OpTy op) {
  int64_t rank = context.getRank(op.getData());
  FailureOr<int64_t> axis = normalizeAxis(op, op.getAxis(), rank);
  if (failed(axis))
    return failure();
  Extents extents = context.getExtents(op.getData());
  // Of nothing, none is the largest.
  if (failed(requireAtLeast(context, op, extents[*axis], context.getConstant(1),
                            "the extent to choose from")))
    return failure();
  if (op.getKeepdims())
    extents[*axis] = context.getConstant(1);
  else
    extents.erase(extents.begin() + *axis);
  context.setResult(op->getOpResult(0),
                    IntegerType::get(context.getContext(), 64), extents);
  return success();
}

LogicalResult ArgMaxOp::inferShapes(ShapeContext &context) {
  return inferArg(context, *this);
}
LogicalResult ArgMinOp::inferShapes(ShapeContext &context) {
  return inferArg(context, *this);
}

template <typename OpTy>
static LogicalResult inferSoftmax(ShapeContext &context, OpTy op) {
  int64_t rank = context.getRank(op.getX());
  if (rank != 0 && failed(normalizeAxis(op, op.getAxis(), rank)))
    return failure();
  context.setResult(op->getOpResult(0),
                    getElementTypeOrSelf(op.getX().getType()),
                    context.getExtents(op.getX()));
  return success();
}

LogicalResult SoftmaxOp::inferShapes(ShapeContext &context) {
  return inferSoftmax(context, *this);
}
LogicalResult LogSoftmaxOp::inferShapes(ShapeContext &context) {
  return inferSoftmax(context, *this);
}

LogicalResult CumSumOp::inferShapes(ShapeContext &context) {
  int64_t rank = context.getRank(getX());
  auto type = cast<RankedTensorType>(getAxis().getType());
  if (!type.hasStaticShape() || type.getNumElements() != 1)
    return emitOpError("takes one axis, found ") << type;
  if (rank == 0)
    return emitOpError("takes a tensor of rank 1 or more");
  if (auto known = context.getConstantElements(getAxis())) {
    FailureOr<int64_t> axis = normalizeAxis(*this, known->front(), rank);
    if (failed(axis))
      return failure();
    (*this)->setAttr(kAxesAttr,
                     DenseI64ArrayAttr::get(context.getContext(), *axis));
    makeConstant(context, getAxisMutable());
  }
  context.setResult(getOperation()->getResult(0),
                    getElementTypeOrSelf(getX().getType()),
                    context.getExtents(getX()));
  return success();
}

void CumSumOp::buildChecks(OpBuilder &builder) {
  buildAxesCheck(builder, *this, getAxis(), ::getRank(getX()));
}
