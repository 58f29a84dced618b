//===-- OnnxMoe.cpp - shapes of the fused MoE operators -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MoeForm.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec::onnx;

bool moec::onnx::isLegacyLayout(int64_t hidden, int64_t fc1Rows,
                                int64_t fc2Rows, int64_t fc2Columns,
                                bool isFused) {
  if (hidden == 0)
    return false;
  int64_t inner = fc2Rows * fc2Columns / hidden;
  return inner != hidden ? fc2Rows == inner
                         : isFused && fc1Rows == hidden && fc2Rows == inner;
}

int64_t moec::onnx::getCodeBits(QMoEOp op, unsigned number) {
  StringRef type = op.getQuantType();
  if (type == "fp8")
    return 8;
  if (type != "int")
    return 4;
  std::optional<uint64_t> own = number == 1   ? op.getFc1ExpertWeightBits()
                                : number == 2 ? op.getFc2ExpertWeightBits()
                                              : op.getFc3ExpertWeightBits();
  return own ? *own : op.getExpertWeightBits();
}

namespace {
/// Bits of an element of fc1, fc2 and fc3; 0 where it is no code.
struct Widths {
  int64_t fc1 = 0, fc2 = 0, fc3 = 0;
};

/// Checks the operands of MoE and QMoE, which differ in what a byte of the
/// weights holds, and sets the result.
template <typename OpTy> class MoEShapes {
public:
  MoEShapes(OpTy op, ShapeContext &context, Widths widths)
      : op(op), context(context), widths(widths) {}

  LogicalResult infer() {
    if (failed(checkRank("input", op.getInput(), {2, 3})) ||
        failed(checkRank("router_probs", op.getRouterProbs(), {2, 3})) ||
        failed(
            checkRank("fc1_experts_weights", op.getFc1ExpertsWeights(), {3})) ||
        failed(
            checkRank("fc2_experts_weights", op.getFc2ExpertsWeights(), {3})) ||
        (op.getFc3ExpertsWeights() &&
         failed(
             checkRank("fc3_experts_weights", op.getFc3ExpertsWeights(), {3}))))
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
    bool isFused = hasFusedGate(op);
    isLegacy = findLegacyLayout(fc1, fc2, isFused);
    // Of codes of 3 bits, bytes do not tell how many there are: rows do.
    AffineExpr rows = isLegacy ? getElements(fc1[2], widths.fc1) : fc1[1];
    AffineExpr inner = isLegacy          ? fc2[1]
                       : widths.fc2 == 3 ? rows.floorDiv(isFused ? 2 : 1)
                                         : getElements(fc2[2], widths.fc2);
    AffineExpr columns = isFused ? inner * 2 : inner;
    StringRef rowsText = "fc1_experts_weights' rows and fc2_experts_weights";
    if (failed(require(fc1[0], experts, "experts of fc1_experts_weights")) ||
        failed(require(rows, columns, rowsText)) ||
        failed(requireStored(isLegacy ? fc1[1] : fc1[2], hidden,
                             isLegacy ? 0 : widths.fc1,
                             "the depth of fc1_experts_weights and input")) ||
        failed(require(fc2[0], experts, "experts of fc2_experts_weights")) ||
        failed(isLegacy
                   ? requireStored(fc2[2], hidden, widths.fc2,
                                   "columns of fc2_experts_weights")
                   : require(fc2[1], hidden, "rows of fc2_experts_weights")) ||
        (!isLegacy && failed(requireStored(fc2[2], inner, widths.fc2,
                                           "the depth of "
                                           "fc2_experts_weights"))) ||
        failed(inferThird(inner)))
      return failure();
    return success(succeeded(checkBias("fc1_experts_bias",
                                       op.getFc1ExpertsBias(), columns)) &&
                   succeeded(checkBias("fc2_experts_bias",
                                       op.getFc2ExpertsBias(), hidden)) &&
                   succeeded(checkBias("fc3_experts_bias",
                                       op.getFc3ExpertsBias(), inner)));
  }

  LogicalResult inferThird(AffineExpr inner) {
    if (!op.getFc3ExpertsWeights())
      return success();
    Extents fc3 = context.getExtents(op.getFc3ExpertsWeights());
    AffineExpr rows = fc3[isLegacy ? 2 : 1], depth = fc3[isLegacy ? 1 : 2];
    return success(
        succeeded(require(fc3[0], experts, "experts of fc3_experts_weights")) &&
        succeeded(requireStored(rows, inner, isLegacy ? widths.fc3 : 0,
                                "rows of fc3_experts_weights")) &&
        succeeded(requireStored(depth, hidden, isLegacy ? 0 : widths.fc3,
                                "the depth of fc3_experts_weights and input")));
  }

  bool findLegacyLayout(ArrayRef<AffineExpr> fc1, ArrayRef<AffineExpr> fc2,
                        bool isFused) {
    auto known =
        getConstants({hidden, fc1[1], fc2[1], getElements(fc2[2], widths.fc2)});
    if (!known)
      return false;
    ArrayRef<int64_t> extents = *known;
    return isLegacyLayout(extents[0], extents[1], extents[2], extents[3],
                          isFused);
  }

  /// Elements of so many stored ones, bytes where they have bits.
  static AffineExpr getElements(AffineExpr stored, int64_t bits) {
    if (bits == 0)
      return stored;
    return bits == 3 ? (stored * 8).floorDiv(3) : stored * (8 / bits);
  }

  /// Demands that `stored` is what so many elements take.
  LogicalResult requireStored(AffineExpr stored, AffineExpr elements,
                              int64_t bits, const Twine &what) {
    if (bits == 3)
      return require(stored, (elements * 3).ceilDiv(8), what);
    return require(getElements(stored, bits), elements, what);
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

  /// Nothing where only the run knows one of them.
  static std::optional<SmallVector<int64_t>>
  getConstants(ArrayRef<AffineExpr> extents) {
    SmallVector<int64_t> values;
    for (AffineExpr extent : extents) {
      auto constant = dyn_cast<AffineConstantExpr>(extent);
      if (!constant)
        return std::nullopt;
      values.push_back(constant.getValue());
    }
    return values;
  }

  LogicalResult require(AffineExpr a, AffineExpr b, const Twine &what) {
    return context.requireEqual(op, a, b, what);
  }

  OpTy op;
  ShapeContext &context;
  Widths widths;
  bool isLegacy = false;
  AffineExpr hidden, experts;
};
} // namespace

LogicalResult MoEOp::inferShapes(ShapeContext &context) {
  return MoEShapes<MoEOp>(*this, context, Widths()).infer();
}

LogicalResult QMoEOp::inferShapes(ShapeContext &context) {
  Widths widths{getCodeBits(*this, 1), getCodeBits(*this, 2),
                getCodeBits(*this, 3)};
  for (int64_t bits : {widths.fc1, widths.fc2, widths.fc3})
    if (bits != 2 && bits != 3 && bits != 4 && bits != 8)
      return emitError() << "expert_weight_bits is " << bits
                         << ", not 2, 3, 4 or 8";
  return MoEShapes<QMoEOp>(*this, context, widths).infer();
}

/// What the attributes must be for so many experts.
static LogicalResult checkGroups(MoEGroupRouterOp op, int64_t experts) {
  // Accessors of integer attributes are unsigned.
  int64_t k = op.getTopK(), groups = op.getNGroup(), kept = op.getTopkGroup();
  int64_t summed = op.getGroupTopk();
  if (k < 1 || k > experts)
    return op.emitError() << "top_k is " << k << ", but there are " << experts
                          << " experts";
  if (groups < 1 || experts % groups != 0)
    return op.emitError() << "n_group is " << groups << ", but there are "
                          << experts << " experts";
  if (kept < 1 || kept > groups)
    return op.emitError() << "topk_group is " << kept << ", but n_group is "
                          << groups;
  if (summed < 1)
    return op.emitError() << "group_topk is " << summed
                          << ", expected at least 1";
  return success();
}

/// Which outputs may be asked for together.
static LogicalResult checkOutputs(MoEGroupRouterOp op) {
  bool hasScores = op.getSelectionScores() != nullptr;
  if (hasScores != (op.getRouterWeights() != nullptr))
    return op.emitError("outputs selection_scores and router_weights come "
                        "together only");
  if (hasScores == (op.getRouterProbs() != nullptr))
    return op.emitError("either output router_probs is asked for, or "
                        "selection_scores and router_weights are");
  if (hasScores && (op.getNGroup() != 1 || op.getTopkGroup() != 1))
    return op.emitError("selection_scores know no groups: n_group and "
                        "topk_group must be 1");
  if (op.getProjectionWeight() && !hasScores)
    return op.emitError("projection_weight comes with output selection_scores "
                        "only");
  return success();
}

LogicalResult MoEGroupRouterOp::inferShapes(ShapeContext &context) {
  Extents extents = context.getExtents(getLogits());
  if (extents.size() < 2)
    return emitError() << "logits has rank " << extents.size()
                       << ", expected at least 2";
  if (context.getRank(getExpertBias()) != 1)
    return emitError("expert_bias has rank other than 1");
  Operation *op = getOperation();
  AffineExpr experts = extents.back();
  if (Value projection = getProjectionWeight()) {
    if (context.getRank(projection) != 2)
      return emitError("projection_weight has rank other than 2");
    Extents weight = context.getExtents(projection);
    experts = weight[0];
    if (failed(context.requireEqual(op, extents.back(), weight[1],
                                    "width of logits and projection_weight")))
      return failure();
  }
  auto count = dyn_cast<AffineConstantExpr>(experts);
  if (!count)
    return emitUnsupported(op)
           << "logits has a number of experts that is not known at compile "
              "time; export the model with a fixed one";
  if (failed(checkGroups(*this, count.getValue())) ||
      failed(checkOutputs(*this)) ||
      failed(context.requireEqual(op, context.getExtents(getExpertBias())[0],
                                  experts, "experts of expert_bias")))
    return failure();
  AffineExpr rows = context.getConstant(1);
  for (AffineExpr extent : ArrayRef(extents).drop_back())
    rows = rows * extent;
  for (unsigned output = 0; output < 3; ++output)
    for (OpResult result : getODSResults(output))
      context.setResult(result,
                        output == 0
                            ? getElementTypeOrSelf(getLogits().getType())
                            : Float32Type::get(getContext()),
                        {rows, experts});
  return success();
}
