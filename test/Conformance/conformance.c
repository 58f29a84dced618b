/*===-- conformance.c - what every compiled library must do
--------------------*\
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* usage: conformance libNAME.so [--dim SYMBOL=N ...] [--ints LO..HI]
|*                    [--raw INPUT=FILE ...] [--seed N]
|*
|* Runs the library under circumstances that a host may put it in, and prints a
|* line for each. Exits with 0 if all passed, 1 if one failed, 2 on wrong usage.
|* A check that is announced and not answered is one that crashed.
\*===---------------------------------------------------------------------------*/
#define _GNU_SOURCE
#include "support.h"

#include <dlfcn.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*===-- The library and its reference results
 * ----------------------------------===*/

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

static int failures;

static void begin(const char *check) {
  printf("%-44s ", check);
  fflush(stdout);
}

static int ended;
static void finish(void) {
  if (!ended)
    printf("ok\n");
  ended = 0;
}

/* Reports the first failure of a check. */
static void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void fail(const char *format, ...) {
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

static void *allocate_array(int count, size_t size) {
  void *result = calloc(count > 0 ? (size_t)count : 1, size);
  if (!result)
    die("out of memory");
  return result;
}

static moec_session *create(const subject *s, int threads,
                            const moec_allocator *allocator,
                            const char *max_cpu, int32_t *status) {
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

static int32_t run(const subject *s, moec_session *session,
                   const moec_tensor *inputs, moec_tensor *outputs) {
  return s->api->run(session, inputs, s->info.n_inputs, outputs,
                     s->info.n_outputs);
}

static void release_outputs(const subject *s, moec_session *session,
                            moec_tensor *outputs) {
  int i;
  for (i = 0; i < s->info.n_outputs; ++i)
    s->api->tensor_release(session, &outputs[i]);
}

static size_t element_bytes(int32_t dtype) {
  return (size_t)(dtype_bits(dtype) + 7) / 8;
}

/* Whether a tensor (with any strides) holds the bytes of a contiguous one. */
static int same_elements(const moec_tensor *tensor,
                         const moec_tensor *contiguous) {
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

static void expect_outputs(const subject *s, const moec_tensor *outputs,
                           const char *where) {
  int i;
  for (i = 0; i < s->info.n_outputs; ++i)
    if (!same_elements(&outputs[i], &s->expected[i]))
      fail("output '%s' differs%s", s->info.outputs[i].name, where);
}

/* Loads the library and, the first time, computes the reference. */
static void load(subject *s) {
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

static void make_reference(subject *s, const input_options *options) {
  int i;
  moec_session *session;
  s->symbols = allocate_array(s->info.n_symbols, sizeof(int64_t));
  s->inputs = allocate_array(s->info.n_inputs, sizeof(moec_tensor));
  s->expected = allocate_array(s->info.n_outputs, sizeof(moec_tensor));
  choose_symbols(&s->info, options, s->symbols);
  for (i = 0; i < s->info.n_inputs; ++i)
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

/*===-- Checks
 * -----------------------------------------------------------------===*/

/* Inputs that cannot be written, outputs of the exact size, guard pages on both
   sides of each. */
static void check_guard_pages(const subject *s, int at_start, int fill) {
  int n_in = s->info.n_inputs, n_out = s->info.n_outputs, i;
  guarded *in = allocate_array(n_in, sizeof(guarded));
  guarded *out = allocate_array(n_out, sizeof(guarded));
  moec_tensor *inputs = allocate_array(n_in, sizeof(moec_tensor));
  moec_tensor *outputs = allocate_array(n_out, sizeof(moec_tensor));
  moec_session *session = create(s, 2, NULL, NULL, NULL);
  for (i = 0; i < n_in; ++i) {
    inputs[i] = s->inputs[i];
    in[i] = guarded_new((size_t)inputs[i].capacity,
                        element_bytes(inputs[i].dtype), at_start);
    memcpy(in[i].data, inputs[i].data, in[i].bytes);
    guarded_protect(&in[i], 1);
    inputs[i].data = in[i].data;
  }
  for (i = 0; i < n_out; ++i) {
    out[i] = guarded_new((size_t)s->expected[i].capacity,
                         element_bytes(s->expected[i].dtype), at_start);
    memset(out[i].data, fill, out[i].bytes);
    outputs[i].data = out[i].data;
    outputs[i].capacity = (int64_t)out[i].bytes;
  }
  if (session) {
    if (run(s, session, inputs, outputs) != MOEC_OK)
      fail("%s", s->api->last_error(session));
    else
      expect_outputs(s, outputs, "");
    s->api->session_destroy(session);
  }
  for (i = 0; i < n_in; ++i) {
    if (memcmp(in[i].data, s->inputs[i].data, in[i].bytes) != 0)
      fail("input '%s' was changed", s->info.inputs[i].name);
    guarded_free(&in[i]);
  }
  for (i = 0; i < n_out; ++i) {
    if (!guarded_intact(&out[i]))
      fail("bytes around output '%s' were changed", s->info.outputs[i].name);
    guarded_free(&out[i]);
  }
  free(in);
  free(out);
  free(inputs);
  free(outputs);
}

/* A guard page behind every block that the library allocates. */
static void check_guarded_temporaries(const subject *s) {
  test_allocator allocator;
  moec_session *session;
  moec_tensor *outputs = allocate_array(s->info.n_outputs, sizeof(moec_tensor));
  test_allocator_init(&allocator, -1, 1);
  session = create(s, 2, &allocator.table, NULL, NULL);
  if (session) {
    int round;
    for (round = 0; round < 2; ++round) {
      if (run(s, session, s->inputs, outputs) != MOEC_OK)
        fail("%s", s->api->last_error(session));
      else
        expect_outputs(s, outputs, "");
      release_outputs(s, session, outputs);
    }
    s->api->session_destroy(session);
  }
  if (allocator.live)
    fail("%ld blocks were not given back", allocator.live);
  free(outputs);
}

static void check_failing_allocator(const subject *s) {
  moec_tensor *outputs = allocate_array(s->info.n_outputs, sizeof(moec_tensor));
  long n;
  for (n = 0;; ++n) {
    test_allocator allocator;
    int32_t status;
    int i;
    moec_session *session;
    test_allocator_init(&allocator, n, 0);
    session = create(s, 2, &allocator.table, NULL, &status);
    if (session) {
      status = run(s, session, s->inputs, outputs);
      for (i = 0; status != MOEC_OK && i < s->info.n_outputs; ++i)
        if (outputs[i].data)
          fail("output '%s' is set after a failure", s->info.outputs[i].name);
      if (status == MOEC_OUT_OF_MEMORY) {
        allocator.fail_after = -1;
        if (run(s, session, s->inputs, outputs) != MOEC_OK)
          fail("after failing allocation %ld: %s", n,
               s->api->last_error(session));
        else
          expect_outputs(s, outputs, " after a failure");
      } else if (status == MOEC_OK) {
        expect_outputs(s, outputs, "");
      }
      release_outputs(s, session, outputs);
      s->api->session_destroy(session);
    }
    if (allocator.live)
      fail("allocation %ld failed: %ld blocks were not given back", n,
           allocator.live);
    if (status == MOEC_OK)
      break;
    if (status != MOEC_OUT_OF_MEMORY) {
      fail("allocation %ld failed: status %d (%s), expected out of memory", n,
           status, s->api->status_string(status));
      break;
    }
    if (n > 100000) {
      fail("no end of allocations");
      break;
    }
  }
  if (n < 3)
    fail("only %ld allocations: the session's allocator is not used", n);
  free(outputs);
}

typedef struct worker {
  const subject *s;
  moec_session *session;
  int rounds;
  int32_t status;
  int same;
} worker;

static void *work(void *argument) {
  worker *w = argument;
  const subject *s = w->s;
  moec_tensor *outputs = allocate_array(s->info.n_outputs, sizeof(moec_tensor));
  int i, round;
  w->same = 1;
  for (round = 0; round < w->rounds && w->status == MOEC_OK; ++round) {
    w->status = run(s, w->session, s->inputs, outputs);
    for (i = 0; w->status == MOEC_OK && i < s->info.n_outputs; ++i)
      w->same &= same_elements(&outputs[i], &s->expected[i]);
    release_outputs(s, w->session, outputs);
  }
  free(outputs);
  return NULL;
}

/* Two sessions, the second one used by two threads. */
static void check_two_sessions(const subject *s) {
  worker workers[3];
  pthread_t threads[3];
  moec_session *a = create(s, 2, NULL, NULL, NULL);
  moec_session *b = create(s, 1, NULL, NULL, NULL);
  int i;
  memset(workers, 0, sizeof(workers));
  for (i = 0; a && b && i < 3; ++i) {
    workers[i].s = s;
    workers[i].session = i ? b : a;
    workers[i].rounds = 10;
    if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0)
      die("cannot start a thread");
  }
  for (i = 0; a && b && i < 3; ++i) {
    pthread_join(threads[i], NULL);
    if (workers[i].status != MOEC_OK)
      fail("status %d", workers[i].status);
    else if (!workers[i].same)
      fail("outputs differ on thread %d", i);
  }
  s->api->session_destroy(a);
  s->api->session_destroy(b);
}

static void check_thread_counts(const subject *s) {
  moec_tensor *outputs = allocate_array(s->info.n_outputs, sizeof(moec_tensor));
  int threads;
  for (threads = 1; threads <= 4; ++threads) {
    moec_session *session = create(s, threads, NULL, NULL, NULL);
    if (!session)
      break;
    if (run(s, session, s->inputs, outputs) != MOEC_OK)
      fail("%s", s->api->last_error(session));
    else
      expect_outputs(s, outputs, " with another number of threads");
    release_outputs(s, session, outputs);
    s->api->session_destroy(session);
  }
  free(outputs);
}

/* Each output in turn with one byte too little. */
static void check_small_outputs(const subject *s) {
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

static void check_wrong_inputs(const subject *s) {
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
static void check_aliases(const subject *s, int spare) {
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

/* Greatest difference relative to the greatest value, of f32 outputs. */
static double relative_error(const moec_tensor *a, const moec_tensor *b) {
  double most = 0, difference = 0;
  size_t i, n = (size_t)b->capacity / sizeof(float);
  if (b->dtype != MOEC_FLOAT)
    return 0;
  for (i = 0; i < n; ++i) {
    double x = ((const float *)a->data)[i], y = ((const float *)b->data)[i];
    if (fabs(y) > most)
      most = fabs(y);
    if (!(fabs(x - y) <= difference) && !(isnan(x) && isnan(y)))
      difference = fabs(x - y);
  }
  return most > 0 ? difference / most : difference;
}

static void check_levels(const subject *s) {
  moec_tensor *outputs = allocate_array(s->info.n_outputs, sizeof(moec_tensor));
  int i, j, ran = 0;
  for (i = 0; i < s->info.n_levels; ++i) {
    const char *level = s->api->level_name(s->api, i);
    int32_t status;
    moec_session *session = create(s, 2, NULL, level, &status);
    if (!session) {
      /* The last levels may be beyond this CPU only if the others are, too. */
      if (status != MOEC_UNSUPPORTED_CPU || ran)
        fail("level %s: status %d", level, status);
      continue;
    }
    ++ran;
    if (run(s, session, s->inputs, outputs) != MOEC_OK)
      fail("level %s: %s", level, s->api->last_error(session));
    for (j = 0; j < s->info.n_outputs && outputs[j].data; ++j)
      if (relative_error(&outputs[j], &s->expected[j]) > 1e-3)
        fail("output '%s' is far off at level %s", s->info.outputs[j].name,
             s->api->session_cpu_level(session));
    release_outputs(s, session, outputs);
    s->api->session_destroy(session);
  }
  free(outputs);
}

static void check_weights(const subject *s) {
  moec_session *session = create(s, 1, NULL, NULL, NULL);
  if (session && s->api->verify_weights(session) != MOEC_OK)
    fail("%s", s->api->last_error(session));
  s->api->session_destroy(session);
}

static void check_load_and_unload(subject *s) {
  int i;
  dlclose(s->library);
  for (i = 0; i < 20; ++i) {
    moec_tensor *outputs;
    moec_session *session;
    load(s);
    outputs = allocate_array(s->info.n_outputs, sizeof(moec_tensor));
    session = create(s, 2, NULL, NULL, NULL);
    if (session) {
      if (run(s, session, s->inputs, outputs) != MOEC_OK)
        fail("%s", s->api->last_error(session));
      else
        expect_outputs(s, outputs, " after loading again");
      release_outputs(s, session, outputs);
      s->api->session_destroy(session);
    }
    free(outputs);
    dlclose(s->library);
    s->library = dlopen(s->path, RTLD_NOW | RTLD_NOLOAD);
    if (s->library) {
      fail("the library does not go");
      dlclose(s->library);
    }
  }
  load(s);
}

/*===-- The command line
 * -------------------------------------------------------===*/

static char *split(char *text, const char *option) {
  char *equals = strrchr(text, '=');
  if (!equals)
    die("%s wants NAME=VALUE, not '%s'", option, text);
  *equals = 0;
  return equals + 1;
}

static void parse(int argc, char **argv, subject *s, input_options *options) {
  int i;
  options->int_low = 0;
  options->int_high = 2;
  options->seed = 1;
  for (i = 1; i < argc; ++i) {
    char *value = i + 1 < argc ? argv[i + 1] : NULL;
    if (argv[i][0] != '-' && !s->path) {
      s->path = argv[i];
      continue;
    }
    if (!value)
      die("usage: conformance libNAME.so [--dim SYMBOL=N ...] [--ints LO..HI] "
          "[--raw INPUT=FILE ...] [--seed N]");
    ++i;
    if (strcmp(argv[i - 1], "--dim") == 0 && options->n_dims < 64) {
      options->dims[options->n_dims].value = atoll(split(value, "--dim"));
      options->dims[options->n_dims++].name = value;
    } else if (strcmp(argv[i - 1], "--raw") == 0 && options->n_raw < 64) {
      options->raw[options->n_raw].file = split(value, "--raw");
      options->raw[options->n_raw++].name = value;
    } else if (strcmp(argv[i - 1], "--ints") == 0) {
      if (sscanf(value, "%lld..%lld", &options->int_low, &options->int_high) !=
              2 ||
          options->int_high <= options->int_low)
        die("--ints wants LO..HI, the second excluded and greater");
    } else if (strcmp(argv[i - 1], "--seed") == 0) {
      options->seed = strtoull(value, NULL, 10);
    } else {
      die("unknown option '%s'", argv[i - 1]);
    }
  }
  if (!s->path)
    die("no library given");
}

int main(int argc, char **argv) {
  subject s;
  input_options options;
  int i, aliases = 0;
  memset(&s, 0, sizeof(s));
  memset(&options, 0, sizeof(options));
  parse(argc, argv, &s, &options);
  load(&s);
  make_reference(&s, &options);
#define CHECK(name, call)                                                      \
  begin(name);                                                                 \
  call;                                                                        \
  finish()
  CHECK("guard pages behind each buffer", check_guard_pages(&s, 0, 0xa5));
  CHECK("guard pages before each buffer", check_guard_pages(&s, 1, 0x5a));
  CHECK("guard pages behind temporaries", check_guarded_temporaries(&s));
  CHECK("an allocator that fails at the n-th call",
        check_failing_allocator(&s));
  CHECK("two sessions and three threads at once", check_two_sessions(&s));
  CHECK("the same bits with 1 to 4 threads", check_thread_counts(&s));
  CHECK("output buffers one byte too small", check_small_outputs(&s));
  CHECK("wrong inputs and overlaps are refused", check_wrong_inputs(&s));
  for (i = 0; i < s.info.n_outputs; ++i)
    aliases += s.info.outputs[i].alias >= 0;
  if (aliases) {
    CHECK("outputs in place of inputs", check_aliases(&s, 0));
    CHECK("outputs in place, capacity to spare", check_aliases(&s, 5));
  }
  CHECK("every CPU level", check_levels(&s));
  CHECK("hashes of the weights", check_weights(&s));
  CHECK("load and unload in a loop", check_load_and_unload(&s));
#undef CHECK
  dlclose(s.library);
  for (i = 0; i < s.info.n_inputs; ++i)
    free(s.inputs[i].data);
  for (i = 0; i < s.info.n_outputs; ++i)
    free(s.expected[i].data);
  free(s.inputs);
  free(s.expected);
  free(s.symbols);
  if (failures)
    printf("%d failures\n", failures);
  return failures ? 1 : 0;
}
