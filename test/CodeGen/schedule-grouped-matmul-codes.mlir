// RUN: moec-opt %s --split-input-file --moec-schedule-grouped-matmul=level=x86-64-v4 --canonicalize --cse | FileCheck %s

// Codes of four bits, two in a byte: eight bytes are sixteen steps of K, which
// share the zero point and the scale of their block.
// CHECK-LABEL: func.func @blocks(
// CHECK: vector.load {{.*}} vector<8xi8>
// CHECK: vector.shuffle
// CHECK: memref.load %{{.*}} : memref<3x40x2xi8>
// CHECK: memref.load %{{.*}} : memref<3x40x4xf32>
// CHECK: arith.sitofp {{.*}} vector<16xi32> to vector<16xf32>
// CHECK: vector.fma
// CHECK-NOT: moe.grouped_matmul
func.func @blocks(%x: memref<?x64xf32>, %w: memref<3x40x32xi8>, %s: memref<3x40x4xf32>, %z: memref<3x40x2xi8>,
                  %offsets: memref<4xi32>, %out: memref<?x40xf32>) {
  moe.grouped_matmul
      ins(%x, %w, %offsets : memref<?x64xf32>, memref<3x40x32xi8>, memref<4xi32>)
      scales(%s : memref<3x40x4xf32>) zero_points(%z : memref<3x40x2xi8>) outs(%out : memref<?x40xf32>)
      {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 4, block = 16>}
  return
}

// -----

// One scale and one zero point a row; those lie along the rows.
// CHECK-LABEL: func.func @rows(
// CHECK: vector.load {{.*}} vector<4xi8>
// CHECK-COUNT-2: vector.shuffle
// CHECK: memref.load %{{.*}} : memref<3x10xi8>
// CHECK: memref.load %{{.*}} : memref<3x40xf16>
// CHECK-NOT: moe.grouped_matmul
func.func @rows(%x: memref<?x64xf16>, %w: memref<3x40x16xi8>, %s: memref<3x40xf16>, %z: memref<3x10xi8>,
                %offsets: memref<4xi32>, %out: memref<?x40xf16>) {
  moe.grouped_matmul
      ins(%x, %w, %offsets : memref<?x64xf16>, memref<3x40x16xi8>, memref<4xi32>)
      scales(%s : memref<3x40xf16>) zero_points(%z : memref<3x10xi8>) outs(%out : memref<?x40xf16>)
      {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 2>}
  return
}

// -----

// Gates come first in a panel: every other row.
// CHECK-LABEL: func.func @gated(
// CHECK: vector.load {{.*}} vector<16xi8>
// CHECK-NOT: moe.grouped_matmul
func.func @gated(%x: memref<?x64xf32>, %w: memref<3x80x64xi8>, %s: memref<3x80x2xf32>, %offsets: memref<4xi32>,
                 %out: memref<?x40xf32>) {
  moe.grouped_matmul
      ins(%x, %w, %offsets : memref<?x64xf32>, memref<3x80x64xi8>, memref<4xi32>)
      scales(%s : memref<3x80x2xf32>) outs(%out : memref<?x40xf32>)
      {activation = #moe.activation<swiglu>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 8, block = 32>}
  return
}

// -----

// A code of three bits may lie in two bytes: that becomes plain loops.
// CHECK-LABEL: func.func @three_bits(
// CHECK: moe.grouped_matmul
func.func @three_bits(%x: memref<?x64xf32>, %w: memref<3x40x24xi8>, %s: memref<3x40xf32>, %offsets: memref<4xi32>,
                      %out: memref<?x40xf32>) {
  moe.grouped_matmul
      ins(%x, %w, %offsets : memref<?x64xf32>, memref<3x40x24xi8>, memref<4xi32>)
      scales(%s : memref<3x40xf32>) outs(%out : memref<?x40xf32>)
      {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 3>}
  return
}

// -----

// So do small floats.
// CHECK-LABEL: func.func @minifloats(
// CHECK: moe.grouped_matmul
func.func @minifloats(%x: memref<?x64xf32>, %w: memref<3x40x32xi8>, %s: memref<3x40x2xf8E8M0FNU>,
                      %offsets: memref<4xi32>, %out: memref<?x40xf32>) {
  moe.grouped_matmul
      ins(%x, %w, %offsets : memref<?x64xf32>, memref<3x40x32xi8>, memref<4xi32>)
      scales(%s : memref<3x40x2xf8E8M0FNU>) outs(%out : memref<?x40xf32>)
      {activation = #moe.activation<identity>, layout = #moe.layout<nk>,
       quant = #moe.minifloat<kind = e2m1, block = 32>}
  return
}
