//===-- FakeModel.cpp - models written by hand for the runtime's tests ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "FakeModel.h"
#include "moec/weights_hash.h"

#include <gtest/gtest.h>

using namespace moec::testing;

//===-- WeightsImage ------------------------------------------------------===//

static size_t alignUp(size_t value, size_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

void WeightsImage::resize(size_t newSize) {
  void *grown = nullptr;
  if (posix_memalign(&grown, 4096, newSize ? newSize : 1) != 0)
    std::abort();
  std::memset(grown, 0, newSize);
  if (data)
    std::memcpy(grown, data, std::min(size, newSize));
  std::free(data);
  data = static_cast<uint8_t *>(grown);
  size = newSize;
}

WeightsImage::WeightsImage(const WeightsImage &other) { *this = other; }

WeightsImage &WeightsImage::operator=(const WeightsImage &other) {
  if (this == &other)
    return *this;
  resize(other.size);
  if (size)
    std::memcpy(data, other.data, size);
  return *this;
}

moec_weights_header WeightsImage::header() const {
  moec_weights_header header;
  std::memcpy(&header, data, sizeof(header));
  return header;
}

void WeightsImage::setHeader(moec_weights_header header) {
  header.header_hash =
      moec::hashHeader(header, data + header.table_offset,
                       header.n_segments * sizeof(moec_weights_segment),
                       data + header.names_offset, header.names_bytes);
  std::memcpy(data, &header, sizeof(header));
}

WeightsImage WeightsImage::make(const std::vector<Segment> &segments,
                                const uint8_t buildId[16]) {
  moec_weights_header header = {};
  std::memcpy(header.magic, MOEC_WEIGHTS_MAGIC, 8);
  header.version = MOEC_WEIGHTS_VERSION;
  header.header_bytes = sizeof(header);
  std::memcpy(header.build_id, buildId, 16);
  header.n_segments = segments.size();
  header.table_offset = sizeof(header);
  header.names_offset =
      header.table_offset + segments.size() * sizeof(moec_weights_segment);
  std::vector<moec_weights_segment> table;
  std::string names;
  uint64_t offset = 0;
  for (const Segment &segment : segments) {
    moec_weights_segment entry = {};
    entry.offset = offset;
    entry.bytes = segment.bytes.size();
    entry.name_offset = names.size();
    entry.name_bytes = segment.name.size();
    moec::hashSegment(segment.bytes.data(), segment.bytes.size(), entry.hash_lo,
                      entry.hash_hi);
    names += segment.name;
    offset = alignUp(offset + entry.bytes, MOEC_WEIGHTS_SEGMENT_ALIGN);
    table.push_back(entry);
  }
  header.names_bytes = names.size();
  header.data_offset =
      alignUp(header.names_offset + names.size(), MOEC_WEIGHTS_DATA_ALIGN);
  header.data_bytes = offset;
  header.file_bytes = header.data_offset + offset;
  WeightsImage image;
  image.resize(header.file_bytes);
  if (!table.empty())
    std::memcpy(image.data + header.table_offset, table.data(),
                table.size() * sizeof(table[0]));
  std::memcpy(image.data + header.names_offset, names.data(), names.size());
  for (size_t i = 0; i < segments.size(); ++i)
    std::memcpy(image.data + header.data_offset + table[i].offset,
                segments[i].bytes.data(), segments[i].bytes.size());
  image.setHeader(header);
  return image;
}

//===-- FakeModel ---------------------------------------------------------===//

static const int64_t xDims[] = {-1, 4};
static const int64_t pastDims[] = {2, -2, 3};
static const int64_t presentDims[] = {2, -3, 3};
static const char *const symbolNames[] = {"n", "p", "t"};

/// What each level's table holds: a number that tells which was chosen.
static const int level3 = 3, level4 = 4, level4Vnni = 5;
static const void *const kernels3[] = {&level3};
static const void *const kernels4[] = {&level4};
static const void *const kernels4Vnni[] = {&level4Vnni};

FakeModel::FakeModel() {
  inputs = {{"x", MOEC_FLOAT, 2, xDims, -1, 0},
            {"past", MOEC_FLOAT, 3, pastDims, -1, MOEC_IO_STRIDED}};
  outputs = {{"y", MOEC_FLOAT, 2, xDims, -1, 0},
             {"present", MOEC_FLOAT, 3, presentDims, 1, MOEC_IO_STRIDED}};
  levels = {{"x86-64-v4+vnni", 4, MOEC_CPU_AVX512_VNNI, kernels4Vnni},
            {"x86-64-v4", 4, 0, kernels4},
            {"x86-64-v3", 3, 0, kernels3}};
  sites = {{"/layer/Gather", "index out of range"},
           {"/layer/Div", "division by zero"}};
  desc = {};
  desc.struct_size = sizeof(desc);
  desc.abi_version = MOEC_GENERATED_VERSION;
  desc.name = "fake";
  for (int i = 0; i < 16; ++i)
    desc.build_id[i] = uint8_t(17 * i + 3);
  float w = 2.5f;
  std::vector<uint8_t> bytes(sizeof(w));
  std::memcpy(bytes.data(), &w, sizeof(w));
  std::vector<uint8_t> others(200, 9);
  weights =
      WeightsImage::make({{"w", bytes}, {"unused", others}}, desc.build_id);
  desc.inputs = inputs.data();
  desc.outputs = outputs.data();
  desc.n_inputs = 2;
  desc.n_outputs = 2;
  desc.n_symbols = 3;
  desc.symbols = symbolNames;
  desc.levels = levels.data();
  desc.n_levels = int32_t(levels.size());
  desc.n_kernels = 1;
  desc.sites = sites.data();
  desc.n_sites = int32_t(sites.size());
  desc.main = fakeMain;
  desc.weights_bytes = weights.size;
  desc.n_segments = 2;
  desc.manifest_json = "{\"name\": \"fake\"}";
  desc.slot = &slot;
}

//===-- CountingAllocator -------------------------------------------------===//

CountingAllocator::CountingAllocator() : table{this, alloc, free} {}

void *CountingAllocator::alloc(void *context, size_t size, size_t alignment) {
  auto &self = *static_cast<CountingAllocator *>(context);
  std::lock_guard<std::mutex> guard(self.mutex);
  ++self.allocations;
  if (self.failAfter == 0)
    return nullptr;
  if (self.failAfter > 0)
    --self.failAfter;
  void *pointer = nullptr;
  if (posix_memalign(&pointer, alignment, size) != 0)
    return nullptr;
  // Nothing may rely on memory being zero.
  std::memset(pointer, 0xa5, size);
  self.blocks[pointer] = size;
  return pointer;
}

void CountingAllocator::free(void *context, void *pointer) {
  auto &self = *static_cast<CountingAllocator *>(context);
  std::lock_guard<std::mutex> guard(self.mutex);
  ASSERT_EQ(self.blocks.erase(pointer), 1u) << "freed what was not allocated";
  std::free(pointer);
}

//===-- Small helpers -----------------------------------------------------===//

moec_tensor moec::testing::floatTensor(std::vector<float> &data,
                                       const std::vector<int64_t> &shape) {
  moec_tensor tensor = {};
  tensor.data = data.data();
  tensor.dtype = MOEC_FLOAT;
  tensor.rank = int32_t(shape.size());
  tensor.capacity = int64_t(data.size() * sizeof(float));
  for (size_t i = 0; i < shape.size(); ++i)
    tensor.shape[i] = shape[i];
  return tensor;
}

ScopedEnv::ScopedEnv(const char *name, const char *value) : name(name) {
  const char *old = std::getenv(name);
  wasSet = old != nullptr;
  if (old)
    before = old;
  if (value)
    setenv(name, value, 1);
  else
    unsetenv(name);
}

ScopedEnv::~ScopedEnv() {
  if (wasSet)
    setenv(name.c_str(), before.c_str(), 1);
  else
    unsetenv(name.c_str());
}

moec_session_options moec::testing::optionsFor(const FakeModel &model) {
  moec_session_options options = {};
  options.struct_size = sizeof(options);
  options.n_threads = 2;
  options.weights_data = model.weights.data;
  options.weights_size = model.weights.size;
  return options;
}
