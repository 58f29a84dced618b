//===-- WorkerProcess.cpp - the worker's side of a process ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WorkerProcess.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace moec;

/// Ends of the worker other than 0: it reported an error; it could not.
static constexpr int kWorkFailed = 1;

template <size_t Size>
static void copyText(char (&to)[Size], llvm::StringRef from) {
  // Not memcpy, which takes no null pointer, not even of an empty text.
  char *end = llvm::copy(from.take_front(Size - 1), to);
  std::fill(end, to + Size, 0);
}

/// MOEC_TEST_FAULT=KIND:STAGE makes the worker fail in a way that no model is
/// known to: how the parent takes it must be tested all the same.
static void plantFault(llvm::StringRef stage) {
  const char *text = getenv("MOEC_TEST_FAULT");
  if (!text)
    return;
  auto [kind, where] = llvm::StringRef(text).split(':');
  if (where != stage)
    return;
  if (kind == "crash") {
    raise(SIGSEGV);
  } else if (kind == "abort") {
    llvm::errs() << "LLVM ERROR: planted\n";
    abort();
  } else if (kind == "hang") {
    for (;;)
      pause();
  } else if (kind == "memory") {
    for (;;) {
      constexpr size_t kPiece = size_t(16) << 20;
      void *piece = malloc(kPiece);
      if (!piece)
        abort();
      memset(piece, 1, kPiece);
      // Or all of it would be optimised away.
      asm volatile("" : : "r"(piece) : "memory");
    }
  } else if (kind == "silence") {
    _exit(kWorkFailed);
  } else if (kind == "remark") {
    llvm::errs() << "said on the way out\n";
    _exit(kWorkFailed);
  }
}

void WorkReport::beginStage(llvm::StringRef stage) {
  setPlace("", "");
  setProgress(0, 0);
  copyText(shared.stage, stage);
  plantFault(stage);
}

void WorkReport::setPlace(llvm::StringRef pass, llvm::StringRef node) {
  // Passes on functions run on several threads; one of them is shown.
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  copyText(shared.pass, pass);
  copyText(shared.node, node);
}

void WorkReport::setProgress(uint64_t done, uint64_t total) {
  shared.done.store(done, std::memory_order_relaxed);
  shared.total.store(total, std::memory_order_relaxed);
}

void WorkReport::print(const Diagnostic &diagnostic) {
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  // What was printed before must be seen before: a pipe holds it back.
  fflush(stdout);
  std::string line = diagnostic.toJson() + "\n";
  for (size_t at = 0; at < line.size();) {
    ssize_t count = write(pipe, line.data() + at, line.size() - at);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return;
    at += size_t(count);
  }
  if (diagnostic.severity == "error")
    shared.hasReportedError = true;
}

void moec::beWorker(
    WorkReport::Shared &shared, int reportPipe, int textPipe, pid_t parent,
    uint64_t memoryBytes,
    llvm::function_ref<llvm::LogicalResult(WorkReport &)> work) {
  // A group of its own, so that the linker ends with it; and no worker without
  // a parent.
  setpgid(0, 0);
  signal(SIGTTOU, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(kWorkFailed);
  dup2(textPipe, STDERR_FILENO);
#if !defined(__has_feature) || !__has_feature(address_sanitizer)
  // Beyond what the parent watches: what asks for very much at once. Thread
  // stacks and untouched pages count here, so there is room for them. (And the
  // sanitizer's shadow, for which there is not.)
  struct rlimit data = {};
  data.rlim_cur = data.rlim_max = memoryBytes + memoryBytes / 2 + (4ULL << 30);
  setrlimit(RLIMIT_DATA, &data);
#endif
  struct rlimit core = {};
  setrlimit(RLIMIT_CORE, &core);
  WorkReport report(shared, reportPipe);
  bool failed = llvm::failed(work(report));
  // A result that was not all printed is not done.
  llvm::outs().flush();
  if ((fflush(stdout) != 0 || llvm::outs().has_error()) && !failed) {
    report.print(Diagnostic(DriverError::CannotWrite, "",
                            "cannot write to standard output"));
    failed = true;
  }
  // Without the destructors of what the parent has, too.
  _exit(failed ? kWorkFailed : 0);
}
