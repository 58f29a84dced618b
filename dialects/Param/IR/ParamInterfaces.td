//===-- ParamInterfaces.td - what every recipe knows ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_PARAM_IR_PARAMINTERFACES_TD
#define MOEC_DIALECTS_PARAM_IR_PARAMINTERFACES_TD

include "mlir/IR/OpBase.td"

def Param_RecipeInterface : AttrInterface<"RecipeInterface"> {
  let cppNamespace = "::moec::param";
  let description = [{
    How the bytes of a parameter are made. Recipes nest: a recipe holds its
    sources, so it means the same wherever it stands, and equal recipes are the
    same attribute.
  }];
  let methods = [
    InterfaceMethod<[{
      Shape and element type of the value. Null for a `#param.file` that leaves
      its type to the enclosing `param.decl`.
    }], "::mlir::RankedTensorType", "getResultType">,
    InterfaceMethod<"Visits the recipes this one reads, in order.", "void",
      "forEachSource",
      (ins "::llvm::function_ref<void(::moec::param::RecipeInterface)>":$visit)>,
  ];
}

#endif // MOEC_DIALECTS_PARAM_IR_PARAMINTERFACES_TD
