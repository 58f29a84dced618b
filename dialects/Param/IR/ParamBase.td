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

    Shapes are static, elements have 1, 4, 8, 16, 32 or 64 bits (`i1` is stored
    as a byte), a value has less than 2^63 bits. Offsets and lengths in a file
    are in bytes; indices, sizes, strides and other offsets count elements, axes
    dimensions. A recipe is at most 64 deep and made of at most 65536 recipes. Whatever breaks this, or what a
    recipe says of its sources, is a verifier error; a file that is not as its
    range says, or cannot be read, is an error of the weights writer
    (`moec-E0218`). Nothing of it is left to fail in a run: the runtime checks
    the weights file when it loads it.

    The layout of files is this compiler's own
    (`runtime/include/moec/weights_format.h`); element types and their packing
    are those of ONNX's TensorProto.
  }];
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    void registerAttributes();

    /// What passes look at the elements of parameters with; may be null. Set
    /// before a pass manager runs, by whoever has the model's files.
    ::moec::param::ValueSource *getValueSource() { return values.get(); }
    void setValueSource(::std::shared_ptr<::moec::param::ValueSource> source) {
      values = ::std::move(source);
    }

  private:
    ::std::shared_ptr<::moec::param::ValueSource> values;
  }];
}

#endif // MOEC_DIALECTS_PARAM_IR_PARAMBASE_TD
