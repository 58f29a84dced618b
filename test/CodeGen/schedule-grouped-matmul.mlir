// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: moec-opt %s --split-input-file --moec-schedule-grouped-matmul=level=x86-64-v4 --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,V4
// RUN: moec-opt %s --split-input-file --moec-schedule-grouped-matmul=level=x86-64-v3 --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,V3
// RUN: moec-opt %s --split-input-file --moec-schedule-grouped-matmul=level=x86-64-v4 | FileCheck %s --check-prefix=WIDTH4
// RUN: moec-opt %s --split-input-file --moec-schedule-grouped-matmul=level=x86-64-v3 | FileCheck %s --check-prefix=WIDTH3
// RUN: moec-opt %s --split-input-file --moec-schedule-grouped-matmul="level=x86-64-v3 count-tasks=false" | FileCheck %s --check-prefix=UNCOUNTED
// UNCOUNTED-NOT: rt.count

// Only the native width: never a scalar in a vector, never half or twice.
// WIDTH4-NOT: vector<{{(1|2|4|8|32|64|48)}}xf32>
// WIDTH3-NOT: vector<{{(1|2|4|16|32|64|48)}}xf32>

// The count of work items comes from the offsets, and nothing inside an item
// allocates on the heap or starts another.
// CHECK-LABEL: func.func @gated(
// CHECK: %[[PREFIX:.*]] = memref.alloc
// CHECK: scf.for
// CHECK: memref.store %{{.*}}, %[[PREFIX]]
// CHECK: rt.count expert_tasks, %[[ITEMS:.*]]
// CHECK: scf.forall (%{{.*}}) in (%[[ITEMS]]) {
// CHECK-NOT: memref.alloc()
// CHECK-NOT: scf.forall
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<{{(96|72)}}x32xf32>
// Sums are carried by the loop over K, in registers: 24 (12 by 32) or 12 (6 by
// 16), and each of the steps (2, or 1) loads two vectors of weights once.
// V4: %{{[0-9]+}}:24 = scf.for %{{.*}} iter_args
// V4-COUNT-2: vector.load %{{.*}} : memref<3x6x64x32xf32>, vector<16xf32>
// V4-NOT: vector.load
// V4-COUNT-24: vector.fma %{{.*}} : vector<16xf32>
// V4-COUNT-2: vector.load %{{.*}} : memref<3x6x64x32xf32>, vector<16xf32>
// V4-NOT: vector.load
// V4: scf.yield
// V3: %{{[0-9]+}}:12 = scf.for %{{.*}} iter_args
// V3-COUNT-2: vector.load %{{.*}} : memref<3x6x64x32xf32>, vector<8xf32>
// V3-NOT: vector.load
// V3-COUNT-12: vector.fma %{{.*}} : vector<8xf32>
// V3-NOT: vector.load
// V3: scf.yield
// CHECK-NOT: moe.grouped_matmul
func.func @gated(%x: memref<?x64xf32>, %w: memref<3x6x64x32xf32>, %offsets: memref<4xi32>,
                 %rows: memref<?xi32>, %bias: memref<3x192xf32>, %out: memref<?x96xf32>) {
  moe.grouped_matmul
      ins(%x, %w, %offsets : memref<?x64xf32>, memref<3x6x64x32xf32>, memref<4xi32>)
      rows(%rows : memref<?xi32>) bias(%bias : memref<3x192xf32>) outs(%out : memref<?x96xf32>)
      {activation = #moe.activation<swiglu>, layout = #moe.layout<panels>, n = 192}
  return
}

// -----

// A column count that panels do not divide: masks, in the last panel only.
// CHECK-LABEL: func.func @tail(
// CHECK: scf.if
// CHECK-NOT: vector.maskedstore
// CHECK: else
// CHECK: vector.maskedstore
func.func @tail(%x: memref<?x64xf32>, %w: memref<3x2x64x32xf32>, %offsets: memref<4xi32>, %out: memref<?x40xf32>) {
  moe.grouped_matmul
      ins(%x, %w, %offsets : memref<?x64xf32>, memref<3x2x64x32xf32>, memref<4xi32>)
      outs(%out : memref<?x40xf32>)
      {activation = #moe.activation<identity>, layout = #moe.layout<panels>, n = 40}
  return
}

// -----

// Gate and up that are columns beside each other are loops' business, and so are codes.
// CHECK-LABEL: func.func @unpacked(
// CHECK: moe.grouped_matmul
// CHECK: moe.grouped_matmul
func.func @unpacked(%x: memref<?x64xf32>, %w: memref<3x40x64xf32>, %offsets: memref<4xi32>, %out: memref<?x20xf32>,
                    %codes: memref<3x40x32xui8>, %s: memref<3x40x2xf32>, %y: memref<?x40xf32>) {
  moe.grouped_matmul
      ins(%x, %w, %offsets : memref<?x64xf32>, memref<3x40x64xf32>, memref<4xi32>)
      outs(%out : memref<?x20xf32>)
      {activation = #moe.activation<swiglu>, layout = #moe.layout<nk>}
  moe.grouped_matmul
      ins(%x, %codes, %offsets : memref<?x64xf32>, memref<3x40x32xui8>, memref<4xi32>)
      scales(%s : memref<3x40x2xf32>) outs(%y : memref<?x40xf32>)
      {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 4, block = 32>}
  return
}

// -----

// Two activations: no offsets, no table of row blocks, no work of experts. Many rows read a copy of a block of K of a
// panel, few the matrix itself, in whole panels.
// CHECK-LABEL: func.func @values(
// CHECK-NOT: memref.alloc()
// CHECK-NOT: rt.count
// CHECK: scf.forall
// CHECK: %[[COPY:.*]] = memref.alloca() {alignment = 64 : i64} : memref<1x1x256x32xf32>
// CHECK-NOT: memref.store
// CHECK: arith.cmpi sle, %{{.*}}, %c2
// CHECK: scf.if
// CHECK: vector.load %{{.*}} : memref<?x?x64xf32>
// CHECK: vector.fma
// CHECK: else
// CHECK: vector.load %{{.*}} : memref<?x?x64xf32>
// CHECK: vector.store %{{.*}}, %[[COPY]]
// CHECK-NOT: vector.maskedload
// V4: %{{[0-9]+}}:24 = scf.for %{{.*}} iter_args
// V3: %{{[0-9]+}}:12 = scf.for %{{.*}} iter_args
// CHECK-NOT: memref.prefetch
// CHECK: vector.load %[[COPY]]
// CHECK: return
func.func @values(%x: memref<?x?xf32>, %w: memref<?x?x64xf32>, %out: memref<?x64xf32>) {
  moe.grouped_matmul
      ins(%x, %w : memref<?x?xf32>, memref<?x?x64xf32>) outs(%out : memref<?x64xf32>)
      {activation = #moe.activation<identity>, layout = #moe.layout<kn>}
  return
}

// -----

// Of a matrix in rows of N, squares are transposed on their way into the copy; few rows add up along K, and the sums
// are transposed instead.
// CHECK-LABEL: func.func @transposed(
// CHECK: %[[COPY:.*]] = memref.alloca() {alignment = 64 : i64} : memref<1x1x256x32xf32>
// CHECK: scf.if
// V4-COUNT-16: vector.fma
// V4-COUNT-64: vector.shuffle
// V3-COUNT-8: vector.fma
// V3-COUNT-24: vector.shuffle
// CHECK: else
// V4-COUNT-64: vector.shuffle
// V4-COUNT-16: vector.store %{{.*}}, %[[COPY]]
// V3-COUNT-24: vector.shuffle
// V3-COUNT-8: vector.store %{{.*}}, %[[COPY]]
func.func @transposed(%x: memref<?x64xf32>, %w: memref<?x?x64xf32>, %out: memref<?x?xf32>) {
  moe.grouped_matmul
      ins(%x, %w : memref<?x64xf32>, memref<?x?x64xf32>) outs(%out : memref<?x?xf32>)
      {activation = #moe.activation<identity>, layout = #moe.layout<nk>}
  return
}

// -----

// Rows whose elements lie apart are read one by one, through the copy only.
// CHECK-LABEL: func.func @strided(
// CHECK-NOT: arith.cmpi sle, %{{.*}}, %c2
// CHECK: memref.load %arg0
// CHECK: return
func.func @strided(%x: memref<?x64xf32, strided<[?, ?]>>, %w: memref<?x?x64xf32>, %out: memref<?x?xf32>) {
  moe.grouped_matmul
      ins(%x, %w : memref<?x64xf32, strided<[?, ?]>>, memref<?x?x64xf32>) outs(%out : memref<?x?xf32>)
      {activation = #moe.activation<identity>, layout = #moe.layout<nk>}
  return
}

// -----

// While a block of K (256 deep) is computed, the next one is fetched, a line at
// a time: two lines a step for a whole row of the panel, one for half of it.
// Tiles of one row, which read all weights once, fetch nothing.
// CHECK-LABEL: func.func @fetch(
// V4: %{{[0-9]+}}:25 = scf.for %{{.*}} iter_args
// V4-COUNT-2: memref.prefetch %{{.*}}, read, locality<2>, data : memref<3x6x600x32xf32>
// V4-COUNT-24: vector.fma
// V4-COUNT-2: memref.prefetch
// V4: scf.yield
// V4: %{{[0-9]+}}:17 = scf.for
// V4: %{{[0-9]+}}:9 = scf.for
// V4: %{{[0-9]+}}:9 = scf.for
// V3: %{{[0-9]+}}:13 = scf.for %{{.*}} iter_args
// V3: memref.prefetch %{{.*}}, read, locality<2>, data : memref<3x6x600x32xf32>
// V3-NOT: memref.prefetch
// V3-COUNT-12: vector.fma
// V3-NOT: memref.prefetch
// V3: scf.yield
// V3: %{{[0-9]+}}:9 = scf.for
// CHECK: %{{[0-9]+}}:8 = scf.for
// CHECK-NOT: memref.prefetch
// CHECK: return
func.func @fetch(%x: memref<?x600xf32>, %w: memref<3x6x600x32xf32>, %offsets: memref<4xi32>, %out: memref<?x192xf32>) {
  moe.grouped_matmul
      ins(%x, %w, %offsets : memref<?x600xf32>, memref<3x6x600x32xf32>, memref<4xi32>)
      outs(%out : memref<?x192xf32>)
      {activation = #moe.activation<identity>, layout = #moe.layout<panels>, n = 192}
  return
}

// -----

// A dense product is no work of experts.
// CHECK-LABEL: func.func @dense(
// CHECK-NOT: rt.count
// CHECK: scf.forall
func.func @dense(%x: memref<?x64xf32>, %w: memref<1x2x64x32xf32>, %offsets: memref<2xi32>, %out: memref<?x64xf32>) {
  moe.grouped_matmul
      ins(%x, %w, %offsets : memref<?x64xf32>, memref<1x2x64x32xf32>, memref<2xi32>)
      outs(%out : memref<?x64xf32>)
      {activation = #moe.activation<identity>, layout = #moe.layout<panels>, n = 64}
  return
}
