//===-- PoolTest.cpp - parallel_for on own and foreign pools --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "FakeModel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <thread>

using namespace moec::testing;

namespace {
/// What a main gets from its test: the tests run one at a time.
struct Plan {
  moec_rt_task task;
  const void *args;
  int64_t count;
  int repeats = 1;
};
} // namespace

static Plan plan;

static int32_t planMain(moec_ctx *ctx) {
  for (int i = 0; i < plan.repeats; ++i)
    if (int32_t status =
            moec_rt_parallel_for(ctx, plan.task, plan.args, plan.count))
      return status;
  return MOEC_OK;
}

namespace {
/// A model without inputs, outputs and weights.
class PoolTest : public ::testing::Test {
protected:
  void SetUp() override {
    model.desc.n_inputs = model.desc.n_outputs = 0;
    model.desc.weights_bytes = 0;
    model.desc.main = planMain;
    api = model.api();
    ASSERT_NE(api, nullptr);
  }
  moec_session *create(int32_t threads, moec_pool *pool = nullptr) {
    moec_session_options options = {};
    options.struct_size = sizeof(options);
    options.n_threads = threads;
    options.pool = pool;
    char text[200] = "";
    options.error_text = text;
    options.error_capacity = sizeof(text);
    moec_session *session = nullptr;
    EXPECT_EQ(api->session_create(api, &options, &session), MOEC_OK) << text;
    return session;
  }
  int32_t run(moec_session *session) {
    return api->run(session, nullptr, 0, nullptr, 0);
  }
  /// Runs the plan once with `threads` threads.
  int32_t runWith(int32_t threads) {
    moec_session *session = create(threads);
    int32_t status = run(session);
    api->session_destroy(session);
    return status;
  }

  FakeModel model;
  const moec_api *api = nullptr;
};

struct Sums {
  std::vector<float> values;
  std::vector<std::atomic<int>> visits;
  std::vector<std::atomic<int>> busy;
  explicit Sums(size_t n) : values(n), visits(n), busy(64) {}
};
} // namespace

static int32_t sumTask(moec_ctx *ctx, const void *args, int64_t index,
                       int32_t worker) {
  Sums &sums = *static_cast<Sums *>(const_cast<void *>(args));
  if (worker < 0 || worker >= 64 || sums.busy[worker].exchange(1))
    return moec_rt_fail(ctx, MOEC_INTERNAL, -1);
  sums.visits[index]++;
  float sum = 0;
  for (int i = 0; i < 25; ++i)
    sum += std::sin(float(index * 25 + i));
  sums.values[index] = sum;
  sums.busy[worker] = 0;
  return MOEC_OK;
}

TEST_F(PoolTest, SameBitsForAnyThreadCount) {
  for (int64_t count : {1, 2, 3, 17, 1000}) {
    Sums reference(count);
    for (int64_t threads = 1; threads <= 8; ++threads) {
      Sums sums(count);
      plan = {sumTask, &sums, count};
      ASSERT_EQ(runWith(int32_t(threads)), MOEC_OK);
      for (int64_t i = 0; i < count; ++i)
        ASSERT_EQ(sums.visits[i], 1) << i;
      if (threads == 1)
        reference.values = sums.values;
      EXPECT_EQ(std::memcmp(reference.values.data(), sums.values.data(),
                            size_t(count) * sizeof(float)),
                0)
          << threads;
    }
  }
}

TEST_F(PoolTest, ManySmallJobs) {
  Sums sums(3);
  plan = {sumTask, &sums, 3, 20000};
  ASSERT_EQ(runWith(4), MOEC_OK);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(sums.visits[i], 20000);
}

TEST_F(PoolTest, WakesSleepingThreads) {
  // Long pauses between jobs: the workers have gone to sleep each time.
  Sums sums(100);
  plan = {sumTask, &sums, 100};
  moec_session *session = create(3);
  for (int i = 0; i < 30; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    ASSERT_EQ(run(session), MOEC_OK);
  }
  api->session_destroy(session);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(sums.visits[i], 30);
}

TEST_F(PoolTest, AllThreadsWork) {
  // Each item waits until all four are under way.
  static std::atomic<int> inside;
  inside = 0;
  auto task = [](moec_ctx *, const void *, int64_t, int32_t) -> int32_t {
    inside++;
    while (inside < 4)
      std::this_thread::yield();
    return MOEC_OK;
  };
  plan = {task, nullptr, 4};
  EXPECT_EQ(runWith(4), MOEC_OK);
}

TEST_F(PoolTest, NothingToDo) {
  auto task = [](moec_ctx *, const void *, int64_t, int32_t) -> int32_t {
    return MOEC_INTERNAL;
  };
  for (int64_t count : {INT64_C(0), INT64_C(-1), INT64_MIN}) {
    plan = {task, nullptr, count};
    EXPECT_EQ(runWith(2), MOEC_OK);
  }
}

TEST_F(PoolTest, LowestFailureWins) {
  auto task = [](moec_ctx *, const void *, int64_t index, int32_t) -> int32_t {
    if (index == 40) {
      // Later than those behind it.
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return MOEC_DIVISION_BY_ZERO;
    }
    return index > 40 ? MOEC_INDEX_OUT_OF_RANGE : MOEC_OK;
  };
  plan = {task, nullptr, 100};
  for (int32_t threads = 1; threads <= 8; ++threads)
    for (int i = 0; i < 10; ++i)
      ASSERT_EQ(runWith(threads), MOEC_DIVISION_BY_ZERO) << threads;
}

namespace {
struct Nested {
  Sums *sums;
  int64_t outer;
  int32_t worker;
};
} // namespace

static int32_t innerTask(moec_ctx *ctx, const void *args, int64_t index,
                         int32_t worker) {
  const Nested &nested = *static_cast<const Nested *>(args);
  // The same worker, so that its number is this thread's own.
  if (worker != nested.worker)
    return moec_rt_fail(ctx, MOEC_INTERNAL, -1);
  nested.sums->visits[nested.outer * 8 + index]++;
  return MOEC_OK;
}

static int32_t outerTask(moec_ctx *ctx, const void *args, int64_t index,
                         int32_t worker) {
  Nested nested = {static_cast<Sums *>(const_cast<void *>(args)), index,
                   worker};
  return moec_rt_parallel_for(ctx, innerTask, &nested, 8);
}

TEST_F(PoolTest, NestedCallsRunSerially) {
  for (int32_t threads : {1, 2, 5}) {
    Sums sums(size_t(20) * 8);
    plan = {outerTask, &sums, 20};
    ASSERT_EQ(runWith(threads), MOEC_OK);
    for (auto &visits : sums.visits)
      EXPECT_EQ(visits, 1);
  }
}

TEST_F(PoolTest, SessionsShareAPool) {
  moec_pool *pool = nullptr;
  ASSERT_EQ(api->pool_create(api, 3, &pool), MOEC_OK);
  EXPECT_EQ(pool->n_workers, 3);
  moec_session *a = create(0, pool), *b = create(0, pool);
  EXPECT_EQ(api->session_threads(a), 3);
  static std::atomic<int64_t> total;
  total = 0;
  auto task = [](moec_ctx *, const void *, int64_t index, int32_t) -> int32_t {
    total += index;
    return MOEC_OK;
  };
  plan = {task, nullptr, 10, 500};
  std::thread first([&] { EXPECT_EQ(run(a), MOEC_OK); });
  std::thread second([&] { EXPECT_EQ(run(b), MOEC_OK); });
  first.join();
  second.join();
  EXPECT_EQ(total, 2 * 500 * 45);
  api->session_destroy(a);
  api->session_destroy(b);
  api->pool_destroy(pool);
  api->pool_destroy(nullptr);
}

TEST_F(PoolTest, StartsAndStops) {
  for (int i = 0; i < 200; ++i) {
    moec_pool *pool = nullptr;
    ASSERT_EQ(api->pool_create(api, 1 + i % 6, &pool), MOEC_OK);
    api->pool_destroy(pool);
  }
}

//===-- Pools of the host -------------------------------------------------===//

/// Backwards, on threads of its own.
static int32_t hostParallelFor(moec_pool *pool, moec_task_fn task,
                               void *argument, int64_t count) {
  *static_cast<int *>(pool->context) += 1;
  std::thread other([&] {
    for (int64_t i = count - 1; i >= count / 2; --i)
      task(argument, i, 1);
  });
  for (int64_t i = count / 2 - 1; i >= 0; --i)
    task(argument, i, 0);
  other.join();
  return MOEC_OK;
}

TEST_F(PoolTest, UsesTheHostsThreads) {
  int calls = 0;
  moec_pool pool = {sizeof(pool), 2, &calls, hostParallelFor};
  moec_session *session = create(0, &pool);
  Sums sums(100), reference(100);
  plan = {sumTask, &sums, 100};
  EXPECT_EQ(run(session), MOEC_OK);
  EXPECT_EQ(calls, 1);
  api->session_destroy(session);
  plan.args = &reference;
  ASSERT_EQ(runWith(1), MOEC_OK);
  EXPECT_EQ(sums.values, reference.values);
}

TEST_F(PoolTest, ReportsAHostsFailure) {
  moec_pool pool = {sizeof(pool), 2, nullptr,
                    [](moec_pool *, moec_task_fn, void *, int64_t) -> int32_t {
                      return MOEC_OUT_OF_MEMORY;
                    }};
  Sums sums(100);
  plan = {sumTask, &sums, 100};
  moec_session *session = create(0, &pool);
  EXPECT_EQ(run(session), MOEC_OUT_OF_MEMORY);
  // A worker out of range would write beyond the slots.
  pool.parallel_for = [](moec_pool *, moec_task_fn task, void *argument,
                         int64_t) -> int32_t {
    task(argument, 0, 2);
    return MOEC_OK;
  };
  EXPECT_EQ(run(session), MOEC_INVALID_ARGUMENT);
  api->session_destroy(session);
}

//===-- The floating-point mode -------------------------------------------===//

TEST_F(PoolTest, TheHostsFloatModeDoesNotMatter) {
  // A subnormal: with flush-to-zero the product is 0.
  static std::atomic<int> zeros;
  zeros = 0;
  auto task = [](moec_ctx *, const void *, int64_t, int32_t) -> int32_t {
    volatile float small = 1e-30f, smaller = 1e-10f;
    zeros += small * smaller == 0.0f;
    return MOEC_OK;
  };
  plan = {task, nullptr, 50};
  moec_session *session = create(2);
  unsigned before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(before | 0x8040); // FTZ, DAZ
  unsigned set = __builtin_ia32_stmxcsr();
  int32_t status = run(session);
  unsigned after = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(before);
  EXPECT_EQ(status, MOEC_OK);
  EXPECT_EQ(zeros, 0);
  EXPECT_EQ(after, set) << "the host's mode is the host's";
  api->session_destroy(session);
}
