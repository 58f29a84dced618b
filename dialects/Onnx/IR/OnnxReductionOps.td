//===-- OnnxReductionOps.td - reductions, scans, softmax ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXREDUCTIONOPS_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXREDUCTIONOPS_TD

include "dialects/Onnx/IR/OnnxBase.td"
include "dialects/Onnx/IR/OnnxMathOps.td"

def Onnx_ReductionGroup : OpDocGroup {
  let summary = "Reductions, scans and softmax";
  let description = [{
    Reductions are over `axes`, of which at least the number is known at compile
    time; without them over all, or with `noop_with_empty_axes` over none. f16
    and bf16 accumulate in f32. A reduction of nothing gives the neutral
    element; for Max and Min the least and greatest value of the type, for Mean
    NaN.
  }];
}
let opDocGroup = Onnx_ReductionGroup in {

defvar Onnx_RefusesAxes = "axes whose number is not known, known ones outside of the rank or named twice";
defvar Onnx_FailsAxes = "`shape_mismatch` where computed axes are outside of the rank or named twice";

/// Reduces over `axes`, x standing for an element along them.
class Onnx_ReduceOp<string opType, list<int> versions, Type operand = Onnx_NumTensor>
    : Onnx_Op<opType, versions,
              (ins operand:$data, Optional<Onnx_IndexTensor>:$axes),
              (ins DefaultValuedAttr<I64Attr, "1">:$keepdims,
                   DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes),
              (outs operand:$reduced)> {
  let extents = "those of `data`, at `axes` 1 with `keepdims` and none without";
  let refused = Onnx_RefusesAxes;
  let fails = Onnx_FailsAxes;
  let extraClassDeclaration = [{
    ::mlir::Value materializeExtent(::mlir::OpBuilder &builder, unsigned result,
                                    unsigned dim);
    void buildChecks(::mlir::OpBuilder &builder);
  }];
}

def Onnx_ReduceSumOp : Onnx_ReduceOp<"ReduceSum", [1, 11, 13]> {
  let summary = "sum of x (ONNX ReduceSum-13)";
}

def Onnx_ReduceMeanOp : Onnx_ReduceOp<"ReduceMean", [1, 11, 13, 18]> {
  let summary = "sum of x / n (ONNX ReduceMean-18)";
}

def Onnx_ReduceProdOp : Onnx_ReduceOp<"ReduceProd", [1, 11, 13, 18]> {
  let summary = "product of x (ONNX ReduceProd-18)";
}

def Onnx_ReduceMaxOp : Onnx_ReduceOp<"ReduceMax", [1, 11, 12, 13, 18, 20], TensorOf<[Onnx_Float, Onnx_SInt, Onnx_UInt, I1]>> {
  let summary = "maximum of x; NaN where any is NaN (ONNX ReduceMax-20)";
}

def Onnx_ReduceMinOp : Onnx_ReduceOp<"ReduceMin", [1, 11, 12, 13, 18, 20], TensorOf<[Onnx_Float, Onnx_SInt, Onnx_UInt, I1]>> {
  let summary = "minimum of x; NaN where any is NaN (ONNX ReduceMin-20)";
}

def Onnx_ReduceL1Op : Onnx_ReduceOp<"ReduceL1", [1, 11, 13, 18]> {
  let summary = "sum of |x| (ONNX ReduceL1-18)";
}

def Onnx_ReduceL2Op : Onnx_ReduceOp<"ReduceL2", [1, 11, 13, 18]> {
  let summary = "sqrt(sum of x * x) (ONNX ReduceL2-18)";
}

def Onnx_ReduceLogSumOp : Onnx_ReduceOp<"ReduceLogSum", [1, 11, 13, 18], Onnx_FloatTensor> {
  let summary = "log(sum of x) (ONNX ReduceLogSum-18)";
}

def Onnx_ReduceLogSumExpOp : Onnx_ReduceOp<"ReduceLogSumExp", [1, 11, 13, 18], Onnx_FloatTensor> {
  let summary = "log(sum of exp(x)) (ONNX ReduceLogSumExp-18)";
}

def Onnx_ReduceSumSquareOp : Onnx_ReduceOp<"ReduceSumSquare", [1, 11, 13, 18]> {
  let summary = "sum of x * x (ONNX ReduceSumSquare-18)";
}

/// The position of an extreme value along one axis.
class Onnx_ArgOp<string opType>
    : Onnx_Op<opType, [1, 11, 12, 13], (ins Onnx_NumTensor:$data),
              (ins DefaultValuedAttr<I64Attr, "0">:$axis,
                   DefaultValuedAttr<I64Attr, "1">:$keepdims,
                   DefaultValuedAttr<I64Attr, "0">:$select_last_index),
              (outs Onnx_I64Tensor:$reduced)> {
  let meaning = [{
    Positions along `axis`. NaN counts as extreme.
  }];
  let extents = "those of `data`, at `axis` 1 with `keepdims` and none without";
  let refused = "an `axis` outside of the rank, or of no elements";
  let fails = "`shape_mismatch` where there turns out to be no element along `axis`";
}

def Onnx_ArgMaxOp : Onnx_ArgOp<"ArgMax"> {
  let summary = "the first (or last) index of the maximum (ONNX ArgMax-13)";
}

def Onnx_ArgMinOp : Onnx_ArgOp<"ArgMin"> {
  let summary = "the first (or last) index of the minimum (ONNX ArgMin-13)";
}

class Onnx_SoftmaxLikeOp<string opType>
    : Onnx_UnaryOp<opType, [13], Onnx_FloatTensor,
                   (ins DefaultValuedAttr<I64Attr, "-1">:$axis)> {
  let refused = "an `axis` outside of the rank";
}

def Onnx_SoftmaxOp : Onnx_SoftmaxLikeOp<"Softmax"> {
  let summary = "exp(X - max X) / sum of exp(X - max X) along axis (ONNX Softmax-13)";
}

def Onnx_LogSoftmaxOp : Onnx_SoftmaxLikeOp<"LogSoftmax"> {
  let summary = "X - max X - log(sum of exp(X - max X)) along axis (ONNX LogSoftmax-13)";
}

def Onnx_CumSumOp : Onnx_Op<"CumSum", [11, 14],
    (ins Onnx_NumTensor:$x, Onnx_IndexTensor:$axis),
    (ins DefaultValuedAttr<I64Attr, "0">:$exclusive,
         DefaultValuedAttr<I64Attr, "0">:$reverse),
    (outs Onnx_NumTensor:$y)> {
  let summary = "running sums along an axis (ONNX CumSum-14)";
  let meaning = [{
    `y[.., i, ..] = sum over j <= i of x[.., j, ..]`. `exclusive` leaves the
    element itself out; `reverse` sums from the end. f16 and bf16 sums are
    carried in f32 and rounded once each.
  }];
  let extents = "those of `x`";
  let refused = Onnx_RefusesAxes # ", more than one axis";
  let fails = Onnx_FailsAxes;
  let extraClassDeclaration = [{
    void buildChecks(::mlir::OpBuilder &builder);
  }];
}

} // opDocGroup

#endif // MOEC_DIALECTS_ONNX_IR_ONNXREDUCTIONOPS_TD
