/*===-- support.c - guarded memory and made-up inputs ------------------------*\
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===-------------------------------------------------------------------------*/
#define _GNU_SOURCE
#include "support.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void die(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "conformance: ");
  vfprintf(stderr, format, args);
  fprintf(stderr, "\n");
  va_end(args);
  exit(2);
}

/*===-- Guarded memory ----------------------------------------------------===*/

static size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

/* `pages_bytes` accessible bytes between two guard pages. */
static unsigned char *map_between_guards(size_t pages_bytes) {
  size_t page = page_size();
  unsigned char *all = mmap(NULL, pages_bytes + 2 * page, PROT_NONE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED)
    return NULL;
  if (mprotect(all + page, pages_bytes, PROT_READ | PROT_WRITE) != 0) {
    munmap(all, pages_bytes + 2 * page);
    return NULL;
  }
  return all + page;
}

guarded guarded_new(size_t bytes, size_t align, int at_start) {
  guarded buffer;
  size_t page = page_size();
  buffer.bytes = bytes;
  buffer.pages_bytes = (bytes + page - 1) / page * page;
  if (buffer.pages_bytes == 0)
    buffer.pages_bytes = page;
  buffer.pages = map_between_guards(buffer.pages_bytes);
  if (!buffer.pages)
    die("cannot map %zu bytes", buffer.pages_bytes);
  memset(buffer.pages, GUARDED_FILL, buffer.pages_bytes);
  buffer.data = buffer.pages;
  if (!at_start)
    buffer.data += (buffer.pages_bytes - bytes) / align * align;
  return buffer;
}

void guarded_free(guarded *buffer) {
  size_t page = page_size();
  if (buffer->pages)
    munmap(buffer->pages - page, buffer->pages_bytes + 2 * page);
  memset(buffer, 0, sizeof(*buffer));
}

void guarded_protect(guarded *buffer, int read_only) {
  if (mprotect(buffer->pages, buffer->pages_bytes,
               read_only ? PROT_READ : PROT_READ | PROT_WRITE) != 0)
    die("cannot protect memory");
}

int guarded_intact(const guarded *buffer) {
  const unsigned char *p;
  for (p = buffer->pages; p < buffer->data; ++p)
    if (*p != GUARDED_FILL)
      return 0;
  for (p = buffer->data + buffer->bytes;
       p < buffer->pages + buffer->pages_bytes; ++p)
    if (*p != GUARDED_FILL)
      return 0;
  return 1;
}

/*===-- Allocators --------------------------------------------------------===*/

/* What an allocation with a guard page must know to be freed; lies in front. */
typedef struct block_header {
  unsigned char *pages;
  size_t pages_bytes;
} block_header;

static void *allocate(void *context, size_t size, size_t alignment) {
  test_allocator *self = context;
  void *result = NULL;
  int fail;
  pthread_mutex_lock(&self->lock);
  ++self->calls;
  fail = self->fail_after == 0;
  if (self->fail_after > 0)
    --self->fail_after;
  pthread_mutex_unlock(&self->lock);
  if (fail)
    return NULL;
  if (self->guard) {
    size_t page = page_size();
    size_t bytes =
        (size + alignment + sizeof(block_header) + page - 1) / page * page;
    unsigned char *pages = map_between_guards(bytes);
    if (pages) {
      block_header header;
      unsigned char *data = pages + (bytes - size) / alignment * alignment;
      header.pages = pages;
      header.pages_bytes = bytes;
      memset(pages, 0xa5, bytes);
      memcpy(data - sizeof(header), &header, sizeof(header));
      result = data;
    }
  } else if (posix_memalign(&result, alignment, size) != 0) {
    result = NULL;
  } else {
    memset(result, 0xa5, size);
  }
  if (result) {
    pthread_mutex_lock(&self->lock);
    ++self->live;
    pthread_mutex_unlock(&self->lock);
  }
  return result;
}

static void release(void *context, void *pointer) {
  test_allocator *self = context;
  if (!pointer)
    return;
  if (self->guard) {
    block_header header;
    memcpy(&header, (unsigned char *)pointer - sizeof(header), sizeof(header));
    munmap(header.pages - page_size(), header.pages_bytes + 2 * page_size());
  } else {
    free(pointer);
  }
  pthread_mutex_lock(&self->lock);
  --self->live;
  pthread_mutex_unlock(&self->lock);
}

void test_allocator_init(test_allocator *allocator, long fail_after,
                         int guard) {
  memset(allocator, 0, sizeof(*allocator));
  pthread_mutex_init(&allocator->lock, NULL);
  allocator->table.context = allocator;
  allocator->table.alloc = allocate;
  allocator->table.free = release;
  allocator->fail_after = fail_after;
  allocator->guard = guard;
}

/*===-- Inputs ------------------------------------------------------------===*/

int dtype_bits(int32_t dtype) {
  switch (dtype) {
  case MOEC_UINT4:
  case MOEC_INT4:
  case MOEC_FLOAT4E2M1:
    return 4;
  case MOEC_FLOAT:
  case MOEC_INT32:
  case MOEC_UINT32:
    return 32;
  case MOEC_INT64:
  case MOEC_UINT64:
  case MOEC_DOUBLE:
    return 64;
  case MOEC_UINT16:
  case MOEC_INT16:
  case MOEC_FLOAT16:
  case MOEC_BFLOAT16:
    return 16;
  default:
    return 8;
  }
}

size_t bytes_of(int32_t dtype, int32_t rank, const int64_t *shape) {
  size_t count = 1;
  int i;
  for (i = 0; i < rank; ++i)
    count *= (size_t)shape[i];
  return (count * (size_t)dtype_bits(dtype) + 7) / 8;
}

static int is_given(const input_options *options, const char *name) {
  int i;
  for (i = 0; i < options->n_dims; ++i)
    if (strcmp(options->dims[i].name, name) == 0)
      return 1;
  return 0;
}

/* The sum of the symbols that `name` adds, such as "P + S"; -1 if it is none.
 */
static int64_t sum_of(const moec_model_info *info, const int64_t *symbols,
                      const char *name) {
  char copy[256], *part, *rest = copy;
  int64_t sum = 0;
  int i;
  if (!strchr(name, '+') || strlen(name) >= sizeof(copy))
    return -1;
  strcpy(copy, name);
  while ((part = strtok_r(rest, "+ ", &rest))) {
    for (i = 0; i < info->n_symbols; ++i)
      if (strcmp(info->symbols[i], part) == 0)
        break;
    if (i == info->n_symbols)
      return -1;
    sum += symbols[i];
  }
  return sum;
}

void choose_symbols(const moec_model_info *info, const input_options *options,
                    int64_t *symbols) {
  int i, j;
  for (i = 0; i < info->n_symbols; ++i) {
    const char *name = info->symbols[i];
    symbols[i] = strstr(name, "batch") ? 1 : strstr(name, "past") ? 2 : 3;
    for (j = 0; j < options->n_dims; ++j)
      if (strcmp(options->dims[j].name, name) == 0)
        symbols[i] = options->dims[j].value;
  }
  /* A total length is that of the past and of this step; so may a sum be. */
  for (i = 0; i < info->n_symbols; ++i) {
    const char *name = info->symbols[i];
    int64_t sum = sum_of(info, symbols, name);
    if (is_given(options, name))
      continue;
    if (sum >= 0)
      symbols[i] = sum;
    if (!strstr(name, "total"))
      continue;
    for (sum = 0, j = 0; j < info->n_symbols; ++j)
      if (!strstr(info->symbols[j], "total") &&
          (strstr(info->symbols[j], "past") || strstr(info->symbols[j], "seq")))
        sum += symbols[j];
    if (sum > 0)
      symbols[i] = sum;
  }
}

int64_t extent_of(const moec_io_info *io, int dim, const int64_t *symbols) {
  return io->dims[dim] >= 0 ? io->dims[dim] : symbols[-(io->dims[dim] + 1)];
}

static uint64_t next_random(uint64_t *state) {
  uint64_t x = *state += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

static uint16_t to_half(float value) {
  /* For |value| <= 1; truncates, which is as random as before. */
  uint32_t bits;
  int exponent;
  memcpy(&bits, &value, sizeof(bits));
  exponent = (int)((bits >> 23) & 0xff) - 127 + 15;
  if (exponent <= 0)
    return (uint16_t)(bits >> 16 & 0x8000);
  return (uint16_t)((bits >> 16 & 0x8000) | (uint32_t)exponent << 10 |
                    (bits >> 13 & 0x3ff));
}

static void fill_element(void *data, size_t index, int32_t dtype, double real,
                         long long integer) {
  float f = (float)real;
  uint32_t bits;
  uint16_t half;
  switch (dtype) {
  case MOEC_FLOAT:
    ((float *)data)[index] = f;
    break;
  case MOEC_DOUBLE:
    ((double *)data)[index] = real;
    break;
  case MOEC_FLOAT16:
    half = to_half(f);
    memcpy((char *)data + 2 * index, &half, 2);
    break;
  case MOEC_BFLOAT16:
    memcpy(&bits, &f, sizeof(bits));
    half = (uint16_t)(bits >> 16);
    memcpy((char *)data + 2 * index, &half, 2);
    break;
  case MOEC_BOOL:
    ((uint8_t *)data)[index] = integer & 1;
    break;
  default:
    /* Little-endian: the low bytes are the value of any integer type. */
    memcpy((char *)data + index * (size_t)(dtype_bits(dtype) / 8), &integer,
           (size_t)(dtype_bits(dtype) / 8));
  }
}

void read_inputs(const moec_model_info *info, input_options *options,
                 moec_tensor *inputs) {
  int n, i, d;
  for (n = 0; n < options->n_npy; ++n) {
    const moec_io_info *io;
    for (i = 0; i < info->n_inputs; ++i)
      if (strcmp(info->inputs[i].name, options->npy[n].name) == 0)
        break;
    if (i == info->n_inputs)
      die("the library has no input '%s'", options->npy[n].name);
    io = &info->inputs[i];
    read_npy(options->npy[n].file, &inputs[i]);
    if (inputs[i].dtype != io->dtype || inputs[i].rank != io->rank)
      die("'%s' has type %d and rank %d, the input '%s' type %d and rank %d",
          options->npy[n].file, inputs[i].dtype, inputs[i].rank, io->name,
          io->dtype, io->rank);
    for (d = 0; d < io->rank; ++d) {
      const char *symbol;
      if (io->dims[d] >= 0)
        continue;
      symbol = info->symbols[-(io->dims[d] + 1)];
      if (is_given(options, symbol) || options->n_dims == 256)
        continue;
      options->dims[options->n_dims].name = symbol;
      options->dims[options->n_dims++].value = inputs[i].shape[d];
    }
  }
}

void make_input(const moec_model_info *info, int index,
                const input_options *options, const int64_t *symbols,
                moec_tensor *tensor) {
  const moec_io_info *io = &info->inputs[index];
  uint64_t state = options->seed * 1000003u + (uint64_t)index;
  size_t bytes, count = 1, i;
  void *data;
  memset(tensor, 0, sizeof(*tensor));
  tensor->dtype = io->dtype;
  tensor->rank = io->rank;
  for (i = 0; i < (size_t)io->rank; ++i) {
    tensor->shape[i] = extent_of(io, (int)i, symbols);
    count *= (size_t)tensor->shape[i];
  }
  bytes = bytes_of(io->dtype, io->rank, tensor->shape);
  data = calloc(bytes ? bytes : 1, 1);
  if (!data)
    die("cannot allocate %zu bytes", bytes);
  tensor->data = data;
  tensor->capacity = (int64_t)bytes;
  if (dtype_bits(io->dtype) < 8) {
    for (i = 0; i < bytes; ++i)
      ((uint8_t *)data)[i] = (uint8_t)next_random(&state);
    return;
  }
  for (i = 0; i < count; ++i) {
    uint64_t random = next_random(&state);
    double real = (double)(random >> 11) / 4503599627370496.0 - 1.0;
    long long integer =
        options->int_low +
        (long long)(random % (uint64_t)(options->int_high - options->int_low));
    /* A mask hides nothing, positions count up. */
    if (strstr(io->name, "mask"))
      integer = 1;
    else if (strstr(io->name, "position") && io->rank > 0)
      integer = (long long)(i % (size_t)tensor->shape[io->rank - 1]);
    fill_element(data, i, io->dtype, real, integer);
  }
}
