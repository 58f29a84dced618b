//===-- Rounds.cpp - choices made one after the other ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Round j chooses the largest of r_j, which are the scores but for -infinity
// where an earlier round chose. Where it chooses one of those again, -infinity
// was the largest, or the row has a NaN, with which comparisons find no
// largest:
//
//   id_j = id_i, i < j   =>   r_j is -infinity throughout, or has a NaN
//
// Its weight is an element of the softmax of v_j, made of r_j so that each
// element that is -infinity in r_j is that or NaN in v_j, and each that is NaN
// in r_j is NaN in v_j. Softmax of a row of -infinity is NaN throughout, for
// -infinity - -infinity is, and so is that of a row with a NaN:
//
//   id_j = id_i, i < j   =>   w_j is NaN
//
// In whatever precision. So is then each element of the token's result, where
// the weighted results of its choices are added up. A graph that sets them
// instead, by a scatter without reduction, to which ONNX gives no meaning where
// places repeat, keeps what it writes last: the later choice's, NaN as well.
//
//===----------------------------------------------------------------------===//

#include "Rounds.h"

#include "Constants.h"
#include "RoutingFacts.h"

#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::routing;

//===-- What rounds choose from -------------------------------------------===//

/// The scores of which `id` is the largest one's number; null where it is none.
static Value getCandidates(Value id) {
  if (auto most = id.getDefiningOp<onnx::ArgMaxOp>())
    return most.getData();
  auto top = id.getDefiningOp<onnx::TopKOp>();
  return top && top.getLargest() != 0 ? top.getX() : Value();
}

/// Whether `mask` is set where `id` is an expert's number, and nowhere else.
static bool isMaskOf(Value mask, Value id, int64_t experts,
                     onnx::ShapeContext &shapes) {
  RoutingFacts facts({id}, experts, shapes);
  facts.propagate();
  const Fact *fact = facts.lookupSlots(mask);
  return fact && fact->kind == FactKind::ChoiceMask && !fact->hits.kept &&
         flattenDims(fact->dims) ==
             facts.getCounted({Axis::Token, Axis::Expert});
}

/// Scores, of which some become -infinity.
static Value getMasked(Operation *op) {
  auto scatter = dyn_cast_or_null<onnx::ScatterElementsOp>(op);
  if (scatter && scatter.getReduction() == "none" &&
      isMinusInfinity(scatter.getUpdates()))
    return scatter.getData();
  auto where = dyn_cast_or_null<onnx::WhereOp>(op);
  return where && isMinusInfinity(where.getX()) ? where.getY() : Value();
}

/// Whether a mask makes the scores of a choice -infinity.
static bool masks(Operation *op, Value id, int64_t experts,
                  onnx::ShapeContext &shapes) {
  if (auto scatter = dyn_cast<onnx::ScatterElementsOp>(op))
    return scatter.getIndices() == id &&
           isLastAxis(scatter.getAxis(), scatter.getData());
  return isMaskOf(cast<onnx::WhereOp>(op).getCondition(), id, experts, shapes);
}

/// Scores, and what they are made of by masks, one after the other.
static SmallVector<Value> unmask(Value scores, onnx::ShapeContext &shapes) {
  SmallVector<Value> chain = {scores};
  for (Value masked = getMasked(scores.getDefiningOp());
       masked && shapes.getExtents(masked) == shapes.getExtents(scores);
       masked = getMasked(masked.getDefiningOp()))
    chain.push_back(masked);
  return chain;
}

std::optional<Rounds> Rounds::read(Value ids, int64_t experts,
                                   onnx::ShapeContext &shapes) {
  auto concat = ids.getDefiningOp<onnx::ConcatOp>();
  if (!concat)
    return std::nullopt;
  Rounds rounds;
  SmallVector<Value> chosen;
  for (Value id : concat.getOperands()) {
    Value scores = getCandidates(id);
    if (!scores || !isColumn(id))
      return std::nullopt;
    rounds.left.push_back(unmask(scores, shapes));
    auto isLeftOut = [&](Value earlier) {
      return llvm::any_of(
          llvm::drop_end(rounds.left.back()), [&](Value masked) {
            return masks(masked.getDefiningOp(), earlier, experts, shapes);
          });
    };
    if (!llvm::all_of(chosen, isLeftOut))
      return std::nullopt;
    chosen.push_back(id);
  }
  return rounds;
}

//===-- What NaN and -infinity lead to ------------------------------------===//

static bool isFloat(Value value) {
  return isa<FloatType>(getElementTypeOrSelf(value.getType()));
}

/// Operands of which a NaN makes one at its place in the result.
static SmallVector<Value> getCarriers(Operation *op,
                                      onnx::ShapeContext &shapes) {
  SmallVector<Value> carriers;
  if (isa_and_present<onnx::AddOp, onnx::SubOp, onnx::MulOp, onnx::DivOp,
                      onnx::CastOp>(op))
    for (Value operand : op->getOperands())
      if (isFloat(operand) && isFloat(op->getResult(0)) &&
          shapes.getExtents(operand) == shapes.getExtents(op->getResult(0)))
        carriers.push_back(operand);
  return carriers;
}

/// Whether a NaN of what `isSource` says makes one at its place in `value`.
static bool carriesNan(Value value, onnx::ShapeContext &shapes,
                       llvm::function_ref<bool(Value)> isSource,
                       bool throughViews = false) {
  constexpr size_t kMost = 16;
  llvm::SetVector<Value> seen;
  seen.insert(value);
  for (size_t i = 0; i < seen.size() && i < kMost; ++i) {
    if (isSource(seen[i]))
      return true;
    Operation *op = seen[i].getDefiningOp();
    if (throughViews && op && isView(op))
      seen.insert(op->getOperand(0));
    seen.insert_range(getCarriers(op, shapes));
  }
  return false;
}

namespace {
/// One round: `left` is what it chooses from, and what that is made of.
class RoundWeight {
public:
  RoundWeight(ArrayRef<Value> left, onnx::ShapeContext &shapes)
      : left(left), shapes(shapes) {}

  /// Whether it is NaN where `left` is -infinity throughout or has a NaN.
  bool isLost(Value weight) const {
    return carriesNan(weight, shapes, [&](Value value) {
      auto gather = value.getDefiningOp<onnx::GatherElementsOp>();
      auto softmax = gather ? gather.getData().getDefiningOp<onnx::SoftmaxOp>()
                            : onnx::SoftmaxOp();
      return softmax && isLastAxis(gather.getAxis(), gather.getData()) &&
             isLastAxis(softmax.getAxis(), gather.getData()) &&
             keepsLost(softmax->getOperand(0));
    });
  }

private:
  /// Whether what is -infinity in `left` is that in `value`, or NaN, and what
  /// is NaN is.
  bool keepsLost(Value value) const {
    while (value != left.front()) {
      Operation *op = value.getDefiningOp();
      Value masked = getMasked(op);
      auto where = dyn_cast_or_null<onnx::WhereOp>(op);
      if (auto cast = dyn_cast_or_null<onnx::CastOp>(op);
          cast && isFloat(value) && isFloat(cast.getInput()))
        masked = cast.getInput();
      else if (!where || !masked || !isFalseAtNan(where.getCondition()))
        return false;
      if (shapes.getExtents(masked) != shapes.getExtents(value))
        return false;
      value = masked;
    }
    return true;
  }

  /// Whether a condition does not hold where `left` is NaN: no comparison does.
  bool isFalseAtNan(Value condition) const {
    while (auto cast = condition.getDefiningOp<onnx::CastOp>())
      condition = cast.getInput();
    Operation *op = condition.getDefiningOp();
    if (!isa_and_present<onnx::GreaterOp, onnx::GreaterOrEqualOp, onnx::LessOp,
                         onnx::LessOrEqualOp>(op))
      return false;
    // What was NaN before a mask is NaN after it, or was masked.
    return llvm::any_of(op->getOperands(), [&](Value compared) {
      return shapes.getExtents(compared) == shapes.getExtents(left.front()) &&
             carriesNan(compared, shapes, [&](Value value) {
               return llvm::is_contained(left, value);
             });
    });
  }

  ArrayRef<Value> left;
  onnx::ShapeContext &shapes;
};
} // namespace

bool Rounds::weighRepeatsByNan(Value weights,
                               onnx::ShapeContext &shapes) const {
  auto isOfRounds = [&](Value value) {
    auto concat = value.getDefiningOp<onnx::ConcatOp>();
    if (!concat || concat->getNumOperands() != left.size() ||
        !isLastAxis(concat.getAxis(), value) ||
        !llvm::all_of(concat.getOperands(), isColumn))
      return false;
    // The first repeats nothing.
    auto later = llvm::drop_begin(llvm::zip_equal(left, concat.getOperands()));
    return llvm::all_of(later, [&](auto round) {
      return RoundWeight(std::get<0>(round), shapes).isLost(std::get<1>(round));
    });
  };
  return carriesNan(weights, shapes, isOfRounds, /*throughViews=*/true);
}
