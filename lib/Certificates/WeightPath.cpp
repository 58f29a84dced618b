//===-- WeightPath.cpp - from a score to the weight of an expert ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An expert whose score is exactly zero has the weight zero only where weights
// are made of scores in ways that keep a zero.
//
//===----------------------------------------------------------------------===//

#include "Router.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::certificates;

namespace {
class WeightPath {
public:
  WeightPath(const Router &router, ArrayRef<Operation *> root,
             ConstantReader &constants)
      : router(router), constants(constants) {
    region = collectSources(root);
    keyOps = collectSources(router.choice);
    scoreOp = router.scores.getDefiningOp();
    unscored =
        collectSources(root, [&](Operation *op) { return op == scoreOp; });
  }

  llvm::Error check() {
    if (unscored.contains(router.logits.product))
      return refuse(describe(router.logits.product) +
                    " reaches the sum beside the scores, so that a weight need "
                    "not be zero where its score is");
    if (llvm::Error error = follow(router.scores))
      return error;
    if (llvm::Error error = followChosen())
      return error;
    if (numWeighted > 0)
      return llvm::Error::success();
    return refuse("no product with the scores that " + describe(scoreOp) +
                  " makes was found, which would be the weights");
  }

private:
  /// Everything that reads a value whose zeros stay zero.
  llvm::Error follow(Value value) {
    for (Operation *user : value.getUsers()) {
      if (!region.contains(user) || !seen.insert({value, user}).second ||
          isa<onnx::ShapeOp>(user))
        continue;
      if (llvm::Error error = enter(value, user))
        return error;
    }
    return llvm::Error::success();
  }

  llvm::Error enter(Value value, Operation *user) {
    if (user == router.choice)
      return llvm::Error::success();
    if (isDivisor(value, user) || isNormStep(user))
      return followDivisor(value, user);
    if (Value table = getScaleTable(value, user))
      if (llvm::Error error = checkFinite(table, user))
        return error;
    if (isWeighting(value, user)) {
      ++numWeighted;
      return llvm::Error::success();
    }
    if (keepsZero(value, user)) {
      for (Value result : user->getResults())
        if (llvm::Error error = follow(result))
          return error;
      return llvm::Error::success();
    }
    // The way to the choice itself; it says who is chosen, no more.
    if (keyOps.contains(user))
      return llvm::Error::success();
    return refuse(describe(user) +
                  " stands between scores and weights, and is not known to "
                  "this check");
  }

  /// The values that TopK finds are scores where nothing was added to them, and
  /// none was put in the place of one.
  llvm::Error followChosen() {
    auto top = dyn_cast<onnx::TopKOp>(router.choice);
    if (!top)
      return llvm::Error::success();
    bool areScores = router.selectionBias.empty() &&
                     (!router.groups || router.groups->fill == 0);
    if (areScores)
      return follow(top.getValues());
    if (llvm::any_of(top.getValues().getUsers(), [&](Operation *user) {
          return region.contains(user) && !isa<onnx::ShapeOp>(user);
        }))
      return refuse("the values that " + describe(top) +
                    " finds are weights, but no scores");
    return llvm::Error::success();
  }

  static bool isDivisor(Value value, Operation *user) {
    return isa<onnx::DivOp>(user) && user->getOperand(1) == value &&
           user->getOperand(0) != value;
  }

  /// What makes a sum or a norm, which is no weight itself.
  static bool isNormStep(Operation *user) {
    return isa<onnx::ReduceSumOp, onnx::ReduceL1Op, onnx::ReduceL2Op,
               onnx::AbsOp, onnx::PowOp, onnx::SqrtOp>(user);
  }

  /// Numbers of experts, looked up by ids, that weights are multiplied by; null
  /// where the user is another one.
  Value getScaleTable(Value value, Operation *user) {
    if (!isa<onnx::MulOp>(user))
      return {};
    Value other = user->getOperand(user->getOperand(0) == value);
    Operation *gather = skipViews(other).getDefiningOp();
    bool isTable = isa_and_present<onnx::GatherOp, onnx::GatherNDOp>(gather) &&
                   constants.isConstant(gather->getOperand(0));
    return isTable ? gather->getOperand(0) : Value();
  }

  /// A zero times what is no finite number is none.
  llvm::Error checkFinite(Value table, Operation *user) {
    llvm::Expected<Constant> numbers = constants.read(table);
    if (!numbers)
      return numbers.takeError();
    if (llvm::all_of(numbers->elements,
                     [](double number) { return std::isfinite(number); }))
      return llvm::Error::success();
    return refuse(describe(user) +
                  " multiplies weights by numbers that are not all finite");
  }

  /// A sum of weights, which divides them.
  llvm::Error followDivisor(Value value, Operation *user) {
    if (isDivisor(value, user))
      return llvm::Error::success();
    bool isKnown = isNormStep(user) ||
                   isa<onnx::AddOp, onnx::ClipOp, onnx::MaxOp, onnx::CastOp,
                       onnx::ExpandOp>(user) ||
                   getViewed(user->getResult(0)) == value ||
                   isa<onnx::UnsqueezeOp, onnx::ReshapeOp>(user);
    if (!isKnown)
      return refuse(describe(user) +
                    " reads a sum of scores, and is not known to this check");
    for (Operation *next : user->getResult(0).getUsers())
      if (region.contains(next) && !isa<onnx::ShapeOp>(next))
        if (llvm::Error error = followDivisor(user->getResult(0), next))
          return error;
    return llvm::Error::success();
  }

  bool isWeighting(Value value, Operation *user) {
    if (isa<onnx::MatMulOp, onnx::EinsumOp>(user))
      return true;
    if (!isa<onnx::MulOp>(user) || getScaleTable(value, user))
      return false;
    Value other = user->getOperand(user->getOperand(0) == value);
    return !constants.isConstant(other);
  }

  /// Elements are moved, or multiplied or divided by something.
  bool keepsZero(Value value, Operation *user) {
    if (isa<onnx::MulOp>(user))
      return true;
    if (isa<onnx::DivOp>(user))
      return user->getOperand(1) != value;
    if (isa<onnx::ScatterElementsOp>(user))
      return user->getOperand(2) == value &&
             constants.isNumber(user->getOperand(0), 0);
    if (isa<onnx::CastOp>(user))
      return isa<FloatType>(getElementType(user->getResult(0)));
    return user->getOperand(0) == value &&
           isa<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
               onnx::FlattenOp, onnx::IdentityOp, onnx::TransposeOp,
               onnx::ExpandOp, onnx::SliceOp, onnx::SplitOp, onnx::GatherOp,
               onnx::GatherElementsOp, onnx::GatherNDOp>(user);
  }

  const Router &router;
  ConstantReader &constants;
  /// What the sum is made of; what the choice is made of; and what the sum is
  /// made of without the scores.
  OpSet region, keyOps, unscored;
  Operation *scoreOp;
  llvm::DenseSet<std::pair<Value, Operation *>> seen;
  unsigned numWeighted = 0;
};
} // namespace

llvm::Error certificates::checkZeroWeight(const Router &router,
                                          ArrayRef<Operation *> root,
                                          ConstantReader &constants) {
  // The operators say themselves that a weight is a score.
  if (router.isFused())
    return llvm::Error::success();
  return WeightPath(router, root, constants).check();
}
