//===-- Recipes.cpp - building recipes ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Param/IR/Recipes.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace moec::param;

/// The attribute, or null where its verifier refuses it: callers ask whether a
/// recipe exists, so the reason is not an error.
template <typename AttrT, typename... Args>
static RecipeInterface getIfValid(MLIRContext *context, Args &&...args) {
  ScopedDiagnosticHandler silence(context,
                                  [](Diagnostic &) { return success(); });
  auto emitError = [&] { return mlir::emitError(UnknownLoc::get(context)); };
  if (auto attr = AttrT::getChecked(emitError, context, args...))
    return attr;
  return {};
}

static DenseI64ArrayAttr getArray(RecipeInterface recipe,
                                  ArrayRef<int64_t> values) {
  return DenseI64ArrayAttr::get(recipe.getContext(), values);
}

RecipeInterface moec::param::makeDense(DenseElementsAttr elements) {
  return getIfValid<DenseAttr>(elements.getContext(), elements);
}

RecipeInterface moec::param::makeTranspose(RecipeInterface source,
                                           ArrayRef<int64_t> permutation) {
  if (!source || !source.getResultType() ||
      source.getResultType().getRank() !=
          static_cast<int64_t>(permutation.size()) ||
      !isPermutationVector(permutation))
    return {};
  SmallVector<int64_t> composed(permutation);
  if (auto inner = dyn_cast<TransposeAttr>(source)) {
    composed =
        applyPermutation(inner.getPermutation().asArrayRef(), permutation);
    source = inner.getSource();
  }
  if (isIdentityPermutation(composed))
    return source;
  // Moving extents of 1 about moves no bytes: a reshape says so.
  SmallVector<int64_t> moved;
  ArrayRef<int64_t> shape = source.getResultType().getShape();
  for (int64_t dim : composed)
    if (shape[dim] != 1)
      moved.push_back(dim);
  if (llvm::is_sorted(moved))
    return makeReshape(source, applyPermutation(shape, composed));
  return getIfValid<TransposeAttr>(source.getContext(), source,
                                   getArray(source, composed));
}

RecipeInterface moec::param::makeReshape(RecipeInterface source,
                                         ArrayRef<int64_t> shape) {
  if (!source || !source.getResultType())
    return {};
  if (auto inner = dyn_cast<ReshapeAttr>(source))
    source = inner.getSource();
  if (source.getResultType().getShape() == shape)
    return source;
  return getIfValid<ReshapeAttr>(source.getContext(), source,
                                 getArray(source, shape));
}

RecipeInterface moec::param::makeSlice(RecipeInterface source,
                                       ArrayRef<int64_t> offsets,
                                       ArrayRef<int64_t> sizes,
                                       ArrayRef<int64_t> strides) {
  if (!source || !source.getResultType())
    return {};
  // Checked as given first: only then may it be composed with another.
  RecipeInterface slice = getIfValid<SliceAttr>(
      source.getContext(), source, getArray(source, offsets),
      getArray(source, sizes), getArray(source, strides));
  if (!slice)
    return {};
  if (source.getResultType().getShape() == sizes &&
      llvm::all_of(llvm::zip_equal(sizes, strides), [](auto pair) {
        return std::get<0>(pair) <= 1 || std::get<1>(pair) > 0;
      }))
    return source;
  auto inner = dyn_cast<SliceAttr>(source);
  if (!inner)
    return slice;
  SmallVector<int64_t> newOffsets, newStrides;
  for (auto [offset, size, stride, innerOffset, innerStride] :
       llvm::zip_equal(offsets, sizes, strides, inner.getOffsets().asArrayRef(),
                       inner.getStrides().asArrayRef())) {
    // One element has no stride; of many, the products are within the source.
    newOffsets.push_back(size ? innerOffset + offset * innerStride : 0);
    newStrides.push_back(size > 1 ? stride * innerStride : 1);
  }
  RecipeInterface innerSource = inner.getSource();
  return getIfValid<SliceAttr>(
      source.getContext(), innerSource, getArray(source, newOffsets),
      getArray(source, sizes), getArray(source, newStrides));
}

RecipeInterface moec::param::makeGather(RecipeInterface source, int64_t axis,
                                        ArrayRef<int64_t> indices) {
  if (!source || !source.getResultType())
    return {};
  RecipeInterface gather = getIfValid<GatherAttr>(
      source.getContext(), source, axis, getArray(source, indices));
  if (!gather)
    return {};
  if (gather.getResultType() == source.getResultType() &&
      isIdentityPermutation(indices))
    return source;
  return gather;
}

RecipeInterface moec::param::makeStack(ArrayRef<RecipeInterface> sources,
                                       int64_t axis) {
  if (sources.empty() || !sources.front())
    return {};
  RecipeInterface stack =
      getIfValid<StackAttr>(sources.front().getContext(), sources, axis);
  if (!stack || sources.size() > 1)
    return stack;
  return makeReshape(sources.front(), stack.getResultType().getShape());
}

RecipeInterface moec::param::makeConcat(ArrayRef<RecipeInterface> sources,
                                        int64_t axis) {
  if (sources.empty() || !sources.front())
    return {};
  RecipeInterface concat =
      getIfValid<ConcatAttr>(sources.front().getContext(), sources, axis);
  if (!concat || sources.size() > 1)
    return concat;
  return sources.front();
}

RecipeInterface moec::param::makeCast(RecipeInterface source,
                                      Type elementType) {
  if (!source || !source.getResultType())
    return {};
  if (source.getResultType().getElementType() == elementType)
    return source;
  return getIfValid<CastAttr>(source.getContext(), source, elementType);
}

RecipeInterface moec::param::makePackPanels(RecipeInterface source, bool kMajor,
                                            bool gated) {
  if (!source || !source.getResultType())
    return {};
  // A transpose of the last two dimensions is what the flag says.
  if (auto inner = dyn_cast<TransposeAttr>(source)) {
    SmallVector<int64_t> swapped(inner.getPermutation().asArrayRef());
    if (swapped.size() >= 2)
      std::swap(swapped[swapped.size() - 1], swapped[swapped.size() - 2]);
    if (isIdentityPermutation(swapped)) {
      source = inner.getSource();
      kMajor = !kMajor;
    }
  }
  return getIfValid<PackPanelsAttr>(source.getContext(), source, kMajor, gated);
}

RecipeInterface moec::param::getStoredRecipe(RecipeInterface recipe) {
  while (auto reshape = dyn_cast<ReshapeAttr>(recipe))
    recipe = reshape.getSource();
  return recipe;
}
