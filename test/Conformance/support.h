/*===-- support.h - guarded memory and made-up inputs ------------------------*\
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===-------------------------------------------------------------------------*/
#ifndef MOEC_TEST_CONFORMANCE_SUPPORT_H
#define MOEC_TEST_CONFORMANCE_SUPPORT_H

#include "moec/moec.h"

#include <pthread.h>

/* Prints a message and exits with 2: the program's own trouble, not the
   library's. */
void die(const char *format, ...);

/*===-- Guarded memory ----------------------------------------------------===*/

/* What is in and around new buffers. */
#define GUARDED_FILL 0xc3

/* `bytes` bytes that end at (or, with `at_start`, begin after) a page that
   cannot be touched; there is one on both sides. */
typedef struct guarded {
  unsigned char *data;
  size_t bytes;
  unsigned char *pages; /* the accessible ones */
  size_t pages_bytes;
} guarded;

/* `align` is a power of two that data must have; where the end of the buffer
   cannot touch the guard page for it, the few bytes between are checked. */
guarded guarded_new(size_t bytes, size_t align, int at_start);
void guarded_free(guarded *buffer);
/* Makes the buffer read-only, or writable again. */
void guarded_protect(guarded *buffer, int read_only);
/* Whether the bytes around data are as guarded_new left them. */
int guarded_intact(const guarded *buffer);

/*===-- Allocators --------------------------------------------------------===*/

/* Counts, fails at a chosen call, and guards each block by a page. */
typedef struct test_allocator {
  moec_allocator table;
  pthread_mutex_t lock;
  long calls;
  long live;
  long fail_after; /* < 0: never */
  int guard;       /* a guard page behind each block */
} test_allocator;
void test_allocator_init(test_allocator *allocator, long fail_after, int guard);

/*===-- Inputs ------------------------------------------------------------===*/

/* How the command line wants inputs to be. */
typedef struct input_options {
  struct {
    const char *name;
    long long value;
  } dims[256];
  int n_dims;
  struct {
    const char *name;
    const char *file;
  } npy[256];
  int n_npy;
  long long int_low, int_high;
  uint64_t seed;
} input_options;

/* Extents of all symbols: from the options, else small ones that differ. */
void choose_symbols(const moec_model_info *info, const input_options *options,
                    int64_t *symbols);
int64_t extent_of(const moec_io_info *io, int dim, const int64_t *symbols);
int dtype_bits(int32_t dtype);
size_t bytes_of(int32_t dtype, int32_t rank, const int64_t *shape);
/* Reads an array as numpy saves it; data is malloc'd, at least a byte. */
void read_npy(const char *path, moec_tensor *tensor);
/* Reads the inputs that have files; where an extent of theirs is a symbol, that
   is what the symbol stands for. */
void read_inputs(const moec_model_info *info, input_options *options,
                 moec_tensor *inputs);
/* Makes the shape and the bytes (malloc'd, at least one) of input `index`. */
void make_input(const moec_model_info *info, int index,
                const input_options *options, const int64_t *symbols,
                moec_tensor *tensor);

#endif
