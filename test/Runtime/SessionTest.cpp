//===-- SessionTest.cpp - memory, sessions, the table ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "RunFixture.h"

#include <cstring>
#include <thread>

using namespace moec::testing;

namespace {
class SessionTest : public RunFixture {};
} // namespace

//===-- Memory ------------------------------------------------------------===//

TEST_F(SessionTest, SurvivesEveryFailingAllocation) {
  close();
  int failures = 0;
  for (int64_t n = 0;; ++n) {
    ASSERT_LT(n, 1000);
    CountingAllocator failing;
    failing.failAfter = n;
    moec_session_options options = optionsFor(model);
    options.allocator = &failing.table;
    moec_session *s;
    int32_t status = api->session_create(api, &options, &s);
    moec_tensor y[2] = {};
    if (status == MOEC_OK) {
      status = api->run(s, in, 2, y, 2);
      if (status != MOEC_OK) {
        EXPECT_EQ(y[0].data, nullptr);
        EXPECT_EQ(y[1].data, nullptr);
        // The session works once there is memory.
        failing.failAfter = -1;
        EXPECT_EQ(api->run(s, in, 2, y, 2), MOEC_OK) << api->last_error(s);
        status = MOEC_OUT_OF_MEMORY;
      }
      api->tensor_release(s, &y[0]);
      api->tensor_release(s, &y[1]);
      api->session_destroy(s);
    } else {
      EXPECT_EQ(s, nullptr);
    }
    EXPECT_EQ(failing.live(), 0u) << n;
    if (status == MOEC_OK)
      break;
    EXPECT_EQ(status, MOEC_OUT_OF_MEMORY) << n;
    ++failures;
  }
  // Session, tensors, pool, slots, two temporaries, two outputs at least.
  EXPECT_GE(failures, 8);
}

TEST_F(SessionTest, ReusesItsMemory) {
  ASSERT_EQ(run(), MOEC_OK);
  release();
  int64_t before = allocator.allocations;
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(run(), MOEC_OK);
    release();
  }
  // The outputs alone.
  EXPECT_EQ(allocator.allocations, before + 20);
}

static int32_t variousMain(moec_ctx *ctx) {
  // Sizes around every class, all live at once, each with its own pattern.
  struct Block {
    uint8_t *data;
    int64_t size;
  };
  std::vector<Block> blocks;
  for (int64_t size = 0; size < 5000; size += 1 + size / 7) {
    void *data;
    if (int32_t status = moec_rt_alloc(ctx, size, -1, &data))
      return status;
    if (reinterpret_cast<uintptr_t>(data) % 64)
      return MOEC_INTERNAL;
    for (int64_t i = 0; i < size; ++i)
      static_cast<uint8_t *>(data)[i] = uint8_t(blocks.size());
    blocks.push_back({static_cast<uint8_t *>(data), size});
  }
  for (size_t b = 0; b < blocks.size(); ++b) {
    for (int64_t i = 0; i < blocks[b].size; ++i)
      if (blocks[b].data[i] != uint8_t(b))
        return MOEC_INTERNAL;
    // Every third is left to the end of the run.
    if (b % 3)
      moec_rt_free(ctx, blocks[b].data);
  }
  moec_rt_free(ctx, nullptr);
  return fakeMain(ctx);
}

TEST_F(SessionTest, BlocksDoNotOverlap) {
  close();
  model.desc.main = variousMain;
  open();
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(run(), MOEC_OK) << error();
    release();
  }
  uint64_t counters[MOEC_COUNTER_COUNT];
  ASSERT_EQ(api->counters(session, counters, MOEC_COUNTER_COUNT), MOEC_OK);
  EXPECT_GE(counters[MOEC_COUNTER_ARENA_BYTES],
            counters[MOEC_COUNTER_ARENA_PEAK]);
}

TEST_F(SessionTest, DropsWhatLongWentUnused) {
  close();
  model.desc.main = variousMain;
  open();
  ASSERT_EQ(run(), MOEC_OK);
  release();
  size_t large = allocator.live();
  model.desc.main = fakeMain;
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(run(), MOEC_OK);
    release();
  }
  EXPECT_LT(allocator.live(), large - 10);
}

//===-- Sessions ----------------------------------------------------------===//

TEST_F(SessionTest, CountsRuns) {
  ASSERT_EQ(run(), MOEC_OK);
  release();
  in[0].dtype = 0;
  EXPECT_NE(run(), MOEC_OK);
  in[0].dtype = MOEC_FLOAT;
  ASSERT_EQ(run(), MOEC_OK);
  uint64_t counters[20];
  ASSERT_EQ(api->counters(session, counters, 20), MOEC_OK);
  EXPECT_EQ(counters[MOEC_COUNTER_RUNS], 2u);
  EXPECT_EQ(counters[MOEC_COUNTER_EXPERT_ROWS], 6u);
  EXPECT_EQ(counters[19], 0u);
}

TEST_F(SessionTest, TwoSessionsAtOnce) {
  auto work = [&](moec_session *s) {
    for (int i = 0; i < 200; ++i) {
      moec_tensor y[2] = {};
      ASSERT_EQ(api->run(s, in, 2, y, 2), MOEC_OK) << api->last_error(s);
      for (int j = 0; j < 12; ++j)
        ASSERT_EQ(static_cast<float *>(y[0].data)[j], x[j] * 2.5f);
      api->tensor_release(s, &y[0]);
      api->tensor_release(s, &y[1]);
    }
  };
  moec_session *other;
  moec_session_options options = optionsFor(model);
  ASSERT_EQ(api->session_create(api, &options, &other), MOEC_OK);
  std::thread first([&] { work(session); }), second([&] { work(other); }),
      // And two threads on one session.
      third([&] { work(session); });
  first.join();
  second.join();
  third.join();
  api->session_destroy(other);
}

TEST(Query, IsTheSameForAllThreads) {
  for (int round = 0; round < 50; ++round) {
    FakeModel model;
    const moec_api *seen[4] = {};
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&, i] { seen[i] = model.api(); });
    for (std::thread &thread : threads)
      thread.join();
    for (int i = 0; i < 4; ++i) {
      ASSERT_NE(seen[i], nullptr);
      EXPECT_EQ(seen[i], seen[0]);
      EXPECT_EQ(seen[i]->model, &model.desc);
      EXPECT_NE(seen[i]->state_destroy, nullptr);
    }
  }
}

TEST(Query, ServesTwoModelsOfOneProgram) {
  FakeModel a, b;
  b.desc.name = "other";
  moec_model_info infoA = {}, infoB = {};
  infoA.struct_size = infoB.struct_size = sizeof(infoA);
  const moec_api *apiA = a.api(), *apiB = b.api();
  ASSERT_EQ(apiA->model_info(apiA, &infoA), MOEC_OK);
  ASSERT_EQ(apiB->model_info(apiB, &infoB), MOEC_OK);
  EXPECT_STREQ(infoA.name, "fake");
  EXPECT_STREQ(infoB.name, "other");
}

TEST(Query, FillsOnlyTheCallersPart) {
  FakeModel model;
  const moec_api *api = model.api();
  EXPECT_EQ(api->magic, MOEC_API_MAGIC);
  EXPECT_EQ(std::memcmp(&api->magic, "MOECABI1", 8), 0);
  moec_model_info info;
  std::memset(&info, 0x5a, sizeof(info));
  info.struct_size = offsetof(moec_model_info, inputs);
  ASSERT_EQ(api->model_info(api, &info), MOEC_OK);
  EXPECT_STREQ(info.name, "fake");
  EXPECT_EQ(info.n_outputs, 2);
  const unsigned char *rest = reinterpret_cast<unsigned char *>(&info.inputs);
  EXPECT_EQ(rest[0], 0x5a);
  EXPECT_STREQ(api->level_name(api, 2), "x86-64-v3");
  EXPECT_EQ(api->level_name(api, 3), nullptr);
}

TEST(Query, RefusesADamagedDescriptor) {
  EXPECT_EQ(moec_rt_query(nullptr), nullptr);
  auto refuse = [](auto change) {
    FakeModel model;
    change(model);
    EXPECT_EQ(model.api(), nullptr);
  };
  refuse([](FakeModel &m) { m.desc.struct_size -= 8; });
  refuse([](FakeModel &m) { m.desc.abi_version++; });
  refuse([](FakeModel &m) { m.desc.main = nullptr; });
  refuse([](FakeModel &m) { m.desc.slot = nullptr; });
  refuse([](FakeModel &m) { m.inputs[0].rank = MOEC_MAX_RANK + 1; });
  refuse([](FakeModel &m) { m.inputs[0].dtype = 8; });
  refuse([](FakeModel &m) { m.outputs[1].alias = 2; });
  refuse([](FakeModel &m) { m.desc.n_moe_layers = -1; });
  refuse([](FakeModel &m) { m.setLayers({{"a", 2, 1}, {"b", -1, 1}}); });
}

TEST(Options, AreChecked) {
  FakeModel model;
  const moec_api *api = model.api();
  moec_session *session;
  char text[16];
  auto create = [&](auto change) {
    moec_session_options options = optionsFor(model);
    options.error_text = text;
    options.error_capacity = sizeof(text);
    change(options);
    int32_t status = api->session_create(api, &options, &session);
    EXPECT_EQ(session, nullptr);
    return status;
  };
  using O = moec_session_options;
  EXPECT_EQ(create([](O &o) { o.struct_size = 8; }), MOEC_VERSION_MISMATCH);
  EXPECT_EQ(create([](O &o) { o.n_threads = -1; }), MOEC_INVALID_ARGUMENT);
  EXPECT_EQ(create([](O &o) { o.weights_path = "/nowhere"; }),
            MOEC_INVALID_ARGUMENT);
  EXPECT_EQ(create([](O &o) { o.max_cpu = "pentium"; }), MOEC_INVALID_ARGUMENT);
  // Cut to the buffer, and terminated.
  EXPECT_STREQ(text, "CPU level 'pent");
  moec_allocator half = {};
  EXPECT_EQ(create([&](O &o) { o.allocator = &half; }), MOEC_INVALID_ARGUMENT);
  moec_pool pool = {};
  EXPECT_EQ(create([&](O &o) { o.pool = &pool; }), MOEC_VERSION_MISMATCH);
  pool.struct_size = sizeof(pool);
  EXPECT_EQ(create([&](O &o) { o.pool = &pool; }), MOEC_INVALID_ARGUMENT);
  EXPECT_EQ(api->session_create(api, nullptr, nullptr), MOEC_INVALID_ARGUMENT);
  api->session_destroy(nullptr);
}

TEST(Options, ReservedStateSaysSo) {
  FakeModel model;
  const moec_api *api = model.api();
  moec_state *state = reinterpret_cast<moec_state *>(&model);
  EXPECT_EQ(api->state_create(nullptr, &state), MOEC_UNSUPPORTED);
  EXPECT_EQ(state, nullptr);
  EXPECT_EQ(api->state_append(nullptr, 1), MOEC_UNSUPPORTED);
  for (int i = 0; i < MOEC_STATUS_COUNT; ++i)
    EXPECT_STRNE(api->status_string(i), "unknown status") << i;
  EXPECT_STREQ(api->status_string(99), "unknown status");
}
