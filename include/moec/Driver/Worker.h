//===-- Worker.h - work in a process of its own ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A model file may be anything, and MLIR and LLVM abort where they are at a
// loss. So the work is done in a child process with limits of memory and time;
// the parent, which touches nothing of the model, prints what the child reports
// and says what happened where the child cannot.
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DRIVER_WORKER_H
#define MOEC_DRIVER_WORKER_H

#include "moec/Driver/Diagnostic.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/LogicalResult.h"

#include <cstdint>
#include <string>

namespace moec {

struct WorkLimits {
  /// Bytes of private memory; 0: seven eighths of the machine's.
  uint64_t memoryBytes = 0;
  /// 0: six hours.
  unsigned seconds = 0;
};

/// The worker's side: how it reports. One exists in each worker process.
class WorkReport {
public:
  /// What both processes see; the worker writes.
  struct Shared;

  WorkReport(Shared &shared, int pipe) : shared(shared), pipe(pipe) {}

  /// Names the stage that begins. Here faults are planted for tests: see
  /// MOEC_TEST_FAULT in docs/debugging.md.
  void beginStage(llvm::StringRef stage);
  /// Names what is worked on within the stage, each may be empty.
  void setPlace(llvm::StringRef pass, llvm::StringRef node);
  /// Of the stage, in bytes.
  void setProgress(uint64_t done, uint64_t total);
  void print(const Diagnostic &diagnostic);
  /// Prints an error; for `return`.
  llvm::LogicalResult fail(const Diagnostic &diagnostic) {
    print(diagnostic);
    return llvm::failure();
  }

private:
  Shared &shared;
  int pipe;
};

struct WorkResult {
  enum Outcome {
    Done,
    /// The worker has reported an error.
    Failed,
    /// It ended without: by a signal, or with nothing said.
    Silent,
    Crashed,
    OutOfMemory,
    OutOfTime,
    NotStarted,
    /// The user ended the parent; `signal` says how.
    Interrupted
  };
  Outcome outcome = Done;
  int signal = 0;
  /// Where the worker was.
  std::string stage, pass, node;
  /// What it, or the system, last said.
  std::string reason;

  bool isDone() const { return outcome == Done; }
  /// Whether nothing was printed yet.
  bool isUnreported() const { return outcome > Failed; }
  /// The error to print where `isUnreported`; `file` is the model.
  Diagnostic describe(llvm::StringRef file, const WorkLimits &limits) const;
};

/// Runs `work` in a child process and waits. Prints what it reports; a progress
/// line where standard error is a terminal and the work is long. Must be called
/// while the process has one thread.
WorkResult
runWorker(const WorkLimits &limits, DiagnosticPrinter &printer,
          llvm::function_ref<llvm::LogicalResult(WorkReport &)> work);

/// Ends this process as the signal would have, without its scratch folders.
[[noreturn]] void endBySignal(int signal);

} // namespace moec

#endif // MOEC_DRIVER_WORKER_H
