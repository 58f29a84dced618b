// RUN: moec-opt %s --raise-decomposed-layers --split-input-file | FileCheck %s
// RUN: moec-opt %s --raise-decomposed-layers --split-input-file --remarks-filter=raise-decomposed-layers --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Each expert on all tokens, weighted by what a mask leaves.

// A mask of the ids, times the weights, summed over the choices.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c2.experts : tensor<2x4x6xf32> = #param.stack<[#param.file<"m.onnx", 32, 96, tensor<4x6xf32>>, #param.file<"m.onnx", 224, 96, tensor<4x6xf32>>], axis = 0>
// CHECK: param.decl @c3.experts : tensor<2x6x4xf32> = #param.stack<[#param.file<"m.onnx", 128, 96, tensor<6x4xf32>>, #param.file<"m.onnx", 320, 96, tensor<6x4xf32>>], axis = 0>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P2"
// CHECK-NOT: moe.combine
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
    %4 = param.load @c2 : tensor<4x6xf32>
    %5 = param.load @c3 : tensor<6x4xf32>
    %6 = onnx.Constant dense<1> : tensor<i64>
    %7 = onnx.Constant dense<1> : tensor<1xi64>
    %8 = param.load @c4 : tensor<4x6xf32>
    %9 = param.load @c5 : tensor<6x4xf32>
    %10 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %11 = onnx.Softmax(%10) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%11, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %12 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %13 = onnx.Cast(%12) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %14 = onnx.Mul(%13, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %15 = onnx.ReduceSum(%14, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %16 = onnx.MatMul(%x, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %17 = onnx.Relu(%16) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %18 = onnx.MatMul(%17, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %19 = onnx.Mul(%18, %15) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %20 = onnx.Equal(%Indices, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %21 = onnx.Cast(%20) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %22 = onnx.Mul(%21, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %23 = onnx.ReduceSum(%22, %7) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %24 = onnx.MatMul(%x, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %25 = onnx.Relu(%24) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %26 = onnx.MatMul(%25, %9) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %27 = onnx.Mul(%26, %23) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %28 = onnx.Add(%19, %27) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %28 : tensor<?x4xf32>
  }
}

// -----

// Where instead of a product; another activation.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c2.experts : tensor<2x4x6xf32> = #param.stack<[#param.file<"m.onnx", 32, 96, tensor<4x6xf32>>, #param.file<"m.onnx", 224, 96, tensor<4x6xf32>>], axis = 0>
// CHECK: param.decl @c3.experts : tensor<2x6x4xf32> = #param.stack<[#param.file<"m.onnx", 128, 96, tensor<6x4xf32>>, #param.file<"m.onnx", 320, 96, tensor<6x4xf32>>], axis = 0>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Tanh({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P2"
// CHECK-NOT: moe.combine
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
    %3 = onnx.Constant dense<0.000000e+00> : tensor<f32>
    %4 = param.load @c2 : tensor<4x6xf32>
    %5 = param.load @c3 : tensor<6x4xf32>
    %6 = onnx.Constant dense<1> : tensor<1xi64>
    %7 = onnx.Constant dense<1> : tensor<i64>
    %8 = onnx.Constant dense<0.000000e+00> : tensor<f32>
    %9 = param.load @c4 : tensor<4x6xf32>
    %10 = param.load @c5 : tensor<6x4xf32>
    %11 = onnx.Constant dense<1> : tensor<1xi64>
    %12 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %13 = onnx.Softmax(%12) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%13, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %14 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %15 = onnx.Where(%14, %Values, %3) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi1>, tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
    %16 = onnx.MatMul(%x, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %17 = onnx.Tanh(%16) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %18 = onnx.MatMul(%17, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %19 = onnx.ReduceSum(%15, %6) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %20 = onnx.Mul(%18, %19) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %21 = onnx.Equal(%Indices, %7) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %22 = onnx.Where(%21, %Values, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi1>, tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
    %23 = onnx.MatMul(%x, %9) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %24 = onnx.Tanh(%23) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %25 = onnx.MatMul(%24, %10) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %26 = onnx.ReduceSum(%22, %11) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %27 = onnx.Mul(%25, %26) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %28 = onnx.Add(%20, %27) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %28 : tensor<?x4xf32>
  }
}

// -----

// One choice a token, by ArgMax.
// REMARK: raised 'Add' by P2: 2 experts, 1 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c2.experts : tensor<2x4x6xf32> = #param.stack<[#param.file<"m.onnx", 32, 96, tensor<4x6xf32>>, #param.file<"m.onnx", 224, 96, tensor<4x6xf32>>], axis = 0>
// CHECK: param.decl @c3.experts : tensor<2x6x4xf32> = #param.stack<[#param.file<"m.onnx", 128, 96, tensor<6x4xf32>>, #param.file<"m.onnx", 320, 96, tensor<6x4xf32>>], axis = 0>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P2"
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c3 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  param.decl @c4 : tensor<4x6xf32> = #param.file<"m.onnx", 224, 96>
  param.decl @c5 : tensor<6x4xf32> = #param.file<"m.onnx", 320, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<1> : tensor<1xi64>
    %2 = param.load @c2 : tensor<4x6xf32>
    %3 = param.load @c3 : tensor<6x4xf32>
    %4 = onnx.Constant dense<0> : tensor<i64>
    %5 = param.load @c4 : tensor<4x6xf32>
    %6 = param.load @c5 : tensor<6x4xf32>
    %7 = onnx.Constant dense<1> : tensor<i64>
    %8 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %9 = onnx.Softmax(%8) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %10 = onnx.ArgMax(%9) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>) -> tensor<?x1xi64>
    %11 = onnx.ReduceMax(%9, %1) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %12 = onnx.MatMul(%x, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %13 = onnx.Relu(%12) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %14 = onnx.MatMul(%13, %3) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %15 = onnx.Equal(%10, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi1>
    %16 = onnx.Cast(%15) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>], to = f32} : (tensor<?x1xi1>) -> tensor<?x1xf32>
    %17 = onnx.Mul(%16, %11) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
    %18 = onnx.Mul(%14, %17) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %19 = onnx.MatMul(%x, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %20 = onnx.Relu(%19) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %21 = onnx.MatMul(%20, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %22 = onnx.Equal(%10, %7) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi1>
    %23 = onnx.Cast(%22) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>], to = f32} : (tensor<?x1xi1>) -> tensor<?x1xf32>
    %24 = onnx.Mul(%23, %11) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
    %25 = onnx.Mul(%21, %24) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %26 = onnx.Add(%18, %25) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %26 : tensor<?x4xf32>
  }
}

// -----

// Two choices, each of the largest of other scores.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c4.experts : tensor<2x4x6xf32> = #param.stack<[#param.file<"m.onnx", 64, 96, tensor<4x6xf32>>, #param.file<"m.onnx", 256, 96, tensor<4x6xf32>>], axis = 0>
// CHECK: param.decl @c5.experts : tensor<2x6x4xf32> = #param.stack<[#param.file<"m.onnx", 160, 96, tensor<6x4xf32>>, #param.file<"m.onnx", 352, 96, tensor<6x4xf32>>], axis = 0>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P2"
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<4x2xf32> = #param.file<"m.onnx", 32, 32>
  param.decl @c4 : tensor<4x6xf32> = #param.file<"m.onnx", 64, 96>
  param.decl @c5 : tensor<6x4xf32> = #param.file<"m.onnx", 160, 96>
  param.decl @c6 : tensor<4x6xf32> = #param.file<"m.onnx", 256, 96>
  param.decl @c7 : tensor<6x4xf32> = #param.file<"m.onnx", 352, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<1> : tensor<1xi64>
    %2 = param.load @c2 : tensor<4x2xf32>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = onnx.Constant dense<0> : tensor<i64>
    %5 = onnx.Constant dense<1> : tensor<1xi64>
    %6 = param.load @c4 : tensor<4x6xf32>
    %7 = param.load @c5 : tensor<6x4xf32>
    %8 = onnx.Constant dense<1> : tensor<i64>
    %9 = onnx.Constant dense<1> : tensor<1xi64>
    %10 = param.load @c6 : tensor<4x6xf32>
    %11 = param.load @c7 : tensor<6x4xf32>
    %12 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%12, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>, affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x1xf32>, tensor<?x1xi64>)
    %13 = onnx.MatMul(%x, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %Values_0, %Indices_1 = onnx.TopK(%13, %3) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>, affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x1xf32>, tensor<?x1xi64>)
    %14 = onnx.Concat(%Values, %Values_0) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
    %15 = onnx.Softmax(%14) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %16 = onnx.Concat(%Indices, %Indices_1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x1xi64>, tensor<?x1xi64>) -> tensor<?x2xi64>
    %17 = onnx.Equal(%16, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %18 = onnx.Cast(%17) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %19 = onnx.Mul(%18, %15) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %20 = onnx.ReduceSum(%19, %5) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %21 = onnx.MatMul(%x, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %22 = onnx.Relu(%21) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %23 = onnx.MatMul(%22, %7) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %24 = onnx.Mul(%23, %20) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %25 = onnx.Equal(%16, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %26 = onnx.Cast(%25) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %27 = onnx.Mul(%26, %15) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %28 = onnx.ReduceSum(%27, %9) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %29 = onnx.MatMul(%x, %10) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %30 = onnx.Relu(%29) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %31 = onnx.MatMul(%30, %11) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %32 = onnx.Mul(%31, %28) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %33 = onnx.Add(%24, %32) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %33 : tensor<?x4xf32>
  }
}

// -----

// Experts are numbered from one.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c2.experts : tensor<2x4x6xf32> = #param.stack<[#param.file<"m.onnx", 32, 96, tensor<4x6xf32>>, #param.file<"m.onnx", 224, 96, tensor<4x6xf32>>], axis = 0>
// CHECK: param.decl @c3.experts : tensor<2x6x4xf32> = #param.stack<[#param.file<"m.onnx", 128, 96, tensor<6x4xf32>>, #param.file<"m.onnx", 320, 96, tensor<6x4xf32>>], axis = 0>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P2"
// CHECK-NOT: moe.combine
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
    %3 = onnx.Constant dense<1> : tensor<i64>
    %4 = onnx.Constant dense<1> : tensor<1xi64>
    %5 = param.load @c2 : tensor<4x6xf32>
    %6 = param.load @c3 : tensor<6x4xf32>
    %7 = onnx.Constant dense<1> : tensor<i64>
    %8 = onnx.Constant dense<2> : tensor<i64>
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

// All masks at once, cut by Slice.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c6.experts : tensor<2x4x6xf32> = #param.stack<[#param.file<"m.onnx", 32, 96, tensor<4x6xf32>>, #param.file<"m.onnx", 224, 96, tensor<4x6xf32>>], axis = 0>
// CHECK: param.decl @c7.experts : tensor<2x6x4xf32> = #param.stack<[#param.file<"m.onnx", 128, 96, tensor<6x4xf32>>, #param.file<"m.onnx", 320, 96, tensor<6x4xf32>>], axis = 0>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P2"
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c6 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c7 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  param.decl @c8 : tensor<4x6xf32> = #param.file<"m.onnx", 224, 96>
  param.decl @c9 : tensor<6x4xf32> = #param.file<"m.onnx", 320, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<2> : tensor<1xi64>
    %3 = onnx.Constant dense<[0, 1]> : tensor<2xi64>
    %4 = onnx.Constant dense<2> : tensor<1xi64>
    %5 = onnx.Constant dense<1> : tensor<1xi64>
    %6 = param.load @c6 : tensor<4x6xf32>
    %7 = param.load @c7 : tensor<6x4xf32>
    %8 = onnx.Constant dense<0> : tensor<1xi64>
    %9 = onnx.Constant dense<1> : tensor<1xi64>
    %10 = onnx.Constant dense<1> : tensor<1xi64>
    %11 = param.load @c8 : tensor<4x6xf32>
    %12 = param.load @c9 : tensor<6x4xf32>
    %13 = onnx.Constant dense<1> : tensor<1xi64>
    %14 = onnx.Constant dense<2> : tensor<1xi64>
    %15 = onnx.Constant dense<1> : tensor<1xi64>
    %16 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %17 = onnx.Softmax(%16) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%17, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %18 = onnx.OneHot(%Indices, %2, %3) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 2)>]} : (tensor<?x2xi64>, tensor<1xi64>, tensor<2xi64>) -> tensor<?x2x2xi64>
    %19 = onnx.Cast(%18) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 2)>], to = f32} : (tensor<?x2x2xi64>) -> tensor<?x2x2xf32>
    %20 = onnx.Unsqueeze(%Values, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x2x1xf32>
    %21 = onnx.Mul(%19, %20) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 2)>]} : (tensor<?x2x2xf32>, tensor<?x2x1xf32>) -> tensor<?x2x2xf32>
    %22 = onnx.ReduceSum(%21, %5) {keepdims = 0 : i64, onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2x2xf32>, tensor<1xi64>) -> tensor<?x2xf32>
    %23 = onnx.MatMul(%x, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %24 = onnx.Relu(%23) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %25 = onnx.MatMul(%24, %7) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %26 = onnx.Slice(%22, %8, %9, %10) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<?x2xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1xf32>
    %27 = onnx.Mul(%25, %26) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %28 = onnx.MatMul(%x, %11) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %29 = onnx.Relu(%28) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %30 = onnx.MatMul(%29, %12) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %31 = onnx.Slice(%22, %13, %14, %15) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<?x2xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1xf32>
    %32 = onnx.Mul(%30, %31) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %33 = onnx.Add(%27, %32) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %33 : tensor<?x4xf32>
  }
}

// -----

// A mask that is one of bools.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: moe.combine {{.*}}moe.raised_from = "P2"
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c6 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c7 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  param.decl @c8 : tensor<4x6xf32> = #param.file<"m.onnx", 224, 96>
  param.decl @c9 : tensor<6x4xf32> = #param.file<"m.onnx", 320, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<2> : tensor<1xi64>
    %3 = onnx.Constant dense<[false, true]> : tensor<2xi1>
    %4 = onnx.Constant dense<2> : tensor<1xi64>
    %5 = onnx.Constant dense<1> : tensor<1xi64>
    %6 = param.load @c6 : tensor<4x6xf32>
    %7 = param.load @c7 : tensor<6x4xf32>
    %8 = onnx.Constant dense<0> : tensor<1xi64>
    %9 = onnx.Constant dense<1> : tensor<1xi64>
    %10 = onnx.Constant dense<1> : tensor<1xi64>
    %11 = param.load @c8 : tensor<4x6xf32>
    %12 = param.load @c9 : tensor<6x4xf32>
    %13 = onnx.Constant dense<1> : tensor<1xi64>
    %14 = onnx.Constant dense<2> : tensor<1xi64>
    %15 = onnx.Constant dense<1> : tensor<1xi64>
    %16 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %17 = onnx.Softmax(%16) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%17, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %18 = onnx.OneHot(%Indices, %2, %3) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 2)>]} : (tensor<?x2xi64>, tensor<1xi64>, tensor<2xi1>) -> tensor<?x2x2xi1>
    %19 = onnx.Cast(%18) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 2)>], to = f32} : (tensor<?x2x2xi1>) -> tensor<?x2x2xf32>
    %20 = onnx.Unsqueeze(%Values, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x2x1xf32>
    %21 = onnx.Mul(%19, %20) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 2)>]} : (tensor<?x2x2xf32>, tensor<?x2x1xf32>) -> tensor<?x2x2xf32>
    %22 = onnx.ReduceSum(%21, %5) {keepdims = 0 : i64, onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2x2xf32>, tensor<1xi64>) -> tensor<?x2xf32>
    %23 = onnx.MatMul(%x, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %24 = onnx.Relu(%23) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %25 = onnx.MatMul(%24, %7) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %26 = onnx.Slice(%22, %8, %9, %10) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<?x2xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1xf32>
    %27 = onnx.Mul(%25, %26) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %28 = onnx.MatMul(%x, %11) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %29 = onnx.Relu(%28) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %30 = onnx.MatMul(%29, %12) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %31 = onnx.Slice(%22, %13, %14, %15) {onnx.shapes = [affine_map<()[s0] -> (s0, 1)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<?x2xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1xf32>
    %32 = onnx.Mul(%30, %31) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %33 = onnx.Add(%27, %32) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %33 : tensor<?x4xf32>
  }
}
