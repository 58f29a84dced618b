//===-- OnnxMathOps.td - elementwise operators ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXMATHOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXMATHOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"

def Onnx_ElementwiseGroup : OpDocGroup {
  let summary = "Elementwise operators";
  let description = [{
    Operands broadcast as numpy's do: aligned at the last dimension, an extent
    of 1 (or none) takes the other's.
  }];
}
let opDocGroup = Onnx_ElementwiseGroup in {

/// One operand, elementwise.
class Onnx_UnaryOp<string opType, list<int> versions,
                   Type operand = Onnx_FloatTensor, dag attributes = (ins),
                   string dom = "">
    : Onnx_Op<opType, versions, (ins operand:$X), attributes,
              (outs operand:$Y), [], dom> {
  let extents = "those of `X`";
}

/// What operands that are broadcast against each other have in common.
defvar Onnx_Broadcast = "those of the operands, broadcast";
defvar Onnx_RefusesBroadcast =
    "operands of two element types, and extents known to differ of which neither is 1";

/// Two operands broadcast against each other, numpy's way.
class Onnx_BinaryOp<string opType, list<int> versions,
                    Type operand = Onnx_NumTensor, dag attributes = (ins)>
    : Onnx_Op<opType, versions, (ins operand:$A, operand:$B), attributes,
              (outs operand:$C)> {
  let extents = Onnx_Broadcast;
  let refused = Onnx_RefusesBroadcast;
  let fails = failsUnequal;
}

/// Two operands broadcast against each other, a truth value.
class Onnx_CompareOp<string opType, list<int> versions,
                     Type operand = Onnx_NumTensor>
    : Onnx_Op<opType, versions, (ins operand:$A, operand:$B), (ins),
              (outs Onnx_BoolTensor:$C)> {
  let extents = Onnx_Broadcast;
  let refused = Onnx_RefusesBroadcast;
  let fails = failsUnequal;
}

/// Any number of operands broadcast against each other.
class Onnx_VariadicOp<string opType, list<int> versions>
    : Onnx_Op<opType, versions, (ins Variadic<Onnx_NumTensor>:$data), (ins),
              (outs Onnx_NumTensor:$result)> {
  let extents = Onnx_Broadcast;
  let refused = !strconcat("no operand at all, ", Onnx_RefusesBroadcast);
  let fails = failsUnequal;
}

def Onnx_AddOp : Onnx_BinaryOp<"Add", [7, 13, 14]> {
  let summary = "C = A + B, elementwise with broadcasting (ONNX Add-14)";
}

def Onnx_SubOp : Onnx_BinaryOp<"Sub", [7, 13, 14]> {
  let summary = "C = A - B, elementwise with broadcasting (ONNX Sub-14)";
}

def Onnx_MulOp : Onnx_BinaryOp<"Mul", [7, 13, 14]> {
  let summary = "C = A * B, elementwise with broadcasting (ONNX Mul-14)";
}

def Onnx_DivOp : Onnx_BinaryOp<"Div", [7, 13, 14]> {
  let summary = "C = A / B, elementwise with broadcasting (ONNX Div-14)";
  let meaning = [{
    Integers are divided towards zero; the least value by -1 wraps to itself,
    and a division by zero yields 0.
  }];
  let fails = failsUnequal # "; `division_by_zero` where an integer divisor is 0";
}

def Onnx_ModOp : Onnx_BinaryOp<"Mod", [10, 13], Onnx_NumTensor, (ins DefaultValuedAttr<I64Attr, "0">:$fmod)> {
  let summary = "C = A mod B, elementwise with broadcasting (ONNX Mod-13)";
  let meaning = [{
    The result has the sign of B (as Python's %), or with `fmod` that of A (as
    C's fmod). Floats without `fmod` are Mod-28's. An integer modulo zero yields 0.
  }];
  let refused = Onnx_RefusesBroadcast;
  let fails = failsUnequal # "; `division_by_zero` where an integer divisor is 0";
}

def Onnx_PowOp : Onnx_Op<"Pow", [7, 12, 13, 15],
    (ins Onnx_NumTensor:$X, Onnx_NumTensor:$Y), (ins), (outs Onnx_NumTensor:$Z)> {
  let summary = "Z = X ** Y, elementwise with broadcasting (ONNX Pow-15)";
  let meaning = [{
    Z has X's type. With a float among integers the power is computed in f64
    and truncated. A negative integer exponent of an integer gives the
    truncated value; 0 to such a power, 0.
  }];
  let extents = Onnx_Broadcast;
  let refused = "extents known to differ of which neither is 1";
  let fails = failsUnequal;
}

def Onnx_NegOp : Onnx_UnaryOp<"Neg", [6, 13], TensorOf<[Onnx_Float, Onnx_SInt]>> {
  let summary = "Y = -X, elementwise (ONNX Neg-13)";
}

def Onnx_AbsOp : Onnx_UnaryOp<"Abs", [6, 13], Onnx_NumTensor> {
  let summary = "Y = |X|, elementwise (ONNX Abs-13)";
}

def Onnx_SignOp : Onnx_UnaryOp<"Sign", [9, 13], Onnx_NumTensor> {
  let summary = "Y = -1, 0 or 1 as X is negative, zero or positive, elementwise (ONNX Sign-13)";
}

def Onnx_SqrtOp : Onnx_UnaryOp<"Sqrt", [6, 13]> {
  let summary = "Y = sqrt(X), elementwise (ONNX Sqrt-13)";
}

def Onnx_ReciprocalOp : Onnx_UnaryOp<"Reciprocal", [6, 13]> {
  let summary = "Y = 1 / X, elementwise (ONNX Reciprocal-13)";
}

def Onnx_ExpOp : Onnx_UnaryOp<"Exp", [6, 13]> {
  let summary = "Y = exp(X), elementwise (ONNX Exp-13)";
}

def Onnx_LogOp : Onnx_UnaryOp<"Log", [6, 13]> {
  let summary = "Y = the natural logarithm of X, elementwise (ONNX Log-13)";
}

def Onnx_ErfOp : Onnx_UnaryOp<"Erf", [9, 13], Onnx_NumTensor> {
  let summary = "Y = erf(X), elementwise (ONNX Erf-13)";
}

def Onnx_TanhOp : Onnx_UnaryOp<"Tanh", [6, 13]> {
  let summary = "Y = tanh(X), elementwise (ONNX Tanh-13)";
}

def Onnx_SigmoidOp : Onnx_UnaryOp<"Sigmoid", [6, 13]> {
  let summary = "Y = 1 / (1 + exp(-X)), elementwise (ONNX Sigmoid-13)";
}

def Onnx_SoftplusOp : Onnx_UnaryOp<"Softplus", [1, 22]> {
  let summary = "Y = log(1 + exp(X)), elementwise (ONNX Softplus-22)";
}

def Onnx_SinOp : Onnx_UnaryOp<"Sin", [7, 22]> {
  let summary = "Y = sin(X), elementwise (ONNX Sin-22)";
}

def Onnx_CosOp : Onnx_UnaryOp<"Cos", [7, 22]> {
  let summary = "Y = cos(X), elementwise (ONNX Cos-22)";
}

def Onnx_FloorOp : Onnx_UnaryOp<"Floor", [6, 13]> {
  let summary = "Y = X rounded down, elementwise (ONNX Floor-13)";
}

def Onnx_CeilOp : Onnx_UnaryOp<"Ceil", [6, 13]> {
  let summary = "Y = X rounded up, elementwise (ONNX Ceil-13)";
}

def Onnx_RoundOp : Onnx_UnaryOp<"Round", [11, 22]> {
  let summary = "Y = X rounded to the nearest integer, ties to even, elementwise (ONNX Round-22)";
}

def Onnx_ReluOp : Onnx_UnaryOp<"Relu", [6, 13, 14], TensorOf<[Onnx_Float, Onnx_SInt]>> {
  let summary = "Y = max(X, 0), elementwise (ONNX Relu-14)";
}

def Onnx_EluOp : Onnx_UnaryOp<"Elu", [6, 22], Onnx_FloatTensor, (ins DefaultValuedAttr<F32Attr, "1.0f">:$alpha)> {
  let summary = "Y = X where X > 0, else alpha * (exp(X) - 1) (ONNX Elu-22)";
}

def Onnx_LeakyReluOp : Onnx_UnaryOp<"LeakyRelu", [6, 16], Onnx_FloatTensor, (ins DefaultValuedAttr<F32Attr, "0.01f">:$alpha)> {
  let summary = "Y = X where X >= 0, else alpha * X (ONNX LeakyRelu-16)";
}

def Onnx_HardSigmoidOp : Onnx_UnaryOp<"HardSigmoid", [6, 22], Onnx_FloatTensor,
    (ins DefaultValuedAttr<F32Attr, "0.2f">:$alpha,
         DefaultValuedAttr<F32Attr, "0.5f">:$beta)> {
  let summary = "Y = max(0, min(1, alpha * X + beta)) (ONNX HardSigmoid-22)";
}

def Onnx_SwishOp : Onnx_UnaryOp<"Swish", [24], Onnx_FloatTensor, (ins DefaultValuedAttr<F32Attr, "1.0f">:$alpha)> {
  let summary = "Y = X * sigmoid(alpha * X) (ONNX Swish-24)";
}

def Onnx_GeluOp : Onnx_UnaryOp<"Gelu", [20], Onnx_FloatTensor,
    (ins DefaultValuedStrAttr<StrAttr, "none">:$approximate)> {
  let summary = "Y = 0.5 * X * (1 + erf(X / sqrt(2))) (ONNX Gelu-20)";
  let meaning = [{
    With `approximate` = "tanh": 0.5 * X * (1 + tanh(sqrt(2 / pi) * (X +
    0.044715 * X^3))).
  }];
  let refused = "any other `approximate`";
}

def Onnx_QuickGeluOp : Onnx_UnaryOp<"QuickGelu", [1], Onnx_FloatTensor,
    (ins DefaultValuedAttr<F32Attr, "1.702f">:$alpha), "com.microsoft"> {
  let summary = "Y = X * sigmoid(alpha * X) (com.microsoft QuickGelu-1)";
}

def Onnx_BiasGeluOp : Ms_Op<"BiasGelu", [1],
    (ins Onnx_FloatTensor:$A, Onnx_FloatTensor:$B), (ins),
    (outs Onnx_FloatTensor:$C)> {
  let summary = "C = Gelu(A + B), by erf; B is the last extent's (com.microsoft BiasGelu-1)";
  let extents = Onnx_Broadcast;
  let refused = Onnx_RefusesBroadcast;
  let fails = failsUnequal;
}

def Onnx_FastGeluOp : Ms_Op<"FastGelu", [1],
    (ins Onnx_FloatTensor:$X, Optional<Onnx_FloatTensor>:$bias), (ins),
    (outs Onnx_FloatTensor:$Y)> {
  let summary = "Y = Gelu(X + bias), by tanh (com.microsoft FastGelu-1)";
  let extents = Onnx_Broadcast;
  let refused = Onnx_RefusesBroadcast;
  let fails = failsUnequal;
}

def Onnx_MinOp : Onnx_VariadicOp<"Min", [6, 8, 12, 13]> {
  let summary = "the smallest of all operands, elementwise (ONNX Min-13)";
  let meaning = [{
    NaN where any operand is NaN.
  }];
}

def Onnx_MaxOp : Onnx_VariadicOp<"Max", [6, 8, 12, 13]> {
  let summary = "the largest of all operands, elementwise (ONNX Max-13)";
  let meaning = [{
    NaN where any operand is NaN.
  }];
}

def Onnx_ClipOp : Onnx_Op<"Clip", [6, 11, 12, 13],
    (ins Onnx_NumTensor:$input, Optional<Onnx_NumTensor>:$min,
         Optional<Onnx_NumTensor>:$max),
    (ins), (outs Onnx_NumTensor:$output)> {
  let summary = "output = min(max(input, min), max), elementwise (ONNX Clip-13)";
  let meaning = [{
    `max` wins where the bounds cross; NaN stays NaN. A bound left out is the
    type's last finite number, so that infinities are clipped.
  }];
  let extents = "those of `input`";
  let refused = "operands of two element types, and bounds that are not one number";
  let fails = failsUnequal;
}

def Onnx_WhereOp : Onnx_Op<"Where", [9, 16],
    (ins Onnx_BoolTensor:$condition, Onnx_Tensor:$X, Onnx_Tensor:$Y), (ins),
    (outs Onnx_Tensor:$output)> {
  let summary = "output = condition ? X : Y, elementwise with broadcasting (ONNX Where-16)";
  let extents = Onnx_Broadcast;
  let refused = "`X` and `Y` of two element types, and extents known to differ of which neither is 1";
  let fails = failsUnequal;
}

def Onnx_EqualOp : Onnx_CompareOp<"Equal", [7, 11, 13, 19], Onnx_Tensor> {
  let summary = "C = A == B, elementwise with broadcasting (ONNX Equal-19)";
}

def Onnx_LessOp : Onnx_CompareOp<"Less", [7, 9, 13]> {
  let summary = "C = A < B, elementwise with broadcasting (ONNX Less-13)";
}

def Onnx_LessOrEqualOp : Onnx_CompareOp<"LessOrEqual", [12, 16]> {
  let summary = "C = A <= B, elementwise with broadcasting (ONNX LessOrEqual-16)";
}

def Onnx_GreaterOp : Onnx_CompareOp<"Greater", [7, 9, 13]> {
  let summary = "C = A > B, elementwise with broadcasting (ONNX Greater-13)";
}

def Onnx_GreaterOrEqualOp : Onnx_CompareOp<"GreaterOrEqual", [12, 16]> {
  let summary = "C = A >= B, elementwise with broadcasting (ONNX GreaterOrEqual-16)";
}

def Onnx_AndOp : Onnx_CompareOp<"And", [7], Onnx_BoolTensor> {
  let summary = "C = A and B, elementwise with broadcasting (ONNX And-7)";
}

def Onnx_OrOp : Onnx_CompareOp<"Or", [7], Onnx_BoolTensor> {
  let summary = "C = A or B, elementwise with broadcasting (ONNX Or-7)";
}

def Onnx_XorOp : Onnx_CompareOp<"Xor", [7], Onnx_BoolTensor> {
  let summary = "C = A xor B, elementwise with broadcasting (ONNX Xor-7)";
}

def Onnx_NotOp : Onnx_UnaryOp<"Not", [1], Onnx_BoolTensor> {
  let summary = "Y = not X, elementwise (ONNX Not-1)";
}

def Onnx_IsNaNOp : Onnx_Op<"IsNaN", [9, 13, 20], (ins Onnx_FloatTensor:$X),
    (ins), (outs Onnx_BoolTensor:$Y)> {
  let summary = "Y = X is NaN, elementwise (ONNX IsNaN-20)";
  let extents = "those of `X`";
}

def Onnx_IsInfOp : Onnx_Op<"IsInf", [10, 20], (ins Onnx_FloatTensor:$X),
    (ins DefaultValuedAttr<I64Attr, "1">:$detect_negative,
         DefaultValuedAttr<I64Attr, "1">:$detect_positive),
    (outs Onnx_BoolTensor:$Y)> {
  let summary = "Y = X is infinite, of the detected signs (ONNX IsInf-20)";
  let extents = "those of `X`";
}

def Onnx_CastOp : Onnx_Op<"Cast", [6, 9, 13, 19, 21, 23, 24],
    (ins Onnx_Tensor:$input),
    (ins TypeAttr:$to, DefaultValuedAttr<I64Attr, "1">:$saturate,
         DefaultValuedStrAttr<StrAttr, "up">:$round_mode),
    (outs Onnx_Tensor:$output)> {
  let summary = "the input in the element type `to` (ONNX Cast-24)";
  let meaning = [{
    Floats become integers by truncation; ONNX leaves values out of range
    undefined, here they become the nearest value and NaN becomes 0 (4-bit
    integers get the low bits of a 32-bit one). Integers wrap. To bool,
    everything but zero is true (NaN included). `saturate` and `round_mode`
    matter for float8 types only, which are not supported.
  }];
  let extents = "those of `input`";
  let refused = "types that no tensor here has, strings and float8 among them (by the importer)";
  let hasFolder = 1;
}

def Onnx_CastLikeOp : Onnx_Op<"CastLike", [15, 19, 21, 23, 24],
    (ins Onnx_Tensor:$input, Onnx_Tensor:$target_type),
    (ins DefaultValuedAttr<I64Attr, "1">:$saturate,
         DefaultValuedStrAttr<StrAttr, "up">:$round_mode),
    (outs Onnx_Tensor:$output)> {
  let summary = "the input in the target's element type, as Cast (ONNX CastLike-24)";
  let meaning = [{
    Only the type of `target_type` matters, not its elements.
  }];
  let extents = "those of `input`";
}

def Onnx_IdentityOp : Onnx_UnaryOp<"Identity",
    [1, 13, 14, 16, 19, 21, 23, 24], Onnx_Tensor> {
  let summary = "Y = X (ONNX Identity-24; Dropout at inference)";
  let hasFolder = 1;
}

} // opDocGroup

#endif // MOEC_DIALECTS_ONNX_IR_ONNXMATHOPS_TD
