//===-- ValueProduct.cpp - products of two values of the run --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FusedLayers.h"
#include "GroupedProducts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace moec;

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The extent of the result's leading dimension `dim` in an operand: 1 where
/// the operand has none.
static int64_t getLeading(Value operand, RankedTensorType result, int64_t dim) {
  RankedTensorType type = getType(operand);
  int64_t own = dim - (result.getRank() - type.getRank());
  return own < 0 ? 1 : type.getDimSize(own);
}

static bool isEmpty(Value value) {
  return llvm::is_contained(getType(value).getShape(), 0);
}

static bool isConstant(Value value) {
  Operation *maker = value.getDefiningOp();
  return maker && maker->hasTrait<OpTrait::ConstantLike>();
}

/// The extents of a value, by number or by symbols; null where neither is
/// known.
static AffineMap describe(Value value) {
  AffineMap map = onnx::getShapeMap(value);
  if (map || !getType(value).hasStaticShape())
    return map;
  MLIRContext *context = value.getContext();
  auto constants =
      llvm::map_to_vector(getType(value).getShape(), [&](int64_t size) {
        return getAffineConstantExpr(size, context);
      });
  return AffineMap::get(0, 0, constants, context);
}

ValueProduct::ValueProduct(Operation *op)
    : op(op), b(op->getLoc(), op), x(op->getOperand(0)),
      matrix(op->getOperand(1)), result(getType(op->getResult(0))) {
  if (auto gemm = dyn_cast<onnx::GemmOp>(op)) {
    isTransposed = gemm.getTransB() != 0;
    bias = gemm.getC();
  }
}

/// Whether the result has more matrices along a leading dimension than there
/// are.
bool ValueProduct::isRepeated(int64_t dim) const {
  return getLeading(matrix, result, dim) == 1 && result.getDimSize(dim) != 1;
}

/// Rows that share a matrix lie beside each other only where all dimensions
/// behind a repeated one are, too.
bool ValueProduct::repeatsMatrices() const {
  bool isInside = false;
  for (int64_t dim = 0; dim < result.getRank() - 2; ++dim) {
    if (isInside && getLeading(matrix, result, dim) != 1)
      return true;
    isInside |= isRepeated(dim);
  }
  return false;
}

bool ValueProduct::repeatsRows() const {
  if (getType(x).getRank() != result.getRank())
    return true;
  return llvm::any_of(
      llvm::seq<int64_t>(0, result.getRank() - 2), [&](int64_t dim) {
        return getLeading(x, result, dim) == 1 && result.getDimSize(dim) != 1;
      });
}

StringRef ValueProduct::findObstacle() const {
  if (getType(x).getRank() < 2)
    return "its first operand is a vector";
  if (getType(matrix).getRank() < 2)
    return "its second operand is a vector";
  if (isEmpty(x) || isEmpty(matrix))
    return "an operand is empty";
  if (isConstant(x) || isConstant(matrix))
    return "an operand is a constant";
  if (repeatsMatrices())
    return "it repeats matrices, and not for rows that lie beside each other";
  if (repeatsRows() && (!describe(op->getResult(0)) || !describe(x)))
    return "only the run knows how often it repeats its rows";
  return findFormObstacle(op);
}

/// A matrix that was transposed only to be multiplied by is read as it was. Of
/// a transposition that does more, the last two dimensions at least need not
/// change places: whole rows move.
void ValueProduct::foldTranspose() {
  auto transpose = matrix.getDefiningOp<onnx::TransposeOp>();
  if (!transpose)
    return;
  int64_t rank = getType(matrix).getRank();
  SmallVector<int64_t> perm = llvm::to_vector(llvm::reverse(llvm::seq(rank)));
  if (auto given = transpose.getPerm())
    perm.assign(given->begin(), given->end());
  if (perm[rank - 2] != rank - 1)
    return;
  std::swap(perm[rank - 2], perm[rank - 1]);
  if (llvm::is_sorted(perm)) {
    matrix = transpose.getData();
    isTransposed = !isTransposed;
    return;
  }
  // A Gemm's have no more than two dimensions.
  if (!transpose->hasOneUse())
    return;
  auto swapLast = [&](auto range) {
    auto swapped = llvm::to_vector(range);
    std::swap(swapped[rank - 2], swapped[rank - 1]);
    return swapped;
  };
  RankedTensorType type = getType(matrix);
  OperationState state(transpose.getLoc(),
                       onnx::TransposeOp::getOperationName());
  state.addOperands(transpose.getData());
  state.addTypes(type.clone(swapLast(type.getShape())));
  state.addAttribute("perm", b.getDenseI64ArrayAttr(perm));
  if (AffineMap map = onnx::getShapeMap(matrix))
    state.addAttribute(onnx::kShapesAttr,
                       b.getArrayAttr(AffineMapAttr::get(AffineMap::get(
                           0, map.getNumSymbols(), swapLast(map.getResults()),
                           b.getContext()))));
  matrix = b.create(state)->getResult(0);
  isTransposed = true;
}

void ValueProduct::repeatRows() {
  SmallVector<int64_t> extents(result.getShape());
  extents.back() = getType(x).getShape().back();
  auto type = RankedTensorType::get(extents, result.getElementType());
  AffineMap whole = describe(op->getResult(0)), own = describe(x);
  SmallVector<AffineExpr> exprs(whole.getResults());
  exprs.back() = own.getResults().back();
  unsigned symbols = std::max(whole.getNumSymbols(), own.getNumSymbols());
  auto map = AffineMap::get(0, symbols, exprs, b.getContext());
  x = moec::repeatRows(b, x, type, map);
}

/// The extents of the result but the last.
SmallVector<OpFoldResult> ValueProduct::getSizes() {
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim + 1 < result.getRank(); ++dim)
    sizes.push_back(
        result.isDynamicDim(dim)
            ? getAsOpFoldResult(b.createOrFold<tensor::DimOp>(x, dim))
            : OpFoldResult(b.getIndexAttr(result.getDimSize(dim))));
  return sizes;
}

/// The matrices in one dimension.
Value ValueProduct::makeMatrices() {
  RankedTensorType type = getType(matrix);
  if (type.getRank() > 2)
    return collapseLeading(b, matrix, 2);
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(b, b.getLoc(), matrix);
  sizes.insert(sizes.begin(), b.getIndexAttr(1));
  auto stack = RankedTensorType::get(
      {1, type.getDimSize(0), type.getDimSize(1)}, type.getElementType());
  SmallVector<ReassociationIndices> groups = {{0, 1}, {2}};
  return tensor::ExpandShapeOp::create(b, stack, matrix, groups, sizes);
}

Value ValueProduct::unflatten(Value product, OpFoldResult columns) {
  int64_t rank = result.getRank();
  if (rank == 2)
    return b.createOrFold<tensor::CastOp>(result, product);
  SmallVector<OpFoldResult> sizes = getSizes();
  sizes.push_back(columns);
  SmallVector<ReassociationIndices> groups = {
      llvm::to_vector(llvm::seq(rank - 1)), {rank - 1}};
  auto expand =
      tensor::ExpandShapeOp::create(b, result, product, groups, sizes);
  if (Attribute shapes = op->getAttr(onnx::kShapesAttr))
    expand->setAttr(onnx::kShapesAttr, shapes);
  return expand;
}

void ValueProduct::raise() {
  foldTranspose();
  if (repeatsRows())
    repeatRows();
  Value matrices = makeMatrices();
  Value rows = arith::ConstantIndexOp::create(b, 1);
  for (OpFoldResult size : getSizes())
    rows = b.createOrFold<arith::MulIOp>(
        rows, getValueOrCreateConstantIndexOp(b, b.getLoc(), size));
  SmallVector<OpFoldResult> sizes = {
      getAsOpFoldResult(rows),
      tensor::getMixedSize(b, b.getLoc(), matrices, isTransposed ? 1 : 2)};
  Value init = tensor::EmptyOp::create(b, sizes, result.getElementType());
  Value flat = collapseLeading(b, x, 1);
  Value vector = makeProductBias(b, bias);
  auto layout = isTransposed ? moe::Layout::NK : moe::Layout::KN;
  auto grouped = moe::GroupedMatmulOp::create(
      b, TypeRange(init.getType()), flat, matrices, /*offsets=*/Value(),
      /*rows=*/Value(), vector, /*scales=*/Value(), init,
      moe::LayoutAttr::get(b.getContext(), layout), /*n=*/IntegerAttr(),
      moe::ActivationAttr::get(b.getContext(), moe::ActivationKind::Identity),
      /*quant=*/moe::QuantAttr());
  requireCountableRows(grouped, x);
  moveChecks(op, grouped);
  Value multiplied = op->getOperand(1);
  op->getResult(0).replaceAllUsesWith(
      unflatten(grouped.getResult(0), sizes[1]));
  op->erase();
  if (Operation *maker = multiplied.getDefiningOp();
      isa_and_present<onnx::TransposeOp>(maker) && maker->use_empty())
    maker->erase();
}
