/*===-- static_program.c - four models in one program
-----------------------===*\
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* usage: static_program [FOLDER]
|* Runs the models that are linked in. With FOLDER, which has their shared
|* libraries, asks for the same bits of those.
\*===------------------------------------------------------------------------===*/
#include "adds.h"
#include "first.h"
#include "muls.h"
#include "second.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef WITHOUT_SHARED
#include <dlfcn.h>
#endif

enum { ROWS = 5, COLUMNS = 64 };

typedef struct {
  const char *name;
  moec_query_fn query;
} Model;

static const Model models[] = {{"adds", moec_query_adds},
                               {"muls", moec_query_muls},
                               {"first", moec_query_first},
                               {"second", moec_query_second}};

static int fail(const char *name, const char *text) {
  printf("%s: %s\n", name, text);
  return 1;
}

/** Opens, runs and closes; 0 if all went well. */
static int run(const char *name, const moec_api *api, const char *weights,
               float *y) {
  char text[512] = "";
  moec_session_options options = {0};
  moec_session *session;
  moec_tensor in = {0}, out = {0};
  float x[ROWS * COLUMNS];
  int i, status;
  for (i = 0; i < ROWS * COLUMNS; ++i)
    x[i] = sinf((float)i);
  options.struct_size = sizeof(options);
  options.weights_path = weights;
  options.error_text = text;
  options.error_capacity = sizeof(text);
  if (api->session_create(api, &options, &session))
    return fail(name, text);
  in.data = x;
  in.dtype = MOEC_FLOAT;
  in.rank = 2;
  in.shape[0] = ROWS;
  in.shape[1] = COLUMNS;
  in.capacity = sizeof(x);
  out.data = y;
  out.capacity = sizeof(x);
  status = api->run(session, &in, 1, &out, 1);
  if (status)
    fail(name, api->last_error(session));
  api->session_destroy(session);
  return status;
}

static int sameAsShared(const Model *model, const char *folder,
                        const float *y) {
#ifdef WITHOUT_SHARED
  (void)model;
  (void)folder;
  (void)y;
#else
  char text[512];
  float other[ROWS * COLUMNS];
  moec_query_fn query;
  void *library;
  snprintf(text, sizeof(text), "%s/lib%s.so", folder, model->name);
  library = dlopen(text, RTLD_NOW);
  if (!library)
    return fail(model->name, dlerror());
  snprintf(text, sizeof(text), "moec_query_%s", model->name);
  *(void **)&query = dlsym(library, text);
  if (query == model->query)
    return fail(model->name, "the shared library gives the program's model");
  if (run(model->name, query(), NULL, other))
    return 1;
  if (memcmp(y, other, sizeof(other)) != 0)
    return fail(model->name, "the shared library computes something else");
#endif
  return 0;
}

int main(int argc, char **argv) {
  float y[ROWS * COLUMNS];
  size_t i;
  int status = 0;
  for (i = 0; i < sizeof(models) / sizeof(models[0]); ++i) {
    if (run(models[i].name, models[i].query(), NULL, y))
      return 1;
    printf("%s: %.3f %.3f\n", models[i].name, y[1], y[COLUMNS + 1]);
    if (argc > 1)
      status |= sameAsShared(&models[i], argv[1], y);
  }
  /* Each has its own weights, and refuses those of the other. */
  fflush(stdout);
  if (argc > 2)
    status |= !run("first", moec_query_first(), argv[2], y);
  return status;
}
