/*===-- npy.c - arrays as numpy saves them -----------------------------------*\
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===-------------------------------------------------------------------------*/
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The type of a descr such as '<f4'; bytes and booleans have no order. */
static int32_t type_of(const char *descr) {
  static const struct {
    const char *descr;
    int32_t dtype;
  } types[] = {
      {"<f4", MOEC_FLOAT},  {"<f8", MOEC_DOUBLE}, {"<f2", MOEC_FLOAT16},
      {"<i8", MOEC_INT64},  {"<i4", MOEC_INT32},  {"<i2", MOEC_INT16},
      {"|i1", MOEC_INT8},   {"<u8", MOEC_UINT64}, {"<u4", MOEC_UINT32},
      {"<u2", MOEC_UINT16}, {"|u1", MOEC_UINT8},  {"|b1", MOEC_BOOL}};
  size_t i;
  for (i = 0; i < sizeof(types) / sizeof(*types); ++i)
    if (strncmp(descr, types[i].descr, 3) == 0)
      return types[i].dtype;
  return 0;
}

/* What follows `key` in the header; NULL if it is not there. */
static const char *find_value(const char *header, const char *key) {
  const char *at = strstr(header, key);
  return at ? at + strlen(key) : NULL;
}

/* Understands {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }. */
static int parse_header(const char *header, moec_tensor *tensor) {
  const char *descr = find_value(header, "'descr': '");
  const char *shape = find_value(header, "'shape': (");
  if (!descr || !shape || !find_value(header, "'fortran_order': False"))
    return 0;
  tensor->dtype = type_of(descr);
  for (tensor->rank = 0; *shape && *shape != ')'; ++tensor->rank) {
    char *end;
    long long extent = strtoll(shape, &end, 10);
    if (end == shape || extent < 0 || tensor->rank == MOEC_MAX_RANK)
      return 0;
    tensor->shape[tensor->rank] = extent;
    shape = end + strspn(end, ", ");
  }
  return tensor->dtype && *shape == ')';
}

void read_npy(const char *path, moec_tensor *tensor) {
  unsigned char start[12];
  char header[4096];
  size_t length, bytes;
  FILE *file = fopen(path, "rb");
  memset(tensor, 0, sizeof(*tensor));
  /* Magic, version, length of the header: two bytes of it in version 1. */
  if (!file || fread(start, 1, 10, file) != 10 ||
      memcmp(start, "\x93NUMPY", 6) != 0 || start[6] != 1)
    die("'%s' is not a .npy file of version 1", path);
  length = (size_t)start[8] | (size_t)start[9] << 8;
  if (length >= sizeof(header) || fread(header, 1, length, file) != length)
    die("'%s' has no header", path);
  header[length] = 0;
  if (!parse_header(header, tensor))
    die("'%s' has a header that is not understood: %s", path, header);
  bytes = bytes_of(tensor->dtype, tensor->rank, tensor->shape);
  tensor->data = malloc(bytes ? bytes : 1);
  tensor->capacity = (int64_t)bytes;
  if (!tensor->data || fread(tensor->data, 1, bytes, file) != bytes ||
      fgetc(file) != EOF)
    die("'%s' does not have %zu bytes of data", path, bytes);
  fclose(file);
}
