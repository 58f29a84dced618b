//===-- importer-fuzzer.cpp - the importer against arbitrary bytes --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Importer/Importer.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int file = memfd_create("model.onnx", MFD_CLOEXEC);
  if (file < 0 || write(file, data, size) != ssize_t(size))
    abort();
  {
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    bool hasError = false;
    mlir::ScopedDiagnosticHandler handler(
        &context, [&](mlir::Diagnostic &diagnostic) {
          hasError = true;
          if (diagnostic.str().compare(0, 7, "[moec-E") != 0 ||
              diagnostic.str().compare(0, 12, "[moec-E0150]") == 0)
            abort();
          return mlir::success();
        });
    bool isImported = mlir::succeeded(
        moec::importModel(context, "/proc/self/fd/" + std::to_string(file)));
    // A refusal without a reason is as wrong as a reason without a refusal.
    if (isImported == hasError)
      abort();
  }
  close(file);
  return 0;
}
