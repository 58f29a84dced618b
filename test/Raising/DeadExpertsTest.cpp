//===-- DeadExpertsTest.cpp - experts that a router never chooses ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Raising/DeadExperts/KeyOrder.h"
#include "lib/Raising/DeadExperts/Unreachable.h"

#include "llvm/ADT/STLExtras.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <numeric>
#include <random>

using namespace moec;
using namespace moec::dead;
using moe::GroupScore;
using moe::ScoreFunction;
using moe::TieRule;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

//===-- The router, in f32 ------------------------------------------------===//

namespace {
/// One token's choice, written for this test alone, in the steps of moe.route.
class Routing {
public:
  Routing(const RouterNumbers &router, const std::vector<float> &x)
      : router(router), x(x) {}

  struct Choice {
    int64_t expert;
    float weight;
  };

  std::vector<Choice> choose() {
    normalise();
    scores.reserve(router.experts);
    for (int64_t i = 0; i < router.experts; ++i)
      scores.push_back(score(i));
    probabilities = activate();
    std::vector<float> keys = probabilities;
    for (size_t i = 0; i < router.selection.size(); ++i)
      keys[i] += float(router.selection[i]);
    if (router.groups > 1)
      fillGroups(keys);
    std::vector<Choice> choices;
    for (int64_t expert : rank(keys, router.choices))
      choices.push_back({expert, probabilities[expert]});
    return choices;
  }

private:
  /// RMS normalisation, then gain and bias.
  void normalise() {
    float square = 0;
    for (float element : x)
      square += element * element;
    float scale = 1.0f / std::sqrt(square / float(x.size()) + 1e-6f);
    for (size_t k = 0; k < x.size(); ++k)
      x[k] = x[k] * scale * float(router.input.gain[k]) +
             float(router.input.center[k]);
  }

  float score(int64_t i) const {
    float sum = 0;
    for (size_t k = 0; k < x.size(); ++k)
      sum += x[k] * float(router.rows[i * x.size() + k]);
    return sum + float(router.bias[i]);
  }

  std::vector<float> activate() const {
    std::vector<float> result = scores;
    if (router.score == ScoreFunction::Sigmoid)
      for (float &s : result)
        s = 1.0f / (1.0f + std::exp(-s));
    if (router.score != ScoreFunction::SoftmaxAll)
      return result;
    float highest = *llvm::max_element(scores), sum = 0;
    for (float &s : result)
      sum += s = std::exp(s - highest);
    for (float &s : result)
      s /= sum;
    return result;
  }

  std::vector<int64_t> rank(const std::vector<float> &keys,
                            int64_t count) const {
    std::vector<int64_t> order(keys.size());
    std::iota(order.begin(), order.end(), 0);
    llvm::stable_sort(order, [&](int64_t a, int64_t b) {
      if (keys[a] != keys[b])
        return keys[a] > keys[b];
      return router.tie == TieRule::Lowest ? a < b : a > b;
    });
    order.resize(count);
    return order;
  }

  void fillGroups(std::vector<float> &keys) const {
    int64_t size = router.experts / router.groups;
    std::vector<float> ranks;
    for (int64_t group = 0; group < router.groups; ++group) {
      std::vector<float> own(keys.begin() + group * size,
                             keys.begin() + (group + 1) * size);
      llvm::sort(own, std::greater<float>());
      ranks.push_back(router.groupScore == GroupScore::Max ? own[0]
                                                           : own[0] + own[1]);
    }
    std::vector<int64_t> kept = rank(ranks, router.groupsKept);
    for (int64_t i = 0; i < router.experts; ++i)
      if (!llvm::is_contained(kept, i / size))
        keys[i] = float(router.groupFill);
  }

  const RouterNumbers &router;
  std::vector<float> x;
  std::vector<float> scores, probabilities;
};

/// Routers of every kind, and tokens that try to reach each expert.
class RandomRouter {
public:
  explicit RandomRouter(unsigned seed) : random(seed) {
    router.experts = 4 * (1 + pick(4));
    router.choices = 1 + pick(3);
    hidden = 4 + pick(29);
    static constexpr ScoreFunction scores[] = {
        ScoreFunction::SoftmaxAll, ScoreFunction::SoftmaxSelected,
        ScoreFunction::Sigmoid, ScoreFunction::None};
    router.score = scores[pick(4)];
    router.tie = pick(2) ? TieRule::Lowest : TieRule::Highest;
    router.scoreRoundoff = std::ldexp(1.0, -24);
    setInput();
    setRows();
    setBiases();
    if (pick(3) == 0)
      setGroups();
    setConstants();
  }

  std::vector<float> makeToken() {
    // Of any size; half of them straight at the difference of two rows.
    double scale = std::pow(10.0, double(pick(13)) - 6);
    std::vector<float> token;
    int64_t a = pick(router.experts), b = pick(router.experts);
    bool isAimed = pick(2);
    for (int64_t k = 0; k < hidden; ++k) {
      double aim = router.input.gain[k] *
                   (router.rows[a * hidden + k] - router.rows[b * hidden + k]);
      token.push_back(float(scale * (isAimed ? aim : normal())));
    }
    return token;
  }

  RouterNumbers router;

private:
  int64_t pick(int64_t count) {
    return std::uniform_int_distribution<int64_t>(0, count - 1)(random);
  }
  double normal() { return float(std::normal_distribution<>()(random)); }

  void setInput() {
    InputBound &input = router.input;
    input.kind = InputBound::RmsNorm;
    bool hasCenter = pick(2);
    for (int64_t k = 0; k < hidden; ++k) {
      input.gain.push_back(float(1 + 0.2 * normal()));
      input.center.push_back(hasCenter ? normal() : 0);
    }
    input.radius = std::sqrt(double(hidden)) *
                   (1 + double(hidden + 16) * std::ldexp(1.0, -23));
    input.relative = std::ldexp(1.0, -22);
    input.absolute = std::ldexp(1.0, -100);
  }

  void setRows() {
    double size = std::pow(10.0, -double(pick(4)));
    for (int64_t i = 0; i < router.experts * hidden; ++i)
      router.rows.push_back(float(size * normal()));
    // Some rows are nearly another's, so that little decides.
    if (pick(2))
      for (int64_t k = 0; k < hidden; ++k)
        router.rows[k] =
            float(router.rows[hidden + k] + 1e-6 * size * normal());
  }

  void setBiases() {
    double size = std::pow(10.0, double(pick(4)) - 2);
    bool hasBias = pick(3), hasSelection = pick(2);
    for (int64_t i = 0; i < router.experts; ++i) {
      router.bias.push_back(!hasBias  ? 0
                            : pick(9) ? float(size * normal())
                            : pick(2) ? -kInfinity
                                      : -1e9);
      if (hasSelection)
        router.selection.push_back(pick(9)   ? float(size * normal())
                                   : pick(2) ? -kInfinity
                                             : -1e9);
    }
  }

  void setGroups() {
    router.groups = router.experts / 4 > 1 && pick(2) ? router.experts / 4 : 2;
    router.groupsKept = 1 + pick(router.groups);
    router.groupScore = pick(2) ? GroupScore::Max : GroupScore::Top2Sum;
    router.groupFill = pick(2) ? 0 : -kInfinity;
    router.choices = std::min(
        router.choices, router.groupsKept * router.experts / router.groups);
  }

  /// Rows of zeros, of few scores.
  void setConstants() {
    bool hasSome = pick(3) == 0;
    for (int64_t i = 0; i < router.experts; ++i) {
      router.isConstant.push_back(hasSome && pick(2));
      if (!router.isConstant[i])
        continue;
      std::fill_n(router.rows.begin() + i * hidden, hidden, 0.0);
      if (pick(2))
        router.bias[i] = double(pick(2));
    }
  }

  std::mt19937 random;
  int64_t hidden;
};
} // namespace

static int64_t getCount(const char *variable, int64_t otherwise) {
  const char *text = std::getenv(variable);
  return text ? std::strtoll(text, nullptr, 10) : otherwise;
}

TEST(DeadExpertsTest, NoneOfThoseFoundIsEverChosen) {
  // More of them with MOEC_RANDOM_ROUTERS, from MOEC_RANDOM_SEED on.
  int64_t routers = getCount("MOEC_RANDOM_ROUTERS", 1000);
  int64_t begin = getCount("MOEC_RANDOM_SEED", 0);
  constexpr int64_t kTokens = 1000;
  int64_t dead = 0, unreachable = 0, grouped = 0;
  for (int64_t seed = begin; seed < begin + routers; ++seed) {
    RandomRouter made{unsigned(seed)};
    std::vector<Proof> proofs = findUnreachable(made.router);
    dead += int64_t(proofs.size());
    grouped += made.router.groups > 1 ? int64_t(proofs.size()) : 0;
    unreachable +=
        llvm::count_if(proofs, [](const Proof &p) { return !p.isMasked; });
    for (int64_t t = 0; t < kTokens && !proofs.empty(); ++t)
      for (auto [expert, weight] :
           Routing(made.router, made.makeToken()).choose())
        for (const Proof &proof : proofs)
          ASSERT_TRUE(proof.expert != expert || weight == 0 ||
                      std::isnan(weight))
              << "router " << seed << ", token " << t << ", expert " << expert
              << " of weight " << weight;
  }
  // The test is about something.
  EXPECT_GT(dead, routers / 2);
  EXPECT_GT(unreachable, routers / 10);
  EXPECT_GT(grouped, routers / 20);
}

//===-- One row of the rationale's tables each ----------------------------===//

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
