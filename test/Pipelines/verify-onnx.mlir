// RUN: moec-opt %s -split-input-file -verify-diagnostics -moec-verify-stage=stage=onnx

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{after the stage 'onnx': 'tensor.empty' is not of the imported graph}}
  %0 = tensor.empty() : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @main(%x: tensor<?xf32> {onnx.shape = affine_map<()[s0] -> (s0)>}) -> tensor<?xf32> {
  // expected-error @+1 {{after the stage 'onnx': 'onnx.Add' has a dynamic extent that nothing describes}}
  %0 = onnx.Add(%x, %x) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// expected-error @+1 {{after the stage 'onnx': 'func.func' has argument 0 with an extent that nothing describes}}
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}
