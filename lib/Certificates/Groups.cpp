//===-- Groups.cpp - experts that are chosen by groups --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scores.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace moec;
using namespace moec::certificates;

//===-- The graph ---------------------------------------------------------===//

namespace {
/// Reads the mask that keeps the keys of the best groups.
class GroupReader {
public:
  GroupReader(int64_t experts, ConstantReader &constants)
      : experts(experts), constants(constants) {}

  /// Of Where(mask, keys, fill), or with the mask the other way round.
  llvm::Expected<std::optional<ExpertGroups>> read(Value &keys) {
    auto where = keys.getDefiningOp<onnx::WhereOp>();
    if (!where || constants.isConstant(where.getCondition()))
      return std::nullopt;
    Value masked = where.getX(), fill = where.getY();
    bool keeps = true;
    if (constants.isConstant(masked)) {
      std::swap(masked, fill);
      keeps = false;
    }
    if (!constants.isConstant(fill))
      return refuse("its keys come of " + describe(where) +
                    ", which fills in what is no constant");
    auto number = constants.readScalar(fill);
    if (!number)
      return number.takeError();
    groups.fill = *number;
    Value ids = findKeptGroups(where.getCondition(), keeps);
    if (!ids)
      return refuse(
          "its keys come of " + describe(where) +
          ", whose mask is no mask of the groups that are kept: " + stoppedAt);
    if (llvm::Error error = readChoice(ids, masked))
      return std::move(error);
    keys = masked;
    return groups;
  }

private:
  Value stop(Value value) {
    stoppedAt = describe(value);
    return {};
  }

  /// The ids of the groups whose experts a mask says yes to; `isTrue` is what
  /// yes means.
  Value findKeptGroups(Value mask, bool isTrue) {
    Operation *op = mask.getDefiningOp();
    if (auto inverted = dyn_cast_or_null<onnx::NotOp>(op))
      return findKeptGroups(inverted.getOperand(), !isTrue);
    if (isa_and_present<onnx::ReshapeOp, onnx::ExpandOp, onnx::UnsqueezeOp,
                        onnx::SqueezeOp, onnx::IdentityOp>(op))
      return isSpread(op) ? findKeptGroups(op->getOperand(0), isTrue)
                          : stop(mask);
    if (auto cast = dyn_cast_or_null<onnx::CastOp>(op))
      return findKeptGroups(cast.getInput(), isTrue);
    if (isa_and_present<onnx::GreaterOp>(op) &&
        constants.isNumber(op->getOperand(1), 0))
      return findKeptGroups(op->getOperand(0), isTrue);
    if (isa_and_present<onnx::EqualOp>(op) &&
        constants.isNumber(op->getOperand(1), 0))
      return findKeptGroups(op->getOperand(0), !isTrue);
    return isTrue ? findMarked(mask) : stop(mask);
  }

  /// Whether the op takes part in leading from the marks of groups, [.., G],
  /// on to [.., G, 1], [.., G, m] and [.., E], the marks of their experts.
  bool isSpread(Operation *op) {
    Value source = op->getOperand(0), result = op->getResult(0);
    if (!isa<onnx::ExpandOp>(op))
      return hasTail(source, marks);
    auto from = cast<RankedTensorType>(source.getType()).getShape();
    auto to = cast<RankedTensorType>(result.getType()).getShape();
    if (members != 0 || from.size() != to.size() || to.size() < 2 ||
        from.back() != 1 || to.back() < 1 || experts % to.back() != 0)
      return false;
    members = to.back();
    marks = experts / members;
    return to[to.size() - 2] == marks && from[from.size() - 2] == marks;
  }

  /// Whether the last dimensions together have so many elements: rows of them
  /// stay rows where the value is seen in another shape.
  static bool hasTail(Value value, int64_t elements) {
    int64_t product = 1;
    for (int64_t extent :
         llvm::reverse(cast<RankedTensorType>(value.getType()).getShape())) {
      if (product == elements)
        return true;
      if (ShapedType::isDynamic(extent))
        return false;
      product *= extent;
    }
    return product == elements;
  }

  /// Ones at the ids in a row of zeros: scattered, or a sum of one-hot rows.
  Value findMarked(Value value) {
    Operation *op = value.getDefiningOp();
    if (getLastExtent(value) != marks)
      return stop(value);
    if (auto scatter = dyn_cast_or_null<onnx::ScatterElementsOp>(op)) {
      if (isLastAxis(scatter.getAxis(), value) &&
          scatter.getReduction() == "none" &&
          constants.isFilled(scatter.getData(), 0) &&
          constants.isFilled(scatter.getUpdates(), 1))
        return scatter.getIndices();
      return stop(value);
    }
    if (isa_and_present<onnx::ReduceMaxOp, onnx::ReduceSumOp>(op))
      return findOneHot(op);
    return stop(value);
  }

  /// Over the dimension before the last of [.., kept, G].
  Value findOneHot(Operation *reduce) {
    auto oneHot = reduce->getOperand(0).getDefiningOp<onnx::OneHotOp>();
    if (!oneHot || reduce->getNumOperands() != 2)
      return stop(reduce->getResult(0));
    int64_t rank = cast<RankedTensorType>(oneHot.getType()).getRank();
    auto axes = constants.readScalar(reduce->getOperand(1));
    auto values = constants.read(oneHot.getValues());
    bool isRight = axes && values && (*axes == -2 || *axes == rank - 2) &&
                   isLastAxis(oneHot.getAxis(), oneHot.getResult()) &&
                   values->elements == std::vector<double>{0, 1};
    llvm::consumeError(axes.takeError());
    llvm::consumeError(values.takeError());
    return isRight ? oneHot.getIndices() : stop(reduce->getResult(0));
  }

  /// The TopK that chooses groups, and how it scores them.
  llvm::Error readChoice(Value ids, Value keys) {
    ids = skipViews(ids);
    auto top = ids.getDefiningOp<onnx::TopKOp>();
    if (!top || ids != top.getIndices() || top.getLargest() != 1 ||
        !isLastAxis(top.getAxis(), top.getX()))
      return refuse("its groups are chosen by " + describe(ids) +
                    ", expected a TopK of the largest along the last axis");
    groups.count = getLastExtent(top.getX());
    groups.kept = getLastExtent(ids);
    if (groups.count != marks || groups.kept < 1)
      return refuse(describe(top) + " chooses among " + Twine(groups.count) +
                    " groups, which do not divide " + Twine(experts) +
                    " experts as the mask does");
    members = experts / groups.count;
    return readScore(top.getX(), keys);
  }

  llvm::Error readScore(Value score, Value keys) {
    score = skipViews(score);
    Operation *op = score.getDefiningOp();
    if (isa_and_present<onnx::ReduceMaxOp>(op) && isOverMembers(op)) {
      groups.score = GroupScore::Max;
      return checkGrouped(op->getOperand(0), keys);
    }
    auto top = isa_and_present<onnx::ReduceSumOp>(op) && isOverMembers(op)
                   ? op->getOperand(0).getDefiningOp<onnx::TopKOp>()
                   : onnx::TopKOp();
    if (top && op->getOperand(0) == top.getValues() &&
        getLastExtent(top.getValues()) == 2 && top.getLargest() == 1 &&
        isLastAxis(top.getAxis(), top.getX())) {
      groups.score = GroupScore::Top2Sum;
      return checkGrouped(top.getX(), keys);
    }
    return refuse("its groups are scored by " + describe(score) +
                  ", expected the largest key or the sum of the two largest");
  }

  bool isOverMembers(Operation *reduce) {
    return reduce->getNumOperands() == 2 &&
           areLastAxis(reduce->getOperand(1), reduce->getOperand(0));
  }

  /// [.., G, m] of the same keys.
  llvm::Error checkGrouped(Value grouped, Value keys) {
    auto type = cast<RankedTensorType>(grouped.getType());
    auto reshape = grouped.getDefiningOp<onnx::ReshapeOp>();
    if (!reshape || type.getRank() < 2 || getLastExtent(grouped) != members ||
        type.getShape()[type.getRank() - 2] != groups.count ||
        skipViews(reshape.getOperand(0)) != skipViews(keys))
      return refuse(describe(grouped) +
                    " does not show the keys of the layer by groups");
    return llvm::Error::success();
  }

  int64_t experts, members = 0;
  /// How many marks a row has where the walk is.
  int64_t marks = experts;
  ConstantReader &constants;
  ExpertGroups groups;
  std::string stoppedAt;
};
} // namespace

llvm::Expected<std::optional<ExpertGroups>>
certificates::readGroups(Value &keys, int64_t experts,
                         ConstantReader &constants) {
  return GroupReader(experts, constants).read(keys);
}

//===-- The proof ---------------------------------------------------------===//

namespace {
/// Counts who is certain to be before an expert.
class GroupCounter {
public:
  using IsBeaten = llvm::function_ref<bool(int64_t, int64_t)>;

  GroupCounter(Scores &scores, int64_t e, IsBeaten isBeaten)
      : scores(scores), router(scores.getRouter()), groups(*router.groups),
        members(router.experts / groups.count), e(e), own(e / members),
        isBeaten(isBeaten) {}

  bool isDead() {
    bool isStaying = !isAlwaysGone();
    bool isGoing = groups.kept < groups.count;
    return (!isStaying || countWhereStaying() >= router.topK) &&
           (!isGoing || countWhereGone() >= router.topK);
  }

private:
  auto getMembers(int64_t group) {
    return llvm::seq(group * members, (group + 1) * members);
  }

  /// Of the members of a group that can be chosen at all.
  int64_t countIn(int64_t group, llvm::function_ref<bool(int64_t)> isCounted) {
    return llvm::count_if(getMembers(group), [&](int64_t j) {
      return !router.isMuted[j] && isCounted(j);
    });
  }

  /// Whether enough other groups are always before e's.
  bool isAlwaysGone() {
    return llvm::count_if(llvm::seq<int64_t>(0, groups.count),
                          [&](int64_t group) {
                            return group != own && isGroupBefore(group);
                          }) >= groups.kept;
  }

  bool isGroupBefore(int64_t group) {
    if (groups.score == GroupScore::Max)
      return llvm::all_of(getMembers(own), [&](int64_t i) {
        return countIn(group, [&](int64_t j) { return isBeaten(i, j); }) > 0;
      });
    bool isFirst = router.isHighestFirst ? group > own : group < own;
    return isFirst && countIn(group, [&](int64_t j) {
                        return llvm::all_of(getMembers(own), [&](int64_t i) {
                          return isBeaten(i, j);
                        });
                      }) >= 2;
  }

  /// `staying` of the other groups stay: the least sum.
  int64_t countLeast(llvm::ArrayRef<std::pair<int64_t, int64_t>> counts,
                     int64_t staying) {
    std::vector<int64_t> changes;
    int64_t sum = 0;
    for (auto [ifStaying, ifGone] : counts) {
      changes.push_back(ifStaying - ifGone);
      sum += ifGone;
    }
    llvm::sort(changes);
    return std::accumulate(changes.begin(), changes.begin() + staying, sum);
  }

  int64_t countWhereStaying() {
    int64_t before = llvm::count_if(getMembers(own),
                                    [&](int64_t j) { return isBeaten(e, j); });
    bool isFillBefore = groups.fill > scores.getMostKey(e).high;
    std::vector<std::pair<int64_t, int64_t>> counts;
    for (int64_t group = 0; group < groups.count; ++group)
      if (group != own)
        counts.push_back(
            {countIn(group, [&](int64_t j) { return isBeaten(e, j); }),
             isFillBefore ? countIn(group, [](int64_t) { return true; }) : 0});
    return before + countLeast(counts, groups.kept - 1);
  }

  bool isBeforeInTie(int64_t j) const {
    return router.isHighestFirst ? j > e : j < e;
  }

  /// e's key is the fill: is j's, as it is, before it?
  bool isBeforeFill(int64_t j) {
    double least = scores.getLeastKey(j).low;
    if (least > groups.fill ||
        (std::isinf(groups.fill) && groups.fill < 0 && !scores.isMaskedKey(j)))
      return true;
    return least == groups.fill && isBeforeInTie(j);
  }

  int64_t countWhereGone() {
    auto countTies = [&](int64_t group) {
      return countIn(group, [&](int64_t j) { return isBeforeInTie(j); });
    };
    std::vector<std::pair<int64_t, int64_t>> counts;
    for (int64_t group = 0; group < groups.count; ++group)
      if (group != own)
        counts.push_back(
            {countIn(group, [&](int64_t j) { return isBeforeFill(j); }),
             countTies(group)});
    return countTies(own) + countLeast(counts, groups.kept);
  }

  Scores &scores;
  const Router &router;
  const ExpertGroups &groups;
  int64_t members, e, own;
  IsBeaten isBeaten;
};
} // namespace

bool certificates::isProvenDead(Scores &scores, int64_t e,
                                GroupCounter::IsBeaten isBeaten) {
  const Router &router = scores.getRouter();
  if (router.groups)
    return GroupCounter(scores, e, isBeaten).isDead();
  return llvm::count_if(llvm::seq<int64_t>(0, router.experts), [&](int64_t j) {
           return !router.isMuted[j] && isBeaten(e, j);
         }) >= router.topK;
}
