// RUN: moec-opt %s -split-input-file -verify-diagnostics -moec-stride-caches | FileCheck %s

// A kernel takes both buffers of a pair with the strides of the run, views of
// them included; a cache that main made itself is cast.
// CHECK-LABEL: func.func private @cache
// CHECK-SAME: (%[[PAST:.*]]: memref<2x?x16xf32, strided<[?, ?, 1]>>, %{{.*}}: memref<?xf32>, %[[PRESENT:.*]]: memref<2x?x16xf32, strided<[?, ?, 1]>> {moec.alias = 0 : i64})
func.func private @cache(%past: memref<2x?x16xf32>, %new: memref<?xf32>, %present: memref<2x?x16xf32> {moec.alias = 0 : i64}) attributes {moec.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: memref.dim %[[PAST]]
  %n = memref.dim %past, %c1 : memref<2x?x16xf32>
  // CHECK: %[[HEAD:.*]] = memref.subview %[[PRESENT]]{{.*}} to memref<?x16xf32, strided<[?, 1], offset: ?>>
  %head = memref.subview %present[%c1, 0, 0] [1, %n, 16] [1, 1, 1] : memref<2x?x16xf32> to memref<?x16xf32, strided<[16, 1], offset: ?>>
  // CHECK: %[[ROW:.*]] = memref.subview %[[HEAD]]{{.*}} to memref<16xf32, strided<[1], offset: ?>>
  %row = memref.subview %head[%c0, 0] [1, 16] [1, 1] : memref<?x16xf32, strided<[16, 1], offset: ?>> to memref<16xf32, strided<[1], offset: ?>>
  %x = memref.load %past[%c0, %c0, %c0] : memref<2x?x16xf32>
  memref.store %x, %row[%c0] : memref<16xf32, strided<[1], offset: ?>>
  return
}
// CHECK-LABEL: func.func @main
func.func @main() {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  // CHECK: %[[IN:.*]] = rt.input 0 : memref<2x?x16xf32, strided<[?, ?, 1]>>
  %past = rt.input 0 : memref<2x?x16xf32>
  // CHECK: %[[NEW:.*]] = rt.input 1 : memref<?xf32>
  %new = rt.input 1 : memref<?xf32>
  %n = memref.dim %past, %c1 : memref<2x?x16xf32>
  // CHECK: %[[OUT:.*]] = rt.output 0{{.*}} : memref<2x?x16xf32, strided<[?, ?, 1]>>
  %present = rt.output 0(%c2, %n, %c16) : memref<2x?x16xf32> {moec.alias = 0 : i64}
  // CHECK: call @cache(%[[IN]], %[[NEW]], %[[OUT]])
  call @cache(%past, %new, %present) : (memref<2x?x16xf32>, memref<?xf32>, memref<2x?x16xf32>) -> ()
  // CHECK: %[[OWN:.*]] = memref.alloc
  %own = memref.alloc(%n) : memref<2x?x16xf32>
  %next = memref.alloc(%n) : memref<2x?x16xf32>
  // CHECK: %[[CAST:.*]] = memref.cast %[[OWN]] : memref<2x?x16xf32> to memref<2x?x16xf32, strided<[?, ?, 1]>>
  // CHECK: call @cache(%[[CAST]], %[[NEW]], %{{.*}})
  call @cache(%own, %new, %next) : (memref<2x?x16xf32>, memref<?xf32>, memref<2x?x16xf32>) -> ()
  return
}

// -----

// The host has been told what does not hold.
func.func private @copy(%a: memref<?xf32>, %b: memref<?xf32>) attributes {moec.kernel} {
  return
}
func.func @main() {
  %c0 = arith.constant 0 : index
  %past = rt.input 0 : memref<?xf32>
  %n = memref.dim %past, %c0 : memref<?xf32>
  // expected-error @below {{output 0 was to continue input 0 in its buffer, but no kernel takes just these two}}
  %present = rt.output 0(%n) : memref<?xf32> {moec.alias = 0 : i64}
  call @copy(%past, %present) : (memref<?xf32>, memref<?xf32>) -> ()
  return
}

// -----

func.func private @view(%a: memref<4x4xf32>, %b: memref<4x4xf32> {moec.alias = 0 : i64}) attributes {moec.kernel} {
  // expected-error @below {{takes a cache, whose strides are the caller's, but needs a row-major buffer}}
  %flat = memref.collapse_shape %a [[0, 1]] : memref<4x4xf32> into memref<16xf32>
  return
}
func.func @main() {
  return
}
