//===-- Text.cpp - messages, names of statuses and types ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Internal.h"

#include <cstdio>

using namespace moec::rt;

void Text::setV(const char *format, va_list args) {
  if (vsnprintf(data, sizeof(data), format, args) < 0)
    data[0] = 0;
  data[sizeof(data) - 1] = 0;
}

void Text::set(const char *format, ...) {
  va_list args;
  va_start(args, format);
  setV(format, args);
  va_end(args);
}

void Text::fill(const char *message, const int64_t values[2]) {
  size_t length = 0;
  clear();
  while (*message && length + 1 < sizeof(data)) {
    bool isValue = message[0] == '{' &&
                   (message[1] == '0' || message[1] == '1') &&
                   message[2] == '}';
    if (!isValue) {
      data[length++] = *message++;
      data[length] = 0;
      continue;
    }
    // Cut where it does not fit; the number says how long it would have been.
    int written = snprintf(data + length, sizeof(data) - length, "%lld",
                           static_cast<long long>(values[message[1] - '0']));
    if (written < 0)
      return;
    length += size_t(written);
    message += 3;
  }
}

const char *moec::rt::statusString(int32_t status) {
  switch (status) {
  case MOEC_OK:
    return "ok";
  case MOEC_INVALID_ARGUMENT:
    return "invalid argument";
  case MOEC_SHAPE_MISMATCH:
    return "shape mismatch";
  case MOEC_DTYPE_MISMATCH:
    return "element type mismatch";
  case MOEC_BUFFER_TOO_SMALL:
    return "buffer too small";
  case MOEC_OUT_OF_MEMORY:
    return "out of memory";
  case MOEC_WEIGHTS_MISSING:
    return "weights missing";
  case MOEC_WEIGHTS_CORRUPT:
    return "weights corrupt";
  case MOEC_WEIGHTS_MISMATCH:
    return "weights of another build";
  case MOEC_UNSUPPORTED_CPU:
    return "unsupported CPU";
  case MOEC_INDEX_OUT_OF_RANGE:
    return "index out of range";
  case MOEC_DIVISION_BY_ZERO:
    return "division by zero";
  case MOEC_VERSION_MISMATCH:
    return "version mismatch";
  case MOEC_UNSUPPORTED:
    return "unsupported";
  case MOEC_INTERNAL:
    return "internal error";
  default:
    return "unknown status";
  }
}

const char *moec::rt::dtypeName(int32_t dtype) {
  switch (dtype) {
  case MOEC_FLOAT:
    return "float32";
  case MOEC_UINT8:
    return "uint8";
  case MOEC_INT8:
    return "int8";
  case MOEC_UINT16:
    return "uint16";
  case MOEC_INT16:
    return "int16";
  case MOEC_INT32:
    return "int32";
  case MOEC_INT64:
    return "int64";
  case MOEC_BOOL:
    return "bool";
  case MOEC_FLOAT16:
    return "float16";
  case MOEC_DOUBLE:
    return "float64";
  case MOEC_UINT32:
    return "uint32";
  case MOEC_UINT64:
    return "uint64";
  case MOEC_BFLOAT16:
    return "bfloat16";
  case MOEC_FLOAT8E4M3FN:
    return "float8e4m3fn";
  case MOEC_FLOAT8E4M3FNUZ:
    return "float8e4m3fnuz";
  case MOEC_FLOAT8E5M2:
    return "float8e5m2";
  case MOEC_FLOAT8E5M2FNUZ:
    return "float8e5m2fnuz";
  case MOEC_UINT4:
    return "uint4";
  case MOEC_INT4:
    return "int4";
  case MOEC_FLOAT4E2M1:
    return "float4e2m1";
  case MOEC_FLOAT8E8M0:
    return "float8e8m0";
  default:
    return "unknown";
  }
}

int32_t moec::rt::dtypeBits(int32_t dtype) {
  switch (dtype) {
  case MOEC_UINT4:
  case MOEC_INT4:
  case MOEC_FLOAT4E2M1:
    return 4;
  case MOEC_UINT8:
  case MOEC_INT8:
  case MOEC_BOOL:
  case MOEC_FLOAT8E4M3FN:
  case MOEC_FLOAT8E4M3FNUZ:
  case MOEC_FLOAT8E5M2:
  case MOEC_FLOAT8E5M2FNUZ:
  case MOEC_FLOAT8E8M0:
    return 8;
  case MOEC_UINT16:
  case MOEC_INT16:
  case MOEC_FLOAT16:
  case MOEC_BFLOAT16:
    return 16;
  case MOEC_FLOAT:
  case MOEC_INT32:
  case MOEC_UINT32:
    return 32;
  case MOEC_INT64:
  case MOEC_UINT64:
  case MOEC_DOUBLE:
    return 64;
  default:
    return 0;
  }
}
