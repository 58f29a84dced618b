//===-- OnnxBase.td - the onnx dialect and its op class -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXBASE_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXBASE_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
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
    What must hold of two extents at run time, and what no proof shows, is in
    `onnx.equal`, one `#onnx.check` each. An extent that is 1 only at run time
    does not broadcast: the run ends with `shape_mismatch`. Nor does it vanish
    in a Squeeze that names no axes.

    These attributes are verified: `onnx.shapes` has a map for each result,
    without dimensions and with an extent for each of the result's; so has
    `onnx.shape` of an argument; `onnx.equal` has checks only, and
    `onnx.equal_nodes` beside it one name for each; `onnx.symbols` is a module's
    list of distinct names.

    Units: an extent, an index and a size count elements, an axis counts
    dimensions, and where an attribute or input may be negative it counts from
    the end. Attributes that ONNX calls booleans are integers, 0 and 1.

    Arithmetic on f16 and bf16 is in f32, rounded once to the result; that on
    f64 is in f64. Integers wrap.

    Each op says which extents its results have; what is *refused* while shapes
    are inferred (`moec-E0140`, or `moec-E0142` for what ONNX has and this
    compiler does not, with the node's name), beside operands of types that are
    not listed; with which status a run can *fail*; and where its
    formula comes from.
  }];
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let useDefaultAttributePrinterParser = 1;
}

def Onnx_CheckKind : I32EnumAttr<"CheckKind", "what a run checks of two extents", [
      I32EnumAttrCase<"Equal", 0, "equal">,
      I32EnumAttrCase<"Broadcast", 1, "broadcast">,
      I32EnumAttrCase<"AtLeast", 2, "at_least">,
      I32EnumAttrCase<"Differ", 3, "differ">]> {
  let cppNamespace = "::moec::onnx";
  let genSpecializedAttr = 0;
}

def Onnx_CheckAttr : AttrDef<Onnx_Dialect, "Check"> {
  let mnemonic = "check";
  let summary = "what must hold of two extents in a run";
  let description = [{
    The run ends with `shape_mismatch` where it does not hold. `sides` has no
    dimensions and two results over the symbols of the model: they must be equal
    (`equal`; `broadcast` where they meet as extents that broadcast), the first
    one at least the second (`at_least`), or not equal (`differ`). `what` says
    of which extents that is demanded; the message of the run has it, the
    extents by name, and their values in that run.

    ```mlir
    #onnx.check<equal, affine_map<()[s0, s1] -> (s0, s1)>, "extents beside the axis">
    ```
  }];
  let parameters = (ins EnumParameter<Onnx_CheckKind>:$kind,
                        "::mlir::AffineMapAttr":$sides, "::mlir::StringAttr":$what);
  let assemblyFormat = "`<` $kind `,` $sides `,` $what `>`";
  let genVerifyDecl = 1;
}

/// Operand types. Float includes f16 and bf16, which are storage types only.
def Onnx_Float : AnyTypeOf<[F16, BF16, F32, F64], "f16, bf16, f32 or f64">;
def Onnx_SInt : AnyTypeOf<[I8, I16, I32, I64], "i8, i16, i32 or i64">;
def Onnx_UInt : AnyTypeOf<[UI8, UI16, UI32, UI64], "ui8, ui16, ui32 or ui64">;
def Onnx_Number : AnyTypeOf<[Onnx_Float, Onnx_SInt, Onnx_UInt],
                            "bf16, f16 to f64, i8 to i64 or ui8 to ui64">;
def Onnx_Element : AnyTypeOf<[Onnx_Number, I1, I<4>, UI<4>],
                             "bf16, f16 to f64, i1, i4 to i64 or ui4 to ui64">;
def Onnx_Index : AnyTypeOf<[I32, I64], "i32 or i64">;
def Onnx_Tensor : TensorOf<[Onnx_Element]>;
def Onnx_FloatTensor : TensorOf<[Onnx_Float]>;
def Onnx_NumTensor : TensorOf<[Onnx_Number]>;
def Onnx_IndexTensor : TensorOf<[Onnx_Index]>;
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

/// The names of optional values, for descriptions.
class Onnx_Optional<dag values> {
  list<string> names = !foldl([]<string>, !range(!size(values)), known, i,
      !listconcat(known, !if(
          !isa<Optional>(!getdagarg<TypeConstraint>(values, i)),
          ["`" # !getdagname(values, i) # "`"], []<string>)));
}

/// Where the formula of an operator comes from.
class Onnx_Source<string opType, list<int> versions, string dom> {
  string since = !if(!eq(!size(versions), 1), ", version ", ", versions ") #
                !interleave(versions, ", ");
  string text = !cond(
      !eq(dom, ""): "ONNX [" # opType #
          "](https://onnx.ai/onnx/operators/onnx__" # opType # ".html)" # since,
      !eq(dom, "com.microsoft"): "ONNX Runtime's com.microsoft [" # opType #
          "](https://github.com/microsoft/onnxruntime/blob/main/docs/" #
          "ContribOperators.md#com.microsoft." # opType # ")" # since,
      true: "none, the op is this compiler's own");
}

/// An ONNX operator. `inputs` uses plain types, Optional<> and Variadic<>.
/// `versions` lists every opset version of the operator that the importer
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

  /// The description is made of these: what the summary leaves open, the
  /// extents of the results, what shape inference refuses, how a run fails.
  string meaning = "";
  string extents = ?;
  string refused = "nothing more";
  string fails = "never";
  /// What many of them say.
  string failsUnequal = "`shape_mismatch` where extents that must agree, and that no proof makes equal, differ";
  string failsIndex = "`index_out_of_range` where an index is outside of `-d..d-1`";
  list<string> optional = !listconcat(Onnx_Optional<inputs>.names,
                                      Onnx_Optional<outputs>.names);
  let description = meaning # !if(!empty(optional), "", "\n    * *Optional*: " #
                        !interleave(optional, ", ") # ".") #
                    "\n    * *Extents*: " # extents #
                    ".\n    * *Refused*: " # refused #
                    ".\n    * *Fails*: " # fails # ".\n    * *Source*: " #
                    Onnx_Source<opType, versions, dom>.text # ".\n";

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
