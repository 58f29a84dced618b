//===-- Run.h - one run of compiled code ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_FUZZ_VALIDATE_RUN_H
#define MOEC_TEST_FUZZ_VALIDATE_RUN_H

#include "Tensor.h"

#include "moec/generated.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <utility>
#include <vector>

namespace moec::validate {

/// What code is run with.
struct Code {
  int32_t (*main)(moec_ctx *) = nullptr;
  std::vector<const void *> kernels;
  std::shared_ptr<char> weights;
  std::vector<int32_t> outputTypes;
};

/// By output, an input whose buffer it is to share, or -1, with the extents
/// that the output will have.
struct SharedBuffer {
  int32_t input = -1;
  llvm::SmallVector<int64_t> outputShape;
};

/// Runs the code with one thread; returns the status, and the outputs if that
/// is MOEC_OK.
int32_t run(const Code &code, llvm::ArrayRef<Tensor> inputs,
            llvm::ArrayRef<SharedBuffer> shared, std::vector<Tensor> &outputs);

/// The ABI list of generated code.
std::vector<std::pair<llvm::StringRef, const void *>> getRuntimeFunctions();

} // namespace moec::validate

#endif // MOEC_TEST_FUZZ_VALIDATE_RUN_H
