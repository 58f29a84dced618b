// RUN: moec-opt %s -split-input-file -moec-outline-tasks | FileCheck %s

// CHECK-LABEL: func.func @two
func.func @two(%a: memref<?x?xf32>, %n: index, %m: index) {
  %zero = arith.constant 0.0 : f32
  // Each dimension's count, then one flat range.
  // CHECK: %[[N:.*]] = arith.maxsi
  // CHECK: %[[M:.*]] = arith.maxsi
  // CHECK: %[[T:.*]] = arith.muli
  // CHECK: rt.parallel @two_task for %{{.*}}(%{{.*}}) : memref<?x?xf32>
  scf.forall (%i, %j) = (0, 0) to (%n, %m) step (1, 8) {
    memref.store %zero, %a[%i, %j] : memref<?x?xf32>
  }
  return
}
// CHECK: func.func private @two_task(%[[FLAT:[a-z0-9]+]]: index,
// CHECK: arith.remui %[[FLAT]]
// CHECK: arith.divui %[[FLAT]]
// CHECK: memref.store

// -----

// A parallel loop in a task runs in order: tasks start no tasks.
// CHECK-LABEL: func.func @nested
func.func @nested(%a: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  scf.forall (%i) in (4) {
    scf.forall (%j) in (4) {
      memref.store %zero, %a[%i, %j] : memref<4x4xf32>
    }
  }
  return
}
// CHECK: func.func private @nested_task
// CHECK: scf.for
// CHECK-NOT: scf.forall
