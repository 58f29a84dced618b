//===-- ProfileTest.cpp - who is chosen in the MoE layers -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "RunFixture.h"

#include <cmath>
#include <limits>
#include <thread>

using namespace moec::testing;

/// Five tokens of two choices, some of which are no expert's or have no weight.
static const int32_t firstIds[] = {0, 2, 2, 1, -1, 3, 0, 1, INT32_MIN, 2};
static const float infinity = std::numeric_limits<float>::infinity();
static const float firstWeights[] = {0.5f, 0.25f, -0.5f, 1.0f, 8.0f,
                                     9.0f, NAN,   2.0f,  3.0f, -infinity};
static const int32_t secondIds[] = {1, 1, 1};
static const float secondWeights[] = {0.0f, 1.0f, 3.0f};

static int32_t profilingMain(moec_ctx *ctx) {
  moec_rt_profile(ctx, 0, 5, 2, firstIds, firstWeights);
  moec_rt_profile(ctx, 1, 3, 1, secondIds, secondWeights);
  // No layers of this model.
  moec_rt_profile(ctx, 2, 3, 1, secondIds, secondWeights);
  moec_rt_profile(ctx, -1, 3, 1, secondIds, secondWeights);
  return fakeMain(ctx);
}

namespace {
using Counts = std::vector<uint64_t>;
using Weights = std::vector<double>;

class ProfileTest : public RunFixture {
protected:
  void SetUp() override {
    model.desc.main = profilingMain;
    model.setLayers({{"first", 3, 2}, {"second", 2, -1}});
    RunFixture::SetUp();
  }

  void enable(int32_t on = 1) {
    ASSERT_EQ(api->profile_enable(session, on), MOEC_OK) << error();
  }
  void runAndRelease() {
    ASSERT_EQ(run(), MOEC_OK) << error();
    release();
  }
  void expectCounts(int32_t layer, uint64_t tokens, const Counts &counts,
                    const Weights &weights) {
    uint64_t readTokens = 77;
    Counts readCounts(counts.size(), 77);
    Weights readWeights(weights.size(), 77);
    ASSERT_EQ(api->profile_read(session, layer, &readTokens, readCounts.data(),
                                readWeights.data(), int32_t(counts.size())),
              MOEC_OK)
        << error();
    EXPECT_EQ(readTokens, tokens);
    EXPECT_EQ(readCounts, counts);
    EXPECT_EQ(readWeights, weights);
  }
  void expectRefused(int32_t layer, int32_t n, const std::string &text) {
    EXPECT_EQ(api->profile_read(session, layer, nullptr, nullptr, nullptr, n),
              MOEC_INVALID_ARGUMENT);
    EXPECT_NE(error().find(text), std::string::npos) << error();
  }
};
} // namespace

TEST_F(ProfileTest, NamesTheLayers) {
  moec_model_info info = {};
  info.struct_size = sizeof(info);
  ASSERT_EQ(api->model_info(api, &info), MOEC_OK);
  ASSERT_EQ(info.n_moe_layers, 2);
  EXPECT_STREQ(info.moe_layers[0].name, "first");
  EXPECT_EQ(info.moe_layers[0].n_experts, 3);
  EXPECT_EQ(info.moe_layers[1].top_k, -1);
}

TEST_F(ProfileTest, CountsChoicesOfAllRuns) {
  enable();
  expectCounts(0, 0, {0, 0, 0}, {0, 0, 0});
  runAndRelease();
  expectCounts(0, 5, {1, 2, 2}, {0.5, 3, 0.75});
  expectCounts(1, 3, {0, 3}, {0, 4});
  runAndRelease();
  expectCounts(0, 10, {2, 4, 4}, {1, 6, 1.5});
  expectCounts(1, 6, {0, 6}, {0, 8});
}

TEST_F(ProfileTest, StartsFromZeroAndEnds) {
  runAndRelease();
  enable();
  runAndRelease();
  enable();
  runAndRelease();
  expectCounts(1, 3, {0, 3}, {0, 4});
  enable(0);
  runAndRelease();
  expectRefused(1, 2, "call profile_enable before run");
}

TEST_F(ProfileTest, ReadsAsMuchAsIsAskedFor) {
  enable();
  runAndRelease();
  expectCounts(0, 5, {1}, {0.5});
  expectCounts(0, 5, {1, 2, 2, 0, 0}, {0.5, 3, 0.75, 0, 0});
  EXPECT_EQ(api->profile_read(session, 0, nullptr, nullptr, nullptr, 3),
            MOEC_OK);
}

TEST_F(ProfileTest, RefusesWhatIsNotThere) {
  expectRefused(0, 3, "call profile_enable before run");
  enable();
  expectRefused(-1, 3, "layer -1 and 3 experts");
  expectRefused(2, 3, "the model has 2 MoE layers");
  expectRefused(0, -1, "-1 experts");
  EXPECT_EQ(api->profile_enable(nullptr, 1), MOEC_INVALID_ARGUMENT);
  EXPECT_EQ(api->profile_read(nullptr, 0, nullptr, nullptr, nullptr, 0),
            MOEC_INVALID_ARGUMENT);
}

TEST_F(ProfileTest, ARunAllocatesNothingForIt) {
  runAndRelease();
  auto allocationsOfARun = [&] {
    int64_t before = allocator.allocations;
    runAndRelease();
    return allocator.allocations - before;
  };
  int64_t without = allocationsOfARun();
  enable();
  EXPECT_EQ(allocationsOfARun(), without);
}

TEST_F(ProfileTest, KeepsTheOldOneWithoutMemory) {
  enable();
  runAndRelease();
  allocator.failAfter = 0;
  EXPECT_EQ(api->profile_enable(session, 1), MOEC_OUT_OF_MEMORY);
  EXPECT_NE(error().find("a profile of 2 layers"), std::string::npos);
  allocator.failAfter = -1;
  expectCounts(1, 3, {0, 3}, {0, 4});
}

static int32_t failingMain(moec_ctx *ctx) {
  moec_rt_profile(ctx, 1, 3, 1, secondIds, secondWeights);
  return moec_rt_fail(ctx, MOEC_SHAPE_MISMATCH, -1);
}

TEST_F(ProfileTest, CountsAFailedRunAsFarAsItCame) {
  close();
  model.desc.main = failingMain;
  open();
  enable();
  EXPECT_EQ(run(), MOEC_SHAPE_MISMATCH);
  expectCounts(0, 0, {0, 0, 0}, {0, 0, 0});
  expectCounts(1, 3, {0, 3}, {0, 4});
}

static int32_t profilingTask(moec_ctx *ctx, const void *, int64_t, int32_t) {
  moec_rt_profile(ctx, 1, 3, 1, secondIds, secondWeights);
  return MOEC_OK;
}

static int32_t profilingTasksMain(moec_ctx *ctx) {
  moec_rt_parallel_for(ctx, profilingTask, nullptr, 10);
  return fakeMain(ctx);
}

/// Others would count beside it.
TEST_F(ProfileTest, TakesNothingFromTasks) {
  close();
  model.desc.main = profilingTasksMain;
  open();
  runAndRelease();
  enable();
  EXPECT_EQ(run(), MOEC_INTERNAL);
  expectCounts(1, 0, {0, 0}, {0, 0});
}

TEST_F(ProfileTest, OfAModelWithoutLayersIsEmpty) {
  close();
  model.setLayers({});
  open();
  enable();
  runAndRelease();
  expectRefused(0, 0, "the model has 0 MoE layers");
}

TEST_F(ProfileTest, IsASessionsOwn) {
  moec_session *other = nullptr;
  moec_session_options options = optionsFor(model);
  ASSERT_EQ(api->session_create(api, &options, &other), MOEC_OK);
  ASSERT_EQ(api->profile_enable(other, 1), MOEC_OK);
  enable();
  constexpr int runs = 200;
  std::vector<std::thread> threads;
  // Two of one session, which wait for each other, and one of another.
  for (moec_session *each : {session, session, other})
    threads.emplace_back([this, each] {
      for (int i = 0; i < runs; ++i) {
        moec_tensor mine[2] = {};
        EXPECT_EQ(api->run(each, in, 2, mine, 2), MOEC_OK);
        for (moec_tensor &tensor : mine)
          api->tensor_release(each, &tensor);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  const uint64_t all = runs;
  expectCounts(0, 10 * all, {2 * all, 4 * all, 4 * all},
               {1.0 * runs, 6.0 * runs, 1.5 * runs});
  uint64_t tokens = 0;
  EXPECT_EQ(api->profile_read(other, 0, &tokens, nullptr, nullptr, 0), MOEC_OK);
  EXPECT_EQ(tokens, uint64_t(5 * runs));
  api->session_destroy(other);
}
