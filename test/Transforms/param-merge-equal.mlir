// RUN: moec-opt %s --param-merge-equal | FileCheck %s

// CHECK: param.decl @a : tensor<6xf32>
param.decl @a : tensor<6xf32> = #param.file<"m", 0, 24>
// Equal, although one of them states its type.
// CHECK-NOT: param.decl @b
param.decl @b : tensor<6xf32> = #param.file<"m", 0, 24, tensor<6xf32>>
// CHECK-NOT: param.decl @c
param.decl @c : tensor<6xf32> = #param.file<"m", 0, 24>
// Another type, range, or file is another parameter.
// CHECK: param.decl @shape : tensor<2x3xf32>
param.decl @shape : tensor<2x3xf32> = #param.file<"m", 0, 24>
// CHECK: param.decl @type : tensor<6xi32>
param.decl @type : tensor<6xi32> = #param.file<"m", 0, 24>
// CHECK: param.decl @range : tensor<6xf32>
param.decl @range : tensor<6xf32> = #param.file<"m", 24, 24>
// CHECK: param.decl @file : tensor<6xf32>
param.decl @file : tensor<6xf32> = #param.file<"n", 0, 24>
// Once laid out, a place of its own stays.
// CHECK: param.decl @placed : tensor<6xf32>
param.decl @placed : tensor<6xf32> = #param.file<"m", 0, 24> at 64

// CHECK-LABEL: func @main
func.func @main() -> (tensor<6xf32>, tensor<6xf32>, tensor<2x3xf32>, tensor<6xf32>) {
  // CHECK: param.load @a : tensor<6xf32>
  %b = param.load @b : tensor<6xf32>
  // CHECK: param.load @a : tensor<6xf32>
  %c = param.load @c : tensor<6xf32>
  // CHECK: param.load @shape
  %shape = param.load @shape : tensor<2x3xf32>
  // CHECK: param.load @range
  %range = param.load @range : tensor<6xf32>
  return %b, %c, %shape, %range : tensor<6xf32>, tensor<6xf32>, tensor<2x3xf32>, tensor<6xf32>
}
