//===-- Arena.cpp - memory of a session -----------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Blocks are kept in size classes, four to a power of two, so at most a quarter
// of a block is wasted and a run of the same shapes allocates nothing. Blocks
// that no run has used for a while are given back: a host that once ran a long
// prompt should not hold its memory for ever.
//
//===----------------------------------------------------------------------===//

#include "Internal.h"

#include <cstdlib>

using namespace moec::rt;

static void *systemAlloc(void *, size_t size, size_t alignment) {
  void *pointer = nullptr;
  if (posix_memalign(&pointer, alignment, size) != 0)
    return nullptr;
  return pointer;
}

static void systemFree(void *, void *pointer) { ::free(pointer); }

Allocator moec::rt::defaultAllocator() {
  return {{nullptr, systemAlloc, systemFree}};
}

/// Stands before every block; keeps its alignment.
struct alignas(blockAlign) Arena::Block {
  Block *next;
  /// The link that points here, of the live list.
  Block **link;
  uint64_t bytes;
  uint64_t lastRun;
  int32_t sizeClass;
};

/// Free blocks unused for this many runs are dropped.
static constexpr uint64_t keepRuns = 64;

int Arena::classOf(uint64_t bytes, uint64_t &classBytes) {
  if (bytes <= 256) {
    classBytes = bytes <= 64 ? 64 : (bytes + 63) & ~UINT64_C(63);
    return int(classBytes / 64) - 1;
  }
  // 2^exponent < bytes <= 2^(exponent+1), cut into four steps.
  int exponent = 63 - __builtin_clzll(bytes - 1);
  uint64_t step = UINT64_C(1) << (exponent - 2);
  uint64_t steps = (bytes - (UINT64_C(1) << exponent) + step - 1) / step;
  classBytes = (UINT64_C(1) << exponent) + steps * step;
  return 4 + (exponent - 8) * 4 + int(steps) - 1;
}

void *Arena::alloc(int64_t bytes) {
  if (bytes < 0 || bytes > maxBytes)
    return nullptr;
  uint64_t classBytes;
  int sizeClass = classOf(uint64_t(bytes), classBytes);
  Block *block = freeLists[sizeClass];
  if (block) {
    freeLists[sizeClass] = block->next;
  } else {
    void *memory = allocator->alloc(sizeof(Block) + classBytes);
    if (!memory) {
      // What is kept for later may be what is missing now.
      dropFree(UINT64_MAX);
      memory = allocator->alloc(sizeof(Block) + classBytes);
      if (!memory)
        return nullptr;
    }
    block = static_cast<Block *>(memory);
    block->bytes = classBytes;
    block->sizeClass = sizeClass;
    held += classBytes;
  }
  block->lastRun = run;
  block->next = live;
  block->link = &live;
  if (live)
    live->link = &block->next;
  live = block;
  inUse += block->bytes;
  if (inUse > peak)
    peak = inUse;
  return block + 1;
}

void Arena::free(void *pointer) {
  if (!pointer)
    return;
  Block *block = static_cast<Block *>(pointer) - 1;
  *block->link = block->next;
  if (block->next)
    block->next->link = block->link;
  inUse -= block->bytes;
  block->next = freeLists[block->sizeClass];
  freeLists[block->sizeClass] = block;
}

void Arena::drop(Block *block) {
  held -= block->bytes;
  allocator->free(block);
}

void Arena::dropFree(uint64_t unusedSince) {
  for (Block *&list : freeLists) {
    Block **link = &list;
    while (Block *block = *link) {
      if (block->lastRun >= unusedSince) {
        link = &block->next;
        continue;
      }
      *link = block->next;
      drop(block);
    }
  }
}

void Arena::endRun() {
  while (live)
    free(live + 1);
  ++run;
  if (run % keepRuns == 0)
    dropFree(run - keepRuns);
}

void Arena::release() {
  while (live)
    free(live + 1);
  dropFree(UINT64_MAX);
}
