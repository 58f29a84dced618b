/*===-- conformance.c - what every compiled library must do ------------------*\
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* usage: conformance libNAME.so [--dim SYMBOL=N ...] [--ints LO..HI]
|*                    [--npy INPUT=FILE.npy ...] [--seed N]
|*
|* Inputs without a file are made up. Runs the library under circumstances that
a host may put it in, and prints a
|* line for each. Exits with 0 if all passed, 1 if one failed, 2 on wrong usage.
|* A check that is announced and not answered is one that crashed.
\*===-------------------------------------------------------------------------*/
#define _GNU_SOURCE
#include "subject.h"

#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*===-- Checks ------------------------------------------------------------===*/

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

/*===-- The command line --------------------------------------------------===*/

static char *split(char *text, const char *option) {
  char *equals = strrchr(text, '=');
  if (!equals)
    die("%s wants NAME=VALUE, not '%s'", option, text);
  *equals = 0;
  return equals + 1;
}

/* The number that a text begins with; what follows it goes to `rest`. */
static long long parse_number(const char *text, char **rest) {
  long long number;
  errno = 0;
  number = strtoll(text, rest, 10);
  if (*rest == text || errno)
    die("expected a number, not '%s'", text);
  return number;
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
          "[--npy INPUT=FILE.npy ...] [--seed N]");
    ++i;
    if (strcmp(argv[i - 1], "--dim") == 0 && options->n_dims < 256) {
      char *rest, *number = split(value, "--dim");
      options->dims[options->n_dims].value = parse_number(number, &rest);
      if (*rest)
        die("--dim wants SYMBOL=N, not '%s'", number);
      options->dims[options->n_dims++].name = value;
    } else if (strcmp(argv[i - 1], "--npy") == 0 && options->n_npy < 256) {
      options->npy[options->n_npy].file = split(value, "--npy");
      options->npy[options->n_npy++].name = value;
    } else if (strcmp(argv[i - 1], "--ints") == 0) {
      char *rest;
      options->int_low = parse_number(value, &rest);
      options->int_high = options->int_low;
      if (strncmp(rest, "..", 2) == 0)
        options->int_high = parse_number(rest + 2, &rest);
      if (*rest || options->int_high <= options->int_low)
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
    CHECK("outputs in place, only new rows written", check_new_rows(&s));
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
