//===-- PieceExperts.cpp - experts that compute pieces of rows ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Experts.h"

using namespace mlir;
using namespace moec;
using namespace moec::certificates;

namespace {
/// Rows that are sorted by expert are cut, and each piece is multiplied by its
/// expert's matrix; a Concat, which has an operand for each expert in the order
/// of their numbers, puts the products together.
class PieceExperts : public StackedExperts {
public:
  PieceExperts(const Router &router, ArrayRef<Operation *> root,
               ConstantReader &constants)
      : StackedExperts(constants), experts(router.experts), root(root),
        layer(collectLayer(router, root)) {}

  llvm::Error find() {
    auto isCut = collectStacked(*this, layer, root.front(), experts);
    if (!isCut)
      return isCut.takeError();
    bool isSorted = false;
    for (Operation &op : *root.front()->getBlock()) {
      if (!layer.contains(&op))
        continue;
      if (isJoin(&op))
        joins.push_back(&op);
      auto top = dyn_cast<onnx::TopKOp>(op);
      isSorted |= top && top.getLargest() == 0;
    }
    if (joins.empty() || !isSorted ||
        !llvm::all_of(joins, [&](Operation *join) { return isInOrder(join); }))
      return refuse("its nodes for each expert were not found, nor rows that "
                    "are sorted and cut");
    return llvm::Error::success();
  }

  llvm::Error checkDuplicate(int64_t e, int64_t of) override {
    if (llvm::Error error = StackedExperts::checkDuplicate(e, of))
      return error;
    difference.clear();
    for (Operation *join : joins)
      if (!isSame(join->getOperand(e), join->getOperand(of)))
        return refuse(difference);
    return llvm::Error::success();
  }

  llvm::Error checkZero(int64_t e) override {
    SmallVector<Value> weights = all;
    for (Operation *join : joins)
      addWeights(join->getOperand(e), weights);
    auto found = findLastWeights(layer, root, weights, e);
    if (!found)
      return found.takeError();
    for (Value weight : *found)
      if (llvm::Error error = checkPiece(weight, e))
        return error;
    return llvm::Error::success();
  }

private:
  bool isJoin(Operation *op) const {
    auto concat = dyn_cast<onnx::ConcatOp>(op);
    return concat && int64_t(op->getNumOperands()) == experts &&
           int64_t(concat.getAxis()) == 0 &&
           isa<FloatType>(getElementType(op->getResult(0)));
  }

  /// The node that cuts the rows of a piece out; null where there is none.
  static Operation *findRows(Value piece) {
    Operation *op = piece.getDefiningOp();
    while (op && !isRows(op))
      op = op->getNumOperands() > 0 ? op->getOperand(0).getDefiningOp()
                                    : nullptr;
    return op;
  }

  /// Whether, of rows that are cut out by Slice, each piece begins where the
  /// one before ends.
  static bool isInOrder(Operation *join) {
    Operation *last = nullptr;
    for (Value piece : join->getOperands()) {
      Operation *rows = findRows(piece);
      if (!rows)
        return false;
      bool isNext =
          !isa_and_present<onnx::SliceOp>(last) ||
          (isa<onnx::SliceOp>(rows) && skipIndexViews(last->getOperand(2)) ==
                                           skipIndexViews(rows->getOperand(1)));
      if (!isNext)
        return false;
      last = rows;
    }
    return true;
  }

  /// Through ways to write one number.
  static Value skipIndexViews(Value value) {
    while (Operation *op = value.getDefiningOp()) {
      if (!isa<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
               onnx::CastOp, onnx::IdentityOp>(op))
        break;
      value = op->getOperand(0);
    }
    return value;
  }

  llvm::Error checkPiece(Value weight, int64_t e) {
    if (llvm::is_contained(all, weight))
      return checkZeros(weight, e);
    if (constants.isNumber(weight, 0))
      return llvm::Error::success();
    return refuse(describe(weight) + " is not zero");
  }

  /// The weights of one piece, which are the operands of its nodes.
  void addWeights(Value piece, SmallVectorImpl<Value> &weights) {
    Operation *op = piece.getDefiningOp();
    if (!op || isRows(op))
      return;
    for (Value operand : op->getOperands())
      if (constants.isParameter(operand))
        weights.push_back(operand);
      else
        addWeights(operand, weights);
  }

  static bool isRows(Operation *op) {
    return isa<onnx::GatherOp, onnx::GatherNDOp, onnx::SplitOp, onnx::SliceOp>(
        op);
  }

  /// Whether two pieces are computed alike, each from its rows of one value.
  bool isSame(Value a, Value b) {
    if (a == b)
      return true;
    Operation *own = a.getDefiningOp(), *other = b.getDefiningOp();
    bool isEqual = own && other && own->getName() == other->getName();
    if (isEqual && constants.isParameter(a))
      isEqual = constants.isParameter(b) && constants.areEqual(a, b);
    else if (isEqual && isRows(own))
      isEqual = own->getOperand(0) == other->getOperand(0) &&
                !constants.isConstant(own->getOperand(0));
    else if (isEqual)
      isEqual = isSameNode(own, other);
    if (!isEqual && difference.empty())
      difference = describe(a) + " and " + describe(b) + " differ";
    return isEqual;
  }

  bool isSameNode(Operation *own, Operation *other) {
    return own->getNumOperands() == other->getNumOperands() &&
           haveEqualAttributes(own, other) &&
           llvm::all_of(
               llvm::zip_equal(own->getOperands(), other->getOperands()),
               [&](auto pair) {
                 return isSame(std::get<0>(pair), std::get<1>(pair));
               });
  }

  int64_t experts;
  SmallVector<Operation *> root, joins;
  OpSet layer;
  std::string difference;
};
} // namespace

llvm::Expected<std::unique_ptr<Experts>>
certificates::findPieceExperts(const Router &router, ArrayRef<Operation *> root,
                               ConstantReader &constants) {
  auto experts = std::make_unique<PieceExperts>(router, root, constants);
  if (llvm::Error error = experts->find())
    return std::move(error);
  return experts;
}
