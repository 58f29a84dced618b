// What is wrongly taken for a layer must not be right in the reference, too: it
// takes nothing for one, and folds nothing.
// RUN: moec-opt %s -moec-stage-moe="reference" | FileCheck %s --check-prefix=REFERENCE
// RUN: moec-opt %s -moec-stage-moe | FileCheck %s --check-prefix=PRODUCT

// REFERENCE-NOT: moe.
// REFERENCE: onnx.Transpose
// REFERENCE: onnx.TopK
// REFERENCE: onnx.Gather
// REFERENCE: onnx.ReduceSum
// REFERENCE-NOT: moe.

// PRODUCT-NOT: onnx.Transpose
// PRODUCT: moe.expert_ffn
// PRODUCT: moe.combine
// PRODUCT-NOT: onnx.ReduceSum
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<2x6x4xf32> = #param.file<"m.onnx", 32, 192>
  param.decl @c3 : tensor<2x6x4xf32> = #param.file<"m.onnx", 224, 192>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %w = param.load @c2 : tensor<2x6x4xf32>
    %2 = onnx.Transpose(%w) {perm = array<i64: 0, 2, 1>} : (tensor<2x6x4xf32>) -> tensor<2x4x6xf32>
    %3 = param.load @c3 : tensor<2x6x4xf32>
    %4 = onnx.Constant dense<[1, 2]> : tensor<2xi64>
    %5 = onnx.Constant dense<2> : tensor<1xi64>
    %6 = onnx.Constant dense<2> : tensor<1xi64>
    %7 = onnx.Constant dense<1> : tensor<1xi64>
    %8 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %9 = onnx.Softmax(%8) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%9, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %10 = onnx.Gather(%2, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4, 6)>]} : (tensor<2x4x6xf32>, tensor<?x2xi64>) -> tensor<?x2x4x6xf32>
    %11 = onnx.Gather(%3, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 6, 4)>]} : (tensor<2x6x4xf32>, tensor<?x2xi64>) -> tensor<?x2x6x4xf32>
    %12 = onnx.Unsqueeze(%x, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 1, 4)>]} : (tensor<?x4xf32>, tensor<2xi64>) -> tensor<?x1x1x4xf32>
    %13 = onnx.MatMul(%12, %10) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 6)>]} : (tensor<?x1x1x4xf32>, tensor<?x2x4x6xf32>) -> tensor<?x2x1x6xf32>
    %14 = onnx.Relu(%13) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 6)>]} : (tensor<?x2x1x6xf32>) -> tensor<?x2x1x6xf32>
    %15 = onnx.MatMul(%14, %11) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 4)>]} : (tensor<?x2x1x6xf32>, tensor<?x2x6x4xf32>) -> tensor<?x2x1x4xf32>
    %16 = onnx.Squeeze(%15, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4)>]} : (tensor<?x2x1x4xf32>, tensor<1xi64>) -> tensor<?x2x4xf32>
    %17 = onnx.Unsqueeze(%Values, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x2x1xf32>
    %18 = onnx.Mul(%16, %17) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4)>]} : (tensor<?x2x4xf32>, tensor<?x2x1xf32>) -> tensor<?x2x4xf32>
    %19 = onnx.ReduceSum(%18, %7) {keepdims = 0 : i64, onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x2x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
    return %19 : tensor<?x4xf32>
  }
}
