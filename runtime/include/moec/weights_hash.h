//===-- weights_hash.h - hashes of the weights file -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Used by the compiler's writer and the runtime's reader, so that both mean the
// same by "hash". xxHash is inlined: no library to link.
//
//===----------------------------------------------------------------------===//
#ifndef MOEC_WEIGHTS_HASH_H
#define MOEC_WEIGHTS_HASH_H

#include "moec/weights_format.h"

#include <cstddef>
#include <cstring>

#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

namespace moec {

/// XXH3-128 of bytes given piece by piece: the hash of a segment.
class SegmentHasher {
public:
  SegmentHasher() { XXH3_128bits_reset(&state); }
  void update(const void *data, size_t bytes) {
    XXH3_128bits_update(&state, data, bytes);
  }
  void finish(uint64_t &lo, uint64_t &hi) const {
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    lo = hash.low64;
    hi = hash.high64;
  }

private:
  XXH3_state_t state;
};

/// The hash of a segment that is in memory as a whole.
inline void hashSegment(const void *data, size_t bytes, uint64_t &lo,
                        uint64_t &hi) {
  XXH128_hash_t hash = XXH3_128bits(data, bytes);
  lo = hash.low64;
  hi = hash.high64;
}

/// The value of `header_hash`: of the header with that field 0, then `table`,
/// then `names`.
inline uint64_t hashHeader(const moec_weights_header &header, const void *table,
                           size_t tableBytes, const void *names,
                           size_t namesBytes) {
  moec_weights_header copy = header;
  copy.header_hash = 0;
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, &copy, sizeof(copy));
  // xxHash 0.8.1 must not be given a null pointer, even with no bytes.
  if (tableBytes)
    XXH3_64bits_update(&state, table, tableBytes);
  if (namesBytes)
    XXH3_64bits_update(&state, names, namesBytes);
  return XXH3_64bits_digest(&state);
}

} // namespace moec

#endif // MOEC_WEIGHTS_HASH_H
