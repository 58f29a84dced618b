/*===-- generated.h - what compiled code and the runtime share ---------------*\
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Not for users of a library: see moec.h. The functions declared here, with
|* memcpy, memmove and memset, are all the external symbols that generated code
|* may call. The compiler emits structures of these types by offset, so the
|* layouts are asserted below; any change of one raises MOEC_GENERATED_VERSION.
\*===-------------------------------------------------------------------------*/
#ifndef MOEC_GENERATED_H
#define MOEC_GENERATED_H

#include "moec/moec.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Version of this contract, in moec_model_desc.abi_version. */
#define MOEC_GENERATED_VERSION 4u

/**
 * The run context. Generated code gets it as first argument and reads the
 * fields below by offset; the runtime keeps more behind them.
 */
typedef struct moec_ctx {
  /** The function table of the CPU level of this session. */
  const void *const *kernels;
  /** Base of the data section of the mapped weights. Read-only. */
  const uint8_t *weights;
  /** The inputs, checked: in the model's order, strides always filled in. */
  const moec_tensor *inputs;
  /** The outputs; one is valid after moec_rt_output has bound it. */
  moec_tensor *outputs;
  /** MOEC_COUNTER_COUNT counters; add to them atomically. */
  uint64_t *counters;
  /** First recorded status, 0 while there is none. */
  int32_t error;
  /** Its site, an index into moec_model_desc.sites, or -1. */
  int32_t error_site;
  /* Private to the runtime from here on. */
} moec_ctx;

/** A place that can fail: what last_error says of it. */
typedef struct moec_site_desc {
  /** Name of the ONNX node. */
  const char *node;
  /** What is wrong, for example "index out of range in Gather"; with {0} and
      {1} for what moec_rt_note has said. */
  const char *message;
} moec_site_desc;

/** CPU features beyond a level, for moec_level_desc.required_features. */
enum {
  MOEC_CPU_AVX512_VNNI = 1,
  MOEC_CPU_AVX512_BF16 = 2,
  MOEC_CPU_AVX_VNNI = 4,
  MOEC_CPU_AVX512_FP16 = 8
};

/** One CPU level's kernels. */
typedef struct moec_level_desc {
  /** "x86-64-v3", "x86-64-v4", "x86-64-v4+vnni", ... */
  const char *name;
  /** 3: x86-64-v3, 4: x86-64-v4. */
  uint32_t required_level;
  /** MOEC_CPU_*, all of which the CPU must have. */
  uint32_t required_features;
  /** moec_model_desc.n_kernels function pointers. */
  const void *const *kernels;
} moec_level_desc;

/** Writable memory, zero at load, in which the runtime keeps the moec_api of
    one model. 64-byte aligned. */
#define MOEC_SLOT_BYTES 512
typedef struct moec_model_slot {
  uint64_t words[MOEC_SLOT_BYTES / 8];
} moec_model_slot;

/** The model, a constant of the compiled library. */
typedef struct moec_model_desc {
  uint32_t struct_size;          /*   0: sizeof(moec_model_desc) */
  uint32_t abi_version;          /*   4: MOEC_GENERATED_VERSION */
  const char *name;              /*   8: NAME of libNAME.so and NAME.weights */
  uint8_t build_id[16];          /*  16 */
  const moec_io_info *inputs;    /*  32 */
  const moec_io_info *outputs;   /*  40 */
  int32_t n_inputs;              /*  48 */
  int32_t n_outputs;             /*  52 */
  int32_t n_symbols;             /*  56 */
  int32_t n_levels;              /*  60 */
  const char *const *symbols;    /*  64: names */
  const moec_level_desc *levels; /*  72: best first */
  int32_t n_kernels;             /*  80: entries of each level's table */
  int32_t n_sites;               /*  84 */
  const moec_site_desc *sites;   /*  88 */
  int32_t (*main)(moec_ctx *);   /*  96 */
  uint64_t weights_bytes;        /* 104: size of NAME.weights, 0: none */
  uint64_t n_segments;           /* 112 */
  const char *manifest_json;     /* 120: or NULL */
  moec_model_slot *slot;         /* 128: writable, zero-initialised */
  /** Those that main names to moec_rt_profile, by number. */
  const moec_moe_layer_info *moe_layers; /* 136 */
  int32_t n_moe_layers;                  /* 144 */
  int32_t reserved;                      /* 148: 0 */
} moec_model_desc;

/**
 * What moec_query_NAME tail-calls. NULL if the descriptor is of another version
 * or damaged. Any thread, any number of times; returns the same table for the
 * same descriptor.
 */
const moec_api *moec_rt_query(const moec_model_desc *model);

/* The functions below return a moec_status where they return int32_t. alloc,
   free and output are for main and for the kernels that it calls, but not for
   tasks: called while a parallel_for is under way they do nothing, and alloc
   and output fail with MOEC_INTERNAL. */

/**
 * A block of at least `bytes` bytes, 64-byte aligned, contents undefined. 0 is
 * allowed and gives a valid pointer; negative or huge is MOEC_OUT_OF_MEMORY,
 * recorded with `site` (as moec_rt_record takes it). INT64_MAX stands for a
 * size that overflows. *out is NULL on failure. All blocks are back after
 * run(), freed or not.
 */
int32_t moec_rt_alloc(moec_ctx *ctx, int64_t bytes, int32_t site, void **out);

/** Gives a block back for reuse in this run and later ones. NULL is allowed. */
void moec_rt_free(moec_ctx *ctx, void *pointer);

/**
 * Says the shape of output `index` and binds its memory: the caller's buffer or
 * a new one. *out then points to the tensor, strides filled in. Call it once
 * for every output. If the output has an alias and (*out)->data ==
 * inputs[alias].data, both are one buffer with the same strides (compare
 * strides no further) and only new rows need writing.
 */
int32_t moec_rt_output(moec_ctx *ctx, int32_t index, int64_t rank,
                       const int64_t *dims, moec_tensor **out);

/** A work item. `worker` is below the number of workers, and no two items have
    the same at once. */
typedef int32_t (*moec_rt_task)(moec_ctx *ctx, const void *args, int64_t index,
                                int32_t worker);

/**
 * Calls task for every index in [0, count), handed out in rising order to
 * whichever worker is free; returns when all have returned. When an item
 * returns a status other than 0, later items may be left out, and the status of
 * the lowest such index is recorded and returned, so that the result does not
 * depend on the number of threads. Inside a task it runs serially. count <= 0
 * does nothing.
 *
 * Fork and join cost 0.05 to 0.3 microseconds plus 0.01 for an item while the
 * workers are awake (up to 50 microseconds after a job), 5 to 20 after; there
 * is a table in runtime/src/Pool.cpp.
 */
int32_t moec_rt_parallel_for(moec_ctx *ctx, moec_rt_task task, const void *args,
                             int64_t count);

/** The site of a kernel's n-th message: which node it is about is known where
    the kernel is called. */
#define MOEC_KERNEL_SITE(n) (-2 - (int32_t)(n))

/** Records a status and its site (-1: none) if none is recorded yet. Any
    thread. status 0 does nothing. */
void moec_rt_record(moec_ctx *ctx, int32_t status, int32_t site);

/** Records and returns the status; gives its site to an error that a runtime
    function has already recorded without one. For the status of a kernel, call
    it with MOEC_KERNEL_SITE(first) where sites `first`, `first` + 1, ... are
   the kernel's messages with this node: it gives the error the one among them.
 */
int32_t moec_rt_fail(moec_ctx *ctx, int32_t status, int32_t site);

/** Says the values of the run that stand in the message of the next failure, in
    the place of its {0} and {1}. For main only; call moec_rt_fail after it. */
void moec_rt_note(moec_ctx *ctx, int64_t first, int64_t second);

/** Says who was chosen in the layer of that number (of moec_model_desc's
    moe_layers): `tokens` by `choices` ids, and the weight of each. Ids that no
    expert of the layer has stand for choices that were dropped. Returns at once
    where the session counts nothing. For main only. */
void moec_rt_profile(moec_ctx *ctx, int32_t layer, int64_t tokens,
                     int64_t choices, const int32_t *ids, const float *weights);

#ifdef __cplusplus
}

static_assert(offsetof(moec_ctx, kernels) == 0, "");
static_assert(offsetof(moec_ctx, weights) == 8, "");
static_assert(offsetof(moec_ctx, inputs) == 16, "");
static_assert(offsetof(moec_ctx, outputs) == 24, "");
static_assert(offsetof(moec_ctx, counters) == 32, "");
static_assert(offsetof(moec_ctx, error) == 40, "");
static_assert(offsetof(moec_ctx, error_site) == 44, "");
static_assert(sizeof(moec_ctx) == 48, "");
static_assert(offsetof(moec_tensor, data) == 0, "");
static_assert(offsetof(moec_tensor, dtype) == 8, "");
static_assert(offsetof(moec_tensor, rank) == 12, "");
static_assert(offsetof(moec_tensor, capacity) == 16, "");
static_assert(offsetof(moec_tensor, flags) == 24, "");
static_assert(offsetof(moec_tensor, shape) == 32, "");
static_assert(offsetof(moec_tensor, strides) == 96, "");
static_assert(sizeof(moec_tensor) == 160, "");
static_assert(offsetof(moec_io_info, name) == 0, "");
static_assert(offsetof(moec_io_info, dtype) == 8, "");
static_assert(offsetof(moec_io_info, rank) == 12, "");
static_assert(offsetof(moec_io_info, dims) == 16, "");
static_assert(offsetof(moec_io_info, alias) == 24, "");
static_assert(offsetof(moec_io_info, flags) == 28, "");
static_assert(sizeof(moec_io_info) == 32, "");
static_assert(sizeof(moec_site_desc) == 16, "");
static_assert(offsetof(moec_level_desc, required_level) == 8, "");
static_assert(offsetof(moec_level_desc, required_features) == 12, "");
static_assert(offsetof(moec_level_desc, kernels) == 16, "");
static_assert(sizeof(moec_level_desc) == 24, "");
static_assert(offsetof(moec_model_desc, build_id) == 16, "");
static_assert(offsetof(moec_model_desc, inputs) == 32, "");
static_assert(offsetof(moec_model_desc, n_inputs) == 48, "");
static_assert(offsetof(moec_model_desc, symbols) == 64, "");
static_assert(offsetof(moec_model_desc, levels) == 72, "");
static_assert(offsetof(moec_model_desc, n_kernels) == 80, "");
static_assert(offsetof(moec_model_desc, sites) == 88, "");
static_assert(offsetof(moec_model_desc, main) == 96, "");
static_assert(offsetof(moec_model_desc, weights_bytes) == 104, "");
static_assert(offsetof(moec_model_desc, n_segments) == 112, "");
static_assert(offsetof(moec_model_desc, manifest_json) == 120, "");
static_assert(offsetof(moec_model_desc, slot) == 128, "");
static_assert(offsetof(moec_moe_layer_info, n_experts) == 8, "");
static_assert(offsetof(moec_moe_layer_info, top_k) == 12, "");
static_assert(sizeof(moec_moe_layer_info) == 16, "");
static_assert(offsetof(moec_model_desc, moe_layers) == 136, "");
static_assert(offsetof(moec_model_desc, n_moe_layers) == 144, "");
static_assert(sizeof(moec_model_desc) == 152, "");
#endif
#endif /* MOEC_GENERATED_H */
