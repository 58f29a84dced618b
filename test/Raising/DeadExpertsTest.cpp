//===-- DeadExpertsTest.cpp - experts that a router never chooses ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One row of the tables of docs/rationale/dead-experts.md each.
//
//===----------------------------------------------------------------------===//

#include "lib/Raising/DeadExperts/Unreachable.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace moec;
using namespace moec::dead;
using moe::GroupScore;
using moe::ScoreFunction;
using moe::TieRule;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

namespace {
/// A router whose input is one number, of either sign and at most 1.
struct SmallRouter : RouterNumbers {
  SmallRouter(ScoreFunction function, int64_t k, std::vector<double> biases) {
    score = function;
    choices = k;
    experts = int64_t(biases.size());
    bias = std::move(biases);
    rows.assign(experts, 1.0);
    input.kind = InputBound::RmsNorm;
    input.gain = {1.0};
    input.center = {0.0};
    input.radius = 1.0;
    input.relative = std::ldexp(1.0, -22);
    input.absolute = std::ldexp(1.0, -100);
    scoreRoundoff = std::ldexp(1.0, -24);
  }

  SmallRouter &setSelection(std::vector<double> biases) {
    selection = std::move(biases);
    return *this;
  }
  SmallRouter &setRows(std::vector<double> numbers) {
    rows = std::move(numbers);
    return *this;
  }
  SmallRouter &forgetInput() {
    input = InputBound();
    rows.clear();
    return *this;
  }
  SmallRouter &setGroups(int64_t count, int64_t kept, double fill,
                         GroupScore by = GroupScore::Max) {
    groups = count;
    groupsKept = kept;
    groupFill = fill;
    groupScore = by;
    return *this;
  }

  /// All rows are zero.
  SmallRouter &setConstant() {
    rows.assign(rows.size(), 0.0);
    isConstant.assign(experts, true);
    return *this;
  }

  std::vector<int64_t> findDead() const {
    std::vector<int64_t> dead;
    for (const Proof &proof : findUnreachable(*this))
      dead.push_back(proof.expert);
    return dead;
  }
};
using Experts = std::vector<int64_t>;
constexpr auto kNone = ScoreFunction::None;
constexpr auto kSelected = ScoreFunction::SoftmaxSelected;
constexpr auto kSoftmax = ScoreFunction::SoftmaxAll;
constexpr auto kSigmoid = ScoreFunction::Sigmoid;
} // namespace

TEST(DeadExpertsTest, AsManyOthersAsAreChosenMustWin) {
  for (ScoreFunction score : {kNone, kSelected, kSoftmax, kSigmoid}) {
    EXPECT_EQ(SmallRouter(score, 1, {0, 0, -5}).findDead(), Experts{2});
    EXPECT_EQ(SmallRouter(score, 2, {0, 0, -5}).findDead(), Experts{2});
    EXPECT_EQ(SmallRouter(score, 2, {0, -9, -5}).findDead(), Experts{1});
    EXPECT_EQ(SmallRouter(score, 3, {0, 0, -5}).findDead(), Experts{});
    EXPECT_EQ(SmallRouter(score, 1, {0, 0, 0}).findDead(), Experts{});
  }
}

TEST(DeadExpertsTest, RowsThatDifferMayMakeUpForTheBias) {
  auto findDead = [](double bias, double gain) {
    SmallRouter router(kNone, 1, {bias, 0});
    router.setRows({1, 2}).input.gain = {gain};
    return router.findDead();
  };
  EXPECT_EQ(findDead(1.01, 1), Experts{1});
  EXPECT_EQ(findDead(1.0, 1), Experts{});
  EXPECT_EQ(findDead(1.01, 1.1), Experts{});
  // The difference times the center counts for one of the two.
  SmallRouter router(kNone, 1, {0, 0});
  router.setRows({1, 2}).input.center = {-1.1};
  EXPECT_EQ(router.findDead(), Experts{1});
  router.input.center = {-0.9};
  EXPECT_EQ(router.findDead(), Experts{});
  // A box around the center.
  router.input.radius = 0;
  router.input.halfWidth = 0.8;
  EXPECT_EQ(router.findDead(), Experts{1});
  router.input.halfWidth = 1;
  EXPECT_EQ(router.findDead(), Experts{});
}

TEST(DeadExpertsTest, RoundingMayMakeUpForTheBias) {
  auto findDead = [](double bias, double roundoff, double relative) {
    SmallRouter router(kNone, 1, {bias, 0});
    router.setRows({1, 2}).scoreRoundoff = roundoff;
    router.input.relative = relative;
    return router.findDead();
  };
  double f32 = std::ldexp(1.0, -24), bf16 = std::ldexp(1.0, -8);
  EXPECT_EQ(findDead(1.03, f32, 4 * f32), Experts{1});
  EXPECT_EQ(findDead(1.03, bf16, 4 * f32), Experts{});
  EXPECT_EQ(findDead(1.03, f32, 10 * bf16), Experts{});
  EXPECT_EQ(findDead(1.000001, f32, 4 * f32), Experts{});
  SmallRouter router(kNone, 1, {1.03, 0});
  router.setRows({1, 2}).input.absolute = 0.1;
  EXPECT_EQ(router.findDead(), Experts{});
}

TEST(DeadExpertsTest, WhatUnderflowsMayTie) {
  auto findDead = [](double center, double row, double underflow) {
    SmallRouter router(kNone, 1, {0, 0});
    router.setRows({row, 0}).input.center = {center};
    router.input.gain = {0};
    router.input.absolute = 0;
    router.scoreUnderflow = underflow;
    return router.findDead();
  };
  // Of a product, and of what is stored in f16.
  EXPECT_EQ(findDead(1e-15, 1e-15, 0), Experts{1});
  EXPECT_EQ(findDead(1e-20, 1e-20, 0), Experts{});
  EXPECT_EQ(findDead(1e-3, 1e-4, 0), Experts{1});
  EXPECT_EQ(findDead(1e-3, 1e-4, std::ldexp(1.0, -22)), Experts{});
}

TEST(DeadExpertsTest, FunctionsOfCloseScoresMayTie) {
  EXPECT_EQ(SmallRouter(kNone, 1, {1e-5, 0}).findDead(), Experts{1});
  EXPECT_EQ(SmallRouter(kSoftmax, 1, {1e-5, 0}).findDead(), Experts{});
  EXPECT_EQ(SmallRouter(kSoftmax, 1, {1e-4, 0}).findDead(), Experts{1});
  EXPECT_EQ(SmallRouter(kSigmoid, 1, {1e-5, 0}).findDead(), Experts{});
  EXPECT_EQ(SmallRouter(kSigmoid, 1, {1e-4, 0}).findDead(), Experts{1});
}

TEST(DeadExpertsTest, ASoftmaxUnderflows) {
  // The second loses to the first by more than has a probability.
  EXPECT_EQ(SmallRouter(kNone, 2, {100, 0, -10}).findDead(), Experts{2});
  EXPECT_EQ(SmallRouter(kSoftmax, 2, {100, 0, -10}).findDead(), Experts{});
  EXPECT_EQ(SmallRouter(kSoftmax, 2, {60, 0, -10}).findDead(), Experts{2});
  // One that is masked is no rival.
  EXPECT_EQ(SmallRouter(kSoftmax, 2, {0, 0, -10, -kInfinity}).findDead(),
            (Experts{2, 3}));
}

TEST(DeadExpertsTest, ASigmoidSaturates) {
  EXPECT_EQ(SmallRouter(kSigmoid, 1, {3, 0}).findDead(), Experts{1});
  EXPECT_EQ(SmallRouter(kSigmoid, 1, {40, 30}).findDead(), Experts{});
  EXPECT_EQ(SmallRouter(kSigmoid, 1, {-80, -100}).findDead(), Experts{});
  EXPECT_EQ(SmallRouter(kSigmoid, 1, {-50, -60}).findDead(), Experts{1});
}

TEST(DeadExpertsTest, MasksNeedOthersBeside) {
  EXPECT_EQ(SmallRouter(kNone, 1, {0, -kInfinity}).findDead(), Experts{1});
  EXPECT_EQ(SmallRouter(kNone, 2, {0, -kInfinity}).findDead(), Experts{});
  EXPECT_EQ(SmallRouter(kNone, 2, {0, -kInfinity, -kInfinity}).findDead(),
            Experts{});
  EXPECT_EQ(SmallRouter(kNone, 1, {0, -kInfinity}).forgetInput().findDead(),
            Experts{1});
  // A probability of zero is no weight, chosen or not.
  for (ScoreFunction score : {kSoftmax, kSigmoid})
    EXPECT_EQ(SmallRouter(score, 2, {0, -kInfinity}).findDead(), Experts{1});
  EXPECT_EQ(SmallRouter(kSelected, 2, {0, -kInfinity}).findDead(), Experts{});
  // But nothing is known of a softmax over masks alone.
  EXPECT_EQ(SmallRouter(kSoftmax, 1, {-kInfinity, -kInfinity}).findDead(),
            Experts{});
}

TEST(DeadExpertsTest, SelectionBiasesAreAddedToTheKeys) {
  // Probabilities are within [0, 1].
  for (ScoreFunction score : {kSoftmax, kSigmoid}) {
    SmallRouter router(score, 1, {0, 0});
    router.forgetInput();
    EXPECT_EQ(router.setSelection({0, -1.01}).findDead(), Experts{1});
    EXPECT_EQ(router.setSelection({0, -0.99}).findDead(), Experts{});
    EXPECT_EQ(router.setSelection({0, -kInfinity}).findDead(), Experts{1});
    EXPECT_EQ(router.setSelection({-kInfinity, -kInfinity}).findDead(),
              Experts{});
  }
  // Scores that cannot be far apart.
  for (ScoreFunction score : {kSoftmax, kSigmoid}) {
    SmallRouter router(score, 1, {0, 0});
    EXPECT_EQ(router.setSelection({0, -0.1}).findDead(), Experts{1});
    router.setRows({1, 2});
    EXPECT_EQ(router.setSelection({0, -0.1}).findDead(), Experts{});
    EXPECT_EQ(router.setSelection({0, -0.6}).findDead(), Experts{1});
  }
  // A sigmoid grows with its score, by a step that is known.
  SmallRouter growing(kSigmoid, 1, {1, 0});
  EXPECT_EQ(growing.setSelection({0, 0}).findDead(), Experts{1});
  EXPECT_EQ(growing.setSelection({0, 0.1}).findDead(), Experts{1});
  EXPECT_EQ(growing.setSelection({0, 0.2}).findDead(), Experts{});
  EXPECT_EQ(growing.forgetInput().setSelection({0, 0}).findDead(), Experts{});
  // Nor is a bias of anything but a probability bounded without the input.
  SmallRouter router(kNone, 1, {0, 0});
  EXPECT_EQ(router.setSelection({0, -0.1}).findDead(), Experts{1});
  EXPECT_EQ(router.forgetInput().findDead(), Experts{});
  // A key of -inf beats no other, whatever makes it so.
  SmallRouter masked(kNone, 1, {-kInfinity, 0});
  EXPECT_EQ(masked.setSelection({0, -kInfinity}).findDead(), Experts{});
  // The larger score makes up for the bias.
  SmallRouter biased(kNone, 1, {0, 1});
  EXPECT_EQ(biased.setSelection({0.9, 0}).findDead(), Experts{0});
  EXPECT_EQ(biased.setSelection({1.1, 0}).findDead(), Experts{1});
  EXPECT_EQ(biased.setSelection({1.0, 0}).findDead(), Experts{});
}

TEST(DeadExpertsTest, ConstantScoresHaveAnOrder) {
  for (ScoreFunction score : {kNone, kSelected, kSoftmax, kSigmoid})
    for (bool isBounded : {true, false}) {
      auto findDead = [&](int64_t k, std::vector<double> biases,
                          std::vector<double> selection = {},
                          TieRule tie = TieRule::Lowest) {
        SmallRouter router(score, k, std::move(biases));
        router.setConstant().setSelection(std::move(selection)).tie = tie;
        return (isBounded ? router : router.forgetInput()).findDead();
      };
      EXPECT_EQ(findDead(1, {0, 0, 0}), (Experts{1, 2}));
      EXPECT_EQ(findDead(2, {9, 9, 9}), Experts{2});
      EXPECT_EQ(findDead(1, {0, 0, 0}, {}, TieRule::Highest), (Experts{0, 1}));
      EXPECT_EQ(findDead(1, {0, 1, 0}), (Experts{0, 2}));
      EXPECT_EQ(findDead(1, {0, 0, 0}, {0, 0, 0}), (Experts{1, 2}));
      EXPECT_EQ(findDead(1, {0, 0, 0}, {0, 1e-9, 0}), Experts{2});
      EXPECT_EQ(findDead(1, {0, 0, 0}, {0, 1, 0}), (Experts{0, 2}));
      EXPECT_EQ(findDead(1, {0, 0}, {-kInfinity, -kInfinity}), Experts{});
      // Functions are not known to rise with scores that are this close.
      bool risesAlways = score == kNone || score == kSelected;
      EXPECT_EQ(findDead(1, {1e-9, 0}), risesAlways ? Experts{1} : Experts{});
      EXPECT_EQ(findDead(1, {0, 1e-9}), risesAlways ? Experts{0} : Experts{});
    }
  // Another's score may be anything.
  SmallRouter router(kSoftmax, 1, {0, 0, 0});
  router.isConstant = {false, true, true};
  EXPECT_EQ(router.forgetInput().findDead(), Experts{2});
}

TEST(DeadExpertsTest, GroupsThatGoTakeTheirExpertsAlong) {
  auto make = [](int64_t k, double fill) {
    SmallRouter router(kSoftmax, k, {0, 0, 0, 0});
    return router.setSelection({0, -kInfinity, 0, 0}).setGroups(2, 1, fill);
  };
  EXPECT_EQ(make(1, -kInfinity).findDead(), Experts{1});
  // Its group stays and has one other.
  EXPECT_EQ(make(2, -kInfinity).findDead(), Experts{});
  // Its group goes, and it has the key 0 like those that nothing beats.
  EXPECT_EQ(make(1, 0).findDead(), Experts{1});
  EXPECT_EQ(make(2, 0).findDead(), Experts{});
  // Among equal keys the last comes first: not the one before it.
  SmallRouter last = make(1, 0);
  last.tie = TieRule::Highest;
  EXPECT_EQ(last.findDead(), Experts{1});
  last.setSelection({-kInfinity, 0, 0, 0}).setGroups(2, 1, 2);
  EXPECT_EQ(last.findDead(), (Experts{0, 2}));
  last.tie = TieRule::Lowest;
  EXPECT_EQ(last.findDead(), (Experts{1, 3}));
  // All groups stay.
  SmallRouter all = make(3, 0);
  EXPECT_EQ(all.setGroups(2, 2, 0).findDead(), Experts{1});
}

TEST(DeadExpertsTest, GroupsThatAlwaysLoseHaveNoExpertChosen) {
  auto make = [](GroupScore by, std::vector<double> selection) {
    SmallRouter router(kSigmoid, 2, {0, 0, 0, 0});
    return router.setSelection(std::move(selection))
        .setGroups(2, 1, -kInfinity, by);
  };
  EXPECT_EQ(make(GroupScore::Max, {5, 5, 0, 0}).findDead(), (Experts{2, 3}));
  EXPECT_EQ(make(GroupScore::Max, {0, 0, 5, 5}).findDead(), (Experts{0, 1}));
  EXPECT_EQ(make(GroupScore::Max, {5, 0, 0, 0}).findDead(), (Experts{2, 3}));
  EXPECT_EQ(make(GroupScore::Max, {0, 0, 0, 0}).findDead(), Experts{});
  EXPECT_EQ(make(GroupScore::Top2Sum, {5, 5, 0, 0}).findDead(),
            (Experts{2, 3}));
  EXPECT_EQ(make(GroupScore::Top2Sum, {5, 0, 0, 0}).findDead(), Experts{});
  // Sums may round to the same, and then the first group stays.
  EXPECT_EQ(make(GroupScore::Top2Sum, {0, 0, 5, 5}).findDead(), Experts{});
  SmallRouter last = make(GroupScore::Top2Sum, {0, 0, 5, 5});
  last.tie = TieRule::Highest;
  EXPECT_EQ(last.findDead(), (Experts{0, 1}));
}

TEST(DeadExpertsTest, WhatIsNoNumberProvesNothing) {
  double nan = std::numeric_limits<double>::quiet_NaN();
  SmallRouter good(kNone, 1, {0, -5});
  EXPECT_EQ(good.findDead(), Experts{1});
  auto isEmpty = [&](auto change) {
    SmallRouter router = good;
    change(router);
    return router.findDead().empty();
  };
  EXPECT_TRUE(isEmpty([&](SmallRouter &r) { r.bias[0] = nan; }));
  EXPECT_TRUE(isEmpty([&](SmallRouter &r) { r.bias[0] = kInfinity; }));
  EXPECT_TRUE(isEmpty([&](SmallRouter &r) { r.selection = {kInfinity, 0}; }));
  EXPECT_TRUE(isEmpty([&](SmallRouter &r) { r.rows[0] = kInfinity; }));
  EXPECT_TRUE(isEmpty([&](SmallRouter &r) { r.input.gain[0] = nan; }));
  EXPECT_TRUE(isEmpty([&](SmallRouter &r) { r.input.center[0] = nan; }));
  EXPECT_TRUE(isEmpty([&](SmallRouter &r) { r.groupFill = nan; }));
  EXPECT_TRUE(
      isEmpty([&](SmallRouter &r) { r.score = ScoreFunction::SparseMixer; }));
}

TEST(DeadExpertsTest, MarginsAreLowerBoundsThatAreNearlyReached) {
  SmallRouter router(kNone, 1, {3, 0});
  std::vector<Proof> proofs = findUnreachable(router.setRows({1, 2}));
  ASSERT_EQ(proofs.size(), 1u);
  EXPECT_EQ(proofs[0].beatenBy, Experts{0});
  EXPECT_NEAR(proofs[0].margins[0], 2, 1e-4);
  EXPECT_LT(proofs[0].margins[0], 2);
  EXPECT_FALSE(proofs[0].isMasked);
  // Here the intervals [9, 11] and [-2, 2] are apart.
  router.bias[0] = 10;
  EXPECT_TRUE(findUnreachable(router)[0].isMasked);
}
