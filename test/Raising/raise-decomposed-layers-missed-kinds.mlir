// RUN: moec-opt %s --raise-decomposed-layers --split-input-file | FileCheck %s
// RUN: moec-opt %s --raise-decomposed-layers --split-input-file --remarks-filter=raise-decomposed-layers --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Vectors that were looked up are those of all experts, of which a kind has some.
// REMARK: the match stopped at 'Add' (Add): it looks vectors up for experts of other kinds, too
// CHECK-LABEL: module attributes
// CHECK-NOT: moe.
module attributes {onnx.symbols = ["T"]} {
  param.decl @c1 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c3 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c0 : tensor<2x6xf32> = #param.file<"m.onnx", 128, 48>
  param.decl @c4 : tensor<6x4xf32> = #param.file<"m.onnx", 176, 96>
  param.decl @c5 : tensor<4x6xf32> = #param.file<"m.onnx", 272, 96>
  param.decl @c6 : tensor<6x4xf32> = #param.file<"m.onnx", 368, 96>
  func.func @main(%arg0: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "v26"}) {
    %0 = param.load @c1 : tensor<4x2xf32>
    %1 = onnx.Constant dense<1> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = param.load @c3 : tensor<4x6xf32>
    %5 = param.load @c0 : tensor<2x6xf32>
    %6 = onnx.Constant dense<1> : tensor<1xi64>
    %7 = param.load @c4 : tensor<6x4xf32>
    %8 = onnx.Constant dense<1> : tensor<i64>
    %9 = onnx.Constant dense<1> : tensor<1xi64>
    %10 = param.load @c5 : tensor<4x6xf32>
    %11 = onnx.Constant dense<1> : tensor<1xi64>
    %12 = param.load @c6 : tensor<6x4xf32>
    %13 = onnx.MatMul(%arg0, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %14 = onnx.Softmax(%13) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%14, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>, affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x1xf32>, tensor<?x1xi64>)
    %15 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi1>
    %16 = onnx.Cast(%15) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>], to = f32} : (tensor<?x1xi1>) -> tensor<?x1xf32>
    %17 = onnx.Mul(%16, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
    %18 = onnx.ReduceSum(%17, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %19 = onnx.MatMul(%arg0, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %20 = onnx.Gather(%5, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 6)>]} : (tensor<2x6xf32>, tensor<?x1xi64>) -> tensor<?x1x6xf32>
    %21 = onnx.Squeeze(%20, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x1x6xf32>, tensor<1xi64>) -> tensor<?x6xf32>
    %22 = onnx.Add(%19, %21) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
    %23 = onnx.Relu(%22) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %24 = onnx.MatMul(%23, %7) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %25 = onnx.Mul(%24, %18) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %26 = onnx.Equal(%Indices, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi1>
    %27 = onnx.Cast(%26) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>], to = f32} : (tensor<?x1xi1>) -> tensor<?x1xf32>
    %28 = onnx.Mul(%27, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
    %29 = onnx.ReduceSum(%28, %9) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %30 = onnx.MatMul(%arg0, %10) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %31 = onnx.Gather(%5, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 6)>]} : (tensor<2x6xf32>, tensor<?x1xi64>) -> tensor<?x1x6xf32>
    %32 = onnx.Squeeze(%31, %11) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x1x6xf32>, tensor<1xi64>) -> tensor<?x6xf32>
    %33 = onnx.Add(%30, %32) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
    %34 = onnx.Tanh(%33) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %35 = onnx.MatMul(%34, %12) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %36 = onnx.Mul(%35, %29) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %37 = onnx.Add(%25, %36) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %37 : tensor<?x4xf32>
  }
}

// -----

// Matrices that were looked up are those of all experts, of which a kind has some.
// REMARK: the match stopped at 'MatMul' (MatMul): it looks weights up for experts of other kinds, too
// CHECK-LABEL: module attributes
// CHECK-NOT: moe.
module attributes {onnx.symbols = ["T"]} {
  param.decl @c1 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c0 : tensor<2x4x6xf32> = #param.file<"m.onnx", 32, 192>
  param.decl @c4 : tensor<6x4xf32> = #param.file<"m.onnx", 224, 96>
  param.decl @c6 : tensor<6x4xf32> = #param.file<"m.onnx", 320, 96>
  func.func @main(%arg0: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "v28"}) {
    %0 = param.load @c1 : tensor<4x2xf32>
    %1 = onnx.Constant dense<1> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = onnx.Constant dense<1> : tensor<1xi64>
    %5 = param.load @c0 : tensor<2x4x6xf32>
    %6 = onnx.Constant dense<1> : tensor<1xi64>
    %7 = onnx.Constant dense<1> : tensor<1xi64>
    %8 = param.load @c4 : tensor<6x4xf32>
    %9 = onnx.Constant dense<1> : tensor<i64>
    %10 = onnx.Constant dense<1> : tensor<1xi64>
    %11 = onnx.Constant dense<1> : tensor<1xi64>
    %12 = onnx.Constant dense<1> : tensor<1xi64>
    %13 = onnx.Constant dense<1> : tensor<1xi64>
    %14 = param.load @c6 : tensor<6x4xf32>
    %15 = onnx.MatMul(%arg0, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %16 = onnx.Softmax(%15) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%16, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>, affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x1xf32>, tensor<?x1xi64>)
    %17 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi1>
    %18 = onnx.Cast(%17) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>], to = f32} : (tensor<?x1xi1>) -> tensor<?x1xf32>
    %19 = onnx.Mul(%18, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
    %20 = onnx.ReduceSum(%19, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %21 = onnx.Unsqueeze(%arg0, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 4)>]} : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1x4xf32>
    %22 = onnx.Gather(%5, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 4, 6)>]} : (tensor<2x4x6xf32>, tensor<?x1xi64>) -> tensor<?x1x4x6xf32>
    %23 = onnx.Squeeze(%22, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 4, 6)>]} : (tensor<?x1x4x6xf32>, tensor<1xi64>) -> tensor<?x4x6xf32>
    %24 = onnx.MatMul(%21, %23) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 6)>]} : (tensor<?x1x4xf32>, tensor<?x4x6xf32>) -> tensor<?x1x6xf32>
    %25 = onnx.Squeeze(%24, %7) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x1x6xf32>, tensor<1xi64>) -> tensor<?x6xf32>
    %26 = onnx.Relu(%25) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %27 = onnx.MatMul(%26, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %28 = onnx.Mul(%27, %20) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %29 = onnx.Equal(%Indices, %9) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi1>
    %30 = onnx.Cast(%29) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>], to = f32} : (tensor<?x1xi1>) -> tensor<?x1xf32>
    %31 = onnx.Mul(%30, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
    %32 = onnx.ReduceSum(%31, %10) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %33 = onnx.Unsqueeze(%arg0, %11) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 4)>]} : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1x4xf32>
    %34 = onnx.Gather(%5, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 4, 6)>]} : (tensor<2x4x6xf32>, tensor<?x1xi64>) -> tensor<?x1x4x6xf32>
    %35 = onnx.Squeeze(%34, %12) {onnx.shapes = [affine_map<()[s0] -> (s0, 4, 6)>]} : (tensor<?x1x4x6xf32>, tensor<1xi64>) -> tensor<?x4x6xf32>
    %36 = onnx.MatMul(%33, %35) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 6)>]} : (tensor<?x1x4xf32>, tensor<?x4x6xf32>) -> tensor<?x1x6xf32>
    %37 = onnx.Squeeze(%36, %13) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x1x6xf32>, tensor<1xi64>) -> tensor<?x6xf32>
    %38 = onnx.Tanh(%37) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %39 = onnx.MatMul(%38, %14) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %40 = onnx.Mul(%39, %32) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %41 = onnx.Add(%28, %40) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %41 : tensor<?x4xf32>
  }
}

