//===-- Session.cpp - the table behind moec_query_NAME --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Internal.h"

#include <cstdlib>
#include <cstring>
#include <new>

using namespace moec::rt;

static const moec_model_desc &modelOf(const moec_api *api) {
  return *static_cast<const moec_model_desc *>(api->model);
}

//===-- What is inside ----------------------------------------------------===//

static int32_t modelInfo(const moec_api *api, moec_model_info *info) {
  if (!api || !info)
    return MOEC_INVALID_ARGUMENT;
  if (info->struct_size < sizeof(uint32_t))
    return MOEC_VERSION_MISMATCH;
  const moec_model_desc &model = modelOf(api);
  moec_model_info full = {};
  full.n_inputs = model.n_inputs;
  full.n_outputs = model.n_outputs;
  full.n_symbols = model.n_symbols;
  full.name = model.name;
  full.inputs = model.inputs;
  full.outputs = model.outputs;
  full.symbols = model.symbols;
  full.manifest_json = model.manifest_json;
  memcpy(full.build_id, model.build_id, sizeof(full.build_id));
  full.weights_bytes = model.weights_bytes;
  full.n_levels = model.n_levels;
  full.n_moe_layers = model.n_moe_layers;
  full.moe_layers = model.moe_layers;
  // A caller of an older header has room for less, one of a newer for more.
  full.struct_size = info->struct_size;
  size_t bytes =
      info->struct_size < sizeof(full) ? info->struct_size : sizeof(full);
  if (info->struct_size > sizeof(full))
    memset(reinterpret_cast<char *>(info) + sizeof(full), 0,
           info->struct_size - sizeof(full));
  memcpy(info, &full, bytes);
  return MOEC_OK;
}

static const char *levelName(const moec_api *api, int32_t i) {
  if (!api || i < 0 || i >= modelOf(api).n_levels)
    return nullptr;
  return modelOf(api).levels[i].name;
}

//===-- Sessions ----------------------------------------------------------===//

static void destroySession(moec_session *session) {
  if (!session)
    return;
  if (session->ownsPool)
    destroyPool(session->pool);
  session->arena.release();
  closeWeights(session->weights);
  Allocator allocator = session->allocator;
  allocator.free(session->workers);
  allocator.free(session->inputs);
  allocator.free(session->outputs);
  allocator.free(session->symbols);
  allocator.free(session->bound);
  allocator.free(session->profile);
  pthread_mutex_destroy(&session->mutex);
  allocator.free(session);
}

/// Memory for `count` elements, at least one; null on failure.
template <typename T>
static bool allocateArray(Allocator &allocator, int64_t count, T *&array) {
  array = static_cast<T *>(
      allocator.alloc(sizeof(T) * size_t(count > 0 ? count : 1)));
  return array != nullptr;
}

/// Slots of all workers of the session's pool.
static bool allocateWorkers(moec_session &session) {
  int32_t count = session.pool->n_workers;
  if (!allocateArray(session.allocator, count, session.workers))
    return false;
  for (int32_t i = 0; i < count; ++i)
    new (&session.workers[i]) WorkerSlot();
  return true;
}

static int32_t initSession(moec_session &session,
                           const moec_session_options &options) {
  const moec_model_desc &model = *session.model;
  Text &error = session.error;
  if (model.n_levels > 0) {
    const char *caps[] = {options.max_cpu, getenv("MOEC_CPU")};
    if (int32_t status =
            chooseLevel(model, detectCpu(), caps, 2, session.level, error))
      return status;
  }
  if (!allocateArray(session.allocator, model.n_inputs, session.inputs) ||
      !allocateArray(session.allocator, model.n_outputs, session.outputs) ||
      !allocateArray(session.allocator, model.n_outputs, session.bound) ||
      !allocateArray(session.allocator, model.n_symbols, session.symbols)) {
    error.set("cannot allocate a session");
    return MOEC_OUT_OF_MEMORY;
  }
  if (int32_t status = openWeights(model, options, session.weights, error))
    return status;
  const char *check = getenv("MOEC_CHECK_WEIGHTS");
  if (options.check_weights || (check && strcmp(check, "1") == 0))
    if (int32_t status = checkWeightsData(session.weights, error))
      return status;
  if (options.pool) {
    if (options.pool->struct_size < sizeof(moec_pool)) {
      error.set("the pool's struct_size is %u", options.pool->struct_size);
      return MOEC_VERSION_MISMATCH;
    }
    if (options.pool->n_workers < 1 || !options.pool->parallel_for) {
      error.set("the pool has %d workers or no parallel_for",
                options.pool->n_workers);
      return MOEC_INVALID_ARGUMENT;
    }
    session.pool = options.pool;
  } else {
    if (options.n_threads < 0) {
      error.set("n_threads is %d", options.n_threads);
      return MOEC_INVALID_ARGUMENT;
    }
    int32_t count =
        options.n_threads ? options.n_threads : defaultThreadCount();
    if (int32_t status = createPool(session.allocator, count, session.pool)) {
      error.set("cannot start %d threads", count);
      return status;
    }
    session.ownsPool = true;
  }
  if (!allocateWorkers(session)) {
    error.set("cannot allocate slots for %d workers", session.pool->n_workers);
    return MOEC_OUT_OF_MEMORY;
  }
  return MOEC_OK;
}

/// Leaves a text in the caller's buffer, if there is one.
static void reportError(const moec_session_options &options, const char *text) {
  if (!options.error_text || !options.error_capacity)
    return;
  size_t length = strlen(text);
  if (length >= options.error_capacity)
    length = options.error_capacity - 1;
  memcpy(options.error_text, text, length);
  options.error_text[length] = 0;
}

static int32_t sessionCreate(const moec_api *api,
                             const moec_session_options *given,
                             moec_session **result) {
  if (!result)
    return MOEC_INVALID_ARGUMENT;
  *result = nullptr;
  if (!api)
    return MOEC_INVALID_ARGUMENT;
  moec_session_options options = {};
  if (given) {
    // No header was ever shorter than this one.
    if (given->struct_size < sizeof(options))
      return MOEC_VERSION_MISMATCH;
    memcpy(&options, given, sizeof(options));
  }
  Allocator allocator = defaultAllocator();
  if (options.allocator) {
    if (!options.allocator->alloc || !options.allocator->free) {
      reportError(options, "the allocator lacks a function");
      return MOEC_INVALID_ARGUMENT;
    }
    allocator.host = *options.allocator;
  }
  void *memory = allocator.alloc(sizeof(moec_session));
  if (!memory) {
    reportError(options, "cannot allocate a session");
    return MOEC_OUT_OF_MEMORY;
  }
  moec_session *session = new (memory) moec_session();
  session->model = &modelOf(api);
  session->allocator = allocator;
  session->arena.init(&session->allocator);
  if (pthread_mutex_init(&session->mutex, nullptr) != 0) {
    allocator.free(memory);
    reportError(options, "cannot make a mutex");
    return MOEC_OUT_OF_MEMORY;
  }
  int32_t status = initSession(*session, options);
  if (status != MOEC_OK) {
    reportError(options, session->error.data);
    destroySession(session);
    return status;
  }
  *result = session;
  return MOEC_OK;
}

static void tensorRelease(moec_session *session, moec_tensor *tensor) {
  if (!session || !tensor || !(tensor->flags & MOEC_TENSOR_OWNED))
    return;
  session->allocator.free(tensor->data);
  tensor->data = nullptr;
  tensor->capacity = 0;
  tensor->flags &= ~MOEC_TENSOR_OWNED;
}

static const char *lastError(const moec_session *session) {
  return session ? session->error.data : "";
}

static const char *sessionCpuLevel(const moec_session *session) {
  return session && session->level ? session->level->name : "";
}

static int32_t sessionThreads(const moec_session *session) {
  return session ? session->pool->n_workers : 0;
}

static int32_t readCounters(moec_session *session, uint64_t *values,
                            int32_t n) {
  if (!session || n < 0 || (n && !values))
    return MOEC_INVALID_ARGUMENT;
  for (int32_t i = 0; i < n; ++i)
    values[i] = i < MOEC_COUNTER_COUNT
                    ? session->counters[i].load(std::memory_order_relaxed)
                    : 0;
  return MOEC_OK;
}

static int32_t verifyWeights(moec_session *session) {
  if (!session)
    return MOEC_INVALID_ARGUMENT;
  // Reading gigabytes must not hold up runs; only the text needs the lock.
  Text error;
  error.clear();
  int32_t status = checkWeightsData(session->weights, error);
  if (status != MOEC_OK) {
    pthread_mutex_lock(&session->mutex);
    session->error = error;
    pthread_mutex_unlock(&session->mutex);
  }
  return status;
}

//===-- Pools -------------------------------------------------------------===//

static int32_t poolCreate(const moec_api *, int32_t numThreads,
                          moec_pool **pool) {
  if (!pool)
    return MOEC_INVALID_ARGUMENT;
  *pool = nullptr;
  if (numThreads < 0)
    return MOEC_INVALID_ARGUMENT;
  Allocator allocator = defaultAllocator();
  return createPool(allocator, numThreads ? numThreads : defaultThreadCount(),
                    *pool);
}

//===-- Reserved ----------------------------------------------------------===//

static int32_t stateCreate(moec_session *, moec_state **state) {
  if (state)
    *state = nullptr;
  return MOEC_UNSUPPORTED;
}
static int32_t stateResize(moec_state *, int64_t) { return MOEC_UNSUPPORTED; }
static int32_t stateFork(const moec_state *, moec_state **copy) {
  if (copy)
    *copy = nullptr;
  return MOEC_UNSUPPORTED;
}
static int32_t stateOnly(moec_state *) { return MOEC_UNSUPPORTED; }

//===-- The table ---------------------------------------------------------===//

static void fillApi(moec_api &api, const moec_model_desc *model) {
  api.magic = MOEC_API_MAGIC;
  api.abi_version = MOEC_ABI_VERSION;
  api.struct_size = sizeof(moec_api);
  api.model = model;
  api.model_info = modelInfo;
  api.level_name = levelName;
  api.status_string = statusString;
  api.session_create = sessionCreate;
  api.session_destroy = destroySession;
  api.run = runSession;
  api.tensor_release = tensorRelease;
  api.last_error = lastError;
  api.session_cpu_level = sessionCpuLevel;
  api.session_threads = sessionThreads;
  api.counters = readCounters;
  api.verify_weights = verifyWeights;
  api.pool_create = poolCreate;
  api.pool_destroy = destroyPool;
  api.state_create = stateCreate;
  api.state_append = stateResize;
  api.state_truncate = stateResize;
  api.state_fork = stateFork;
  api.state_reset = stateOnly;
  api.state_destroy = stateOnly;
  api.profile_enable = enableProfile;
  api.profile_read = readProfile;
}

namespace {
/// What the runtime keeps in moec_model_slot. Each model has its own, so that
/// several models can be linked statically into one program.
struct Slot {
  enum : uint32_t { Empty = 0, Filling = 1, Ready = 2 };
  std::atomic<uint32_t> state;
  moec_api api;
};
static_assert(sizeof(Slot) <= sizeof(moec_model_slot), "the slot is too small");
} // namespace

static bool isSound(const moec_model_desc *model) {
  if (!model || model->struct_size != sizeof(moec_model_desc) ||
      model->abi_version != MOEC_GENERATED_VERSION || !model->name ||
      !model->main || !model->slot || model->n_inputs < 0 ||
      model->n_outputs < 0 || model->n_symbols < 0 || model->n_levels < 0 ||
      model->n_moe_layers < 0)
    return false;
  for (int32_t i = 0; i < model->n_moe_layers; ++i)
    if (model->moe_layers[i].n_experts < 0)
      return false;
  auto isSoundIo = [&](const moec_io_info &info) {
    return info.rank >= 0 && info.rank <= MOEC_MAX_RANK &&
           dtypeBits(info.dtype) != 0 && info.alias < model->n_inputs;
  };
  for (int32_t i = 0; i < model->n_inputs; ++i)
    if (!isSoundIo(model->inputs[i]))
      return false;
  for (int32_t i = 0; i < model->n_outputs; ++i)
    if (!isSoundIo(model->outputs[i]))
      return false;
  return true;
}

const moec_api *moec_rt_query(const moec_model_desc *model) {
  if (!isSound(model))
    return nullptr;
  Slot &slot = *reinterpret_cast<Slot *>(model->slot);
  uint32_t state = slot.state.load(std::memory_order_acquire);
  if (state == Slot::Empty &&
      slot.state.compare_exchange_strong(state, Slot::Filling,
                                         std::memory_order_acq_rel)) {
    fillApi(slot.api, model);
    slot.state.store(Slot::Ready, std::memory_order_release);
    return &slot.api;
  }
  // Another thread is filling it: a few stores away.
  while (slot.state.load(std::memory_order_acquire) != Slot::Ready)
    ;
  return &slot.api;
}
