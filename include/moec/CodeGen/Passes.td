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

def OutlineKernels : Pass<"moec-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "every compute op of main becomes a destination-passing kernel";
  let description = [{
    After this pass `main` holds shapes, views, `tensor.empty`, `param.load`
    and calls. A kernel is a private function marked `moec.kernel`: its
    arguments are the op's operands, then one destination per result. Symbols
    are renumbered per kernel, so that equal layers give equal functions, which
    `duplicate-function-elimination` merges.
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
    On memrefs. Each argument of `main` becomes an `rt.input`, each result an
    `rt.output`: a buffer that main allocates and only returns is the output's
    own, anything else is copied into it.
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

def FreeBuffers : Pass<"moec-free-buffers", "::mlir::ModuleOp"> {
  let summary = "buffers of main and of kernels are freed after their last use";
  let description = [{
    Every `memref.alloc` at the top level of a function gets one
    `memref.dealloc` after the last op that uses it or a view of it, so that
    the session's arena can hand the space out again within the run.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def SplitLevels : Pass<"moec-split-levels", "::mlir::ModuleOp"> {
  let summary = "kernels are cloned into one nested module per CPU level";
  let options = [
    ListOption<"levels", "levels", "std::string",
               "CPU levels, best first (x86-64-v4, x86-64-v3)">];
  let description = [{
    Sites (node and message of everything that can fail) are numbered first,
    so that all levels agree. `main` keeps a declaration of each kernel, numbered `moec.kernel = N`; the
    nested modules `@x86_64_v4`, `@x86_64_v3` hold the bodies.
  }];
}

def LowerExpandShape : Pass<"moec-lower-expand-shape"> {
  let summary = "memref.expand_shape becomes a view with the extents it states";
  let description = [{
    Upstream's `expand-strided-metadata` infers the extents instead, and crashes
    where a group has more than one dynamic extent (as [B * S, H] seen as
    [B, S, H]). Must run before it.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::memref::MemRefDialect"];
}

def OutlineTasks : Pass<"moec-outline-tasks", "::mlir::ModuleOp"> {
  let summary = "scf.forall becomes a task function and an rt.parallel";
  let dependentDialects = ["::mlir::func::FuncDialect", "::moec::rt::RtDialect"];
}

def ExpandMath : Pass<"moec-expand-math", "::mlir::ModuleOp"> {
  let summary = "exp, tanh, erf, sin and the like become arithmetic";
  let description = [{
    A library calls no libm. What has no instruction becomes a polynomial (f32,
    a few units in the last place) or an expansion into what has one; what is
    left after that is an error that names the function and its type.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

def LowerCopies : Pass<"moec-lower-copies", "::mlir::ModuleOp"> {
  let summary = "copies between strided buffers become linalg ops";
  let description = [{
    A copy between contiguous buffers is a `memcpy`; any other would be a call
    of a library function that compiled code does not have.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
  let statistics = [
    Statistic<"numLoops", "num-loops", "Number of copies that became loops">];
}

def LowerToLLVM : Pass<"moec-lower-to-llvm", "::mlir::ModuleOp"> {
  let summary = "everything left becomes the llvm dialect, runtime calls included";
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::moec::rt::RtDialect"];
}

def ThreadStatus : Pass<"moec-thread-status", "::mlir::ModuleOp"> {
  let summary = "every function takes the run context and returns a status";
  let description = [{
    The last pass: after each call that can fail, control leaves the function
    with the status. Kernels return the first recorded error.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def ScheduleGroupedMatmul
    : Pass<"moec-schedule-grouped-matmul", "::mlir::ModuleOp"> {
  let summary = "moe.grouped_matmul on packed panels becomes parallel vector code";
  let description = [{
    On memrefs, for layout `panels`; other layouts are left alone. Work items
    (expert, group of panels, block of rows) are one `scf.forall` over a count
    computed from the offsets; experts without rows have none. Register tiles
    fill the vector registers of the level: 12 rows by 32 columns with AVX-512,
    6 by 16 with AVX2.
  }];
  let options = [
    Option<"level", "level", "std::string", /*default=*/"\"\"",
           "x86-64-v3 or x86-64-v4; empty: that of the enclosing module">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

#endif // MOEC_CODEGEN_PASSES_TD
