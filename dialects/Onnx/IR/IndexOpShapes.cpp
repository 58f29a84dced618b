//===-- IndexOpShapes.cpp - shapes of operators that look up --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Onnx/IR/ShapeArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec::onnx;

static Type getElement(Value value) {
  return getElementTypeOrSelf(value.getType());
}

LogicalResult GatherOp::inferShapes(ShapeContext &context) {
  Extents data = context.getExtents(getData());
  Extents indices = context.getExtents(getIndices());
  FailureOr<int64_t> axis = normalizeAxis(*this, getAxis(), data.size());
  if (failed(axis))
    return failure();
  Extents extents(data.begin(), data.begin() + *axis);
  llvm::append_range(extents, indices);
  extents.append(data.begin() + *axis + 1, data.end());
  OpResult result = getOperation()->getResult(0);
  context.setResult(result, getElement(getData()), extents);

  std::optional<Extents> elements = context.getElements(getData());
  std::optional<SmallVector<int64_t>> chosen =
      context.getConstantElements(getIndices());
  if (!elements || !chosen || data.size() != 1 || extents.size() > 1)
    return success();
  Extents gathered;
  for (int64_t index : *chosen) {
    int64_t size = elements->size();
    if (index < -size || index >= size)
      return emitError() << "index " << index << " is outside [" << -size
                         << ", " << size - 1 << "]";
    gathered.push_back((*elements)[index < 0 ? index + size : index]);
  }
  context.setElements(result, gathered);
  return success();
}

/// Demands extents of indices that are nowhere larger than those of the data,
/// but along the axis.
static LogicalResult requireWithin(ShapeContext &context, Operation *op,
                                   Value data, Value indices, int64_t &axis) {
  Extents whole = context.getExtents(data), part = context.getExtents(indices);
  FailureOr<int64_t> normal = normalizeAxis(op, axis, whole.size());
  if (failed(normal))
    return failure();
  axis = *normal;
  if (part.size() != whole.size())
    return op->emitError() << "'indices' must have the rank of 'data', "
                           << whole.size() << ", found " << part.size();
  for (size_t i = 0; i < whole.size(); ++i)
    if (int64_t(i) != axis &&
        failed(requireAtLeast(context, op, whole[i], part[i],
                              "an extent of 'data' beside the axis")))
      return failure();
  return success();
}

LogicalResult GatherElementsOp::inferShapes(ShapeContext &context) {
  int64_t axis = getAxis();
  if (failed(requireWithin(context, *this, getData(), getIndices(), axis)))
    return failure();
  context.setResult(getOperation()->getResult(0), getElement(getData()),
                    context.getExtents(getIndices()));
  return success();
}

/// The length of the index tuples of GatherND and ScatterND.
static FailureOr<int64_t> getTupleLength(ShapeContext &context, Operation *op,
                                         Value indices, int64_t maximum) {
  auto type = cast<RankedTensorType>(indices.getType());
  if (type.getRank() == 0)
    return op->emitError("'indices' is a scalar, expected rank 1 or more");
  if (type.isDynamicDim(type.getRank() - 1))
    return emitUnsupported(op) << "'indices' has type " << type
                               << "; export the model with a fixed last extent";
  int64_t length = type.getShape().back();
  if (length > maximum) {
    op->emitError() << "has index tuples of length " << length
                    << " for data that take at most " << maximum;
    return failure();
  }
  return length;
}

LogicalResult GatherNDOp::inferShapes(ShapeContext &context) {
  Extents data = context.getExtents(getData());
  Extents indices = context.getExtents(getIndices());
  int64_t batch = getBatchDims();
  if (batch < 0 || batch >= int64_t(indices.size()) ||
      batch >= int64_t(data.size()))
    return emitError() << "attribute 'batch_dims' is " << batch
                       << ", expected less than both ranks";
  FailureOr<int64_t> length =
      getTupleLength(context, *this, getIndices(), data.size() - batch);
  if (failed(length))
    return failure();
  for (int64_t i = 0; i < batch; ++i)
    if (failed(
            context.requireEqual(*this, data[i], indices[i], "a batch extent")))
      return failure();
  Extents extents(indices.begin(), indices.end() - 1);
  extents.append(data.begin() + batch + *length, data.end());
  context.setResult(getOperation()->getResult(0), getElement(getData()),
                    extents);
  return success();
}

static LogicalResult checkReduction(Operation *op, StringRef reduction) {
  static const StringRef known[] = {"none", "add", "mul", "min", "max"};
  if (llvm::is_contained(known, reduction))
    return success();
  return op->emitError() << "attribute 'reduction' is '" << reduction
                         << "', expected none, add, mul, min or max";
}

static LogicalResult checkSameElement(Operation *op, Value data,
                                      Value updates) {
  if (getElement(data) == getElement(updates))
    return success();
  return op->emitError() << "updates " << data.getType() << " with "
                         << updates.getType();
}

/// A list of which some elements are replaced, as exporters write the extents
/// of an index.
static void propagateReplaced(ShapeContext &context, ScatterElementsOp op) {
  std::optional<Extents> elements = context.getElements(op.getData());
  std::optional<Extents> updates = context.getElements(op.getUpdates());
  auto places = context.getConstantElements(op.getIndices());
  if (!elements || !updates || !places || op.getReduction() != "none" ||
      context.getRank(op.getData()) != 1 || places->size() != updates->size())
    return;
  int64_t count = elements->size();
  for (auto [place, update] : llvm::zip_equal(*places, *updates)) {
    if (place < -count || place >= count)
      return;
    (*elements)[place < 0 ? place + count : place] = update;
  }
  context.setElements(op->getResult(0), *elements);
}

LogicalResult ScatterElementsOp::inferShapes(ShapeContext &context) {
  int64_t axis = getAxis();
  if (failed(checkReduction(*this, getReduction())) ||
      failed(checkSameElement(*this, getData(), getUpdates())) ||
      failed(requireWithin(context, *this, getData(), getIndices(), axis)))
    return failure();
  Extents indices = context.getExtents(getIndices());
  Extents updates = context.getExtents(getUpdates());
  if (indices.size() != updates.size())
    return emitError("'updates' must have the shape of 'indices'");
  for (auto [a, b] : llvm::zip(indices, updates))
    if (failed(context.requireEqual(*this, a, b,
                                    "extents of 'updates' and 'indices'")))
      return failure();
  context.setResult(getOperation()->getResult(0), getElement(getData()),
                    context.getExtents(getData()));
  propagateReplaced(context, *this);
  return success();
}

LogicalResult ScatterNDOp::inferShapes(ShapeContext &context) {
  if (failed(checkReduction(*this, getReduction())) ||
      failed(checkSameElement(*this, getData(), getUpdates())))
    return failure();
  Extents data = context.getExtents(getData());
  Extents indices = context.getExtents(getIndices());
  Extents updates = context.getExtents(getUpdates());
  FailureOr<int64_t> length =
      getTupleLength(context, *this, getIndices(), data.size());
  if (failed(length))
    return failure();
  Extents expected(indices.begin(), indices.end() - 1);
  expected.append(data.begin() + *length, data.end());
  if (expected.size() != updates.size())
    return emitError() << "'updates' must have rank " << expected.size()
                       << ", found " << updates.size();
  for (auto [a, b] : llvm::zip(expected, updates))
    if (failed(context.requireEqual(*this, a, b, "an extent of 'updates'")))
      return failure();
  context.setResult(getOperation()->getResult(0), getElement(getData()), data);
  return success();
}

/// Of one index along the last axis: how exporters make a shape of ones but for
/// one extent.
static void keepOneHotElements(ShapeContext &context, OneHotOp op,
                               AffineExpr depth) {
  constexpr int64_t kMaxDepth = 64;
  std::optional<SmallVector<int64_t>> index =
      context.getConstantElements(op.getIndices());
  std::optional<Extents> values = context.getElements(op.getValues());
  auto count = dyn_cast_or_null<AffineConstantExpr>(depth);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (!index || index->size() != 1 || !values || values->size() != 2 ||
      !count || count.getValue() > kMaxDepth || int64_t(op.getAxis()) != -1)
    return;
  Extents elements(type.getNumElements(), (*values)[0]);
  int64_t place = index->front() + (index->front() < 0 ? count.getValue() : 0);
  if (place >= 0 && place < count.getValue())
    elements[place] = (*values)[1];
  context.setElements(op->getResult(0), elements);
}

LogicalResult OneHotOp::inferShapes(ShapeContext &context) {
  if (!getDepth()) {
    if (getOperation()->hasAttr(kShapesAttr))
      return success();
    return emitError("needs its operand 'depth'");
  }
  Extents extents = context.getExtents(getIndices());
  FailureOr<int64_t> axis = normalizeAxis(*this, getAxis(), extents.size() + 1);
  if (failed(axis))
    return failure();
  auto values = cast<RankedTensorType>(getValues().getType());
  if (values.getRank() != 1 ||
      (!values.isDynamicDim(0) && values.getDimSize(0) != 2))
    return emitError() << "'values' must be [off, on], found " << values;
  if (failed(context.requireEqual(*this, context.getExtents(getValues())[0],
                                  context.getConstant(2),
                                  "'values' must be [off, on]")))
    return failure();
  auto depthType = cast<RankedTensorType>(getDepth().getType());
  if (!depthType.hasStaticShape() || depthType.getNumElements() != 1)
    return emitError() << "'depth' must be one number, found " << depthType;
  AffineExpr depth;
  DenseFPElementsAttr number;
  if (std::optional<Extents> known = context.getElements(getDepth()))
    depth = (*known)[0];
  else if (matchPattern(getDepth(), m_Constant(&number))) {
    APFloat value = *number.value_begin<APFloat>();
    bool losesInfo;
    value.convert(APFloat::IEEEdouble(), APFloat::rmTowardZero, &losesInfo);
    double count = value.convertToDouble();
    if (!(count >= 0 && count < 1e12))
      return emitError("'depth' is no extent");
    depth = context.getConstant(int64_t(count));
  }
  if (depth && failed(requireAtLeast(context, *this, depth,
                                     context.getConstant(0), "'depth'")))
    return failure();
  bool isKnown = bool(depth);
  if (!depth)
    depth = context.createSymbol("depth");
  extents.insert(extents.begin() + *axis, depth);
  context.setResult(getOperation()->getResult(0), values.getElementType(),
                    extents);
  keepOneHotElements(context, *this, depth);
  if (isKnown)
    dropOperand(getDepthMutable());
  return success();
}

Value OneHotOp::materializeExtent(OpBuilder &builder, unsigned, unsigned) {
  if (!getDepth())
    return {};
  Location loc = getLoc();
  Value depth;
  Type element = getElement(getDepth());
  if (isa<FloatType>(element)) {
    // By an op: main is compiled for machines that have no f16.
    Value wide = buildCastOp(builder, loc, getDepth(), builder.getF64Type());
    auto rank = cast<RankedTensorType>(wide.getType()).getRank();
    SmallVector<Value> position(
        rank, arith::ConstantIndexOp::create(builder, loc, 0));
    Value number = tensor::ExtractOp::create(builder, loc, wide, position);
    auto constant = [&](double value) -> Value {
      return arith::ConstantOp::create(builder, loc,
                                       builder.getF64FloatAttr(value));
    };
    // Not through an integer: what does not fit one has no conversion.
    Value none = constant(0);
    Value isSound = arith::AndIOp::create(
        builder, loc,
        arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OGE, number,
                              none),
        arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLE, number,
                              constant(double(kMaxExtent))));
    buildShapeCheck(builder, loc, isSound,
                    "the depth of OneHot is no extent; expected 0 to 2^40");
    number = arith::SelectOp::create(builder, loc, isSound, number, none);
    Value whole =
        arith::FPToSIOp::create(builder, loc, builder.getI64Type(), number);
    return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                      whole);
  }
  // Index arithmetic is on signless integers.
  depth = element.isUnsignedInteger()
              ? buildCastOp(builder, loc, getDepth(), builder.getI64Type())
              : getDepth();
  depth = buildElement(builder, loc, depth, 0);
  return buildBoundedExtent(builder, loc, depth, "the depth of OneHot");
}

LogicalResult NonZeroOp::inferShapes(ShapeContext &context) {
  int64_t rank = context.getRank(getX());
  context.setResult(
      getOperation()->getResult(0), IntegerType::get(getContext(), 64),
      {context.getConstant(rank), context.createSymbol("nonzero")});
  return success();
}

LogicalResult CountNonZeroOp::inferShapes(ShapeContext &context) {
  context.setResult(getOperation()->getResult(0),
                    IntegerType::get(getContext(), 64),
                    {context.getConstant(1)});
  return success();
}

/// The number of elements that are not zero, counted by an op of its own.
static Value buildCount(OpBuilder &builder, Location loc, Value tensor) {
  auto type = RankedTensorType::get({1}, builder.getI64Type());
  auto count = CountNonZeroOp::create(builder, loc, type, tensor);
  auto map = AffineMap::get(0, 0, builder.getAffineConstantExpr(1),
                            builder.getContext());
  count->setAttr(kShapesAttr, builder.getAffineMapArrayAttr({map}));
  return buildElement(builder, loc, count, 0);
}

Value NonZeroOp::materializeExtent(OpBuilder &builder, unsigned, unsigned) {
  return buildCount(builder, getLoc(), getX());
}

LogicalResult CompressOp::inferShapes(ShapeContext &context) {
  Extents extents = context.getExtents(getInput());
  if (context.getRank(getCondition()) != 1)
    return emitError("'condition' must have rank 1");
  AffineExpr kept = context.createSymbol("kept");
  if (getAxis()) {
    FailureOr<int64_t> axis = normalizeAxis(*this, *getAxis(), extents.size());
    if (failed(axis))
      return failure();
    extents[*axis] = kept;
  } else {
    extents.assign(1, kept);
  }
  context.setResult(getOperation()->getResult(0), getElement(getInput()),
                    extents);
  return success();
}

Value CompressOp::materializeExtent(OpBuilder &builder, unsigned, unsigned) {
  Location loc = getLoc();
  int64_t rank = cast<RankedTensorType>(getInput().getType()).getRank();
  Value whole;
  if (getAxis()) {
    int64_t axis = int64_t(*getAxis()) < 0 ? int64_t(*getAxis()) + rank
                                           : int64_t(*getAxis());
    whole = tensor::DimOp::create(builder, loc, getInput(), axis);
  } else {
    whole = arith::ConstantIndexOp::create(builder, loc, 1);
    for (int64_t i = 0; i < rank; ++i)
      whole = arith::MulIOp::create(
          builder, loc, whole,
          tensor::DimOp::create(builder, loc, getInput(), i));
  }
  // A condition longer than the axis has nothing to say beyond it.
  Value length = tensor::DimOp::create(builder, loc, getCondition(), 0);
  Value used = arith::MinSIOp::create(builder, loc, length, whole);
  auto type =
      RankedTensorType::get({ShapedType::kDynamic}, builder.getI1Type());
  Value part = tensor::ExtractSliceOp::create(
      builder, loc, type, getCondition(),
      ArrayRef<OpFoldResult>{builder.getIndexAttr(0)},
      ArrayRef<OpFoldResult>{used},
      ArrayRef<OpFoldResult>{builder.getIndexAttr(1)});
  return buildCount(builder, loc, part);
}

LogicalResult TopKOp::inferShapes(ShapeContext &context) {
  if (!getK()) {
    if (getOperation()->hasAttr(kShapesAttr))
      return success();
    return emitError("needs its operand 'K'");
  }
  Extents extents = context.getExtents(getX());
  FailureOr<int64_t> axis = normalizeAxis(*this, getAxis(), extents.size());
  if (failed(axis))
    return failure();
  auto type = cast<RankedTensorType>(getK().getType());
  if (!type.hasStaticShape() || type.getNumElements() != 1)
    return emitError() << "'K' must be one number, found " << type;
  AffineExpr k;
  if (std::optional<Extents> known = context.getElements(getK()))
    k = (*known)[0];
  if (k && (failed(requireAtLeast(context, *this, k, context.getConstant(0),
                                  "'K'")) ||
            failed(requireAtLeast(context, *this, extents[*axis], k,
                                  "the extent 'K' chooses from"))))
    return failure();
  bool isKnown = bool(k);
  extents[*axis] = isKnown ? k : context.createSymbol("k");
  context.setResult(getOperation()->getResult(0), getElement(getX()), extents);
  context.setResult(getOperation()->getResult(1),
                    IntegerType::get(getContext(), 64), extents);
  if (isKnown)
    dropOperand(getKMutable());
  return success();
}

Value TopKOp::materializeExtent(OpBuilder &builder, unsigned, unsigned) {
  if (!getK())
    return {};
  Location loc = getLoc();
  int64_t rank = cast<RankedTensorType>(getX().getType()).getRank();
  int64_t axis =
      int64_t(getAxis()) < 0 ? int64_t(getAxis()) + rank : int64_t(getAxis());
  Value k = buildElement(builder, loc, getK(), 0);
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value whole = tensor::DimOp::create(builder, loc, getX(), axis);
  Value clamped = arith::MaxSIOp::create(
      builder, loc, arith::MinSIOp::create(builder, loc, k, whole), zero);
  Value isSound =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, clamped, k);
  buildShapeCheck(
      builder, loc, isSound,
      "k of TopK is outside of the extent it chooses from; expected 0 to "
      "that");
  return clamped;
}

LogicalResult TensorScatterOp::inferShapes(ShapeContext &context) {
  Extents past = context.getExtents(getPastCache());
  Extents update = context.getExtents(getUpdate());
  FailureOr<int64_t> axis = normalizeAxis(*this, getAxis(), past.size());
  if (failed(axis))
    return failure();
  if (*axis == 0)
    return emitError("attribute 'axis' is the batch axis");
  if (getMode() != "linear" && getMode() != "circular")
    return emitError() << "attribute 'mode' is '" << getMode()
                       << "', expected linear or circular";
  if (past.size() != update.size() ||
      getElement(getPastCache()) != getElement(getUpdate()))
    return emitError("'update' must have the rank and type of 'past_cache'");
  for (size_t i = 0; i < past.size(); ++i) {
    LogicalResult isSound =
        int64_t(i) == *axis ? requireAtLeast(context, *this, past[i], update[i],
                                             "the cache's extent along 'axis'")
                            : context.requireEqual(*this, past[i], update[i],
                                                   "extents beside 'axis'");
    if (failed(isSound))
      return failure();
  }
  if (getWriteIndices()) {
    Extents write = context.getExtents(getWriteIndices());
    if (write.size() != 1)
      return emitError("'write_indices' must have rank 1");
    if (failed(context.requireEqual(*this, write[0], past[0],
                                    "the length of 'write_indices'")))
      return failure();
  }
  context.setResult(getOperation()->getResult(0), getElement(getPastCache()),
                    past);
  return success();
}
