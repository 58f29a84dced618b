// RUN: moec-opt %s --raise-onnx-to-moe=ort-cpu-compat --split-input-file | FileCheck %s

// Where ONNX Runtime's CPU kernels have rules of their own.

// The sparse mixer is ignored.
// CHECK-LABEL: func @main
// CHECK: moe.route {{.*}} {drop_nonpositive, moe.layer = "f", renormalize, score = #moe.score<softmax_all>, tie = #moe.tie<highest>
func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<6x64xf32> {
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, use_sparse_mixer = 1 : i64, normalize_routing_weights = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<6x64xf32> loc("f")
  return %0 : tensor<6x64xf32>
}

// -----

// The older layout is read as it lies.
// CHECK-LABEL: func @main
// CHECK-NOT: onnx.Transpose
// CHECK: %[[F:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2]] : tensor<8x64x48xf32> into tensor<8x3072xf32>
// CHECK: %[[R:.*]] = tensor.expand_shape %[[F]] {{\[\[}}0], [1, 2]] output_shape [8, 48, 64]
// CHECK: moe.expert_ffn ins(%{{.*}}, %{{.*}}, %{{.*}}, %[[R]],
func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x64x48xf32>, %w2: tensor<8x48x64xf32>) -> tensor<6x64xf32> {
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "silu", operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x64x48xf32>, tensor<8x48x64xf32>) -> tensor<6x64xf32> loc("g")
  return %0 : tensor<6x64xf32>
}
