//===-- ParamOps.td - weights by name -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_PARAM_IR_PARAMOPS_TD
#define MOEC_DIALECTS_PARAM_IR_PARAMOPS_TD

include "dialects/Param/IR/ParamAttrs.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

class Param_Op<string mnemonic, list<Trait> traits = []>
    : Op<Param_Dialect, mnemonic, traits>;

def Param_DeclOp : Param_Op<"decl", [Symbol]> {
  let summary = "declares a named parameter and how its bytes are made";
  let description = [{
    `recipe` is a `#param.*` attribute whose value has the declared type.
    `offset`, set when the weights file is laid out, is the position of the
    segment in the file's data section, in bytes: a multiple of 64.

    Errors: a type that is no ranked tensor of static shape, a recipe whose
    value has another type, a file range of another length, another offset.

    ```mlir
    param.decl @fc1 : tensor<8x74x64xf32> = #param.file<"m.data", 0, 151552>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyStaticShapeTensor>:$type,
                       Param_RecipeInterface:$recipe, OptionalAttr<I64Attr>:$offset);
  let assemblyFormat =
      "$sym_name `:` $type `=` $recipe (`at` $offset^)? attr-dict";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The recipe, complete: a file that left its type to the declaration has
    /// it. This is what to nest in other recipes.
    ::moec::param::RecipeInterface getTypedRecipe();
    /// The declared type.
    ::mlir::RankedTensorType getTensorType() {
      return ::llvm::cast<::mlir::RankedTensorType>(getType());
    }
  }];
}

def Param_LoadOp : Param_Op<"load", [
    Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value of a parameter: a read-only view of the weights";
  let description = [{
    Allowed only in `main`; kernels take weights as operands. The result is a
    tensor of the declared type or, after bufferization, a memref of it. From
    `linalg` on, unsigned elements are signless ones of the same width.

    Errors: a symbol that no `param.decl` declares, and a type that differs from
    the declared one in more than signedness.

    ```mlir
    %w = param.load @fc1 : tensor<8x74x64xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$param);
  let results = (outs AnyTypeOf<[AnyStaticShapeTensor, AnyStaticShapeMemRef]>:$value);
  let assemblyFormat = "$param `:` type($value) attr-dict";
}

#endif // MOEC_DIALECTS_PARAM_IR_PARAMOPS_TD
