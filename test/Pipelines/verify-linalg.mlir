// RUN: moec-opt %s -split-input-file -verify-diagnostics -moec-verify-stage=stage=linalg

func.func private @k(%x: tensor<4xf32>) -> tensor<4xf32> attributes {moec.kernel} {
  // expected-error @+1 {{after the stage 'linalg': 'onnx.Add' was not lowered}}
  %0 = onnx.Add(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func private @k(%y: tensor<6x4xf32>, %i: tensor<3x2xi32>, %w: tensor<3x2xf32>, %o: tensor<3x4xf32>) -> tensor<3x4xf32> attributes {moec.kernel} {
  // expected-error @+1 {{after the stage 'linalg': 'moe.combine' was not lowered and owns no schedule}}
  %0 = moe.combine ins(%y, %i, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%o : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// -----

func.func private @k() attributes {moec.kernel} {
  // expected-error @+1 {{after the stage 'linalg': 'memref.alloc' is a memref before bufferization}}
  %0 = memref.alloc() : memref<4xf32>
  return
}
