//===-- Threads.cpp - how many threads to use -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Internal.h"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

using namespace moec::rt;

/// Reads a small file as text; false if it cannot be read.
static bool readSmallFile(const char *path, char *buffer, size_t capacity) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  size_t used = 0;
  while (used + 1 < capacity) {
    ssize_t got = read(fd, buffer + used, capacity - 1 - used);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    used += size_t(got);
  }
  close(fd);
  buffer[used] = 0;
  return true;
}

/// Reads a number and moves behind it; false where there is none that fits.
static bool readNumber(const char *&text, long long &value) {
  char *end;
  errno = 0;
  value = strtoll(text, &end, 10);
  if (end == text || errno != 0)
    return false;
  text = end;
  return true;
}

/// Reads a file that begins with a number.
static bool readNumberFile(const char *path, long long &value) {
  char buffer[128];
  const char *text = buffer;
  return readSmallFile(path, buffer, sizeof(buffer)) && readNumber(text, value);
}

/// CPUs of a quota and period in microseconds, rounded up; 0: no limit.
static int32_t cpusOf(long long quota, long long period) {
  if (quota <= 0 || period <= 0)
    return 0;
  long long cpus = quota / period + (quota % period != 0);
  return cpus > maxThreads ? maxThreads : int32_t(cpus);
}

static int32_t lesserLimit(int32_t a, int32_t b) {
  if (!a || !b)
    return a ? a : b;
  return a < b ? a : b;
}

/// The limit that one folder of the hierarchy sets.
static int32_t limitOfFolder(const char *folder, bool isV2) {
  char path[PATH_MAX], buffer[128];
  long long quota = 0, period = 0;
  if (isV2) {
    const char *text = buffer;
    if (snprintf(path, sizeof(path), "%s/cpu.max", folder) >=
            int(sizeof(path)) ||
        !readSmallFile(path, buffer, sizeof(buffer)) ||
        !readNumber(text, quota) || !readNumber(text, period))
      return 0; // "max 100000" says no limit.
    return cpusOf(quota, period);
  }
  if (snprintf(path, sizeof(path), "%s/cpu.cfs_quota_us", folder) >=
          int(sizeof(path)) ||
      !readNumberFile(path, quota))
    return 0;
  if (snprintf(path, sizeof(path), "%s/cpu.cfs_period_us", folder) >=
          int(sizeof(path)) ||
      !readNumberFile(path, period))
    return 0;
  return cpusOf(quota, period);
}

/// The least limit of `root`/`path` and all folders above it up to `root`.
static int32_t limitOfPath(const char *root, const char *path, bool isV2) {
  char folder[PATH_MAX];
  if (snprintf(folder, sizeof(folder), "%s%s", root, path) >=
      int(sizeof(folder)))
    return 0;
  size_t rootLength = strlen(root);
  int32_t limit = 0;
  for (;;) {
    limit = lesserLimit(limit, limitOfFolder(folder, isV2));
    char *slash = strrchr(folder, '/');
    if (strlen(folder) <= rootLength || !slash ||
        size_t(slash - folder) < rootLength)
      return limit;
    *slash = 0;
  }
}

/// Whether the comma-separated `list` has "cpu".
static bool namesCpuController(const char *list, size_t length) {
  while (length) {
    const char *comma = static_cast<const char *>(memchr(list, ',', length));
    size_t item = comma ? size_t(comma - list) : length;
    if (item == 3 && memcmp(list, "cpu", 3) == 0)
      return true;
    if (!comma)
      return false;
    list += item + 1;
    length -= item + 1;
  }
  return false;
}

int32_t moec::rt::cgroupCpuLimit(const char *procCgroup, const char *sysRoot) {
  char text[8192];
  if (!readSmallFile(procCgroup, text, sizeof(text)))
    return 0;
  int32_t limit = 0;
  // Lines "0::/path" (version 2) and "N:cpu,cpuacct:/path" (version 1).
  for (char *line = text, *end; line && *line; line = end) {
    end = strchr(line, '\n');
    if (end)
      *end++ = 0;
    char *controllers = strchr(line, ':');
    char *path = controllers ? strchr(controllers + 1, ':') : nullptr;
    if (!path)
      continue;
    ++controllers;
    size_t length = size_t(path - controllers);
    ++path;
    bool isV2 = length == 0;
    if (!isV2 && !namesCpuController(controllers, length))
      continue;
    char root[PATH_MAX];
    int written;
    if (isV2)
      written = snprintf(root, sizeof(root), "%s", sysRoot);
    else
      written = snprintf(root, sizeof(root), "%s/%.*s", sysRoot, int(length),
                         controllers);
    if (written >= int(sizeof(root)))
      continue;
    limit = lesserLimit(limit, limitOfPath(root, path, isV2));
    // In a container the path often is the host's and not visible here, while
    // the root is the container's own group: limitOfPath has looked there too.
    if (!isV2 &&
        snprintf(root, sizeof(root), "%s/cpu", sysRoot) < int(sizeof(root)))
      limit = lesserLimit(limit, limitOfPath(root, path, false));
  }
  return limit;
}

int32_t moec::rt::defaultThreadCount() {
  if (const char *text = getenv("MOEC_NUM_THREADS")) {
    char *end = nullptr;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno == 0 && end != text && *end == 0 && value >= 1)
      return value > maxThreads ? maxThreads : int32_t(value);
  }
  int32_t count = 0;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    count = CPU_COUNT(&set);
  } else {
    // More CPUs than cpu_set_t holds.
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    count = online < 1 ? 1 : online > maxThreads ? maxThreads : int32_t(online);
  }
  count =
      lesserLimit(count, cgroupCpuLimit("/proc/self/cgroup", "/sys/fs/cgroup"));
  return count < 1 ? 1 : count > maxThreads ? maxThreads : count;
}
