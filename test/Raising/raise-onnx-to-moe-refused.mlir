// RUN: moec-opt %s --raise-onnx-to-moe --split-input-file --verify-diagnostics

// Forms of MoE and QMoE that are refused, each by the input or attribute that
// is the reason.

func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>, %w3: tensor<8x48x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: input 'fc3_experts_weights' is present}}
  %0 = onnx.MoE(%x, %s, %w1, %w2, %w3) {k = 2 : i64, activation_type = "silu", operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 1, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>, tensor<8x48x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: attribute 'swiglu_fusion' is 0; interleave}}
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "swiglu", swiglu_fusion = 0 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: attribute 'swiglu_fusion' is 2; interleave}}
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "swiglu", swiglu_fusion = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: attribute 'use_sparse_mixer' is set}}
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, use_sparse_mixer = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: attribute 'activation_type' is 'tanh'; use relu, gelu, silu, identity or swiglu}}
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "tanh", operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: attribute 'swiglu_limit' must be positive}}
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "swiglu", swiglu_fusion = 1 : i64, swiglu_limit = 0.0 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: attributes 'activation_alpha' and 'activation_beta' must be finite}}
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "swiglu", swiglu_fusion = 1 : i64, activation_alpha = 0x7F800000 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%x: tensor<6x64xf64>, %s: tensor<6x8xf64>, %w1: tensor<8x48x64xf64>, %w2: tensor<8x64x48xf64>) -> tensor<6x64xf64> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: an input has elements of type f64}}
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf64>, tensor<6x8xf64>, tensor<8x48x64xf64>, tensor<8x64x48xf64>) -> tensor<6x64xf64>
  return %0 : tensor<6x64xf64>
}

// -----

// Every reason is given, in one run.
func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>, %w3: tensor<8x48x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: attribute 'activation_type'}}
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: attribute 'use_sparse_mixer'}}
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: input 'fc3_experts_weights'}}
  %0 = onnx.MoE(%x, %s, %w1, %w2, %w3) {k = 2 : i64, activation_type = "tanh", use_sparse_mixer = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 1, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>, tensor<8x48x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc1_zero_points: tensor<8x24xui8>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_zero_points' is present}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc1_zero_points) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8x24xui8>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc2_zero_points: tensor<8x32xui8>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_zero_points' is present}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc2_zero_points) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8x32xui8>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc3_zero_points: tensor<8x24xui8>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc3_zero_points' is present}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc3_zero_points) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8x24xui8>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %router_weights: tensor<6x8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'router_weights' is present}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %router_weights) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<6x8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc1_global_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_global_scale' is present}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc1_global_scale) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc2_global_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_global_scale' is present}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc2_global_scale) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc1_act_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_act_scale' is present}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc1_act_scale) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc2_act_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_act_scale' is present}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc2_act_scale) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc1_act_block_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_act_block_scale' is present}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc1_act_block_scale) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc2_act_block_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_act_block_scale' is present}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc2_act_block_scale) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc3_scales: tensor<8x48xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc3_scales' is present}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc3_scales) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8x48xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: attribute 'quant_type' is 'fp4'; use int}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "fp4", operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: attribute 'quant_type' is 'fp8'; use int}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "fp8", operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: attribute 'expert_weight_bits' is 2; use 4 or 8}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, expert_weight_bits = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: attribute 'weights_prepacked' is 1; export raw weights}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, weights_prepacked = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x2xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: attribute 'block_size' is 0; it must be a power of two from 16}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x2xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x3xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' has 3 scales a row, but 64 elements in blocks of 32}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, block_size = 32 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x3xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x47xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' must be floats, one or several for each row of its weights}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x47xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xi8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_experts_weights' must be bytes (uint8)}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xi8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x2xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: one of fc1_scales and fc2_scales has blocks and the other has not}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, block_size = 32 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x2xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%x: tensor<1073741824x64xf32> {onnx.shape = affine_map<() -> (1073741824, 64)>}, %s: tensor<1073741824x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<1073741824x64xf32> {
  // expected-error @below {{it has 2^31 rows or more, one for each expert of a token; give it fewer tokens}}
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "silu", operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<1073741824x64xf32>, tensor<1073741824x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<1073741824x64xf32>
  return %0 : tensor<1073741824x64xf32>
}
