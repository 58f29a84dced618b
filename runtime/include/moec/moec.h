/*===-- moec.h - the C interface of a compiled model -------------------------*\
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A library libNAME.so made by moec exports exactly one symbol:
|*
|*     const moec_api *moec_query_NAME(void);
|*
|* Everything else is reached through the table it returns. A small user:
|*
|*     const moec_api *api = moec_query_NAME();
|*     if (!api || api->magic != MOEC_API_MAGIC ||
|*         api->abi_version != MOEC_ABI_VERSION) ...
|*     moec_session *session;
|*     if (api->session_create(api, NULL, &session) != MOEC_OK) ...
|*     moec_tensor x = {0}, y = {0};
|*     x.data = buffer; x.dtype = MOEC_FLOAT; x.rank = 2;
|*     x.shape[0] = 7; x.shape[1] = 64; x.capacity = 7 * 64 * sizeof(float);
|*     if (api->run(session, &x, 1, &y, 1) != MOEC_OK)
|*       puts(api->last_error(session));
|*     ... y.data, y.shape ...
|*     api->tensor_release(session, &y);
|*     api->session_destroy(session);
|*
|* Ownership: whoever allocates, releases. What a function returns by pointer
|* to const belongs to the library and lives as long as the library is loaded,
|* unless its comment says otherwise. Strings are UTF-8, NUL-terminated.
|*
|* Threads: every function may be called from any thread. Runs on one session
|* wait for each other; runs on different sessions go on at the same time.
|* session_destroy and pool_destroy must be the last call on their object.
|*
|* Failure: a function that can fail returns a moec_status. The library never
|* aborts, exits, prints or installs signal handlers. After a failure every
|* object is as usable as before.
|*
|* Growing: fields are only ever added at the end of structures that carry a
|* struct_size; a change that would break a caller raises MOEC_ABI_VERSION.
\*===-------------------------------------------------------------------------*/
#ifndef MOEC_MOEC_H
#define MOEC_MOEC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOEC_ABI_VERSION 1u
/** "MOECABI1" read as a little-endian integer. */
#define MOEC_API_MAGIC 0x3149424143454f4dULL
/** Greatest rank of an input or output. */
#define MOEC_MAX_RANK 8

/** What every call returns. Numbers are stable; new ones come at the end. */
typedef enum moec_status {
  MOEC_OK = 0,
  /** A null pointer, a wrong count, a buffer that overlaps or is misaligned. */
  MOEC_INVALID_ARGUMENT = 1,
  /** A rank or extent differs from the model's, or two equal symbols differ. */
  MOEC_SHAPE_MISMATCH = 2,
  MOEC_DTYPE_MISMATCH = 3,
  /** The caller's buffer is too small; for an output the needed rank and shape
      have been filled in. */
  MOEC_BUFFER_TOO_SMALL = 4,
  MOEC_OUT_OF_MEMORY = 5,
  /** The weights file is not there or cannot be opened or mapped. */
  MOEC_WEIGHTS_MISSING = 6,
  /** The weights file's header, table, sizes or a hash is wrong. */
  MOEC_WEIGHTS_CORRUPT = 7,
  /** The weights file belongs to another build of the model. */
  MOEC_WEIGHTS_MISMATCH = 8,
  /** No kernels for this CPU, or none at or below the requested level. */
  MOEC_UNSUPPORTED_CPU = 9,
  /** An index computed or read by the model is out of range. */
  MOEC_INDEX_OUT_OF_RANGE = 10,
  /** The model divided an integer by zero. */
  MOEC_DIVISION_BY_ZERO = 11,
  /** A structure of another ABI version was passed. */
  MOEC_VERSION_MISMATCH = 12,
  /** This library does not offer the function. */
  MOEC_UNSUPPORTED = 13,
  /** A fault of the compiler or the runtime, not of the caller. */
  MOEC_INTERNAL = 14,
  MOEC_STATUS_COUNT = 15
} moec_status;

/** Element types: the codes of onnx.TensorProto.DataType. */
typedef enum moec_dtype {
  MOEC_FLOAT = 1,
  MOEC_UINT8 = 2,
  MOEC_INT8 = 3,
  MOEC_UINT16 = 4,
  MOEC_INT16 = 5,
  MOEC_INT32 = 6,
  MOEC_INT64 = 7,
  MOEC_BOOL = 9, /**< one byte, 0 or 1 */
  MOEC_FLOAT16 = 10,
  MOEC_DOUBLE = 11,
  MOEC_UINT32 = 12,
  MOEC_UINT64 = 13,
  MOEC_BFLOAT16 = 16,
  MOEC_FLOAT8E4M3FN = 17,
  MOEC_FLOAT8E4M3FNUZ = 18,
  MOEC_FLOAT8E5M2 = 19,
  MOEC_FLOAT8E5M2FNUZ = 20,
  MOEC_UINT4 = 21,      /**< two to a byte, the first in the low half */
  MOEC_INT4 = 22,       /**< two to a byte, the first in the low half */
  MOEC_FLOAT4E2M1 = 23, /**< two to a byte, the first in the low half */
  MOEC_FLOAT8E8M0 = 24  /**< a power of two */
} moec_dtype;

/** moec_tensor.flags: strides[] holds the strides. Without it the tensor is
    row-major contiguous and strides[] is not read. */
#define MOEC_TENSOR_STRIDED 1
/** moec_tensor.flags, set by run(): data came from the session's allocator and
    waits for tensor_release. */
#define MOEC_TENSOR_OWNED 2

/**
 * A tensor, passed by the caller, who owns the structure itself. Fill unused
 * fields with zero (`moec_tensor t = {0};`).
 *
 * As an input: data, dtype, rank, shape and capacity describe the caller's
 * buffer, which is only read (but see moec_io_info.alias).
 *
 * As an output: data == NULL asks the library to allocate; run() then sets
 * data, capacity and MOEC_TENSOR_OWNED, and the caller gives the buffer back by
 * tensor_release. Otherwise data is the caller's buffer of capacity bytes.
 * Either way run() sets dtype, rank, shape and strides; what the caller left in
 * them is not read (strides are, with MOEC_TENSOR_STRIDED). When run() fails,
 * outputs are left as they were, except that MOEC_BUFFER_TOO_SMALL sets rank
 * and shape of the output concerned; the contents of the caller's output
 * buffers are then undefined.
 */
typedef struct moec_tensor {
  /** First element; aligned to the element's size. May be NULL for an input
      without elements. */
  void *data;
  int32_t dtype;
  int32_t rank;
  /** Bytes available at data, at least what shape and strides span. */
  int64_t capacity;
  int32_t flags;
  int32_t reserved;
  /** Of an input: a product of at most 2^40; of one with a zero, 2^31 without
      the zeros. */
  int64_t shape[MOEC_MAX_RANK];
  /** In elements. Only inputs and outputs with MOEC_IO_STRIDED may have others
      than row-major ones: descending, non-overlapping, the innermost 1. */
  int64_t strides[MOEC_MAX_RANK];
} moec_tensor;

/** moec_io_info.flags: may be passed with strides (a KV cache of greater
    capacity than its shape). */
#define MOEC_IO_STRIDED 1

/** One input or output of the model. */
typedef struct moec_io_info {
  const char *name;
  int32_t dtype;
  int32_t rank;
  /** rank extents: >= 0 static; otherwise -(symbol + 1). Equal symbols must
      have equal extents. */
  const int64_t *dims;
  /** Of an output: the input whose buffer it may share, or -1. Sharing means
      the same data pointer and strides and enough capacity for the output; then
      only the new rows are written, and this input's buffer is not left as it
      was. */
  int32_t alias;
  int32_t flags;
} moec_io_info;

/** A routed layer, of which a run can count who was chosen, see
    moec_api.profile_enable. */
typedef struct moec_moe_layer_info {
  /** As in the manifest: of the node it was raised from. Layers may share
      one. */
  const char *name;
  int32_t n_experts;
  /** How many a token has, -1 where the model does not fix it. */
  int32_t top_k;
} moec_moe_layer_info;

/** What is inside. Set struct_size before the call that fills it. */
typedef struct moec_model_info {
  uint32_t struct_size;
  int32_t n_inputs;
  int32_t n_outputs;
  int32_t n_symbols;
  const char *name;
  const moec_io_info *inputs;
  const moec_io_info *outputs;
  /** Names of the symbols, n_symbols of them. */
  const char *const *symbols;
  /** The manifest (the text of NAME.json, with the MoE layers), or NULL. */
  const char *manifest_json;
  uint8_t build_id[16];
  /** Size of the weights file; 0: the model has none and needs no file. */
  uint64_t weights_bytes;
  /** Names of the compiled CPU levels, best first. */
  int32_t n_levels;
  int32_t n_moe_layers;
  /** In the order of the model, n_moe_layers of them. */
  const moec_moe_layer_info *moe_layers;
} moec_model_info;

/** What runs count, see moec_api.counters. */
enum {
  MOEC_COUNTER_RUNS = 0,         /**< calls of run() that succeeded */
  MOEC_COUNTER_TOKENS = 1,       /**< tokens routed, over all MoE layers */
  MOEC_COUNTER_EXPERT_ROWS = 2,  /**< rows computed by experts, all layers */
  MOEC_COUNTER_EXPERT_TASKS = 3, /**< work items (expert, panels, rows) of the
                                    products of several experts */
  MOEC_COUNTER_ARENA_BYTES = 4,  /**< bytes the session's arena holds now */
  MOEC_COUNTER_ARENA_PEAK = 5,   /**< most bytes of temporaries in a run */
  MOEC_COUNTER_COUNT = 16        /**< size of the array; the rest are zero */
};

/** A host's allocator. Both functions are called from any thread. */
typedef struct moec_allocator {
  void *context;
  /** size > 0, alignment a power of two; NULL on failure. */
  void *(*alloc)(void *context, size_t size, size_t alignment);
  void (*free)(void *context, void *pointer);
} moec_allocator;

typedef void (*moec_task_fn)(void *argument, int64_t index, int32_t worker);

/**
 * Threads to work on. Either made by moec_api.pool_create, or filled in by a
 * host that has threads of its own. Several sessions, of several libraries, may
 * use one pool; calls at the same time wait for each other or go on at once, as
 * the pool likes. Must outlive its sessions; one made by pool_create also needs
 * the library that made it to stay loaded.
 */
typedef struct moec_pool {
  uint32_t struct_size;
  /** Workers, 1 or more, the calling thread included. */
  int32_t n_workers;
  void *context;
  /** Calls task(argument, i, w) once for every i in [0, count), in any order
      and on any thread, and returns when all have returned. w is in [0,
      n_workers), and no two tasks of one call have the same w at the same time.
      Returns a moec_status. */
  int32_t (*parallel_for)(struct moec_pool *pool, moec_task_fn task,
                          void *argument, int64_t count);
} moec_pool;

/** How to make a session; all zero (or a NULL pointer) means the defaults. */
typedef struct moec_session_options {
  /** sizeof(moec_session_options) */
  uint32_t struct_size;
  /** Threads that work on a run, the caller's included. 0: the environment
      variable MOEC_NUM_THREADS, else the least of the CPUs this process may use
      and its cgroups' limits. Not read when pool is given. */
  int32_t n_threads;
  /** Where the weights are; at most one of path, descriptor and memory. None:
      NAME.weights beside the library, or beside the program that a static
      library is linked into: in the folder that it was opened from, then in the
      one that links lead to, whatever the working folder is by now. */
  const char *weights_path;
  /** The whole file in memory, 64-byte aligned; must outlive the session. */
  const void *weights_data;
  uint64_t weights_size;
  /** An open file descriptor (> 0), not consumed; may be closed afterwards. */
  int32_t weights_fd;
  /** Not 0: check the hash of every segment now. The environment variable
      MOEC_CHECK_WEIGHTS=1 does the same. */
  int32_t check_weights;
  /** NULL: aligned allocation of the C library. Copied. */
  const moec_allocator *allocator;
  /** NULL: a pool of n_threads is made for this session. */
  moec_pool *pool;
  /** Greatest CPU level to use, for example "x86-64-v3"; NULL: the best this
      CPU has. The environment variable MOEC_CPU may lower it further. */
  const char *max_cpu;
  /** Where session_create leaves a text when it fails; may be NULL. */
  char *error_text;
  size_t error_capacity;
} moec_session_options;

typedef struct moec_session moec_session;
typedef struct moec_state moec_state;

/** The table behind moec_query_NAME. */
typedef struct moec_api {
  uint64_t magic;
  uint32_t abi_version;
  uint32_t struct_size;
  /** Private to the library. */
  const void *model;

  /** Fills *info, whose struct_size is set. */
  int32_t (*model_info)(const struct moec_api *api, moec_model_info *info);
  /** Name of compiled CPU level number i, best first; NULL beyond the last. */
  const char *(*level_name)(const struct moec_api *api, int32_t i);
  /** A few words for a status; never NULL. */
  const char *(*status_string)(int32_t status);

  /** Maps the weights, chooses the CPU level, starts the threads. options may
      be NULL. *session is set to NULL on failure. */
  int32_t (*session_create)(const struct moec_api *api,
                            const moec_session_options *options,
                            moec_session **session);
  /** Waits for the session's own threads to end. NULL is allowed. */
  void (*session_destroy)(moec_session *session);
  /** Runs the model once. Inputs and outputs in the model's order. Everything
      about the inputs is checked before anything is computed. */
  int32_t (*run)(moec_session *session, const moec_tensor *inputs,
                 int32_t n_inputs, moec_tensor *outputs, int32_t n_outputs);
  /** Gives an output that the library allocated back to the session's
      allocator, and sets data to NULL. Does nothing to other tensors. All must
      be released before session_destroy. */
  void (*tensor_release)(moec_session *session, moec_tensor *tensor);
  /** What went wrong in the last call on this session that failed: names the
      input, output or node. "" if none did. Lives in the session; the next call
      on it (from any thread) may overwrite it. */
  const char *(*last_error)(const moec_session *session);
  /** Name of the level chosen, for example "x86-64-v4". */
  const char *(*session_cpu_level)(const moec_session *session);
  /** Workers of the session's pool. */
  int32_t (*session_threads)(const moec_session *session);
  /** Copies the first n counters (MOEC_COUNTER_*), summed since creation. */
  int32_t (*counters)(moec_session *session, uint64_t *values, int32_t n);
  /** Checks the hash of every segment of the weights and that all padding is
      zero: finds any flipped bit. last_error names the first bad segment. */
  int32_t (*verify_weights)(moec_session *session);

  /** A pool of n_threads (0: as for a session) for several sessions. */
  int32_t (*pool_create)(const struct moec_api *api, int32_t n_threads,
                         moec_pool **pool);
  void (*pool_destroy)(moec_pool *pool);

  /** State held by the library instead of the caller (a paged cache): reserved,
      version 1 returns MOEC_UNSUPPORTED. */
  int32_t (*state_create)(moec_session *session, moec_state **state);
  int32_t (*state_append)(moec_state *state, int64_t positions);
  int32_t (*state_truncate)(moec_state *state, int64_t positions);
  int32_t (*state_fork)(const moec_state *state, moec_state **copy);
  int32_t (*state_reset)(moec_state *state);
  int32_t (*state_destroy)(moec_state *state);

  /* From here on only where struct_size reaches. */

  /** Counts from now on who is chosen in each of moe_layers, from zero at every
      call; with 0, no longer. Costs a run one pass over what its routers
      chose, and where nothing is counted a branch a layer. */
  int32_t (*profile_enable)(moec_session *session, int32_t enable);
  /** What was counted of a layer: the tokens that came to it; and of its first
      n experts (numbered as in the model), by how many choices each was chosen
      and the sum of the magnitudes of their weights. A choice that was dropped,
      or whose weight is not finite, counts nowhere. A run that failed counts as
      far as it came. Each array may be NULL. The sums do not depend on the
      number of threads. */
  int32_t (*profile_read)(moec_session *session, int32_t layer,
                          uint64_t *tokens, uint64_t *expert_tokens,
                          double *expert_weight, int32_t n);
} moec_api;

typedef const moec_api *(*moec_query_fn)(void);

#ifdef __cplusplus
}
#endif
#endif /* MOEC_MOEC_H */
