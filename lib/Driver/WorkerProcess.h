//===-- WorkerProcess.h - the worker's side of a process ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_DRIVER_WORKERPROCESS_H
#define MOEC_LIB_DRIVER_WORKERPROCESS_H

#include "moec/Driver/Worker.h"

#include <atomic>
#include <sys/types.h>

namespace moec {

/// Plain bytes in shared memory: readable however the worker ended.
struct WorkReport::Shared {
  char stage[32];
  char pass[96];
  char node[192];
  std::atomic<uint64_t> done, total;
  /// Where there is a stage, everything that ends the worker is in it.
  std::atomic<bool> hasReportedError;
};

/// Works as the child of `parent`, and ends. Reports and what is said otherwise
/// go through pipes.
[[noreturn]] void
beWorker(WorkReport::Shared &shared, int reportPipe, int textPipe, pid_t parent,
         uint64_t memoryBytes,
         llvm::function_ref<llvm::LogicalResult(WorkReport &)> work);

} // namespace moec

#endif // MOEC_LIB_DRIVER_WORKERPROCESS_H
