// RUN: moec-opt %s -moec-free-buffers | FileCheck %s

func.func private @k(memref<8xf32>)

// CHECK-LABEL: func.func @last_use
func.func @last_use(%out: memref<2x4xf32>) {
  // CHECK: %[[A:.*]] = memref.alloc
  %a = memref.alloc() : memref<8xf32>
  call @k(%a) : (memref<8xf32>) -> ()
  // A view keeps its buffer alive.
  %v = memref.expand_shape %a [[0, 1]] output_shape [2, 4] : memref<8xf32> into memref<2x4xf32>
  // CHECK: memref.copy
  // CHECK-NEXT: memref.dealloc %[[A]]
  memref.copy %v, %out : memref<2x4xf32> to memref<2x4xf32>
  return
}

// So does our own view, which reads a buffer that looks dead otherwise.
// CHECK-LABEL: func.func @own_view
func.func @own_view(%out: memref<?x?xf32>, %n: index, %m: index) {
  %a = memref.alloc(%n) : memref<?xf32>
  %v = rt.view %a as (%n, %m) : memref<?xf32> to memref<?x?xf32>
  // CHECK: memref.copy
  // CHECK-NEXT: memref.dealloc
  memref.copy %v, %out : memref<?x?xf32> to memref<?x?xf32>
  return
}

// What is given away is not freed here.
// CHECK-LABEL: func.func @returned
func.func @returned() -> memref<8xf32> {
  // CHECK-NOT: dealloc
  %a = memref.alloc() : memref<8xf32>
  return %a : memref<8xf32>
}
