//===-- UnrolledExperts.cpp - experts in nodes of their own ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpertMarkers.h"
#include "Experts.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::certificates;

namespace {
/// Which nodes are an expert's: those that its number reaches, and no other's.
class UnrolledExperts : public Experts {
public:
  UnrolledExperts(const Router &router, ArrayRef<Operation *> root,
                  ConstantReader &constants)
      : constants(constants), layer(collectLayer(router, root)),
        reader(router, constants), markers(router.experts) {}

  llvm::Error find() {
    for (Operation *op : layer)
      for (const ExpertMarker &marker : reader.read(op))
        markers[marker.expert].push_back(marker);
    for (auto [expert, own] : llvm::enumerate(markers)) {
      if (own.empty())
        return refuse("its nodes for expert " + Twine(expert) +
                      " were not found");
      for (const ExpertMarker &marker : own)
        claim(marker.value, int64_t(expert));
    }
    return llvm::Error::success();
  }

  llvm::Error checkDuplicate(int64_t e, int64_t of) override {
    difference.clear();
    // The first expert of a chain of updates owns its update, too.
    SmallVector<Value> own[] = {getEnds(e), {}}, other[] = {getEnds(of), {}};
    if (!areSummed(own[0], e) || !areSummed(other[0], of))
      return refuse("what the two experts make is not merely added up");
    own[1] = peel(own[0], e);
    other[1] = peel(other[0], of);
    for (ArrayRef<Value> a : own)
      for (ArrayRef<Value> b : other)
        if (areSame(a, b, e, of))
          return llvm::Error::success();
    return refuse(difference.empty() ? "the nodes of the two experts differ"
                                     : difference);
  }

  llvm::Error checkZero(int64_t e) override {
    SmallVector<Operation *> ends;
    for (Value value : getEnds(e))
      ends.push_back(value.getDefiningOp());
    SmallVector<Value> weights = getWeights(ends);
    auto last = findLastWeights(layer, ends, weights);
    if (!last)
      return last.takeError();
    for (Value weight : *last)
      if (!constants.isNumber(weight, 0))
        return refuse(describe(weight) + " is not zero");
    return llvm::Error::success();
  }

private:
  /// What nodes of the layer before `ends` read of parameters, without those by
  /// which experts are told apart.
  SmallVector<Value> getWeights(ArrayRef<Operation *> ends) {
    SmallVector<Value> weights;
    SmallVector<Operation *> named;
    for (ArrayRef<ExpertMarker> own : markers)
      for (const ExpertMarker &marker : own)
        named.push_back(marker.value.getDefiningOp());
    OpSet numbers = collectSources(named);
    for (Operation *op : collectSources(ends)) {
      if (!layer.contains(op) || numbers.contains(op) ||
          constants.isConstant(op->getResult(0)))
        continue;
      for (Value operand : op->getOperands())
        if (constants.isParameter(operand) &&
            isa<FloatType>(getElementType(operand)) &&
            cast<RankedTensorType>(operand.getType()).getNumElements() > 1)
          weights.push_back(operand);
    }
    return weights;
  }

  static constexpr int64_t kShared = -1;

  /// What is computed from a marker is its expert's, and the marker's op itself
  /// where that makes nothing else.
  void claim(Value marker, int64_t expert) {
    Operation *op = marker.getDefiningOp();
    SmallVector<Operation *> starts;
    if (op->getNumResults() == 1)
      starts.push_back(op);
    else
      starts.append(marker.user_begin(), marker.user_end());
    for (Operation *start : starts)
      for (Operation *reader : collectReaders(start))
        claimOp(reader, expert);
  }

  void claimOp(Operation *op, int64_t expert) {
    if (!layer.contains(op))
      return;
    auto [known, isNew] = owners.try_emplace(op, expert);
    if (!isNew && known->second != expert)
      known->second = kShared;
  }

  bool isOwn(Operation *op, int64_t expert) const {
    auto owner = owners.find(op);
    return owner != owners.end() && owner->second == expert;
  }

  static void sort(SmallVectorImpl<Value> &values) {
    llvm::sort(values, [](Value a, Value b) {
      return a.getDefiningOp()->isBeforeInBlock(b.getDefiningOp());
    });
    values.erase(llvm::unique(values), values.end());
  }

  /// What others read of an expert's nodes.
  SmallVector<Value> getEnds(int64_t expert) {
    SmallVector<Value> ends;
    for (auto [op, owner] : owners)
      if (owner == expert)
        for (Value result : op->getResults())
          if (llvm::any_of(result.getUsers(), [&](Operation *user) {
                return layer.contains(user) && !isOwn(user, expert);
              }))
            ends.push_back(result);
    sort(ends);
    return ends;
  }

  static bool isSum(Operation *op) {
    return isa<onnx::AddOp, onnx::ScatterNDOp, onnx::ScatterElementsOp>(op);
  }

  /// Whether rows of a sum are read, to be written again with more.
  static bool isIndex(Value value, Operation *user) {
    return isa<onnx::GatherOp, onnx::GatherNDOp>(user) &&
           user->getOperand(0) != value;
  }

  bool isZeros(Value value) {
    Operation *op = value.getDefiningOp();
    if (isa_and_present<onnx::GatherOp, onnx::GatherNDOp>(op))
      return isZeros(op->getOperand(0));
    return constants.isFilled(value, 0);
  }

  /// What is added to zeros.
  Value skipZeros(Value value) {
    auto add = value.getDefiningOp<onnx::AddOp>();
    for (unsigned i = 0; add && i < 2; ++i)
      if (isZeros(add->getOperand(i)))
        return add->getOperand(1 - i);
    return value;
  }

  /// What a single end adds to zeros.
  SmallVector<Value> peel(ArrayRef<Value> ends, int64_t expert) {
    if (ends.size() != 1 || !isSum(ends.front().getDefiningOp()))
      return {};
    SmallVector<Value> operands;
    for (Value operand : ends.front().getDefiningOp()->getOperands()) {
      Operation *op = operand.getDefiningOp();
      if (op && isOwn(op, expert))
        operands.push_back(operand);
      else if (!constants.isFilled(operand, 0))
        return {};
    }
    sort(operands);
    return operands;
  }

  /// Whether nothing but sums reads what an expert makes: all else could treat
  /// one expert in another way than the other.
  bool areSummed(ArrayRef<Value> ends, int64_t expert) {
    return llvm::all_of(ends, [&](Value end) {
      return llvm::all_of(end.getUsers(), [&](Operation *user) {
        return !layer.contains(user) || isOwn(user, expert) || isSum(user) ||
               isIndex(end, user);
      });
    });
  }

  bool areSame(ArrayRef<Value> a, ArrayRef<Value> b, int64_t e, int64_t of) {
    same.clear();
    return !a.empty() && a.size() == b.size() &&
           llvm::all_of(llvm::zip_equal(a, b), [&](auto pair) {
             return isSame(std::get<0>(pair), std::get<1>(pair), e, of);
           });
  }

  bool differ(Value a, Value b) {
    if (difference.empty())
      difference = describe(a) + " and " + describe(b) + " differ";
    return false;
  }

  /// Whether two values are computed alike from equal weights.
  bool isSame(Value a, Value b, int64_t e, int64_t of) {
    a = skipZeros(a);
    b = skipZeros(b);
    if (a == b || same.contains({a, b}))
      return true;
    Operation *own = a.getDefiningOp(), *other = b.getDefiningOp();
    if (!own || !other)
      return differ(a, b);
    bool isEqual = constants.isParameter(a) && constants.isParameter(b)
                       ? constants.areEqual(a, b)
                       : areAlikeMarkers(a, b, e, of) ||
                             (isSameNode(own, other, e, of) &&
                              cast<OpResult>(a).getResultNumber() ==
                                  cast<OpResult>(b).getResultNumber());
    if (!isEqual)
      return differ(a, b);
    same.insert({a, b});
    return true;
  }

  bool areAlike(Operation *own, Operation *other) {
    return own->getName() == other->getName() &&
           own->getNumOperands() == other->getNumOperands() &&
           haveEqualAttributes(own, other);
  }

  const ExpertMarker *getMarker(Value value, int64_t expert) const {
    const auto *found =
        llvm::find_if(markers[expert], [&](const ExpertMarker &marker) {
          return marker.value == value;
        });
    return found == markers[expert].end() ? nullptr : found;
  }

  /// Whether two values say the same, each of its expert: of one value, or of
  /// such that are computed alike, by constants that name the expert.
  bool areAlikeMarkers(Value a, Value b, int64_t e, int64_t of) {
    const ExpertMarker *own = getMarker(a, e), *other = getMarker(b, of);
    Operation *first = a.getDefiningOp(), *second = b.getDefiningOp();
    if (!own || !other || own->axis != other->axis || !areAlike(first, second))
      return false;
    return llvm::all_of(
        llvm::zip_equal(first->getOperands(), second->getOperands()),
        [&](auto pair) {
          auto [c, d] = pair;
          return (constants.isConstant(c) && constants.isConstant(d)) ||
                 isSame(c, d, e, of);
        });
  }

  bool isSameNode(Operation *own, Operation *other, int64_t e, int64_t of) {
    return areAlike(own, other) &&
           llvm::all_of(
               llvm::zip_equal(own->getOperands(), other->getOperands()),
               [&](auto pair) {
                 return isSame(std::get<0>(pair), std::get<1>(pair), e, of);
               });
  }

  ConstantReader &constants;
  OpSet layer;
  MarkerReader reader;
  /// Of each expert, the values that name it.
  std::vector<SmallVector<ExpertMarker>> markers;
  llvm::DenseMap<Operation *, int64_t> owners;
  llvm::DenseSet<std::pair<Value, Value>> same;
  std::string difference;
};
} // namespace

llvm::Expected<std::unique_ptr<Experts>>
certificates::findUnrolledExperts(const Router &router,
                                  ArrayRef<Operation *> root,
                                  ConstantReader &constants) {
  auto experts = std::make_unique<UnrolledExperts>(router, root, constants);
  if (llvm::Error error = experts->find())
    return std::move(error);
  return experts;
}
