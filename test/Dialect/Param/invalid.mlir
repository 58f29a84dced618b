// RUN: moec-opt %s -split-input-file -verify-diagnostics

func.func @main() -> tensor<2xf32> {
  // expected-error @+1 {{refers to @w, which no param.decl declares}}
  %0 = param.load @w : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

param.decl @w : tensor<3xf32> = #param.file<"m.data", 0, 12>
func.func @main() -> tensor<2xf32> {
  // expected-error @+1 {{loads 'tensor<2xf32>' but @w is declared as 'tensor<3xf32>'}}
  %0 = param.load @w : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

param.decl @w : tensor<3xi8> = #param.file<"m.data", 0, 3>
func.func @main() -> tensor<3xi16> {
  // expected-error @+1 {{loads 'tensor<3xi16>' but @w is declared as 'tensor<3xi8>'}}
  %0 = param.load @w : tensor<3xi16>
  return %0 : tensor<3xi16>
}

// -----

// expected-error @+1 {{cannot hold a value of type 'tensor<2xindex>'}}
param.decl @w : tensor<2xindex> = #param.file<"m.data", 0, 16>

// -----

// expected-error @+1 {{cannot hold a value of type 'tensor<4611686018427387904x0x4xf32>'}}
param.decl @w : tensor<4611686018427387904x0x4xf32> = #param.file<"m.data", 0, 0>

// -----

// expected-error @+1 {{which takes 12 bytes, but its recipe reads 13}}
param.decl @w : tensor<3xf32> = #param.file<"m.data", 0, 13>

// -----

// expected-error @+1 {{is declared as 'tensor<3xf32>' but its recipe makes 'tensor<3xi32>'}}
param.decl @w : tensor<3xf32> = #param.file<"m.data", 0, 12, tensor<3xi32>>

// -----

// expected-error @+1 {{has offset 32, expected a multiple of 64}}
param.decl @w : tensor<3xf32> = #param.file<"m.data", 0, 12> at 32

// -----

// expected-error @+1 {{has offset -64, expected a multiple of 64}}
param.decl @w : tensor<3xf32> = #param.file<"m.data", 0, 12> at -64

// -----

// expected-error @+1 {{file recipe has an empty path}}
param.decl @w : tensor<3xf32> = #param.file<"", 0, 12>

// -----

// expected-error @+1 {{file recipe ends beyond 2^63 bytes}}
param.decl @w : tensor<3xf32> = #param.file<"m", 18446744073709551615, 12>

// -----

// expected-error @+1 {{file recipe reads 13 bytes as 'tensor<3xf32>', which takes 12}}
param.decl @w : tensor<3xf32> = #param.file<"m", 0, 13, tensor<3xf32>>

// -----

// expected-error @+1 {{recipe makes 'tensor<?xf32>', expected a static shape}}
param.decl @w : tensor<3xf32> = #param.file<"m", 0, 12, tensor<?xf32>>

// -----

// expected-error @+1 {{dense recipe is of type 'vector<2xf32>', expected a ranked tensor}}
param.decl @w : tensor<2xf32> = #param.dense<dense<[1.0, 2.0]> : vector<2xf32>>

// -----

// expected-error @+1 {{nested file recipe does not state its type}}
param.decl @w : tensor<3xf32> = #param.reshape<#param.file<"m", 0, 12>, [3]>

// -----

// expected-error @+1 {{recipe has 1 dimensions for a source of rank 2}}
param.decl @w : tensor<3x1xf32> = #param.transpose<#param.file<"m", 0, 12, tensor<1x3xf32>>, [1]>

// -----

// expected-error @+1 {{transpose recipe has [1, 1], expected a permutation}}
param.decl @w : tensor<3x3xf32> = #param.transpose<#param.file<"m", 0, 12, tensor<1x3xf32>>, [1, 1]>

// -----

// expected-error @+1 {{reshape recipe gives 'tensor<1x3xf32>' the shape [4], which has another number of elements}}
param.decl @w : tensor<4xf32> = #param.reshape<#param.file<"m", 0, 12, tensor<1x3xf32>>, [4]>

// -----

// expected-error @+1 {{recipe has a negative extent}}
param.decl @w : tensor<3xf32> = #param.reshape<#param.file<"m", 0, 12, tensor<1x3xf32>>, [-3, -1]>

// -----

// expected-error @+1 {{recipe makes 'tensor<4611686018427387904x0x4xf32>'}}
param.decl @w : tensor<0xf32> = #param.reshape<#param.file<"m", 0, 0, tensor<0xf32>>, [4611686018427387904, 0, 4]>

// -----

// expected-error @+1 {{recipe has 2 strides for a source of rank 1}}
param.decl @w : tensor<2xf32> = #param.slice<#param.file<"m", 0, 12, tensor<3xf32>>, offsets = [0], sizes = [2], strides = [1, 1]>

// -----

// expected-error @+1 {{takes 3 elements from offset 1 at stride 1 of a dimension of 3}}
param.decl @w : tensor<3xf32> = #param.slice<#param.file<"m", 0, 12, tensor<3xf32>>, offsets = [1], sizes = [3], strides = [1]>

// -----

// expected-error @+1 {{takes 3 elements from offset 1 at stride -1 of a dimension of 3}}
param.decl @w : tensor<3xf32> = #param.slice<#param.file<"m", 0, 12, tensor<3xf32>>, offsets = [1], sizes = [3], strides = [-1]>

// -----

// expected-error @+1 {{takes 3 elements from offset 1 at stride 9223372036854775807 of a dimension of 3}}
param.decl @w : tensor<3xf32> = #param.slice<#param.file<"m", 0, 12, tensor<3xf32>>, offsets = [1], sizes = [3], strides = [9223372036854775807]>

// -----

// expected-error @+1 {{slice recipe has size 2 and stride 0}}
param.decl @w : tensor<2xf32> = #param.slice<#param.file<"m", 0, 12, tensor<3xf32>>, offsets = [1], sizes = [2], strides = [0]>

// -----

// expected-error @+1 {{gather recipe has index 3 into a dimension of 3}}
param.decl @w : tensor<2xf32> = #param.gather<#param.file<"m", 0, 12, tensor<3xf32>>, axis = 0, indices = [0, 3]>

// -----

// expected-error @+1 {{recipe has axis 1, expected 0 to 0}}
param.decl @w : tensor<2xf32> = #param.gather<#param.file<"m", 0, 12, tensor<3xf32>>, axis = 1, indices = [0, 2]>

// -----

// expected-error @+1 {{stack recipe mixes 'tensor<3xf32>' and 'tensor<3xi32>'}}
param.decl @w : tensor<2x3xf32> = #param.stack<[#param.file<"m", 0, 12, tensor<3xf32>>, #param.file<"m", 0, 12, tensor<3xi32>>], axis = 0>

// -----

// expected-error @+1 {{recipe has axis 2, expected 0 to 1}}
param.decl @w : tensor<1x3xf32> = #param.stack<[#param.file<"m", 0, 12, tensor<3xf32>>], axis = 2>

// -----

// expected-error @+1 {{concat recipe along axis 1 mixes 'tensor<2x3xf32>' and 'tensor<3x2xf32>'}}
param.decl @w : tensor<2x5xf32> = #param.concat<[#param.file<"m", 0, 24, tensor<2x3xf32>>, #param.file<"m", 0, 24, tensor<3x2xf32>>], axis = 1>

// -----

// expected-error @+1 {{concat recipe along axis 0 mixes 'tensor<2x3xf32>' and 'tensor<3xf32>'}}
param.decl @w : tensor<2x5xf32> = #param.concat<[#param.file<"m", 0, 24, tensor<2x3xf32>>, #param.file<"m", 0, 12, tensor<3xf32>>], axis = 0>

// -----

// expected-error @+1 {{recipe has axis 0, expected 0 to -1}}
param.decl @w : tensor<f32> = #param.concat<[#param.file<"m", 0, 4, tensor<f32>>], axis = 0>

// -----

// expected-error @+1 {{cast recipe cannot convert 'f32' to 'index'}}
param.decl @w : tensor<3xindex> = #param.cast<#param.file<"m", 0, 12, tensor<3xf32>>, index>

// -----

// expected-error @+1 {{cast recipe cannot convert 'f8E4M3FN' to 'f32'}}
param.decl @w : tensor<3xf32> = #param.cast<#param.file<"m", 0, 3, tensor<3xf8E4M3FN>>, f32>

// -----

// expected-error @+1 {{pack_panels recipe is gated but its source 'tensor<3x4xf32>' has an odd number of columns}}
param.decl @w : tensor<1x4x32xf32> = #param.pack_panels<#param.file<"m", 0, 48, tensor<3x4xf32>>, k_major = false, gated = true>

// -----

// expected-error @+1 {{pack_panels recipe reads 'tensor<3xf32>', expected at least two dimensions}}
param.decl @w : tensor<1x4x32xf32> = #param.pack_panels<#param.file<"m", 0, 12, tensor<3xf32>>, k_major = false, gated = false>

// -----

// expected-error @+1 {{pack_panels recipe reads 'tensor<2x4xi4>', expected elements of whole bytes}}
param.decl @w : tensor<1x4x32xi4> = #param.pack_panels<#param.file<"m", 0, 4, tensor<2x4xi4>>, k_major = false, gated = false>
