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

/// The descriptor, or -1.
static int openForRead(const char *path) {
  int fd;
  do
    // O_NONBLOCK: a FIFO of that name must not hang us.
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  while (fd < 0 && errno == EINTR);
  return fd;
}

//===-- Where the library is ----------------------------------------------===//

namespace {
/// The file that a mapped address belongs to, as /proc/self/maps names it: by
/// its own path, whatever links it was opened through and whatever the working
/// folder was then.
class MappedFile {
public:
  explicit MappedFile(const void *address) : address(uintptr_t(address)) {}

  /// The path; "" where the system does not tell.
  const char *find() {
    int fd = openForRead("/proc/self/maps");
    bool isFound = fd >= 0 && readTo(fd) && path[0] == '/';
    if (fd >= 0)
      close(fd);
    return isFound ? path : "";
  }

private:
  /// Reads to the end of the line whose range holds the address.
  bool readTo(int fd) {
    char buffer[1024];
    for (;;) {
      ssize_t count = read(fd, buffer, sizeof(buffer));
      if (count < 0 && errno == EINTR)
        continue;
      if (count <= 0)
        return false;
      for (ssize_t i = 0; i < count; ++i)
        if (take(buffer[i]))
          return true;
    }
  }

  /// "7f00-7fff r--p 00000000 08:01 1234    /path": two bounds, four fields,
  /// and the path after blanks. True at the end of the line that is looked for.
  bool take(char letter) {
    if (letter == '\n')
      return endLine();
    if (field < 2 && letter != '-' && letter != ' ')
      bounds[field] = bounds[field] * 16 + hexDigit(letter);
    else if (field < 2 || (field < 6 && letter == ' '))
      ++field;
    else if (field == 6 && (length > 0 || letter != ' ') &&
             length + 1 < sizeof(path))
      path[length++] = letter;
    return false;
  }

  bool endLine() {
    path[length] = 0;
    bool holds = address >= bounds[0] && address < bounds[1];
    bounds[0] = bounds[1] = 0;
    field = 0;
    length = 0;
    return holds;
  }

  static unsigned hexDigit(char letter) {
    return unsigned(letter <= '9' ? letter - '0' : letter - 'a' + 10);
  }

  uintptr_t address;
  uintptr_t bounds[2] = {0, 0};
  int field = 0;
  size_t length = 0;
  char path[PATH_MAX];
};
} // namespace

bool moec::rt::leadsTo(const char *name, const char *file) {
  struct stat there, here;
  if (!file[0])
    return true;
  if (stat(file, &there) != 0)
    return name[0] == '/';
  return stat(name, &here) == 0 && here.st_dev == there.st_dev &&
         here.st_ino == there.st_ino;
}

/// NAME.weights in the folder of `file`; false, and "", if that is too long.
static bool besideFile(const moec_model_desc &model, const char *file,
                       char (&path)[PATH_MAX]) {
  const char *slash = strrchr(file, '/');
  int folder = slash ? int(slash + 1 - file) : 0;
  bool fits = snprintf(path, sizeof(path), "%.*s%s.weights", folder, file,
                       model.name) < int(sizeof(path));
  path[0] = fits ? path[0] : 0;
  return fits;
}

//===-- Opening -----------------------------------------------------------===//

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
  int fd = openForRead(path);
  if (fd < 0) {
    error.set("cannot open weights file '%.300s': errno %d", path, errno);
    return MOEC_WEIGHTS_MISSING;
  }
  int32_t status = mapFile(model, fd, path, weights, error);
  close(fd);
  return status;
}

/// Opens NAME.weights beside the library, or beside the program that it is
/// linked into: in the folder of the name that it was opened by, which may be a
/// link among links, then in that of the file itself.
static int32_t openBeside(const moec_model_desc &model, Weights &weights,
                          Text &error) {
  MappedFile mapped(&model);
  const char *file = mapped.find();
  Dl_info info;
  const char *name = dladdr(&model, &info) ? info.dli_fname : nullptr;
  if (name && !leadsTo(name, file))
    name = nullptr;
  const char *places[] = {name, file};
  char path[PATH_MAX] = "";
  int fd = -1;
  for (const char *place : places)
    if (fd < 0 && place && place[0] && besideFile(model, place, path))
      fd = openForRead(path);
  if (!path[0]) {
    error.set("cannot tell where the library is, give weights_path");
    return MOEC_WEIGHTS_MISSING;
  }
  if (fd < 0) {
    error.set("cannot open weights file '%.400s' (errno %d), give weights_path",
              path, errno);
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
    status = openBeside(model, weights, error);
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
