// Kernels may be equal where nothing has merged them; all else is checked.
// RUN: moec-opt %s -moec-verify-stage="stage=kernels equal-kernels"
// RUN: not moec-opt %s -moec-verify-stage=stage=kernels 2>&1 | FileCheck %s
// CHECK: after the stage 'kernels': 'func.func' 'b' equals 'a'
func.func private @a(%x: tensor<4xf32>) -> tensor<4xf32> attributes {moec.kernel} {
  %0 = onnx.Add(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func private @b(%x: tensor<4xf32>) -> tensor<4xf32> attributes {moec.kernel} {
  %0 = onnx.Add(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
