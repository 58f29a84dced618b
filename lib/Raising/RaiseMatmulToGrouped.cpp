//===-- RaiseMatmulToGrouped.cpp - dense products share the schedule ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Raising/Passes.h"

#include "FusedLayers.h"

#include "dialects/Param/IR/Param.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/MathExtras.h"

#include <limits>

namespace moec {
#define GEN_PASS_DEF_RAISEMATMULTOGROUPED
#include "moec/Raising/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

namespace {
/// One `x [.., K] . W [K, N]` with a weight parameter, or a Gemm, of which W
/// may be `[N, K]` and which may add a vector.
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
    if (w.getRank() != 2)
      return "its weight is not a matrix";
    if (x.getRank() < 2)
      return "its first operand is a vector";
    if (w.getNumElements() == 0)
      return "its weight is empty";
    if (auto gemm = dyn_cast<onnx::GemmOp>(op); gemm && !isPlain(gemm))
      return "it scales, or adds more than one vector, or transposes its rows";
    if (x.isDynamicDim(x.getRank() - 1))
      return "only the run knows how deep it is";
    if (getStaticRows(x) > std::numeric_limits<int32_t>::max())
      return "it has 2^31 rows or more";
    Type element = x.getElementType();
    if (!element.isF32() && !element.isF16() && !element.isBF16())
      return "no schedule takes its element type";
    return "";
  }

  /// A Gemm that scales and transposes nothing of its rows, and adds nothing or
  /// one vector to each.
  static bool isPlain(onnx::GemmOp gemm) {
    if (gemm.getTransA() != 0 || gemm.getAlpha().convertToFloat() != 1.0f)
      return false;
    if (!gemm.getC())
      return true;
    auto c = cast<RankedTensorType>(gemm.getC().getType());
    int64_t columns =
        cast<RankedTensorType>(gemm.getY().getType()).getDimSize(1);
    bool isVector =
        c.getRank() == 1 || (c.getRank() == 2 && c.getDimSize(0) == 1);
    return gemm.getBeta().convertToFloat() == 1.0f && isVector &&
           c.getShape().back() == columns;
  }

  void run() {
    Value weights = op->getOperand(1);
    auto matrix = cast<RankedTensorType>(weights.getType());
    int64_t depth = matrix.getDimSize(0), columns = matrix.getDimSize(1);
    if (isTransposed)
      std::swap(depth, columns);
    Value rows = buildRowCount();
    Value init =
        tensor::EmptyOp::create(b,
                                ArrayRef<OpFoldResult>{getAsOpFoldResult(rows),
                                                       b.getIndexAttr(columns)},
                                type.getElementType());
    // One expert that every row belongs to.
    Value zero = arith::ConstantIntOp::create(b, 0, 32);
    Value count = arith::IndexCastOp::create(b, b.getI32Type(), rows);
    Value offsets = tensor::FromElementsOp::create(b, ValueRange{zero, count});
    auto grouped = moe::GroupedMatmulOp::create(
        b, TypeRange(init.getType()), flatten(), pack(weights, depth, columns),
        offsets,
        /*rows=*/Value(), makeBias(columns), /*scales=*/Value(), init,
        moe::LayoutAttr::get(b.getContext(), moe::Layout::Panels),
        b.getI64IntegerAttr(columns),
        moe::ActivationAttr::get(b.getContext(), moe::ActivationKind::Identity),
        /*quant=*/moe::QuantAttr());
    requireCountableRows(grouped, x);
    if (Attribute checks = op->getAttr(onnx::kEqualAttr))
      addChecks(grouped, cast<ArrayAttr>(checks));
    op->getResult(0).replaceAllUsesWith(unflatten(grouped.getResult(0)));
    op->erase();
  }

private:
  /// The vector as that of the one expert.
  Value makeBias(int64_t columns) {
    if (!bias)
      return {};
    auto type = cast<RankedTensorType>(bias.getType());
    if (type.getRank() == 2)
      return bias;
    auto matrix = RankedTensorType::get({1, columns}, type.getElementType());
    SmallVector<ReassociationIndices> groups = {{0, 1}};
    return tensor::ExpandShapeOp::create(b, matrix, bias, groups);
  }

  /// What shape inference could not decide about the node.
  void addChecks(Operation *grouped, ArrayAttr checks) {
    SmallVector<Attribute> all(checks.begin(), checks.end());
    if (auto own = grouped->getAttrOfType<ArrayAttr>(onnx::kEqualAttr))
      llvm::append_range(all, own);
    grouped->setAttr(onnx::kEqualAttr, b.getArrayAttr(all));
  }

  /// As far as known: the product of the static extents but the last.
  static int64_t getStaticRows(RankedTensorType type) {
    int64_t rows = 1;
    for (int64_t extent : type.getShape().drop_back())
      if (!ShapedType::isDynamic(extent))
        rows *= extent;
    return rows;
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

  Value flatten() {
    if (type.getRank() == 2)
      return x;
    return tensor::CollapseShapeOp::create(b, x, getGroups());
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

  Value pack(Value weights, int64_t depth, int64_t columns) {
    auto matrix = cast<RankedTensorType>(weights.getType());
    SmallVector<int64_t> shape = {1, matrix.getDimSize(0),
                                  matrix.getDimSize(1)};
    auto stacked = RankedTensorType::get(shape, matrix.getElementType());
    SmallVector<ReassociationIndices> groups = {{0, 1}, {2}};
    Value one = tensor::ExpandShapeOp::create(b, stacked, weights, groups);
    int64_t panels = llvm::divideCeil(columns, moe::MoeDialect::kPanelColumns);
    Value init = tensor::EmptyOp::create(
        b, ArrayRef<int64_t>{1, panels, depth, moe::MoeDialect::kPanelColumns},
        matrix.getElementType());
    return moe::PackPanelsOp::create(b, TypeRange(init.getType()), one, init,
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

  void raise(Operation *op) {
    if (!op->getOperand(1).getDefiningOp<param::LoadOp>()) {
      ++numLeft;
      remark::analysis(op->getLoc(), nameRemark("NoWeight"))
          << remark::add("the product stays as it is: its second operand is "
                         "no parameter");
      return;
    }
    StringRef obstacle = Raiser::findObstacle(op);
    if (!obstacle.empty()) {
      ++numLeft;
      remark::missed(op->getLoc(), nameRemark("NotRaised"))
          << remark::add("the product stays as it is: {0}", obstacle.str());
      return;
    }
    ++numRaised;
    auto w = cast<RankedTensorType>(op->getOperand(1).getType());
    remark::passed(op->getLoc(), nameRemark("RaisedProduct"))
        << remark::add("the product with a weight of {0} x {1} became a "
                       "grouped product, whose weights are in panels",
                       w.getDimSize(0), w.getDimSize(1));
    Raiser(op).run();
  }
};
} // namespace
