// RUN: moec-opt %s --raise-onnx-to-moe=ort-cpu-compat --split-input-file --verify-diagnostics

// What ONNX Runtime's CPU kernels read in no way that could be followed.

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x64x24xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x48x32xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: input 'fc2_experts_weights' has the extents [experts, inner, hidden], of which ONNX Runtime's CPU kernel makes no sense; compile without --ort-cpu-compat}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, weights_prepacked = 0 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x64x24xui8>, tensor<8x48xf32>, tensor<8x48x32xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'QMoE' (QMoE of domain 'com.microsoft') is not supported: attribute 'weights_prepacked' is 1; export raw weights}}
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, weights_prepacked = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}
