//===-- Weights.cpp - the weights file ------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Internal.h"
#include "moec/weights_hash.h"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace moec::rt;

/// NAME.weights beside the library that holds the descriptor.
static bool besideLibrary(const moec_model_desc &model, char *path,
                          size_t capacity) {
  Dl_info info;
  if (!dladdr(&model, &info) || !info.dli_fname)
    return false;
  const char *slash = strrchr(info.dli_fname, '/');
  int folder = slash ? int(slash + 1 - info.dli_fname) : 0;
  return snprintf(path, capacity, "%.*s%s.weights", folder, info.dli_fname,
                  model.name) < int(capacity);
}

static int32_t mapFile(const moec_model_desc &model, int fd, const char *name,
                       Weights &weights, Text &error) {
  struct stat status;
  if (fstat(fd, &status) != 0) {
    error.set("cannot read weights file '%.300s': errno %d", name, errno);
    return MOEC_WEIGHTS_MISSING;
  }
  if (!S_ISREG(status.st_mode)) {
    error.set("weights file '%.300s' is not a regular file", name);
    return MOEC_WEIGHTS_MISSING;
  }
  uint64_t size = uint64_t(status.st_size);
  if (size != model.weights_bytes) {
    error.set("weights file '%.300s' has %llu bytes, the library expects %llu",
              name, static_cast<unsigned long long>(size),
              static_cast<unsigned long long>(model.weights_bytes));
    return MOEC_WEIGHTS_CORRUPT;
  }
  void *base = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (base == MAP_FAILED) {
    error.set("cannot map weights file '%.300s': errno %d", name, errno);
    return errno == ENOMEM ? MOEC_OUT_OF_MEMORY : MOEC_WEIGHTS_MISSING;
  }
  weights.base = static_cast<const uint8_t *>(base);
  weights.size = size;
  weights.mapped = true;
  return MOEC_OK;
}

static int32_t openPath(const moec_model_desc &model, const char *path,
                        Weights &weights, Text &error) {
  int fd;
  do
    // O_NONBLOCK: a FIFO of that name must not hang us.
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  while (fd < 0 && errno == EINTR);
  if (fd < 0) {
    error.set("cannot open weights file '%.300s': errno %d", path, errno);
    return MOEC_WEIGHTS_MISSING;
  }
  int32_t status = mapFile(model, fd, path, weights, error);
  close(fd);
  return status;
}

int32_t moec::rt::openWeights(const moec_model_desc &model,
                              const moec_session_options &options,
                              Weights &weights, Text &error) {
  weights = Weights();
  int sources = (options.weights_path != nullptr) + (options.weights_fd > 0) +
                (options.weights_data != nullptr);
  if (sources > 1 || options.weights_fd < 0 ||
      (options.weights_size && !options.weights_data)) {
    error.set("more than one of weights_path, weights_fd and weights_data is "
              "set, or one is malformed");
    return MOEC_INVALID_ARGUMENT;
  }
  if (model.weights_bytes == 0)
    return MOEC_OK;

  int32_t status;
  if (options.weights_data) {
    if (reinterpret_cast<uintptr_t>(options.weights_data) % blockAlign) {
      error.set("weights_data is not 64-byte aligned");
      return MOEC_INVALID_ARGUMENT;
    }
    if (options.weights_size != model.weights_bytes) {
      error.set("weights_data has %llu bytes, the library expects %llu",
                static_cast<unsigned long long>(options.weights_size),
                static_cast<unsigned long long>(model.weights_bytes));
      return MOEC_WEIGHTS_CORRUPT;
    }
    weights.base = static_cast<const uint8_t *>(options.weights_data);
    weights.size = options.weights_size;
    status = MOEC_OK;
  } else if (options.weights_fd > 0) {
    status = mapFile(model, options.weights_fd, "descriptor", weights, error);
  } else if (options.weights_path) {
    status = openPath(model, options.weights_path, weights, error);
  } else {
    char path[PATH_MAX];
    if (!besideLibrary(model, path, sizeof(path))) {
      error.set("cannot tell where the library is, give weights_path");
      return MOEC_WEIGHTS_MISSING;
    }
    status = openPath(model, path, weights, error);
  }
  if (status == MOEC_OK)
    status = checkWeightsHeader(model, weights.base, weights.size, error);
  if (status != MOEC_OK) {
    closeWeights(weights);
    return status;
  }
  moec_weights_header header;
  memcpy(&header, weights.base, sizeof(header));
  weights.data = weights.base + header.data_offset;
  return MOEC_OK;
}

void moec::rt::closeWeights(Weights &weights) {
  if (weights.mapped)
    munmap(const_cast<uint8_t *>(weights.base), weights.size);
  weights = Weights();
}

/// Whether [offset, offset + bytes) lies within [low, high).
static bool within(uint64_t offset, uint64_t bytes, uint64_t low,
                   uint64_t high) {
  return offset >= low && offset <= high && bytes <= high - offset;
}

int32_t moec::rt::checkWeightsHeader(const moec_model_desc &model,
                                     const uint8_t *base, uint64_t size,
                                     Text &error) {
  auto corrupt = [&](const char *what) {
    error.set("weights file is damaged: %s", what);
    return int32_t(MOEC_WEIGHTS_CORRUPT);
  };
  moec_weights_header header;
  if (size < sizeof(header))
    return corrupt("shorter than its header");
  memcpy(&header, base, sizeof(header));
  if (memcmp(header.magic, MOEC_WEIGHTS_MAGIC, sizeof(header.magic)) != 0)
    return corrupt("wrong magic number");
  if (header.version != MOEC_WEIGHTS_VERSION) {
    error.set("weights file has version %u, expected %u", header.version,
              MOEC_WEIGHTS_VERSION);
    return MOEC_VERSION_MISMATCH;
  }
  if (header.header_bytes != sizeof(header))
    return corrupt("wrong header size");
  if (memcmp(header.build_id, model.build_id, sizeof(header.build_id)) != 0) {
    error.set("weights file belongs to another build of the model (build ids "
              "differ), compile again or use the file made with the library");
    return MOEC_WEIGHTS_MISMATCH;
  }
  if (header.file_bytes != size)
    return corrupt("its size differs from the size in the header");
  if (header.n_segments != model.n_segments)
    return corrupt("wrong number of segments");
  if (header.data_offset % MOEC_WEIGHTS_DATA_ALIGN ||
      !within(header.data_offset, header.data_bytes, sizeof(header), size) ||
      header.data_offset + header.data_bytes != size)
    return corrupt("data section out of bounds");
  uint64_t tableBytes;
  if (__builtin_mul_overflow(header.n_segments,
                             uint64_t(sizeof(moec_weights_segment)),
                             &tableBytes) ||
      header.table_offset % 8 ||
      !within(header.table_offset, tableBytes, sizeof(header),
              header.data_offset))
    return corrupt("segment table out of bounds");
  if (!within(header.names_offset, header.names_bytes,
              header.table_offset + tableBytes, header.data_offset))
    return corrupt("names out of bounds");
  // Everything that is hashed is in bounds now.
  if (hashHeader(header, base + header.table_offset, tableBytes,
                 base + header.names_offset,
                 header.names_bytes) != header.header_hash)
    return corrupt("hash of header and table differs");

  uint64_t end = 0;
  for (uint64_t i = 0; i < header.n_segments; ++i) {
    moec_weights_segment segment;
    memcpy(&segment, base + header.table_offset + i * sizeof(segment),
           sizeof(segment));
    if (segment.offset % MOEC_WEIGHTS_SEGMENT_ALIGN ||
        !within(segment.offset, segment.bytes, end, header.data_bytes))
      return corrupt("segment out of bounds");
    if (!within(segment.name_offset, segment.name_bytes, 0, header.names_bytes))
      return corrupt("name of a segment out of bounds");
    end = segment.offset + segment.bytes;
  }
  return MOEC_OK;
}

static bool allZero(const uint8_t *from, const uint8_t *to) {
  for (; from != to; ++from)
    if (*from)
      return false;
  return true;
}

int32_t moec::rt::checkWeightsData(const Weights &weights, Text &error) {
  if (!weights.base)
    return MOEC_OK;
  const uint8_t *base = weights.base;
  moec_weights_header header;
  memcpy(&header, base, sizeof(header));
  const uint8_t *table = base + header.table_offset;
  const uint8_t *tableEnd =
      table + header.n_segments * sizeof(moec_weights_segment);
  const uint8_t *names = base + header.names_offset;
  const char *padding = "weights file is damaged: bytes between the parts are "
                        "not zero";
  if (!allZero(base + sizeof(header), table) || !allZero(tableEnd, names) ||
      !allZero(names + header.names_bytes, weights.data)) {
    error.set("%s", padding);
    return MOEC_WEIGHTS_CORRUPT;
  }
  const uint8_t *end = weights.data;
  for (uint64_t i = 0; i < header.n_segments; ++i) {
    moec_weights_segment segment;
    memcpy(&segment, table + i * sizeof(segment), sizeof(segment));
    const uint8_t *data = weights.data + segment.offset;
    if (!allZero(end, data)) {
      error.set("%s", padding);
      return MOEC_WEIGHTS_CORRUPT;
    }
    uint64_t lo, hi;
    hashSegment(data, segment.bytes, lo, hi);
    if (lo != segment.hash_lo || hi != segment.hash_hi) {
      int length = segment.name_bytes > 300 ? 300 : int(segment.name_bytes);
      error.set("weights segment %llu '%.*s' is damaged: its hash differs",
                static_cast<unsigned long long>(i), length,
                reinterpret_cast<const char *>(names + segment.name_offset));
      return MOEC_WEIGHTS_CORRUPT;
    }
    end = data + segment.bytes;
  }
  if (!allZero(end, base + weights.size)) {
    error.set("%s", padding);
    return MOEC_WEIGHTS_CORRUPT;
  }
  return MOEC_OK;
}
