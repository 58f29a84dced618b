//===-- Pool.cpp - a small team of threads
//------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One job at a time, items handed out by a counter. The caller works too. A
// worker joins a job while it is open; the caller closes the job when the items
// have run out and waits only for the workers that joined. So a worker that the
// system has not scheduled costs nothing, and a process that forked (and has no
// workers any more) still gets its work done.
//
// All of it hangs on one word: generation, an open bit, and the number of
// workers inside.
//
//===--------------------------------------------------------------------------===//

#include "Internal.h"

#include <cerrno>
#include <climits>
#include <csignal>
#include <linux/futex.h>
#include <new>
#include <sys/syscall.h>
#include <unistd.h>

using namespace moec::rt;

namespace {

constexpr uint32_t openBit = 1u << 15;
constexpr uint32_t insideMask = openBit - 1;
constexpr uint32_t generationUnit = 1u << 16;
constexpr uint32_t generationMask = ~(generationUnit - 1);
static_assert(maxThreads < int32_t(insideMask), "the count must fit");

/// Pauses before a waiting thread goes to sleep: about as long as a futex wake
/// takes, so that back-to-back jobs find their workers awake.
constexpr int spinPauses = 2000;

struct Pool;

struct Worker {
  Pool *pool;
  int32_t index;
  pthread_t thread;
};

struct Pool {
  moec_pool shared;
  Allocator allocator;
  pthread_mutex_t mutex;
  int32_t numStarted;
  // The job; written while it is closed and nobody is inside.
  moec_task_fn task;
  void *argument;
  int64_t count;
  alignas(64) std::atomic<uint32_t> state;
  std::atomic<uint32_t> sleepers;
  std::atomic<uint32_t> callerSleeps;
  std::atomic<bool> stop;
  alignas(64) std::atomic<int64_t> next;
  Worker workers[1];
};

} // namespace

static void futexWait(std::atomic<uint32_t> &word, uint32_t expected) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

static void futexWake(std::atomic<uint32_t> &word, int count) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

static void relaxCpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static void workOn(Pool &pool, int32_t worker) {
  for (;;) {
    int64_t index = pool.next.fetch_add(1, std::memory_order_relaxed);
    if (index >= pool.count)
      return;
    pool.task(pool.argument, index, worker);
  }
}

/// Waits for a job other than that of generation `last`; returns the state
/// seen, or 0 when the pool stops.
static uint32_t waitForJob(Pool &pool, uint32_t last) {
  for (int spins = 0;; ++spins) {
    uint32_t state = pool.state.load(std::memory_order_acquire);
    if (pool.stop.load(std::memory_order_acquire))
      return 0;
    if ((state & openBit) && (state & generationMask) != last)
      return state;
    if (spins < spinPauses) {
      relaxCpu();
      continue;
    }
    // The submitter stores the state and then reads `sleepers`; here it is the
    // other way round, so one of both sees the other.
    pool.sleepers.fetch_add(1, std::memory_order_seq_cst);
    state = pool.state.load(std::memory_order_seq_cst);
    if (!pool.stop.load(std::memory_order_seq_cst) &&
        !((state & openBit) && (state & generationMask) != last))
      futexWait(pool.state, state);
    pool.sleepers.fetch_sub(1, std::memory_order_seq_cst);
  }
}

static void *workerMain(void *argument) {
  Worker &self = *static_cast<Worker *>(argument);
  Pool &pool = *self.pool;
  uint32_t last = 0;
  while (uint32_t state = waitForJob(pool, last)) {
    if (!pool.state.compare_exchange_weak(state, state + 1,
                                          std::memory_order_acq_rel))
      continue;
    last = state & generationMask;
    workOn(pool, self.index);
    uint32_t now = pool.state.fetch_sub(1, std::memory_order_seq_cst) - 1;
    if (!(now & (openBit | insideMask)) &&
        pool.callerSleeps.load(std::memory_order_seq_cst))
      futexWake(pool.state, INT_MAX);
  }
  return nullptr;
}

static int32_t poolParallelFor(moec_pool *shared, moec_task_fn task,
                               void *argument, int64_t count) {
  Pool &pool = *static_cast<Pool *>(shared->context);
  if (count <= 0)
    return MOEC_OK;
  if (count == 1 || pool.numStarted == 0) {
    for (int64_t i = 0; i < count; ++i)
      task(argument, i, 0);
    return MOEC_OK;
  }
  pthread_mutex_lock(&pool.mutex);
  pool.task = task;
  pool.argument = argument;
  pool.count = count;
  pool.next.store(0, std::memory_order_relaxed);
  uint32_t generation =
      (pool.state.load(std::memory_order_relaxed) & generationMask) +
      generationUnit;
  // A worker starts out having done generation 0.
  if (generation == 0)
    generation = generationUnit;
  pool.state.store(generation | openBit, std::memory_order_seq_cst);
  if (pool.sleepers.load(std::memory_order_seq_cst))
    futexWake(pool.state, count - 1 > INT_MAX ? INT_MAX : int(count - 1));

  workOn(pool, 0);

  uint32_t state = pool.state.fetch_and(~openBit, std::memory_order_seq_cst);
  for (int spins = 0; state & insideMask; ++spins) {
    if (spins < spinPauses) {
      relaxCpu();
    } else {
      pool.callerSleeps.store(1, std::memory_order_seq_cst);
      state = pool.state.load(std::memory_order_seq_cst);
      if (state & insideMask)
        futexWait(pool.state, state);
      pool.callerSleeps.store(0, std::memory_order_seq_cst);
    }
    state = pool.state.load(std::memory_order_acquire) & ~openBit;
  }
  pthread_mutex_unlock(&pool.mutex);
  return MOEC_OK;
}

int32_t moec::rt::createPool(Allocator &allocator, int32_t numThreads,
                             moec_pool *&result) {
  result = nullptr;
  if (numThreads < 1)
    numThreads = 1;
  if (numThreads > maxThreads)
    numThreads = maxThreads;
  void *memory =
      allocator.alloc(sizeof(Pool) + sizeof(Worker) * size_t(numThreads));
  if (!memory)
    return MOEC_OUT_OF_MEMORY;
  Pool *pool = new (memory) Pool();
  pool->allocator = allocator;
  if (pthread_mutex_init(&pool->mutex, nullptr) != 0) {
    allocator.free(memory);
    return MOEC_OUT_OF_MEMORY;
  }
  pool->shared.struct_size = sizeof(moec_pool);
  pool->shared.n_workers = numThreads;
  pool->shared.context = pool;
  pool->shared.parallel_for = poolParallelFor;

  // The host's signals are the host's threads' business.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool failed = false;
  for (int32_t i = 1; i < numThreads && !failed; ++i) {
    Worker &worker = pool->workers[i - 1];
    worker.pool = pool;
    worker.index = i;
    failed = pthread_create(&worker.thread, nullptr, workerMain, &worker) != 0;
    if (!failed)
      ++pool->numStarted;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failed) {
    destroyPool(&pool->shared);
    return MOEC_OUT_OF_MEMORY;
  }
  result = &pool->shared;
  return MOEC_OK;
}

void moec::rt::destroyPool(moec_pool *shared) {
  if (!shared)
    return;
  Pool *pool = static_cast<Pool *>(shared->context);
  pool->stop.store(true, std::memory_order_seq_cst);
  // A new generation, so that nobody falls asleep on the old word.
  pool->state.fetch_add(generationUnit, std::memory_order_seq_cst);
  futexWake(pool->state, INT_MAX);
  for (int32_t i = 0; i < pool->numStarted; ++i)
    pthread_join(pool->workers[i].thread, nullptr);
  pthread_mutex_destroy(&pool->mutex);
  Allocator allocator = pool->allocator;
  allocator.free(pool);
}
