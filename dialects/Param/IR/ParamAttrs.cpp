//===-- ParamAttrs.cpp - recipes ------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Param/IR/Param.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moec::param;

#include "dialects/Param/IR/ParamInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Param/IR/ParamAttrs.cpp.inc"

void ParamDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Param/IR/ParamAttrs.cpp.inc"
      >();
}

using EmitError = function_ref<InFlightDiagnostic()>;

static LogicalResult checkType(EmitError emitError, RankedTensorType type) {
  if (type.getEncoding() || !getStorageBytes(type))
    return emitError() << "recipe makes " << type
                       << ", expected a static shape, 1, 4, 8, 16, 32 or 64 "
                          "bit elements and less than 2^63 bits";
  return success();
}

static LogicalResult checkResult(EmitError emitError, ArrayRef<int64_t> shape,
                                 Type elementType) {
  if (llvm::any_of(shape, [](int64_t extent) { return extent < 0; }))
    return emitError() << "recipe has a negative extent";
  return checkType(emitError, RankedTensorType::get(shape, elementType));
}

/// Adds up the recipe's nodes and finds its depth, neither further than the
/// limits: a recipe that reads one source twice, many times over, is a small
/// attribute but a huge tree.
static void measure(RecipeInterface recipe, int64_t depth, int64_t &maxDepth,
                    int64_t &numNodes) {
  maxDepth = std::max(maxDepth, depth);
  if (++numNodes > kMaxRecipeNodes || depth > kMaxRecipeDepth)
    return;
  recipe.forEachSource([&](RecipeInterface source) {
    measure(source, depth + 1, maxDepth, numNodes);
  });
}

static LogicalResult checkSources(EmitError emitError,
                                  ArrayRef<RecipeInterface> sources) {
  if (sources.empty())
    return emitError() << "recipe has no sources";
  int64_t maxDepth = 1, numNodes = 1;
  for (RecipeInterface source : sources) {
    if (!source)
      return emitError() << "recipe lacks its source";
    if (!source.getResultType())
      return emitError() << "nested file recipe does not state its type";
    measure(source, /*depth=*/2, maxDepth, numNodes);
    if (maxDepth > kMaxRecipeDepth)
      return emitError() << "recipe nests more than " << kMaxRecipeDepth
                         << " deep";
    if (numNodes > kMaxRecipeNodes)
      return emitError() << "recipe is made of more than " << kMaxRecipeNodes
                         << " recipes";
  }
  return success();
}

static LogicalResult checkSource(EmitError emitError, RecipeInterface source) {
  return checkSources(emitError, source);
}

static LogicalResult checkRank(EmitError emitError, DenseI64ArrayAttr values,
                               int64_t rank, StringRef what) {
  if (values.size() != rank)
    return emitError() << "recipe has " << values.size() << " " << what
                       << " for a source of rank " << rank;
  return success();
}

static LogicalResult checkAxis(EmitError emitError, int64_t axis,
                               int64_t rank) {
  if (axis < 0 || axis >= rank)
    return emitError() << "recipe has axis " << axis << ", expected 0 to "
                       << rank - 1;
  return success();
}

static SmallVector<int64_t> toShape(RankedTensorType type) {
  return llvm::to_vector(type.getShape());
}

//===----------------------------------------------------------------------===//
// Leaves
//===----------------------------------------------------------------------===//

LogicalResult FileAttr::verify(EmitError emitError, StringRef path,
                               uint64_t offset, uint64_t length,
                               RankedTensorType type) {
  if (path.empty())
    return emitError() << "file recipe has an empty path";
  if (offset + length < offset || offset + length > INT64_MAX)
    return emitError() << "file recipe ends beyond 2^63 bytes";
  if (!type)
    return success();
  if (failed(checkType(emitError, type)))
    return failure();
  if (uint64_t bytes = *getStorageBytes(type); bytes != length)
    return emitError() << "file recipe reads " << length << " bytes as " << type
                       << ", which takes " << bytes;
  return success();
}

RankedTensorType FileAttr::getResultType() const { return getType(); }

void FileAttr::forEachSource(function_ref<void(RecipeInterface)>) const {}

LogicalResult DenseAttr::verify(EmitError emitError,
                                DenseElementsAttr elements) {
  auto type = dyn_cast<RankedTensorType>(elements.getType());
  if (!type)
    return emitError() << "dense recipe is of type " << elements.getType()
                       << ", expected a ranked tensor";
  if (failed(checkType(emitError, type)))
    return failure();
  if (!elements.isSplat() && *getStorageBytes(type) > 4096)
    return emitError() << "dense recipe holds " << *getStorageBytes(type)
                       << " bytes, expected at most 4096";
  return success();
}

RankedTensorType DenseAttr::getResultType() const {
  return cast<RankedTensorType>(getElements().getType());
}

void DenseAttr::forEachSource(function_ref<void(RecipeInterface)>) const {}

//===----------------------------------------------------------------------===//
// Rearrangements of one value
//===----------------------------------------------------------------------===//

LogicalResult TransposeAttr::verify(EmitError emitError, RecipeInterface source,
                                    DenseI64ArrayAttr permutation) {
  if (failed(checkSource(emitError, source)) ||
      failed(checkRank(emitError, permutation, source.getResultType().getRank(),
                       "dimensions")))
    return failure();
  if (!isPermutationVector(permutation.asArrayRef()))
    return emitError() << "transpose recipe has [" << permutation.asArrayRef()
                       << "], expected a permutation";
  return success();
}

RankedTensorType TransposeAttr::getResultType() const {
  RankedTensorType type = getSource().getResultType();
  return type.clone(
      applyPermutation(type.getShape(), getPermutation().asArrayRef()));
}

void TransposeAttr::forEachSource(
    function_ref<void(RecipeInterface)> visit) const {
  visit(getSource());
}

LogicalResult ReshapeAttr::verify(EmitError emitError, RecipeInterface source,
                                  DenseI64ArrayAttr shape) {
  if (failed(checkSource(emitError, source)) ||
      failed(checkResult(emitError, shape.asArrayRef(),
                         source.getResultType().getElementType())))
    return failure();
  if (source.getResultType().getNumElements() !=
      ShapedType::getNumElements(shape.asArrayRef()))
    return emitError() << "reshape recipe gives " << source.getResultType()
                       << " the shape [" << shape.asArrayRef()
                       << "], which has another number of elements";
  return success();
}

RankedTensorType ReshapeAttr::getResultType() const {
  return getSource().getResultType().clone(getShape().asArrayRef());
}

void ReshapeAttr::forEachSource(
    function_ref<void(RecipeInterface)> visit) const {
  visit(getSource());
}

LogicalResult SliceAttr::verify(EmitError emitError, RecipeInterface source,
                                DenseI64ArrayAttr offsets,
                                DenseI64ArrayAttr sizes,
                                DenseI64ArrayAttr strides) {
  if (failed(checkSource(emitError, source)))
    return failure();
  RankedTensorType type = source.getResultType();
  if (failed(checkRank(emitError, offsets, type.getRank(), "offsets")) ||
      failed(checkRank(emitError, sizes, type.getRank(), "sizes")) ||
      failed(checkRank(emitError, strides, type.getRank(), "strides")))
    return failure();
  for (auto [extent, offset, size, stride] :
       llvm::zip_equal(type.getShape(), offsets.asArrayRef(),
                       sizes.asArrayRef(), strides.asArrayRef())) {
    if (size < 0 || stride == 0)
      return emitError() << "slice recipe has size " << size << " and stride "
                         << stride
                         << ", expected no negative size and no stride of 0";
    if (size == 0)
      continue;
    int64_t last;
    if (__builtin_mul_overflow(size - 1, stride, &last) ||
        __builtin_add_overflow(offset, last, &last) || offset < 0 ||
        offset >= extent || last < 0 || last >= extent)
      return emitError() << "slice recipe takes " << size
                         << " elements from offset " << offset << " at stride "
                         << stride << " of a dimension of " << extent;
  }
  return checkResult(emitError, sizes.asArrayRef(), type.getElementType());
}

RankedTensorType SliceAttr::getResultType() const {
  return getSource().getResultType().clone(getSizes().asArrayRef());
}

void SliceAttr::forEachSource(function_ref<void(RecipeInterface)> visit) const {
  visit(getSource());
}

LogicalResult GatherAttr::verify(EmitError emitError, RecipeInterface source,
                                 int64_t axis, DenseI64ArrayAttr indices) {
  if (failed(checkSource(emitError, source)))
    return failure();
  RankedTensorType type = source.getResultType();
  if (failed(checkAxis(emitError, axis, type.getRank())))
    return failure();
  for (int64_t index : indices.asArrayRef())
    if (index < 0 || index >= type.getDimSize(axis))
      return emitError() << "gather recipe has index " << index
                         << " into a dimension of " << type.getDimSize(axis);
  SmallVector<int64_t> shape = toShape(type);
  shape[axis] = indices.size();
  return checkResult(emitError, shape, type.getElementType());
}

RankedTensorType GatherAttr::getResultType() const {
  SmallVector<int64_t> shape = toShape(getSource().getResultType());
  shape[getAxis()] = getIndices().size();
  return getSource().getResultType().clone(shape);
}

void GatherAttr::forEachSource(
    function_ref<void(RecipeInterface)> visit) const {
  visit(getSource());
}

LogicalResult CastAttr::verify(EmitError emitError, RecipeInterface source,
                               Type elementType) {
  if (failed(checkSource(emitError, source)))
    return failure();
  RankedTensorType type = source.getResultType();
  for (Type type : {type.getElementType(), elementType})
    if (!isa<IntegerType, Float16Type, BFloat16Type, Float32Type, Float64Type>(
            type) ||
        !getStorageBits(type))
      return emitError() << "cast recipe cannot convert "
                         << source.getResultType().getElementType() << " to "
                         << elementType
                         << ", expected integers, f16, bf16, f32 or f64";
  return checkResult(emitError, type.getShape(), elementType);
}

RankedTensorType CastAttr::getResultType() const {
  return getSource().getResultType().clone(getElementType());
}

void CastAttr::forEachSource(function_ref<void(RecipeInterface)> visit) const {
  visit(getSource());
}

/// The panels of a value of at least two dimensions.
static RankedTensorType toPanels(RankedTensorType type, bool kMajor) {
  SmallVector<int64_t> shape = toShape(type);
  int64_t last = shape.pop_back_val(), first = shape.pop_back_val();
  int64_t columns = kMajor ? last : first;
  int64_t depth = kMajor ? first : last;
  shape.push_back(columns / kPanelColumns + (columns % kPanelColumns != 0));
  shape.append({depth, kPanelColumns});
  return type.clone(shape);
}

LogicalResult PackPanelsAttr::verify(EmitError emitError,
                                     RecipeInterface source, bool kMajor,
                                     bool gated) {
  if (failed(checkSource(emitError, source)))
    return failure();
  RankedTensorType type = source.getResultType();
  int64_t rank = type.getRank();
  if (rank < 2)
    return emitError() << "pack_panels recipe reads " << type
                       << ", expected at least two dimensions";
  if (*getStorageBits(type.getElementType()) < 8)
    return emitError() << "pack_panels recipe reads " << type
                       << ", expected elements of whole bytes";
  int64_t columns = type.getDimSize(kMajor ? rank - 1 : rank - 2);
  if (gated && columns % 2)
    return emitError() << "pack_panels recipe is gated but its source " << type
                       << " has an odd number of columns";
  if (columns > INT64_MAX - kPanelColumns)
    return emitError() << "pack_panels recipe reads " << type
                       << ", which has too many columns";
  return checkType(emitError, toPanels(type, kMajor));
}

RankedTensorType PackPanelsAttr::getResultType() const {
  return toPanels(getSource().getResultType(), getKMajor());
}

void PackPanelsAttr::forEachSource(
    function_ref<void(RecipeInterface)> visit) const {
  visit(getSource());
}

//===----------------------------------------------------------------------===//
// Several values in one
//===----------------------------------------------------------------------===//

LogicalResult StackAttr::verify(EmitError emitError,
                                ArrayRef<RecipeInterface> sources,
                                int64_t axis) {
  if (failed(checkSources(emitError, sources)))
    return failure();
  RankedTensorType type = sources.front().getResultType();
  if (failed(checkAxis(emitError, axis, type.getRank() + 1)))
    return failure();
  for (RecipeInterface source : sources)
    if (source.getResultType() != type)
      return emitError() << "stack recipe mixes " << type << " and "
                         << source.getResultType();
  SmallVector<int64_t> shape = toShape(type);
  shape.insert(shape.begin() + axis, sources.size());
  return checkResult(emitError, shape, type.getElementType());
}

RankedTensorType StackAttr::getResultType() const {
  RankedTensorType type = getSources().front().getResultType();
  SmallVector<int64_t> shape = toShape(type);
  shape.insert(shape.begin() + getAxis(), getSources().size());
  return type.clone(shape);
}

void StackAttr::forEachSource(function_ref<void(RecipeInterface)> visit) const {
  llvm::for_each(getSources(), visit);
}

LogicalResult ConcatAttr::verify(EmitError emitError,
                                 ArrayRef<RecipeInterface> sources,
                                 int64_t axis) {
  if (failed(checkSources(emitError, sources)))
    return failure();
  RankedTensorType type = sources.front().getResultType();
  if (failed(checkAxis(emitError, axis, type.getRank())))
    return failure();
  SmallVector<int64_t> shape = toShape(type);
  int64_t total = 0;
  for (RecipeInterface source : sources) {
    RankedTensorType other = source.getResultType();
    int64_t extent =
        other.getRank() == type.getRank() ? other.getDimSize(axis) : int64_t(0);
    shape[axis] = extent;
    if (other != type.clone(shape))
      return emitError() << "concat recipe along axis " << axis << " mixes "
                         << type << " and " << other;
    if (__builtin_add_overflow(total, extent, &total))
      return emitError() << "concat recipe ends beyond 2^63 elements";
  }
  shape[axis] = total;
  return checkResult(emitError, shape, type.getElementType());
}

RankedTensorType ConcatAttr::getResultType() const {
  RankedTensorType type = getSources().front().getResultType();
  SmallVector<int64_t> shape = toShape(type);
  shape[getAxis()] = 0;
  for (RecipeInterface source : getSources())
    shape[getAxis()] += source.getResultType().getDimSize(getAxis());
  return type.clone(shape);
}

void ConcatAttr::forEachSource(
    function_ref<void(RecipeInterface)> visit) const {
  llvm::for_each(getSources(), visit);
}
