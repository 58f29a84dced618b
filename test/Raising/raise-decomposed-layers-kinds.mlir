// RUN: moec-opt %s --raise-decomposed-layers --split-input-file | FileCheck %s
// RUN: moec-opt %s --raise-decomposed-layers --split-input-file --remarks-filter=raise-decomposed-layers --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Experts that are not all alike: each kind has a plan and a combination.

// Experts of other operators.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK-DAG: param.decl @{{.*}}.groups : tensor<2xi32> = #param.dense<dense<[0, -1]> : tensor<2xi32>>
// CHECK-DAG: param.decl @{{.*}}.groups_0 : tensor<2xi32> = #param.dense<dense<[-1, 0]> : tensor<2xi32>>
// CHECK: moe.plan ins(%[[IDS:.*]] : tensor<?x2xi32>) groups({{.*}}moe.own_experts = array<i64: 0>
// CHECK: onnx.Tanh({{.*}}moe.layer = "Add"
// CHECK: %[[FIRST:.*]] = moe.combine {{.*}}moe.raised_from = "P2"
// CHECK: moe.plan ins(%[[IDS]] : tensor<?x2xi32>) groups({{.*}}moe.own_experts = array<i64: 1>
// CHECK: onnx.Relu({{.*}}moe.layer = "Add"
// CHECK: %[[SECOND:.*]] = moe.combine
// CHECK: onnx.Add(%[[FIRST]], %[[SECOND]])
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
    %17 = onnx.Tanh(%16) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
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

// Experts of other attributes.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK-DAG: param.decl @{{.*}}.groups : tensor<2xi32> = #param.dense<dense<[0, -1]> : tensor<2xi32>>
// CHECK-DAG: param.decl @{{.*}}.groups_0 : tensor<2xi32> = #param.dense<dense<[-1, 0]> : tensor<2xi32>>
// CHECK: moe.plan ins(%[[IDS:.*]] : tensor<?x2xi32>) groups({{.*}}moe.own_experts = array<i64: 0>
// CHECK: onnx.LeakyRelu({{.*}}alpha = 1.000000e-01 : f32, moe.layer = "Add"
// CHECK: %[[FIRST:.*]] = moe.combine {{.*}}moe.raised_from = "P2"
// CHECK: moe.plan ins(%[[IDS]] : tensor<?x2xi32>) groups({{.*}}moe.own_experts = array<i64: 1>
// CHECK: onnx.LeakyRelu({{.*}}alpha = 2.000000e-01 : f32, moe.layer = "Add"
// CHECK: %[[SECOND:.*]] = moe.combine
// CHECK: onnx.Add(%[[FIRST]], %[[SECOND]])
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
    %17 = onnx.LeakyRelu(%16) {alpha = 1.000000e-01 : f32, onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %18 = onnx.MatMul(%17, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %19 = onnx.Mul(%18, %15) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %20 = onnx.Equal(%Indices, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %21 = onnx.Cast(%20) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %22 = onnx.Mul(%21, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %23 = onnx.ReduceSum(%22, %7) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %24 = onnx.MatMul(%x, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %25 = onnx.LeakyRelu(%24) {alpha = 2.000000e-01 : f32, onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %26 = onnx.MatMul(%25, %9) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %27 = onnx.Mul(%26, %23) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %28 = onnx.Add(%19, %27) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %28 : tensor<?x4xf32>
  }
}

// -----

// Experts of other numbers: one kind.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: moe.plan
// CHECK: %[[OWN:.*]] = moe.grouped_matmul ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x1xf32>, tensor<2x1x1xf32>, tensor<3xi32>)
// CHECK: onnx.Mul(%{{.*}}, %[[OWN]]) {{.*}}moe.layer = "Add"
// CHECK-NOT: moe.plan
// CHECK: moe.combine {{.*}}moe.raised_from = "P2"
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
    %5 = onnx.Constant dense<1.500000e+00> : tensor<f32>
    %6 = param.load @c3 : tensor<6x4xf32>
    %7 = onnx.Constant dense<1> : tensor<i64>
    %8 = onnx.Constant dense<1> : tensor<1xi64>
    %9 = param.load @c4 : tensor<4x6xf32>
    %10 = onnx.Constant dense<2.500000e+00> : tensor<f32>
    %11 = param.load @c5 : tensor<6x4xf32>
    %12 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %13 = onnx.Softmax(%12) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%13, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %14 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %15 = onnx.Cast(%14) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %16 = onnx.Mul(%15, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %17 = onnx.ReduceSum(%16, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %18 = onnx.MatMul(%x, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %19 = onnx.Mul(%18, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>, tensor<f32>) -> tensor<?x6xf32>
    %20 = onnx.MatMul(%19, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %21 = onnx.Mul(%20, %17) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %22 = onnx.Equal(%Indices, %7) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %23 = onnx.Cast(%22) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %24 = onnx.Mul(%23, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %25 = onnx.ReduceSum(%24, %8) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %26 = onnx.MatMul(%x, %9) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %27 = onnx.Mul(%26, %10) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>, tensor<f32>) -> tensor<?x6xf32>
    %28 = onnx.MatMul(%27, %11) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %29 = onnx.Mul(%28, %25) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %30 = onnx.Add(%21, %29) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %30 : tensor<?x4xf32>
  }
}

// -----

// Experts that see other rows.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK-DAG: param.decl @{{.*}}.groups : tensor<2xi32> = #param.dense<dense<[0, -1]> : tensor<2xi32>>
// CHECK-DAG: param.decl @{{.*}}.groups_0 : tensor<2xi32> = #param.dense<dense<[-1, 0]> : tensor<2xi32>>
// CHECK: moe.plan ins(%[[IDS:.*]] : tensor<?x2xi32>) groups({{.*}}moe.own_experts = array<i64: 0>
// CHECK: %[[ROWS:.*]] = moe.dispatch
// CHECK: %[[OWN:.*]] = onnx.Relu(%[[ROWS]])
// CHECK: moe.grouped_matmul ins(%[[OWN]], 
// CHECK: %[[FIRST:.*]] = moe.combine {{.*}}moe.raised_from = "P2"
// CHECK: moe.plan ins(%[[IDS]] : tensor<?x2xi32>) groups({{.*}}moe.own_experts = array<i64: 1>
// CHECK: %[[ROWS:.*]] = moe.dispatch
// CHECK: moe.grouped_matmul ins(%[[ROWS]], 
// CHECK: %[[SECOND:.*]] = moe.combine
// CHECK: onnx.Add(%[[FIRST]], %[[SECOND]])
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
    %16 = onnx.Relu(%x) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    %17 = onnx.MatMul(%16, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %18 = onnx.Relu(%17) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %19 = onnx.MatMul(%18, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %20 = onnx.Mul(%19, %15) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %21 = onnx.Equal(%Indices, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %22 = onnx.Cast(%21) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %23 = onnx.Mul(%22, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %24 = onnx.ReduceSum(%23, %7) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %25 = onnx.MatMul(%x, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %26 = onnx.Relu(%25) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %27 = onnx.MatMul(%26, %9) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %28 = onnx.Mul(%27, %24) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %29 = onnx.Add(%20, %28) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %29 : tensor<?x4xf32>
  }
}

// -----

// A vector of each expert that is no bias.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: %[[ACT:.*]] = onnx.Relu({{.*}}moe.layer = "Add"
// CHECK: %[[OWN:.*]] = moe.grouped_matmul ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x1xf32>, tensor<2x1x6xf32>, tensor<3xi32>)
// CHECK: onnx.Add(%[[ACT]], %[[OWN]]) {{.*}}moe.layer = "Add"
// CHECK-NOT: moe.plan
// CHECK: moe.combine {{.*}}moe.raised_from = "P2"
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c8 : tensor<6xf32> = #param.file<"m.onnx", 128, 24>
  param.decl @c3 : tensor<6x4xf32> = #param.file<"m.onnx", 152, 96>
  param.decl @c4 : tensor<4x6xf32> = #param.file<"m.onnx", 248, 96>
  param.decl @c11 : tensor<6xf32> = #param.file<"m.onnx", 344, 24>
  param.decl @c5 : tensor<6x4xf32> = #param.file<"m.onnx", 368, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = param.load @c2 : tensor<4x6xf32>
    %5 = param.load @c8 : tensor<6xf32>
    %6 = param.load @c3 : tensor<6x4xf32>
    %7 = onnx.Constant dense<1> : tensor<i64>
    %8 = onnx.Constant dense<1> : tensor<1xi64>
    %9 = param.load @c4 : tensor<4x6xf32>
    %10 = param.load @c11 : tensor<6xf32>
    %11 = param.load @c5 : tensor<6x4xf32>
    %12 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %13 = onnx.Softmax(%12) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%13, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %14 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %15 = onnx.Cast(%14) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %16 = onnx.Mul(%15, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %17 = onnx.ReduceSum(%16, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %18 = onnx.MatMul(%x, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %19 = onnx.Relu(%18) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %20 = onnx.Add(%19, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>, tensor<6xf32>) -> tensor<?x6xf32>
    %21 = onnx.MatMul(%20, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %22 = onnx.Mul(%21, %17) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %23 = onnx.Equal(%Indices, %7) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %24 = onnx.Cast(%23) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %25 = onnx.Mul(%24, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %26 = onnx.ReduceSum(%25, %8) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %27 = onnx.MatMul(%x, %9) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %28 = onnx.Relu(%27) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %29 = onnx.Add(%28, %10) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>, tensor<6xf32>) -> tensor<?x6xf32>
    %30 = onnx.MatMul(%29, %11) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %31 = onnx.Mul(%30, %26) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %32 = onnx.Add(%22, %31) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %32 : tensor<?x4xf32>
  }
}

// -----

// Rows that were gathered from something else.
// REMARK: raised 'ScatterND' by P3: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: moe.plan ins(%[[IDS:.*]] : tensor<?x2xi32>) groups({{.*}}moe.own_experts = array<i64: 0>
// CHECK: moe.dispatch ins(%[[X:[^,]*]],
// CHECK: moe.combine {{.*}}moe.raised_from = "P3"
// CHECK: moe.plan ins(%[[IDS]] : tensor<?x2xi32>) groups({{.*}}moe.own_experts = array<i64: 1>
// CHECK-NOT: moe.dispatch ins(%[[X]],
// CHECK: moe.dispatch
// CHECK: moe.combine
module attributes {onnx.symbols = ["T", "nonzero", "nonzero_0"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c3 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  param.decl @c4 : tensor<4x6xf32> = #param.file<"m.onnx", 224, 96>
  param.decl @c5 : tensor<6x4xf32> = #param.file<"m.onnx", 320, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<0> : tensor<1xi64>
    %4 = param.load @c2 : tensor<4x6xf32>
    %5 = param.load @c3 : tensor<6x4xf32>
    %6 = onnx.Constant dense<1> : tensor<1xi64>
    %7 = onnx.Constant dense<1> : tensor<i64>
    %8 = onnx.Constant dense<0> : tensor<1xi64>
    %9 = param.load @c4 : tensor<4x6xf32>
    %10 = param.load @c5 : tensor<6x4xf32>
    %11 = onnx.Constant dense<1> : tensor<1xi64>
    %12 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %13 = onnx.Softmax(%12) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%13, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %14 = onnx.ConstantOfShape() {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : () -> tensor<?x4xf32>
    %15 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %16 = onnx.NonZero(%15) {onnx.shapes = [affine_map<()[s0, s1] -> (2, s1)>]} : (tensor<?x2xi1>) -> tensor<2x?xi64>
    %17:2 = onnx.Split(%16) {num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0, s1] -> (1, s1)>, affine_map<()[s0, s1] -> (1, s1)>]} : (tensor<2x?xi64>) -> (tensor<1x?xi64>, tensor<1x?xi64>)
    %18 = onnx.Squeeze(%17#0, %3) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %19 = onnx.Gather(%x, %18) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %20 = onnx.MatMul(%19, %4) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %21 = onnx.Relu(%20) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %22 = onnx.MatMul(%21, %5) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %23 = onnx.Unsqueeze(%18, %6) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %24 = onnx.ScatterND(%14, %23, %22) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4)>], reduction = "add"} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %25 = onnx.Equal(%Indices, %7) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %26 = onnx.NonZero(%25) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (2, s2)>]} : (tensor<?x2xi1>) -> tensor<2x?xi64>
    %27:2 = onnx.Split(%26) {num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0, s1, s2] -> (1, s2)>, affine_map<()[s0, s1, s2] -> (1, s2)>]} : (tensor<2x?xi64>) -> (tensor<1x?xi64>, tensor<1x?xi64>)
    %28 = onnx.Squeeze(%27#0, %8) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %29 = onnx.Relu(%x) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 4)>]} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    %30 = onnx.Gather(%29, %28) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %31 = onnx.MatMul(%30, %9) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %32 = onnx.Relu(%31) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %33 = onnx.MatMul(%32, %10) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %34 = onnx.Unsqueeze(%28, %11) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %35 = onnx.ScatterND(%24, %34, %33) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 4)>], reduction = "add"} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %35 : tensor<?x4xf32>
  }
}

// -----

// An expert of zeros is of no kind. Where its weight is no number, neither is
// what the layer gives.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: #param.dense<dense<[0, -1]> : tensor<2xi32>>
// CHECK: moe.plan {{.*}}moe.own_experts = array<i64: 0>
// CHECK: moe.combine {{.*}}moe.raised_from = "P2"{{.*}}propagate_nan
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c3 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  func.func @main(%arg0: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "v19"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = param.load @c2 : tensor<4x6xf32>
    %5 = param.load @c3 : tensor<6x4xf32>
    %6 = onnx.Constant dense<1> : tensor<i64>
    %7 = onnx.Constant dense<1> : tensor<1xi64>
    %8 = onnx.MatMul(%arg0, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %9 = onnx.Softmax(%8) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%9, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %10 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %11 = onnx.Cast(%10) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %12 = onnx.Mul(%11, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %13 = onnx.ReduceSum(%12, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %14 = onnx.MatMul(%arg0, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %15 = onnx.Relu(%14) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %16 = onnx.MatMul(%15, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %17 = onnx.Mul(%16, %13) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %18 = onnx.Equal(%Indices, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %19 = onnx.Cast(%18) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %20 = onnx.Mul(%19, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %21 = onnx.ReduceSum(%20, %7) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %22 = onnx.ConstantOfShape() {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : () -> tensor<?x4xf32>
    %23 = onnx.Mul(%22, %21) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %24 = onnx.Add(%17, %23) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %24 : tensor<?x4xf32>
  }
}

// -----

// Experts that differ in vectors are alike: each vector is a row of weights,
// times one.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: %[[OFFSETS:.*]], %{{.*}}, %{{.*}} = moe.plan ins(%{{.*}} : tensor<?x2xi32>) outs(
// CHECK: %[[ROWS:.*]] = moe.grouped_matmul
// CHECK: %[[SCALE:.*]] = moe.grouped_matmul ins(%{{.*}}, %{{.*}}, %[[OFFSETS]] : tensor<?x1xf32>, tensor<2x1x4xf32>, tensor<3xi32>)
// CHECK: %[[BIAS:.*]] = moe.grouped_matmul ins(%{{.*}}, %{{.*}}, %[[OFFSETS]] : tensor<?x1xf32>, tensor<2x1x4xf32>, tensor<3xi32>)
// CHECK: onnx.LayerNormalization(%[[ROWS]], %[[SCALE]], %[[BIAS]]) {axis = 1
// CHECK-NOT: moe.plan
// CHECK: moe.combine {{.*}}moe.raised_from = "P2"
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<4x4xf32> = #param.file<"m.onnx", 32, 64>
  param.decl @c3 : tensor<4xf32> = #param.file<"m.onnx", 96, 16>
  param.decl @c4 : tensor<4xf32> = #param.file<"m.onnx", 112, 16>
  param.decl @c5 : tensor<4x4xf32> = #param.file<"m.onnx", 128, 64>
  param.decl @c6 : tensor<4xf32> = #param.file<"m.onnx", 192, 16>
  param.decl @c7 : tensor<4xf32> = #param.file<"m.onnx", 208, 16>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = param.load @c2 : tensor<4x4xf32>
    %5 = param.load @c3 : tensor<4xf32>
    %s0 = param.load @c4 : tensor<4xf32>
    %6 = onnx.Constant dense<1> : tensor<i64>
    %7 = onnx.Constant dense<1> : tensor<1xi64>
    %8 = param.load @c5 : tensor<4x4xf32>
    %9 = param.load @c6 : tensor<4xf32>
    %s1 = param.load @c7 : tensor<4xf32>
    %10 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %11 = onnx.Softmax(%10) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%11, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %12 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %13 = onnx.Cast(%12) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %14 = onnx.Mul(%13, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %15 = onnx.ReduceSum(%14, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %16 = onnx.MatMul(%x, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
    %17 = onnx.LayerNormalization(%16, %5, %s0) {axis = -1 : i64, resultSegmentSizes = array<i32: 1, 0, 0>, onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %19 = onnx.Mul(%17, %15) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %20 = onnx.Equal(%Indices, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %21 = onnx.Cast(%20) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %22 = onnx.Mul(%21, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %23 = onnx.ReduceSum(%22, %7) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %24 = onnx.MatMul(%x, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
    %25 = onnx.LayerNormalization(%24, %9, %s1) {axis = -1 : i64, resultSegmentSizes = array<i32: 1, 0, 0>, onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %27 = onnx.Mul(%25, %23) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %28 = onnx.Add(%19, %27) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %28 : tensor<?x4xf32>
  }
}
