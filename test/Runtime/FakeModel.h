//===-- FakeModel.h - models written by hand for the runtime's tests -*- C++
//-*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stands where generated code stands: a descriptor, a main, and a weights file.
//
//===----------------------------------------------------------------------===//
#ifndef MOEC_TEST_RUNTIME_FAKEMODEL_H
#define MOEC_TEST_RUNTIME_FAKEMODEL_H

#include "FakeMain.h"
#include "moec/weights_format.h"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace moec {
namespace testing {

/// A weights file in memory, 64-byte aligned.
struct WeightsImage {
  struct Segment {
    std::string name;
    std::vector<uint8_t> bytes;
  };
  static WeightsImage make(const std::vector<Segment> &segments,
                           const uint8_t buildId[16]);
  WeightsImage() = default;
  WeightsImage(const WeightsImage &other);
  WeightsImage &operator=(const WeightsImage &other);
  ~WeightsImage() { std::free(data); }
  void resize(size_t newSize);
  moec_weights_header header() const;
  /// Writes a header back, with its hash put right.
  void setHeader(moec_weights_header header);

  uint8_t *data = nullptr;
  size_t size = 0;
};

/// A model that the tests change before they query it.
///
///   x : f32[n, 4]              y       : f32[n, 4] = x * w, w the one segment
///   past : f32[2, p, 3]        present : f32[2, p + 1, 3], may alias past;
///                                        its new row is 7
/// x must not be aliased; past and present may be strided.
class FakeModel {
public:
  FakeModel();
  const moec_api *api() { return moec_rt_query(&desc); }

  /// Makes the layers those of the model.
  void setLayers(std::vector<moec_moe_layer_info> newLayers) {
    layers = std::move(newLayers);
    desc.moe_layers = layers.data();
    desc.n_moe_layers = int32_t(layers.size());
  }

  moec_model_desc desc;
  moec_model_slot slot = {};
  std::vector<moec_io_info> inputs, outputs;
  std::vector<moec_level_desc> levels;
  std::vector<moec_site_desc> sites;
  std::vector<moec_moe_layer_info> layers;
  WeightsImage weights;
};

/// Counts what is live, and fails at the n-th allocation.
class CountingAllocator {
public:
  CountingAllocator();
  moec_allocator table;
  /// Allocations until one fails; negative: none does.
  int64_t failAfter = -1;
  int64_t allocations = 0;
  size_t live() const { return blocks.size(); }

private:
  static void *alloc(void *context, size_t size, size_t alignment);
  static void free(void *context, void *pointer);
  std::mutex mutex;
  std::map<void *, size_t> blocks;
};

/// A contiguous f32 tensor over `data`.
moec_tensor floatTensor(std::vector<float> &data,
                        const std::vector<int64_t> &shape);

/// Sets or clears an environment variable for a scope.
class ScopedEnv {
public:
  ScopedEnv(const char *name, const char *value);
  ~ScopedEnv();

private:
  std::string name, before;
  bool wasSet;
};

/// Options that point at a model's weights in memory.
moec_session_options optionsFor(const FakeModel &model);

} // namespace testing
} // namespace moec

#endif // MOEC_TEST_RUNTIME_FAKEMODEL_H
