/*===-- dram_read.c - how fast memory is read -----------------------------===*\
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*
 *
 * dram_read THREADS [MIB [PASSES]]: reads a buffer that no cache holds, each
 * thread its own part, and prints GB/s of the fastest and of the median pass.
 *
\*===----------------------------------------------------------------------===*/

#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { MAXPASSES = 1000, MAXTHREADS = 1024 };

typedef struct {
  const char *data;
  size_t bytes;
  uint64_t sum;
} Part;

static int passes = 9, threads;
static pthread_barrier_t barrier;
static Part parts[MAXTHREADS];
static double seconds[MAXPASSES];

typedef uint64_t Vector __attribute__((vector_size(64), aligned(64)));

/* Vectors as wide as this CPU has; several sums, so that adding costs nothing.
 */
__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3",
                             "default"))) static uint64_t
readAll(const char *data, size_t bytes) {
  Vector sums[4] = {{0}};
  for (size_t i = 0; i < bytes; i += sizeof(sums))
    for (size_t j = 0; j < 4; ++j)
      sums[j] += *(const Vector *)(data + i + j * sizeof(Vector));
  Vector sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  uint64_t total = 0;
  for (size_t lane = 0; lane < sizeof(Vector) / sizeof(uint64_t); ++lane)
    total += sum[lane];
  return total;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *work(void *argument) {
  Part *part = argument;
  memset((void *)part->data, 1, part->bytes);
  for (int pass = 0; pass < passes; ++pass) {
    pthread_barrier_wait(&barrier);
    double start = now();
    part->sum += readAll(part->data, part->bytes);
    pthread_barrier_wait(&barrier);
    if (part == parts)
      seconds[pass] = now() - start;
  }
  return NULL;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* 0, which all refuse, if the text is no number up to `greatest`. */
static int parseCount(const char *text, int greatest) {
  char *end;
  long count = strtol(text, &end, 10);
  return *end || count < 0 || count > greatest ? 0 : (int)count;
}

int main(int argc, char **argv) {
  threads = argc > 1 ? parseCount(argv[1], MAXTHREADS) : 0;
  size_t mebibytes = argc > 2 ? (size_t)parseCount(argv[2], INT_MAX) : 1024;
  if (argc > 3)
    passes = parseCount(argv[3], MAXPASSES);
  if (threads < 1 || mebibytes < 1 || passes < 1) {
    fprintf(stderr, "usage: dram_read THREADS [MIB [PASSES]]\n");
    return 2;
  }
  size_t each = (mebibytes << 20) / (size_t)threads / 4096 * 4096;
  size_t total = each * (size_t)threads;
  char *data = mmap(NULL, total, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (each == 0 || data == MAP_FAILED) {
    fprintf(stderr, "dram_read: cannot map %zu MiB\n", mebibytes);
    return 1;
  }
  madvise(data, total, MADV_HUGEPAGE);
  pthread_t handles[MAXTHREADS];
  pthread_barrier_init(&barrier, NULL, (unsigned)threads);
  for (int i = 0; i < threads; ++i) {
    parts[i] = (Part){data + (size_t)i * each, each, 0};
    if (i > 0 && pthread_create(&handles[i], NULL, work, &parts[i]) != 0) {
      fprintf(stderr, "dram_read: cannot start thread %d\n", i);
      return 1;
    }
  }
  work(&parts[0]);
  uint64_t sum = parts[0].sum;
  for (int i = 1; i < threads; ++i) {
    pthread_join(handles[i], NULL);
    sum += parts[i].sum;
  }
  /* Every byte is 1: whatever was not read shows here. */
  if (sum != (uint64_t)passes * (total / 8) * 0x0101010101010101u) {
    fprintf(stderr, "dram_read: wrong sum\n");
    return 1;
  }
  qsort(seconds, (size_t)passes, sizeof(double), compare);
  double gigabytes = 1e-9 * (double)total;
  printf("%.2f %.2f\n", gigabytes / seconds[0],
         gigabytes / seconds[passes / 2]);
  return 0;
}
