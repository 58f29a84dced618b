//===-- FakeLibrary.cpp - libfake.so, as the compiler would make it
//-----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// FakeModel as a library that exports its query symbol alone, linked with the
// runtime's archive. Its weights file is written by write-fake-weights.
//
//===--------------------------------------------------------------------------===//

#include "FakeMain.h"

static const int64_t xDims[] = {-1, 4};
static const int64_t pastDims[] = {2, -2, 3};
static const int64_t presentDims[] = {2, -3, 3};
static const char *const symbolNames[] = {"n", "p", "t"};
static const moec_io_info inputs[] = {
    {"x", MOEC_FLOAT, 2, xDims, -1, 0},
    {"past", MOEC_FLOAT, 3, pastDims, -1, MOEC_IO_STRIDED}};
static const moec_io_info outputs[] = {
    {"y", MOEC_FLOAT, 2, xDims, -1, 0},
    {"present", MOEC_FLOAT, 3, presentDims, 1, MOEC_IO_STRIDED}};
static const void *const kernels[] = {nullptr};
static const moec_level_desc levels[] = {{"x86-64-v4", 4, 0, kernels},
                                         {"x86-64-v3", 3, 0, kernels}};

alignas(64) static moec_model_slot slot;

static const moec_model_desc model = {
    sizeof(moec_model_desc),
    MOEC_GENERATED_VERSION,
    "fake",
    {3, 20, 37, 54, 71, 88, 105, 122, 139, 156, 173, 190, 207, 224, 241, 2},
    inputs,
    outputs,
    2,
    2,
    3,
    2,
    symbolNames,
    levels,
    1,
    0,
    nullptr,
    moec::testing::fakeMain,
    // Header and table fill one page; then 4 and 200 bytes, each to 64.
    4096 + 64 + 256,
    2,
    100,
    "{\"name\": \"fake\"}",
    &slot};

extern "C" __attribute__((visibility("default"))) const moec_api *
moec_query_fake(void) {
  return moec_rt_query(&model);
}
