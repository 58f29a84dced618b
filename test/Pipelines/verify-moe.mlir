// RUN: moec-opt %s -split-input-file -verify-diagnostics -moec-verify-stage=stage=moe

func.func @main(%x: tensor<3x4xf32>, %r: tensor<3x2xf32>, %w1: tensor<2x6x4xf32>, %w2: tensor<2x4x6xf32>) -> tensor<3x4xf32> {
  // expected-error @+1 {{after the stage 'moe': 'onnx.MoE' was not raised}}
  %0 = onnx.MoE(%x, %r, %w1, %w2) {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<3x4xf32>, tensor<3x2xf32>, tensor<2x6x4xf32>, tensor<2x4x6xf32>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{after the stage 'moe': 'math.exp' is neither onnx nor moe}}
  %0 = math.exp %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}
