// RUN: moec-opt %s --raise-decomposed-layers --split-input-file | FileCheck %s

// Rows are weighted on their way into the experts.

// Rows of tokens before they are dispatched, so that products read rows of one matrix.
// CHECK-LABEL: func.func @main
// CHECK: %[[WEIGHT:.*]] = onnx.GatherElements(
// CHECK: %[[ROWS:.*]] = onnx.Mul(%{{.*}}, %[[WEIGHT]])
// CHECK: moe.dispatch ins(%[[ROWS]],
// CHECK-NOT: moe.dispatch
// CHECK: moe.combine
#map = affine_map<()[s0] -> (s0, 4)>
#map1 = affine_map<()[s0] -> (s0, 8)>
#map2 = affine_map<()[s0] -> (s0 * 4, 8)>
#map3 = affine_map<()[s0] -> (s0, 1)>
#map4 = affine_map<()[s0] -> (4, s0)>
#map5 = affine_map<()[s0] -> (s0 * 4, 1)>
#map6 = affine_map<()[s0] -> (4, s0, 8)>
module @model attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<8x4xf32> = #param.file<"m.onnx", 524, 128> {onnx.name = "c0"}
  param.decl @c7 : tensor<4x8x8xf32> = #param.file<"m.onnx", 824, 1024> {onnx.name = "c7"}
  param.decl @c8 : tensor<4x8x8xf32> = #param.file<"m.onnx", 1866, 1024> {onnx.name = "c8"}
  func.func @main(%arg0: tensor<?x8xf32> {onnx.name = "x", onnx.shape = #map1}) -> (tensor<?x8xf32> {onnx.name = "v16"}) {
    %0 = param.load @c0 : tensor<8x4xf32>
    %1 = onnx.Constant dense<1> : tensor<2xi64>
    %2 = onnx.Constant dense<[4, 1]> : tensor<2xi64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = onnx.Constant dense<0xFF800000> : tensor<f32>
    %5 = onnx.Constant dense<[-1, 1]> : tensor<2xi64>
    %6 = onnx.Constant dense<[4, -1, 8]> : tensor<3xi64>
    %7 = param.load @c7 : tensor<4x8x8xf32>
    %8 = param.load @c8 : tensor<4x8x8xf32>
    %9 = onnx.Constant dense<0> : tensor<1xi64>
    %10 = onnx.MatMul(%arg0, %0) {onnx.shapes = [#map]} : (tensor<?x8xf32>, tensor<8x4xf32>) -> tensor<?x4xf32>
    %11 = onnx.Expand(%arg0, %1) {onnx.shapes = [#map1]} : (tensor<?x8xf32>, tensor<2xi64>) -> tensor<?x8xf32>
    %12 = onnx.Tile(%11, %2) {onnx.shapes = [#map2]} : (tensor<?x8xf32>, tensor<2xi64>) -> tensor<?x8xf32>
    %Values, %Indices = onnx.TopK(%10, %3) {onnx.shapes = [#map3, #map3]} : (tensor<?x4xf32>, tensor<1xi64>) -> (tensor<?x1xf32>, tensor<?x1xi64>)
    %13 = onnx.Expand(%4) {onnx.shapes = [#map]} : (tensor<f32>) -> tensor<?x4xf32>
    %14 = onnx.ScatterElements(%13, %Indices, %Values) {axis = 1 : i64, onnx.shapes = [#map]} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %15 = onnx.Sigmoid(%14) {onnx.shapes = [#map]} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    %16 = onnx.Transpose(%15) {onnx.shapes = [#map4], perm = array<i64: 1, 0>} : (tensor<?x4xf32>) -> tensor<4x?xf32>
    %17 = onnx.Reshape(%16, %5) {onnx.shapes = [#map5]} : (tensor<4x?xf32>, tensor<2xi64>) -> tensor<?x1xf32>
    %18 = onnx.Mul(%12, %17) {onnx.shapes = [#map2]} : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
    %19 = onnx.Reshape(%18, %6) {onnx.shapes = [#map6]} : (tensor<?x8xf32>, tensor<3xi64>) -> tensor<4x?x8xf32>
    %20 = onnx.MatMul(%19, %7) {onnx.shapes = [#map6]} : (tensor<4x?x8xf32>, tensor<4x8x8xf32>) -> tensor<4x?x8xf32>
    %21 = onnx.Relu(%20) {onnx.shapes = [#map6]} : (tensor<4x?x8xf32>) -> tensor<4x?x8xf32>
    %22 = onnx.MatMul(%21, %8) {onnx.shapes = [#map6]} : (tensor<4x?x8xf32>, tensor<4x8x8xf32>) -> tensor<4x?x8xf32>
    %23 = onnx.ReduceSum(%22, %9) {keepdims = 0 : i64, onnx.axes = array<i64: 0>, onnx.shapes = [#map1]} : (tensor<4x?x8xf32>, tensor<1xi64>) -> tensor<?x8xf32>
    return %23 : tensor<?x8xf32>
  }
}

// -----

// What is computed of them where it is dispatched, as are the weights.
// CHECK-LABEL: func.func @main
// CHECK: %[[WEIGHT:.*]] = onnx.GatherElements(
// CHECK: %[[WEIGHTS:.*]] = moe.dispatch ins(%[[WEIGHT]],
// CHECK: %[[SOURCE:.*]] = moe.dispatch ins(
// CHECK: %[[ROWS:.*]] = onnx.Tanh(%[[SOURCE]])
// CHECK: onnx.Mul(%[[ROWS]], %[[WEIGHTS]])
#map = affine_map<()[s0] -> (s0, 4)>
#map1 = affine_map<()[s0] -> (s0, 8)>
#map2 = affine_map<()[s0] -> (s0 * 4, 8)>
#map3 = affine_map<()[s0] -> (s0, 1)>
#map4 = affine_map<()[s0] -> (4, s0)>
#map5 = affine_map<()[s0] -> (s0 * 4, 1)>
#map6 = affine_map<()[s0] -> (4, s0, 8)>
module @model attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<8x4xf32> = #param.file<"m.onnx", 524, 128> {onnx.name = "c0"}
  param.decl @c7 : tensor<4x8x8xf32> = #param.file<"m.onnx", 824, 1024> {onnx.name = "c7"}
  param.decl @c8 : tensor<4x8x8xf32> = #param.file<"m.onnx", 1866, 1024> {onnx.name = "c8"}
  func.func @main(%arg0: tensor<?x8xf32> {onnx.name = "x", onnx.shape = #map1}) -> (tensor<?x8xf32> {onnx.name = "v16"}) {
    %0 = param.load @c0 : tensor<8x4xf32>
    %1 = onnx.Constant dense<1> : tensor<2xi64>
    %2 = onnx.Constant dense<[4, 1]> : tensor<2xi64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = onnx.Constant dense<0xFF800000> : tensor<f32>
    %5 = onnx.Constant dense<[-1, 1]> : tensor<2xi64>
    %6 = onnx.Constant dense<[4, -1, 8]> : tensor<3xi64>
    %7 = param.load @c7 : tensor<4x8x8xf32>
    %8 = param.load @c8 : tensor<4x8x8xf32>
    %9 = onnx.Constant dense<0> : tensor<1xi64>
    %10 = onnx.MatMul(%arg0, %0) {onnx.shapes = [#map]} : (tensor<?x8xf32>, tensor<8x4xf32>) -> tensor<?x4xf32>
    %11 = onnx.Expand(%arg0, %1) {onnx.shapes = [#map1]} : (tensor<?x8xf32>, tensor<2xi64>) -> tensor<?x8xf32>
    %12 = onnx.Tile(%11, %2) {onnx.shapes = [#map2]} : (tensor<?x8xf32>, tensor<2xi64>) -> tensor<?x8xf32>
    %Values, %Indices = onnx.TopK(%10, %3) {onnx.shapes = [#map3, #map3]} : (tensor<?x4xf32>, tensor<1xi64>) -> (tensor<?x1xf32>, tensor<?x1xi64>)
    %13 = onnx.Expand(%4) {onnx.shapes = [#map]} : (tensor<f32>) -> tensor<?x4xf32>
    %14 = onnx.ScatterElements(%13, %Indices, %Values) {axis = 1 : i64, onnx.shapes = [#map]} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %15 = onnx.Sigmoid(%14) {onnx.shapes = [#map]} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    %16 = onnx.Transpose(%15) {onnx.shapes = [#map4], perm = array<i64: 1, 0>} : (tensor<?x4xf32>) -> tensor<4x?xf32>
    %17 = onnx.Reshape(%16, %5) {onnx.shapes = [#map5]} : (tensor<4x?xf32>, tensor<2xi64>) -> tensor<?x1xf32>
    %h = onnx.Tanh(%12) {onnx.shapes = [#map2]} : (tensor<?x8xf32>) -> tensor<?x8xf32>
    %18 = onnx.Mul(%h, %17) {onnx.shapes = [#map2]} : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
    %19 = onnx.Reshape(%18, %6) {onnx.shapes = [#map6]} : (tensor<?x8xf32>, tensor<3xi64>) -> tensor<4x?x8xf32>
    %20 = onnx.MatMul(%19, %7) {onnx.shapes = [#map6]} : (tensor<4x?x8xf32>, tensor<4x8x8xf32>) -> tensor<4x?x8xf32>
    %21 = onnx.Relu(%20) {onnx.shapes = [#map6]} : (tensor<4x?x8xf32>) -> tensor<4x?x8xf32>
    %22 = onnx.MatMul(%21, %8) {onnx.shapes = [#map6]} : (tensor<4x?x8xf32>, tensor<4x8x8xf32>) -> tensor<4x?x8xf32>
    %23 = onnx.ReduceSum(%22, %9) {keepdims = 0 : i64, onnx.axes = array<i64: 0>, onnx.shapes = [#map1]} : (tensor<4x?x8xf32>, tensor<1xi64>) -> tensor<?x8xf32>
    return %23 : tensor<?x8xf32>
  }
}
