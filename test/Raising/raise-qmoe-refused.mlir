// RUN: moec-opt %s --raise-onnx-to-moe --split-input-file --verify-diagnostics

// Forms of QMoE that are refused, each by the input or attribute that is the
// reason.

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %router_weights: tensor<6x8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'router_weights' is present, but 'use_sparse_mixer' takes the weights from router_probs}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %router_weights) {k = 2 : i64, use_sparse_mixer = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<6x8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc1_act_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_act_scale' is present; activations are not rounded here; leave it out}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc1_act_scale) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc2_act_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_act_scale' is present; activations are not rounded here; leave it out}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc2_act_scale) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc1_act_block_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_act_block_scale' is present; activations are not rounded here; leave it out}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc1_act_block_scale) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc2_act_block_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_act_block_scale' is present; activations are not rounded here; leave it out}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc2_act_block_scale) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc3_scales: tensor<8x48xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc3_scales' is present; it belongs to fc3, which is absent}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc3_scales) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8x48xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc3_zero_points: tensor<8x24xui8>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc3_zero_points' is present; it belongs to fc3, which is absent}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc3_zero_points) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8x24xui8>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: attribute 'quant_type' is 'int5'; use int, fp4, nvfp4, fp8 or wfp4afp8}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "int5", operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: attribute 'weights_prepacked' is 1; export raw weights}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, weights_prepacked = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x?xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_experts_weights' has extents that are not known at compile time; fix them}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x?xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc1_global_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_global_scale' is present; it belongs to quantisations other than integers}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc1_global_scale) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc2_global_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_global_scale' is present; it belongs to quantisations other than integers}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc2_global_scale) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xi8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_experts_weights' must be bytes (uint8)}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xi8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' must be floats, one or several for each row of its weights}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc2, %fc2_scales) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x47xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' must be floats, one or several for each row of its weights}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x47xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<7x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' must be floats, one or several for each row of its weights}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<7x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xui8>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' must be floats, one or several for each row of its weights}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xui8>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x1x1xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' must be floats, one or several for each row of its weights}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x1x1xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x?xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' must be floats, one or several for each row of its weights}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x?xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x2xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: attribute 'block_size' is 0; it must be a power of two from 16}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x2xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x2xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: attribute 'block_size' is 24; it must be a power of two from 16}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, block_size = 24 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x2xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x3xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' has 3 scales a row, but 64 elements in blocks of 32}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, block_size = 32 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x3xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc1_zero_points: tensor<8x48xui8>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_zero_points' must be bytes (uint8), codes packed as the weights are, one for each scale}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc1_zero_points) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8x48xui8>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc2_zero_points: tensor<8x32xi8>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_zero_points' must be bytes (uint8)}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc2_zero_points) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8x32xi8>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x2xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc1_zero_points: tensor<8x24xui8>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_zero_points' must be bytes (uint8)}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc1_zero_points) {k = 2 : i64, block_size = 32 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x2xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8x24xui8>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

// 45 rows of 4 bits end inside a byte.
func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x90x32xui8>, %fc1_scales: tensor<8x90xf32>, %fc2: tensor<8x64x23xui8>, %fc2_scales: tensor<8x64xf32>, %fc1_zero_points: tensor<8x45xui8>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_zero_points' has zero points of gate and up in one byte; quantise with 8 bits, or in blocks}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc1_zero_points) {k = 2 : i64, activation_type = "swiglu", swiglu_fusion = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x90x32xui8>, tensor<8x90xf32>, tensor<8x64x23xui8>, tensor<8x64xf32>, tensor<8x45xui8>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x96x32xui8>, %fc1_scales: tensor<8x96xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %fc1_zero_points: tensor<8x48xui8>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_zero_points' has zero points of gate and up in one byte}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc1_zero_points) {k = 2 : i64, activation_type = "geglu", swiglu_fusion = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x96x32xui8>, tensor<8x96xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<8x48xui8>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x64x24xui8>, %fc1_scales: tensor<8x48x2xf32>, %fc2: tensor<8x48x32xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_experts_weights' has the older layout [experts, depth, rows] with scales of blocks or codes of 3 bits}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, weights_prepacked = 0 : i64, block_size = 32 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x64x24xui8>, tensor<8x48x2xf32>, tensor<8x48x32xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x64x18xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x48x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_experts_weights' has the older layout}}
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_experts_weights' has the older layout}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, weights_prepacked = 0 : i64, expert_weight_bits = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x64x18xui8>, tensor<8x48xf32>, tensor<8x48x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x2xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64x2xf8E8M0FNU>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' must be float8e8m0, one for each block of 32 elements of a row}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "fp4", operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x2xf32>, tensor<8x64x24xui8>, tensor<8x64x2xf8E8M0FNU>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64x2xf8E8M0FNU>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' must be float8e8m0}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "fp4", operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x64x24xui8>, tensor<8x64x2xf8E8M0FNU>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf8E8M0FNU>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64x2xf8E8M0FNU>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' must be float8e8m0}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "fp4", operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf8E8M0FNU>, tensor<8x64x24xui8>, tensor<8x64x2xf8E8M0FNU>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x3xf8E8M0FNU>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64x2xf8E8M0FNU>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' must be float8e8m0}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "fp4", operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x3xf8E8M0FNU>, tensor<8x64x24xui8>, tensor<8x64x2xf8E8M0FNU>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x47x2xf8E8M0FNU>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64x2xf8E8M0FNU>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' must be float8e8m0}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "fp4", operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x47x2xf8E8M0FNU>, tensor<8x64x24xui8>, tensor<8x64x2xf8E8M0FNU>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x4xf8E8M0FNU>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64x3xf8E4M3FN>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' must be float8e4m3fn, one for each block of 16 elements of a row}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "nvfp4", operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x4xf8E8M0FNU>, tensor<8x64x24xui8>, tensor<8x64x3xf8E4M3FN>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x2xf8E8M0FNU>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64x2xf8E8M0FNU>, %fc1_zero_points: tensor<8x24xui8>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_zero_points' is present; small floats have none}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc1_zero_points) {k = 2 : i64, quant_type = "fp4", operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x2xf8E8M0FNU>, tensor<8x64x24xui8>, tensor<8x64x2xf8E8M0FNU>, tensor<8x24xui8>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x2xf8E8M0FNU>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64x2xf8E8M0FNU>, %fc1_global_scale: tensor<7xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_global_scale' must be a float (f32) for each expert}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc1_global_scale) {k = 2 : i64, quant_type = "fp4", operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x2xf8E8M0FNU>, tensor<8x64x24xui8>, tensor<8x64x2xf8E8M0FNU>, tensor<7xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x2xf8E8M0FNU>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64x2xf8E8M0FNU>, %fc1_global_scale: tensor<8xf16>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_global_scale' must be a float (f32) for each expert}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc1_global_scale) {k = 2 : i64, quant_type = "fp4", operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x2xf8E8M0FNU>, tensor<8x64x24xui8>, tensor<8x64x2xf8E8M0FNU>, tensor<8xf16>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x2xf8E8M0FNU>, %fc2: tensor<8x64x24xi8>, %fc2_scales: tensor<8x64x2xf8E8M0FNU>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_experts_weights' must be bytes (uint8)}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "fp4", operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x2xf8E8M0FNU>, tensor<8x64x24xi8>, tensor<8x64x2xf8E8M0FNU>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x64xui8>, %fc2: tensor<8x64x48xui8>, %fc1_global_scale: tensor<8xf32>, %fc2_global_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_experts_weights' must be float8e4m3fn}}
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_experts_weights' must be float8e4m3fn}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc2, %fc1_global_scale, %fc2_global_scale) {k = 2 : i64, quant_type = "fp8", expert_weight_bits = 8 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xui8>, tensor<8x64x48xui8>, tensor<8xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x64xf8E4M3FN>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x48xf8E4M3FN>, %fc1_global_scale: tensor<8xf32>, %fc2_global_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_global_scale' alone must scale its weights where 'block_size' is not given}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc1_global_scale, %fc2_global_scale) {k = 2 : i64, quant_type = "fp8", expert_weight_bits = 8 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf8E4M3FN>, tensor<8x48xf32>, tensor<8x64x48xf8E4M3FN>, tensor<8xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x64xf8E4M3FN>, %fc2: tensor<8x64x48xf8E4M3FN>, %fc1_global_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_global_scale' alone must scale its weights}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc2, %fc1_global_scale) {k = 2 : i64, quant_type = "fp8", expert_weight_bits = 8 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf8E4M3FN>, tensor<8x64x48xf8E4M3FN>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x64xf8E4M3FN>, %fc2: tensor<8x64x48xf8E4M3FN>, %fc1_zero_points: tensor<8x48xui8>, %fc1_global_scale: tensor<8xf32>, %fc2_global_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_zero_points' is present; small floats have none}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc2, %fc1_zero_points, %fc1_global_scale, %fc2_global_scale) {k = 2 : i64, quant_type = "fp8", expert_weight_bits = 8 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf8E4M3FN>, tensor<8x64x48xf8E4M3FN>, tensor<8x48xui8>, tensor<8xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x64xf8E4M3FN>, %fc1_scales: tensor<8x3x3xf32>, %fc2: tensor<8x64x48xf8E4M3FN>, %fc2_scales: tensor<8x4x3xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' alone must scale its weights, floats, one for each square of 16 rows and elements}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "fp8", expert_weight_bits = 8 : i64, block_size = 16 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf8E4M3FN>, tensor<8x3x3xf32>, tensor<8x64x48xf8E4M3FN>, tensor<8x4x3xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x64xf8E4M3FN>, %fc1_scales: tensor<8x3x4xui8>, %fc2: tensor<8x64x48xf8E4M3FN>, %fc2_scales: tensor<8x4x3xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' alone must scale its weights}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "fp8", expert_weight_bits = 8 : i64, block_size = 16 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf8E4M3FN>, tensor<8x3x4xui8>, tensor<8x64x48xf8E4M3FN>, tensor<8x4x3xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x64xf8E4M3FN>, %fc2: tensor<8x64x48xf8E4M3FN>, %fc2_scales: tensor<8x4x3xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' alone must scale its weights}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "fp8", expert_weight_bits = 8 : i64, block_size = 16 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf8E4M3FN>, tensor<8x64x48xf8E4M3FN>, tensor<8x4x3xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x64xf8E4M3FN>, %fc1_scales: tensor<8x3x4xf32>, %fc2: tensor<8x64x48xf8E4M3FN>, %fc2_scales: tensor<8x4x3xf32>, %fc2_global_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_scales' alone must scale its weights}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc2_global_scale) {k = 2 : i64, quant_type = "fp8", expert_weight_bits = 8 : i64, block_size = 16 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf8E4M3FN>, tensor<8x3x4xf32>, tensor<8x64x48xf8E4M3FN>, tensor<8x4x3xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

// 48 gates end inside a square of 32.
func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x96x64xf8E4M3FN>, %fc1_scales: tensor<8x3x2xf32>, %fc2: tensor<8x64x48xf8E4M3FN>, %fc2_scales: tensor<8x2x2xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' has squares with rows of gate and up both; give them separate scales}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "fp8", expert_weight_bits = 8 : i64, block_size = 32 : i64, activation_type = "swiglu", swiglu_fusion = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x96x64xf8E4M3FN>, tensor<8x3x2xf32>, tensor<8x64x48xf8E4M3FN>, tensor<8x2x2xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x96x64xf8E4M3FN>, %fc1_scales: tensor<8x6x4xf32>, %fc2: tensor<8x64x48xf8E4M3FN>, %fc2_scales: tensor<8x4x3xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_scales' has squares with rows of gate and up both}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "fp8", expert_weight_bits = 8 : i64, block_size = 16 : i64, activation_type = "geglu", swiglu_fusion = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x96x64xf8E4M3FN>, tensor<8x6x4xf32>, tensor<8x64x48xf8E4M3FN>, tensor<8x4x3xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x64x48xf8E4M3FN>, %fc2: tensor<8x48x64xf8E4M3FN>, %fc1_global_scale: tensor<8xf32>, %fc2_global_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_experts_weights' has the extents [experts, inner, hidden]; fp8 weights are [experts, hidden, inner]}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc2, %fc1_global_scale, %fc2_global_scale) {k = 2 : i64, quant_type = "fp8", expert_weight_bits = 8 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x64x48xf8E4M3FN>, tensor<8x48x64xf8E4M3FN>, tensor<8xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

// The extents of what a GPU's library packed, where nothing says raw.
func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x64x24xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x48x32xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: attribute 'weights_prepacked' is -1, and 'fc2_experts_weights' has the extents [experts, inner, hidden] of an order that a GPU's library packed; export raw weights and set it to 0}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x64x24xui8>, tensor<8x48xf32>, tensor<8x48x32xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x32xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x32x16xui8>, %fc1_scales: tensor<8x32x1xf8E8M0FNU>, %fc2: tensor<8x32x16xui8>, %fc2_scales: tensor<8x32x1xf8E8M0FNU>) -> tensor<6x32xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_experts_weights' may be packed along rows or along columns, which extents do not tell where hidden and inner width are equal; fuse gate and up in fc1, or use nvfp4}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "fp4", operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x32xf32>, tensor<6x8xf32>, tensor<8x32x16xui8>, tensor<8x32x1xf8E8M0FNU>, tensor<8x32x16xui8>, tensor<8x32x1xf8E8M0FNU>) -> tensor<6x32xf32>
  return %0 : tensor<6x32xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x2xf8E8M0FNU>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64x2xf8E8M0FNU>, %fc3: tensor<8x48x32xui8>, %fc3_scales: tensor<8x48x2xf8E8M0FNU>, %fc1_global_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc1_global_scale' is present, but no input holds that of fc3; multiply the scales by it and leave it out}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc3, %fc3_scales, %fc1_global_scale) {k = 2 : i64, quant_type = "fp4", operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x2xf8E8M0FNU>, tensor<8x64x24xui8>, tensor<8x64x2xf8E8M0FNU>, tensor<8x48x32xui8>, tensor<8x48x2xf8E8M0FNU>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x64xf8E4M3FN>, %fc2: tensor<8x64x48xf8E4M3FN>, %fc3: tensor<8x48x64xf8E4M3FN>, %fc1_global_scale: tensor<8xf32>, %fc2_global_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc3_experts_weights' is present, but no input holds its global scale; give scales of squares and 'block_size'}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc2, %fc3, %fc1_global_scale, %fc2_global_scale) {k = 2 : i64, quant_type = "fp8", operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf8E4M3FN>, tensor<8x64x48xf8E4M3FN>, tensor<8x48x64xf8E4M3FN>, tensor<8xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}
