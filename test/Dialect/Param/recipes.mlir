// RUN: moec-opt %s | moec-opt | FileCheck %s
// RUN: moec-opt %s --mlir-print-op-generic | moec-opt | FileCheck %s

// CHECK: param.decl @untyped : tensor<2x3xf32> = #param.file<"a \22b\22.data", 64, 24>
param.decl @untyped : tensor<2x3xf32> = #param.file<"a \22b\22.data", 64, 24>
// CHECK: param.decl @typed : tensor<2x3xui8> = #param.file<"m", 64, 6, tensor<2x3xui8>>
param.decl @typed : tensor<2x3xui8> = #param.file<"m", 64, 6, tensor<2x3xui8>>
// Seven nibbles take four bytes, an i1 takes one.
// CHECK: param.decl @nibbles : tensor<7xi4> = #param.file<"m", 0, 4>
param.decl @nibbles : tensor<7xi4> = #param.file<"m", 0, 4>
// CHECK: param.decl @bits : tensor<7xi1> = #param.file<"m", 0, 7>
param.decl @bits : tensor<7xi1> = #param.file<"m", 0, 7>
// CHECK: param.decl @none : tensor<0x3xf32> = #param.file<"m", 0, 0>
param.decl @none : tensor<0x3xf32> = #param.file<"m", 0, 0>

// CHECK: param.decl @dense : tensor<2xi32> = #param.dense<dense<[1, 2]> : tensor<2xi32>>
param.decl @dense : tensor<2xi32> = #param.dense<dense<[1, 2]> : tensor<2xi32>>
// CHECK: param.decl @zeros : tensor<100000xf32> = #param.dense<dense<0.000000e+00> : tensor<100000xf32>>
param.decl @zeros : tensor<100000xf32> = #param.dense<dense<0.0> : tensor<100000xf32>>

// CHECK: param.decl @transposed : tensor<3x2xf32> = #param.transpose<#param.file<"m", 0, 24, tensor<2x3xf32>>, [1, 0]> at 128
param.decl @transposed : tensor<3x2xf32> = #param.transpose<#param.file<"m", 0, 24, tensor<2x3xf32>>, [1, 0]> at 128

// CHECK: param.decl @reshaped : tensor<3x2xf32> = #param.reshape<#param.file<"m", 0, 24, tensor<2x3xf32>>, [3, 2]>
param.decl @reshaped : tensor<3x2xf32> = #param.reshape<#param.file<"m", 0, 24, tensor<2x3xf32>>, [3, 2]>
// CHECK: param.decl @scalar : tensor<f32> = #param.reshape<#param.file<"m", 0, 4, tensor<1xf32>>, []>
param.decl @scalar : tensor<f32> = #param.reshape<#param.file<"m", 0, 4, tensor<1xf32>>, []>

// CHECK: param.decl @sliced : tensor<2x2xf32> = #param.slice<#param.file<"m", 0, 24, tensor<2x3xf32>>, offsets = [0, 2], sizes = [2, 2], strides = [1, -2]>
param.decl @sliced : tensor<2x2xf32> = #param.slice<#param.file<"m", 0, 24, tensor<2x3xf32>>, offsets = [0, 2], sizes = [2, 2], strides = [1, -2]>

// CHECK: param.decl @gathered : tensor<2x4xf32> = #param.gather<#param.file<"m", 0, 24, tensor<2x3xf32>>, axis = 1, indices = [2, 0, 0, 1]>
param.decl @gathered : tensor<2x4xf32> = #param.gather<#param.file<"m", 0, 24, tensor<2x3xf32>>, axis = 1, indices = [2, 0, 0, 1]>

// CHECK: param.decl @stacked : tensor<2x2x3xf32> = #param.stack<[#param.file<"a", 0, 24, tensor<2x3xf32>>, #param.file<"b", 0, 24, tensor<2x3xf32>>], axis = 1>
param.decl @stacked : tensor<2x2x3xf32> = #param.stack<[#param.file<"a", 0, 24, tensor<2x3xf32>>, #param.file<"b", 0, 24, tensor<2x3xf32>>], axis = 1>

// CHECK: param.decl @concatenated : tensor<2x4xf32> = #param.concat<[#param.file<"a", 0, 24, tensor<2x3xf32>>, #param.file<"b", 0, 8, tensor<2x1xf32>>], axis = 1>
param.decl @concatenated : tensor<2x4xf32> = #param.concat<[#param.file<"a", 0, 24, tensor<2x3xf32>>, #param.file<"b", 0, 8, tensor<2x1xf32>>], axis = 1>

// CHECK: param.decl @rounded : tensor<2x3xbf16> = #param.cast<#param.file<"m", 0, 24, tensor<2x3xf32>>, bf16>
param.decl @rounded : tensor<2x3xbf16> = #param.cast<#param.file<"m", 0, 24, tensor<2x3xf32>>, bf16>

// CHECK: param.decl @packed : tensor<2x3x37x32xf32> = #param.pack_panels<#param.file<"m", 0, 21904, tensor<2x74x37xf32>>, k_major = false, gated = true>
param.decl @packed : tensor<2x3x37x32xf32> = #param.pack_panels<#param.file<"m", 0, 21904, tensor<2x74x37xf32>>, k_major = false, gated = true>
// CHECK: param.decl @packed2 : tensor<3x37x32xf32> = #param.pack_panels<#param.file<"m", 0, 10952, tensor<37x74xf32>>, k_major = true, gated = false>
param.decl @packed2 : tensor<3x37x32xf32> = #param.pack_panels<#param.file<"m", 0, 10952, tensor<37x74xf32>>, k_major = true, gated = false>

func.func @main() -> tensor<2x3xi8> {
  // From the linalg stage on, unsigned elements are loaded as signless ones.
  // CHECK: param.load @typed : tensor<2x3xi8>
  %0 = param.load @typed : tensor<2x3xi8>
  return %0 : tensor<2x3xi8>
}
