//===-- MoeOps.td - the sparse-routing dialect ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_IR_MOEOPS_TD
#define MOEC_DIALECTS_MOE_IR_MOEOPS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Moe_Dialect : Dialect {
  let name = "moe";
  let cppNamespace = "::moec::moe";
  let summary = "sparse routing of mixture-of-experts layers";
  let useDefaultAttributePrinterParser = 1;
}

def Moe_ScoreFunction : I32EnumAttr<"ScoreFunction",
    "how router logits become routing weights", [
      I32EnumAttrCase<"SoftmaxAll", 0, "softmax_all">,
      I32EnumAttrCase<"SoftmaxSelected", 1, "softmax_selected">,
      I32EnumAttrCase<"Sigmoid", 2, "sigmoid">,
      I32EnumAttrCase<"None", 3, "none">,
      I32EnumAttrCase<"SparseMixer", 4, "sparse_mixer">]> {
  let cppNamespace = "::moec::moe";
  let genSpecializedAttr = 0;
}
def Moe_ScoreFunctionAttr : EnumAttr<Moe_Dialect, Moe_ScoreFunction, "score">;

#endif // MOEC_DIALECTS_MOE_IR_MOEOPS_TD
