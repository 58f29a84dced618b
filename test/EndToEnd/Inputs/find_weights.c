/*===-- find_weights.c - opens a library, then goes elsewhere
---------------===*\
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* usage: find_weights LIBRARY [FOLDER]
\*===------------------------------------------------------------------------===*/
#include <dlfcn.h>
#include <moec/moec.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
  char text[512] = "";
  moec_session_options options = {0};
  moec_session *session;
  moec_query_fn query;
  const moec_api *api;
  void *library = dlopen(argv[1], RTLD_NOW);
  if (!library)
    return puts(dlerror()), 1;
  *(void **)&query = dlsym(library, "moec_query_first");
  if (argc > 2 && chdir(argv[2]))
    return puts("no such folder"), 1;
  options.struct_size = sizeof(options);
  options.error_text = text;
  options.error_capacity = sizeof(text);
  api = query();
  if (api->session_create(api, &options, &session))
    return puts(text), 1;
  api->session_destroy(session);
  return puts("found"), 0;
}
