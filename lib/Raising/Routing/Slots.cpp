//===-- Slots.cpp - places of choices among those of their expert ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Slots.h"

#include "Constants.h"

#include "dialects/Onnx/IR/Einsum.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

Value moec::routing::peelMask(Value value) {
  while (isa_and_present<onnx::CastOp, onnx::CastLikeOp, onnx::ReshapeOp,
                         onnx::SqueezeOp, onnx::UnsqueezeOp, onnx::FlattenOp,
                         onnx::IdentityOp>(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

static bool isKeptWithin(Value inner, Value outer, unsigned depth) {
  constexpr unsigned kMaxDepth = 16;
  if (inner == outer)
    return true;
  Operation *op = inner.getDefiningOp();
  if (depth == kMaxDepth ||
      !isa_and_present<onnx::MulOp, onnx::AndOp, onnx::CastOp>(op))
    return false;
  return llvm::any_of(op->getOperands(), [&](Value operand) {
    return isKeptWithin(operand, outer, depth + 1);
  });
}

bool moec::routing::isKeptOf(Value inner, Value outer) {
  return !outer || (inner && isKeptWithin(inner, peelMask(outer), 0));
}

//===-- Signs -------------------------------------------------------------===//

static bool isNotBelowZero(Value value, unsigned depth) {
  constexpr unsigned kMaxDepth = 32;
  Operation *op = value.getDefiningOp();
  if (!op || depth == kMaxDepth)
    return false;
  if (std::optional<double> number = getUniform(value))
    return *number >= 0;
  auto isFine = [&](Value operand) {
    return isNotBelowZero(operand, depth + 1);
  };
  Type type = getElementTypeOrSelf(value.getType());
  if (isa<onnx::SoftmaxOp, onnx::SigmoidOp, onnx::ReluOp, onnx::ExpOp,
          onnx::AbsOp, onnx::SqrtOp, onnx::SoftplusOp>(op) ||
      type.isInteger(1))
    return true;
  if (auto hot = dyn_cast<onnx::OneHotOp>(op))
    return isZeroAndOne(hot.getValues());
  if (auto clip = dyn_cast<onnx::ClipOp>(op))
    return (clip.getMin() && isFine(clip.getMin())) || isFine(clip.getInput());
  if (isa<onnx::MaxOp>(op))
    return llvm::any_of(op->getOperands(), isFine);
  if (isa<onnx::AddOp, onnx::MulOp, onnx::DivOp, onnx::MinOp, onnx::ConcatOp>(
          op))
    return llvm::all_of(op->getOperands(), isFine);
  if (isa<onnx::WhereOp>(op))
    return isFine(op->getOperand(1)) && isFine(op->getOperand(2));
  if (isa<onnx::CastOp, onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
          onnx::FlattenOp, onnx::IdentityOp, onnx::TransposeOp, onnx::ExpandOp,
          onnx::GatherOp, onnx::GatherElementsOp, onnx::GatherNDOp,
          onnx::SliceOp, onnx::SplitOp, onnx::ReduceSumOp, onnx::ReduceMaxOp>(
          op) ||
      (isa<onnx::TopKOp>(op) && value == op->getResult(0)))
    return isFine(op->getOperand(0));
  return false;
}

bool moec::routing::isNotNegative(Value value) {
  return isNotBelowZero(value, 0);
}

//===-- Products by their labels ------------------------------------------===//

/// Dimensions are labelled from the right, as they broadcast.
static SmallVector<unsigned> labelFromRight(Value value, unsigned rank) {
  unsigned own = getType(value).getRank();
  return llvm::to_vector(llvm::seq(rank - own, rank));
}

static Contraction readElementwise(Operation *op) {
  Contraction product;
  product.operands = {op->getOperand(0), op->getOperand(1)};
  unsigned rank = getType(op->getResult(0)).getRank();
  product.numOutputLabels = product.numLabels = rank;
  for (Value operand : product.operands)
    product.labels.push_back(labelFromRight(operand, rank));
  return product;
}

static std::optional<Contraction> readMatMul(onnx::MatMulOp op) {
  Value a = op->getOperand(0), b = op->getOperand(1);
  unsigned rank = getType(op.getResult()).getRank();
  if (getType(a).getRank() < 2 || getType(b).getRank() < 2)
    return std::nullopt;
  Contraction product;
  product.operands = {a, b};
  product.numOutputLabels = rank;
  product.numLabels = rank + 1;
  product.labels = {labelFromRight(a, rank), labelFromRight(b, rank)};
  product.labels[0].back() = product.labels[1].end()[-2] = rank;
  return product;
}

static std::optional<Contraction> readEinsum(onnx::EinsumOp op) {
  FailureOr<onnx::EinsumForm> form = onnx::parseEinsum(op);
  if (failed(form))
    return std::nullopt;
  Contraction product;
  product.operands = llvm::to_vector(op.getInputs());
  product.numOutputLabels = form->numOutputLabels;
  product.numLabels = form->numLabels;
  for (ArrayRef<unsigned> labels : form->operands) {
    // A diagonal is no product of whole operands.
    SmallVector<unsigned> sorted(labels);
    llvm::sort(sorted);
    if (llvm::adjacent_find(sorted) != sorted.end())
      return std::nullopt;
    product.labels.emplace_back(labels);
  }
  return product;
}

std::optional<Contraction> moec::routing::readContraction(Operation *op) {
  if (auto einsum = dyn_cast<onnx::EinsumOp>(op))
    return readEinsum(einsum);
  if (auto product = dyn_cast<onnx::MatMulOp>(op))
    return readMatMul(product);
  if (isa<onnx::MulOp>(op))
    return readElementwise(op);
  return std::nullopt;
}
