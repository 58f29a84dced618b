// RUN: moec-opt %s --raise-decomposed-layers --split-input-file | FileCheck %s
// RUN: moec-opt %s --raise-decomposed-layers --split-input-file --remarks-filter=raise-decomposed-layers --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Each expert on all tokens, weighted by its gate.

// Weights set where the ids are.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c3.experts : tensor<2x4x6xf32> = #param.stack<[#param.file<"m.onnx", 32, 96, tensor<4x6xf32>>, #param.file<"m.onnx", 224, 96, tensor<4x6xf32>>], axis = 0>
// CHECK: param.decl @c4.experts : tensor<2x6x4xf32> = #param.stack<[#param.file<"m.onnx", 128, 96, tensor<6x4xf32>>, #param.file<"m.onnx", 320, 96, tensor<6x4xf32>>], axis = 0>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P2"
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c3 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c4 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  param.decl @c5 : tensor<4x6xf32> = #param.file<"m.onnx", 224, 96>
  param.decl @c6 : tensor<6x4xf32> = #param.file<"m.onnx", 320, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = param.load @c3 : tensor<4x6xf32>
    %3 = param.load @c4 : tensor<6x4xf32>
    %4 = onnx.Constant dense<0> : tensor<1xi64>
    %5 = param.load @c5 : tensor<4x6xf32>
    %6 = param.load @c6 : tensor<6x4xf32>
    %7 = onnx.Constant dense<1> : tensor<1xi64>
    %8 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %9 = onnx.Softmax(%8) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%9, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %10 = onnx.ConstantOfShape() {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : () -> tensor<?x2xf32>
    %11 = onnx.ScatterElements(%10, %Indices, %Values) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xi64>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %12 = onnx.MatMul(%x, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %13 = onnx.Relu(%12) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %14 = onnx.MatMul(%13, %3) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %15 = onnx.Gather(%11, %4) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %16 = onnx.Mul(%14, %15) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %17 = onnx.MatMul(%x, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %18 = onnx.Relu(%17) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %19 = onnx.MatMul(%18, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %20 = onnx.Gather(%11, %7) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %21 = onnx.Mul(%19, %20) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %22 = onnx.Add(%16, %21) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %22 : tensor<?x4xf32>
  }
}

// -----

// Softmax of what is minus infinity elsewhere, cut by Split.
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
    %2 = param.load @c2 : tensor<4x6xf32>
    %3 = param.load @c3 : tensor<6x4xf32>
    %4 = param.load @c4 : tensor<4x6xf32>
    %5 = param.load @c5 : tensor<6x4xf32>
    %6 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%6, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %7 = onnx.ConstantOfShape() {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], value = dense<0xFF800000> : tensor<1xf32>} : () -> tensor<?x2xf32>
    %8 = onnx.ScatterElements(%7, %Indices, %Values) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xi64>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %9 = onnx.Softmax(%8) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %10:2 = onnx.Split(%9) {axis = 1 : i64, num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>, affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>) -> (tensor<?x1xf32>, tensor<?x1xf32>)
    %11 = onnx.MatMul(%x, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %12 = onnx.Relu(%11) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %13 = onnx.MatMul(%12, %3) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %14 = onnx.Mul(%13, %10#0) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %15 = onnx.MatMul(%x, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %16 = onnx.Relu(%15) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %17 = onnx.MatMul(%16, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %18 = onnx.Mul(%17, %10#1) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %19 = onnx.Add(%14, %18) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %19 : tensor<?x4xf32>
  }
}

// -----

// Biases, of a Gemm and by Add.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c8.experts : tensor<2x6x4xf32> = #param.stack<[#param.file<"m.onnx", 32, 96, tensor<6x4xf32>>, #param.file<"m.onnx", 264, 96, tensor<6x4xf32>>], axis = 0>
// CHECK: param.decl @c9.experts : tensor<2x6xf32> = #param.stack<[#param.file<"m.onnx", 128, 24, tensor<6xf32>>, #param.file<"m.onnx", 360, 24, tensor<6xf32>>], axis = 0>
// CHECK: param.decl @c3.experts : tensor<2x6x4xf32> = #param.stack<[#param.file<"m.onnx", 152, 96, tensor<6x4xf32>>, #param.file<"m.onnx", 384, 96, tensor<6x4xf32>>], axis = 0>
// CHECK: param.decl @c10.experts : tensor<2x4xf32> = #param.stack<[#param.file<"m.onnx", 248, 16, tensor<4xf32>>, #param.file<"m.onnx", 480, 16, tensor<4xf32>>], axis = 0>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}bias({{.*}}layout = #moe.layout<nk>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}bias({{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P2"
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c8 : tensor<6x4xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c9 : tensor<6xf32> = #param.file<"m.onnx", 128, 24>
  param.decl @c3 : tensor<6x4xf32> = #param.file<"m.onnx", 152, 96>
  param.decl @c10 : tensor<4xf32> = #param.file<"m.onnx", 248, 16>
  param.decl @c13 : tensor<6x4xf32> = #param.file<"m.onnx", 264, 96>
  param.decl @c14 : tensor<6xf32> = #param.file<"m.onnx", 360, 24>
  param.decl @c5 : tensor<6x4xf32> = #param.file<"m.onnx", 384, 96>
  param.decl @c15 : tensor<4xf32> = #param.file<"m.onnx", 480, 16>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = param.load @c8 : tensor<6x4xf32>
    %5 = param.load @c9 : tensor<6xf32>
    %6 = param.load @c3 : tensor<6x4xf32>
    %7 = param.load @c10 : tensor<4xf32>
    %8 = onnx.Constant dense<1> : tensor<i64>
    %9 = onnx.Constant dense<1> : tensor<1xi64>
    %10 = param.load @c13 : tensor<6x4xf32>
    %11 = param.load @c14 : tensor<6xf32>
    %12 = param.load @c5 : tensor<6x4xf32>
    %13 = param.load @c15 : tensor<4xf32>
    %14 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %15 = onnx.Softmax(%14) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%15, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %16 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %17 = onnx.Cast(%16) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %18 = onnx.Mul(%17, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %19 = onnx.ReduceSum(%18, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %20 = onnx.Gemm(%x, %4, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>], transB = 1 : i64} : (tensor<?x4xf32>, tensor<6x4xf32>, tensor<6xf32>) -> tensor<?x6xf32>
    %21 = onnx.Relu(%20) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %22 = onnx.MatMul(%21, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %23 = onnx.Add(%22, %7) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %24 = onnx.Mul(%23, %19) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %25 = onnx.Equal(%Indices, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %26 = onnx.Cast(%25) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %27 = onnx.Mul(%26, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %28 = onnx.ReduceSum(%27, %9) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %29 = onnx.Gemm(%x, %10, %11) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>], transB = 1 : i64} : (tensor<?x4xf32>, tensor<6x4xf32>, tensor<6xf32>) -> tensor<?x6xf32>
    %30 = onnx.Relu(%29) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %31 = onnx.MatMul(%30, %12) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %32 = onnx.Add(%31, %13) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %33 = onnx.Mul(%32, %28) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %34 = onnx.Add(%24, %33) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %34 : tensor<?x4xf32>
  }
}

// -----

// A gate cut from one product.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c8.experts : tensor<2x4x12xf32> = #param.stack<[#param.file<"m.onnx", 32, 192, tensor<4x12xf32>>, #param.file<"m.onnx", 320, 192, tensor<4x12xf32>>], axis = 0>
// CHECK: param.decl @c3.experts : tensor<2x6x4xf32> = #param.stack<[#param.file<"m.onnx", 224, 96, tensor<6x4xf32>>, #param.file<"m.onnx", 512, 96, tensor<6x4xf32>>], axis = 0>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Split({{.*}}moe.layer
// CHECK: onnx.Sigmoid({{.*}}moe.layer
// CHECK: onnx.Mul({{.*}}moe.layer
// CHECK: onnx.Mul({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P2"
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c8 : tensor<4x12xf32> = #param.file<"m.onnx", 32, 192>
  param.decl @c3 : tensor<6x4xf32> = #param.file<"m.onnx", 224, 96>
  param.decl @c11 : tensor<4x12xf32> = #param.file<"m.onnx", 320, 192>
  param.decl @c5 : tensor<6x4xf32> = #param.file<"m.onnx", 512, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = param.load @c8 : tensor<4x12xf32>
    %5 = param.load @c3 : tensor<6x4xf32>
    %6 = onnx.Constant dense<1> : tensor<i64>
    %7 = onnx.Constant dense<1> : tensor<1xi64>
    %8 = param.load @c11 : tensor<4x12xf32>
    %9 = param.load @c5 : tensor<6x4xf32>
    %10 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %11 = onnx.Softmax(%10) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%11, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %12 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %13 = onnx.Cast(%12) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %14 = onnx.Mul(%13, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %15 = onnx.ReduceSum(%14, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %16 = onnx.MatMul(%x, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 12)>]} : (tensor<?x4xf32>, tensor<4x12xf32>) -> tensor<?x12xf32>
    %17:2 = onnx.Split(%16) {axis = 1 : i64, num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 6)>, affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x12xf32>) -> (tensor<?x6xf32>, tensor<?x6xf32>)
    %18 = onnx.Sigmoid(%17#1) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %19 = onnx.Mul(%17#1, %18) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
    %20 = onnx.Mul(%19, %17#0) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
    %21 = onnx.MatMul(%20, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %22 = onnx.Mul(%21, %15) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %23 = onnx.Equal(%Indices, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %24 = onnx.Cast(%23) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %25 = onnx.Mul(%24, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %26 = onnx.ReduceSum(%25, %7) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %27 = onnx.MatMul(%x, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 12)>]} : (tensor<?x4xf32>, tensor<4x12xf32>) -> tensor<?x12xf32>
    %28:2 = onnx.Split(%27) {axis = 1 : i64, num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 6)>, affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x12xf32>) -> (tensor<?x6xf32>, tensor<?x6xf32>)
    %29 = onnx.Sigmoid(%28#1) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %30 = onnx.Mul(%28#1, %29) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
    %31 = onnx.Mul(%30, %28#0) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
    %32 = onnx.MatMul(%31, %9) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %33 = onnx.Mul(%32, %26) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %34 = onnx.Add(%22, %33) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %34 : tensor<?x4xf32>
  }
}

// -----

// All experts in one value.
// REMARK: raised 'ReduceSum' by P2b: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c7.experts : tensor<2x4x6xf32> = #param.file<"m.onnx", 32, 192, tensor<2x4x6xf32>>
// CHECK: param.decl @c8.experts : tensor<2x6x4xf32> = #param.file<"m.onnx", 224, 192, tensor<2x6x4xf32>>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P2b"
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c7 : tensor<2x4x6xf32> = #param.file<"m.onnx", 32, 192>
  param.decl @c8 : tensor<2x6x4xf32> = #param.file<"m.onnx", 224, 192>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<2> : tensor<1xi64>
    %3 = onnx.Constant dense<[0, 1]> : tensor<2xi64>
    %4 = onnx.Constant dense<2> : tensor<1xi64>
    %5 = onnx.Constant dense<1> : tensor<1xi64>
    %6 = onnx.Constant dense<0> : tensor<1xi64>
    %7 = param.load @c7 : tensor<2x4x6xf32>
    %8 = param.load @c8 : tensor<2x6x4xf32>
    %9 = onnx.Constant dense<2> : tensor<1xi64>
    %10 = onnx.Constant dense<0> : tensor<1xi64>
    %11 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %12 = onnx.Softmax(%11) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%12, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %13 = onnx.OneHot(%Indices, %2, %3) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 2)>]} : (tensor<?x2xi64>, tensor<1xi64>, tensor<2xi64>) -> tensor<?x2x2xi64>
    %14 = onnx.Cast(%13) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 2)>], to = f32} : (tensor<?x2x2xi64>) -> tensor<?x2x2xf32>
    %15 = onnx.Unsqueeze(%Values, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x2x1xf32>
    %16 = onnx.Mul(%14, %15) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 2)>]} : (tensor<?x2x2xf32>, tensor<?x2x1xf32>) -> tensor<?x2x2xf32>
    %17 = onnx.ReduceSum(%16, %5) {keepdims = 0 : i64, onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2x2xf32>, tensor<1xi64>) -> tensor<?x2xf32>
    %18 = onnx.Unsqueeze(%x, %6) {onnx.shapes = [affine_map<()[s0] -> (1, s0, 4)>]} : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<1x?x4xf32>
    %19 = onnx.MatMul(%18, %7) {onnx.shapes = [affine_map<()[s0] -> (2, s0, 6)>]} : (tensor<1x?x4xf32>, tensor<2x4x6xf32>) -> tensor<2x?x6xf32>
    %20 = onnx.Relu(%19) {onnx.shapes = [affine_map<()[s0] -> (2, s0, 6)>]} : (tensor<2x?x6xf32>) -> tensor<2x?x6xf32>
    %21 = onnx.MatMul(%20, %8) {onnx.shapes = [affine_map<()[s0] -> (2, s0, 4)>]} : (tensor<2x?x6xf32>, tensor<2x6x4xf32>) -> tensor<2x?x4xf32>
    %22 = onnx.Transpose(%17) {onnx.shapes = [affine_map<()[s0] -> (2, s0)>], perm = array<i64: 1, 0>} : (tensor<?x2xf32>) -> tensor<2x?xf32>
    %23 = onnx.Unsqueeze(%22, %9) {onnx.shapes = [affine_map<()[s0] -> (2, s0, 1)>]} : (tensor<2x?xf32>, tensor<1xi64>) -> tensor<2x?x1xf32>
    %24 = onnx.Mul(%21, %23) {onnx.shapes = [affine_map<()[s0] -> (2, s0, 4)>]} : (tensor<2x?x4xf32>, tensor<2x?x1xf32>) -> tensor<2x?x4xf32>
    %25 = onnx.ReduceSum(%24, %10) {keepdims = 0 : i64, onnx.axes = array<i64: 0>, onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<2x?x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
    return %25 : tensor<?x4xf32>
  }
}
