//===-- RtOps.td - calls into the runtime, before llvm --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_RT_IR_RTOPS_TD
#define MOEC_DIALECTS_RT_IR_RTOPS_TD

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Rt_Dialect : Dialect {
  let name = "rt";
  let cppNamespace = "::moec::rt";
  let summary = "what generated code asks of the runtime";
  let description = [{
    Each op stands for one entry of the runtime's ABI or one access to the run
    context, so that everything above LLVM speaks of values and indices, never
    of pointers. Every op that can fail ends the function with its status once
    `moec-thread-status` has run.
  }];
}

/// The part of the world these ops touch: keeps them in order and alive.
def Rt_Context : Resource<"::moec::rt::ContextResource">;

class Rt_Op<string mnemonic, list<Trait> traits = []>
    : Op<Rt_Dialect, mnemonic, traits>;

def Rt_InputOp : Rt_Op<"input", [Pure]> {
  let summary = "the n-th input tensor of the run";
  let description = [{
    The runtime has checked type, rank, static extents, and that equal symbols
    are equal, before `main` runs.
  }];
  let arguments = (ins I64Attr:$position);
  let results = (outs AnyMemRef:$value);
  let assemblyFormat = "$position `:` type($value) attr-dict";
}

def Rt_OutputOp : Rt_Op<"output", [MemoryEffects<[MemWrite<Rt_Context>]>]> {
  let summary = "the buffer of the n-th output, of the given extents";
  let description = [{
    The caller's buffer where it is large enough, else one of the session's
    allocator where the caller gave none. Fails with the needed shape.
  }];
  let arguments = (ins I64Attr:$position, Variadic<Index>:$sizes);
  let results = (outs AnyMemRef:$value);
  let assemblyFormat = "$position `(` $sizes `)` `:` type($value) attr-dict";
}

def Rt_CheckOp : Rt_Op<"check", [MemoryEffects<[MemWrite<Rt_Context>]>]> {
  let summary = "ends the run with a status unless the condition holds";
  let description = [{
    For straight-line code outside tasks and loops over elements. `node` and
    `message` become a site of the library, which `last_error` prints.
  }];
  let arguments = (ins I1:$condition, I32Attr:$status, StrAttr:$message);
  let assemblyFormat = "$condition `,` $status `,` $message attr-dict";
}

def Rt_RecordOp : Rt_Op<"record", [MemoryEffects<[MemWrite<Rt_Context>]>]> {
  let summary = "records the first error where the condition does not hold";
  let description = [{
    For loop bodies and tasks, which cannot return early: the caller clamps the
    index or guards the divisor and goes on; the error is tested after the
    kernel.
  }];
  let arguments = (ins I1:$condition, I32Attr:$status, StrAttr:$message);
  let assemblyFormat = "$condition `,` $status `,` $message attr-dict";
}

def Rt_CountOp : Rt_Op<"count", [MemoryEffects<[MemWrite<Rt_Context>]>]> {
  let summary = "adds to a counter of the run";
  let arguments = (ins StrAttr:$counter, Index:$amount);
  let assemblyFormat = "$counter `,` $amount attr-dict";
}

#endif // MOEC_DIALECTS_RT_IR_RTOPS_TD
