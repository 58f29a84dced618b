//===-- Axes.cpp - what the dimensions of a value run over ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Axes.h"

#include "Constants.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

bool moec::routing::keepsRows(Operation *view) {
  ArrayRef<int64_t> from = getType(view->getOperand(0)).getShape();
  ArrayRef<int64_t> to = getType(view->getResult(0)).getShape();
  return !from.empty() && !to.empty() && from.back() == to.back() &&
         !ShapedType::isDynamic(from.back());
}

/// Whether only extents of 1 change their places.
static bool movesOnes(onnx::TransposeOp op) {
  auto permutation = op->getAttrOfType<DenseI64ArrayAttr>("perm");
  if (!permutation)
    return false;
  SmallVector<int64_t> moved;
  for (int64_t dim : permutation.asArrayRef())
    if (getType(op->getOperand(0)).getDimSize(dim) != 1)
      moved.push_back(dim);
  return llvm::is_sorted(moved);
}

bool moec::routing::isView(Operation *op) {
  if (auto transpose = dyn_cast<onnx::TransposeOp>(op))
    return movesOnes(transpose);
  return isa<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
             onnx::FlattenOp, onnx::IdentityOp>(op);
}

Value moec::routing::peelRowViews(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isView(op) || !keepsRows(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

Value moec::routing::peelViews(Value value) {
  while (Operation *op = value ? value.getDefiningOp() : nullptr) {
    if (!isView(op) || isa<onnx::TransposeOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

bool moec::routing::isColumn(Value value) {
  RankedTensorType type = getType(value);
  return type.getRank() > 0 && type.getShape().back() == 1;
}

bool moec::routing::isLastAxis(int64_t axis, Value value) {
  int64_t rank = getType(value).getRank();
  return normalizeAxis(axis, rank) == rank - 1;
}

static std::optional<int64_t> getConstant(AffineExpr expr) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  return std::nullopt;
}

static bool isOne(AffineExpr expr) { return getConstant(expr) == 1; }

/// Whether two products of symbols and constants are the same.
static bool isSame(AffineExpr a, AffineExpr b) {
  if (a == b)
    return true;
  unsigned symbols = 0;
  auto count = [&](AffineExpr part) {
    if (auto symbol = dyn_cast<AffineSymbolExpr>(part))
      symbols = std::max(symbols, symbol.getPosition() + 1);
  };
  a.walk(count);
  b.walk(count);
  return getConstant(simplifyAffineExpr(a - b, 0, symbols)) == 0;
}

/// How many of `parts`, from the first, multiply to `whole`; 0 if none do.
static unsigned countFactors(AffineExpr whole, ArrayRef<AffineExpr> parts) {
  AffineExpr product;
  for (auto [i, part] : llvm::enumerate(parts.take_front(5))) {
    product = product ? product * part : part;
    if (i > 0 && isSame(product, whole))
      return i + 1;
  }
  return 0;
}

/// Whether several dimensions in a row may count it together.
static bool isSpread(Axis axis) {
  return axis == Axis::Token || axis == Axis::Feature || axis == Axis::Slot;
}

/// Dimensions in a row as one: tokens and choices keep their order so.
static std::optional<Dim> mergeDims(ArrayRef<Dim> dims) {
  Dim merged;
  for (const Dim &dim : dims)
    for (Axis axis : dim) {
      if (!merged.empty() && merged.back() == axis && isSpread(axis))
        continue;
      if (llvm::is_contained(merged, axis))
        return std::nullopt;
      merged.push_back(axis);
    }
  return merged;
}

static std::optional<int64_t> getExtent(Axis axis,
                                        const RoutingExtents &known) {
  if (axis == Axis::Choice)
    return known.choices;
  if (axis == Axis::Expert)
    return known.experts;
  return std::nullopt;
}

/// One dimension as several of these extents.
static std::optional<Dims> splitDim(const Dim &dim, ArrayRef<AffineExpr> parts,
                                    const RoutingExtents &known) {
  if (dim.size() <= 1) {
    if (!dim.empty() && !isSpread(dim[0]))
      return std::nullopt;
    Dims same;
    for (AffineExpr part : parts)
      same.push_back(isOne(part) ? Dim() : dim);
    return same;
  }
  // The outermost or the innermost axis has an extent that tells where to cut.
  ArrayRef<Axis> axes(dim);
  auto cut = [&](ArrayRef<Axis> rest, ArrayRef<AffineExpr> restParts) {
    return splitDim(Dim(rest), restParts, known);
  };
  if (auto extent = getExtent(axes.back(), known);
      extent && getConstant(parts.back()) == extent) {
    std::optional<Dims> outer = cut(axes.drop_back(), parts.drop_back());
    if (outer)
      outer->push_back({axes.back()});
    return outer;
  }
  if (auto extent = getExtent(axes.front(), known);
      extent && getConstant(parts.front()) == extent) {
    std::optional<Dims> inner = cut(axes.drop_front(), parts.drop_front());
    if (inner)
      inner->insert(inner->begin(), {axes.front()});
    return inner;
  }
  return std::nullopt;
}

std::optional<Dims> moec::routing::reshapeDims(ArrayRef<Dim> dims,
                                               ArrayRef<AffineExpr> from,
                                               ArrayRef<AffineExpr> to,
                                               const RoutingExtents &known) {
  Dims result;
  while (!from.empty() || !to.empty()) {
    if (!from.empty() && !to.empty() && isSame(from.front(), to.front())) {
      result.push_back(dims.front());
      dims = dims.drop_front();
      from = from.drop_front();
      to = to.drop_front();
      continue;
    }
    if (!from.empty() && isOne(from.front())) {
      dims = dims.drop_front();
      from = from.drop_front();
      continue;
    }
    if (!to.empty() && isOne(to.front())) {
      result.emplace_back();
      to = to.drop_front();
      continue;
    }
    if (from.empty() || to.empty())
      return std::nullopt;
    if (unsigned count = countFactors(to.front(), from)) {
      std::optional<Dim> merged = mergeDims(dims.take_front(count));
      if (!merged)
        return std::nullopt;
      result.push_back(*merged);
      dims = dims.drop_front(count);
      from = from.drop_front(count);
      to = to.drop_front();
      continue;
    }
    unsigned count = countFactors(from.front(), to);
    std::optional<Dims> parts;
    if (count)
      parts = splitDim(dims.front(), to.take_front(count), known);
    if (!parts)
      return std::nullopt;
    llvm::append_range(result, *parts);
    dims = dims.drop_front();
    from = from.drop_front();
    to = to.drop_front(count);
  }
  return result;
}

std::optional<Dims> moec::routing::transposeDims(ArrayRef<Dim> dims,
                                                 onnx::TransposeOp op) {
  auto permutation =
      llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, dims.size())));
  if (auto attr = op->getAttrOfType<DenseI64ArrayAttr>("perm"))
    permutation = llvm::to_vector(attr.asArrayRef());
  Dims result;
  SmallVector<int64_t> tokenDims, slotDims;
  for (int64_t from : permutation) {
    result.push_back(dims[from]);
    if (llvm::is_contained(dims[from], Axis::Token))
      tokenDims.push_back(from);
    if (llvm::is_contained(dims[from], Axis::Slot))
      slotDims.push_back(from);
  }
  bool inOrder = llvm::is_sorted(tokenDims) && llvm::is_sorted(slotDims);
  return inOrder ? std::optional(result) : std::nullopt;
}

SmallVector<Axis> moec::routing::flattenDims(ArrayRef<Dim> dims) {
  SmallVector<Axis> axes;
  for (const Dim &dim : dims)
    for (Axis axis : dim)
      if (axes.empty() || axes.back() != axis || !isSpread(axis))
        axes.push_back(axis);
  return axes;
}

bool moec::routing::countNothing(ArrayRef<Dim> dims) {
  return llvm::all_of(dims, [](const Dim &dim) { return dim.empty(); });
}

bool moec::routing::hasAxis(ArrayRef<Dim> dims, Axis axis) {
  return llvm::any_of(
      dims, [&](const Dim &dim) { return llvm::is_contained(dim, axis); });
}

std::optional<unsigned> moec::routing::findAxis(ArrayRef<Dim> dims, Axis axis) {
  std::optional<unsigned> found;
  for (auto [index, dim] : llvm::enumerate(dims)) {
    if (!llvm::is_contained(dim, axis))
      continue;
    if (found || dim.size() != 1)
      return std::nullopt;
    found = index;
  }
  return found;
}

std::optional<Dims> moec::routing::broadcastDims(ArrayRef<Dim> a,
                                                 ArrayRef<Dim> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  Dims result(a.begin(), a.end());
  for (auto [to, from] : llvm::zip(llvm::reverse(result), llvm::reverse(b))) {
    if (to.empty())
      to = from;
    else if (!from.empty() && to != from)
      return std::nullopt;
  }
  return result;
}
