//===-- OnnxBase.td - the onnx dialect and its op class -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXBASE_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXBASE_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/Onnx/IR/OnnxInterfaces.td"

def Onnx_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::moec::onnx";
  let summary = "the imported graph, one op per ONNX operator in scope";
  let description = [{
    Operands, results and attributes are those of the ONNX operator, in its
    order and with its names; an absent optional input is an absent operand.
    Attributes that later opsets turned into inputs are inputs here: the
    importer upgrades older nodes, so each operator has one form.

    Every value is a ranked tensor. Unsigned integers are `ui8`..`ui64`, signed
    ones signless. A dynamic extent is `?` in the type; what is known of it
    stands beside the op as `onnx.shapes`, one affine map over the symbols of
    the model (module attribute `onnx.symbols`) for each result:

    ```mlir
    %0 = onnx.MatMul(%x, %w) {onnx.shapes = [affine_map<()[s0] -> (s0, 64)>]}
        : (tensor<?x32xf32>, tensor<32x64xf32>) -> tensor<?x64xf32>
    ```
    Pairs of extents that must agree at run time and that no proof makes equal
    are in `onnx.equal`, one two-result map each.
  }];
  let hasConstantMaterializer = 1;
}

/// Operand types. Float includes f16 and bf16, which are storage types only.
def Onnx_Float : AnyTypeOf<[F16, BF16, F32, F64]>;
def Onnx_SInt : AnyTypeOf<[I8, I16, I32, I64]>;
def Onnx_UInt : AnyTypeOf<[UI8, UI16, UI32, UI64]>;
def Onnx_Element : AnyTypeOf<[Onnx_Float, Onnx_SInt, Onnx_UInt, I1, I<4>, UI<4>]>;
def Onnx_Tensor : TensorOf<[Onnx_Element]>;
def Onnx_FloatTensor : TensorOf<[Onnx_Float]>;
def Onnx_NumTensor : TensorOf<[Onnx_Float, Onnx_SInt, Onnx_UInt]>;
def Onnx_IndexTensor : TensorOf<[I32, I64]>;
def Onnx_I64Tensor : TensorOf<[I64]>;
def Onnx_BoolTensor : TensorOf<[I1]>;

/// One letter an operand or result, in order: r(equired), o(ptional),
/// v(ariadic).
class Onnx_Kinds<dag values> {
  string letters = !foldl("", !range(!size(values)), kinds, i, kinds #
      !cond(!isa<Optional>(!getdagarg<TypeConstraint>(values, i)): "o",
            !isa<Variadic>(!getdagarg<TypeConstraint>(values, i)): "v",
            true: "r"));
  int numVariable = !foldl(0, !range(!size(values)), count, i, !add(count,
      !cond(!isa<Optional>(!getdagarg<TypeConstraint>(values, i)): 1,
            !isa<Variadic>(!getdagarg<TypeConstraint>(values, i)): 1,
            true: 0)));
}

/// An ONNX operator. `inputs` uses plain types, Optional<> and Variadic<>.
/// `sinceVersions` lists every opset version of the operator that the importer
/// accepts and that has, once upgraded, this op's meaning.
class Onnx_Op<string opType, list<int> versions, dag inputs, dag attributes,
              dag outputs, list<Trait> traits = [], string dom = "">
    : Op<Onnx_Dialect, opType, !listconcat(traits, [
          Pure, DeclareOpInterfaceMethods<OnnxNodeInterface, ["inferShapes"]>],
          !if(!gt(Onnx_Kinds<inputs>.numVariable, 1),
              [AttrSizedOperandSegments], []<Trait>),
          !if(!gt(Onnx_Kinds<outputs>.numVariable, 1),
              [AttrSizedResultSegments], []<Trait>))> {
  let arguments = !con(inputs, attributes);
  let results = outputs;
  let assemblyFormat =
      "`(` operands `)` attr-dict `:` functional-type(operands, results)";

  let extraClassDefinition = [{
    const ::moec::onnx::NodeSchema &$cppClass::getSchema() {
      static const int versions[] = {}] # !interleave(versions, ", ") # [{};
      static const ::moec::onnx::NodeSchema schema = {
          "}] # opType # [{", "}] # dom # [{", versions,
          "}] # Onnx_Kinds<inputs>.letters # [{",
          "}] # Onnx_Kinds<outputs>.letters # [{"};
      return schema;
    }
  }];
}

/// An operator of ONNX Runtime's domain com.microsoft.
class Ms_Op<string opType, list<int> versions, dag inputs, dag attributes,
            dag outputs, list<Trait> traits = []>
    : Onnx_Op<opType, versions, inputs, attributes, outputs, traits,
              "com.microsoft">;

#endif // MOEC_DIALECTS_ONNX_IR_ONNXBASE_TD
