/*===-- arguments.c - what the caller may and may not pass -------------------*\
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===-------------------------------------------------------------------------*/
#include "subject.h"

#include <stdlib.h>
#include <string.h>

/* Each output in turn with one byte too little. */
void check_small_outputs(const subject *s) {
  int n = s->info.n_outputs, i, d;
  moec_tensor *outputs = allocate_array(n, sizeof(moec_tensor));
  moec_session *session = create(s, 1, NULL, NULL, NULL);
  for (i = 0; session && i < n; ++i) {
    const moec_tensor *expected = &s->expected[i];
    guarded buffer;
    int32_t status;
    if (expected->capacity == 0)
      continue;
    memset(outputs, 0, (size_t)n * sizeof(*outputs));
    buffer = guarded_new((size_t)expected->capacity - 1,
                         element_bytes(expected->dtype), 1);
    outputs[i].data = buffer.data;
    outputs[i].capacity = expected->capacity - 1;
    status = run(s, session, s->inputs, outputs);
    if (status != MOEC_BUFFER_TOO_SMALL)
      fail("output '%s': status %d, expected buffer too small",
           s->info.outputs[i].name, status);
    if (outputs[i].rank != expected->rank)
      fail("output '%s': needed rank is not filled in",
           s->info.outputs[i].name);
    for (d = 0; d < expected->rank; ++d)
      if (outputs[i].shape[d] != expected->shape[d])
        fail("output '%s': needed shape is not filled in",
             s->info.outputs[i].name);
    if (!guarded_intact(&buffer))
      fail("output '%s': bytes behind a small buffer were changed",
           s->info.outputs[i].name);
    release_outputs(s, session, outputs);
    guarded_free(&buffer);
  }
  s->api->session_destroy(session);
  free(outputs);
}

static void expect_refused(const subject *s, moec_session *session,
                           const moec_tensor *inputs, moec_tensor *outputs,
                           int32_t expected, const char *what) {
  int32_t status = run(s, session, inputs, outputs);
  if (status != expected)
    fail("%s: status %d (%s), expected %d", what, status,
         s->api->status_string(status), expected);
  else if (!s->api->last_error(session)[0])
    fail("%s: refused without a word", what);
  if (status == MOEC_OK)
    release_outputs(s, session, outputs);
}

void check_wrong_inputs(const subject *s) {
  int n = s->info.n_inputs, i, d;
  moec_tensor *inputs = allocate_array(n, sizeof(moec_tensor));
  moec_tensor *outputs = allocate_array(s->info.n_outputs, sizeof(moec_tensor));
  moec_session *session = create(s, 1, NULL, NULL, NULL);
#define REFUSED(status, what)                                                  \
  do {                                                                         \
    expect_refused(s, session, inputs, outputs, status, what);                 \
    memcpy(inputs, s->inputs, (size_t)n * sizeof(*inputs));                    \
  } while (0)
  memcpy(inputs, s->inputs, (size_t)n * sizeof(*inputs));
  for (i = 0; session && i < n; ++i) {
    inputs[i].dtype = inputs[i].dtype == MOEC_FLOAT ? MOEC_INT8 : MOEC_FLOAT;
    REFUSED(MOEC_DTYPE_MISMATCH, "another type");
    inputs[i].rank += 1;
    REFUSED(MOEC_SHAPE_MISMATCH, "another rank");
    for (d = 0; d < inputs[i].rank; ++d) {
      inputs[i].shape[d] = -1;
      REFUSED(MOEC_SHAPE_MISMATCH, "a negative extent");
      if (s->info.inputs[i].dims[d] >= 0) {
        inputs[i].shape[d] += 1;
        REFUSED(MOEC_SHAPE_MISMATCH, "another extent");
      }
    }
    if (inputs[i].capacity == 0)
      continue;
    inputs[i].capacity -= 1;
    REFUSED(MOEC_BUFFER_TOO_SMALL, "too little capacity");
    inputs[i].data = NULL;
    REFUSED(MOEC_INVALID_ARGUMENT, "no data");
    if (element_bytes(inputs[i].dtype) > 1) {
      inputs[i].data = (char *)inputs[i].data + 1;
      REFUSED(MOEC_INVALID_ARGUMENT, "misaligned data");
    }
  }
#undef REFUSED
  if (session && n > 0 &&
      s->api->run(session, s->inputs, n - 1, outputs, s->info.n_outputs) ==
          MOEC_OK)
    fail("one input too few was taken");
  for (i = 0; session && i < s->info.n_outputs; ++i)
    for (d = 0; d < n; ++d) {
      if (d == s->info.outputs[i].alias || s->inputs[d].capacity == 0 ||
          element_bytes(s->inputs[d].dtype) <
              element_bytes(s->expected[i].dtype))
        continue;
      memset(outputs, 0, (size_t)s->info.n_outputs * sizeof(*outputs));
      outputs[i].data = s->inputs[d].data;
      outputs[i].capacity = s->inputs[d].capacity;
      expect_refused(s, session, s->inputs, outputs, MOEC_INVALID_ARGUMENT,
                     "an output over an input");
      outputs[i].data = NULL;
    }
  s->api->session_destroy(session);
  free(inputs);
  free(outputs);
}

static void row_major(int32_t rank, const int64_t *shape, int64_t *strides) {
  int64_t stride = 1;
  int d;
  for (d = rank - 1; d >= 0; --d) {
    strides[d] = stride;
    stride *= shape[d] > 0 ? shape[d] : 1;
  }
}

/* Copies a contiguous tensor into a place with strides. */
static void scatter(const moec_tensor *contiguous, moec_tensor *place) {
  int64_t index[MOEC_MAX_RANK] = {0};
  size_t size = element_bytes(contiguous->dtype), at;
  size_t total =
      bytes_of(contiguous->dtype, contiguous->rank, contiguous->shape);
  int d;
  for (at = 0; at < total; at += size) {
    int64_t offset = 0;
    for (d = 0; d < contiguous->rank; ++d)
      offset += index[d] * place->strides[d];
    memcpy((char *)place->data + offset * (int64_t)size,
           (const char *)contiguous->data + at, size);
    for (d = contiguous->rank - 1; d >= 0 && ++index[d] == contiguous->shape[d];
         --d)
      index[d] = 0;
  }
}

/* Every output that may share an input's buffer does so; `spare` more rows than
   needed lie behind each of them. */
void check_aliases(const subject *s, int spare) {
  int n_in = s->info.n_inputs, n_out = s->info.n_outputs, i, d;
  moec_tensor *inputs = allocate_array(n_in, sizeof(moec_tensor));
  moec_tensor *outputs = allocate_array(n_out, sizeof(moec_tensor));
  guarded *buffers = allocate_array(n_out, sizeof(guarded));
  moec_session *session = create(s, 2, NULL, NULL, NULL);
  memcpy(inputs, s->inputs, (size_t)n_in * sizeof(*inputs));
  for (i = 0; i < n_out; ++i) {
    const moec_io_info *info = &s->info.outputs[i];
    int64_t shape[MOEC_MAX_RANK];
    int strided = info->flags & MOEC_IO_STRIDED;
    if (info->alias < 0)
      continue;
    for (d = 0; d < info->rank; ++d) {
      shape[d] = s->expected[i].shape[d];
      if (strided && shape[d] != s->inputs[info->alias].shape[d])
        shape[d] += spare;
    }
    buffers[i] = guarded_new(bytes_of(info->dtype, info->rank, shape),
                             element_bytes(info->dtype), 0);
    outputs[i].data = inputs[info->alias].data = buffers[i].data;
    outputs[i].capacity = inputs[info->alias].capacity =
        (int64_t)buffers[i].bytes;
    row_major(info->rank, shape, outputs[i].strides);
    row_major(info->rank, shape, inputs[info->alias].strides);
    outputs[i].flags = inputs[info->alias].flags =
        strided ? MOEC_TENSOR_STRIDED : 0;
    scatter(&s->inputs[info->alias], &inputs[info->alias]);
  }
  if (session) {
    if (run(s, session, inputs, outputs) != MOEC_OK)
      fail("%s", s->api->last_error(session));
    else
      expect_outputs(s, outputs, " in place");
  }
  for (i = 0; i < n_out; ++i) {
    if (s->info.outputs[i].alias < 0)
      continue;
    if (outputs[i].data != buffers[i].data)
      fail("output '%s' is not in the caller's buffer",
           s->info.outputs[i].name);
    if (!guarded_intact(&buffers[i]))
      fail("bytes around output '%s' were changed", s->info.outputs[i].name);
    guarded_free(&buffers[i]);
    outputs[i].flags = 0;
  }
  if (session)
    release_outputs(s, session, outputs);
  s->api->session_destroy(session);
  free(inputs);
  free(outputs);
  free(buffers);
}
