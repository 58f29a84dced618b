// RUN: moec-opt %s -one-shot-bufferize="bufferize-function-boundaries" -verify-diagnostics

func.func @main(%ids: tensor<4x4xi32>, %weights: tensor<4x2xf32>) {
  %part = tensor.extract_slice %ids[0, 0] [4, 2] [1, 1] : tensor<4x4xi32> to tensor<4x2xi32>
  // expected-error @below {{reads a buffer that is not row-major}}
  // expected-error @below {{failed to bufferize op}}
  rt.profile 0, %part, %weights : tensor<4x2xi32>, tensor<4x2xf32>
  return
}
