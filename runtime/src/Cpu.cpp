//===-- Cpu.cpp - which level this CPU has --------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Asks cpuid and xgetbv itself: __builtin_cpu_supports needs a constructor of
// the compiler's library. The lists are the x86-64 psABI's.
//
//===----------------------------------------------------------------------===//

#include "Internal.h"

#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

using namespace moec::rt;

#if defined(__x86_64__)

static bool hasAll(uint32_t value, uint32_t bits) {
  return (value & bits) == bits;
}

static uint64_t readXcr0() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t(high) << 32) | low;
}

CpuInfo moec::rt::detectCpu() {
  CpuInfo info = {0, 0};
  uint32_t a, b, c, d;
  if (!__get_cpuid_count(1, 0, &a, &b, &c, &d))
    return info;
  // SSE3, SSSE3, FMA, CMPXCHG16B, SSE4.1, SSE4.2, MOVBE, POPCNT, OSXSAVE, AVX,
  // F16C.
  const uint32_t leaf1C = 1u << 0 | 1u << 9 | 1u << 12 | 1u << 13 | 1u << 19 |
                          1u << 20 | 1u << 22 | 1u << 23 | 1u << 27 | 1u << 28 |
                          1u << 29;
  if (!hasAll(c, leaf1C))
    return info;
  // OSXSAVE is there, so xgetbv is. SSE and AVX state saved by the system.
  uint64_t xcr0 = readXcr0();
  if ((xcr0 & 0x6) != 0x6)
    return info;
  uint32_t b7, c7, d7;
  if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d7))
    return info;
  uint32_t maxSubleaf7 = a;
  // BMI1, AVX2, BMI2.
  if (!hasAll(b7, 1u << 3 | 1u << 5 | 1u << 8))
    return info;
  // LAHF/SAHF, LZCNT.
  if (!__get_cpuid_count(0x80000001u, 0, &a, &b, &c, &d) ||
      !hasAll(c, 1u << 0 | 1u << 5))
    return info;
  info.level = 3;

  uint32_t a71 = 0;
  if (maxSubleaf7 >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d))
    a71 = a;
  if (a71 & 1u << 4)
    info.features |= MOEC_CPU_AVX_VNNI;

  // AVX512 F, DQ, CD, BW, VL; opmask, upper half of zmm0-15 and zmm16-31 saved.
  if ((xcr0 & 0xe0) != 0xe0 ||
      !hasAll(b7, 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31))
    return info;
  info.level = 4;
  if (c7 & 1u << 11)
    info.features |= MOEC_CPU_AVX512_VNNI;
  if (d7 & 1u << 23)
    info.features |= MOEC_CPU_AVX512_FP16;
  if (a71 & 1u << 5)
    info.features |= MOEC_CPU_AVX512_BF16;
  return info;
}

#else

CpuInfo moec::rt::detectCpu() { return {0, 0}; }

#endif

/// Index of the first level that `cap` allows, or -1 for a name nobody knows.
static int32_t firstAllowed(const moec_model_desc &model, const char *cap) {
  for (int32_t i = 0; i < model.n_levels; ++i)
    if (strcmp(model.levels[i].name, cap) == 0)
      return i;
  // A level of the psABI that the library was not compiled for.
  if (strncmp(cap, "x86-64-v", 8) != 0 || cap[8] < '1' || cap[8] > '4' ||
      cap[9] != 0)
    return -1;
  uint32_t limit = uint32_t(cap[8] - '0');
  for (int32_t i = 0; i < model.n_levels; ++i)
    if (model.levels[i].required_level <= limit &&
        model.levels[i].required_features == 0)
      return i;
  return model.n_levels;
}

int32_t moec::rt::chooseLevel(const moec_model_desc &model, const CpuInfo &cpu,
                              const char *const *caps, int numCaps,
                              const moec_level_desc *&level, Text &error) {
  int32_t first = 0;
  const char *lowest = nullptr;
  for (int i = 0; i < numCaps; ++i) {
    if (!caps[i] || !caps[i][0])
      continue;
    int32_t index = firstAllowed(model, caps[i]);
    if (index < 0) {
      error.set("CPU level '%.64s' (MOEC_CPU or max_cpu) is unknown, expected "
                "x86-64-v3 or x86-64-v4",
                caps[i]);
      return MOEC_INVALID_ARGUMENT;
    }
    if (index > first) {
      first = index;
      lowest = caps[i];
    }
  }
  for (int32_t i = first; i < model.n_levels; ++i) {
    const moec_level_desc &candidate = model.levels[i];
    if (candidate.required_level > cpu.level ||
        (candidate.required_features & ~cpu.features))
      continue;
    level = &candidate;
    return MOEC_OK;
  }
  if (lowest)
    error.set("the library has no kernels at or below CPU level '%.64s' that "
              "this CPU runs",
              lowest);
  else
    error.set("this CPU lacks the features of every level of the library; the "
              "lowest is %s",
              model.n_levels ? model.levels[model.n_levels - 1].name : "none");
  return MOEC_UNSUPPORTED_CPU;
}
