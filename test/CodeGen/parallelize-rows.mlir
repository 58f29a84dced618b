// RUN: moec-opt %s -moec-parallelize-rows -split-input-file | FileCheck %s
// RUN: moec-opt %s -moec-parallelize-rows="block-elements=64" -split-input-file | FileCheck %s --check-prefix=SMALL

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#t = affine_map<(d0, d1) -> (d1, d0)>
#one = affine_map<(d0) -> (d0)>

// Sixteen rows of 1024 make a block.
// CHECK-LABEL: func.func private @plain
// CHECK: %[[N:.*]] = memref.dim %{{.*}}, %{{.*}} : memref<?x1024xf32>
// CHECK: scf.forall (%[[I:.*]]) = (0) to (%[[N]]) step (16) {
// CHECK: %[[SIZE:.*]] = affine.min
// CHECK: memref.subview %{{.*}}[%[[I]], 0] [%[[SIZE]], 1024] [1, 1]
// CHECK: linalg.generic
// CHECK-NOT: linalg.generic
func.func private @plain(%x: memref<?x1024xf32>, %y: memref<?x1024xf32>) attributes {moec.kernel} {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<?x1024xf32>) outs(%y : memref<?x1024xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %in : f32
    linalg.yield %0 : f32
  }
  return
}

// A norm's ops run on a block one after the other: work is 2 * 100 + 2 a row.
// What ties the second sums to the rest is that they are allocated like x.
// CHECK-LABEL: func.func private @norm
// CHECK: %[[SUMS:.*]] = memref.alloc
// CHECK: scf.forall (%{{.*}}) = (0) to (%{{.*}}) step (81) {
// CHECK-DAG: memref.subview %[[SUMS]][
// CHECK: linalg.fill
// CHECK: linalg.generic
// CHECK: linalg.fill
// CHECK: linalg.generic
// CHECK: }
// CHECK-NOT: scf.forall
// CHECK: return
func.func private @norm(%x: memref<?x100xf32>, %y: memref<?x100xf32>) attributes {moec.kernel} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = memref.dim %x, %c0 : memref<?x100xf32>
  %sums = memref.alloc(%n) : memref<?xf32>
  linalg.fill ins(%zero : f32) outs(%sums : memref<?xf32>)
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<?x100xf32>) outs(%sums : memref<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %out : f32
    linalg.yield %0 : f32
  }
  %more = memref.alloc(%n) : memref<?xf32>
  linalg.fill ins(%zero : f32) outs(%more : memref<?xf32>)
  linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %sums : memref<?x100xf32>, memref<?xf32>) outs(%y : memref<?x100xf32>) {
  ^bb0(%in: f32, %sum: f32, %out: f32):
    %0 = arith.divf %in, %sum : f32
    linalg.yield %0 : f32
  }
  return
}

// Two loops count rows: as many of the inner one as fit, then of the outer one.
// CHECK-LABEL: func.func private @batches
// CHECK: %[[S:.*]] = memref.dim %{{.*}}, %{{c1.*}} : memref<?x?x64xf32>
// CHECK: arith.divui
// CHECK: %[[STEP:.*]] = arith.maxsi
// CHECK: scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (%{{.*}}, %[[S]]) step (%[[STEP]], 256) {
func.func private @batches(%x: memref<?x?x64xf32>, %y: memref<?x?x64xf32>) attributes {moec.kernel} {
  linalg.generic {indexing_maps = [affine_map<(a, b, c) -> (a, b, c)>, affine_map<(a, b, c) -> (a, b, c)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x : memref<?x?x64xf32>) outs(%y : memref<?x?x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %in : f32
    linalg.yield %0 : f32
  }
  return
}

// A single loop is cut, too, and reads may go across rows.
// CHECK-LABEL: func.func private @vector
// CHECK: scf.forall (%{{.*}}) = (0) to (%{{.*}}) step (16384) {
func.func private @vector(%y: memref<?xf32>) attributes {moec.kernel} {
  %one = arith.constant 1.0 : f32
  linalg.fill ins(%one : f32) outs(%y : memref<?xf32>)
  return
}

// CHECK-LABEL: func.func private @transposed
// CHECK: scf.forall (%[[I:.*]]) = (0) to (4096) step (4) {
// CHECK-DAG: memref.subview %arg0[0, %[[I]]] [4096, 4] [1, 1]
// CHECK-DAG: memref.subview %arg1[%[[I]], 0] [4, 4096] [1, 1]
func.func private @transposed(%x: memref<4096x4096xf32>, %y: memref<4096x4096xf32>) attributes {moec.kernel} {
  linalg.generic {indexing_maps = [#t, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<4096x4096xf32>) outs(%y : memref<4096x4096xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  return
}

// What is one block is no loop, unless blocks are small.
// CHECK-LABEL: func.func private @small
// CHECK-NOT: scf.forall
// CHECK: return
// SMALL-LABEL: func.func private @small
// SMALL: scf.forall
func.func private @small(%x: memref<16x64xf32>, %y: memref<16x64xf32>) attributes {moec.kernel} {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<16x64xf32>) outs(%y : memref<16x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  return
}

// Sums over rows are no rows of their own.
// SMALL-LABEL: func.func private @across
// SMALL-NOT: scf.forall
// SMALL: return
func.func private @across(%x: memref<?x64xf32>, %y: memref<64xf32>) attributes {moec.kernel} {
  linalg.generic {indexing_maps = [#id, affine_map<(d0, d1) -> (d1)>], iterator_types = ["reduction", "parallel"]} ins(%x : memref<?x64xf32>) outs(%y : memref<64xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %out : f32
    linalg.yield %0 : f32
  }
  return
}

// What the second op reads, others of the first have written: two loops.
// SMALL-LABEL: func.func private @apart
// SMALL: scf.forall
// SMALL: scf.forall
func.func private @apart(%x: memref<64x64xf32>, %y: memref<64x64xf32>, %z: memref<64x64xf32>) attributes {moec.kernel} {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<64x64xf32>) outs(%y : memref<64x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  linalg.generic {indexing_maps = [#t, #id], iterator_types = ["parallel", "parallel"]} ins(%y : memref<64x64xf32>) outs(%z : memref<64x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  return
}

// The same through a view; and rows that nothing shows to be as many.
// SMALL-LABEL: func.func private @views
// SMALL-COUNT-3: scf.forall
func.func private @views(%x: memref<64x64xf32>, %y: memref<64x64xf32>, %z: memref<?xf32>) attributes {moec.kernel} {
  %one = arith.constant 1.0 : f32
  %v = memref.collapse_shape %y [[0, 1]] : memref<64x64xf32> into memref<4096xf32>
  linalg.fill ins(%one : f32) outs(%v : memref<4096xf32>)
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<64x64xf32>) outs(%y : memref<64x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  linalg.fill ins(%one : f32) outs(%z : memref<?xf32>)
  return
}

// An op whose region picks elements reads any row of what was written before.
// SMALL-LABEL: func.func private @gather
// SMALL: scf.forall
// SMALL: linalg.fill
// SMALL: scf.forall
// SMALL: memref.load
func.func private @gather(%i: memref<64xindex>, %x: memref<128xf32>, %y: memref<64x64xf32>) attributes {moec.kernel} {
  %one = arith.constant 1.0 : f32
  linalg.fill ins(%one : f32) outs(%x : memref<128xf32>)
  linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]} ins(%i : memref<64xindex>) outs(%y : memref<64x64xf32>) {
  ^bb0(%in: index, %out: f32):
    %ok = arith.cmpi ult, %in, %in : index
    rt.record %ok, index_out_of_range, "too far"
    %0 = memref.load %x[%in] : memref<128xf32>
    linalg.yield %0 : f32
  }
  return
}

// What reads or writes between two ops keeps them apart.
// SMALL-LABEL: func.func private @between
// SMALL: scf.forall
// SMALL: memref.load
// SMALL: scf.forall
func.func private @between(%x: memref<?xf32>, %y: memref<?xf32>) attributes {moec.kernel} {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  linalg.fill ins(%one : f32) outs(%x : memref<?xf32>)
  %a = memref.load %x[%c0] : memref<?xf32>
  linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// Main is no kernel.
// SMALL-LABEL: func.func @main
// SMALL-NOT: scf.forall
// SMALL: return
func.func @main(%x: memref<?xf32>) {
  %one = arith.constant 1.0 : f32
  linalg.fill ins(%one : f32) outs(%x : memref<?xf32>)
  return
}
