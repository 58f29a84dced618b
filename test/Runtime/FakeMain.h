//===-- FakeMain.h - the code of FakeModel --------------------------*- C++
//-*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef MOEC_TEST_RUNTIME_FAKEMAIN_H
#define MOEC_TEST_RUNTIME_FAKEMAIN_H

#include "moec/generated.h"

namespace moec {
namespace testing {

/// Stands where generated code stands, see FakeModel: calls what it may call
/// and nothing else.
int32_t fakeMain(moec_ctx *ctx);

} // namespace testing
} // namespace moec

#endif // MOEC_TEST_RUNTIME_FAKEMAIN_H
