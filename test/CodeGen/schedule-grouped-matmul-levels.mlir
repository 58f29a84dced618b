// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: moec-opt %s --split-input-file --verify-diagnostics --moec-schedule-grouped-matmul | FileCheck %s

// The level is that of the enclosing module.
// CHECK: vector.fma {{.*}} : vector<8xf32>
module attributes {moec.level = "x86-64-v3"} {
  func.func @nested(%x: memref<?x64xf32>, %w: memref<3x2x64x32xf32>, %offsets: memref<4xi32>, %out: memref<?x40xf32>) {
    moe.grouped_matmul
        ins(%x, %w, %offsets : memref<?x64xf32>, memref<3x2x64x32xf32>, memref<4xi32>)
        outs(%out : memref<?x40xf32>)
        {activation = #moe.activation<identity>, layout = #moe.layout<panels>, n = 40}
    return
  }
}

// -----

func.func @unknown(%x: memref<?x64xf32>, %w: memref<3x2x64x32xf32>, %offsets: memref<4xi32>, %out: memref<?x40xf32>) {
  // expected-error @+1 {{has no schedule for CPU level '', expected x86-64-v3 or x86-64-v4}}
  moe.grouped_matmul
      ins(%x, %w, %offsets : memref<?x64xf32>, memref<3x2x64x32xf32>, memref<4xi32>)
      outs(%out : memref<?x40xf32>)
      {activation = #moe.activation<identity>, layout = #moe.layout<panels>, n = 40}
  return
}

// -----

module attributes {moec.level = "x86-64-v4"} {
  func.func @strided(%x: memref<?x64xf32>, %w: memref<3x2x64x32xf32>, %offsets: memref<4xi32>, %out: memref<?x40xf32, strided<[80, 2]>>) {
    // expected-error @+1 {{needs consecutive columns in 'memref<?x40xf32, strided<[80, 2]>>'}}
    moe.grouped_matmul
        ins(%x, %w, %offsets : memref<?x64xf32>, memref<3x2x64x32xf32>, memref<4xi32>)
        outs(%out : memref<?x40xf32, strided<[80, 2]>>)
        {activation = #moe.activation<identity>, layout = #moe.layout<panels>, n = 40}
    return
  }
}
