// RUN: moec-opt %s --moe-decompose-expert-ffn | FileCheck %s
// RUN: moec-opt %s --moe-decompose-expert-ffn --remarks-filter=moe-decompose-expert-ffn --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: decomposed expert_ffn of layer 'moe0' into two grouped products, weights in panels
// CHECK-LABEL: func @gated
// CHECK-SAME: (%[[X:[a-z0-9_]+]]: tensor<?x64xf16>, %[[ROWS:[a-z0-9_]+]]: tensor<?xi32>, %[[OFFSETS:[a-z0-9_]+]]: tensor<9xi32>, %[[W1:[a-z0-9_]+]]: tensor<8x96x64xf16>, %[[B1:[a-z0-9_]+]]: tensor<8x96xf16>, %[[W2:[a-z0-9_]+]]: tensor<8x64x48xf16>, %[[B2:[a-z0-9_]+]]: tensor<8x64xf16>, %[[INIT:[a-z0-9_]+]]: tensor<?x64xf32>)
// CHECK: %[[R:.*]] = tensor.dim %[[ROWS]]
// CHECK: %[[HI:.*]] = tensor.empty(%[[R]]) : tensor<?x48xf32>
// CHECK: %[[P1:.*]] = moe.pack_panels ins(%[[W1]] : tensor<8x96x64xf16>) outs(%{{.*}} : tensor<8x3x64x32xf16>) {gated, moe.layer = "moe0"}
// CHECK: %[[H:.*]] = moe.grouped_matmul ins(%[[X]], %[[P1]], %[[OFFSETS]] : {{.*}}) rows(%[[ROWS]] : tensor<?xi32>) bias(%[[B1]] : tensor<8x96xf16>) outs(%[[HI]] : tensor<?x48xf32>) {activation = #moe.activation<swiglu, limit = 7.000000e+00>, layout = #moe.layout<panels>, moe.layer = "moe0", n = 96 : i64}
// CHECK: %[[P2:.*]] = moe.pack_panels ins(%[[W2]] : tensor<8x64x48xf16>) outs(%{{.*}} : tensor<8x2x48x32xf16>) {moe.layer = "moe0"}
// CHECK: %[[Y:.*]] = moe.grouped_matmul ins(%[[H]], %[[P2]], %[[OFFSETS]] : {{.*}}) bias(%[[B2]] : tensor<8x64xf16>) outs(%[[INIT]] : tensor<?x64xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<panels>, moe.layer = "moe0", n = 64 : i64}
// CHECK: return %[[Y]]
func.func @gated(%x: tensor<?x64xf16>, %rows: tensor<?xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x96x64xf16>, %b1: tensor<8x96xf16>, %w2: tensor<8x64x48xf16>, %b2: tensor<8x64xf16>, %init: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x64xf16>, tensor<?xi32>, tensor<9xi32>, tensor<8x96x64xf16>, tensor<8x64x48xf16>) bias1(%b1 : tensor<8x96xf16>) bias2(%b2 : tensor<8x64xf16>) outs(%init : tensor<?x64xf32>) {activation = #moe.activation<swiglu, limit = 7.0>, moe.layer = "moe0"} -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// Codes stay as they are.
// REMARK: decomposed expert_ffn of layer '?' into two grouped products, weights as they are
// CHECK-LABEL: func @quantised
// CHECK-NOT: moe.pack_panels
// CHECK: moe.grouped_matmul {{.*}} rows({{.*}}) scales(%{{.*}} : tensor<8x48x2xf32>) outs(%{{.*}} : tensor<12x48xf32>) {activation = #moe.activation<silu>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 4, block = 32>}
// CHECK: moe.grouped_matmul {{.*}} scales(%{{.*}} : tensor<8x64x2xf32>) outs(%{{.*}} : tensor<12x64xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 4, block = 32>}
func.func @quantised(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x48x32xui8>, %s1: tensor<8x48x2xf32>, %w2: tensor<8x64x24xui8>, %s2: tensor<8x64x2xf32>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x48x32xui8>, tensor<8x64x24xui8>) scales1(%s1 : tensor<8x48x2xf32>) scales2(%s2 : tensor<8x64x2xf32>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<silu>, quant = #moe.quant<bits = 4, block = 32>} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}

// Panels need extents known now.
// CHECK-LABEL: func @dynamic
// CHECK-NOT: moe.pack_panels
// CHECK: layout = #moe.layout<nk>
func.func @dynamic(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x?x64xf32>, %w2: tensor<8x64x?xf32>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x?x64xf32>, tensor<8x64x?xf32>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<swiglu>} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}

// The activation of one product, times another.
// REMARK: decomposed expert_ffn of layer 'third' into three grouped products, weights in panels
// CHECK-LABEL: func @third
// CHECK-SAME: %[[W1:[a-z0-9_]+]]: tensor<8x48x64xf32>, %[[W2:[a-z0-9_]+]]: tensor<8x64x48xf32>, %[[W3:[a-z0-9_]+]]: tensor<8x48x64xf32>, %[[B3:[a-z0-9_]+]]: tensor<8x48xf32>,
// CHECK: %[[P1:.*]] = moe.pack_panels ins(%[[W1]]
// CHECK: %[[G:.*]] = moe.grouped_matmul ins(%{{.*}}, %[[P1]], {{.*}}activation = #moe.activation<silu>
// CHECK: %[[P3:.*]] = moe.pack_panels ins(%[[W3]]
// CHECK: %[[U:.*]] = moe.grouped_matmul ins(%{{.*}}, %[[P3]], {{.*}} bias(%[[B3]] {{.*}}activation = #moe.activation<identity>
// CHECK: %[[M:.*]] = moe.multiply ins(%[[G]], %[[U]] : tensor<12x48xf32>, tensor<12x48xf32>) {{.*}}moe.layer = "third"
// CHECK: moe.grouped_matmul ins(%[[M]],
func.func @third(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>, %w3: tensor<8x48x64xf32>, %bias3: tensor<8x48xf32>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) fc3(%w3 : tensor<8x48x64xf32>) bias3(%bias3 : tensor<8x48xf32>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<silu>, moe.layer = "third"} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}

// Gate and up in turn, and the bias that is absent is zero.
// REMARK: decomposed expert_ffn of layer 'interleaved' into two grouped products, weights in panels
// CHECK-LABEL: func @interleaved
// CHECK-SAME: %[[W1:[a-z0-9_]+]]: tensor<8x48x64xf32>, %[[W2:[a-z0-9_]+]]: tensor<8x64x48xf32>, %[[W3:[a-z0-9_]+]]: tensor<8x48x64xf32>, %[[B3:[a-z0-9_]+]]: tensor<8x48xf32>,
// CHECK: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : tensor<8x48xf32>
// CHECK: %[[W:.*]] = moe.interleave ins(%[[W1]], %[[W3]] : {{.*}} outs(%{{.*}} : tensor<8x96x64xf32>) {moe.layer = "interleaved"}
// CHECK: %[[B:.*]] = moe.interleave ins(%[[ZERO]], %[[B3]] : {{.*}} outs(%{{.*}} : tensor<8x96xf32>)
// CHECK: %[[P:.*]] = moe.pack_panels ins(%[[W]] {{.*}} {gated
// CHECK: moe.grouped_matmul ins(%{{.*}}, %[[P]], {{.*}} bias(%[[B]] {{.*}}activation = #moe.activation<swiglu>
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<identity>
// CHECK-NOT: moe.multiply
func.func @interleaved(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>, %w3: tensor<8x48x64xf32>, %bias3: tensor<8x48xf32>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) fc3(%w3 : tensor<8x48x64xf32>) bias3(%bias3 : tensor<8x48xf32>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<swiglu>, moe.layer = "interleaved"} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}

// Codes, scales, zero points of blocks: all in turn.
// CHECK-LABEL: func @codes
// CHECK: moe.interleave {{.*}} outs(%{{.*}} : tensor<8x96x32xui8>)
// CHECK: moe.interleave {{.*}} outs(%{{.*}} : tensor<8x96x2xf32>)
// CHECK: moe.interleave {{.*}} outs(%{{.*}} : tensor<8x96x1xui8>)
// CHECK: moe.grouped_matmul {{.*}} scales(%{{.*}} : tensor<8x96x2xf32>) zero_points(%{{.*}} : tensor<8x96x1xui8>) outs(%{{.*}} : tensor<12x48xf32>) {activation = #moe.activation<swiglu>
func.func @codes(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x48x32xui8>, %w2: tensor<8x64x24xui8>, %w3: tensor<8x48x32xui8>, %scales1: tensor<8x48x2xf32>, %scales2: tensor<8x64x2xf32>, %scales3: tensor<8x48x2xf32>, %zero_points1: tensor<8x48x1xui8>, %zero_points3: tensor<8x48x1xui8>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x48x32xui8>, tensor<8x64x24xui8>) scales1(%scales1 : tensor<8x48x2xf32>) scales2(%scales2 : tensor<8x64x2xf32>) fc3(%w3 : tensor<8x48x32xui8>) scales3(%scales3 : tensor<8x48x2xf32>) zero_points1(%zero_points1 : tensor<8x48x1xui8>) zero_points3(%zero_points3 : tensor<8x48x1xui8>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<swiglu>, moe.layer = "codes", quant = #moe.quant<bits = 4, block = 32>} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}

// REMARK: left expert_ffn of layer 'formats' as it is: fc1 and fc3 differ in format
// CHECK-LABEL: func @formats
// CHECK: moe.expert_ffn
// CHECK-NOT: moe.grouped_matmul
func.func @formats(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x48x32xui8>, %w2: tensor<8x64x24xui8>, %w3: tensor<8x48x64xui8>, %scales1: tensor<8x48x2xf32>, %scales2: tensor<8x64x2xf32>, %scales3: tensor<8x48x2xf32>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x48x32xui8>, tensor<8x64x24xui8>) scales1(%scales1 : tensor<8x48x2xf32>) scales2(%scales2 : tensor<8x64x2xf32>) fc3(%w3 : tensor<8x48x64xui8>) scales3(%scales3 : tensor<8x48x2xf32>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<swiglu>, moe.layer = "formats", quant = #moe.quant<bits = 4, block = 32>, quant3 = #moe.quant<bits = 8, block = 32>} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}

// REMARK: left expert_ffn of layer 'types' as it is: fc1 and fc3 differ in format
// CHECK-LABEL: func @types
// CHECK: moe.expert_ffn
// CHECK-NOT: moe.grouped_matmul
func.func @types(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>, %w3: tensor<8x48x64xf16>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) fc3(%w3 : tensor<8x48x64xf16>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<swiglu>, moe.layer = "types"} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}

// REMARK: left expert_ffn of layer 'scales' as it is: the scales of fc1 and fc3 differ in type
// CHECK-LABEL: func @scales
// CHECK: moe.expert_ffn
// CHECK-NOT: moe.grouped_matmul
func.func @scales(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x48x32xui8>, %w2: tensor<8x64x24xui8>, %w3: tensor<8x48x32xui8>, %scales1: tensor<8x48xf32>, %scales2: tensor<8x64xf32>, %scales3: tensor<8x48x1xf32>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x48x32xui8>, tensor<8x64x24xui8>) scales1(%scales1 : tensor<8x48xf32>) scales2(%scales2 : tensor<8x64xf32>) fc3(%w3 : tensor<8x48x32xui8>) scales3(%scales3 : tensor<8x48x1xf32>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<swiglu>, moe.layer = "scales", quant = #moe.quant<bits = 4>} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}

// REMARK: left expert_ffn of layer 'zeros' as it is: the zero points of fc1 and fc3 differ in type
// CHECK-LABEL: func @zeros
// CHECK: moe.expert_ffn
// CHECK-NOT: moe.grouped_matmul
func.func @zeros(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x48x32xui8>, %w2: tensor<8x64x24xui8>, %w3: tensor<8x48x32xui8>, %scales1: tensor<8x48x2xf32>, %scales2: tensor<8x64x2xf32>, %scales3: tensor<8x48x2xf32>, %zero_points3: tensor<8x48x1xui8>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x48x32xui8>, tensor<8x64x24xui8>) scales1(%scales1 : tensor<8x48x2xf32>) scales2(%scales2 : tensor<8x64x2xf32>) fc3(%w3 : tensor<8x48x32xui8>) scales3(%scales3 : tensor<8x48x2xf32>) zero_points3(%zero_points3 : tensor<8x48x1xui8>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<swiglu>, moe.layer = "zeros", quant = #moe.quant<bits = 4, block = 32>} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}

// REMARK: left expert_ffn of layer 'world' as it is: the global scales of fc1 and fc3 differ
// CHECK-LABEL: func @world
// CHECK: moe.expert_ffn
// CHECK-NOT: moe.grouped_matmul
func.func @world(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x48x64xf8E4M3FN>, %w2: tensor<8x64x48xf8E4M3FN>, %w3: tensor<8x48x64xf8E4M3FN>, %scales1: tensor<8x48xf32>, %scales2: tensor<8x64xf32>, %scales3: tensor<8x48xf32>, %global_scales1: tensor<8xf32>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x48x64xf8E4M3FN>, tensor<8x64x48xf8E4M3FN>) scales1(%scales1 : tensor<8x48xf32>) scales2(%scales2 : tensor<8x64xf32>) fc3(%w3 : tensor<8x48x64xf8E4M3FN>) scales3(%scales3 : tensor<8x48xf32>) global_scales1(%global_scales1 : tensor<8xf32>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<swiglu>, moe.layer = "world", quant = #moe.minifloat<kind = e4m3>} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}

// REMARK: left expert_ffn of layer 'squares' as it is: several rows share a scale
// CHECK-LABEL: func @squares
// CHECK: moe.expert_ffn
// CHECK-NOT: moe.grouped_matmul
func.func @squares(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x48x64xf8E4M3FN>, %w2: tensor<8x64x48xf8E4M3FN>, %w3: tensor<8x48x64xf8E4M3FN>, %scales1: tensor<8x3x4xf32>, %scales2: tensor<8x4x3xf32>, %scales3: tensor<8x3x4xf32>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x48x64xf8E4M3FN>, tensor<8x64x48xf8E4M3FN>) scales1(%scales1 : tensor<8x3x4xf32>) scales2(%scales2 : tensor<8x4x3xf32>) fc3(%w3 : tensor<8x48x64xf8E4M3FN>) scales3(%scales3 : tensor<8x3x4xf32>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<swiglu>, moe.layer = "squares", quant = #moe.minifloat<kind = e4m3, block = 16, block_rows = 16>} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}

// REMARK: left expert_ffn of layer 'packed' as it is: zero points of several rows share a byte
// CHECK-LABEL: func @packed
// CHECK: moe.expert_ffn
// CHECK-NOT: moe.grouped_matmul
func.func @packed(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x48x32xui8>, %w2: tensor<8x64x24xui8>, %w3: tensor<8x48x32xui8>, %scales1: tensor<8x48xf32>, %scales2: tensor<8x64xf32>, %scales3: tensor<8x48xf32>, %zero_points1: tensor<8x24xui8>, %zero_points3: tensor<8x24xui8>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x48x32xui8>, tensor<8x64x24xui8>) scales1(%scales1 : tensor<8x48xf32>) scales2(%scales2 : tensor<8x64xf32>) fc3(%w3 : tensor<8x48x32xui8>) scales3(%scales3 : tensor<8x48xf32>) zero_points1(%zero_points1 : tensor<8x24xui8>) zero_points3(%zero_points3 : tensor<8x24xui8>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<swiglu>, moe.layer = "packed", quant = #moe.quant<bits = 4>} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}

// REMARK: left expert_ffn of layer 'bias' as it is: one bias is absent and the extents of the other are unknown
// CHECK-LABEL: func @bias
// CHECK: moe.expert_ffn
// CHECK-NOT: moe.grouped_matmul
func.func @bias(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x?x64xf32>, %w2: tensor<8x64x?xf32>, %w3: tensor<8x?x64xf32>, %bias1: tensor<8x?xf32>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x?x64xf32>, tensor<8x64x?xf32>) bias1(%bias1 : tensor<8x?xf32>) fc3(%w3 : tensor<8x?x64xf32>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<swiglu>, moe.layer = "bias"} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}

// REMARK: left expert_ffn of layer 'biases' as it is: the biases of fc1 and fc3 differ in type
// CHECK-LABEL: func @biases
// CHECK: moe.expert_ffn
// CHECK-NOT: moe.grouped_matmul
func.func @biases(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>, %w3: tensor<8x48x64xf32>, %bias1: tensor<8x48xf32>, %bias3: tensor<8x48xf16>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) bias1(%bias1 : tensor<8x48xf32>) fc3(%w3 : tensor<8x48x64xf32>) bias3(%bias3 : tensor<8x48xf16>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<swiglu>, moe.layer = "biases"} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}
