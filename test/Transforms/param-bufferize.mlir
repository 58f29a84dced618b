// RUN: moec-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --split-input-file | FileCheck %s

param.decl @w : tensor<2x3xf32> = #param.file<"m", 0, 24>

// CHECK-LABEL: func @read
func.func @read() -> tensor<2x3xf32> {
  // CHECK: %[[W:.*]] = param.load @w : memref<2x3xf32>
  // CHECK-NOT: alloc
  %w = param.load @w : tensor<2x3xf32>
  // CHECK: return %[[W]] : memref<2x3xf32>
  return %w : tensor<2x3xf32>
}

// -----

param.decl @w : tensor<2x3xf32> = #param.file<"m", 0, 24>

// The weights are read-only: a write goes to a copy.
// CHECK-LABEL: func @write
func.func @write(%x: f32, %i: index) -> tensor<2x3xf32> {
  // CHECK: %[[W:.*]] = param.load @w : memref<2x3xf32>
  // CHECK: %[[COPY:.*]] = memref.alloc()
  // CHECK: memref.copy %[[W]], %[[COPY]]
  // CHECK: memref.store %{{.*}}, %[[COPY]]
  %w = param.load @w : tensor<2x3xf32>
  %0 = tensor.insert %x into %w[%i, %i] : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

param.decl @w : tensor<2x3xf32> = #param.file<"m", 0, 24>

func.func private @kernel(%x: tensor<2x3xf32>, %i: index) -> f32 {
  %0 = tensor.extract %x[%i, %i] : tensor<2x3xf32>
  return %0 : f32
}

// A kernel that reads gets the weights themselves.
// CHECK-LABEL: func @main
func.func @main(%i: index) -> f32 {
  // CHECK: %[[W:.*]] = param.load @w : memref<2x3xf32>
  // CHECK-NEXT: call @kernel(%[[W]]
  %w = param.load @w : tensor<2x3xf32>
  %0 = call @kernel(%w, %i) : (tensor<2x3xf32>, index) -> f32
  return %0 : f32
}
