// RUN: moec-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --split-input-file | FileCheck %s

// Destinations are written in place, never copied into first.
// CHECK-LABEL: func @layer
// CHECK-NOT: memref.copy
// CHECK-DAG: %[[OFFSETS:.*]] = memref.alloc() {{.*}} : memref<9xi32>
// CHECK-DAG: %[[ROWS:.*]] = memref.alloc() {{.*}} : memref<12xi32>
// CHECK-DAG: %[[INVERSE:.*]] = memref.alloc() {{.*}} : memref<6x2xi32>
// CHECK: moe.plan ins(%{{.*}} : memref<6x2xi32>) outs(%[[OFFSETS]], %[[ROWS]], %[[INVERSE]] : memref<9xi32>, memref<12xi32>, memref<6x2xi32>)
// CHECK: moe.expert_ffn ins(%{{.*}}, %[[ROWS]], %[[OFFSETS]], %{{.*}}, %{{.*}} : memref<6x64xf32>, memref<12xi32>, memref<9xi32>, memref<8x48x64xf32>, memref<8x64x48xf32>) bias2(%{{.*}} : memref<8x64xf32>) outs(%[[Y:.*]] : memref<12x64xf32>) {activation = #moe.activation<silu>}
// CHECK: moe.combine ins(%[[Y]], %[[INVERSE]], %{{.*}}) outs(%{{.*}} : memref<6x64xf32>)
// CHECK-NOT: memref.copy
// CHECK: return
func.func @layer(%x: tensor<6x64xf32> {bufferization.writable = false}, %ids: tensor<6x2xi32>, %weights: tensor<6x2xf32>,
    %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>, %b2: tensor<8x64xf32>, %out: tensor<6x64xf32>) -> tensor<6x64xf32> {
  %oi = tensor.empty() : tensor<9xi32>
  %ri = tensor.empty() : tensor<12xi32>
  %ii = tensor.empty() : tensor<6x2xi32>
  %yi = tensor.empty() : tensor<12x64xf32>
  %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<6x2xi32>) outs(%oi, %ri, %ii : tensor<9xi32>, tensor<12xi32>, tensor<6x2xi32>) -> tensor<9xi32>, tensor<12xi32>, tensor<6x2xi32>
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) bias2(%b2 : tensor<8x64xf32>) outs(%yi : tensor<12x64xf32>) {activation = #moe.activation<silu>} -> tensor<12x64xf32>
  %c = moe.combine ins(%y, %inverse, %weights : tensor<12x64xf32>, tensor<6x2xi32>, tensor<6x2xf32>) outs(%out : tensor<6x64xf32>) -> tensor<6x64xf32>
  return %c : tensor<6x64xf32>
}

// -----

// A destination that is also read, here or later, gets memory of its own.
// CHECK-LABEL: func @conflict
// CHECK-SAME: (%[[X:.*]]: memref<12x64xf32>
// CHECK: %[[NEW:.*]] = memref.alloc() {{.*}} : memref<12x64xf32>
// CHECK-NOT: memref.copy
// CHECK: moe.dispatch ins(%[[X]], %{{.*}}) outs(%[[NEW]] : memref<12x64xf32>)
// CHECK: return %[[NEW]]
func.func @conflict(%x: tensor<12x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>) -> tensor<12x64xf32> {
  %d = moe.dispatch ins(%x, %rows, %offsets : tensor<12x64xf32>, tensor<12xi32>, tensor<9xi32>) outs(%x : tensor<12x64xf32>) -> tensor<12x64xf32>
  return %d : tensor<12x64xf32>
}
