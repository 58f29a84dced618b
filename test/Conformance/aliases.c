/*===-- aliases.c - outputs in the buffers of inputs -------------------------*\
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===-------------------------------------------------------------------------*/
#define _GNU_SOURCE
#include "subject.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A buffer that an input and an output have in common: where the elements lie
   in it, and which of its pages hold elements that must stay as they are. */
typedef struct place {
  guarded buffer;
  int64_t strides[MOEC_MAX_RANK];
  size_t first;  /* bytes before the first element */
  int outer;     /* parts that grow, each at the same distance from the last */
  size_t part;   /* that distance, in bytes */
  size_t locked; /* bytes of a part, from its start, that are not written */
} place;

static size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static size_t round_up(size_t size, size_t to) {
  return (size + to - 1) / to * to;
}

static void row_major(int32_t rank, const int64_t *shape, int64_t *strides) {
  int64_t stride = 1;
  int d;
  for (d = rank - 1; d >= 0; --d) {
    strides[d] = stride;
    stride *= shape[d] > 0 ? shape[d] : 1;
  }
}

/* Copies a contiguous tensor to where strides say, from `data` on. */
static void scatter(const moec_tensor *contiguous, const int64_t *strides,
                    unsigned char *data) {
  int64_t index[MOEC_MAX_RANK] = {0};
  size_t size = element_bytes(contiguous->dtype), at;
  size_t total =
      bytes_of(contiguous->dtype, contiguous->rank, contiguous->shape);
  int d;
  for (at = 0; at < total; at += size) {
    int64_t offset = 0;
    for (d = 0; d < contiguous->rank; ++d)
      offset += index[d] * strides[d];
    memcpy(data + offset * (int64_t)size, (const char *)contiguous->data + at,
           size);
    for (d = contiguous->rank - 1; d >= 0 && ++index[d] == contiguous->shape[d];
         --d)
      index[d] = 0;
  }
}

/* Row-major, with `spare` more rows than needed. */
static void make_packed(const moec_tensor *before, const moec_tensor *after,
                        int strided, int spare, place *p) {
  int64_t shape[MOEC_MAX_RANK];
  int d;
  for (d = 0; d < after->rank; ++d) {
    shape[d] = after->shape[d];
    if (strided && shape[d] != before->shape[d])
      shape[d] += spare;
  }
  row_major(after->rank, shape, p->strides);
  p->buffer = guarded_new(bytes_of(after->dtype, after->rank, shape),
                          element_bytes(after->dtype), 0);
}

/* The extent in which the output is greater than the input; -1 if there is none
   or more than one. */
static int growing_extent(const moec_tensor *before, const moec_tensor *after) {
  int d, found = -1;
  for (d = 0; d < after->rank; ++d)
    if (after->shape[d] != before->shape[d]) {
      if (found >= 0)
        return -1;
      found = d;
    }
  return found;
}

/* Each part that grows ends its old rows where a page ends, so that they can be
   locked while the new ones, and some to spare, are on pages of their own. */
static void make_paged(const moec_tensor *before, const moec_tensor *after,
                       int growing, place *p) {
  size_t page = page_size(), size = element_bytes(after->dtype);
  size_t row, old, all;
  int d;
  row_major(after->rank, after->shape, p->strides);
  row = (size_t)p->strides[growing] * size;
  old = (size_t)before->shape[growing] * row;
  all = (size_t)(after->shape[growing] + 5) * row;
  p->outer = 1;
  p->part = round_up(all, page) + page;
  for (d = growing - 1; d >= 0; --d) {
    p->strides[d] = (int64_t)(p->part / size) * p->outer;
    p->outer *= (int)after->shape[d];
  }
  p->first = round_up(old, page) - old;
  p->locked = round_up(old, page);
  p->buffer = guarded_new((size_t)p->outer * p->part, page, 1);
}

static void lock(const place *p, int read_only) {
  int i;
  for (i = 0; i < p->outer && p->locked; ++i)
    if (mprotect(p->buffer.data + (size_t)i * p->part, p->locked,
                 read_only ? PROT_READ : PROT_READ | PROT_WRITE) != 0)
      die("cannot protect memory");
}

/* Both tensors in the one place: the input's elements, and around them what is
   not to be touched. */
static void use(const place *p, int strided, const moec_tensor *before,
                moec_tensor *input, moec_tensor *output) {
  scatter(before, p->strides, p->buffer.data + p->first);
  input->data = output->data = p->buffer.data + p->first;
  input->capacity = output->capacity = (int64_t)(p->buffer.bytes - p->first);
  memcpy(input->strides, p->strides, sizeof(p->strides));
  memcpy(output->strides, p->strides, sizeof(p->strides));
  input->flags = output->flags = strided ? MOEC_TENSOR_STRIDED : 0;
}

/* Whether the buffer holds the output, and else what it did before. */
static int holds(const place *p, const moec_tensor *after) {
  unsigned char *image = allocate_array(1, p->buffer.bytes + 1);
  int same;
  memset(image, GUARDED_FILL, p->buffer.bytes);
  scatter(after, p->strides, image + p->first);
  same = memcmp(image, p->buffer.data, p->buffer.bytes) == 0;
  free(image);
  return same && guarded_intact(&p->buffer);
}

static void check_in_place(const subject *s, int spare, int locks) {
  int n_in = s->info.n_inputs, n_out = s->info.n_outputs, i;
  moec_tensor *inputs = allocate_array(n_in, sizeof(moec_tensor));
  moec_tensor *outputs = allocate_array(n_out, sizeof(moec_tensor));
  place *places = allocate_array(n_out, sizeof(place));
  moec_session *session = create(s, 2, NULL, NULL, NULL);
  memcpy(inputs, s->inputs, (size_t)n_in * sizeof(*inputs));
  for (i = 0; i < n_out; ++i) {
    const moec_io_info *info = &s->info.outputs[i];
    const moec_tensor *before, *after = &s->expected[i];
    int strided = info->flags & MOEC_IO_STRIDED, growing;
    if (info->alias < 0)
      continue;
    before = &s->inputs[info->alias];
    growing = growing_extent(before, after);
    if (locks && strided && growing >= 0)
      make_paged(before, after, growing, &places[i]);
    else
      make_packed(before, after, strided, spare, &places[i]);
    use(&places[i], strided, before, &inputs[info->alias], &outputs[i]);
    lock(&places[i], 1);
  }
  if (session) {
    if (run(s, session, inputs, outputs) != MOEC_OK)
      fail("%s", s->api->last_error(session));
    else
      expect_outputs(s, outputs, " in place");
  }
  for (i = 0; i < n_out; ++i) {
    const moec_io_info *info = &s->info.outputs[i];
    if (info->alias < 0)
      continue;
    lock(&places[i], 0);
    if (outputs[i].data != places[i].buffer.data + places[i].first)
      fail("output '%s' is not in the caller's buffer", info->name);
    if (!holds(&places[i], &s->expected[i]))
      fail("bytes around output '%s' were changed", info->name);
    guarded_free(&places[i].buffer);
    outputs[i].flags = 0;
  }
  if (session)
    release_outputs(s, session, outputs);
  s->api->session_destroy(session);
  free(inputs);
  free(outputs);
  free(places);
}

/* Every output that may share an input's buffer does so; `spare` more rows than
   needed lie behind each of them. */
void check_aliases(const subject *s, int spare) { check_in_place(s, spare, 0); }

/* The same, with the old rows where nobody can write. */
void check_new_rows(const subject *s) { check_in_place(s, 5, 1); }
