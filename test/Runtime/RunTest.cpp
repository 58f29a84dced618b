//===-- RunTest.cpp - inputs, outputs, aliases, errors
//------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===--------------------------------------------------------------------------===//

#include "FakeModel.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <thread>

using namespace moec::testing;

namespace {

/// A session of a FakeModel with tensors for n = 3, p = 2.
class RunTest : public ::testing::Test {
protected:
  void SetUp() override {
    x.resize(12);
    std::iota(x.begin(), x.end(), 1.0f);
    past.resize(12);
    std::iota(past.begin(), past.end(), 100.0f);
    in[0] = floatTensor(x, {3, 4});
    in[1] = floatTensor(past, {2, 2, 3});
    open();
  }
  void TearDown() override { close(); }

  void open() {
    api = model.api();
    ASSERT_NE(api, nullptr);
    char text[256] = "";
    moec_session_options options = optionsFor(model);
    options.allocator = &allocator.table;
    options.error_text = text;
    options.error_capacity = sizeof(text);
    ASSERT_EQ(api->session_create(api, &options, &session), MOEC_OK) << text;
  }
  void close() {
    if (!session)
      return;
    release();
    api->session_destroy(session);
    session = nullptr;
    EXPECT_EQ(allocator.live(), 0u) << "something was not given back";
  }
  void release() {
    for (moec_tensor &tensor : out)
      api->tensor_release(session, &tensor);
  }
  int32_t run() { return api->run(session, in, 2, out, 2); }
  std::string error() { return api->last_error(session); }

  void expectResult() {
    const float *y = static_cast<const float *>(out[0].data);
    for (int i = 0; i < 12; ++i)
      EXPECT_EQ(y[i], x[i] * 2.5f) << i;
    const float *present = static_cast<const float *>(out[1].data);
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 3; ++j)
        for (int k = 0; k < 3; ++k)
          EXPECT_EQ(present[i * out[1].strides[0] + j * out[1].strides[1] + k],
                    j == 2 ? 7.0f : 100.0f + i * 6 + j * 3 + k);
  }

  FakeModel model;
  CountingAllocator allocator;
  const moec_api *api = nullptr;
  moec_session *session = nullptr;
  std::vector<float> x, past;
  moec_tensor in[2], out[2] = {};
};

TEST_F(RunTest, AllocatesOutputs) {
  ASSERT_EQ(run(), MOEC_OK) << error();
  EXPECT_EQ(out[0].rank, 2);
  EXPECT_EQ(out[0].shape[0], 3);
  EXPECT_EQ(out[0].dtype, MOEC_FLOAT);
  EXPECT_TRUE(out[0].flags & MOEC_TENSOR_OWNED);
  EXPECT_EQ(out[1].shape[1], 3);
  expectResult();
  release();
  EXPECT_EQ(out[0].data, nullptr);
  api->tensor_release(session, &out[0]); // A second time does nothing.
}

TEST_F(RunTest, FillsTheCallersBuffers) {
  std::vector<float> y(12), present(18);
  out[0].data = y.data();
  out[0].capacity = 48;
  out[1].data = present.data();
  out[1].capacity = 72;
  ASSERT_EQ(run(), MOEC_OK) << error();
  EXPECT_EQ(out[0].data, y.data());
  EXPECT_FALSE(out[0].flags & MOEC_TENSOR_OWNED);
  expectResult();
}

TEST_F(RunTest, SaysTheNeededShape) {
  std::vector<float> y(12);
  out[0].data = y.data();
  out[0].capacity = 47;
  EXPECT_EQ(run(), MOEC_BUFFER_TOO_SMALL);
  EXPECT_EQ(out[0].rank, 2);
  EXPECT_EQ(out[0].shape[0], 3);
  EXPECT_EQ(out[0].shape[1], 4);
  EXPECT_NE(error().find("'y' of shape [3, 4] needs 48 bytes"),
            std::string::npos)
      << error();
  EXPECT_EQ(out[1].data, nullptr);
  out[0].capacity = 48;
  EXPECT_EQ(run(), MOEC_OK) << error();
}

TEST_F(RunTest, AppendsInPlace) {
  // A cache of capacity 5 rows of which 2 are used.
  std::vector<float> cache(2 * 5 * 3, -1.0f);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 6; ++j)
      cache[i * 15 + j] = past[i * 6 + j];
  in[1] = floatTensor(cache, {2, 2, 3});
  in[1].flags = MOEC_TENSOR_STRIDED;
  in[1].strides[0] = 15;
  in[1].strides[1] = 3;
  in[1].strides[2] = 1;
  out[1] = in[1];
  ASSERT_EQ(run(), MOEC_OK) << error();
  EXPECT_EQ(out[1].data, cache.data());
  expectResult();
  // Beyond the new row nothing was written.
  for (int i = 0; i < 2; ++i)
    for (int j = 9; j < 15; ++j)
      EXPECT_EQ(cache[i * 15 + j], -1.0f);
}

TEST_F(RunTest, RefusesToShareWithOtherStrides) {
  std::vector<float> cache(2 * 5 * 3);
  in[1] = floatTensor(cache, {2, 2, 3});
  out[1].data = cache.data();
  out[1].capacity = in[1].capacity;
  // Both are row-major, of 2 and of 3 rows: their second halves differ.
  EXPECT_EQ(run(), MOEC_INVALID_ARGUMENT);
  EXPECT_NE(error().find("strides differ"), std::string::npos) << error();
}

TEST_F(RunTest, SharesAnEmptyInput) {
  std::vector<float> cache(18);
  in[1] = floatTensor(cache, {2, 0, 3});
  out[1].data = cache.data();
  out[1].capacity = in[1].capacity;
  ASSERT_EQ(run(), MOEC_OK) << error();
  EXPECT_EQ(out[1].shape[1], 1);
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(cache[i], 7.0f);
}

TEST_F(RunTest, RefusesAnAliasThatIsTooSmall) {
  std::vector<float> cache(2 * 2 * 3);
  in[1] = floatTensor(cache, {2, 2, 3});
  out[1] = in[1];
  out[1].flags = MOEC_TENSOR_STRIDED;
  out[1].strides[0] = 6;
  out[1].strides[1] = 3;
  out[1].strides[2] = 1;
  // Three rows do not fit where a head has room for two.
  EXPECT_EQ(run(), MOEC_INVALID_ARGUMENT) << error();
}

TEST_F(RunTest, RefusesOverlap) {
  // y over x.
  out[0].data = x.data();
  out[0].capacity = 48;
  EXPECT_EQ(run(), MOEC_INVALID_ARGUMENT);
  EXPECT_NE(error().find("overlaps that of input 'x'"), std::string::npos);
  // y over past: an alias of another output.
  out[0].data = past.data() + 11;
  EXPECT_EQ(run(), MOEC_INVALID_ARGUMENT);
  // present over past, but not at its start.
  out[0] = {};
  out[1].data = past.data() + 1;
  out[1].capacity = 44;
  EXPECT_EQ(run(), MOEC_INVALID_ARGUMENT);
  // Two outputs.
  std::vector<float> both(30);
  out[0].data = both.data();
  out[0].capacity = 50 * sizeof(float) / 4;
  out[1].data = both.data() + 12;
  out[1].capacity = 72;
  EXPECT_EQ(run(), MOEC_INVALID_ARGUMENT);
  EXPECT_NE(error().find("outputs 'y' and 'present' overlap"),
            std::string::npos);
  out[0].capacity = 48;
  EXPECT_EQ(run(), MOEC_OK) << error();
}

TEST_F(RunTest, RefusesWrongInputs) {
  auto refuse = [&](int32_t status, const char *text) {
    EXPECT_EQ(run(), status) << error();
    EXPECT_NE(error().find(text), std::string::npos) << error();
    in[0] = floatTensor(x, {3, 4});
    in[1] = floatTensor(past, {2, 2, 3});
    EXPECT_EQ(out[0].data, nullptr);
  };
  in[0].dtype = MOEC_INT32;
  refuse(MOEC_DTYPE_MISMATCH, "input 'x' has type int32 (6), expected float32");
  in[0].rank = 3;
  refuse(MOEC_SHAPE_MISMATCH, "input 'x' has rank 3, expected 2");
  in[0].rank = -1;
  refuse(MOEC_SHAPE_MISMATCH, "rank -1");
  in[0].shape[1] = 5;
  refuse(MOEC_SHAPE_MISMATCH, "dimension 1 of 'x' is 5, expected 4");
  in[0].shape[0] = -3;
  refuse(MOEC_SHAPE_MISMATCH, "negative");
  in[0].shape[0] = INT64_MAX / 2;
  refuse(MOEC_SHAPE_MISMATCH, "overflows");
  in[0].shape[0] = INT64_MAX;
  refuse(MOEC_SHAPE_MISMATCH, "overflows");
  in[0].shape[0] = INT64_C(1) << 54;
  refuse(MOEC_SHAPE_MISMATCH, "overflows");
  in[0].capacity = 47;
  refuse(MOEC_BUFFER_TOO_SMALL, "spans 48 bytes, but its capacity is 47");
  in[0].capacity = -1;
  refuse(MOEC_BUFFER_TOO_SMALL, "capacity is -1");
  in[0].data = nullptr;
  refuse(MOEC_INVALID_ARGUMENT, "data of input 'x' is null");
  in[0].data = reinterpret_cast<char *>(x.data()) + 2;
  refuse(MOEC_INVALID_ARGUMENT, "not aligned");
  in[0].flags = MOEC_TENSOR_STRIDED;
  in[0].strides[0] = 5;
  in[0].strides[1] = 1;
  refuse(MOEC_INVALID_ARGUMENT, "must be row-major");
  for (int64_t bad : {-3, 0, 1, 2}) {
    in[1].flags = MOEC_TENSOR_STRIDED;
    in[1].strides[0] = 6;
    in[1].strides[1] = bad;
    in[1].strides[2] = 1;
    refuse(MOEC_INVALID_ARGUMENT, "strides of input 'past'");
  }
  in[1].flags = MOEC_TENSOR_STRIDED;
  in[1].strides[0] = INT64_MAX - 5;
  in[1].strides[1] = 3;
  in[1].strides[2] = 1;
  refuse(MOEC_INVALID_ARGUMENT, "strides of input 'past'");
  in[1].flags = MOEC_TENSOR_STRIDED;
  in[1].strides[0] = 15; // Spans 21 elements, has 12.
  in[1].strides[1] = 3;
  in[1].strides[2] = 1;
  refuse(MOEC_BUFFER_TOO_SMALL, "spans 84 bytes");
  EXPECT_EQ(api->run(session, in, 1, out, 2), MOEC_INVALID_ARGUMENT);
  EXPECT_EQ(api->run(session, in, 2, out, 3), MOEC_INVALID_ARGUMENT);
  EXPECT_EQ(api->run(session, nullptr, 2, out, 2), MOEC_INVALID_ARGUMENT);
  EXPECT_EQ(api->run(nullptr, in, 2, out, 2), MOEC_INVALID_ARGUMENT);
  EXPECT_EQ(run(), MOEC_OK) << error();
}

TEST_F(RunTest, AcceptsContiguousStridesSpelledOut) {
  in[0].flags = MOEC_TENSOR_STRIDED;
  in[0].strides[0] = 4;
  in[0].strides[1] = 1;
  EXPECT_EQ(run(), MOEC_OK) << error();
}

TEST_F(RunTest, TakesEmptyInputsWithoutData) {
  in[0].shape[0] = 0;
  in[0].data = nullptr;
  in[0].capacity = 0;
  ASSERT_EQ(run(), MOEC_OK) << error();
  EXPECT_EQ(out[0].shape[0], 0);
  EXPECT_NE(out[0].data, nullptr);
}

TEST_F(RunTest, ChecksEqualSymbols) {
  close();
  static const int64_t sameSymbol[] = {2, -1, 3};
  model.inputs[1].dims = sameSymbol;
  open();
  EXPECT_EQ(run(), MOEC_SHAPE_MISMATCH);
  EXPECT_NE(error().find("dimension 1 of 'past' is 2, but 'n' is 3 elsewhere"),
            std::string::npos)
      << error();
}

//===-- Failures inside the model
//----------------------------------------------===//

static int32_t failingMain(moec_ctx *ctx) {
  moec_tensor *y;
  if (int32_t status = moec_rt_output(ctx, 0, 2, ctx->inputs[0].shape, &y))
    return status;
  return moec_rt_fail(ctx, MOEC_INDEX_OUT_OF_RANGE, 0);
}

TEST_F(RunTest, NamesNodeAndSite) {
  close();
  model.desc.main = failingMain;
  open();
  EXPECT_EQ(run(), MOEC_INDEX_OUT_OF_RANGE);
  EXPECT_NE(error().find("node '/layer/Gather': index out of range"),
            std::string::npos)
      << error();
  // y was allocated and is back.
  EXPECT_EQ(out[0].data, nullptr);
}

static int32_t recordingTask(moec_ctx *ctx, const void *, int64_t index,
                             int32_t) {
  if (index == 5)
    moec_rt_record(ctx, MOEC_DIVISION_BY_ZERO, 1);
  return MOEC_OK;
}

static int32_t recordingMain(moec_ctx *ctx) {
  int32_t status = moec_rt_parallel_for(ctx, recordingTask, nullptr, 10);
  // The first one stays.
  moec_rt_record(ctx, MOEC_INDEX_OUT_OF_RANGE, 0);
  return status;
}

TEST_F(RunTest, ReportsARecordedError) {
  close();
  model.desc.main = recordingMain;
  open();
  EXPECT_EQ(run(), MOEC_DIVISION_BY_ZERO);
  EXPECT_NE(error().find("/layer/Div"), std::string::npos) << error();
}

static int32_t hugeMain(moec_ctx *ctx) {
  void *block;
  for (int64_t bytes : {INT64_C(-1), INT64_MIN, INT64_MAX, INT64_C(1) << 57})
    if (moec_rt_alloc(ctx, bytes, &block) != MOEC_OUT_OF_MEMORY || block)
      return MOEC_INTERNAL;
  return moec_rt_fail(ctx, MOEC_OUT_OF_MEMORY, 0);
}

TEST_F(RunTest, RefusesHugeTemporaries) {
  close();
  model.desc.main = hugeMain;
  open();
  EXPECT_EQ(run(), MOEC_OUT_OF_MEMORY);
  // Site from the model, detail from the runtime.
  EXPECT_NE(error().find("/layer/Gather"), std::string::npos) << error();
  EXPECT_NE(error().find("temporary of -1 bytes"), std::string::npos)
      << error();
}

static int32_t wrongOutputMain(moec_ctx *ctx) {
  moec_tensor *y;
  const int64_t shape[] = {3, 5};
  int32_t status = moec_rt_output(ctx, 7, 2, shape, &y);
  if (status != MOEC_INTERNAL || y)
    return MOEC_OK;
  return moec_rt_output(ctx, 0, 2, shape, &y);
}

static int32_t forgetfulMain(moec_ctx *) { return MOEC_OK; }

TEST_F(RunTest, DistrustsTheModelsOutputs) {
  close();
  model.desc.main = wrongOutputMain;
  open();
  EXPECT_NE(run(), MOEC_OK);
  close();
  model.desc.main = forgetfulMain;
  open();
  EXPECT_EQ(run(), MOEC_INTERNAL);
  EXPECT_NE(error().find("did not bind output 'y'"), std::string::npos);
}

static int32_t allocatingTask(moec_ctx *ctx, const void *, int64_t, int32_t) {
  void *block;
  return moec_rt_alloc(ctx, 8, &block) == MOEC_INTERNAL ? MOEC_OK
                                                        : MOEC_UNSUPPORTED;
}

static int32_t allocatingMain(moec_ctx *ctx) {
  return moec_rt_parallel_for(ctx, allocatingTask, nullptr, 4);
}

TEST_F(RunTest, TasksMayNotAllocate) {
  close();
  model.desc.main = allocatingMain;
  open();
  EXPECT_EQ(run(), MOEC_INTERNAL);
}

//===-- Memory
//-----------------------------------------------------------------===//

TEST_F(RunTest, SurvivesEveryFailingAllocation) {
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
  // Session, tensors, pool, scratch, two temporaries, two outputs at least.
  EXPECT_GE(failures, 8);
}

TEST_F(RunTest, ReusesItsMemory) {
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
    if (int32_t status = moec_rt_alloc(ctx, size, &data))
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

TEST_F(RunTest, BlocksDoNotOverlap) {
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

TEST_F(RunTest, DropsWhatLongWentUnused) {
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

//===-- Sessions
//---------------------------------------------------------------===//

TEST_F(RunTest, CountsRuns) {
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

TEST_F(RunTest, TwoSessionsAtOnce) {
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

} // namespace
