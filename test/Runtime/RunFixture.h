//===-- RunFixture.h - a session of a FakeModel ---------------------*- C++
//-*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef MOEC_TEST_RUNTIME_RUNFIXTURE_H
#define MOEC_TEST_RUNTIME_RUNFIXTURE_H

#include "FakeModel.h"

#include <gtest/gtest.h>

#include <numeric>

namespace moec {
namespace testing {

/// A session of a FakeModel with tensors for n = 3, p = 2.
class RunFixture : public ::testing::Test {
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

} // namespace testing
} // namespace moec

#endif // MOEC_TEST_RUNTIME_RUNFIXTURE_H
