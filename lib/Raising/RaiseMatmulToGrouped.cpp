//===-- RaiseMatmulToGrouped.cpp - dense products share the schedule ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Raising/Passes.h"

#include "FusedLayers.h"
#include "GroupedProducts.h"

#include "dialects/Param/IR/Param.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/MathExtras.h"

namespace moec {
#define GEN_PASS_DEF_RAISEMATMULTOGROUPED
#include "moec/Raising/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

namespace {
/// One `x [.., K] . W [K, N]` with a weight parameter, or a Gemm, of which W
/// may be `[N, K]` and which may add a vector. Or `x . W [B.., K, N]` with a
/// matrix for each of the leading dimensions, to which x is broadcast.
class Raiser {
public:
  explicit Raiser(Operation *op)
      : op(op), x(op->getOperand(0)), type(cast<RankedTensorType>(x.getType())),
        b(op->getLoc(), op) {
    if (auto gemm = dyn_cast<onnx::GemmOp>(op)) {
      isTransposed = gemm.getTransB() != 0;
      bias = gemm.getC();
    }
  }

  /// Why this product, of a value and a parameter, stays as it is; "" where it
  /// is raised.
  static StringRef findObstacle(Operation *op) {
    auto x = cast<RankedTensorType>(op->getOperand(0).getType());
    auto w = cast<RankedTensorType>(op->getOperand(1).getType());
    if (w.getRank() < 2)
      return "its weight is not a matrix";
    if (x.getRank() < 2)
      return "its first operand is a vector";
    if (w.getNumElements() == 0)
      return "its weight is empty";
    if (w.getRank() > 2 && !canSpread(x, w))
      return "its rows have more dimensions than its matrices, or only the run "
             "knows which";
    if (x.isDynamicDim(x.getRank() - 1))
      return "only the run knows how deep it is";
    return findFormObstacle(op);
  }

  void run() {
    Value weights = op->getOperand(1);
    ArrayRef<int64_t> shape =
        cast<RankedTensorType>(weights.getType()).getShape();
    int64_t depth = shape.end()[-2], columns = shape.end()[-1];
    if (isTransposed)
      std::swap(depth, columns);
    if (shape.size() > 2)
      spread(shape.drop_back(2));
    Value rows = buildRowCount();
    Value init =
        tensor::EmptyOp::create(b,
                                ArrayRef<OpFoldResult>{getAsOpFoldResult(rows),
                                                       b.getIndexAttr(columns)},
                                type.getElementType());
    Value offsets = makeOffsets(rows, llvm::product_of(shape.drop_back(2)));
    auto grouped = moe::GroupedMatmulOp::create(
        b, TypeRange(init.getType()), collapseLeading(b, x, 1),
        pack(weights, depth, columns), offsets,
        /*rows=*/Value(), makeProductBias(b, bias), /*scales=*/Value(), init,
        moe::LayoutAttr::get(b.getContext(), moe::Layout::Panels),
        b.getI64IntegerAttr(columns),
        moe::ActivationAttr::get(b.getContext(), moe::ActivationKind::Identity),
        /*quant=*/moe::QuantAttr());
    requireCountableRows(grouped, x);
    moveChecks(op, grouped);
    op->getResult(0).replaceAllUsesWith(unflatten(grouped.getResult(0)));
    op->erase();
  }

private:
  /// Whether the leading dimensions of x are broadcast to those of W.
  static bool canSpread(RankedTensorType x, RankedTensorType w) {
    ArrayRef<int64_t> own = x.getShape().drop_back(2);
    ArrayRef<int64_t> wanted = w.getShape().drop_back(2);
    if (own.size() > wanted.size())
      return false;
    return llvm::all_of(llvm::zip_equal(own, wanted.take_back(own.size())),
                        [](auto extents) {
                          auto [from, to] = extents;
                          return from == 1 || from == to;
                        });
  }

  /// Repeats rows for each matrix.
  void spread(ArrayRef<int64_t> batch) {
    ArrayRef<int64_t> own = type.getShape();
    if (own.drop_back(2) == batch)
      return;
    SmallVector<int64_t> extents(batch);
    llvm::append_range(extents, own.take_back(2));
    type = RankedTensorType::get(extents, type.getElementType());
    AffineMap map = onnx::getShapeMap(op->getResult(0));
    if (map) {
      SmallVector<AffineExpr> exprs(map.getResults());
      exprs.back() = b.getAffineConstantExpr(own.back());
      map = AffineMap::get(0, map.getNumSymbols(), exprs, b.getContext());
    }
    x = repeatRows(b, x, type, map);
  }

  /// Every matrix has as many rows as any other: the one of a plain product
  /// all.
  Value makeOffsets(Value rows, int64_t matrices) {
    Value each = matrices == 1
                     ? rows
                     : b.createOrFold<tensor::DimOp>(x, type.getRank() - 2);
    SmallVector<Value> offsets;
    for (int64_t i = 0; i <= matrices; ++i) {
      Value offset = b.createOrFold<arith::MulIOp>(
          each, arith::ConstantIndexOp::create(b, i));
      offsets.push_back(
          b.createOrFold<arith::IndexCastOp>(b.getI32Type(), offset));
    }
    return tensor::FromElementsOp::create(b, offsets);
  }

  /// The product of all extents but the last.
  Value buildRowCount() {
    Value rows = arith::ConstantIndexOp::create(b, 1);
    for (int64_t dim = 0; dim + 1 < type.getRank(); ++dim)
      rows = b.createOrFold<arith::MulIOp>(
          rows, b.createOrFold<tensor::DimOp>(x, dim));
    return rows;
  }

  SmallVector<ReassociationIndices> getGroups() const {
    SmallVector<ReassociationIndices> groups(2);
    for (int64_t dim = 0; dim + 1 < type.getRank(); ++dim)
      groups[0].push_back(dim);
    groups[1].push_back(type.getRank() - 1);
    return groups;
  }

  Value unflatten(Value product) {
    auto result = cast<RankedTensorType>(op->getResult(0).getType());
    if (result.getRank() == 2)
      return b.createOrFold<tensor::CastOp>(result, product);
    SmallVector<OpFoldResult> sizes;
    for (int64_t dim = 0; dim + 1 < type.getRank(); ++dim)
      sizes.push_back(getAsOpFoldResult(b.createOrFold<tensor::DimOp>(x, dim)));
    sizes.push_back(b.getIndexAttr(result.getDimSize(result.getRank() - 1)));
    auto expand =
        tensor::ExpandShapeOp::create(b, result, product, getGroups(), sizes);
    if (Attribute shapes = op->getAttr(onnx::kShapesAttr))
      expand->setAttr(onnx::kShapesAttr, shapes);
    return expand;
  }

  /// The matrices in one dimension.
  Value makeStack(Value weights) {
    auto type = cast<RankedTensorType>(weights.getType());
    if (type.getRank() == 2) {
      auto stacked = RankedTensorType::get(
          {1, type.getDimSize(0), type.getDimSize(1)}, type.getElementType());
      SmallVector<ReassociationIndices> groups = {{0, 1}, {2}};
      return tensor::ExpandShapeOp::create(b, stacked, weights, groups);
    }
    return collapseLeading(b, weights, 2);
  }

  Value pack(Value weights, int64_t depth, int64_t columns) {
    Value stack = makeStack(weights);
    auto matrix = cast<RankedTensorType>(stack.getType());
    int64_t panels = llvm::divideCeil(columns, moe::MoeDialect::kPanelColumns);
    Value init = tensor::EmptyOp::create(
        b,
        ArrayRef<int64_t>{matrix.getDimSize(0), panels, depth,
                          moe::MoeDialect::kPanelColumns},
        matrix.getElementType());
    return moe::PackPanelsOp::create(b, TypeRange(init.getType()), stack, init,
                                     /*k_major=*/!isTransposed,
                                     /*gated=*/false)
        .getResult(0);
  }

  Operation *op;
  Value x, bias;
  bool isTransposed = false;
  RankedTensorType type;
  ImplicitLocOpBuilder b;
};

struct RaiseMatmulToGrouped
    : moec::impl::RaiseMatmulToGroupedBase<RaiseMatmulToGrouped> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa<onnx::MatMulOp, onnx::GemmOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      raise(op);
  }

private:
  static remark::RemarkOpts nameRemark(StringRef name) {
    return remark::RemarkOpts::name(name).category("raise-matmul-to-grouped");
  }

  static std::string describeCount(RankedTensorType weights) {
    if (weights.getRank() == 2)
      return "a weight";
    int64_t count = llvm::product_of(weights.getShape().drop_back(2));
    return std::to_string(count) + " weights";
  }

  void leave(Operation *op, StringRef obstacle) {
    ++numLeft;
    remark::missed(op->getLoc(), nameRemark("NotRaised"))
        << remark::add("the product stays as it is: {0}", obstacle.str());
  }

  void raiseOfValues(Operation *op) {
    ValueProduct product(op);
    StringRef obstacle = product.findObstacle();
    if (!obstacle.empty())
      return leave(op, obstacle);
    ++numRaised;
    remark::passed(op->getLoc(), nameRemark("RaisedProductOfValues"))
        << remark::add("the product of two values of the run became a grouped "
                       "product, whose matrices stay as they lie");
    product.raise();
  }

  void raise(Operation *op) {
    if (!op->getOperand(1).getDefiningOp<param::LoadOp>())
      return raiseOfValues(op);
    StringRef obstacle = Raiser::findObstacle(op);
    if (!obstacle.empty())
      return leave(op, obstacle);
    ++numRaised;
    auto w = cast<RankedTensorType>(op->getOperand(1).getType());
    remark::passed(op->getLoc(), nameRemark("RaisedProduct")) << remark::add(
        "the product with {0} of {1} x {2} became a grouped "
        "product, whose weights are in panels",
        describeCount(w), w.getShape().end()[-2], w.getShape().back());
    Raiser(op).run();
  }
};
} // namespace
