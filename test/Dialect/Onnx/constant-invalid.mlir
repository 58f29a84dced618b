// RUN: moec-opt %s --split-input-file --verify-diagnostics

func.func @resource() -> tensor<2xi64> {
  // expected-error @+1 {{invalid kind of attribute specified}}
  %0 = onnx.Constant dense_resource<blob> : tensor<2xi64>
  return %0 : tensor<2xi64>
}

// -----

func.func @type() -> tensor<2xi32> {
  // expected-error @+1 {{failed to verify that all of {value, output} have same type}}
  %0 = "onnx.Constant"() {value = dense<1> : tensor<2xi64>} : () -> tensor<2xi32>
  return %0 : tensor<2xi32>
}
