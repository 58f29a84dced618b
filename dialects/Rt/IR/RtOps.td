//===-- RtOps.td - calls into the runtime, before llvm --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_RT_IR_RTOPS_TD
#define MOEC_DIALECTS_RT_IR_RTOPS_TD

include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ViewLikeInterface.td"

def Rt_Dialect : Dialect {
  let name = "rt";
  let cppNamespace = "::moec::rt";
  let summary = "what generated code asks of the runtime";
  let useDefaultAttributePrinterParser = 1;
  let description = [{
    Each op stands for one entry of the runtime's ABI
    (`runtime/include/moec/generated.h`, where its formulas and limits are) or
    one access to the run context, so that everything above LLVM speaks of
    values and indices, never of pointers. Every op that can fail ends the
    function with its status once `moec-thread-status` has run.

    Sizes and counts are of type `index` and count elements or items. Positions
    are those of the model's inputs and outputs, from 0. Statuses and counters
    are those of `runtime/include/moec/moec.h` by name.
  }];
}

/// The statuses generated code can end with; the numbers are the ABI's.
def Rt_Status : I32EnumAttr<"Status", "how a run can fail", [
    I32EnumAttrCase<"InvalidArgument", 1, "invalid_argument">,
    I32EnumAttrCase<"ShapeMismatch", 2, "shape_mismatch">,
    I32EnumAttrCase<"IndexOutOfRange", 10, "index_out_of_range">,
    I32EnumAttrCase<"DivisionByZero", 11, "division_by_zero">,
    I32EnumAttrCase<"Internal", 14, "internal">]> {
  let cppNamespace = "::moec::rt";
  let genSpecializedAttr = 0;
}
def Rt_StatusAttr : EnumAttr<Rt_Dialect, Rt_Status, "status">;

/// The counters of a run; the numbers are the ABI's.
def Rt_Counter : I32EnumAttr<"Counter", "what a run counts", [
    I32EnumAttrCase<"Tokens", 1, "tokens">,
    I32EnumAttrCase<"ExpertRows", 2, "expert_rows">,
    I32EnumAttrCase<"ExpertTasks", 3, "expert_tasks">]> {
  let cppNamespace = "::moec::rt";
  let genSpecializedAttr = 0;
}
def Rt_CounterAttr : EnumAttr<Rt_Dialect, Rt_Counter, "counter">;

/// The part of the world these ops touch: keeps them in order and alive.
def Rt_Context : Resource<"::moec::rt::ContextResource">;

class Rt_Op<string mnemonic, list<Trait> traits = []>
    : Op<Rt_Dialect, mnemonic, traits>;

def Rt_InputOp : Rt_Op<"input", [Pure]> {
  let summary = "the n-th input tensor of the run";
  let description = [{
    The runtime has checked type, rank, static extents, and that equal symbols
    are equal, before `main` runs. So this cannot fail. The result has the
    model's shape, dynamic extents as the caller gave them, row-major but for a
    cache that may grow in place, whose strides are the caller's.

    ```mlir
    %x = rt.input 0 : memref<?x64xf32>
    ```
  }];
  let arguments = (ins I64Attr:$position);
  let results = (outs AnyMemRef:$value);
  let assemblyFormat = "$position `:` type($value) attr-dict";
}

def Rt_OutputOp : Rt_Op<"output", [MemoryEffects<[MemWrite<Rt_Context>]>]> {
  let summary = "the buffer of the n-th output, of the given extents";
  let description = [{
    The caller's buffer where it is large enough, else one of the session's
    allocator where the caller gave none. `sizes` are the extents, static ones
    included. The run fails with `MOEC_BUFFER_TOO_SMALL`, and the needed shape,
    or `MOEC_OUT_OF_MEMORY`.

    ```mlir
    %y = rt.output 0(%tokens, %c64) : memref<?x64xf32>
    ```
  }];
  let arguments = (ins I64Attr:$position, Variadic<Index>:$sizes);
  let results = (outs AnyMemRef:$value);
  let assemblyFormat = "$position `(` $sizes `)` `:` type($value) attr-dict";
}

def Rt_ViewOp : Rt_Op<"view", [
    Pure, DeclareOpInterfaceMethods<ViewLikeOpInterface>,
    DeclareOpInterfaceMethods<BufferizableOpInterface, [
      "bufferizesToMemoryRead", "bufferizesToMemoryWrite", "getAliasingValues",
      "bufferize", "getBufferType"]>]> {
  let summary = "the same elements in row-major order, in other extents";
  let description = [{
    What Reshape, Squeeze and the like are in `main`: no element moves. `sizes`
    are all extents of the result; their product is the number of elements,
    which whoever builds the op has proved or checked. (Where only groups of
    extents become one, or one becomes several, upstream's `collapse_shape` and
    `expand_shape` say it.)

    Errors: a tensor viewed as a memref or the reverse, another element type,
    another number of sizes than extents, static extents with another product;
    when bufferized, a buffer that is not row-major.

    ```mlir
    %m = rt.view %x as (%tokens, %c64) : tensor<?x?x64xf32> to tensor<?x64xf32>
    ```
  }];
  let arguments = (ins AnyTypeOf<[AnyRankedTensor, AnyMemRef]>:$source,
                       Variadic<Index>:$sizes);
  let results = (outs AnyTypeOf<[AnyRankedTensor, AnyMemRef]>:$view);
  let assemblyFormat =
      "$source `as` `(` $sizes `)` `:` type($source) `to` type($view) attr-dict";
  let hasVerifier = 1;
}

def Rt_IsSameBufferOp : Rt_Op<"is_same_buffer", [
    Pure, DeclareOpInterfaceMethods<BufferizableOpInterface, [
      "bufferizesToMemoryRead", "bufferizesToMemoryWrite", "getAliasingValues",
      "bufferize"]>]> {
  let summary = "whether a destination starts where a source does";
  let description = [{
    True where the run was given one buffer for both (an output that grows its
    input in place): what the source holds is then in the destination already,
    and need not be copied. False says nothing. Reads neither's elements.
  }];
  let arguments = (ins AnyRankedTensor:$source, AnyRankedTensor:$destination);
  let results = (outs I1:$same);
  let assemblyFormat =
      "$source `,` $destination `:` type($source) `,` type($destination) attr-dict";
}

def Rt_BytesOp : Rt_Op<"bytes", [Pure]> {
  let summary = "the bytes of an input or output whose elements are packed";
  let description = [{
    In generated code a 4-bit element takes a byte; the caller's tensors have
    two in one. `size` is the number of bytes.
  }];
  let arguments = (ins AnyMemRef:$source, Index:$size);
  let results = (outs MemRefRankOf<[I8], [1]>:$bytes);
  let assemblyFormat =
      "$source `of` $size `:` type($source) `to` type($bytes) attr-dict";
}

def Rt_CheckOp : Rt_Op<"check", [MemoryEffects<[MemWrite<Rt_Context>]>]> {
  let summary = "ends the run with a status unless the condition holds";
  let description = [{
    For straight-line code outside tasks and loops over elements. The node of the
    op's location and `message` become a site of the library, which `last_error`
    prints. Up to two `values` of the run stand in the message where it has `{0}`
    and `{1}`; only main may give them.

    ```mlir
    rt.check %isEqual, shape_mismatch, "two extents that must be equal differ: {0} and {1}"(%a, %b : index, index)
    ```
  }];
  let arguments = (ins I1:$condition, Rt_StatusAttr:$status, StrAttr:$message,
                       Variadic<AnyTypeOf<[Index, I64]>>:$values);
  let assemblyFormat = "$condition `,` $status `,` $message "
                       "(`(` $values^ `:` type($values) `)`)? attr-dict";
  let builders = [OpBuilder<(ins "::mlir::Value":$condition, "Status":$status,
                                 "::llvm::StringRef":$message), [{
    build($_builder, $_state, condition, status, message, ::mlir::ValueRange());
  }]>];
  let hasVerifier = 1;
}

def Rt_RecordOp : Rt_Op<"record", [MemoryEffects<[MemWrite<Rt_Context>]>]> {
  let summary = "records the first error where the condition does not hold";
  let description = [{
    For loop bodies and tasks, which cannot return early: the caller clamps the
    index or guards the divisor and goes on; the kernel returns the first status
    recorded. Sites as for `rt.check`.

    ```mlir
    rt.record %isInside, index_out_of_range, "an index is outside of the extent it selects from"
    ```
  }];
  let arguments = (ins I1:$condition, Rt_StatusAttr:$status, StrAttr:$message);
  let assemblyFormat = "$condition `,` $status `,` $message attr-dict";
}

def Rt_ParallelOp : Rt_Op<"parallel", [
    MemoryEffects<[MemRead, MemWrite]>,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a task function for every index in [0, count)";
  let description = [{
    The task is a private function `(index, captures...) -> ()`. Items are
    handed out dynamically, in rising order; tasks neither allocate nor start
    tasks. Where items fail, the run ends with the status of the lowest one,
    whatever the number of threads. A count below 1 does nothing.

    Errors: a task that is no function of these types.

    ```mlir
    rt.parallel @matmul_task for %items(%x, %y) : memref<?x64xf32>, memref<?x64xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$task, Index:$count,
                       Variadic<AnyType>:$captures);
  let assemblyFormat =
      "$task `for` $count `(` $captures `)` attr-dict (`:` type($captures)^)?";
}

def Rt_ContextOp : Rt_Op<"context", [Pure]> {
  let summary = "the run context of the function, as a pointer";
  let description = [{
    Replaced by the function's first argument in `moec-thread-status`. Only on
    the llvm dialect, between `moec-lower-to-llvm` and that pass; cannot fail.

    ```mlir
    %ctx = rt.context : !llvm.ptr
    ```
  }];
  let results = (outs AnyType:$context);
  let assemblyFormat = "`:` type($context) attr-dict";
}

def Rt_TryOp : Rt_Op<"try", [MemoryEffects<[MemWrite<Rt_Context>]>]> {
  let summary = "leaves the function with this status unless it is zero";
  let description = [{
    What a call of the runtime returned, between `moec-lower-to-llvm` and
    `moec-thread-status`, which turns it into a branch to the function's end.
    The status is a `moec_status`.

    ```mlir
    rt.try %status
    ```
  }];
  let arguments = (ins I32:$status);
  let assemblyFormat = "$status attr-dict";
}

def Rt_CountOp : Rt_Op<"count", [MemoryEffects<[MemWrite<Rt_Context>]>]> {
  let summary = "adds to a counter of the run";
  let description = [{
    `counter` is `tokens`, `expert_rows` or `expert_tasks`; the sum is atomic,
    in 64 bits, over all runs of a session, and cannot fail.

    ```mlir
    rt.count expert_rows, %rows
    ```
  }];
  let arguments = (ins Rt_CounterAttr:$counter, Index:$amount);
  let assemblyFormat = "$counter `,` $amount attr-dict";
}

class Rt_Matrix<Type element>
    : AnyTypeOf<[TensorRankOf<[element], [2]>, MemRefRankOf<[element], [2]>]>;

def Rt_ProfileOp : Rt_Op<"profile", [
    MemoryEffects<[MemRead, MemWrite<Rt_Context>]>,
    DeclareOpInterfaceMethods<BufferizableOpInterface, [
      "bufferizesToMemoryRead", "bufferizesToMemoryWrite", "getAliasingValues",
      "bufferize"]>]> {
  let summary = "says who was chosen in a layer of experts";
  let description = [{
    `ids` `[T, k]` are the experts of each token, as the source numbers them, and
    `weights` `[T, k]` what their outputs are weighted with. `layer` is an index
    into the module's `moec.moe_layers`. Where the session counts nothing, no
    element is read. Only main says it, so that layers which differ in their
    number alone are the same kernels. Cannot fail.

    Errors: ids and weights of different shapes; when bufferized, a buffer that
    is not row-major.

    ```mlir
    rt.profile 0, %ids, %weights : tensor<?x2xi32>, tensor<?x2xf32>
    ```
  }];
  let arguments = (ins I64Attr:$layer, Rt_Matrix<I32>:$ids,
                       Rt_Matrix<F32>:$weights);
  let assemblyFormat =
      "$layer `,` $ids `,` $weights `:` type($ids) `,` type($weights) attr-dict";
  let hasVerifier = 1;
}

#endif // MOEC_DIALECTS_RT_IR_RTOPS_TD
