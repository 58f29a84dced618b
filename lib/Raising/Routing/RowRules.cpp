//===-- RowRules.cpp - facts about what is computed of rows ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RoutingFacts.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

bool moec::routing::isRowwiseElementwise(Operation *op) {
  return isa<onnx::AddOp, onnx::SubOp, onnx::MulOp, onnx::DivOp, onnx::PowOp,
             onnx::NegOp, onnx::AbsOp, onnx::SqrtOp, onnx::ReciprocalOp,
             onnx::ExpOp, onnx::LogOp, onnx::ErfOp, onnx::TanhOp,
             onnx::SigmoidOp, onnx::SoftplusOp, onnx::SinOp, onnx::CosOp,
             onnx::FloorOp, onnx::CeilOp, onnx::RoundOp, onnx::ReluOp,
             onnx::EluOp, onnx::LeakyReluOp, onnx::HardSigmoidOp, onnx::SwishOp,
             onnx::GeluOp, onnx::QuickGeluOp, onnx::FastGeluOp,
             onnx::BiasGeluOp, onnx::MinOp, onnx::MaxOp, onnx::ClipOp,
             onnx::CastOp, onnx::CastLikeOp, onnx::WhereOp>(op);
}

/// The axis along which an op works on rows, from which the rest of the
/// dimensions are one with it.
static std::optional<int64_t> getRowAxis(Operation *op) {
  if (!isa<onnx::SoftmaxOp, onnx::LayerNormalizationOp,
           onnx::RMSNormalizationOp, onnx::SimplifiedLayerNormalizationOp>(op))
    return std::nullopt;
  auto axis = op->getAttrOfType<IntegerAttr>("axis");
  return axis ? axis.getValue().getSExtValue() : -1;
}

bool moec::routing::isNormalization(Operation *op) {
  return isa<onnx::LayerNormalizationOp, onnx::RMSNormalizationOp,
             onnx::SimplifiedLayerNormalizationOp>(op);
}

bool moec::routing::isRowReduction(Operation *op) {
  if (!isa<onnx::ReduceSumOp, onnx::ReduceMeanOp, onnx::ReduceMaxOp,
           onnx::ReduceMinOp, onnx::ReduceL1Op, onnx::ReduceL2Op,
           onnx::ReduceSumSquareOp>(op))
    return false;
  int64_t last = getType(op->getOperand(0)).getRank() - 1;
  std::optional<SmallVector<int64_t>> axes = getAxes(op, last + 1);
  return axes && *axes == SmallVector<int64_t>{last} && keepsDims(op);
}

bool moec::routing::isAlongRows(Operation *op) {
  std::optional<int64_t> axis = getRowAxis(op);
  return axis ? isLastAxis(*axis, op->getOperand(0)) : isRowReduction(op);
}

/// Whether an op works along the elements of known rows.
bool RoutingFacts::isOfRows(Operation *op) const {
  const Fact *rows = lookup(op->getOperand(0));
  return isAlongRows(op) && rows && rows->kind == FactKind::Computed &&
         rows->dims.back() == Dim{Axis::Feature};
}

std::optional<Fact> RoutingFacts::inferComputed(Operation *op) {
  auto isRows = [](const Fact *fact) {
    return fact &&
           (fact->kind == FactKind::Computed || fact->kind == FactKind::Table ||
            fact->kind == FactKind::RowTable ||
            fact->kind == FactKind::HitWeight ||
            fact->kind == FactKind::RowWeight);
  };
  if (llvm::none_of(op->getOperands(),
                    [&](Value v) { return isRows(lookup(v)); }))
    return std::nullopt;
  if (isa<onnx::MatMulOp, onnx::GemmOp>(op))
    return inferProduct(op);
  if (isa<onnx::MatMulNBitsOp>(op))
    return inferPackedProduct(op);
  if (!isRowwiseElementwise(op) && !isOfRows(op))
    return std::nullopt;
  Fact result(FactKind::Computed);
  for (Value operand : op->getOperands()) {
    const Fact *fact = lookup(operand);
    if (!fact)
      continue;
    if (!isRows(fact))
      return std::nullopt;
    std::optional<Dims> dims = broadcastDims(result.dims, fact->dims);
    if (!dims || (result.expert && result.expert != fact->expert) ||
        (!result.hits.order.empty() && result.hits != fact->hits))
      return std::nullopt;
    result.dims = *dims;
    result.expert = fact->expert;
    result.hits = fact->hits;
  }
  int64_t rank = getType(op->getResult(0)).getRank();
  if (rank < int64_t(result.dims.size()))
    return std::nullopt;
  result.dims.insert(result.dims.begin(), rank - result.dims.size(), Dim());
  return result;
}

/// A product of rows with the codes of an expert.
std::optional<Fact> RoutingFacts::inferPackedProduct(Operation *op) {
  const Fact *rows = lookup(op->getOperand(0));
  bool areOthersKnown =
      llvm::any_of(op->getOperands().drop_front(),
                   [&](Value operand) { return lookup(operand); });
  if (!rows || areOthersKnown || rows->kind != FactKind::Computed ||
      rows->dims.back() != Dim{Axis::Feature})
    return std::nullopt;
  return *rows;
}

/// A product of rows with a matrix: the plain one of an expert, or one that was
/// looked up for each row.
std::optional<Fact> RoutingFacts::inferProduct(Operation *op) {
  Value a = op->getOperand(0), b = op->getOperand(1);
  const Fact *left = lookup(a), *right = lookup(b);
  Fact result(FactKind::Computed);
  auto isTable = [](const Fact *fact) {
    return fact && fact->dims.size() >= 2 &&
           fact->dims.back() == Dim{Axis::Matrix} &&
           fact->dims[fact->dims.size() - 2] == Dim{Axis::Matrix};
  };
  if (isTable(left) || isTable(right)) {
    const Fact &table = isTable(left) ? *left : *right;
    result.dims = table.dims;
    result.dims.end()[-1] = isTable(left) ? Dim() : Dim{Axis::Feature};
    result.dims.end()[-2] = isTable(left) ? Dim{Axis::Feature} : Dim();
    return result;
  }
  RankedTensorType weights = getType(b);
  bool isBatched =
      left && !right && isa<onnx::MatMulOp>(op) &&
      left->kind == FactKind::Computed && weights.getRank() == 3 &&
      weights.getDimSize(0) == extents.experts && left->dims.size() == 3 &&
      left->dims[0] == Dim{Axis::Expert} && left->dims[2] == Dim{Axis::Feature};
  if (isBatched)
    return *left;
  if (!left || right || weights.getRank() != 2 ||
      left->kind != FactKind::Computed ||
      left->dims.back() != Dim{Axis::Feature})
    return std::nullopt;
  return *left;
}
