// RUN: moec-opt %s --param-layout --split-input-file --verify-diagnostics | FileCheck %s
// RUN: moec-opt %s --param-layout --param-layout --split-input-file --verify-diagnostics | FileCheck %s

// In the order of declarations, each on a multiple of 64; places from before
// count for nothing.
// CHECK: param.decl @a : tensor<17xf32> = #param.file<"m", 0, 68> at 0
param.decl @a : tensor<17xf32> = #param.file<"m", 0, 68> at 640
// CHECK-NOT: @unused
param.decl @unused : tensor<100xf32> = #param.file<"m", 0, 400>
// CHECK: param.decl @empty : tensor<0xf32> = #param.file<"m", 0, 0> at 128
param.decl @empty : tensor<0xf32> = #param.file<"m", 0, 0>
// CHECK: param.decl @b : tensor<16xf32> = #param.file<"m", 0, 64> at 192
param.decl @b : tensor<16xf32> = #param.file<"m", 0, 64>
// Another shape of the same bytes.
// CHECK: param.decl @reshaped : tensor<17x1xf32> = {{.*}} at 0
param.decl @reshaped : tensor<17x1xf32> = #param.reshape<#param.file<"m", 0, 68, tensor<17xf32>>, [17, 1]>
// CHECK: param.decl @c : tensor<1xi8> = #param.file<"m", 0, 1> at 256
param.decl @c : tensor<1xi8> = #param.file<"m", 0, 1>

func.func @main() {
  %c = param.load @c : tensor<1xi8>
  %reshaped = param.load @reshaped : tensor<17x1xf32>
  %b = param.load @b : tensor<16xf32>
  %empty = param.load @empty : tensor<0xf32>
  %a = param.load @a : memref<17xf32>
  return
}

// -----

param.decl @a : tensor<1152921504606846975xi8> = #param.file<"m", 0, 1152921504606846975>
param.decl @b : tensor<1152921504606846975xi8> = #param.file<"m", 1, 1152921504606846975>
param.decl @c : tensor<1152921504606846975xi8> = #param.file<"m", 2, 1152921504606846975>
param.decl @d : tensor<1152921504606846975xi8> = #param.file<"m", 3, 1152921504606846975>
// expected-error @+1 {{parameter @e ends beyond 2^62 bytes of the weights file}}
param.decl @e : tensor<1xi8> = #param.file<"m", 0, 1>
func.func @main() {
  %a = param.load @a : tensor<1152921504606846975xi8>
  %b = param.load @b : tensor<1152921504606846975xi8>
  %c = param.load @c : tensor<1152921504606846975xi8>
  %d = param.load @d : tensor<1152921504606846975xi8>
  %e = param.load @e : tensor<1xi8>
  return
}
