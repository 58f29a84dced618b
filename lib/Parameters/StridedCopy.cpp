//===-- StridedCopy.cpp - elements from one layout to another -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StridedCopy.h"

#include "llvm/ADT/STLExtras.h"

#include <cstdlib>
#include <cstring>

using namespace moec::parameters;
using llvm::ArrayRef;

namespace {
/// One dimension of a copy.
struct Loop {
  int64_t size;
  int64_t target;
  int64_t source;
};
} // namespace

template <int64_t Bytes> static void copyOne(char *target, const char *source) {
  memcpy(target, source, Bytes);
}

/// One row: the common strides are told to the compiler, which then copies in
/// vectors.
template <int64_t Bytes>
static void copyRow(char *target, const char *source, const Loop &row) {
  if (row.target == Bytes && row.source == Bytes) {
    memcpy(target, source, row.size * Bytes);
    return;
  }
  if (row.target == Bytes) {
    for (int64_t i = 0; i < row.size; ++i)
      copyOne<Bytes>(target + i * Bytes, source + i * row.source);
    return;
  }
  for (int64_t i = 0; i < row.size; ++i)
    copyOne<Bytes>(target + i * row.target, source + i * row.source);
}

/// A transpose: `inner` is contiguous in the target, `outer` in the source.
/// Blocks of 16 by 16 use whole cache lines of both sides while they are near.
template <int64_t Bytes>
static void copyTransposed(char *target, const char *source, const Loop &outer,
                           const Loop &inner) {
  constexpr int64_t block = 16;
  for (int64_t o = 0; o < outer.size; o += block) {
    int64_t outerEnd = std::min(o + block, outer.size);
    for (int64_t i = 0; i < inner.size; i += block) {
      int64_t innerSize = std::min(block, inner.size - i);
      if (innerSize == block && outerEnd - o == block) {
        // Full blocks go through a buffer: loads and stores are contiguous,
        // the turning happens in registers and the first-level cache.
        char buffer[block * block * Bytes];
        for (int64_t b = 0; b < block; ++b)
          memcpy(buffer + b * block * Bytes,
                 source + (i + b) * inner.source + o * Bytes, block * Bytes);
        for (int64_t a = 0; a < block; ++a) {
          char row[block * Bytes];
          for (int64_t b = 0; b < block; ++b)
            copyOne<Bytes>(row + b * Bytes, buffer + (b * block + a) * Bytes);
          memcpy(target + (o + a) * outer.target + i * Bytes, row,
                 block * Bytes);
        }
        continue;
      }
      for (int64_t a = o; a < outerEnd; ++a)
        for (int64_t b = i; b < i + innerSize; ++b)
          copyOne<Bytes>(target + a * outer.target + b * Bytes,
                         source + b * inner.source + a * Bytes);
    }
  }
}

template <int64_t Bytes>
static void copyPlane(char *target, const char *source, const Loop &outer,
                      const Loop &inner) {
  if (inner.target == Bytes && outer.source == Bytes && inner.source != Bytes) {
    copyTransposed<Bytes>(target, source, outer, inner);
    return;
  }
  for (int64_t i = 0; i < outer.size; ++i)
    copyRow<Bytes>(target + i * outer.target, source + i * outer.source, inner);
}

template <int64_t Bytes>
static void copyLoops(char *target, const char *source, ArrayRef<Loop> loops) {
  if (loops.empty()) {
    copyOne<Bytes>(target, source);
    return;
  }
  if (loops.size() == 1) {
    copyRow<Bytes>(target, source, loops[0]);
    return;
  }
  if (loops.size() == 2) {
    copyPlane<Bytes>(target, source, loops[0], loops[1]);
    return;
  }
  for (int64_t i = 0; i < loops[0].size; ++i)
    copyLoops<Bytes>(target + i * loops[0].target, source + i * loops[0].source,
                     loops.drop_front());
}

/// Orders loops by falling target stride, so that neighbours can be merged and
/// writes are sequential; then puts the dimension that is contiguous in the
/// source, if it is another than the innermost, next to it.
static void orderLoops(llvm::SmallVectorImpl<Loop> &loops,
                       int64_t elementBytes) {
  llvm::stable_sort(loops, [](const Loop &a, const Loop &b) {
    return std::abs(a.target) > std::abs(b.target);
  });
  llvm::SmallVector<Loop, 6> merged;
  for (const Loop &loop : loops) {
    if (!merged.empty() && merged.back().target == loop.target * loop.size &&
        merged.back().source == loop.source * loop.size) {
      int64_t size = merged.back().size * loop.size;
      merged.back() = {size, loop.target, loop.source};
      continue;
    }
    merged.push_back(loop);
  }
  for (size_t i = 0; i + 2 < merged.size(); ++i)
    if (merged[i].source == elementBytes) {
      std::rotate(merged.begin() + i, merged.begin() + i + 1, merged.end() - 1);
      break;
    }
  loops.assign(merged.begin(), merged.end());
}

void moec::parameters::copyStrided(char *target,
                                   ArrayRef<int64_t> targetStrides,
                                   const char *source,
                                   ArrayRef<int64_t> sourceStrides,
                                   ArrayRef<int64_t> sizes,
                                   int64_t elementBytes) {
  llvm::SmallVector<Loop, 6> loops;
  for (auto [size, targetStride, sourceStride] :
       llvm::zip_equal(sizes, targetStrides, sourceStrides)) {
    if (size == 0)
      return;
    if (size > 1)
      loops.push_back({size, targetStride, sourceStride});
  }
  orderLoops(loops, elementBytes);
  switch (elementBytes) {
  case 1:
    return copyLoops<1>(target, source, loops);
  case 2:
    return copyLoops<2>(target, source, loops);
  case 4:
    return copyLoops<4>(target, source, loops);
  default:
    return copyLoops<8>(target, source, loops);
  }
}

Dims moec::parameters::getDenseStrides(ArrayRef<int64_t> sizes,
                                       int64_t elementBytes) {
  Dims strides(sizes.size());
  int64_t stride = elementBytes;
  for (int64_t i = sizes.size() - 1; i >= 0; --i) {
    strides[i] = stride;
    stride *= sizes[i];
  }
  return strides;
}

bool moec::parameters::isDense(ArrayRef<int64_t> sizes,
                               ArrayRef<int64_t> strides,
                               int64_t elementBytes) {
  int64_t stride = elementBytes;
  for (int64_t i = sizes.size() - 1; i >= 0; --i) {
    if (sizes[i] != 1 && strides[i] != stride)
      return false;
    stride *= sizes[i];
  }
  return true;
}
