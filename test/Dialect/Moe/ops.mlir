// RUN: moec-opt %s | moec-opt | FileCheck %s
// RUN: moec-opt %s --mlir-print-op-generic | moec-opt | FileCheck %s

// CHECK-LABEL: func @route
func.func @route(%s: tensor<?x8xf16>, %bias: tensor<8xf32>, %w: tensor<?x2xf32>, %i: tensor<?x2xi32>) -> (tensor<?x2xf32>, tensor<?x2xi32>) {
  // CHECK: %weights, %ids = moe.route ins(%{{.*}} : tensor<?x8xf16>) outs(%{{.*}}, %{{.*}} : tensor<?x2xf32>, tensor<?x2xi32>) {drop_nonpositive, moe.layer = "moe0", renormalize, score = #moe.score<softmax_all>, tie = #moe.tie<highest>} -> tensor<?x2xf32>, tensor<?x2xi32>
  %weights, %ids = moe.route ins(%s : tensor<?x8xf16>) outs(%w, %i : tensor<?x2xf32>, tensor<?x2xi32>) {moe.layer = "moe0", score = #moe.score<softmax_all>, tie = #moe.tie<highest>, renormalize, drop_nonpositive} -> tensor<?x2xf32>, tensor<?x2xi32>
  // CHECK: moe.route ins(%{{.*}}, %{{.*}} : tensor<?x8xf16>, tensor<8xf32>)
  // CHECK-SAME: capacity = 4 : i64, epsilon = {{.*}} : f32, group_fill = 0.000000e+00 : f32, group_score = #moe.group_score<top2_sum>, groups = 4 : i64, groups_kept = 2 : i64, renormalize, scale = 2.500000e+00 : f32, score = #moe.score<sigmoid>, tie = #moe.tie<lowest>
  %weights2, %ids2 = moe.route ins(%s, %bias : tensor<?x8xf16>, tensor<8xf32>) outs(%w, %i : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<sigmoid>, tie = #moe.tie<lowest>, renormalize, epsilon = 1.0e-20 : f32, scale = 2.5 : f32, groups = 4 : i64, groups_kept = 2 : i64, group_score = #moe.group_score<top2_sum>, group_fill = 0.0 : f32, capacity = 4 : i64} -> tensor<?x2xf32>, tensor<?x2xi32>
  // CHECK: moe.route ins(%{{.*}} : tensor<?x8xf16>) expert_scale(%{{.*}} : tensor<8xf32>)
  // CHECK-SAME: keys_weigh, least_divisor = 5.000000e-01 : f32, norm = 2.000000e+00 : f32, renormalize
  %weights3, %ids3 = moe.route ins(%s : tensor<?x8xf16>) expert_scale(%bias : tensor<8xf32>) outs(%w, %i : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<sigmoid>, tie = #moe.tie<lowest>, renormalize, norm = 2.0 : f32, least_divisor = 0.5 : f32, keys_weigh} -> tensor<?x2xf32>, tensor<?x2xi32>
  // CHECK: moe.route ins(%{{.*}}, %{{.*}} : tensor<?x8xf16>, tensor<8xf32>) expert_scale(%{{.*}} : tensor<8xf32>)
  %weights4, %ids4 = moe.route ins(%s, %bias : tensor<?x8xf16>, tensor<8xf32>) expert_scale(%bias : tensor<8xf32>) outs(%w, %i : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<sigmoid>, tie = #moe.tie<lowest>} -> tensor<?x2xf32>, tensor<?x2xi32>
  return %weights, %ids2 : tensor<?x2xf32>, tensor<?x2xi32>
}

// CHECK-LABEL: func @experts
func.func @experts(%x: tensor<?x64xf16>, %ids: tensor<?x2xi32>, %groups: tensor<16xi32>, %weights: tensor<?x2xf32>,
    %w1: tensor<8x96x64xf16>, %b1: tensor<8x96xf16>, %w2: tensor<8x64x48xf16>, %b2: tensor<8x64xf16>,
    %oi: tensor<9xi32>, %ri: tensor<?xi32>, %ii: tensor<?x2xi32>, %yi: tensor<?x64xf32>, %ci: tensor<?x64xf16>) -> tensor<?x64xf16> {
  // CHECK: %offsets, %rows, %inverse = moe.plan ins(%{{.*}} : tensor<?x2xi32>) outs(%{{.*}}, %{{.*}}, %{{.*}} : tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>) outs(%oi, %ri, %ii : tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>
  // CHECK: %experts = moe.expert_ffn ins(%{{.*}}, %rows, %offsets, %{{.*}}, %{{.*}} : tensor<?x64xf16>, tensor<?xi32>, tensor<9xi32>, tensor<8x96x64xf16>, tensor<8x64x48xf16>) bias1(%{{.*}} : tensor<8x96xf16>) bias2(%{{.*}} : tensor<8x64xf16>) outs(%{{.*}} : tensor<?x64xf32>) {activation = #moe.activation<swiglu, alpha = 1.702000e+00, beta = 1.000000e+00, limit = 7.000000e+00>} -> tensor<?x64xf32>
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x64xf16>, tensor<?xi32>, tensor<9xi32>, tensor<8x96x64xf16>, tensor<8x64x48xf16>) bias1(%b1 : tensor<8x96xf16>) bias2(%b2 : tensor<8x64xf16>) outs(%yi : tensor<?x64xf32>) {activation = #moe.activation<swiglu, alpha = 1.702, beta = 1.0, limit = 7.0>} -> tensor<?x64xf32>
  // CHECK: %combined = moe.combine ins(%experts, %inverse, %{{.*}} : tensor<?x64xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%{{.*}} : tensor<?x64xf16>) -> tensor<?x64xf16>
  %c = moe.combine ins(%y, %inverse, %weights : tensor<?x64xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%ci : tensor<?x64xf16>) -> tensor<?x64xf16>
  // CHECK: moe.plan ins(%{{.*}} : tensor<?x2xi32>) groups(%{{.*}} : tensor<16xi32>) outs(
  %p:3 = moe.plan ins(%ids : tensor<?x2xi32>) groups(%groups : tensor<16xi32>) outs(%oi, %ri, %ii : tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>

  // CHECK: moe.combine {{.*}} {propagate_nan}
  %d = moe.combine ins(%y, %inverse, %weights : tensor<?x64xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%ci : tensor<?x64xf16>) {propagate_nan} -> tensor<?x64xf16>
  return %c : tensor<?x64xf16>
}

// CHECK-LABEL: func @fc3
func.func @fc3(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>,
    %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>, %w3: tensor<8x48x64xf32>, %b3: tensor<8x48xf32>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  // CHECK: fc3(%{{.*}} : tensor<8x48x64xf32>) bias3(%{{.*}} : tensor<8x48xf32>) outs
  // CHECK-SAME: #moe.activation<silu>
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) fc3(%w3 : tensor<8x48x64xf32>) bias3(%b3 : tensor<8x48xf32>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<silu>} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}

// CHECK-LABEL: func @quantised
func.func @quantised(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>,
    %w1: tensor<8x48x32xui8>, %s1: tensor<8x48x2xf32>, %w2: tensor<8x64x24xui8>, %s2: tensor<8x64x2xf32>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  // CHECK: scales1(%{{.*}} : tensor<8x48x2xf32>) scales2(%{{.*}} : tensor<8x64x2xf32>) outs
  // CHECK-SAME: quant = #moe.quant<bits = 4, block = 32>
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x48x32xui8>, tensor<8x64x24xui8>) scales1(%s1 : tensor<8x48x2xf32>) scales2(%s2 : tensor<8x64x2xf32>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<relu>, quant = #moe.quant<bits = 4, block = 32>} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}

// CHECK-LABEL: func @matmul
func.func @matmul(%x: tensor<?x64xf32>, %rows: tensor<?xi32>, %offsets: tensor<9xi32>, %w: tensor<8x96x64xf32>, %bias: tensor<8x96xf32>,
    %codes: tensor<8x96x64xi8>, %scales: tensor<8x96xf32>, %pi: tensor<8x3x64x32xf32>, %di: tensor<?x64xf32>, %yi: tensor<?x48xf32>, %zi: tensor<?x96xf32>) -> (tensor<?x48xf32>, tensor<?x96xf32>, tensor<?x96xf32>) {
  // CHECK: %packed = moe.pack_panels ins(%{{.*}} : tensor<8x96x64xf32>) outs(%{{.*}} : tensor<8x3x64x32xf32>) {gated} -> tensor<8x3x64x32xf32>
  %packed = moe.pack_panels ins(%w : tensor<8x96x64xf32>) outs(%pi : tensor<8x3x64x32xf32>) {gated} -> tensor<8x3x64x32xf32>
  // CHECK: %grouped = moe.grouped_matmul ins(%{{.*}}, %packed, %{{.*}} : tensor<?x64xf32>, tensor<8x3x64x32xf32>, tensor<9xi32>) rows(%{{.*}} : tensor<?xi32>) bias(%{{.*}} : tensor<8x96xf32>) outs(%{{.*}} : tensor<?x48xf32>) {activation = #moe.activation<swiglu>, layout = #moe.layout<panels>, n = 96 : i64} -> tensor<?x48xf32>
  %y = moe.grouped_matmul ins(%x, %packed, %offsets : tensor<?x64xf32>, tensor<8x3x64x32xf32>, tensor<9xi32>) rows(%rows : tensor<?xi32>) bias(%bias : tensor<8x96xf32>) outs(%yi : tensor<?x48xf32>) {activation = #moe.activation<swiglu>, layout = #moe.layout<panels>, n = 96 : i64} -> tensor<?x48xf32>
  // CHECK: %dispatched = moe.dispatch ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x64xf32>, tensor<?xi32>, tensor<9xi32>) outs(%{{.*}} : tensor<?x64xf32>) -> tensor<?x64xf32>
  %d = moe.dispatch ins(%x, %rows, %offsets : tensor<?x64xf32>, tensor<?xi32>, tensor<9xi32>) outs(%di : tensor<?x64xf32>) -> tensor<?x64xf32>
  // CHECK: moe.grouped_matmul ins(%dispatched, %{{.*}}, %{{.*}} : tensor<?x64xf32>, tensor<8x96x64xf32>, tensor<9xi32>) outs
  %z = moe.grouped_matmul ins(%d, %w, %offsets : tensor<?x64xf32>, tensor<8x96x64xf32>, tensor<9xi32>) outs(%zi : tensor<?x96xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>} -> tensor<?x96xf32>
  // CHECK: scales(%{{.*}} : tensor<8x96xf32>) outs
  // CHECK-SAME: quant = #moe.quant<bits = 8>
  %q = moe.grouped_matmul ins(%d, %codes, %offsets : tensor<?x64xf32>, tensor<8x96x64xi8>, tensor<9xi32>) scales(%scales : tensor<8x96xf32>) outs(%zi : tensor<?x96xf32>) {activation = #moe.activation<gelu_tanh>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 8>} -> tensor<?x96xf32>
  return %y, %z, %q : tensor<?x48xf32>, tensor<?x96xf32>, tensor<?x96xf32>
}

// A product of two activations has no offsets.
// CHECK-LABEL: func @values
func.func @values(%x: tensor<?x16xf32>, %m: tensor<?x16x?xf32>, %i: tensor<?x?xf32>, %none: tensor<0x16xf32>, %no: tensor<0x16x5xf32>, %o: tensor<0x5xf32>) -> (tensor<?x?xf32>, tensor<0x5xf32>) {
  // CHECK: moe.grouped_matmul ins(%{{.*}}, %{{.*}} : tensor<?x16xf32>, tensor<?x16x?xf32>) outs(%{{.*}} : tensor<?x?xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<?x?xf32>
  %y = moe.grouped_matmul ins(%x, %m : tensor<?x16xf32>, tensor<?x16x?xf32>) outs(%i : tensor<?x?xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<?x?xf32>
  %z = moe.grouped_matmul ins(%none, %no : tensor<0x16xf32>, tensor<0x16x5xf32>) outs(%o : tensor<0x5xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<0x5xf32>
  return %y, %z : tensor<?x?xf32>, tensor<0x5xf32>
}

// CHECK-LABEL: func @formats
func.func @formats(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x48x24xui8>, %s1: tensor<8x48x2xf32>, %z1: tensor<8x48x1xui8>,
    %w2: tensor<8x64x24xui8>, %s2: tensor<8x64x2xf8E8M0FNU>, %g2: tensor<8xf32>, %w3: tensor<8x48x64xf8E4M3FN>, %s3: tensor<8x3x4xf32>, %g3: tensor<8xf32>, %z3: tensor<8x24xui8>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  // CHECK: zero_points1(%{{.*}} : tensor<8x48x1xui8>) global_scales2(%{{.*}} : tensor<8xf32>) outs
  // CHECK-SAME: quant = #moe.quant<bits = 3, block = 32>, quant2 = #moe.minifloat<kind = e2m1, block = 32>, quant3 = #moe.minifloat<kind = e4m3, block = 16, block_rows = 16>
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x48x24xui8>, tensor<8x64x24xui8>) scales1(%s1 : tensor<8x48x2xf32>) scales2(%s2 : tensor<8x64x2xf8E8M0FNU>) fc3(%w3 : tensor<8x48x64xf8E4M3FN>) scales3(%s3 : tensor<8x3x4xf32>) zero_points1(%z1 : tensor<8x48x1xui8>) global_scales2(%g2 : tensor<8xf32>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<relu_squared>, quant = #moe.quant<bits = 3, block = 32>, quant2 = #moe.minifloat<kind = e2m1, block = 32>, quant3 = #moe.minifloat<kind = e4m3, block = 16, block_rows = 16>} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}

// CHECK-LABEL: func @forms
func.func @forms(%v: tensor<?x8xf32>, %ids: tensor<?x2xi32>, %w: tensor<?x2xf32>, %k: tensor<?x2xi32>, %gate: tensor<8x48x64xf16>, %both: tensor<8x96x64xf16>,
    %codes: tensor<8x64x24xui8>, %ci: tensor<8x48x32xui8>, %a: tensor<?x48xf32>) -> tensor<?x48xf32> {
  // CHECK: %weights, %kept = moe.reweigh ins(%{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<?x2xi32>) outs(%{{.*}}, %{{.*}} : tensor<?x2xf32>, tensor<?x2xi32>) {renormalize, threshold = 9.99999993E-9 : f32} -> tensor<?x2xf32>, tensor<?x2xi32>
  %weights, %kept = moe.reweigh ins(%v, %ids : tensor<?x8xf32>, tensor<?x2xi32>) outs(%w, %k : tensor<?x2xf32>, tensor<?x2xi32>) {renormalize, threshold = 1.0e-8 : f32} -> tensor<?x2xf32>, tensor<?x2xi32>
  // CHECK: %interleaved = moe.interleave ins(%{{.*}}, %{{.*}} : tensor<8x48x64xf16>, tensor<8x48x64xf16>) outs(%{{.*}} : tensor<8x96x64xf16>) -> tensor<8x96x64xf16>
  %i = moe.interleave ins(%gate, %gate : tensor<8x48x64xf16>, tensor<8x48x64xf16>) outs(%both : tensor<8x96x64xf16>) -> tensor<8x96x64xf16>
  // CHECK: %transposed = moe.transpose_codes ins(%{{.*}} : tensor<8x64x24xui8>) outs(%{{.*}} : tensor<8x48x32xui8>) {bits = 4 : i64} -> tensor<8x48x32xui8>
  %t = moe.transpose_codes ins(%codes : tensor<8x64x24xui8>) outs(%ci : tensor<8x48x32xui8>) {bits = 4 : i64} -> tensor<8x48x32xui8>
  // CHECK: %multiplied = moe.multiply ins(%{{.*}}, %{{.*}} : tensor<?x48xf32>, tensor<?x48xf32>) outs(%{{.*}} : tensor<?x48xf32>) -> tensor<?x48xf32>
  %m = moe.multiply ins(%a, %a : tensor<?x48xf32>, tensor<?x48xf32>) outs(%a : tensor<?x48xf32>) -> tensor<?x48xf32>
  return %m : tensor<?x48xf32>
}

// CHECK-LABEL: func @buffers
func.func @buffers(%y: memref<?x64xf32>, %inverse: memref<?x2xi32>, %weights: memref<?x2xf32>, %out: memref<?x64xf32>) {
  // CHECK: moe.combine ins(%{{.*}}, %{{.*}}, %{{.*}} : memref<?x64xf32>, memref<?x2xi32>, memref<?x2xf32>) outs(%{{.*}} : memref<?x64xf32>)
  // CHECK-NOT: ->
  moe.combine ins(%y, %inverse, %weights : memref<?x64xf32>, memref<?x2xi32>, memref<?x2xf32>) outs(%out : memref<?x64xf32>)
  return
}
