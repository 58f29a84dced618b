// RUN: moec-opt %s --raise-onnx-to-moe --split-input-file | FileCheck %s
// RUN: moec-opt %s --raise-onnx-to-moe --split-input-file --remarks-filter=raise-onnx-to-moe --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Rows, two a token, are counted by 32 bits: less than 2^31 are demanded.
// REMARK: raised MoE '/layers.0/moe': 8 experts, 2 a token, gelu_tanh
// CHECK-DAG: #[[ROWS:.*]] = affine_map<()[s0] -> (2147483647, s0 * 2)>
// CHECK-LABEL: func @main
// CHECK-SAME: (%[[X:[a-z0-9_]+]]: tensor<?x64xf32> {{.*}}, %[[SCORES:[a-z0-9_]+]]: tensor<?x8xf32> {{.*}}, %[[W1:[a-z0-9_]+]]: tensor<8x48x64xf32>, %[[W2:[a-z0-9_]+]]: tensor<8x64x48xf32>)
// CHECK: %[[T:.*]] = tensor.dim %[[X]], %c0
// CHECK: %[[R:.*]] = arith.muli %[[T]], %c2
// CHECK: %weights, %ids = moe.route ins(%[[SCORES]] : tensor<?x8xf32>) outs(%{{.*}}, %{{.*}} : tensor<?x2xf32>, tensor<?x2xi32>) {drop_nonpositive, moe.layer = "/layers.0/moe", onnx.equal = [#onnx.check<at_least, #[[ROWS]], "the most rows of a product">], score = #moe.score<softmax_all>, tie = #moe.tie<highest>}
// CHECK: %[[ROWS:.*]] = tensor.empty(%[[R]]) : tensor<?xi32>
// CHECK: %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>) outs(%{{.*}}, %[[ROWS]], %{{.*}} : tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "/layers.0/moe"}
// CHECK: %experts = moe.expert_ffn ins(%[[X]], %rows, %offsets, %[[W1]], %[[W2]] : {{.*}}) outs(%{{.*}} : tensor<?x64xf32>) {activation = #moe.activation<gelu_tanh>, moe.layer = "/layers.0/moe", moe.raised_from = "MoE"}
// CHECK: %combined = moe.combine ins(%experts, %inverse, %weights : {{.*}}) outs(%{{.*}} : tensor<?x64xf32>) {moe.layer = "/layers.0/moe", onnx.shapes = [#{{.*}}]}
// CHECK-NOT: onnx.MoE
// CHECK: return %combined
func.func @main(%x: tensor<?x64xf32> {onnx.shape = affine_map<()[s0] -> (s0, 64)>}, %scores: tensor<?x8xf32> {onnx.shape = affine_map<()[s0] -> (s0, 8)>}, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<?x64xf32> {
  %0 = onnx.MoE(%x, %scores, %w1, %w2) {k = 2 : i64, activation_type = "gelu", operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>, onnx.shapes = [affine_map<()[s0] -> (s0, 64)>]} : (tensor<?x64xf32>, tensor<?x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<?x64xf32> loc("/layers.0/moe")
  return %0 : tensor<?x64xf32>
}

// -----

// Three dimensions are views; f16 is rounded once, after the weighted sum; what
// could not be decided about shapes stays as a check in front of the layer.
// CHECK-DAG: #[[FLAT:.*]] = affine_map<()[s0, s1, s2] -> (s0 * s1, 64)>
// CHECK-DAG: #[[FULL:.*]] = affine_map<()[s0, s1, s2] -> (s0, s1, 64)>
// CHECK-DAG: #[[SIDES:.*]] = affine_map<()[s0, s1, s2] -> (s2, s0 * s1)>
// CHECK-LABEL: func @main
// CHECK-SAME: (%[[X:[a-z0-9_]+]]: tensor<?x?x64xf16>
// CHECK: %[[FLATX:.*]] = tensor.collapse_shape %[[X]] {{\[\[}}0, 1], [2]] {onnx.shapes = [#[[FLAT]]]} : tensor<?x?x64xf16> into tensor<?x64xf16>
// CHECK: moe.route
// CHECK-SAME: onnx.equal = [#onnx.check<equal, #[[SIDES]], "tokens">, #onnx.check<at_least, #{{.*}}, "the most rows of a product">], renormalize
// CHECK: moe.expert_ffn ins(%[[FLATX]]
// CHECK-SAME: bias1(%{{.*}} : tensor<8x96xf16>) bias2(%{{.*}} : tensor<8x64xf16>) outs(%{{.*}} : tensor<?x64xf32>)
// CHECK-SAME: activation = #moe.activation<swiglu, alpha = 1.702000e+00, beta = 1.000000e+00, limit = 7.000000e+00>
// CHECK: %[[OUT:.*]] = moe.combine {{.*}} outs(%{{.*}} : tensor<?x64xf16>) {moe.layer = "moe", onnx.shapes = [#[[FLAT]]]}
// CHECK: tensor.expand_shape %[[OUT]] {{\[\[}}0, 1], [2]] output_shape [%{{.*}}, %{{.*}}, 64] {onnx.shapes = [#[[FULL]]]} : tensor<?x64xf16> into tensor<?x?x64xf16>
#map = affine_map<()[s0, s1, s2] -> (s0, s1, 64)>
func.func @main(%x: tensor<?x?x64xf16> {onnx.shape = #map}, %scores: tensor<?x8xf16> {onnx.shape = affine_map<()[s0, s1, s2] -> (s2, 8)>}, %w1: tensor<8x96x64xf16>, %b1: tensor<8x96xf16>, %w2: tensor<8x64x48xf16>, %b2: tensor<8x64xf16>) -> tensor<?x?x64xf16> {
  %0 = onnx.MoE(%x, %scores, %w1, %b1, %w2, %b2) {k = 4 : i64, activation_type = "swiglu", swiglu_fusion = 1 : i64, activation_alpha = 1.702 : f32, activation_beta = 1.0 : f32, swiglu_limit = 7.0 : f32, normalize_routing_weights = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 0, 0>, onnx.shapes = [#map], onnx.equal = [#onnx.check<equal, affine_map<()[s0, s1, s2] -> (s2, s0 * s1)>, "tokens">]} : (tensor<?x?x64xf16>, tensor<?x8xf16>, tensor<8x96x64xf16>, tensor<8x96xf16>, tensor<8x64x48xf16>, tensor<8x64xf16>) -> tensor<?x?x64xf16> loc("moe")
  return %0 : tensor<?x?x64xf16>
}

// -----

// Scores of three dimensions, and static shapes.
// CHECK-LABEL: func @main
// CHECK: tensor.collapse_shape %{{.*}} : tensor<2x3x64xf32> into tensor<6x64xf32>
// CHECK: %[[S:.*]] = tensor.collapse_shape %{{.*}} : tensor<2x3x8xf32> into tensor<6x8xf32>
// CHECK: moe.route ins(%[[S]] : tensor<6x8xf32>) outs(%{{.*}} : tensor<6x3xf32>, tensor<6x3xi32>)
// CHECK: moe.expert_ffn {{.*}} outs(%{{.*}} : tensor<18x64xf32>)
func.func @main(%x: tensor<2x3x64xf32>, %scores: tensor<2x3x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<2x3x64xf32> {
  %0 = onnx.MoE(%x, %scores, %w1, %w2) {k = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<2x3x64xf32>, tensor<2x3x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<2x3x64xf32>
  return %0 : tensor<2x3x64xf32>
}

// -----

// QMoE: the softmax of the chosen, whatever normalize_routing_weights says.
// REMARK: raised QMoE 'q': 8 experts, 2 a token, silu
// CHECK-LABEL: func @main
// CHECK: moe.route
// CHECK-NOT: renormalize
// CHECK-SAME: score = #moe.score<softmax_selected>, tie = #moe.tie<highest>}
// CHECK: moe.expert_ffn
// CHECK-SAME: scales1(%{{.*}} : tensor<8x96x2xf32>) scales2(%{{.*}} : tensor<8x64x3xf32>)
// CHECK-SAME: quant = #moe.quant<bits = 4, block = 32>
// CHECK: moe.expert_ffn
// CHECK-SAME: quant = #moe.quant<bits = 8>
func.func @main(%x: tensor<6x64xf32>, %scores: tensor<6x8xf32>, %w1: tensor<8x48x32xui8>, %s1: tensor<8x48x2xf32>, %w2: tensor<8x64x48xui8>, %s2: tensor<8x64x3xf32>,
    %v1: tensor<8x48x64xui8>, %t1: tensor<8x48xf32>, %v2: tensor<8x64x48xui8>, %t2: tensor<8x64xf32>, %w1b: tensor<8x96x32xui8>, %s1b: tensor<8x96x2xf32>) -> (tensor<6x64xf32>, tensor<6x64xf32>) {
  %0 = onnx.QMoE(%x, %scores, %w1b, %s1b, %w2, %s2) {k = 2 : i64, activation_type = "silu", normalize_routing_weights = 1 : i64, block_size = 32 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x96x32xui8>, tensor<8x96x2xf32>, tensor<8x64x48xui8>, tensor<8x64x3xf32>) -> tensor<6x64xf32> loc("q")
  %1 = onnx.QMoE(%x, %scores, %v1, %t1, %v2, %t2) {k = 2 : i64, expert_weight_bits = 8 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xui8>, tensor<8x48xf32>, tensor<8x64x48xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0, %1 : tensor<6x64xf32>, tensor<6x64xf32>
}

// -----

// What is no MoE layer stays as it is.
// CHECK-LABEL: func @main
// CHECK-NEXT: %[[SUM:.*]] = onnx.Add
// CHECK-NEXT: return %[[SUM]]
func.func @main(%x: tensor<6x64xf32>) -> tensor<6x64xf32> {
  %0 = onnx.Add(%x, %x) : (tensor<6x64xf32>, tensor<6x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

// A width that only the run knows.
// CHECK-LABEL: func @main
// CHECK: %[[H:.*]] = tensor.dim %{{.*}}, %c1 : tensor<6x?xf32>
// CHECK: %[[Y:.*]] = tensor.empty(%[[H]]) : tensor<12x?xf32>
// CHECK: moe.expert_ffn {{.*}} outs(%[[Y]] : tensor<12x?xf32>)
func.func @main(%x: tensor<6x?xf32>, %scores: tensor<6x8xf32>, %w1: tensor<8x48x?xf32>, %w2: tensor<8x?x48xf32>) -> tensor<6x?xf32> {
  %0 = onnx.MoE(%x, %scores, %w1, %w2) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x?xf32>, tensor<6x8xf32>, tensor<8x48x?xf32>, tensor<8x?x48xf32>) -> tensor<6x?xf32>
  return %0 : tensor<6x?xf32>
}

// -----

// fc3 is the third product; its bias may be absent.
// CHECK-LABEL: func @main
// CHECK: moe.expert_ffn ins({{.*}}, %[[W1:.*]], %[[W2:.*]] : {{.*}} bias1(%{{.*}} : tensor<8x48xf32>) fc3(%{{.*}} : tensor<8x48x64xf32>) outs(%{{.*}} {activation = #moe.activation<silu>
func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %b1: tensor<8x48xf32>, %w2: tensor<8x64x48xf32>, %w3: tensor<8x48x64xf32>) -> tensor<6x64xf32> {
  %0 = onnx.MoE(%x, %s, %w1, %b1, %w2, %w3) {k = 2 : i64, activation_type = "silu", operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x48xf32>, tensor<8x64x48xf32>, tensor<8x48x64xf32>) -> tensor<6x64xf32> loc("a")
  return %0 : tensor<6x64xf32>
}

// -----

// Gate and up apart.
// CHECK-LABEL: func @main
// CHECK: moe.expert_ffn {{.*}} fc3(%{{.*}} : tensor<8x48x64xf32>) bias3(%{{.*}} : tensor<8x48xf32>) outs({{.*}} {activation = #moe.activation<swiglu, limit = 7.000000e+00>
func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>, %w3: tensor<8x48x64xf32>, %b3: tensor<8x48xf32>) -> tensor<6x64xf32> {
  %0 = onnx.MoE(%x, %s, %w1, %w2, %w3, %b3) {k = 2 : i64, activation_type = "swiglu", swiglu_limit = 7.0 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 1, 1>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>, tensor<8x48x64xf32>, tensor<8x48xf32>) -> tensor<6x64xf32> loc("b")
  return %0 : tensor<6x64xf32>
}

// -----

// Gates before ups.
// CHECK-LABEL: func @main
// CHECK-SAME: %[[W1:[a-z0-9_]+]]: tensor<8x96x64xf32>, %[[B1:[a-z0-9_]+]]: tensor<8x96xf32>,
// CHECK: %[[G:.*]] = tensor.extract_slice %[[W1]][0, 0, 0] [8, 48, 64] [1, 1, 1]
// CHECK: %[[GB:.*]] = tensor.extract_slice %[[B1]][0, 0] [8, 48] [1, 1]
// CHECK: %[[U:.*]] = tensor.extract_slice %[[W1]][0, 48, 0] [8, 48, 64] [1, 1, 1]
// CHECK: %[[UB:.*]] = tensor.extract_slice %[[B1]][0, 48] [8, 48] [1, 1]
// CHECK: moe.expert_ffn ins(%{{.*}}, %{{.*}}, %{{.*}}, %[[G]], {{.*}} bias1(%[[GB]] {{.*}} fc3(%[[U]] {{.*}} bias3(%[[UB]] {{.*}} {activation = #moe.activation<swiglu_late, limit = 7.000000e+00>
func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x96x64xf32>, %b1: tensor<8x96xf32>, %w2: tensor<8x64x48xf32>) -> tensor<6x64xf32> {
  %0 = onnx.MoE(%x, %s, %w1, %b1, %w2) {k = 2 : i64, activation_type = "swiglu", swiglu_fusion = 2 : i64, swiglu_limit = 7.0 : f32, swiglu_limit_after_activation = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x96x64xf32>, tensor<8x96xf32>, tensor<8x64x48xf32>) -> tensor<6x64xf32> loc("c")
  return %0 : tensor<6x64xf32>
}

// -----

// Every second row of a geglu is a gate.
// CHECK-LABEL: func @main
// CHECK: %[[G:.*]] = tensor.extract_slice %{{.*}}[0, 0, 0] [8, 48, 64] [1, 2, 1]
// CHECK: %[[U:.*]] = tensor.extract_slice %{{.*}}[0, 1, 0] [8, 48, 64] [1, 2, 1]
// CHECK: moe.expert_ffn ins(%{{.*}}, %{{.*}}, %{{.*}}, %[[G]], {{.*}} fc3(%[[U]] {{.*}} {activation = #moe.activation<gelu_tanh>
func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x96x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<6x64xf32> {
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "geglu", swiglu_fusion = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x96x64xf32>, tensor<8x64x48xf32>) -> tensor<6x64xf32> loc("d")
  return %0 : tensor<6x64xf32>
}

// -----

// Halves of an extent that the run knows.
// CHECK-LABEL: func @main
// CHECK: %[[N:.*]] = tensor.dim %[[W:.*]], %c1 : tensor<8x?x64xf32>
// CHECK: %[[I:.*]] = arith.divui %[[N]], %c2
// CHECK: tensor.extract_slice %[[W]][0, 0, 0] [8, %[[I]], 64] [1, 1, 1]
// CHECK: tensor.extract_slice %[[W]][0, %{{.*}}, 0] [8, %{{.*}}, 64] [1, 1, 1]
func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x?x64xf32>, %w2: tensor<8x64x?xf32>) -> tensor<6x64xf32> {
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "swiglu", swiglu_fusion = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x?x64xf32>, tensor<8x64x?xf32>) -> tensor<6x64xf32> loc("e")
  return %0 : tensor<6x64xf32>
}

// -----

// The sparse mixer renormalises nothing.
// CHECK-LABEL: func @main
// CHECK: moe.route
// CHECK-NOT: renormalize
// CHECK-SAME: score = #moe.score<sparse_mixer>, tie = #moe.tie<lowest>
func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<6x64xf32> {
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, use_sparse_mixer = 1 : i64, normalize_routing_weights = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<6x64xf32> loc("f")
  return %0 : tensor<6x64xf32>
}

// -----

// The older layout is transposed.
// CHECK-LABEL: func @main
// CHECK: %[[T1:.*]] = onnx.Transpose(%{{.*}}) {perm = array<i64: 0, 2, 1>} : (tensor<8x64x48xf32>) -> tensor<8x48x64xf32>
// CHECK: %[[T2:.*]] = onnx.Transpose(%{{.*}}) {perm = array<i64: 0, 2, 1>} : (tensor<8x48x64xf32>) -> tensor<8x64x48xf32>
// CHECK: moe.expert_ffn ins(%{{.*}}, %{{.*}}, %{{.*}}, %[[T1]], %[[T2]]
func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x64x48xf32>, %w2: tensor<8x48x64xf32>) -> tensor<6x64xf32> {
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "silu", operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x64x48xf32>, tensor<8x48x64xf32>) -> tensor<6x64xf32> loc("g")
  return %0 : tensor<6x64xf32>
}

// -----

// Equal widths that are not fused are the documented layout.
// CHECK-LABEL: func @main
// CHECK-NOT: onnx.Transpose
// CHECK: return
func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x64x64xf32>, %w2: tensor<8x64x64xf32>) -> tensor<6x64xf32> {
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "silu", operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x64x64xf32>, tensor<8x64x64xf32>) -> tensor<6x64xf32> loc("h")
  return %0 : tensor<6x64xf32>
}

// -----

// Equal widths that are fused tell.
// CHECK-LABEL: func @main
// CHECK: onnx.Transpose(%{{.*}}) {{.*}} -> tensor<8x128x64xf32>
// CHECK: onnx.Transpose(%{{.*}}) {{.*}} -> tensor<8x64x64xf32>
func.func @main(%x: tensor<6x64xf32>, %s: tensor<6x8xf32>, %w1: tensor<8x64x128xf32>, %w2: tensor<8x64x64xf32>) -> tensor<6x64xf32> {
  %0 = onnx.MoE(%x, %s, %w1, %w2) {k = 2 : i64, activation_type = "swiglu", swiglu_fusion = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x64x128xf32>, tensor<8x64x64xf32>) -> tensor<6x64xf32> loc("i")
  return %0 : tensor<6x64xf32>
}

// -----

// Other numbers weigh the chosen: neither renormalised nor dropped by scores.
// CHECK-LABEL: func @main
// CHECK: %[[W:.*]], %[[IDS:.*]] = moe.route
// CHECK-NOT: drop_nonpositive
// CHECK-NOT: renormalize
// CHECK-SAME: score = #moe.score<none>, tie = #moe.tie<highest>
// CHECK: %[[V:.*]], %[[KEPT:.*]] = moe.reweigh ins(%{{.*}}, %[[IDS]] : tensor<6x8xf32>, tensor<6x2xi32>) {{.*}} renormalize, threshold = 9.99999993E-9 : f32
// CHECK: moe.plan ins(%[[KEPT]]
// CHECK: moe.combine ins(%{{.*}}, %{{.*}}, %[[V]] :
func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64xf32>, %router_weights: tensor<6x8xf32>) -> tensor<6x64xf32> {
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %router_weights) {k = 2 : i64, normalize_routing_weights = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48xf32>, tensor<8x64x24xui8>, tensor<8x64xf32>, tensor<6x8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

// Widths of their own, zero points of a row and of a block.
// CHECK-LABEL: func @main
// CHECK: moe.expert_ffn {{.*}} zero_points1(%{{.*}} : tensor<8x18xui8>) zero_points2(%{{.*}} : tensor<8x64x2xui8>) outs(
// CHECK-SAME: quant = #moe.quant<bits = 3>, quant2 = #moe.quant<bits = 8, block = 32>}
func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x24xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x64x48xui8>, %fc2_scales: tensor<8x64x2xf32>, %fc1_zero_points: tensor<8x18xui8>, %fc2_zero_points: tensor<8x64x2xui8>) -> tensor<6x64xf32> {
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc1_zero_points, %fc2_zero_points) {k = 2 : i64, fc1_expert_weight_bits = 3 : i64, fc2_expert_weight_bits = 8 : i64, block_size = 32 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x24xui8>, tensor<8x48xf32>, tensor<8x64x48xui8>, tensor<8x64x2xf32>, tensor<8x18xui8>, tensor<8x64x2xui8>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

// Codes that lie along the rows.
// CHECK-LABEL: func @main
// CHECK: moe.transpose_codes ins(%{{.*}} : tensor<8x64x24xui8>) outs(%{{.*}} : tensor<8x48x32xui8>) {bits = 4 : i64}
// CHECK: moe.transpose_codes ins(%{{.*}} : tensor<8x48x32xui8>) outs(%{{.*}} : tensor<8x64x24xui8>) {bits = 4 : i64}
func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x64x24xui8>, %fc1_scales: tensor<8x48xf32>, %fc2: tensor<8x48x32xui8>, %fc2_scales: tensor<8x64xf32>) -> tensor<6x64xf32> {
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, weights_prepacked = 0 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x64x24xui8>, tensor<8x48xf32>, tensor<8x48x32xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

// MXFP4.
// CHECK-LABEL: func @main
// CHECK: moe.expert_ffn {{.*}} scales1(%{{.*}} : tensor<8x48x2xf8E8M0FNU>) {{.*}} global_scales1(%{{.*}} : tensor<8xf32>) outs(
// CHECK-SAME: quant = #moe.minifloat<kind = e2m1, block = 32>
func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x32xui8>, %fc1_scales: tensor<8x48x2xf8E8M0FNU>, %fc2: tensor<8x64x24xui8>, %fc2_scales: tensor<8x64x2xf8E8M0FNU>, %fc1_global_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales, %fc1_global_scale) {k = 2 : i64, quant_type = "fp4", operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x32xui8>, tensor<8x48x2xf8E8M0FNU>, tensor<8x64x24xui8>, tensor<8x64x2xf8E8M0FNU>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

// NVFP4 along the rows, and with the extents of that over bytes along K.
// CHECK-LABEL: func @main
// CHECK: tensor.expand_shape %{{.*}} output_shape [8, 48, 32]
// CHECK-NOT: moe.transpose_codes
// CHECK: quant = #moe.minifloat<kind = e2m1, block = 16>
func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x64x24xui8>, %fc1_scales: tensor<8x48x4xf8E4M3FN>, %fc2: tensor<8x48x32xui8>, %fc2_scales: tensor<8x64x3xf8E4M3FN>) -> tensor<6x64xf32> {
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "nvfp4", weights_prepacked = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x64x24xui8>, tensor<8x48x4xf8E4M3FN>, tensor<8x48x32xui8>, tensor<8x64x3xf8E4M3FN>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

// A scale for a square, and for an expert.
// CHECK-LABEL: func @main
// CHECK: moe.expert_ffn {{.*}} scales1(%{{.*}} : tensor<8x3x4xf32>)
// CHECK-SAME: quant = #moe.minifloat<kind = e4m3, block = 16, block_rows = 16>
func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x64xf8E4M3FN>, %fc1_scales: tensor<8x3x4xf32>, %fc2: tensor<8x64x48xf8E4M3FN>, %fc2_scales: tensor<8x4x3xf32>) -> tensor<6x64xf32> {
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "fp8", block_size = 16 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf8E4M3FN>, tensor<8x3x4xf32>, tensor<8x64x48xf8E4M3FN>, tensor<8x4x3xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

// CHECK-LABEL: func @main
// CHECK: moe.expert_ffn {{.*}} global_scales1(%{{.*}} : tensor<8xf32>) global_scales2(%{{.*}} : tensor<8xf32>) outs(
// CHECK-SAME: quant = #moe.minifloat<kind = e4m3>
func.func @main(%input: tensor<6x64xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x48x64xf8E4M3FN>, %fc2: tensor<8x64x48xf8E4M3FN>, %fc1_global_scale: tensor<8xf32>, %fc2_global_scale: tensor<8xf32>) -> tensor<6x64xf32> {
  %0 = onnx.QMoE(%input, %router, %fc1, %fc2, %fc1_global_scale, %fc2_global_scale) {k = 2 : i64, quant_type = "fp8", operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xf8E4M3FN>, tensor<8x64x48xf8E4M3FN>, tensor<8xf32>, tensor<8xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

// Of equal widths the attribute tells how nvfp4 lies.
// CHECK-LABEL: func @columns
// CHECK: moe.transpose_codes ins(%{{.*}} : tensor<8x32x16xui8>)
func.func @columns(%input: tensor<6x32xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x32x16xui8>, %fc1_scales: tensor<8x32x2xf8E4M3FN>, %fc2: tensor<8x32x16xui8>, %fc2_scales: tensor<8x32x2xf8E4M3FN>) -> tensor<6x32xf32> {
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "nvfp4", operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x32xf32>, tensor<6x8xf32>, tensor<8x32x16xui8>, tensor<8x32x2xf8E4M3FN>, tensor<8x32x16xui8>, tensor<8x32x2xf8E4M3FN>) -> tensor<6x32xf32>
  return %0 : tensor<6x32xf32>
}

// CHECK-LABEL: func @rows
// CHECK-NOT: moe.transpose_codes
// CHECK: moe.expert_ffn
func.func @rows(%input: tensor<6x32xf32>, %router: tensor<6x8xf32>, %fc1: tensor<8x32x16xui8>, %fc1_scales: tensor<8x32x2xf8E4M3FN>, %fc2: tensor<8x32x16xui8>, %fc2_scales: tensor<8x32x2xf8E4M3FN>) -> tensor<6x32xf32> {
  %0 = onnx.QMoE(%input, %router, %fc1, %fc1_scales, %fc2, %fc2_scales) {k = 2 : i64, quant_type = "nvfp4", weights_prepacked = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x32xf32>, tensor<6x8xf32>, tensor<8x32x16xui8>, tensor<8x32x2xf8E4M3FN>, tensor<8x32x16xui8>, tensor<8x32x2xf8E4M3FN>) -> tensor<6x32xf32>
  return %0 : tensor<6x32xf32>
}
