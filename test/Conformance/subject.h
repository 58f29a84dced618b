/*===-- subject.h - the library under test -----------------------------------*\
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===-------------------------------------------------------------------------*/
#ifndef MOEC_TEST_CONFORMANCE_SUBJECT_H
#define MOEC_TEST_CONFORMANCE_SUBJECT_H

#include "support.h"

typedef struct subject {
  const char *path;
  char symbol[300];
  void *library;
  const moec_api *api;
  moec_model_info info;
  int64_t *symbols;
  /* Inputs in plain memory, and the outputs of a plain run with one thread. */
  moec_tensor *inputs;
  moec_tensor *expected;
} subject;

/* Checks that failed. */
extern int failures;

/* Announces a check, ends it, and in between reports its first failure. */
void begin(const char *check);
void finish(void);
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Loads the library. */
void load(subject *s);
/* Makes the inputs and computes what every later run must give. */
void make_reference(subject *s, input_options *options);

/* Zeroed; never NULL. */
void *allocate_array(int count, size_t size);
/* A session; without `status` a failure is reported. */
moec_session *create(const subject *s, int threads,
                     const moec_allocator *allocator, const char *max_cpu,
                     int32_t *status);
int32_t run(const subject *s, moec_session *session, const moec_tensor *inputs,
            moec_tensor *outputs);
void release_outputs(const subject *s, moec_session *session,
                     moec_tensor *outputs);

size_t element_bytes(int32_t dtype);
/* Whether a tensor (with any strides) holds the bytes of a contiguous one. */
int same_elements(const moec_tensor *tensor, const moec_tensor *contiguous);
/* Reports outputs that differ from the reference, and says where. */
void expect_outputs(const subject *s, const moec_tensor *outputs,
                    const char *where);

/* arguments.c: what the caller may and may not pass. */
void check_small_outputs(const subject *s);
void check_wrong_inputs(const subject *s);

/* aliases.c: outputs in the buffers of inputs. */
void check_aliases(const subject *s, int spare);
void check_new_rows(const subject *s);

#endif
