// RUN: moec-opt %s --raise-decomposed-layers --split-input-file | FileCheck %s
// RUN: moec-opt %s --raise-decomposed-layers --split-input-file --remarks-filter=raise-decomposed-layers --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// What is no layer, or none that is known: the remark names the node that says so.

// CHECK-NOT: moe.
// REMARK-NOT: raised

// Only one of two experts is added.
// REMARK: left the experts that 'TopK' chooses as they are: the match stopped at 'Mul' (Mul): it adds 1 of 2 experts: 1 has no term"
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c3 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = param.load @c2 : tensor<4x6xf32>
    %5 = param.load @c3 : tensor<6x4xf32>
    %6 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %7 = onnx.Softmax(%6) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%7, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %8 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %9 = onnx.Cast(%8) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %10 = onnx.Mul(%9, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %11 = onnx.ReduceSum(%10, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %12 = onnx.MatMul(%x, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %13 = onnx.Relu(%12) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %14 = onnx.MatMul(%13, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %15 = onnx.Mul(%14, %11) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    return %15 : tensor<?x4xf32>
  }
}

// -----

// One expert is added twice, the other not at all.
// REMARK: left the experts that 'TopK' chooses as they are: the match stopped at 'Mul' (Mul): it adds expert 0 twice, or one that is none
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c3 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = param.load @c2 : tensor<4x6xf32>
    %5 = param.load @c3 : tensor<6x4xf32>
    %6 = onnx.Constant dense<0> : tensor<i64>
    %7 = onnx.Constant dense<1> : tensor<1xi64>
    %8 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %9 = onnx.Softmax(%8) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%9, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %10 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %11 = onnx.Cast(%10) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %12 = onnx.Mul(%11, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %13 = onnx.ReduceSum(%12, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %14 = onnx.MatMul(%x, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %15 = onnx.Relu(%14) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %16 = onnx.MatMul(%15, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %17 = onnx.Mul(%16, %13) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %18 = onnx.Equal(%Indices, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %19 = onnx.Cast(%18) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %20 = onnx.Mul(%19, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %21 = onnx.ReduceSum(%20, %7) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %22 = onnx.MatMul(%x, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %23 = onnx.Relu(%22) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %24 = onnx.MatMul(%23, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %25 = onnx.Mul(%24, %21) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %26 = onnx.Add(%17, %25) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %26 : tensor<?x4xf32>
  }
}

// -----

// Ids plus one are compared with the numbers of experts from zero.
// REMARK: left the experts that 'TopK' chooses as they are: the match stopped at 'Add' (Add): it adds 1 of 2 experts: 1 has no term"
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c3 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  param.decl @c4 : tensor<4x6xf32> = #param.file<"m.onnx", 224, 96>
  param.decl @c5 : tensor<6x4xf32> = #param.file<"m.onnx", 320, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<1> : tensor<i64>
    %3 = onnx.Constant dense<0> : tensor<i64>
    %4 = onnx.Constant dense<1> : tensor<1xi64>
    %5 = param.load @c2 : tensor<4x6xf32>
    %6 = param.load @c3 : tensor<6x4xf32>
    %7 = onnx.Constant dense<1> : tensor<i64>
    %8 = onnx.Constant dense<1> : tensor<i64>
    %9 = onnx.Constant dense<1> : tensor<1xi64>
    %10 = param.load @c4 : tensor<4x6xf32>
    %11 = param.load @c5 : tensor<6x4xf32>
    %12 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %13 = onnx.Softmax(%12) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%13, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %14 = onnx.Add(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi64>
    %15 = onnx.Equal(%14, %3) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %16 = onnx.Cast(%15) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %17 = onnx.Mul(%16, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %18 = onnx.ReduceSum(%17, %4) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %19 = onnx.MatMul(%x, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %20 = onnx.Relu(%19) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %21 = onnx.MatMul(%20, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %22 = onnx.Mul(%21, %18) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %23 = onnx.Add(%Indices, %7) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi64>
    %24 = onnx.Equal(%23, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %25 = onnx.Cast(%24) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %26 = onnx.Mul(%25, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %27 = onnx.ReduceSum(%26, %9) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %28 = onnx.MatMul(%x, %10) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %29 = onnx.Relu(%28) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %30 = onnx.MatMul(%29, %11) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %31 = onnx.Mul(%30, %27) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %32 = onnx.Add(%22, %31) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %32 : tensor<?x4xf32>
  }
}

// -----

// Weights that are scaled for each expert.
// REMARK: left the experts that 'TopK' chooses as they are: the match stopped at 'Mul' (Mul): experts are weighted in different ways
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c3 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  param.decl @c4 : tensor<4x6xf32> = #param.file<"m.onnx", 224, 96>
  param.decl @c5 : tensor<6x4xf32> = #param.file<"m.onnx", 320, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = onnx.Constant dense<1.000000e+00> : tensor<f32>
    %5 = param.load @c2 : tensor<4x6xf32>
    %6 = param.load @c3 : tensor<6x4xf32>
    %7 = onnx.Constant dense<1> : tensor<i64>
    %8 = onnx.Constant dense<1> : tensor<1xi64>
    %9 = onnx.Constant dense<2.000000e+00> : tensor<f32>
    %10 = param.load @c4 : tensor<4x6xf32>
    %11 = param.load @c5 : tensor<6x4xf32>
    %12 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %13 = onnx.Softmax(%12) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%13, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %14 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %15 = onnx.Cast(%14) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %16 = onnx.Mul(%15, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %17 = onnx.ReduceSum(%16, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %18 = onnx.Mul(%17, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
    %19 = onnx.MatMul(%x, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %20 = onnx.Relu(%19) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %21 = onnx.MatMul(%20, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %22 = onnx.Mul(%21, %18) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %23 = onnx.Equal(%Indices, %7) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %24 = onnx.Cast(%23) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %25 = onnx.Mul(%24, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %26 = onnx.ReduceSum(%25, %8) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %27 = onnx.Mul(%26, %9) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
    %28 = onnx.MatMul(%x, %10) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %29 = onnx.Relu(%28) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %30 = onnx.MatMul(%29, %11) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %31 = onnx.Mul(%30, %27) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %32 = onnx.Add(%22, %31) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %32 : tensor<?x4xf32>
  }
}

// -----

// A bias of each token.
// REMARK: left the experts that 'TopK' chooses as they are: the match stopped at 'Add' (Add): what it reads is no vector of the expert
module attributes {onnx.symbols = []} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c8 : tensor<2x6xf32> = #param.file<"m.onnx", 128, 48>
  param.decl @c3 : tensor<6x4xf32> = #param.file<"m.onnx", 176, 96>
  param.decl @c4 : tensor<4x6xf32> = #param.file<"m.onnx", 272, 96>
  param.decl @c11 : tensor<2x6xf32> = #param.file<"m.onnx", 368, 48>
  param.decl @c5 : tensor<6x4xf32> = #param.file<"m.onnx", 416, 96>
  func.func @main(%x: tensor<2x4xf32> {onnx.name = "x", onnx.shape = affine_map<() -> (2, 4)>}) -> (tensor<2x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = param.load @c2 : tensor<4x6xf32>
    %5 = param.load @c8 : tensor<2x6xf32>
    %6 = param.load @c3 : tensor<6x4xf32>
    %7 = onnx.Constant dense<1> : tensor<i64>
    %8 = onnx.Constant dense<1> : tensor<1xi64>
    %9 = param.load @c4 : tensor<4x6xf32>
    %10 = param.load @c11 : tensor<2x6xf32>
    %11 = param.load @c5 : tensor<6x4xf32>
    %12 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<() -> (2, 2)>]} : (tensor<2x4xf32>, tensor<4x2xf32>) -> tensor<2x2xf32>
    %13 = onnx.Softmax(%12) {axis = 1 : i64, onnx.shapes = [affine_map<() -> (2, 2)>]} : (tensor<2x2xf32>) -> tensor<2x2xf32>
    %Values, %Indices = onnx.TopK(%13, %1) {axis = 1 : i64, onnx.shapes = [affine_map<() -> (2, 2)>, affine_map<() -> (2, 2)>]} : (tensor<2x2xf32>, tensor<1xi64>) -> (tensor<2x2xf32>, tensor<2x2xi64>)
    %14 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<() -> (2, 2)>]} : (tensor<2x2xi64>, tensor<i64>) -> tensor<2x2xi1>
    %15 = onnx.Cast(%14) {onnx.shapes = [affine_map<() -> (2, 2)>], to = f32} : (tensor<2x2xi1>) -> tensor<2x2xf32>
    %16 = onnx.Mul(%15, %Values) {onnx.shapes = [affine_map<() -> (2, 2)>]} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %17 = onnx.ReduceSum(%16, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<() -> (2, 1)>]} : (tensor<2x2xf32>, tensor<1xi64>) -> tensor<2x1xf32>
    %18 = onnx.MatMul(%x, %4) {onnx.shapes = [affine_map<() -> (2, 6)>]} : (tensor<2x4xf32>, tensor<4x6xf32>) -> tensor<2x6xf32>
    %19 = onnx.Add(%18, %5) {onnx.shapes = [affine_map<() -> (2, 6)>]} : (tensor<2x6xf32>, tensor<2x6xf32>) -> tensor<2x6xf32>
    %20 = onnx.Relu(%19) {onnx.shapes = [affine_map<() -> (2, 6)>]} : (tensor<2x6xf32>) -> tensor<2x6xf32>
    %21 = onnx.MatMul(%20, %6) {onnx.shapes = [affine_map<() -> (2, 4)>]} : (tensor<2x6xf32>, tensor<6x4xf32>) -> tensor<2x4xf32>
    %22 = onnx.Mul(%21, %17) {onnx.shapes = [affine_map<() -> (2, 4)>]} : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
    %23 = onnx.Equal(%Indices, %7) {onnx.shapes = [affine_map<() -> (2, 2)>]} : (tensor<2x2xi64>, tensor<i64>) -> tensor<2x2xi1>
    %24 = onnx.Cast(%23) {onnx.shapes = [affine_map<() -> (2, 2)>], to = f32} : (tensor<2x2xi1>) -> tensor<2x2xf32>
    %25 = onnx.Mul(%24, %Values) {onnx.shapes = [affine_map<() -> (2, 2)>]} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %26 = onnx.ReduceSum(%25, %8) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<() -> (2, 1)>]} : (tensor<2x2xf32>, tensor<1xi64>) -> tensor<2x1xf32>
    %27 = onnx.MatMul(%x, %9) {onnx.shapes = [affine_map<() -> (2, 6)>]} : (tensor<2x4xf32>, tensor<4x6xf32>) -> tensor<2x6xf32>
    %28 = onnx.Add(%27, %10) {onnx.shapes = [affine_map<() -> (2, 6)>]} : (tensor<2x6xf32>, tensor<2x6xf32>) -> tensor<2x6xf32>
    %29 = onnx.Relu(%28) {onnx.shapes = [affine_map<() -> (2, 6)>]} : (tensor<2x6xf32>) -> tensor<2x6xf32>
    %30 = onnx.MatMul(%29, %11) {onnx.shapes = [affine_map<() -> (2, 4)>]} : (tensor<2x6xf32>, tensor<6x4xf32>) -> tensor<2x4xf32>
    %31 = onnx.Mul(%30, %26) {onnx.shapes = [affine_map<() -> (2, 4)>]} : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
    %32 = onnx.Add(%22, %31) {onnx.shapes = [affine_map<() -> (2, 4)>]} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
    return %32 : tensor<2x4xf32>
  }
}

// -----

// Experts of two kinds, none of which has weights.
// REMARK: left the experts that 'TopK' chooses as they are: the match stopped at 'Add' (Add): its experts have no weights
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  func.func @main(%arg0: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "v15"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = onnx.Constant dense<1> : tensor<i64>
    %5 = onnx.Constant dense<1> : tensor<1xi64>
    %6 = onnx.MatMul(%arg0, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %7 = onnx.Softmax(%6) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%7, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %8 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %9 = onnx.Cast(%8) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %10 = onnx.Mul(%9, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %11 = onnx.ReduceSum(%10, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %12 = onnx.Relu(%arg0) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    %13 = onnx.Mul(%12, %11) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %14 = onnx.Equal(%Indices, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %15 = onnx.Cast(%14) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %16 = onnx.Mul(%15, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %17 = onnx.ReduceSum(%16, %5) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %18 = onnx.Mul(%arg0, %17) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %19 = onnx.Add(%13, %18) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %19 : tensor<?x4xf32>
  }
}
