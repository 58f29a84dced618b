//===-- MoeBase.td - the moe dialect, its attributes and op class ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_IR_MOEBASE_TD
#define MOEC_DIALECTS_MOE_IR_MOEBASE_TD

include "dialects/Moe/IR/MoeInterfaces.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Moe_Dialect : Dialect {
  let name = "moe";
  let cppNamespace = "::moec::moe";
  let summary = "sparse routing of mixture-of-experts layers";
  let description = [{
    Raggedness is a value: the rows of a layer, grouped by expert, are described
    by `offsets` in CSR form, an operand of every op that needs it.

    Letters: `T` tokens, `E` experts, `k` choices of a token, `R = T * k` rows,
    `H` width of a token, `I` width inside an expert, `K` and `N` depth and
    columns of one matrix product. Extents and offsets count rows or elements,
    ids count experts, `rows` counts tokens.

    All ops are in destination-passing style: `outs` gives the tensor whose
    memory the result may take, or the buffer that is written; its former
    contents are never read. Arithmetic is f32 whatever the element type.
    Numbers in data never lead outside a buffer: every lowering clamps them. So
    no op of the dialect fails in a run; an id outside of `[0, E)` counts as a
    dropped choice. What must hold of the operands is numbered (C1, C2, ...), and
    a verifier error says which constraint an op breaks.

    Tensors become buffers by bufferization; a result is there only on tensors.

    The discardable attribute `moe.layer` names the node of the source model
    that an op came from; reports are grouped by it. On `moe.expert_ffn`,
    `moe.raised_from` says of what a layer was made: an operator, or the name of
    a pattern. `moe.dead_experts` of a `moe.plan` lists the experts of the source
    that were removed, and the certificate of each. Where a layer's experts are
    of several kinds, each kind has a plan, whose `moe.own_experts` are those of
    the source that are of it, in the order of its groups.
  }];
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    /// Discardable attribute: the node of the source model.
    static constexpr ::llvm::StringLiteral getLayerAttrName() {
      return "moe.layer";
    }
    /// Puts `to` into the layer that `from` is in, if it is in one.
    static void copyLayer(::mlir::Operation *from, ::mlir::Operation *to);
    /// Discardable attribute of a network: the operator or pattern.
    static constexpr ::llvm::StringLiteral getRaisedFromAttrName() {
      return "moe.raised_from";
    }
    /// Discardable attribute of a plan: an array of dictionaries, one for each
    /// expert of the source that was removed, as the manifest has them.
    static constexpr ::llvm::StringLiteral getDeadExpertsAttrName() {
      return "moe.dead_experts";
    }
    /// Discardable attribute of a plan: experts of the source, as an array.
    static constexpr ::llvm::StringLiteral getOwnExpertsAttrName() {
      return "moe.own_experts";
    }
    /// Columns of one panel of packed weights (see `moe.pack_panels`).
    static constexpr int64_t kPanelColumns = 32;
  }];
}

class Moe_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::moec::moe";
  let genSpecializedAttr = 0;
}

class Moe_EnumAttr<EnumAttrInfo info, string mnemonic>
    : EnumAttr<Moe_Dialect, info, mnemonic> {
  let assemblyFormat = "`<` $value `>`";
}

def Moe_ScoreFunction : Moe_Enum<"ScoreFunction",
    "how router scores become routing weights", [
      I32EnumAttrCase<"SoftmaxAll", 0, "softmax_all">,
      I32EnumAttrCase<"SoftmaxSelected", 1, "softmax_selected">,
      I32EnumAttrCase<"Sigmoid", 2, "sigmoid">,
      I32EnumAttrCase<"None", 3, "none">,
      I32EnumAttrCase<"SparseMixer", 4, "sparse_mixer">]>;
def Moe_ScoreFunctionAttr : Moe_EnumAttr<Moe_ScoreFunction, "score">;

def Moe_TieRule : Moe_Enum<"TieRule", "which of equal scores is chosen first", [
      I32EnumAttrCase<"Lowest", 0, "lowest">,
      I32EnumAttrCase<"Highest", 1, "highest">]>;
def Moe_TieRuleAttr : Moe_EnumAttr<Moe_TieRule, "tie">;

def Moe_GroupScore : Moe_Enum<"GroupScore", "how a group of experts is ranked", [
      I32EnumAttrCase<"Max", 0, "max">,
      I32EnumAttrCase<"Top2Sum", 1, "top2_sum">]>;
def Moe_GroupScoreAttr : Moe_EnumAttr<Moe_GroupScore, "group_score">;

def Moe_Layout : Moe_Enum<"Layout", "how the weights of all experts lie", [
      I32EnumAttrCase<"NK", 0, "nk">,
      I32EnumAttrCase<"KN", 1, "kn">,
      I32EnumAttrCase<"Panels", 2, "panels">]>;
def Moe_LayoutAttr : Moe_EnumAttr<Moe_Layout, "layout">;

def Moe_ActivationKind : Moe_Enum<"ActivationKind", "activation function", [
      I32EnumAttrCase<"Identity", 0, "identity">,
      I32EnumAttrCase<"Relu", 1, "relu">,
      I32EnumAttrCase<"GeluTanh", 2, "gelu_tanh">,
      I32EnumAttrCase<"GeluErf", 3, "gelu_erf">,
      I32EnumAttrCase<"Silu", 4, "silu">,
      I32EnumAttrCase<"SwiGlu", 5, "swiglu">,
      I32EnumAttrCase<"SwiGluLate", 6, "swiglu_late">,
      I32EnumAttrCase<"ReluSquared", 7, "relu_squared">]>;

def Moe_MinifloatKind : Moe_Enum<"MinifloatKind", "a float of eight bits or less", [
      I32EnumAttrCase<"E2M1", 0, "e2m1">,
      I32EnumAttrCase<"E4M3", 1, "e4m3">]>;

class Moe_Attr<string name, string attrMnemonic> : AttrDef<Moe_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def Moe_ActivationAttr : Moe_Attr<"Activation", "activation"> {
  let summary = "an activation function and its constants";
  let description = [{
    | kind | value |
    |---|---|
    | `identity` | h |
    | `relu` | max(h, 0) |
    | `gelu_tanh` | 0.5 h (1 + tanh(sqrt(2/pi) (h + 0.044715 h^3))) |
    | `gelu_erf` | 0.5 h (1 + erf(h / sqrt 2)) |
    | `silu` | h sigmoid(h) |
    | `swiglu` | g' sigmoid(alpha g') (u' + beta), g' = min(g, limit), u' = min(max(u, -limit), limit) |
    | `swiglu_late` | min(g sigmoid(alpha g), limit) (u' + beta), u' as above |
    | `relu_squared` | max(h, 0)^2 |

    Sources: gelu, Hendrycks and Gimpel, arXiv:1606.08415; silu, Elfwing et al.,
    arXiv:1702.03118; swiglu, Shazeer, arXiv:2002.05202, with the clamp of
    ONNX Runtime's MoE and of GPT-OSS (`swiglu_late`: with its attribute
    `swiglu_limit_after_activation`); squared relu, So et al., arXiv:2109.08668.

    `swiglu` and `swiglu_late` are *gated*: they take two columns, a gate g and
    an up projection u, and make one. The other kinds take one column and ignore the constants,
    which must then be the defaults alpha = 1, beta = 0, limit = inf. Defaults
    are not printed:

    ```mlir
    #moe.activation<swiglu, alpha = 1.702, beta = 1.0, limit = 7.0>
    ```
  }];
  let parameters = (ins EnumParameter<Moe_ActivationKind>:$kind,
                        APFloatParameter<"factor inside the sigmoid">:$alpha,
                        APFloatParameter<"added to the up projection">:$beta,
                        APFloatParameter<"clamp of gate and up">:$limit);
  let builders = [
    AttrBuilder<(ins "::moec::moe::ActivationKind":$kind,
                     CArg<"float", "1.0f">:$alpha, CArg<"float", "0.0f">:$beta,
                     CArg<"float", "std::numeric_limits<float>::infinity()">
                         :$limit)>];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Whether two columns, gate and up, make one.
    bool isGated() const {
      return getKind() == ActivationKind::SwiGlu ||
             getKind() == ActivationKind::SwiGluLate;
    }
    /// Columns of the result for `n` columns of the product.
    int64_t getResultColumns(int64_t n) const {
      return isGated() && n >= 0 ? n / 2 : n;
    }
  }];
}

/// How weights are stored in fewer bits.
class Moe_Format<string name, string attrMnemonic>
    : AttrDef<Moe_Dialect, name, [Moe_WeightFormat]> {
  let mnemonic = attrMnemonic;
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Moe_QuantAttr : Moe_Format<"Quant", "quant"> {
  let summary = "weights as unsigned integers";
  let description = [{
    Codes of `bits` = 2, 3, 4 or 8 bits, unsigned, along K and each row for
    itself, the lowest bits of a byte first (a 3-bit code may lie in two bytes).
    The value is (code - zero) * scale, one scale for each `block` consecutive
    elements along K, or for the whole row where `block` is 0. Without zero
    points, zero is 2^(bits-1).

    ```mlir
    #moe.quant<bits = 4, block = 32>
    ```
  }];
  let parameters = (ins AttrParameter<"int64_t", "bits of a code">:$bits,
                        DefaultValuedParameter<"int64_t", "0", "elements that share a scale">:$block);
  let extraClassDeclaration = [{
    int64_t getBlockRows() const { return 1; }
    bool takesZeroPoints() const { return true; }
    bool takesGlobalScales() const { return false; }
    std::string describe() const;
    ::mlir::Value buildValue(::mlir::ImplicitLocOpBuilder &b,
                             ::mlir::Value code, ::mlir::Value zeroPoint) const;
  }];
}

def Moe_MinifloatAttr : Moe_Format<"Minifloat", "minifloat"> {
  let summary = "weights as floats of four or eight bits";
  let description = [{
    `e2m1` is 4 bits, two a byte, the lower K index in the low half; `e4m3` is
    the finite float8 of ONNX (E4M3FN), a byte each. The value is the float *
    scale * global scale: one scale for each `block` elements along K (0: for
    the row) of `block_rows` consecutive rows, and one global scale an expert,
    where they are given.

    `#moe.minifloat<kind = e2m1, block = 32>` with scales of type `f8E8M0FNU` is
    MXFP4 (OCP Microscaling Formats 1.0); `block = 16` with scales of type
    `f8E4M3FN` and global scales is NVFP4.
  }];
  let parameters = (ins EnumParameter<Moe_MinifloatKind>:$kind,
                        DefaultValuedParameter<"int64_t", "0", "elements that share a scale">:$block,
                        DefaultValuedParameter<"int64_t", "1", "rows that share a scale">:$block_rows);
  let extraClassDeclaration = [{
    int64_t getBits() const { return getKind() == MinifloatKind::E2M1 ? 4 : 8; }
    bool takesZeroPoints() const { return false; }
    bool takesGlobalScales() const { return true; }
    std::string describe() const;
    ::mlir::Value buildValue(::mlir::ImplicitLocOpBuilder &b,
                             ::mlir::Value code, ::mlir::Value zeroPoint) const;
  }];
}

def Moe_FormatAttr : Attr<
    CPred<"::mlir::isa<::moec::moe::WeightFormat>($_self)">, "a weight format"> {
  let storageType = "::moec::moe::WeightFormat";
  let returnType = "::moec::moe::WeightFormat";
  let convertFromStorage = "$_self";
}

/// A ranked tensor, or the buffer it became.
class Moe_Shaped<list<Type> elements, list<int> ranks>
    : AnyTypeOf<[TensorRankOf<elements, ranks>, MemRefRankOf<elements, ranks>]>;

def Moe_Float : AnyTypeOf<[F16, BF16, F32]>;
def Moe_Code : AnyTypeOf<[I8, UI8, F8E4M3FN]>;
def Moe_WeightElement : AnyTypeOf<[F16, BF16, F32, Moe_Code]>;
def Moe_ScaleElement : AnyTypeOf<[Moe_Float, I8, UI8, F8E4M3FN, F8E8M0FNU]>;
def Moe_Vector : Moe_Shaped<[Moe_Float], [1]>;
def Moe_Matrix : Moe_Shaped<[Moe_Float], [2]>;
def Moe_F32Matrix : Moe_Shaped<[F32], [2]>;
def Moe_IdMatrix : Moe_Shaped<[I32], [2]>;
def Moe_IdVector : Moe_Shaped<[I32], [1]>;
def Moe_Weights : Moe_Shaped<[Moe_WeightElement], [3, 4]>;
def Moe_Weights3 : Moe_Shaped<[Moe_WeightElement], [3]>;
def Moe_Scales : Moe_Shaped<[Moe_ScaleElement], [2, 3]>;
def Moe_ZeroPoints : Moe_Shaped<[AnyTypeOf<[I8, UI8]>], [2, 3]>;
def Moe_GlobalScales : Moe_Shaped<[F32], [1]>;
/// What `moe.interleave` takes: weights, their codes, scales or zero points.
def Moe_Rows : Moe_Shaped<[AnyTypeOf<[F16, BF16, F32, I8, UI8, F8E4M3FN, F8E8M0FNU]>], [2, 3]>;

class Moe_Op<string mnemonic, list<Trait> traits = []>
    : Op<Moe_Dialect, mnemonic, !listconcat(traits, [
          DestinationStyleOpInterface,
          DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                    ["reifyResultShapes"]>,
          DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
          DeclareOpInterfaceMethods<ConditionallySpeculatable>,
          DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>])> {
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let hasVerifier = 1;

  /// Names of the results, in order.
  list<string> resultNames = [];
  /// The destination operands, which are last.
  int numInits = 1;

  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return ::mlir::MutableOperandRange(
          getOperation(), getOperation()->getNumOperands() - }] # numInits # [{,
          }] # numInits # [{);
    }
  }];
  let extraClassDefinition = [{
    void $cppClass::getAsmResultNames(
        ::llvm::function_ref<void(::mlir::Value, ::llvm::StringRef)> setName) {
      static const char *const names[] = {"}] #
          !interleave(resultNames, "\", \"") # [{"};
      for (auto [result, name] : ::llvm::zip(getOperation()->getResults(), names))
        setName(result, name);
    }
    ::llvm::LogicalResult $cppClass::reifyResultShapes(
        ::mlir::OpBuilder &builder, ::mlir::ReifiedRankedShapedTypeDims &dims) {
      return ::moec::moe::detail::reifyFromInits(
          ::mlir::cast<::mlir::DestinationStyleOpInterface>(getOperation()),
          builder, dims);
    }
    void $cppClass::getEffects(::llvm::SmallVectorImpl<
        ::mlir::SideEffects::EffectInstance<::mlir::MemoryEffects::Effect>>
            &effects) {
      ::moec::moe::detail::addBufferEffects(
          ::mlir::cast<::mlir::DestinationStyleOpInterface>(getOperation()),
          effects);
    }
    ::mlir::Speculation::Speculatability $cppClass::getSpeculatability() {
      return ::moec::moe::detail::getSpeculatability(
          ::mlir::cast<::mlir::DestinationStyleOpInterface>(getOperation()));
    }
  }];
}

#endif // MOEC_DIALECTS_MOE_IR_MOEBASE_TD
