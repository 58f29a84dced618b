/*===-- subject.c - the library under test -----------------------------------*\
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===-------------------------------------------------------------------------*/
#define _GNU_SOURCE
#include "subject.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/*===-- The library and its reference results -----------------------------===*/

int failures;

void begin(const char *check) {
  printf("%-44s ", check);
  fflush(stdout);
}

static int ended;
void finish(void) {
  if (!ended)
    printf("ok\n");
  ended = 0;
}

/* Reports the first failure of a check. */
void fail(const char *format, ...) {
  va_list args;
  ++failures;
  if (ended)
    return;
  ended = 1;
  va_start(args, format);
  printf("FAILED: ");
  vprintf(format, args);
  printf("\n");
  va_end(args);
}

void *allocate_array(int count, size_t size) {
  void *result = calloc(count > 0 ? (size_t)count : 1, size);
  if (!result)
    die("out of memory");
  return result;
}

moec_session *create(const subject *s, int threads,
                     const moec_allocator *allocator, const char *max_cpu,
                     int32_t *status) {
  moec_session_options options;
  moec_session *session = NULL;
  char text[512] = "";
  int32_t result;
  memset(&options, 0, sizeof(options));
  options.struct_size = sizeof(options);
  options.n_threads = threads;
  options.allocator = allocator;
  options.max_cpu = max_cpu;
  options.error_text = text;
  options.error_capacity = sizeof(text);
  result = s->api->session_create(s->api, &options, &session);
  if (status)
    *status = result;
  else if (result != MOEC_OK)
    fail("session_create: %s", text);
  return session;
}

int32_t run(const subject *s, moec_session *session, const moec_tensor *inputs,
            moec_tensor *outputs) {
  return s->api->run(session, inputs, s->info.n_inputs, outputs,
                     s->info.n_outputs);
}

void release_outputs(const subject *s, moec_session *session,
                     moec_tensor *outputs) {
  int i;
  for (i = 0; i < s->info.n_outputs; ++i)
    s->api->tensor_release(session, &outputs[i]);
}

size_t element_bytes(int32_t dtype) {
  return (size_t)(dtype_bits(dtype) + 7) / 8;
}

/* Whether a tensor (with any strides) holds the bytes of a contiguous one. */
int same_elements(const moec_tensor *tensor, const moec_tensor *contiguous) {
  int64_t index[MOEC_MAX_RANK] = {0};
  size_t size = element_bytes(tensor->dtype), at = 0, total;
  int d;
  if (tensor->dtype != contiguous->dtype || tensor->rank != contiguous->rank)
    return 0;
  for (d = 0; d < tensor->rank; ++d)
    if (tensor->shape[d] != contiguous->shape[d])
      return 0;
  total = bytes_of(tensor->dtype, tensor->rank, tensor->shape);
  if (dtype_bits(tensor->dtype) < 8)
    return memcmp(tensor->data, contiguous->data, total) == 0;
  for (at = 0; at < total; at += size) {
    int64_t offset = 0;
    for (d = 0; d < tensor->rank; ++d)
      offset += index[d] * tensor->strides[d];
    if (memcmp((const char *)tensor->data + offset * (int64_t)size,
               (const char *)contiguous->data + at, size) != 0)
      return 0;
    for (d = tensor->rank - 1; d >= 0 && ++index[d] == tensor->shape[d]; --d)
      index[d] = 0;
  }
  return 1;
}

void expect_outputs(const subject *s, const moec_tensor *outputs,
                    const char *where) {
  int i;
  for (i = 0; i < s->info.n_outputs; ++i)
    if (!same_elements(&outputs[i], &s->expected[i]))
      fail("output '%s' differs%s", s->info.outputs[i].name, where);
}

/* Loads the library and, the first time, computes the reference. */
void load(subject *s) {
  moec_query_fn query;
  const char *slash = strrchr(s->path, '/');
  const char *file = slash ? slash + 1 : s->path;
  size_t length = strlen(file);
  if (strncmp(file, "lib", 3) != 0 || length < 7 ||
      strcmp(file + length - 3, ".so") != 0 || length > 200)
    die("'%s' is not named libNAME.so", s->path);
  snprintf(s->symbol, sizeof(s->symbol), "moec_query_%.*s", (int)length - 6,
           file + 3);
  s->library = dlopen(s->path, RTLD_NOW | RTLD_LOCAL);
  if (!s->library)
    die("%s", dlerror());
  *(void **)&query = dlsym(s->library, s->symbol);
  if (!query)
    die("%s", dlerror());
  s->api = query();
  if (!s->api || s->api->magic != MOEC_API_MAGIC ||
      s->api->abi_version != MOEC_ABI_VERSION ||
      s->api->struct_size < sizeof(moec_api))
    die("%s returns no table of version %u", s->symbol, MOEC_ABI_VERSION);
  memset(&s->info, 0, sizeof(s->info));
  s->info.struct_size = sizeof(s->info);
  if (s->api->model_info(s->api, &s->info) != MOEC_OK)
    die("model_info failed");
}

void make_reference(subject *s, input_options *options) {
  int i;
  moec_session *session;
  s->symbols = allocate_array(s->info.n_symbols, sizeof(int64_t));
  s->inputs = allocate_array(s->info.n_inputs, sizeof(moec_tensor));
  s->expected = allocate_array(s->info.n_outputs, sizeof(moec_tensor));
  read_inputs(&s->info, options, s->inputs);
  choose_symbols(&s->info, options, s->symbols);
  for (i = 0; i < s->info.n_inputs; ++i)
    if (!s->inputs[i].data)
      make_input(&s->info, i, options, s->symbols, &s->inputs[i]);
  begin("a plain run");
  session = create(s, 1, NULL, NULL, NULL);
  if (!session)
    exit(1);
  if (run(s, session, s->inputs, s->expected) != MOEC_OK) {
    fail("%s", s->api->last_error(session));
    exit(1);
  }
  for (i = 0; i < s->info.n_outputs; ++i) {
    moec_tensor *output = &s->expected[i];
    size_t bytes = bytes_of(output->dtype, output->rank, output->shape);
    void *copy = allocate_array(1, bytes ? bytes : 1);
    if (output->dtype != s->info.outputs[i].dtype ||
        output->rank != s->info.outputs[i].rank)
      fail("output '%s' has another type or rank than announced",
           s->info.outputs[i].name);
    memcpy(copy, output->data, bytes);
    s->api->tensor_release(session, output);
    if (output->data)
      fail("tensor_release leaves data set");
    output->data = copy;
    output->capacity = (int64_t)bytes;
  }
  s->api->session_destroy(session);
  finish();
}
