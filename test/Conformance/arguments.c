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
