//===-- OnnxConstantOps.td - constants ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXCONSTANTOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXCONSTANTOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"

/// Elements held in the IR itself, never in a resource blob.
def Onnx_DenseElements
    : ElementsAttrBase<CPred<"::llvm::isa<::mlir::DenseElementsAttr>($_self)">,
                       "dense elements"> {
  let storageType = "::mlir::DenseElementsAttr";
  let returnType = "::mlir::DenseElementsAttr";
  let convertFromStorage = "$_self";
}

def Onnx_ConstantOp : Onnx_Op<"Constant", [1, 9, 11, 12, 13, 19, 21, 23, 24],
    (ins), (ins Onnx_DenseElements:$value), (outs Onnx_Tensor:$output),
    [ConstantLike, AllTypesMatch<["value", "output"]>]> {
  let summary = "a small tensor known at compile time (ONNX Constant-24)";
  let meaning = [{
    All forms of the operator (`value`, `value_int`, `value_floats`, ...) and
    small initializers arrive in this one. Larger tensors are parameters
    (`param.decl`), never elements in the IR.

    ```mlir
    %0 = onnx.Constant dense<[1, -1]> : tensor<2xi64>
    ```
  }];
  let extents = "those of `value`";
  let refused = "strings, sparse values, and elements that do not fit (by the importer)";
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
  let builders = [OpBuilder<(ins "::mlir::DenseElementsAttr":$value), [{
    build($_builder, $_state, value.getType(), value);
  }]>];
}

/// No operator of ONNX: what the importer says beside the graph.
def Onnx_KeepOp : Op<Onnx_Dialect, "Keep", [MemoryEffects<[MemWrite]>]> {
  let summary = "values that nothing reads, but whose extents others have";
  let description = [{
    The number of elements that `NonZero` finds is a symbol, which its node gives
    a value when it runs. Where the model goes on with that number alone (by
    `Shape`), no value uses the node, and every clean-up would erase it. `Keep`
    uses it, until `moec-outline-kernels` has made main's symbols.

    ```mlir
    %0 = onnx.NonZero(%x) : (tensor<?xf32>) -> tensor<1x?xi64>
    onnx.Keep(%0) : tensor<1x?xi64>
    ```
    * *Source*: }] # Onnx_Source<"Keep", [1], "moec.internal">.text # [{.
  }];
  let arguments = (ins Variadic<Onnx_Tensor>:$values);
  let assemblyFormat = "`(` $values `)` attr-dict `:` type($values)";
}

#endif // MOEC_DIALECTS_ONNX_IR_ONNXCONSTANTOPS_TD
