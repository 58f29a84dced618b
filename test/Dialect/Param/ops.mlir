// RUN: moec-opt %s | moec-opt | FileCheck %s

// CHECK: param.decl @w : tensor<2x3xf32> = #param.file<"m.data", 64, 24>
param.decl @w : tensor<2x3xf32> = #param.file<"m.data", 64, 24>

// CHECK-LABEL: func @main
func.func @main() -> tensor<2x3xf32> {
  // CHECK: param.load @w : tensor<2x3xf32>
  %0 = param.load @w : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
