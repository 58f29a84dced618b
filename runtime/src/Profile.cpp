//===-- Profile.cpp - who is chosen in the MoE layers ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Internal.h"

#include <cmath>
#include <cstring>

using namespace moec::rt;

namespace {
/// Holds up the runs of a session, which main counts in.
class SessionLock {
public:
  explicit SessionLock(moec_session *session) : mutex(session->mutex) {
    pthread_mutex_lock(&mutex);
  }
  ~SessionLock() { pthread_mutex_unlock(&mutex); }
  SessionLock(const SessionLock &) = delete;
  SessionLock &operator=(const SessionLock &) = delete;

private:
  pthread_mutex_t &mutex;
};
} // namespace

//===-- Called by generated code ------------------------------------------===//

void moec_rt_profile(moec_ctx *ctx, int32_t layer, int64_t tokens,
                     int64_t choices, const int32_t *ids,
                     const float *weights) {
  Context &context = contextOf(ctx);
  moec_session &session = *context.session;
  if (!session.profile || layer < 0 || layer >= session.model->n_moe_layers)
    return;
  if (context.inParallel.load(std::memory_order_relaxed)) {
    moec_rt_record(ctx, MOEC_INTERNAL, -1);
    return;
  }
  LayerCounts &counts = session.profile[layer];
  uint32_t experts = uint32_t(session.model->moe_layers[layer].n_experts);
  counts.tokens += uint64_t(tokens);
  for (int64_t i = 0; i < tokens * choices; ++i) {
    // A negative id is a large one.
    uint32_t expert = uint32_t(ids[i]);
    if (expert >= experts || !std::isfinite(weights[i]))
      continue;
    ++counts.expertTokens[expert];
    counts.expertWeight[expert] += std::fabs(double(weights[i]));
  }
}

//===-- Called by the host ------------------------------------------------===//

/// Zeros for all layers of the model, in one block; null on failure.
static LayerCounts *allocateCounts(const moec_model_desc &model,
                                   Allocator &allocator) {
  static_assert(sizeof(uint64_t) == sizeof(double), "");
  size_t experts = 0, layers = size_t(model.n_moe_layers);
  for (size_t i = 0; i < layers; ++i)
    experts += size_t(model.moe_layers[i].n_experts);
  size_t size = layers * sizeof(LayerCounts) + 2 * experts * sizeof(uint64_t);
  // A model without layers has a profile, too: an empty one.
  void *block = allocator.alloc(size ? size : 1);
  if (!block)
    return nullptr;
  memset(block, 0, size);
  auto *counts = static_cast<LayerCounts *>(block);
  auto *tokens = reinterpret_cast<uint64_t *>(counts + layers);
  auto *weights = reinterpret_cast<double *>(tokens + experts);
  for (size_t i = 0; i < layers; ++i) {
    counts[i].expertTokens = tokens;
    counts[i].expertWeight = weights;
    tokens += model.moe_layers[i].n_experts;
    weights += model.moe_layers[i].n_experts;
  }
  return counts;
}

int32_t moec::rt::enableProfile(moec_session *session, int32_t enable) {
  if (!session)
    return MOEC_INVALID_ARGUMENT;
  SessionLock lock(session);
  LayerCounts *counts = nullptr;
  if (enable) {
    counts = allocateCounts(*session->model, session->allocator);
    if (!counts) {
      session->error.set("cannot allocate a profile of %d layers",
                         session->model->n_moe_layers);
      return MOEC_OUT_OF_MEMORY;
    }
  }
  session->allocator.free(session->profile);
  session->profile = counts;
  return MOEC_OK;
}

/// Copies the first n of `from`, which has `count`; zeros behind them.
template <typename T>
static void copyCounts(const T *from, int32_t count, T *to, int32_t n) {
  for (int32_t i = 0; to && i < n; ++i)
    to[i] = i < count ? from[i] : T();
}

int32_t moec::rt::readProfile(moec_session *session, int32_t layer,
                              uint64_t *tokens, uint64_t *expertTokens,
                              double *expertWeight, int32_t n) {
  if (!session)
    return MOEC_INVALID_ARGUMENT;
  SessionLock lock(session);
  const moec_model_desc &model = *session->model;
  if (layer < 0 || layer >= model.n_moe_layers || n < 0) {
    session->error.set("layer %d and %d experts asked for; the model has %d "
                       "MoE layers",
                       layer, n, model.n_moe_layers);
    return MOEC_INVALID_ARGUMENT;
  }
  if (!session->profile) {
    session->error.set("nothing was counted; call profile_enable before run");
    return MOEC_INVALID_ARGUMENT;
  }
  const LayerCounts &counts = session->profile[layer];
  int32_t experts = model.moe_layers[layer].n_experts;
  if (tokens)
    *tokens = counts.tokens;
  copyCounts(counts.expertTokens, experts, expertTokens, n);
  copyCounts(counts.expertWeight, experts, expertWeight, n);
  return MOEC_OK;
}
