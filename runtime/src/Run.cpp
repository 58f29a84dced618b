//===-- Run.cpp - one run, and what the model's code calls ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Internal.h"

using namespace moec::rt;

//===-- Called by generated code ------------------------------------------===//

namespace {
/// Status and site as one word, so that the two of them are recorded together.
struct alignas(8) ErrorWord {
  int32_t status;
  int32_t site;
};
static_assert(sizeof(ErrorWord) == 8, "");
static_assert(offsetof(moec_ctx, error) % 8 == 0, "");
} // namespace

static bool exchangeError(moec_ctx *ctx, ErrorWord expected,
                          ErrorWord desired) {
  uint64_t from, to;
  __builtin_memcpy(&from, &expected, sizeof(from));
  __builtin_memcpy(&to, &desired, sizeof(to));
  return __atomic_compare_exchange_n(reinterpret_cast<uint64_t *>(&ctx->error),
                                     &from, to, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE);
}

void moec_rt_record(moec_ctx *ctx, int32_t status, int32_t site) {
  if (status == MOEC_OK)
    return;
  exchangeError(ctx, {MOEC_OK, -1}, {status, site});
}

int32_t moec_rt_fail(moec_ctx *ctx, int32_t status, int32_t site) {
  if (status == MOEC_OK)
    return status;
  if (site < -1) {
    // What the kernel returned may be another status than the one it recorded
    // first, which is the one that the run ends with.
    int32_t first = ctx->error, recorded = ctx->error_site;
    if (recorded < -1)
      exchangeError(
          ctx, {first, recorded},
          {first, MOEC_KERNEL_SITE(site) + MOEC_KERNEL_SITE(recorded)});
    site = -1;
  }
  if (!exchangeError(ctx, {MOEC_OK, -1}, {status, site}))
    exchangeError(ctx, {status, -1}, {status, site});
  return status;
}

void moec_rt_note(moec_ctx *ctx, int64_t first, int64_t second) {
  Context &context = contextOf(ctx);
  if (ctx->error || context.inParallel.load(std::memory_order_relaxed))
    return;
  context.values[0] = first;
  context.values[1] = second;
}

int32_t moec_rt_alloc(moec_ctx *ctx, int64_t bytes, int32_t site, void **out) {
  Context &context = contextOf(ctx);
  *out = nullptr;
  if (context.inParallel.load(std::memory_order_relaxed)) {
    moec_rt_record(ctx, MOEC_INTERNAL, -1);
    return MOEC_INTERNAL;
  }
  *out = context.session->arena.alloc(bytes);
  if (*out)
    return MOEC_OK;
  if (!ctx->error && bytes == INT64_MAX)
    context.detail.set("its size overflows");
  else if (!ctx->error)
    context.detail.set("cannot allocate %lld bytes",
                       static_cast<long long>(bytes));
  moec_rt_record(ctx, MOEC_OUT_OF_MEMORY, site);
  return MOEC_OUT_OF_MEMORY;
}

void moec_rt_free(moec_ctx *ctx, void *pointer) {
  Context &context = contextOf(ctx);
  if (context.inParallel.load(std::memory_order_relaxed)) {
    moec_rt_record(ctx, MOEC_INTERNAL, -1);
    return;
  }
  context.session->arena.free(pointer);
}

namespace {
/// A parallel_for under way, as the pool's task sees it.
struct Job {
  moec_ctx *ctx;
  moec_rt_task task;
  const void *args;
  int32_t numWorkers;
  /// Lowest index that failed so far. Items are handed out in rising order, so
  /// everything below it has run or is running: the lowest failure of all is
  /// found whatever the timing.
  std::atomic<int64_t> failedIndex;
  /// Its status; written under `lock`.
  int32_t status;
  std::atomic<bool> lock;
};
} // namespace

static void keepLowestFailure(Job &job, int64_t index, int32_t status) {
  while (job.lock.exchange(true, std::memory_order_acquire))
    ;
  if (index < job.failedIndex.load(std::memory_order_relaxed)) {
    job.failedIndex.store(index, std::memory_order_relaxed);
    job.status = status;
  }
  job.lock.store(false, std::memory_order_release);
}

static void runItem(void *argument, int64_t index, int32_t worker) {
  Job &job = *static_cast<Job *>(argument);
  if (index > job.failedIndex.load(std::memory_order_relaxed))
    return;
  int32_t status;
  // A worker number out of range would be a host's mistake that writes beyond
  // the slots.
  if (worker < 0 || worker >= job.numWorkers) {
    status = MOEC_INVALID_ARGUMENT;
  } else {
    FloatModeScope scope;
    WorkerSlot &slot = contextOf(job.ctx).session->workers[worker];
    slot.thread.store(pthread_self(), std::memory_order_relaxed);
    status = job.task(job.ctx, job.args, index, worker);
    slot.thread.store(pthread_t(), std::memory_order_relaxed);
  }
  if (status != MOEC_OK)
    keepLowestFailure(job, index, status);
}

/// The worker on whose task this thread is.
static int32_t currentWorker(moec_session &session) {
  pthread_t self = pthread_self();
  for (int32_t i = 0; i < session.pool->n_workers; ++i)
    if (pthread_equal(session.workers[i].thread.load(std::memory_order_relaxed),
                      self))
      return i;
  return 0;
}

int32_t moec_rt_parallel_for(moec_ctx *ctx, moec_rt_task task, const void *args,
                             int64_t count) {
  if (count <= 0)
    return MOEC_OK;
  Context &context = contextOf(ctx);
  if (context.inParallel.load(std::memory_order_relaxed)) {
    int32_t worker = currentWorker(*context.session);
    for (int64_t i = 0; i < count; ++i)
      if (int32_t status = task(ctx, args, i, worker)) {
        moec_rt_record(ctx, status, -1);
        return status;
      }
    return MOEC_OK;
  }
  moec_pool *pool = context.session->pool;
  Job job;
  job.ctx = ctx;
  job.task = task;
  job.args = args;
  job.numWorkers = pool->n_workers;
  job.failedIndex.store(INT64_MAX, std::memory_order_relaxed);
  job.status = MOEC_OK;
  job.lock.store(false, std::memory_order_relaxed);
  context.inParallel.store(true, std::memory_order_relaxed);
  int32_t status = MOEC_OK;
  if (count == 1)
    runItem(&job, 0, 0);
  else
    status = pool->parallel_for(pool, runItem, &job, count);
  context.inParallel.store(false, std::memory_order_relaxed);
  if (job.status != MOEC_OK)
    status = job.status;
  moec_rt_record(ctx, status, -1);
  return status;
}

//===-- A run -------------------------------------------------------------===//

/// Puts the recorded error into words.
static void describeError(Context &context, int32_t status) {
  moec_session &session = *context.session;
  const moec_model_desc &model = *session.model;
  int32_t site = context.shared.error_site;
  const char *detail = context.detail.data;
  bool known = site >= 0 && site < model.n_sites && context.shared.error;
  if (!known && detail[0]) {
    session.error = context.detail;
    return;
  }
  if (!known) {
    session.error.set("%s in model '%.100s'", statusString(status), model.name);
    return;
  }
  Text message;
  message.fill(model.sites[site].message, context.values);
  session.error.set("%s: node '%.150s': %.320s%s%.150s", statusString(status),
                    model.sites[site].node, message.data, detail[0] ? "; " : "",
                    detail);
}

/// Hands the outputs to the caller, or takes them back.
static int32_t finishOutputs(moec_session &session, int32_t status) {
  const moec_model_desc &model = *session.model;
  for (int32_t i = 0; i < model.n_outputs && status == MOEC_OK; ++i)
    if (!session.bound[i]) {
      session.error.set("the model did not bind output '%.100s'",
                        model.outputs[i].name);
      status = MOEC_INTERNAL;
    }
  for (int32_t i = 0; i < model.n_outputs; ++i) {
    if (!session.bound[i])
      continue;
    moec_tensor &output = session.outputs[i];
    if (status == MOEC_OK)
      session.callerOutputs[i] = output;
    else if (output.flags & MOEC_TENSOR_OWNED)
      session.allocator.free(output.data);
  }
  return status;
}

static int32_t runLocked(moec_session &session, const moec_tensor *inputs,
                         moec_tensor *outputs) {
  const moec_model_desc &model = *session.model;
  if (int32_t status = bindInputs(session, inputs))
    return status;
  if (int32_t status = checkOverlap(session, outputs))
    return status;
  session.callerOutputs = outputs;
  for (int32_t i = 0; i < model.n_outputs; ++i) {
    session.bound[i] = 0;
    session.outputs[i] = outputs[i];
  }

  uint64_t counters[MOEC_COUNTER_COUNT] = {};
  Context context;
  context.shared.kernels = session.level ? session.level->kernels : nullptr;
  context.shared.weights = session.weights.data;
  context.shared.inputs = session.inputs;
  context.shared.outputs = session.outputs;
  context.shared.counters = counters;
  context.shared.error = MOEC_OK;
  context.shared.error_site = -1;
  context.session = &session;
  context.inParallel.store(false, std::memory_order_relaxed);
  context.detail.clear();
  context.values[0] = context.values[1] = 0;

  int32_t status;
  {
    FloatModeScope scope;
    status = model.main(&context.shared);
  }
  // A task may have recorded an error that main did not see.
  if (context.shared.error)
    status = context.shared.error;
  if (status != MOEC_OK)
    describeError(context, status);
  status = finishOutputs(session, status);
  session.arena.endRun();
  session.callerOutputs = nullptr;

  if (status == MOEC_OK)
    ++counters[MOEC_COUNTER_RUNS];
  for (int i = 0; i < MOEC_COUNTER_COUNT; ++i)
    if (i != MOEC_COUNTER_ARENA_BYTES && i != MOEC_COUNTER_ARENA_PEAK)
      session.counters[i].fetch_add(counters[i], std::memory_order_relaxed);
  session.counters[MOEC_COUNTER_ARENA_BYTES].store(session.arena.heldBytes(),
                                                   std::memory_order_relaxed);
  session.counters[MOEC_COUNTER_ARENA_PEAK].store(session.arena.peakBytes(),
                                                  std::memory_order_relaxed);
  return status;
}

int32_t moec::rt::runSession(moec_session *session, const moec_tensor *inputs,
                             int32_t numInputs, moec_tensor *outputs,
                             int32_t numOutputs) {
  if (!session)
    return MOEC_INVALID_ARGUMENT;
  const moec_model_desc &model = *session->model;
  pthread_mutex_lock(&session->mutex);
  int32_t status;
  if (numInputs != model.n_inputs || numOutputs != model.n_outputs) {
    session->error.set("%d inputs and %d outputs given, expected %d and %d",
                       numInputs, numOutputs, model.n_inputs, model.n_outputs);
    status = MOEC_INVALID_ARGUMENT;
  } else if ((numInputs && !inputs) || (numOutputs && !outputs)) {
    session->error.set("inputs or outputs are a null pointer");
    status = MOEC_INVALID_ARGUMENT;
  } else {
    status = runLocked(*session, inputs, outputs);
  }
  pthread_mutex_unlock(&session->mutex);
  return status;
}
