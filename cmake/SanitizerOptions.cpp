//===-- SanitizerOptions.cpp - what the preset `asan` asks of its programs ===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

/// LLVM's allocators, inline in our own code too, poison what they have not
/// given out. LLVM's and MLIR's shared libraries, which are not sanitised, give
/// it out without saying so. And a worker that a sanitizer ends has crashed:
/// with the exit code alone it would only seem to have failed.
extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0:abort_on_error=1";
}
