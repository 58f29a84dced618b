//===-- ParamOps.td - weights by name -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_PARAM_IR_PARAMOPS_TD
#define MOEC_DIALECTS_PARAM_IR_PARAMOPS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

def Param_Dialect : Dialect {
  let name = "param";
  let cppNamespace = "::moec::param";
  let summary = "weights by name, and the recipes that make them";
  let description = [{
    A weight is never bytes in the IR. `param.decl` names it and says where its
    bytes come from (a *recipe*: a range of a file, or a rearrangement of
    others); `param.load` is the value. Passes rewrite recipes; the weights
    writer evaluates them, tile by tile, once per compilation.
  }];
  let useDefaultAttributePrinterParser = 1;
}

class Param_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Param_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def Param_FileAttr : Param_Attr<"File", "file"> {
  let summary = "a range of bytes of a file beneath the model's folder";
  let description = [{
    `path` is relative to the model's folder and was checked by the importer.
    `length` is the exact byte size of the declared type, elements in row-major
    order, little endian; sub-byte types packed as ONNX packs them.

    Example: `#param.file<"model.onnx.data", 4096, 262144>`
  }];
  let parameters = (ins StringRefParameter<"file">:$path, "uint64_t":$offset,
                        "uint64_t":$length);
  let assemblyFormat = "`<` $path `,` $offset `,` $length `>`";
}

class Param_Op<string mnemonic, list<Trait> traits = []>
    : Op<Param_Dialect, mnemonic, traits>;

def Param_DeclOp : Param_Op<"decl", [Symbol]> {
  let summary = "declares a named parameter and how its bytes are made";
  let description = [{
    `recipe` is a `#param.*` attribute whose value has the declared type.
    `offset`, set when the weights file is laid out, is the position of the
    segment in the file's data section.

    ```mlir
    param.decl @fc1 : tensor<8x74x64xf32> = #param.file<"m.data", 0, 151552>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyStaticShapeTensor>:$type,
                       AnyAttr:$recipe, OptionalAttr<I64Attr>:$offset);
  let assemblyFormat =
      "$sym_name `:` $type `=` $recipe (`at` $offset^)? attr-dict";
}

def Param_LoadOp : Param_Op<"load", [
    Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value of a parameter: a read-only view of the weights";
  let description = [{
    Allowed only in `main`; kernels take weights as operands. The result is a
    tensor of the declared type or, after bufferization, a memref of it.
  }];
  let arguments = (ins FlatSymbolRefAttr:$param);
  let results = (outs AnyTypeOf<[AnyStaticShapeTensor, AnyStaticShapeMemRef]>:$value);
  let assemblyFormat = "$param `:` type($value) attr-dict";
}

#endif // MOEC_DIALECTS_PARAM_IR_PARAMOPS_TD
