//===-- Unreachable.cpp - experts that a router never chooses -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Unreachable.h"

#include "KeyOrder.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace moec;
using namespace moec::dead;

namespace {
class Finder {
public:
  explicit Finder(const RouterNumbers &router)
      : router(router), order(router), size(router.experts / router.groups),
        isBeaten(router.experts,
                 std::vector<char>(size_t(router.experts), false)) {
    for (int64_t e = 0; e < router.experts; ++e)
      for (int64_t j = 0; j < router.experts; ++j)
        isBeaten[e][j] = order.beats(j, e);
  }

  std::vector<Proof> find() {
    std::vector<Proof> proofs;
    for (int64_t e = 0; e < router.experts; ++e)
      if (isWeightless(e))
        proofs.push_back({e, /*isMasked=*/true, {}, {}});
      else if (router.groups > 1
                   ? isDeadInGroups(e)
                   : llvm::count(isBeaten[e], true) >= router.choices)
        proofs.push_back(prove(e));
    return proofs;
  }

private:
  /// Beside an expert that has a weight: a softmax of nothing but -inf is NaN.
  bool isWeightless(int64_t e) const {
    return order.isWeightless(e) &&
           llvm::any_of(router.bias, [](double b) { return std::isfinite(b); });
  }

  Proof prove(int64_t e) {
    Proof proof{e, false, {}, {}};
    int64_t numApart = 0;
    for (int64_t j = 0; j < router.experts; ++j) {
      if (!isBeaten[e][j])
        continue;
      proof.beatenBy.push_back(j);
      proof.margins.push_back(order.getMargin(j, e));
      numApart += std::isinf(proof.margins.back()) || order.isApart(j, e);
    }
    proof.isMasked = numApart >= router.choices;
    return proof;
  }

  //===-- Groups ----------------------------------------------------------===//

  int64_t getGroup(int64_t i) const { return i / size; }

  bool isFirst(int64_t j, int64_t e) const {
    return router.tie == moe::TieRule::Lowest ? j < e : j > e;
  }

  bool isDeadInGroups(int64_t e) {
    bool staysNever = countGroupsBefore(getGroup(e)) >= router.groupsKept;
    bool goesNever = router.groupsKept == router.groups;
    return (staysNever || countBeforeIfStays(e) >= router.choices) &&
           (goesNever || countBeforeIfGoes(e) >= router.choices);
  }

  /// Members of `group` for which `isBefore` holds.
  int64_t countIn(int64_t group,
                  llvm::function_ref<bool(int64_t)> isBefore) const {
    int64_t count = 0;
    for (int64_t j = group * size; j < (group + 1) * size; ++j)
      count += isBefore(j);
    return count;
  }

  /// The least number that are before e, over all choices of `numStaying` of
  /// the groups but e's own.
  int64_t countLeast(int64_t e, int64_t numStaying,
                     llvm::function_ref<bool(int64_t)> isBeforeInStaying,
                     llvm::function_ref<bool(int64_t)> isBeforeInGoing) const {
    int64_t count = 0;
    std::vector<int64_t> gains;
    for (int64_t group = 0; group < router.groups; ++group) {
      if (group == getGroup(e))
        continue;
      int64_t going = countIn(group, isBeforeInGoing);
      count += going;
      gains.push_back(countIn(group, isBeforeInStaying) - going);
    }
    llvm::sort(gains);
    for (int64_t i = 0; i < numStaying; ++i)
      count += gains[i];
    return count;
  }

  int64_t countBeforeIfStays(int64_t e) const {
    auto isBefore = [&](int64_t j) { return bool(isBeaten[e][j]); };
    bool isFillAbove = router.groupFill > order.getKey(e).high;
    return countIn(getGroup(e), isBefore) +
           countLeast(e, router.groupsKept - 1, isBefore,
                      [&](int64_t) { return isFillAbove; });
  }

  int64_t countBeforeIfGoes(int64_t e) const {
    auto isFirst = [&](int64_t j) { return this->isFirst(j, e); };
    auto isBefore = [&](int64_t j) {
      double low = order.getKey(j).low;
      return low > router.groupFill ||
             (low == router.groupFill && this->isFirst(j, e));
    };
    return countIn(getGroup(e), isFirst) +
           countLeast(e, router.groupsKept, isBefore, isFirst);
  }

  /// Groups that are certain to rank before this one.
  int64_t countGroupsBefore(int64_t group) const {
    int64_t count = 0;
    for (int64_t other = 0; other < router.groups; ++other)
      count += other != group && isGroupBefore(other, group);
    return count;
  }

  bool isGroupBefore(int64_t other, int64_t group) const {
    auto beatsAll = [&](int64_t j) {
      return countIn(group, [&](int64_t e) { return isBeaten[e][j]; }) == size;
    };
    if (router.groupScore == moe::GroupScore::Max)
      return countIn(group, [&](int64_t e) {
               return countIn(other, [&](int64_t j) {
                        return bool(isBeaten[e][j]);
                      }) > 0;
             }) == size;
    // Sums may round to the same.
    return countIn(other, beatsAll) >= 2 && isFirst(other, group);
  }

  const RouterNumbers &router;
  KeyOrder order;
  int64_t size;
  /// [e][j]: whether j beats e.
  std::vector<std::vector<char>> isBeaten;
};
} // namespace

/// Whether infinities are masks and nothing is NaN.
static bool areUsable(const std::vector<double> &biases) {
  return llvm::all_of(biases, [](double b) {
    return std::isfinite(b) || b == -std::numeric_limits<double>::infinity();
  });
}

static bool areFinite(const std::vector<double> &numbers) {
  return llvm::all_of(numbers, [](double n) { return std::isfinite(n); });
}

std::vector<Proof> moec::dead::findUnreachable(const RouterNumbers &router) {
  if (router.score == moe::ScoreFunction::SparseMixer ||
      !areUsable(router.bias) || !areUsable(router.selection) ||
      !areFinite(router.rows) || !areFinite(router.input.gain) ||
      !areFinite(router.input.center) || std::isnan(router.groupFill))
    return {};
  return Finder(router).find();
}
