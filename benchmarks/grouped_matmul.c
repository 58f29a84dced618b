/*===-- grouped_matmul.c - the generated kernel beside OpenBLAS -----------===*\
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*
 *
 * Times one grouped matmul, rows gathered and activation included, and beside
 * it, in the same round, sgemm of OpenBLAS on one thread: once for each expert
 * on its own rows (the same multiplications without gather and activation) and
 * once as one large square product, the machine's practical peak.
 * Weights are larger than every cache and are walked through by fresh random
 * expert ids each round. Built and run by grouped_matmul.py.
 *
\*===----------------------------------------------------------------------===*/

#include <cblas.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PANELS (COLUMNS / 32)
#define OUT (GATED ? COLUMNS / 2 : COLUMNS)
#define MAXROUNDS 100

typedef int32_t (*task_fn)(void *, const void *, int64_t, int32_t);

int32_t kernel(void *ctx, float *, float *, int64_t, int64_t, int64_t, int64_t,
               int64_t, /* x */
               void *, void *, int64_t, int64_t, int64_t, int64_t, int64_t,
               int64_t, int64_t, int64_t, int64_t,              /* weights */
               int32_t *, int32_t *, int64_t, int64_t, int64_t, /* offsets */
               int32_t *, int32_t *, int64_t, int64_t, int64_t, /* rows */
               float *, float *, int64_t, int64_t, int64_t, int64_t,
               int64_t, /* bias */
               float *, float *, int64_t, int64_t, int64_t, int64_t,
               int64_t /* result */);

/* The part of the runtime that the kernel needs. */
static int numThreads;
static struct {
  task_fn task;
  const void *args;
  int64_t count, next;
} job;
static pthread_barrier_t begin, end;

static void work(int worker) {
  int64_t i;
  while ((i = __atomic_fetch_add(&job.next, 1, __ATOMIC_RELAXED)) < job.count)
    job.task(NULL, job.args, i, worker);
}
static void *loop(void *worker) {
  for (;;) {
    pthread_barrier_wait(&begin);
    work((int)(intptr_t)worker);
    pthread_barrier_wait(&end);
  }
  return NULL;
}
int32_t moec_rt_parallel_for(void *ctx, task_fn task, const void *args,
                             int64_t count) {
  job.task = task, job.args = args, job.count = count, job.next = 0;
  if (numThreads > 1)
    pthread_barrier_wait(&begin);
  work(0);
  if (numThreads > 1)
    pthread_barrier_wait(&end);
  return 0;
}
int32_t moec_rt_alloc(void *ctx, int64_t bytes, int32_t site, void **out) {
  *out = aligned_alloc(64, (bytes + 127) / 64 * 64);
  return *out == NULL;
}
void moec_rt_free(void *ctx, void *pointer) { free(pointer); }

/* On one thread its own time, so that other work on the machine counts less. */
static double now(void) {
  struct timespec t;
  clock_gettime(numThreads > 1 ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}
static void *allocate(size_t bytes) {
  void *p = aligned_alloc(2 << 20, (bytes + (2 << 20)) / (2 << 20) * (2 << 20));
  if (!p) {
    fprintf(stderr, "cannot allocate %zu bytes\n", bytes);
    exit(1);
  }
  return p;
}
static uint64_t state = 88172645463325252ull;
static uint32_t draw(void) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return (uint32_t)(state >> 32);
}
static void fill(float *p, size_t n) {
  for (size_t i = 0; i < n; ++i)
    p[i] = (int32_t)draw() * 0x1p-31f;
}
static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc < 4)
    return 2;
  numThreads = atoi(argv[1]);
  int rounds = atoi(argv[2]);
  if (rounds > MAXROUNDS || rounds < 1)
    return 2;
  pthread_barrier_init(&begin, NULL, numThreads);
  pthread_barrier_init(&end, NULL, numThreads);
  for (int i = 1; i < numThreads; ++i) {
    pthread_t thread;
    pthread_create(&thread, NULL, loop, (void *)(intptr_t)i);
  }
  size_t bytes = (size_t)EXPERTS * COLUMNS * DEPTH * (BITS / 8);
  void *weights = allocate(bytes);
  if (BITS == 32)
    fill(weights, (size_t)EXPERTS * COLUMNS * DEPTH);
  else /* both 16-bit types: numbers of about one */
    for (size_t i = 0; i < bytes / 2; ++i)
      ((uint16_t *)weights)[i] = 0x3C00 | (draw() & 0x80FF);
  /* sgemm's weights, [K][N] of each expert; the same memory where it is f32 */
  float *plain = BITS == 32 ? weights : allocate((size_t)DEPTH * COLUMNS * 4);
  float *bias = allocate((size_t)EXPERTS * COLUMNS * 4);
  fill(bias, (size_t)EXPERTS * COLUMNS);
  enum { PEAK = 1536 };
  float *peak = allocate(3 * PEAK * PEAK * 4);
  fill(peak, 2 * PEAK * PEAK);

  printf("K %d N %d experts %d top-%d %d-bit weights, %d thread(s)\n", DEPTH,
         COLUMNS, EXPERTS, TOPK, BITS, numThreads);
  printf("%7s %6s %10s %10s %8s %8s %10s %10s %9s\n", "tokens", "rows",
         "ms (min)", "ms (med)", "GF/s", "GB/s", "sgemm GF/s", "peak GF/s",
         "of peak");
  for (int arg = 3; arg < argc; ++arg) {
    int tokens = atoi(argv[arg]), numRows = tokens * TOPK;
    float *x = allocate((size_t)tokens * DEPTH * 4);
    float *gathered = allocate((size_t)numRows * DEPTH * 4);
    float *result = allocate((size_t)numRows * COLUMNS * 4);
    float *product = allocate((size_t)numRows * COLUMNS * 4);
    int32_t *rows = allocate(numRows * 4), *ids = allocate(numRows * 4);
    int32_t offsets[EXPERTS + 1];
    fill(x, (size_t)tokens * DEPTH);
    memset(result, 0, (size_t)numRows * COLUMNS * 4);
    memset(product, 0, (size_t)numRows * COLUMNS * 4);
    double times[MAXROUNDS], gemms[MAXROUNDS], peaks[MAXROUNDS];
    double bestRate = 0, bestBytes = 0;
    for (int round = -1; round < rounds; ++round) {
      /* top-k distinct experts of each token */
      int counts[EXPERTS] = {0};
      for (int t = 0; t < tokens; ++t)
        for (int j = 0; j < TOPK; ++j) {
          int e, isTaken;
          do {
            e = draw() % EXPERTS, isTaken = 0;
            for (int i = 0; i < j; ++i)
              isTaken |= ids[t * TOPK + i] == e;
          } while (isTaken);
          ids[t * TOPK + j] = e, ++counts[e];
        }
      offsets[0] = 0;
      int active = 0, at[EXPERTS];
      for (int e = 0; e < EXPERTS; ++e)
        active += counts[e] > 0, at[e] = offsets[e],
                                 offsets[e + 1] = offsets[e] + counts[e];
      for (int i = 0; i < numRows; ++i)
        rows[at[ids[i]]++] = i / TOPK;
      for (int i = 0; i < numRows; ++i)
        memcpy(gathered + (size_t)i * DEPTH, x + (size_t)rows[i] * DEPTH,
               DEPTH * 4);

      double start = now();
      kernel(NULL, x, x, 0, tokens, DEPTH, DEPTH, 1, weights, weights, 0,
             EXPERTS, PANELS, DEPTH, 32, (int64_t)PANELS * DEPTH * 32,
             (int64_t)DEPTH * 32, 32, 1, offsets, offsets, 0, EXPERTS + 1, 1,
             rows, rows, 0, numRows, 1, bias, bias, 0, EXPERTS, COLUMNS,
             COLUMNS, 1, result, result, 0, numRows, OUT, OUT, 1);
      double mine = now() - start;
      start = now();
      for (int e = 0; e < EXPERTS; ++e)
        if (counts[e] > 0)
          cblas_sgemm(
              CblasRowMajor, CblasNoTrans, CblasNoTrans, counts[e], COLUMNS,
              DEPTH, 1.0f, gathered + (size_t)offsets[e] * DEPTH, DEPTH,
              plain + (BITS == 32 ? (size_t)e * COLUMNS * DEPTH : 0), COLUMNS,
              0.0f, product + (size_t)offsets[e] * COLUMNS, COLUMNS);
      double gemm = now() - start;
      start = now();
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, PEAK, PEAK, PEAK,
                  1.0f, peak, PEAK, peak + PEAK * PEAK, PEAK, 0.0f,
                  peak + 2 * PEAK * PEAK, PEAK);
      double top = now() - start;
      if (round < 0)
        continue;
      double flops = 2.0 * numRows * COLUMNS * DEPTH;
      times[round] = mine, gemms[round] = gemm, peaks[round] = top;
      double moved = (double)active * COLUMNS * DEPTH * (BITS / 8);
      if (flops / mine > bestRate)
        bestRate = flops / mine;
      if (moved / mine > bestBytes)
        bestBytes = moved / mine;
    }
    qsort(times, rounds, sizeof(double), compare);
    qsort(gemms, rounds, sizeof(double), compare);
    qsort(peaks, rounds, sizeof(double), compare);
    double flops = 2.0 * numRows * COLUMNS * DEPTH;
    double peakRate = 2.0 * PEAK * PEAK * PEAK / peaks[0];
    printf("%7d %6d %10.2f %10.2f %8.1f %8.1f %10.1f %10.1f %8.0f%%\n", tokens,
           numRows, times[0] * 1e3, times[rounds / 2] * 1e3, bestRate * 1e-9,
           bestBytes * 1e-9, flops / gemms[0] * 1e-9, peakRate * 1e-9,
           100 * bestRate / peakRate);
    fflush(stdout);
    free(x), free(gathered), free(result), free(product), free(rows), free(ids);
  }
  return 0;
}
