//===-- OnnxMoe.cpp - shapes of the fused MoE operators -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec::onnx;

namespace {
/// Checks the operands of MoE and QMoE, which differ in what a byte of the
/// weights holds, and sets the result.
template <typename OpTy> class MoEShapes {
public:
  MoEShapes(OpTy op, ShapeContext &context, int64_t elementsPerByte)
      : op(op), context(context), pack(elementsPerByte) {}

  LogicalResult infer() {
    if (failed(checkRank("input", op.getInput(), {2, 3})) ||
        failed(checkRank("router_probs", op.getRouterProbs(), {2, 3})) ||
        failed(
            checkRank("fc1_experts_weights", op.getFc1ExpertsWeights(), {3})) ||
        failed(
            checkRank("fc2_experts_weights", op.getFc2ExpertsWeights(), {3})))
      return failure();
    Extents input = context.getExtents(op.getInput());
    hidden = input.back();
    if (failed(inferRouter(input)) || failed(inferWeights()))
      return failure();
    context.setResult(op.getOperation()->getResult(0),
                      getElementTypeOrSelf(op.getInput().getType()), input);
    return success();
  }

private:
  LogicalResult checkRank(StringRef name, Value value,
                          ArrayRef<int64_t> ranks) {
    int64_t rank = context.getRank(value);
    if (llvm::is_contained(ranks, rank))
      return success();
    return op->emitError() << name << " has rank " << rank << ", not "
                           << (ranks.size() == 1 ? "3" : "2 or 3");
  }

  LogicalResult inferRouter(ArrayRef<AffineExpr> input) {
    Extents router = context.getExtents(op.getRouterProbs());
    experts = router.back();
    if (router.size() == input.size()) {
      for (auto [a, b] : llvm::zip(router, input.drop_back()))
        if (failed(require(a, b, "tokens of router_probs and input")))
          return failure();
    } else {
      AffineExpr tokens = input[0], rows = router[0];
      if (input.size() == 3)
        tokens = tokens * input[1];
      if (router.size() == 3)
        rows = rows * router[1];
      if (failed(require(rows, tokens, "tokens of router_probs and input")))
        return failure();
    }
    auto count = dyn_cast<AffineConstantExpr>(experts);
    if (!count)
      return emitUnsupported(op)
             << "router_probs has a number of experts that is not known at "
                "compile time; export the model with a fixed one";
    int64_t k = op.getK();
    if (k < 1 || k > count.getValue())
      return op->emitError() << "k is " << k << ", but there are "
                             << count.getValue() << " experts";
    return success();
  }

  LogicalResult inferWeights() {
    Extents fc1 = context.getExtents(op.getFc1ExpertsWeights());
    Extents fc2 = context.getExtents(op.getFc2ExpertsWeights());
    bool isFused =
        op.getActivationType() == "swiglu" && op.getSwigluFusion() != 0;
    if (failed(checkLegacyLayout(fc1, fc2, isFused)))
      return failure();
    AffineExpr inner = fc2[2] * pack;
    AffineExpr columns = isFused ? inner * 2 : inner;
    if (failed(require(fc1[0], experts, "experts of fc1_experts_weights")) ||
        failed(require(fc1[1], columns,
                       "fc1_experts_weights' rows and fc2_experts_weights")) ||
        failed(require(fc1[2] * pack, hidden,
                       "the depth of fc1_experts_weights and input")) ||
        failed(require(fc2[0], experts, "experts of fc2_experts_weights")) ||
        failed(require(fc2[1], hidden, "rows of fc2_experts_weights")))
      return failure();
    return success(succeeded(checkBias("fc1_experts_bias",
                                       op.getFc1ExpertsBias(), columns)) &&
                   succeeded(checkBias("fc2_experts_bias",
                                       op.getFc2ExpertsBias(), hidden)) &&
                   succeeded(checkBias("fc3_experts_bias",
                                       op.getFc3ExpertsBias(), inner)));
  }

  /// Older exporters wrote [E, H, I] and [E, I, H], which ONNX Runtime accepts
  /// and computes as if it were the documented layout.
  LogicalResult checkLegacyLayout(ArrayRef<AffineExpr> fc1,
                                  ArrayRef<AffineExpr> fc2, bool isFused) {
    int64_t width, rows, depth, fc1Rows;
    if (!getConstant(hidden, width) || !getConstant(fc2[1], rows) ||
        !getConstant(fc2[2], depth) || !getConstant(fc1[1], fc1Rows) ||
        width == 0)
      return success();
    int64_t inner = rows * depth * pack / width;
    bool isLegacy = inner != width
                        ? rows == inner
                        : isFused && fc1Rows == width && rows == inner;
    if (!isLegacy)
      return success();
    return emitUnsupported(op) << "fc2_experts_weights has the legacy layout "
                                  "[experts, inner, hidden]; export the model "
                                  "with weights as [experts, hidden, inner]";
  }

  LogicalResult checkBias(StringRef name, Value bias, AffineExpr columns) {
    if (!bias)
      return success();
    if (context.getRank(bias) != 2)
      return op->emitError()
             << name << " has rank " << context.getRank(bias) << ", not 2";
    Extents extents = context.getExtents(bias);
    return success(succeeded(require(extents[0], experts, name)) &&
                   succeeded(require(extents[1], columns, name)));
  }

  static bool getConstant(AffineExpr expr, int64_t &value) {
    auto constant = dyn_cast<AffineConstantExpr>(expr);
    if (constant)
      value = constant.getValue();
    return constant != nullptr;
  }

  LogicalResult require(AffineExpr a, AffineExpr b, const Twine &what) {
    return context.requireEqual(op, a, b, what);
  }

  OpTy op;
  ShapeContext &context;
  int64_t pack;
  AffineExpr hidden, experts;
};
} // namespace

LogicalResult MoEOp::inferShapes(ShapeContext &context) {
  return MoEShapes<MoEOp>(*this, context, /*elementsPerByte=*/1).infer();
}

LogicalResult QMoEOp::inferShapes(ShapeContext &context) {
  int64_t bits = getExpertWeightBits();
  if (bits != 2 && bits != 4 && bits != 8)
    return emitError() << "expert_weight_bits is " << bits << ", not 2, 4 or 8";
  // Floating-point codes have scales and layouts of their own, which raising
  // refuses by name.
  if (getQuantType() != "int") {
    context.setResult(getOperation()->getResult(0),
                      getElementTypeOrSelf(getInput().getType()),
                      context.getExtents(getInput()));
    return success();
  }
  return MoEShapes<QMoEOp>(*this, context, 8 / bits).infer();
}
