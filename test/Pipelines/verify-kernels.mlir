// RUN: moec-opt %s -split-input-file -verify-diagnostics -moec-verify-stage=stage=kernels

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{after the stage 'kernels': 'onnx.Add' computes elements outside of a kernel}}
  %0 = onnx.Add(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// expected-error @+1 {{after the stage 'kernels': 'func.func' is a kernel but not private}}
func.func @k(%x: tensor<4xf32>) -> tensor<4xf32> attributes {moec.kernel} {
  return %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{after the stage 'kernels': 'func.func' is a kernel that returns another thing than tensors}}
func.func private @k(%x: tensor<4xf32>, %i: index) -> (tensor<4xf32>, index) attributes {moec.kernel} {
  return %x, %i : tensor<4xf32>, index
}

// -----

param.decl @w : tensor<2xf32> = #param.file<"m.data", 0, 8>
func.func private @k(%x: tensor<2xf32>) -> tensor<2xf32> attributes {moec.kernel} {
  // expected-error @+1 {{after the stage 'kernels': 'param.load' is in a kernel, which takes its weights as operands}}
  %0 = param.load @w : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func private @a(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> attributes {moec.kernel} {
  %0 = onnx.Add(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
// expected-error @+1 {{after the stage 'kernels': 'func.func' 'b' equals 'a'}}
func.func private @b(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> attributes {moec.kernel} {
  %0 = onnx.Add(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
