// RUN: moec-opt %s --raise-decomposed-layers --split-input-file | FileCheck %s

// Halves that are summed in f32, as torch sums them.

// Rows of each choice.
// CHECK-LABEL: module attributes
// CHECK: moe.grouped_matmul {{.*}} -> tensor<?x4xf16>
// CHECK: moe.combine ins({{.*}}tensor<?x4xf16>{{.*}} outs({{.*}} : tensor<?x4xf32>) {{.*}}moe.raised_from = "P4"
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c3 : tensor<2x4x6xf16> = #param.file<"m.onnx", 32, 96>
  param.decl @c4 : tensor<2x6x4xf16> = #param.file<"m.onnx", 128, 96>
  func.func @main(%arg0: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "v16"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<[1, 2]> : tensor<2xi64>
    %3 = param.load @c3 : tensor<2x4x6xf16>
    %4 = param.load @c4 : tensor<2x6x4xf16>
    %5 = onnx.Constant dense<2> : tensor<1xi64>
    %6 = onnx.Constant dense<2> : tensor<1xi64>
    %7 = onnx.Constant dense<1> : tensor<1xi64>
    %8 = onnx.MatMul(%arg0, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %9 = onnx.Softmax(%8) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%9, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %10 = onnx.Cast(%arg0) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>], to = f16} : (tensor<?x4xf32>) -> tensor<?x4xf16>
    %11 = onnx.Cast(%Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f16} : (tensor<?x2xf32>) -> tensor<?x2xf16>
    %12 = onnx.Unsqueeze(%10, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 1, 4)>]} : (tensor<?x4xf16>, tensor<2xi64>) -> tensor<?x1x1x4xf16>
    %13 = onnx.Gather(%3, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4, 6)>]} : (tensor<2x4x6xf16>, tensor<?x2xi64>) -> tensor<?x2x4x6xf16>
    %14 = onnx.MatMul(%12, %13) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 6)>]} : (tensor<?x1x1x4xf16>, tensor<?x2x4x6xf16>) -> tensor<?x2x1x6xf16>
    %15 = onnx.Relu(%14) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 6)>]} : (tensor<?x2x1x6xf16>) -> tensor<?x2x1x6xf16>
    %16 = onnx.Gather(%4, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 6, 4)>]} : (tensor<2x6x4xf16>, tensor<?x2xi64>) -> tensor<?x2x6x4xf16>
    %17 = onnx.MatMul(%15, %16) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 4)>]} : (tensor<?x2x1x6xf16>, tensor<?x2x6x4xf16>) -> tensor<?x2x1x4xf16>
    %18 = onnx.Squeeze(%17, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4)>]} : (tensor<?x2x1x4xf16>, tensor<1xi64>) -> tensor<?x2x4xf16>
    %19 = onnx.Unsqueeze(%11, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1)>]} : (tensor<?x2xf16>, tensor<1xi64>) -> tensor<?x2x1xf16>
    %20 = onnx.Mul(%18, %19) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4)>]} : (tensor<?x2x4xf16>, tensor<?x2x1xf16>) -> tensor<?x2x4xf16>
    %21 = onnx.Cast(%20) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4)>], to = f32} : (tensor<?x2x4xf16>) -> tensor<?x2x4xf32>
    %22 = onnx.ReduceSum(%21, %7) {keepdims = 0 : i64, onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x2x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
    return %22 : tensor<?x4xf32>
  }
}

// -----

// Rows of all experts.
// CHECK-LABEL: module attributes
// CHECK: moe.grouped_matmul {{.*}} -> tensor<?x4xf16>
// CHECK: moe.combine ins({{.*}}tensor<?x4xf16>{{.*}} outs({{.*}} : tensor<?x4xf32>) {{.*}}moe.raised_from = "P2b"
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c7 : tensor<2x4x6xf16> = #param.file<"m.onnx", 32, 96>
  param.decl @c8 : tensor<2x6x4xf16> = #param.file<"m.onnx", 128, 96>
  func.func @main(%arg0: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "v19"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<2> : tensor<1xi64>
    %3 = onnx.Constant dense<[0, 1]> : tensor<2xi64>
    %4 = onnx.Constant dense<2> : tensor<1xi64>
    %5 = onnx.Constant dense<1> : tensor<1xi64>
    %6 = onnx.Constant dense<0> : tensor<1xi64>
    %7 = param.load @c7 : tensor<2x4x6xf16>
    %8 = param.load @c8 : tensor<2x6x4xf16>
    %9 = onnx.Constant dense<2> : tensor<1xi64>
    %10 = onnx.Constant dense<0> : tensor<1xi64>
    %11 = onnx.MatMul(%arg0, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %12 = onnx.Softmax(%11) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%12, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %13 = onnx.Cast(%arg0) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>], to = f16} : (tensor<?x4xf32>) -> tensor<?x4xf16>
    %14 = onnx.Cast(%Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f16} : (tensor<?x2xf32>) -> tensor<?x2xf16>
    %15 = onnx.OneHot(%Indices, %2, %3) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 2)>]} : (tensor<?x2xi64>, tensor<1xi64>, tensor<2xi64>) -> tensor<?x2x2xi64>
    %16 = onnx.Cast(%15) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 2)>], to = f16} : (tensor<?x2x2xi64>) -> tensor<?x2x2xf16>
    %17 = onnx.Unsqueeze(%14, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1)>]} : (tensor<?x2xf16>, tensor<1xi64>) -> tensor<?x2x1xf16>
    %18 = onnx.Mul(%16, %17) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 2)>]} : (tensor<?x2x2xf16>, tensor<?x2x1xf16>) -> tensor<?x2x2xf16>
    %19 = onnx.ReduceSum(%18, %5) {keepdims = 0 : i64, onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2x2xf16>, tensor<1xi64>) -> tensor<?x2xf16>
    %20 = onnx.Unsqueeze(%13, %6) {onnx.shapes = [affine_map<()[s0] -> (1, s0, 4)>]} : (tensor<?x4xf16>, tensor<1xi64>) -> tensor<1x?x4xf16>
    %21 = onnx.MatMul(%20, %7) {onnx.shapes = [affine_map<()[s0] -> (2, s0, 6)>]} : (tensor<1x?x4xf16>, tensor<2x4x6xf16>) -> tensor<2x?x6xf16>
    %22 = onnx.Relu(%21) {onnx.shapes = [affine_map<()[s0] -> (2, s0, 6)>]} : (tensor<2x?x6xf16>) -> tensor<2x?x6xf16>
    %23 = onnx.MatMul(%22, %8) {onnx.shapes = [affine_map<()[s0] -> (2, s0, 4)>]} : (tensor<2x?x6xf16>, tensor<2x6x4xf16>) -> tensor<2x?x4xf16>
    %24 = onnx.Transpose(%19) {onnx.shapes = [affine_map<()[s0] -> (2, s0)>], perm = array<i64: 1, 0>} : (tensor<?x2xf16>) -> tensor<2x?xf16>
    %25 = onnx.Unsqueeze(%24, %9) {onnx.shapes = [affine_map<()[s0] -> (2, s0, 1)>]} : (tensor<2x?xf16>, tensor<1xi64>) -> tensor<2x?x1xf16>
    %26 = onnx.Mul(%23, %25) {onnx.shapes = [affine_map<()[s0] -> (2, s0, 4)>]} : (tensor<2x?x4xf16>, tensor<2x?x1xf16>) -> tensor<2x?x4xf16>
    %27 = onnx.Cast(%26) {onnx.shapes = [affine_map<()[s0] -> (2, s0, 4)>], to = f32} : (tensor<2x?x4xf16>) -> tensor<2x?x4xf32>
    %28 = onnx.ReduceSum(%27, %10) {keepdims = 0 : i64, onnx.axes = array<i64: 0>, onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<2x?x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
    return %28 : tensor<?x4xf32>
  }
}
