/*===-- weights_format.h - the layout of NAME.weights ------------------------*\
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* header (128 bytes), segment table, names, zero padding, data. All integers
|* are little-endian. The compiler writes it, the runtime maps it read-only.
|*
|* A reader refuses a file unless
|*   - magic, version and header_bytes are as below;
|*   - file_bytes is the file's size, and header_hash is right;
|*   - table and names lie, in this order and without overlap, between the
|*     header and data_offset;
|*   - data_offset is a multiple of MOEC_WEIGHTS_DATA_ALIGN and data_offset +
|*     data_bytes == file_bytes;
|*   - the segments' offsets are multiples of MOEC_WEIGHTS_SEGMENT_ALIGN, rise,
|*     do not overlap, and end within data_bytes; names lie within the names.
|* All bytes that belong to nothing are zero (checked with the hashes).
\*===-------------------------------------------------------------------------*/
#ifndef MOEC_WEIGHTS_FORMAT_H
#define MOEC_WEIGHTS_FORMAT_H

#include <stdint.h>

#define MOEC_WEIGHTS_MAGIC "MOECWGT1" /* eight bytes, no NUL */
#define MOEC_WEIGHTS_VERSION 1u
#define MOEC_WEIGHTS_HEADER_BYTES 128u
#define MOEC_WEIGHTS_DATA_ALIGN 4096u
#define MOEC_WEIGHTS_SEGMENT_ALIGN 64u

typedef struct moec_weights_header {
  char magic[8];         /*   0 */
  uint32_t version;      /*   8 */
  uint32_t header_bytes; /*  12: 128 */
  uint8_t build_id[16];  /*  16: also in the library */
  uint64_t n_segments;   /*  32 */
  uint64_t table_offset; /*  40: from the start of the file, 8-byte aligned */
  uint64_t names_offset; /*  48: from the start of the file */
  uint64_t names_bytes;  /*  56 */
  uint64_t data_offset;  /*  64: from the start of the file */
  uint64_t data_bytes;   /*  72 */
  uint64_t file_bytes;   /*  80 */
  uint64_t header_hash;  /*  88: XXH3-64 of the header with this field 0, then
                                 the table, then the names */
  uint64_t reserved[4];  /*  96: zero */
} moec_weights_header;

typedef struct moec_weights_segment {
  uint64_t offset;      /*  0: from data_offset */
  uint64_t bytes;       /*  8 */
  uint64_t name_offset; /* 16: from names_offset; not NUL-terminated */
  uint32_t name_bytes;  /* 24 */
  uint32_t dtype;       /* 28: moec_dtype, or 0 for a packed layout */
  uint64_t hash_lo;     /* 32: XXH3-128 of the bytes */
  uint64_t hash_hi;     /* 40 */
} moec_weights_segment;

#ifdef __cplusplus
static_assert(sizeof(moec_weights_header) == 128, "");
static_assert(sizeof(moec_weights_segment) == 48, "");
#endif
#endif /* MOEC_WEIGHTS_FORMAT_H */
