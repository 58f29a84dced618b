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

// What is given away is not freed here.
// CHECK-LABEL: func.func @returned
func.func @returned() -> memref<8xf32> {
  // CHECK-NOT: dealloc
  %a = memref.alloc() : memref<8xf32>
  return %a : memref<8xf32>
}
