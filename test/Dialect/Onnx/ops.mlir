// RUN: moec-opt %s | moec-opt | FileCheck %s

// CHECK-LABEL: func @add
func.func @add(%a: tensor<?x4xf32>, %b: tensor<4xf32>) -> tensor<?x4xf32> {
  // CHECK: onnx.Add(%{{.*}}, %{{.*}}) {onnx.shapes = [#{{.*}}]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %0 = onnx.Add(%a, %b) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// CHECK-LABEL: func @constant
func.func @constant() -> (tensor<2xi64>, tensor<ui8>, tensor<3xf16>) {
  // CHECK: onnx.Constant dense<[1, -1]> : tensor<2xi64>
  %0 = onnx.Constant dense<[1, -1]> : tensor<2xi64>
  // CHECK: onnx.Constant dense<200> : tensor<ui8>
  %1 = onnx.Constant dense<200> : tensor<ui8>
  // CHECK: onnx.Constant dense<1.000000e+00> : tensor<3xf16>
  %2 = onnx.Constant dense<1.0> : tensor<3xf16>
  return %0, %1, %2 : tensor<2xi64>, tensor<ui8>, tensor<3xf16>
}
