// RUN: moec-opt %s -convert-onnx-to-linalg | FileCheck %s

// CHECK-LABEL: func @add
// CHECK-SAME: (%[[A:.*]]: tensor<?x4xf32>, %[[B:.*]]: tensor<4xf32>)
func.func @add(%a: tensor<?x4xf32> {onnx.shape = affine_map<()[s0] -> (s0, 4)>},
               %b: tensor<4xf32>) -> tensor<?x4xf32> {
  // CHECK: %[[T:.*]] = tensor.dim %[[A]]
  // CHECK: tensor.empty(%[[T]]) : tensor<?x4xf32>
  // CHECK: linalg.generic
  // CHECK: arith.addf
  %0 = onnx.Add(%a, %b) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// CHECK-LABEL: func @unsigned
// CHECK-SAME: tensor<4xi8>, %{{.*}}: tensor<4xi8>) -> tensor<4xi8>
func.func @unsigned(%a: tensor<4xui8>, %b: tensor<4xui8>) -> tensor<4xui8> {
  // CHECK: arith.addi
  %0 = onnx.Add(%a, %b) : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xui8>
  return %0 : tensor<4xui8>
}
