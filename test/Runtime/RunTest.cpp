//===-- RunTest.cpp - inputs, outputs, aliases, errors --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "RunFixture.h"

using namespace moec::testing;

namespace {
class RunTest : public RunFixture {};
} // namespace

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
  std::vector<float> cache(size_t(2) * 5 * 3, -1.0f);
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
  std::vector<float> cache(size_t(2) * 5 * 3);
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
  std::vector<float> cache(size_t(2) * 2 * 3);
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
  in[0].shape[0] = (INT64_C(1) << 38) + 1;
  in[0].capacity = INT64_C(1) << 50;
  refuse(MOEC_SHAPE_MISMATCH,
         "input 'x' of shape [274877906945, 4] is too large: the product of "
         "its extents is above 2^40");
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

//===-- Failures inside the model -----------------------------------------===//

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

/// What main does where two extents differ.
static int32_t notingMain(moec_ctx *ctx) {
  moec_rt_note(ctx, 2, INT64_MIN);
  int32_t status = moec_rt_fail(ctx, MOEC_SHAPE_MISMATCH, 2);
  // The first error stays, and what was said of it.
  moec_rt_note(ctx, 7, 8);
  return status;
}

TEST_F(RunTest, PutsValuesIntoTheMessage) {
  std::string longest(600, 'x');
  const std::pair<std::string, std::string> cases[] = {
      {"'A' is {0}, 'B' is {1}", "'A' is 2, 'B' is -9223372036854775808"},
      {"{1}{0}{0}", "-922337203685477580822"},
      // No other braces stand for anything.
      {"{2} {0 {} }{", "{2} {0 {} }{"},
      {"", ""},
      // Cut where the text ends.
      {longest + "{0}", longest.substr(0, 320)},
      {longest.substr(0, 510) + "{1}{0}", longest.substr(0, 320)}};
  for (const auto &[message, expected] : cases) {
    close();
    model.sites.resize(2);
    model.sites.push_back({"/layer/Add", message.c_str()});
    model.desc.sites = model.sites.data();
    model.desc.n_sites = int32_t(model.sites.size());
    model.desc.main = notingMain;
    open();
    EXPECT_EQ(run(), MOEC_SHAPE_MISMATCH);
    EXPECT_EQ(error(), "shape mismatch: node '/layer/Add': " + expected);
  }
}

static int32_t notingTask(moec_ctx *ctx, const void *, int64_t, int32_t) {
  moec_rt_note(ctx, 5, 6);
  return MOEC_OK;
}

/// A task may not say anything: others run beside it.
static int32_t notingTasksMain(moec_ctx *ctx) {
  moec_rt_note(ctx, 1, 2);
  moec_rt_parallel_for(ctx, notingTask, nullptr, 10);
  return moec_rt_fail(ctx, MOEC_SHAPE_MISMATCH, 2);
}

TEST_F(RunTest, TakesNoValuesFromTasks) {
  close();
  model.sites.push_back({"/layer/Add", "{0} and {1}"});
  model.desc.sites = model.sites.data();
  model.desc.n_sites = int32_t(model.sites.size());
  model.desc.main = notingTasksMain;
  open();
  EXPECT_EQ(run(), MOEC_SHAPE_MISMATCH);
  EXPECT_EQ(error(), "shape mismatch: node '/layer/Add': 1 and 2");
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

/// What main does where a kernel that several nodes share has failed.
template <int32_t recorded> static int32_t callingMain(moec_ctx *ctx) {
  moec_rt_record(ctx, MOEC_DIVISION_BY_ZERO, recorded);
  return moec_rt_fail(ctx, MOEC_DIVISION_BY_ZERO, MOEC_KERNEL_SITE(1));
}

TEST_F(RunTest, NamesTheNodeThatCalledTheKernel) {
  // The kernel's first message with this node is site 1, its second site 2.
  model.sites.push_back({"/caller", "second message"});
  for (auto main : {callingMain<MOEC_KERNEL_SITE(0)>,
                    callingMain<MOEC_KERNEL_SITE(1)>, callingMain<-1>}) {
    close();
    model.desc.sites = model.sites.data();
    model.desc.n_sites = int32_t(model.sites.size());
    model.desc.main = main;
    open();
    EXPECT_EQ(run(), MOEC_DIVISION_BY_ZERO);
    bool isFirst = main == callingMain<MOEC_KERNEL_SITE(0)>;
    bool isSecond = main == callingMain<MOEC_KERNEL_SITE(1)>;
    EXPECT_EQ(error().find("/layer/Div") != std::string::npos, isFirst)
        << error();
    EXPECT_EQ(error().find("/caller': second") != std::string::npos, isSecond)
        << error();
  }
}

/// A kernel that has recorded one error and leaves with another: the first is
/// the run's, and its node is named.
static int32_t twiceFailingMain(moec_ctx *ctx) {
  moec_rt_record(ctx, MOEC_INDEX_OUT_OF_RANGE, MOEC_KERNEL_SITE(0));
  return moec_rt_fail(ctx, MOEC_OUT_OF_MEMORY, MOEC_KERNEL_SITE(1));
}

TEST_F(RunTest, NamesTheNodeOfTheFirstError) {
  close();
  model.desc.main = twiceFailingMain;
  open();
  EXPECT_NE(run(), MOEC_OK);
  EXPECT_NE(error().find("/layer/Div"), std::string::npos) << error();
}

static int32_t hugeMain(moec_ctx *ctx) {
  void *block;
  for (int64_t bytes : {INT64_C(-1), INT64_MIN, INT64_MAX, INT64_C(1) << 57})
    if (moec_rt_alloc(ctx, bytes, -1, &block) != MOEC_OUT_OF_MEMORY || block)
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
  EXPECT_NE(error().find("cannot allocate -1 bytes"), std::string::npos)
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
  return moec_rt_alloc(ctx, 8, -1, &block) == MOEC_INTERNAL ? MOEC_OK
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
