// RUN: moec-opt %s --convert-moe-to-loops | FileCheck %s
// RUN: moec-opt %s --convert-moe-to-loops="keep-products count-rows=false" | FileCheck %s --check-prefix=KEEP


// Counting, summing up, placing: and the counters of the run.
// CHECK-LABEL: func @plan
// CHECK-NOT: moe.plan
// CHECK-COUNT-7: scf.for
// CHECK: rt.count tokens, %
// CHECK: rt.count expert_rows
// KEEP-LABEL: func @plan
// KEEP-NOT: rt.count
// KEEP: return
func.func @plan(%ids: tensor<?x2xi32>, %o: tensor<9xi32>, %r: tensor<?xi32>, %i: tensor<?x2xi32>) -> (tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>) {
  %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>) outs(%o, %r, %i : tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>
  return %offsets, %rows, %inverse : tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>
}

// A token from data never leads outside x.
// CHECK-LABEL: func @dispatch
// CHECK-SAME: (%[[X:.*]]: tensor<6x4xf16>
// CHECK: %[[R:.*]] = arith.index_cast %{{.*}} : i32 to index
// CHECK: arith.minsi
// CHECK: arith.maxsi
// CHECK: tensor.extract %[[X]]
// CHECK-NOT: arith.extf
// CHECK: return
func.func @dispatch(%x: tensor<6x4xf16>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %o: tensor<12x4xf16>) -> tensor<12x4xf16> {
  %0 = moe.dispatch ins(%x, %rows, %offsets : tensor<6x4xf16>, tensor<12xi32>, tensor<9xi32>) outs(%o : tensor<12x4xf16>) -> tensor<12x4xf16>
  return %0 : tensor<12x4xf16>
}

// Storage is f16, arithmetic f32, one rounding at the end.
// CHECK-LABEL: func @combine
// CHECK: arith.mulf %{{.*}} : f32
// CHECK: arith.addf %{{.*}} : f32
// CHECK: arith.truncf %{{.*}} : f32 to f16
// CHECK-NOT: arith.truncf
// CHECK: return
func.func @combine(%y: tensor<12x4xf32>, %inverse: tensor<6x2xi32>, %w: tensor<6x2xf32>, %o: tensor<6x4xf16>) -> tensor<6x4xf16> {
  %0 = moe.combine ins(%y, %inverse, %w : tensor<12x4xf32>, tensor<6x2xi32>, tensor<6x2xf32>) outs(%o : tensor<6x4xf16>) -> tensor<6x4xf16>
  return %0 : tensor<6x4xf16>
}

// CHECK-LABEL: func @route
// CHECK-NOT: moe.route
// CHECK: math.exp
// KEEP-LABEL: func @route
// KEEP-NOT: moe.route
// KEEP: return
func.func @route(%s: tensor<?x8xf32>, %w: tensor<?x2xf32>, %i: tensor<?x2xi32>) -> (tensor<?x2xf32>, tensor<?x2xi32>) {
  %weights, %ids = moe.route ins(%s : tensor<?x8xf32>) outs(%w, %i : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>} -> tensor<?x2xf32>, tensor<?x2xi32>
  return %weights, %ids : tensor<?x2xf32>, tensor<?x2xi32>
}

// Unsigned codes are read through a signless view of the same bytes.
// CHECK-LABEL: func @ffn
// CHECK-NOT: moe.expert_ffn
// CHECK: builtin.unrealized_conversion_cast %{{.*}} : tensor<8x8x2xui8> to tensor<8x8x2xi8>
// Nobody has a schedule for quantised networks.
// KEEP-LABEL: func @ffn
// KEEP-NOT: moe.expert_ffn
// KEEP: return
func.func @ffn(%x: tensor<6x4xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x8x2xui8>, %s1: tensor<8x8xf32>, %w2: tensor<8x4x4xui8>, %s2: tensor<8x4xf32>, %o: tensor<12x4xf32>) -> tensor<12x4xf32> {
  %0 = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x8x2xui8>, tensor<8x4x4xui8>) scales1(%s1 : tensor<8x8xf32>) scales2(%s2 : tensor<8x4xf32>) outs(%o : tensor<12x4xf32>) {activation = #moe.activation<relu>, quant = #moe.quant<bits = 4>} -> tensor<12x4xf32>
  return %0 : tensor<12x4xf32>
}

// KEEP-LABEL: func @panels
// KEEP: moe.grouped_matmul
func.func @panels(%x: tensor<6x4xf32>, %w: tensor<8x1x4x32xf32>, %offsets: tensor<9xi32>, %o: tensor<6x8xf32>) -> tensor<6x8xf32> {
  %0 = moe.grouped_matmul ins(%x, %w, %offsets : tensor<6x4xf32>, tensor<8x1x4x32xf32>, tensor<9xi32>) outs(%o : tensor<6x8xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<panels>, n = 8} -> tensor<6x8xf32>
  return %0 : tensor<6x8xf32>
}

// KEEP-LABEL: func @pack
// KEEP-NOT: moe.pack_panels
// KEEP: return
func.func @pack(%w: tensor<8x40x4xf32>, %o: tensor<8x2x4x32xf32>) -> tensor<8x2x4x32xf32> {
  %0 = moe.pack_panels ins(%w : tensor<8x40x4xf32>) outs(%o : tensor<8x2x4x32xf32>) -> tensor<8x2x4x32xf32>
  return %0 : tensor<8x2x4x32xf32>
}

// On buffers nothing is rewritten: loops come before bufferisation.
// CHECK-LABEL: func @buffers
// CHECK: moe.combine
func.func @buffers(%y: memref<12x4xf32>, %inverse: memref<6x2xi32>, %w: memref<6x2xf32>, %o: memref<6x4xf32>) {
  moe.combine ins(%y, %inverse, %w : memref<12x4xf32>, memref<6x2xi32>, memref<6x2xf32>) outs(%o : memref<6x4xf32>)
  return
}

// CHECK-LABEL: func @interleaved_buffers
// CHECK-NEXT: moe.interleave
func.func @interleaved_buffers(%gate: memref<2x3x4xf16>, %up: memref<2x3x4xf16>, %o: memref<2x6x4xf16>) {
  moe.interleave ins(%gate, %up : memref<2x3x4xf16>, memref<2x3x4xf16>) outs(%o : memref<2x6x4xf16>)
  return
}
