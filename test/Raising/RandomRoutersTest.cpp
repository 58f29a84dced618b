//===-- RandomRoutersTest.cpp - experts that no router was seen to choose -===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

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
