// RUN: moec-opt %s --canonicalize | FileCheck %s

// A product that can index needs no gathered copy of x.
// CHECK-LABEL: func @dispatch_into_product
// CHECK-SAME: (%[[X:.*]]: tensor<6x4xf32>, %[[ROWS:.*]]: tensor<12xi32>, %[[OFFSETS:.*]]: tensor<9xi32>
// CHECK-NOT: moe.dispatch
// CHECK: moe.grouped_matmul ins(%[[X]], %{{.*}}, %[[OFFSETS]] : {{.*}}) rows(%[[ROWS]] : tensor<12xi32>)
func.func @dispatch_into_product(%x: tensor<6x4xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w: tensor<8x10x4xf32>) -> tensor<12x10xf32> {
  %di = tensor.empty() : tensor<12x4xf32>
  %yi = tensor.empty() : tensor<12x10xf32>
  %d = moe.dispatch ins(%x, %rows, %offsets : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>) outs(%di : tensor<12x4xf32>) -> tensor<12x4xf32>
  %y = moe.grouped_matmul ins(%d, %w, %offsets : tensor<12x4xf32>, tensor<8x10x4xf32>, tensor<9xi32>) outs(%yi : tensor<12x10xf32>) {activation = #moe.activation<relu>, layout = #moe.layout<nk>} -> tensor<12x10xf32>
  return %y : tensor<12x10xf32>
}

// Other offsets may cover rows that the dispatch did not make.
// CHECK-LABEL: func @other_offsets
// CHECK: moe.dispatch
func.func @other_offsets(%x: tensor<6x4xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %others: tensor<9xi32>, %w: tensor<8x10x4xf32>) -> tensor<12x10xf32> {
  %di = tensor.empty() : tensor<12x4xf32>
  %yi = tensor.empty() : tensor<12x10xf32>
  %d = moe.dispatch ins(%x, %rows, %offsets : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>) outs(%di : tensor<12x4xf32>) -> tensor<12x4xf32>
  %y = moe.grouped_matmul ins(%d, %w, %others : tensor<12x4xf32>, tensor<8x10x4xf32>, tensor<9xi32>) outs(%yi : tensor<12x10xf32>) {activation = #moe.activation<relu>, layout = #moe.layout<nk>} -> tensor<12x10xf32>
  return %y : tensor<12x10xf32>
}

// Nothing to do is nothing done.
// CHECK-LABEL: func @nothing
// CHECK-SAME: %[[O:[a-z0-9]+]]: tensor<0x4xf32>)
// CHECK-NEXT: return %[[O]]
func.func @nothing(%x: tensor<6x4xf32>, %rows: tensor<0xi32>, %offsets: tensor<9xi32>, %o: tensor<0x4xf32>) -> tensor<0x4xf32> {
  %d = moe.dispatch ins(%x, %rows, %offsets : tensor<6x4xf32>, tensor<0xi32>, tensor<9xi32>) outs(%o : tensor<0x4xf32>) -> tensor<0x4xf32>
  return %d : tensor<0x4xf32>
}

// CHECK-LABEL: func @nothing_combined
// CHECK-NOT: moe.
// CHECK: return
func.func @nothing_combined(%x: tensor<0x4xf32>, %rows: tensor<0xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x10x4xf32>, %w2: tensor<8x4x10xf32>, %w: tensor<0x2xf32>, %i: tensor<0x2xi32>, %yi: tensor<0x4xf32>, %o: tensor<0x4xf32>) -> tensor<0x4xf32> {
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<0x4xf32>, tensor<0xi32>, tensor<9xi32>, tensor<8x10x4xf32>, tensor<8x4x10xf32>) outs(%yi : tensor<0x4xf32>) {activation = #moe.activation<relu>} -> tensor<0x4xf32>
  %c = moe.combine ins(%y, %i, %w : tensor<0x4xf32>, tensor<0x2xi32>, tensor<0x2xf32>) outs(%o : tensor<0x4xf32>) -> tensor<0x4xf32>
  return %c : tensor<0x4xf32>
}

// The offsets of no token are still zeros.
// CHECK-LABEL: func @plan_of_nothing
// CHECK: moe.plan
func.func @plan_of_nothing(%ids: tensor<0x2xi32>, %o: tensor<9xi32>, %r: tensor<0xi32>, %i: tensor<0x2xi32>) -> tensor<9xi32> {
  %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<0x2xi32>) outs(%o, %r, %i : tensor<9xi32>, tensor<0xi32>, tensor<0x2xi32>) -> tensor<9xi32>, tensor<0xi32>, tensor<0x2xi32>
  return %offsets : tensor<9xi32>
}

// Unused ops on tensors vanish; on buffers they write.
// CHECK-LABEL: func @unused
// CHECK-NOT: tensor
// CHECK: moe.combine ins(%{{.*}} : memref
// CHECK-NEXT: return
func.func @unused(%y: memref<12x4xf32>, %inverse: memref<6x2xi32>, %w: memref<6x2xf32>, %o: memref<6x4xf32>) {
  %ids = tensor.empty() : tensor<6x2xi32>
  %oi = tensor.empty() : tensor<9xi32>
  %ri = tensor.empty() : tensor<12xi32>
  %offsets, %rows, %inv = moe.plan ins(%ids : tensor<6x2xi32>) outs(%oi, %ri, %ids : tensor<9xi32>, tensor<12xi32>, tensor<6x2xi32>) -> tensor<9xi32>, tensor<12xi32>, tensor<6x2xi32>
  moe.combine ins(%y, %inverse, %w : memref<12x4xf32>, memref<6x2xi32>, memref<6x2xf32>) outs(%o : memref<6x4xf32>)
  return
}

// The extents of a result are those of its destination.
// CHECK-LABEL: func @extents
// CHECK-SAME: %[[O:[a-z0-9]+]]: tensor<?x4xf32>)
// CHECK: tensor.dim %[[O]]
func.func @extents(%x: tensor<6x4xf32>, %rows: tensor<?xi32>, %offsets: tensor<9xi32>, %o: tensor<?x4xf32>) -> index {
  %c0 = arith.constant 0 : index
  %d = moe.dispatch ins(%x, %rows, %offsets : tensor<6x4xf32>, tensor<?xi32>, tensor<9xi32>) outs(%o : tensor<?x4xf32>) -> tensor<?x4xf32>
  %0 = tensor.dim %d, %c0 : tensor<?x4xf32>
  return %0 : index
}
