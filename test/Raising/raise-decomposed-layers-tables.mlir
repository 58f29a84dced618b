// RUN: moec-opt %s --raise-decomposed-layers --split-input-file | FileCheck %s
// RUN: moec-opt %s --raise-decomposed-layers --split-input-file --remarks-filter=raise-decomposed-layers --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Weights that were looked up for each choice, and rows sorted by expert.

// One product for each choice.
// REMARK: raised 'ReduceSum' by P4: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c2.experts : tensor<2x4x6xf32> = #param.file<"m.onnx", 32, 192, tensor<2x4x6xf32>>
// CHECK: param.decl @c3.experts : tensor<2x6x4xf32> = #param.file<"m.onnx", 224, 192, tensor<2x6x4xf32>>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P4"
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<2x4x6xf32> = #param.file<"m.onnx", 32, 192>
  param.decl @c3 : tensor<2x6x4xf32> = #param.file<"m.onnx", 224, 192>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = param.load @c2 : tensor<2x4x6xf32>
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

// -----

// Tokens are repeated for each choice.
// REMARK: raised 'ReduceSum' by P4: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c2.experts : tensor<2x4x6xf32> = #param.file<"m.onnx", 32, 192, tensor<2x4x6xf32>>
// CHECK: param.decl @c3.experts : tensor<2x6x4xf32> = #param.file<"m.onnx", 224, 192, tensor<2x6x4xf32>>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P4"
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<2x4x6xf32> = #param.file<"m.onnx", 32, 192>
  param.decl @c3 : tensor<2x6x4xf32> = #param.file<"m.onnx", 224, 192>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = param.load @c2 : tensor<2x4x6xf32>
    %3 = param.load @c3 : tensor<2x6x4xf32>
    %4 = onnx.Constant dense<1> : tensor<1xi64>
    %5 = onnx.Constant dense<[1, 2, 1]> : tensor<3xi64>
    %6 = onnx.Constant dense<2> : tensor<1xi64>
    %7 = onnx.Constant dense<2> : tensor<1xi64>
    %8 = onnx.Constant dense<2> : tensor<1xi64>
    %9 = onnx.Constant dense<1> : tensor<1xi64>
    %10 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %11 = onnx.Softmax(%10) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%11, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %12 = onnx.Gather(%2, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4, 6)>]} : (tensor<2x4x6xf32>, tensor<?x2xi64>) -> tensor<?x2x4x6xf32>
    %13 = onnx.Gather(%3, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 6, 4)>]} : (tensor<2x6x4xf32>, tensor<?x2xi64>) -> tensor<?x2x6x4xf32>
    %14 = onnx.Unsqueeze(%x, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 4)>]} : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1x4xf32>
    %15 = onnx.Expand(%14, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4)>]} : (tensor<?x1x4xf32>, tensor<3xi64>) -> tensor<?x2x4xf32>
    %16 = onnx.Unsqueeze(%15, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 4)>]} : (tensor<?x2x4xf32>, tensor<1xi64>) -> tensor<?x2x1x4xf32>
    %17 = onnx.MatMul(%16, %12) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 6)>]} : (tensor<?x2x1x4xf32>, tensor<?x2x4x6xf32>) -> tensor<?x2x1x6xf32>
    %18 = onnx.Relu(%17) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 6)>]} : (tensor<?x2x1x6xf32>) -> tensor<?x2x1x6xf32>
    %19 = onnx.MatMul(%18, %13) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 4)>]} : (tensor<?x2x1x6xf32>, tensor<?x2x6x4xf32>) -> tensor<?x2x1x4xf32>
    %20 = onnx.Squeeze(%19, %7) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4)>]} : (tensor<?x2x1x4xf32>, tensor<1xi64>) -> tensor<?x2x4xf32>
    %21 = onnx.Unsqueeze(%Values, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x2x1xf32>
    %22 = onnx.Mul(%20, %21) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4)>]} : (tensor<?x2x4xf32>, tensor<?x2x1xf32>) -> tensor<?x2x4xf32>
    %23 = onnx.ReduceSum(%22, %9) {keepdims = 0 : i64, onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x2x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
    return %23 : tensor<?x4xf32>
  }
}

// -----

// Biases are looked up, too.
// REMARK: raised 'ReduceSum' by P4: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c2.experts : tensor<2x4x6xf32> = #param.file<"m.onnx", 32, 192, tensor<2x4x6xf32>>
// CHECK: param.decl @c3.experts : tensor<2x6x4xf32> = #param.file<"m.onnx", 224, 192, tensor<2x6x4xf32>>
// CHECK: param.decl @c5.experts : tensor<2x6xf32> = #param.file<"m.onnx", 416, 48, tensor<2x6xf32>>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}bias({{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P4"
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<2x4x6xf32> = #param.file<"m.onnx", 32, 192>
  param.decl @c3 : tensor<2x6x4xf32> = #param.file<"m.onnx", 224, 192>
  param.decl @c5 : tensor<2x6xf32> = #param.file<"m.onnx", 416, 48>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = param.load @c2 : tensor<2x4x6xf32>
    %3 = param.load @c3 : tensor<2x6x4xf32>
    %4 = onnx.Constant dense<[1, 2]> : tensor<2xi64>
    %5 = param.load @c5 : tensor<2x6xf32>
    %6 = onnx.Constant dense<2> : tensor<1xi64>
    %7 = onnx.Constant dense<2> : tensor<1xi64>
    %8 = onnx.Constant dense<2> : tensor<1xi64>
    %9 = onnx.Constant dense<1> : tensor<1xi64>
    %10 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %11 = onnx.Softmax(%10) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%11, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %12 = onnx.Gather(%2, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4, 6)>]} : (tensor<2x4x6xf32>, tensor<?x2xi64>) -> tensor<?x2x4x6xf32>
    %13 = onnx.Gather(%3, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 6, 4)>]} : (tensor<2x6x4xf32>, tensor<?x2xi64>) -> tensor<?x2x6x4xf32>
    %14 = onnx.Unsqueeze(%x, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 1, 4)>]} : (tensor<?x4xf32>, tensor<2xi64>) -> tensor<?x1x1x4xf32>
    %15 = onnx.MatMul(%14, %12) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 6)>]} : (tensor<?x1x1x4xf32>, tensor<?x2x4x6xf32>) -> tensor<?x2x1x6xf32>
    %16 = onnx.Gather(%5, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 6)>]} : (tensor<2x6xf32>, tensor<?x2xi64>) -> tensor<?x2x6xf32>
    %17 = onnx.Unsqueeze(%16, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 6)>]} : (tensor<?x2x6xf32>, tensor<1xi64>) -> tensor<?x2x1x6xf32>
    %18 = onnx.Add(%15, %17) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 6)>]} : (tensor<?x2x1x6xf32>, tensor<?x2x1x6xf32>) -> tensor<?x2x1x6xf32>
    %19 = onnx.Relu(%18) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 6)>]} : (tensor<?x2x1x6xf32>) -> tensor<?x2x1x6xf32>
    %20 = onnx.MatMul(%19, %13) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 4)>]} : (tensor<?x2x1x6xf32>, tensor<?x2x6x4xf32>) -> tensor<?x2x1x4xf32>
    %21 = onnx.Squeeze(%20, %7) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4)>]} : (tensor<?x2x1x4xf32>, tensor<1xi64>) -> tensor<?x2x4xf32>
    %22 = onnx.Unsqueeze(%Values, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x2x1xf32>
    %23 = onnx.Mul(%21, %22) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4)>]} : (tensor<?x2x4xf32>, tensor<?x2x1xf32>) -> tensor<?x2x4xf32>
    %24 = onnx.ReduceSum(%23, %9) {keepdims = 0 : i64, onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x2x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
    return %24 : tensor<?x4xf32>
  }
}

// -----

// One choice a token.
// REMARK: raised 'ReduceSum' by P4: 2 experts, 1 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c2.experts : tensor<2x4x6xf32> = #param.file<"m.onnx", 32, 192, tensor<2x4x6xf32>>
// CHECK: param.decl @c3.experts : tensor<2x6x4xf32> = #param.file<"m.onnx", 224, 192, tensor<2x6x4xf32>>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P4"
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<2x4x6xf32> = #param.file<"m.onnx", 32, 192>
  param.decl @c3 : tensor<2x6x4xf32> = #param.file<"m.onnx", 224, 192>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<1> : tensor<1xi64>
    %2 = param.load @c2 : tensor<2x4x6xf32>
    %3 = param.load @c3 : tensor<2x6x4xf32>
    %4 = onnx.Constant dense<[1, 2]> : tensor<2xi64>
    %5 = onnx.Constant dense<2> : tensor<1xi64>
    %6 = onnx.Constant dense<2> : tensor<1xi64>
    %7 = onnx.Constant dense<1> : tensor<1xi64>
    %8 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %9 = onnx.Softmax(%8) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%9, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>, affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x1xf32>, tensor<?x1xi64>)
    %10 = onnx.Gather(%2, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 4, 6)>]} : (tensor<2x4x6xf32>, tensor<?x1xi64>) -> tensor<?x1x4x6xf32>
    %11 = onnx.Gather(%3, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 6, 4)>]} : (tensor<2x6x4xf32>, tensor<?x1xi64>) -> tensor<?x1x6x4xf32>
    %12 = onnx.Unsqueeze(%x, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 1, 4)>]} : (tensor<?x4xf32>, tensor<2xi64>) -> tensor<?x1x1x4xf32>
    %13 = onnx.MatMul(%12, %10) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 1, 6)>]} : (tensor<?x1x1x4xf32>, tensor<?x1x4x6xf32>) -> tensor<?x1x1x6xf32>
    %14 = onnx.Relu(%13) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 1, 6)>]} : (tensor<?x1x1x6xf32>) -> tensor<?x1x1x6xf32>
    %15 = onnx.MatMul(%14, %11) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 1, 4)>]} : (tensor<?x1x1x6xf32>, tensor<?x1x6x4xf32>) -> tensor<?x1x1x4xf32>
    %16 = onnx.Squeeze(%15, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 4)>]} : (tensor<?x1x1x4xf32>, tensor<1xi64>) -> tensor<?x1x4xf32>
    %17 = onnx.Unsqueeze(%Values, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 1)>]} : (tensor<?x1xf32>, tensor<1xi64>) -> tensor<?x1x1xf32>
    %18 = onnx.Mul(%16, %17) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 4)>]} : (tensor<?x1x4xf32>, tensor<?x1x1xf32>) -> tensor<?x1x4xf32>
    %19 = onnx.ReduceSum(%18, %7) {keepdims = 0 : i64, onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x1x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
    return %19 : tensor<?x4xf32>
  }
}

// -----

// Sorted rows, cut where the counts of the experts say.
// REMARK: raised 'ReduceSum' by P5: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c8.experts : tensor<2x4x6xf32> = #param.stack<[#param.file<"m.onnx", 32, 96, tensor<4x6xf32>>, #param.file<"m.onnx", 224, 96, tensor<4x6xf32>>], axis = 0>
// CHECK: param.decl @c9.experts : tensor<2x6x4xf32> = #param.stack<[#param.file<"m.onnx", 128, 96, tensor<6x4xf32>>, #param.file<"m.onnx", 320, 96, tensor<6x4xf32>>], axis = 0>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P5"
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T", "sliced", "sliced_0"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c8 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c9 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  param.decl @c10 : tensor<4x6xf32> = #param.file<"m.onnx", 224, 96>
  param.decl @c11 : tensor<6x4xf32> = #param.file<"m.onnx", 320, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<-1> : tensor<1xi64>
    %3 = onnx.Constant dense<2> : tensor<i64>
    %4 = onnx.Constant dense<1> : tensor<1xi64>
    %5 = onnx.Constant dense<0> : tensor<2xi64>
    %6 = onnx.Constant dense<0> : tensor<i64>
    %7 = onnx.Constant dense<0> : tensor<1xi64>
    %8 = onnx.Constant dense<0> : tensor<1xi64>
    %9 = onnx.Constant dense<0> : tensor<1xi64>
    %10 = param.load @c8 : tensor<4x6xf32>
    %11 = param.load @c9 : tensor<6x4xf32>
    %12 = onnx.Constant dense<1> : tensor<1xi64>
    %13 = onnx.Constant dense<0> : tensor<1xi64>
    %14 = param.load @c10 : tensor<4x6xf32>
    %15 = param.load @c11 : tensor<6x4xf32>
    %16 = onnx.Constant dense<-1> : tensor<1xi64>
    %17 = onnx.Constant dense<1> : tensor<1xi64>
    %18 = onnx.Constant dense<[-1, 2, 4]> : tensor<3xi64>
    %19 = onnx.Constant dense<1> : tensor<1xi64>
    %20 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %21 = onnx.Softmax(%20) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%21, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %22 = onnx.Reshape(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0 * 2)>]} : (tensor<?x2xi64>, tensor<1xi64>) -> tensor<?xi64>
    %Values_0, %Indices_1 = onnx.TopK(%22) {axis = 0 : i64, largest = 0 : i64, onnx.shapes = [affine_map<()[s0] -> (s0 * 2)>, affine_map<()[s0] -> (s0 * 2)>]} : (tensor<?xi64>) -> (tensor<?xi64>, tensor<?xi64>)
    %23 = onnx.Div(%Indices_1, %3) {onnx.shapes = [affine_map<()[s0] -> (s0 * 2)>]} : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
    %24 = onnx.Gather(%x, %23) {onnx.shapes = [affine_map<()[s0] -> (s0 * 2, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %25 = onnx.Expand(%4) {onnx.shapes = [affine_map<()[s0] -> (s0 * 2)>]} : (tensor<1xi64>) -> tensor<?xi64>
    %26 = onnx.ScatterElements(%5, %Values_0, %25) {onnx.shapes = [affine_map<()[s0] -> (2)>], reduction = "add"} : (tensor<2xi64>, tensor<?xi64>, tensor<?xi64>) -> tensor<2xi64>
    %27 = onnx.CumSum(%26, %6) {onnx.axes = array<i64: 0>, onnx.shapes = [affine_map<()[s0] -> (2)>]} : (tensor<2xi64>, tensor<i64>) -> tensor<2xi64>
    %28 = onnx.Gather(%27, %7) {onnx.shapes = [affine_map<()[s0] -> (1)>]} : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
    %29 = onnx.Slice(%24, %8, %28, %9) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4xf32>
    %30 = onnx.MatMul(%29, %10) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %31 = onnx.Relu(%30) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %32 = onnx.MatMul(%31, %11) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %33 = onnx.Gather(%27, %12) {onnx.shapes = [affine_map<()[s0, s1] -> (1)>]} : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
    %34 = onnx.Slice(%24, %28, %33, %13) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4xf32>
    %35 = onnx.MatMul(%34, %14) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %36 = onnx.Relu(%35) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %37 = onnx.MatMul(%36, %15) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %38 = onnx.Concat(%32, %37) {axis = 0 : i64, onnx.shapes = [affine_map<()[s0, s1, s2] -> (s1 + s2, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %39 = onnx.Reshape(%Values, %16) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0 * 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?xf32>
    %40 = onnx.Gather(%39, %Indices_1) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0 * 2)>]} : (tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
    %41 = onnx.Unsqueeze(%40, %17) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0 * 2, 1)>]} : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %42 = onnx.Mul(%38, %41) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s1 + s2, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %Values_2, %Indices_3 = onnx.TopK(%Indices_1) {axis = 0 : i64, largest = 0 : i64, onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0 * 2)>, affine_map<()[s0, s1, s2] -> (s0 * 2)>]} : (tensor<?xi64>) -> (tensor<?xi64>, tensor<?xi64>)
    %43 = onnx.Gather(%42, %Indices_3) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0 * 2, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %44 = onnx.Reshape(%43, %18) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 2, 4)>]} : (tensor<?x4xf32>, tensor<3xi64>) -> tensor<?x2x4xf32>
    %45 = onnx.ReduceSum(%44, %19) {keepdims = 0 : i64, onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 4)>]} : (tensor<?x2x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
    return %45 : tensor<?x4xf32>
  }
}
