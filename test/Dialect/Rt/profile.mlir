// RUN: moec-opt %s | moec-opt | FileCheck %s --check-prefix=TENSOR
// RUN: moec-opt %s -one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" | FileCheck %s
// RUN: moec-opt %s -one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" -moec-lower-to-llvm | FileCheck %s --check-prefix=LLVM

// TENSOR: rt.profile 3, %{{.*}}, %{{.*}} : tensor<?x2xi32>, tensor<?x2xf32>

// Read before what is there is overwritten, in place where nobody reads later.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[IDS:.*]]: memref<?x2xi32>, %[[WEIGHTS:.*]]: memref<?x2xf32>)
// CHECK-NOT: memref.alloc
// CHECK: rt.profile 3, %[[IDS]], %[[WEIGHTS]] : memref<?x2xi32>, memref<?x2xf32>
// CHECK: memref.store %{{.*}}, %[[IDS]]

// LLVM: llvm.func @moec_rt_profile(!llvm.ptr, i32, i64, i64, !llvm.ptr, !llvm.ptr)
// LLVM-LABEL: llvm.func @main
// LLVM: %[[LAYER:.*]] = llvm.mlir.constant(3 : i32) : i32
// LLVM: %[[TOKENS:.*]] = llvm.extractvalue %{{.*}}[3, 0]
// LLVM: %[[CHOICES:.*]] = llvm.extractvalue %{{.*}}[3, 1]
// LLVM: llvm.call @moec_rt_profile(%{{.*}}, %[[LAYER]], %[[TOKENS]], %[[CHOICES]], %{{.*}}, %{{.*}})
func.func @main(%ids: tensor<?x2xi32> {bufferization.writable = true}, %weights: tensor<?x2xf32> {bufferization.writable = false}) {
  rt.profile 3, %ids, %weights : tensor<?x2xi32>, tensor<?x2xf32>
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0 : i32
  %next = tensor.insert %zero into %ids[%c0, %c0] : tensor<?x2xi32>
  %dim = tensor.dim %next, %c0 : tensor<?x2xi32>
  rt.count tokens, %dim
  return
}

// What is read later is kept.
// CHECK-LABEL: func.func @later
// CHECK-SAME: (%[[IDS:.*]]: memref<?x2xi32>, %[[WEIGHTS:.*]]: memref<?x2xf32>)
// CHECK: %[[COPY:.*]] = memref.alloc
// CHECK: memref.copy %[[IDS]], %[[COPY]]
// CHECK: memref.store %{{.*}}, %[[COPY]]
// CHECK: rt.profile 0, %[[IDS]], %[[WEIGHTS]]
func.func @later(%ids: tensor<?x2xi32> {bufferization.writable = true}, %weights: tensor<?x2xf32> {bufferization.writable = false}) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0 : i32
  %next = tensor.insert %zero into %ids[%c0, %c0] : tensor<?x2xi32>
  rt.profile 0, %ids, %weights : tensor<?x2xi32>, tensor<?x2xf32>
  rt.profile 1, %next, %weights : tensor<?x2xi32>, tensor<?x2xf32>
  return
}
