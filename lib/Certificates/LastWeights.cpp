//===-- LastWeights.cpp - the last product of an expert -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Experts.h"

using namespace mlir;
using namespace moec;
using namespace moec::certificates;

OpSet certificates::collectLayer(const Router &router,
                                 ArrayRef<Operation *> root) {
  OpSet choice = collectSources(router.choice);
  return collectSources(root,
                        [&](Operation *op) { return choice.contains(op); });
}

namespace {
class LastWeights {
public:
  LastWeights(const OpSet &layer, ArrayRef<Value> weights, int64_t piece)
      : weights(weights), piece(piece) {
    for (Value weight : weights)
      for (Operation *reader : collectReaders(weight.getDefiningOp()))
        if (layer.contains(reader))
          weighted.insert(reader);
  }

  /// Ends that no weight reaches, such as indices, say nothing.
  llvm::Expected<SmallVector<Value>> find(ArrayRef<Operation *> ends) {
    for (Operation *end : ends)
      if (weighted.contains(end))
        if (llvm::Error error = walk(end, false))
          return std::move(error);
    if (isBare && !looseSum.empty())
      return refuse(looseSum + " adds what is no weight of an expert");
    if (last.empty())
      return refuse("the weights of the last product were not found");
    return std::move(last);
  }

private:
  static bool isMove(Operation *op) {
    return isa<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
               onnx::FlattenOp, onnx::IdentityOp, onnx::TransposeOp,
               onnx::CastOp, onnx::ExpandOp, onnx::SliceOp, onnx::SplitOp,
               onnx::GatherOp, onnx::GatherElementsOp, onnx::GatherNDOp>(op);
  }

  /// Whether a result is zero where the operands that weights reach are.
  static bool keepsZero(Operation *op) {
    return isMove(op) || isa<onnx::AddOp, onnx::MulOp, onnx::ReduceSumOp,
                             onnx::ConcatOp, onnx::DivOp, onnx::WhereOp,
                             onnx::ScatterNDOp, onnx::ScatterElementsOp>(op);
  }

  /// The weight that an operand shows, moved at most.
  Value getMovedWeight(Value value) {
    Operation *op = value.getDefiningOp();
    while (op && isMove(op) && !isWeight(value)) {
      value = op->getOperand(0);
      op = value.getDefiningOp();
    }
    return isWeight(value) ? value : Value();
  }

  bool isWeight(Value value) const {
    return llvm::is_contained(weights, value);
  }

  void add(Value weight) {
    if (!llvm::is_contained(last, weight))
      last.push_back(weight);
  }

  /// `isInside`: the sum's weight of the expert was passed on the way back.
  llvm::Error walk(Operation *op, bool isInside) {
    if (!(isInside ? seenInside : seenOutside).insert(op).second)
      return llvm::Error::success();
    if (isa<onnx::MatMulOp, onnx::GemmOp, onnx::EinsumOp>(op) &&
        addProduct(op)) {
      isBare |= !isInside;
      return llvm::Error::success();
    }
    if (!keepsZero(op) && !isa<onnx::MatMulOp>(op))
      return refuse(describe(op) + " stands after the last product of the "
                                   "experts, and is not known to this check");
    isInside |= isWeighting(op);
    for (Value operand : getDecisive(op))
      if (llvm::Error error = enter(op, operand, isInside))
        return error;
    return llvm::Error::success();
  }

  /// The operands that must be zero: of pieces, one an expert, its own alone.
  SmallVector<Value> getDecisive(Operation *op) const {
    SmallVector<Value> operands(op->getOperands());
    if (isa<onnx::DivOp>(op))
      operands.pop_back();
    if (isa<onnx::ConcatOp>(op) && piece >= 0)
      operands = {operands[piece]};
    return operands;
  }

  llvm::Error enter(Operation *op, Value operand, bool isInside) {
    if (isWeight(operand)) {
      add(operand);
      return llvm::Error::success();
    }
    if (isWeighted(operand))
      return walk(operand.getDefiningOp(), isInside);
    if (!isa<onnx::AddOp>(op))
      return llvm::Error::success();
    if (isInside)
      return refuse(describe(op) + " adds what is no weight of an expert");
    looseSum = describe(op);
    return llvm::Error::success();
  }

  bool isWeighted(Value value) const {
    return value.getDefiningOp() && weighted.contains(value.getDefiningOp());
  }

  /// A product with what comes of no weight of an expert.
  bool isWeighting(Operation *op) const {
    return isa<onnx::MulOp, onnx::MatMulOp>(op) &&
           llvm::any_of(op->getOperands(), [&](Value operand) {
             return !isWeighted(operand) && !isWeight(operand);
           });
  }

  /// A product with a weight is zero where that is, and what is added to it.
  bool addProduct(Operation *op) {
    Value found;
    for (Value operand : op->getOperands().take_front(2))
      if (Value weight = getMovedWeight(operand))
        found = weight;
    if (!found)
      return false;
    add(found);
    if (op->getNumOperands() > 2)
      if (Value bias = getMovedWeight(op->getOperand(2)))
        add(bias);
    return true;
  }

  ArrayRef<Value> weights;
  int64_t piece;
  /// Of the layer, what weights reach.
  OpSet weighted, seenInside, seenOutside;
  /// A sum with something else, before the weights of the sum.
  std::string looseSum;
  /// Whether there are none of those.
  bool isBare = false;
  SmallVector<Value> last;
};
} // namespace

llvm::Expected<SmallVector<Value>>
certificates::findLastWeights(const OpSet &layer, ArrayRef<Operation *> ends,
                              ArrayRef<Value> weights, int64_t piece) {
  return LastWeights(layer, weights, piece).find(ends);
}
