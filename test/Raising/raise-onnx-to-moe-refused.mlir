// RUN: moec-opt %s --raise-onnx-to-moe --split-input-file --verify-diagnostics

// Forms of MoE that are refused, each by the input or attribute that
// is the reason.

func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x96x64xf32>, %w2: tensor<8x64x48xf32>, %w3: tensor<8x48x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: input 'fc3_experts_weights' is present, but 'swiglu_fusion' says that fc1 has gate and up both; set it to 0}}
  %0 = onnx.MoE(%x, %s, %w1, %w2, %w3) {k = 2 : i64, activation_type = "swiglu", swiglu_fusion = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 1, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x96x64xf32>, tensor<8x64x48xf32>, tensor<8x48x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x96x64xf32>, %w2: tensor<8x64x48xf32>, %w3: tensor<8x48x64xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: input 'fc3_experts_weights' is present, but 'swiglu_fusion'}}
  %0 = onnx.MoE(%x, %s, %w1, %w2, %w3) {k = 2 : i64, activation_type = "geglu", swiglu_fusion = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 1, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x96x64xf32>, tensor<8x64x48xf32>, tensor<8x48x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: attribute 'swiglu_fusion' is 0, but there is no input 'fc3_experts_weights' for the up projection}}
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "swiglu", swiglu_fusion = 0 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: attribute 'swiglu_fusion' is 0, but geglu has gate and up in fc1; set it to 1 or 2}}
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "geglu", operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x96x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: attribute 'swiglu_fusion' is 3; use 0, 1 or 2}}
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "swiglu", swiglu_fusion = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x96x64xf32>, tensor<8x64x48xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x96x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: attribute 'swiglu_fusion' is -1; use 0, 1 or 2}}
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "swiglu", swiglu_fusion = -1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x96x64xf32>, tensor<8x64x48xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: attribute 'activation_type' is 'tanh'; use relu, relu2, gelu, silu, identity, swiglu or geglu}}
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "tanh", operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: attribute 'swiglu_limit_after_activation' is set, but 'activation_type' is 'silu'; it belongs to swiglu}}
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "silu", swiglu_limit_after_activation = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<6x64xf32>
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

func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: attributes 'activation_alpha' and 'activation_beta' must be finite}}
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "swiglu", swiglu_fusion = 1 : i64, activation_beta = 0x7F800000 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%x: tensor<6x64xf64>, %s: tensor<6x8xf64>, %w1: tensor<8x48x64xf64>, %w2: tensor<8x64x48xf64>) -> tensor<6x64xf64> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: an input has elements of type f64}}
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf64>, tensor<6x8xf64>, tensor<8x48x64xf64>, tensor<8x64x48xf64>) -> tensor<6x64xf64>
  return %0 : tensor<6x64xf64>
}

// -----

func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>, %b3: tensor<8x48xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: input 'fc3_experts_bias' is present; it belongs to fc3, which is absent}}
  %0 = onnx.MoE(%x, %s, %w1, %w2, %b3) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 1>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>, tensor<8x48xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

// Every reason is given, in one run.
func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>, %b3: tensor<8x48xf32>) -> tensor<6x64xf32> {
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: attribute 'activation_type'}}
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: attribute 'swiglu_limit_after_activation'}}
  // expected-error @below {{[moec-E0160] node 'MoE' (MoE of domain 'com.microsoft') is not supported: input 'fc3_experts_bias'}}
  %0 = onnx.MoE(%x, %s, %w1, %w2, %b3) {k = 2 : i64, activation_type = "tanh", swiglu_limit_after_activation = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 1>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>, tensor<8x48xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

func.func @main(%x: tensor<1073741824x64xf32> {onnx.shape = affine_map<() -> (1073741824, 64)>}, %s: tensor<1073741824x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<1073741824x64xf32> {
  // expected-error @below {{it has 2^31 rows or more, one for each expert of a token; give it fewer tokens}}
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "silu", operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<1073741824x64xf32>, tensor<1073741824x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<1073741824x64xf32>
  return %0 : tensor<1073741824x64xf32>
}
