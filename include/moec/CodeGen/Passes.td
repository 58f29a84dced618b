//===-- Passes.td - from kernels to machine code --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_PASSES_TD
#define MOEC_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"

def AliasCaches : Pass<"moec-alias-caches", "::mlir::ModuleOp"> {
  let summary = "finds outputs that may share the buffer of an input";
  let description = [{
    A result of main that continues an argument (the present of a cache its
    past) may be the same buffer, grown in place, if the node that makes it is
    the argument's only reader and main's return the result's only one. The
    result is then marked `moec.alias = N`, the argument's number, which the
    library's interface and manifest tell the host.
  }];
  let statistics = [
    Statistic<"numAliases", "num-aliases", "Number of outputs marked">];
}

def ProfileRouting : Pass<"moec-profile-routing", "::mlir::ModuleOp"> {
  let summary = "main says who was chosen in each MoE layer";
  let description = [{
    Before: `main` with routed layers: a `moe.combine` of rows that a `moe.plan`
    has numbered.

    After: as soon as the ids of such a layer and the weights of its sum are
    known, an `rt.profile` names them with the layer's number, and the module's
    `moec.moe_layers` has the name, the number of experts and of choices of
    each. What it costs a run that counts nothing is a call and a branch a layer.

    A layer whose rows no `moe.plan` has numbered, or whose number of experts is
    not known, is left out; a remark says so.
  }];
  let dependentDialects = ["::moec::rt::RtDialect"];
  let statistics = [
    Statistic<"numLayers", "num-layers", "Number of layers profiled">];
}

def OutlineKernels : Pass<"moec-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "every compute op of main becomes a destination-passing kernel";
  let description = [{
    Before: `main`, a graph of `onnx` and `moe` ops whose extents `onnx.shapes`
    describes.

    After: `main` holds shapes, views, `tensor.empty`, `param.load` and calls.
    A kernel is a private function marked `moec.kernel`: its arguments are the
    op's operands, then one destination per result. Symbols are renumbered per
    kernel, so that equal layers give equal functions, which
    `duplicate-function-elimination` merges. Extents that depend on data are
    computed in `main`, undecided equalities (`onnx.equal`) are `rt.check`s, and
    what moves no element is an `rt.view`.

    Errors: no function `main`; an extent that depends on data in a way that no
    op computes.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::affine::AffineDialect",
                           "::mlir::bufferization::BufferizationDialect",
                           "::moec::rt::RtDialect"];
  let statistics = [
    Statistic<"numKernels", "num-kernels", "Number of kernels outlined">];
}

def LowerMainAbi : Pass<"moec-lower-main-abi", "::mlir::ModuleOp"> {
  let summary = "arguments and results of main become inputs and outputs of the run";
  let description = [{
    Before: `main` on memrefs, with arguments and results.

    After: `main : () -> ()`. Each argument is an `rt.input`, each result an
    `rt.output`: a buffer that main allocates and returns once is the output's
    own, anything else is copied into it. An output that may share an input's
    buffer (`moec.alias`) keeps its mark; one that is a copy is an error.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::moec::rt::RtDialect"];
  let statistics = [
    Statistic<"numCopies", "num-copies", "Number of outputs that need a copy">];
}

def StrideCaches : Pass<"moec-stride-caches", "::mlir::ModuleOp"> {
  let summary = "caches that may grow in place get the strides of their buffers";
  let description = [{
    On memrefs, after `moec-lower-main-abi`. A cache of greater capacity than
    its extents has gaps between its heads, so kernels take both arguments of a
    pair (`moec.alias` on the destination) with strides that only the run knows,
    and main reads the two buffers of a marked output in the same way. Kernels
    whose caches are temporaries of main get them through a `memref.cast`. Fails
    where a marked output and its input do not reach one kernel as a pair: the
    host has been told that they do.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
  let statistics = [
    Statistic<"numCaches", "num-caches", "Number of outputs that may share a buffer">];
}

def UnpackIo : Pass<"moec-unpack-io", "::mlir::ModuleOp"> {
  let summary = "4-bit inputs, parameters and outputs of the run get a byte an element";
  let description = [{
    After `moec-lower-main-abi`. The caller's tensors and those of the weights
    have two 4-bit elements in a byte, the first in the low half, whatever the
    shape; generated code has one. An `rt.input` or `param.load` of such a type
    is spread into a buffer of main, an `rt.output` is filled from one at the
    end.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::moec::rt::RtDialect"];
  let statistics = [
    Statistic<"numSpread", "num-spread", "Number of inputs, parameters and outputs spread">];
}

def FreeBuffers : Pass<"moec-free-buffers", "::mlir::ModuleOp"> {
  let summary = "buffers of main and of kernels are freed after their last use";
  let description = [{
    Before: `memref.alloc`s that nothing frees.

    After: each has one `memref.dealloc` in its own block, after the last op
    that uses it or a view of it, so that the session's arena can hand the space
    out again within the run. A buffer that leaves its block, by a terminator,
    or that is freed already is left alone.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def ParallelizeRows : Pass<"moec-parallelize-rows", "::mlir::ModuleOp"> {
  let summary = "linalg ops of a kernel become a parallel loop over blocks of rows";
  let description = [{
    On memrefs. Ops that follow each other, and of which each reads what others
    write at its own row only (the sums, the scale and the product of a norm),
    become one `scf.forall` whose items run all of them on a block of rows, so
    that a row is in the cache from the first op to the last. The outermost
    parallel loops count the rows; the innermost loop of elementwise ops stays
    whole.

    A block has as many rows as make `block-elements` points of all loops, which
    depends on extents alone: results have the same bits for any number of
    threads. What is known to be a single block stays as it is; what turns out
    to be one runs on the caller's thread.
  }];
  let options = [
    Option<"blockElements", "block-elements", "int64_t", /*default=*/"16384",
           "Points of all loops in a block">];
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def SplitLevels : Pass<"moec-split-levels", "::mlir::ModuleOp"> {
  let summary = "kernels are cloned into one nested module per CPU level";
  let options = [
    ListOption<"levels", "levels", "std::string",
               "CPU levels, best first (x86-64-v4, x86-64-v3)">];
  let description = [{
    Before: kernels and `main` in one module.

    After: sites (node and message of everything that can fail) are numbered
    first, so that all levels agree: in `main` in a table, in a kernel by its
    messages only, since nodes share kernels; each call says where in the table
    these messages stand with its own node. `main` keeps a declaration of each
    kernel with its slot in the function table, `moec.kernel = N`; the nested
    modules `@x86_64_v4`, `@x86_64_v3` hold the bodies, with the same slots, and
    copies of constants. Where a function stands means nothing.
  }];
}

def LowerExpandShape : Pass<"moec-lower-expand-shape"> {
  let summary = "memref.expand_shape becomes a view with the extents it states";
  let description = [{
    Before: `memref.expand_shape`.

    After: `memref.reinterpret_cast` with the extents and strides that the op
    states. Upstream's `expand-strided-metadata` infers the extents instead, and
    crashes where a group has more than one dynamic extent (as [B * S, H] seen
    as [B, S, H]). Must run before it.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::memref::MemRefDialect"];
}

def OutlineTasks : Pass<"moec-outline-tasks", "::mlir::ModuleOp"> {
  let summary = "scf.forall becomes a task function and an rt.parallel";
  let description = [{
    Before: `scf.forall` on buffers, also nested ones.

    After: each outer one is an `rt.parallel` over the product of its trip
    counts, and a private function of the index and of what the body uses from
    outside; constants are made again inside. Tasks never start tasks: what was
    nested is a loop, in order.

    Error: an `scf.forall` with results, which was not bufferized.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::moec::rt::RtDialect"];
}

def ExpandMath : Pass<"moec-expand-math", "::mlir::ModuleOp"> {
  let summary = "exp, tanh, erf, sin and the like become arithmetic";
  let description = [{
    Before: ops of `math` on scalars and vectors.

    After: only those with an instruction (`sqrt`, `fma`, `floor`, `ceil`,
    `trunc`, `roundeven`, absolute values, signs, bit counts, tests of infinity
    and NaN). A library calls no libm, so the others become polynomials (f32, a
    few units in the last place) or an expansion into what has an instruction;
    `test/Conversion/onnx-math-ranges.test` measures their errors. Arithmetic on
    bf16, which no CPU level has and LLVM would round by a call, is in f32, and
    the steps between the two are integer arithmetic.

    Error: what is left after that, with the function and its type.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

def LowerCopies : Pass<"moec-lower-copies", "::mlir::ModuleOp"> {
  let summary = "copies between strided buffers become linalg ops";
  let description = [{
    Before: `memref.copy` between any buffers.

    After: only between contiguous ones, which is a `memcpy`. Any other would be
    a call of a library function that compiled code does not have, and is a
    `linalg.generic`.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
  let statistics = [
    Statistic<"numLoops", "num-loops", "Number of copies that became loops">];
}

def LowerToLLVM : Pass<"moec-lower-to-llvm", "::mlir::ModuleOp"> {
  let summary = "everything left becomes the llvm dialect, runtime calls included";
  let description = [{
    Before: `func`, `cf`, `arith`, `math` with instructions, `memref`, `vector`
    and `rt`; functions without results.

    After: the llvm dialect, beside `param.decl` and what `moec-thread-status`
    replaces: `rt.context`, `rt.try`, `rt.check` and `rt.record`. Allocations,
    outputs and parallel loops are calls of the runtime, each followed by an
    `rt.try`; weights and inputs are read through the run context, counters
    added to in it. bf16 is `i16`: it is only moved by now.

    Errors: a function that still returns a buffer; an op that has no lowering.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::moec::rt::RtDialect"];
}

def ThreadStatus : Pass<"moec-thread-status", "::mlir::ModuleOp"> {
  let summary = "every function takes the run context and returns a status";
  let description = [{
    The last pass. Before: functions of the llvm dialect without results, with
    `rt.context`, `rt.try`, `rt.check` and `rt.record` in them.

    After: only the llvm dialect and `param.decl`. Each function takes the run
    context first and returns a `moec_status`; after each call that can fail,
    and where a check does not hold, control leaves the function with the
    status. Records are calls that are branched around. Kernels return the first
    recorded error, to which the call gives its node. In the module of `main` a
    kernel is a jump through the session's function table. Functions of the
    runtime keep their signature.

    Error: a kernel of main without a slot.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def ScheduleGroupedMatmul
    : Pass<"moec-schedule-grouped-matmul", "::mlir::ModuleOp"> {
  let summary = "moe.grouped_matmul becomes parallel vector code";
  let description = [{
    Before: `moe.grouped_matmul` on memrefs.

    After: those of layout `panels`, and of `kn` and `nk` without quantisation
    and gated activations, are vector code; others are left alone. Work items
    (expert, group of panels, block of rows) are one `scf.forall` over a count
    computed from the offsets; experts without rows have none. The run counts
    the items of several experts, but not those of a product without offsets.
    Register tiles fill the vector registers of the level: 12 rows by 32 columns
    with AVX-512, 6 by 16 with AVX2.

    Matrices of layout `kn` and `nk` come to the stack a block of 256 steps of K
    of a panel at a time, in f32, from where all rows of the item read them;
    those of `nk` are transposed on their way. One or two rows read the matrix
    itself. Which of both is a matter of shapes alone, so that results do not
    depend on the number of threads.

    Errors: another CPU level; buffers whose columns are not consecutive.
  }];
  let options = [
    Option<"level", "level", "std::string", /*default=*/"\"\"",
           "x86-64-v3 or x86-64-v4; empty: that of the enclosing module">,
    Option<"countTasks", "count-tasks", "bool", /*default=*/"true",
           "Add the work items of several experts to the run's counter">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect",
                           "::moec::rt::RtDialect"];
}

#endif // MOEC_CODEGEN_PASSES_TD
