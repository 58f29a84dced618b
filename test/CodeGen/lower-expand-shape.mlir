// RUN: moec-opt %s --moec-lower-expand-shape --canonicalize | FileCheck %s
// RUN: moec-opt %s --moec-lower-expand-shape --expand-strided-metadata -o /dev/null

// Two dynamic extents in a group: those the op states, not inferred ones.
// CHECK-LABEL: func @two_dynamic
// CHECK-SAME: (%[[M:.*]]: memref<?x24xf32>, %[[A:.*]]: index, %[[B:.*]]: index)
// CHECK: %[[S:.*]] = affine.apply #{{.*}}()[%[[B]]]
// CHECK: memref.reinterpret_cast %{{.*}} to offset: [0], sizes: [%[[A]], %[[B]], 24], strides: [%[[S]], 24, 1] : memref<{{.*}}> to memref<?x?x24xf32>
// CHECK-NOT: memref.expand_shape
func.func @two_dynamic(%m: memref<?x24xf32>, %a: index, %b: index) -> memref<?x?x24xf32> {
  %0 = memref.expand_shape %m [[0, 1], [2]] output_shape [%a, %b, 24] : memref<?x24xf32> into memref<?x?x24xf32>
  return %0 : memref<?x?x24xf32>
}

// A group of a strided source keeps the source's stride.
// CHECK-LABEL: func @strided
// CHECK: memref.reinterpret_cast %{{.*}} to offset: [5], sizes: [%{{.*}}, 4, 3], strides: [32, 8, 1]
func.func @strided(%m: memref<?x3xf32, strided<[8, 1], offset: 5>>, %a: index) -> memref<?x4x3xf32, strided<[32, 8, 1], offset: 5>> {
  %0 = memref.expand_shape %m [[0, 1], [2]] output_shape [%a, 4, 3] : memref<?x3xf32, strided<[8, 1], offset: 5>> into memref<?x4x3xf32, strided<[32, 8, 1], offset: 5>>
  return %0 : memref<?x4x3xf32, strided<[32, 8, 1], offset: 5>>
}
