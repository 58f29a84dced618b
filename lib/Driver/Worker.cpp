//===-- Worker.cpp - work in a process of its own -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Driver/Worker.h"
#include "moec/Driver/Scratch.h"

#include "WorkerProcess.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace moec;
using Clock = std::chrono::steady_clock;

static constexpr unsigned kDefaultSeconds = 6 * 3600;

/// The text of a small file; "" if it cannot be read.
static std::string readSmallFile(const std::string &path) {
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return "";
  char text[256];
  ssize_t length = read(file, text, sizeof(text));
  close(file);
  return length > 0 ? std::string(text, size_t(length)) : "";
}

static uint64_t getDefaultMemory() {
  uint64_t pages = uint64_t(std::max(0L, sysconf(_SC_PHYS_PAGES)));
  uint64_t bytes = pages * uint64_t(sysconf(_SC_PAGESIZE));
  // A container may have less; "max" stands for no limit.
  uint64_t limit;
  if (!llvm::StringRef(readSmallFile("/sys/fs/cgroup/memory.max"))
           .rtrim()
           .getAsInteger(10, limit) &&
      limit > 0)
    bytes = std::min(bytes, limit);
  return bytes / 8 * 7;
}

/// Resident bytes of a process that no file backs; 0 if unknown.
static uint64_t readPrivateBytes(pid_t pid) {
  std::string text = readSmallFile("/proc/" + std::to_string(pid) + "/statm");
  llvm::StringRef rest = text;
  uint64_t size, resident, shared;
  for (uint64_t *number : {&size, &resident, &shared}) {
    rest = rest.ltrim();
    if (rest.consumeInteger(10, *number))
      return 0;
  }
  if (resident < shared)
    return 0;
  return (resident - shared) * uint64_t(sysconf(_SC_PAGESIZE));
}

static volatile sig_atomic_t caughtSignal = 0;
static void catchSignal(int number) { caughtSignal = number; }

namespace {
/// Catches what ends a program from outside while the worker runs.
class SignalCatcher {
public:
  SignalCatcher() {
    struct sigaction action = {};
    action.sa_handler = catchSignal;
    for (size_t i = 0; i < std::size(kSignals); ++i) {
      sigaction(kSignals[i], nullptr, &before[i]);
      // Who started us with a signal ignored wants it so (nohup).
      if (before[i].sa_handler != SIG_IGN)
        sigaction(kSignals[i], &action, nullptr);
    }
  }
  ~SignalCatcher() {
    for (size_t i = 0; i < std::size(kSignals); ++i)
      sigaction(kSignals[i], &before[i], nullptr);
  }

private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction before[std::size(kSignals)];
};

/// The line that shows a terminal how far the work is.
class ProgressLine {
public:
  explicit ProgressLine(bool enabled)
      : enabled(enabled && isatty(STDERR_FILENO)), start(Clock::now()) {}
  ~ProgressLine() { clear(); }

  void show(const WorkReport::Shared &shared, llvm::StringRef stage) {
    auto now = Clock::now();
    if (!enabled || now - start < std::chrono::seconds(2) ||
        now - last < std::chrono::milliseconds(200))
      return;
    last = now;
    std::string text = ("moec: " + stage).str();
    uint64_t done = shared.done, total = shared.total;
    if (total) {
      unsigned width = 30, filled = unsigned(double(done) / total * width);
      text += " [" + std::string(std::min(filled, width), '#') +
              std::string(width - std::min(filled, width), ' ') + "] ";
      text += llvm::formatv("{0:F1} of {1:F1} MB", done / 1e6, total / 1e6);
    } else {
      text += llvm::formatv(
          ", {0} s",
          std::chrono::duration_cast<std::chrono::seconds>(now - start)
              .count());
    }
    llvm::errs() << "\r" << text << "\x1b[K";
    shown = true;
  }
  void clear() {
    if (shown)
      llvm::errs() << "\r\x1b[K";
    shown = false;
  }

private:
  bool enabled;
  bool shown = false;
  Clock::time_point start, last;
};

/// What comes through a pipe.
struct Channel {
  int descriptor = -1;
  std::string text;

  /// Appends what is there; closes at the end.
  void read() {
    char buffer[4096];
    ssize_t count = ::read(descriptor, buffer, sizeof(buffer));
    if (count > 0)
      text.append(buffer, size_t(count));
    else if (count == 0 || (errno != EINTR && errno != EAGAIN))
      close();
  }
  void close() {
    if (descriptor >= 0)
      ::close(descriptor);
    descriptor = -1;
  }
  ~Channel() { close(); }
};

/// The parent while it waits for one worker.
class Watcher {
public:
  Watcher(pid_t pid, const WorkReport::Shared &shared,
          DiagnosticPrinter &printer, const WorkLimits &limits)
      : pid(pid), shared(shared), printer(printer), limits(limits),
        line(!printer.isJson()) {}

  Channel reports, texts;
  WorkResult watch();

private:
  void printReports();
  void kill() {
    ::kill(-pid, SIGKILL);
    ::kill(pid, SIGKILL);
  }
  /// Ends the worker if it takes too much.
  void enforce(WorkResult &result);
  void judge(int status, WorkResult &result);

  pid_t pid;
  const WorkReport::Shared &shared;
  DiagnosticPrinter &printer;
  WorkLimits limits;
  ProgressLine line;
  Clock::time_point start = Clock::now();
};
} // namespace

void Watcher::printReports() {
  for (size_t end; (end = reports.text.find('\n')) != std::string::npos;) {
    line.clear();
    if (auto diagnostic =
            Diagnostic::fromJson(llvm::StringRef(reports.text).take_front(end)))
      printer.print(*diagnostic);
    reports.text.erase(0, end + 1);
  }
}

void Watcher::enforce(WorkResult &result) {
  if (result.outcome != WorkResult::Done)
    return;
  if (caughtSignal) {
    result.outcome = WorkResult::Interrupted;
    result.signal = caughtSignal;
  } else if (Clock::now() - start >= std::chrono::seconds(limits.seconds)) {
    result.outcome = WorkResult::OutOfTime;
  } else if (readPrivateBytes(pid) > limits.memoryBytes) {
    result.outcome = WorkResult::OutOfMemory;
  } else {
    return;
  }
  kill();
}

/// What an end means that was not the parent's doing.
void Watcher::judge(int status, WorkResult &result) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return;
  if (WIFEXITED(status)) {
    result.outcome =
        shared.hasReportedError ? WorkResult::Failed : WorkResult::Silent;
    return;
  }
  result.outcome = WorkResult::Crashed;
  result.signal = WTERMSIG(status);
  llvm::StringRef said = llvm::StringRef(texts.text).rtrim();
  bool isStarved = said.contains_insensitive("out of memory") ||
                   said.contains("bad_alloc") || result.signal == SIGKILL;
  if (isStarved)
    result.outcome = WorkResult::OutOfMemory;
  llvm::StringRef lastLine = said.substr(said.rfind('\n') + 1);
  result.reason = lastLine.empty() ? strsignal(result.signal) : lastLine.str();
}

WorkResult Watcher::watch() {
  WorkResult result;
  int status = 0;
  bool hasEnded = false;
  // A linker that outlives the worker must not keep us: the worker's end
  // counts.
  while (!hasEnded) {
    struct pollfd sources[] = {{reports.descriptor, POLLIN, 0},
                               {texts.descriptor, POLLIN, 0}};
    int ready = poll(sources, 2, 20);
    if (ready > 0 && sources[0].revents)
      reports.read();
    if (ready > 0 && sources[1].revents)
      texts.read();
    // Only the end of what a worker prints is of interest.
    constexpr size_t kMaxText = 1 << 14;
    if (texts.text.size() > 2 * kMaxText)
      texts.text.erase(0, texts.text.size() - kMaxText);
    printReports();
    hasEnded = waitpid(pid, &status, WNOHANG) == pid;
    if (!hasEnded) {
      enforce(result);
      line.show(shared, shared.stage);
    }
  }
  // What is still in the pipes.
  for (Channel *channel : {&reports, &texts})
    while (channel->descriptor >= 0) {
      struct pollfd source = {channel->descriptor, POLLIN, 0};
      if (poll(&source, 1, 0) <= 0 || !source.revents)
        break;
      channel->read();
    }
  line.clear();
  printReports();
  ::kill(-pid, SIGKILL);
  result.stage = shared.stage;
  result.pass = shared.pass;
  result.node = shared.node;
  if (result.outcome == WorkResult::Done)
    judge(status, result);
  // Nobody else would ever see what MLIR or LLVM printed on its own.
  if (result.outcome == WorkResult::Done ||
      result.outcome == WorkResult::Failed ||
      result.outcome == WorkResult::Silent) {
    llvm::SmallVector<llvm::StringRef> lines;
    llvm::StringRef(texts.text).split(lines, '\n', -1, /*KeepEmpty=*/false);
    for (llvm::StringRef said : lines) {
      Diagnostic warning;
      warning.severity = "warning";
      warning.message = said.str();
      printer.print(warning);
    }
  }
  return result;
}

static WorkResult notStarted(const char *what) {
  WorkResult result;
  result.outcome = WorkResult::NotStarted;
  result.reason = std::string(what) + ": " + strerror(errno);
  return result;
}

WorkResult
moec::runWorker(const WorkLimits &given, DiagnosticPrinter &printer,
                llvm::function_ref<llvm::LogicalResult(WorkReport &)> work) {
  WorkLimits limits = given;
  if (!limits.memoryBytes)
    limits.memoryBytes = getDefaultMemory();
  if (!limits.seconds)
    limits.seconds = kDefaultSeconds;
  void *memory =
      mmap(nullptr, sizeof(WorkReport::Shared), PROT_READ | PROT_WRITE,
           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return notStarted("shared memory");
  auto *shared = new (memory) WorkReport::Shared();
  int reportPipe[2], textPipe[2];
  if (pipe2(reportPipe, O_CLOEXEC) != 0)
    return notStarted("a pipe");
  if (pipe2(textPipe, O_CLOEXEC) != 0) {
    WorkResult result = notStarted("a pipe");
    close(reportPipe[0]);
    close(reportPipe[1]);
    return result;
  }
  caughtSignal = 0;
  SignalCatcher catcher;
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid == 0) {
    for (int number : {SIGINT, SIGTERM, SIGHUP})
      signal(number, SIG_DFL);
    beWorker(*shared, reportPipe[1], textPipe[1], parent, limits.memoryBytes,
             work);
  }
  int forkError = errno;
  close(reportPipe[1]);
  close(textPipe[1]);
  if (pid < 0) {
    close(reportPipe[0]);
    close(textPipe[0]);
    errno = forkError;
    return notStarted("a process");
  }
  Watcher watcher(pid, *shared, printer, limits);
  watcher.reports.descriptor = reportPipe[0];
  watcher.texts.descriptor = textPipe[0];
  WorkResult result = watcher.watch();
  munmap(memory, sizeof(WorkReport::Shared));
  return result;
}

Diagnostic WorkResult::describe(llvm::StringRef file,
                                const WorkLimits &limits) const {
  std::string where =
      stage.empty() ? "before its first stage" : "in the stage '" + stage + "'";
  if (!pass.empty())
    where += ", pass '" + pass + "'";
  Diagnostic diagnostic;
  switch (outcome) {
  case OutOfMemory: {
    uint64_t bytes =
        limits.memoryBytes ? limits.memoryBytes : getDefaultMemory();
    diagnostic = Diagnostic(
        DriverError::OutOfMemory, file,
        llvm::formatv(
            "ran out of memory {0}: the limit is {1} MiB{2}; raise it by "
            "--memory-limit, or use a machine with more",
            where, bytes >> 20, reason.empty() ? "" : " (" + reason + ")")
            .str());
    break;
  }
  case OutOfTime:
    diagnostic = Diagnostic(
        DriverError::OutOfTime, file,
        llvm::formatv("took more than {0} s and was ended {1}; raise "
                      "the limit by --time-limit",
                      limits.seconds ? limits.seconds : kDefaultSeconds, where)
            .str());
    break;
  case NotStarted:
    diagnostic =
        Diagnostic(DriverError::CannotStart, file,
                   "the work cannot be started, there is no room for " +
                       reason + "; end other programs");
    break;
  case Silent:
    diagnostic =
        Diagnostic(DriverError::SilentFailure, file,
                   "failed " + where +
                       " without a reason, which is a defect of this compiler; "
                       "report it with the model");
    break;
  default:
    diagnostic = Diagnostic(DriverError::Crashed, file,
                            "the compiler broke down " + where + " (" + reason +
                                "), which is a defect of this compiler; report "
                                "it with the model");
    break;
  }
  diagnostic.node = node;
  return diagnostic;
}

void moec::endBySignal(int number) {
  ScratchFolder::removeAll();
  signal(number, SIG_DFL);
  raise(number);
  _exit(128 + number);
}
