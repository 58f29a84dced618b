//===-- ParamBase.td - the param dialect ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_PARAM_IR_PARAMBASE_TD
#define MOEC_DIALECTS_PARAM_IR_PARAMBASE_TD

include "mlir/IR/OpBase.td"

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
  let extraClassDeclaration = [{
    void registerAttributes();
  }];
}

#endif // MOEC_DIALECTS_PARAM_IR_PARAMBASE_TD
