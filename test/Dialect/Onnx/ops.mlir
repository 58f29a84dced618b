// RUN: moec-opt %s | moec-opt | FileCheck %s

// CHECK-LABEL: func @add
func.func @add(%a: tensor<?x4xf32>, %b: tensor<4xf32>) -> tensor<?x4xf32> {
  // CHECK: onnx.Add(%{{.*}}, %{{.*}}) {onnx.shapes = [#{{.*}}]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %0 = onnx.Add(%a, %b) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
