// RUN: moec-opt %s --moe-decompose-expert-ffn | FileCheck %s
// RUN: moec-opt %s --moe-decompose-expert-ffn --remarks-filter=moe-decompose-expert-ffn --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: decomposed expert_ffn of layer 'moe0' into two grouped products, weights in panels
// CHECK-LABEL: func @gated
// CHECK-SAME: (%[[X:.*]]: tensor<?x64xf16>, %[[ROWS:.*]]: tensor<?xi32>, %[[OFFSETS:.*]]: tensor<9xi32>, %[[W1:.*]]: tensor<8x96x64xf16>, %[[B1:.*]]: tensor<8x96xf16>, %[[W2:.*]]: tensor<8x64x48xf16>, %[[B2:.*]]: tensor<8x64xf16>, %[[INIT:.*]]: tensor<?x64xf32>)
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

// REMARK: left expert_ffn of layer 'three' as it is: it has a third product
// CHECK-LABEL: func @third
// CHECK: moe.expert_ffn
// CHECK-NOT: moe.grouped_matmul
func.func @third(%x: tensor<6x64xf32>, %rows: tensor<12xi32>, %offsets: tensor<9xi32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>, %w3: tensor<8x48x64xf32>, %init: tensor<12x64xf32>) -> tensor<12x64xf32> {
  %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<6x64xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) fc3(%w3 : tensor<8x48x64xf32>) outs(%init : tensor<12x64xf32>) {activation = #moe.activation<silu>, moe.layer = "three"} -> tensor<12x64xf32>
  return %y : tensor<12x64xf32>
}
