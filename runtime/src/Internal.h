//===-- Internal.h - shared by the runtime's files ------------------*- C++
//-*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runtime is linked into every compiled library, so it uses nothing of the
// C++ library that is not header-only, has no global constructors, and gets all
// its memory from the session's allocator.
//
//===----------------------------------------------------------------------===//
#ifndef MOEC_RUNTIME_INTERNAL_H
#define MOEC_RUNTIME_INTERNAL_H

#include "moec/generated.h"

#include <atomic>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <pthread.h>

namespace moec {
namespace rt {

//===-- Checked arithmetic ------------------------------------------------===//

inline bool mulOverflow(int64_t a, int64_t b, int64_t &result) {
  return __builtin_mul_overflow(a, b, &result);
}
inline bool addOverflow(int64_t a, int64_t b, int64_t &result) {
  return __builtin_add_overflow(a, b, &result);
}

/// Alignment of everything the runtime hands out.
constexpr size_t blockAlign = 64;
/// No buffer is greater, so that sums of a few sizes cannot overflow.
constexpr int64_t maxBytes = INT64_C(1) << 56;
/// The largest product of an input's extents, and of those that are not zero of
/// an input without elements. Compiled code relies on the first.
constexpr int64_t maxExtent = INT64_C(1) << 40;
constexpr int64_t maxEmptyExtent = INT64_C(1) << 31;

//===-- Text.cpp: messages ------------------------------------------------===//

/// A bounded text; its last byte is always NUL, also while it is written.
struct Text {
  char data[512];
  void clear() { data[0] = 0; }
  void set(const char *format, ...) __attribute__((format(printf, 2, 3)));
  void setV(const char *format, va_list args);
  /// A message with its {0} and {1} replaced by numbers.
  void fill(const char *message, const int64_t values[2]);
};

const char *statusString(int32_t status);
/// "float32", "int64", ...; "type 99" style names are not made: returns "?".
const char *dtypeName(int32_t dtype);
/// Bits of an element, 0 for a type that is no input or output of a model.
int32_t dtypeBits(int32_t dtype);

//===-- Arena.cpp: memory -------------------------------------------------===//

/// The host's allocator, or the C library's.
struct Allocator {
  moec_allocator host;
  /// `size` bytes, 64-byte aligned, or null.
  void *alloc(size_t size) {
    return host.alloc(host.context, size, blockAlign);
  }
  void free(void *pointer) {
    if (pointer)
      host.free(host.context, pointer);
  }
};
Allocator defaultAllocator();

/// Temporaries of one session: blocks in size classes, kept between runs.
/// Not thread-safe: main alone allocates.
class Arena {
public:
  void init(Allocator *allocator) { this->allocator = allocator; }
  /// Null when the allocator fails or `bytes` is negative or huge.
  void *alloc(int64_t bytes);
  void free(void *pointer);
  /// Takes all blocks back, and drops the ones that long went unused.
  void endRun();
  /// Gives everything back to the allocator.
  void release();

  uint64_t heldBytes() const { return held; }
  uint64_t peakBytes() const { return peak; }

private:
  struct Block;
  static constexpr int numClasses = 64 * 4;
  static int classOf(uint64_t bytes, uint64_t &classBytes);
  void drop(Block *block);
  void dropFree(uint64_t unusedSince);

  Allocator *allocator;
  Block *freeLists[numClasses];
  Block *live;
  uint64_t run;
  uint64_t held, inUse, peak;
};

//===-- Cpu.cpp: levels ---------------------------------------------------===//

/// What the CPU and the operating system offer.
struct CpuInfo {
  /// 0: not x86-64 or below v3; 3; 4.
  uint32_t level;
  /// MOEC_CPU_*.
  uint32_t features;
};
CpuInfo detectCpu();

/// The best level of the model that `cpu` has and that `caps` (names of
/// greatest levels, null entries ignored) allow.
int32_t chooseLevel(const moec_model_desc &model, const CpuInfo &cpu,
                    const char *const *caps, int numCaps,
                    const moec_level_desc *&level, Text &error);

//===-- Threads.cpp: how many ---------------------------------------------===//

/// CPUs that the cgroups of this process grant, rounded up; 0: no limit. Reads
/// `procCgroup` ("/proc/self/cgroup") and below `sysRoot` ("/sys/fs/cgroup").
int32_t cgroupCpuLimit(const char *procCgroup, const char *sysRoot);
/// MOEC_NUM_THREADS, else the CPUs of this process; at least 1.
int32_t defaultThreadCount();

//===-- Pool.cpp ----------------------------------------------------------===//

constexpr int32_t maxThreads = 1024;

int32_t createPool(Allocator &allocator, int32_t numThreads, moec_pool *&pool);
void destroyPool(moec_pool *pool);

/// Sets the floating-point mode to the default (round to nearest, no flush to
/// zero, exceptions masked) for a scope: the host's mode must not make results
/// depend on which thread computed them.
class FloatModeScope {
public:
#if defined(__x86_64__)
  FloatModeScope() : saved(__builtin_ia32_stmxcsr()) {
    // The low six bits are sticky flags.
    if ((saved & ~0x3fu) != 0x1f80u)
      __builtin_ia32_ldmxcsr(0x1f80u);
  }
  ~FloatModeScope() {
    if ((saved & ~0x3fu) != 0x1f80u)
      __builtin_ia32_ldmxcsr(saved);
  }

private:
  uint32_t saved;
#endif
};

//===-- Weights.cpp -------------------------------------------------------===//

/// The weights file of a session.
struct Weights {
  const uint8_t *base;
  uint64_t size;
  /// Base of the data section.
  const uint8_t *data;
  /// Mapped here, so to be unmapped.
  bool mapped;
};

/// Whether `name`, by which a library was opened, still leads to `file`, which
/// it was loaded from: not if it is relative and the working folder changed,
/// nor if another file took its place. "": the file is not known, and the name
/// is all there is. Of a file without a name (deleted) only full names are
/// trusted.
bool leadsTo(const char *name, const char *file);
int32_t openWeights(const moec_model_desc &model,
                    const moec_session_options &options, Weights &weights,
                    Text &error);
void closeWeights(Weights &weights);
/// Checks header, table and sizes; safe on any bytes.
int32_t checkWeightsHeader(const moec_model_desc &model, const uint8_t *base,
                           uint64_t size, Text &error);
/// Checks every segment's hash and that all else is zero. After the above.
int32_t checkWeightsData(const Weights &weights, Text &error);

//===-- Profile.cpp: who is chosen ----------------------------------------===//

/// What was counted of a layer; both arrays have an element for each expert.
struct LayerCounts {
  uint64_t tokens;
  uint64_t *expertTokens;
  double *expertWeight;
};

int32_t enableProfile(moec_session *session, int32_t enable);
int32_t readProfile(moec_session *session, int32_t layer, uint64_t *tokens,
                    uint64_t *expertTokens, double *expertWeight, int32_t n);

//===-- Session -----------------------------------------------------------===//

/// One for each worker, each on a cache line of its own.
struct alignas(blockAlign) WorkerSlot {
  /// The thread that is on a task as this worker, for nested calls.
  std::atomic<pthread_t> thread;
};

} // namespace rt
} // namespace moec

/// A session; `moec_session` of the public header.
struct moec_session {
  const moec_model_desc *model;
  moec::rt::Allocator allocator;
  moec::rt::Weights weights;
  const moec_level_desc *level;
  moec_pool *pool;
  bool ownsPool;
  pthread_mutex_t mutex;
  /// One for each worker of the pool.
  moec::rt::WorkerSlot *workers;
  moec_tensor *inputs;
  moec_tensor *outputs;
  /// The caller's tensors of the run in progress.
  moec_tensor *callerOutputs;
  /// Extent of each symbol in the run in progress, -1 while unknown.
  int64_t *symbols;
  /// Output was bound in the run in progress.
  uint8_t *bound;
  std::atomic<uint64_t> counters[MOEC_COUNTER_COUNT];
  /// One for each MoE layer, in one block with their arrays; null while nothing
  /// is counted.
  moec::rt::LayerCounts *profile;
  moec::rt::Arena arena;
  moec::rt::Text error;
};

namespace moec {
namespace rt {

/// The run context behind moec_ctx.
struct Context {
  moec_ctx shared;
  moec_session *session;
  /// A parallel_for is under way.
  std::atomic<bool> inParallel;
  /// Said by the runtime itself about the recorded error, else empty.
  Text detail;
  /// Of the message of the recorded error, see moec_rt_note.
  int64_t values[2];
};
static_assert(offsetof(Context, shared) == 0, "generated code reads by offset");

inline Context &contextOf(moec_ctx *ctx) {
  return *reinterpret_cast<Context *>(ctx);
}

/// Run.cpp
int32_t runSession(moec_session *session, const moec_tensor *inputs,
                   int32_t numInputs, moec_tensor *outputs, int32_t numOutputs);

/// Tensors.cpp: checks on shapes and buffers.
/// Checks the caller's inputs and fills session.inputs and session.symbols.
int32_t bindInputs(moec_session &session, const moec_tensor *inputs);
/// Checks that no output buffer lies over another buffer.
int32_t checkOverlap(moec_session &session, const moec_tensor *outputs);
/// Fills `strides` row-major.
void rowMajorStrides(int32_t rank, const int64_t *shape, int64_t *strides);
/// Bytes of a contiguous tensor; false on a negative or overflowing size.
bool contiguousBytes(int32_t dtype, int32_t rank, const int64_t *shape,
                     int64_t &bytes);
/// Bytes from the first element to the end of the last; false if `strides` are
/// not descending and non-overlapping or the size overflows.
bool stridedBytes(int32_t dtype, int32_t rank, const int64_t *shape,
                  const int64_t *strides, int64_t &bytes);
bool isEmpty(int32_t rank, const int64_t *shape);
/// "[2, 3]" into `buffer`.
const char *shapeText(int32_t rank, const int64_t *shape, char *buffer,
                      size_t capacity);

} // namespace rt
} // namespace moec

#endif // MOEC_RUNTIME_INTERNAL_H
