// RUN: moec-opt %s | moec-opt | FileCheck %s --check-prefix=TENSOR
// RUN: moec-opt %s -one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" | FileCheck %s

// TENSOR: rt.is_same_buffer %{{.*}}, %{{.*}} : tensor<?xf32>, tensor<4xf32>

// Addresses are compared, and no element is read: the destination is written
// in place.
// CHECK-LABEL: func.func @grow
// CHECK-SAME: (%[[PAST:.*]]: memref<?xf32>, %[[PRESENT:.*]]: memref<4xf32>)
// CHECK-NOT: memref.alloc
// CHECK-DAG: %[[A:.*]] = memref.extract_aligned_pointer_as_index %[[PAST]]
// CHECK-DAG: %[[B:.*]] = memref.extract_aligned_pointer_as_index %[[PRESENT]]
// CHECK: %[[SAME:.*]] = arith.cmpi eq, %[[A]], %[[B]]
// CHECK: memref.store %{{.*}}, %[[PRESENT]]
// CHECK: return %[[SAME]]
func.func @grow(%past: tensor<?xf32> {bufferization.writable = false}, %present: tensor<4xf32> {bufferization.writable = true}) -> (i1, tensor<4xf32>) {
  %same = rt.is_same_buffer %past, %present : tensor<?xf32>, tensor<4xf32>
  %c0 = arith.constant 0 : index
  %x = tensor.extract %past[%c0] : tensor<?xf32>
  %next = tensor.insert %x into %present[%c0] : tensor<4xf32>
  return %same, %next : i1, tensor<4xf32>
}
